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
use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// In bytes: more is not worth its tokens, some 8,000.
const LARGEST: usize = 32_000;
/// Longest time that is spent on it.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Names that are looked for, and places that are shown of each.
const MOST_NAMES: usize = 300;
const MOST_CALLERS: usize = 4;
const MOST_DEFINITIONS: usize = 2;
/// A name in more files than this says nothing: everybody has a `new`.
const COMMON: usize = 25;
/// Lines shown around a call, and of a definition.
const AROUND: u32 = 4;
const OF_DEFINITION: u32 = 14;

static CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b([A-Za-z_][A-Za-z0-9_]{2,})\s*[(<!{]").ok());

/// A piece of the snapshot that belongs to the change.
#[derive(Debug)]
struct Piece {
    path: RepoPath,
    lines: LineRange,
    why: String,
    text: Arc<str>,
    /// Whether the diff of its file shows it.
    is_in_diff: bool,
}

/// A name in a family of languages: `head` of a page's script is not that of the program behind it.
type Name = (String, String);

/// What stands around a change, by the names that its files touch and call.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Names of each changed file: of functions and the like that are touched, and that added lines call.
    names: BTreeMap<RepoPath, BTreeSet<Name>>,
    callers: BTreeMap<Name, Vec<Piece>>,
    definitions: BTreeMap<Name, Vec<Piece>>,
}

impl Around {
    /// Looks through the snapshot, for a moment.
    pub(super) fn of(brief: &Brief) -> Self {
        let changed = brief.changed().filter(|f| brief.sending.allows_change(f) && check::is_read(&f.path));
        let changed: Vec<&ChangedFile> = changed.collect();
        let own: BTreeSet<Name> =
            changed.iter().flat_map(|file| defined(file).into_iter().map(|s| name(&file.path, s.name))).collect();
        let (mut touches, mut calls) = (BTreeSet::new(), BTreeSet::new());
        let mut around = Self::default();
        for file in &changed {
            let (touched, called) = (touched(file), called(file));
            let names = touched.iter().chain(called.difference(&own)).cloned().collect();
            around.names.insert(file.path.clone(), names);
            touches.extend(touched);
            calls.extend(called);
        }
        let calls: BTreeSet<Name> = calls.difference(&own).cloned().collect();
        let names: BTreeSet<&str> = touches.iter().chain(&calls).map(|(_, name)| &**name).take(MOST_NAMES).collect();
        if let Some(pattern) = any_of(&names) {
            around.look(brief, &changed, (&touches, &calls), &pattern);
        }
        around
    }

    /// What belongs to these of the changed files, in at most `room` bytes: callers before definitions. Nothing that the
    /// diff of one of them shows.
    pub(super) fn text(&self, files: &[RepoPath], room: usize) -> String {
        let names: BTreeSet<&Name> = files.iter().filter_map(|file| self.names.get(file)).flatten().collect();
        let callers = ranked(&self.callers, &names, files, MOST_CALLERS);
        let definitions = ranked(&self.definitions, &names, files, MOST_DEFINITIONS);
        let mut out = String::new();
        for piece in callers.into_iter().chain(definitions) {
            let shown = piece.shown();
            if out.len() + shown.len() <= most(room) {
                out.push_str(&shown);
            }
        }
        out
    }

    /// Reads every file of the changed files' languages.
    fn look(
        &mut self,
        brief: &Brief,
        changed: &[&ChangedFile],
        (touched, called): (&BTreeSet<Name>, &BTreeSet<Name>),
        pattern: &Regex,
    ) {
        let families: BTreeSet<&str> = changed.iter().map(|f| check::family(&f.path)).collect();
        let is_of_kind = |path: &&RepoPath| check::is_read(path) && families.contains(check::family(path));
        let paths = brief.snapshot.paths().unwrap_or_default();
        let mut paths: Vec<&RepoPath> =
            paths.iter().filter(is_of_kind).filter(|path| brief.sending.allows(path)).collect();
        // What stands near the change is read before time is up.
        let near: BTreeSet<&str> = changed.iter().flat_map(|file| file.path.folders()).collect();
        let nearness = |path: &RepoPath| path.folders().filter(|folder| near.contains(folder)).count();
        paths.sort_by_cached_key(|path| std::cmp::Reverse(nearness(path)));
        let deadline = Instant::now() + PATIENCE;
        // A text is read for its definitions, and for the places of names.
        let _trees = check::TreesKept::begin();
        for path in paths {
            if Instant::now() > deadline {
                break;
            }
            let Ok(Some(text)) = brief.snapshot.read(path) else { continue };
            if pattern.is_match(&text) {
                let symbols = check::symbols(path, &text);
                self.add_definitions(path, &text, &symbols, called);
                self.add_callers(brief.snapshot.file(path), (path, &text), &symbols, touched, pattern);
            }
        }
    }

    fn add_definitions(&mut self, path: &RepoPath, text: &Arc<str>, symbols: &[Symbol], called: &BTreeSet<Name>) {
        for symbol in symbols.iter().filter(|s| s.noun != "field") {
            let name = name(path, symbol.name.clone());
            if !called.contains(&name) {
                continue;
            }
            let end = symbol.lines.end().min(symbol.lines.start() + OF_DEFINITION - 1);
            let piece = Piece {
                path: path.clone(),
                lines: LineRange::new(symbol.lines.start(), end),
                why: format!("the {} {} that is called", symbol.noun, symbol.name),
                text: text.clone(),
                is_in_diff: false,
            };
            self.definitions.entry(name).or_default().push(piece);
        }
    }

    fn add_callers(
        &mut self,
        changed: Option<&ChangedFile>,
        (path, text): (&RepoPath, &Arc<str>),
        symbols: &[Symbol],
        touched: &BTreeSet<Name>,
        pattern: &Regex,
    ) {
        let mut line_of = LineCounter::new(text);
        let mut seen: BTreeSet<(String, u32)> = BTreeSet::new();
        for found in check::in_code(path, text, pattern) {
            let name = name(path, text[found.clone()].to_owned());
            if !touched.contains(&name) || !is_use(&name.0, text, &found) {
                continue;
            }
            let line = line_of.at(found.start);
            let inside = symbols.iter().filter(|s| s.lines.overlaps(LineRange::line(line)));
            let innermost = inside.min_by_key(|s| s.lines.count());
            let is_its_own = innermost.is_some_and(|s| s.name == name.1);
            let first = innermost.map_or(line, |s| s.lines.start());
            if is_its_own || !seen.insert((name.1.clone(), first)) {
                continue;
            }
            let last = innermost.map_or(line + AROUND, |s| s.lines.end());
            let by = innermost.map(|s| format!(" in the {} {}", s.noun, s.name)).unwrap_or_default();
            let piece = Piece {
                path: path.clone(),
                lines: LineRange::new(line.saturating_sub(AROUND).max(first), (line + AROUND).min(last).max(line)),
                why: format!("uses {}{by}", name.1),
                text: text.clone(),
                is_in_diff: changed.is_some_and(|file| file.touches(LineRange::line(line))),
            };
            self.callers.entry(name).or_default().push(piece);
        }
    }
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

/// At most so `many` pieces of each name, those first of whose name there are the fewest: they say most.
fn ranked<'a>(
    all: &'a BTreeMap<Name, Vec<Piece>>,
    names: &BTreeSet<&Name>,
    files: &[RepoPath],
    many: usize,
) -> Vec<&'a Piece> {
    let mut ranked: Vec<(usize, &Piece)> = Vec::new();
    for of_name in names.iter().filter_map(|name| all.get(*name)) {
        let others = of_name.iter().filter(|p| !(p.is_in_diff && files.contains(&p.path)));
        let others: Vec<&Piece> = others.collect();
        if others.len() <= COMMON {
            ranked.extend(others.iter().take(many).map(|piece| (others.len(), *piece)));
        }
    }
    ranked.sort_by(|(a, x), (b, y)| (a, &x.path, x.lines).cmp(&(b, &y.path, y.lines)));
    ranked.into_iter().map(|(_, piece)| piece).collect()
}

