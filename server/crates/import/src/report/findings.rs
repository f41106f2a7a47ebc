//! The findings of our report: a heading with the label, a line with places, agents and severity, the quoted code, the text,
//! facts, fixes.

use super::NotOurs;
use super::asides::{Asides, Said};
use crate::prose::body::{dedent, take_note};
use crate::prose::cite;
use crate::prose::decided::{contrary, doubts, settled, verification};
use crate::prose::document::Document;
use crate::prose::head::classification;
use crate::prose::lines::{Lines, Role, indent_of, info_of, pattern, tidy};
use crate::prose::read::confidence;
use crate::prose::roster::Roster;
use crate::prose::runs::Runs;
use finding::document::FIX;
use finding::{
    AgentName, Anchor, Attribution, Finding, FindingId, FindingStatus, Fix, Graded, Learned, RawFinding, RawId,
    RepoPath, RuleRef, Severity,
};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static HEAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^### (\S*)\. (.*)$"));
static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"`([^`]+)`|``\s?(.+?)\s?``"));
static FACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\*\*(Severity set|Severity|Settled|Learned|Contrary|Doubtful|Checked|Rule|Since|Resolution):\*\* (.*)$")
});
static MORE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\*… and \d+ more lines?\.\*$"));
static FIX_AGENTS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(.*?)\s*\[([^\[\]]+)\]$"));
static FIX_PATH: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(.*?)\s*\(`([^`]+)`\)$"));

/// A finding as it stands in the report.
pub(super) struct Item {
    pub(super) label: String,
    title: String,
    severity: Severity,
    class: String,
    agents: Vec<AgentName>,
    anchors: Vec<Anchor>,
    /// Below the line with its places.
    lines: Range<usize>,
}

/// The findings in a section.
pub(super) fn items(document: &Document<'_>, section: Range<usize>, asides: &Asides) -> Result<Vec<Item>, NotOurs> {
    let lines = &document.lines;
    let heads: Vec<usize> = section.clone().filter(|i| lines.at(*i).is_heading()).collect();
    let ends = heads.iter().skip(1).copied().chain([section.end]);
    heads.iter().zip(ends).map(|(&head, end)| item(document, head, end, asides)).collect()
}

fn item(document: &Document<'_>, head: usize, end: usize, asides: &Asides) -> Result<Item, NotOurs> {
    let lines = &document.lines;
    let named = HEAD.captures(lines.at(head).text);
    let missing = |what: &'static str| NotOurs::Finding { line: asides.line(head), what };
    let named = named.ok_or_else(|| missing("a finding's heading has no label"))?;
    let below = (head + 1..end).find(|i| !lines.at(*i).text.trim().is_empty());
    let facts =
        below.filter(|i| lines.at(*i).is_text()).and_then(|i| Some((i, facts(lines.at(i).text, &document.roster)?)));
    let (at, facts) =
        facts.ok_or_else(|| missing("below its heading a finding has its places, its agents and its severity"))?;
    let (label, title) = (named[1].to_owned(), named[2].to_owned());
    let Facts { severity, class, agents, anchors } = facts;
    Ok(Item { label, title, severity, class, agents, anchors, lines: at + 1..end })
}

/// What the line below a finding's heading says.
struct Facts {
    severity: Severity,
    class: String,
    agents: Vec<AgentName>,
    anchors: Vec<Anchor>,
}

/// The agents stand in the last brackets, the class behind them; a path may hold brackets too.
fn facts(line: &str, roster: &Roster) -> Option<Facts> {
    let (before, class) = line.strip_suffix(')')?.rsplit_once(" (")?;
    let open = before.rfind('[')?;
    let labels = before[open..].trim_matches(['[', ']']);
    let anchor = |m: regex::Captures<'_>| cite::exact(m.get(1).or(m.get(2))?.as_str());
    Some(Facts {
        severity: class.split(',').next().and_then(Severity::from_heading_word)?,
        class: class.to_owned(),
        agents: labels.split(", ").filter_map(|label| roster.labelled(label)).collect(),
        anchors: CODE.captures_iter(&before[..open]).filter_map(anchor).collect(),
    })
}

/// What stands below: the code that is quoted, the text, the facts at its end, and the fixes.
#[derive(Default)]
struct Body {
    text: String,
    quote: Option<String>,
    fixes: Vec<Fix>,
    /// `**Severity:**` and the like, by their names in lower case, the last first.
    facts: Vec<(String, String)>,
}

impl Body {
    fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All facts of this name, as they stand.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.facts.iter().rev().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

fn body(lines: &Lines<'_>, range: Range<usize>, roster: &Roster, by: &[AgentName]) -> Body {
    let mut out = Body::default();
    let mut text: Vec<&str> = Vec::new();
    let mut i = range.start;
    while i < range.end {
        let line = lines.at(i);
        if line.role != Role::Open {
            if out.quote.is_none() || !MORE.is_match(line.text) {
                text.push(line.text);
            }
            i += 1;
            continue;
        }
        let close = (i + 1..range.end).find(|k| lines.at(*k).role != Role::Code).unwrap_or(range.end);
        let after = (close + 1).min(range.end);
        let code = || dedent(lines, i + 1..close, indent_of(line.text));
        let is_blank = |text: &[&str]| text.iter().all(|l| l.trim().is_empty());
        if info_of(line.text) == "diff" && says_fix(&text) {
            let note = take_note(&mut text).unwrap_or_default();
            out.fixes.push(fix(&note, code(), roster, by));
        } else if out.quote.is_none() && is_blank(&text) && is_quote(info_of(line.text)) {
            out.quote = Some(code().trim_end_matches('\n').to_owned());
            text.clear();
        } else {
            text.extend(lines.within(i..after).map(|l| l.text));
        }
        i = after;
    }
    while let Some(at) = text.iter().rposition(|l| !l.trim().is_empty()) {
        let Some(m) = FACT.captures(text[at]) else { break };
        out.facts.push((m[1].to_lowercase(), m[2].to_owned()));
        text.truncate(at);
    }
    out.text = tidy(&text);
    out.fixes.shrink_to_fit();
    out
}

/// Whether a fence quotes the code: `go 50-71`, `go quoted`.
fn is_quote(info: &str) -> bool {
    info.split_once(' ').is_some_and(|(_, lines)| {
        lines == "quoted"
            || lines.split_once('-').is_some_and(|(a, b)| a.parse::<u32>().is_ok() && b.parse::<u32>().is_ok())
    })
}

/// Whether what stands above a diff says that it is a fix; a text may hold diffs too.
fn says_fix(text: &[&str]) -> bool {
    text.iter().rev().find(|l| !l.trim().is_empty()).is_some_and(|l| l.starts_with(FIX))
}

/// A fix whose note ends with the file and with who proposed it.
fn fix(note: &str, diff: String, roster: &Roster, by: &[AgentName]) -> Fix {
    let (mut by, mut path) = (by.to_vec(), None);
    let mut text = note;
    if let Some(m) = FIX_AGENTS.captures(text) {
        let named: Vec<AgentName> = m[2].split(", ").filter_map(|label| roster.labelled(label)).collect();
        if !named.is_empty() {
            (by, text) = (named, m.get(1).map_or("", |before| before.as_str()));
        }
    }
    let place = FIX_PATH.captures(text).and_then(|m| Some((m.get(1)?.as_str(), RepoPath::new(&m[2]).ok()?)));
    if let Some((before, file)) = place {
        (text, path) = (before, Some(file));
    }
    Fix { note: (!text.is_empty()).then(|| text.to_owned()), path, by, diff }
}

/// The finding, with what each of its agents said in `raw`.
pub(super) fn finding(
    document: &Document<'_>,
    item: Item,
    asides: &Asides,
    runs: &mut Runs,
    raw: &mut Vec<RawFinding>,
) -> Finding {
    let roster = &document.roster;
    let agents = if item.agents.is_empty() { vec![AgentName::new("imported")] } else { item.agents.clone() };
    let body = body(&document.lines, item.lines.clone(), roster, &agents);
    let (merged, label, lines) = merged(item, &agents[0], &body);
    let rated = body.fact("severity").map(|text| rated(text, roster)).unwrap_or_default();
    let said = asides.said(&lines, roster);
    let begin = raw.len();
    for agent in &agents {
        let shown = roster.member(agent).map_or("Imported", |m| m.label.as_str());
        runs.meet(agent, shown);
        let id = match asides.round_of(&lines, shown) {
            Some(round) => format!("round {round}/{agent}:merged-{label}"),
            None => format!("{agent}:merged-{label}"),
        };
        let severity = rated.iter().find(|(name, _)| name == agent).map_or(merged.severity, |(_, said)| *said);
        for (n, words) in words_of(agent, *agent == agents[0], &said).into_iter().enumerate() {
            let id = if n == 0 { id.clone() } else { format!("{id}-{}", n + 1) };
            let said = RawFinding { id: RawId::new(id), agent: agent.clone(), severity, ..merged.clone() };
            raw.push(in_own_words(said, words));
        }
    }
    let said = &raw[begin..];
    let attribution =
        |raw: &RawFinding| Attribution { agent: raw.agent.clone(), severity: raw.severity, raw: raw.id.clone() };
    let id = said.first().map(|first| merge::fingerprint(first).0).unwrap_or_default();
    Finding {
        confidence: confidence(agents.len()),
        attributions: said.iter().map(attribution).collect(),
        why: vec!["read from a report".into()],
        body: merged.body,
        anchors: merged.anchors,
        classification: merged.classification,
        ..with_facts(body, roster, Finding::new(FindingId::new(id), merged.severity, merged.title))
    }
}

/// What the finding says as a whole, as one remark of the agent `by`; its label; and its lines below the one with its places.
fn merged(item: Item, by: &AgentName, body: &Body) -> (RawFinding, String, Range<usize>) {
    let mut anchors = item.anchors;
    if let Some(first) = anchors.first_mut() {
        first.quote.clone_from(&body.quote);
    }
    let merged = RawFinding {
        id: RawId::new("merged"),
        sure: None,
        agent: by.clone(),
        severity: item.severity,
        classification: classification(&item.class),
        anchors,
        title: item.title,
        body: body.text.clone(),
        symbol: None,
        rule: None,
        fixes: body.fixes.clone(),
    };
    (merged, item.label, item.lines)
}

/// A remark as its agent made it: in the words that are folded beside the finding, with the fixes that are its own.
fn in_own_words(mut remark: RawFinding, words: Option<&Said>) -> RawFinding {
    let agent = &remark.agent;
    if let Some(Said { severity, title, body, .. }) = words {
        (remark.severity, remark.title, remark.body) = (*severity, title.clone(), body.clone());
        remark.fixes.retain(|fix| fix.by.contains(agent));
    }
    remark.fixes.iter_mut().for_each(|fix| fix.by = vec![agent.clone()]);
    remark
}

/// The finding with what the facts at the end of its text say, and with its fixes.
fn with_facts(body: Body, roster: &Roster, finding: Finding) -> Finding {
    let checked = body.fact("checked").and_then(|text| verification(text, roster));
    Finding {
        dispute: body.fact("severity").map(str::to_owned),
        rule: body.fact("rule").map(|id| RuleRef { id: id.trim_matches('`').trim().to_owned(), url: None }),
        verification: checked.unwrap_or(FindingStatus::Unverified),
        since: body.fact("since").and_then(|text| text.trim_start_matches("round ").parse().ok()),
        doubts: body.fact("doubtful").map(doubts).unwrap_or_default(),
        settled: body.fact("settled").and_then(|text| settled(text, roster)),
        graded: body.fact("severity set").and_then(Graded::read),
        learned: body.fact("learned").map(Learned::read),
        contrary: body.all("contrary").filter_map(|text| contrary(text, roster)).collect(),
        fixes: body.fixes,
        ..finding
    }
}

/// What an agent said: what is folded beside the finding, and the finding's own words (`None`) where it is the first one, or
/// said nothing else.
fn words_of<'s>(agent: &AgentName, is_first: bool, said: &'s [Said]) -> Vec<Option<&'s Said>> {
    let besides: Vec<Option<&Said>> = said.iter().filter(|said| said.agent == *agent).map(Some).collect();
    if is_first || besides.is_empty() { std::iter::once(None).chain(besides).collect() } else { besides }
}

/// The severities that agents gave, where they differ: `Ann 1: Critical, Bob 2: Important → Important`.
fn rated(text: &str, roster: &Roster) -> Vec<(AgentName, Severity)> {
    let given = text.split_once(" → ").map_or("", |(given, _)| given).split(", ");
    let one = |given: &str| {
        let (label, severity) = given.rsplit_once(": ")?;
        Some((roster.labelled(label)?, Severity::from_word(severity)?))
    };
    given.filter_map(one).collect()
}
