//! What was found before, kept by all that it depends on: after a save, what did not change is not read again.

use super::{Checker, Job};
use finding::{RawFinding, RepoPath};
use git::{ChangedFile, TextId};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// So many files' findings are kept, and as many again until all are forgotten.
const MOST: usize = 20_000;

/// Seeded by chance, so that no text can be made to look like another one.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
static FOUND: LazyLock<Mutex<HashMap<u64, Arc<[RawFinding]>>>> = LazyLock::new(Mutex::default);
static WITHOUT: LazyLock<Mutex<HashSet<(u64, TextId)>>> = LazyLock::new(Mutex::default);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number for what can be hashed; another one in each process.
pub(super) fn number_of(what: impl Hash) -> u64 {
    SEED.hash_one(what)
}

/// What `check` finds in a changed file. It sees nothing but the file, the settings, and what [`Job::surroundings`] counts in.
pub(super) fn in_file(
    job: &Job<'_>,
    checker: &Checker,
    file: &ChangedFile,
    check: fn(&Job<'_>, &ChangedFile) -> Vec<RawFinding>,
) -> Vec<RawFinding> {
    // Of these the beside counts too.
    if checker.reads_beside(job) {
        return check(job, file);
    }
    let texts = (file.old.as_deref(), file.new.as_deref());
    let path = (&file.path, super::remark::old_path(file));
    let key = number_of((checker.name, path, texts, job.surroundings(checker)));
    if let Some(known) = lock(&FOUND).get(&key) {
        return known.to_vec();
    }
    let findings = check(job, file);
    if !job.is_cancelled() {
        let mut found = lock(&FOUND);
        if found.len() >= MOST {
            found.clear();
        }
        found.insert(key, findings.clone().into());
    }
    findings
}

/// Files that have none of what is looked for, known by that (`sought`) and their text.
pub(super) struct Without<'j> {
    job: &'j Job<'j>,
    sought: u64,
}

impl<'j> Without<'j> {
    pub(super) fn new(job: &'j Job<'j>, sought: impl Hash) -> Self {
        Self { job, sought: number_of((job.settings.number(), sought)) }
    }

    /// Whether the file is known to have none of it.
    pub(super) fn has(&self, path: &RepoPath) -> bool {
        let Some(id) = self.job.snapshot.identity(path) else { return false };
        lock(&WITHOUT).contains(&(self.sought, id))
    }

    /// It has none.
    pub(super) fn add(&self, path: &RepoPath) {
        let Some(id) = self.job.snapshot.identity(path) else { return };
        let mut without = lock(&WITHOUT);
        if without.len() >= MOST * 10 {
            without.clear();
        }
        without.insert((self.sought, id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ALL, Settings};
    use git::Snapshot;
    use tokio_util::sync::CancellationToken;

    fn found(new: &[(&str, &str)], settings: &Settings) -> Vec<String> {
        let snapshot = Snapshot::in_memory(&[], new);
        let cancel = CancellationToken::new();
        let job = Job::new(&snapshot, settings, &cancel);
        let all = ALL.iter().flat_map(|c| c.run(&job).unwrap().findings);
        all.map(|f| format!("{} {}", f.anchors[0].path, f.rule.unwrap().id)).collect()
    }

    #[test]
    fn what_is_kept_is_what_would_be_found() {
        let off = Settings::new(&serde_json::from_str(r#"{"debugger": "off"}"#).unwrap(), Vec::new());
        let stops = ["a.js deep-review/debugger"];
        for _ in 0..2 {
            assert_eq!(found(&[("a.js", "debugger;\n")], &Settings::default()), stops);
            assert_eq!(found(&[("a.js", "debug();\n")], &Settings::default()), Vec::<String>::new());
            assert_eq!(found(&[("a.js", "debugger;\n")], &off), Vec::<String>::new());
        }
        // A file beside it may say whose tests these are.
        let tests = ("a.test.js", "it.only('a', f)\n");
        assert_eq!(found(&[tests], &Settings::default()), ["a.test.js deep-review/focused-test"]);
        assert_eq!(
            found(&[tests, ("package.json", "{\"name\": \"jest\"}\n")], &Settings::default()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_file_is_known_by_its_text_and_what_is_looked_for() {
        let snapshot = Snapshot::in_memory(&[("a.md", "a\n"), ("b.md", "b\n")], &[("a.md", "a\n"), ("b.md", "c\n")]);
        let (settings, cancel) = (Settings::default(), CancellationToken::new());
        let job = Job::new(&snapshot, &settings, &cancel);
        let [a, b] = ["a.md", "b.md"].map(|p| RepoPath::new(p).unwrap());
        let without = Without::new(&job, "of this test");
        assert!(!without.has(&a));
        without.add(&a);
        without.add(&b);
        assert!(without.has(&a) && !without.has(&b), "a changed file is read again");
        assert!(!Without::new(&job, "another").has(&a));
    }
}
