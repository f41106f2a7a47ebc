//! A folder that is held open: what was checked of it is what is written into, whatever is put in its place meanwhile.

#[cfg(unix)]
pub use by_handle::{Draft, Folder};
#[cfg(not(unix))]
pub use by_path::{Draft, Folder};

use super::disk::read_open;
use std::fs::File;
use std::io;

/// What stands at a name in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A file, and its size in bytes.
    File(u64),
    /// A symbolic link, wherever it leads.
    Link,
    /// A folder, a device, a pipe.
    Other,
}

/// The bytes of what was opened.
fn read(file: &File, max: u64) -> io::Result<Vec<u8>> {
    read_open(file, max)?.ok_or_else(|| io::Error::other(format!("it is no file, or has more than {max} bytes")))
}

#[cfg(unix)]
mod by_handle {
    use super::Entry;
    use rustix::fs::{AtFlags, FileType, Mode, OFlags, fchmod, fstat, mkdirat, openat, renameat, statat, unlinkat};
    use rustix::io::Errno;
    use std::fs::File;
    use std::io::{self, Write as _};
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};
    use std::rc::Rc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A folder below another one.
    #[derive(Debug, Clone)]
    pub struct Folder {
        handle: Rc<OwnedFd>,
        /// Its real name.
        path: PathBuf,
    }

    /// A file beside the one that it is to become; gone with the value unless it was put in place.
    #[derive(Debug)]
    pub struct Draft {
        folder: Folder,
        name: String,
        is_placed: bool,
    }

    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Folder {
        /// The folder `inside` of `root`, never out of it; `None` if it is not there and is not to be made.
        ///
        /// # Errors
        /// When it cannot be opened or made, or leads out.
        pub fn open(root: &Path, inside: &Path, make: bool) -> io::Result<Option<Self>> {
            let mut here =
                Self { handle: Rc::new(rustix::fs::open(root, FOLDER, Mode::empty())?), path: root.to_owned() };
            let top = here.clone();
            let mut way = PathBuf::new();
            for part in inside {
                way.push(part);
                here = match top.below(&way, &here, part) {
                    Err(Errno::NOENT) if !make => return Ok(None),
                    Err(Errno::NOENT) => {
                        match mkdirat(&*here.handle, part, Mode::from_raw_mode(0o777)) {
                            Ok(()) | Err(Errno::EXIST) => {}
                            Err(e) => return Err(e.into()),
                        }
                        top.below(&way, &here, part)?
                    }
                    other => other?,
                };
            }
            Ok(Some(here))
        }

        /// The folder `way` below this one. The system itself sees to it that no link leads out; where it cannot, no
        /// link is followed at all: `part` is looked for in `parent`.
        fn below(&self, way: &Path, parent: &Self, part: &std::ffi::OsStr) -> Result<Self, Errno> {
            #[cfg(target_os = "linux")]
            {
                use rustix::fs::{ResolveFlags, openat2};
                let rules = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
                match openat2(&*self.handle, way, FOLDER, Mode::empty(), rules) {
                    Err(Errno::NOSYS | Errno::PERM) => {}
                    Err(e) => return Err(e),
                    Ok(handle) => {
                        let path = real_name(&handle).unwrap_or_else(|| self.path.join(way));
                        return Ok(Self { handle: Rc::new(handle), path });
                    }
                }
            }
            let handle = openat(&*parent.handle, part, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
            Ok(Self { handle: Rc::new(handle), path: self.path.join(way) })
        }

        /// Its real name when it was opened.
        #[must_use]
        pub fn path(&self) -> &Path {
            &self.path
        }

        /// What stands at `name`, links not followed.
        ///
        /// # Errors
        /// When the system does not say.
        pub fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
            match statat(&*self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
                    FileType::RegularFile => Entry::File(u64::try_from(stat.st_size).unwrap_or(0)),
                    FileType::Symlink => Entry::Link,
                    _ => Entry::Other,
                })),
                Err(Errno::NOENT) => Ok(None),
                Err(e) => Err(e.into()),
            }
        }

        /// The bytes of the file of that name.
        ///
        /// # Errors
        /// When it cannot be read, is no regular file, or has more than `max` bytes.
        pub fn read(&self, name: &str, max: u64) -> io::Result<Vec<u8>> {
            // What was put there at the last moment is not followed, and a pipe not waited for.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            super::read(&File::from(openat(&*self.handle, name, flags, Mode::empty())?), max)
        }

        /// A durable file with this text, and with the permissions of the file `like` in another folder if that is there.
        ///
        /// # Errors
        /// When it cannot be written.
        pub fn draft(&self, text: &str, like: (&Self, &str)) -> io::Result<Draft> {
            #[cfg(target_os = "linux")]
            if let Some(draft) = self.draft_without_name(text, like)? {
                return Ok(draft);
            }
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            // The user's mask is taken off.
            let (name, file) = Self::named(|name| openat(&*self.handle, name, flags, Mode::from_raw_mode(0o666)))?;
            let draft = Draft { folder: self.clone(), name, is_placed: false };
            fill(file, text, like)?;
            Ok(draft)
        }

        /// The same, by a file that has no name until all of it is there: a writer that is killed meanwhile leaves nothing
        /// behind. `None` where the file system or the system has no such files.
        #[cfg(target_os = "linux")]
        fn draft_without_name(&self, text: &str, like: (&Self, &str)) -> io::Result<Option<Draft>> {
            use rustix::fs::{CWD, linkat};
            use std::os::fd::AsRawFd as _;
            let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
            let Ok(file) = openat(&*self.handle, ".", flags, Mode::from_raw_mode(0o666)) else { return Ok(None) };
            let file = fill(file, text, like)?;
            let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
            let link = |name: &str| linkat(CWD, &itself, &*self.handle, name, AtFlags::SYMLINK_FOLLOW);
            let Ok((name, ())) = Self::named(link) else { return Ok(None) };
            Ok(Some(Draft { folder: self.clone(), name, is_placed: false }))
        }

        /// What `make` makes of the first name for a draft that is free.
        fn named<T>(make: impl Fn(&str) -> Result<T, Errno>) -> Result<(String, T), Errno> {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            loop {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let name = format!(".deep-review-{}-{number}", std::process::id());
                match make(&name) {
                    Err(Errno::EXIST) => {}
                    made => return Ok((name, made?)),
                }
            }
        }

        /// Removes the file of that name.
        ///
        /// # Errors
        /// When it cannot be removed.
        pub fn remove(&self, name: &str) -> io::Result<()> {
            Ok(unlinkat(&*self.handle, name, AtFlags::empty())?)
        }
    }

    /// Writes the text, makes it durable, and gives the file the permissions of the file `like` if that is there.
    fn fill(file: OwnedFd, text: &str, like: (&Folder, &str)) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        if let Ok(like) = openat(&*like.0.handle, like.1, flags, Mode::empty()) {
            fchmod(&file, Mode::from_raw_mode(fstat(&like)?.st_mode & 0o7777))?;
        }
        let mut file = File::from(file);
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(file)
    }

    impl Draft {
        /// Becomes the file of that name, at once for whoever reads it.
        ///
        /// # Errors
        /// When it cannot be put there.
        pub fn place(mut self, name: &str) -> io::Result<()> {
            renameat(&*self.folder.handle, &self.name, &*self.folder.handle, name)?;
            self.is_placed = true;
            Ok(())
        }
    }

    impl Drop for Draft {
        fn drop(&mut self) {
            if !self.is_placed {
                // Nobody can be told.
                let _ = self.folder.remove(&self.name);
            }
        }
    }

    #[cfg(target_os = "linux")]
    fn real_name(handle: &OwnedFd) -> Option<PathBuf> {
        use std::os::fd::AsRawFd as _;
        std::fs::read_link(format!("/proc/self/fd/{}", handle.as_raw_fd())).ok()
    }
}

