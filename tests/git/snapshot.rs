//! What a snapshot holds: which changes, which texts, and what is left out.

use super::*;

#[test]
fn committed_staged_unstaged_and_untracked_work_is_all_there() {
    let repo = Repo::with_topic(&[("a", TEN), ("b", TEN), ("c", TEN), ("d", TEN), (".gitignore", "*.log\n")]);
    repo.write("a", "committed\n");
    repo.commit("Change a");
    repo.write("b", "staged\n");
    repo.git(&["add", "b"]);
    repo.write("c", "unstaged\n");
    repo.write("new/deep/e", "untracked\n");
    repo.write("noise.log", "ignored\n");
    let all = snapshot(&repo);
    assert_eq!(summary(&all), ["~ a", "~ b", "~ c", "+ new/deep/e"]);
    assert_eq!(text(&all, "c").as_deref(), Some("unstaged\n"));
    assert_eq!(file(&all, "b").old.as_deref(), Some(TEN));
    assert_eq!(all.commits().iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), ["Change a"]);
    let paths: Vec<String> = all.paths().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(paths, [".gitignore", "a", "b", "c", "d", "new/deep/e"]);

    let request = ScopeRequest { uncommitted: false, ..ScopeRequest::default() };
    let committed = take(repo.path(), &request, &SnapshotOptions::default()).unwrap();
    assert_eq!(summary(&committed), ["~ a"]);
    assert_eq!(text(&committed, "b").as_deref(), Some(TEN), "unchanged files are those of HEAD, not of the work tree");
    assert_eq!(text(&committed, "new/deep/e"), None);
}

#[test]
fn work_that_was_taken_back_is_no_change() {
    let repo = Repo::with_topic(&[("a", TEN), ("b", TEN)]);
    repo.write("a", "staged\n");
    repo.git(&["add", "a"]);
    repo.write("a", TEN);
    // Same text, other time: only the stat differs.
    repo.write("b", TEN);
    assert_eq!(summary(&snapshot(&repo)), [""; 0]);
}

#[test]
fn edits_after_the_snapshot_do_not_show() {
    let repo = Repo::with_topic(&[("changed", TEN), ("unchanged", TEN), ("removed", TEN)]);
    repo.write("changed", "under review\n");
    repo.write("Cargo.lock", "left out, not lost\n");
    let frozen = snapshot(&repo);
    repo.write("changed", "later\n");
    // As long as before, so that only the time tells.
    repo.write("unchanged", TEN.to_uppercase());
    repo.remove("removed");
    repo.write("Cargo.lock", "later\n");
    repo.write("new", "later\n");
    assert_eq!(text(&frozen, "changed").as_deref(), Some("under review\n"));
    assert_eq!(text(&frozen, "unchanged").as_deref(), Some(TEN));
    assert_eq!(text(&frozen, "removed").as_deref(), Some(TEN));
    assert_eq!(text(&frozen, "Cargo.lock").as_deref(), Some("left out, not lost\n"));
    assert_eq!(text(&frozen, "new"), None);
    repo.commit("Later");
    assert_eq!(text(&frozen, "unchanged").as_deref(), Some(TEN));
}

