//! What forges say to whoever asks too often, as their public documentation has it:
//!
//! * GitHub: 403 or 429, with `Retry-After` (seconds) or `X-RateLimit-Remaining: 0` and `X-RateLimit-Reset` (seconds since
//!   1970); its GraphQL says `RATE_LIMITED` in an answer of 200.
//! * GitLab: 429, with `Retry-After` and `RateLimit-Reset` (seconds since 1970).
//! * Bitbucket Cloud: 429, mostly without a word on when: its limits are by the hour.
//! * Azure DevOps: 429, or 503 with `TF400733`, with `Retry-After` and `X-RateLimit-Reset`.
//! * Gitea and Forgejo have no limits of their own; what stands before them says 429, and perhaps `Retry-After`.

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// Since 1970; what is less is how long it still takes.
const A_MOMENT: i64 = 1_000_000_000;

/// That it was asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    /// When it answers again, where it says so.
    until: Option<Timestamp>,
}

impl Limit {
    /// The limit that an answer tells of; `message` is what it says in words.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, message: &str, now: Timestamp) -> Option<Self> {
        let message = message.to_ascii_lowercase();
        let is_spent = ["x-ratelimit-remaining", "ratelimit-remaining"]
            .iter()
            .any(|name| headers.get(*name).is_some_and(|value| value == "0"));
        let is_said = message.contains("rate limit") || message.contains("tf400733");
        let is_limit = match status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::FORBIDDEN => is_spent || is_said || headers.contains_key(RETRY_AFTER),
            StatusCode::SERVICE_UNAVAILABLE => is_spent || is_said,
            _ => false,
        };
        is_limit.then(|| Self::until(headers, now))
    }

    /// Until when its headers say that it does not answer.
    pub(super) fn until(headers: &HeaderMap, now: Timestamp) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let until = header("retry-after")
            .and_then(|said| moment(said, now))
            .or_else(|| header("x-ratelimit-reset").and_then(|said| moment(said, now)))
            .or_else(|| header("ratelimit-reset").and_then(|said| moment(said, now)));
        Self { until }
    }

    /// How long to wait for it; `None` where it does not say.
    pub(super) fn wait(self, now: Timestamp) -> Option<Duration> {
        Some(Duration::try_from(self.until?.duration_since(now)).unwrap_or_default())
    }

    /// When it answers again, in words.
    pub(super) fn words(self) -> Option<String> {
        Some(self.until?.strftime("%H:%M UTC").to_string())
    }
}

/// Seconds from now or since 1970, or a date of HTTP.
fn moment(said: &str, now: Timestamp) -> Option<Timestamp> {
    match said.parse::<i64>() {
        Ok(seconds) if seconds >= A_MOMENT => Timestamp::from_second(seconds).ok(),
        Ok(seconds) => now.checked_add(SignedDuration::from_secs(seconds.max(0))).ok(),
        Err(_) => Some(jiff::fmt::rfc2822::parse(said).ok()?.timestamp()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn what_each_forge_says_of_its_limits_is_read() {
        // 2026-01-01 00:00:00
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        for (status, headers, message, want) in [
            // GitHub, the first limit and the second one.
            (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1767229200")][..], "", "01:00 UTC 3600"),
            (429, &[("retry-after", "60")], "You have exceeded a secondary rate limit", "00:01 UTC 60"),
            (403, &[], "You have exceeded a secondary rate limit", "- -"),
            // GitLab.
            (
                429,
                &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1767225660"), ("retry-after", "30")],
                "Retry later",
                "00:00 UTC 30",
            ),
            (429, &[("ratelimit-reset", "1767225660")], "Retry later", "00:01 UTC 60"),
            // Bitbucket.
            (429, &[("x-ratelimit-limit", "1000")], "Rate limit for this resource has been exceeded", "- -"),
            // Azure DevOps.
            (503, &[("retry-after", "5"), ("x-ratelimit-remaining", "0")], "TF400733: blocked", "00:00 UTC 5"),
            (429, &[("x-ratelimit-reset", "1767225720")], "TF400733: blocked", "00:02 UTC 120"),
            // What stands before Forgejo.
            (429, &[("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")], "", "00:00 UTC 10"),
            (429, &[("retry-after", "soon")], "", "- -"),
            (429, &[("retry-after", "-5")], "", "00:00 UTC 0"),
            // No limit.
            (403, &[("x-ratelimit-remaining", "10")], "Resource not accessible", "none"),
            (503, &[("retry-after", "60")], "maintenance", "none"),
            (404, &[("retry-after", "60")], "", "none"),
        ] {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            let limit = Limit::of(StatusCode::from_u16(status).unwrap(), &headers, message, now);
            let got = limit.map_or_else(
                || "none".to_owned(),
                |limit| {
                    let wait = limit.wait(now).map_or_else(|| "-".to_owned(), |wait| wait.as_secs().to_string());
                    format!("{} {wait}", limit.words().unwrap_or_else(|| "-".into()))
                },
            );
            assert_eq!(got, want, "{status} {headers:?} {message}");
        }
    }
}
