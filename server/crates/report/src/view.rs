//! What a report says, worked out from a round once and laid out by Markdown and HTML alike.

use super::pills::{Agents, Pill};
use super::said::SaidView;
use super::words::{count_of, one_line};
use super::{Texts, retro, said};
use finding::document::NO_REVIEW_BY;
use finding::{
    AgentKind, AgentName, Anchor, Assessment, Classification, Decisions, Feedback, Finding, FindingId, FindingStatus,
    Fixup, LineRange, ObservationKind, Resolution, Round, Severity, State, Verdict, Work, counted,
};
use jiff::tz::TimeZone;
use serde::Serialize;

/// The most lines of code that are quoted for a finding.
const MOST_QUOTED: u32 = 40;

/// A report's content.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    pub(super) id: &'a str,
    pub(super) date: String,
    pub(super) number: u32,
    pub(super) author: &'a str,
    pub(super) pull_request: Option<PullRequestView<'a>>,
    pub(super) branch: Option<&'a str>,
    pub(super) base: &'a str,
    pub(super) commits: Vec<(&'a str, &'a str)>,
    pub(super) reviewers: Vec<Pill<'a>>,
    pub(super) verdict: String,
    pub(super) verdict_note: String,
    pub(super) wall_clock: String,
    pub(super) summary: Option<&'a str>,
    pub(super) since: Option<SinceView<'a>>,
    pub(super) severities: Vec<SeverityView<'a>>,
    pub(super) doubtful: Vec<FindingView<'a>>,
    pub(super) refuted: Vec<FindingView<'a>>,
    pub(super) concerns: Vec<ObservationView<'a>>,
    pub(super) strengths: Vec<ObservationView<'a>>,
    pub(super) testing: Option<&'a str>,
    pub(super) untested: Vec<&'a str>,
    pub(super) documentation: Option<&'a str>,
    pub(super) commit_structure: Option<&'a str>,
    pub(super) fixups: Vec<FixupView<'a>>,
    pub(super) limitations: Vec<LimitationView<'a>>,
    pub(super) feedback: Vec<FeedbackView<'a>>,
    pub(super) resolved_feedback: Vec<FeedbackView<'a>>,
    /// What is said where there is none of it.
    pub(super) no_feedback: String,
    pub(super) declined: Vec<DeclinedView<'a>>,
    pub(super) reviewed: Vec<ReviewedView<'a>>,
    pub(super) left_out: Vec<(&'a str, String)>,
    pub(super) retro: Vec<RetroView<'a>>,
    /// Views of the whole of agents that have not answered since, with their rounds.
    pub(super) said_before: Vec<(Pill<'a>, u32, Vec<ViewOfWhole<'a>>)>,
    pub(super) figures: Vec<(String, Vec<String>)>,
    /// What agents were called for besides the review.
    pub(super) calls: Option<String>,
    pub(super) resolutions: Vec<ResolutionView<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct PullRequestView<'a> {
    pub(super) number: u64,
    pub(super) title: &'a str,
    pub(super) url: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct SeverityView<'a> {
    pub(super) severity: Severity,
    pub(super) heading: &'static str,
    pub(super) findings: Vec<FindingView<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingView<'a> {
    pub(super) id: &'a str,
    pub(super) label: &'a str,
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) agents: Vec<Pill<'a>>,
    pub(super) places: Vec<String>,
    pub(super) quote: Option<Quote<'a>>,
    pub(super) body: &'a str,
    pub(super) classification: Option<&'static str>,
    pub(super) rule: Option<&'a str>,
    pub(super) rule_url: Option<&'a str>,
    pub(super) symbol: Option<&'a str>,
    pub(super) dispute: Option<&'a str>,
    /// Who had the last word on its severity, and why.
    pub(super) settled: Option<String>,
    /// By whom it was given its severity.
    pub(super) graded: Option<String>,
    pub(super) learned: Option<String>,
    /// Why its evidence does not hold.
    pub(super) doubts: Option<String>,
    /// What others say to the contrary, a line each.
    pub(super) contrary: Vec<String>,
    /// What its agents say besides what stands here already.
    pub(super) said: Vec<SaidView<'a>>,
    /// Who said the same on the pull request, when, and whether that is resolved, a line each.
    pub(super) people: Vec<String>,
    /// Who said it in which earlier round, and has not answered about it since.
    pub(super) earlier: Vec<(Pill<'a>, u32)>,
    pub(super) verification: Option<String>,
    pub(super) fixes: Vec<FixView<'a>>,
    /// What agents made of it since when they were asked to fix it, a line each.
    pub(super) attempts: Vec<String>,
    /// Who asked or answered what about it since.
    pub(super) thread: Vec<MessageView<'a>>,
    pub(super) since: Option<u32>,
    pub(super) state: Option<String>,
    pub(super) confidence: f64,
    pub(super) why: &'a [String],
}

