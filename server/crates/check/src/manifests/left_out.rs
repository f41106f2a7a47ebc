//! A new file that a list leaves out which names all of its kind: the build's sources, or what the package ships.

use super::AGENT;
use crate::Job;
use crate::remark::{LARGEST_TEXT, anchor, is_generated, is_sample, is_test, line_at, remark};
use finding::{LineRange, RawFinding, RepoPath, Severity, written_in};
use git::{ChangeKind, ChangedFile};
use globset::GlobBuilder;
use regex::Regex;
use std::sync::LazyLock;

/// So many files beside the new one, all of them named, make a list.
const LISTED: usize = 3;

/// Files that list sources one by one.
fn is_list(path: &RepoPath) -> bool {
    let name = path.file_name();
    matches!(
        name,
        "CMakeLists.txt"
            | "meson.build"
            | "Makefile.am"
            | "Makefile"
            | "BUILD"
            | "BUILD.bazel"
            | "SConscript"
            | "MANIFEST.in"
    ) || matches!(path.extension(), Some("vcxproj" | "cmake" | "gyp" | "gypi"))
}

/// The files that list sources.
pub(super) fn lists(names: &[RepoPath]) -> Vec<RepoPath> {
    names.iter().filter(|path| is_list(path)).take(200).cloned().collect()
}

/// Endings of what is listed.
const SOURCES: &[&str] =
    &["c", "cc", "cpp", "cxx", "m", "mm", "go", "rs", "py", "rb", "java", "kt", "cs", "f90", "proto"];

/// A new file beside which all others are named in one list, and it is not.
pub(super) fn of_a_list(
    job: &Job<'_>,
    file: &ChangedFile,
    names: &[RepoPath],
    lists: &[RepoPath],
) -> Option<RawFinding> {
    let ending = file.path.extension().filter(|e| SOURCES.contains(e))?;
    if file.kind != ChangeKind::Added || is_test(&file.path) || is_sample(&file.path) {
        return None;
    }
    let text = file.new.as_deref()?;
    let is_old = |p: &&RepoPath| job.snapshot.file(p).is_none_or(|f| f.kind != ChangeKind::Added);
    let beside: Vec<&RepoPath> = names
        .iter()
        .filter(|p| p.folder() == file.path.folder() && p.extension() == Some(ending) && **p != file.path)
        .filter(is_old)
        .collect();
    if beside.len() < LISTED {
        return None;
    }
    let is_above = |list: &&RepoPath| {
        let at = list.folder();
        at.is_empty() || file.path.as_str().strip_prefix(at).is_some_and(|rest| rest.starts_with('/'))
    };
    let mut leaves_out = None;
    for list in lists.iter().filter(is_above) {
        let said = job.read(list).filter(|t| t.len() <= LARGEST_TEXT)?;
        let stem = |path: &RepoPath| path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem).to_owned();
        // By its name, or by its object's.
        let names_it = |path: &RepoPath| {
            has_word(&said, path.file_name())
                || (list.file_name().starts_with("Makefile") && has_word(&said, &format!("{}.o", stem(path))))
        };
        if names_it(&file.path) || is_generated(&said) {
            return None;
        }
        let first = beside.iter().find_map(|p| said.find(p.file_name()));
        if let (true, Some(at)) = (beside.iter().all(|p| names_it(p)), first) {
            leaves_out = Some((list, said, at));
        }
    }
    let (list, said, at) = leaves_out?;
    // Taken in by another file: it is none of the list's.
    let is_taken_in =
        beside.iter().any(|p| job.read(p).is_some_and(|t| t.contains(&format!("\"{}\"", file.path.file_name()))));
    if is_taken_in || text.trim().is_empty() {
        return None;
    }
    let title = format!("{list} does not name {}", file.path.file_name());
    let body =
        format!("It names the {} other files beside `{}`, and this branch adds that one.", beside.len(), file.path);
    let mut finding = remark(AGENT, "left-out-of-list", Severity::Important, title, body);
    finding.anchors.push(anchor(list, &said, LineRange::line(line_at(&said, at))));
    Some(finding)
}

