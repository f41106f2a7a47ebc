//! What decisions of people teach: lines in one file of the repository, which agents and later rounds are given.

use super::plan::ApplyPlan;
use super::{CurrentTexts, Found, OpenBranch, OpsError, WorkTree};
use finding::{
    Decisions, DismissReason, Finding, FindingId, Grade, Learning, Learnings, Lesson, RepoPath, Resolution, Round,
    State,
};
use jiff::Timestamp;
use patch::FileOutcome;
use std::collections::BTreeSet;
use store::StoreError;

/// The learnings of the repository, as people may have edited them.
///
/// # Errors
/// When they cannot be read.
pub fn learnings(open: &OpenBranch) -> Result<Learnings, OpsError> {
    Ok(open.store.learnings()?)
}

/// Takes learnings away by their numbers, 1-based, in the order of [`Learnings::items`]; gives those that went.
///
/// # Errors
/// [`OpsError::UnknownLearning`], and then none goes; when they cannot be written.
pub fn forget(open: &OpenBranch, numbers: &[usize]) -> Result<Vec<String>, OpsError> {
    let count = learnings(open)?.items().len();
    if let Some(&number) = numbers.iter().find(|number| !(1..=count).contains(*number)) {
        return Err(OpsError::UnknownLearning { number, count });
    }
    Ok(open.store.change_learnings(|all| all.forget(numbers))?)
}

/// Adds a learning in somebody's own words.
///
/// # Errors
/// [`OpsError::NothingToLearn`] for none; when they cannot be written.
pub fn teach(open: &OpenBranch, words: &str) -> Result<(), OpsError> {
    if words.trim().is_empty() {
        return Err(OpsError::NothingToLearn);
    }
    Ok(open.store.change_learnings(|all| all.say(words))?)
}

/// Adds the learnings to the file that the project keeps for everybody, in the work tree; gives its path and how many
/// came to it. Committed, and on the base of a later branch, they hold for everybody.
///
/// # Errors
/// When either file cannot be read, or this one cannot be written.
pub fn share(open: &OpenBranch) -> Result<(RepoPath, usize), OpsError> {
    let tree = WorkTree::of(&open.repository)?;
    let path = Learnings::shared_path();
    let before = tree.read(&path)?;
    let mut shared = Learnings::read(before.as_deref().unwrap_or_default());
    let count = shared.items().len();
    shared.add_all(&learnings(open)?);
    let new = shared.items().len() - count;
    if new > 0 {
        let text = shared.to_string();
        let outcome = match before {
            Some(_) => FileOutcome::Edited { edits: Vec::new(), text },
            None => FileOutcome::Created { text },
        };
        let mut plan = ApplyPlan::default();
        plan.before.insert(path.clone(), before);
        plan.files.insert(path.clone(), outcome);
        tree.change(&plan)?;
    }
    Ok((path, new))
}

/// Has the learnings say what is decided on a finding now: what it taught before goes, and what a person said of it comes.
pub(super) fn follow(open: &OpenBranch, round: &Round, finding: &Finding, now: &Decisions) -> Result<(), StoreError> {
    let of = name(&[&finding.label], round);
    let dismissed = now.resolutions.get(&finding.id).and_then(|resolution| taught(finding, resolution, &of));
    let learning = dismissed.or_else(|| taught_severity(finding, now.grades.get(&finding.id)?, &of));
    put(open, &of, learning)
}

/// The same for a person's word on which remarks are one issue; `None` where it was taken back.
pub(super) fn follow_link(
    open: &OpenBranch,
    round: &Round,
    found: &[Found<'_>],
    lesson: Option<Lesson>,
) -> Result<(), StoreError> {
    let labels: Vec<&str> = found.iter().map(|found| found.finding.label.as_str()).collect();
    let of = name(&labels, round);
    let titles: Vec<String> = found.iter().map(|found| format!("\"{}\"", found.finding.title)).collect();
    let first = found.first().map(|found| found.finding);
    let files = found.iter().flat_map(|found| files(found.finding)).collect();
    let learning = lesson.zip(first).filter(|_| open.by.is_none()).map(|(lesson, first)| Learning {
        lesson,
        title: titles.join(" and "),
        rule: None,
        files,
        on: Timestamp::now().strftime("%Y-%m-%d").to_string(),
        ..blank(first, &of)
    });
    put(open, &of, learning)
}

/// The same for what was taken back of these findings, which have labels: a word on which remarks are one issue, or what
/// was decided on each.
pub(super) fn follow_back(open: &OpenBranch, findings: &[(&FindingId, &str)], is_link: bool) -> Result<(), StoreError> {
    let Some(round) = open.branch.newest()?.value else { return Ok(()) };
    if is_link {
        let labels: Vec<&str> = findings.iter().map(|(_, label)| *label).collect();
        return put(open, &name(&labels, &round), None);
    }
    let now = open.branch.decisions()?.value;
    let is_meant = |finding: &&Finding| findings.iter().any(|(id, _)| **id == finding.id);
    round.findings.iter().filter(is_meant).try_for_each(|finding| follow(open, &round, finding, &now))
}

/// What is kept is not written again: a decision that teaches nothing makes no file.
fn put(open: &OpenBranch, of: &str, learning: Option<Learning>) -> Result<(), StoreError> {
    open.store.change_learnings(|all| all.put(of, learning.filter(Learning::can_be_written)))
}

/// `I4 of topic`: no other decision of the repository is called so, since labels are not given twice.
fn name(labels: &[&str], round: &Round) -> String {
    format!("{} of {}", labels.join(" and "), round.scope.branch.as_deref().unwrap_or("no branch"))
}

/// What a decision teaches: one of a person who says why.
fn taught(finding: &Finding, resolution: &Resolution, of: &str) -> Option<Learning> {
    let State::Dismissed { reason, text } = &resolution.state else { return None };
    let lesson = match reason {
        DismissReason::FalsePositive => Lesson::NotAProblem,
        DismissReason::WontFix => Lesson::Stays,
        DismissReason::Later => return None,
    };
    if text.trim().is_empty() || resolution.by.is_some() {
        return None;
    }
    let on = resolution.at.strftime("%Y-%m-%d").to_string();
    Some(Learning { lesson, reason: text.clone(), on, ..blank(finding, of) })
}

/// What a severity teaches that a person gave.
fn taught_severity(finding: &Finding, grade: &Grade, of: &str) -> Option<Learning> {
    let (lesson, on) = (Lesson::Is(grade.severity), grade.at.strftime("%Y-%m-%d").to_string());
    grade.by.is_none().then(|| Learning { lesson, reason: grade.reason.clone(), on, ..blank(finding, of) })
}

fn blank(finding: &Finding, of: &str) -> Learning {
    Learning {
        folder: finding.main_anchor().map(|anchor| Learning::folder_of(&anchor.path)).unwrap_or_default(),
        rule: finding.rule.as_ref().map(|rule| rule.id.clone()),
        lesson: Lesson::NotAProblem,
        title: finding.title.clone(),
        reason: String::new(),
        of: of.to_owned(),
        files: files(finding),
        on: String::new(),
    }
}

/// The files that a finding is in, each once.
fn files(finding: &Finding) -> Vec<RepoPath> {
    let all: BTreeSet<&RepoPath> = finding.anchors.iter().map(|anchor| &anchor.path).collect();
    all.into_iter().cloned().collect()
}