#[test]
fn renames_copies_deletions_and_mode_changes() {
    let other = TEN.replace('e', "E");
    let repo = Repo::with_topic(&[
        ("old.rs", TEN),
        ("moved.rs", &other),
        ("gone.rs", "gone for good\n"),
        ("run.sh", "#!/bin/sh\n"),
        ("source.rs", &"copied from here, a line like others\n".repeat(3)),
    ]);
    repo.git(&["mv", "old.rs", "new.rs"]);
    repo.write("new.rs", TEN.replace("ten", "TEN"));
    repo.write("dir/x", "");
    repo.git(&["mv", "moved.rs", "dir/moved.rs"]);
    repo.remove("gone.rs");
    repo.write("copy.rs", "copied from here, a line like others\n".repeat(3));
    repo.git(&["update-index", "--chmod=+x", "run.sh"]);
    #[cfg(unix)]
    std::fs::set_permissions(repo.path().join("run.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let expected = [
        "+ dir/x",
        "- gone.rs",
        "old.rs > new.rs",
        "! copy.rs: no change of text",
        "! dir/moved.rs: no change of text",
        "! run.sh: no change of text",
    ];
    assert_eq!(summary(&snapshot(&repo)), expected, "uncommitted");
    repo.commit("Move things");
    assert_eq!(summary(&snapshot(&repo)), expected, "committed");
    let renamed = snapshot(&repo);
    assert_eq!(renamed.moved(), [(path("moved.rs"), path("dir/moved.rs"))], "the old name of what has no changed line");
    let renamed = file(&renamed, "new.rs");
    assert_eq!(renamed.old.as_deref(), Some(TEN));
    assert_eq!((renamed.hunks[0].old_start, renamed.hunks[0].new_count), (10, 1));
}

#[test]
fn a_copy_of_a_changed_file_names_its_source() {
    let repo = Repo::with_topic(&[("a.rs", TEN)]);
    repo.write("a.rs", format!("{TEN}eleven\n"));
    repo.write("b.rs", TEN.replace("ten", "a copy"));
    assert_eq!(summary(&snapshot(&repo)), ["~ a.rs", "a.rs >> b.rs"]);
}

#[test]
fn what_is_no_text_is_left_out_and_listed() {
    let repo = Repo::with_topic(&[("was-text", TEN), ("was-file", TEN)]);
    repo.write("image.png", b"\x89PNG\r\n\x1a\n\0\0\0");
    repo.write("was-text", b"\0\x01\x02");
    repo.write("pointer.psd", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n");
    let sub = Repo::with_topic(&[("x", "x\n")]);
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &sub.path().to_string_lossy(), "sub"]);
    #[cfg_attr(not(unix), expect(unused_mut, reason = "links are made on Unix alone"))]
    let mut expected = vec![
        "+ .gitmodules",
        "! image.png: binary, 11 bytes",
        "! pointer.psd: binary, 12345 bytes",
        "! sub: submodule",
        "! was-text: binary, 3 bytes",
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", repo.path().join("link")).unwrap();
        repo.remove("was-file");
        std::os::unix::fs::symlink("was-text", repo.path().join("was-file")).unwrap();
        expected.insert(2, "! link: symbolic link");
        expected.insert(5, "! was-file: symbolic link");
    }
    assert_eq!(summary(&snapshot(&repo)), expected, "uncommitted");
    assert_eq!(text(&snapshot(&repo), "link"), None, "a link is not followed");
    repo.commit("Add things");
    assert_eq!(summary(&snapshot(&repo)), expected, "committed");
    // Work inside of the submodule is not this repository's.
    std::fs::write(repo.path().join("sub/x"), "dirty\n").unwrap();
    assert_eq!(summary(&snapshot(&repo)), expected);
    assert_eq!(text(&snapshot(&repo), "image.png"), None);
}

