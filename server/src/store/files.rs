//! Files that are there as a whole or not at all.

use super::{SetAside, StoreError};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

pub(super) fn create_folders(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(StoreError::new("create", folder))
}

/// Replaces the file so that a reader, a crash or a power cut sees the old text or the new one, never a part.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        // The new name is durable only when the folder is.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    };
    write().map_err(StoreError::new("write", path))
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
