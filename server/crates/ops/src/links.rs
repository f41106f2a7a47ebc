//! A person's word on which remarks are one issue. The round that is stored does not change: it holds from the next on.

use super::decide::change;
use super::log::{self, Done};
use super::{Found, OpenBranch, OpsError, find, find_all, learn};
use finding::{AgentName, Decisions, Finding, FindingId, Lesson, Link, LinkKind, RawFinding, Round};

/// A word that is stored.
#[derive(Debug, Clone)]
pub struct Linked {
    /// What was said.
    pub kind: LinkKind,
    /// The findings, by label.
    pub labels: Vec<String>,
    /// The title of the first.
    pub title: String,
    /// After a split: who said what is a finding of its own then.
    pub parts: Vec<Vec<AgentName>>,
    /// Everything that is decided now.
    pub decisions: Decisions,
}

/// Makes several findings of one: each remark by itself, or those of `agents` (by name or label) apart from the rest.
///
/// # Errors
/// As [`find()`]; [`OpsError::OneRemark`], [`OpsError::NoPart`], [`OpsError::Everybody`], [`OpsError::AlikeRemarks`]; when
/// it cannot be stored.
pub fn split(open: &OpenBranch, round: &Round, name: &str, agents: &[String]) -> Result<Linked, OpsError> {
    let found = find(round, name)?;
    let parts = parts(round, found.finding, agents)?;
    let pairs = parts.iter().enumerate().flat_map(|(n, part)| parts[n + 1..].iter().map(move |other| (part, other)));
    let links = pairs.flat_map(|(part, other)| merge::split(part, other)).collect();
    let names = |part: &Vec<&RawFinding>| part.iter().map(|raw| raw.agent.clone()).collect();
    let parts = parts.iter().map(names).collect();
    Ok(Linked { parts, ..link(open, round, &[found], LinkKind::Split, links)? })
}

/// Makes one finding of several.
///
/// # Errors
/// As [`find_all`]; [`OpsError::OneFinding`], [`OpsError::AlikeRemarks`]; when it cannot be stored.
pub fn join<S: AsRef<str>>(open: &OpenBranch, round: &Round, names: &[S]) -> Result<Linked, OpsError> {
    let findings = find_all(round, names)?;
    let (first, rest) = findings.split_first().ok_or(OpsError::NothingNamed)?;
    if rest.is_empty() {
        return Err(OpsError::OneFinding { label: first.finding.label.clone() });
    }
    let remarks = round.remarks(first.finding);
    let links = rest.iter().flat_map(|other| merge::join(&remarks, &round.remarks(other.finding))).collect();
    link(open, round, &findings, LinkKind::Joined, links)
}

/// Takes back what was said of these findings, in whatever words they were raised in the branch's rounds.
///
/// # Errors
/// As [`find_all`]; [`OpsError::NothingToTakeBack`]; when the store cannot be used.
pub fn take_back<S: AsRef<str>>(
    open: &OpenBranch,
    round: &Round,
    kind: LinkKind,
    names: &[S],
) -> Result<Linked, OpsError> {
    let findings = find_all(round, names)?;
    let ids: Vec<FindingId> = findings.iter().map(|f| f.finding.id.clone()).collect();
    let rounds = open.branch.rounds()?.value;
    let prints = merge::known_by(rounds.iter().chain([round]), &ids);
    let mut taken = 0;
    let (changes, decisions) = change(open, |all| taken = merge::take_back(&mut all.links, kind, &prints))?;
    if taken == 0 {
        return Err(OpsError::NothingToTakeBack { kind, labels: labels(&findings).join(" and ") });
    }
    let done = if kind == LinkKind::Split { Done::SplitTakenBack } else { Done::JoinTakenBack };
    log::note(open, done, log::named(round, findings.iter().map(|f| f.index)), changes)?;
    learn::follow_link(open, round, &findings, None).map_err(|source| OpsError::NotLearnt { source })?;
    Ok(linked(&findings, kind, decisions))
}

fn link(
    open: &OpenBranch,
    round: &Round,
    findings: &[Found<'_>],
    kind: LinkKind,
    links: Vec<Link>,
) -> Result<Linked, OpsError> {
    if links.is_empty() {
        return Err(OpsError::AlikeRemarks { labels: labels(findings).join(" and ") });
    }
    let (changes, decisions) = change(open, |all| all.links.extend(links))?;
    let done = if kind == LinkKind::Split { Done::Split } else { Done::Joined };
    log::note(open, done, log::named(round, findings.iter().map(|f| f.index)), changes)?;
    let lesson = if kind == LinkKind::Split { Lesson::SeveralIssues } else { Lesson::OneIssue };
    learn::follow_link(open, round, findings, Some(lesson)).map_err(|source| OpsError::NotLearnt { source })?;
    Ok(linked(findings, kind, decisions))
}

fn linked(findings: &[Found<'_>], kind: LinkKind, decisions: Decisions) -> Linked {
    let title = findings.first().map(|f| f.finding.title.clone()).unwrap_or_default();
    Linked { kind, labels: labels(findings), title, parts: Vec::new(), decisions }
}

fn labels(findings: &[Found<'_>]) -> Vec<String> {
    findings.iter().map(|f| f.finding.label.clone()).collect()
}

/// The remarks of the finding as they are to be: those of the named agents and the rest, or each by itself.
fn parts<'a>(round: &'a Round, finding: &Finding, agents: &[String]) -> Result<Vec<Vec<&'a RawFinding>>, OpsError> {
    let label = || finding.label.clone();
    let all = round.remarks(finding);
    if all.len() < 2 {
        return Err(OpsError::OneRemark { label: label() });
    }
    if agents.is_empty() {
        return Ok(all.into_iter().map(|raw| vec![raw]).collect());
    }
    let is = |raw: &RawFinding, name: &str| {
        raw.agent.as_str().eq_ignore_ascii_case(name) || round.label_of(&raw.agent).eq_ignore_ascii_case(name)
    };
    if let Some(unknown) = agents.iter().find(|name| !all.iter().any(|raw| is(raw, name))) {
        let by: Vec<&str> = finding.agents().iter().map(|agent| agent.as_str()).collect();
        return Err(OpsError::NoPart { agent: unknown.clone(), label: label(), by: by.join(", ") });
    }
    let (apart, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|raw| agents.iter().any(|name| is(raw, name)));
    if rest.is_empty() {
        return Err(OpsError::Everybody { label: label() });
    }
    Ok(vec![apart, rest])
}
