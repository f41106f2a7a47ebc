//! What git leaves out: a tool makes it, and it is there where the document is read.

use crate::Job;
use finding::RepoPath;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::Path;

/// More files of `.gitignore` than this are not read.
const MOST: usize = 50;

/// The folders with a `.gitignore`, and what each leaves out.
pub(super) struct Made(Vec<(String, Gitignore)>);

impl Made {
    pub(super) fn of(job: &Job<'_>, names: &[RepoPath]) -> Self {
        let files = names.iter().filter(|path| path.file_name() == ".gitignore").take(MOST);
        let read = |path: &RepoPath| {
            let text = job.read(path)?;
            let mut builder = GitignoreBuilder::new("");
            for line in text.lines().take(1000) {
                builder.add_line(None, line).ok()?;
            }
            Some((path.folder().to_owned(), builder.build().ok()?))
        };
        Self(files.filter_map(read).collect())
    }

    /// Whether git leaves out a path of the repository.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.iter().any(|(folder, rules)| {
            let within = if folder.is_empty() { Some(path) } else { path.strip_prefix(&format!("{folder}/")) };
            within.is_some_and(|p| !p.is_empty() && rules.matched_path_or_any_parents(Path::new(p), false).is_ignore())
        })
    }
}
