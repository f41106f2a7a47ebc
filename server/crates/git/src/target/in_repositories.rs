//! Every target in every situation: what is reviewed, what it is compared with, and that nothing was touched.

use crate::{GitError, Repository, ScopeRequest, Snapshot, SnapshotOptions, Target};
use finding::RepoPath;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use test_repo::Repo;
use tokio_util::sync::CancellationToken;

const TEN: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

fn request(word: &str) -> ScopeRequest {
    let target = match word {
        "--staged" => Target::Staged,
        "--unstaged" => Target::Unstaged,
        word => Target::parse(word).unwrap(),
    };
    ScopeRequest { target, ..ScopeRequest::default() }
}

fn patch(diff: &str) -> ScopeRequest {
    let diff = Arc::from(diff.as_bytes());
    ScopeRequest { target: Target::Patch { name: "x.diff".into(), diff }, ..ScopeRequest::default() }
}

fn take(path: &Path, request: &ScopeRequest) -> Result<Snapshot, GitError> {
    let repository = Repository::discover(path)?;
    let scope = repository.resolve(request)?;
    repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new())
}

/// `key (base): files`, each with the mark of its change and its changed lines of the new text.
fn summary(snapshot: &Snapshot) -> String {
    use crate::ChangeKind;
    let scope = snapshot.scope();
    let file = |f: &crate::ChangedFile| {
        let name = match &f.kind {
            ChangeKind::Added => format!("+{}", f.path),
            ChangeKind::Modified => format!("~{}", f.path),
            ChangeKind::Deleted => format!("-{}", f.path),
            ChangeKind::Renamed { from } => format!("{from}>{}", f.path),
            ChangeKind::Copied { from } => format!("{from}>>{}", f.path),
        };
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let new = lines(f.new.as_deref().unwrap_or(""));
        let changed = f.hunks.iter().flat_map(|h| {
            let from = h.new_start as usize - 1;
            new[from..from + h.new_count as usize].to_vec()
        });
        format!("{name} {}", changed.collect::<Vec<_>>().join(",")).trim().to_owned()
    };
    let left_out = snapshot.left_out().iter().map(|f| format!("!{}", f.path));
    let files: Vec<String> = snapshot.files().iter().map(file).chain(left_out).collect();
    format!("{} ({}): {}", scope.branch.as_deref().unwrap_or("HEAD"), scope.base_name, files.join("; "))
}

