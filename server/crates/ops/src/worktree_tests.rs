use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn tree() -> (tempfile::TempDir, WorkTree) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("repo");
    fs::create_dir_all(root.join(".git")).unwrap();
    fs::create_dir_all(root.join("src")).unwrap();
    fs::write(root.join("src/a.rs"), "a\n").unwrap();
    let reach = Reach::new(&root, [root.join(".git").as_path()]).unwrap();
    (folder, WorkTree { reach })
}

fn root(tree: &WorkTree) -> &Path {
    tree.reach.root()
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn edited(text: &str) -> FileOutcome {
    FileOutcome::Edited { edits: Vec::new(), text: text.into() }
}

fn plan(before: &[(&str, Option<&str>)], files: impl Into<BTreeMap<RepoPath, FileOutcome>>) -> ApplyPlan {
    let before = before.iter().map(|(p, t)| (path(p), t.map(Arc::from))).collect();
    ApplyPlan { before, files: files.into(), ..ApplyPlan::default() }
}

fn read(tree: &WorkTree, name: &str) -> Option<String> {
    tree.read(&path(name)).unwrap().map(|text| text.to_string())
}

#[test]
fn every_kind_of_change_is_made() {
    let (_folder, tree) = tree();
    fs::write(root(&tree).join("gone"), "x").unwrap();
    fs::write(root(&tree).join("old"), "o").unwrap();
    let before =
        [("src/a.rs", Some("a\n")), ("gone", Some("x")), ("old", Some("o")), ("deep/new", None), ("new", None)];
    let files = [
        (path("src/a.rs"), edited("b\n")),
        (path("gone"), FileOutcome::Deleted),
        (path("old"), FileOutcome::Renamed { to: path("new"), text: "n".into() }),
        (path("deep/new"), FileOutcome::Created { text: "c".into() }),
    ];
    tree.change(&plan(&before, files)).unwrap();
    for (name, text) in
        [("src/a.rs", Some("b\n")), ("gone", None), ("old", None), ("new", Some("n")), ("deep/new", Some("c"))]
    {
        assert_eq!(read(&tree, name).as_deref(), text, "{name}");
    }
}

#[test]
fn nothing_is_written_over_a_change_made_meanwhile() {
    let (_folder, tree) = tree();
    let files = [(path("src/a.rs"), edited("b\n")), (path("b"), FileOutcome::Created { text: "c".into() })];
    let error = tree.change(&plan(&[("src/a.rs", Some("older\n")), ("b", None)], files)).unwrap_err().to_string();
    assert!(error.contains("src/a.rs was changed meanwhile"), "{error}");
    assert_eq!(read(&tree, "src/a.rs").as_deref(), Some("a\n"));
    assert_eq!(read(&tree, "b"), None);
    // No temporary file is left either.
    assert_eq!(fs::read_dir(root(&tree)).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_repository_and_into_git_are_refused() {
    use std::os::unix::fs::symlink;
    let (folder, tree) = tree();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("f"), "x").unwrap();
    fs::create_dir_all(root(&tree).join("nested/.git/hooks")).unwrap();
    fs::create_dir_all(root(&tree).join(".git/hooks")).unwrap();
    for (target, link) in [
        (outside.clone(), "out"),
        (outside.join("f"), "link"),
        (".git".into(), "innocent"),
        ("../.git/hooks".into(), "src/h"),
        ("nested/.git".into(), "deeper"),
        ("src".into(), "inside"),
    ] {
        symlink(target, root(&tree).join(link)).unwrap();
    }
    for (name, why) in [
        ("out/f", "leads out of the repository"),
        ("out/new/f", "leads out of the repository"),
        ("link", "is a symbolic link"),
        ("innocent/config", "one of git's own files"),
        ("src/h/pre-commit", "one of git's own files"),
        ("deeper/hooks/pre-commit", "one of git's own files"),
        ("src", "is not a file"),
    ] {
        let files = [(path(name), FileOutcome::Created { text: "evil".into() })];
        let error = tree.change(&plan(&[], files)).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
        assert!(tree.read(&path(name)).is_err(), "{name}");
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(read(&tree, "inside/a.rs").as_deref(), Some("a\n"));
}

#[cfg(unix)]
#[test]
fn a_work_tree_inside_of_a_bare_repository_has_files_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("project.git");
    fs::create_dir_all(bare.join("main")).unwrap();
    fs::create_dir_all(bare.join("worktrees/main")).unwrap();
    fs::write(bare.join("main/a"), "a").unwrap();
    let reach = Reach::new(&bare.join("main"), [bare.as_path(), bare.join("worktrees/main").as_path()]).unwrap();
    std::os::unix::fs::symlink("../hooks", bare.join("main/h")).unwrap();
    fs::create_dir(bare.join("hooks")).unwrap();
    assert!(reach.place(&path("a")).is_ok());
    assert_eq!(reach.place(&path("h/x")), Err(Unreachable::Outside { path: path("h/x") }));
}

#[test]
fn a_file_that_cannot_be_written_takes_back_those_before_it() {
    let (_folder, tree) = tree();
    let step = |name: &str, before: Option<&str>| {
        tree.prepare(&path(name), before.map(Arc::from), Some("changed\n"), &path(name)).unwrap()
    };
    let steps = vec![step("src/a.rs", Some("a\n")), step("new", None), step("b", None)];
    // Somebody makes a folder of that name at the last moment.
    fs::create_dir_all(root(&tree).join("b/c")).unwrap();
    let error = write(steps).unwrap_err().to_string();
    assert!(error.starts_with("failed to write b: ") && error.ends_with("; nothing was applied"), "{error}");
    assert_eq!(read(&tree, "src/a.rs").as_deref(), Some("a\n"));
    assert_eq!(read(&tree, "new"), None);
    let left = |folder: &Path| fs::read_dir(folder).unwrap().count();
    assert_eq!((left(root(&tree)), left(&root(&tree).join("src"))), (3, 1), "no temporary file is left");
}

#[test]
fn what_cannot_be_put_back_is_named() {
    let (_folder, tree) = tree();
    fs::create_dir(root(&tree).join("gone")).unwrap();
    let done = |name: &str, text: &str| {
        let path = path(name);
        let (folder, _) = tree.reach.hold(&path, false).unwrap().unwrap();
        Done { path, folder, before: Some(text.into()) }
    };
    let all = [done("src/a.rs", "before\n"), done("gone/x", "x")];
    fs::remove_dir(root(&tree).join("gone")).unwrap();
    assert_eq!(put_back(&all), [path("gone/x")]);
    assert_eq!(read(&tree, "src/a.rs").as_deref(), Some("before\n"));
}

#[cfg(unix)]
#[test]
fn what_is_swapped_after_it_was_checked_is_not_written_into() {
    let (folder, tree) = tree();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a.rs"), "theirs\n").unwrap();
    let step = tree.prepare(&path("src/a.rs"), Some("a\n".into()), Some("b\n"), &path("src/a.rs")).unwrap();
    fs::rename(root(&tree).join("src"), root(&tree).join("moved")).unwrap();
    std::os::unix::fs::symlink(&outside, root(&tree).join("src")).unwrap();
    write(vec![step]).unwrap();
    assert_eq!(fs::read_to_string(outside.join("a.rs")).unwrap(), "theirs\n");
    assert_eq!(read(&tree, "moved/a.rs").as_deref(), Some("b\n"));
}

#[cfg(unix)]
#[test]
fn permissions_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, tree) = tree();
    let at = root(&tree).join("src/a.rs");
    fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
    tree.change(&plan(&[("src/a.rs", Some("a\n"))], [(path("src/a.rs"), edited("b\n"))])).unwrap();
    assert_eq!(fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn what_is_no_text_or_too_large_is_not_read() {
    let (_folder, tree) = tree();
    fs::write(root(&tree).join("binary"), b"\xff\xfe").unwrap();
    let large = fs::File::create(root(&tree).join("large")).unwrap();
    large.set_len(MAX_FILE + 1).unwrap();
    for (name, why) in [("binary", "binary is not UTF-8"), ("large", "large has more than 16 MiB")] {
        assert_eq!(tree.read(&path(name)).unwrap_err().to_string(), why);
    }
}
