//! Which names the branch took out of the code, and what each became.

use super::gone::{Gone, What, noun_before};
use crate::Job;
use crate::definitions::{Definition, definitions};
use crate::remark::{LARGEST_TEXT, is_open, line_text, runs_as_bytes};
use crate::syntax::{FileKind, Part, kind_of, parts};
use aho_corasick::AhoCorasick;
use finding::RepoPath;
use git::{ChangeKind, ChangedFile, LineHunk, Snapshot};
use rayon::prelude::*;
use regex::Regex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

/// More names than this are not looked for; those that were defined come first.
const MOST_NAMES: usize = 20_000;
/// Hunks with more lines are rewritten, not renamed: no pairs are sought in them.
const LONGEST_HUNK: usize = 400;

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
    "OpenSSH",
    "OpenPGP",
    "GnuPG",
    "LibreSSL",
    "BoringSSL",
    "PuTTY",
    "VMware",
    "VirtualBox",
    "DynamoDB",
    "MariaDB",
    "RabbitMQ",
    "WordPress",
    "StackOverflow",
    "CircleCI",
    "AppVeyor",
    "JetBrains",
    "PyCharm",
    "PyTorch",
    "NumPy",
    "SciPy",
    "WebKit",
    "WebGL",
    "WebRTC",
    "LaTeX",
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

impl Side<'_> {
    /// All words of its code, and the strings that are one.
    fn words(&self) -> HashSet<&str> {
        let literals = self.literals.iter().map(|(_, literal)| *literal);
        literals.chain(self.code.iter().flat_map(|line| identifiers(line)).map(|(_, word)| word)).collect()
    }
}

fn side<'t>(path: &RepoPath, text: &'t str) -> Option<Side<'t>> {
    if text.len() > LARGEST_TEXT {
        return None;
    }
    if path.extension() == Some("json") {
        return Some(Side { code: vec![String::new(); text.lines().count()], literals: keys(text, &JSON_KEY) });
    }
    let FileKind::Code(syntax) = kind_of(path) else { return None };
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

/// What defines a flag or reads a variable of the environment: the name is this repository's then, and not only a string.
static DEFINERS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let definers = [
        (
            r#"(?:add_argument|add_option|[oO]ption|Flag|Arg(?:ument)?)\w*\(\s*(?:"-\w",\s*|'-\w',\s*)?["'](--[a-z][\w-]{2,})"#,
            "flag",
        ),
        (
            r#"\b[fF]lags?(?:[sS]et)?\w*(?:\(\))?\.(?:String|Bool|Int|Uint|Float|Duration|Var|Func)\w*\((?:&?[\w.]+,\s*)?"([a-z][\w.-]{2,})""#,
            "flag",
        ),
        (r#"(?:\blong\s*=\s*|\.long\()"([a-z][\w-]{2,})""#, "flag"),
        (
            r#"(?:getenv|Getenv|LookupEnv|env::var(?:_os)?|GetEnvironmentVariable|environ(?:\.get)?|\bENV(?:\.fetch)?)\s*[(\[]\s*["']([A-Z][A-Z0-9_]{3,})["']"#,
            "variable",
        ),
        (r"(?:process\.env|import\.meta\.env)\.([A-Z][A-Z0-9_]{3,})", "variable"),
    ];
    definers.iter().filter_map(|(pattern, noun)| Some((Regex::new(pattern).ok()?, *noun))).collect()
});

/// Without one of these a line has nothing that any of [`DEFINERS`] finds.
static HINTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::new(["add_argument", "ption", "lag", "Arg", "long", "getenv", "LookupEnv", "env", "Env", "ENV"]).ok()
});

