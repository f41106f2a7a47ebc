//! What two rounds' prompts have in common: on a real repository, before and after one more commit.

use super::*;
use git::{Repository, ScopeRequest, SnapshotOptions, consult::Consult};
use test_repo::Repo;

/// Each with the commits of the branch that changed it; the last is the one that most of them did.
const FILES: [(&str, &[usize]); 6] = [
    ("src/parse.rs", &[1]),
    ("src/a_handler.rs", &[0, 2, 3]),
    ("src/limits.rs", &[0]),
    ("src/store.rs", &[1, 2]),
    ("tests/limits.rs", &[2]),
    ("src/z_last.rs", &[0]),
];

/// A file of fifty short functions, of which those in `changed` do something else.
fn code(name: &str, changed: &[usize]) -> String {
    let function = |n: usize| {
        let what = if changed.contains(&n) { "checked" } else { "plain" };
        format!(
            "/// Step {n} of `{name}`.\nfn step_{n}(input: &Input) -> Result<Output, Error> {{\n    let value = input.{what}({n})?;\n    Ok(Output::of(value))\n}}\n\n"
        )
    };
    (0..50).map(function).collect()
}

/// A branch of five commits, each of which changes eight functions of each of its files.
fn branch() -> Repo {
    let base: Vec<(&str, String)> = FILES.iter().map(|(path, _)| (*path, code(path, &[]))).collect();
    let base: Vec<(&str, &str)> = base.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let repo = Repo::with_topic(&base);
    for commit in 0..4 {
        for (path, commits) in FILES {
            let until: Vec<usize> = commits.iter().filter(|c| **c <= commit).flat_map(|c| c * 9..c * 9 + 8).collect();
            repo.write(path, code(path, &until));
        }
        repo.commit(&format!(
            "Check what comes in, part {commit}\n\nWhat is unchecked ends the program for everybody."
        ));
    }
    repo
}

/// A small second change.
fn touch(repo: &Repo, path: &str) {
    let text = std::fs::read_to_string(repo.path().join(path)).unwrap();
    let (before, after) = text.split_at(text.rfind("Ok(Output").unwrap());
    repo.write(path, format!("{before}log(&value);\n    {after}"));
    repo.commit("Log it");
}

/// The brief of a round; `known` as in [`History::new`].
fn brief(repo: &Repo, known: Option<usize>) -> Brief {
    let repository = Repository::discover(repo.path()).unwrap();
    let scope = repository.resolve(&ScopeRequest::default()).unwrap();
    let snapshot = repository.snapshot(&scope, &SnapshotOptions::default(), &Default::default()).unwrap();
    let head = snapshot.scope().head.clone().unwrap();
    let mut brief = Brief::new(snapshot);
    brief.history = History::new(Consult::new(repository, head), known);
    brief
}

const PROGRAM: Reader<'_> = Reader {
    checkout: Some("/scratch/repo"),
    tools: "git_log",
    room: 1 << 20,
    lens: None,
    notes: Some("notes/claude"),
    has_schema: true,
};

/// How much of the second prompt, in percent, is how the first begins.
fn common(first: &str, second: &str) -> usize {
    first.bytes().zip(second.bytes()).take_while(|(a, b)| a == b).count() * 100 / second.len()
}

#[test]
fn most_of_the_second_rounds_prompt_is_how_the_firsts_begins() {
    for known in [None, Some(4)] {
        let repo = branch();
        let first = review(&brief(&repo, None), PROGRAM).unwrap().text;
        touch(&repo, "src/a_handler.rs");
        let mut second = brief(&repo, known);
        let whole = review(&second, PROGRAM).unwrap().text;
        assert!(whole.contains("log(&value)") && whole.contains("BEGIN newer commits"), "{whole}");
        let shared = common(&first, &whole);
        assert!(shared >= 80, "of the whole: {shared} %");
        // As it is where the other files' answers are kept.
        second.reviewed = FILES.iter().map(|(path, _)| RepoPath::new(*path).unwrap()).collect();
        for (path, _) in FILES {
            second.files = [RepoPath::new(path).unwrap()].into();
            let part = review(&second, PROGRAM).unwrap().text;
            let shared = common(&first, &part);
            // The diff of the one file that three commits changed is itself a third of its prompt.
            let least = if path == "src/a_handler.rs" { 50 } else { 60 };
            assert!(shared >= least, "of the part with {path}: {shared} %");
        }
    }
}

#[test]
fn all_later_rounds_of_a_branch_begin_alike() {
    let repo = branch();
    let mut before = review(&brief(&repo, None), PROGRAM).unwrap().text;
    for round in 2..8 {
        touch(&repo, "src/a_handler.rs");
        let text = review(&brief(&repo, Some(4)), PROGRAM).unwrap().text;
        let shared = common(&before, &text);
        assert!(shared >= 75, "round {round}: {shared} %");
        before = text;
    }
}

#[test]
fn what_a_vendor_is_to_keep_ends_where_the_next_round_may_differ() {
    let repo = branch();
    let first = review(&brief(&repo, None), PROGRAM).unwrap().text;
    touch(&repo, "src/a_handler.rs");
    let second = review(&brief(&repo, None), PROGRAM).unwrap().text;
    let (first, second) = (by_steadiness(&first), by_steadiness(&second));
    assert_eq!((first.len(), second.len()), (4, 4));
    assert_eq!(first[..2], second[..2], "the instructions, and what is said of the commits");
    assert!(first[1].starts_with("# The change\n") && first[2].ends_with('\n') && first[3].starts_with("=== "));
    assert_eq!(by_steadiness("Is it so?"), ["Is it so?"]);
}

#[test]
fn files_that_most_commits_changed_come_last_and_uncommitted_work_after_them() {
    let repo = branch();
    let order = || {
        let text = review(&brief(&repo, None), PROGRAM).unwrap().text;
        let diff = text.split_once("BEGIN diff").unwrap().1.to_owned();
        let mut files = FILES.map(|(path, _)| (diff.find(&format!("=== {path} (")).unwrap(), path));
        files.sort_unstable();
        files.map(|(_, path)| path)
    };
    let committed = order();
    assert_eq!(committed[..2], ["src/limits.rs", "src/z_last.rs"]);
    assert_eq!(committed[4..], ["src/store.rs", "src/a_handler.rs"]);
    repo.write("src/store.rs", "fn all_gone() {}\n");
    assert_eq!(order()[4..], ["src/a_handler.rs", "src/store.rs"]);
}

#[test]
fn the_prompt_says_what_each_commit_did_and_who_wrote_what_it_replaces() {
    let repo = branch();
    touch(&repo, "src/a_handler.rs");
    let text = review(&brief(&repo, None), PROGRAM).unwrap().text;
    let newer = text.split_once("BEGIN newer commits").unwrap().1;
    for part in ["Log it", "Which files each commit changed:", ": src/a_handler.rs\n", "+    log(&value);"] {
        assert!(newer.contains(part), "{part}: {newer}");
    }
    assert!(newer.contains("Who last changed the lines that this change replaces"), "{newer}");
    let settled = text.split_once("BEGIN diff").unwrap().0;
    for part in
        ["Check what comes in, part 0\n", "ends the program", "src/limits.rs, src/z_last.rs", "input.checked(9)"]
    {
        assert!(settled.contains(part), "{part}: {settled}");
    }
}
