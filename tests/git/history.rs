//! Diffs and blame.

use super::*;

#[test]
fn diffs_are_as_git_writes_them() {
    let hundred: String = (1..=100).map(|n| format!("line {n}\n")).collect();
    let repo = Repo::with_topic(&[
        ("far.txt", &hundred),
        ("near.txt", &hundred),
        ("no-end.txt", "a\nb"),
        ("gone.txt", "a\nb\n"),
        ("with space.txt", "a\n"),
        ("grüße.txt", "a\n"),
        ("old-name.txt", &hundred),
        ("emptied.txt", "a\n"),
    ]);
    repo.write("far.txt", hundred.replace("line 1\n", "").replace("line 50\n", "fifty\n") + "more\n");
    repo.write("near.txt", hundred.replace("line 50\n", "fifty\n").replace("line 57\n", "a\nb\n"));
    repo.write("no-end.txt", "a\nb\n");
    repo.remove("gone.txt");
    repo.write("with space.txt", "b\n");
    repo.write("grüße.txt", "b\n");
    repo.write("new.txt", "1\n2");
    repo.write("one.txt", "1\n");
    repo.write("emptied.txt", "");
    repo.write("blank.txt", "");
    #[cfg(unix)]
    repo.write("q\"uo\\te\n\u{1}", "x\n");
    repo.git(&["mv", "old-name.txt", "new-name.txt"]);
    repo.write("new-name.txt", hundred.replace("line 99\n", ""));
    repo.commit("Change");
    for context in [0, 1, 3, 10] {
        let arguments = format!("-U{context}");
        let git = ["-c", "core.quotePath=false", "diff", "-M", "--diff-algorithm=histogram", &arguments, "main"];
        let theirs = repo.git(&git);
        // What is not known or not said here: blob ids, similarity, and the section after `@@`.
        let theirs = theirs.lines().filter(|l| !l.starts_with("index ") && !l.starts_with("similarity index"));
        let cut = |l: &str| match l.match_indices("@@").nth(1) {
            Some((at, _)) if l.starts_with("@@") => l[..at + 2].to_owned(),
            _ => l.to_owned(),
        };
        let theirs: Vec<String> = theirs.map(cut).collect();
        let ours: String = snapshot(&repo).files().iter().map(|f| unified_diff(f, context)).collect();
        assert_eq!(ours.lines().collect::<Vec<_>>(), theirs, "context {context}");
    }
}

#[test]
fn blame_tells_what_was_there_before_the_branch() {
    use deep_review::finding::LineRange;
    use deep_review::git::history::{FileHistory, Origin};
    let repo = Repo::with_topic(&[("a.rs", TEN), ("same.rs", TEN)]);
    repo.write("a.rs", TEN.replace("three\n", "THREE\n"));
    let third = repo.commit("Change three");
    repo.git(&["mv", "a.rs", "b.rs"]);
    repo.write("b.rs", TEN.replace("three\n", "THREE\n").replace("eight\n", ""));
    let eighth = repo.commit("Rename, and drop eight");
    repo.write("b.rs", repo.read("b.rs").replace("one\n", "zero\none\n") + "new\n");
    let snapshot = snapshot(&repo);
    let repository = open(repo.path());
    let history = |name: &str| FileHistory::of(&repository, &snapshot, &path(name)).unwrap().unwrap();
    let shape = |from: u32, to: u32| -> Vec<String> {
        let runs = history("b.rs").origins(LineRange::new(from, to));
        let name = |origin: Origin| match origin {
            Origin::Before => "before".to_owned(),
            Origin::Uncommitted => "uncommitted".to_owned(),
            Origin::Commit(id) => repo.git(&["log", "-1", "--format=%s", id.as_str()]),
        };
        runs.into_iter().map(|r| format!("{} {}", r.lines, name(r.origin))).collect()
    };
    assert_eq!(shape(1, 99), ["1 uncommitted", "2-3 before", "4 Change three", "5-10 before", "11 uncommitted"]);
    assert_eq!(shape(6, 7), ["6-7 before"]);
    assert_eq!(shape(50, 60), [""; 0]);
    let same = history("same.rs").origins(LineRange::new(2, 3));
    assert_eq!(same[0].origin, Origin::Before);

    let touching = |lines: Option<(u32, u32)>| -> Vec<String> {
        let lines = lines.map(|(a, b)| LineRange::new(a, b));
        history("b.rs").touching(lines).iter().map(|id| id.as_str().to_owned()).collect()
    };
    assert_eq!(touching(None), [eighth.as_str(), third.as_str()]);
    assert_eq!(touching(Some((4, 4))), [third.as_str()]);
    assert_eq!(touching(Some((8, 9))), [eighth.as_str()], "where eight was");
    let target = |from, to| {
        let target = history("b.rs").fixup_target(&snapshot, LineRange::new(from, to));
        target.map(|id| id.as_str().to_owned())
    };
    assert_eq!(target(3, 5), Some(third));
    assert_eq!(target(8, 9), Some(eighth));
    assert_eq!(target(6, 6), None);
}