/// Something that was said about a finding after it was raised.
#[derive(Debug, Serialize)]
pub(super) struct MessageView<'a> {
    pub(super) who: String,
    pub(super) text: &'a str,
}

/// Code with the number of its first line where it is known.
#[derive(Debug, Serialize)]
pub(super) struct Quote<'a> {
    pub(super) path: &'a str,
    pub(super) start: Option<u32>,
    pub(super) lines: Vec<&'a str>,
    /// Lines of the cited range that were left out at its end.
    pub(super) more: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct FixView<'a> {
    pub(super) note: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) diff: &'a str,
    pub(super) by: Vec<Pill<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct ObservationView<'a> {
    pub(super) title: &'a str,
    pub(super) scope: Option<&'static str>,
    pub(super) body: &'a str,
    pub(super) places: Vec<String>,
    pub(super) agents: Vec<Pill<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct FixupView<'a> {
    /// The shortened commit.
    pub(super) commit: &'a str,
    /// Its subject, where the round has it.
    pub(super) subject: String,
    /// Labels of the findings.
    pub(super) findings: Vec<&'a str>,
}

impl FixupView<'_> {
    /// A line for a shell; what stands behind it is for people.
    pub(super) fn command(&self) -> String {
        let subject = if self.subject.is_empty() { String::new() } else { format!(": {}", self.subject) };
        format!("git commit --fixup={}  # {}{subject}", self.commit, self.findings.join(", "))
    }
}

/// What is different from the round before.
#[derive(Debug, Serialize)]
pub(super) struct SinceView<'a> {
    pub(super) round: u32,
    pub(super) new: Vec<(&'a str, String)>,
    pub(super) gone: Vec<GoneView<'a>>,
}

/// A finding of an earlier round that is none of this one.
#[derive(Debug, Serialize)]
pub(super) struct GoneView<'a> {
    pub(super) label: &'a str,
    pub(super) title: String,
    pub(super) round: u32,
    /// `fixed`, `its code is gone`, `part of I3`.
    pub(super) fate: String,
}

/// One agent's view of the whole, where it is not what stands in the report already: what it is about, and the words.
#[derive(Debug, Serialize)]
pub(super) struct ViewOfWhole<'a> {
    pub(super) about: &'static str,
    pub(super) text: std::borrow::Cow<'a, str>,
}

#[derive(Debug, Serialize)]
pub(super) struct LimitationView<'a> {
    pub(super) title: &'a str,
    pub(super) place: Option<String>,
    /// The words in which it is admitted.
    pub(super) quote: Option<&'a str>,
    pub(super) body: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct FeedbackView<'a> {
    pub(super) author: &'a str,
    pub(super) text: &'a str,
    pub(super) place: Option<String>,
    pub(super) url: Option<&'a str>,
    /// When it was said, and what became of it.
    pub(super) history: Option<String>,
    /// The labels of the findings that say the same.
    pub(super) same_as: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct DeclinedView<'a> {
    pub(super) title: &'a str,
    pub(super) round: u32,
    pub(super) reason: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct ReviewedView<'a> {
    pub(super) path: &'a str,
    pub(super) lossy: bool,
    pub(super) agents: Vec<Pill<'a>>,
    /// Labels of the findings in it.
    pub(super) findings: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct RetroView<'a> {
    pub(super) agent: Pill<'a>,
    pub(super) text: String,
    pub(super) whole: Vec<ViewOfWhole<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct ResolutionView<'a> {
    pub(super) label: &'a str,
    pub(super) id: &'a str,
    pub(super) severity: Severity,
    pub(super) title: &'a str,
    pub(super) action: String,
    pub(super) when: String,
}

/// The word that stands behind the severity in a finding's head.
pub(super) fn classification_word(classification: Classification) -> &'static str {
    match classification {
        Classification::Regression => "regression",
        Classification::Gap => "gap",
        Classification::Enhancement => "enhancement",
        Classification::PreExisting => "pre-existing",
    }
}

