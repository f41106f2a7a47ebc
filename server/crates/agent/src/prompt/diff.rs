//! The diff as agents read it: each line of the new text with its number, so that nobody has to count; cut by
//! file and by symbol to the room that there is.

use finding::RepoPath;
use git::{ChangeKind, ChangedFile, LineHunk};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Unchanged lines shown around a change to who has nothing but the prompt, and to who can read the files.
const CONTEXT: u32 = 8;
const CONTEXT_TO_READ_ON: u32 = 4;
/// A longer line is cut: minified code tells nobody anything.
const LONGEST_LINE: usize = 2000;
/// Before each line: its number, most often of three digits, a bar, and the sign of the change.
const PREFIX: usize = 5;
/// Lines of a deleted file that are shown.
const DELETED_LINES: usize = 40;

/// A diff that fits, and what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// Files of which a change is shown.
    pub(crate) files: Vec<RepoPath>,
    /// Files of which every change is shown, the last of them here.
    pub(crate) whole: Vec<RepoPath>,
    /// Parts that did not fit: file, and the symbols or lines; for people and agents.
    pub(crate) cut: Vec<(RepoPath, Vec<String>)>,
}

/// Changes that are shown together, as their contexts touch.
#[derive(Debug)]
struct Part {
    symbol: String,
    text: String,
}

/// How many unchanged lines are shown around a change.
pub(crate) fn context(reads_on: bool) -> u32 {
    if reads_on { CONTEXT_TO_READ_ON } else { CONTEXT }
}

/// Deals the files to at most `most` calls of `room` bytes each: one where everything fits; where not, related files
/// together and the most important first. What no call has room for is cut, and said in the last.
pub(crate) fn deal<'a>(
    files: impl Iterator<Item = &'a ChangedFile>,
    context: u32,
    (room, most): (usize, usize),
    clean: impl Fn(&str) -> String,
) -> Vec<Shown> {
    let mut files: Vec<(&ChangedFile, String, Vec<Part>)> =
        files.map(|f| (f, clean(&header(f)), parts(f, context, &clean))).collect();
    let size = |(_, header, parts): &(&ChangedFile, String, Vec<Part>)| {
        header.len() + parts.iter().map(|p| p.text.len()).sum::<usize>()
    };
    if files.iter().map(size).sum::<usize>() > room {
        order(&mut files);
    }
    let mut calls = vec![Shown::default()];
    let mut cut = Vec::new();
    for (file, header, parts) in files {
        let mut left_out = Vec::new();
        // Where the last part of the file is shown.
        let mut within = None;
        for part in parts {
            let fits = |call: usize, calls: &[Shown]| {
                let header = if within == Some(call) { 0 } else { header.len() };
                calls[call].text.len() + header + part.text.len() <= room
            };
            let last = calls.len() - 1;
            let call = if fits(last, &calls) {
                last
            } else if calls.len() < most && header.len() + part.text.len() <= room && !calls[last].text.is_empty() {
                calls.push(Shown::default());
                last + 1
            } else {
                left_out.push(part.symbol);
                continue;
            };
            if within != Some(call) {
                calls[call].text.push_str(&header);
                calls[call].files.push(file.path.clone());
                within = Some(call);
            }
            calls[call].text.push_str(&part.text);
        }
        match within {
            Some(call) if left_out.is_empty() => calls[call].whole.push(file.path.clone()),
            None if left_out.is_empty() => calls[0].whole.push(file.path.clone()),
            _ => cut.push((file.path.clone(), left_out)),
        }
    }
    cut.sort();
    if let Some(last) = calls.last_mut() {
        last.cut = cut;
    }
    calls.iter_mut().for_each(|call| call.whole.sort());
    calls
}

/// Groups of files that belong together, the group of the most important file first.
fn order(files: &mut [(&ChangedFile, String, Vec<Part>)]) {
    let mut groups: BTreeMap<String, Importance> = BTreeMap::new();
    for (file, ..) in files.iter() {
        let rank = groups.entry(subject(&file.path)).or_insert(Importance::Data);
        *rank = (*rank).min(importance(&file.path));
    }
    files.sort_by_cached_key(|(file, ..)| {
        let subject = subject(&file.path);
        (groups.get(&subject).copied(), subject, importance(&file.path), file.path.clone())
    });
}

