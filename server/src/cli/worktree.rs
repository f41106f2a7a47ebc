//! Writes into the user's working tree: several files or none, only inside of the repository, never over what
//! changed in the meantime.

use anyhow::{Context as _, bail, ensure};
use finding::RepoPath;
use git::Repository;
use patch::FileOutcome;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The texts of files as they were read; `None` for one that is not there.
pub(super) type Texts = BTreeMap<RepoPath, Option<String>>;

/// A working tree, by its real name.
#[derive(Debug)]
pub(super) struct WorkTree {
    root: PathBuf,
    /// Where git keeps its own files.
    git: [PathBuf; 2],
}

/// What is to be done to one file.
#[derive(Debug)]
struct Step {
    path: RepoPath,
    at: PathBuf,
    before: Option<String>,
    /// The new text, written beside the file already; `None` to remove it.
    after: Option<NamedTempFile>,
}

impl WorkTree {
    pub(super) fn of(repository: &Repository) -> anyhow::Result<Self> {
        let real = |path: &Path| path.canonicalize().with_context(|| format!("failed to find {}", path.display()));
        let git = [real(repository.git_dir())?, real(repository.common_dir())?];
        Ok(Self { root: real(repository.root())?, git })
    }

    /// The text of a file; `None` if it is not there. What is not UTF-8 is an error: it could not be written back.
    pub(super) fn read(&self, path: &RepoPath) -> anyhow::Result<Option<String>> {
        let at = self.place(path)?;
        match fs::read(&at) {
            Ok(bytes) => Ok(Some(String::from_utf8(bytes).with_context(|| format!("{path} is not UTF-8"))?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e).with_context(|| format!("failed to read {path}")),
        }
    }

    /// Changes `files`, all or none; `before` has their texts as they were read.
    pub(super) fn change(&self, before: &Texts, files: &BTreeMap<RepoPath, FileOutcome>) -> anyhow::Result<()> {
        let mut steps = Vec::new();
        for (path, outcome) in files {
            let (to, text) = match outcome {
                FileOutcome::Edited { text, .. } | FileOutcome::Created { text } => (path, Some(text)),
                FileOutcome::Deleted => (path, None),
                FileOutcome::Renamed { to, text } => (to, Some(text)),
            };
            steps.push(self.prepare(to, before.get(to).cloned().flatten(), text.map(String::as_str), path)?);
            if to != path {
                steps.push(self.prepare(path, before.get(path).cloned().flatten(), None, path)?);
            }
        }
        for step in &steps {
            ensure!(
                self.read(&step.path)? == step.before,
                "{} was changed meanwhile; nothing was applied, try again",
                step.path
            );
        }
        write(steps)
    }

    /// Writes the new text into a file beside `path`, with the permissions of `like`.
    fn prepare(
        &self,
        path: &RepoPath,
        before: Option<String>,
        after: Option<&str>,
        like: &RepoPath,
    ) -> anyhow::Result<Step> {
        let at = self.place(path)?;
        let write = |text: &str| -> io::Result<NamedTempFile> {
            let folder = at.parent().unwrap_or(&self.root);
            fs::create_dir_all(folder)?;
            let mut builder = tempfile::Builder::new();
            builder.prefix(".deep-review-");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                // For a file that is new; the user's mask is taken off.
                builder.permissions(fs::Permissions::from_mode(0o666));
            }
            let mut file = builder.tempfile_in(folder)?;
            file.write_all(text.as_bytes())?;
            if let Ok(metadata) = fs::metadata(self.root.join(like.as_str())) {
                file.as_file().set_permissions(metadata.permissions())?;
            }
            file.as_file().sync_all()?;
            Ok(file)
        };
        let after =
            after.map(|text| write(text).with_context(|| format!("failed to write beside {path}"))).transpose()?;
        Ok(Step { path: path.clone(), at, before, after })
    }

