use super::current::CurrentOf;
use super::states::{states, with_text};
use super::{OpenBranch, OpsError};
use finding::Round;
use review::document::Document;

/// A round with everything that a report of it shows: its texts, what people decided, and what the work tree says of each
/// finding. Blocks.
///
/// # Errors
/// When the decisions cannot be read.
pub fn document(open: &OpenBranch, round: Round) -> Result<Document, OpsError> {
    let mut document = review::document::document(&open.repository, round)?;
    if let Some(now) = CurrentOf::new(open, &document.texts) {
        let Document { round, decisions, texts, .. } = &document;
        let states = states(&now.situation(round, decisions, texts));
        document.decisions = with_text(decisions, round, &states);
    }
    Ok(document)
}