/// Everything that a user could lose: files of the work tree, the index, references.
fn everything(repo: &Repo, root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, out: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            match path.is_dir() {
                true if path.file_name().is_some_and(|n| n == "objects" || n == "deep-review") => {}
                true => walk(&path, out),
                false => drop(out.insert(path.clone(), std::fs::read(&path).unwrap_or_default())),
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(root, &mut out);
    let refs = repo.git_in(root, &["for-each-ref"]);
    out.insert("refs".into(), refs.into_bytes());
    out
}

/// `main`; `topic`, which is checked out, with two commits and staged, unstaged and untracked work on top; `other`, a
/// branch that is not; a stash with an untracked file.
fn repository() -> Repo {
    filled(Repo::new())
}

fn filled(empty: Repo) -> Repo {
    let repo = empty.started(&[("a", TEN), ("dir/b", TEN), ("c", TEN)]);
    repo.write("a", TEN.replace("one", "1"));
    repo.commit("Change a");
    repo.git(&["mv", "dir/b", "dir/moved"]);
    repo.write("dir/moved", TEN.replace("ten", "10"));
    repo.commit("Move b");
    repo.git(&["checkout", "-q", "-b", "other", "main"]);
    repo.write("o", "other\n");
    repo.commit("Other work");
    repo.checkout("topic");
    repo.write("c", TEN.replace("five", "stashed"));
    repo.write("u", "untracked in the stash\n");
    repo.git(&["stash", "push", "-q", "--include-untracked"]);
    repo
}

fn make_dirty(repo: &Repo, root: &Path) {
    std::fs::write(root.join("c"), TEN.replace("two", "2")).unwrap();
    repo.git_in(root, &["add", "c"]);
    std::fs::write(root.join("c"), TEN.replace("two", "2").replace("nine", "9")).unwrap();
    std::fs::write(root.join("new"), "new\n").unwrap();
}

const PATCH: &str = "From x\nSubject: words\n\n---\n c | 2 +-\ndiff --git a/c b/c\n--- a/c\n+++ b/c\n@@ -2,3 +2,3 @@ one\n two\n-three\n+patched\n four\n";

/// What each target comes to where nothing stands in the way.
fn table(repo: &Repo) -> Vec<(ScopeRequest, String)> {
    let id = |rev: &str| repo.git(&["rev-parse", rev]).chars().take(12).collect::<String>();
    let (topic, before, stash) = (id("topic"), id("topic~1"), id("stash@{0}"));
    let both = "~a 1; dir/b>dir/moved 10";
    let of = |word: &str, want: String| (request(word), want);
    vec![
        of("topic", format!("topic (main): {both}")),
        of("other", "other (main): +o other".into()),
        of("commit:topic", format!("commit:{topic} ({before}): dir/b>dir/moved 10")),
        of(&topic, format!("commit:{topic} ({before}): dir/b>dir/moved 10")),
        of("main..topic", format!("main..topic (main): {both}")),
        of("other...topic", format!("other...topic (other): {both}")),
        of("other..topic", format!("other..topic (other): {both}; -o")),
        of("topic~1..topic", format!("{before}..topic ({before}): dir/b>dir/moved 10")),
        of("stash@{0}", format!("stash:{stash} ({topic}): ~c stashed; +u untracked in the stash")),
        (patch(PATCH), "patch:x.diff (HEAD): ~c patched".into()),
    ]
}

/// Takes every target of the table and those of uncommitted work.
fn check(repo: &Repo, root: &Path, uncommitted: &[(&str, &str)]) {
    let before = everything(repo, root);
    for (request, want) in table(repo) {
        let taken = take(root, &request).map_or_else(|e| e.to_string(), |s| summary(&s));
        assert_eq!(taken, want, "{request:?}");
    }
    for (word, want) in uncommitted {
        assert_eq!(summary(&take(root, &request(word)).unwrap()), *want, "{word}");
    }
    assert!(before == everything(repo, root), "something was touched");
}

/// Forms of a repository beside the usual one, those that this git knows.
fn forms() -> impl Iterator<Item = (&'static str, Repo)> {
    const FORMS: [(&str, &[&str]); 3] = [
        ("sha256", &["--object-format=sha256"]),
        ("reftable", &["--ref-format=reftable"]),
        ("both", &["--object-format=sha256", "--ref-format=reftable"]),
    ];
    FORMS.into_iter().filter_map(|(name, form)| Some((name, filled(Repo::in_form(form)?))))
}

#[test]
fn every_target_is_found_in_every_form_of_a_repository() {
    for (form, repo) in forms() {
        check(&repo, repo.path(), &[("--staged", "staged:topic (HEAD): ")]);
        make_dirty(&repo, repo.path());
        let on_topic =
            [("--staged", "staged:topic (HEAD): ~c 2"), ("--unstaged", "unstaged:topic (the index): ~c 9; +new new")];
        check(&repo, repo.path(), &on_topic);
        let current = take(repo.path(), &ScopeRequest::default()).unwrap();
        assert_eq!(summary(&current), "topic (main): ~a 1; ~c 2,9; dir/b>dir/moved 10; +new new", "{form}");
        let commits: Vec<_> = current.commits().iter().map(|commit| commit.subject.as_str()).collect();
        assert_eq!(commits, ["Change a", "Move b"], "{form}");
        let path = RepoPath::new("dir/b").unwrap();
        assert_eq!(current.read_base(&path).as_deref(), Some(TEN), "{form}");
        let changed = (RepoPath::new("c").unwrap(), finding::LineRange::line(2));
        let ages = crate::ages(&current, &[changed], std::time::Duration::from_secs(60));
        assert_eq!(ages, [crate::Age::New], "{form}: blame works");
        for word in ["HEAD@{1}..topic", "@{-1}...topic"] {
            take(repo.path(), &request(word)).unwrap_or_else(|e| panic!("{form}, {word}: {e}"));
        }

        repo.git(&["stash", "-q", "-u"]);
        repo.checkout("main");
        let worktree = repo.beside("worktree");
        repo.git(&["worktree", "add", "-q", &worktree.to_string_lossy(), "topic"]);
        make_dirty(&repo, &worktree);
        let open = Repository::discover(&worktree).unwrap();
        assert_eq!(open.head_state().unwrap().branch.as_deref(), Some("topic"), "{form}");
        assert_eq!(summary(&take(&worktree, &request("--staged")).unwrap()), on_topic[0].1, "{form}");
        assert_eq!(summary(&take(&worktree, &request("other")).unwrap()), "other (main): +o other", "{form}");

        let url = format!("file://{}", repo.path().display());
        for (name, how) in [("shallow", "--depth=1"), ("partial", "--filter=blob:none")] {
            let clone = repo.beside(name);
            let ref_format = if form == "sha256" { "--no-single-branch" } else { "--ref-format=reftable" };
            repo.git(&[
                "clone",
                "-q",
                "--no-single-branch",
                ref_format,
                how,
                "-b",
                "topic",
                &url,
                &clone.to_string_lossy(),
            ]);
            repo.configure(&clone);
            let taken = take(&clone, &request("origin/other"));
            match (name, taken) {
                ("shallow", Err(GitError::ShallowHistory { .. })) => {}
                ("partial", Ok(taken)) => assert_eq!(summary(&taken), "other (origin/main): +o other", "{form}"),
                (_, taken) => panic!("{form}, {name}: {taken:?}"),
            }
        }
    }
}

#[test]
fn what_references_lead_to_is_seen_as_soon_as_it_changes_in_every_form() {
    for (form, repo) in forms() {
        let open = Repository::discover(repo.path()).unwrap();
        let at = || {
            let head = open.head_state().unwrap();
            (head.branch, head.commit.map(|commit| commit.to_string()))
        };
        let tip = |name: &str| Some(repo.git(&["rev-parse", name]));
        assert_eq!(at(), (Some("topic".into()), tip("topic")), "{form}");
        repo.checkout("other");
        assert_eq!(at(), (Some("other".into()), tip("other")), "{form}");
        repo.write("o", "more\n");
        let made = repo.commit("More");
        assert_eq!(at(), (Some("other".into()), Some(made)), "{form}");
        repo.git(&["checkout", "-q", "--detach", "main"]);
        assert_eq!(at(), (None, tip("main")), "{form}");
        repo.git(&["checkout", "-q", "--orphan", "new"]);
        assert_eq!(at(), (Some("new".into()), None), "{form}");
        repo.git(&["checkout", "-q", "-f", "topic"]);
        let theirs = repo.beside("theirs");
        repo.git(&["clone", "-q", ".", &theirs.to_string_lossy()]);
        let into = crate::head_reference(7);
        let fetched = open.fetch(&theirs.to_string_lossy(), "refs/heads/topic", &into).unwrap();
        assert_eq!(open.commit_at(&into).unwrap(), Some(fetched), "{form}");
        repo.git(&["update-ref", "-d", &into]);
        assert_eq!(open.commit_at(&into).unwrap(), None, "{form}");
        // The second of two stashes is the first that was made.
        repo.write("c", TEN.replace("five", "stashed again"));
        repo.git(&["stash", "-q"]);
        assert!(
            summary(&take(repo.path(), &request("stash@{1}")).unwrap()).ends_with("untracked in the stash"),
            "{form}"
        );
        assert!(summary(&take(repo.path(), &request("stash@{0}")).unwrap()).ends_with("stashed again"), "{form}");

        // Nothing is left behind, also not what somebody left who was killed.
        if form != "sha256" {
            let left = repo.path().join(".git/deep-review/references/at-left");
            std::fs::create_dir(&left).unwrap();
            std::fs::write(left.join("lock"), "").unwrap();
            let again = Repository::discover(repo.path()).unwrap();
            again.head_state().unwrap();
            assert!(!left.exists());
            drop((open, again));
            let entries = std::fs::read_dir(left.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name());
            assert_eq!(entries.collect::<Vec<_>>(), ["lock"]);
        }
    }
}

#[test]
fn head_is_what_is_checked_out_in_a_clone_too() {
    let repo = repository();
    let clone = repo.beside("clone");
    repo.git(&["clone", "-q", ".", "../clone"]);
    repo.configure(&clone);
    std::fs::write(clone.join("mine"), "mine\n").unwrap();
    repo.git_in(&clone, &["add", "mine"]);
    repo.git_in(&clone, &["commit", "-q", "-m", "Mine"]);
    assert!(repo.git_in(&clone, &["for-each-ref"]).contains("refs/remotes/origin/HEAD"));
    for word in ["HEAD~1..HEAD", "HEAD~1..", "HEAD~1...HEAD", "@~1..@", "commit:HEAD", "origin/HEAD..HEAD"] {
        let got = summary(&take(&clone, &request(word)).unwrap());
        assert!(got.ends_with(": +mine mine"), "{word}: {got}");
    }
}

#[test]
fn every_target_is_found_in_a_clean_tree_and_in_a_dirty_one() {
    let repo = repository();
    check(&repo, repo.path(), &[("--staged", "staged:topic (HEAD): "), ("--unstaged", "unstaged:topic (the index): ")]);
    make_dirty(&repo, repo.path());
    check(
        &repo,
        repo.path(),
        &[("--staged", "staged:topic (HEAD): ~c 2"), ("--unstaged", "unstaged:topic (the index): ~c 9; +new new")],
    );
}

#[test]
fn every_target_is_found_with_a_detached_head_in_a_worktree_and_with_a_submodule() {
    let repo = repository();
    repo.git(&["checkout", "-q", "--detach", "topic"]);
    make_dirty(&repo, repo.path());
    let detached =
        [("--staged", "staged:HEAD (HEAD): ~c 2"), ("--unstaged", "unstaged:HEAD (the index): ~c 9; +new new")];
    check(&repo, repo.path(), &detached);

    let repo = repository();
    let worktree = repo.beside("worktree");
    repo.checkout("main");
    repo.git(&["worktree", "add", "-q", &worktree.to_string_lossy(), "topic"]);
    make_dirty(&repo, &worktree);
    let on_topic =
        [("--staged", "staged:topic (HEAD): ~c 2"), ("--unstaged", "unstaged:topic (the index): ~c 9; +new new")];
    check(&repo, &worktree, &on_topic);

    let repo = repository();
    let inner = repo.beside("inner");
    repo.git(&["clone", "-q", &repo.path().to_string_lossy(), &inner.to_string_lossy()]);
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &inner.to_string_lossy(), "sub"]);
    let taken = take(repo.path(), &request("--staged")).unwrap();
    assert_eq!(
        summary(&taken),
        "staged:topic (HEAD): +.gitmodules [submodule \"sub\"],\tpath = sub,\turl = ".to_owned()
            + &inner.to_string_lossy()
            + "; !sub"
    );
}

