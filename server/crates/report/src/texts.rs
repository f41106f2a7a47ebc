//! The texts that a document quotes from.

use finding::{LineRange, RepoPath};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The snapshot's texts of the files that a round cites: what code is quoted from and fixes are placed in.
/// A file that is missing here is quoted as its agents quoted it.
#[derive(Debug, Clone, Default)]
pub struct Texts(BTreeMap<RepoPath, Indexed>);

/// A text, and where its lines begin once somebody has asked for one.
#[derive(Debug, Clone)]
struct Indexed {
    text: Arc<str>,
    /// In bytes, of each line.
    starts: OnceLock<Vec<usize>>,
}

impl Indexed {
    fn new(text: Arc<str>) -> Self {
        Self { text, starts: OnceLock::new() }
    }

    /// Line `number`, 1-based, without its ending.
    fn line(&self, number: u32) -> Option<&str> {
        let starts = self.starts.get_or_init(|| {
            let begins = |line: &str| line.as_ptr() as usize - self.text.as_ptr() as usize;
            lines::split(&self.text).map(begins).collect()
        });
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        lines::split(&self.text[*starts.get(at)?..]).next()
    }
}

impl Texts {
    /// The files and their texts, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, &Arc<str>)> {
        self.0.iter().map(|(path, it)| (path, &it.text))
    }

    /// The text of `path`.
    #[must_use]
    pub fn get(&self, path: &RepoPath) -> Option<&str> {
        self.0.get(path).map(|it| &*it.text)
    }

    /// The text of `path`, to be kept.
    #[must_use]
    pub fn shared(&self, path: &RepoPath) -> Option<Arc<str>> {
        self.0.get(path).map(|it| Arc::clone(&it.text))
    }

    /// Adds or replaces the text of `path`.
    pub fn insert(&mut self, path: RepoPath, text: impl Into<Arc<str>>) {
        self.0.insert(path, Indexed::new(text.into()));
    }

    /// Line `number` (1-based) of `path`, without its ending.
    #[must_use]
    pub fn line(&self, path: &RepoPath, number: u32) -> Option<&str> {
        self.0.get(path)?.line(number)
    }

    /// The first `most` lines of `lines` in `path`, as far as the text has them; `None` without the text.
    pub(crate) fn lines(&self, path: &RepoPath, lines: LineRange, most: u32) -> Option<Vec<&str>> {
        let text = self.0.get(path)?;
        let numbers = lines.start()..lines.start().saturating_add(lines.count().min(most));
        Some(numbers.map_while(|number| text.line(number)).collect())
    }
}

impl FromIterator<(RepoPath, Arc<str>)> for Texts {
    fn from_iter<I: IntoIterator<Item = (RepoPath, Arc<str>)>>(texts: I) -> Self {
        Self(texts.into_iter().map(|(path, text)| (path, Indexed::new(text))).collect())
    }
}