/// `2026-03-23 16:13`, in UTC.
pub(super) fn minute(at: jiff::Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `1 h 2 min 3 s`.
pub(super) fn long_duration(ms: u64) -> String {
    let s = (ms + 500) / 1000;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, s) => format!("{h} h {m} min {s} s"),
    }
}

/// `8:25`, with hours `1:08:25`.
pub(super) fn short_duration(ms: u64) -> String {
    let s = (ms + 500) / 1000;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, m, s) => format!("{m}:{s:02}"),
        (h, m, s) => format!("{h}:{m:02}:{s:02}"),
    }
}

/// What became of a finding, in words; `None` while it is open and nobody said anything.
pub(super) fn state_words(state: &State) -> String {
    match state {
        State::Open => "Open again".into(),
        State::Fixed => "Fixed".into(),
        State::Outdated => "Outdated".into(),
        State::Dismissed { reason, text } if text.trim().is_empty() => format!("Dismissed ({reason})"),
        State::Dismissed { reason, text } => format!("Dismissed ({reason}): {}", one_line(text)),
    }
}

/// The same with the commit that did it.
fn resolution_words(resolution: &Resolution) -> String {
    let words = state_words(&resolution.state);
    match &resolution.commit {
        Some(commit) => format!("{words} in {}", commit.short()),
        None => words,
    }
}

fn quote_of<'a>(anchor: &'a Anchor, texts: &'a Texts) -> Option<Quote<'a>> {
    let path = anchor.path.as_str();
    if let Some(lines) = anchor.lines
        && let Some(quoted) = texts.lines(&anchor.path, lines, MOST_QUOTED).filter(|quoted| !quoted.is_empty())
    {
        let more = lines.count() - lines.count().min(MOST_QUOTED);
        return Some(Quote { path, start: Some(lines.start()), lines: quoted, more });
    }
    let quote = anchor.quote.as_deref().filter(|q| !q.trim().is_empty())?;
    let all: Vec<&str> = quote.lines().collect();
    // Where the agent quoted as many lines as it cited, they are those lines.
    let start = anchor.lines.filter(|l| l.count() as usize == all.len()).map(LineRange::start);
    let more = all.len().saturating_sub(MOST_QUOTED as usize);
    let lines = all[..all.len() - more].to_vec();
    Some(Quote { path, start, lines, more: u32::try_from(more).unwrap_or(u32::MAX) })
}

fn finding_view<'a>(f: &'a Finding, decisions: &Decisions, texts: &'a Texts, agents: &Agents<'a>) -> FindingView<'a> {
    let pills = f.agents().into_iter().map(|name| {
        let severity = f.attributions.iter().find(|a| a.agent == *name).map(|a| a.severity);
        Pill { severity, ..agents.pill(name) }
    });
    FindingView {
        id: f.id.as_str(),
        label: &f.label,
        severity: f.severity,
        title: one_line(&f.title),
        agents: pills.collect(),
        places: f.anchors.iter().map(ToString::to_string).collect(),
        quote: f.main_anchor().and_then(|a| quote_of(a, texts)),
        body: &f.body,
        classification: f.classification.map(classification_word),
        rule: f.rule.as_ref().map(|r| r.id.as_str()),
        rule_url: f.rule.as_ref().and_then(finding::RuleRef::page),
        symbol: f.symbol.as_deref(),
        dispute: f.dispute.as_deref(),
        settled: f.settled.as_ref().map(|settled| settled_words(agents.round, settled)),
        graded: f.graded.as_ref().map(ToString::to_string),
        learned: f.learned.as_ref().map(ToString::to_string),
        doubts: f.is_doubtful().then(|| doubt_words(f)),
        contrary: f.contrary.iter().map(|contrary| contrary_words(agents.round, contrary)).collect(),
        said: said::said(f, agents),
        people: people_words(agents.round, f),
        earlier: said::earlier(f, agents),
        verification: match &f.verification {
            FindingStatus::Unverified => None,
            FindingStatus::Confirmed { by, note } => Some(checked("Confirmed", agents.round.label_of(by), note)),
            FindingStatus::Refuted { by, note } => Some(checked("Refuted", agents.round.label_of(by), note)),
        },
        fixes: f
            .fixes
            .iter()
            .map(|fix| FixView {
                note: fix.note.as_deref(),
                path: fix.path.as_ref().map(finding::RepoPath::as_str),
                diff: &fix.diff,
                by: agents.pills(&fix.by),
            })
            .collect(),
        attempts: f.attempts.iter().map(attempt_words).collect(),
        thread: f.thread.iter().map(|message| message_view(agents.round, message)).collect(),
        since: f.since,
        state: decisions.resolutions.get(&f.id).map(resolution_words),
        confidence: f.confidence,
        why: &f.why,
    }
}

