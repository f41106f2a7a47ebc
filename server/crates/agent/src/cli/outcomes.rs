//! What each program's output comes to, and what the user reads.

use crate::adapter::Sign;
use crate::completion::Completion;
use crate::process::End;
use crate::{Outcome, claude, codex, gemini};
use FailureKind::*;
use finding::AgentName;
use finding::{Failure, FailureKind, Usage};

type Read = fn(&End, &str, &str) -> Completion;
/// No failure, or its kind and message.
type Expected = Option<(FailureKind, &'static str)>;

const OK: End = End::Exited(0);
const ONE: End = End::Exited(1);

/// Own samples: name without folder, how it ended, what comes of it, and how many findings were kept.
#[test]
fn every_outcome_has_its_kind_and_words() {
    let killed = || End::Failed(Failure::new(TimedOut, "it was not done after 40 min"));
    let table: [(&str, End, Expected, usize); 24] = [
        ("claude-ok.jsonl", OK, None, 1),
        ("claude-fenced.jsonl", OK, None, 1),
        ("claude-text.jsonl", OK, Some((BadOutput, "its answer is not JSON")), 0),
        ("claude-cut.jsonl", OK, Some((BadOutput, "its output ended before its answer")), 0),
        (
            "claude-not-logged-in.jsonl",
            ONE,
            Some((NotLoggedIn, "it has no valid credentials: Not logged in · Please run /login")),
            0,
        ),
        (
            "claude-529.jsonl",
            ONE,
            Some((Overloaded, "the vendor is overloaded or broken (529: API Error: 529 overloaded)")),
            0,
        ),
        (
            "claude-refused.jsonl",
            ONE,
            Some((Unreachable, "the vendor cannot be reached: API Error: Unable to connect to API (ECONNREFUSED)")),
            0,
        ),
        (
            "claude-too-long.jsonl",
            ONE,
            Some((TooLarge, "the brief is too large for the model (400: Prompt is too long)")),
            0,
        ),
        ("claude-budget.jsonl", ONE, Some((BudgetReached, "it used up its money without an answer")), 0),
        ("claude-turns.jsonl", ONE, Some((BudgetReached, "it used up its turns without an answer")), 0),
        // It had answered before it was ended.
        ("claude-ok.jsonl", killed(), Some((TimedOut, "it was not done after 40 min")), 1),
        ("codex-ok.jsonl", OK, None, 1),
        (
            "codex-bad-json.jsonl",
            OK,
            Some((BadOutput, "its answer was cut: 0 complete findings were kept, the rest was lost")),
            0,
        ),
        ("codex-wrong-schema.jsonl", OK, Some((BadOutput, "its answer is JSON, but not a review")), 0),
        // Its answer was whole.
        ("codex-cut.jsonl", End::Signalled(9), Some((Crashed, "it was killed by signal 9")), 1),
        (
            "codex-503.jsonl",
            ONE,
            Some((
                Overloaded,
                "the vendor is overloaded or broken (503: unexpected status 503 Service Unavailable: no, url: \
                 http://x/v1/responses)",
            )),
            0,
        ),
        (
            "codex-limit.jsonl",
            ONE,
            Some((
                RateLimited,
                "the vendor's rate limit or quota is reached: You've hit your usage limit. Try again later.",
            )),
            0,
        ),
        (
            "codex-too-large.jsonl",
            ONE,
            Some((TooLarge, "the brief is too large for it: Input exceeds the maximum length of 1048576 characters.")),
            0,
        ),
        (
            "codex-unreachable.jsonl",
            killed(),
            Some((
                Unreachable,
                "the vendor cannot be reached: Reconnecting... 3/5 (stream disconnected before completion: error \
                 sending request for url (http://127.0.0.1:1/v1/responses))",
            )),
            0,
        ),
        ("gemini-ok.jsonl", OK, None, 1),
        ("gemini-fenced.jsonl", OK, None, 1),
        ("gemini-loop.jsonl", OK, Some((BadOutput, "it took its own answer for a loop and cut it")), 1),
        (
            "gemini-503.jsonl",
            End::Exited(247),
            Some((Overloaded, "the vendor is overloaded or broken (503: no capacity)")),
            0,
        ),
        // It exits with 0 when it is told to end.
        ("gemini-killed.jsonl", OK, Some((BadOutput, "its output ended before its answer")), 0),
    ];
    for (name, end, expected, findings) in table {
        let path = format!("{}/../../../fixtures/agents/{name}", env!("CARGO_MANIFEST_DIR"));
        let stdout = std::fs::read_to_string(path).unwrap();
        check(name, &end, &stdout, "", expected, findings);
    }
}

/// A whole answer counts, however the program ends after it.
#[test]
fn a_whole_answer_is_kept_with_the_failure_that_came_after_it() {
    let sample = |name: &str| {
        let path = format!("{}/../../../fixtures/agents/{name}-ok.jsonl", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let without = |text: &str, event: &str| -> String {
        text.lines().filter(|line| !line.contains(event)).map(|line| format!("{line}\n")).collect()
    };
    let failed = "{\"type\": \"turn.failed\", \"error\": {\"message\": \"stream disconnected\"}}\n";
    let codex = without(&sample("codex"), "turn.completed");
    for (name, end, stdout) in [
        ("codex-failed", ONE, format!("{codex}{failed}")),
        ("codex-cut", End::Signalled(9), codex),
        ("gemini-cut", ONE, without(&sample("gemini"), "\"result\"")),
    ] {
        let outcome = reader(name)(&end, &stdout, "").into_outcome(&AgentName::new("it"));
        assert!(outcome.failure.is_some(), "{name}");
        assert_eq!(outcome.answer.findings.len(), 1, "{name}: {:?}", outcome.failure);
    }
}

fn reader(name: &str) -> Read {
    match name.split('-').next() {
        Some("claude") => claude::read,
        Some("codex") => codex::read,
        _ => gemini::read,
    }
}

#[track_caller]
fn check(
    name: &str,
    end: &End,
    stdout: &str,
    stderr: &str,
    expected: Option<(FailureKind, &str)>,
    findings: usize,
) -> Outcome {
    let outcome = reader(name)(end, stdout, stderr).into_outcome(&AgentName::new("it"));
    let failure = outcome.failure.as_ref().map(|f| (f.kind, f.message.as_str()));
    assert_eq!((failure, outcome.answer.findings.len()), (expected, findings), "{name}");
    outcome
}

#[test]
fn what_a_run_used_is_known() {
    let read = |name: &str| {
        let path = format!("{}/../../../fixtures/agents/{name}-ok.jsonl", env!("CARGO_MANIFEST_DIR"));
        check(name, &OK, &std::fs::read_to_string(path).unwrap(), "", None, 1)
    };
    let usage = |cost_usd, input| Usage {
        cost_usd,
        input_tokens: Some(input),
        output_tokens: Some(7),
        tool_calls: Some(1),
        ..Usage::default()
    };
    let claude = read("claude");
    let cached = Usage { cached_tokens: Some(5), ..usage(Some(0.5), 16) };
    assert_eq!((claude.usage, claude.label.as_deref()), (cached, Some("Claude Opus 4.6")));
    assert_eq!(read("codex").usage, usage(None, 10));
    let gemini = read("gemini");
    assert_eq!((gemini.usage, gemini.label.as_deref()), (usage(None, 10), Some("Gemini 3.1 Pro")));
}

#[test]
fn of_a_vendors_answer_that_codex_hands_on_the_message_counts() {
    for (message, kind, said) in [
        (r#"{"error": {"message": "Invalid schema", "code": null}}"#, Crashed, "it failed: Invalid schema"),
        (r#"{"other": 1}"#, Crashed, r#"it failed: {"other": 1}"#),
        ("mock error 404", Crashed, "it failed: mock error 404"),
    ] {
        let event = serde_json::json!({"type": "turn.failed", "error": {"message": message}});
        check("codex", &ONE, &event.to_string(), "", Some((kind, said)), 0);
    }
}

#[test]
fn programs_without_events_are_told_by_their_words() {
    let table: [(&str, End, &str, FailureKind); 9] = [
        ("claude", End::Exited(127), "node: not found", Crashed),
        ("codex", ONE, "Error: Missing environment variable: `KEY`.", NotLoggedIn),
        (
            "gemini",
            End::Exited(41),
            r#"{"session_id":"x","error":{"type":"Error","message":"?","code":41}}"#,
            NotLoggedIn,
        ),
        (
            "gemini",
            End::Exited(173),
            "Error when talking\n{\"session_id\":\"x\",\"error\":{\"message\":\"m\",\"code\":429}}",
            RateLimited,
        ),
        (
            "gemini",
            End::Exited(145),
            r#"{"session_id":"x","error":{"message":"[API Error: {\"error\":{\"code\":401}}]"}}"#,
            NotLoggedIn,
        ),
        ("gemini", End::Exited(1), "[API Error: terminated]", Unreachable),
        ("gemini", End::Exited(1), "TypeError: fetch failed\n  cause: ECONNREFUSED 127.0.0.1:1", Unreachable),
        ("claude", End::Exited(143), "", Crashed),
        ("claude", OK, "", BadOutput),
    ];
    for (name, end, stderr, kind) in table {
        let said = reader(name)(&end, "", stderr);
        assert_eq!(said.failure.as_ref().map(|f| f.kind), Some(kind), "{name} {stderr}: {:?}", said.failure);
    }
}

#[test]
fn a_program_without_hope_is_stopped_and_others_are_not() {
    let line =
        |n: u32, of: u32, why: &str| format!(r#"{{"type":"error","message":"Reconnecting... {n}/{of} ({why})"}}"#);
    let hopeless = |line: &str| matches!((codex::CODEX.sign)(line), Some(Sign::Hopeless(_)));
    assert!(!hopeless(&line(1, 5, "error sending request")));
    assert!(hopeless(&line(3, 5, "error sending request")));
    assert!(!hopeless(&line(5, 5, "unexpected status 503")));
}
