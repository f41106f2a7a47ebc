//! A team: clones of one bare repository that share what they reviewed and decided.

use super::bed::{Bed, Ran, answer, finding};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A bare repository and clones of it, which are on `topic`. They share a configuration.
struct Team {
    bed: Bed,
    clones: Vec<PathBuf>,
}

const KEY: &str = concat!("ghp_q8Vb3LxTz7RkM2nWy5", "Jd0CfHs9PgUa4EiOo1");

impl Team {
    fn new(clones: usize) -> Self {
        let bed = Bed::new().configured("never_send = ['*.env']\n");
        bed.repo.write("secret.env", "A=1\n");
        bed.repo.commit("Add settings");
        let findings = [finding("critical", "The count is cut", (7, 7)), finding("suggestion", "A name", (6, 6))];
        let mut said = answer(&findings);
        said["answers"] = json!({ "ask": { "answer": "Only with four billion arguments." } });
        let bed = bed.agent("one", &said);
        let bare = bed.repo.beside("bare.git");
        bed.repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        let clones = (0..clones).map(|n| bed.repo.beside(&format!("clone{n}"))).collect();
        let team = Self { bed, clones };
        team.bed.repo.git_in(&bare, &["config", "uploadpack.allowFilter", "true"]);
        let address = format!("file://{}", bare.display());
        for (n, clone) in team.clones.iter().enumerate() {
            // Every third has no blobs but those that it needs.
            let filter: &[&str] = if n == 2 { &["--filter=blob:none"] } else { &[] };
            let args = [&["clone", "-q", "-b", "topic"], filter, &[&address, clone.to_str().unwrap()]].concat();
            team.bed.repo.git(&args);
            team.bed.repo.configure(clone);
        }
        team
    }

    fn try_run(&self, clone: usize, args: &[&str]) -> Ran {
        let folder = self.clones[clone].to_str().unwrap();
        self.bed.run(&[&["-C", folder][..], args].concat())
    }