/// `A fix by Claude is proven: placed, parses, Codex agrees ($0.12)`.
pub(super) fn attempt_words(attempt: &finding::Attempt) -> String {
    let (by, proof) = (one_line(&attempt.by.label), one_line(&attempt.proof()));
    let cost = attempt.usage().cost_usd.map(|cost| format!(" (${cost:.2})")).unwrap_or_default();
    let consents: Vec<&str> = attempt.consents.iter().map(|consent| consent.path.as_str()).collect();
    let consents = if consents.is_empty() {
        String::new()
    } else {
        format!("; it changes {} too", one_line(&consents.join(", ")))
    };
    let word = if attempt.is_proven() { "is proven" } else { "was not taken" };
    format!("A fix by {by} {word}: {proof}{consents}{cost}")
}

/// `3 calls besides the review since, $0.12: fix 1, judge 1, ask 1 (1 came to nothing)`; nothing where nobody was called.
pub(super) fn calls_words(round: &Round) -> Option<String> {
    let (count, used) = round.called_since()?;
    let cost = used.cost_usd.map(|cost| format!(", ${cost:.2}")).unwrap_or_default();
    let mut by_kind: Vec<(&str, usize)> = Vec::new();
    for call in &round.calls {
        match by_kind.iter_mut().find(|(to, _)| *to == call.to) {
            Some((_, count)) => *count += 1,
            None => by_kind.push((&call.to, 1)),
        }
    }
    let kinds: Vec<String> = by_kind.iter().map(|(to, count)| format!("{} {count}", one_line(to))).collect();
    let failed = round.calls.iter().filter(|call| call.failed.is_some()).count();
    let failed = if failed == 0 { String::new() } else { format!(" ({failed} came to nothing)") };
    let calls = counted(count, "call");
    Some(format!("{calls} of agents besides the review since{cost}: {}{failed}", kinds.join(", ")))
}

fn message_view<'a>(round: &Round, message: &'a finding::Message) -> MessageView<'a> {
    let who = match &message.by {
        finding::Speaker::Person => "Asked".to_owned(),
        finding::Speaker::Agent(name) => one_line(round.label_of(name)),
    };
    let cost = message.call.as_ref().and_then(|call| call.usage.cost_usd);
    let cost = cost.map(|cost| format!(" (${cost:.2})")).unwrap_or_default();
    MessageView { who: who + &cost, text: &message.text }
}

/// `Claude Opus 4.6: Important: a broken instance is rare`.
pub(super) fn settled_words(round: &Round, settled: &finding::Settled) -> String {
    let why = if settled.reason.trim().is_empty() { String::new() } else { format!(": {}", one_line(&settled.reason)) };
    format!("{}: {}{why}", one_line(round.label_of(&settled.by)), settled.severity)
}

/// Why a finding is doubtful, in a line.
pub(super) fn doubt_words(finding: &Finding) -> String {
    finding.doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// `Claude Opus 4.6 sees a strength: PIDs are cleared before deletion`.
pub(super) fn contrary_words(round: &Round, contrary: &finding::Contrary) -> String {
    let by: Vec<String> = contrary.by.iter().map(|name| one_line(round.label_of(name))).collect();
    let sees = if by.len() == 1 { "sees" } else { "see" };
    format!("{} {sees} a strength: {}", by.join(", "), one_line(&contrary.title))
}

fn checked(word: &str, by: &str, note: &str) -> String {
    if note.trim().is_empty() { format!("{word} by {by}") } else { format!("{word} by {by}: {}", one_line(note)) }
}

fn pull_request(round: &Round) -> Option<PullRequestView<'_>> {
    let pull = round.pull_request.as_ref()?;
    Some(PullRequestView { number: pull.number, title: &pull.title, url: pull.url.as_deref() })
}

fn severities<'a>(standing: &[&'a Finding], view: &dyn Fn(&&'a Finding) -> FindingView<'a>) -> Vec<SeverityView<'a>> {
    let heading = |severity| match severity {
        Severity::Critical => "Critical Issues",
        Severity::Important => "Important Issues",
        Severity::Suggestion => "Suggestions",
    };
    let of = |severity| SeverityView {
        severity,
        heading: heading(severity),
        findings: standing.iter().filter(|f| f.severity == severity).map(view).collect(),
    };
    Severity::ALL.into_iter().map(of).collect()
}

