//! The stand-in for the vendors in `../shared`, where it is there: one loopback server for all their forms.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![cfg_attr(not(unix), expect(dead_code, reason = "the real programs are run on Unix alone"))]

use deep_review::agent::{Agent, AgentSettings, Brief, Outcome, Session, Surroundings, configured};
use deep_review::git::Snapshot;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
pub(super) use tokio_util::sync::CancellationToken as Cancel;

/// Said by a test that cannot run here.
pub(super) fn skipped(why: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), format!("skipped: {why}\n").as_bytes());
}

pub(super) struct Mock {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An answer with every part, and one finding.
pub(super) fn review() -> serde_json::Value {
    json!({
        "summary": "One problem.",
        "findings": [{
            "severity": "critical", "title": "Division by zero", "body": "`b` may be 0.", "evidence": "src/lib.rs:2",
            "confidence": 90,
            "classification": "regression", "symbol": "div",
            "places": [{"path": "src/lib.rs", "start_line": 2, "end_line": 2, "quote": "    a / b"}],
            "fixes": [{"note": "check", "path": "src/lib.rs", "diff": "-    a / b\n+    a.checked_div(b).unwrap_or(0)"}]
        }],
        "observations": [], "testing": "", "untested": [], "documentation": "", "commit_structure": "",
        "limitations": [], "files_covered": ["src/lib.rs"]
    })
}

impl Mock {
    /// Starts it; `None`, said, where it or Python is not here.
    pub(super) fn start() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/agents/mock_model.py");
        if !script.exists() {
            skipped(&format!("{} is not here", script.display()));
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (whole, text) = (review(), review().to_string());
        let mut main = review();
        main["files_covered"] = json!(["src/main.rs"]);
        let retry = json!({"status": 429, "headers": {"retry-after": "1"}});
        let scenarios = json!({
            "ok": [{"json": whole}],
            "main": [{"json": main}],
            "fenced": [{"text": format!("Here is my review:\n```json\n{text}\n```\nHope this helps!")}],
            "e429-then-ok": [retry, {"json": whole}],
            "e503-then-ok": [{"status": 503}, {"json": whole}],
            "slow": [{"json": whole, "chunk": 0.01}],
            "cut": [{"json": whole, "cut": "middle"}],
            "cut-then-ok": [{"json": whole, "cut": "middle"}, {"json": whole}],
            "text-then-ok": [{"text": "I found one problem: division by zero in src/lib.rs."}, {"json": whole}],
            "tool": [{"tool": {"name": "Read", "args": {"file_path": "/etc/hostname"}}}, {"json": whole}],
            "length": [{"text": text[..text.len() - 60], "stop": "length"}],
            "max_tokens": [{"text": text[..text.len() - 60], "stop": "max_tokens"}],
            "MAX_TOKENS": [{"text": text[..text.len() - 60], "stop": "MAX_TOKENS"}],
            "schema-refused": [{"status": 400, "message": "Invalid schema for response_format: 'required' is missing"}],
            "late": [{"status": 429, "headers": {"retry-after": "3600"}}],
        });
        let mut scenarios = scenarios;
        // What each of three found alone, in words that a program could take for something else.
        for (name, path, line, title, body) in [
            ("claude", "src/lib.rs", 1, "`$(rm -rf .)` of @test runs", "The shell expands it; ask me@test.org."),
            (
                "codex",
                "app.py",
                3,
                "@functools.lru_cache keeps every instance alive",
                "A cache of `self` leaks !{date}.",
            ),
            (
                "gemini",
                "docs/guide.md",
                3,
                "The guide names /quit, which is gone",
                "Readers of @docs type /clear in vain.",
            ),
        ] {
            let mut own = review();
            let finding = &mut own["findings"][0];
            (finding["title"], finding["body"]) = (json!(title), json!(body));
            (finding["evidence"], finding["symbol"]) = (json!(format!("{path}:{line}")), json!(""));
            finding["places"] = json!([{"path": path, "start_line": line, "end_line": line, "quote": ""}]);
            finding["fixes"] = json!([]);
            own["files_covered"] = json!([]);
            scenarios[format!("own-{name}")] = json!([{"json": own}]);
        }
        // The server counts calls by scenario: the forms need names of their own for what changes by the call.
        for name in ["e429-then-ok", "e503-then-ok", "cut-then-ok", "text-then-ok"] {
            for form in 0..4 {
                scenarios[format!("{name}-{form}")] = scenarios[name].clone();
            }
        }
        let file = folder.path().join("scenarios.json");
        std::fs::write(&file, scenarios.to_string()).unwrap();
        let started = Command::new("python3")
            .arg(&script)
            .arg("--scenarios")
            .arg(&file)
            .arg("--log")
            .arg(folder.path().join("log.jsonl"))
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut process) = started else {
            skipped("there is no python3");
            return None;
        };
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { process, port: line.trim().parse().unwrap(), folder })
    }

    /// Everything that was sent to it, a request a line.
    #[cfg(unix)]
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log.jsonl")).unwrap_or_default()
    }

    /// Empties the log.
    #[cfg(unix)]
    pub(super) fn forget(&self) {
        std::fs::write(self.folder.path().join("log.jsonl"), "").unwrap();
    }

    pub(super) fn url(&self, scenario: &str) -> String {
        format!("http://127.0.0.1:{}/s/{scenario}", self.port)
    }
}

pub(super) fn brief() -> Brief {
    let old = "pub fn div(a: i32, b: i32) -> i32 {\n    a * b\n}\n";
    let new = "pub fn div(a: i32, b: i32) -> i32 {\n    a / b\n}\n";
    Brief::new(Snapshot::in_memory(&[("src/lib.rs", old)], &[("src/lib.rs", new)]))
}

pub(super) fn session() -> Session {
    Session::new(tokio::sync::mpsc::unbounded_channel().0, Cancel::new())
}

pub(super) fn agent(settings: AgentSettings) -> Arc<dyn Agent> {
    configured(&[("it".to_owned(), settings)].into(), &Surroundings::default()).remove(0)
}

pub(super) async fn run(settings: AgentSettings) -> Outcome {
    agent(settings).review(&brief(), &session()).await
}
