//! Rounds and decisions on disk, under `$GIT_COMMON_DIR/deep-review/`: readable JSON, written atomically.
//!
//! ```text
//! deep-review/
//!   lock                         held by whoever writes
//!   learnings.md                 what decisions taught, for the whole repository; people edit it
//!   masks                        a random number: what the masks of secrets are made with
//!   shared                       the commit of what was shared last with others
//!   branches/<branch>/0007.json  a round, by its number
//!   branches/<branch>/order.json the rounds' numbers, oldest first, where others' rounds came later than newer ones
//!   branches/<branch>/decisions.json
//!   branches/<branch>/log.json   what was done, so that it can be taken back
//!   branches/<branch>/aftermath.json   attempts at fixes, and what was said about findings
//!   branches/<branch>/pull-request.json   what the forge said last
//!   branches/<branch>/answers/<agent>.json   an agent's newest answer, for the next round
//!   texts/<blob>                 exact text of an anchored file
//! ```
//!
//! Many processes may use one store at once (an editor and a terminal). Writers hold the lock; readers need
//! none, because every file is replaced as a whole. A file that cannot be read is set aside under another
//! name and reported: it is never deleted, and never a reason to fail.

mod files;
mod lock;
mod round_file;
pub mod shared;

pub use lock::on_wait;

use files::{create_atomically, create_folders, set_aside, write_all_atomically, write_atomically};
use finding::{Aftermath, AgentName, BlobId, CommitId, Decisions, Learnings, PullRequestNow, ROUND_SCHEMA, Round};
use round_file::Wanted;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// Largest file that is read as a round or as decisions, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// Largest file of learnings, in bytes.
const MAX_LEARNINGS: u64 = 1 << 20;

/// The last number that a round may have: a file with a larger one is none of ours.
const LAST: u32 = 999_999;

/// The file of [`Store::mask_key`].
const MASKS: &str = "masks";

/// The file of [`Store::shared`].
const SYNCED: &str = "shared";

/// The file that says which round is older, where their numbers do not.
const ORDER: &str = "order.json";

/// The file of [`Branch::log`].
const LOG: &str = "log.json";

/// The file of [`Branch::aftermath`].
pub const AFTERMATH: &str = "aftermath.json";

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing} {}: {source}", path.display())]
pub struct StoreError {
    /// What was tried.
    pub doing: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl StoreError {
    fn new(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self { doing, path, source }
    }
}

/// A file that could not be read and was kept under another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// What it is called now.
    pub path: PathBuf,
    /// Why it could not be read.
    pub why: String,
}

impl std::fmt::Display for SetAside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a stored file could not be read and was kept as {}: {}", self.path.display(), self.why)
    }
}

/// What was read, and what had to be set aside on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// What was read.
    pub value: T,
    /// What could not be read.
    pub set_aside: Vec<SetAside>,
}

/// The store of one repository. Opening it touches nothing: folders are made by the first write.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// The rounds and decisions of one branch.
#[derive(Debug, Clone)]
pub struct Branch {
    store: Store,
    folder: PathBuf,
}

/// Written around the decisions, so that a later version can tell its own form.
#[derive(Serialize, Deserialize)]
struct StoredDecisions {
    schema: u32,
    decisions: Decisions,
}

/// In which order rounds were begun.
#[derive(Serialize, Deserialize)]
struct Order {
    schema: u32,
    order: Vec<u32>,
}

/// Written around what came after rounds, so that a later version can tell its own form.
#[derive(Serialize, Deserialize)]
struct StoredAftermath {
    schema: u32,
    aftermath: Aftermath,
}

impl Store {
    /// The store below a repository's common git directory.
    #[must_use]
    pub fn of(common_dir: &Path) -> Self {
        Self { folder: common_dir.join("deep-review") }
    }

