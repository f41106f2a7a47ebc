//! Names that the branch removed or renamed, and that a comment, a text or a document still speaks of.
//!
//! A name is *gone* if the branch took it out of some code, and no code of the snapshot has it any more. What counts as
//! code, comment and string is told by `syntax`; a string that is nothing but the name counts as a use (it may be looked up
//! by it). Names are identifiers, strings that stand alone (flags, settings, variables of the environment), keys of
//! settings files, and files. The new name is read off the diff, where a taken-out line and a put-in line differ in
//! names only.

mod files;
mod gone;
mod names;
mod settings;

use super::Job;
use super::kept::Without;
use super::remark::{
    LARGEST_TEXT, LONGEST_LINE, anchor, is_code_in_comment, is_test, line_at, line_text, remark, replacing,
};
use super::syntax::{FileKind, Part, kind_of, parts};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use files::There;
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::{Snapshot, SnapshotError};
use gone::{Gone, What, noun_before};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) const AGENT: &str = "references";
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("stale-reference", true, "a comment or document names what this branch removed or renamed"),
    ("stale-setting", true, "a deployment gives a setting that this branch stopped to read"),
    ("stale-mention", false, "a text names what this branch only stopped to use; whose it is, nobody knows"),
];
/// A name that is spoken of in more places than this is a word of the language, not a reference.
const MOST_MENTIONS: usize = 25;

/// Of more names the automaton is not a table, which would take tens of megabytes.
const MOST_IN_A_TABLE: usize = 2000;

/// More removed names in documents than this are one finding.
const MOST_REMOVED: usize = 8;

/// What says that a name is spoken of because it is gone.
static ON_PURPOSE: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    regex::Regex::new(
        r"(?ix)\b(?: renam | remov | former | previous | deprecat | replac | instead\ of | used\ to | no\ longer | was\ called
          | were\ called | old\ name | based\ on | split\ (?:in|into|up|from)\b | legacy | superse | dropped | unlike | historic | not\ available | since\ (?:version|v?\d)
          | (?:before|until|prior\ to|in)\ (?:version\b|v?\d) | version(?:added|changed) | migrat | upgrad | todo\b | fixme\b )",
    )
    .ok()
});

/// Comments that are for a tool.
static DIRECTIVE: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    regex::Regex::new(
        r"(?i)resharper|//go:|eslint-|//\s*nolint|#\s*(?:noqa|pragma|type:)|@ts-|istanbul|cspell|codespell",
    )
    .ok()
});

struct Mention {
    /// Which of the names.
    name: usize,
    path: RepoPath,
    at: Range<usize>,
    /// What it should say, where that depends on where it stands: a file's name.
    now: Option<String>,
    /// Whether it gives the setting a value, and says nothing of it.
    gives: bool,
}

/// What is looked for, and what is known of it so far.
struct Search<'s> {
    gone: &'s [Gone],
    /// The names that a pattern of `finder` stands for: several files may have one name.
    by_pattern: Vec<Vec<usize>>,
    finder: AhoCorasick,
    there: There<'s>,
    /// Whether some code still has the name.
    alive: Vec<AtomicBool>,
}

