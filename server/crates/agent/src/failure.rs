//! What vendors' words and numbers mean.

use finding::{Failure, FailureKind};

/// The failure behind an HTTP status, with the vendor's own words.
pub(super) fn of_status(status: u16, message: &str) -> Failure {
    let said = said(message);
    let (kind, text) = match status {
        401 | 403 => (FailureKind::NotLoggedIn, "the vendor does not accept the credentials"),
        402 => (FailureKind::RateLimited, "the account has no credit left"),
        408 | 504 => (FailureKind::Overloaded, "the vendor did not answer in time"),
        413 => (FailureKind::TooLarge, "the brief is too large for the vendor"),
        429 => (FailureKind::RateLimited, "the vendor's rate limit or quota is reached"),
        400 if is_too_large(message) => (FailureKind::TooLarge, "the brief is too large for the model"),
        404 => (FailureKind::Crashed, "the vendor does not know the model or address"),
        500.. => (FailureKind::Overloaded, "the vendor is overloaded or broken"),
        _ => (FailureKind::Crashed, "the vendor refused the request"),
    };
    Failure::new(kind, format!("{text} ({status}{said})"))
}

fn said(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| super::answer::keep(*c)).take(200).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

fn is_too_large(message: &str) -> bool {
    let m = message.to_ascii_lowercase();
    ["prompt is too long", "context length", "context_length", "context window", "too many tokens", "input is too long"]
        .iter()
        .any(|w| m.contains(w))
}

/// The failure that a program's words tell of, where they are known.
pub(super) fn of_words(message: &str) -> Option<Failure> {
    let m = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| m.contains(w));
    if let Some(status) = status_in(message) {
        return Some(of_status(status, message));
    }
    let said = said(message);
    let said = said.strip_prefix(": ").unwrap_or_default();
    let failure = |kind, text: &str| Some(Failure::new(kind, format!("{text}: {said}")));
    if has(&[
        "not logged in",
        "please log in",
        "/login",
        "invalid api key",
        "must specify the gemini_api_key",
        "missing environment variable",
        "set an auth method",
        "no credentials",
        "unauthorized",
    ]) {
        failure(FailureKind::NotLoggedIn, "it has no valid credentials")
    } else if has(&["rate limit", "quota", "usage limit", "too many requests", "credit balance"]) {
        failure(FailureKind::RateLimited, "the vendor's rate limit or quota is reached")
    } else if is_too_large(message) || has(&["input exceeds the maximum", "argument list too long"]) {
        failure(FailureKind::TooLarge, "the brief is too large for it")
    } else if has(&["overloaded", "unavailable", "high demand", "internal server error"]) {
        failure(FailureKind::Overloaded, "the vendor is overloaded or broken")
    } else if has(&[
        "econnrefused",
        "enotfound",
        "etimedout",
        "econnreset",
        "connection refused",
        "unable to connect",
        "connection error",
        "fetch failed",
        "error sending request",
        "network",
        "dns error",
        "stream disconnected",
        "failed to connect",
        // Node's word for an answer that was cut.
        "api error: terminated",
    ]) {
        failure(FailureKind::Unreachable, "the vendor cannot be reached")
    } else {
        None
    }
}

/// The HTTP status that a message names as one.
pub(super) fn status_in(message: &str) -> Option<u16> {
    let m = message.to_ascii_lowercase();
    [
        "unexpected status ",
        "last status: ",
        "api error: ",
        "\"code\":",
        "\"code\": ",
        "status: ",
        "status code ",
        "http ",
    ]
    .iter()
    .filter_map(|word| {
        let rest = m[m.find(word)? + word.len()..].trim_start();
        let digits = rest.get(..3)?;
        let ends = !rest.as_bytes().get(3).is_some_and(u8::is_ascii_digit);
        digits.parse().ok().filter(|s| ends && (400..600).contains(s))
    })
    .next()
}

/// The failure of a program that ended without an answer and without known words.
pub(super) fn of_exit(code: i32, stderr: &str) -> Failure {
    if let Some(known) = of_words(stderr) {
        return known;
    }
    let line = stderr.lines().rev().map(str::trim).find(|l| !l.is_empty()).unwrap_or("it said nothing");
    Failure::new(FailureKind::Crashed, format!("it ended with exit code {code}{}", said(line)))
}

/// Whether the same may work a little later.
pub(super) fn may_pass(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::RateLimited | FailureKind::Overloaded | FailureKind::Unreachable)
}
