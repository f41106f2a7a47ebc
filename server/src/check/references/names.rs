//! Which names the branch took out of the code, and what each became.

use super::files::gone_files;
use crate::check::remark::LARGEST_TEXT;
use crate::check::syntax::{Kind, Part, kind_of, parts};
use crate::finding::RepoPath;
use crate::git::{ChangeKind, ChangedFile, LineHunk, Snapshot};
use rayon::prelude::*;
use regex::Regex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;
use tokio_util::sync::CancellationToken;

/// More names than this are not looked for; those that were defined come first.
const MOST_NAMES: usize = 5000;
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
fn noun_of(before: &str) -> Option<&'static str> {
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

/// All names that changed files lost and that no changed file has any more.
pub(super) fn candidates(snapshot: &Snapshot, cancel: &CancellationToken) -> Vec<Gone> {
    struct Lost {
        gone: Vec<(Gone, bool)>,
        kept: HashSet<String>,
        votes: HashMap<(String, String), u32>,
    }
    let in_file = |file: &ChangedFile| -> Lost {
        let mut lost = Lost { gone: Vec::new(), kept: HashSet::new(), votes: HashMap::new() };
        if cancel.is_cancelled() {
            return lost;
        }
        let old_path = match &file.kind {
            ChangeKind::Renamed { from } => from,
            _ => &file.path,
        };
        let new = file.new.as_deref().and_then(|t| side(&file.path, t));
        if let Some(new) = &new {
            lost.kept.extend(new.code.iter().flat_map(|l| identifiers(l)).map(|(_, w)| w.to_owned()));
            lost.kept.extend(new.literals.iter().map(|(_, l)| (*l).to_owned()));
        }
        let Some(old) = file.old.as_deref().and_then(|t| side(old_path, t)) else { return lost };
        let mut seen = HashSet::new();
        for hunk in &file.hunks {
            let lines = lines_of(hunk.old_start, hunk.old_count, old.code.len());
            for n in lines.clone() {
                for (at, word) in identifiers(&old.code[n]) {
                    let noun = noun_of(&old.code[n][..at]);
                    let wanted = word.len() >= 4 && !word.as_bytes()[0].is_ascii_digit();
                    let name_like = is_name_like(word);
                    if !wanted || !(name_like || noun.is_some()) || lost.kept.contains(word) || PROPER.contains(&word) {
                        continue;
                    }
                    if seen.insert((word.to_owned(), noun.is_some())) {
                        lost.gone.push((
                            gone(word, What::Identifier, noun.unwrap_or("name"), old_path, n, name_like),
                            noun.is_some(),
                        ));
                    }
                }
            }
            // The settings of tools that build and test are not what the documents speak of.
            let is_tool = old_path.as_str().starts_with('.') || old_path.as_str().contains("/.");
            for (n, literal) in old.literals.iter().filter(|(n, _)| lines.contains(n)) {
                if PROPER.contains(literal) || (is_tool && !is_literal_name_like(literal)) {
                    continue;
                }
                if !lost.kept.contains(*literal) && seen.insert(((*literal).to_owned(), true)) {
                    let name_like = is_literal_name_like(literal);
                    let one = gone(literal, What::Literal, noun_of_literal(literal), old_path, *n, name_like);
                    lost.gone.push((one, name_like));
                }
            }
            if let Some(new) = &new {
                pair(hunk, &old, new, &mut lost.votes);
            }
        }
        lost
    };
    let all: Vec<Lost> = snapshot.files().par_iter().map(in_file).collect();
    let kept: HashSet<&str> = all.iter().flat_map(|l| l.kept.iter().map(String::as_str)).collect();
    let mut votes: HashMap<&str, BTreeMap<&str, u32>> = HashMap::new();
    for ((old, new), n) in all.iter().flat_map(|l| &l.votes) {
        *votes.entry(old).or_default().entry(new).or_default() += n;
    }
    let mut names: BTreeMap<String, (Gone, bool)> = BTreeMap::new();
    for (gone, defined) in
        all.iter().flat_map(|l| l.gone.iter().cloned()).filter(|(g, _)| !kept.contains(g.name.as_str()))
    {
        let better = names.get(&gone.name).is_none_or(|(_, d)| defined && !d);
        if better {
            names.insert(gone.name.clone(), (gone, defined));
        }
    }
    let files = gone_files(snapshot).into_iter().map(|file| (file, true));
    let mut names: Vec<(Gone, bool)> = names.into_values().chain(files).collect();
    names.sort_by_key(|(_, defined)| !defined);
    names.truncate(MOST_NAMES);
    let mut names: Vec<Gone> = names.into_iter().map(|(gone, _)| gone).collect();
    for gone in &mut names {
        if let Some(found) = votes.get(gone.name.as_str()).filter(|_| gone.new.is_none()) {
            // The clear winner, or nothing.
            let best = found.values().max().copied().unwrap_or(0);
            let mut winners = found.iter().filter(|(_, n)| **n == best);
            if let (Some((new, _)), None) = (winners.next(), winners.next()) {
                gone.new = Some((*new).to_owned());
            }
        }
    }
    names
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
    Gone { name, sought, what, noun, path: path.clone(), line, new: None, is_name_like }
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