impl<'s> Search<'s> {
    fn new(gone: &'s [Gone], paths: &'s [RepoPath]) -> Option<Self> {
        let mut patterns: Vec<&str> = Vec::new();
        let mut by_pattern: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (name, gone) in gone.iter().enumerate() {
            let pattern = *known.entry(&gone.sought).or_insert_with(|| {
                patterns.push(&gone.sought);
                by_pattern.push(Vec::new());
                patterns.len() - 1
            });
            by_pattern[pattern].push(name);
        }
        // The fastest automaton has a row for each byte of the names.
        let kind = (patterns.len() <= MOST_IN_A_TABLE).then_some(AhoCorasickKind::DFA);
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).kind(kind).build(&patterns).ok()?;
        let alive = gone.iter().map(|_| AtomicBool::new(false)).collect();
        Some(Self { gone, by_pattern, finder, there: There::new(paths), alive })
    }

    fn is_alive(&self, name: usize) -> bool {
        self.alive[name].load(Ordering::Relaxed)
    }

    /// Whether what stands before a name in a text for people says that it comes from elsewhere.
    fn is_of_a_library(&self, text: &str, at: usize, path: &RepoPath) -> bool {
        let before = &text[..at];
        if !before.ends_with(['.', ':']) || !matches!(kind_of(path), FileKind::Prose | FileKind::Code(_)) {
            return false;
        }
        let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
        let start =
            before.rfind(|c| !is_path(c)).map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        let parts: Vec<&str> = before[start..].split(['.', ':']).filter(|p| !p.is_empty()).collect();
        // Two parts or more are a path; one may be a variable or a type.
        parts.len() >= 2
            && parts.first().is_some_and(|first| {
                first.starts_with(|c: char| c.is_lowercase())
                    && !matches!(*first, "self" | "this" | "crate" | "super" | "ref" | "func" | "meth" | "class")
                    && !self.there.has_part(first)
            })
    }

    /// The mentions in a text; what is used in it is marked alive.
    fn in_file(&self, path: &RepoPath, text: &str) -> Vec<Mention> {
        let mut mentions = Vec::new();
        let mut reading = Reading { path, kind: kind_of(path), text, spans: None };
        for found in self.finder.find_iter(text) {
            for &name in &self.by_pattern[found.pattern().as_usize()] {
                let gone = &self.gone[name];
                if self.is_alive(name) {
                    continue;
                }
                let (at, now) = match gone.what {
                    What::Path => match files::named(path, text, &found.range(), gone, &self.there) {
                        Some(named) => (named.at, named.now),
                        None => continue,
                    },
                    // `werkzeug.utils.send`: another's, where nothing here is called werkzeug.
                    What::Identifier if self.is_of_a_library(text, found.start(), path) => continue,
                    what if names::stands_alone(text, &found.range(), what) => (found.range(), None),
                    What::Identifier | What::Literal => continue,
                };
                if gone.is_defined && settings::gives(path, text, &at, gone) {
                    mentions.push(Mention { name, path: path.clone(), at, now, gives: true });
                } else if !reading.speaks_of(&at, gone.what) {
                    self.alive[name].store(true, Ordering::Relaxed);
                } else if text.len() <= LARGEST_TEXT && !is_history(path) {
                    mentions.push(Mention { name, path: path.clone(), at, now, gives: false });
                }
            }
        }
        mentions
    }
}

/// A text, and what in it is comment and string, found when it is asked for.
struct Reading<'t> {
    path: &'t RepoPath,
    kind: FileKind,
    text: &'t str,
    spans: Option<Vec<(Range<usize>, Part)>>,
}

impl Reading<'_> {
    /// Whether what is at `at` is spoken of, not used.
    fn speaks_of(&mut self, at: &Range<usize>, what: What) -> bool {
        let syntax = match self.kind {
            FileKind::Prose => return true,
            FileKind::Unknown => return false,
            FileKind::Code(syntax) => syntax,
        };
        let spans = self.spans.get_or_insert_with(|| parts(self.text, &syntax));
        let i = spans.partition_point(|(range, _)| range.end <= at.start);
        match spans.get(i).filter(|(range, _)| range.start <= at.start) {
            None => false,
            Some((_, Part::Comment)) => true,
            // A text for people says a name as one: `name` or name(). A string with the name in it is a use otherwise.
            Some((range, Part::Text)) => {
                let inside = self.text.get(range.clone()).unwrap_or("").trim_matches(['"', '\'', '`']);
                what != What::Literal
                    && inside.trim().contains(' ')
                    && !inside.contains('{')
                    && (is_doc_string(self.path, self.text, range) || is_written_as_code(self.text, at, what))
            }
        }
    }
}

/// Whether a string of Python stands alone, as documentation does.
fn is_doc_string(path: &RepoPath, text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].trim_end_matches([' ', '\t', 'r', 'f', 'b']);
    matches!(path.extension(), Some("py" | "pyi" | "ex" | "exs" | "jl"))
        && text[range.clone()].starts_with("\"\"\"")
        && (before.is_empty() || before.ends_with(['\n', ';']) || before.ends_with("doc"))
}