#[test]
fn texts_keep_their_ends_their_marks_and_their_lines() {
    let repo = Repo::with_topic(&[("no-end", "a\nb"), ("crlf", "a\r\nb\r\n"), ("mixed", "a\r\nb\n")]);
    repo.write("no-end", "a\nc");
    repo.write("crlf", "a\r\nc\r\n");
    repo.write("mixed", "a\r\nc\n");
    repo.write("bom", "\u{feff}fn main() {}\n");
    repo.write("empty", "");
    let snapshot = snapshot(&repo);
    for (name, expected, lines) in [
        ("no-end", "a\nc", 1),
        ("crlf", "a\r\nc\r\n", 1),
        ("mixed", "a\r\nc\n", 1),
        ("bom", "\u{feff}fn main() {}\n", 1),
        ("empty", "", 0),
    ] {
        assert_eq!(text(&snapshot, name).as_deref(), Some(expected), "{name}");
        let changed: u32 = file(&snapshot, name).hunks.iter().map(|h| h.new_count).sum();
        assert_eq!(changed, lines, "{name}");
        assert!(!file(&snapshot, name).lossy, "{name}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_reviewed_and_said_to_be_lossy() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.write("latin-1.txt", b"caf\xe9\nna\xefve\n");
    let snapshot = snapshot(&repo);
    assert!(file(&snapshot, "latin-1.txt").lossy);
    assert_eq!(text(&snapshot, "latin-1.txt").as_deref(), Some("caf\u{fffd}\nna\u{fffd}ve\n"));
}

#[cfg(unix)]
#[test]
fn odd_names_are_reviewed_and_those_that_are_not_utf_8_listed() {
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::with_topic(&[("日本語.md", "alt\n"), ("with space/\"quoted\".txt", "old\n")]);
    repo.write("日本語.md", "neu\n");
    repo.write("with space/\"quoted\".txt", "new\n");
    repo.write("new\nline\t\\tab", "new\n");
    repo.write(Path::new(std::ffi::OsStr::from_bytes(b"latin-\xe9.txt")), "new\n");
    let expected = [
        "+ new\nline\t\\tab",
        "~ with space/\"quoted\".txt",
        "~ 日本語.md",
        "! latin-\u{fffd}.txt: its name is not UTF-8",
    ];
    assert_eq!(summary(&snapshot(&repo)), expected, "uncommitted");
    repo.commit("Odd names");
    assert_eq!(summary(&snapshot(&repo)), expected, "committed");
    assert_eq!(text(&snapshot(&repo), "日本語.md").as_deref(), Some("neu\n"));
}

#[test]
fn generated_vendored_and_lock_files_are_left_out_and_listed() {
    let repo = Repo::with_topic(&[("a", "a\n")]);
    repo.write(
        ".gitattributes",
        "gen/** linguist-generated\nthird/** linguist-vendored=true\n*.svg -diff\n*.dump binary\n\
         /vendor/ours.rs -linguist-vendored\ngo.sum linguist-generated=false\n",
    );
    for name in ["gen/a.rs", "third/b.rs", "c.svg", "d.dump", "web/yarn.lock", "go.sum", "huge.txt"] {
        repo.write(name, "text\n");
    }
    repo.write("vendor/ours.rs", "ours\n");
    repo.write("vendor/theirs.rs", "theirs\n");
    repo.write("api.go", "// Code generated by a tool. DO NOT EDIT.\n");
    repo.write("docs/a.md", "a\n");
    repo.write("docs/deep/b.md", "b\n");
    repo.write("x.tmp.rs", "x\n");
    repo.write("huge.txt", "0123456789\n".repeat(100));
    let exclude = vec!["docs/".to_owned(), "*.tmp.rs".to_owned()];
    let options = SnapshotOptions { exclude, max_file_bytes: 1000, ..SnapshotOptions::default() };
    let snapshot = take(repo.path(), &ScopeRequest::default(), &options).unwrap();
    let expected = [
        "+ .gitattributes",
        "+ go.sum",
        "+ vendor/ours.rs",
        "! api.go: generated",
        "! c.svg: marked -diff in .gitattributes",
        "! d.dump: marked -diff in .gitattributes",
        "! docs/a.md: excluded by 'docs/'",
        "! docs/deep/b.md: excluded by 'docs/'",
        "! gen/a.rs: generated",
        "! huge.txt: too large, 1100 bytes",
        "! third/b.rs: vendored",
        "! vendor/theirs.rs: vendored",
        "! web/yarn.lock: lock file",
        "! x.tmp.rs: excluded by '*.tmp.rs'",
    ];
    assert_eq!(summary(&snapshot), expected);
    assert!(snapshot.left_out().iter().any(|f| f.why == LeftOut::TooLarge(1100)));
    // A text that is put in place of it is left out as well.
    let path = |name: &str| finding::RepoPath::new(name).unwrap();
    let texts = [(path("docs/a.md"), Some("b\n".into())), (path("go.sum"), None), (path("new.rs"), Some("n\n".into()))];
    let over = SnapshotOptions { texts: texts.into(), ..options };
    let over = take(repo.path(), &ScopeRequest::default(), &over).unwrap();
    let changed: Vec<String> = summary(&over).into_iter().filter(|line| line.starts_with('+')).collect();
    assert_eq!(changed, ["+ .gitattributes", "+ new.rs", "+ vendor/ours.rs"]);
    assert_eq!(over.read(&path("docs/a.md")).unwrap().as_deref(), Some("b\n"));
    assert_eq!(over.read(&path("go.sum")).unwrap(), None);
    assert_eq!(repo.read("docs/a.md"), "a\n", "nothing is written");
    let bad = SnapshotOptions { exclude: vec!["a[".into()], ..SnapshotOptions::default() };
    let error = take(repo.path(), &ScopeRequest::default(), &bad).unwrap_err();
    assert_eq!(error.to_string(), "the exclude pattern 'a[' cannot be read: unclosed character class; missing ']'");
}

#[test]
fn files_with_converted_line_ends_are_clean_and_show_what_the_editor_sees() {
    for (name, config, attributes) in [
        ("autocrlf", &["core.autocrlf", "true"][..], ""),
        ("attribute", &["core.autocrlf", "false"], "*.txt eol=crlf\n"),
        ("text=auto", &["core.eol", "crlf"], "* text=auto\n"),
    ] {
        let repo = Repo::new();
        repo.git(&[&["config"], config].concat());
        repo.write(".gitattributes", attributes);
        repo.write("clean.txt", "a\r\nb\r\nc\r\n");
        repo.write("dirty.txt", "a\r\nb\r\nc\r\n");
        repo.write("committed.txt", "a\r\nb\r\nc\r\n");
        repo.commit("Start");
        assert_eq!(repo.git(&["show", ":clean.txt"]), "a\nb\nc", "{name}: git converts");
        repo.branch("topic");
        repo.write("committed.txt", "a\r\nX\r\nc\r\n");
        repo.commit("Change a line");
        repo.write("dirty.txt", "a\r\nX\r\nc\r\n");
        // Another time, the same content: git has to look into it.
        repo.write("clean.txt", "a\r\nb\r\nc\r\n");
        let snapshot = snapshot(&repo);
        assert_eq!(summary(&snapshot), ["~ committed.txt", "~ dirty.txt"], "{name}");
        for changed in ["dirty.txt", "committed.txt"] {
            let file = file(&snapshot, changed);
            assert_eq!(file.new.as_deref(), Some("a\r\nX\r\nc\r\n"), "{name} {changed}");
            assert_eq!(file.old.as_deref(), Some("a\r\nb\r\nc\r\n"), "{name} {changed}");
            assert_eq!(file.hunks.len(), 1, "{name} {changed}");
            assert_eq!(file.hunks[0].new_count, 1, "{name} {changed}");
        }
        assert_eq!(text(&snapshot, "clean.txt").as_deref(), Some("a\r\nb\r\nc\r\n"), "{name}: even from the blob");
    }
}
