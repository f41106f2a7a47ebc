//! Which names the branch took out of the code, and what each became.

use super::files::gone_files;
use crate::remark::LARGEST_TEXT;
use crate::syntax::{Kind, Part, kind_of, parts};
use aho_corasick::AhoCorasick;
use finding::RepoPath;
use git::{ChangeKind, ChangedFile, LineHunk, Snapshot};
use rayon::prelude::*;
use regex::Regex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;
use tokio_util::sync::CancellationToken;

/// More names than this are not looked for; those that were defined come first.
const MOST_NAMES: usize = 20_000;
/// Hunks with more lines are rewritten, not renamed: no pairs are sought in them.
const LONGEST_HUNK: usize = 400;

/// What sort of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// An identifier.
    Identifier,
    /// A flag, a key or a variable of the environment: stood alone in a string.
    Literal,
    /// A file.
    Path,
}

/// A name that some changed code had and has no more.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    pub(super) name: String,
    /// What texts are searched for: the name; of a file, its name without its folders.
    pub(super) sought: String,
    pub(super) what: What,
    /// Whether the code defined it there. Of a name that was only used, nobody knows whose it is.
    pub(super) is_defined: bool,
    /// What it was, for people.
    pub(super) noun: &'static str,
    /// Where it was, in the base.
    pub(super) path: RepoPath,
    pub(super) line: u32,
    /// What it is called now.
    pub(super) new: Option<String>,
    /// Whether it cannot be a word of a sentence: `two_words`, `twoWords`, `--flag`.
    pub(super) is_name_like: bool,
}

/// Names of things in the world, of which a text may speak whatever the code does.
const PROPER: &[&str] = &[
    "JavaScript",
    "RegExp",
    "TypeScript",
    "GitHub",
    "GitLab",
    "PostgreSQL",
    "MySQL",
    "SQLite",
    "MongoDB",
    "OpenAI",
    "macOS",
    "iOS",
    "YouTube",
    "LinkedIn",
    "WebSocket",
    "WebAssembly",
    "NodeJS",
    "IntelliJ",
    "PowerShell",
    "GraphQL",
    "OAuth",
    "README",
    "DevOps",
    "OpenSSL",
    "TODO",
    "FIXME",
    "JSON",
    "HTTP",
    "HTTPS",
    "UTF8",
    "HashMap",
    "ASCII",
    "PyPI",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
    "PATH",
    "HOME",
    "SHELL",
    "TERM",
    "EDITOR",
    "TMPDIR",
    "NO_COLOR",
    "PYTHONPATH",
    "GOPATH",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "NODE_ENV",
    "GITHUB_TOKEN",
];

/// Tokens of code with their bytes.
fn identifiers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = code.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !is_word(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        (start < at).then(|| (start, &code[start..at]))
    })
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

/// Whether the name at `at` is not a part of a longer one. The dashes before a flag's name are none of it.
pub(super) fn stands_alone(text: &str, at: &Range<usize>, what: What) -> bool {
    let bytes = text.as_bytes();
    let joins = |b: u8| is_word(b) || (what == What::Literal && b == b'-');
    let dashes =
        if what == What::Literal { bytes[..at.start].iter().rev().take_while(|b| **b == b'-').count() } else { 0 };
    let before = if dashes <= 2 { &bytes[..at.start - dashes] } else { &bytes[..at.start] };
    !(before.last().is_some_and(|b| joins(*b)) || bytes.get(at.end).is_some_and(|b| joins(*b)))
}

fn is_name_like(name: &str) -> bool {
    let inner = name.trim_matches('_');
    let snake = inner.contains('_') && inner.bytes().any(|b| b.is_ascii_alphabetic());
    let camel = inner.as_bytes().windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase());
    (snake || camel) && !PROPER.contains(&name)
}

/// The texts of one side: its lines, and the same with comments and strings blanked.
struct Side<'t> {
    code: Vec<String>,
    /// Strings that are one word, with their line (0-based).
    literals: Vec<(usize, &'t str)>,
}