/// Finds them.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn check(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    let snapshot = job.snapshot;
    let mut gone = names::candidates(job, job.settings.is_on("stale-mention", false));
    gone.extend(files::gone_files(snapshot));
    if gone.iter().any(|g| g.noun == "variable") {
        let dependencies = settings::dependencies(job)?;
        gone.retain(|g| g.noun != "variable" || !settings::is_of_a_dependency(&g.name, &dependencies));
    }
    let has_values = snapshot.files().iter().any(|f| f.path.file_name().starts_with("values."));
    if (gone.is_empty() && !has_values) || job.is_cancelled() {
        return Ok(Vec::new());
    }
    let paths = snapshot.paths()?;
    let mut findings = settings::of_charts(job, &paths);
    if gone.is_empty() {
        return Ok(findings);
    }
    let Some(search) = Search::new(&gone, &paths) else { return Ok(findings) };
    let sought: Vec<&str> = gone.iter().map(|g| g.sought.as_str()).collect();
    let without = Without::new(job, sought);
    let in_file = |path: &RepoPath| {
        if job.is_cancelled() || without.has(path) {
            return Vec::new();
        }
        let Some(text) = job.read(path) else { return Vec::new() };
        if !search.finder.is_match(&*text) {
            without.add(path);
            return Vec::new();
        }
        search.in_file(path, &text)
    };
    let mentions: Vec<Vec<Mention>> = paths.par_iter().map(in_file).collect();
    let mut by_name: BTreeMap<usize, Vec<Mention>> = BTreeMap::new();
    for mention in mentions.into_iter().flatten().filter(|m| !search.is_alive(m.name)) {
        by_name.entry(mention.name).or_default().push(mention);
    }
    by_name.retain(|_, mentions| mentions.len() <= MOST_MENTIONS);
    let renamed = renamed(snapshot, by_name.keys().map(|name| &gone[*name]));
    let mut removed = Vec::new();
    for (name, mentions) in by_name {
        let mut gone = gone[name].clone();
        gone.new = gone.new.or_else(|| renamed.get(&gone.name).cloned());
        let (certain, of_removed) = of_name(job, &gone, &mentions);
        findings.extend(certain);
        removed.extend(of_removed);
    }
    match removed.len() {
        0..=MOST_REMOVED => findings.extend(removed),
        _ => findings.push(many_removed(removed)),
    }
    findings.sort_by(|a, b| {
        (a.anchors[0].path.as_str(), a.anchors[0].lines).cmp(&(b.anchors[0].path.as_str(), b.anchors[0].lines))
    });
    Ok(findings)
}

/// What became of the names that went: the new one by the old one, where it is certain.
fn renamed<'g>(snapshot: &Snapshot, gone: impl Iterator<Item = &'g Gone>) -> HashMap<String, String> {
    let wanted: Vec<&Gone> = gone.filter(|g| g.what != What::Path).collect();
    let defined = wanted.iter().filter(|g| g.is_defined && g.what == What::Identifier);
    let (names, defined) =
        (wanted.iter().map(|g| g.name.as_str()).collect(), defined.map(|g| g.name.as_str()).collect());
    let mut renamed = names::renamed(snapshot, &names, &defined);
    // What several became is not certain of any of them.
    let mut old_names: HashMap<String, usize> = HashMap::new();
    for new in renamed.values() {
        *old_names.entry(new.clone()).or_default() += 1;
    }
    renamed.retain(|_, new| old_names.get(new) == Some(&1));
    renamed
}

