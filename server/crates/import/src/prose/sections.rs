//! The sections around the findings: summary, design, testing, …, and the lists and tables in them.

use super::cite::{self, cites};

use super::head::has_agents;
use super::headings::section_name;
use super::lines::{Lines, Role, heading_level, pattern, tidy};
use super::roster::Roster;
use finding::document::FIXUPS;
use finding::{AgentName, Assessment, Feedback, Limitation, Observation, ObservationKind, RepoPath};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A heading's name in lower case, its level, and the lines below it up to the next heading of any level.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) level: usize,
    pub(crate) lines: Range<usize>,
}

static BOLD_HEADING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\*\*(concerns?|strengths?|in-scope|future)[^*]*\*\*:?\s*$"));
static ITEM: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\s{0,3})(?:[-*+]|\d{1,5}[.)])\s+(.*)$"));
static TITLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\*\*(.+?)\*\*\s*(.*)$"));
static SCOPE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^[\s*_`]*\((in-scope|in scope|future|out-of-scope|out of scope|pre-existing)[^)]*\)[\s*_`]*")
});
static BRACKETS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*\[([^\]]+)\]\s*"));
static RANKED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(\W*)(untested|coverage gaps|gaps|missing (tests|coverage)|not covered)[^.]*:\W*$")
});

/// The sections in `range`, in order.
pub(crate) fn sections(lines: &Lines<'_>, range: Range<usize>) -> Vec<Section> {
    let mut out: Vec<Section> = Vec::new();
    for i in range.clone() {
        let text = lines.at(i).text.trim();
        if !lines.at(i).is_text() {
            continue;
        }
        let level = match heading_level(text) {
            Some(level) => level,
            None if BOLD_HEADING.is_match(text) => 8,
            None => continue,
        };
        if let Some(last) = out.last_mut() {
            last.lines.end = i;
        }
        let title = text.trim_matches(|c: char| c == '#' || c.is_whitespace()).to_owned();
        out.push(Section { name: section_name(text), title, level, lines: i + 1..range.end });
    }
    out
}

/// The lines of a section as text, rules at its end aside.
pub(crate) fn text_of(lines: &Lines<'_>, range: Range<usize>) -> String {
    let kept: Vec<&str> = lines.within(range).filter(|l| l.role != Role::Wrapper).map(|l| l.text).collect();
    tidy(&kept)
}

/// The items of a list, each with its further lines; text before and after the list is left out.
pub(crate) fn items(lines: &Lines<'_>, range: Range<usize>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for i in range {
        let line = lines.at(i);
        match ITEM.captures(line.text).filter(|_| line.is_text()) {
            Some(m) => out.push(m[2].to_owned()),
            None => {
                if let Some(last) = out.last_mut()
                    && (line.text.starts_with(' ') || line.text.trim().is_empty() || !line.is_text())
                {
                    last.push('\n');
                    last.push_str(line.text.strip_prefix("   ").or(line.text.strip_prefix("  ")).unwrap_or(line.text));
                } else if !line.text.trim().is_empty()
                    && let Some(last) = out.last_mut()
                    && !last.ends_with('\n')
                {
                    last.push(' ');
                    last.push_str(line.text.trim());
                }
            }
        }
    }
    out.into_iter().map(|item| tidy(&item.lines().collect::<Vec<_>>())).collect()
}

fn is_nothing(text: &str) -> bool {
    let low = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    matches!(low.as_str(), "" | "none" | "n/a" | "not assessed" | "none noted" | "none found" | "no summary was given")
}

fn some(text: String) -> Option<String> {
    (!is_nothing(&text)).then_some(text)
}

/// A list item that starts with a bold title, or with a sentence that serves as one.
struct Titled {
    title: String,
    scope: Option<String>,
    agents: Vec<AgentName>,
    rest: String,
}

