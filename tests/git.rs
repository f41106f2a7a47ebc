//! Scope and snapshot on real repositories made by `git`.

use crate::support::Repo;

#[test]
fn test_repositories_have_the_same_commit_ids_in_each_run() {
    let ids = [0, 1].map(|_| Repo::with_topic(&[("a.txt", "a\n")]).head());
    assert_eq!(ids[0], ids[1]);
}
