//! What processes tell each other of limits: one small file for each account that met one, in a folder of the user's. Its name
//! is a salted hash of whose it is, its content when the account may be asked again. Whatever is wrong with it (damage, no
//! room, somebody who holds the lock), this process goes by what it knows itself.

use super::{Access, Account, CAREFUL, Gate, LONGEST, hex};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// What a file begins with; others are of another version, or damaged.
const HEAD: &str = "deep-review limit 1";
/// No file of ours is longer, in bytes.
const MOST_BYTES: u64 = 128;
/// So many files are kept, and others as long as they can matter.
const MOST_FILES: usize = 64;
const OLD: Duration = Duration::from_secs(3600);
/// How often, and how long after each other, a lock is tried for. It is held for some microseconds.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(2);

static FOLDER: OnceLock<Folder> = OnceLock::new();

/// Has this process share what it knows of limits with others, by files in `folder`. The first word counts; without one it
/// keeps that to itself.
pub fn share(folder: PathBuf) {
    let _ = FOLDER.set(Folder(folder));
}

/// Where the files are.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// An account's file, locked.
#[derive(Debug)]
pub(super) struct Shared(File);

impl Folder {
    pub(super) fn of_user() -> Option<&'static Self> {
        FOLDER.get()
    }

    /// The account's file; `None` where there is none, or it cannot be had.
    pub(super) fn open(&self, account: &Account, access: Access) -> Option<Shared> {
        if access == Access::Create {
            self.make().ok()?;
            self.sweep();
        }
        let name = hex(&Sha256::digest(format!("{}{}", self.salt(access)?, account.0)));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(access == Access::Create).truncate(false);
        private(&mut options);
        let file = options.open(self.0.join(&name[..32])).ok()?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Some(Shared(file)),
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
                Err(TryLockError::Error(_)) => return None,
            }
        }
        None
    }

    fn make(&self) -> std::io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0)
    }

    /// What makes the names tell nothing of the keys; one for all processes of the user.
    fn salt(&self, access: Access) -> Option<String> {
        let path = self.0.join("salt");
        if let Some(salt) = salt_in(&path) {
            return Some(salt);
        }
        if access == Access::IfThere {
            return None;
        }
        let random = || RandomState::new().hash_one(std::process::id());
        let mut new = tempfile::NamedTempFile::new_in(&self.0).ok()?;
        write!(new, "{:016x}{:016x}", random(), random()).ok()?;
        if path.exists() && salt_in(&path).is_none() {
            // Damaged: nobody can use it.
            let _ = fs::remove_file(&path);
        }
        // Another process may have been quicker; then its salt is everybody's.
        let _ = new.persist_noclobber(&path);
        salt_in(&path)
    }

    /// Removes what is too old to matter, where there is much of it.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        let files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| !path.ends_with("salt")).collect();
        let is_old = |path: &&PathBuf| {
            let changed = fs::symlink_metadata(path).and_then(|data| data.modified());
            changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > OLD))
        };
        if files.len() > MOST_FILES {
            files.iter().filter(is_old).for_each(|path| drop(fs::remove_file(path)));
        }
    }
}

fn salt_in(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    (text.len() == 32).then_some(text)
}

fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

impl Shared {
    /// What it says; `None` where it says nothing that can be true at `now`.
    pub(super) fn read(&mut self, now: u64) -> Option<Gate> {
        let mut text = String::new();
        self.0.rewind().ok()?;
        Read::by_ref(&mut self.0).take(MOST_BYTES).read_to_string(&mut text).ok()?;
        parse(&text, now)
    }

    /// Half a file is none to who reads it.
    pub(super) fn write(&mut self, gate: Gate) {
        let text = format!("{HEAD} {} {}\n", gate.opens, gate.careful_until);
        let mut write = || {
            self.0.set_len(0)?;
            self.0.rewind()?;
            self.0.write_all(text.as_bytes())
        };
        // Others do without it then.
        let _: std::io::Result<()> = write();
    }
}