    fn run(&self, clone: usize, args: &[&str]) -> String {
        let ran = self.try_run(clone, args);
        assert_eq!(ran.code, 0, "clone {clone} {args:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    fn json(&self, clone: usize, args: &[&str]) -> Value {
        serde_json::from_str(&self.run(clone, args)).unwrap()
    }

    fn review(&self, clone: usize) {
        self.run(clone, &["review", "--base", "origin/main", "--agent", "one", "--fresh"]);
    }

    /// Has each share until nothing is new.
    fn settle(&self) {
        for clone in (0..self.clones.len()).chain(0..self.clones.len()) {
            self.run(clone, &["sync"]);
        }
    }

    /// What a clone knows, but for the numbers of its rounds.
    fn knows(&self, clone: usize) -> (Vec<Value>, BTreeSet<String>, BTreeSet<String>) {
        let rounds = self.json(clone, &["rounds", "--json"]);
        let rounds = rounds.as_array().unwrap().iter().map(|round| round["started"].clone()).collect();
        let findings = self.json(clone, &["findings", "--state", "all", "--all", "--format", "json"]);
        let findings = findings["findings"].as_array().unwrap();
        let findings = findings.iter().map(|row| format!("{} {} {}", row["title"], row["state"], row["severity"]));
        (rounds, findings.collect(), self.learnings(clone))
    }

    /// Each learning; their order is that of the file, which people edit.
    fn learnings(&self, clone: usize) -> BTreeSet<String> {
        let all = self.run(clone, &["learnings"]);
        all.lines().map(|line| line.trim_start().split_once("  ").unwrap_or(("", line)).1.to_owned()).collect()
    }

    fn all_know_the_same(&self) -> (Vec<Value>, BTreeSet<String>, BTreeSet<String>) {
        self.settle();
        let first = self.knows(0);
        for clone in 1..self.clones.len() {
            assert_eq!(self.knows(clone), first, "clone {clone}");
        }
        first
    }

    /// All that is shared, as text.
    fn shared(&self) -> String {
        let bare = self.bed.repo.beside("bare.git");
        let files = self.bed.repo.git_in(&bare, &["ls-tree", "-r", "--name-only", "refs/deep-review/shared"]);
        let show = |path: &str| self.bed.repo.git_in(&bare, &["show", &format!("refs/deep-review/shared:{path}")]);
        files.lines().map(|path| format!("{path} {}\n", show(path))).collect()
    }
}

#[test]
fn what_one_reviews_and_decides_the_others_have() {
    let team = Team::new(3);
    team.review(0);
    let first = team.json(0, &["sync", "--format", "json"]);
    assert_eq!((&first["sent"]["rounds"], &first["remote"]), (&1.into(), &"origin".into()), "{first}");
    assert_eq!(team.run(0, &["sync"]), "Sent to origin: nothing new\nReceived: nothing new\n");
    assert!(team.run(1, &["sync"]).contains("Received: 1 round\n"));
    assert!(team.run(1, &["findings"]).contains("C1"));
    team.run(1, &["dismiss", "S1", "--reason", "it is public", "--kind", "wont-fix"]);
    team.run(1, &["severity", "C1", "important"]);
    team.run(1, &["ask", "C1", "When?"]);
    let sent = team.run(1, &["sync"]);
    assert!(sent.contains("Sent to origin: 2 decisions, 2 messages, 2 learnings"), "with what they taught: {sent}");
    let (rounds, findings, learnings) = team.all_know_the_same();
    assert_eq!(rounds.len(), 1);
    assert_eq!(findings.len(), 2);
    assert!(team.run(2, &["show", "C1"]).contains("Only with four billion arguments."));
    assert!(findings.iter().any(|row| row.contains("A name") && row.contains("dismissed")), "{findings:?}");
    assert!(findings.iter().any(|row| row.contains("cut") && row.contains("important")), "{findings:?}");
    assert!(learnings.iter().any(|line| line.contains("it is public")), "{learnings:?}");

    // Who has seen a decision may take it back, and who forgets a learning forgets it for all.
    team.run(2, &["reopen", "S1"]);
    team.run(2, &["undo"]);
    team.run(2, &["learnings", "forget", "1", "2"]);
    team.run(2, &["reopen", "S1"]);
    team.run(2, &["sync"]);
    let (_, findings, learnings) = team.all_know_the_same();
    assert!(findings.iter().all(|row| row.contains("open")), "{findings:?}");
    assert!(!learnings.iter().any(|line| line.contains("it is public")), "{learnings:?}");

    // A round of another is the newest if it was begun last.
    team.review(2);
    team.review(1);
    let (rounds, ..) = team.all_know_the_same();
    assert_eq!(rounds.len(), 3);
    assert!(rounds.is_sorted_by_key(|at| at.as_str().unwrap().to_owned()), "the oldest first: {rounds:?}");
}

#[test]
fn all_may_share_at_once() {
    let team = Team::new(3);
    team.review(0);
    team.settle();
    for (clone, finding) in [(0, "C1"), (1, "S1")] {
        team.run(clone, &["dismiss", finding, "--reason", "no"]);
    }
    team.run(2, &["learnings", "add", "Names are short here."]);
    team.review(2);
    for n in 0..3 {
        for clone in 0..3 {
            team.run(clone, &["learnings", "add", &format!("Number {n} of {clone}.")]);
        }
        let sync = |clone: &PathBuf| {
            let mut command = team.bed.command(&["-C", clone.to_str().unwrap(), "sync"]);
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        };
        let all: Vec<_> = team.clones.iter().map(sync).collect();
        for mut one in all {
            assert!(one.wait().unwrap().success());
        }
    }
    let (rounds, findings, learnings) = team.all_know_the_same();
    assert_eq!(rounds.len(), 2);
    assert!(findings.iter().all(|row| row.contains("dismissed")), "{findings:?}");
    assert_eq!(learnings.iter().filter(|line| line.contains("Number")).count(), 9, "{learnings:?}");
    assert!(learnings.contains("Names are short here."));
    // The reference has no history: what is dropped from it is gone.
    let bare = team.bed.repo.beside("bare.git");
    assert_eq!(team.bed.repo.git_in(&bare, &["rev-list", "--count", "refs/deep-review/shared"]).trim(), "1");
    assert_eq!(
        team.bed.repo.git_in(&bare, &["for-each-ref", "--format=%(refname)", "refs/deep-review"]).lines().count(),
        1
    );
}

#[test]
fn nothing_of_what_is_never_sent_is_shared_and_secrets_are_masked() {
    let team = Team::new(2);
    let mut hidden = finding("critical", "The setting HIDDENWORD is wrong", (1, 1));
    hidden["places"][0]["path"] = "secret.env".into();
    let mut open = finding("important", "A key is in the code", (6, 6));
    open["body"] = format!("`{KEY}` is in it.").into();
    team.bed.says("one", &answer(&[hidden, open]));
    team.review(0);
    let labels = team.run(0, &["findings", "--format", "agent"]);
    assert!(labels.contains("HIDDENWORD"), "{labels}");
    team.run(0, &["dismiss", "C1", "--reason", "OWNWORD"]);
    let said = team.run(0, &["sync"]);
    assert!(said.contains("Sent to origin: 1 round\n") && said.contains("Not shared: 1 findings"), "{said}");
    let shared = team.shared();
    assert!(shared.contains("A key is in the code"));
    for word in ["HIDDENWORD", "OWNWORD", "secret.env", KEY] {
        assert!(!shared.contains(word), "{word} is shared: {shared}");
    }
    team.run(1, &["sync"]);
    assert_eq!(
        team.json(1, &["findings", "--state", "all", "--format", "json"])["findings"].as_array().unwrap().len(),
        1
    );
    assert_eq!(
        team.run(0, &["sync"]).lines().next(),
        Some("Sent to origin: nothing new"),
        "masks are the same each time"
    );
    // Where it is unclear what must not be shared, nothing is.
    let bed = Bed::new().configured("never_send = ['[']\n");
    let refused = bed.run(&["-C", team.clones[1].to_str().unwrap(), "sync"]);
    assert_eq!(refused.code, 2, "{}{}", refused.out, refused.err);
}

#[test]
fn old_entries_are_dropped_for_everybody_and_stay_where_they_are() {
    let team = Team::new(2);
    team.review(0);
    team.settle();
    assert!(team.shared().contains("The count is cut"));
    team.run(1, &["sync", "--keep", "0"]);
    assert!(!team.shared().contains("The count is cut"));
    assert_eq!(team.all_know_the_same().0.len(), 1, "each keeps its own");
    assert!(!team.shared().contains("The count is cut"), "nobody brings it back");
    // A clone whose store was deleted takes nothing away from the others.
    team.run(1, &["learnings", "add", "Names are short here."]);
    team.settle();
    std::fs::remove_dir_all(team.clones[0].join(".git/deep-review")).unwrap();
    team.settle();
    assert!(team.run(0, &["learnings"]).contains("Names are short here."));
    assert!(team.run(1, &["learnings"]).contains("Names are short here."));
}

/// Who can push may be anybody: what is no entry of ours changes nothing, and what a newer version wrote is passed on.
#[test]
fn what_cannot_be_read_is_left_alone() {
    let team = Team::new(2);
    team.review(0);
    team.settle();
    let repo = &team.bed.repo;
    let clone = &team.clones[0];
    let put = |path: &str, text: &str| {
        let file = repo.beside("entry");
        std::fs::write(&file, text).unwrap();
        let blob = repo.git_in(clone, &["hash-object", "-w", file.to_str().unwrap()]);
        let index = repo.beside("index").to_str().unwrap().to_owned();
        let with_index = |args: &[&str]| {
            let mut command = std::process::Command::new("git");
            let out = test_repo::isolate(&mut command)
                .current_dir(clone)
                .env("GIT_INDEX_FILE", &index)
                .args(args)
                .output()
                .unwrap();
            assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
            String::from_utf8(out.stdout).unwrap().trim().to_owned()
        };
        with_index(&["read-tree", "refs/deep-review/shared"]);
        with_index(&["update-index", "--add", "--cacheinfo", &format!("100644,{},{path}", blob.trim())]);
        let tree = with_index(&["write-tree"]);
        let commit = with_index(&["commit-tree", &tree, "-m", "x"]);
        repo.git_in(clone, &["push", "-q", "--force", "origin", &format!("{commit}:refs/deep-review/shared")]);
        repo.git_in(clone, &["update-ref", "refs/deep-review/shared", &commit]);
    };
    put("rounds/aa/bb.0000000000000001", "no json");
    put(
        "decisions/aa/bb.7fffffffffffffff",
        "{\"schema\":1,\"key\":{\"of\":\"learning\",\"line\":\"x\"},\"value\":\"x\"}",
    );
    put("votes/aa/bb.0000000000000001", "of a later version");
    put("README.md", "not ours");
    let said = team.run(1, &["sync"]);
    assert!(said.contains("Not read: 3 entries"), "{said}");
    team.run(1, &["learnings", "add", "One."]);
    team.run(1, &["sync"]);
    assert!(team.shared().contains("of a later version") && !team.shared().contains("not ours"));
    assert_eq!(team.knows(1).0.len(), 1);
    let nowhere = team.try_run(0, &["sync", "--remote", "nowhere"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("there are origin"), "{}", nowhere.err);
}
