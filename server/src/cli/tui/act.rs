//! What is done to a finding, through the operations: each says in a line what it did.

use super::super::log;
use anyhow::Context as _;
use finding::{Attempt, DismissReason, FindingId};
use ops::{ApplyPlan, Dismissal, Now, Selection};

/// What a key asks for, besides another look.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Apply a fix, or what applies of all of them.
    Apply {
        finding: FindingId,
        fix: Option<usize>,
        is_agreed: bool,
    },
    Dismiss {
        finding: FindingId,
        kind: DismissReason,
        reason: String,
    },
    Reopen {
        finding: FindingId,
    },
    /// Have an agent mend it.
    Mend {
        finding: FindingId,
    },
    /// Write what an agent made.
    Take {
        attempts: Vec<Attempt>,
    },
    /// Stop the agent.
    Stop,
    /// Open its place in the user's editor.
    Open {
        finding: FindingId,
    },
    Undo,
    Reread,
    Quit,
}

/// What came of an act.
#[derive(Debug)]
pub(super) enum Came {
    /// It is done.
    Done(String),
    /// Something is as it was before, and that finding with it.
    Back { what: String, finding: Option<FindingId> },
    /// It is to be agreed to first.
    Ask { question: String, act: Act },
}

/// Applies what is certain; what is not only when that was agreed to.
pub(super) fn apply(now: &Now, finding: &FindingId, fix: Option<usize>, is_agreed: bool) -> anyhow::Result<Came> {
    let index = ops::find(&now.round, finding.as_str())?.index;
    let one = [index];
    let selection = fix.map_or(Selection::Findings(&one), |fix| Selection::Fix { finding: index, fix });
    let plan = ops::plan(&now.writing(), selection);
    let label = &now.round.findings[index].label;
    if plan.taken.is_empty() {
        let why = plan.refused.first().map(|refused| refused.why.to_string()).unwrap_or_default();
        anyhow::bail!("{label}: {why}");
    }
    if !plan.is_certain() && !is_agreed {
        let question = format!("The place of {label}'s fix is not certain. Apply it as shown?");
        return Ok(Came::Ask { question, act: Act::Apply { finding: finding.clone(), fix, is_agreed: true } });
    }
    write(now, &plan, label)
}

/// Writes what an agent made and proved.
pub(super) fn take(now: &Now, attempts: &[Attempt]) -> anyhow::Result<Came> {
    let proven: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.is_proven()).collect();
    let plan = ops::plan_of_attempts(&now.open.store, &now.round, now.writing().current, &proven)?;
    let labels: Vec<&str> = proven.iter().map(|attempt| attempt.label.as_str()).collect();
    write(now, &plan, &labels.join(", "))
}

fn write(now: &Now, plan: &ApplyPlan, labels: &str) -> anyhow::Result<Came> {
    let written = ops::apply(&now.open, &now.round, plan, &now.current.tree)?;
    let files: Vec<&str> = plan.files.keys().map(finding::RepoPath::as_str).collect();
    let left: Vec<String> = plan.not_applied().map(|(label, why)| format!("; not all of {label}: {why}")).collect();
    let back = match written.logged {
        Ok(()) => "; u takes it back".to_owned(),
        Err(why) => format!("; {why}"),
    };
    Ok(Came::Done(format!("Applied {labels} in {}{}{back}", files.join(", "), left.concat())))
}

pub(super) fn dismiss(now: &Now, finding: &FindingId, kind: DismissReason, reason: &str) -> anyhow::Result<Came> {
    let why = Dismissal::new(kind, Some(reason))?;
    let decided = ops::dismiss(&now.open, &now.round, finding.as_str(), why)?;
    Ok(Came::Done(format!("Dismissed {}: {reason}; u takes it back", decided.label)))
}

pub(super) fn reopen(now: &Now, finding: &FindingId) -> anyhow::Result<Came> {
    let decided = ops::reopen(&now.open, &now.round, finding.as_str())?;
    Ok(Came::Done(format!("Reopened {}", decided.label)))
}

pub(super) fn undo(now: &Now) -> anyhow::Result<Came> {
    let entry = ops::undo(&now.open, &now.current.tree).context("nothing was taken back")?;
    let finding = entry.findings.first().map(|named| named.id.clone());
    Ok(Came::Back { what: format!("Taken back: {}", log::what(&entry)), finding })
}
