//! Which programs exist here.

use std::path::{Path, PathBuf};

/// Whether the file exists and may be run.
pub(super) fn is_executable(file: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(file) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// The executable that a bare name means, looked up in `PATH` but for its relative entries (which may lead
/// into a repository); a path is taken as it is.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let plain = Path::new(name);
    if plain.components().count() > 1 {
        return is_executable(plain).then(|| plain.to_owned());
    }
    let path = std::env::var_os("PATH")?;
    let endings: &[&str] = if cfg!(windows) { &["", ".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{name}{ending}"))))
        .find(|file| is_executable(file))
}
