//! Reads others' reports and plain reviews, in all the styles that real ones use.

use super::answer::{All, all, answer_of, answer_with, prepared, raw_with};
use super::body::body_of;
use super::decided::{declined, dispute, fixups, rated};
use super::document::Document;
use super::gaps;
use super::item::Item;
use super::lines::{heading_level, pattern};
use super::roster::Roster;
use super::runs::{Remarks, Runs};
use super::sections::{self, Around, around, sections};
use finding::{
    AgentName, Answer, Attribution, Decisions, Finding, FindingId, FindingStatus, Fix, RawFinding, RawId, RepoPath,
    Resolution, Round, State,
};
use regex::Regex;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

static PASS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bpass\s+(\d+)"));
/// A text that holds no report and no review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no review can be found in it: it has no sections and no findings that deep-review knows")]
pub struct NoReport;

/// Reads a whole report (or a plain review, which becomes a round with one agent).
///
/// The round's places are as the report gives them: paths may be shortened and lines old; whoever imports it
/// finds them in the code.
///
/// # Errors
/// When nothing in the text looks like a review.
pub fn read(text: &str) -> Result<(Round, Decisions), NoReport> {
    let text = prepared(text);
    let (reader, found) = Document::new(&text, Some(is_agent_heading)).find()?;
    Ok(reader.round_of(found))
}

/// What a text turned out to be.
#[derive(Debug, Clone)]
pub enum Review {
    /// A report that names its reviewers, and what was decided on its findings.
    Report(Box<Round>, Decisions),
    /// A review that names nobody.
    Answer(Box<Answer>),
}

/// Reads a report, or the review of one agent: of `agent`, if the text names no reviewer.
///
/// # Errors
/// When nothing in the text looks like a review.
pub fn read_review(text: &str, agent: &AgentName) -> Result<Review, NoReport> {
    let text = prepared(text);
    let (reader, found) = Document::new(&text, Some(is_agent_heading)).find()?;
    if reader.names_somebody(&found) {
        let (round, decisions) = reader.round_of(found);
        return Ok(Review::Report(Box::new(round), decisions));
    }
    let lines = &reader.lines;
    // What ends a report's findings says nothing in the review of one agent.
    let answer = if found.parts.merged.end == lines.len() {
        answer_with(lines, found.items, found.about, agent, "")
    } else {
        answer_of(lines, 0..lines.len(), agent, &reader.roster, "")
    };
    Ok(Review::Answer(Box::new(answer)))
}

/// The parts of a report, as ranges of lines.
struct Parts {
    merged: Range<usize>,
    retro: Option<Range<usize>>,
    resolution: Option<Range<usize>>,
    appendix: Option<Range<usize>>,
}

/// What a text holds.
struct Found {
    parts: Parts,
    items: All,
    about: Around,
    /// The raw reviews of the appendix: who, label and answer; several passes of one agent stay apart.
    reviews: Vec<(AgentName, String, Answer)>,
}

