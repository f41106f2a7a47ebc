//! One writer at a time, over all processes.

use super::StoreError;
use super::files::{create_folders, sweep};
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long a writer waits before it says so: others write for some milliseconds.
const QUIET: Duration = Duration::from_millis(500);

/// How long it waits in all: who writes for longer is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the lock is asked for.
const AGAIN: Duration = Duration::from_millis(10);

static TELL: OnceLock<fn(&Path)> = OnceLock::new();

/// Has `tell` called when a writer has waited for another process for half a second, with the lock's file. Only the first
/// call of a process counts.
pub fn on_wait(tell: fn(&Path)) {
    let _ = TELL.set(tell);
}

/// Waits until no other process writes; the lock ends with the value. What killed writers left in `written` is swept.
pub(super) fn lock(folder: &Path, written: &[&Path]) -> Result<File, StoreError> {
    create_folders(folder)?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(StoreError::new("open", &path))?;
    let tell = || {
        if let Some(tell) = TELL.get() {
            tell(&path);
        }
    };
    wait(&file, tell, PATIENCE).map_err(StoreError::new("lock", &path))?;
    written.iter().for_each(|folder| sweep(folder));
    Ok(file)
}

fn wait(file: &File, tell: impl FnOnce(), patience: Duration) -> io::Result<()> {
    let since = Instant::now();
    let mut tell = Some(tell);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(e)) => return Err(e),
        }
        if since.elapsed() >= patience {
            let why = "another deep-review has held it for too long: end that process, which may be stuck";
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        if since.elapsed() >= QUIET.min(patience)
            && let Some(tell) = tell.take()
        {
            tell();
        }
        std::thread::sleep(AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_lock_that_somebody_holds_is_told_of_once_and_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let open = || File::create(folder.path().join("lock")).unwrap();
        let (held, other, told) = (open(), open(), Cell::new(0));
        held.lock().unwrap();
        let tell = || told.set(told.get() + 1);
        let error = wait(&other, tell, QUIET + AGAIN * 3).unwrap_err();
        assert_eq!((error.kind(), told.get()), (io::ErrorKind::TimedOut, 1));
        held.unlock().unwrap();
        wait(&other, || unreachable!("nobody holds it"), PATIENCE).unwrap();
    }
}