#[test]
fn own_lines_are_those_that_the_user_changed_last() {
    use deep_review::finding::{CommitId, LineRange};
    use deep_review::git::OwnLines;
    let repo = Repo::with_topic(&[("a.rs", TEN), ("lone.txt", "a\rb\nc\n")]);
    let change = |path: &str, from: &str, to: &str, author: &str| {
        repo.write(path, repo.read(path).replace(from, to));
        repo.git(&["commit", "--quiet", "--all", "--message=Change", &format!("--author={author}")]);
    };
    change("a.rs", "two\n", "TWO\n", "Ada <ADA@example.org>");
    change("a.rs", "four\n", "FOUR\n", "Bo <bo@example.org>");
    change("a.rs", "six\n", "SIX\n", "Ada <ada@old.example.org>");
    change("a.rs", "eight\n", "EIGHT\n", "Ada <ada@example.org>");
    change("a.rs", "EIGHT\n", "Eight\n", "Bo <bo@example.org>");
    change("lone.txt", "c\n", "C\n", "Ada <ada@example.org>");
    repo.write("a.rs", repo.read("a.rs").replace("one\n", "zero\none\n"));
    let repository = open(repo.path());
    let commit = |name: &str| CommitId::new(repo.git(&["rev-parse", name]));
    let own = |path: &str, has_uncommitted: bool| -> Vec<u32> {
        let text = repo.read(path);
        let count = text.split_terminator(['\r', '\n']).count() as u32;
        let asked: Vec<_> = (1..=count).map(|line| Some(LineRange::line(line))).collect();
        let lines = OwnLines::of(&repository, Some(&commit("main")), Some(&commit("HEAD")), has_uncommitted);
        let are_own = lines.unwrap().unwrap().among(&super::path(path), &text, &asked).unwrap();
        (1..=count).zip(are_own).filter(|(_, is_own)| *is_own).map(|(line, _)| line).collect()
    };
    assert_eq!(own("a.rs", true), [1, 3], "what is not committed, and what Ada changed last; of old lines none");
    assert_eq!(own("a.rs", false), [3], "what no commit has is nobody's where it is not the user's work tree");
    assert_eq!(own("lone.txt", true), [3], "lines are counted as we do, and as git does where git is asked");
    repo.write("new.rs", "a\nb\n");
    assert_eq!(own("new.rs", true), [1, 2]);
    assert_eq!(own("new.rs", false), [0u32; 0]);
    // Another address of the user's, by the repository's own map.
    repo.write(".mailmap", "Ada <ada@example.org> <ada@old.example.org>\n");
    assert_eq!(own("a.rs", true), [1, 3, 7]);
    repo.git(&["config", "user.email", " "]);
    assert!(OwnLines::of(&open(repo.path()), None, None, true).unwrap().is_none(), "nobody is the user");
}
