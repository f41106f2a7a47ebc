use super::*;
use crate::{ScopeRequest, SnapshotOptions};
use test_repo::Repo;
use tokio_util::sync::CancellationToken;

const GENEROUS: Duration = Duration::from_secs(60);

/// Enough text that blame takes it for moved and not for chance.
const BLOCK: &str =
    "fn divides(total: u32, parts: u32) -> u32 {\n    // TODO: parts may be zero\n    total / parts\n}\n";
const REST: &str = "fn stays() {\n    let first = one();\n    let second = two();\n    join(first, second);\n}\n";

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn both(one: &str, other: &str) -> String {
    format!("{one}\n{other}")
}

fn snapshot(repo: &Repo) -> Snapshot {
    let repository = Repository::discover(repo.path()).unwrap();
    let request = ScopeRequest { base: Some("main".into()), uncommitted: true, ..ScopeRequest::default() };
    let scope = repository.scope(&request).unwrap();
    repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).unwrap()
}

fn age(repo: &Repo, path: &str, (start, end): (u32, u32), limit: Duration) -> Age {
    ages(&snapshot(repo), &[(RepoPath::new(path).unwrap(), LineRange::new(start, end))], limit).remove(0)
}

#[test]
fn what_is_older_than_the_change_is_what_blame_gives_to_the_merge_base() {
    use Age::{New, Older};
    type Case = (&'static str, fn(&Repo), &'static str, (u32, u32), Age);
    let cases: [Case; 16] = [
        (
            "one line of what moved into a new file",
            |r| {
                r.write("a.rs", REST);
                r.write("b.rs", format!("// New.\n{BLOCK}"));
            },
            "b.rs",
            (4, 4),
            Older,
        ),
        ("another line changed", |r| r.write("a.rs", both(BLOCK, REST) + "new\n"), "a.rs", (1, 4), Older),
        ("the line changed", |r| r.write("a.rs", both(BLOCK, REST).replace("total /", "total %")), "a.rs", (3, 3), New),
        ("moved within its file", |r| r.write("a.rs", both(REST, BLOCK)), "a.rs", (7, 10), Older),
        ("nothing of it is the file", |_| {}, "same.rs", (1, 2), Older),
        (
            "moved into a new file",
            |r| {
                r.write("a.rs", REST);
                r.write("b.rs", format!("// New.\n{BLOCK}"));
            },
            "b.rs",
            (2, 5),
            Older,
        ),
        (
            "moved into a new file, under a new line",
            |r| {
                r.write("a.rs", REST);
                r.write("b.rs", format!("// New.\n{BLOCK}"));
            },
            "b.rs",
            (1, 5),
            New,
        ),
        (
            "moved out of a file that is gone",
            |r| {
                r.remove("a.rs");
                r.write("sub/b.rs", format!("{}{BLOCK}", "// New.\n".repeat(30)));
            },
            "sub/b.rs",
            (31, 34),
            Older,
        ),
        (
            "moved into a changed file, and indented",
            |r| {
                r.write("a.rs", REST);
                r.write("other.rs", format!("mod inner {{\n{}}}\nfn other() {{}}\n", indented(BLOCK)));
            },
            "other.rs",
            (2, 5),
            Older,
        ),
        (
            "indented in its place",
            |r| r.write("a.rs", both(&format!("mod inner {{\n{}}}\n", indented(BLOCK)), REST)),
            "a.rs",
            (2, 5),
            Older,
        ),
        (
            "around which it was indented",
            |r| r.write("a.rs", both(&format!("mod inner {{\n{}}}\n", indented(BLOCK)), REST)),
            "a.rs",
            (1, 3),
            New,
        ),
        (
            "its file renamed, and indented",
            |r| {
                r.git(&["mv", "a.rs", "renamed.rs"]);
                r.write("renamed.rs", both(BLOCK, REST).replace("    total", "        total"));
            },
            "renamed.rs",
            (1, 4),
            Older,
        ),
        (
            "changed in its renamed file",
            |r| {
                r.git(&["mv", "a.rs", "renamed.rs"]);
                r.write("renamed.rs", both(BLOCK, REST).replace("total /", "total %"));
            },
            "renamed.rs",
            (3, 3),
            New,
        ),
        (
            "moved by one commit, and again by another one",
            |r| {
                r.write("a.rs", REST);
                r.write("b.rs", BLOCK);
                r.commit("Move");
                r.remove("b.rs");
                r.write("c.rs", format!("// New.\n{BLOCK}"));
            },
            "c.rs",
            (2, 5),
            Older,
        ),
        ("with other line ends", |r| r.write("a.rs", both(BLOCK, REST).replace('\n', "\r\n")), "a.rs", (1, 4), Older),
        (
            "where the change took a line out",
            |r| r.write("a.rs", both(BLOCK, REST).replace("    // TODO: parts may be zero\n", "")),
            "a.rs",
            (2, 2),
            New,
        ),
    ];
    for committed in [true, false] {
        for (name, change, path, lines, expected) in &cases {
            let repo = Repo::with_topic(&[
                ("a.rs", both(BLOCK, REST).as_str()),
                ("other.rs", "fn other() {}\n"),
                ("same.rs", REST),
            ]);
            change(&repo);
            if committed {
                repo.commit("Change");
            }
            assert_eq!(age(&repo, path, *lines, GENEROUS), *expected, "{name}, committed: {committed}");
        }
    }
}