#[test]
fn what_a_shallow_or_partial_clone_lacks_is_said_or_fetched() {
    let repo = repository();
    let url = format!("file://{}", repo.path().display());
    let clone = |name: &str, how: &[&str]| {
        let folder = repo.beside(name);
        let head = ["clone", "-q", "--no-single-branch", "-b", "topic"];
        repo.git(&[&head[..], how, &[&url, &folder.to_string_lossy()]].concat());
        repo.configure(&folder);
        repo.git_in(&folder, &["remote", "set-head", "origin", "main"]);
        folder
    };
    let shallow = clone("shallow", &["--depth", "1"]);
    for word in ["origin/other", "commit:HEAD", "origin/main...origin/topic"] {
        let error = take(&shallow, &request(word)).unwrap_err();
        assert!(matches!(error, GitError::ShallowHistory { .. }), "{word}: {error}");
    }
    assert_eq!(
        summary(&take(&shallow, &request("origin/main..topic")).unwrap()),
        "origin/main..topic (origin/main): ~a 1; dir/b>dir/moved 10"
    );
    assert_eq!(summary(&take(&shallow, &patch(PATCH)).unwrap()), "patch:x.diff (HEAD): ~c patched");
    let partial = clone("partial", &["--filter=blob:none"]);
    assert_eq!(summary(&take(&partial, &request("origin/other")).unwrap()), "other (origin/main): +o other");
    assert_eq!(
        summary(&take(&partial, &request("other")).unwrap()),
        "other (origin/main): +o other",
        "the remote's branch where there is no local one"
    );
    assert_eq!(
        summary(&take(&partial, &request("origin/other...topic")).unwrap()),
        "origin/other...topic (origin/other): ~a 1; dir/b>dir/moved 10"
    );
}

