//! One agent's review: its findings, and its view of the whole.

use super::body::{Body, body_of};
use super::cite::{cites, places};
use super::fielded;
use super::findings;
use super::gaps;
use super::head;
use super::item::{self, Item};
use super::lines::{Line, Lines, scan};
use super::plain;
use super::roster::Roster;
use super::scale;
use super::sections::{self, Around, around};
use super::table;
use super::unstructured;
use crate::message::titled;
use finding::{AgentName, Answer, RawFinding, RawId};
use std::borrow::Cow;
use std::ops::Range;

/// The largest part of a document that is read; what is beyond is cut off.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// Reads one agent's review, in any style: findings under severity headings, `[CRITICAL] file:line — title`
/// lines, numbered or lettered lists. Never fails: a text without findings gives an answer without findings,
/// with the text as its summary.
#[must_use]
pub fn read_answer(text: &str, agent: &AgentName) -> Answer {
    let text = unix(bounded(text));
    let roster = Roster::of(&[]);
    let lines = scan(&text, Some(&|_| false));
    let mut answer = answer_of(&lines, 0..lines.len(), agent, &roster, "");
    if answer.findings.is_empty() && answer.assessment.summary.is_none() && answer.observations.is_empty() {
        let whole = sections::text_of(&lines, 0..lines.len());
        answer.assessment.summary = (!whole.trim().is_empty()).then_some(whole);
    }
    answer
}

pub(super) fn answer_of(
    lines: &Lines<'_>,
    range: Range<usize>,
    agent: &AgentName,
    roster: &Roster,
    prefix: &str,
) -> Answer {
    let found = all(lines, range.clone(), roster);
    let about = around(lines, range, roster);
    answer_with(lines, found, about, agent, prefix)
}

pub(super) fn answer_with(lines: &Lines<'_>, found: All, about: Around, agent: &AgentName, prefix: &str) -> Answer {
    let mut observations = about.observations;
    for o in &mut observations {
        o.by = vec![agent.clone()];
    }
    let done: Vec<&str> = found.items.iter().filter(|i| i.head.done).map(|i| i.head.title.as_str()).collect();
    let ticked = (!done.is_empty()).then(|| format!("Ticked off as done, and left out: {}", done.join("; ")));
    Answer {
        notes: ticked.into_iter().chain(gaps::note(&found.unread)).collect(),
        findings: found
            .items
            .into_iter()
            .filter(|i| !i.head.struck && !i.head.done)
            .map(|i| {
                let id = format!("{agent}:{prefix}{}", i.label);
                raw_of(lines, i, agent, id)
            })
            .collect(),
        observations,
        assessment: about.assessment,
        covered: about.covered,
    }
}

/// What a review has of findings.
#[derive(Debug, Default)]
pub(super) struct All {
    pub(super) items: Vec<Item>,
    /// What looks like one, and is none that is understood.
    pub(super) unread: Vec<Range<usize>>,
}

/// The findings of a review that may keep to no format.
pub(super) fn all(lines: &Lines<'_>, range: Range<usize>, roster: &Roster) -> All {
    let mut items = findings::find(lines, range.clone(), roster);
    let strict = !items.is_empty();
    let looser: [&dyn Fn() -> Vec<Item>; 4] = [
        &|| fielded::find(lines, range.clone(), roster),
        &|| unstructured::find(lines, range.clone(), roster),
        &|| fielded::in_headings(lines, range.clone(), roster),
        &|| table::find(lines, range.clone(), None, roster),
    ];
    for find in looser {
        if items.is_empty() {
            items = find();
        }
    }
    let mut rest = gaps::rest(lines, range.clone(), &items, roster);
    let told = !strict || !rest.items.is_empty();
    if !rest.items.is_empty() {
        items.append(&mut rest.items);
        items.sort_by_key(|item| item.lines.start);
    }
    if told {
        findings::finish(&mut items, lines, roster);
        untitled(&mut items, lines);
        // Where nothing says the place, the text may.
        for item in items.iter_mut().filter(|item| item.head.cites.is_empty() && !strict) {
            let said = lines.within(item.lines.clone()).filter(Line::is_text).flat_map(|l| cites(l.text));
            item.head.cites.extend(said.into_iter().find(|cite| cite.lines.is_some()));
        }
    }
    scale::apply(&mut items, lines, &range);
    All { items, unread: rest.unread }
}

/// Gives findings whose heads only say a place the first sentence of their text as a title.
fn untitled(items: &mut [Item], lines: &Lines<'_>) {
    let is_title = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count() > 2 && places(text).is_none();
    for item in items.iter_mut().filter(|item| !is_title(&item.head.title)) {
        let text = lines.within(item.lines.clone()).filter(Line::is_text).map(|l| l.text.trim());
        if let Some(first) = text.into_iter().find(|text| text.chars().any(char::is_alphabetic)) {
            item.head.title = titled(first.trim_start_matches(['-', '*', ' '])).0;
        }
    }
}

fn raw_of(lines: &Lines<'_>, mut item: Item, agent: &AgentName, id: String) -> RawFinding {
    let body = body_of(lines, &mut item);
    raw_with(item, body, agent, id)
}

pub(super) fn raw_with(item: Item, body: Body, agent: &AgentName, id: String) -> RawFinding {
    let mut fixes = body.fixes;
    for fix in &mut fixes {
        fix.by = vec![agent.clone()];
    }
    RawFinding {
        id: RawId::new(id),
        sure: None,
        agent: agent.clone(),
        severity: item.severity,
        classification: item.head.class.as_deref().and_then(head::classification),
        anchors: item::anchors(&item.head, body.quote),
        title: item.head.title,
        body: body.text,
        symbol: None,
        rule: None,
        fixes,
    }
}

/// The text as it is read: bounded, with plain line endings, and with Markdown's marks where they were lost.
pub(super) fn prepared(text: &str) -> Cow<'_, str> {
    let text = unix(bounded(text));
    if plain::is_plain(&text) { plain::to_markdown(&text).into() } else { text }
}

/// The part of a text that is read.
pub(crate) fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

/// A text with plain line endings.
pub(crate) fn unix(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() }
}
