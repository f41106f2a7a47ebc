//! The real programs where no answer comes of them: without credentials, cancelled, killed by another; and a real
//! agent of the Agent Client Protocol.

use super::mock::{self, Mock};
use super::real::{program, record, settings};
use deep_review::agent::{Adapter, AgentSettings, Outcome, process};
use deep_review::finding::FailureKind::{self, *};
use std::fs;
use std::time::{Duration, Instant};

const AGENTS: [(Adapter, &str); 3] =
    [(Adapter::Claude, "claude"), (Adapter::Codex, "codex"), (Adapter::Gemini, "gemini")];

fn note(name: &str, scenario: &str, started: Instant, outcome: &Outcome) -> Option<FailureKind> {
    record(name, scenario, started, outcome.answer.findings.len(), outcome.failure.as_ref());
    outcome.failure.as_ref().map(|f| f.kind)
}

#[tokio::test]
async fn without_credentials_each_says_that_nobody_is_logged_in() {
    for (adapter, name) in AGENTS {
        let (Some(program), Some(mock)) = (program(name), Mock::start()) else { return };
        process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
        let mut settings = settings(adapter, program, &mock, "ok");
        settings.env.retain(|variable, _| variable == "HOME");
        let started = Instant::now();
        let outcome = mock::run(settings).await;
        assert_eq!(note(name, "no credentials", started, &outcome), Some(NotLoggedIn), "{name}: {:?}", outcome.failure);
    }
}

/// Starts a review that is never answered; once the vendor was asked, `end` ends it.
async fn ended(adapter: Adapter, name: &str, scenario: &str, end: impl Fn(&str, &mock::Cancel)) -> Option<Outcome> {
    let (program, mock) = (program(name)?, Mock::start()?);
    process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
    let settings = AgentSettings { total_seconds: Some(60), ..settings(adapter, program, &mock, "hang") };
    let home = settings.env["HOME"].clone();
    let session = mock::session();
    let (agent, brief) = (mock::agent(settings), mock::brief());
    let started = Instant::now();
    let asked = async {
        while !mock.log().contains("hang") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        end(&home, &session.cancel);
    };
    let (outcome, ()) = tokio::join!(agent.review(&brief, &session), asked);
    note(name, scenario, started, &outcome);
    Some(outcome)
}

/// The processes that have that folder as their home.
fn at_home(home: &str) -> Vec<String> {
    let is_ours = |pid: &String| {
        let variable = format!("HOME={home}");
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|b| *b == 0).any(|v| v == variable.as_bytes())
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.map(|p| p.file_name().to_string_lossy().into_owned()).filter(is_ours).collect()
}

#[tokio::test]
async fn each_that_is_cancelled_leaves_no_process() {
    for (adapter, name) in AGENTS {
        let home = std::cell::RefCell::new(String::new());
        let cancel = |at: &str, cancel: &mock::Cancel| {
            assert_ne!(at_home(at).len(), 0, "{name} runs");
            at.clone_into(&mut home.borrow_mut());
            cancel.cancel();
        };
        let Some(outcome) = ended(adapter, name, "cancelled", cancel).await else { return };
        assert_eq!(outcome.failure.map(|f| f.kind), Some(Cancelled), "{name}");
        assert_eq!(at_home(&home.borrow()), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn each_that_another_kills_is_a_failure_and_no_clean_review() {
    for (adapter, name) in AGENTS {
        let kill = |home: &str, _: &mock::Cancel| {
            std::process::Command::new("kill").arg("-TERM").args(at_home(home)).status().unwrap();
        };
        let Some(outcome) = ended(adapter, name, "killed", kill).await else { return };
        // Gemini CLI ends with exit code 0 then, without its last event.
        let expected = if adapter == Adapter::Gemini { BadOutput } else { Crashed };
        assert_eq!(outcome.failure.map(|f| f.kind), Some(expected), "{name}");
    }
}

/// Gemini CLI as an agent of the protocol, set up for a key.
fn acp(mock: &Mock, scenario: &str) -> Option<AgentSettings> {
    let mut settings = settings(Adapter::Acp, program("gemini")?, mock, scenario);
    settings.command.extend(["--acp", "-m", "gemini-2.5-pro"].map(String::from));
    let folder = format!("{}/.gemini", settings.env["HOME"]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        format!("{folder}/settings.json"),
        r#"{"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"maxAttempts": 2}}"#,
    )
    .unwrap();
    let url = settings.url.take().unwrap_or_default();
    settings.env.extend([
        ("GOOGLE_GEMINI_BASE_URL".to_owned(), url),
        ("GEMINI_CLI_TRUST_WORKSPACE".into(), "true".into()),
        ("GEMINI_CLI_NO_RELAUNCH".into(), "true".into()),
    ]);
    Some(settings)
}

#[tokio::test]
async fn a_real_agent_of_the_protocol_reviews_and_fails_in_known_words() {
    let Some(mock) = Mock::start() else { return };
    process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
    let table = [
        ("ok", Ok(1)),
        ("fenced", Ok(1)),
        ("text", Err(BadOutput)),
        ("e401", Err(NotLoggedIn)),
        ("e429", Err(RateLimited)),
        ("e503", Err(Overloaded)),
        ("hang", Err(TimedOut)),
    ];
    let mut wrong = Vec::new();
    for (scenario, expected) in table {
        let Some(settings) = acp(&mock, scenario) else { return };
        let started = Instant::now();
        let outcome = mock::run(settings).await;
        let got = note("gemini --acp", scenario, started, &outcome).map_or(Ok(outcome.answer.findings.len()), Err);
        if got != expected {
            wrong.push(format!("{scenario}: expected {expected:?}, got {:?}", outcome.failure));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