/// Variables of the environment that others set: systems, build tools, services.
fn is_of_the_world(name: &str) -> bool {
    let prefixes = [
        "CARGO_",
        "NPM_",
        "GITHUB_",
        "GITLAB_",
        "RUNNER_",
        "XDG_",
        "LC_",
        "DOCKER_",
        "AWS_",
        "AZURE_",
        "GOOGLE_",
        "KUBERNETES_",
        "CI_",
        "TRAVIS_",
        "CIRCLE_",
        "JENKINS_",
        "PYTHON",
        "RUST",
        "NODE_",
        "JAVA_",
        "GO",
        "SSH_",
        "HTTP_",
        "HTTPS_",
        "PROGRAM",
        "WINDOWS",
        "DEP_",
        "CC",
        "CXX",
        "LD_",
        "PKG_CONFIG",
        "TERM",
        "VSCODE_",
    ];
    // The options of a tool, a compiler or a virtual machine.
    let of_a_tool = ["_OPTS", "_OPTIONS", "FLAGS", "_HOME"].iter().any(|end| name.ends_with(end));
    !name.contains('_')
        || of_a_tool
        || prefixes.iter().any(|p| name.starts_with(p))
        || matches!(name, "OUT_DIR" | "NUM_JOBS" | "OPT_LEVEL" | "NO_PROXY")
}

/// The flags and variables of the environment that a line defines or reads.
fn defined_in(line: &str) -> impl Iterator<Item = (&str, &'static str)> {
    let line = line.get(..line.len().min(1000)).filter(|line| HINTS.as_ref().is_some_and(|h| h.is_match(line)));
    let line = line.unwrap_or("");
    DEFINERS.iter().flat_map(move |(pattern, noun)| {
        let names = pattern.captures_iter(line).filter_map(|c| c.get(1).map(|name| name.as_str()));
        names.filter(move |name| *noun != "variable" || !is_of_the_world(name)).map(move |name| (name, *noun))
    })
}

