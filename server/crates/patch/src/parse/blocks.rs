//! Formats that are not diffs: fences, search/replace blocks, apply-patch envelopes, JSON edits.

use super::unified::{self, Builder};
use super::{ParseError, header_path};
use crate::hunk::{FileChange, FilePatch, Hunk, HunkBody, Patch};
use serde_json::Value;

/// What is inside of the Markdown fences, with the first word after the first fence; all of it where there are
/// none. Several fences (a hunk each) are put one after the other.
pub(super) fn unfence<'a>(lines: &[&'a str]) -> (Option<&'a str>, Vec<&'a str>) {
    let fence = |l: &'a str| -> Option<(&'a str, &'a str)> {
        let l = l.trim_start();
        let ticks = l.len() - l.trim_start_matches(['`', '~']).len();
        (ticks >= 3).then(|| (&l[..ticks], l[ticks..].trim()))
    };
    // A fence inside of a diff is a line of the diff.
    let first = lines.iter().position(|l| fence(l).is_some());
    let Some(first) = first.filter(|&i| i == 0 || !unified::is_diff(&lines[..i])) else {
        return (None, lines.to_vec());
    };
    let (mut out, mut info) = (Vec::new(), None);
    let mut open: Option<&str> = None;
    for &line in &lines[first..] {
        match (fence(line), open) {
            (Some((ticks, word)), None) => {
                if info.is_some() && !out.is_empty() && unified::is_diff(&out) {
                    out.push("@@");
                }
                info = info.or(Some(word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()));
                open = Some(ticks);
            }
            (Some((ticks, "")), Some(mark)) if ticks.starts_with(mark) => open = None,
            (_, Some(_)) => out.push(line),
            (_, None) => {}
        }
    }
    (info, out)
}

pub(super) fn is_envelope(lines: &[&str]) -> bool {
    lines.iter().any(|l| {
        ["*** Begin Patch", "*** Update File: ", "*** Add File: ", "*** Delete File: "].iter().any(|m| l.starts_with(m))
    })
}

/// `*** Begin Patch` and what is in it.
pub(super) fn envelope(lines: &[&str]) -> Patch {
    let mut b = Builder::default();
    for &line in lines {
        if let Some(rest) = line.strip_prefix("*** ") {
            let named = |mark: &str| rest.strip_prefix(mark).map(header_path);
            if let Some(path) = named("Update File:") {
                b.start_file().path = path;
            } else if let Some(path) = named("Add File:") {
                *b.start_file() = FilePatch { path, change: FileChange::Create, ..FilePatch::default() };
            } else if let Some(path) = named("Delete File:") {
                *b.start_file() = FilePatch { path, change: FileChange::Delete, ..FilePatch::default() };
            } else if let Some(path) = named("Move to:") {
                let file = b.file();
                file.old_path = std::mem::replace(&mut file.path, path);
                file.change = FileChange::Rename;
            } else if rest.starts_with("End of File") {
                b.at_end();
            }
        } else if let Some(section) = line.strip_prefix("@@") {
            let section = section.trim().trim_end_matches("@@").trim();
            b.start_hunk(None, Some(section).filter(|s| !s.is_empty() && !s.starts_with('-')));
        } else if !line.starts_with("\\ ") {
            b.push(line);
        } else {
            b.no_newline();
        }
    }
    b.finish()
}

fn marker(line: &str, c: char) -> bool {
    let n = line.len() - line.trim_start_matches(c).len();
    (5..=9).contains(&n) && line.len() < 80 && !line[n..].contains(c)
}

pub(super) fn is_search_replace(lines: &[&str]) -> bool {
    let at = |c| lines.iter().position(|l| marker(l, c));
    matches!((at('<'), at('='), at('>')), (Some(a), Some(b), Some(c)) if a < b && b < c)
}

/// `<<<<<<< SEARCH` … `=======` … `>>>>>>> REPLACE`, each after the file's name or without.
pub(super) fn search_replace(lines: &[&str]) -> Result<Patch, ParseError> {
    let mut files: Vec<FilePatch> = Vec::new();
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut state = 0;
    let mut path: Option<String> = None;
    for &line in lines {
        match state {
            0 if marker(line, '<') => state = 1,
            0 => {
                let name = line.trim().trim_matches(['`', '*', '#', ' ', ':']);
                if !name.is_empty() && !name.contains(' ') && name.contains(['.', '/']) {
                    path = header_path(name);
                }
            }
            1 if marker(line, '=') => state = 2,
            1 => old.push(line),
            2 if marker(line, '>') => {
                state = 0;
                let (old, new) = (std::mem::take(&mut old).join("\n"), std::mem::take(&mut new).join("\n"));
                let hunk = Hunk { body: HunkBody::Replace { old, new, all: false }, ..Hunk::default() };
                match files.last_mut() {
                    Some(file) if file.path == path => file.hunks.push(hunk),
                    _ => files.push(FilePatch { path: path.clone(), hunks: vec![hunk], ..FilePatch::default() }),
                }
            }
            _ => new.push(line),
        }
    }
    if state == 0 { Ok(Patch { files }) } else { Err(ParseError::Unterminated("<<<<<<<")) }
}

/// Edits in JSON: an object with the old and the new text, a list of them, or an object with such a list.
pub(super) fn json(lines: &[&str]) -> Option<Patch> {
    let text = lines.join("\n");
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let mut files = Vec::new();
    json_edits(&value, None, 0, &mut files);
    (!files.is_empty()).then_some(Patch { files })
}

fn json_edits(value: &Value, path: Option<&str>, depth: u32, files: &mut Vec<FilePatch>) {
    const PAIRS: [(&str, &str); 18] = [
        ("old", "new"),
        ("old_string", "new_string"),
        ("old_str", "new_str"),
        ("oldText", "newText"),
        ("old_text", "new_text"),
        ("oldString", "newString"),
        ("search", "replace"),
        ("find", "replace"),
        ("before", "after"),
        ("original", "replacement"),
        ("original", "modified"),
        ("original", "updated"),
        ("old_code", "new_code"),
        ("oldCode", "newCode"),
        ("existing_code", "improved_code"),
        ("original_code", "fixed_code"),
        ("original_code", "suggested_code"),
        ("target", "replacement"),
    ];
    let get = |key: &str| value.get(key).and_then(Value::as_str);
    match value {
        Value::Array(items) if depth < 4 => items.iter().for_each(|item| json_edits(item, path, depth + 1, files)),
        Value::Object(_) => {
            let path = ["path", "file", "file_path", "filePath", "filename", "relevant_file"]
                .into_iter()
                .find_map(get)
                .or(path);
            if let Some((old, new)) = PAIRS.iter().find_map(|&(old, new)| Some((get(old)?, get(new)?))) {
                let all = ["replace_all", "replaceAll"].iter().any(|key| value.get(key) == Some(&Value::Bool(true)));
                let lf = |text: &str| text.replace("\r\n", "\n");
                let body = HunkBody::Replace { old: lf(old), new: lf(new), all };
                let hunk = Hunk { body, ..Hunk::default() };
                let name = path.and_then(header_path);
                match files.last_mut() {
                    Some(file) if file.path == name => file.hunks.push(hunk),
                    _ => files.push(FilePatch { path: name, hunks: vec![hunk], ..FilePatch::default() }),
                }
            }
            for key in ["edits", "changes", "replacements", "files", "hunks"] {
                if let Some(list @ Value::Array(_)) = value.get(key) {
                    json_edits(list, path, depth + 1, files);
                }
            }
        }
        _ => {}
    }
}