    /// The folder that everything is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The number that masks of secrets are made with, so that a secret has the same one in every round; `None` where no round
    /// was yet, or the number is damaged. It is the user's alone to know: who has it can check a guess.
    #[must_use]
    pub fn mask_key(&self) -> Option<u64> {
        let text = fs::read_to_string(self.folder.join(MASKS)).ok()?;
        let digits = text.strip_suffix('\n').filter(|digits| digits.len() == 16)?;
        u64::from_str_radix(digits, 16).ok()
    }

    /// Has `key` be that number from now on, unless there is one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_mask_key(&self, key: u64) -> Result<(), StoreError> {
        let _lock = lock::lock(&self.folder, &[&self.folder])?;
        match self.mask_key() {
            Some(_) => Ok(()),
            None => write_atomically(&self.folder.join(MASKS), format!("{key:016x}\n").as_bytes()),
        }
    }

    /// The commit of what was shared last with others; `None` where nothing was.
    #[must_use]
    pub fn shared(&self) -> Option<CommitId> {
        let text = fs::read_to_string(self.folder.join(SYNCED)).ok()?;
        let id = text.strip_suffix('\n').filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit()))?;
        Some(CommitId::new(id))
    }

    /// Has `commit` be that from now on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_shared(&self, commit: &CommitId) -> Result<(), StoreError> {
        let _lock = lock::lock(&self.folder, &[&self.folder])?;
        write_atomically(&self.folder.join(SYNCED), format!("{commit}\n").as_bytes())
    }

    /// The branch of that [`Branch::key`]; `None` where it cannot be one.
    #[must_use]
    pub fn branch_of_key(&self, key: &str) -> Option<Branch> {
        let folder = self.folder.join("branches").join(key);
        is_safe_name(key).then(|| Branch { store: self.clone(), folder })
    }

    /// What belongs to a branch; `None` is a detached HEAD.
    #[must_use]
    pub fn branch(&self, name: Option<&str>) -> Branch {
        let branches = self.folder.join("branches");
        let own = folder_name(name);
        let folder = branches.join(shared_with(&branches, &own).unwrap_or(own));
        Branch { store: self.clone(), folder }
    }

    /// Has what is called `name` from now on keep its rounds with those of `with`: a pull request and its branch are one
    /// thing under two names. Nothing happens where `name` has rounds of its own, so that none is lost.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_together(&self, name: &str, with: &str) -> Result<(), StoreError> {
        let branches = self.folder.join("branches");
        let _lock = lock::lock(&self.folder, &[&branches])?;
        let (own, other) = (folder_name(Some(name)), folder_name(Some(with)));
        let other = shared_with(&branches, &other).unwrap_or(other);
        if own == other || branches.join(&own).exists() || shared_with(&branches, &own).is_some() {
            return Ok(());
        }
        create_folders(&branches)?;
        write_atomically(&branches.join(format!("{own}{SHARED}")), other.as_bytes())
    }

    /// Copies what is stored of a branch below `folder`, for work whose rounds nobody is to see.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn copy_branch(&self, branch: &Branch, folder: &Path) -> Result<(Self, Branch), StoreError> {
        let copy = Self::of(folder);
        let (branches, texts) = (copy.folder.join("branches"), copy.folder.join("texts"));
        let own = branches.join(branch.folder.file_name().unwrap_or_default());
        create_folders(&own.join("answers"))?;
        create_folders(&texts)?;
        copy_files(&branch.folder, &own)?;
        copy_files(&branch.folder.join("answers"), &own.join("answers"))?;
        // The names under which a branch shares the folder of another one.
        copy_files(&self.folder.join("branches"), &branches)?;
        copy_files(&self.folder, &copy.folder)?;
        for blob in branch.rounds()?.value.iter().flat_map(|round| round.texts.values()) {
            if let Some(text) = self.text(blob) {
                let path = copy.text_path(blob);
                fs::write(&path, text).map_err(StoreError::new("write", &path))?;
            }
        }
        let branch = Branch { store: copy.clone(), folder: own };
        Ok((copy, branch))
    }

    /// Every branch of which something is stored.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn branches(&self) -> Result<Vec<Branch>, StoreError> {
        let folder = self.folder.join("branches");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(StoreError::new("list", &folder)(e)),
        };
        let mut folders: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect();
        folders.sort();
        Ok(folders.into_iter().map(|folder| Branch { store: self.clone(), folder }).collect())
    }

    /// The file of [`Self::learnings`].
    #[must_use]
    pub fn learnings_path(&self) -> PathBuf {
        self.folder.join("learnings.md")
    }

    /// What decisions taught in this repository, as people may have edited it.
    ///
    /// # Errors
    /// When it cannot be read, or is no file of text of a size that people edit.
    pub fn learnings(&self) -> Result<Learnings, StoreError> {
        let path = self.learnings_path();
        let read = || match fs::metadata(&path) {
            Ok(meta) if !meta.is_file() => Err(io::Error::other("it is no file")),
            Ok(meta) if meta.len() > MAX_LEARNINGS => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
            Ok(_) => fs::read_to_string(&path),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => Err(e),
        };
        read().map(|text| Learnings::read(&text)).map_err(StoreError::new("read", &path))
    }

    /// Changes them, while no other process does.
    ///
    /// # Errors
    /// As [`Self::learnings`], and when they cannot be written; then nothing is changed.
    pub fn change_learnings<R>(&self, change: impl FnOnce(&mut Learnings) -> R) -> Result<R, StoreError> {
        let _lock = lock::lock(&self.folder, &[&self.folder])?;
        let before = self.learnings()?;
        let mut after = before.clone();
        let result = change(&mut after);
        if after != before {
            create_folders(&self.folder)?;
            write_atomically(&self.learnings_path(), after.to_string().as_bytes())?;
        }
        Ok(result)
    }

    /// Keeps the exact texts of files, each under its blob id.
    ///
    /// # Errors
    /// When one cannot be written; others may be.
    pub fn put_texts<'a>(&self, texts: impl IntoIterator<Item = (&'a BlobId, &'a str)>) -> Result<(), StoreError> {
        let named: BTreeMap<PathBuf, &[u8]> =
            texts.into_iter().map(|(blob, text)| (self.text_path(blob), text.as_bytes())).collect();
        let new: Vec<(PathBuf, &[u8])> = named.into_iter().filter(|(path, _)| !path.exists()).collect();
        if new.is_empty() {
            return Ok(());
        }
        let folder = self.folder.join("texts");
        let _lock = lock::lock(&self.folder, &[&folder])?;
        create_folders(&folder)?;
        write_all_atomically(&folder, &new)
    }

    /// The text that was kept, or `None` if it was not or is damaged (its blob id tells).
    #[must_use]
    pub fn text(&self, blob: &BlobId) -> Option<String> {
        let text = fs::read_to_string(self.text_path(blob)).ok()?;
        (git::blob_id(&text) == *blob).then_some(text)
    }

    fn text_path(&self, blob: &BlobId) -> PathBuf {
        // Blob ids come from stored files too, so they are not taken for safe names.
        let name: String = blob.as_str().chars().filter(char::is_ascii_hexdigit).collect();
        self.folder.join("texts").join(name)
    }
}