fn parse(text: &str, now: u64) -> Option<Gate> {
    let mut numbers = text.strip_prefix(HEAD)?.strip_suffix('\n')?.split_whitespace().map(str::parse);
    let gate = Gate { opens: numbers.next()?.ok()?, careful_until: numbers.next()?.ok()? };
    // A clock that was set back, or a number that nobody wrote, is not to hold up anybody for long.
    let may_be = gate.opens <= now + LONGEST && gate.careful_until <= now + LONGEST + CAREFUL;
    (may_be && numbers.next().is_none()).then_some(gate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn folder() -> (tempfile::TempDir, Folder) {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder(parent.path().join("cache/limits"));
        (parent, folder)
    }

    fn account(name: &str) -> Account {
        Account(name.to_owned())
    }

    /// The file that is not the salt.
    fn only_file(folder: &Folder) -> PathBuf {
        let files = fs::read_dir(&folder.0).unwrap().flatten().map(|entry| entry.path());
        let files: Vec<PathBuf> = files.filter(|path| !path.ends_with("salt")).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }

    #[test]
    fn what_one_tells_another_knows_and_the_name_tells_nothing_of_the_key() {
        let (_parent, folder) = folder();
        let mine = account("sk-secret");
        assert!(folder.open(&mine, Access::IfThere).is_none());
        assert!(!folder.0.exists(), "who only asks makes nothing");
        let gate = Gate { opens: NOW + 2000, careful_until: NOW + 62_000 };
        folder.open(&mine, Access::Create).unwrap().write(gate);
        let other = Folder(folder.0.clone());
        assert_eq!(other.open(&mine, Access::IfThere).unwrap().read(NOW), Some(gate));
        assert!(other.open(&account("another"), Access::IfThere).is_none());
        let file = only_file(&folder);
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(!hex(&Sha256::digest("sk-secret")).starts_with(name), "it is salted");
        assert_eq!(name.len(), 32);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder.0), mode(&file)), (0o700, 0o600));
        }
    }

    #[test]
    fn damage_is_no_limit_and_is_written_over() {
        let (_parent, folder) = folder();
        let mine = account("mine");
        let good = Gate { opens: NOW + 1000, careful_until: NOW + 61_000 };
        folder.open(&mine, Access::Create).unwrap().write(good);
        let file = only_file(&folder);
        let far = u64::MAX;
        for damage in [
            "",
            "deep-review limit 1",
            "deep-review limit 1 17\n",
            "deep-review limit 2 1700000001000 1700000061000\n",
            "deep-review limit 1 1700000001000 1700000061000",
            "deep-review limit 1 1700000001000 1700000061000 7\n",
            "deep-review limit 1 -5 x\n",
            &format!("deep-review limit 1 {far} {far}\n"),
            &format!("deep-review limit 1 {} {}\n", NOW + LONGEST + 1, NOW + LONGEST + 1),
            &"\u{0}".repeat(5000),
            &"x".repeat(1 << 20),
        ] {
            fs::write(&file, damage).unwrap();
            let mut shared = folder.open(&mine, Access::IfThere).unwrap();
            assert_eq!(shared.read(NOW), None, "{:?}", &damage[..damage.len().min(60)]);
            shared.write(good);
            assert_eq!(shared.read(NOW), Some(good));
        }
        fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
        assert_eq!(folder.open(&mine, Access::IfThere).unwrap().read(NOW), None);
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(folder.open(&mine, Access::Create).is_none(), "a folder in its place");
        fs::write(folder.0.join("salt"), "short").unwrap();
        assert!(folder.open(&mine, Access::IfThere).is_none());
        folder.open(&mine, Access::Create).unwrap().write(good);
        assert_eq!(folder.open(&mine, Access::IfThere).unwrap().read(NOW), Some(good), "with a new salt");
        let no_folder = Folder(folder.0.join("salt/limits"));
        assert!(no_folder.open(&mine, Access::Create).is_none());
    }

    #[test]
    fn who_holds_the_lock_holds_up_nobody_for_long() {
        let (_parent, folder) = folder();
        let mine = account("mine");
        let held = folder.open(&mine, Access::Create).unwrap();
        let started = std::time::Instant::now();
        assert!(folder.open(&mine, Access::Create).is_none());
        assert!(started.elapsed() < Duration::from_secs(10));
        drop(held);
        assert!(folder.open(&mine, Access::Create).is_some());
    }

    #[test]
    fn of_many_at_once_one_passes_at_a_time() {
        let (_parent, folder) = folder();
        let mine = account("mine");
        let mut gate = Gate::default();
        gate.close_until(NOW);
        folder.open(&mine, Access::Create).unwrap().write(gate);
        let pass = |_: usize| {
            let folder = Folder(folder.0.clone());
            loop {
                // Somebody else has it for a moment.
                let Some(mut shared) = folder.open(&mine, Access::IfThere) else { continue };
                let mut gate = shared.read(NOW).unwrap();
                let wait = gate.next(NOW);
                shared.write(gate);
                return wait.is_none();
            }
        };
        let passed = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|n| scope.spawn(move || pass(n))).collect();
            all.into_iter().map(|one| one.join().unwrap()).filter(|passed| *passed).count()
        });
        assert_eq!(passed, 1);
    }

    #[test]
    fn old_files_go_where_there_are_many() {
        let (_parent, folder) = folder();
        folder.open(&account("first"), Access::Create).unwrap();
        let long_ago = std::time::SystemTime::now() - OLD * 2;
        for n in 0..MOST_FILES {
            let file = File::create(folder.0.join(format!("{n:032}"))).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        folder.open(&account("second"), Access::Create).unwrap();
        let there = fs::read_dir(&folder.0).unwrap().count();
        assert_eq!(there, 3, "two accounts and the salt");
    }
}