/// What is wrong where a name that is gone is mentioned; apart, what documents say of what was removed for good.
fn of_name(job: &Job<'_>, gone: &Gone, mentions: &[Mention]) -> (Vec<RawFinding>, Vec<RawFinding>) {
    let mut by_path: BTreeMap<&RepoPath, Vec<&Mention>> = BTreeMap::new();
    for mention in mentions {
        by_path.entry(&mention.path).or_default().push(mention);
    }
    let is_removed = gone.new.is_none() && gone.what == What::Identifier;
    let (mut certain, mut of_removed) = (Vec::new(), Vec::new());
    for (path, mentions) in by_path {
        let Some(text) = job.read(path) else { continue };
        let (given, said): (Vec<&Mention>, Vec<&Mention>) = mentions.into_iter().partition(|m| m.gives);
        let given: Vec<Range<usize>> = given.into_iter().map(|m| m.at.clone()).collect();
        certain.extend(settings::finding(path, &text, gone, &given));
        let found = finding(job.snapshot, path, &text, gone, &said);
        match matches!(kind_of(path), FileKind::Prose) && is_removed {
            true => of_removed.extend(found),
            false => certain.extend(found),
        }
    }
    (certain, of_removed)
}

/// A branch that removes so much rebuilds, and what its documents say of it is one matter.
fn many_removed(removed: Vec<RawFinding>) -> RawFinding {
    let title = format!("Documents speak of what this branch removes, at {} places", removed.len());
    let lines: Vec<String> = removed.iter().take(20).map(|f| format!("- {}", f.title)).collect();
    let mut finding = remark(AGENT, "stale-reference", Severity::Suggestion, title, lines.join("\n"));
    finding.anchors.extend(removed.into_iter().filter_map(|f| f.anchors.into_iter().next()).take(20));
    finding
}

/// Documents that tell of the past, and texts of others that are kept as they are.
fn is_history(path: &RepoPath) -> bool {
    let whole = path.as_str().to_ascii_lowercase();
    let says = |w: &&str| whole.contains(*w);
    let is_dated = || {
        let digits: Vec<&str> = whole.split(|c: char| !c.is_ascii_digit()).filter(|d| !d.is_empty()).collect();
        digits.windows(2).any(|w| w[0].len() == 4 && w[0].starts_with("20") && w[1].len() == 2)
    };
    [
        "changelog",
        "changes",
        "history",
        "news",
        "release",
        "relnote",
        "migrat",
        "upgrad",
        "/adr/",
        "/rfc",
        "licen",
        "authors",
        "blog/",
        "vendor/",
        "third_party/",
        "thirdparty/",
        "node_modules/",
        "whatsnew",
        "what-s-new",
        "archive",
        "roadmap",
        "proposal",
    ]
    .iter()
    .any(says)
        || is_dated()
}

fn finding(snapshot: &Snapshot, path: &RepoPath, text: &str, gone: &Gone, mentions: &[&Mention]) -> Option<RawFinding> {
    let is_prose = matches!(kind_of(path), FileKind::Prose);
    // What its package hides since, a document cannot say in its place.
    let hidden = (is_prose && is_hidden_now(gone)).then(|| Gone { new: None, ..gone.clone() });
    let gone = hidden.as_ref().unwrap_or(gone);
    let stale = |m: &&&Mention| is_stale(snapshot, path, text, gone, m);
    let mentions: Vec<&Mention> = mentions.iter().filter(stale).copied().collect();
    let first = mentions.first()?;
    let (name, noun) = (&gone.name, gone.noun);
    let title = match (&gone.new, is_prose) {
        (Some(new), false) => format!("Comment still says {name}, which is now {new}"),
        (Some(new), true) => format!("Document still says {name}, which is now {new}"),
        (None, false) => format!("Stale comment references removed {noun} {name}"),
        (None, true) => format!("Document references removed {noun} {name}"),
    };
    let line = line_at(text, first.at.start);
    let body = format!(
        "This branch takes the last `{name}` out of the code (`{}:{}` in the base). The text here still speaks of it.",
        gone.path, gone.line
    );
    // Users type these; a reader of the code only wonders.
    let severity = if is_prose && gone.what == What::Literal { Severity::Important } else { Severity::Suggestion };
    let rule = if gone.is_defined { "stale-reference" } else { "stale-mention" };
    let mut finding = remark(AGENT, rule, severity, title, body);
    finding.anchors.push(anchor(path, text, LineRange::line(line)));
    for other in &mentions[1..] {
        let other = LineRange::line(line_at(text, other.at.start));
        if finding.anchors.last().is_some_and(|a| a.lines != Some(other)) {
            finding.anchors.push(anchor(path, text, other));
        }
    }
    let now = |m: &'_ Mention| if gone.what == What::Path { m.now.clone() } else { gone.new.clone() };
    let edits: Option<Vec<(Range<usize>, String)>> = mentions.iter().map(|m| Some((m.at.clone(), now(m)?))).collect();
    if let Some(edits) = edits {
        let edits: Vec<(Range<usize>, &str)> = edits.iter().map(|(at, now)| (at.clone(), now.as_str())).collect();
        finding.fixes.push(replacing(AGENT, "use the new name", path, text, &edits));
    }
    Some(finding)
}

