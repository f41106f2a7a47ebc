//! The tools on the history for programs that take tools by the Model Context Protocol: a process of ours, which the
//! program starts, and which answers on its standard streams. What it may show is in a file that only we can write.

use super::Toolbox;
use crate::process::{Scratch, own_program};
use crate::{Brief, Sending};
use finding::{CommitId, Failure, FailureKind};
use git::Repository;
use git::consult::Consult;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// By what name the program knows it.
pub(crate) const SERVER: &str = "history";
/// The first argument of a process that serves; the second is the file.
const SERVE: &str = "--serve-history";
/// A longer line is no message.
const LONGEST: u64 = 1 << 20;

/// What a process that serves needs to know.
#[derive(Debug, Serialize, Deserialize)]
struct Terms {
    repository: PathBuf,
    head: CommitId,
    never_send: Vec<String>,
    /// So that the same secret has the same mask as in the prompt; nothing where secrets are not masked.
    masks: Option<u64>,
}

/// The tools of the server, for a prompt; empty where it cannot be started.
pub(crate) fn told(brief: &Brief) -> &'static str {
    let is_there = brief.history.consult().is_some() && own_program().is_some();
    if is_there {
        "git_log, git_show and git_blame of the server `history` read the history of the repository"
    } else {
        ""
    }
}

/// How to start a server: a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl Server {
    /// The server for a review, with what it needs in scratch; `None` where there is no history, or nobody to serve it.
    pub(crate) fn of(brief: &Brief, scratch: &Scratch) -> Result<Option<Self>, Failure> {
        let (Some(consult), Some(program)) = (brief.history.consult(), own_program()) else { return Ok(None) };
        let sending = &brief.sending;
        let terms = Terms {
            repository: consult.repository().root().to_owned(),
            head: consult.head().clone(),
            never_send: sending.patterns.clone(),
            masks: sending.masker.as_ref().map(|masker| masker.key()),
        };
        let failed =
            |e: serde_json::Error| Failure::new(FailureKind::Crashed, format!("failed to prepare the history: {e}"));
        let file = scratch.file("history.json", &serde_json::to_string(&terms).map_err(failed)?)?;
        let (Some(program), Some(file)) = (program.to_str(), file.to_str()) else { return Ok(None) };
        Ok(Some(Self { program: program.to_owned(), arguments: vec![SERVE.to_owned(), file.to_owned()] }))
    }
}

/// Serves, if this process was started to. Its exit code, then.
#[must_use]
pub fn serve_if_asked() -> Option<std::process::ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != SERVE {
        return None;
    }
    let file = PathBuf::from(arguments.next()?);
    let served = toolbox(&file)
        .and_then(|tools| serve(&tools, std::io::stdin().lock(), std::io::stdout().lock()).map_err(|e| e.to_string()));
    Some(match served {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "the history cannot be shown: {why}");
            std::process::ExitCode::FAILURE
        }
    })
}

fn toolbox(file: &Path) -> Result<Toolbox, String> {
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let terms: Terms = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let repository = Repository::discover(&terms.repository).map_err(|e| e.to_string())?;
    let mut sending = Sending::keeping_back(&terms.never_send)?;
    sending.masker = terms.masks.map(|key| std::sync::Arc::new(secrets::Masker::with_key(key)));
    Ok(Toolbox::of_history(Consult::new(repository, terms.head), sending))
}

/// Answers one message a line until the input ends.
fn serve(tools: &Toolbox, mut input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        if std::io::Read::take(&mut input, LONGEST).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        // What has no id asks for no answer.
        let Some(id) = message.get("id").filter(|id| !id.is_null()) else { continue };
        let answer = match answer(tools, message["method"].as_str().unwrap_or_default(), &message["params"]) {
            Some(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            None => {
                let error = json!({"code": -32601, "message": "deep-review does not offer this"});
                json!({"jsonrpc": "2.0", "id": id, "error": error})
            }
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
}

fn answer(tools: &Toolbox, method: &str, params: &Value) -> Option<Value> {
    Some(match method {
        "initialize" => json!({
            // What it does is the same in every version.
            "protocolVersion": params["protocolVersion"].as_str().unwrap_or("2025-06-18"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": SERVER, "version": env!("CARGO_PKG_VERSION")},
        }),
        "ping" => json!({}),
        "tools/list" => {
            let tools = tools.tools().into_iter().map(|tool| {
                json!({
                    "name": tool.name, "description": tool.says, "inputSchema": tool.arguments,
                    "annotations": {"readOnlyHint": true, "destructiveHint": false, "openWorldHint": false},
                })
            });
            json!({"tools": tools.collect::<Vec<_>>()})
        }
        "tools/call" => {
            let text = tools.call(params["name"].as_str().unwrap_or_default(), &params["arguments"]);
            json!({"content": [{"type": "text", "text": text}], "isError": text.starts_with("error: ")})
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_repo::Repo;

    #[test]
    fn the_history_is_served_masked_and_without_what_is_never_sent() {
        let repo = Repo::new();
        repo.write("a.rs", "let password = \"q8Vb3LxTz7RkM2nW\";\n");
        repo.write("x.env", "hidden\n");
        repo.commit("Begin");
        let masker = secrets::Masker::default();
        let terms = Terms {
            repository: repo.path().to_owned(),
            head: CommitId::new(repo.head()),
            never_send: vec!["*.env".to_owned()],
            masks: Some(masker.key()),
        };
        let file = repo.beside("terms.json");
        std::fs::write(&file, serde_json::to_string(&terms).unwrap()).unwrap();
        let call = |id: Value, method: &str, params: Value| {
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
        };
        let input = [
            call(json!(1), "initialize", json!({"protocolVersion": "2025-03-26"})),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string() + "\n",
            call(json!(2), "tools/list", json!({})),
            call(json!("c"), "tools/call", json!({"name": "git_show", "arguments": {"commit": repo.head()}})),
            call(json!(4), "tools/call", json!({"name": "read_file", "arguments": {"path": "a.rs"}})),
            call(json!(5), "resources/list", json!({})),
            "no message\n".to_owned(),
        ]
        .concat();
        let mut output = Vec::new();
        serve(&toolbox(&file).unwrap(), input.as_bytes(), &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        let answers: Vec<Value> = output.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(answers.len(), 5);
        assert_eq!(answers[0]["result"]["protocolVersion"], "2025-03-26");
        let tools = answers[1]["result"]["tools"].as_array().unwrap();
        let names: Vec<&str> = tools.iter().map(|t| t["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["git_log", "git_show", "git_blame"]);
        let shown = answers[2]["result"]["content"][0]["text"].as_str().unwrap();
        let masked = masker.mask("let password = \"q8Vb3LxTz7RkM2nW\";");
        assert!(shown.contains(&masked) && !shown.contains("hidden") && !shown.contains("x.env"), "{shown}");
        assert_eq!((&answers[2]["id"], &answers[3]["result"]["isError"]), (&json!("c"), &json!(true)));
        assert_eq!(answers[4]["error"]["code"], -32601);
    }
}
