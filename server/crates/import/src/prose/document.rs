//! What all reports have, whoever wrote them: a table at the top, reviewers, retrospectives, resolutions.

use super::decided::state_of;
use super::header::{LINK, duration, leading_number, moment, pull_request, split_labels, unquote};
use super::headings::section_name;
use super::lines::{Line, Lines, heading_level, pattern, scan};
use super::roster::Roster;
use super::rows::{cells, is_rule};
use super::runs::Runs;
use super::sections::{self, sections};
use finding::{
    AgentName, AgentRun, Commit, CommitId, Decisions, Finding, FindingId, RawFinding, Resolution, Round, RoundId,
    RoundScope,
};
use jiff::Timestamp;
use regex::Regex;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

/// The rows of the table at the top of a report.
const HEADER: &[&str] = &[
    "date",
    "round",
    "author",
    "pr",
    "branch",
    "base",
    "commits",
    "reviewers",
    "reviewer",
    "verdict",
    "wall-clock time",
];
/// A row of it where there is no table.
static HEADER_LINE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:[-*]\s+)?\*\*([A-Za-z][A-Za-z -]{1,20}?):?\*\*:?\s+(\S.*)$"));
static COMMIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^`?([0-9a-f]{7,64})`?\s+(.*)$"));
static RESOLVED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\W*(critical|important|suggestion)s?\s+#?([CIS]?)-?(\d+)"));
static BARE_LABEL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\W*([CIS])-?(\d+)\b"));
static IN_COMMIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^(?:fixed|outdated) in `?([0-9a-f]{7,64})\b"));

/// A report: its lines, and what its head says.
pub(crate) struct Document<'t> {
    pub(crate) lines: Lines<'t>,
    /// The rows of the table at the top, by their names in lower case.
    pub(crate) header: BTreeMap<String, String>,
    pub(crate) roster: Roster,
}

impl<'t> Document<'t> {
    /// Reads the head. `is_reviewer` tells where the part of another reviewer begins; without it fences are read to the
    /// letter.
    pub(crate) fn new(text: &'t str, is_reviewer: Option<fn(&str, &Roster) -> bool>) -> Self {
        let mut header = BTreeMap::new();
        for line in text.lines().take(80) {
            let (key, value) = match (cells(line).filter(|r| r.len() >= 2), HEADER_LINE.captures(line)) {
                (Some(row), _) => (row[0].trim_matches('*').to_lowercase(), row[1].clone()),
                (None, Some(m)) => (m[1].to_lowercase(), m[2].to_owned()),
                (None, None) => continue,
            };
            if HEADER.contains(&key.as_str()) {
                header.entry(key).or_insert(value);
            }
        }
        let labels = |key: &str| -> Vec<String> {
            let row = header.get(key).map_or("", String::as_str);
            split_labels(row)
        };
        let mut listed = labels("reviewers");
        if listed.is_empty() {
            listed = labels("reviewer");
        }
        let roster = Roster::of(&listed);
        let lines = match is_reviewer {
            Some(is_reviewer) => scan(text, Some(&|line: &str| is_reviewer(line, &roster))),
            None => scan(text, None),
        };
        Self { lines, header, roster }
    }

    /// The first line of `range` that is such a heading, by its level and its name in lower case.
    pub(crate) fn find_heading(&self, range: Range<usize>, test: impl Fn(usize, &str) -> bool) -> Option<usize> {
        range.into_iter().find(|i| {
            let line = self.lines.at(*i);
            line.is_text() && heading_level(line.text).is_some_and(|level| test(level, &section_name(line.text)))
        })
    }

    /// The agents' retrospectives and the figures of the summary table.
    pub(crate) fn retro(&self, range: Range<usize>, runs: &mut Runs) {
        for s in sections(&self.lines, range.clone()) {
            if let Some(member) = self.roster.leading(&s.title) {
                let text = sections::text_of(&self.lines, s.lines.clone());
                runs.meet(&member.name, &member.label).retro = Some(text);
            }
        }
        let mut columns: Vec<Option<AgentName>> = Vec::new();
        for i in range {
            let Some(row) = cells(self.lines.at(i).text).filter(|r| !is_rule(r)) else { continue };
            if columns.is_empty() {
                let named: Vec<_> =
                    row.iter().skip(1).map(|c| self.roster.leading(c).map(|m| m.name.clone())).collect();
                if named.iter().any(Option::is_some) {
                    columns = named;
                }
                continue;
            }
            let metric = row[0].trim_matches('*').trim().to_owned();
            if metric.is_empty() {
                continue;
            }
            for (agent, value) in columns.iter().zip(&row[1..]) {
                let Some(agent) = agent else { continue };
                let label = self.roster.member(agent).map_or(agent.as_str(), |m| m.label.as_str()).to_owned();
                let run = runs.meet(agent, &label);
                let value = value.trim_matches('*').trim();
                match metric.to_lowercase().as_str() {
                    m if m.starts_with("duration") => run.duration_ms = duration(value),
                    m if m.starts_with("tool calls") => run.usage.tool_calls = leading_number(value),
                    _ => {}
                }
                run.assessment.figures.push((metric.clone(), value.to_owned()));
            }
        }
    }

    /// The round that the head tells of.
    pub(crate) fn round(&self, agents: Vec<AgentRun>, findings: Vec<Finding>, raw: Vec<RawFinding>) -> Round {
        let get = |key: &str| self.header.get(key).map_or("", String::as_str);
        let title = self.lines.within(0..self.lines.len()).find(Line::is_heading).map_or("", |l| l.text);
        let id = title.rsplit("Deep Review:").next().unwrap_or("").trim_start_matches('#').trim();
        let id = if title.contains("Deep Review:") && !id.is_empty() { id } else { "imported" };
        let started = moment(get("date")).unwrap_or(Timestamp::UNIX_EPOCH);
        let branch = unquote(get("branch"));
        let commits = get("commits").split("<br>").filter_map(|c| {
            let m = COMMIT.captures(c.trim())?;
            Some(Commit {
                id: CommitId::new(&m[1]),
                subject: m[2].to_owned(),
                body: String::new(),
                author: String::new(),
                time: started,
                is_merge: false,
            })
        });
        let base = unquote(get("base"));
        let scope = RoundScope {
            branch: (!branch.is_empty()).then_some(branch),
            base_name: base,
            base: None,
            head: None,
            uncommitted: false,
        };
        Round {
            number: leading_number(get("round")).and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1),
            duration_ms: duration(get("wall-clock time")),
            commits: commits.collect(),
            pull_request: pull_request(get("pr")),
            author: LINK.replace_all(get("author"), "$1").into_owned(),
            agents,
            findings,
            raw,
            ..Round::new(RoundId::new(id), started, scope)
        }
    }

    /// What a resolution table says; the findings are known by their labels.
    pub(crate) fn decisions(
        &self,
        range: Range<usize>,
        labels: &HashMap<String, FindingId>,
        round: &Round,
    ) -> Decisions {
        let mut decisions = Decisions::default();
        for i in range {
            let Some(row) = cells(self.lines.at(i).text) else { continue };
            let when = row.get(3).and_then(|cell| moment(cell)).unwrap_or(round.started);
            let (finding, action) = match row.as_slice() {
                [number, finding, action, ..] if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() => {
                    (finding, action)
                }
                [finding, action] => (finding, action),
                _ => continue,
            };
            let label = match (RESOLVED.captures(finding), BARE_LABEL.captures(finding)) {
                (Some(m), _) => format!("{}{}", m[1].to_uppercase().chars().next().unwrap_or('S'), &m[3]),
                (None, Some(m)) => format!("{}{}", &m[1], &m[2]),
                _ => continue,
            };
            let Some(id) = labels.get(&label) else { continue };
            if let Some(state) = state_of(action) {
                let commit = IN_COMMIT.captures(action).map(|m| CommitId::new(&m[1]));
                decisions.resolutions.insert(
                    id.clone(),
                    Resolution { state, at: when, round: round.id.clone(), code: None, commit, by: None },
                );
            }
        }
        decisions
    }
}
