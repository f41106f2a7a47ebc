//! What vendors' words and numbers mean.

use finding::{Failure, FailureKind};

/// The failure behind an HTTP status, with the vendor's own words.
pub(super) fn of_status(status: u16, message: &str) -> Failure {
    let message = &inner(message);
    let said = said(message);
    if let Some(meaning) = MEANINGS.iter().find(|m| m.is_meant_by(message) && m.is_of(status)) {
        return meaning.failure(&format!(" ({status}{said})"));
    }
    let (kind, text) = match status {
        401 | 403 => (FailureKind::NotLoggedIn, "the vendor does not accept the credentials"),
        402 => (FailureKind::RateLimited, NO_CREDIT),
        408 | 504 => (FailureKind::Overloaded, "the vendor did not answer in time"),
        413 => (FailureKind::TooLarge, "the brief is too large for the vendor"),
        429 => (FailureKind::RateLimited, "the vendor's rate limit or quota is reached"),
        404 => (FailureKind::Crashed, "the vendor does not know the model or address"),
        500.. => (FailureKind::Overloaded, "the vendor is overloaded or broken"),
        _ => (FailureKind::Crashed, "the vendor refused the request"),
    };
    let failure = Failure::new(kind, format!("{text} ({status}{said})"));
    match status {
        402 => failure.with_remedy(ADD_CREDIT),
        404 => failure.with_remedy(CHECK_MODEL),
        _ => failure,
    }
}

/// The vendor's sentence out of what a program wraps around it: `[API Error: {"error": {"message": "…"}}]`.
fn inner(message: &str) -> String {
    let values = super::answer::json_values(message);
    let told = values.into_iter().find_map(|value| {
        let value = value.get(0).cloned().unwrap_or(value);
        let message = value["error"]["message"].as_str().or(value["message"].as_str()).or(value["detail"].as_str());
        message.map(str::to_owned)
    });
    match told {
        // Wrapped twice: the message is such a text itself.
        Some(told) if told.contains('{') && told.len() < message.len() => inner(&told),
        Some(told) => told,
        None => message.to_owned(),
    }
}

fn said(message: &str) -> String {
    // Gemini CLI's brackets around what the vendor said, and its advice behind them.
    let bracketed = message.strip_prefix("[API Error: ").and_then(|rest| rest.split_once(']'));
    let message = bracketed.map_or(message, |(told, _)| told);
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| super::answer::keep(*c)).take(200).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

const NO_CREDIT: &str = "the account has no credit left";
const ADD_CREDIT: &str = "add credit to the account or raise its limit, or use another agent";
const CHECK_MODEL: &str = "check `model` of the agent in your configuration, and `url` where it has one";

/// What words of vendors and their programs mean, whatever status comes with them.
#[derive(Debug)]
struct Meaning {
    /// Any of them, in lower case.
    words: &'static [&'static str],
    /// The statuses with which they mean it; none for any.
    statuses: &'static [u16],
    kind: FailureKind,
    text: &'static str,
    remedy: Option<&'static str>,
}

impl Meaning {
    fn is_meant_by(&self, message: &str) -> bool {
        let message = message.to_ascii_lowercase();
        self.words.iter().any(|w| message.contains(w))
    }

    fn is_of(&self, status: u16) -> bool {
        self.statuses.is_empty() || self.statuses.contains(&status)
    }

    fn failure(&self, said: &str) -> Failure {
        let failure = Failure::new(self.kind, format!("{}{said}", self.text));
        match self.remedy {
            Some(remedy) => failure.with_remedy(remedy),
            None => failure,
        }
    }
}

