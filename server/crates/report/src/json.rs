//! Our own schema: a round with everything in it, and what people decided. `docs/round.schema.json` is its
//! JSON Schema.

use finding::document::Document;
use finding::{Decisions, Round};
use serde::Serialize;

/// Writes the round and the decisions on its findings.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions) -> String {
    let document = Document {
        tool: "deep-review".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        verdict: round.verdict(decisions),
        complete: round.is_complete(),
        round: round.clone(),
        decisions: decisions.clone(),
    };
    to_json(&document)
}

/// Pretty JSON with a final newline.
pub(super) fn to_json(value: &impl Serialize) -> String {
    #[expect(clippy::expect_used, reason = "plain data with string keys always serialises")]
    let mut text = serde_json::to_string_pretty(value).expect("plain data");
    text.push('\n');
    text
}

/// The JSON Schema of [`Document`], pretty-printed: what `docs/round.schema.json` holds.
#[must_use]
pub fn schema() -> String {
    to_json(&schemars::schema_for!(Document))
}
