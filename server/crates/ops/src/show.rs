//! One finding, whole: what was said, the code as it is now, and what each fix would do.

use super::diff::diff;
use super::listing::{FindingRow, Maps, StateName, row};
use super::plan::{Selection, plan, would_apply};
use super::states::{Situation, states};
use finding::{AgentName, Attempt, Classification, Finding, LineRange, Message, RepoPath, RuleRef, Severity, State};
use serde::Serialize;

/// Lines of code that are shown before and after a finding's own.
const AROUND: u32 = 3;

/// Most lines of code that are shown.
const MOST_LINES: u32 = 60;

/// A finding with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(title = "deep-review show --format json")]
pub struct FindingWhole {
    /// As in a list.
    #[serde(flatten)]
    pub row: FindingRow,
    /// Markdown, as agents wrote it.
    pub body: String,
    /// The function, type or section it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// How it relates to the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// The rule it is an instance of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// How a disagreement on its severity was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<String>,
    /// By whom it was given its severity, why, and which it has by its agents, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graded: Option<String>,
    /// What an earlier decision says of its like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<String>,
    /// Why it was declined, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed: Option<String>,
    /// The coding agent that declined it, where no person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismissed_by: Option<String>,
    /// What each agent said.
    pub remarks: Vec<Remark>,
    /// Other places of it: path and lines as they were reviewed.
    pub places: Vec<Place>,
    /// The code at its main place, as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The suggested fixes, the best first.
    pub suggestions: Vec<Suggestion>,
    /// What agents made of it since, when they were asked to mend it; the oldest first.
    pub attempts: Vec<Attempt>,
    /// What was asked and answered about it since; the oldest first.
    pub thread: Vec<Message>,
}

/// What one agent said.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Remark {
    /// Who.
    pub agent: AgentName,
    /// How grave it found it.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
}

/// A place beside the main one.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Place {
    /// The file.
    pub path: RepoPath,
    /// Its lines as they were reviewed, 1-based.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineRange>,
}

/// Lines of a file as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Code {
    /// Number of the first line, 1-based.
    pub first: u32,
    /// The lines, without their endings.
    pub lines: Vec<String>,
}

/// A suggested fix.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Suggestion {
    /// Its number, 0-based.
    pub number: usize,
    /// What it does, in a few words, where the agent said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who suggested it.
    pub by: Vec<AgentName>,
    /// Whether it applies to the text as it is now.
    pub applies: bool,
    /// Whether its place is certain, so that it may be applied with others unseen.
    pub certain: bool,
    /// Why it does not apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// What it does to the files as they are now; what the agent wrote where it does not apply.
    pub diff: String,
}

/// A finding of the round of `situation`, by its index in [`Round::findings`](finding::Round::findings).
#[must_use]
pub fn show(situation: &Situation<'_>, index: usize) -> Option<FindingWhole> {
    let finding = situation.round.findings.get(index)?;
    let state = states(situation).remove(&finding.id).unwrap_or(State::Open);
    let applies = would_apply(situation, &[index]).first().copied().unwrap_or(false);
    let row = row(finding, StateName::from(&state), applies, &mut Maps::new(situation));
    let dismissed = match &state {
        State::Dismissed { reason, text } if text.is_empty() => Some(reason.to_string()),
        State::Dismissed { reason, text } => Some(format!("{reason}: {text}")),
        _ => None,
    };
    let decided = situation.decisions.resolutions.get(&finding.id).filter(|_| dismissed.is_some());
    let place = |anchor: &finding::Anchor| Place { path: anchor.path.clone(), lines: anchor.lines };
    Some(FindingWhole {
        body: finding.body.clone(),
        symbol: finding.symbol.clone(),
        classification: finding.classification,
        rule: finding.rule.clone(),
        dispute: finding.dispute.clone(),
        graded: finding.graded.as_ref().map(ToString::to_string),
        learned: finding.learned.as_ref().map(ToString::to_string),
        dismissed,
        dismissed_by: decided.and_then(|resolution| resolution.by.clone()),
        remarks: remarks(situation, finding),
        places: finding.anchors.iter().skip(1).map(place).collect(),
        code: code(situation, &row),
        suggestions: (0..finding.fixes.len()).map(|fix| suggestion(situation, index, finding, fix)).collect(),
        attempts: finding.attempts.clone(),
        thread: finding.thread.clone(),
        row,
    })
}

fn remarks(situation: &Situation<'_>, finding: &Finding) -> Vec<Remark> {
    let remark = |raw: &finding::RawFinding| Remark {
        agent: raw.agent.clone(),
        severity: raw.severity,
        title: raw.title.clone(),
        body: raw.body.clone(),
    };
    situation.round.remarks(finding).into_iter().map(remark).collect()
}

fn code(situation: &Situation<'_>, row: &FindingRow) -> Option<Code> {
    let (path, own) = (row.path.as_ref()?, row.lines?);
    let text = situation.current.read(path).ok().flatten()?;
    let first = own.start().saturating_sub(AROUND).max(1);
    let last = (own.end() + AROUND).min(first + MOST_LINES);
    let skip = usize::try_from(first - 1).ok()?;
    let take = usize::try_from(last + 1 - first).ok()?;
    let shown: Vec<String> = lines::split(&text).skip(skip).take(take).map(str::to_owned).collect();
    (!shown.is_empty()).then_some(Code { first, lines: shown })
}

fn suggestion(situation: &Situation<'_>, index: usize, finding: &Finding, number: usize) -> Suggestion {
    let fix = &finding.fixes[number];
    let plan = plan(situation, Selection::Fix { finding: index, fix: number });
    let taken = plan.taken.first();
    Suggestion {
        number,
        note: fix.note.clone(),
        by: fix.by.clone(),
        applies: taken.is_some(),
        certain: taken.is_some_and(|taken| taken.placement.is_certain()),
        why_not: plan.refused.first().map(|refused| refused.why.to_string()),
        diff: if taken.is_some() { diff(&plan) } else { fix.diff.clone() },
    }
}