const MEANINGS: &[Meaning] = &[
    Meaning {
        words: &[
            "prompt is too long",
            "context length",
            "context_length",
            "context window",
            "too many tokens",
            "input is too long",
            "maximum number of tokens",
            "exceeds the available context",
        ],
        statuses: &[400, 413, 422],
        kind: FailureKind::TooLarge,
        text: "the brief is too large for the model",
        remedy: Some("set `context_tokens` of the agent, so that the change is given to it in parts"),
    },
    Meaning {
        words: &[
            "credit balance",
            "insufficient_quota",
            "insufficient credit",
            "out of credit",
            "billing",
            "payment required",
        ],
        statuses: &[],
        kind: FailureKind::RateLimited,
        text: NO_CREDIT,
        remedy: Some(ADD_CREDIT),
    },
    Meaning {
        words: &[
            "ineligibletier",
            "no longer supported for individual",
            "no longer available for individual",
            "code assist for individuals",
        ],
        statuses: &[],
        kind: FailureKind::NotLoggedIn,
        text: "Gemini CLI serves personal accounts no more",
        remedy: Some(
            "name GEMINI_API_KEY in the agent's pass_env, log in with an enterprise account, or use another agent",
        ),
    },
    Meaning {
        words: &[
            "token has expired",
            "token is expired",
            "token expired",
            "session has expired",
            "session expired",
            "login has expired",
            "login expired",
            "refresh token",
            "reauthenticate",
        ],
        statuses: &[],
        kind: FailureKind::NotLoggedIn,
        text: "its login has expired",
        remedy: None,
    },
    Meaning {
        words: &[
            "model_not_found",
            "unknown model",
            "invalid model",
            "model is not supported",
            "model not found",
            "issue with the selected model",
            "is not found for api version",
            "model does not exist",
            "no such model",
            "try pulling it first",
        ],
        statuses: &[],
        kind: FailureKind::Crashed,
        text: "the vendor does not know the model",
        remedy: Some(CHECK_MODEL),
    },
];

/// What words mean where no status comes with them.
const WORDS: &[Meaning] = &[
    Meaning {
        words: &[
            "not logged in",
            "please log in",
            "/login",
            "invalid api key",
            "must specify the gemini_api_key",
            "missing environment variable",
            "set an auth method",
            "no credentials",
            "unauthorized",
        ],
        statuses: &[],
        kind: FailureKind::NotLoggedIn,
        text: "it has no valid credentials",
        remedy: None,
    },
    Meaning {
        words: &["rate limit", "quota", "usage limit", "too many requests"],
        statuses: &[],
        kind: FailureKind::RateLimited,
        text: "the vendor's rate limit or quota is reached",
        remedy: None,
    },
    Meaning {
        words: &["input exceeds the maximum", "argument list too long"],
        statuses: &[],
        kind: FailureKind::TooLarge,
        text: "the brief is too large for it",
        remedy: Some("set `context_tokens` of the agent to what its model reads"),
    },
    Meaning {
        words: &["overloaded", "unavailable", "high demand", "internal server error", "at capacity"],
        statuses: &[],
        kind: FailureKind::Overloaded,
        text: "the vendor is overloaded or broken",
        remedy: None,
    },
    Meaning {
        words: &[
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
        ],
        statuses: &[],
        kind: FailureKind::Unreachable,
        text: "the vendor cannot be reached",
        remedy: None,
    },
];

/// The failure that a program's words tell of, where they are known.
pub(super) fn of_words(message: &str) -> Option<Failure> {
    if let Some(status) = status_in(message) {
        return Some(of_status(status, message));
    }
    let message = &inner(message);
    let meaning = MEANINGS.iter().chain(WORDS).find(|m| m.is_meant_by(message))?;
    Some(meaning.failure(&said(message)))
}

/// The failure of a program that says so itself, in words that may be known.
pub(super) fn of_failed(message: &str) -> Failure {
    of_words(message)
        .unwrap_or_else(|| Failure::new(FailureKind::Crashed, format!("it failed{}", said(&inner(message)))))
}

