use super::states::{Situation, states, with_text};
use super::{OpenBranch, OpsError, WorkTree};
use finding::Round;
use review::document::Document;

/// A round with everything that a report of it shows: its texts, what people decided, and what the work tree says of each
/// finding. Blocks.
///
/// # Errors
/// When the decisions cannot be read.
pub fn document(open: &OpenBranch, round: Round) -> Result<Document, OpsError> {
    let mut document = review::document::document(&open.repository, round)?;
    // Another branch's files say nothing of this one's findings.
    let here = open.repository.head_state().is_ok_and(|head| head.branch == document.round.scope.branch);
    if let (true, Ok(tree)) = (here, WorkTree::of(&open.repository)) {
        let Document { round, decisions, texts, .. } = &document;
        let states = states(&Situation { round, decisions, reviewed: texts, current: &tree, reach: tree.reach() });
        document.decisions = with_text(decisions, round, &states);
    }
    Ok(document)
}
