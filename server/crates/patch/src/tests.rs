//! Tests of the whole way from a suggestion to the edited text.

mod cases;
mod degraded;
mod hostile;
mod properties;
mod refusals;
mod sets;
mod unreadable;

use super::*;

/// `text` after `diff`, or the refusal.
fn result(text: &str, diff: &str, lines: Option<(u32, u32)>) -> Result<String, Refusal> {
    let hints = Hints { lines: lines.map(|(a, b)| LineRange::new(a, b)), ..Hints::default() };
    place(text, diff, &hints).map(|applied| apply_edits(text, &applied.edits))
}
