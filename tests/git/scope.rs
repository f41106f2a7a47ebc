//! What is compared with what.

use super::*;

/// What the scope says: base's name, and the subject of the commit it is (`-` for none).
fn base_of(repo: &Repo, path: &Path) -> String {
    let scope = scope_of(path);
    let subject = scope.base.map(|id| repo.git_in(path, &["log", "-1", "--format=%s", id.as_str()]));
    format!("{}: {}", scope.base_name, subject.as_deref().unwrap_or("-"))
}

#[test]
fn the_base_is_where_the_branch_left_the_main_branch() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.write("b", "b\n");
    repo.commit("On topic");
    repo.checkout("main");
    repo.commit("On main, later");
    repo.checkout("topic");
    assert_eq!(base_of(&repo, repo.path()), "main: Start", "no remote");
    for name in ["master", "trunk", "develop"] {
        repo.git(&["branch", "-m", "main", "other"]);
        repo.git(&["branch", name, "other"]);
        assert_eq!(base_of(&repo, repo.path()), format!("{name}: Start"));
        repo.git(&["branch", "-m", "other", "main"]);
        repo.git(&["branch", "-D", name]);
    }
    repo.git(&["branch", "-m", "main", "mainline"]);
    repo.remote_default("mainline", "mainline");
    repo.git(&["branch", "main", "topic"]);
    assert_eq!(base_of(&repo, repo.path()), "origin/mainline: Start", "the remote says what its default is");
}

#[test]
fn the_upstream_is_the_base_where_it_is_another_branch() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.remote_default("main", "main");
    let release = repo.commit("Release");
    repo.git(&["update-ref", "refs/remotes/origin/release", &release]);
    repo.commit("Fix");
    repo.git(&["branch", "-q", "--set-upstream-to=origin/release"]);
    assert_eq!(base_of(&repo, repo.path()), "origin/release: Release");
    // A branch that was pushed is not compared with itself.
    repo.git(&["update-ref", "refs/remotes/origin/topic", "HEAD"]);
    repo.git(&["branch", "-q", "--set-upstream-to=origin/topic"]);
    assert_eq!(base_of(&repo, repo.path()), "origin/main: Start");
}

#[test]
fn of_the_local_and_the_remote_main_the_newer_one_counts() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.remote_default("main", "main");
    repo.checkout("main");
    repo.commit("Not pushed yet");
    repo.git(&["checkout", "-q", "-B", "topic", "main"]);
    repo.commit("On topic");
    assert_eq!(base_of(&repo, repo.path()), "main: Not pushed yet");
    repo.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    repo.git(&["branch", "-f", "main", "main~1"]);
    assert_eq!(base_of(&repo, repo.path()), "origin/main: Not pushed yet");
}

#[test]
fn on_the_main_branch_it_is_what_is_not_pushed_or_not_committed() {
    let repo = Repo::new();
    repo.write("a", "a\n");
    repo.commit("Start");
    repo.write("b", "b\n");
    assert_eq!(base_of(&repo, repo.path()), "HEAD: Start");
    assert_eq!(summary(&snapshot(&repo)), ["+ b"]);
    repo.remote_default("main", "HEAD");
    repo.git(&["branch", "-q", "--set-upstream-to=origin/main"]);
    repo.commit("Not pushed");
    assert_eq!(base_of(&repo, repo.path()), "origin/main: Start");
    assert_eq!(summary(&snapshot(&repo)), ["+ b"]);
    repo.git(&["branch", "-q", "-m", "whatever"]);
    repo.git(&["remote", "remove", "origin"]);
    assert_eq!(base_of(&repo, repo.path()), "HEAD: Not pushed", "the only branch is the main branch");
}

#[test]
fn a_branch_is_never_compared_with_itself() {
    let upstream = Repo::with_topic(&[("a", "a\n")]);
    upstream.git(&["branch", "-m", "main", "production"]);
    upstream.write("b", "b\n");
    upstream.commit("On topic");
    let address = format!("file://{}", upstream.path().display());
    let topic = "+refs/heads/topic:refs/remotes/origin/topic";
    let production = "+refs/heads/production:refs/remotes/origin/production";
    let fetched = |refs: &[&str]| {
        let clone = Repo::new();
        clone.git(&["remote", "add", "origin", &address]);
        let all: Vec<&str> = ["fetch", "-q", "origin"].iter().chain(refs).copied().collect();
        clone.git(&all);
        clone.git(&["checkout", "-q", "-B", "topic", "refs/remotes/origin/topic"]);
        clone
    };
    // As builds check out a push, and as `clone --single-branch` does.
    for refs in [&[topic, "--depth=1"][..], &[topic]] {
        let error = open(fetched(refs).path()).scope(&ScopeRequest::default()).unwrap_err();
        assert!(matches!(error, GitError::NoBase { .. }), "{refs:?}: {error}");
        let remedy = error.remedy().unwrap();
        assert!(remedy.contains("git fetch origin +refs/heads/main:refs/remotes/origin/main"), "{remedy}");
    }
    let both = fetched(&[topic, production]);
    assert_eq!(base_of(&both, both.path()), "origin/production: Start");
    let other = "+refs/heads/topic:refs/remotes/origin/other";
    let three = fetched(&[topic, production, other]);
    let error = open(three.path()).scope(&ScopeRequest::default()).unwrap_err();
    assert!(matches!(error, GitError::NoBase { .. }), "which of two is not guessed");
    let asked = ScopeRequest { base: Some("gone".into()), uncommitted: true, ..ScopeRequest::default() };
    let remedy = open(both.path()).scope(&asked).unwrap_err().remedy().unwrap();
    assert!(remedy.contains("git fetch origin +refs/heads/gone:refs/remotes/origin/gone"), "{remedy}");
}