#[cfg(not(unix))]
mod by_path {
    use super::Entry;
    use std::io::{self, Write as _};
    use std::path::{Path, PathBuf};
    use tempfile::NamedTempFile;

    /// A folder by its real name: this system gives no better hold of it.
    #[derive(Debug, Clone)]
    pub struct Folder {
        path: PathBuf,
    }

    /// A file beside the one that it is to become; gone with the value unless it was put in place.
    #[derive(Debug)]
    pub struct Draft {
        folder: PathBuf,
        file: NamedTempFile,
    }

    impl Folder {
        /// The folder `inside` of `root`; `None` if it is not there and is not to be made.
        ///
        /// # Errors
        /// When it cannot be opened or made.
        pub fn open(root: &Path, inside: &Path, make: bool) -> io::Result<Option<Self>> {
            let path = root.join(inside);
            if make {
                std::fs::create_dir_all(&path)?;
            }
            match path.canonicalize() {
                Ok(path) => Ok(Some(Self { path })),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(e),
            }
        }

        /// Its real name when it was opened.
        #[must_use]
        pub fn path(&self) -> &Path {
            &self.path
        }

        /// What stands at `name`, links not followed.
        ///
        /// # Errors
        /// When the system does not say.
        pub fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
            match std::fs::symlink_metadata(self.path.join(name)) {
                Ok(metadata) if metadata.is_symlink() => Ok(Some(Entry::Link)),
                Ok(metadata) if metadata.is_file() => Ok(Some(Entry::File(metadata.len()))),
                Ok(_) => Ok(Some(Entry::Other)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(e),
            }
        }

        /// The bytes of the file of that name.
        ///
        /// # Errors
        /// When it cannot be read, is no regular file, or has more than `max` bytes.
        pub fn read(&self, name: &str, max: u64) -> io::Result<Vec<u8>> {
            super::read(&std::fs::File::open(self.path.join(name))?, max)
        }

        /// A durable file with this text, and with the permissions of the file `like` in another folder if that is there.
        ///
        /// # Errors
        /// When it cannot be written.
        pub fn draft(&self, text: &str, like: (&Self, &str)) -> io::Result<Draft> {
            let mut file = tempfile::Builder::new().prefix(".deep-review-").tempfile_in(&self.path)?;
            file.write_all(text.as_bytes())?;
            if let Ok(metadata) = std::fs::metadata(like.0.path.join(like.1)) {
                file.as_file().set_permissions(metadata.permissions())?;
            }
            file.as_file().sync_all()?;
            Ok(Draft { folder: self.path.clone(), file })
        }

        /// Removes the file of that name.
        ///
        /// # Errors
        /// When it cannot be removed.
        pub fn remove(&self, name: &str) -> io::Result<()> {
            std::fs::remove_file(self.path.join(name))
        }
    }

    impl Draft {
        /// Becomes the file of that name.
        ///
        /// # Errors
        /// When it cannot be put there.
        pub fn place(self, name: &str) -> io::Result<()> {
            crate::persist_patiently(self.file, &self.folder.join(name))
        }
    }
}
