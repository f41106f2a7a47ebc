//! Repositories that keep their references in a `reftable`, which libgit2 does not read. The `git` command is asked for them, and
//! libgit2 opens a git directory of ours that has them as files; objects, index, configuration and work tree are the
//! repository's own. Such a directory never changes: whenever references do, another one is made.

use super::GitError;
use super::command::{self, Place};
use super::disk::read_regular;
use super::ownership;
use git2::ErrorCode;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tempfile::TempDir;

/// A repository's references, as they are now.
pub(crate) struct Reftable {
    git_dir: PathBuf,
    common_dir: PathBuf,
    root: PathBuf,
    /// The index that the environment names, in place of the repository's.
    index: Option<PathBuf>,
    newest: Mutex<Option<(Stamp, Arc<Mirror>)>>,
}

/// The references at one moment, as a git directory. It is removed with the value; what a killed process left, by the next one.
pub(crate) struct Mirror {
    folder: TempDir,
    index: PathBuf,
    /// Locked as long as somebody reads it.
    _held: File,
}

/// What changes when references do, or what else is copied.
#[derive(PartialEq, Eq)]
struct Stamp {
    tables: Vec<Option<Vec<u8>>>,
    copied: Vec<Option<(SystemTime, u64)>>,
}

/// In the common git directory: what libgit2 looks for beside references.
const COPIED: [&str; 3] = ["shallow", "info/attributes", "info/exclude"];

/// A list of tables, a file that is copied: more bytes have neither.
const MOST_BYTES: u64 = 16 << 20;

/// Of what HEAD was before, and of stashes, no more are known.
const MOST_LOGGED: &str = "-n1000";

impl Reftable {
    /// Of a repository as it was found; `None` where libgit2 reads its references itself.
    pub(crate) fn of(raw: &git2::Repository, root: &Path, index: Option<OsString>) -> Result<Option<Self>, GitError> {
        let form = raw.config().and_then(|config| config.get_string("extensions.refstorage"));
        match form.as_deref() {
            Err(e) if e.code() != ErrorCode::NotFound => {
                let source = git2::Error::from_str(e.message());
                return Err(GitError::git("read the configuration")(source));
            }
            Err(_) | Ok("files") => return Ok(None),
            Ok("reftable") => {}
            Ok(other) => return Err(GitError::Unsupported { what: format!("the form '{other}' of references") }),
        }
        Ok(Some(Self {
            git_dir: raw.path().to_owned(),
            common_dir: raw.commondir().to_owned(),
            root: root.to_owned(),
            index: index.map(PathBuf::from),
            newest: Mutex::new(None),
        }))
    }

    /// The references as they are now.
    pub(crate) fn now(&self, place: Place<'_>) -> Result<Arc<Mirror>, GitError> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.stamp()?;
        if let Some((of, mirror)) = &*newest
            && *of == stamp
        {
            return Ok(mirror.clone());
        }
        // What changes while it is read is seen when somebody asks next.
        let mirror = Arc::new(self.mirror(place)?);
        *newest = Some((stamp, mirror.clone()));
        Ok(mirror)
    }

    fn stamp(&self) -> Result<Stamp, GitError> {
        let list = |git_dir: &Path| read_regular(&git_dir.join("reftable/tables.list"), MOST_BYTES, None);
        let mut tables = vec![list(&self.common_dir)?];
        if self.git_dir != self.common_dir {
            tables.push(list(&self.git_dir)?);
        }
        let stat = |name| {
            let metadata = fs::metadata(self.common_dir.join(name)).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Ok(Stamp { tables, copied: COPIED.into_iter().map(stat).collect() })
    }

    fn mirror(&self, place: Place<'_>) -> Result<Mirror, GitError> {
        let (folder, held) = new_folder(&self.git_dir.join("deep-review").join("references"))?;
        let index = self.index.as_ref().map_or_else(|| self.git_dir.join("index"), |index| self.root.join(index));
        let mirror = Mirror { folder, index, _held: held };
        mirror.write("config", self.configuration().as_bytes())?;
        mirror.write("objects/info/alternates", format!("{}\n", shown(&self.common_dir.join("objects"))).as_bytes())?;
        for name in COPIED {
            if let Some(bytes) = read_regular(&self.common_dir.join(name), MOST_BYTES, None)? {
                mirror.write(name, &bytes)?;
            }
        }
        mirror.write_references(place)?;
        Ok(mirror)
    }

    /// The repository's own configuration, and what is other here.
    fn configuration(&self) -> String {
        let quoted = |path: &Path| shown(path).replace('\\', "\\\\").replace('"', "\\\"");
        let own = [self.common_dir.join("config"), self.git_dir.join("config.worktree")];
        let includes: String = own.iter().map(|file| format!("[include]\n\tpath = \"{}\"\n", quoted(file))).collect();
        format!("{includes}[core]\n\tbare = false\n\tworktree = \"{}\"\n", quoted(&self.root))
    }
}

fn shown(path: &Path) -> std::borrow::Cow<'_, str> {
    path.to_string_lossy()
}