/// The observations of some kinds, by kind.
fn observations<'a>(
    round: &'a Round,
    agents: &Agents<'a>,
    is_wanted: fn(ObservationKind) -> bool,
) -> Vec<ObservationView<'a>> {
    let mut wanted: Vec<_> = round.observations.iter().filter(|o| is_wanted(o.kind)).collect();
    wanted.sort_by_key(|o| o.kind);
    let view = |o: &'a finding::Observation| ObservationView {
        title: &o.title,
        scope: match o.kind {
            ObservationKind::ConcernInScope => Some("in-scope"),
            ObservationKind::ConcernFuture => Some("future"),
            ObservationKind::Strength => None,
        },
        body: &o.body,
        places: o.anchors.iter().map(ToString::to_string).collect(),
        agents: agents.pills(&o.by),
    };
    wanted.into_iter().map(view).collect()
}

fn limitations(whole: &Assessment) -> Vec<LimitationView<'_>> {
    let all = whole.limitations.iter();
    all.map(|l| LimitationView {
        title: &l.title,
        place: l.anchor.as_ref().map(ToString::to_string),
        quote: l.anchor.as_ref().and_then(|a| a.quote.as_deref()).filter(|q| !q.trim().is_empty()),
        body: &l.body,
    })
    .collect()
}

fn feedback<'a>(round: &'a Round, all: &'a [Feedback]) -> Vec<FeedbackView<'a>> {
    let label = |id: &FindingId| round.findings.iter().find(|f| f.id == *id).map(|f| f.label.as_str());
    all.iter()
        .map(|f| FeedbackView {
            author: &f.author,
            text: &f.text,
            place: f.anchor.as_ref().map(ToString::to_string),
            url: f.url.as_deref(),
            history: history(f),
            same_as: f.same_as.iter().filter_map(label).collect(),
        })
        .collect()
}

/// When it was said, and what became of it: "2026-03-23, resolved by bob on 2026-03-24".
fn history(said: &Feedback) -> Option<String> {
    let at = said.at.map(|at| at.strftime("%Y-%m-%d").to_string());
    let both: Vec<String> = at.into_iter().chain(said.fate()).collect();
    (!both.is_empty()).then(|| one_line(&both.join(", ")))
}

/// `ann said the same on the pull request (2026-03-23, resolved by bob on 2026-03-24)`, for each who did; of what was posted
/// for it, `Posted on the pull request by cid (…)`.
pub(super) fn people_words(round: &Round, finding: &Finding) -> Vec<String> {
    let all = round.feedback.iter().chain(&round.resolved_feedback);
    let same = all.filter(|said| said.same_as.contains(&finding.id));
    let words = |said: &Feedback| {
        let history = history(said).map(|history| format!(" ({history})")).unwrap_or_default();
        let who = one_line(&said.author);
        match &said.of {
            Some(_) => format!("Posted on the pull request by {who}{history}"),
            None => format!("{who} said the same on the pull request{history}"),
        }
    };
    same.map(words).collect()
}

fn declined(round: &Round) -> Vec<DeclinedView<'_>> {
    let all = round.declined.iter();
    all.map(|d| DeclinedView { title: &d.title, round: d.round, reason: &d.reason }).collect()
}

fn reviewed<'a>(round: &'a Round, agents: &Agents<'a>) -> Vec<ReviewedView<'a>> {
    let labels = |path: &finding::RepoPath| {
        let in_it = round.standing().filter(|f| f.anchors.iter().any(|a| a.path == *path));
        in_it.map(|f| f.label.as_str()).collect()
    };
    let all = round.coverage.reviewed.iter();
    all.map(|file| ReviewedView {
        path: file.path.as_str(),
        lossy: file.lossy,
        agents: agents.pills(&file.by),
        findings: labels(&file.path),
    })
    .collect()
}

fn said_before<'a>(round: &'a Round, agents: &Agents<'a>) -> Vec<(Pill<'a>, u32, Vec<ViewOfWhole<'a>>)> {
    let all = round.earlier.iter().map(|said| {
        let whole = views_of_whole(&round.assessment, &said.assessment);
        (agents.pill(&said.agent.name), said.round, whole)
    });
    all.filter(|(_, _, whole)| !whole.is_empty()).collect()
}