fn side<'t>(path: &RepoPath, text: &'t str) -> Option<Side<'t>> {
    if text.len() > LARGEST_TEXT {
        return None;
    }
    if path.extension() == Some("json") {
        return Some(Side { code: vec![String::new(); text.lines().count()], literals: keys(text, &JSON_KEY) });
    }
    let Kind::Code(syntax) = kind_of(path) else { return None };
    // What is not markup in a page is a text for people.
    if matches!(path.extension(), Some("html" | "htm" | "xml" | "svg")) {
        return None;
    }
    let mut code = text.as_bytes().to_vec();
    let mut literals = Vec::new();
    let (mut line, mut counted) = (0, 0);
    for (range, part) in parts(text, &syntax) {
        let range = range.start..range.end.min(text.len());
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..range.start]).count();
        counted = range.start;
        if part == Part::Text {
            let inside = text.get(range.clone()).unwrap_or("").trim_matches(['"', '\'', '`']);
            if is_literal_name(inside) {
                literals.push((line, inside));
            }
        }
        for b in &mut code[range] {
            if *b != b'\n' {
                *b = b' ';
            }
        }
    }
    let code = String::from_utf8_lossy(&code).lines().map(str::to_owned).collect();
    if matches!(path.extension(), Some("toml" | "yml" | "yaml" | "ini" | "cfg" | "conf" | "env" | "properties")) {
        literals.extend(keys(text, &KEY));
        literals.sort_unstable();
    }
    Some(Side { code, literals })
}

static JSON_KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"^\s*"([\w.-]+)"\s*:"#).ok());
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*(?:- +|export +)?["']?([A-Za-z_][\w-]*)["']?\s*(?:=|:(?:\s|$))"#).ok());

/// The keys of a file of settings, with their lines (0-based).
fn keys<'t>(text: &'t str, pattern: &LazyLock<Option<Regex>>) -> Vec<(usize, &'t str)> {
    let Some(pattern) = pattern.as_ref() else { return Vec::new() };
    let key = |(n, line): (usize, &'t str)| {
        let key = pattern.captures(line.get(..line.len().min(200))?)?.get(1)?.as_str();
        is_literal_name(key).then_some((n, key))
    };
    text.lines().enumerate().filter_map(key).collect()
}

/// A flag, a variable of the environment, or a key. Whether a sentence may have it as a word is another question.
fn is_literal_name(text: &str) -> bool {
    let plain = |t: &str| t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let name = text.trim_start_matches('-');
    (4..60).contains(&name.len())
        && text.len() - name.len() <= 2
        && plain(name)
        && name.as_bytes()[0].is_ascii_alphabetic()
        && !name.ends_with('-')
}

/// Whether a string cannot be a word of a sentence.
fn is_literal_name_like(text: &str) -> bool {
    text.starts_with('-') || is_name_like(text) || text.trim_start_matches('-').matches('-').count() >= 2
}

/// What a string was, for people.
fn noun_of_literal(text: &str) -> &'static str {
    if text.starts_with('-') { "flag" } else { "setting" }
}

/// The definition's noun, where the word before says so.
pub(super) fn noun_of(before: &str) -> Option<&'static str> {
    let word = before.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next()?;
    Some(match word {
        "fn" | "def" | "func" | "function" | "fun" => "function",
        "class" | "struct" | "enum" | "trait" | "interface" | "type" | "record" => "type",
        "const" | "static" => "constant",
        "mod" | "module" | "package" => "module",
        _ if before.trim_start().starts_with("func (") => "method",
        _ => return None,
    })
}

/// All names that a changed file lost and does not have any more; whether another file has them is not known yet.
pub(super) fn candidates(snapshot: &Snapshot, cancel: &CancellationToken) -> Vec<Gone> {
    let in_file = |file| if cancel.is_cancelled() { Vec::new() } else { lost(file) };
    let all: Vec<Vec<Gone>> = snapshot.files().par_iter().map(in_file).collect();
    let mut names: HashMap<String, Gone> = HashMap::new();
    for gone in all.into_iter().flatten() {
        if names.get(&gone.name).is_none_or(|known| gone.is_defined && !known.is_defined) {
            names.insert(gone.name.clone(), gone);
        }
    }
    let mut names: Vec<Gone> = names.into_values().chain(gone_files(snapshot)).collect();
    names.sort_by(|a, b| (!a.is_defined, &a.name).cmp(&(!b.is_defined, &b.name)));
    names.truncate(MOST_NAMES);
    names
}

