//! Where a fix may reach: files of the work tree, never out of it through a link, never git's own.

use super::Repository;
use super::folder::{Entry, Folder};
use finding::RepoPath;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The part of the disk that fixes may change. Asked before a fix is offered and again before it is written.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The work tree, by its real name.
    root: PathBuf,
    /// Where git keeps its own files, by their real names.
    git: Vec<PathBuf>,
}

/// Why a file is out of reach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Its target is somebody else's file.
    #[error("{path} is a symbolic link")]
    Link {
        /// Which file.
        path: RepoPath,
    },
    /// A folder, a device, a pipe.
    #[error("{path} is not a file")]
    NotAFile {
        /// Which.
        path: RepoPath,
    },
    /// One of its folders is a link.
    #[error("{path} leads out of the repository through a symbolic link")]
    Outside {
        /// Which file.
        path: RepoPath,
    },
    /// Hooks and configuration are there: what is written there is run.
    #[error("{path} is one of git's own files")]
    Git {
        /// Which file.
        path: RepoPath,
    },
    /// Windows makes something else of the name: a stream of another file, a device, another file's name.
    #[error("{path} is not what a file can be called on Windows")]
    NoName {
        /// Which file.
        path: RepoPath,
    },
    /// What was reviewed is looked at without being checked out.
    #[error("{path} is not checked out as it was reviewed; check it out first, or open it in a worktree")]
    Elsewhere {
        /// Which file.
        path: RepoPath,
    },
    /// The disk does not say.
    #[error("failed to find the folder of {path}: {why}")]
    Unknown {
        /// Which file.
        path: String,
        /// What the system said.
        why: String,
    },
}

impl Reach {
    /// The reach of fixes in a repository.
    ///
    /// # Errors
    /// When the repository is gone.
    pub fn of(repository: &Repository) -> Result<Self, Unreachable> {
        Self::new(repository.root(), [repository.git_dir(), repository.common_dir()])
    }

    /// The reach of fixes in the work tree `root`, of which git keeps its own files in `git`.
    ///
    /// # Errors
    /// When one of the folders is gone.
    pub fn new<'a>(root: &Path, git: impl IntoIterator<Item = &'a Path>) -> Result<Self, Unreachable> {
        let real = |path: &Path| path.canonicalize().map_err(|e| unknown(&path.display(), &e));
        let root = real(root)?;
        let git = git.into_iter().map(real).collect::<Result<Vec<_>, _>>()?;
        // A work tree inside of a bare repository is no part of git's own files.
        let git = git.into_iter().filter(|git| !root.starts_with(git)).collect();
        Ok(Self { root, git })
    }

    /// The work tree, by its real name.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that the file is in, held open, and the file's name there; `None` for a folder that is not there and
    /// is not to be made.
    ///
    /// # Errors
    /// When a fix must not touch it.
    pub fn hold<'p>(&self, path: &'p RepoPath, make: bool) -> Result<Option<(Folder, &'p str)>, Unreachable> {
        let (inside, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        // Asked before anything is made.
        self.place(path)?;
        let folder = Folder::open(&self.root, Path::new(inside), make).map_err(|e| unknown(path, &e))?;
        let Some(folder) = folder else { return Ok(None) };
        // What is held need not be what was asked about.
        self.check(path, folder.path())?;
        match folder.entry(name).map_err(|e| unknown(path, &e))? {
            Some(Entry::Link) => Err(Unreachable::Link { path: path.clone() }),
            Some(Entry::Other) => Err(Unreachable::NotAFile { path: path.clone() }),
            Some(Entry::File(_)) | None => Ok(Some((folder, name))),
        }
    }

    /// Where the file is on disk, whether it is there or would be new.
    ///
    /// # Errors
    /// When a fix must not touch it.
    pub fn place(&self, path: &RepoPath) -> Result<PathBuf, Unreachable> {
        if cfg!(windows) && !path.as_str().split('/').all(is_name_on_windows) {
            return Err(Unreachable::NoName { path: path.clone() });
        }
        let at = self.root.join(path.as_str());
        match fs::symlink_metadata(&at) {
            Ok(metadata) if metadata.is_symlink() => return Err(Unreachable::Link { path: path.clone() }),
            Ok(metadata) if !metadata.is_file() => return Err(Unreachable::NotAFile { path: path.clone() }),
            Ok(_) | Err(_) => {}
        }
        let mut folder = at.parent().unwrap_or(&self.root);
        while fs::symlink_metadata(folder).is_err() {
            folder = folder.parent().unwrap_or(&self.root);
        }
        let real = folder.canonicalize().map_err(|e| unknown(path, &e))?;
        self.check(path, &real)?;
        Ok(at)
    }

    /// Whether a fix may write into the folder of that real name.
    fn check(&self, path: &RepoPath, real: &Path) -> Result<(), Unreachable> {
        let Ok(inside) = real.strip_prefix(&self.root) else {
            return Err(Unreachable::Outside { path: path.clone() });
        };
        // A repository inside of this one has hooks too.
        let is_git = |part: &std::ffi::OsStr| part.to_str().is_some_and(|part| part.eq_ignore_ascii_case(".git"));
        if inside.iter().any(is_git) || self.git.iter().any(|git| real.starts_with(git)) {
            return Err(Unreachable::Git { path: path.clone() });
        }
        Ok(())
    }
}

fn unknown(path: &impl ToString, error: &io::Error) -> Unreachable {
    Unreachable::Unknown { path: path.to_string(), why: error.to_string() }
}

/// Whether Windows has a file under just this name. It takes `a:b` for a stream of `a`, `nul` for a device, `a.` for `a`, and
/// `GIT~1` for `.git`.
fn is_name_on_windows(part: &str) -> bool {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let is_never = |c: char| c < ' ' || r#"\:*?"<>|"#.contains(c);
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_ascii_uppercase();
    // `COM1` to `COM9`, with the superscripts of 1 to 3 too.
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let is_port =
        port.is_some_and(|number| matches!(number, "¹" | "²" | "³") || matches!(number.as_bytes(), [b'1'..=b'9']));
    let is_short_git = stem.strip_prefix("GIT~").is_some_and(|number| number.parse::<u32>().is_ok());
    !part.contains(is_never)
        && !part.ends_with(['.', ' '])
        && !DEVICES.contains(&stem.as_str())
        && !is_port
        && !is_short_git
}

#[cfg(test)]
mod tests {
    use super::is_name_on_windows;

    #[test]
    fn a_name_of_which_windows_makes_something_else_is_none() {
        for name in ["a.rs", ".gitignore", "ä b", "console.rs", "com10", "com", "a~1", "nul_", "git~"] {
            assert!(is_name_on_windows(name), "{name}");
        }
        let devious = [
            r"..\x",
            r"C:\x",
            "a:b",
            ".git::$INDEX_ALLOCATION",
            "a.",
            "a ",
            ".git.",
            "nul",
            "NUL.txt",
            "con.fig",
            "Com1.js",
            "lpt9",
            "com¹",
            "git~1",
            "GIT~2",
            "a?",
            "a|b",
            "tab\t",
        ];
        for name in devious {
            assert!(!is_name_on_windows(name), "{name}");
        }
    }
}