fn resolutions<'a>(round: &'a Round, decisions: &Decisions) -> Vec<ResolutionView<'a>> {
    let view = |f: &'a Finding| {
        let resolution = decisions.resolutions.get(&f.id)?;
        Some(ResolutionView {
            label: &f.label,
            id: f.id.as_str(),
            severity: f.severity,
            title: &f.title,
            action: resolution_words(resolution),
            when: minute(resolution.at),
        })
    };
    round.findings.iter().filter_map(view).collect()
}

impl<'a> View<'a> {
    pub(super) fn of(round: &'a Round, decisions: &Decisions, texts: &'a Texts) -> Self {
        let agents = &Agents::of(round);
        let (doubtful, standing): (Vec<&Finding>, Vec<&Finding>) = round.standing().partition(|f| f.is_doubtful());
        let view = |f: &&'a Finding| finding_view(f, decisions, texts, agents);
        let conclusion = round.conclusion(decisions);
        let whole = &round.assessment;
        Self {
            id: round.id.as_str(),
            date: minute(round.started),
            number: round.number,
            author: &round.author,
            pull_request: pull_request(round),
            branch: round.scope.branch.as_deref(),
            base: &round.scope.base_name,
            commits: round.commits.iter().map(|c| (c.id.short(), c.subject.as_str())).collect(),
            reviewers: agents.pills(round.agents.iter().map(|run| &run.agent.name)),
            verdict: conclusion.to_string(),
            verdict_note: verdict_note(round, decisions, &conclusion),
            wall_clock: long_duration(round.duration_ms),
            summary: whole.summary.as_deref(),
            since: since_view(round),
            severities: severities(&standing, &view),
            doubtful: doubtful.iter().map(view).collect(),
            refuted: round.findings.iter().filter(|f| f.is_refuted()).map(|f| view(&f)).collect(),
            concerns: observations(round, agents, |kind| kind != ObservationKind::Strength),
            strengths: observations(round, agents, |kind| kind == ObservationKind::Strength),
            testing: whole.testing.as_deref(),
            untested: whole.untested.iter().map(String::as_str).collect(),
            documentation: whole.documentation.as_deref(),
            commit_structure: whole.commit_structure.as_deref(),
            fixups: whole.fixups.iter().map(|f| fixup_view(round, f)).collect(),
            limitations: limitations(whole),
            feedback: feedback(round, &round.feedback),
            resolved_feedback: feedback(round, &round.resolved_feedback),
            no_feedback: no_feedback(round),
            declined: declined(round),
            reviewed: reviewed(round, agents),
            left_out: round.coverage.left_out.iter().map(|f| (f.path.as_str(), f.why.to_string())).collect(),
            retro: retros(round, agents),
            said_before: said_before(round, agents),
            figures: figures(round),
            calls: calls_words(round),
            resolutions: resolutions(round, decisions),
        }
    }
}

fn fixup_view<'a>(round: &'a Round, fixup: &'a Fixup) -> FixupView<'a> {
    let same = |c: &&finding::Commit| c.id.as_str().starts_with(fixup.commit.as_str());
    let label = |id: &finding::FindingId| round.findings.iter().find(|f| f.id == *id).map(|f| f.label.as_str());
    FixupView {
        commit: fixup.commit.short(),
        subject: round.commits.iter().find(same).map(|c| one_line(&c.subject)).unwrap_or_default(),
        findings: fixup.findings.iter().filter_map(label).collect(),
    }
}

fn retros<'a>(round: &'a Round, agents: &Agents<'a>) -> Vec<RetroView<'a>> {
    let text = |run: &finding::AgentRun| {
        let written = run.retro.as_deref().filter(|text| !text.trim().is_empty());
        written.map_or_else(|| retro::of_run(round, run), str::to_owned)
    };
    let view = |run: &'a finding::AgentRun| RetroView {
        agent: agents.pill(&run.agent.name),
        text: text(run),
        whole: views_of_whole(&round.assessment, &run.assessment),
    };
    round.agents.iter().map(view).collect()
}