/// How many bytes are shown at most where there is room for so many.
pub(super) fn most(room: usize) -> usize {
    room.min(LARGEST)
}

fn name(path: &RepoPath, name: String) -> Name {
    (check::family(path).to_owned(), name)
}

fn defined(file: &ChangedFile) -> Vec<Symbol> {
    check::symbols(&file.path, file.new.as_deref().unwrap_or_default())
}

/// Names of functions and the like that the change of a file touches.
fn touched(file: &ChangedFile) -> BTreeSet<Name> {
    let is_touched = |s: &Symbol| matches!(s.noun, "function" | "method" | "macro") && file.touches(s.lines);
    let names = defined(file).into_iter().filter(is_touched).map(|s| s.name);
    names.filter(|name| name.len() > 2).map(|of| name(&file.path, of)).collect()
}

/// Names that added lines of a file call.
fn called(file: &ChangedFile) -> BTreeSet<Name> {
    let Some(pattern) = CALLED.as_ref() else { return BTreeSet::new() };
    let lines: Vec<&str> = file.new.as_deref().unwrap_or_default().lines().collect();
    let added = file.hunks.iter().flat_map(|hunk| {
        let start = (hunk.new_start as usize).saturating_sub(1).min(lines.len());
        let end = (start + hunk.new_count as usize).min(lines.len());
        &lines[start..end]
    });
    added.flat_map(|line| pattern.captures_iter(line)).map(|found| name(&file.path, found[1].to_owned())).collect()
}

