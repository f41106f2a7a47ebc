use super::rounds::as_they_were;
use super::states::{Situation, states, with_text};
use super::{OpenBranch, OpsError, WorkTree};
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
    if open.branch.newest_without_raw()?.value.is_some_and(|newest| !is_newest(&newest)) {
        let rounds = open.branch.rounds()?.value;
        document.decisions = as_they_were(&document.decisions, &document.round, &rounds);
        return Ok(document);
    }
    // Another branch's files say nothing of this one's findings.
    let here = open.repository.head_state().is_ok_and(|head| head.branch == document.round.scope.branch);
    if let (true, Ok(tree)) = (here, WorkTree::of(&open.repository)) {
        let Document { round, decisions, texts, .. } = &document;
        let states = states(&Situation { round, decisions, reviewed: texts, current: &tree, reach: tree.reach() });
        document.decisions = with_text(decisions, round, &states);
    }
    Ok(document)
}
