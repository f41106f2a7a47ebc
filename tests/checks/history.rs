//! What is in a branch's history that should not be merged.

use crate::support::Repo;
use deep_review::check::{ALL, Job, Settings};
use deep_review::finding::RawFinding;
use deep_review::git::{Repository, ScopeRequest, SnapshotOptions};
use tokio_util::sync::CancellationToken;

/// The findings as rule, title and place.
fn found(repo: &Repo) -> Vec<(String, String, String)> {
    let short = |f: &RawFinding| {
        let rule = f.rule.as_ref().unwrap().id.trim_start_matches("deep-review/").to_owned();
        (rule, f.title.clone(), f.main_anchor().map_or_else(String::new, |a| a.path.to_string()))
    };
    findings(repo, &[]).iter().map(short).collect()
}

fn findings(repo: &Repo, exclude: &[&str]) -> Vec<RawFinding> {
    let repository = Repository::discover(repo.path()).unwrap();
    let scope = repository.scope(&ScopeRequest::default()).unwrap();
    // The limit of the configuration, under that of large files.
    let options = SnapshotOptions {
        exclude: exclude.iter().map(|e| (*e).to_owned()).collect(),
        max_file_bytes: 1_000_000,
        ..SnapshotOptions::default()
    };
    let cancel = CancellationToken::new();
    let snapshot = repository.snapshot(&scope, &options, &cancel).unwrap();
    let history = ALL.iter().find(|c| c.name == "history").unwrap();
    history.run(&Job::new(&snapshot, &Settings::default(), &cancel)).unwrap().findings
}

fn row(rule: &str, title: &str, place: &str) -> (String, String, String) {
    (rule.to_owned(), title.to_owned(), place.to_owned())
}

fn repo() -> Repo {
    let repo = Repo::with_topic(&[("a.rs", "fn a() {}\n")]);
    repo.write("a.rs", "fn b() {}\n");
    repo.commit("Call it b");
    repo
}