fn has_word(text: &str, word: &str) -> bool {
    let joins = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text.as_bytes()[..at], &text.as_bytes()[at + word.len()..]);
        !before.last().is_some_and(|b| joins(*b)) && !after.first().is_some_and(|b| joins(*b))
    })
}

static IMPORT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:\bfrom\s*|\brequire\(\s*|\bimport\s*\(?\s*)["'](\.{1,2}/[^"'\n]+)["']"#).ok());

/// A new file that a file of the package needs, and that the package's `files` leave out.
pub(super) fn of_a_package(job: &Job<'_>, file: &ChangedFile, names: &[RepoPath]) -> Option<RawFinding> {
    let is_script = matches!(file.path.extension(), Some("js" | "mjs" | "cjs"));
    if file.kind != ChangeKind::Added || !is_script || is_test(&file.path) {
        return None;
    }
    let home = std::iter::successors(Some(file.path.folder()), |at| {
        (!at.is_empty()).then(|| at.rsplit_once('/').map_or("", |(up, _)| up))
    });
    let manifest = home.into_iter().find_map(|at| {
        let path =
            RepoPath::new(if at.is_empty() { "package.json".to_owned() } else { format!("{at}/package.json") }).ok()?;
        names.contains(&path).then_some(path)
    })?;
    let text = job.read(&manifest)?;
    let shipped: serde_json::Value = serde_json::from_str(&text).ok()?;
    let listed: Vec<&str> = shipped.get("files")?.as_array()?.iter().filter_map(|f| f.as_str()).collect();
    let at = manifest.folder();
    let within = |path: &RepoPath| path.as_str().strip_prefix(at).map(|rest| rest.trim_start_matches('/').to_owned());
    let main = shipped.get("main").and_then(|m| m.as_str()).unwrap_or("index.js").trim_start_matches("./").to_owned();
    let is_shipped = |path: &str| path == main || listed.iter().any(|entry| covers(entry, path));
    if listed.iter().any(|entry| entry.starts_with('!')) || is_shipped(&within(&file.path)?) {
        return None;
    }
    let wanted = file.path.as_str();
    let needs = |path: &&RepoPath| {
        let is_one = matches!(path.extension(), Some("js" | "mjs" | "cjs"))
            && within(path).is_some_and(|p| is_shipped(&p))
            && path.as_str().starts_with(at);
        is_one && job.read(path).is_some_and(|text| imports(path, &text).any(|p| is_file(&p, wanted)))
    };
    let needing = names.iter().filter(|p| **p != file.path).find(needs)?;
    let title = format!("The package leaves out {}, which {needing} needs", within(&file.path)?);
    let body = "`files` says what is published, and this branch adds a file that it does not cover.".to_owned();
    let mut finding = remark(AGENT, "left-out-of-package", Severity::Important, title, body);
    let line = text.find("\"files\"").map_or(1, |at| line_at(&text, at));
    finding.anchors.push(anchor(&manifest, &text, LineRange::line(line)));
    Some(finding)
}

/// Whether an entry of `files` takes a path in: a file, a folder, or a pattern.
fn covers(entry: &str, path: &str) -> bool {
    let entry = entry.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/');
    let is_match = |pattern: &str| {
        GlobBuilder::new(pattern).literal_separator(true).build().is_ok_and(|g| g.compile_matcher().is_match(path))
    };
    entry.is_empty()
        || path == entry
        || path.strip_prefix(entry).is_some_and(|rest| rest.starts_with('/'))
        || is_match(entry)
        || is_match(&format!("{entry}/**"))
        || (!entry.contains('/') && is_match(&format!("**/{entry}")))
}

/// The paths that a script takes in, from the top.
fn imports<'t>(path: &'t RepoPath, text: &'t str) -> impl Iterator<Item = String> + 't {
    let found = IMPORT.as_ref().into_iter().flat_map(move |i| i.captures_iter(text));
    found.filter_map(move |c| written_in(path.folder(), c.get(1)?.as_str()))
}

fn is_file(imported: &str, path: &str) -> bool {
    path == imported || [".js", ".mjs", ".cjs", "/index.js"].iter().any(|end| path.strip_suffix(end) == Some(imported))
}