#[test]
fn a_first_commit_and_an_unborn_branch_are_compared_with_nothing() {
    let repo = Repo::new();
    repo.write("a", "a\n");
    repo.git(&["add", "a"]);
    assert_eq!(summary(&take(repo.path(), &request("--staged")).unwrap()), "staged:main (HEAD): +a a");
    let error = take(repo.path(), &request("topic")).unwrap_err();
    assert!(matches!(&error, GitError::UnknownRevision { name } if name == "topic"), "{error}");
    assert!(error.remedy().unwrap().contains("commit:REV"));
    let new = "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+n\n";
    assert_eq!(summary(&take(repo.path(), &patch(new)).unwrap()), "patch:x.diff (HEAD): +n n");
    let first = repo.commit("Start");
    let key: String = first.chars().take(12).collect();
    assert_eq!(summary(&take(repo.path(), &request("commit:HEAD")).unwrap()), format!("commit:{key} (nothing): +a a"));
}

#[test]
fn a_review_is_limited_to_paths() {
    let repo = repository();
    let limited = |target: &str, paths: &[&str]| {
        let paths = paths.iter().map(ToString::to_string).collect();
        summary(&take(repo.path(), &ScopeRequest { paths, ..request(target) }).unwrap())
    };
    assert_eq!(limited("topic", &["dir"]), "topic -- dir (main): dir/b>dir/moved 10");
    assert_eq!(limited("topic", &["!dir"]), "topic -- !dir (main): ~a 1");
    assert_eq!(limited("stash@{0}", &["c"]).split(": ").nth(1), Some("~c stashed"));
}

