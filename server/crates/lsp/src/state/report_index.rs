//! Where the findings of a round are in its written report.

use lsp_types::Uri;
use std::collections::HashMap;

/// Where the findings are in a report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReportIndex {
    pub(crate) uri: Uri,
    /// Line (0-based) of a finding's heading, by its label.
    pub(crate) lines: HashMap<String, u32>,
}

impl ReportIndex {
    /// The address of a finding in the report.
    pub(crate) fn address(&self, label: &str) -> Option<Uri> {
        let line = self.lines.get(label)? + 1;
        format!("{}#L{line}", self.uri.as_str()).parse().ok()
    }
}

/// The words of a line that look like a finding's label (`I1`), with where they start.
pub(crate) fn labels_in(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let boundary = |c: char| !c.is_ascii_alphanumeric();
    let mut at = 0;
    line.split(boundary).filter_map(move |word| {
        let start = at;
        at += word.len() + line[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        let label = word.strip_prefix(['C', 'I', 'S'])?;
        (!label.is_empty() && label.bytes().all(|b| b.is_ascii_digit())).then_some((start, word))
    })
}
