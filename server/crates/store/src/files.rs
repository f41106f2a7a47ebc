//! Files that are there as a whole or not at all.

use super::{SetAside, StoreError};
use git::persist_patiently;
use std::fs::{self, File};
use std::io::Write;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

pub(super) fn create_folders(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(StoreError::new("create", folder))
}

/// What the name of a file begins with until it is written to its end.
const DRAFT: &str = ".writing-";

/// Removes what writers left that were killed. Only who holds the lock may: every writer does, so that nobody is writing.
pub(super) fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for draft in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(DRAFT)) {
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_file(draft.path());
    }
}

/// Threads that write at once: a disk makes many small files durable in about the time of one.
const WRITERS: usize = 16;

/// Replaces the file so that a reader, a crash or a power cut sees the old text or the new one, never a part.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    replace(folder, path, bytes).and_then(|()| sync(folder)).map_err(StoreError::new("write", path))
}

/// The same for several files of one folder. On an error some of them are written.
pub(super) fn write_all_atomically(folder: &Path, files: &[(PathBuf, &[u8])]) -> Result<(), StoreError> {
    let write = |part: &[(PathBuf, &[u8])]| {
        part.iter().try_for_each(|(path, bytes)| replace(folder, path, bytes).map_err(StoreError::new("write", path)))
    };
    let share = files.len().div_ceil(WRITERS).max(1);
    std::thread::scope(|scope| {
        let writers: Vec<_> = files.chunks(share).map(|part| scope.spawn(move || write(part))).collect();
        let ends = writers.into_iter().map(|writer| writer.join().unwrap_or_else(|panic| resume_unwind(panic)));
        ends.collect::<Vec<_>>().into_iter().collect::<Result<(), StoreError>>()
    })?;
    sync(folder).map_err(StoreError::new("write", folder))
}

/// Writes a file that is not there yet; says whether it was not.
pub(super) fn create_atomically(path: &Path, bytes: &[u8]) -> Result<bool, StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let place = || -> std::io::Result<bool> {
        match draft(folder, bytes)?.persist_noclobber(path) {
            Ok(_) => sync(folder).map(|()| true),
            Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(e.error),
        }
    };
    place().map_err(StoreError::new("write", path))
}

fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    persist_patiently(draft(folder, bytes)?, path)
}

/// The bytes, durable, under a name that nobody reads.
fn draft(folder: &Path, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(DRAFT).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// A new name is durable only when its folder is.
fn sync(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Renames a file that cannot be read to a name that is free and says why.
pub(super) fn set_aside(path: &Path, how: &str, why: String) -> SetAside {
    for n in 0..1000 {
        let ending = if n == 0 { format!("{how}.kept") } else { format!("{how}.{n}.kept") };
        let to = path.with_extension(ending);
        if !to.exists() {
            // Where even that fails (a read-only disk), the file stays where it is and is reported all the same.
            let path = if fs::rename(path, &to).is_ok() { to } else { path.to_owned() };
            return SetAside { path, why };
        }
    }
    SetAside { path: path.to_owned(), why }
}