impl Branch {
    /// The folder that the branch's rounds are in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the branch is called among those of the store, in every clone of the repository; `None` for a detached HEAD,
    /// which is another thing in each.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.folder.file_name()?.to_str().filter(|name| *name != folder_name(None))
    }

    /// Whether anything is stored of it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.folder.is_dir()
    }

    /// Waits until no other process writes; the lock ends with the value.
    fn lock(&self) -> Result<File, StoreError> {
        lock::lock(&self.store.folder, &[&self.folder, &self.folder.join("answers")])
    }

    /// All rounds that can be read, oldest first; each with what was done about its findings since, and the severities that
    /// people gave them.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn rounds(&self) -> Result<Read<Vec<Round>>, StoreError> {
        let mut read = Read { value: Vec::new(), set_aside: Vec::new() };
        for number in self.numbers()? {
            match self.load_round(number, Wanted::All) {
                Ok(round) => read.value.extend(round),
                Err(aside) => read.set_aside.push(aside),
            }
        }
        read.set_aside.extend(self.attach(read.value.iter_mut())?);
        Ok(read)
    }

    /// The rounds as they were when they were complete, without what is kept beside them. What cannot be read is left out.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn rounds_alone(&self) -> Result<Vec<Round>, StoreError> {
        let rounds = self.numbers()?.into_iter().map(|number| self.load_round(number, Wanted::All));
        Ok(rounds.filter_map(|round| round.ok().flatten()).collect())
    }

    /// Takes in rounds that others made, each under its own number where that is free, which it sets. What they are to
    /// those that are here is said by when they started.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn take_in(&self, rounds: &mut [Round]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        create_folders(&self.folder)?;
        for round in &mut *rounds {
            let taken = self.listed(|name| name.split('.').next().and_then(number_of))?;
            let own = Some(round.number).filter(|number| (1..=LAST).contains(number) && !taken.contains(number));
            for number in own.into_iter().chain(self.free()?) {
                round.number = number;
                let (path, bytes) = self.as_json(&round_name(number), round)?;
                if create_atomically(&path, &bytes)? {
                    break;
                }
            }
        }
        self.put_in_order()
    }

    /// Keeps in which order the rounds were begun, where their numbers do not say it.
    fn put_in_order(&self) -> Result<(), StoreError> {
        #[derive(Deserialize)]
        struct Begun {
            started: jiff::Timestamp,
        }
        let begun =
            |number: &u32| self.load::<Begun>(&self.round_path(*number)).ok().flatten().map(|round| round.started);
        let mut order = self.numbers()?;
        order.sort_by_cached_key(|number| (begun(number), *number));
        if order.is_sorted() && !self.folder.join(ORDER).exists() {
            return Ok(());
        }
        self.write_json(ORDER, &Order { schema: ROUND_SCHEMA, order })
    }

    /// Puts into the rounds what is kept beside them; gives what could not be read.
    fn attach<'r>(&self, rounds: impl Iterator<Item = &'r mut Round>) -> Result<Vec<SetAside>, StoreError> {
        let Read { value: aftermath, mut set_aside } = self.aftermath();
        let decisions = self.decisions()?;
        set_aside.extend(decisions.set_aside);
        for round in rounds {
            aftermath.attach(round);
            decisions.value.grade(&mut round.findings);
        }
        Ok(set_aside)
    }

    /// The newest round that can be read, with what was done about its findings since.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn newest(&self) -> Result<Read<Option<Round>>, StoreError> {
        self.newest_of(Wanted::All)
    }

    /// The same, without the raw findings where they are as we write them: they are half of a round, and who only shows
    /// its findings is done in half the time.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn newest_without_raw(&self) -> Result<Read<Option<Round>>, StoreError> {
        self.newest_of(Wanted::NoRaw)
    }

    /// The number of the newest round, which nothing is read of.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn last(&self) -> Result<Option<u32>, StoreError> {
        Ok(self.numbers()?.pop())
    }

    fn newest_of(&self, wanted: Wanted) -> Result<Read<Option<Round>>, StoreError> {
        let mut read = Read { value: None, set_aside: Vec::new() };
        for number in self.numbers()?.into_iter().rev() {
            match self.load_round(number, wanted) {
                Ok(Some(mut round)) => {
                    read.set_aside.extend(self.attach(std::iter::once(&mut round))?);
                    read.value = Some(round);
                    break;
                }
                Ok(None) => {}
                Err(aside) => read.set_aside.push(aside),
            }
        }
        Ok(read)
    }

    /// Stores a round that begins, under the branch's next number, which it sets in `round`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self, round: &mut Round) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        create_folders(&self.folder)?;
        // A file that somebody else put there is never written over.
        for number in self.free()? {
            round.number = number;
            let (path, bytes) = self.as_json(&round_name(number), round)?;
            if create_atomically(&path, &bytes)? {
                return Ok(());
            }
        }
        let full = io::Error::other(format!("all numbers up to {LAST} are taken: move some of its files away"));
        Err(StoreError::new("number a round in", &self.folder)(full))
    }

    /// Stores a round again, under the number that [`Branch::begin`] gave it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, round: &Round) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        create_folders(&self.folder)?;
        self.write_round(round)
    }

    /// What people decided on the branch's findings.
    ///
    /// # Errors
    /// Never for a damaged file: that is set aside.
    pub fn decisions(&self) -> Result<Read<Decisions>, StoreError> {
        Ok(match self.load::<StoredDecisions>(&self.folder.join("decisions.json")) {
            Ok(stored) => Read { value: stored.map(|s| s.decisions).unwrap_or_default(), set_aside: Vec::new() },
            Err(aside) => Read { value: Decisions::default(), set_aside: vec![aside] },
        })
    }

    /// Changes the decisions, while no other process does, and returns what they are then.
    ///
    /// # Errors
    /// When they cannot be written; then nothing is changed.
    pub fn decide(&self, change: impl FnOnce(&mut Decisions)) -> Result<Decisions, StoreError> {
        let _lock = self.lock()?;
        create_folders(&self.folder)?;
        let mut decisions = self.decisions()?.value;
        change(&mut decisions);
        let stored = StoredDecisions { schema: ROUND_SCHEMA, decisions };
        self.write_json("decisions.json", &stored)?;
        Ok(stored.decisions)
    }

    /// What was done about the branch's findings after they were raised. A file that cannot be read is set aside.
    #[must_use]
    pub fn aftermath(&self) -> Read<Aftermath> {
        match self.load::<StoredAftermath>(&self.folder.join(AFTERMATH)) {
            Ok(stored) => Read { value: stored.map(|s| s.aftermath).unwrap_or_default(), set_aside: Vec::new() },
            Err(aside) => Read { value: Aftermath::default(), set_aside: vec![aside] },
        }
    }

    /// Changes it, while no other process does.
    ///
    /// # Errors
    /// When it cannot be written; then nothing is changed.
    pub fn change_aftermath(&self, change: impl FnOnce(&mut Aftermath)) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        create_folders(&self.folder)?;
        let mut aftermath = self.aftermath().value;
        change(&mut aftermath);
        self.write_json(AFTERMATH, &StoredAftermath { schema: ROUND_SCHEMA, aftermath })
    }

    /// What was done on the branch, as whoever does it writes it down. A log that cannot be read is set aside.
    #[must_use]
    pub fn log<T: DeserializeOwned>(&self) -> Read<Option<T>> {
        match self.load(&self.folder.join(LOG)) {
            Ok(value) => Read { value, set_aside: Vec::new() },
            Err(aside) => Read { value: None, set_aside: vec![aside] },
        }
    }

    /// Changes the log, while no other process does. `T` has a field `schema`.
    ///
    /// # Errors
    /// When it cannot be written; then nothing is changed.
    pub fn change_log<T, R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, StoreError>
    where
        T: Default + Serialize + DeserializeOwned,
    {
        let _lock = self.lock()?;
        create_folders(&self.folder)?;
        let mut log = self.log::<T>().value.unwrap_or_default();
        let result = change(&mut log);
        self.write_json(LOG, &log)?;
        Ok(result)
    }

    /// Takes a round away: its file gets another name, under which nothing looks for it, and its number is not given
    /// again.
    ///
    /// # Errors
    /// When it cannot be renamed, or is not there.
    pub fn take_away(&self, number: u32) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let path = self.round_path(number);
        let free = (0..1000).map(|n| path.with_extension(format!("undone.{n}.kept"))).find(|to| !to.exists());
        let to = free.unwrap_or_else(|| path.with_extension("undone.kept"));
        fs::rename(&path, &to).map_err(StoreError::new("rename", &path))
    }

    /// What the forge said last of the branch's pull request. What cannot be read is as if it had never been asked.
    #[must_use]
    pub fn pull_request(&self) -> Option<PullRequestNow> {
        self.load(&self.folder.join("pull-request.json")).ok().flatten()
    }

    /// Keeps what the forge said.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_pull_request(&self, now: &PullRequestNow) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        create_folders(&self.folder)?;
        self.write_json("pull-request.json", now)
    }

    /// Keeps what an agent answered, in place of what it answered before. `answer` has a field `schema`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_answer(&self, agent: &AgentName, answer: &impl Serialize) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        create_folders(&self.folder.join("answers"))?;
        self.write_json(&answer_path(agent), answer)
    }

    /// What was kept of an agent; `None` where nothing was or it cannot be read.
    #[must_use]
    pub fn kept_answer<T: DeserializeOwned>(&self, agent: &AgentName) -> Option<T> {
        self.load(&self.folder.join(answer_path(agent))).ok().flatten()
    }

    fn write_round(&self, round: &Round) -> Result<(), StoreError> {
        self.write_json(&round_name(round.number), round)
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), StoreError> {
        let (path, bytes) = self.as_json(name, value)?;
        write_atomically(&path, &bytes)
    }

    fn as_json(&self, name: &str, value: &impl Serialize) -> Result<(PathBuf, Vec<u8>), StoreError> {
        let path = self.folder.join(name);
        let mut bytes = serde_json::to_vec_pretty(value)
            .map_err(|e| StoreError::new("write", &path)(io::Error::new(io::ErrorKind::InvalidData, e)))?;
        bytes.push(b'\n');
        Ok((path, bytes))
    }

    fn round_path(&self, number: u32) -> PathBuf {
        self.folder.join(round_name(number))
    }

    /// Numbers of the rounds that are there, the oldest first: ascending, but for those that others began earlier.
    fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        let mut numbers = self.listed(|name| name.strip_suffix(".json").and_then(number_of))?;
        if let Ok(Some(Order { order, .. })) = self.load::<Order>(&self.folder.join(ORDER)) {
            let place: BTreeMap<u32, usize> = order.into_iter().zip(0..).collect();
            numbers.sort_by_key(|number| (place.get(number).copied().unwrap_or(usize::MAX), *number));
        }
        Ok(numbers)
    }

    /// Numbers that a round may be given, the one after the newest first: none is given twice, also not that of a round
    /// that was set aside since. Where that is the last one there is, the gaps below it follow.
    fn free(&self) -> Result<impl Iterator<Item = u32> + use<>, StoreError> {
        let mut taken = self.listed(|name| name.split('.').next().and_then(number_of))?;
        taken.insert(0, 0);
        taken.dedup();
        let next = taken.iter().rev().map(|n| n + 1);
        let free: Vec<u32> = next.filter(|n| *n <= LAST && taken.binary_search(n).is_err()).collect();
        Ok(free.into_iter())
    }

    fn listed(&self, number: impl Fn(&str) -> Option<u32>) -> Result<Vec<u32>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(StoreError::new("list", &self.folder)(e)),
        };
        let mut numbers: Vec<u32> = entries.filter_map(|entry| number(entry.ok()?.file_name().to_str()?)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// `Ok(None)` if the file is not there; set aside if it is damaged or of a newer version.
    fn load<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, SetAside> {
        self.load_by(path, |bytes| serde_json::from_slice(bytes))
    }

    /// The same of a round.
    fn load_round(&self, number: u32, wanted: Wanted) -> Result<Option<Round>, SetAside> {
        self.load_by(&self.round_path(number), |bytes| round_file::read(bytes, wanted))
    }

    /// The same of what `read` reads.
    fn load_by<T: DeserializeOwned>(
        &self,
        path: &Path,
        read: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<Option<T>, SetAside> {
        let bytes = match fs::metadata(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(SetAside { path: path.to_owned(), why: e.to_string() }),
            // Of a pipe or a device nobody knows the end.
            Ok(m) if !m.is_file() => return Err(SetAside { path: path.to_owned(), why: "it is no file".into() }),
            Ok(m) if m.len() > MAX_FILE => return Err(set_aside(path, "too-large", "it is too large".into())),
            Ok(_) => fs::read(path).map_err(|e| SetAside { path: path.to_owned(), why: e.to_string() })?,
        };
        match schema_of(&bytes) {
            Ok(schema) if schema > ROUND_SCHEMA => {
                let why =
                    format!("it was written by a newer deep-review (form {schema}, this one knows {ROUND_SCHEMA})");
                return Err(set_aside(path, "newer", why));
            }
            Ok(_) => {}
            Err(e) => return Err(set_aside(path, "damaged", e.to_string())),
        }
        // A large round takes twice as long where the place of an error is kept track of: that is done if there is one.
        if let Ok(value) = read(&bytes) {
            return Ok(Some(value));
        }
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut json).map(Some).map_err(|e| set_aside(path, "damaged", e.to_string()))
    }
}

