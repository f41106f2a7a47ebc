//! For models that have nothing but their prompt: who calls what the change touches, and what the change calls. Read off the
//! syntax trees of the snapshot, the likeliest to matter first, as much as fits; given up after a moment.

use super::diff::plain;
use crate::Brief;
use check::Symbol;
use finding::{LineRange, RepoPath};
use git::ChangedFile;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// About so many bytes are a token of code.
const BYTES_A_TOKEN: usize = 4;
/// More is not worth its tokens.
const MOST_TOKENS: usize = 8_000;
/// Longest time that is spent on it.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Names that are looked for, and places that are shown of each.
const MOST_NAMES: usize = 60;
const MOST_CALLERS: usize = 4;
/// A name in more files than this says nothing: everybody has a `new`.
const COMMON: usize = 25;
/// Lines shown around a call, and of a definition.
const AROUND: u32 = 4;
const OF_DEFINITION: u32 = 14;

static CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b([A-Za-z_][A-Za-z0-9_]{2,})\s*[(<!{]").ok());

/// A piece of the snapshot that belongs to the change.
#[derive(Debug)]
struct Piece {
    /// Callers before definitions, then by how many there are of the name: the fewer, the more it says.
    rank: (u8, usize),
    path: RepoPath,
    lines: LineRange,
    why: String,
    text: Arc<str>,
}

/// The definitions and callers, in at most `room` bytes; empty where there are none.
pub(super) fn text(brief: &Brief, room: usize) -> String {
    let room = room.min(MOST_TOKENS * BYTES_A_TOKEN);
    let changed: Vec<&ChangedFile> = brief.changed().filter(|f| brief.sending.allows_change(f)).collect();
    let (touched, called) = (touched(&changed), called(&changed));
    let names: BTreeSet<&str> = touched.iter().chain(&called).map(String::as_str).take(MOST_NAMES).collect();
    let Some(pattern) = any_of(&names) else { return String::new() };
    let mut pieces = pieces(brief, &changed, (&touched, &called), &pattern);
    pieces.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| (&a.path, a.lines).cmp(&(&b.path, b.lines))));
    let mut out = String::new();
    for piece in pieces {
        let shown = piece.shown();
        if out.len() + shown.len() <= room {
            out.push_str(&shown);
        }
    }
    out
}

impl Piece {
    fn shown(&self) -> String {
        let mut out = format!("=== {}, {}\n", plain(&self.path), self.why);
        let lines = (1..).zip(self.text.lines()).skip(self.lines.start() as usize - 1);
        for (number, line) in lines.take(self.lines.count() as usize) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{number:>6}| {}", &line[..line.floor_char_boundary(200)]);
        }
        out.push('\n');
        out
    }
}

/// Names of functions and the like that the change touches.
fn touched(changed: &[&ChangedFile]) -> BTreeSet<String> {
    let of = |file: &&ChangedFile| {
        let text = file.new.clone().unwrap_or_default();
        let symbols = check::symbols(&file.path, &text);
        let is_touched = |s: &Symbol| matches!(s.noun, "function" | "method" | "macro") && file.touches(s.lines);
        symbols.into_iter().filter(is_touched).map(|s| s.name).collect::<Vec<_>>()
    };
    changed.iter().flat_map(of).filter(|name| name.len() > 2).collect()
}

/// Names that added lines call, and that no changed file defines.
fn called(changed: &[&ChangedFile]) -> BTreeSet<String> {
    let Some(pattern) = CALLED.as_ref() else { return BTreeSet::new() };
    let mut own = BTreeSet::new();
    let mut names = BTreeSet::new();
    for file in changed {
        let text = file.new.clone().unwrap_or_default();
        own.extend(check::symbols(&file.path, &text).into_iter().map(|s| s.name));
        let lines: Vec<&str> = text.lines().collect();
        for hunk in &file.hunks {
            let start = (hunk.new_start as usize).saturating_sub(1).min(lines.len());
            let end = (start + hunk.new_count as usize).min(lines.len());
            for line in &lines[start..end] {
                names.extend(pattern.captures_iter(line).map(|found| found[1].to_owned()));
            }
        }
    }
    names.difference(&own).cloned().collect()
}

fn any_of(names: &BTreeSet<&str>) -> Option<Regex> {
    let names: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
    if names.is_empty() { None } else { Regex::new(&format!(r"\b(?:{})\b", names.join("|"))).ok() }
}

