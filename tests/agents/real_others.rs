//! Further real programs that can be led to a stand-in for their vendors: what comes of them, and that the brief reaches the
//! model as it is.

use super::mock::{self, Mock};
use super::real::{ODD, has_brief, program, record, texts};
use deep_review::agent::{Adapter, AgentSettings, Brief, process};
use deep_review::finding::FailureKind::{self, *};
use deep_review::git::Snapshot;
use std::time::Instant;

const PROGRAMS: [(Adapter, &str, &str); 3] = [
    (Adapter::Opencode, "opencode", "openai/gpt-5"),
    (Adapter::Copilot, "copilot", "gpt-5"),
    (Adapter::Qwen, "qwen", "gpt-5"),
];

fn settings(adapter: Adapter, program: String, model: &str, url: String) -> AgentSettings {
    let home = tempfile::tempdir().map(tempfile::TempDir::keep).unwrap_or_default();
    let variables = [("OPENAI_API_KEY", "sk-test".to_owned()), ("HOME", home.to_string_lossy().into_owned())];
    AgentSettings {
        command: vec![program],
        model: Some(model.into()),
        url: Some(url),
        key_env: Some("OPENAI_API_KEY".into()),
        env: variables.map(|(name, value)| (name.to_owned(), value)).into(),
        retries: Some(0),
        // Only an end for what never ends: on a busy machine a program alone takes half a minute to start.
        total_seconds: Some(240),
        ..AgentSettings::new(adapter)
    }
}

/// Runs each scenario and compares.
async fn table(name: &str, rows: &[(&str, Result<usize, FailureKind>)]) {
    let (adapter, name, model) = PROGRAMS.into_iter().find(|(_, known, _)| *known == name).unwrap();
    let (Some(program), Some(mock)) = (program(name), Mock::start()) else { return };
    process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
    let mut wrong = Vec::new();
    for (scenario, expected) in rows {
        let started = Instant::now();
        let outcome = mock::run(settings(adapter, program.clone(), model, mock.url(scenario) + "/v1")).await;
        let findings = outcome.answer.findings.len();
        record(name, scenario, started, findings, outcome.failure.as_ref());
        let got = outcome.failure.as_ref().map_or(Ok(findings), |f| Err(f.kind));
        if got != *expected {
            wrong.push(format!("{scenario}: expected {expected:?}, got {:?}", outcome.failure));
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{name}");
}

const ROWS: [(&str, Result<usize, FailureKind>); 4] =
    [("ok", Ok(1)), ("fenced", Ok(1)), ("text", Err(BadOutput)), ("e401", Err(NotLoggedIn))];

#[tokio::test]
async fn opencode() {
    table("opencode", &ROWS).await;
}

#[tokio::test]
async fn copilot() {
    table("copilot", &ROWS).await;
}

#[tokio::test]
async fn qwen_code() {
    table("qwen", &ROWS).await;
}

#[tokio::test]
async fn what_reaches_the_model_is_the_brief_byte_for_byte() {
    for (adapter, name, model) in PROGRAMS {
        let (Some(program), Some(mock)) = (program(name), Mock::start()) else { return };
        process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
        let brief = Brief::new(Snapshot::in_memory(&[("src/lib.rs", "a\n")], &ODD));
        let agent = mock::agent(settings(adapter, program, model, mock.url("ok") + "/v1"));
        let sent = agent.preview(&brief).map(Result::unwrap).unwrap().text;
        let outcome = agent.review(&brief, &mock::session()).await;
        assert_eq!(outcome.failure, None, "{name}");
        let log = mock.log();
        let requests: Vec<serde_json::Value> = log.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        let reached = requests.iter().any(|request| texts(request).iter().any(|text| has_brief(text, &sent)));
        assert!(reached, "{name} changed the brief:\n{sent}\n\n{log}");
        assert!(!log.contains("root:x:0:0"), "{name} read what a word in the brief names");
    }
}
