//! The rows of the table at the top of a report.

use super::lines::pattern;
use finding::PullRequest;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::Regex;
use std::sync::LazyLock;

pub(crate) static LINK: LazyLock<Regex> = LazyLock::new(|| pattern(r"\[([^\]]*)\]\(([^)]*)\)"));
static PULL: LazyLock<Regex> = LazyLock::new(|| pattern(r"#(\d{1,18})"));
static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}))?"));
static DURATION_PART: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(\d+(?:\.\d+)?)\s*(h(?:ours?|r)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)\b"));
static CLOCK: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\D*(?:(\d+):)?(\d+):(\d{2})\b"));

/// The labels of a "Reviewers" row: commas in brackets do not part.
pub(crate) fn split_labels(row: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut depth = 0i32;
    let mut label = String::new();
    for c in row.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth <= 0 => {
                out.push(std::mem::take(&mut label));
                continue;
            }
            _ => {}
        }
        // "(effort: xhigh)" is no part of the name.
        if depth <= 0 && c != ')' {
            label.push(c);
        }
    }
    out.push(label);
    out.iter().map(|l| l.trim_matches(['*', '`', ' ']).to_owned()).filter(|l| !l.is_empty()).collect()
}

pub(crate) fn unquote(text: &str) -> String {
    LINK.replace_all(text, "$1").trim_matches(['`', ' ']).to_owned()
}

pub(crate) fn pull_request(row: &str) -> Option<PullRequest> {
    let number = PULL.captures(row)?[1].parse().ok()?;
    let url = LINK.captures(row).map(|m| m[2].to_owned()).filter(|u| u.starts_with("http"));
    let title = row.split_once('—').map_or("", |(_, t)| t.trim()).to_owned();
    Some(PullRequest { number, title, author: String::new(), url })
}

pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let m = TIME.captures(text)?;
    let n = |i: usize| m.get(i).and_then(|x| x.as_str().parse::<i16>().ok());
    let small = |i: usize| n(i).and_then(|v| i8::try_from(v).ok()).unwrap_or(0);
    let at = DateTime::new(n(1)?, small(2), small(3), small(4), small(5), 0, 0).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
}

pub(crate) fn leading_number(text: &str) -> Option<u64> {
    let digits: String = text.trim_start_matches(['*', '`', ' ']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Milliseconds of "22 min 20 s", "8:25", "9m 51s" or plain seconds; 0 for none.
pub(crate) fn duration(text: &str) -> u64 {
    let parts: Vec<_> = DURATION_PART.captures_iter(text).collect();
    let seconds = if !parts.is_empty() {
        parts
            .iter()
            .map(|m| {
                let n: f64 = m[1].parse().unwrap_or(0.0);
                n * match m[2].chars().next() {
                    Some('h' | 'H') => 3600.0,
                    Some('m' | 'M') => 60.0,
                    _ => 1.0,
                }
            })
            .sum()
    } else if let Some(m) = CLOCK.captures(text) {
        let n = |i: usize| m.get(i).and_then(|x| x.as_str().parse::<f64>().ok()).unwrap_or(0.0);
        n(1) * 3600.0 + n(2) * 60.0 + n(3)
    } else {
        leading_number(text).unwrap_or(0) as f64
    };
    (seconds.min(1e9) * 1000.0) as u64
}