fn titled(item: &str, roster: &Roster) -> Titled {
    let (title, mut rest) = match TITLE.captures(item.lines().next().unwrap_or("")) {
        Some(m) => {
            let further: Vec<&str> = item.lines().skip(1).collect();
            let rest = if further.is_empty() { m[2].to_owned() } else { format!("{}\n{}", &m[2], further.join("\n")) };
            (m[1].to_owned(), rest)
        }
        None => {
            let end = item.find(". ").map_or(item.len(), |i| i + 1);
            let end = item.find(": ").map_or(end, |i| end.min(i + 1));
            let end = item.find('\n').unwrap_or(item.len()).min(end);
            (item[..end].to_owned(), item[end..].trim_start().to_owned())
        }
    };
    let mut scope = None;
    let mut agents = Vec::new();
    loop {
        if let Some(m) = SCOPE.captures(&rest) {
            scope = Some(m[1].to_lowercase());
            rest = rest[m[0].len()..].to_owned();
        } else if let Some(m) = BRACKETS.captures(&rest).filter(|m| has_agents(m[0].trim(), roster)) {
            agents.extend(roster.named(&m[1]).into_iter().map(|m| m.name.clone()));
            rest = rest[m[0].len()..].to_owned();
        } else {
            break;
        }
    }
    let title = title.trim().trim_end_matches(['.', ':']).to_owned();
    Titled { title, scope, agents, rest: rest.trim_start_matches(['.', ':', ' ', '—', '–', '\n']).to_owned() }
}

/// What a review says besides its findings.
pub(crate) struct Around {
    pub(crate) assessment: Assessment,
    pub(crate) observations: Vec<Observation>,
    pub(crate) covered: Vec<RepoPath>,
    pub(crate) feedback: Vec<Feedback>,
    pub(crate) declined: Vec<(String, String)>,
    /// The lines of `git commit --fixup`.
    pub(crate) fixups: Option<String>,
}

/// Reads the sections that are not about findings.
pub(crate) fn around(lines: &Lines<'_>, range: Range<usize>, roster: &Roster) -> Around {
    let mut out = Around {
        assessment: Assessment::default(),
        observations: Vec::new(),
        covered: Vec::new(),
        feedback: Vec::new(),
        declined: Vec::new(),
        fixups: None,
    };
    let mut design = false;
    for s in sections(lines, range) {
        let name = s.name.as_str();
        if s.level < 8 {
            design =
                name.starts_with("design") || (design && (name.starts_with("concern") || name.starts_with("strength")));
        }
        let text = || text_of(lines, s.lines.clone());
        if name.starts_with("executive summary") || name == "summary" || name == "overview" {
            let summary = &mut out.assessment.summary;
            if summary.is_none() {
                *summary = some(text());
            }
        } else if name.starts_with("concern") || name.starts_with("strength") || design {
            let strength = name.starts_with("strength");
            observations(&mut out.observations, lines, &s, strength, roster);
        } else if name.starts_with("test") {
            testing(&mut out.assessment, lines, s.lines.clone());
        } else if name.starts_with("documentation") {
            out.assessment.documentation = some(text());
        } else if name.starts_with("commit structure") {
            let text = text();
            // What the history says is found anew for each report.
            out.fixups = text.find(FIXUPS).map(|at| text[at + FIXUPS.len()..].to_owned());
            out.assessment.commit_structure = some(text.split(FIXUPS).next().unwrap_or("").trim_end().to_owned());
        } else if name.starts_with("acknowledged limitation") {
            out.assessment.limitations.extend(items(lines, s.lines.clone()).iter().map(|i| limitation(i, roster)));
        } else if name.starts_with("unresolved feedback") {
            out.feedback.extend(items(lines, s.lines.clone()).iter().map(|i| feedback(i)));
        } else if name.starts_with("declined in") {
            out.declined.extend(items(lines, s.lines.clone()).iter().map(|i| {
                let t = titled(i, roster);
                (t.title, t.rest)
            }));
        } else if name.starts_with("coverage") {
            let cited = cite::anchors(&cites(&text()));
            for anchor in cited {
                if !out.covered.contains(&anchor.path) {
                    out.covered.push(anchor.path);
                }
            }
        }
    }
    out
}