/// What helps where nothing better is known.
pub(super) fn remedy(kind: FailureKind) -> Option<&'static str> {
    match kind {
        FailureKind::Unreachable => Some("check the network and the proxy settings, then review again"),
        FailureKind::RateLimited => Some("wait until the limit is reset, or use another agent"),
        FailureKind::Overloaded => Some("review again in a few minutes, or use another agent"),
        _ => None,
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
        // Of agents of the protocol, which put the vendor's words behind it.
        "internal error ",
        "internal error: ",
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

#[cfg(test)]
mod tests {
    use super::*;
    use FailureKind::*;

    /// What it is, and the beginnings of what is said and of what helps.
    fn is(failure: &Failure, kind: FailureKind, message: &str, remedy: &str) -> bool {
        failure.kind == kind
            && failure.message.starts_with(message)
            && !failure.message.contains('{')
            && failure.remedy.clone().unwrap_or_default().starts_with(remedy)
    }

    #[test]
    fn a_vendors_refusal_is_one_sentence_and_what_helps() {
        let table = [
            (
                400,
                r#"{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
                TooLarge,
                "the brief is too large for the model (400: prompt",
                "set `context_tokens`",
            ),
            (
                400,
                r#"{"error":{"message":"Your credit balance is too low to access the API"}}"#,
                RateLimited,
                "the account has no credit left (400: Your",
                "add credit",
            ),
            (
                429,
                r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota, check your plan and billing"}}"#,
                RateLimited,
                "the account has no credit left (429",
                "add credit",
            ),
            (402, "", RateLimited, "the account has no credit left (402)", "add credit"),
            (
                404,
                r#"{"error":{"message":"models/x is not found for API version v1beta"}}"#,
                Crashed,
                "the vendor does not know the model (404: models/x",
                "check `model`",
            ),
            (
                404,
                "model 'x' not found, try pulling it first",
                Crashed,
                "the vendor does not know the model",
                "check `model`",
            ),
            (404, "", Crashed, "the vendor does not know the model or address (404)", "check `model`"),
            (
                401,
                r#"{"error":{"message":"OAuth token has expired"}}"#,
                NotLoggedIn,
                "its login has expired (401: OAuth",
                "",
            ),
            (401, "", NotLoggedIn, "the vendor does not accept the credentials (401)", ""),
            (
                529,
                r#"[{"error":{"message":"Overloaded"}}]"#,
                Overloaded,
                "the vendor is overloaded or broken (529: Overloaded)",
                "",
            ),
            (429, "slow down", RateLimited, "the vendor's rate limit or quota is reached (429: slow down)", ""),
            (
                400,
                "context length of the schema",
                TooLarge,
                "the brief is too large for the model",
                "set `context_tokens`",
            ),
        ];
        for (status, body, kind, message, remedy) in table {
            let failure = of_status(status, body);
            assert!(is(&failure, kind, message, remedy), "{status} {body}: {failure:?}");
        }
    }

    #[test]
    fn a_programs_words_are_one_sentence_and_what_helps() {
        let table = [
            // Claude Code
            ("Credit balance is too low", RateLimited, "the account has no credit left: Credit", "add credit"),
            (
                "There's an issue with the selected model (opus-9). It may not exist or you may not have access to it.",
                Crashed,
                "the vendor does not know the model: There's",
                "check `model`",
            ),
            (
                "OAuth token has expired. Please obtain a new token or refresh your existing token.",
                NotLoggedIn,
                "its login has expired: OAuth",
                "",
            ),
            (
                "API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
                Overloaded,
                "the vendor is overloaded or broken (529: Overloaded)",
                "",
            ),
            // Codex
            (
                "The 'x' model is not supported when using Codex with a ChatGPT account.",
                Crashed,
                "the vendor does not know the model: The 'x'",
                "check `model`",
            ),
            (
                "Your access token could not be refreshed because your refresh token was already used.",
                NotLoggedIn,
                "its login has expired",
                "",
            ),
            (
                "Quota exceeded. Check your plan and billing details.",
                RateLimited,
                "the account has no credit left",
                "add credit",
            ),
            (
                "Selected model is at capacity. Please try a different model.",
                Overloaded,
                "the vendor is overloaded or broken",
                "",
            ),
            // Gemini CLI
            (
                "[API Error: {\"error\":{\"code\":404,\"message\":\"models/x is not found for API version v1beta\"}}]",
                Crashed,
                "the vendor does not know the model (404: models/x",
                "check `model`",
            ),
            (
                "[API Error: {\"error\":{\"message\":\"{\\n  \\\"error\\\": {\\n    \\\"code\\\": 503,\\n    \\\"message\\\": \\\"busy\\\"}}\",\"code\":503}}]",
                Overloaded,
                "the vendor is overloaded or broken (503: busy)",
                "",
            ),
            ("[API Error: mock error 503] Please try again later.", Crashed, "it failed: mock error 503", ""),
            // Qwen Code
            (
                "Internal error 401 Incorrect API key provided",
                NotLoggedIn,
                "the vendor does not accept the credentials (401: Internal error 401 Incorrect",
                "",
            ),
            ("Internal error: 40 files", Crashed, "it failed: Internal error: 40 files", ""),
            (
                "IneligibleTierError: This client is no longer supported for individual accounts",
                NotLoggedIn,
                "Gemini CLI serves personal accounts no more",
                "name GEMINI_API_KEY",
            ),
        ];
        for (words, kind, message, remedy) in table {
            let failure = of_failed(words);
            assert!(is(&failure, kind, message, remedy), "{words}: {failure:?}");
        }
        assert_eq!(of_failed("what?\n who?").message, "it failed: what? who?");
    }
}
