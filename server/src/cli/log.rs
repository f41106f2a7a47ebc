//! `deep-review log` and `deep-review undo`: what was done on the branch, and taking the last of it back.

use super::args::{LogArgs, UndoArgs};
use super::context::{Context, told};
use super::{Exit, output};
use ops::{Done, Entry, LogList, OpenBranch, UndoError, WorkTree};
use report::sanitize::printable;

pub(super) fn log(context: &Context, args: &LogArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let entries = told(ops::log(&open));
    let text = if args.format.is_json() {
        output::document(&LogList(entries.iter().rev().map(Into::into).collect()))?
    } else if entries.is_empty() {
        "Nothing was done on this branch yet.\n".to_owned()
    } else {
        entries.iter().rev().map(line).collect()
    };
    output::page(&text)?;
    Ok(Exit::Done)
}

pub(super) fn undo(context: &Context, args: &UndoArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let tree = WorkTree::of(&open.repository)?;
    if args.agents {
        return undo_agents(&open, &tree);
    }
    let entry = ops::undo(&open, &tree)?;
    output::print(&format!("Taken back: {}\n", what(&entry)))?;
    Ok(Exit::Done)
}

fn undo_agents(open: &OpenBranch, tree: &WorkTree) -> anyhow::Result<Exit> {
    let all = ops::undo_agents(open, tree);
    if all.is_empty() {
        output::print("No coding agent did anything here that is not taken back.\n")?;
        return Ok(Exit::Done);
    }
    let line = |done: &Result<Entry, Box<(Entry, UndoError)>>| match done.as_ref().map_err(Box::as_ref) {
        Ok(entry) => format!("Taken back: {}\n", what(entry)),
        Err((entry, why)) => format!("Stays: {}\n       {}\n", what(entry), printable(&why.to_string())),
    };
    output::print(&all.iter().map(line).collect::<String>())?;
    Ok(if all.iter().all(Result::is_ok) { Exit::Done } else { Exit::Incomplete })
}

fn line(entry: &Entry) -> String {
    let undone = if entry.undone.is_some() { "  (taken back)" } else { "" };
    format!("{:>4}  {}  {}{undone}\n", entry.number, entry.at.strftime("%Y-%m-%d %H:%M"), what(entry))
}

/// "dismissed I2 The lock is held"
pub(super) fn what(entry: &Entry) -> String {
    let word = word(entry.done);
    let labels: Vec<&str> = entry.findings.iter().map(|f| f.label.as_str()).collect();
    let of = match (&entry.findings[..], entry.rounds()) {
        ([], [number]) => format!("round {number}"),
        ([], [first, .., last]) => format!("rounds {first} to {last}"),
        ([one], _) => format!("{} {}", one.label, one.title),
        _ => labels.join(", "),
    };
    let files: Vec<&str> = entry.files().map(finding::RepoPath::as_str).collect();
    let files = if files.is_empty() { String::new() } else { format!(" in {}", files.join(", ")) };
    let by = entry.by.as_ref().map(|agent| format!(", by {agent}")).unwrap_or_default();
    printable(&format!("{word} {of}{files}{by}"))
}

fn word(done: Done) -> &'static str {
    match done {
        Done::Dismissed => "dismissed",
        Done::Reopened => "reopened",
        Done::Graded => "gave another severity to",
        Done::Split => "split",
        Done::Joined => "joined",
        Done::SplitTakenBack => "took the split back of",
        Done::JoinTakenBack => "took the join back of",
        Done::Applied => "applied",
        Done::Imported => "imported",
    }
}
