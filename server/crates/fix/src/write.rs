//! Has an agent write a fix: what it is asked, and what it changed, compared by us.

use super::texts::Texts;
use super::{Ended, Order};
use agent::answer::{self, Mended};
use agent::{Brief, Checkout, Completion, Edited, Question};
use finding::{Attempt, FailureKind, Finding, RepoPath};
use git::{ChangeKind, ChangedFile, line_hunks, unified_diff};
use std::collections::BTreeSet;

/// What an agent wants to be changed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) summary: String,
    /// As `git diff` writes it, or as the agent wrote it; secrets are what they are.
    pub(super) diff: String,
    /// The files that it says it needs, besides the finding's.
    pub(super) needs: BTreeSet<RepoPath>,
    /// The files that it edited, with their texts after; empty where it answered with hunks.
    pub(super) edited: Vec<(RepoPath, EditedText)>,
}

/// A file before and after an agent edited it.
#[derive(Debug, Clone)]
pub(super) struct EditedText {
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) struct NoDraft {
    pub(super) why: String,
    pub(super) ended: Ended,
    /// What it says all the same.
    pub(super) summary: String,
}

/// What an agent is asked.
pub(super) fn question(finding: &Finding, tried: &[Attempt], order: &Order, brief: &Brief, texts: &Texts) -> Question {
    let limits = match order.only.as_slice() {
        [] => String::new(),
        only => {
            let only: Vec<&str> = only.iter().map(RepoPath::as_str).collect();
            format!("The user allows changes in these files only: {}", only.join(", "))
        }
    };
    // What was tried another time: the last of it says most.
    let mut earlier: Vec<&Attempt> = finding.attempts.iter().rev().filter(|a| !a.is_proven()).take(2).collect();
    earlier.reverse();
    let tried: Vec<String> =
        earlier.into_iter().chain(tried).map(|a| format!("{}\n\nIt was not taken: {}", a.diff, a.proof())).collect();
    let files = places(finding);
    let code = files.iter().filter(|path| brief.sending.allows(path)).filter_map(|path| {
        let text = texts.read(path).ok().flatten()?;
        Some(format!("=== {path}\n{text}"))
    });
    let conventions = brief.conventions.iter().filter(|(path, _)| brief.sending.allows(path));
    let conventions: Vec<String> = conventions.map(|(path, text)| format!("=== {path}\n{text}")).collect();
    Question {
        template: "fix",
        schema: answer::mending_schema(),
        data: vec![
            ("finding", review::told_of(finding)),
            ("code", code.collect::<Vec<_>>().join("\n")),
            ("limits", limits),
            ("tried", tried.join("\n\n")),
            ("thread", review::thread_of(finding)),
            ("conventions", conventions.join("\n\n")),
        ],
        files: files.into_iter().collect(),
    }
}

/// The files that a finding is about: those that it cites, and those that its fixes change.
pub(super) fn places(finding: &Finding) -> BTreeSet<RepoPath> {
    let cited = finding.anchors.iter().map(|anchor| anchor.path.clone());
    let of_fixes = finding.fixes.iter().flat_map(|fix| {
        let files = patch::parse(&fix.diff).map(|patch| patch.files).unwrap_or_default();
        let names = files.into_iter().flat_map(|file| [file.path, file.old_path]).flatten();
        names.filter_map(|name| RepoPath::new(name).ok()).chain(fix.path.clone()).collect::<Vec<_>>()
    });
    cited.chain(of_fixes).collect()
}

/// What it changed, or what it answered where it changed nothing. Reads the checkout.
pub(super) fn draft(said: &Completion, checkout: &Checkout, brief: &Brief) -> Result<Draft, NoDraft> {
    let no = |why: String, ended| NoDraft { why, ended, summary: String::new() };
    let edited = checkout.changes(&brief.snapshot, &brief.sending);
    let edited = edited.map_err(|why| no(why.to_string(), Ended::Again))?;
    let mended = answer::mended(said);
    if let Some(failure) = &said.failure {
        // Who edited and then broke the form of its answer has edited all the same; who was stopped has not done.
        let has_done = failure.kind == FailureKind::BadOutput && !edited.is_empty();
        if !has_done {
            return Err(no(format!("{failure}"), Ended::ForGood));
        }
    }
    let reveal = |text: &str| brief.sending.masker.as_ref().map_or_else(|| text.to_owned(), |m| m.reveal(text));
    if !edited.is_empty() {
        let Mended { summary, files, .. } = mended.unwrap_or_default();
        let diff: String = edited.iter().map(diff_of).collect();
        let texts = edited.into_iter().map(|Edited { path, before, after }| {
            let text = |text: Option<String>| text.map(|text| reveal(&text));
            (path, EditedText { before: text(before), after: text(after) })
        });
        return Ok(Draft { summary, diff: reveal(&diff), needs: needs(&files), edited: texts.collect() });
    }
    let Mended { summary, diff, files } = mended.map_err(|failure| no(failure.to_string(), Ended::Again))?;
    if diff.trim().is_empty() {
        let why = if summary.is_empty() { String::new() } else { format!(": {summary}") };
        return Err(NoDraft { why: format!("it changed nothing{why}"), ended: Ended::ForGood, summary });
    }
    Ok(Draft { summary, diff: reveal(&diff), needs: needs(&files), edited: Vec::new() })
}

fn needs(files: &[(String, String)]) -> BTreeSet<RepoPath> {
    files.iter().filter_map(|(path, _)| RepoPath::new(path.trim().trim_start_matches("./")).ok()).collect()
}

fn diff_of(edited: &Edited) -> String {
    change_as_diff(&edited.path, (edited.before.as_deref(), edited.after.as_deref()), 3)
}

/// What becomes of a file, as `git diff` writes it, with so many lines around each change.
pub(super) fn change_as_diff(path: &RepoPath, (before, after): (Option<&str>, Option<&str>), context: u32) -> String {
    let kind = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Deleted,
        (Some(_), Some(_)) => ChangeKind::Modified,
    };
    let file = ChangedFile {
        path: path.clone(),
        kind,
        hunks: line_hunks(before.unwrap_or_default(), after.unwrap_or_default()),
        old: before.map(Into::into),
        new: after.map(Into::into),
        lossy: false,
    };
    unified_diff(&file, context)
}
