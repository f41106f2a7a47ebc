use super::plan::ApplyPlan;
use finding::RepoPath;
use git::{ChangeKind, ChangedFile, line_hunks, unified_diff};
use patch::FileOutcome;
use std::sync::Arc;

/// Lines of context around each change.
const CONTEXT: u32 = 3;

/// What a plan does to the files, as `git diff` writes it.
#[must_use]
pub fn diff(plan: &ApplyPlan) -> String {
    let changed = plan.files.iter().map(|(path, outcome)| {
        let old = plan.before.get(path).cloned().flatten();
        match outcome {
            FileOutcome::Edited { text, .. } => changed(path, ChangeKind::Modified, old, Some(text)),
            FileOutcome::Created { text } => changed(path, ChangeKind::Added, None, Some(text)),
            FileOutcome::Deleted => changed(path, ChangeKind::Deleted, old, None),
            FileOutcome::Renamed { to, text } => {
                changed(to, ChangeKind::Renamed { from: path.clone() }, old, Some(text))
            }
        }
    });
    changed.map(|file| unified_diff(&file, CONTEXT)).collect()
}

fn changed(path: &RepoPath, kind: ChangeKind, old: Option<Arc<str>>, new: Option<&String>) -> ChangedFile {
    let new: Option<Arc<str>> = new.map(|text| text.as_str().into());
    let hunks = line_hunks(old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default());
    ChangedFile { path: path.clone(), kind, old, new, hunks, lossy: false }
}
