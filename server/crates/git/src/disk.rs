//! Reading files of the work tree: regular ones only, bounded, no link followed.

use super::GitError;
use super::stat::Stat;
use std::fs::File;
use std::io::Read;
use std::path::Path;

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
    let mut file = match options().open(path) {
        Ok(file) => file,
        Err(_) if !path.symlink_metadata().is_ok_and(|m| m.is_file()) => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > max || stat.is_some_and(|s| !s.is_of(&metadata)) {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    // It may grow meanwhile.
    (&mut file).take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max {
        return Ok(None);
    }
    match stat {
        Some(stat) if !stat.is_of(&file.metadata().map_err(failed)?) => Ok(None),
        _ => Ok(Some(bytes)),
    }
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
