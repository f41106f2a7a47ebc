//! Keys that the code puts together of several string literals: `"AKIA" + "IOSF…"`.

use super::{Secret, issued};
use std::ops::Range;

pub(super) fn find(text: &str, found: &mut Vec<Secret>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(quote) = memchr_quote(&bytes[at..]) {
        let (pieces, end) = pieces(text, at + quote);
        if pieces.len() > 1 {
            let whole: String = pieces.iter().map(|p| &text[p.clone()]).collect();
            let mut joined = Vec::new();
            issued::find(&whole, &mut joined);
            for secret in joined {
                let parts = inside(&pieces, &secret.bytes).map(|bytes| Secret { bytes, kind: secret.kind });
                found.extend(parts);
            }
        }
        at = end;
    }
}

fn memchr_quote(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| matches!(b, b'"' | b'\''))
}

/// The inner ranges of the literals that follow each other from the quote at `start` on, and where they end.
pub(super) fn pieces(text: &str, start: usize) -> (Vec<Range<usize>>, usize) {
    let mut out = Vec::new();
    let mut at = start;
    while let Some(inner) = literal(text, at) {
        at = inner.end + 1;
        out.push(inner);
        match next_literal(text, at) {
            Some(next) if out.len() < 64 => at = next,
            _ => return (out, at),
        }
    }
    (out, at.max(start + 1))
}

/// What is between the quote at `at` and its like on the same line.
pub(super) fn literal(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(at).filter(|b| matches!(b, b'"' | b'\'' | b'`'))?;
    let mut end = at + 1;
    loop {
        match *bytes.get(end)? {
            b'\n' => return None,
            b'\\' => end += 2,
            b if b == quote => return Some(at + 1..end),
            _ => end += 1,
        }
    }
}

/// The quote of a literal that is joined to the one that ended at `at`.
fn next_literal(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let behind =
        rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '+' | '.' | '&' | '\\' | '|' | '<' | '>'));
    let gap = &rest[..rest.len() - behind.len()];
    let operators = gap.trim();
    let joins = matches!(operators, "" | "+" | "." | ".." | "&" | "\\" | "||" | "<>" | "++");
    let begins = behind.starts_with(['"', '\'']);
    (joins && begins && !gap.is_empty() && gap.matches('\n').count() <= 1).then(|| at + gap.len())
}

/// The parts of `joined`, a range of the pieces put together, in the text.
fn inside<'a>(pieces: &'a [Range<usize>], joined: &'a Range<usize>) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut before = 0;
    pieces.iter().filter_map(move |piece| {
        let (from, to) = (joined.start.max(before), joined.end.min(before + piece.len()));
        let part = (from < to).then(|| piece.start + from - before..piece.start + to - before);
        before += piece.len();
        part
    })
}
