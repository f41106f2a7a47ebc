//! Folders for what agents read and write: private to the user from the first moment, and gone with the last of us.
//!
//! All of a process are in one folder, its home. Who removes it: its last user; if this process ends without that,
//! a guard, a second process of ours that waits for the end of a pipe that only we hold; and if that is killed too,
//! the next process that makes a home. A file in it, locked while its process lives, tells a home that is in use.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What the name of a home begins with.
const PREFIX: &str = "deep-review-";
const LOCK: &str = "in-use";

/// A folder of its own in the home of this process; gone with the value.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Dropped after the folder has been removed.
    _home: Arc<Home>,
}

#[derive(Debug)]
struct Home {
    path: PathBuf,
    _lock: File,
    #[cfg(unix)]
    _guard: Option<super::supervise::Guard>,
}

static HOME: Mutex<Weak<Home>> = Mutex::new(Weak::new());

impl Folder {
    /// Makes an empty one.
    ///
    /// # Errors
    /// When the system's temporary folder cannot be written.
    pub(crate) fn new() -> io::Result<Self> {
        let home = home()?;
        let folder = builder().prefix("run-").tempdir_in(&home.path)?;
        Ok(Self { path: folder.keep(), _home: home })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is removed with the home.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The home of this process, made now if nobody uses one.
fn home() -> io::Result<Arc<Home>> {
    let mut current = HOME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(home) = current.upgrade() {
        return Ok(home);
    }
    let parent = std::env::temp_dir();
    let path = builder().prefix(PREFIX).tempdir_in(&parent)?.keep();
    // It has its name when it is locked, so that nobody takes a home that is just being made for one that was left.
    let unlocked = path.join("new");
    let lock = File::create_new(&unlocked)?;
    lock.lock()?;
    std::fs::rename(&unlocked, path.join(LOCK))?;
    #[cfg(unix)]
    let guard = super::supervise::Guard::start(&path);
    let home = Arc::new(Home {
        path,
        _lock: lock,
        #[cfg(unix)]
        _guard: guard,
    });
    *current = Arc::downgrade(&home);
    // Nobody waits for what others left behind.
    std::thread::spawn(move || sweep(&parent));
    Ok(home)
}

#[cfg(unix)]
fn builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    builder.permissions(std::fs::Permissions::from_mode(0o700));
    builder
}

#[cfg(not(unix))]
fn builder() -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}

/// Removes the homes of processes that are no more.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_home = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && is_ours(&entry.path());
        if is_home && is_left(&entry.path()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether the folder's process is gone. A folder without the file is none of ours, or is just being made.
fn is_left(home: &Path) -> bool {
    let Ok(lock) = File::open(home.join(LOCK)) else { return false };
    match lock.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

/// Whether the folder is this user's, and nobody else's to write.
#[cfg(unix)]
fn is_ours(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(folder)
        .is_ok_and(|m| m.uid() == rustix::process::geteuid().as_raw() && m.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_ours(_folder: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn folders_are_private_and_go_with_their_value() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = Folder::new().unwrap();
        let path = folder.path().to_owned();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_process_left_is_swept_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let home = |name: &str, has_lock: bool| {
            let folder = builder().prefix(name).tempdir_in(parent.path()).unwrap().keep();
            let lock = has_lock.then(|| File::create(folder.join(LOCK)).unwrap());
            std::fs::create_dir(folder.join("run-1")).unwrap();
            (folder, lock)
        };
        let (used, lock) = home(PREFIX, true);
        lock.as_ref().unwrap().lock().unwrap();
        let (left, ended) = home(PREFIX, true);
        drop(ended);
        let (other, _) = home("other-", true);
        let (begun, _) = home(PREFIX, false);
        sweep(parent.path());
        let there = [&used, &left, &other, &begun].map(|f| f.exists());
        assert_eq!(there, [true, false, true, true]);
    }
}