/// Two and a half MiB that no one would take for text.
fn large() -> Vec<u8> {
    (0..2_621_440_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn a_clean_history_is_left_alone() {
    assert_eq!(found(&repo()), []);
}

#[test]
fn commits_to_squash_and_unfinished_ones_are_named() {
    for (subject, rule, title) in [
        ("fixup! Call it b", "fixup-commit", "A fixup commit has not been squashed"),
        ("squash! Call it b", "fixup-commit", "A fixup commit has not been squashed"),
        ("amend! Call it b", "fixup-commit", "A fixup commit has not been squashed"),
        ("WIP", "wip-commit", "A commit says that it is work in progress"),
        ("wip: more of b", "wip-commit", "A commit says that it is work in progress"),
    ] {
        let repo = repo();
        repo.commit(subject);
        assert_eq!(found(&repo), [row(rule, title, "")], "{subject}");
        let body = &findings(&repo, &[])[0].body;
        assert!(body.contains(&repo.head()[..7]) && body.contains(subject), "{body}");
    }
    let repo = repo();
    repo.write("a.rs", "fn c() {}\n");
    let target = repo.head();
    repo.git(&["commit", "-q", "-a", &format!("--fixup={target}")]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x", &format!("--squash={target}")]);
    assert_eq!(found(&repo), [row("fixup-commit", "2 fixup commits have not been squashed", "")], "as git makes them");
}

#[test]
fn commits_of_the_base_are_not_the_branch_s() {
    let repo = Repo::with_topic(&[("a.rs", "fn a() {}\n")]);
    repo.checkout("main");
    repo.write("large.bin", large());
    repo.commit("WIP");
    repo.checkout("topic");
    repo.git(&["merge", "-q", "--no-edit", "main"]);
    repo.write("a.rs", "fn b() {}\n");
    repo.commit("Call it b");
    assert_eq!(found(&repo), []);
}

#[test]
fn a_list_of_conflicts_is_named_unless_git_wrote_it_for_a_merge() {
    let repo = repo();
    repo.commit("Revert the cache\n\nConflicts:\n\ta.rs");
    assert_eq!(found(&repo), [row("conflict-message", "A commit message still lists merge conflicts", "")]);

    let repo = self::repo();
    repo.checkout("main");
    repo.write("a.rs", "fn c() {}\n");
    repo.commit("Call it c");
    repo.checkout("topic");
    assert!(!repo.try_git_in(repo.path(), &["merge", "-q", "main"]).status.success(), "both changed the line");
    repo.write("a.rs", "fn d() {}\n");
    repo.git(&["commit", "-q", "-a", "--no-edit", "--cleanup=whitespace"]);
    assert_eq!(found(&repo), [], "a merge's own message");
}

#[test]
fn a_large_binary_that_was_there_before_is_left_alone() {
    let repo = Repo::with_topic(&[("a.rs", "fn a() {}\n")]);
    repo.checkout("main");
    repo.write("logo.png", large());
    repo.commit("Add the logo");
    repo.checkout("topic");
    repo.git(&["reset", "-q", "--hard", "main"]);
    let mut changed = large();
    changed.reverse();
    repo.write("logo.png", &changed);
    assert_eq!(found(&repo), [], "not committed yet");
    repo.commit("Render it anew");
    assert_eq!(found(&repo), [], "committed");
}

#[test]
fn a_large_binary_is_named_at_its_file() {
    let title = "Binary file of 2.5 MiB in the branch";
    let repo = repo();
    repo.write("data/model.bin", large());
    assert_eq!(found(&repo), [row("large-binary", title, "data/model.bin")], "not committed yet");
    assert!(findings(&repo, &[])[0].body.contains("not committed yet"));
    repo.commit("Add the model");
    assert_eq!(found(&repo), [row("large-binary", title, "data/model.bin")], "committed");
    assert!(findings(&repo, &[])[0].body.contains("Add the model"));
    assert_eq!(findings(&repo, &["data/"]), [], "excluded");
    let mut changed = large();
    changed.reverse();
    repo.write("data/model.bin", &changed);
    repo.commit("Train it again");
    assert_eq!(found(&repo).len(), 1, "once, however often it was changed");
}

#[test]
fn a_large_binary_that_was_deleted_again_is_named_once_for_what_it_leaves() {
    let title = "Binary file of 2.5 MiB is deleted again, but stays in the history";
    let repo = repo();
    repo.write("dump.sqlite", large());
    let added = repo.commit("Add the tests");
    repo.remove("dump.sqlite");
    repo.commit("Take out what is not needed");
    assert_eq!(found(&repo), [row("large-binary", title, "")]);
    let body = &findings(&repo, &[])[0].body;
    assert!(
        body.contains(&added[..7]) && body.contains("dump.sqlite") && body.contains("git rebase -i main"),
        "{body}"
    );
    // Squashed, it is in no commit any more.
    repo.git(&["reset", "-q", "--soft", "main"]);
    repo.commit("Call it b");
    assert_eq!(found(&repo), []);
}

#[test]
fn large_files_that_cost_nobody_anything_are_left_alone() {
    let repo = Repo::with_topic(&[("a.rs", "fn a() {}\n")]);
    repo.checkout("main");
    repo.write("old.bin", large());
    repo.commit("Add the old one");
    repo.checkout("topic");
    repo.git(&["reset", "-q", "--hard", "main"]);
    repo.git(&["mv", "old.bin", "new.bin"]);
    repo.commit("Move it");
    repo.write("long.txt", "text\n".repeat(400_000));
    repo.write("icon.png", b"\x89PNG\r\n\x1a\n\0\0\0");
    repo.write("big.psd", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99999999\n");
    repo.commit("Add text, an icon and a pointer");
    repo.write(".gitattributes", "*.psd filter=lfs\n");
    repo.commit("Keep pictures elsewhere");
    repo.write("other.psd", large());
    assert_eq!(found(&repo), []);
}