fn observations(out: &mut Vec<Observation>, lines: &Lines<'_>, section: &Section, strength: bool, roster: &Roster) {
    for item in items(lines, section.lines.clone()) {
        if is_nothing(&item) {
            continue;
        }
        let t = titled(&item, roster);
        let kind = match t.scope.as_deref() {
            _ if strength => ObservationKind::Strength,
            Some("in-scope" | "in scope") => ObservationKind::ConcernInScope,
            Some(_) => ObservationKind::ConcernFuture,
            None if section.name.contains("future") => ObservationKind::ConcernFuture,
            None => ObservationKind::ConcernInScope,
        };
        // Places behind the title, before the text.
        let first = t.rest.lines().next().unwrap_or("").to_owned();
        let first = first.as_str();
        let placed = if first.starts_with('`') { cite::anchors(&cites(first)) } else { Vec::new() };
        let body = if placed.is_empty() { t.rest } else { t.rest[first.len()..].trim_start().to_owned() };
        let (mut by, mut anchors) = (t.agents, placed);
        if by.is_empty() && has_agents(first, roster) {
            by = roster.named(first).into_iter().map(|m| m.name.clone()).collect();
        }
        anchors.dedup();
        out.push(Observation { kind, title: t.title, body, anchors, by });
    }
}

fn testing(assessment: &mut Assessment, lines: &Lines<'_>, range: Range<usize>) {
    let numbered = |i: usize| {
        lines.at(i).is_text()
            && lines.at(i).text.starts_with(|c: char| c.is_ascii_digit())
            && ITEM.is_match(lines.at(i).text)
    };
    let Some(first) = range.clone().find(|i| numbered(*i)) else {
        assessment.testing = some(text_of(lines, range));
        return;
    };
    let after = (first..range.end)
        .find(|i| {
            let text = lines.at(*i).text;
            !numbered(*i)
                && !text.trim().is_empty()
                && !text.starts_with(' ')
                && (*i == 0 || lines.at(*i - 1).text.trim().is_empty())
        })
        .unwrap_or(range.end);
    assessment.untested = items(lines, first..after);
    let mut text: Vec<&str> = lines.within(range.start..first).map(|l| l.text).collect();
    while text.last().is_some_and(|l| l.trim().is_empty() || RANKED.is_match(l)) {
        text.pop();
    }
    text.push("");
    text.extend(lines.within(after..range.end).map(|l| l.text));
    assessment.testing = some(tidy(&text));
}

fn limitation(item: &str, roster: &Roster) -> Limitation {
    let t = titled(item, roster);
    let first = t.rest.lines().next().unwrap_or("");
    let anchor = cite::anchors(&cites(first)).into_iter().next();
    let alone = first.trim().starts_with('`') && first.trim().ends_with('`') && first.matches('`').count() == 2;
    let body = if alone && anchor.is_some() { t.rest[first.len()..].trim_start().to_owned() } else { t.rest };
    Limitation { title: t.title, anchor, body }
}

/// Who said what, where the item begins with a name, a place and an address on a line of their own.
fn feedback(item: &str) -> Feedback {
    let said = item.split_once('\n').and_then(|(first, text)| {
        let (author, rest) = first.strip_prefix("**")?.split_once("**")?;
        let (rest, url) = match rest.rsplit_once(" <") {
            Some((rest, url)) => (rest, Some(url.strip_suffix('>')?.to_owned())),
            None => (rest, None),
        };
        let anchor = match rest.trim() {
            "" => None,
            place => Some(cite::exact(place.strip_prefix("— `")?.strip_suffix('`')?)?),
        };
        Some(Feedback { author: author.to_owned(), text: text.trim().to_owned(), anchor, url, ..Feedback::default() })
    });
    let anchor = || cite::anchors(&cites(item)).into_iter().next();
    said.unwrap_or_else(|| Feedback { text: item.to_owned(), anchor: anchor(), ..Feedback::default() })
}