/// Whether a text that has a name that is gone speaks of what the branch took away, and not of something else or of the past.
fn is_stale(snapshot: &Snapshot, path: &RepoPath, text: &str, gone: &Gone, mention: &Mention) -> bool {
    let (at, line) = (&mention.at, line_text(text, mention.at.start));
    let before = &text[..at.start];
    let is_prose = matches!(kind_of(path), FileKind::Prose);
    let is_identifier = gone.what == What::Identifier;
    let is_of_something_else = before.ends_with("'s ")
        || (gone.noun == "module" && is_linked_elsewhere(text, &gone.name))
        || ON_PURPOSE.as_ref().is_some_and(|r| r.is_match(line))
        || DIRECTIVE.as_ref().is_some_and(|r| r.is_match(line))
        // One of the names may be the other without its case or its dash: a sentence is about either.
        || gone.new.as_deref().is_some_and(|new| has_word(line, new) || is_one_word(new, &gone.name))
        || is_marker(line, text, at)
        || is_of_others(text, at, gone);
    line.len() <= LONGEST_LINE
        && !is_of_something_else
        && !(is_identifier && is_identifier_of_others(path, text, gone, at))
        && if is_prose { is_stale_in_prose(text, gone, at) } else { is_stale_in_comment(line, text, at) }
        && (is_prose
            || !is_identifier
            || super::tree::family(path) == super::tree::family(&gone.path)
            || is_written_as_code(text, at, gone.what))
        && (gone.is_name_like || is_written_as_code(text, at, gone.what))
        && (!is_identifier || gone.new.is_some() || is_certain_without_heir(text, at, gone, is_prose))
        // A word of a chain of calls may be anybody's: `.WriteTo.Console()`.
        && (gone.is_name_like || !is_identifier || !before.ends_with('.'))
        && !is_new(snapshot, path, text, at, &gone.sought)
}

/// Whether a mention of an identifier is of another one that is called the same.
fn is_identifier_of_others(path: &RepoPath, text: &str, gone: &Gone, at: &Range<usize>) -> bool {
    let behind = &text[at.end..];
    is_file_of_a_path(text, at)
        // A family of names: `load*`.
        || (behind.starts_with('*') && !behind.starts_with("**"))
        || is_introduced(text, gone)
        // What only a test defined, nobody speaks of elsewhere: the name is a sample's.
        || (is_test(&gone.path) && !is_test(path))
}

/// Whether a mention in a document is about the code of now.
fn is_stale_in_prose(text: &str, gone: &Gone, at: &Range<usize>) -> bool {
    let line = line_text(text, at.start);
    // A list that a tool wrote has no words.
    let has_words = line.trim().contains(' ') || !line.contains([';', '/']) || gone.what != What::Identifier;
    has_words && !is_of_the_past(text, at.start) && !(in_sample(text, at.start) && is_own_in_sample(text, at, gone))
}

/// Whether a mention in code is in a sentence of a comment.
fn is_stale_in_comment(line: &str, text: &str, at: &Range<usize>) -> bool {
    !is_lone_call(line, &text[at.clone()]) && is_said_in_words(line) && !is_in_commented_code(text, at.start)
}

/// Whether the name is a file's in a path, of whatever project: `lib/load_all.c`.
fn is_file_of_a_path(text: &str, at: &Range<usize>) -> bool {
    let folder = text[..at.start].strip_suffix('/').is_some_and(|b| b.ends_with(|c: char| c.is_alphanumeric()));
    let ending = text[at.end..].strip_prefix('.').is_some_and(|a| a.starts_with(|c: char| c.is_ascii_lowercase()));
    folder && ending
}