/// What an agent says of the whole that the report does not say in its name already.
fn views_of_whole<'a>(shown: &Assessment, own: &'a Assessment) -> Vec<ViewOfWhole<'a>> {
    let is_shown = |shown: &Option<String>, text: &str| {
        text.trim().is_empty() || shown.as_ref().is_some_and(|shown| shown.contains(text.trim()))
    };
    let texts = [
        ("Summary", &shown.summary, &own.summary),
        ("Tests", &shown.testing, &own.testing),
        ("Documentation", &shown.documentation, &own.documentation),
        ("Commits", &shown.commit_structure, &own.commit_structure),
    ];
    let mut views: Vec<ViewOfWhole<'a>> = texts
        .into_iter()
        .filter_map(|(about, shown, own)| Some((about, own.as_deref().filter(|text| !is_shown(shown, text))?)))
        .map(|(about, text)| ViewOfWhole { about, text: text.into() })
        .collect();
    let untested: Vec<String> = own
        .untested
        .iter()
        .filter(|one| !shown.untested.contains(one))
        .map(|one| format!("- {}", one_line(one)))
        .collect();
    if !untested.is_empty() {
        views.push(ViewOfWhole { about: "Untested", text: untested.join("\n").into() });
    }
    let admitted: Vec<String> = own
        .limitations
        .iter()
        .filter(|own| !shown.limitations.contains(own))
        .map(|own| {
            let place = own.anchor.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
            format!("- {}{place} {}", one_line(&own.title), one_line(&own.body))
        })
        .collect();
    if !admitted.is_empty() {
        views.push(ViewOfWhole { about: "Limitations", text: admitted.join("\n").into() });
    }
    views
}

/// What the verdict rests on: the lead's words while they hold, or the gravest findings, then what is open by severity,
/// and what was not looked at.
fn verdict_note(round: &Round, decisions: &Decisions, conclusion: &finding::Conclusion) -> String {
    let deciding: Vec<&Finding> = round.deciding(decisions).collect();
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .map(|s| (s, deciding.iter().filter(|f| f.severity == s).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(s, n)| count_of(s, n))
        .collect();
    let doubtful = round.standing().filter(|f| f.is_doubtful() && decisions.is_open(&f.id)).count();
    let mut parts: Vec<String> = reason(round, decisions, &deciding).into_iter().collect();
    parts.push(if counts.is_empty() { "nothing is open".into() } else { format!("{} open", counts.join(", ")) });
    if doubtful > 0 {
        parts.push(format!("{doubtful} doubtful"));
    }
    if conclusion.verdict != Verdict::NoVerdict {
        parts.extend(conclusion.limits.iter().cloned());
    }
    let failed: Vec<&str> = round.failures().map(|(info, _)| info.label.as_str()).collect();
    if !failed.is_empty() {
        parts.push(format!("incomplete: {NO_REVIEW_BY}{}", failed.join(", ")));
    }
    parts.join("; ")
}

/// Why the verdict is what it is. What the lead said holds as long as nothing that decides was settled since.
fn reason(round: &Round, decisions: &Decisions, deciding: &[&Finding]) -> Option<String> {
    let is_as_it_was = round.findings.iter().all(|f| decisions.is_open(&f.id));
    if let Some(said) = round.verdict_reason.as_deref().filter(|_| is_as_it_was) {
        return Some(one_line(said).trim_end_matches('.').to_owned());
    }
    let grave = deciding.iter().map(|f| f.severity).max().filter(|s| *s > Severity::Suggestion)?;
    let first: Vec<String> = deciding
        .iter()
        .filter(|f| f.severity == grave)
        .take(2)
        .map(|f| format!("{} ({})", one_line(&f.title).trim_end_matches('.'), one_line(&f.label)))
        .collect();
    Some(first.join(", "))
}

fn since_view(round: &Round) -> Option<SinceView<'_>> {
    let since = &round.since_before;
    if since.round == 0 {
        return None;
    }
    let called = |id: &finding::FindingId| round.findings.iter().find(|f| f.id == *id);
    let lists = [("fixed", &since.fixed), ("its code is gone", &since.outdated), ("part of another", &since.joined)];
    let gone = lists.into_iter().flat_map(|(fate, list)| list.iter().map(move |one| (fate, one)));
    let gone = gone.map(|(fate, one)| GoneView {
        label: &one.label,
        title: one_line(&one.title),
        round: one.round,
        fate: match one.into.as_ref().and_then(called) {
            Some(heir) => format!("part of {}", one_line(&heir.label)),
            None => fate.to_owned(),
        },
    });
    let new = since.new.iter().filter_map(called).map(|f| (f.label.as_str(), one_line(&f.title)));
    Some(SinceView { round: since.round, new: new.collect(), gone: gone.collect() })
}