#[test]
fn whole_files_are_compared_with_nothing() {
    let repo = repository();
    let whole = ScopeRequest { target: Target::Whole, paths: vec!["dir".into()], ..ScopeRequest::default() };
    let taken = take(repo.path(), &whole).unwrap();
    let files: Vec<String> = taken.files().iter().map(|f| f.path.to_string()).collect();
    assert_eq!((taken.scope().branch.as_deref(), files), (Some("scan:topic -- dir"), vec!["dir/moved".to_owned()]));
    assert!(taken.commits().is_empty() && taken.scope().base.is_none());
}

#[test]
fn a_patch_fits_or_is_refused_with_its_file() {
    let repo = repository();
    let error = |diff: &str| take(repo.path(), &patch(diff)).unwrap_err().to_string();
    for (diff, why) in [
        ("", "there is no change in it"),
        ("hello\n", "no patch found"),
        ("diff --git a/c b/c\n--- a/c\n+++ b/c\n@@ -2,3 +2,3 @@\n two\n-THREE\n+x\n four\n", "in c"),
        ("diff --git a/gone b/gone\n--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-a\n+b\n", "in gone"),
        ("diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n", ""),
    ] {
        assert!(
            error(diff).contains(why) && error(diff).starts_with("the patch does not apply"),
            "{diff:?}: {}",
            error(diff)
        );
    }
    // Lines that are in two places are not taken for either.
    repo.write("twice", "x\ny\nz\nx\ny\nz\n");
    repo.commit("Twice");
    assert!(error("--- a/twice\n+++ b/twice\n@@ -9,3 +9,3 @@\n x\n-y\n+Y\n z\n").contains("in twice"));
    // Lines that moved meanwhile are found; a rename, a new file and a deleted one are what they are.
    let moved = "--- a/c\n+++ b/c\n@@ -4,3 +4,3 @@\n two\n-three\n+x\n four\n";
    assert_eq!(summary(&take(repo.path(), &patch(moved)).unwrap()), "patch:x.diff (HEAD): ~c x");
    let all = "diff --git a/c b/d\nsimilarity index 100%\nrename from c\nrename to d\ndiff --git a/a b/a\ndeleted file mode 100644\n--- a/a\n+++ /dev/null\n@@ -1,10 +0,0 @@\n-1\n-two\n-three\n-four\n-five\n-six\n-seven\n-eight\n-nine\n-ten\n";
    let taken = take(repo.path(), &patch(all)).unwrap();
    assert_eq!(summary(&taken), "patch:x.diff (HEAD): -a; !d");
    let read = |name: &str| taken.read(&RepoPath::new(name).unwrap()).unwrap();
    assert_eq!(
        (read("d").as_deref(), read("c"), read("a")),
        (Some(TEN), None, None),
        "the whole tree is the patched one"
    );
}