    /// Where the file is on disk. Refuses a place outside of the repository, however it is reached, one that belongs
    /// to git, and a link (whose target is somebody else's file).
    fn place(&self, path: &RepoPath) -> anyhow::Result<PathBuf> {
        let at = self.root.join(path.as_str());
        match fs::symlink_metadata(&at) {
            Ok(metadata) if metadata.is_symlink() => bail!("{path} is a symbolic link"),
            Ok(metadata) if !metadata.is_file() => bail!("{path} is not a file"),
            Ok(_) | Err(_) => {}
        }
        let mut folder = at.parent().unwrap_or(&self.root);
        while fs::symlink_metadata(folder).is_err() {
            folder = folder.parent().unwrap_or(&self.root);
        }
        let real = folder.canonicalize().with_context(|| format!("failed to find the folder of {path}"))?;
        ensure!(real.starts_with(&self.root), "{path} leads out of the repository through a symbolic link");
        ensure!(!self.git.iter().any(|git| real.starts_with(git)), "{path} is one of git's own files");
        Ok(at)
    }
}

/// Takes all steps, each at once for whoever reads the file. If one fails, those before it are taken back.
fn write(steps: Vec<Step>) -> anyhow::Result<()> {
    let mut done: Vec<(RepoPath, PathBuf, Option<String>)> = Vec::new();
    for Step { path, at, before, after } in steps {
        let result = match after {
            Some(file) => file.persist(&at).map(drop).map_err(|e| e.error),
            None => fs::remove_file(&at),
        };
        if let Err(error) = result {
            let left = undo(&done);
            let rest = if left.is_empty() {
                "nothing was applied".to_owned()
            } else {
                format!("what was there before could not be put back in {}", left.join(", "))
            };
            return Err(error).with_context(|| format!("failed to write {path}; {rest}"));
        }
        done.push((path, at, before));
    }
    Ok(())
}