/// What is to be said where no open comment is known: that there is none, or that nobody asked.
fn no_feedback(round: &Round) -> String {
    let is_read = !round.agents.is_empty() && round.agents.iter().all(|run| run.agent.kind == AgentKind::Imported);
    match (&round.pull_request, round.feedback_at) {
        _ if is_read => "None.".into(),
        (_, Some(at)) => format!("None was open on {} UTC.", minute(at)),
        (None, None) => "Not known: no pull request was fetched (`deep-review pr` does it).".into(),
        (Some(_), None) => "Not known: the forge did not say which comments are open.".into(),
    }
}

/// The summary table's rows: a name and a cell for each agent.
fn figures(round: &Round) -> Vec<(String, Vec<String>)> {
    let runs = &round.agents;
    // A report that was read says its figures itself; what is not in its findings cannot be computed from them.
    let stated: Vec<&(String, String)> = runs.iter().flat_map(|r| &r.assessment.figures).collect();
    if !stated.is_empty() {
        let mut rows: Vec<(String, Vec<String>)> = Vec::new();
        for (metric, _) in stated {
            if !rows.iter().any(|(m, _)| m == metric) {
                let cell = |r: &finding::AgentRun| {
                    let found = r.assessment.figures.iter().find(|(m, _)| m == metric);
                    found.map_or_else(|| "–".to_owned(), |(_, value)| one_line(value))
                };
                rows.push((one_line(metric), runs.iter().map(cell).collect()));
            }
        }
        return rows;
    }
    let works: Vec<Work> = runs.iter().map(|run| Work::of(round, &run.agent.name)).collect();
    let mut rows: Vec<(&'static str, Vec<String>)> = Vec::new();
    rows.push(("Duration", runs.iter().map(|r| short_duration(r.duration_ms)).collect()));
    for severity in Severity::ALL {
        let name = match severity {
            Severity::Critical => "Critical",
            Severity::Important => "Important",
            Severity::Suggestion => "Suggestion",
        };
        rows.push((name, runs.iter().map(|r| raised(round, &r.agent.name, severity)).collect()));
    }
    rows.push(("Design observations", works.iter().map(|w| w.observations.to_string()).collect()));
    rows.push(("False positives", works.iter().map(|w| w.refuted.to_string()).collect()));
    for (name, of) in [("Confirmed", (|w| w.confirmed) as fn(&Work) -> u32), ("Downgraded", |w| w.downgraded)] {
        if works.iter().any(|w| of(w) > 0) {
            rows.push((name, works.iter().map(|w| of(w).to_string()).collect()));
        }
    }
    rows.push(("Unique insights", works.iter().map(|w| w.unique.to_string()).collect()));
    if !round.coverage.reviewed.is_empty() {
        rows.push(("Files reviewed", works.iter().map(|w| w.covered.to_string()).collect()));
        rows.push(("Coverage misses", works.iter().map(|w| w.missed.to_string()).collect()));
    }
    let dash = || "–".to_owned();
    let mut optional = |name, cell: &dyn Fn(&finding::Usage) -> Option<String>| {
        if runs.iter().any(|r| cell(&r.usage).is_some()) {
            rows.push((name, runs.iter().map(|r| cell(&r.usage).unwrap_or_else(dash)).collect()));
        }
    };
    optional("Tool calls", &|u| u.tool_calls.map(|n| n.to_string()));
    optional("Tokens in", &|u| u.input_tokens.map(|n| n.to_string()));
    optional("Of them cached", &|u| u.cached_tokens.map(|n| n.to_string()));
    optional("Tokens out", &|u| u.output_tokens.map(|n| n.to_string()));
    optional("Cost", &|u| u.cost_usd.map(|c| format!("${c:.2}")));
    rows.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect()
}

/// How many findings the agent put at `severity`, and where they ended: `1 (disputed → 0)`.
fn raised(round: &Round, agent: &AgentName, severity: Severity) -> String {
    let mine: Vec<&Finding> = round
        .findings
        .iter()
        .filter(|f| f.attributions.iter().any(|a| a.agent == *agent && a.severity == severity))
        .collect();
    let refuted = mine.iter().filter(|f| matches!(f.verification, FindingStatus::Refuted { .. })).count();
    let moved = mine.iter().filter(|f| f.severity != severity).count();
    match (mine.len(), moved, refuted) {
        (n, 0, 0) => n.to_string(),
        (n, 0, 1) => format!("{n} ({} false positive)", 1),
        (n, 0, r) => format!("{n} ({r} false positives)"),
        (n, m, _) => format!("{n} (disputed → {})", n - m),
    }
}