#[test]
fn rounds_of_a_branch_of_a_remote_are_those_of_the_branch_that_follows_it() {
    let repo = repository();
    repo.git(&["config", "remote.origin.url", "https://example.org/o/r.git"]);
    repo.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    for name in ["topic", "theirs", "main"] {
        repo.git(&["update-ref", &format!("refs/remotes/origin/{name}"), "topic"]);
    }
    let open = Repository::discover(repo.path()).unwrap();
    let key = |name: &str| open.kept_as("origin", name).unwrap();
    assert_eq!((key("topic"), key("theirs")), ("topic".into(), "theirs".into()));
    for (branch, merge) in [("mine", "refs/heads/theirs"), ("topic", "refs/heads/else"), ("seven", "refs/pull/7/head")]
    {
        repo.git(
            &["branch", "-q", "-f", branch, "main"]
                .map(|a| if branch == "topic" && a == "branch" { "rev-parse" } else { a }),
        );
        repo.git(&["config", &format!("branch.{branch}.remote"), "origin"]);
        repo.git(&["config", &format!("branch.{branch}.merge"), merge]);
    }
    assert_eq!((key("topic"), key("theirs")), ("origin/topic".into(), "mine".into()));
    assert_eq!(open.branch_of_pull_request(7).unwrap().as_deref(), Some("seven"));
    assert_eq!(open.pull_request_of_branch("seven").unwrap(), Some(7));
    assert_eq!(open.pull_request_of_branch("mine").unwrap(), None);
}