/// Puts back what was there, and names the files where that fails.
fn undo(done: &[(RepoPath, PathBuf, Option<String>)]) -> Vec<String> {
    let back = |at: &PathBuf, before: &Option<String>| match before {
        Some(text) => fs::write(at, text),
        None => fs::remove_file(at),
    };
    done.iter().rev().filter(|(_, at, before)| back(at, before).is_err()).map(|(path, ..)| path.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, WorkTree) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("repo");
        fs::create_dir_all(root.join(".git")).unwrap();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/a.rs"), "a\n").unwrap();
        let git = root.join(".git");
        (folder, WorkTree { root, git: [git.clone(), git] })
    }

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn edited(text: &str) -> FileOutcome {
        FileOutcome::Edited { edits: Vec::new(), text: text.into() }
    }

    fn before(pairs: &[(&str, Option<&str>)]) -> Texts {
        pairs.iter().map(|(p, t)| (path(p), t.map(str::to_owned))).collect()
    }

    #[test]
    fn every_kind_of_change_is_made() {
        let (_folder, tree) = tree();
        fs::write(tree.root.join("gone"), "x").unwrap();
        fs::write(tree.root.join("old"), "o").unwrap();
        let texts = before(&[
            ("src/a.rs", Some("a\n")),
            ("gone", Some("x")),
            ("old", Some("o")),
            ("deep/new", None),
            ("new", None),
        ]);
        let files = [
            (path("src/a.rs"), edited("b\n")),
            (path("gone"), FileOutcome::Deleted),
            (path("old"), FileOutcome::Renamed { to: path("new"), text: "n".into() }),
            (path("deep/new"), FileOutcome::Created { text: "c".into() }),
        ]
        .into();
        tree.change(&texts, &files).unwrap();
        let read = |p: &str| tree.read(&path(p)).unwrap();
        assert_eq!(read("src/a.rs").as_deref(), Some("b\n"));
        assert_eq!((read("gone"), read("old")), (None, None));
        assert_eq!((read("new").as_deref(), read("deep/new").as_deref()), (Some("n"), Some("c")));
    }

    #[test]
    fn nothing_is_written_over_a_change_made_meanwhile() {
        let (_folder, tree) = tree();
        let texts = before(&[("src/a.rs", Some("older\n")), ("b", None)]);
        let files = [(path("src/a.rs"), edited("b\n")), (path("b"), FileOutcome::Created { text: "c".into() })].into();
        let error = tree.change(&texts, &files).unwrap_err().to_string();
        assert!(error.contains("src/a.rs was changed meanwhile"), "{error}");
        assert_eq!(tree.read(&path("src/a.rs")).unwrap().as_deref(), Some("a\n"));
        assert_eq!(tree.read(&path("b")).unwrap(), None);
        // No temporary file is left either.
        assert_eq!(fs::read_dir(&tree.root).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_repository_and_into_git_are_refused() {
        use std::os::unix::fs::symlink;
        let (folder, tree) = tree();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("f"), "x").unwrap();
        symlink(&outside, tree.root.join("out")).unwrap();
        symlink(outside.join("f"), tree.root.join("link")).unwrap();
        symlink(".git", tree.root.join("innocent")).unwrap();
        symlink("src", tree.root.join("inside")).unwrap();
        for (name, why) in [
            ("out/f", "leads out of the repository"),
            ("out/new/f", "leads out of the repository"),
            ("link", "is a symbolic link"),
            ("innocent/config", "one of git's own files"),
            ("src", "is not a file"),
        ] {
            let files = [(path(name), FileOutcome::Created { text: "evil".into() })].into();
            let error = tree.change(&Texts::new(), &files).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert_eq!(tree.read(&path("inside/a.rs")).unwrap().as_deref(), Some("a\n"));
    }

    #[test]
    fn a_file_that_cannot_be_written_takes_back_those_before_it() {
        let (_folder, tree) = tree();
        let step = |name: &str, before: Option<&str>| {
            tree.prepare(&path(name), before.map(str::to_owned), Some("changed\n"), &path(name)).unwrap()
        };
        let steps = vec![step("src/a.rs", Some("a\n")), step("new", None), step("b", None)];
        // Somebody makes a folder of that name at the last moment.
        fs::create_dir_all(tree.root.join("b/c")).unwrap();
        let error = write(steps).unwrap_err().to_string();
        assert_eq!(error, "failed to write b; nothing was applied");
        assert_eq!(tree.read(&path("src/a.rs")).unwrap().as_deref(), Some("a\n"));
        assert_eq!(tree.read(&path("new")).unwrap(), None);
        let left = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!((left(&tree.root), left(&tree.root.join("src"))), (3, 1), "no temporary file is left");

        let steps = vec![step("src/a.rs", Some("a\n")), step("c", None)];
        fs::create_dir_all(tree.root.join("c/d")).unwrap();
        fs::remove_dir_all(tree.root.join("src")).unwrap();
        fs::create_dir_all(tree.root.join("src/a.rs/x")).unwrap();
        let error = write(steps).unwrap_err().to_string();
        assert_eq!(error, "failed to write src/a.rs; nothing was applied");
    }

    #[test]
    fn what_cannot_be_put_back_is_named() {
        let (_folder, tree) = tree();
        let gone = (path("gone/x"), tree.root.join("gone/x"), Some("x".to_owned()));
        let kept = (path("src/a.rs"), tree.root.join("src/a.rs"), Some("before\n".to_owned()));
        assert_eq!(undo(&[kept, gone]), ["gone/x"]);
        assert_eq!(tree.read(&path("src/a.rs")).unwrap().as_deref(), Some("before\n"));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, tree) = tree();
        let at = tree.root.join("src/a.rs");
        fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).unwrap();
        tree.change(&before(&[("src/a.rs", Some("a\n"))]), &[(path("src/a.rs"), edited("b\n"))].into()).unwrap();
        assert_eq!(fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o755);
    }
}