impl Document<'_> {
    fn parts(&self) -> Parts {
        let n = self.lines.len();
        // The report's own title may have any word.
        let title = self.find_heading(0..n, |_, _| true).map_or(0, |i| i + 1);
        let appendix = self.find_heading(title..n, |_, name| is_appendix(name));
        let resolution = self.find_heading(0..n, |level, name| level == 2 && is_word(name, "resolution"));
        let before = appendix.unwrap_or(n);
        let retro = self.find_heading(0..before, |_, name| is_retro(name));
        let merged = retro.unwrap_or(before).min(resolution.unwrap_or(n));
        let next_part = |from: usize| self.find_heading(from + 1..n, |level, _| level <= 2).unwrap_or(n);
        Parts {
            merged: 0..merged,
            retro: retro.map(|r| r + 1..next_part(r).min(before)),
            resolution: resolution.map(|r| r + 1..next_part(r)),
            appendix: appendix.map(|a| a + 1..resolution.filter(|r| *r > a).unwrap_or(n)),
        }
    }

    /// Finds what there is, before anything is made of it.
    fn find(mut self) -> Result<(Self, Found), NoReport> {
        let parts = self.parts();
        if let Some(retro) = parts.retro.clone() {
            self.meet_retro(retro);
        }
        let items = all(&self.lines, parts.merged.clone(), &self.roster);
        let mut about = around(&self.lines, parts.merged.clone(), &self.roster);
        let reviews = parts.appendix.clone().map(|a| self.reviews(a)).unwrap_or_default();
        let silent = items.items.is_empty() && reviews.is_empty() && about.assessment.summary.is_none();
        if silent && about.observations.is_empty() && about.assessment.testing.is_none() {
            if items.unread.is_empty() && gaps::is_clean(&self.lines) {
                let whole = sections::text_of(&self.lines, 0..self.lines.len());
                about.assessment.summary = Some(whole);
            } else {
                return Err(NoReport);
            }
        }
        Ok((self, Found { parts, items, about, reviews }))
    }

    /// Whether the text says who reviewed.
    fn names_somebody(&self, found: &Found) -> bool {
        self.roster.0.iter().any(|m| m.listed)
            || !found.reviews.is_empty()
            || found.parts.retro.is_some()
            || found.items.items.iter().any(|i| !i.head.agents.is_empty())
            || found.about.observations.iter().any(|o| !o.by.is_empty())
    }

    fn round_of(self, found: Found) -> (Round, Decisions) {
        let Found { parts, items, about, reviews } = found;
        let mut runs = Runs::default();
        for member in self.roster.0.iter().filter(|m| m.listed) {
            runs.meet(&member.name, &member.label);
        }
        let mut raw: Vec<RawFinding> = Vec::new();
        for (name, label, answer) in reviews {
            let run = runs.meet(&name, &label);
            run.assessment.merge(answer.assessment);
            run.covered.extend(answer.covered);
            raw.extend(answer.findings);
        }
        let mut remarks = Remarks::of(raw);
        let mut findings = Vec::with_capacity(items.items.len());
        // By the label that the document gives it.
        let mut labels: HashMap<String, FindingId> = HashMap::new();
        let mut done: Vec<FindingId> = Vec::new();
        for item in items.items {
            let label = parts.resolution.is_some().then(|| item.label.clone());
            let is_done = item.head.done;
            let finding = self.finding(item, &mut runs, &mut remarks);
            if let Some(label) = label {
                labels.entry(label).or_insert_with(|| finding.id.clone());
            }
            if is_done {
                done.push(finding.id.clone());
            }
            findings.push(finding);
        }
        for name in about.observations.iter().flat_map(|observation| &observation.by) {
            let label = self.roster.member(name).map_or(name.as_str(), |m| m.label.as_str()).to_owned();
            runs.meet(name, &label);
        }
        if let Some(retro) = parts.retro {
            self.retro(retro, &mut runs);
        }
        let mut round = self.round(runs.0, findings, remarks.into_all());
        relabel(&mut round.findings);
        tell_about(&mut round, about);
        let mut decisions = parts.resolution.map(|r| self.decisions(r, &labels, &round)).unwrap_or_default();
        for id in done {
            decisions.resolutions.entry(id).or_insert_with(|| fixed_in(&round));
        }
        if let Some(run) = round.agents.first_mut() {
            run.notes.extend(gaps::note(&items.unread));
        }
        (round, decisions)
    }

    /// Labels are often found only in the retro's headings ("### \[Claude\] Claude Opus 4.6").
    fn meet_retro(&mut self, range: Range<usize>) {
        if self.roster.0.iter().any(|m| m.listed) {
            return;
        }
        let labels: Vec<String> = sections(&self.lines, range)
            .iter()
            .filter(|s| self.roster.leading(&s.title).is_some())
            .map(|s| label_in(&s.title))
            .collect();
        self.roster = Roster::of(&labels);
    }

    fn reviews(&self, appendix: Range<usize>) -> Vec<(AgentName, String, Answer)> {
        let starts: Vec<usize> = appendix
            .clone()
            .filter(|i| self.lines.at(*i).is_text() && is_agent_heading(self.lines.at(*i).text, &self.roster))
            .collect();
        let mut out = Vec::new();
        let mut times: HashMap<AgentName, u32> = HashMap::new();
        for (k, start) in starts.iter().enumerate() {
            let end = starts.get(k + 1).copied().unwrap_or(appendix.end);
            let title = self.lines.at(*start).text.trim_start_matches(['#', ' ', '[']);
            let Some(member) = self.roster.leading(title) else { continue };
            let times = times.entry(member.name.clone()).or_default();
            *times += 1;
            let pass = PASS.captures(title).and_then(|m| m[1].parse().ok()).unwrap_or(*times);
            let prefix = if pass > 1 { format!("p{pass}-") } else { String::new() };
            let label = if member.listed { member.label.clone() } else { label_in(title) };
            out.push((
                member.name.clone(),
                label,
                answer_of(&self.lines, start + 1..end, &member.name, &self.roster, &prefix),
            ));
        }
        out
    }

    fn finding(&self, mut item: Item, runs: &mut Runs, remarks: &mut Remarks) -> Finding {
        let unknown = AgentName::new("imported");
        let named = std::mem::take(&mut item.head.agents);
        let agents = if named.is_empty() { vec![unknown] } else { named };
        let body = body_of(&self.lines, &mut item);
        let rated = rated(&body.text, &self.roster);
        let (severity, struck, label_here) = (item.severity, item.head.struck, std::mem::take(&mut item.label));
        let merged = raw_with(item, body, &agents[0], "merged".into());
        let mut attributions = Vec::with_capacity(agents.len());
        let mut id = None;
        for agent in &agents {
            let label = self.roster.member(agent).map_or("Imported", |m| m.label.as_str());
            runs.meet(agent, label);
            let number = remarks.take(&merged, agent).unwrap_or_else(|| {
                let mut fixes = merged.fixes.clone();
                fixes.iter_mut().for_each(|f| f.by = vec![agent.clone()]);
                remarks.add(RawFinding {
                    id: RawId::new(format!("{agent}:merged-{label_here}")),
                    sure: None,
                    agent: agent.clone(),
                    severity: rated.iter().find(|(a, _)| a == agent).map_or(severity, |(_, said)| *said),
                    fixes,
                    ..merged.clone()
                })
            });
            let raw = remarks.get(number);
            id = id.or_else(|| Some(merge::fingerprint(raw).0));
            attributions.push(Attribution { agent: agent.clone(), severity: raw.severity, raw: raw.id.clone() });
        }
        let by = agents.clone();
        let fixes = merged.fixes.into_iter().map(|fix| Fix { by: by.clone(), ..fix }).collect();
        let verification = if struck {
            FindingStatus::Refuted { by: AgentName::new("report"), note: "struck through".into() }
        } else {
            FindingStatus::Unverified
        };
        Finding {
            dispute: dispute(&attributions, severity, &self.roster),
            body: merged.body,
            anchors: merged.anchors,
            classification: merged.classification,
            confidence: confidence(agents.len()),
            attributions,
            fixes,
            why: vec!["read from a report".into()],
            verification,
            ..Finding::new(FindingId::new(id.unwrap_or_default()), severity, merged.title)
        }
    }
}