/// The name that a changed file has in the base.
fn old_path(file: &ChangedFile) -> &RepoPath {
    match &file.kind {
        ChangeKind::Renamed { from } => from,
        _ => &file.path,
    }
}

/// The names in the lines that were taken out of a file and that its code does not have any more.
fn lost(file: &ChangedFile) -> Vec<Gone> {
    let old_path = old_path(file);
    let taken_out = file.hunks.iter().any(|h| h.old_count > 0);
    let Some(old) = file.old.as_deref().filter(|_| taken_out).and_then(|t| side(old_path, t)) else {
        return Vec::new();
    };
    // The settings of tools that build and test are not what the documents speak of.
    let is_tool = old_path.as_str().starts_with('.') || old_path.as_str().contains("/.");
    let mut seen = HashSet::new();
    let mut lost = Vec::new();
    for hunk in &file.hunks {
        let lines = lines_of(hunk.old_start, hunk.old_count, old.code.len());
        for n in lines.clone() {
            for (at, word) in identifiers(&old.code[n]) {
                if word.len() < 4 || word.as_bytes()[0].is_ascii_digit() || PROPER.contains(&word) {
                    continue;
                }
                let (noun, name_like) = (noun_of(&old.code[n][..at]), is_name_like(word));
                if (name_like || noun.is_some()) && seen.insert((word, noun.is_some())) {
                    let one = gone(word, What::Identifier, noun.unwrap_or("name"), old_path, n, name_like);
                    lost.push(Gone { is_defined: noun.is_some(), ..one });
                }
            }
        }
        for (n, literal) in old.literals.iter().filter(|(n, _)| lines.contains(n)) {
            let name_like = is_literal_name_like(literal);
            if !PROPER.contains(literal) && (name_like || !is_tool) && seen.insert((literal, true)) {
                let one = gone(literal, What::Literal, noun_of_literal(literal), old_path, *n, name_like);
                lost.push(Gone { is_defined: name_like, ..one });
            }
        }
    }
    if !lost.is_empty()
        && let Some(new) = file.new.as_deref().and_then(|t| side(&file.path, t))
    {
        let mut kept: HashSet<&str> = new.literals.iter().map(|(_, literal)| *literal).collect();
        kept.extend(new.code.iter().flat_map(|line| identifiers(line)).map(|(_, word)| word));
        lost.retain(|gone| !kept.contains(gone.name.as_str()));
    }
    lost
}

/// What became of names, as the diff tells: the clear winner, or nothing.
pub(super) fn renamed(snapshot: &Snapshot, names: &HashSet<&str>) -> HashMap<String, String> {
    let Ok(finder) = AhoCorasick::new(names) else { return HashMap::new() };
    let votes_in = |file: &ChangedFile| -> HashMap<(String, String), u32> {
        let mut votes = HashMap::new();
        let (Some(old), Some(new)) = (file.old.as_deref().filter(|t| finder.is_match(*t)), file.new.as_deref()) else {
            return votes;
        };
        if let (Some(old), Some(new)) = (side(old_path(file), old), side(&file.path, new)) {
            for hunk in &file.hunks {
                pair(hunk, &old, &new, &mut votes);
            }
        }
        votes
    };
    let all: Vec<HashMap<(String, String), u32>> = snapshot.files().par_iter().map(votes_in).collect();
    let mut votes: HashMap<String, BTreeMap<String, u32>> = HashMap::new();
    for ((old, new), n) in all.into_iter().flatten().filter(|((old, _), _)| names.contains(old.as_str())) {
        *votes.entry(old).or_default().entry(new).or_default() += n;
    }
    let winner = |(old, found): (String, BTreeMap<String, u32>)| {
        let best = found.values().max().copied()?;
        let mut winners = found.into_iter().filter(|(_, n)| *n == best);
        let (new, _) = winners.next()?;
        winners.next().is_none().then_some((old, new))
    };
    votes.into_iter().filter_map(winner).collect()
}