/// How much depends on a file, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Importance {
    Code,
    Build,
    Test,
    Prose,
    Data,
}

pub(super) fn importance(path: &RepoPath) -> Importance {
    let path = path.as_str().to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_test =
        path.split('/').any(|part| matches!(part, "test" | "tests" | "spec" | "specs" | "__tests__" | "testdata"))
            || ["test_", "_test.", ".test.", ".spec.", "_spec."].iter().any(|w| name.contains(w));
    match ending {
        "md" | "rst" | "adoc" | "txt" if name != "cmakelists.txt" && !name.starts_with("requirements") => {
            Importance::Prose
        }
        "json" | "csv" | "tsv" | "svg" | "lock" | "snap" | "po" | "dic" | "map" | "xml" | "html" | "css" | "sum" => {
            Importance::Data
        }
        _ if is_test => Importance::Test,
        "toml" | "yml" | "yaml" | "ini" | "cfg" | "gradle" | "properties" | "mk" | "cmake" => Importance::Build,
        _ => Importance::Code,
    }
}

/// What a file is about: its name without its ending and without what makes it the test of another.
fn subject(path: &RepoPath) -> String {
    let name = path.as_str().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let stem = stem.trim_start_matches("test_").trim_end_matches("_test").trim_end_matches("_spec");
    // Many files are called so; those of one folder belong together.
    if matches!(stem, "mod" | "lib" | "main" | "index" | "__init__" | "tests" | "test") {
        let folder = path.as_str().rsplit('/').nth(1).unwrap_or(stem);
        return folder.to_ascii_lowercase();
    }
    stem.to_owned()
}

/// How many bytes a file's part of the diff has at most, but for what is masked or cut within a line.
#[must_use]
pub fn size(file: &ChangedFile) -> usize {
    size_with(file, CONTEXT)
}

/// The same with so many unchanged lines around each change.
pub(super) fn size_with(file: &ChangedFile, context: u32) -> usize {
    let lengths = |text: &Option<Arc<str>>| -> Vec<usize> {
        text.as_deref().unwrap_or_default().lines().map(|l| l.len().min(LONGEST_LINE) + PREFIX + 1).collect()
    };
    let (old, new) = (lengths(&file.old), lengths(&file.new));
    let of = |lines: &[usize], from: usize, to: usize| -> usize {
        lines.get(from.min(lines.len())..to.min(lines.len())).unwrap_or_default().iter().sum()
    };
    let header = header(file).len();
    if file.new.is_none() {
        return header + of(&old, 0, DELETED_LINES);
    }
    let mut shown = header;
    let mut at = 0;
    for hunk in &file.hunks {
        let (start, count) = (hunk.new_start.saturating_sub(1) as usize, hunk.new_count as usize);
        let old_start = hunk.old_start.saturating_sub(1) as usize;
        let from = start.saturating_sub(context as usize).max(at);
        let to = start + count + context as usize;
        shown += of(&new, from, to) + of(&old, old_start, old_start + hunk.old_count as usize);
        // The line that says where.
        shown += if from > at || at == 0 { 40 } else { 0 };
        at = to;
    }
    shown
}

/// A name that cannot end its line or steer a terminal.
pub(super) fn plain(path: &RepoPath) -> String {
    path.as_str().chars().map(|c| if super::super::answer::keep(c) && c != '\n' { c } else { '?' }).collect()
}

fn header(file: &ChangedFile) -> String {
    let what = match &file.kind {
        ChangeKind::Added => "added".to_owned(),
        ChangeKind::Modified => "modified".to_owned(),
        ChangeKind::Deleted => "deleted".to_owned(),
        ChangeKind::Renamed { from } => format!("renamed from {}", plain(from)),
        ChangeKind::Copied { from } => format!("copied from {}", plain(from)),
    };
    format!("\n=== {} ({what})\n", plain(&file.path))
}

