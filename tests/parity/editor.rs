//! An editor with no document open: it drives the real language server over its pipes, and writes the edits that the
//! server asks for into the files.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(super) struct Editor {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    root: PathBuf,
    asked: u64,
}

impl Editor {
    /// Starts the server by `command` for the repository at `root`; returns when it shows the newest round.
    pub(super) fn start(mut command: Command, root: &Path) -> Self {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut editor = Self { process, input, output, root: root.to_owned(), asked: 0 };
        let uri = format!("file://{}", root.display());
        let capabilities = json!({
            "general": { "positionEncodings": ["utf-8"] },
            "workspace": {
                "applyEdit": true,
                "workspaceEdit": {
                    "documentChanges": true,
                    "resourceOperations": ["create", "rename", "delete"],
                    "changeAnnotationSupport": {},
                },
            },
        });
        let started = editor.request(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": uri,
                "workspaceFolders": [{ "uri": uri, "name": "repo" }],
                "capabilities": capabilities,
                "initializationOptions": { "review": { "auto": "off" } },
            }),
        );
        started.expect("the server starts");
        editor.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        // Each question waits for the answer to the one before, so that this is no busy loop of its own.
        for _ in 0..100_000 {
            let status = editor.request("deepReview/status", &json!({})).expect("a status");
            if status["repositories"][0].get("round").is_some() {
                return editor;
            }
            std::thread::yield_now();
        }
        panic!("the server does not show the round");
    }

    /// Runs a command.
    pub(super) fn command(&mut self, name: &str, argument: &Value) -> Result<Value, String> {
        self.request(
            "workspace/executeCommand",
            &json!({ "command": format!("deepReview.{name}"), "arguments": [argument] }),
        )
    }

    /// The labels of the findings that it shows as open.
    pub(super) fn open(&mut self) -> Vec<String> {
        let answer = self.request("deepReview/findings", &json!({})).expect("the findings");
        let findings = answer["repositories"][0]["findings"].as_array().cloned().unwrap_or_default();
        let open = findings.iter().filter(|finding| finding["state"] == "open");
        open.map(|finding| finding["label"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(super) fn finish(mut self) {
        self.request("shutdown", &Value::Null).expect("a goodbye");
        self.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
        let Self { mut process, input, .. } = self;
        drop(input);
        process.wait().expect("an end");
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server listens");
        self.input.flush().expect("the server listens");
    }

    /// Sends a request and does what the server asks for until it is answered.
    fn request(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        self.asked += 1;
        let id = self.asked;
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            message["params"] = params.clone();
        }
        self.send(&message);
        loop {
            let message = self.receive();
            match (message.get("method").and_then(Value::as_str), message.get("id")) {
                (Some(method), Some(id)) => {
                    let result = self.asked_by_server(method, &message["params"]);
                    self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
                }
                (Some(_), None) => {}
                (None, _) if message["id"] == id => {
                    return match message.get("error") {
                        Some(error) => Err(error["message"].as_str().unwrap_or_default().to_owned()),
                        None => Ok(message["result"].clone()),
                    };
                }
                (None, _) => {}
            }
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("the server speaks") > 0, "the server hung up");
            match line.trim().split_once(": ") {
                Some(("Content-Length", n)) => length = n.parse().expect("a number"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("a whole message");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn asked_by_server(&self, method: &str, params: &Value) -> Value {
        match method {
            "workspace/applyEdit" => {
                self.write(&params["edit"]);
                json!({ "applied": true })
            }
            "workspace/configuration" => {
                Value::Array(params["items"].as_array().into_iter().flatten().map(|_| Value::Null).collect())
            }
            _ => Value::Null,
        }
    }

    /// Does the edit in the files.
    fn write(&self, edit: &Value) {
        for change in edit["documentChanges"].as_array().expect("a list of changes") {
            let file = |name: &str| file_of(change[name].as_str().expect("an address"));
            match change["kind"].as_str() {
                Some("create") => {
                    let file = file("uri");
                    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                    std::fs::write(file, "").expect("a file");
                }
                Some("rename") => std::fs::rename(file("oldUri"), file("newUri")).expect("a file"),
                Some("delete") => std::fs::remove_file(file("uri")).expect("a file"),
                _ => {
                    let file = file_of(change["textDocument"]["uri"].as_str().expect("an address"));
                    assert!(file.starts_with(&self.root), "{}", file.display());
                    let text = std::fs::read_to_string(&file).expect("a text");
                    std::fs::write(&file, edited(&text, change["edits"].as_array().expect("edits"))).expect("a file");
                }
            }
        }
    }
}

fn file_of(uri: &str) -> PathBuf {
    PathBuf::from(uri.strip_prefix("file://").expect("a file"))
}

/// The text with the edits, all of which are in places of the text as it was.
fn edited(text: &str, edits: &[Value]) -> String {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |position: &Value| {
        let number = |name: &str| usize::try_from(position[name].as_u64().expect("a number")).expect("a small number");
        let start = starts.get(number("line")).copied().unwrap_or(text.len());
        (start + number("character")).min(text.len())
    };
    let mut all: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|e| (offset(&e["range"]["start"]), offset(&e["range"]["end"]), e["newText"].as_str().unwrap_or_default()))
        .collect();
    all.sort_by_key(|(start, end, _)| (*start, *end));
    let mut out = text.to_owned();
    for (start, end, new) in all.into_iter().rev() {
        out.replace_range(start..end, new);
    }
    out
}
