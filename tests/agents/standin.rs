//! Small programs that stand for agents: what they can do wrong, and what the user reads.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use super::mock;
use deep_review::agent::{Adapter, AgentSettings, Availability, process};
use deep_review::finding::FailureKind::{self, *};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The number of findings, or the failure.
type Expected = Result<usize, (FailureKind, &'static str)>;

fn script(folder: &Path, text: &str) -> String {
    process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
    let path = folder.join("agent");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

fn settings(adapter: Adapter, command: String) -> AgentSettings {
    let mut settings = AgentSettings::new(adapter);
    settings.command = vec![command];
    settings.retries = Some(0);
    settings
}

#[tokio::test]
async fn any_program_can_review() {
    let folder = tempfile::tempdir().unwrap();
    let answer = mock::review().to_string();
    // It works in a read-only copy, finds the prompt on standard input, and nothing of our environment.
    let check = "grep -q 'a / b' && test -r src/lib.rs && test ! -w src/lib.rs -o $(id -u) = 0 && test -z \"$CARGO\"";
    let table: [(String, Expected); 7] = [
        (format!("{check} && cat <<'E'\n{answer}\nE"), Ok(1)),
        (format!("cat >/dev/null; echo 'Sure!'; cat <<'E'\n```json\n{answer}\n```\nE"), Ok(1)),
        ("cat >/dev/null".into(), Err((BadOutput, "its answer is empty"))),
        ("echo Traceback >&2; exit 3".into(), Err((Crashed, "it ended with exit code 3: Traceback"))),
        (
            "echo 'HTTP 401 Unauthorized' >&2; exit 1".into(),
            Err((NotLoggedIn, "the vendor does not accept the credentials (401: HTTP 401 Unauthorized)")),
        ),
        ("kill -9 $$".into(), Err((Crashed, "it was killed by signal 9"))),
        (
            format!("cat <<'E'\n{}\nE", &answer[..answer.find("observations").unwrap()]),
            Err((BadOutput, "its answer was cut: 1 complete finding was kept, the rest was lost")),
        ),
    ];
    for (text, expected) in table {
        let outcome = mock::run(settings(Adapter::Command, script(folder.path(), &text))).await;
        let failure = outcome.failure.as_ref().map(|f| (f.kind, f.message.as_str()));
        assert_eq!(failure.map_or(Ok(outcome.answer.findings.len()), Err), expected, "{text}");
    }
    let missing = mock::run(settings(Adapter::Command, "no-such-agent".into())).await.failure.unwrap();
    assert_eq!((missing.kind, missing.message.as_str()), (NotInstalled, "there is no program 'no-such-agent'"));
}

#[tokio::test]
async fn the_known_programs_say_what_is_missing_and_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let table = [
        (Adapter::Claude, "case $1 in --version) echo 2.1.330;; *) exit 1;; esac", "run `claude auth login`"),
        (Adapter::Codex, "case $1 in --version) echo 0.169.0;; *) exit 1;; esac", "run `codex login`"),
        (Adapter::Codex, "exit 9", "run `npm install -g @openai/codex`"),
    ];
    for (adapter, text, remedy) in table {
        let agent = mock::agent(settings(adapter, script(folder.path(), text)));
        let Availability::Unusable(failure) = agent.availability().await else { panic!("usable: {text}") };
        assert!(failure.remedy.as_deref().unwrap_or_default().starts_with(remedy), "{failure:?}");
    }
    let logged_in = "case $1 in --version) echo 2.1.330;; *) exit 0;; esac";
    let agent = mock::agent(settings(Adapter::Claude, script(folder.path(), logged_in)));
    assert_eq!(agent.availability().await, Availability::Usable("2.1.330, logged in".into()));
    let agent = mock::agent(settings(Adapter::Gemini, "no-such-gemini".into()));
    let Availability::Unusable(failure) = agent.availability().await else { panic!("usable") };
    assert_eq!(failure.remedy.as_deref(), Some("run `npm install -g @google/gemini-cli`"));
}

/// Speaks the protocol with fixed words, and outlives the end of its input.
fn acp(answer: &str) -> String {
    let text = serde_json::json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "s", "update":
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": answer}}}});
    format!(
        r#"
        read l; echo 'a warning that is no JSON'
        echo '{{"jsonrpc":"2.0","id":1,"result":{{"protocolVersion":1,"agentCapabilities":{{}}}}}}'
        read l; case $l in *repository*) ;; *) exit 8;; esac
        echo '{{"jsonrpc":"2.0","id":2,"result":{{"sessionId":"s"}}}}'
        read l; case $l in *'a / b'*) ;; *) exit 9;; esac
        echo '{{"jsonrpc":"2.0","id":7,"method":"session/request_permission","params":{{"options":[{{"optionId":"no","kind":"reject_once"}}]}}}}'
        read l; case $l in *'"optionId":"no"'*) ;; *) exit 10;; esac
        cat <<'E'
{text}
E
        echo '{{"jsonrpc":"2.0","id":4,"result":{{"stopReason":"end_turn"}}}}'
        while :; do sleep 1; done"#
    )
}

#[tokio::test]
async fn an_acp_agent_reviews_and_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let answer = mock::review().to_string();
    let outcome = mock::run(settings(Adapter::Acp, script(folder.path(), &acp(&answer)))).await;
    assert_eq!((outcome.failure, outcome.answer.findings.len()), (None, 1));
    let table = [
        ("exit 0", BadOutput),
        ("echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":9}}'; sleep 100", BadOutput),
        ("echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"x\"}}'; sleep 100", NotLoggedIn),
        ("kill -9 $$", Crashed),
    ];
    for (text, kind) in table {
        let outcome = mock::run(settings(Adapter::Acp, script(folder.path(), text))).await;
        assert_eq!(outcome.failure.as_ref().map(|f| f.kind), Some(kind), "{text}: {:?}", outcome.failure);
    }
    let mut silent = settings(Adapter::Acp, script(folder.path(), "sleep 100"));
    silent.total_seconds = Some(1);
    assert_eq!(mock::run(silent).await.failure.map(|f| f.kind), Some(TimedOut));
}
