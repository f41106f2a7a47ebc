//! Reviews of what is not checked out: what happened to their findings, and that nothing in the work tree was touched.

use crate::cli::bed::{AFTER, BEFORE, Bed, answer, finding, titles, with_fix};
use crate::support::http::{Asked, Reply, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use test_repo::Repo;

const FIX: &str = "-    let n = first();\n+    let n = second();\n";

/// Files of the work tree, the index, and branches and tags.
fn everything(repo: &Repo) -> BTreeMap<PathBuf, Vec<u8>> {
    everything_in(repo, repo.path())
}

/// The same of a clone in a folder.
pub(crate) fn everything_in(repo: &Repo, root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, out: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let is_git = path.file_name().is_some_and(|n| n == ".git");
            match (path.is_dir(), is_git) {
                (true, true) => {}
                (true, false) => walk(&path, out),
                (false, _) => drop(out.insert(path.clone(), std::fs::read(&path).unwrap_or_default())),
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(root, &mut out);
    let git = root.join(".git");
    out.insert("index".into(), std::fs::read(git.join("index")).unwrap_or_default());
    out.insert("head".into(), std::fs::read(git.join("HEAD")).unwrap_or_default());
    let refs = repo.git_in(root, &["for-each-ref", "refs/heads", "refs/tags", "refs/remotes", "refs/stash"]);
    out.insert("refs".into(), refs.into_bytes());
    assert!(!git.join("FETCH_HEAD").exists());
    out
}

/// `main` is checked out, with uncommitted work; `topic` is not.
fn bed() -> Bed {
    let bed = Bed::new().agent("one", &answer(&[with_fix(finding("important", "Count once", (2, 2)), FIX)]));
    bed.repo.checkout("main");
    bed.repo.write("src/main.rs", BEFORE.replace("let n = 1", "let n = 2"));
    bed.repo.write("note", "untracked\n");
    bed
}

fn review(bed: &Bed, args: &[&str]) -> Value {
    let (code, document) = bed.review(&[&["--agent", "one"], args].concat());
    assert_eq!(code, 0, "{args:?}: {document}");
    document
}

#[test]
fn rounds_of_a_target_are_its_own_and_are_found_again() {
    let bed = bed();
    let diff = bed.repo.git(&["diff", "main", "topic"]) + "\n";
    std::fs::write(bed.repo.beside("x.diff"), diff).unwrap();
    let patch = format!("patch:{}", bed.repo.beside("x.diff").display());
    let commit = bed.repo.git(&["rev-parse", "topic"]).chars().take(12).collect::<String>();
    let before = everything(&bed.repo);
    for (target, kept_as) in [
        ("topic", "topic"),
        ("commit:topic", &*format!("commit:{commit}")),
        ("main..topic", "main..topic"),
        ("main...topic", "main...topic"),
        ("--unstaged", "unstaged:main"),
        (&patch, "patch:x.diff"),
    ] {
        for number in 1..3 {
            let round = &review(&bed, &[target])["round"];
            assert_eq!((round["scope"]["branch"].as_str(), round["number"].as_u64()), (Some(kept_as), Some(number)));
            assert_eq!(round["findings"].as_array().unwrap().len(), 1, "{target}");
        }
        let list = bed.run(&["--target", kept_as, "findings"]);
        let place = if target == "--unstaged" { "src/main.rs:2-2" } else { "src/main.rs:2" };
        assert!(
            list.out.contains("I1") && list.out.contains("src/main.rs:2"),
            "{target} {place}: {}{}",
            list.out,
            list.err
        );
        let rounds = bed.run(&["--target", target, "rounds"]).out;
        assert_eq!(rounds.lines().count(), 2, "{target}: {rounds}");
    }
    assert!(before == everything(&bed.repo), "something was touched");
    // What is checked out has none of these rounds.
    assert!(bed.run(&["findings"]).err.contains("there is no round on this branch yet"));
    // What it is compared with comes with a range.
    assert!(bed.run(&["review", "main..topic", "--base", "main"]).err.contains("--base has no meaning here"));
    for (word, said) in [
        ("nothing", "is no branch, tag or commit"),
        ("pr:x", "is named by its number"),
        ("patch:none", "failed to read the patch none"),
    ] {
        let ran = bed.run(&["review", word]);
        assert!(ran.code == 2 && ran.err.contains(said), "{word}: {}", ran.err);
    }
}

#[test]
fn a_part_is_reviewed_by_its_paths() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "Count once", (2, 2))]));
    bed.repo.write("docs/a.md", "words\n");
    bed.repo.commit("Say it");
    let reviewed = |args: &[&str]| {
        let document = review(&bed, args);
        let files = document["round"]["coverage"]["reviewed"].as_array().unwrap();
        files.iter().map(|f| f["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(reviewed(&["--", "src"]), ["src/main.rs"]);
    assert_eq!(reviewed(&["--", ":!src"]), ["docs/a.md"]);
    assert_eq!(reviewed(&["topic", "--", "*.md"]), ["docs/a.md"]);
    assert!(bed.run(&["--target", "topic -- src", "findings"]).out.contains("Count once"));
}

#[test]
fn a_branch_that_was_force_pushed_keeps_what_holds() {
    let bed = bed();
    review(&bed, &["topic"]);
    // Rewritten with a line above: the finding goes with its line, and keeps its label.
    bed.repo.git(&["stash", "-q", "-u"]);
    bed.repo.checkout("topic");
    bed.repo.write("src/main.rs", format!("// counts\n{AFTER}"));
    bed.repo.git(&["commit", "-q", "-a", "--amend", "-m", "Count them"]);
    bed.repo.checkout("main");
    bed.repo.git(&["stash", "pop", "-q"]);
    let before = everything(&bed.repo);
    let list = bed.run(&["--target", "topic", "findings"]).out;
    assert!(list.contains("src/main.rs:3"), "asked of the branch as it is now: {list}");
    bed.says("one", &answer(&[]));
    let document = review(&bed, &["topic"]);
    assert_eq!(titles(&document), ["I1 Count once"], "its code is as it was");
    assert_eq!(document["round"]["findings"][0]["anchors"][0]["lines"]["start"], 3);
    assert!(before == everything(&bed.repo), "something was touched");
}

#[test]
fn a_fix_is_written_only_where_the_work_tree_has_what_was_reviewed() {
    let bed = bed();
    review(&bed, &["topic"]);
    let refused = bed.run(&["--target", "topic", "apply", "I1"]);
    assert!(
        refused.code == 2 && refused.out.contains("is not checked out as it was reviewed"),
        "{}{}",
        refused.out,
        refused.err
    );
    assert!(bed.repo.read("src/main.rs").contains("let n = 2"));
    bed.repo.write("src/main.rs", AFTER);
    let applied = bed.run(&["--target", "topic", "apply", "I1"]);
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    assert!(bed.repo.read("src/main.rs").contains("let n = second()"));
}

/// A pull request at a forge that is shaped by its public documentation.
pub(crate) struct Pull {
    pub(crate) forge: &'static str,
    pub(crate) head: String,
    /// The tip of `main` when it was compared last.
    pub(crate) base: String,
    /// Where it comes from.
    pub(crate) source: &'static str,
    pub(crate) branch: &'static str,
    pub(crate) is_open: bool,
}

impl Pull {
    pub(crate) fn answer(&self, asked: &Asked) -> Option<Reply> {
        let path = asked.path.split('?').next().unwrap_or("");
        let Self { head, base, source, branch, .. } = self;
        let (user, empty) = (json!({ "login": "ada", "username": "ada", "nickname": "ada" }), json!([]));
        Some(Reply::json(&match (self.forge, path) {
            ("github", "/api/v3/repos/o/r/pulls/7") | ("gitea", "/api/v1/repos/o/r/pulls/7") => json!({
                "number": 7, "title": "Count", "state": if self.is_open { "open" } else { "closed" }, "user": user,
                "head": { "sha": head, "ref": branch, "repo": { "full_name": source } },
                "base": { "sha": base, "ref": "main" },
            }),
            ("github", "/api/graphql") => json!({ "data": { "repository": { "pullRequest": {
                "reviewThreads": { "pageInfo": {}, "nodes": [] }, "latestReviews": { "nodes": [] } } } } }),
            ("gitea", "/api/v1/repos/o/r/pulls/7/reviews") => empty,
            ("gitlab", "/api/v4/projects/o%2Fr/merge_requests/7") => json!({
                "iid": 7, "title": "Count", "state": if self.is_open { "opened" } else { "merged" }, "author": user, "sha": head,
                "source_branch": branch, "target_branch": "main",
                "source_project_id": if *source == "o/r" { 1 } else { 2 }, "target_project_id": 1,
                "diff_refs": { "base_sha": base, "start_sha": base, "head_sha": head },
            }),
            ("gitlab", "/api/v4/projects/o%2Fr/merge_requests/7/discussions") => empty,
            ("bitbucket", "/2.0/repositories/o/r/pullrequests/7") => json!({
                "id": 7, "title": "Count", "state": if self.is_open { "OPEN" } else { "MERGED" }, "author": user,
                "source": { "branch": { "name": branch }, "commit": { "hash": &head[..12] }, "repository": { "full_name": source } },
                "destination": { "branch": { "name": "main" }, "commit": { "hash": &base[..12] } },
            }),
            ("bitbucket", path) if path.starts_with("/2.0/repositories/o/r/commit/") => {
                let all = [head, base];
                let whole = all.iter().find(|id| path.ends_with(&id[..12]))?;
                json!({ "hash": whole })
            }
            ("bitbucket", "/2.0/repositories/o/r/pullrequests/7/comments") => json!({ "values": [] }),
            ("azure", "/o/p/_apis/git/repositories/r/pullrequests/7") => json!({
                "pullRequestId": 7, "title": "Count", "status": if self.is_open { "active" } else { "completed" },
                "createdBy": { "displayName": "ada" }, "sourceRefName": format!("refs/heads/{branch}"),
                "targetRefName": "refs/heads/main", "lastMergeSourceCommit": { "commitId": head },
                "lastMergeTargetCommit": { "commitId": base },
            }),
            ("azure", "/o/p/_apis/git/repositories/r/pullrequests/7/threads") => json!({ "value": [] }),
            _ => return None,
        }))
    }
}

/// The repository at the forge, in a folder, and a clone of it. git is told where the forge's address really leads.
struct Remote {
    theirs: Repo,
    bed: Bed,
    address: String,
    server: Server,
    forge: &'static str,
}

impl Remote {
    /// `reference` of the repository at the forge is what the forge keeps for the pull request.
    fn new(forge: &'static str, reference: Option<&str>, change: impl FnOnce(&mut Pull, &Repo)) -> Self {
        Self::of([Repo::new(), Repo::new()], forge, reference, change)
    }

    /// Of two empty repositories: the one at the forge, and what becomes its clone.
    fn of(
        [theirs, repo]: [Repo; 2],
        forge: &'static str,
        reference: Option<&str>,
        change: impl FnOnce(&mut Pull, &Repo),
    ) -> Self {
        let theirs = theirs.started(&[("src/main.rs", BEFORE)]);
        theirs.write("src/main.rs", AFTER);
        let head = theirs.commit("Count the arguments");
        theirs.checkout("main");
        let base = theirs.head();
        theirs.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        if let Some(reference) = reference {
            theirs.git(&["update-ref", reference, &head]);
            // As from a fork that is gone.
            theirs.git(&["branch", "-q", "-D", "topic"]);
        }
        let mut pull = Pull { forge, head, base, source: "o/r", branch: "topic", is_open: true };
        if reference.is_some() {
            pull.source = "someone/r";
        }
        change(&mut pull, &theirs);
        let repo = repo.started(&[("src/main.rs", "old\n")]);
        let server = Server::start(move |asked| pull.answer(asked).unwrap_or_else(|| Reply::status(404, "Not Found")));
        let path = if forge == "azure" { "o/p/_git/r" } else { "o/r.git" };
        let address = format!("http://{}/{path}", server.address());
        repo.git(&["remote", "add", "origin", &theirs.path().to_string_lossy()]);
        repo.git(&["fetch", "-q", "origin", "main"]);
        std::fs::remove_file(repo.path().join(".git/FETCH_HEAD")).unwrap();
        repo.git(&["remote", "set-url", "origin", &address]);
        repo.git(&["reset", "-q", "--hard", "origin/main"]);
        repo.write("src/main.rs", BEFORE.replace("let n = 1", "let n = 2"));
        let one = answer(&[finding("important", "Count once", (2, 2))]);
        Self { theirs, bed: Bed::of(repo).agent("one", &one), address, server, forge }
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = self.bed.command(args);
        for name in ["GH_ENTERPRISE_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN", "BITBUCKET_TOKEN", "AZURE_DEVOPS_EXT_PAT"] {
            command.env(name, "s3cret");
        }
        command
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", self.theirs.path().display()))
            .env("GIT_CONFIG_VALUE_0", &self.address);
        let out = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
    }

    fn review(&self) -> Value {
        let (code, out, err) =
            self.run(&["review", "pr:7", "--forge", self.forge, "--agent", "one", "--format", "json"]);
        assert_eq!(code, 0, "{}: {err}", self.forge);
        serde_json::from_str(&out).unwrap()
    }
}

#[test]
fn a_pull_request_of_every_forge_is_reviewed_without_being_checked_out() {
    for (forge, reference, kept_as) in [
        ("github", Some("refs/pull/7/head"), "pr:o/r#7"),
        ("gitea", Some("refs/pull/7/head"), "pr:o/r#7"),
        ("gitlab", Some("refs/merge-requests/7/head"), "pr:o/r#7"),
        ("bitbucket", None, "topic"),
        ("azure", None, "topic"),
    ] {
        let remote = Remote::new(forge, reference, |_, _| {});
        // The local branch of that name follows nothing; it is the one that was pushed.
        let before = everything(&remote.bed.repo);
        let round = remote.review()["round"].clone();
        assert_eq!(round["scope"]["branch"].as_str(), Some(kept_as), "{forge}");
        assert_eq!(round["scope"]["base_name"].as_str(), Some("main"), "{forge}");
        assert_eq!(round["pull_request"]["number"].as_u64(), Some(7), "{forge}");
        assert_eq!(round["findings"].as_array().unwrap().len(), 1, "{forge}");
        assert!(before == everything(&remote.bed.repo), "{forge}: something was touched");
        let refs = remote.bed.repo.git(&["for-each-ref", "--format=%(refname)", "refs/deep-review"]);
        assert_eq!(refs, "refs/deep-review/pr-base/7\nrefs/deep-review/pr/7", "{forge}");
        // Found again by its number, and by no network.
        let asked = remote.server.asked().len();
        let (_, list, err) = remote.run(&["--target", "pr:7", "findings"]);
        assert!(list.contains("Count once"), "{forge}: {list}{err}");
        assert_eq!(remote.server.asked().len(), asked, "{forge}");
    }
}

#[test]
fn repositories_of_every_form_are_reviewed_mended_and_fetched_into() {
    const FORMS: [&[&str]; 3] =
        [&["--object-format=sha256"], &["--ref-format=reftable"], &["--object-format=sha256", "--ref-format=reftable"]];
    for form in FORMS {
        // An older git makes none.
        let (Some(repo), Some(theirs), Some(clone)) = (Repo::in_form(form), Repo::in_form(form), Repo::in_form(form))
        else {
            continue;
        };
        let repo = repo.started(&[("src/main.rs", BEFORE)]);
        repo.write("src/main.rs", AFTER);
        repo.commit("Count the arguments");
        repo.write("note.rs", "// not committed\n");
        let one = answer(&[with_fix(finding("important", "Count once", (2, 2)), FIX)]);
        let bed = Bed::of(repo).with_git_of_the_test().agent("one", &one);
        let round = &review(&bed, &[])["round"];
        assert_eq!(round["scope"]["branch"], "topic", "{form:?}");
        let reviewed = round["coverage"]["reviewed"].as_array().unwrap();
        assert_eq!(
            reviewed.iter().map(|f| f["path"].as_str().unwrap()).collect::<Vec<_>>(),
            ["note.rs", "src/main.rs"]
        );
        let applied = bed.run(&["apply", "I1"]);
        assert_eq!(applied.code, 0, "{form:?}: {}{}", applied.out, applied.err);
        assert!(bed.repo.read("src/main.rs").contains("let n = second()"), "{form:?}");
        assert!(bed.run(&["findings", "--state", "fixed"]).out.contains("Count once"), "{form:?}");
        // In git's own words, as in a hook.
        let mut named = bed.command(&["findings", "--state", "fixed"]);
        named.env("GIT_DIR", bed.repo.path().join(".git")).env("GIT_WORK_TREE", bed.repo.path());
        assert!(String::from_utf8(named.output().unwrap().stdout).unwrap().contains("Count once"), "{form:?}");
        bed.repo.git(&["stash", "-q", "-u"]);
        bed.repo.checkout("main");
        let before = everything(&bed.repo);
        assert_eq!(titles(&review(&bed, &["topic"])), ["I1 Count once"], "{form:?}: the branch's rounds");
        assert_eq!(titles(&review(&bed, &["stash@{0}"])).len(), 1, "{form:?}");
        assert!(before == everything(&bed.repo), "{form:?}: something was touched");

        let mut remote = Remote::of([theirs, clone], "github", Some("refs/pull/7/head"), |_, _| {});
        remote.bed = remote.bed.with_git_of_the_test();
        let before = everything(&remote.bed.repo);
        assert_eq!(titles(&remote.review()), ["I1 Count once"], "{form:?}");
        let (_, list, err) = remote.run(&["--target", "pr:7", "findings"]);
        assert!(list.contains("Count once"), "{form:?}: {list}{err}");
        assert!(before == everything(&remote.bed.repo), "{form:?}: something was touched");
    }
}

#[test]
fn a_pull_request_shares_its_rounds_with_the_branch_that_is_made_from_it() {
    let remote = Remote::new("github", Some("refs/pull/7/head"), |_, _| {});
    remote.review();
    let repo = &remote.bed.repo;
    repo.git(&["checkout", "-q", "-f", "-b", "theirs", "refs/deep-review/pr/7"]);
    repo.git(&["config", "branch.theirs.remote", "origin"]);
    repo.git(&["config", "branch.theirs.merge", "refs/pull/7/head"]);
    let (_, list, err) = remote.run(&["findings"]);
    assert!(list.contains("Count once"), "{list}{err}");
    assert_eq!(remote.review()["round"]["number"].as_u64(), Some(2));
}

#[test]
fn one_that_was_merged_is_compared_with_what_it_was_merged_into() {
    let remote = Remote::new("github", Some("refs/pull/7/head"), |pull, theirs| {
        theirs.git(&["merge", "-q", "--no-ff", "-m", "Merge", &pull.head]);
        pull.is_open = false;
    });
    let round = remote.review()["round"].clone();
    assert_eq!(round["coverage"]["reviewed"][0]["path"].as_str(), Some("src/main.rs"));
}

#[test]
fn one_whose_commits_are_gone_is_refused_and_a_page_elsewhere_gets_no_token() {
    let remote = Remote::new("github", None, |pull, theirs| {
        theirs.git(&["branch", "-q", "-D", "topic"]);
        pull.head = "0123456789012345678901234567890123456789".into();
    });
    let (code, _, err) = remote.run(&["review", "pr:7", "--forge", "github"]);
    assert!(code == 2 && err.contains("the commits of pull request #7 could not be fetched"), "{err}");
    let page = "http://127.0.0.2:9/o/r/pull/7";
    let (code, _, err) = remote.run(&["review", page, "--forge", "github"]);
    assert!(code == 2 && err.contains("no remote of this clone leads to 127.0.0.2:9"), "{err}");
    let ours = remote.address.replace(".git", "/pull/7");
    let (_, _, err) = remote.run(&["review", &ours, "--forge", "github"]);
    assert!(err.contains("could not be fetched"), "{err}");
}

#[test]
fn a_stack_is_reviewed_part_by_part_and_what_stands_is_carried_to_the_top() {
    let mut gone = finding("important", "Take it out again", (1, 1));
    gone["places"][0]["path"] = json!("src/gone.rs");
    let bed = Bed::new().agent("one", &answer(&[finding("important", "Count once", (2, 2)), gone]));
    bed.repo.write("src/gone.rs", "pub fn gone() {}\n");
    bed.repo.commit("Try something");
    bed.repo.remove("src/gone.rs");
    bed.repo.write("src/main.rs", format!("// counts\n{AFTER}"));
    bed.repo.commit("Leave it");
    let commits = bed.repo.git(&["rev-list", "--reverse", "main..topic"]);
    let before = everything(&bed.repo);
    let ran = bed.run(&["review", "--stack", "--agent", "one", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for line in ["1/3 ", "2/3 ", "3/3 ", "Count the arguments: "] {
        assert!(ran.err.contains(line), "{line}: {}", ran.err);
    }
    let top: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(top["round"]["scope"]["branch"].as_str(), Some("topic"));
    let lines = |finding: &Value| {
        finding["anchors"].as_array().unwrap().iter().map(|a| a["lines"]["start"].as_u64()).collect::<Vec<_>>()
    };
    let findings = top["round"]["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["title"] == "Count once"), "{findings:?}");
    assert!(findings.iter().flat_map(lines).any(|line| line == Some(3)), "it goes with its line: {findings:?}");
    // Each part has a round of its own, and the top's is found as the branch's.
    let first = format!("commit:{}", commits.lines().next().unwrap());
    let list = bed.run(&["--target", &first, "findings"]).out;
    assert!(list.contains("Count once"), "{list}");
    assert!(bed.run(&["findings"]).out.contains("Count once"));
    assert!(before == everything(&bed.repo), "something was touched");
    let refused = bed.run(&["review", "commit:topic", "--stack"]);
    assert!(refused.code == 2 && refused.err.contains("--stack has no meaning here"), "{}", refused.err);
}