fn pieces(
    brief: &Brief,
    changed: &[&ChangedFile],
    (touched, called): (&BTreeSet<String>, &BTreeSet<String>),
    pattern: &Regex,
) -> Vec<Piece> {
    let endings: BTreeSet<&str> = changed.iter().filter_map(|f| f.path.extension()).collect();
    let is_of_kind = |path: &&RepoPath| path.extension().is_some_and(|e| endings.contains(e));
    let paths = brief.snapshot.paths().unwrap_or_default();
    let deadline = Instant::now() + PATIENCE;
    let mut callers: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
    let mut definitions: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
    for path in paths.iter().filter(is_of_kind).filter(|path| brief.sending.allows(path)) {
        if Instant::now() > deadline {
            break;
        }
        let Ok(Some(text)) = brief.snapshot.read(path) else { continue };
        if !pattern.is_match(&text) {
            continue;
        }
        let file = brief.snapshot.file(path);
        let symbols = check::symbols(path, &text);
        for symbol in symbols.iter().filter(|s| called.contains(&s.name)) {
            let end = symbol.lines.end().min(symbol.lines.start() + OF_DEFINITION - 1);
            let why = format!("the {} {} that is called", symbol.noun, symbol.name);
            let lines = LineRange::new(symbol.lines.start(), end);
            let piece = Piece { rank: (1, 0), path: path.clone(), lines, why, text: text.clone() };
            definitions.entry(symbol.name.clone()).or_default().push(piece);
        }
        let mut line_of = LineCounter::new(&text);
        let mut seen: BTreeSet<(String, u32)> = BTreeSet::new();
        for found in pattern.find_iter(&text).filter(|found| touched.contains(found.as_str())) {
            let line = line_of.at(found.start());
            let inside = symbols.iter().filter(|s| s.lines.overlaps(LineRange::line(line)));
            let innermost = inside.min_by_key(|s| s.lines.count());
            // Its own definition, and what the diff shows anyway.
            let is_own = innermost.is_some_and(|s| s.name == found.as_str());
            let is_shown = file.is_some_and(|file| file.touches(LineRange::line(line)));
            let first = innermost.map_or(line, |s| s.lines.start());
            if is_own || is_shown || !seen.insert((found.as_str().to_owned(), first)) {
                continue;
            }
            let last = innermost.map_or(line + AROUND, |s| s.lines.end());
            let lines = LineRange::new(line.saturating_sub(AROUND).max(first), (line + AROUND).min(last).max(line));
            let by = innermost.map(|s| format!(" in the {} {}", s.noun, s.name)).unwrap_or_default();
            let why = format!("uses {}{by}", found.as_str());
            let piece = Piece { rank: (0, 0), path: path.clone(), lines, why, text: text.clone() };
            callers.entry(found.as_str().to_owned()).or_default().push(piece);
        }
    }
    let ranked = |all: BTreeMap<String, Vec<Piece>>, most: usize| {
        all.into_values().filter(|of_name| of_name.len() <= COMMON).flat_map(move |of_name| {
            let count = of_name.len();
            of_name.into_iter().take(most).map(move |piece| Piece { rank: (piece.rank.0, count), ..piece })
        })
    };
    ranked(callers, MOST_CALLERS).chain(ranked(definitions, 2)).collect()
}

/// Lines of places in a text, asked for from its beginning on.
struct LineCounter<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line, 1-based, of a byte that is not before the last one that was asked for.
    fn at(&mut self, byte: usize) -> u32 {
        let between = self.text.as_bytes().get(self.at..byte).unwrap_or_default();
        self.line += between.iter().filter(|b| **b == b'\n').count() as u32;
        self.at = byte;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use git::Snapshot;

    #[test]
    fn callers_and_definitions_are_shown_the_rarest_first_within_their_room() {
        let shop = "pub fn price(net: u32) -> u32 {\n    rounded(net * 119 / 100)\n}\n";
        let before = "pub fn price(net: u32) -> u32 {\n    net\n}\n";
        let till = "use shop::price;\n\npub fn sell(net: u32) -> u32 {\n    let total = price(net);\n    total\n}\n";
        let round = "/// To five.\npub fn rounded(value: u32) -> u32 {\n    value / 5 * 5\n}\n";
        let other = "def price():\n    return price\n";
        let files = |shop: &'static str| {
            [("shop.rs", shop), ("till.rs", till), ("round.rs", round), ("other.py", other), ("kept.rs", till)]
        };
        let mut brief = Brief::new(Snapshot::in_memory(&files(before), &files(shop)));
        brief.sending = crate::Sending::keeping_back(&["kept.rs".to_owned()]).unwrap();
        let shown = text(&brief, 100_000);
        assert!(shown.contains("=== till.rs, uses price in the function sell\n"), "{shown}");
        assert!(shown.contains("     4|     let total = price(net);\n"), "{shown}");
        assert!(shown.contains("=== round.rs, the function rounded that is called\n     2| pub fn rounded"), "{shown}");
        assert!(!shown.contains("other.py") && !shown.contains("kept.rs") && !shown.contains("=== shop.rs"), "{shown}");
        assert!(shown.find("till.rs") < shown.find("round.rs"), "callers come first");
        let little = text(&brief, 150);
        assert!(little.len() <= 150 && little.contains("till.rs") && !little.contains("round.rs"), "{little}");
        assert_eq!(text(&Brief::new(Snapshot::in_memory(&[], &[("a.txt", "price()\n")])), 1000), "");
    }
}
