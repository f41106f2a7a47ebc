//! A file that a tool writes, edited by hand: what it is made of stayed as it was, and the next run takes the edit back.

use super::AGENT;
use crate::Job;
use crate::remark::{LARGEST_TEXT, anchor, is_test, remark};
use finding::{LeftOut, LineRange, RawFinding, RepoPath, Severity};
use git::{ChangeKind, ChangedFile};
use regex::Regex;
use std::sync::LazyLock;

/// Changes of more lines are what a tool does.
const BY_HAND: u32 = 20;
/// More generated files than this are what a tool did.
const MOST_FILES: usize = 30;
/// The lines in which a file says that it is generated.
const HEAD: usize = 12;

static SAYS_SO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?://|#|/?\*+|--|<!--|;|%).*(?:\bgenerated\b.*\bdo not (?:edit|modify)\b|@generated\b|\bdo not (?:edit|modify)\b.*\bgenerated\b|\b(?:auto-?generated|automatically generated)\b.*\b(?:by|from)\b)").ok()
});
/// A path in the head: of what it is made.
static SOURCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:source|from|input)(?: file)?:?\s+[`']?([\w./-]+\.[a-z0-9]{1,8})\b").ok());

/// What generators read: a change of one of these may be the reason.
const INPUTS: &[&str] = &[
    "proto", "thrift", "graphql", "gql", "yml", "yaml", "json", "toml", "tmpl", "tpl", "mustache", "hbs", "j2", "ejs",
    "y", "l", "g4", "rl", "sql", "xsd", "wsdl", "avsc", "fbs", "capnp", "peg", "lock", "sum", "mod", "in", "def", "td",
    "gotmpl", "gohtml", "xml", "csv", "tsv", "txt", "sh", "mk", "pest", "lalrpop", "tt", "erb", "dat", "idl",
];

/// Finds them: also among the files that are left out of a review because a tool writes them.
pub(super) fn edited_by_hand(job: &Job<'_>) -> Vec<RawFinding> {
    let left_out = job.snapshot.left_out().iter().filter(|f| f.why == LeftOut::Generated).take(MOST_FILES);
    let generated: Vec<ChangedFile> =
        left_out.filter_map(|f| changed(job, RepoPath::new(f.path.clone()).ok()?)).collect();
    let all: Vec<&ChangedFile> = job.snapshot.files().iter().chain(&generated).collect();
    let paths: Vec<&RepoPath> = all.iter().map(|file| &file.path).collect();
    all.iter().filter_map(|file| finding(job, file, &paths)).collect()
}

/// The change of a file that is left out.
fn changed(job: &Job<'_>, path: RepoPath) -> Option<ChangedFile> {
    let (old, new) = (job.snapshot.read_base(&path)?, job.read(&path)?);
    let hunks = git::line_hunks(&old, &new);
    let kind = ChangeKind::Modified;
    (old.len() <= LARGEST_TEXT && old != new).then_some(ChangedFile {
        path,
        kind,
        old: Some(old),
        new: Some(new),
        hunks,
        lossy: false,
    })
}

fn finding(job: &Job<'_>, file: &ChangedFile, all: &[&RepoPath]) -> Option<RawFinding> {
    let (old, new) = (file.old.as_deref()?, file.new.as_deref()?);
    let head = said_in(old)?;
    let changed: u32 = file.hunks.iter().map(|h| h.old_count.max(h.new_count)).sum();
    // A generator of another version says so in the head.
    let is_head = file.hunks.iter().any(|h| h.new_start <= HEAD as u32);
    let is_plain =
        file.kind == ChangeKind::Modified && (1..=BY_HAND).contains(&changed) && !is_head && said_in(new).is_some();
    // A list of versions is made anew without a change of what it is made of.
    let is_list_of_versions =
        head.contains("pip-compile") || head.contains("uv pip") || file.path.extension() == Some("lock");
    if !is_plain || is_list_of_versions || is_test(&file.path) {
        return None;
    }
    let others = || all.iter().copied().filter(|path| **path != file.path);
    let source = SOURCE.as_ref().and_then(|s| s.captures(&head)).map(|c| c[1].to_owned());
    let is_source = |path: &RepoPath| {
        let name = source.as_deref().and_then(|s| s.rsplit('/').next());
        name.is_some_and(|name| path.file_name() == name)
    };
    // What is left out beside may be its input too: a lock file, data.
    let is_alone = || !job.snapshot.left_out().iter().any(|f| f.why != LeftOut::Generated);
    let may_be_input = |path: &RepoPath| {
        let lower = path.as_str().to_ascii_lowercase();
        let is_document = matches!(path.extension(), Some("md" | "rst"));
        let is_other_output = job.snapshot.read_base(path).is_some_and(|text| said_in(&text).is_some());
        // Code of any kind may be what an interface, a mock or a table is made of.
        !is_document
            && !is_other_output
            && (INPUTS.contains(&path.extension().unwrap_or("")) || !is_test(path) || lower.contains("gen"))
    };
    let is_untouched = match job.snapshot.names().ok()?.iter().any(&is_source) {
        true => !others().any(|path| is_source(path) || path.as_str().to_ascii_lowercase().contains("gen")),
        false => is_alone() && !others().any(may_be_input),
    };
    if !is_untouched {
        return None;
    }
    let line = file.hunks.first().map_or(1, |h| h.new_start.max(1));
    let title = "A generated file was edited by hand".to_owned();
    let from = source.map_or_else(|| "what it is made of".to_owned(), |source| format!("`{source}`"));
    let body = format!("It says that a tool writes it, and {from} did not change: the next run takes this back.");
    let mut finding = remark(AGENT, "generated-edited", Severity::Important, title, body);
    finding.anchors.push(anchor(&file.path, new, LineRange::line(line)));
    Some(finding)
}

/// The head of a text that says that it is generated.
fn said_in(text: &str) -> Option<String> {
    let says_so = SAYS_SO.as_ref()?;
    let head: Vec<&str> = text.lines().take(HEAD).collect();
    head.iter().any(|line| line.len() < 400 && says_so.is_match(line)).then(|| head.join("\n"))
}