/// Puts into the round what the document says beside its findings.
fn tell_about(round: &mut Round, about: Around) {
    round.observations = about.observations;
    round.assessment = about.assessment;
    let reviewed = |path: RepoPath| {
        let read = round.agents.iter().filter(|r| r.covered.is_empty() || r.covered.contains(&path));
        let by = read.map(|r| r.agent.name.clone()).collect();
        finding::ReviewedFile::new(path, by)
    };
    round.coverage.reviewed = about.covered.into_iter().map(reviewed).collect();
    round.feedback = about.feedback;
    round.assessment.fixups = about.fixups.map(|text| fixups(&text, &round.findings)).unwrap_or_default();
    round.declined = about.declined.into_iter().map(|(title, rest)| declined(title, &rest)).collect();
}

/// That a finding is done, by a document that does not say when and by whom.
fn fixed_in(round: &Round) -> Resolution {
    Resolution { state: State::Fixed, at: round.started, round: round.id.clone(), code: None, commit: None, by: None }
}

/// Labels by severity and order, as in every round.
pub(crate) fn relabel(findings: &mut [Finding]) {
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let mut counts = [0u32; 3];
    for f in findings {
        let n = &mut counts[f.severity as usize];
        *n += 1;
        f.label = format!("{}{n}", f.severity.letter());
    }
}

pub(crate) fn confidence(agents: usize) -> f64 {
    // Agents that found the same independently make it likelier; a report says no more.
    1.0 - 0.5f64.powi(i32::try_from(agents.min(8)).unwrap_or(8))
}

/// Whether a heading's name is that of the part with the agents' own reviews.
fn is_appendix(name: &str) -> bool {
    let kinds = ["original", "raw", "individual", "full agent", "verbatim", "unedited"];
    name.contains("appendix") || (name.contains("review") && kinds.iter().any(|kind| name.starts_with(kind)))
}

fn is_retro(name: &str) -> bool {
    ["agent performance", "agent retro", "agent comparison", "reviewer performance", "retrospective"]
        .iter()
        .any(|start| name.starts_with(start))
}

fn is_word(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

fn is_agent_heading(line: &str, roster: &Roster) -> bool {
    heading_level(line).is_some_and(|level| (2..=5).contains(&level))
        && line.len() < 120
        && roster.leading(line.trim_start_matches(['#', ' ', '['])).is_some()
}

/// "\[Claude\] — Claude Opus 4.6 — Pass 1" → "Claude Opus 4.6".
fn label_in(title: &str) -> String {
    let title = title.trim_start_matches(['#', ' ']);
    let (bracket, rest) = match title.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((inner, rest)) => (inner, rest),
        None => match title.split_once(']') {
            Some((inner, rest)) => (inner, rest),
            None => (title, ""),
        },
    };
    let rest = rest.trim_matches([' ', '—', '–', '-', ':']);
    let rest = if PASS.is_match(rest) { "" } else { rest };
    let label = if rest.len() > bracket.len() { rest } else { bracket };
    label.split(" — ").next().unwrap_or(label).trim().to_owned()
}