/// All names that a changed file lost and does not have any more; whether another file has them is not known yet. Those
/// that were only used there are none of them, unless `with_uses`.
pub(super) fn candidates(job: &Job<'_>, with_uses: bool) -> Vec<Gone> {
    let in_file = |file| if job.is_cancelled() { Vec::new() } else { lost(file, with_uses) };
    let all: Vec<Vec<Gone>> = job.snapshot.files().par_iter().map(in_file).collect();
    let mut names: HashMap<String, Gone> = HashMap::new();
    for gone in all.into_iter().flatten() {
        if names.get(&gone.name).is_none_or(|known| gone.is_defined && !known.is_defined) {
            names.insert(gone.name.clone(), gone);
        }
    }
    let mut names: Vec<Gone> = names.into_values().collect();
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
fn lost(file: &ChangedFile, with_uses: bool) -> Vec<Gone> {
    let old_path = old_path(file);
    let taken_out = file.hunks.iter().any(|h| h.old_count > 0);
    let Some(old) = file.old.as_deref().filter(|t| taken_out && t.len() <= LARGEST_TEXT) else { return Vec::new() };
    if with_uses || may_lose_a_definition(file, old_path, old) {
        lost_of(file, old_path, old, with_uses)
    } else {
        Vec::new()
    }
}

/// The same, read off the trees of both texts.
fn lost_of(file: &ChangedFile, old_path: &RepoPath, old: &str, with_uses: bool) -> Vec<Gone> {
    let Some(side) = side(old_path, old) else { return Vec::new() };
    let mut lost = lost_definitions(file, old_path, old, &side);
    if with_uses {
        let known: HashSet<String> = lost.iter().map(|gone| gone.name.clone()).collect();
        lost.extend(lost_uses(file, old_path, &side).into_iter().filter(|gone| !known.contains(&gone.name)));
    }
    if !lost.is_empty()
        && let Some(new) = file.new.as_deref().and_then(|t| self::side(&file.path, t))
    {
        let kept = new.words();
        lost.retain(|gone| !kept.contains(gone.name.as_str()));
    }
    lost
}

/// Whether the lines that a change took out can have defined a name that the file's code does not have any more, told by
/// their words: most files need no parsing.
fn may_lose_a_definition(file: &ChangedFile, old_path: &RepoPath, old: &str) -> bool {
    let taken_out = runs_as_bytes(old, file.hunks.iter().map(|h| (h.old_start, h.old_count)));
    let new = file.new.as_deref().unwrap_or("");
    let put_in = runs_as_bytes(new, file.hunks.iter().map(|h| (h.new_start, h.new_count)));
    let lines = || taken_out.iter().flat_map(|run| old[run.clone()].lines());
    let is_rust = old_path.extension() == Some("rs");
    if taken_out.iter().any(|run| is_open(&old[run.clone()]))
        || put_in.iter().any(|run| is_open(&new[run.clone()]))
        || lines().any(|line| defined_in(line).next().is_some())
    {
        return true;
    }
    let defined: Vec<&str> = lines()
        .flat_map(|line| identifiers(line).map(move |(at, word)| (line, at, word)))
        .filter(|(line, at, word)| word.len() >= 4 && (!is_rust || is_defined_in_rust(line, *at, word)))
        .map(|(.., word)| word)
        .collect();
    if defined.is_empty() {
        return false;
    }
    let new = file.new.as_deref().and_then(|text| side(&file.path, text));
    let kept = new.as_ref().map(Side::words).unwrap_or_default();
    defined.iter().any(|word| !kept.contains(word))
}

/// Whether a word of a line of Rust may be the name in a definition, by what stands before and behind: a word for what is
/// defined, the sign of a field's type, or nothing, as of a variant.
fn is_defined_in_rust(line: &str, at: usize, word: &str) -> bool {
    let (before, behind) = (line[..at].trim_ascii_end(), line[at + word.len()..].trim_ascii_start());
    let begins = before.is_empty() || before.ends_with(['{', '}', ',', ']', ')', ';']);
    let ends = behind.is_empty() || behind.starts_with([',', '(', '{', '}', '=', ';', '<', '/']);
    noun_before(before).is_some()
        || ["union", "mut", "!", "*/"].iter().any(|sign| before.ends_with(sign))
        || (behind.starts_with(':') && !behind.starts_with("::"))
        || (begins && ends)
}

/// The lines of the base that the change took out, 0-based.
fn taken_out(file: &ChangedFile, lines: usize) -> impl Iterator<Item = usize> {
    file.hunks.iter().flat_map(move |h| lines_of(h.old_start, h.old_count, lines))
}

fn lost_definitions(file: &ChangedFile, old_path: &RepoPath, old: &str, side: &Side<'_>) -> Vec<Gone> {
    let mut lost = Vec::new();
    let mut add = |name: &str, what: What, noun: &'static str, line: usize| {
        if name.len() >= 4 && !PROPER.contains(&name) {
            let is_name_like = if what == What::Literal { is_literal_name_like(name) } else { is_name_like(name) };
            lost.push(Gone {
                name: name.to_owned(),
                sought: name.to_owned(),
                what,
                is_defined: true,
                noun,
                path: old_path.clone(),
                line: line as u32 + 1,
                new: None,
                is_name_like,
            });
        }
    };
    let lines: HashSet<usize> = taken_out(file, side.code.len()).collect();
    match definitions(old_path, old) {
        Some(defined) => {
            for definition in defined.iter().filter(|d| lines.contains(&(d.line as usize - 1)) || holds(d, old, &lines))
            {
                add(&definition.name, What::Identifier, definition.noun, definition.line as usize - 1);
            }
        }
        None => {
            for n in taken_out(file, side.code.len()) {
                for (at, word) in identifiers(&side.code[n]) {
                    if let Some(noun) = noun_before(&side.code[n][..at]) {
                        add(word, What::Identifier, noun, n);
                    }
                }
            }
        }
    }
    for (n, line) in old.lines().enumerate().filter(|(n, _)| lines.contains(n)) {
        // In the code alone: what a comment shows is no definition.
        if side.code.get(n).is_some_and(|code| code.contains(['(', '[', '=', '.'])) {
            for (name, noun) in defined_in(line) {
                let what = if line.contains(&format!(".{name}")) { What::Identifier } else { What::Literal };
                add(name, what, noun, n);
            }
        }
    }
    lost
}

