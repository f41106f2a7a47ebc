use super::log::{self, Changes, Done};
use super::plan::ApplyPlan;
use super::worktree::{WorkTree, WriteError};
use super::{OpenBranch, OpsError};
use finding::Round;

/// What became of a plan that is written.
#[derive(Debug)]
pub struct Written {
    /// That what was done is in the log; or why not, though it is done.
    pub logged: Result<(), OpsError>,
}

/// Writes a plan into the work tree, all files or none, and then what was done into the log. That its findings are fixed
/// is not noted anywhere: the text says so, as long as it does.
///
/// # Errors
/// When nothing was written. That it is written and not in the log is no such error: see [`Written::logged`].
pub fn apply(open: &OpenBranch, round: &Round, plan: &ApplyPlan, tree: &WorkTree) -> Result<Written, WriteError> {
    tree.change(plan)?;
    Ok(Written { logged: log_applied(open, round, plan) })
}

fn log_applied(open: &OpenBranch, round: &Round, plan: &ApplyPlan) -> Result<(), OpsError> {
    let findings = log::named(round, plan.taken.iter().map(|taken| taken.finding));
    if findings.is_empty() {
        return Ok(());
    }
    log::note(open, Done::Applied, findings, Changes::default().with_files(open, plan)?)
}