/// `clean` gets whole texts, as a secret may have many lines, and keeps their number.
fn parts(file: &ChangedFile, context: u32, clean: impl Fn(&str) -> String) -> Vec<Part> {
    let old = clean(file.old.as_deref().unwrap_or_default());
    let new_text = clean(file.new.as_deref().unwrap_or_default());
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new_text.lines().collect();
    if file.new.is_none() {
        let first: String = old.iter().take(DELETED_LINES).fold(String::new(), |mut s, l| {
            line(&mut s, None, '-', l);
            s
        });
        let rest = old.len().saturating_sub(DELETED_LINES);
        let more = if rest > 0 { format!("| … and {rest} more removed lines\n") } else { String::new() };
        return vec![Part { symbol: "the deleted text".into(), text: first + &more }];
    }
    let mut groups: Vec<Vec<LineHunk>> = Vec::new();
    for hunk in &file.hunks {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|l| l.new_start + l.new_count + 2 * context >= hunk.new_start) => {
                group.push(*hunk);
            }
            _ => groups.push(vec![*hunk]),
        }
    }
    groups.iter().map(|group| part(group, context, &old, &new)).collect()
}

fn part(group: &[LineHunk], context: u32, old: &[&str], new: &[&str]) -> Part {
    let length = u32::try_from(new.len()).unwrap_or(u32::MAX);
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return Part { symbol: String::new(), text: String::new() };
    };
    let from = first.new_start.saturating_sub(context).max(1);
    let to = (last.new_start + last.new_count + context).min(length + 1);
    let symbol = symbol_above(new, first.new_start);
    let mut text = format!("@@ line {}{}\n", from, symbol.map(|s| format!(", in: {s}")).unwrap_or_default());
    let mut at = from;
    let get = |lines: &[&str], n: u32| lines.get(n as usize - 1).map(|l| (*l).to_owned()).unwrap_or_default();
    for hunk in group {
        for n in at..hunk.new_start {
            line(&mut text, Some(n), ' ', &get(new, n));
        }
        for n in hunk.old_start..hunk.old_start + hunk.old_count {
            line(&mut text, None, '-', &get(old, n));
        }
        for n in hunk.new_start..hunk.new_start + hunk.new_count {
            line(&mut text, Some(n), '+', &get(new, n));
        }
        at = hunk.new_start + hunk.new_count;
    }
    for n in at..to {
        line(&mut text, Some(n), ' ', &get(new, n));
    }
    let lines = format!("lines {}-{}", first.new_start, (last.new_start + last.new_count).max(first.new_start + 1) - 1);
    let symbol = symbol.map_or(lines.clone(), |s| format!("{s} ({lines})"));
    Part { symbol, text }
}

fn line(out: &mut String, number: Option<u32>, sign: char, text: &str) {
    let text = text.strip_suffix('\r').unwrap_or(text);
    let end = if text.len() > LONGEST_LINE { text.floor_char_boundary(LONGEST_LINE) } else { text.len() };
    let cut = if end < text.len() { " … (line cut)" } else { "" };
    // Writing to a String cannot fail.
    let _ = match number {
        Some(n) => writeln!(out, "{n}|{sign}{}{cut}", &text[..end]),
        None => writeln!(out, "|{sign}{}{cut}", &text[..end]),
    };
}

