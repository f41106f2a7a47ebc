//! Repositories that lack something: files, history or texts.

use super::*;

#[test]
fn a_sparse_checkout_lacks_nothing_and_deletes_nothing() {
    for sparse_index in ["--no-sparse-index", "--sparse-index"] {
        let repo = Repo::with_topic(&[("in/a", "a\n"), ("out/deep/b", "b\n"), ("out/c", "c\n"), ("top", "top\n")]);
        repo.write("out/c", "changed before\n");
        repo.commit("Change what will be out of sight");
        repo.git(&["sparse-checkout", "init", "--cone", sparse_index]);
        repo.git(&["sparse-checkout", "set", "in"]);
        assert!(!repo.path().join("out").exists());
        repo.write("in/a", "A\n");
        repo.write("in/new", "new\n");
        let sparse = snapshot(&repo);
        assert_eq!(summary(&sparse), ["~ in/a", "+ in/new", "~ out/c"], "{sparse_index}");
        assert_eq!(text(&sparse, "out/deep/b").as_deref(), Some("b\n"), "{sparse_index}");
        let paths: Vec<String> = sparse.paths().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["in/a", "in/new", "out/c", "out/deep/b", "top"], "{sparse_index}");
    }
}

#[test]
fn a_shallow_clone_is_reviewed_as_far_as_its_history_goes() {
    let repo = Repo::with_topic(&[("a", TEN)]);
    for n in 0..4 {
        repo.write("b", format!("{n}\n"));
        repo.commit("On topic");
    }
    let url = format!("file://{}", repo.path().display());
    let deep = repo.beside("deep");
    repo.git(&["clone", "-q", "--no-single-branch", "--depth", "5", "-b", "topic", &url, &deep.to_string_lossy()]);
    repo.configure(&deep);
    repo.git_in(&deep, &["remote", "set-head", "origin", "main"]);
    assert_eq!(summary(&snapshot_at(&deep)), ["+ b"]);
    let short = repo.beside("short");
    repo.git(&["clone", "-q", "--no-single-branch", "--depth", "2", "-b", "topic", &url, &short.to_string_lossy()]);
    repo.configure(&short);
    repo.git_in(&short, &["remote", "set-head", "origin", "main"]);
    let error = open(&short).scope(&ScopeRequest::default()).unwrap_err();
    assert!(matches!(&error, GitError::ShallowHistory { base } if base == "origin/main"), "{error}");
    assert!(error.remedy().unwrap().contains("--unshallow"));
}

#[test]
fn a_partial_clone_gets_the_texts_of_the_change_and_no_others() {
    let repo = Repo::with_topic(&[("a", TEN), ("b", TEN), ("old/only-before", "before\n")]);
    repo.write("a", TEN.replace("one", "1"));
    repo.commit("On topic");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repo.path().display());
    let partial = repo.beside("partial");
    repo.git(&["clone", "-q", "--filter=blob:none", "--sparse", "-b", "topic", &url, &partial.to_string_lossy()]);
    repo.configure(&partial);
    repo.git_in(&partial, &["remote", "set-head", "origin", "main"]);
    let snapshot = snapshot_at(&partial);
    assert_eq!(summary(&snapshot), ["~ a"]);
    assert_eq!(file(&snapshot, "a").old.as_deref(), Some(TEN), "the base's text was fetched");
    assert_eq!(text(&snapshot, "b").as_deref(), Some(TEN), "the work tree has it");
    assert_eq!(text(&snapshot, "old/only-before"), None, "not here, and reading around fetches nothing");
    let paths: Vec<String> = snapshot.paths().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["a", "b"]);
    // With the remote gone, what is not here cannot be had, and the error says so.
    repo.git_in(&partial, &["config", "remote.origin.url", "file:///nonexistent/repository"]);
    repo.git_in(&partial, &["checkout", "-q", "-b", "more"]);
    let oid = repo.git(&["rev-parse", "main:old/only-before"]);
    repo.git_in(&partial, &["rm", "-q", "--cached", "--sparse", "old/only-before"]);
    assert!(!repo.try_git_in(&partial, &["cat-file", "-e", &oid]).status.success());
    let snapshot = take(&partial, &ScopeRequest::default(), &SnapshotOptions::default()).unwrap();
    let left_out: Vec<String> =
        snapshot.left_out().iter().map(|file| format!("{} {:?}", file.path, file.why)).collect();
    assert_eq!(left_out, ["old/only-before Unreadable"]);
}
