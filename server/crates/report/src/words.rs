//! Words that several documents use.

use super::sanitize;
use finding::Severity;

/// `3 important findings`, `1 suggestion`.
pub(super) fn count_of(severity: Severity, n: usize) -> String {
    match (severity, n) {
        (Severity::Suggestion, 1) => "1 suggestion".into(),
        (Severity::Suggestion, n) => format!("{n} suggestions"),
        (severity, 1) => format!("1 {} issue", severity.to_string().to_lowercase()),
        (severity, n) => format!("{n} {} issues", severity.to_string().to_lowercase()),
    }
}

/// The text on one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    sanitize::printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
