//! Finds the place of a fix in the text as it is, never by force, and in no other files than it may touch.

use super::texts::Texts;
use super::write::{Draft, EditedText, change_as_diff, places};
use finding::{Finding, RepoPath};
use patch::{FileOutcome, Hints};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A larger text is not made, in bytes.
const LARGEST: usize = 16 << 20;

/// A file's text before and after; `None` where there is no file.
pub(super) type BeforeAfter = (Option<Arc<str>>, Option<Arc<str>>);

/// What a fix does to the files as they are.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) files: BTreeMap<RepoPath, BeforeAfter>,
    /// All of it, as `git diff` writes it.
    pub(super) diff: String,
}

/// Places a draft. `only` are the files that the user allows; any where it is empty.
pub(super) fn place(finding: &Finding, draft: &Draft, texts: &Texts, only: &[RepoPath]) -> Result<Change, String> {
    let own = places(finding);
    let main = finding.main_anchor();
    let named = named(&draft.diff, main.map(|anchor| &anchor.path))?;
    for path in &named {
        if !own.contains(path) && !draft.needs.contains(path) {
            return Err(format!("it changes {path}, which the finding is not about, and does not say why"));
        }
        if !only.is_empty() && !only.contains(path) {
            return Err(format!("it changes {path}, which is none of the files that may change"));
        }
    }
    let mut before: BTreeMap<RepoPath, Option<Arc<str>>> = BTreeMap::new();
    for path in named {
        let text = texts.read(&path)?;
        before.insert(path, text);
    }
    let hints = Hints { path: main.map(|anchor| &anchor.path), ..Hints::default() };
    let fix = patch::Fix { name: &finding.label, diff: &draft.diff, hints };
    let placed = patch::place_set(&[fix], &|path| before.get(path)?.as_deref());
    match placed.fixes.first() {
        Some(Ok(placement)) if placement.is_certain() => {}
        Some(Ok(_)) => return Err("its place in the text as it is now is not certain".to_owned()),
        Some(Err(refusal)) => return Err(refusal.to_string()),
        None => return Err("nothing in it can be placed".to_owned()),
    }
    let files = outcome(placed.files, &before)?;
    as_written(&files, &draft.edited)?;
    if files.is_empty() {
        return Err("it changes nothing in the text as it is now".to_owned());
    }
    let mut change = Change { files, diff: String::new() };
    change.renew(texts);
    Ok(change)
}

impl Change {
    /// Writes the diff of its files anew.
    pub(super) fn renew(&mut self, texts: &Texts) {
        let diff = self.files.iter().map(|(path, (before, after))| {
            // What was mended before it is no part of the text that was reviewed: the less of that around it, the better.
            let context = if texts.is_accepted(path) { 1 } else { 3 };
            change_as_diff(path, (before.as_deref(), after.as_deref()), context)
        });
        self.diff = diff.collect();
    }
}

/// The files that a diff names, or the finding's where it names none.
fn named(diff: &str, main: Option<&RepoPath>) -> Result<BTreeSet<RepoPath>, String> {
    let patch = patch::parse(diff).map_err(|e| format!("it cannot be read as an edit: {e}"))?;
    let mut named = BTreeSet::new();
    for file in &patch.files {
        let mut names = file.path.iter().chain(&file.old_path).peekable();
        if names.peek().is_none() {
            named.extend(main.cloned());
        }
        for name in names {
            named.insert(RepoPath::new(name).map_err(|_| format!("'{name}' is no file of the repository"))?);
        }
    }
    Ok(named)
}

fn outcome(
    files: BTreeMap<RepoPath, FileOutcome>,
    before: &BTreeMap<RepoPath, Option<Arc<str>>>,
) -> Result<BTreeMap<RepoPath, BeforeAfter>, String> {
    let was = |path: &RepoPath| before.get(path).cloned().flatten();
    let mut all = BTreeMap::new();
    for (path, outcome) in files {
        let text = match outcome {
            FileOutcome::Edited { text, .. } | FileOutcome::Created { text } => Some(text),
            FileOutcome::Deleted => None,
            FileOutcome::Renamed { to, text } => {
                if was(&to).is_some() {
                    return Err(format!("it moves {path} to {to}, which exists already"));
                }
                all.insert(to, (None, Some(Arc::from(text))));
                None
            }
        };
        if text.as_ref().is_some_and(|text| text.len() > LARGEST) {
            return Err(format!("{path} would have more than {} MiB", LARGEST >> 20));
        }
        all.insert(path.clone(), (was(&path), text.map(Arc::from)));
    }
    all.retain(|_, (before, after)| before != after);
    Ok(all)
}

/// Where a file is still as the agent got it, it becomes exactly what the agent made of it.
fn as_written(files: &BTreeMap<RepoPath, BeforeAfter>, edited: &[(RepoPath, EditedText)]) -> Result<(), String> {
    for (path, EditedText { before, after }) in edited {
        let Some((now, becomes)) = files.get(path) else { continue };
        if now.as_deref() == before.as_deref() && becomes.as_deref() != after.as_deref() {
            return Err(format!("what it made of {path} cannot be placed exactly"));
        }
    }
    Ok(())
}
