//! Fixes written, and findings declined. A fix is written only as a dry run has shown it: the dry run gives its plan a
//! name, which is that of what every file was and becomes, and another plan has another name.

use super::Answer;
use crate::bounds::NOTICE;
use crate::desk::Desk;
use crate::said::Refusal;
use config::McpRight;
use finding::{DismissReason, FindingId};
use ops::{ApplyPlan, Dismissal, Now, Selection};
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Arguments of `apply_fix`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyArgs {
    /// The finding, by label (I4) or id.
    id: String,
    /// The number of one suggestion, as `finding` lists them; without it, at each place the first that applies.
    fix: Option<usize>,
    /// The plan that a call without it has shown; what is written is exactly that. Without it nothing is written.
    plan: Option<String>,
}

/// What a fix does, or has done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Applied {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// The finding.
    label: String,
    /// Whether the files were written.
    applied: bool,
    /// What to pass as `plan` so that this is written; nothing if nothing applies or it is written already.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// Whether its place is certain; look at the diff with care where it is not.
    certain: bool,
    /// The change, as `git diff` writes it.
    diff: String,
    /// What is not in it, and why.
    not_applied: Vec<String>,
    /// Whether the diff was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

pub(crate) fn apply(desk: &Desk, args: &ApplyArgs) -> Result<Answer, Refusal> {
    if args.plan.is_some() {
        desk.may(McpRight::Apply)?;
    }
    let now = desk.now(None)?;
    let found = ops::find(&now.round, &args.id)?;
    let (finding, label) = (found.index, found.finding.label.clone());
    let plan = planned(&now, finding, args.fix)?;
    let name = (!plan.taken.is_empty()).then(|| name_of(&plan));
    match (&args.plan, name) {
        (None, name) => answer(label, &plan, name, false),
        (Some(_), None) => Err(Refusal::new(format!("nothing of {label} applies: {}", reasons(&plan).join("; ")))),
        (Some(wanted), Some(name)) if *wanted == name => {
            let written = ops::apply(&now.open, &now.round, &plan, &now.current.tree);
            let written = written.map_err(|e| Refusal::new(e.to_string()).with_remedy("look at the plan again"))?;
            written.logged?;
            answer(label, &plan, None, true)
        }
        (Some(_), Some(_)) => {
            Err(Refusal::new(format!("the plan is not what the fix of {label} does now; nothing was written"))
                .with_remedy(
                    "the files were changed since: call apply_fix without plan, look at the diff, and pass its plan",
                ))
        }
    }
}

fn planned(now: &Now, finding: usize, fix: Option<usize>) -> Result<ApplyPlan, Refusal> {
    let of = &now.round.findings[finding];
    Ok(match fix {
        None => ops::plan(&now.writing(), Selection::Findings(&[finding])),
        Some(number) if number < of.fixes.len() => ops::plan(&now.writing(), Selection::Fix { finding, fix: number }),
        Some(number) => {
            let (label, count) = (of.label.clone(), of.fixes.len());
            return Err(ops::OpsError::UnknownFix { label, number, count }.into());
        }
    })
}

/// What every file was and becomes.
fn name_of(plan: &ApplyPlan) -> String {
    let mut hash = Sha256::new();
    for part in [format!("{:?}", plan.files), format!("{:?}", plan.before)] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn reasons(plan: &ApplyPlan) -> Vec<String> {
    plan.not_applied().map(|(label, why)| printable(&format!("{label}: {why}"))).collect()
}

fn answer(label: String, plan: &ApplyPlan, name: Option<String>, applied: bool) -> Result<Answer, Refusal> {
    let (diff, not_applied) = (ops::diff(plan), reasons(plan));
    let head = match (applied, &name) {
        (true, _) => format!("Written. Call verify with {label}.\n"),
        (false, Some(name)) => format!("Nothing is written yet. To write this, call again with plan {name:?}.\n"),
        (false, None) => "Nothing applies.\n".to_owned(),
    };
    let rest: String = not_applied.iter().map(|why| format!("not applied: {why}\n")).collect();
    let said = format!("{head}{rest}{NOTICE}\n{diff}");
    let certain = plan.is_certain() && !plan.taken.is_empty();
    let applied = Applied { notice: NOTICE, label, applied, plan: name, certain, diff, not_applied, cut: None };
    Answer::new(&said, &applied)
}

/// Arguments of `dismiss`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DismissArgs {
    /// The finding, by label (I4) or id.
    id: String,
    /// Why, in words that its reviewer could check. Needed.
    #[schemars(length(min = 1))]
    reason: String,
    /// What kind of reason it is; that the finding is not true without it.
    kind: Option<DismissReason>,
}

/// A finding that was declined.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Dismissed {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// Its id.
    id: FindingId,
    /// Its label.
    label: String,
    /// Its title.
    title: String,
    /// Who is marked as having decided it.
    by: String,
    /// How the user takes it back.
    undo: &'static str,
}

pub(crate) fn dismiss(desk: &Desk, args: &DismissArgs) -> Result<Answer, Refusal> {
    let why = Dismissal::new(args.kind.unwrap_or(DismissReason::FalsePositive), Some(&args.reason))?;
    let now = desk.now(None)?;
    let decided = ops::dismiss(&now.open, &now.round, &args.id, why)?;
    let (id, label, title) = (decided.id, decided.label, decided.title);
    let undo = "deep-review undo --agents";
    let said = format!("Declined {label}, as decided by {}. The user can take it back: {undo}\n", desk.agent);
    Answer::new(&said, &Dismissed { notice: NOTICE, id, label, title, by: desk.agent.clone(), undo })
}
