//! How the index knows a file of the work tree again.

#[cfg(not(unix))]
use std::time::UNIX_EPOCH;

/// What the index remembers of a work tree file: while the file on disk still has it, it has the blob's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Seconds since 1970, and nanoseconds.
    pub(crate) mtime: (i32, u32),
    /// In bytes; the low 32 bits.
    pub(crate) size: u32,
    pub(crate) inode: u32,
}

impl Stat {
    /// Whether the file is as it was when the index was written.
    #[cfg(unix)]
    pub(crate) fn is_of(&self, file: &std::fs::Metadata) -> bool {
        use std::os::unix::fs::MetadataExt;
        // The index keeps the low 32 bits of each.
        file.is_file()
            && file.mtime() as i32 == self.mtime.0
            && file.mtime_nsec() as u32 == self.mtime.1
            && file.size() as u32 == self.size
            && (self.inode == 0 || file.ino() as u32 == self.inode)
    }

    /// Whether the file is as it was when the index was written.
    #[cfg(not(unix))]
    pub(crate) fn is_of(&self, file: &std::fs::Metadata) -> bool {
        let modified = file.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        file.is_file()
            && modified.is_some_and(|t| t.as_secs() as i32 == self.mtime.0 && t.subsec_nanos() == self.mtime.1)
            && file.len() as u32 == self.size
    }
}
