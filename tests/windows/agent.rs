//! Agents of Windows, for tests under Wine: a program for each way in which one can behave.
//!
//! `agent acp FILE` speaks the Agent Client Protocol and answers with the file's text; `agent answer FILE` says it on standard output;
//! `agent slow` starts itself once more and then does nothing, as both do.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::{Command, ExitCode};
use std::time::Duration;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["acp", file] => acp(file),
        ["answer", file] => answer(file),
        ["slow"] => slow(true),
        ["waits"] => slow(false),
        _ => Err(std::io::Error::other("usage: agent acp FILE | answer FILE | slow")),
    };
    done.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

fn answer(file: &str) -> std::io::Result<()> {
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
    std::io::stdout().write_all(&std::fs::read(file)?)
}

fn say(mut message: Value) -> std::io::Result<()> {
    message["jsonrpc"] = json!("2.0");
    let mut out = std::io::stdout().lock();
    writeln!(out, "{message}")?;
    out.flush()
}

fn acp(file: &str) -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line?)?;
        let result = match message["method"].as_str() {
            Some("initialize") => json!({"protocolVersion": 1, "agentCapabilities": {}}),
            Some("session/new") => json!({"sessionId": "s"}),
            Some("session/prompt") => {
                let content = json!({"type": "text", "text": std::fs::read_to_string(file)?});
                let update = json!({"sessionUpdate": "agent_message_chunk", "content": content});
                say(json!({"method": "session/update", "params": {"sessionId": "s", "update": update}}))?;
                json!({"stopReason": "end_turn"})
            }
            _ => continue,
        };
        say(json!({"id": message["id"], "result": result}))?;
    }
    Ok(())
}

fn slow(starts: bool) -> std::io::Result<()> {
    if starts {
        Command::new(std::env::current_exe()?).arg("waits").spawn()?;
    }
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}