/// Whether the line of a definition's name, which may come after attributes, was taken out.
fn holds(definition: &Definition, old: &str, lines: &HashSet<usize>) -> bool {
    let before = &old[definition.range.start..place_of_name(definition, old)];
    lines.contains(&(definition.line as usize - 1 + before.matches('\n').count()))
}

/// Names that were only used, and strings that stood alone.
fn lost_uses(file: &ChangedFile, old_path: &RepoPath, old: &Side<'_>) -> Vec<Gone> {
    // The settings of tools that build and test are not what the documents speak of.
    let is_tool = old_path.as_str().starts_with('.') || old_path.as_str().contains("/.");
    let gone = |name: &str, what: What, noun: &'static str, line: usize, is_name_like: bool| Gone {
        name: name.to_owned(),
        sought: name.to_owned(),
        what,
        is_defined: false,
        noun,
        path: old_path.clone(),
        line: line as u32 + 1,
        new: None,
        is_name_like,
    };
    let mut seen = HashSet::new();
    let mut lost = Vec::new();
    let lines: HashSet<usize> = taken_out(file, old.code.len()).collect();
    for (n, literal) in old.literals.iter().filter(|(n, _)| lines.contains(n)) {
        let name_like = is_literal_name_like(literal);
        if !PROPER.contains(literal) && (name_like || !is_tool) && seen.insert(*literal) {
            lost.push(gone(literal, What::Literal, noun_of_literal(literal), *n, name_like));
        }
    }
    for n in taken_out(file, old.code.len()) {
        for (_, word) in identifiers(&old.code[n]) {
            if word.len() >= 4
                && !word.as_bytes()[0].is_ascii_digit()
                && !PROPER.contains(&word)
                && is_name_like(word)
                && seen.insert(word)
            {
                lost.push(gone(word, What::Identifier, "name", n, true));
            }
        }
    }
    lost
}

/// Votes for pairs of an old and a new name.
type Votes = HashMap<(String, String), u32>;

/// What became of names, as the diff tells: the clear winner, or nothing. What the code `defined` became only what has its
/// words, or stands in the very line that defined it: a line that merely looks alike may have another thing in its place.
pub(super) fn renamed(snapshot: &Snapshot, names: &HashSet<&str>, defined: &HashSet<&str>) -> HashMap<String, String> {
    let Ok(finder) = AhoCorasick::new(names) else { return HashMap::new() };
    let votes_in = |file: &ChangedFile| -> (Votes, HashSet<(String, String)>) {
        let mut votes = HashMap::new();
        let (Some(old), Some(new)) = (file.old.as_deref().filter(|t| finder.is_match(*t)), file.new.as_deref()) else {
            return (votes, HashSet::new());
        };
        let mut certain = HashSet::new();
        if let (Some(old_side), Some(new_side)) = (side(old_path(file), old), side(&file.path, new)) {
            for hunk in &file.hunks {
                pair(hunk, &old_side, &new_side, &mut votes);
            }
            votes.retain(|(from, to), _| !(is_path_like(from) && is_path_like(to)));
            certain = keep_pairs_of_a_kind(file, old, new, &mut votes);
        }
        (votes, certain)
    };
    let all: Vec<(Votes, HashSet<(String, String)>)> = snapshot.files().par_iter().map(votes_in).collect();
    let certain: HashSet<&(String, String)> = all.iter().flat_map(|(_, certain)| certain).collect();
    let is_certain = |pair: &(String, String)| {
        !defined.contains(pair.0.as_str())
            || (share_words(&pair.0, &pair.1) && !makes(&pair.0, &pair.1))
            || certain.contains(pair)
    };
    let mut votes: HashMap<&str, BTreeMap<String, u32>> = HashMap::new();
    for (pair, n) in all.iter().flat_map(|(votes, _)| votes).filter(|(pair, _)| names.contains(pair.0.as_str())) {
        if is_certain(pair) {
            *votes.entry(&pair.0).or_default().entry(pair.1.clone()).or_default() += n;
        }
    }
    let winner = |(old, found): (&str, BTreeMap<String, u32>)| {
        let best = found.values().max().copied()?;
        let mut winners = found.into_iter().filter(|(_, n)| *n == best);
        let (new, _) = winners.next()?;
        winners.next().is_none().then(|| (old.to_owned(), new))
    };
    votes.into_iter().filter_map(winner).collect()
}