/// Whether the text has an address that ends with the name, as that of another package does: `https://docs.rs/env_logger`.
fn is_linked_elsewhere(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before =
            text[..at].rsplit(|c: char| c.is_whitespace() || matches!(c, '<' | '(' | '"')).next().unwrap_or("");
        before.contains("://")
            && before.ends_with('/')
            && names::stands_alone(text, &(at..at + name.len()), What::Identifier)
    })
}

/// Whether a name of Go that others could use became one that its package keeps to itself.
fn is_hidden_now(gone: &Gone) -> bool {
    gone.path.extension() == Some("go")
        && gone.name.starts_with(char::is_uppercase)
        && gone.new.as_deref().is_some_and(|new| new.starts_with(char::is_lowercase))
}

/// Whether two names are one word, written in two ways: `PauseLogging`, `_pauseLogging`.
fn is_one_word(a: &str, b: &str) -> bool {
    a.trim_matches('_').eq_ignore_ascii_case(b.trim_matches('_'))
}

/// Whether the line has the name as a word of its own.
fn has_word(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| names::stands_alone(line, &(at..at + name.len()), What::Identifier))
}

/// Whether a place of a document is in a note on a version: `.. versionadded::`, `!!! note "Version history"`.
fn is_of_the_past(text: &str, at: usize) -> bool {
    let start = text[..at].rfind("\n\n").map_or(0, |i| i + 2);
    let start = text[..start.saturating_sub(1)]
        .rfind("\n.. ")
        .filter(|i| is_indented_from(text, *i + 1, at))
        .map_or(start, |i| i + 1);
    text[start..at].contains(".. version") || text[start..at].contains(".. deprecated")
}

/// Whether all between the line at `from` and `at` is indented, as a directive's content is.
fn is_indented_from(text: &str, from: usize, at: usize) -> bool {
    let to = text[..at].rfind('\n').map_or(at, |i| i + 1).max(from);
    text[from..to].lines().skip(1).all(|l| l.is_empty() || l.starts_with([' ', '\t']))
        && text[to..].starts_with([' ', '\t'])
}

