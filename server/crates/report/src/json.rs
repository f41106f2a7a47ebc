//! Our own schema: a round with everything in it, and what people decided. `docs/round.schema.json` is its
//! JSON Schema.

use finding::{Decisions, ROUND_SCHEMA, Round, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Always `deep-review`.
    pub tool: String,
    /// Version of the deep-review that wrote it.
    pub version: String,
    /// What to do with the branch, given the decisions. Derived: ignored by readers.
    pub verdict: Verdict,
    /// Whether every agent gave its whole review. If not, the verdict is only about what was said. Derived.
    #[serde(default)]
    pub complete: bool,
    /// The round.
    pub round: Round,
    /// What people decided on its findings.
    #[serde(default)]
    pub decisions: Decisions,
}

/// Why a JSON document is not one of ours.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// No JSON, or not of our schema; says where.
    #[error("{0}")]
    Malformed(String),
    /// Written by a newer deep-review.
    #[error("it has schema {0}, newer than this deep-review reads ({ROUND_SCHEMA})")]
    Newer(u32),
}

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

/// Reads what [`write()`] wrote, or a bare round as the store keeps it.
///
/// # Errors
/// When it is no JSON, of another schema, or from a newer deep-review.
pub fn read(text: &str) -> Result<(Round, Decisions), JsonError> {
    #[derive(Deserialize)]
    struct Peek {
        round: Option<Version>,
        schema: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    // A newer schema is told from a damaged file before the strict reading.
    let peek: Peek = serde_json::from_str(text).map_err(|e| JsonError::Malformed(e.to_string()))?;
    let schema = peek.round.as_ref().map(|r| r.schema).or(peek.schema);
    match schema {
        Some(newer) if newer > ROUND_SCHEMA => return Err(JsonError::Newer(newer)),
        Some(_) => {}
        None => return Err(JsonError::Malformed("it is no deep-review round: 'schema' is missing".into())),
    }
    let mut de = serde_json::Deserializer::from_str(text);
    if peek.round.is_some() {
        let document: Document =
            serde_path_to_error::deserialize(&mut de).map_err(|e| JsonError::Malformed(e.to_string()))?;
        Ok((document.round, document.decisions))
    } else {
        let round = serde_path_to_error::deserialize(&mut de).map_err(|e| JsonError::Malformed(e.to_string()))?;
        Ok((round, Decisions::default()))
    }
}

/// The JSON Schema of [`Document`], pretty-printed: what `docs/round.schema.json` holds.
#[must_use]
pub fn schema() -> String {
    to_json(&schemars::schema_for!(Document))
}