#[test]
fn other_encodings_and_linked_worktrees_are_read_as_they_are_reviewed() {
    let latin = |text: &str| text.replace("zero", "z\u{e9}ro").chars().map(|c| c as u8).collect::<Vec<u8>>();
    let repo = Repo::new();
    repo.write("latin.rs", latin(&both(BLOCK, REST)));
    repo.commit("Start");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", "-b", "topic", linked.to_str().unwrap()]);
    std::fs::write(linked.join("latin.rs"), latin(&both(&format!("mod m {{\n{}}}\n", indented(BLOCK)), REST))).unwrap();
    let repository = Repository::discover(&linked).unwrap();
    let scope = repository
        .scope(&ScopeRequest { base: Some("main".into()), uncommitted: true, ..ScopeRequest::default() })
        .unwrap();
    let snapshot = repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).unwrap();
    let place = |start, end| (RepoPath::new("latin.rs").unwrap(), LineRange::new(start, end));
    assert_eq!(ages(&snapshot, &[place(2, 5), place(1, 1)], GENEROUS), [Age::Older, Age::New]);
}

#[test]
fn what_blame_cannot_say_in_time_is_unknown_and_nothing_is_written_to_the_repository() {
    let repo = Repo::with_topic(&[("a.rs", &both(BLOCK, REST))]);
    repo.write("a.rs", both(REST, BLOCK));
    repo.commit("Move");
    let objects = repo.git(&["count-objects", "-v"]);
    let Age::Unknown(why) = age(&repo, "a.rs", (7, 10), Duration::ZERO) else { panic!("it had no time") };
    assert!(why.starts_with("failed to run 'git --git-dir=. blame") && why.contains(": given up after "), "{why}");
    assert_eq!(age(&repo, "a.rs", (3, 4), Duration::ZERO), Age::Older, "needs no blame");
    assert_eq!(age(&repo, "a.rs", (7, 10), GENEROUS), Age::Older);
    assert_eq!(repo.git(&["count-objects", "-v"]), objects);
}

#[test]
fn a_file_that_nobody_reviewed_has_no_known_age_and_one_that_was_only_moved_is_older() {
    let repo = Repo::with_topic(&[("a.rs", REST), ("Cargo.lock", "a = 1\n")]);
    repo.git(&["mv", "a.rs", "b.rs"]);
    repo.write("Cargo.lock", "a = 2\n");
    repo.commit("Change");
    assert_eq!(age(&repo, "b.rs", (1, 2), GENEROUS), Age::Older);
    assert!(matches!(age(&repo, "Cargo.lock", (1, 1), GENEROUS), Age::Unknown(why) if why.contains("left out")));
}
