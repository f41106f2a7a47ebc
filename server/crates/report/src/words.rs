//! Words that several documents use.

pub(super) use super::sanitize::one_line;
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
