//! Which findings are the user's own business: those at lines that the user changed last on this branch.

use super::listing::Maps;
use super::{OpsError, Situation, TextNow};
use finding::{FindingId, LineRange, RepoPath};
use git::{OwnLines, Repository};
use std::collections::{BTreeMap, BTreeSet};

/// The findings of which one place has a line that is not committed yet, or that a commit of git's `user.email` changed last.
/// A finding about a whole file is the user's where any line of it is; one about the whole branch is everybody's. `text` says where
/// the texts of `situation` are. Blocks.
///
/// # Errors
/// [`OpsError::NoEmail`] where git does not know who the user is; when git cannot be read.
pub fn mine(
    repository: &Repository,
    text: &TextNow,
    situation: &Situation<'_>,
) -> Result<BTreeSet<FindingId>, OpsError> {
    let scope = &situation.round.scope;
    let (head, is_here) = match text {
        TextNow::Here => (repository.head_state()?.commit, true),
        TextNow::At(commit) => (Some(commit.clone()), false),
        TextNow::AsReviewed => (scope.head.clone(), false),
    };
    let own = OwnLines::of(repository, scope.base.as_ref(), head.as_ref(), is_here)?.ok_or(OpsError::NoEmail)?;
    let findings = &situation.round.findings;
    let mut found: BTreeSet<FindingId> =
        findings.iter().filter(|finding| finding.anchors.is_empty()).map(|finding| finding.id.clone()).collect();
    for (path, places) in places(situation) {
        let Ok(Some(text)) = situation.current.read(path) else { continue };
        let asked: Vec<Option<LineRange>> = places.iter().map(|(_, lines)| *lines).collect();
        let are_own = own.among(path, &text, &asked)?;
        found.extend(places.into_iter().zip(are_own).filter(|(_, is_own)| *is_own).map(|((id, _), _)| id.clone()));
    }
    Ok(found)
}

/// Where findings are now, by file. Lines that are gone are nobody's.
fn places<'a>(situation: &Situation<'a>) -> BTreeMap<&'a RepoPath, Vec<(&'a FindingId, Option<LineRange>)>> {
    let mut maps = Maps::new(situation);
    let mut places: BTreeMap<&RepoPath, Vec<_>> = BTreeMap::new();
    for finding in &situation.round.findings {
        for anchor in &finding.anchors {
            let lines = match anchor.lines.map(|lines| maps.now(&anchor.path, lines)) {
                Some(None) => continue,
                Some(Some(lines)) => Some(lines),
                None => None,
            };
            places.entry(&anchor.path).or_default().push((&finding.id, lines));
        }
    }
    places
}
