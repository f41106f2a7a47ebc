use super::decide::{change, resolution};
use super::log::{self, Changes, Done};
use super::plan::ApplyPlan;
use super::worktree::{WorkTree, WriteError};
use super::{OpenBranch, OpsError};
use finding::{Decisions, Round, State};

/// Writes a plan into the work tree, all files or none; then notes the findings that it resolves, and what was done.
///
/// # Errors
/// When nothing was written. That it is written and could not be noted is no such error: see [`Written::noted`].
pub fn apply(open: &OpenBranch, round: &Round, plan: &ApplyPlan, tree: &WorkTree) -> Result<Written, WriteError> {
    tree.change(plan)?;
    Ok(Written { noted: note_applied(open, round, plan) })
}

/// What became of a plan that is written.
#[derive(Debug)]
pub struct Written {
    /// Everything that is decided now; or why what was done could not be noted, though it is done.
    pub noted: Result<Decisions, OpsError>,
}

fn note_applied(open: &OpenBranch, round: &Round, plan: &ApplyPlan) -> Result<Decisions, OpsError> {
    let whole = plan.taken.iter().filter(|taken| taken.left.is_empty());
    let fixed = whole.filter_map(|taken| {
        let finding = round.findings.get(taken.finding)?;
        Some((finding.id.clone(), resolution(open, round, finding, State::Fixed)))
    });
    let fixed: Vec<_> = fixed.collect();
    let (changes, decisions) = if fixed.is_empty() {
        (Changes::default(), open.decisions()?.value)
    } else {
        change(open, |decisions| decisions.resolutions.extend(fixed))?
    };
    let findings = log::named(round, plan.taken.iter().map(|taken| taken.finding));
    if !findings.is_empty() {
        log::note(open, Done::Applied, findings, changes.with_files(open, plan)?)?;
    }
    Ok(decisions)
}
