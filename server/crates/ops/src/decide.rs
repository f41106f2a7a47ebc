use super::log::{self, Changes, Done};
use super::{Found, OpenBranch, OpsError, find, learn};
use finding::{Decisions, DismissReason, Finding, FindingId, Grade, Resolution, Round, Severity, State};
use jiff::Timestamp;

/// Longest reason in a person's words, in bytes.
pub const MAX_REASON: usize = 4096;

/// Why a finding is declined; never nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    kind: DismissReason,
    text: String,
}

impl Dismissal {
    /// For a reason in a person's own words, or for its kind alone where somebody picked that (`None`).
    ///
    /// # Errors
    /// [`OpsError::NoReason`] for words that are none, [`OpsError::LongReason`] over [`MAX_REASON`].
    pub fn new(kind: DismissReason, words: Option<&str>) -> Result<Self, OpsError> {
        Ok(Self { kind, text: said(words)? })
    }
}

/// A reason in a person's own words; empty where they gave none.
fn said(words: Option<&str>) -> Result<String, OpsError> {
    match words.map(str::trim) {
        None => Ok(String::new()),
        Some("") => Err(OpsError::NoReason),
        Some(words) if words.len() > MAX_REASON => Err(OpsError::LongReason { bytes: words.len(), most: MAX_REASON }),
        Some(words) => Ok(words.to_owned()),
    }
}

/// A decision that is stored.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The finding.
    pub id: FindingId,
    /// Its label in the round.
    pub label: String,
    /// Its title.
    pub title: String,
    /// Everything that is decided now.
    pub decisions: Decisions,
}

/// Declines a finding of a round; later rounds remember, and its like is told of it.
///
/// # Errors
/// As [`find()`], and when it cannot be stored.
pub fn dismiss(open: &OpenBranch, round: &Round, name: &str, why: Dismissal) -> Result<Decided, OpsError> {
    decide(open, round, name, State::Dismissed { reason: why.kind, text: why.text })
}

/// Opens a finding of a round again.
///
/// # Errors
/// As [`find()`], and when it cannot be stored.
pub fn reopen(open: &OpenBranch, round: &Round, name: &str) -> Result<Decided, OpsError> {
    decide(open, round, name, State::Open)
}

/// Gives a finding of a round a severity that counts more than what its agents say, in all rounds from now on; its label
/// stays. The one that it has by its agents takes such a word back. Its like is told of it.
///
/// # Errors
/// As [`find()`]; [`OpsError::SeverityAsItIs`], a reason as of a [`Dismissal`], and when it cannot be stored.
pub fn grade(
    open: &OpenBranch,
    round: &Round,
    name: &str,
    severity: Severity,
    reason: Option<&str>,
) -> Result<Decided, OpsError> {
    let Found { index, finding } = find(round, name)?;
    let reason = said(reason)?;
    if finding.severity == severity {
        return Err(OpsError::SeverityAsItIs { label: finding.label.clone(), severity });
    }
    let is_back = finding.graded.as_ref().is_some_and(|graded| graded.was == severity);
    let (at, by) = (Timestamp::now(), open.by.clone());
    let grade = Grade { severity, reason, at, round: round.id.clone(), by };
    let (changes, decisions) = change(open, |all| {
        let before =
            if is_back { all.grades.remove(&finding.id) } else { all.grades.insert(finding.id.clone(), grade) };
        drop(before);
    })?;
    log::note(open, Done::Graded, log::named(round, [index]), changes)?;
    learn::follow(open, round, finding, &decisions).map_err(|source| OpsError::NotLearnt { source })?;
    Ok(Decided { id: finding.id.clone(), label: finding.label.clone(), title: finding.title.clone(), decisions })
}

fn decide(open: &OpenBranch, round: &Round, name: &str, state: State) -> Result<Decided, OpsError> {
    let Found { index, finding } = find(round, name)?;
    let done = if state == State::Open { Done::Reopened } else { Done::Dismissed };
    let resolution = resolution(open, round, finding, state);
    let (changes, decisions) = change(open, |all| drop(all.resolutions.insert(finding.id.clone(), resolution)))?;
    log::note(open, done, log::named(round, [index]), changes)?;
    learn::follow(open, round, finding, &decisions).map_err(|source| OpsError::NotLearnt { source })?;
    Ok(Decided { id: finding.id.clone(), label: finding.label.clone(), title: finding.title.clone(), decisions })
}

/// Changes the decisions; gives what is different since, and what they are.
pub(crate) fn change(open: &OpenBranch, change: impl FnOnce(&mut Decisions)) -> Result<(Changes, Decisions), OpsError> {
    let mut before = Decisions::default();
    let after = open.branch.decide(|all| {
        before = all.clone();
        change(all);
    })?;
    Ok((Changes::between(&before, &after), after))
}

/// The state as of now.
fn resolution(open: &OpenBranch, round: &Round, finding: &Finding, state: State) -> Resolution {
    let (code, by) = (code(open, round, finding), open.by.clone());
    Resolution { state, at: Timestamp::now(), round: round.id.clone(), code, commit: None, by }
}

/// The hash of the code that the decision is about, so that it ends when that changes.
fn code(open: &OpenBranch, round: &Round, finding: &Finding) -> Option<String> {
    let anchor = finding.main_anchor()?;
    let text = open.store.text(round.texts.get(&anchor.path)?)?;
    merge::code_hash(anchor, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_never_nothing() {
        let text = |words: Option<&str>| Dismissal::new(DismissReason::Later, words).map(|d| d.text);
        assert_eq!(text(Some(" in its own change\n")).unwrap(), "in its own change");
        assert_eq!(text(None).unwrap(), "", "its kind was picked");
        for blank in ["", "  ", "\n\t"] {
            assert!(matches!(text(Some(blank)), Err(OpsError::NoReason)), "{blank:?}");
        }
        assert!(text(Some(&"x".repeat(MAX_REASON))).is_ok());
        assert!(matches!(text(Some(&"x".repeat(MAX_REASON + 1))), Err(OpsError::LongReason { .. })));
    }
}