/// Copies the files of a folder, without those of folders in it; nothing where it is not there.
fn copy_files(from: &Path, to: &Path) -> Result<(), StoreError> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(StoreError::new("list", from)(e)),
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(StoreError::new("copy", entry.path()))?;
        }
    }
    Ok(())
}

/// The version of a stored form. We write it first, so that the rest need not be read for it.
fn schema_of(bytes: &[u8]) -> serde_json::Result<u32> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]);
    let first = start.trim_start().strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix("\"schema\""));
    let number = first.and_then(|rest| rest.trim_start().strip_prefix(':')).map(str::trim_start);
    let digits = number.and_then(|number| number.split_once(|c: char| !c.is_ascii_digit()));
    match digits.and_then(|(digits, _)| digits.parse().ok()) {
        Some(schema) => Ok(schema),
        None => serde_json::from_slice(bytes).map(|Version { schema }| schema),
    }
}

/// The name of a round's file.
fn round_name(number: u32) -> String {
    format!("{number:04}.json")
}

/// The number in the name of a round's file, without its ending; only as we write it, so that no two files have one.
fn number_of(stem: &str) -> Option<u32> {
    let number = stem.parse().ok().filter(|n| *n <= LAST)?;
    (format!("{number:04}") == stem).then_some(number)
}

