//! Repositories that lack something: files, history, texts, or a form that can be read.

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

#[test]
fn what_the_git_library_cannot_read_is_refused_with_a_way_that_works() {
    let repo = Repo::new();
    let new = |name: &str, form: &str| {
        let folder = repo.beside(name);
        let made = repo.try_git_in(repo.path(), &["init", "-q", "-b", "main", form, &folder.to_string_lossy()]);
        // An older git makes none.
        made.status.success().then(|| {
            repo.configure(&folder);
            for (text, branch) in [(TEN, "main"), ("changed\n", "topic")] {
                repo.git_in(&folder, &["checkout", "-q", "-B", branch]);
                std::fs::write(folder.join("a"), text).unwrap();
                repo.git_in(&folder, &["add", "a"]);
                repo.git_in(&folder, &["commit", "-q", "-m", "Change"]);
            }
            let error = Repository::discover(&folder).unwrap_err();
            assert!(matches!(error, GitError::Unsupported { .. }), "{error}");
            (folder, format!("{error}; {}", error.remedy().unwrap()))
        })
    };
    if let Some((folder, said)) = new("reftable", "--ref-format=reftable") {
        assert!(said.contains("reftable") && said.contains("git refs migrate --ref-format=files"), "{said}");
        repo.git_in(&folder, &["clone", "-q", "--ref-format=files", ".", "../clone"]);
        let base = ScopeRequest { base: Some("main".into()), uncommitted: true, ..ScopeRequest::default() };
        assert_eq!(summary(&take(&repo.beside("clone"), &base, &SnapshotOptions::default()).unwrap()), ["~ a"]);
        // Before 2.48 it refuses where there are reflogs.
        if repo.try_git_in(&folder, &["refs", "migrate", "--ref-format=files"]).status.success() {
            assert_eq!(summary(&snapshot_at(&folder)), ["~ a"]);
        }
    }
    if let Some((folder, said)) = new("sha256", "--object-format=sha256") {
        assert!(
            said.contains("SHA-256") && said.contains("git fast-export --all | git -C ../copy fast-import"),
            "{said}"
        );
        repo.git_in(&folder, &["init", "-q", "--object-format=sha1", "../copy"]);
        let run = "git fast-export --all | git -C ../copy fast-import --quiet";
        let done =
            test_repo::isolate(&mut std::process::Command::new("sh")).current_dir(&folder).args(["-c", run]).status();
        assert!(done.unwrap().success());
        let copy = repo.beside("copy");
        repo.configure(&copy);
        repo.git_in(&copy, &["checkout", "-q", "topic"]);
        assert_eq!(summary(&snapshot_at(&copy)), ["~ a"]);
    }
}
