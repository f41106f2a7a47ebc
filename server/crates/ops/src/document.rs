use super::current::CurrentOf;
use super::past::as_they_were;
use super::states::{states, with_text};
use super::{OpenBranch, OpsError};
use finding::Round;
use review::document::Document;

/// A round with everything that a report of it shows: its texts, what people decided, and what the work tree says of each
/// finding. A round that is not the newest of its branch is shown as it was when it was that. Blocks.
///
/// # Errors
/// When the decisions cannot be read.
pub fn document(open: &OpenBranch, round: Round) -> Result<Document, OpsError> {
    let mut document = review::document::document(&open.repository, round)?;
    let is_newest = |newest: &Round| newest.number <= document.round.number;
    let is_last = open.branch.last()? == Some(document.round.number);
    if !is_last && open.branch.newest_without_raw()?.value.is_some_and(|newest| !is_newest(&newest)) {
        let rounds = open.branch.rounds()?.value;
        document.is_past = true;
        document.decisions = as_they_were(&document.decisions, &document.round, &rounds);
        document.decisions.grade(&mut document.round.findings);
        return Ok(document);
    }
    if let Ok(now) = CurrentOf::new(open, &document.texts) {
        let Document { round, decisions, texts, .. } = &document;
        let states = states(&now.situation(round, decisions, texts));
        document.decisions = with_text(decisions, round, &states);
    }
    Ok(document)
}