/// A folder inside of `parent` that nobody else has, with its lock. Those that nobody holds any more are removed.
fn new_folder(parent: &Path) -> Result<(TempDir, File), GitError> {
    let make = || {
        fs::create_dir_all(parent)?;
        // Held for a moment only: what is made and not locked yet must not be taken for one that was left.
        let making = File::create(parent.join("lock"))?;
        making.lock()?;
        for entry in fs::read_dir(parent)?.flatten() {
            let is_left = File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
            if is_left {
                // What cannot be removed now is removed some other time.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let folder = tempfile::Builder::new().prefix("at-").tempdir_in(parent)?;
        let held = File::create(folder.path().join("lock"))?;
        held.lock()?;
        Ok((folder, held))
    };
    make().map_err(GitError::io("make a folder in", parent))
}

impl Mirror {
    /// Opens it, as if it were the repository.
    pub(crate) fn open(&self, is_trusted: bool) -> Result<git2::Repository, git2::Error> {
        let open = || git2::Repository::open(self.folder.path());
        let repo = if is_trusted { ownership::unchecked(open) } else { ownership::checked(open) }?;
        let mut index = git2::Index::open_ext(&self.index, repo.object_format())?;
        repo.set_index(&mut index)?;
        Ok(repo)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), GitError> {
        let file = self.folder.path().join(name);
        let parent = file.parent().unwrap_or(self.folder.path());
        fs::create_dir_all(parent).and_then(|()| fs::write(&file, bytes)).map_err(GitError::io("write", &file))
    }

    fn write_references(&self, place: Place<'_>) -> Result<(), GitError> {
        let format = "--format=%(refname)%00%(objectname)%00%(symref)";
        let all = command::run(place, &["for-each-ref", "--include-root-refs", format], b"").map_err(|e| match e {
            GitError::Command { why, .. } => GitError::Reftable { why },
            other => other,
        })?;
        let mut packed = b"# pack-refs with: sorted \n".to_vec();
        for line in all.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut fields = line.split(|byte| *byte == 0);
            let (Some(name), Some(id), target) = (fields.next(), fields.next(), fields.next().unwrap_or_default())
            else {
                continue;
            };
            match std::str::from_utf8(name) {
                // Its own question, below: it may lead to a branch that has no commit yet.
                Ok("HEAD") => {}
                Ok(name) if !target.is_empty() => self.write(name, &[b"ref: ", target, b"\n"].concat())?,
                Ok(name) if !name.starts_with("refs/") => self.write(name, &[id, b"\n"].concat())?,
                _ => packed.extend([id, b" ", name, b"\n"].concat()),
            }
        }
        self.write("packed-refs", &packed)?;
        self.make_folder("refs/heads")?;
        let head = match command::run(place, &["symbolic-ref", "--quiet", "HEAD"], b"") {
            Ok(branch) => [b"ref: ", &*branch].concat(),
            Err(_) => command::run(place, &["rev-parse", "--verify", "HEAD"], b"")?,
        };
        self.write("HEAD", &head)?;
        for name in ["HEAD", "refs/stash"] {
            self.write_log(place, name)?;
        }
        Ok(())
    }

    fn make_folder(&self, name: &str) -> Result<(), GitError> {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).map_err(GitError::io("make", &folder))
    }

    /// What a reference was before: `stash@{1}`, `HEAD@{1}`.
    fn write_log(&self, place: Place<'_>, name: &str) -> Result<(), GitError> {
        let format = "--format=%H%x00%gn <%ge> %gd%x00%gs";
        let log = ["log", "--walk-reflogs", MOST_LOGGED, "--date=raw", "--no-show-signature", format, name, "--"];
        // One that is not there has no log either.
        let Ok(said) = command::run(place, &log, b"") else { return Ok(()) };
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut before: Option<Vec<u8>> = None;
        let entries: Vec<&[u8]> = said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        for entry in entries.into_iter().rev() {
            let mut fields = entry.splitn(3, |byte| *byte == 0);
            let (Some(id), Some(by), what) = (fields.next(), fields.next(), fields.next().unwrap_or_default()) else {
                continue;
            };
            let old = before.replace(id.to_vec()).unwrap_or_else(|| vec![b'0'; id.len()]);
            // "Ann <ann@example.org> refs/stash@{1700000000 +0000}"
            let by = String::from_utf8_lossy(by);
            let Some((by, at)) = by.rsplit_once("@{").and_then(|(by, at)| Some((by.rsplit_once(' ')?.0, at))) else {
                continue;
            };
            let at = at.trim_end_matches('}');
            lines.push([&old, b" ".as_slice(), id, format!(" {by} {at}\t").as_bytes(), what, b"\n"].concat());
        }
        self.write(&format!("logs/{name}"), &lines.concat())
    }
}