pub(super) fn gone(
    name: &str,
    what: What,
    noun: &'static str,
    path: &RepoPath,
    line: usize,
    is_name_like: bool,
) -> Gone {
    let (name, sought, line) = (name.to_owned(), name.to_owned(), line as u32 + 1);
    Gone { name, sought, what, is_defined: true, noun, path: path.clone(), line, new: None, is_name_like }
}

fn lines_of(start: u32, count: u32, len: usize) -> Range<usize> {
    let start = (start as usize - 1).min(len);
    start..(start + count as usize).min(len)
}

/// Votes for what became of the names of a hunk.
fn pair(hunk: &LineHunk, old: &Side<'_>, new: &Side<'_>, votes: &mut HashMap<(String, String), u32>) {
    let before = lines_of(hunk.old_start, hunk.old_count, old.code.len());
    let after = lines_of(hunk.new_start, hunk.new_count, new.code.len());
    if before.is_empty() || after.is_empty() || before.len() + after.len() > LONGEST_HUNK {
        return;
    }
    let words = |lines: &[String]| -> HashSet<String> {
        lines.iter().flat_map(|l| identifiers(l)).map(|(_, w)| w.to_owned()).collect()
    };
    let (old_words, new_words) = (words(&old.code[before.clone()]), words(&new.code[after.clone()]));
    let literals = |side: &Side<'_>, lines: &Range<usize>| -> Vec<String> {
        side.literals.iter().filter(|(n, _)| lines.contains(n)).map(|(_, l)| (*l).to_owned()).collect()
    };
    for a in &old.code[before.clone()] {
        let tokens = skeleton(a);
        if tokens.iter().all(|t| !old_words.contains(*t) || new_words.contains(*t)) {
            continue;
        }
        for b in &new.code[after.clone()] {
            let others = skeleton(b);
            if tokens.len() == others.len() {
                // Same shape: the names that differ are renamed, if most of the line is the same.
                let differ: Vec<(&str, &str)> =
                    tokens.iter().zip(&others).filter(|(x, y)| x != y).map(|(x, y)| (*x, *y)).collect();
                let named = |(x, y): &(&str, &str)| {
                    is_word(x.as_bytes()[0])
                        && is_word(y.as_bytes()[0])
                        && !new_words.contains(*x)
                        && !old_words.contains(*y)
                };
                if differ.len() * 2 <= tokens.len() && differ.len() <= 3 && differ.iter().all(named) {
                    for (x, y) in differ {
                        *votes.entry((x.to_owned(), y.to_owned())).or_default() += 3;
                    }
                }
            }
            for x in tokens.iter().filter(|t| is_name_like(t) && !new_words.contains(**t)) {
                for y in others.iter().filter(|t| is_name_like(t) && !old_words.contains(**t)) {
                    if share_words(x, y) {
                        *votes.entry(((*x).to_owned(), (*y).to_owned())).or_default() += 1;
                    }
                }
            }
        }
    }
    let (gone, come) = (literals(old, &before), literals(new, &after));
    if let ([gone], [come]) = (gone.as_slice(), come.as_slice())
        && gone != come
        && gone.starts_with('-') == come.starts_with('-')
    {
        *votes.entry((gone.clone(), come.clone())).or_default() += 3;
    }
}

/// The tokens of a line: names, and every other sign by itself.
fn skeleton(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut at = 0;
    for (start, word) in identifiers(line) {
        out.extend(line[at..start].split("").filter(|s| !s.trim().is_empty()));
        out.push(word);
        at = start + word.len();
    }
    out.extend(line[at..].split("").filter(|s| !s.trim().is_empty()));
    out.truncate(200);
    out
}

/// Whether all words of the shorter name are in the longer one, and there are at least two.
fn share_words(a: &str, b: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let mut out = vec![String::new()];
        let mut lower = false;
        for c in name.chars() {
            if c == '_' || (c.is_uppercase() && lower) {
                out.push(String::new());
            }
            lower = c.is_lowercase() || c.is_ascii_digit();
            if c != '_'
                && let Some(last) = out.last_mut()
            {
                last.extend(c.to_lowercase());
            }
        }
        out.retain(|w| !w.is_empty());
        out
    };
    let (a, b) = (words(a), words(b));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    short.len() >= 2 && short.iter().all(|w| long.contains(w))
}
