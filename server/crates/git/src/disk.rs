//! Files of the work tree: regular ones only are read, bounded, no link followed; and a written one is put in its place.

use super::GitError;
use super::stat::Stat;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

/// A file of a work tree; `None` if it is not there, is no regular one, is over `max` bytes or cannot be read. What it is is asked
/// of what was opened: what is put in its place meanwhile is neither followed nor waited for.
#[must_use]
pub fn read_file(path: &Path, max: u64) -> Option<Vec<u8>> {
    read_regular(path, max, None).ok().flatten()
}

/// A regular file's bytes; `None` if it is not there, is no regular file, is over `max` bytes or, after the reading,
/// not (any more) the file that `stat` is of.
pub(crate) fn read_regular(path: &Path, max: u64, stat: Option<Stat>) -> Result<Option<Vec<u8>>, GitError> {
    let failed = |e| GitError::io("read", path)(e);
    let file = match options().open(path) {
        Ok(file) => file,
        Err(_) if !path.symlink_metadata().is_ok_and(|m| m.is_file()) => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    let bytes = read_open(&file, max).map_err(failed)?;
    match stat {
        Some(stat) if !stat.is_of(&file.metadata().map_err(failed)?) => Ok(None),
        _ => Ok(bytes),
    }
}

/// The bytes of what was opened; `None` if it is no regular file or has more than `max`.
pub(crate) fn read_open(file: &File, max: u64) -> io::Result<Option<Vec<u8>>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > max {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    // It may grow meanwhile.
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= max))
}

/// No link is followed, and nothing that waits for a writer is waited for.
fn options() -> std::fs::OpenOptions {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    options
}

/// The first bytes of a regular file; `None` if there is none that can be read.
pub(crate) fn read_start(path: &Path, bytes: u64) -> Option<Vec<u8>> {
    let file = options().open(path).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    let mut start = Vec::new();
    file.take(bytes).read_to_end(&mut start).ok()?;
    Some(start)
}

/// How often, and how long each time, Windows is asked again to replace a file.
const TRIES: usize = 20;
const BETWEEN: Duration = Duration::from_millis(50);

/// Puts a written file at its place, over one that is there. Windows replaces none that a scanner, an editor or another process of
/// ours has open just then: it is asked again for a second.
///
/// # Errors
/// When the system refuses.
pub fn persist_patiently(mut written: NamedTempFile, at: &Path) -> std::io::Result<()> {
    for _ in 1..TRIES {
        match written.persist(at) {
            Ok(_) => return Ok(()),
            Err(refused) if cfg!(windows) && refused.error.kind() == std::io::ErrorKind::PermissionDenied => {
                written = refused.file;
            }
            Err(refused) => return Err(refused.error),
        }
        std::thread::sleep(BETWEEN);
    }
    written.persist(at)?;
    Ok(())
}