#[test]
fn a_base_that_is_asked_for_is_taken_or_refused() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.git(&["tag", "v1"]);
    repo.commit("One");
    let two = repo.commit("Two");
    repo.remote_default("only-there", &two);
    repo.commit("Three");
    let scope = |base: &str| {
        open(repo.path())
            .scope(&ScopeRequest { base: Some(base.into()), uncommitted: true, ..ScopeRequest::default() })
            .map(|s| s.base_name)
    };
    for (base, name) in [("v1", "v1"), ("main", "main"), ("HEAD~1", "HEAD~1"), ("only-there", "origin/only-there")] {
        assert_eq!(scope(base).unwrap(), name);
    }
    let error = scope("mian").unwrap_err();
    assert_eq!(error.to_string(), "the base 'mian' is no branch, tag or commit of this repository");
    assert_eq!(error.remedy().as_deref(), Some("did you mean 'main'?"));
    assert!(matches!(scope("--upload-pack=x").unwrap_err(), GitError::UnknownBase { .. }));
}

#[test]
fn without_anything_to_compare_with_the_error_says_what_was_looked_for() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.git(&["branch", "-m", "main", "something"]);
    let error = open(repo.path()).scope(&ScopeRequest::default()).unwrap_err();
    assert_eq!(error.to_string(), "no base branch to compare with was found (looked for main, master, trunk, develop)");
    assert!(error.remedy().unwrap().contains("--base"));
}

#[test]
fn detached_head_reviews_what_it_has_over_the_main_branch() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.write("b", "b\n");
    let tip = repo.commit("On topic");
    repo.git(&["checkout", "-q", "--detach"]);
    let scope = scope_of(repo.path());
    assert_eq!((scope.branch, scope.head.unwrap().as_str()), (None, tip.as_str()));
    assert_eq!(summary(&snapshot(&repo)), ["+ b"]);
}

#[test]
fn an_unborn_branch_is_all_new() {
    let repo = Repo::new();
    repo.write("a", "a\n");
    repo.git(&["add", "a"]);
    repo.write("b", "b\n");
    let scope = scope_of(repo.path());
    assert_eq!((scope.branch.as_deref(), scope.base, scope.head), (Some("main"), None, None));
    assert_eq!(summary(&snapshot(&repo)), ["+ a", "+ b"]);
    assert!(snapshot(&repo).commits().is_empty());
    let empty = Repo::new();
    assert_eq!(summary(&snapshot(&empty)), [""; 0]);
}

#[test]
fn a_branch_without_common_history_is_all_new() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.git(&["checkout", "-q", "--orphan", "island"]);
    repo.commit("Alone");
    assert_eq!(base_of(&repo, repo.path()), "main: -");
    assert_eq!(summary(&snapshot(&repo)), ["+ a"]);
}

#[test]
fn an_empty_diff_is_no_error() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    let nothing = snapshot(&repo);
    assert_eq!(summary(&nothing), [""; 0]);
    assert_eq!(text(&nothing, "a").as_deref(), Some("a\n"));
}

#[test]
fn what_a_merge_brought_from_main_is_not_under_review() {
    let repo = Repo::with_topic(&[("a", TEN), ("b", TEN)]);
    repo.write("a", TEN.replace("one", "1"));
    repo.commit("On topic");
    repo.checkout("main");
    repo.write("b", TEN.replace("ten", "10"));
    repo.commit("On main");
    repo.checkout("topic");
    repo.git(&["merge", "-q", "--no-edit", "main"]);
    let merged = snapshot(&repo);
    assert_eq!(base_of(&repo, repo.path()), "main: On main");
    assert_eq!(summary(&merged), ["~ a"]);
    let commits: Vec<_> = merged.commits().iter().map(|c| (c.subject.as_str(), c.is_merge)).collect();
    assert_eq!(commits, [("On topic", false), ("Merge branch 'main' into topic", true)]);
}

#[test]
fn a_conflict_is_reviewed_as_the_work_tree_has_it() {
    let repo = Repo::with_topic(&[("a", "base\n")]);
    repo.write("a", "topic\n");
    repo.commit("On topic");
    repo.checkout("main");
    repo.write("a", "main\n");
    repo.commit("On main");
    repo.checkout("topic");
    assert!(!repo.try_git_in(repo.path(), &["merge", "-q", "main"]).status.success());
    let conflict = snapshot(&repo);
    assert_eq!(summary(&conflict), ["~ a"]);
    assert!(text(&conflict, "a").unwrap().contains("<<<<<<<"));
}