fn answer_path(agent: &AgentName) -> String {
    format!("answers/{}.json", folder_name(Some(agent.as_str())))
}

/// What the file that names another branch's folder is called, behind the name of the folder that is not there.
const SHARED: &str = ".same-as";

/// The folder of another branch that keeps what belongs to this one.
fn shared_with(branches: &Path, own: &str) -> Option<String> {
    let path = branches.join(format!("{own}{SHARED}"));
    let name = fs::metadata(&path)
        .ok()
        .filter(|m| m.is_file() && m.len() < 200)
        .and_then(|_| fs::read_to_string(path).ok())?;
    is_safe_name(&name).then_some(name)
}

/// Whether it can be the name of a branch's folder.
fn is_safe_name(name: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    !name.is_empty() && name.len() < 200 && !name.starts_with('.') && name.chars().all(is_safe)
}

/// A folder name for a branch: readable, safe on every file system, and different for different branches.
fn folder_name(branch: Option<&str>) -> String {
    let Some(branch) = branch else { return "HEAD".to_owned() };
    let readable: String =
        branch.chars().take(60).map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let hash = Sha256::digest(branch.as_bytes());
    format!("{}-{:02x}{:02x}{:02x}{:02x}", readable.trim_matches('.'), hash[0], hash[1], hash[2], hash[3])
}
