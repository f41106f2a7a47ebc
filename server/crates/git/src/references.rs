//! What references lead to.

use git2::Oid;

/// The commit that a full name leads to.
pub(crate) fn tip(repo: &git2::Repository, full_name: &str) -> Option<Oid> {
    repo.find_reference(full_name).and_then(|r| r.peel_to_commit()).ok().map(|c| c.id())
}