/// The definition that a line is in, by git's rule of thumb: the nearest line above that starts with a letter
/// in the first column.
fn symbol_above<'a>(lines: &[&'a str], line: u32) -> Option<&'a str> {
    let above = lines.get(..(line as usize).min(lines.len()))?;
    let found = above.iter().rev().find(|l| {
        l.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'))
            && !l.starts_with("use ")
            && !l.starts_with("import ")
    })?;
    let end = found.len().min(found.floor_char_boundary(100));
    Some(found[..end].trim_end_matches(['{', ' ', ':', '\r']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use git::Snapshot;

    fn same(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn lines_carry_the_numbers_of_the_new_text() {
        let old = "fn a() {\n    one();\n    two();\n}\n";
        let new = "use x;\nfn a() {\n    one();\n    three();\n}\n";
        let s = Snapshot::in_memory(&[("a.rs", old)], &[("a.rs", new)]);
        let shown = &deal(s.files().iter(), CONTEXT, (10_000, 1), same)[0];
        assert_eq!(
            shown.text,
            "\n=== a.rs (modified)\n@@ line 1, in: use x;\n1|+use x;\n2| fn a() {\n3|     one();\n\
             |-    two();\n4|+    three();\n5| }\n"
                .replace(", in: use x;", "")
        );
    }

    fn functions(call: &str) -> String {
        let function =
            |n: u32| format!("fn f{n}() {{\n{}    {call}();\n}}\n", "    // filler filler filler\n".repeat(20));
        (0..10).map(function).collect()
    }

    fn paths(paths: &[RepoPath]) -> Vec<&str> {
        paths.iter().map(RepoPath::as_str).collect()
    }

    #[test]
    fn what_does_not_fit_is_cut_by_symbol_and_said() {
        let (old, new) = (functions("one"), functions("two"));
        let s =
            Snapshot::in_memory(&[("big.rs", &old), ("small.txt", "a\n")], &[("big.rs", &new), ("small.txt", "b\n")]);
        let shown = &deal(s.files().iter(), CONTEXT, (2000, 1), same)[0];
        assert!(shown.text.len() <= 2000);
        let (path, symbols) = &shown.cut[0];
        assert_eq!((path.as_str(), paths(&shown.whole)), ("big.rs", vec!["small.txt"]), "code comes first");
        assert!(symbols.len() < 10 && symbols[0].starts_with("fn f3() (lines "), "{symbols:?}");
        let all = &deal(s.files().iter(), CONTEXT, (usize::MAX, 1), same)[0];
        assert_eq!((all.whole.len(), all.cut.len()), (2, 0));
    }

    #[test]
    fn a_change_is_dealt_to_calls_that_show_all_of_it() {
        let (old, new) = (functions("one"), functions("two"));
        let names = ["data/words.json", "docs/a.md", "src/a.rs", "src/b.rs", "tests/a_test.rs", "tests/b_test.rs"];
        let files = |text: &'static str| names.map(|n| (n, if text == "old" { old.as_str() } else { new.as_str() }));
        let s = Snapshot::in_memory(&files("old"), &files("new"));
        for room in [1500, 4000, 9000, 100_000] {
            let calls = deal(s.files().iter(), CONTEXT, (room, 100), same);
            assert!(calls.iter().all(|c| c.text.len() <= room && c.cut.is_empty()), "{room}");
            let mut whole: Vec<&str> = calls.iter().flat_map(|c| paths(&c.whole)).collect();
            whole.sort_unstable();
            assert_eq!(whole, names, "each file is whole in the call that has its last part");
            let lines: usize = calls.iter().map(|c| c.text.matches("|+    two();").count()).sum();
            assert_eq!(lines, 60, "{room}");
        }
        let calls = deal(s.files().iter(), CONTEXT, (20_000, 100), same);
        assert_eq!(paths(&calls[0].whole), ["docs/a.md", "src/a.rs", "tests/a_test.rs"], "what is about one thing");
        let few = deal(s.files().iter(), CONTEXT, (4000, 2), same);
        assert_eq!(few.len(), 2);
        assert!(few[0].cut.is_empty() && few[1].cut.iter().any(|(p, _)| p.as_str() == "data/words.json"));
    }

    #[test]
    fn the_size_is_known_before() {
        let (old, new) = (functions("one"), functions("two"));
        let long = "x".repeat(5000);
        let s = Snapshot::in_memory(
            &[("a.rs", &old), ("gone.rs", &old), ("same.rs", "a\nb\nc\n")],
            &[("a.rs", &new), ("new.rs", &new), ("same.rs", "a\nB\nc\n"), ("long.js", &long)],
        );
        for (file, reads_on) in s.files().iter().flat_map(|file| [(file, false), (file, true)]) {
            let shown = deal([file].into_iter(), context(reads_on), (usize::MAX, 1), same)[0].text.len() as f64;
            let known = size_with(file, context(reads_on)) as f64;
            assert!(
                (known / shown - 1.0).abs() < 0.1 || (known - shown).abs() < 60.0,
                "{}: {known} {shown}",
                file.path
            );
        }
    }

    #[test]
    fn additions_deletions_and_odd_names_are_shown() {
        let s = Snapshot::in_memory(&[("gone", "x\r\n")], &[("new\u{1b}[31m\n", "y")]);
        let shown = &deal(s.files().iter(), CONTEXT, (10_000, 1), same)[0];
        assert_eq!(shown.text, "\n=== gone (deleted)\n|-x\n\n=== new?[31m? (added)\n@@ line 1, in: y\n1|+y\n");
    }
}