#[test]
fn a_fetch_writes_nothing_but_its_own_reference() {
    let theirs = repository();
    let repo = Repo::with_topic(&[("a", "a\n")]);
    make_dirty(&repo, repo.path());
    repo.git(&["remote", "add", "fork", &theirs.path().to_string_lossy()]);
    let before = everything(&repo, repo.path());
    let open = Repository::discover(repo.path()).unwrap();
    let into = crate::head_reference(7);
    let head = open.fetch("fork", "refs/heads/other", &into).unwrap();
    assert_eq!(head.as_str(), theirs.git(&["rev-parse", "other"]));
    let mut after = everything(&repo, repo.path());
    after.retain(|path, _| !path.ends_with("refs/deep-review/pr/7") && path != Path::new("refs"));
    let before: BTreeMap<_, _> = before.into_iter().filter(|(path, _)| path != Path::new("refs")).collect();
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert!(after == before);
    // Force-pushed: the newest counts.
    theirs.git(&["checkout", "-q", "other"]);
    theirs.git(&["commit", "-q", "--amend", "-m", "Again"]);
    let again = open.fetch("fork", "refs/heads/other", &into).unwrap();
    assert_ne!(again, head);
    assert_eq!(open.commit_at(&into).unwrap(), Some(again));
    for (from, wanted) in
        [("--upload-pack=x", "refs/heads/x"), ("fork", "--x"), ("fork", "a:b"), ("fork", "refs/heads/*")]
    {
        assert!(matches!(open.fetch(from, wanted, &into), Err(GitError::BadReference { .. })), "{from} {wanted}");
    }
    assert!(matches!(open.fetch("fork", "refs/heads/none", &into), Err(GitError::Command { .. })));
}

#[test]
fn a_repository_that_jujutsu_keeps_too_goes_by_its_bookmarks() {
    let repo = repository();
    let branch = || Repository::discover(repo.path()).unwrap().head_state().unwrap().branch;
    repo.git(&["checkout", "-q", "--detach", "topic"]);
    assert_eq!(branch(), None);
    std::fs::create_dir(repo.path().join(".jj")).unwrap();
    std::fs::write(repo.path().join(".jj/.gitignore"), "/*\n").unwrap();
    assert_eq!(branch().as_deref(), Some("topic"), "the commit below the working copy's");
    // The working copy's commit, which jj makes of what is not committed.
    repo.git(&["branch", "-q", "-D", "topic"]);
    repo.git(&["update-ref", "refs/heads/next", &repo.git(&["commit-tree", "-p", "HEAD", "-m", "", "HEAD^{tree}"])]);
    assert_eq!(branch().as_deref(), Some("next"));
    let taken = take(repo.path(), &ScopeRequest::default()).unwrap();
    assert_eq!(summary(&taken), "next (main): ~a 1; dir/b>dir/moved 10");
    // `trunk()` is the base: what jj's configuration says that it is, else the newest of what jj looks for.
    let base = |base: Option<&str>| {
        let request = ScopeRequest {
            base: base.map(str::to_owned),
            target: Target::Named("@".into()),
            ..ScopeRequest::default()
        };
        let scope = Repository::discover(repo.path()).unwrap().scope(&request).unwrap();
        (scope.branch.unwrap(), scope.base_name, scope.uncommitted)
    };
    let tip = repo.git(&["rev-parse", "main"]);
    for name in ["origin/trunk", "upstream/dev"] {
        repo.git(&["update-ref", &format!("refs/remotes/{name}"), &tip]);
    }
    assert_eq!(base(None), ("next".into(), "origin/trunk".into(), true));
    std::fs::create_dir(repo.path().join(".jj/repo")).unwrap();
    std::fs::write(repo.path().join(".jj/repo/config.toml"), "[revset-aliases]\n\"trunk()\" = \"dev@upstream\"\n")
        .unwrap();
    assert_eq!(base(None).1, "upstream/dev");
    assert_eq!(base(Some("trunk()")).1, "upstream/dev");
    assert_eq!(base(Some("main")).1, "main");
    // Without git's own folder there is nothing to read.
    let plain = repo.beside("plain");
    std::fs::create_dir_all(plain.join(".jj/repo")).unwrap();
    std::fs::create_dir(plain.join("src")).unwrap();
    let error = Repository::discover(plain.join("src")).unwrap_err();
    assert!(matches!(&error, GitError::Jujutsu { path } if path.ends_with("plain")), "{error}");
    assert!(error.remedy().unwrap().contains("jj git colocation enable"));
}