/// Whether a function's name at this place is called or handed on, and not a variable of the same name.
fn is_use(family: &str, text: &str, at: &Range<usize>) -> bool {
    // Where a call needs no brackets, a name says nothing.
    if matches!(family, "rb" | "rake" | "gemspec" | "sh" | "bash") {
        return true;
    }
    let next = text[at.end..].trim_start_matches([' ', '?']).chars().next();
    next.is_some_and(|c| matches!(c, '(' | '<' | '!'))
        || text[..at.start].ends_with("::")
        || text[at.end..].starts_with("::<")
}

fn any_of(names: &BTreeSet<&str>) -> Option<Regex> {
    let names: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
    if names.is_empty() { None } else { Regex::new(&format!(r"\b(?:{})\b", names.join("|"))).ok() }
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
            [
                ("shop.rs", shop),
                ("till.rs", till),
                ("round.rs", round),
                ("other.py", other),
                ("kept.rs", till),
                ("notes.md", "`price` is net.\n"),
                (
                    "said.rs",
                    "// The price of it.\npub const SAID: &str = \"price\";\npub fn same(price: u32) -> u32 {\n    price\n}\n",
                ),
            ]
        };
        let mut brief = Brief::new(Snapshot::in_memory(&files(before), &files(shop)));
        brief.sending = crate::Sending::keeping_back(&["kept.rs".to_owned()]).unwrap();
        let of = |brief: &Brief, files: &[&str], room: usize| {
            let files: Vec<RepoPath> = files.iter().map(|f| RepoPath::new(*f).unwrap()).collect();
            Around::of(brief).text(&files, room)
        };
        let shown = of(&brief, &["shop.rs"], 100_000);
        assert!(shown.contains("=== till.rs, uses price in the function sell\n"), "{shown}");
        assert!(shown.contains("     4|     let total = price(net);\n"), "{shown}");
        assert!(shown.contains("=== round.rs, the function rounded that is called\n     2| pub fn rounded"), "{shown}");
        for left_out in ["other.py", "kept.rs", "=== shop.rs", "notes.md", "said.rs"] {
            assert!(!shown.contains(left_out), "{left_out}: {shown}");
        }
        assert!(shown.find("till.rs") < shown.find("round.rs"), "callers come first");
        let little = of(&brief, &["shop.rs"], 150);
        assert!(little.len() <= 150 && little.contains("till.rs") && !little.contains("round.rs"), "{little}");
        assert_eq!(of(&Brief::new(Snapshot::in_memory(&[], &[("a.txt", "price()\n")])), &["a.txt"], 1000), "");
    }

    #[test]
    fn each_call_is_given_what_its_own_files_touch_unless_their_diff_shows_it() {
        let shop = |net: &str| format!("pub fn price(net: u32) -> u32 {{\n    {net}\n}}\n");
        let till = |tip: &str| format!("pub fn sell(net: u32) -> u32 {{\n    price(net) + {tip}\n}}\n");
        let (old, new) = ([shop("net"), till("1")], [shop("net + 1"), till("2")]);
        let files = |texts: &'static [String; 2]| [("shop.rs", texts[0].as_str()), ("till.rs", texts[1].as_str())];
        let (old, new): (&'static _, &'static _) = (Box::leak(Box::new(old)), Box::leak(Box::new(new)));
        let around = Around::of(&Brief::new(Snapshot::in_memory(&files(old), &files(new))));
        let of = |files: &[&str]| {
            let files: Vec<RepoPath> = files.iter().map(|f| RepoPath::new(*f).unwrap()).collect();
            around.text(&files, 10_000)
        };
        assert!(of(&["shop.rs"]).contains("=== till.rs, uses price in the function sell\n"), "{}", of(&["shop.rs"]));
        assert_eq!((of(&["till.rs"]), of(&["shop.rs", "till.rs"])), (String::new(), String::new()));
    }
}