/// Whether one of two names is what the other makes, reads or sets: `NewReader` is no older name of `Reader`.
fn makes(a: &str, b: &str) -> bool {
    const VERBS: &[&str] = &["new", "make", "create", "build", "get", "set", "is", "with"];
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let (a, b) = (plain(a), plain(b));
    let is_made = |long: &str, short: &str| VERBS.iter().any(|verb| long.strip_prefix(verb) == Some(short));
    is_made(&a, &b) || is_made(&b, &a)
}

fn lines_of(start: u32, count: u32, len: usize) -> Range<usize> {
    let start = (start as usize - 1).min(len);
    start..(start + count as usize).min(len)
}

/// Votes for what became of the names of a hunk.
fn pair(hunk: &LineHunk, old: &Side<'_>, new: &Side<'_>, votes: &mut Votes) {
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

fn is_path_like(name: &str) -> bool {
    name.contains('/')
}

/// Of a name that the old text defines, only another one that the new text defines, and the old one does not, can be the
/// new name. Returned are the pairs that one line defines, which is the same but for the name. Where no grammar reads the
/// file, all of them may be.
fn keep_pairs_of_a_kind(file: &ChangedFile, old: &str, new: &str, votes: &mut Votes) -> HashSet<(String, String)> {
    let (Some(before), Some(after)) = (definitions(old_path(file), old), definitions(&file.path, new)) else {
        return votes.keys().cloned().collect();
    };
    let lines = |definitions: &[Definition], text: &str, name: &str| -> Vec<String> {
        definitions.iter().filter(|d| d.name == name).map(|d| line_of_name(d, text).trim().to_owned()).collect()
    };
    let is_one_line = |(from, to): &(String, String)| {
        let now = lines(&after, new, to);
        lines(&before, old, from).iter().any(|line| now.contains(&line.replace(from.as_str(), to)))
    };
    let certain = votes.keys().filter(|pair| is_one_line(pair)).cloned().collect();
    let nouns = |definitions: &[Definition]| -> HashMap<String, &'static str> {
        definitions.iter().map(|d| (d.name.clone(), d.noun)).collect()
    };
    let (before, after) = (nouns(&before), nouns(&after));
    votes.retain(|(from, to), _| match before.get(from) {
        None => true,
        Some(noun) => !before.contains_key(to) && after.get(to).is_some_and(|new| is_alike(noun, new)),
    });
    certain
}

/// Where a definition's name is, which may come after attributes.
fn place_of_name(definition: &Definition, text: &str) -> usize {
    definition.range.start + text[definition.range.clone()].find(&definition.name).unwrap_or(0)
}

fn line_of_name<'t>(definition: &Definition, text: &'t str) -> &'t str {
    line_text(text, place_of_name(definition, text))
}

/// A function may become a method, a constant a variable.
fn is_alike(a: &str, b: &str) -> bool {
    let class = |noun: &str| match noun {
        "function" | "method" | "macro" => 0,
        "constant" | "variable" | "field" => 1,
        _ => 2,
    };
    class(a) == class(b)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_words_of_a_change_pass_over_defines_nothing_that_is_gone() {
        crate::corpus::nothing_is_lost(
            &|file| may_lose_a_definition(file, old_path(file), file.old.as_deref().unwrap_or("")),
            &|file| lost_of(file, old_path(file), file.old.as_deref().unwrap_or(""), false).len(),
        );
    }
}
