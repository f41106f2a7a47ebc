//! What is said of a finding below its head, taken apart.

use super::cite::cites;
use super::fielded;
use super::item::{AGENTS_LINE, CLASS_LINE, Item};
use super::lines::{Lines, Role, indent_of, info_of, tidy};
use finding::Fix;
use std::ops::Range;

/// A finding's text taken apart: prose, the code it quotes first, the fixes.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) text: String,
    pub(super) quote: Option<String>,
    pub(super) fixes: Vec<Fix>,
}

/// Takes what is said of a finding apart.
pub(super) fn body_of(lines: &Lines<'_>, item: &mut Item) -> Body {
    match item.text.take() {
        Some(text) => Body { text, ..Body::default() },
        None => body(lines, item.lines.clone(), !item.head.cites.is_empty()),
    }
}

/// Takes the lines of a finding apart. The quote is taken out of the text only where `anchored`, because
/// elsewhere it is all that says which place is meant.
fn body(lines: &Lines<'_>, range: Range<usize>, anchored: bool) -> Body {
    let mut out = Body::default();
    let mut text: Vec<&str> = Vec::new();
    let mut i = range.start;
    while i < range.end {
        let line = lines.at(i);
        if line.role == Role::Wrapper {
            i += 1;
            continue;
        }
        if line.role != Role::Open {
            text.push(line.text);
            i += 1;
            continue;
        }
        let close = (i + 1..range.end).find(|k| lines.at(*k).role != Role::Code).unwrap_or(range.end);
        let code = dedent(lines, i + 1..close, indent_of(line.text));
        let after = if close < range.end && lines.at(close).role == Role::Close { close + 1 } else { close };
        let language = info_of(line.text).split([' ', '{', ',']).next().unwrap_or("").to_ascii_lowercase();
        if matches!(language.as_str(), "diff" | "patch" | "suggestion") {
            let note = take_note(&mut text);
            let diff = if language == "suggestion" { format!("```suggestion\n{code}```\n") } else { code };
            out.fixes.push(Fix { note, path: None, diff, by: Vec::new() });
        } else if out.quote.is_none() && anchored && text.iter().all(|l| is_facts(l)) {
            out.quote = Some(code.trim_end_matches('\n').to_owned());
            text.clear();
        } else {
            text.extend(lines.within(i..after).map(|l| l.text));
        }
        i = after;
    }
    out.text = tidy(&text);
    // There are many of these, and few of them have more than one.
    out.fixes.shrink_to_fit();
    out
}

/// Whether a line before the quote only says what the head says: a place, the agents, the class.
fn is_facts(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || AGENTS_LINE.is_match(line)
        || CLASS_LINE.is_match(line)
        || ((fielded::is_place(line) || line.starts_with(['`', '['])) && line.len() < 300 && !cites(line).is_empty())
}

/// Lines of a fence that is indented so much, as one text.
pub(crate) fn dedent(lines: &Lines<'_>, range: Range<usize>, indent: usize) -> String {
    let mut out = String::new();
    for line in lines.within(range) {
        let text = line.text;
        let cut = text.bytes().take(indent).take_while(|b| *b == b' ' || *b == b'\t').count();
        out.push_str(if cut == indent { &text[cut..] } else { text });
        out.push('\n');
    }
    out.shrink_to_fit();
    out
}

/// The paragraph before a diff, if it is about the fix; it leaves the text.
pub(crate) fn take_note(text: &mut Vec<&str>) -> Option<String> {
    let end = text.iter().rposition(|l| !l.trim().is_empty())? + 1;
    let start = text[..end].iter().rposition(|l| l.trim().is_empty()).map_or(0, |i| i + 1);
    let paragraph = text[start..end].join("\n");
    let bare = paragraph.trim_start_matches(['*', '_', ' ', '-', '#']);
    let word = ["Fix", "Suggested fix", "Suggestion", "Proposed fix", "Recommended fix"]
        .iter()
        .find(|w| bare.starts_with(**w))?;
    let rest = &bare[word.len()..];
    if !rest.starts_with([':', '*', ' ', '.', '\n']) && !rest.is_empty() {
        return None;
    }
    text.truncate(start);
    let note = rest.trim_start_matches([':', '*', '_', ' ', '.', '\n', '—']).trim().trim_end_matches(':');
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    (!note.is_empty()).then_some(note)
}
