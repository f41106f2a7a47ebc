//! The first steps in a repository: what stands in the way, and a configuration to start from.

use super::bed::{Bed, answer, finding};
use serde_json::Value;
use std::path::Path;

fn checks(bed: &Bed, args: &[&str]) -> (i32, Vec<(String, String)>) {
    let ran = bed.run(&[args, &["doctor", "--json"]].concat());
    let checks: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
    let word = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    (ran.code, checks.as_array().unwrap().iter().map(|c| (word(c, "what"), word(c, "health"))).collect())
}

#[cfg(unix)]
#[test]
fn a_linter_is_no_reviewer() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = Bed::new();
    let folder = bed.repo.beside("linters");
    std::fs::create_dir_all(&folder).unwrap();
    let linter = folder.join("shellcheck");
    std::fs::write(&linter, "#!/bin/sh\necho 'version: 0.11.0'\n").unwrap();
    std::fs::set_permissions(&linter, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = bed.command(&["doctor"]);
    let out = command.env("PATH", format!("{}:/usr/bin:/bin", folder.display())).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.contains("linters only: no model reviews"), "{text}");
}

fn health<'c>(checks: &'c [(String, String)], what: &str) -> &'c str {
    checks.iter().find(|(name, _)| name == what).map_or("none", |(_, health)| health)
}

#[test]
fn what_stands_in_the_way_of_a_review_is_said() {
    let bed = Bed::new().agent("one", &answer(&[]));
    let (code, good) = checks(&bed, &[]);
    assert_eq!(code, 0, "{good:?}");
    for what in ["repository", "configuration", "base", "agents", "store"] {
        assert_eq!(health(&good, what), "good", "{good:?}");
    }
    let (code, outside) = checks(&bed, &["-C", "/"]);
    assert_eq!((code, health(&outside, "repository"), health(&outside, "base")), (2, "bad", "none"), "{outside:?}");

    let wrong = Bed::new().configured("base = 'nowhere'\n");
    let (code, found) = checks(&wrong, &[]);
    assert_eq!((code, health(&found, "base"), health(&found, "agents")), (2, "bad", "worse"), "{found:?}");
    let text = wrong.run(&["doctor"]).out;
    assert!(text.contains("bad   base") && text.contains("note  agents"), "{text}");
    let (code, found) = checks(&Bed::new().configured("bse = 'x'\n"), &[]);
    assert_eq!((code, health(&found, "configuration")), (2, "bad"), "{found:?}");
}

#[test]
fn a_configuration_to_start_from_is_never_written_over_another() {
    let bed = Bed::new();
    let ran = bed.run(&["init"]);
    assert!(ran.code == 0 && ran.out.contains("commit it there"), "{}{}", ran.out, ran.err);
    let text = bed.repo.read(".deep-review.toml");
    assert!(text.contains("# base = \"main\"\n"), "{text}");
    let again = bed.run(&["init"]);
    assert!(again.code == 2 && again.err.contains("is there already"), "{}", again.err);
    assert_eq!(bed.repo.read(".deep-review.toml"), text);
}

/// What the first commands say in a folder: `doctor`, `init`, `undo`, `log`.
fn first_commands(bed: &Bed, place: &Path) -> [String; 4] {
    ["doctor", "init", "undo", "log"].map(|command| {
        let out = bed.command(&[command]).current_dir(place).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(!said.contains("'.'"), "{command} names a folder that nobody finds again: {said}");
        said
    })
}

#[test]
fn wherever_one_starts_the_first_commands_say_what_is_there_and_what_to_do() {
    let bed = Bed::new();
    let repo = &bed.repo;
    let [empty, unborn] = ["empty", "unborn"].map(|name| repo.beside(name));
    for folder in [&empty, &unborn] {
        std::fs::create_dir(folder).unwrap();
    }
    repo.git_in(&unborn, &["init", "-q", "-b", "main"]);
    let [base, bare, shallow, linked] = ["base", "bare.git", "shallow", "linked"].map(|name| repo.beside(name));
    let [to_base, to_bare, to_shallow, to_linked] = [&base, &bare, &shallow, &linked].map(|at| at.to_str().unwrap());
    // Of a remote whose default branch is `main`.
    let from = format!("file://{to_bare}");
    repo.git(&["worktree", "add", "-q", to_base, "main"]);
    repo.git(&["clone", "-q", "--bare", ".", to_bare]);
    repo.git_in(&bare, &["symbolic-ref", "HEAD", "refs/heads/main"]);
    repo.git(&["clone", "-q", "--depth=1", "-b", "topic", &from, to_shallow]);
    repo.git(&["worktree", "add", "-q", "-b", "linked", to_linked]);
    const FRESH: [&str; 3] =
        ["commit it there", "nothing was done on this branch", "Nothing was done on this branch yet"];
    let fresh = |doctor: &'static str| [doctor, FRESH[0], FRESH[1], FRESH[2]];
    let cases = [
        (empty.as_path(), ["git init"; 4]),
        (&unborn, fresh("main, which has no commit yet: every file is new")),
        (&base, fresh("main, which is itself what branches are compared with")),
        (repo.path(), fresh("topic, compared with main")),
        (&linked, fresh("linked, compared with main")),
        (&bare, ["git worktree add"; 4]),
        (&shallow, fresh("git fetch origin")),
    ];
    for (place, wanted) in cases {
        for (said, wanted) in first_commands(&bed, place).iter().zip(wanted) {
            assert!(said.contains(wanted), "'{wanted}' is not said in {}: {said}", place.display());
        }
    }
}

#[test]
fn asked_for_it_doctor_has_each_agent_answer_once() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "Seen", (1, 1))])).agent("two", &answer(&[]));
    std::fs::write(bed.repo.beside("two.json"), "{").unwrap();
    assert!(!bed.run(&["doctor"]).out.contains("answered"));
    let ran = bed.run(&["doctor", "--ask"]);
    assert!(ran.out.contains("ok    agent          one: ONE answered in "), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("note  agent          two: "), "{}", ran.out);
    assert_eq!(ran.code, 0, "a review works without the one that does not: {}", ran.out);
}

#[test]
fn doctor_says_which_program_is_started_and_which_editors_are_set_up() {
    let bed = Bed::new();
    let extension = bed.repo.beside("home/.vscode/extensions/deep-review.deep-review-0.0.1");
    std::fs::create_dir_all(extension).unwrap();
    // Nothing that this machine has is on the path.
    let out = bed.command(&["doctor"]).env("PATH", bed.repo.beside("bin")).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(said.contains("note  program        the path has no deep-review"), "{said}");
    assert!(said.contains("note  git            the git command does not run"), "{said}");
    assert!(said.contains("note  editor         VS Code has the extension 0.0.1, and this program is "), "{said}");
}