/// Whether the text itself brings the name in, as the samples in a comment do: `class UserAdapter`, `lowercase = new Map()`.
fn is_introduced(text: &str, gone: &Gone) -> bool {
    text.match_indices(&gone.name).any(|(at, name)| {
        let end = at + name.len();
        names::stands_alone(text, &(at..end), What::Identifier)
            && (noun_before(&text[text[..at].rfind('\n').map_or(0, |n| n + 1)..at]).is_some() || {
                let after = text[end..].trim_start_matches(' ');
                let before = &text[text[..at].rfind('\n').map_or(0, |n| n + 1)..at];
                (after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>"))
                    || (after.starts_with("?:") && before.trim().is_empty())
                    // A type of JSDoc is defined in a comment.
                    || ["@typedef", "@callback"].iter().any(|tag| before.contains(tag))
            })
    })
}

/// Whether the mention was put in by the branch, in words that the file did not have: then it is meant.
fn is_new(snapshot: &Snapshot, path: &RepoPath, text: &str, at: &Range<usize>, name: &str) -> bool {
    let Some(file) = snapshot.file(path) else { return false };
    let line = line_at(text, at.start);
    let added = file.hunks.iter().any(|h| (h.new_start..h.new_start + h.new_count).contains(&line));
    let here = line_text(text, at.start).trim();
    added
        && !file
            .old
            .as_deref()
            .is_some_and(|old| old.lines().any(|l| l.contains(name) && similar_lines(l.trim(), here)))
}

fn similar_lines(a: &str, b: &str) -> bool {
    a == b || (a.len() < 500 && b.len() < 500 && strsim::normalized_levenshtein(a, b) > 0.6)
}

/// Whether the mention is no reference: an annotation (`+name`, `@name`), a placeholder (`COMMAND`), or code that was
/// commented out (`name = 1`).
fn is_marker(line: &str, text: &str, at: &Range<usize>) -> bool {
    let name = &text[at.clone()];
    let (before, after) = (&text[..at.start], &text[at.end..]);
    let is_placeholder = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let line = line.trim_start_matches(['/', '#', '*', '-', ';', ' ', '\t']);
    let is_code =
        line.starts_with(name) && (after.trim_start_matches(' ').starts_with('=') || line.ends_with([';', '{']));
    before.ends_with(['+', '@']) || is_placeholder || is_code || is_code_in_comment(line_text(text, at.start))
}

/// Whether a line of a comment is a call with its arguments, and no word around it: code that was commented out.
fn is_lone_call(line: &str, name: &str) -> bool {
    // In a block of comments, what ends like a statement is one; a text in code is not in a comment.
    let bare = line.trim();
    let is_bare = !bare.starts_with(['/', '*', '#', '-', '<']) && !bare.contains(['"', '\'', '`']);
    if is_bare && bare.ends_with([';', '{', '}']) {
        return true;
    }
    let line = line.trim_matches(['/', '*', '#', ' ', '\t', '|', ',', '&']);
    let arguments = line.strip_prefix(name).and_then(|rest| rest.strip_prefix('('));
    // A name alone is a part of a list that was commented out; and what is assigned is a statement. The trace of a
    // failure is as it was recorded.
    if line.contains(" := ") || line.starts_with("at ") && line.contains('(') {
        return true;
    }
    line == name || arguments.is_some_and(|rest| rest.ends_with(')') && rest.len() > 1)
}

/// Whether a place is in a block of comments that is mostly code: what was commented out, whole.
fn is_in_commented_code(text: &str, at: usize) -> bool {
    const AROUND: usize = 12;
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let mark = ["//", "#", "--"].into_iter().find(|mark| text[start..].trim_start().starts_with(mark));
    let Some(mark) = mark else { return false };
    let is_comment = |line: &&str| line.trim_start().starts_with(mark);
    let before = text[..start].lines().rev().take_while(is_comment).take(AROUND);
    let said = before.chain(text[start..].lines().take_while(is_comment).take(AROUND));
    let said =
        said.map(|line| line.trim_start().trim_start_matches(['/', '#', '-', '!']).trim()).filter(|l| !l.is_empty());
    let is_code = |line: &&str| {
        line.ends_with([';', '{', '}', ',', '(', ')', '`']) && line.contains(['(', ')', '{', '}', '=', '`'])
            || [" := ", " = "].iter().any(|sign| line.contains(sign))
            || line.starts_with("return ")
    };
    let (code, words): (Vec<&str>, Vec<&str>) = said.partition(is_code);
    code.len() >= 3 && code.len() > words.len()
}

/// Whether a line of a comment says something: it has a word of a sentence, or the sign of a documentation's reference, and
/// not the signs of a statement. Code that was commented out, and the rows of a list, say nothing.
fn is_said_in_words(line: &str) -> bool {
    const OF_CODE: &[&str] = &[
        "import",
        "include",
        "require",
        "return",
        "new",
        "var",
        "let",
        "const",
        "val",
        "fun",
        "func",
        "def",
        "class",
        "public",
        "private",
        "protected",
        "static",
        "final",
        "abstract",
        "void",
        "throws",
        "extends",
        "implements",
        "package",
        "using",
        "await",
        "async",
        "override",
        "null",
        "nil",
        "true",
        "false",
        "self",
        "this",
        "int",
        "string",
        "bool",
    ];
    if ["{@", "@see", "@param", "@return", "@throws", "cref=", ":func:", ":class:", ":meth:", "`"]
        .iter()
        .any(|w| line.contains(w))
    {
        return true;
    }
    if [" = ", " := ", " == ", "=>", "&mut ", "&&", "||", "();", ");"].iter().any(|sign| line.contains(sign)) {
        return false;
    }
    let is_word = |token: &str| {
        let word = token.trim_end_matches(['.', ',', ':', '!', '?', ')']).trim_start_matches(['(', '"']);
        !word.is_empty()
            && word.chars().all(char::is_alphabetic)
            && !word.chars().skip(1).any(char::is_uppercase)
            && !OF_CODE.contains(&word)
    };
    line.split_whitespace().any(is_word)
}

/// Whether a name that went away without another in its place is spoken of for certain: in a document by a name that is no
/// word, as code among words. In a sample it may be the reader's own.
fn is_certain_without_heir(text: &str, at: &Range<usize>, gone: &Gone, is_prose: bool) -> bool {
    let is_written = || is_written_as_code(text, at, gone.what) || is_in_span(text, at) || is_directive(text, at);
    !is_prose || (gone.is_name_like && !in_sample(text, at.start) && is_written())
}

/// Whether a place is between backticks, with more of a name around it: `self.load`.
fn is_in_span(text: &str, at: &Range<usize>) -> bool {
    let line = text[..at.start].rfind('\n').map_or(0, |i| i + 1);
    text[line..at.start].matches('`').count() % 2 == 1 && line_text(text, at.end).contains('`')
}

/// Whether a document asks its generator to put the name's own documentation there: `.. autofunction:: name`.
fn is_directive(text: &str, at: &Range<usize>) -> bool {
    line_text(text, at.start).trim_start().starts_with(".. auto")
}

/// Whether a name that the repository only used is spoken of as another's: `http.STATUS_CODES`.
fn is_of_others(text: &str, at: &Range<usize>, gone: &Gone) -> bool {
    let before = text[..at.start].strip_suffix('.').or_else(|| text[..at.start].strip_suffix("::"));
    let owner = before.map(|b| b.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""));
    gone.what == What::Identifier && !gone.is_defined && !matches!(owner, None | Some("" | "self" | "this" | "Self"))
}

