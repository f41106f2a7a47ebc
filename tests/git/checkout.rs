//! Checkouts, and that looking writes nothing.

use super::*;

/// Everything below a folder, `path mode content`, links as `path -> target`.
#[cfg(unix)]
fn listing(folder: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut out = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(at) = todo.pop() {
        for entry in std::fs::read_dir(&at).unwrap().map(|e| e.unwrap().path()) {
            let name = entry.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            let metadata = entry.symlink_metadata().unwrap();
            if metadata.is_symlink() {
                out.push(format!("{name} -> {}", entry.read_link().unwrap().display()));
            } else if metadata.is_dir() {
                assert_eq!(metadata.permissions().mode() & 0o777, 0o555, "{name} is read-only");
                todo.push(entry);
            } else {
                let content = std::fs::read(&entry).unwrap();
                let mode = metadata.permissions().mode() & 0o777;
                out.push(format!("{name} {mode:o} {:?}", String::from_utf8_lossy(&content)));
            }
        }
    }
    out.sort();
    out
}

#[cfg(unix)]
#[test]
fn a_checkout_has_the_whole_snapshot_and_nothing_that_leads_out() {
    use deep_review::git::checkout::materialise;
    use std::os::unix::fs::{PermissionsExt, symlink};
    let repo =
        Repo::with_topic(&[("kept", "kept\n"), ("changed", "old\n"), ("gone", "gone\n"), ("d/e/deep", "deep\n")]);
    repo.write(".gitattributes", "crlf.txt text eol=crlf\n");
    repo.write("crlf.txt", "a\r\nb\r\n");
    repo.write("run", "#!/bin/sh\n");
    std::fs::set_permissions(repo.path().join("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    repo.write("image", b"\0\xff");
    repo.write("latin-1", b"caf\xe9\n");
    symlink("../kept", repo.path().join("d/inside")).unwrap();
    symlink("/etc/passwd", repo.path().join("absolute")).unwrap();
    symlink("../../outside", repo.path().join("d/escaping")).unwrap();
    symlink("d/inside/../../../x", repo.path().join("devious")).unwrap();
    repo.write("large", "x".repeat(2 * 1024 * 1024));
    repo.commit("Things");
    repo.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/d/e/"]);
    repo.write("changed", "uncommitted\n");
    repo.write("new/untracked", b"untracked \xe9\n");
    repo.write(".gitignore", "ignored\n");
    repo.write("ignored", "ignored\n");
    repo.remove("gone");
    let hook = repo.path().join(".git/hooks/post-checkout");
    std::fs::write(&hook, "#!/bin/sh\ntouch ../hook-ran\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let status = || (repo.git(&["status", "--porcelain"]), std::fs::read(repo.path().join(".git/index")).unwrap());
    let before = status();

    let frozen = snapshot(&repo);
    repo.write("changed", "after the snapshot\n");
    repo.write("kept", "after the snapshot\n");
    let folder = repo.beside("checkout");
    let checkout = materialise(&frozen, &folder, &CancellationToken::new()).unwrap();
    repo.write("changed", "uncommitted\n");
    repo.write("kept", "kept\n");

    let mut listed = listing(&folder);
    listed.retain(|l| !l.starts_with("large"));
    let expected = [
        ".gitattributes 444 \"crlf.txt text eol=crlf\\n\"",
        ".gitignore 444 \"ignored\\n\"",
        "changed 444 \"uncommitted\\n\"",
        "crlf.txt 444 \"a\\r\\nb\\r\\n\"",
        "d/e/deep 444 \"deep\\n\"",
        "d/inside -> ../kept",
        "image 444 \"\\0\u{fffd}\"",
        "kept 444 \"kept\\n\"",
        "latin-1 444 \"caf\u{fffd}\\n\"",
        "new/untracked 444 \"untracked \u{fffd}\\n\"",
        "run 555 \"#!/bin/sh\\n\"",
    ];
    assert_eq!(listed, expected);
    assert_eq!(std::fs::read(folder.join("new/untracked")).unwrap(), b"untracked \xe9\n");
    assert_eq!(folder.join("large").metadata().unwrap().len(), 2 * 1024 * 1024);
    assert_eq!(checkout.left_out(), ["absolute", "d/escaping", "devious"]);
    assert_eq!(checkout.files(), expected.len() + 1);
    assert!(!repo.beside("hook-ran").exists() && !repo.path().join("hook-ran").exists());
    drop(checkout);
    assert!(!folder.exists(), "it goes away with its value");
    assert_eq!(status().0, before.0, "the user's tree is as it was");

    // The same of a commit, all from its objects.
    let request = ScopeRequest { uncommitted: false, ..ScopeRequest::default() };
    let committed = take(repo.path(), &request, &SnapshotOptions::default()).unwrap();
    let checkout = materialise(&committed, &folder, &CancellationToken::new()).unwrap();
    assert!(listing(&folder).contains(&"changed 444 \"old\\n\"".to_owned()));
    assert!(listing(&folder).contains(&"crlf.txt 444 \"a\\r\\nb\\r\\n\"".to_owned()));
    drop(checkout);

    let cancel = CancellationToken::new();
    cancel.cancel();
    assert!(matches!(materialise(&committed, &folder, &cancel), Err(GitError::Cancelled)));
    assert!(!folder.exists(), "a cancelled one leaves nothing");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("mine"), "mine\n").unwrap();
    assert!(materialise(&committed, &folder, &CancellationToken::new()).is_err(), "a folder with something in it");
    assert!(folder.join("mine").exists());
}

#[test]
fn taking_a_snapshot_writes_nothing() {
    let repo = Repo::with_topic(&[("a", TEN), ("b", TEN)]);
    repo.write("a", "changed\n");
    // The index is stale: git itself would refresh it.
    repo.write("b", TEN);
    let everything = || {
        let mut out = Vec::new();
        let mut todo = vec![repo.path().to_owned()];
        while let Some(at) = todo.pop() {
            for entry in std::fs::read_dir(&at).unwrap().map(|e| e.unwrap().path()) {
                let metadata = entry.symlink_metadata().unwrap();
                out.push((entry.clone(), metadata.modified().unwrap(), metadata.len()));
                if metadata.is_dir() {
                    todo.push(entry);
                }
            }
        }
        out.sort();
        out
    };
    let before = everything();
    let snapshot = snapshot(&repo);
    assert_eq!(summary(&snapshot), ["~ a"]);
    assert_eq!(everything(), before);
}
