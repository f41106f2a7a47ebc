//! Fixes in tools' own formats, as replacements.

use crate::imported::{At, Replacement};
use serde_json::Value;

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `fix: { range: [from, to], text }`, in UTF-16 units from the start of the file.
pub(super) fn range_and_text(remark: &Value) -> Vec<Replacement> {
    let fix = &remark["fix"];
    let at = |value: &Value| Some(At::Utf16Index(usize::try_from(value.as_u64()?).ok()?));
    let span = Some((at(&fix["range"][0]), at(&fix["range"][1])));
    match (span, fix["text"].as_str()) {
        (Some((Some(from), Some(to))), Some(text)) => vec![Replacement { from, to, text: text.to_owned() }],
        _ => Vec::new(),
    }
}

/// `fix: { edits: [{ location: { row, column }, end_location, content }] }`, in characters.
pub(super) fn ruff(remark: &Value) -> Vec<Replacement> {
    let at = |value: &Value| At::Char(number(&value["row"]), number(&value["column"]));
    let edit =
        |e: &Value| Replacement { from: at(&e["location"]), to: at(&e["end_location"]), text: text(&e["content"]) };
    list(&remark["fix"]["edits"]).iter().map(edit).collect()
}

/// `extra.fix`, in place of what was found; columns in characters.
pub(super) fn semgrep(remark: &Value) -> Vec<Replacement> {
    let at = |value: &Value| At::Char(number(&value["line"]), number(&value["col"]));
    let fix = remark["extra"]["fix"].as_str();
    fix.map(|fix| Replacement { from: at(&remark["start"]), to: at(&remark["end"]), text: fix.to_owned() })
        .into_iter()
        .collect()
}

/// rustc's suggestions that a machine may apply.
pub(super) fn rustc(remark: &Value) -> Vec<Replacement> {
    let at = |span: &Value, end: &str| {
        At::Char(number(&span[format!("line_{end}")]), number(&span[format!("column_{end}")]))
    };
    let spans = list(&remark["children"]).iter().flat_map(|child| list(&child["spans"]));
    let sure = spans
        .filter(|s| s["suggestion_applicability"] == "MachineApplicable" && s["suggested_replacement"].is_string());
    sure.map(|s| Replacement { from: at(s, "start"), to: at(s, "end"), text: text(&s["suggested_replacement"]) })
        .collect()
}

/// `fix: { replacements: [{ line, column, endLine, endColumn, replacement }] }`, in characters.
pub(super) fn shellcheck(remark: &Value) -> Vec<Replacement> {
    let edit = |r: &Value| Replacement {
        from: At::Char(number(&r["line"]), number(&r["column"])),
        to: At::Char(number(&r["endLine"]), number(&r["endColumn"])),
        text: text(&r["replacement"]),
    };
    list(&remark["fix"]["replacements"]).iter().map(edit).collect()
}