/// Whether a place of a document is in a sample of code: between fences, or indented.
fn in_sample(text: &str, at: usize) -> bool {
    let is_fence = |line: &&str| ["```", "~~~"].iter().any(|f| line.trim_start().starts_with(f));
    let line = line_text(text, at);
    line.starts_with("    ") || line.starts_with('\t') || text[..at].lines().filter(is_fence).count() % 2 == 1
}

/// Whether a sample of code has the name from itself or from others: it is a program of its own. What the repository
/// defined, a sample of its use may well have from there; so may flags, and keys at the start of a line.
fn is_own_in_sample(text: &str, at: &Range<usize>, gone: &Gone) -> bool {
    let before = |at: usize| &text[text[..at].rfind('\n').map_or(0, |n| n + 1)..at];
    match gone.what {
        // A program in a sample has files of its own; what is typed at a prompt is about these.
        What::Path => !line_text(text, at.start).trim_start().starts_with(['$', '>', '%']),
        What::Literal => {
            let is_key =
                before(at.start).trim_matches([' ', '\t', '"', '\'', '-']).trim_start_matches("export ").is_empty();
            !is_key && !gone.name.starts_with('-') && !before(at.start).ends_with('-')
        }
        What::Identifier => {
            let defines = |(n, _)| noun_before(before(n)).is_some();
            // A sample has variables of its own.
            !gone.is_defined || gone.noun == "variable" || text.match_indices(&gone.name).any(defines)
        }
    }
}

/// In backticks, or with a call's parentheses among other words; a setting also as a key with its sign, a flag with its
/// dashes.
fn is_written_as_code(text: &str, at: &Range<usize>, what: What) -> bool {
    let (before, after) = (&text.as_bytes()[..at.start], &text.as_bytes()[at.end..]);
    let in_backticks = before.last() == Some(&b'`') && matches!(after.first(), Some(b'`' | b'('));
    let is_setting = || {
        (before.ends_with(b"-") && !before.ends_with(b"---"))
            || (before.ends_with(b"\"") && after.starts_with(b"\":"))
            || (before.ends_with(b"`") && (after.starts_with(b" = ") || after.starts_with(b": ")))
    };
    // Alone on its line it is an example, of whatever code.
    let is_call = || after.starts_with(b"()") && line_text(text, at.start).trim().len() > at.len() + 2;
    match what {
        What::Literal => in_backticks || is_setting(),
        What::Identifier | What::Path => in_backticks || is_call() || before.ends_with(b"::"),
    }
}

#[cfg(test)]
mod tests;
