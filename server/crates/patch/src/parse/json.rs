//! Edits in JSON, as the edit tools of agents take them: an object with the old and the new text, a list of them, an
//! object with such a list, or the call of a tool around any of these.

use super::{ParseError, header_path};
use crate::hunk::{FilePatch, Hunk, HunkBody, Patch, Times};
use serde_json::Value;
use std::borrow::Cow;

/// How deep edits may lie in each other.
const DEPTH: u32 = 6;

/// The names that the old and the new text go by.
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
const PATHS: [&str; 6] = ["path", "file", "file_path", "filePath", "filename", "relevant_file"];
const LISTS: [&str; 6] = ["edits", "changes", "replacements", "files", "hunks", "tool_calls"];
/// What the call of a tool hands over, as an object or as JSON in a string.
const CALLS: [&str; 6] = ["input", "arguments", "args", "function", "functionCall", "parameters"];
/// Where a patch stands in such a call, as a string or as the last of a command's words.
const PATCHES: [&str; 4] = ["input", "patch", "command", "cmd"];

/// Reads `lines` as JSON; `None` where they are none, or hold no edit.
///
/// # Errors
/// Those of a patch in a string.
pub(super) fn json(lines: &[&str]) -> Result<Option<Patch>, ParseError> {
    let text = lines.join("\n");
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return Ok(None);
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Ok(None) };
    if let Some(patch) = inner_patch(&value, 0) {
        return super::parse(&patch).map(Some);
    }
    let mut files = Vec::new();
    edits(&value, None, 0, &mut files);
    Ok((!files.is_empty()).then_some(Patch { files }))
}

/// The envelope or diff that a call hands over as a string.
fn inner_patch(value: &Value, depth: u32) -> Option<String> {
    let is_patch = |text: &&str| text.contains("*** Begin Patch") || text.contains("\n@@ ") || text.starts_with("@@ ");
    if depth > DEPTH {
        return None;
    }
    let text = PATCHES.iter().filter_map(|key| value.get(key)).find_map(|inner| {
        let text = match inner {
            Value::String(text) => Some(text.as_str()),
            Value::Array(words) => words.last().and_then(Value::as_str),
            _ => None,
        };
        text.filter(|text| !text.trim_start().starts_with('{')).filter(is_patch)
    });
    let mut calls = CALLS.iter().filter_map(|key| value.get(key)).filter_map(call);
    text.map(str::to_owned).or_else(|| calls.find_map(|call| inner_patch(&call, depth + 1)))
}

/// What a call hands over.
fn call(value: &Value) -> Option<Cow<'_, Value>> {
    match value {
        Value::Object(_) => Some(Cow::Borrowed(value)),
        Value::String(text) if text.trim_start().starts_with('{') => serde_json::from_str(text).ok().map(Cow::Owned),
        _ => None,
    }
}

fn edits(value: &Value, path: Option<&str>, depth: u32, files: &mut Vec<FilePatch>) {
    if depth > DEPTH {
        return;
    }
    if let Value::Array(items) = value {
        items.iter().for_each(|item| edits(item, path, depth + 1, files));
    }
    if !value.is_object() {
        return;
    }
    let get = |key: &str| value.get(key).and_then(Value::as_str);
    let path = PATHS.into_iter().find_map(get).or(path);
    if let Some((old, new)) = PAIRS.iter().find_map(|&(old, new)| Some((get(old)?, get(new)?))) {
        let lf = |text: &str| text.replace("\r\n", "\n");
        let body = HunkBody::Replace { old: lf(old), new: lf(new), times: times(value) };
        let hunk = Hunk { body, ..Hunk::default() };
        let name = path.and_then(header_path);
        match files.last_mut() {
            Some(file) if file.path == name => file.hunks.push(hunk),
            _ => files.push(FilePatch { path: name, hunks: vec![hunk], ..FilePatch::default() }),
        }
    }
    for list in LISTS.iter().filter_map(|key| value.get(key)).filter(|list| list.is_array()) {
        edits(list, path, depth + 1, files);
    }
    for call in CALLS.iter().filter_map(|key| value.get(key)).filter_map(call) {
        edits(&call, path, depth + 1, files);
    }
}

/// How often the old text is replaced: once, unless the call says otherwise.
fn times(value: &Value) -> Times {
    if ["replace_all", "replaceAll"].iter().any(|key| value.get(key) == Some(&Value::Bool(true))) {
        return Times::Every;
    }
    let expected = value.get("expected_replacements").and_then(Value::as_u64);
    match expected.and_then(|n| u32::try_from(n).ok()) {
        Some(n) if n > 1 => Times::Exactly(n),
        _ => Times::Once,
    }
}
