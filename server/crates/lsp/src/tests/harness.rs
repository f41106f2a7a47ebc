//! A client in memory that speaks the real protocol, checks every message against the official meta model, and
//! fails on any that it does not know what to do with.

use super::meta::MetaModel;
use crate::serve;
use crate::tasks::workers::Workers;
use finding::{BlobId, RepoPath, Round};
use git::blob_id;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::{Branch, Store};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};

pub(crate) use test_repo::Repo;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a capable client can do.
pub(super) fn able() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "window": { "workDoneProgress": true, "showDocument": { "support": true } },
        "workspace": {
            "applyEdit": true,
            "configuration": true,
            "workspaceFolders": true,
            "workspaceEdit": {
                "documentChanges": true,
                "resourceOperations": ["create", "rename", "delete"],
                "changeAnnotationSupport": {},
            },
            "codeLens": { "refreshSupport": true },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
        },
        "textDocument": {
            "publishDiagnostics": {
                "relatedInformation": true,
                "versionSupport": true,
                "codeDescriptionSupport": true,
                "dataSupport": true,
                "tagSupport": { "valueSet": [1, 2] },
            },
            "codeAction": {
                "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix", "source"] } },
                "isPreferredSupport": true,
                "disabledSupport": true,
                "dataSupport": true,
                "resolveSupport": { "properties": ["edit"] },
                "honorsChangeAnnotations": true,
            },
            "documentLink": { "tooltipSupport": true },
        },
    })
}

/// Settings under which nothing starts by itself.
pub(super) fn quiet() -> Value {
    json!({ "review": { "auto": "off" } })
}

pub(super) struct TestServer {
    input: WriteHalf<DuplexStream>,
    output: BufReader<ReadHalf<DuplexStream>>,
    serving: tokio::task::JoinHandle<bool>,
    next: i64,
    methods: HashMap<i64, String>,
    answers: HashMap<i64, Value>,
    /// What the client shows, by URI.
    pub(super) shown: BTreeMap<String, Value>,
    /// Progress by token: the kinds in order.
    pub(super) progress: BTreeMap<String, Vec<String>>,
    /// The last value of each token's progress, and all titles.
    pub(super) told: BTreeMap<String, Value>,
    pub(super) titles: BTreeMap<String, String>,
    /// Every list that was pushed, in order.
    pub(super) pushed: Vec<Value>,
    /// Requests of the server that were answered, by method.
    pub(super) asked: Vec<(String, Value)>,
    pub(super) changes: usize,
    /// What was written of answers while they were written.
    pub(super) answering: Vec<String>,
    pub(super) messages: VecDeque<String>,
    /// What went into the client's log.
    pub(super) logged: Vec<String>,
    /// What `workspace/configuration` answers.
    pub(super) settings: Value,
    /// The same for single folders, by URI.
    pub(super) folder_settings: HashMap<String, Value>,
    /// Requests of these methods are never answered.
    pub(super) silent: Vec<&'static str>,
    unhandled: Vec<Value>,
    /// Answers to what was sent as bytes.
    strays: VecDeque<Value>,
    /// How many messages were held against the meta model, in both directions.
    pub(super) checked: usize,
    pub(super) result: Value,
    open: bool,
}

impl TestServer {
    /// A session in the folders, with nothing done yet.
    pub(super) async fn start(folders: &[&Path], capabilities: Value, options: Value) -> Self {
        Self::configured(folders, capabilities, options, None).await
    }

    /// The same under a configuration of the user.
    pub(super) async fn configured(
        folders: &[&Path],
        capabilities: Value,
        options: Value,
        user_file: Option<PathBuf>,
    ) -> Self {
        let folders = folders
            .iter()
            .map(|f| json!({ "uri": uri(f), "name": f.file_name().unwrap().to_string_lossy() }))
            .collect();
        Self::begin(folders, capabilities, options, user_file).await
    }

    /// The same in folders as the client writes them.
    #[cfg(unix)]
    pub(super) async fn in_folders(folders: Value, capabilities: Value, options: Value) -> Self {
        Self::begin(folders, capabilities, options, None).await
    }

    async fn begin(folders: Value, capabilities: Value, options: Value, user_file: Option<PathBuf>) -> Self {
        // Small, so that a client that does not read is soon felt.
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (their_output, their_input) = tokio::io::split(theirs);
        let serving = tokio::spawn(async move {
            {
                let workers = Workers::default();
                serve(their_output, their_input, std::future::pending(), user_file, workers).await
            }
        });
        let (output, input) = tokio::io::split(ours);
        let mut server = Self {
            input,
            output: BufReader::new(output),
            serving,
            next: 0,
            methods: HashMap::new(),
            answers: HashMap::new(),
            shown: BTreeMap::new(),
            progress: BTreeMap::new(),
            told: BTreeMap::new(),
            titles: BTreeMap::new(),
            pushed: Vec::new(),
            asked: Vec::new(),
            changes: 0,
            answering: Vec::new(),
            messages: VecDeque::new(),
            logged: Vec::new(),
            settings: options.clone(),
            folder_settings: HashMap::new(),
            silent: Vec::new(),
            unhandled: Vec::new(),
            strays: VecDeque::new(),
            checked: 0,
            result: Value::Null,
            open: true,
        };
        let params = json!({
            "processId": null,
            "rootUri": folders.get(0).map(|f| f["uri"].clone()),
            "workspaceFolders": folders,
            "capabilities": capabilities,
            "initializationOptions": options,
        });
        server.result = server.request("initialize", params).await;
        let is_silent = server.shown.is_empty() && server.changes == 0 && server.messages.is_empty();
        assert!(is_silent && server.progress.is_empty() && server.asked.is_empty(), "the answer comes before all else");
        server.notify("initialized", json!({})).await;
        server
    }

    /// A session of a capable client in one repository, with its stored round shown.
    pub(super) async fn of(repo: &Repo) -> Self {
        let mut server = Self::start(&[repo.path()], able(), quiet()).await;
        server.settled().await;
        server
    }

    async fn write(&mut self, message: &Value) {
        self.checked += 1;
        MetaModel::check(message, None);
        let body = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends a body as it is.
    pub(super) async fn raw(&mut self, body: &[u8]) {
        self.input.write_all(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes()).await.unwrap();
        self.input.write_all(body).await.unwrap();
    }

    /// The next answer to what was sent as it is.
    pub(super) async fn stray(&mut self) -> Value {
        self.until("an answer to bytes", |s| !s.strays.is_empty()).await;
        self.strays.pop_front().unwrap()
    }

    pub(super) async fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Sends a request and does not wait.
    pub(super) async fn send(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.methods.insert(id, method.to_owned());
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() || method != "shutdown" {
            message["params"] = params;
        }
        self.write(&message).await;
        id
    }

    /// The whole answer to a request.
    pub(super) async fn answer(&mut self, id: i64) -> Value {
        self.until("an answer", |s| s.answers.contains_key(&id)).await;
        self.answers.remove(&id).unwrap()
    }

    pub(super) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        let answer = self.answer(id).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(super) async fn command(&mut self, name: &str, argument: Value) -> Value {
        self.request("workspace/executeCommand", json!({ "command": name, "arguments": [argument] })).await
    }

    /// The message with which a command is refused.
    pub(super) async fn refusal(&mut self, name: &str, argument: Value) -> String {
        let id = self.send("workspace/executeCommand", json!({ "command": name, "arguments": [argument] })).await;
        let answer = self.answer(id).await;
        answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{name} was not refused: {answer}")).to_owned()
    }

    pub(super) async fn open(&mut self, file: &Path, text: &str) {
        let item = json!({ "uri": uri(file), "languageId": "text", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item })).await;
    }

    /// Replaces the whole text.
    pub(super) async fn change(&mut self, file: &Path, version: i32, text: &str) {
        let params = json!({
            "textDocument": { "uri": uri(file), "version": version },
            "contentChanges": [{ "text": text }],
        });
        self.notify("textDocument/didChange", params).await;
    }

    /// Replaces a range: lines and characters, 0-based.
    pub(super) async fn edit(&mut self, file: &Path, version: i32, range: [u32; 4], text: &str) {
        let range = json!({
            "start": { "line": range[0], "character": range[1] },
            "end": { "line": range[2], "character": range[3] },
        });
        let params = json!({
            "textDocument": { "uri": uri(file), "version": version },
            "contentChanges": [{ "range": range, "text": text }],
        });
        self.notify("textDocument/didChange", params).await;
    }

    pub(super) async fn actions(&mut self, file: &Path, line: u32, only: &[&str]) -> Vec<Value> {
        let at = json!({ "line": line, "character": 0 });
        let mut context = json!({ "diagnostics": [] });
        if !only.is_empty() {
            context["only"] = json!(only);
        }
        let params =
            json!({ "textDocument": { "uri": uri(file) }, "range": { "start": at, "end": at }, "context": context });
        self.request("textDocument/codeAction", params).await.as_array().unwrap().clone()
    }

    /// Reads messages until `done` says so.
    pub(super) async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !done(self) {
            let message = tokio::time::timeout_at(deadline, self.receive()).await;
            let Ok(message) = message else { panic!("waited in vain for {what}; shown: {:#?}", self.shown) };
            let Some(message) = message else { panic!("the server hung up") };
            self.take(message).await;
        }
    }

    /// Waits until the repositories are found, their rounds read and their files looked at.
    pub(super) async fn settled(&mut self) {
        loop {
            let changes = self.changes;
            let findings = self.request("deepReview/findings", json!({})).await;
            let repositories = findings["repositories"].as_array().unwrap();
            let placed = |f: &Value| f.get("path").is_none() || f.get("uri").is_some();
            let ready = |r: &Value| r.get("branch").is_some() && r["findings"].as_array().unwrap().iter().all(placed);
            if !repositories.is_empty() && repositories.iter().all(ready) {
                break;
            }
            self.until("a repository", |s| s.changes > changes).await;
        }
        self.synced().await;
    }

    /// Waits until what was sent before is done: a request is answered after it.
    pub(super) async fn synced(&mut self) {
        self.request("deepReview/sync", json!({})).await;
    }

    /// What the client shows of a file: code, message and lines (0-based) of each diagnostic.
    pub(super) fn list(&self, file: &Path) -> Vec<(String, u64, u64)> {
        let shown =
            self.shown.get(&uri(file)).map(|p| p["diagnostics"].as_array().unwrap().clone()).unwrap_or_default();
        let row = |d: &Value| {
            let line = |end: &str| d["range"][end]["line"].as_u64().unwrap();
            (d["code"].as_str().unwrap().to_owned(), line("start"), line("end"))
        };
        shown.iter().map(row).collect()
    }

    async fn receive(&mut self) -> Option<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).await.unwrap() == 0 {
                return None;
            }
            match line.trim().split_once(": ") {
                Some(("Content-Length", n)) => length = n.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).await.unwrap();
        Some(serde_json::from_slice(&body).unwrap())
    }

    async fn take(&mut self, message: Value) {
        self.checked += 1;
        let Some(method) = message["method"].as_str().map(str::to_owned) else {
            let known = message["id"].as_i64().filter(|id| self.methods.contains_key(id));
            let Some(id) = known else {
                assert!(message.get("error").is_some(), "an answer to nothing: {message}");
                self.strays.push_back(message);
                return;
            };
            let method = self.methods.remove(&id).unwrap_or_else(|| panic!("a second answer: {message}"));
            MetaModel::check(&message, Some(&method));
            self.answers.insert(id, message);
            return;
        };
        MetaModel::check(&message, None);
        let params = message["params"].clone();
        if let Some(id) = message.get("id") {
            let result = match method.as_str() {
                _ if self.silent.contains(&method.as_str()) => None,
                "workspace/configuration" => {
                    let of = |item: &Value| {
                        let own = item["scopeUri"].as_str().and_then(|uri| self.folder_settings.get(uri));
                        own.unwrap_or(&self.settings).clone()
                    };
                    Some(params["items"].as_array().unwrap().iter().map(of).collect())
                }
                "workspace/applyEdit" => Some(json!({ "applied": true })),
                "window/showDocument" => Some(json!({ "success": true })),
                "client/registerCapability"
                | "window/workDoneProgress/create"
                | "workspace/codeLens/refresh"
                | "workspace/diagnostic/refresh" => Some(Value::Null),
                _ => {
                    self.unhandled.push(message.clone());
                    None
                }
            };
            self.asked.push((method.clone(), params));
            if let Some(result) = result {
                let answer = json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
                let text = format!("Content-Length: {}\r\n\r\n{answer}", answer.len());
                self.input.write_all(text.as_bytes()).await.unwrap();
            }
            return;
        }
        match method.as_str() {
            "textDocument/publishDiagnostics" => {
                self.pushed.push(params.clone());
                self.shown.insert(params["uri"].as_str().unwrap().to_owned(), params);
            }
            "deepReview/roundChanged" => self.changes += 1,
            "deepReview/answering" => self.answering.push(params["text"].as_str().unwrap().to_owned()),
            "window/logMessage" => self.logged.push(params["message"].as_str().unwrap().to_owned()),
            "window/showMessage" => self.messages.push_back(params["message"].as_str().unwrap().to_owned()),
            "$/progress" => {
                let kind = params["value"]["kind"].as_str().unwrap_or("part").to_owned();
                let token = params["token"].as_str().unwrap().to_owned();
                if let Some(title) = params["value"]["title"].as_str() {
                    self.titles.insert(token.clone(), title.to_owned());
                }
                self.told.insert(token.clone(), params["value"].clone());
                self.progress.entry(token).or_default().push(kind);
            }
            _ => self.unhandled.push(message),
        }
    }

    /// Says goodbye as the protocol has it; whether the server took it for that.
    pub(super) async fn finish(mut self) -> bool {
        self.request("shutdown", Value::Null).await;
        self.notify("exit", Value::Null).await;
        self.end().await
    }

    /// Waits for the server's end.
    pub(super) async fn end(mut self) -> bool {
        self.open = false;
        let serving = std::mem::replace(&mut self.serving, tokio::spawn(async { false }));
        tokio::time::timeout(PATIENCE, serving).await.expect("the server ends").unwrap()
    }

    /// Hangs up without a word.
    pub(super) async fn hang_up(mut self) -> bool {
        self.input.shutdown().await.unwrap();
        self.end().await
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.unhandled.is_empty(), "messages that nobody handled: {:#?}", self.unhandled);
            assert!(self.messages.is_empty(), "messages to the user that nobody expected: {:?}", self.messages);
            assert!(self.strays.is_empty(), "answers to nothing: {:#?}", self.strays);
            assert!(!self.open, "the session was not finished");
        }
    }
}

pub(super) fn uri(file: &Path) -> String {
    crate::protocol::uri::file_uri(file).unwrap().as_str().to_owned()
}

/// A finding: label, lines (1-based, both included; 0 for the file), and a fix.
pub(crate) fn finding(label: &str, path: &str, lines: (u32, u32), diff: &str) -> Value {
    let severity = match &label[..1] {
        "C" => "critical",
        "I" => "important",
        _ => "suggestion",
    };
    let mut anchor = json!({ "path": path });
    if lines.0 > 0 {
        anchor["lines"] = json!({ "start": lines.0, "end": lines.1 });
    }
    let fixes = if diff.is_empty() { json!([]) } else { json!([{ "diff": diff, "by": ["codex"] }]) };
    json!({
        "id": format!("id-{label}"),
        "label": label,
        "severity": severity,
        "title": format!("Title of {label}"),
        "body": "Because.",
        "anchors": [anchor],
        "attributions": [{ "agent": "codex", "severity": severity, "raw": "codex:1" }],
        "fixes": fixes,
        "confidence": 0.5,
    })
}

/// Stores a round of the branch that is checked out; `texts` are what it froze.
pub(crate) fn store_round(repo: &Repo, findings: &[Value], texts: &[(&str, &str)]) -> Round {
    let git = git::Repository::discover(repo.path()).unwrap();
    let store = Store::of(git.common_dir());
    let branch: Branch = store.branch(git.head_state().unwrap().branch.as_deref());
    let mut blobs: BTreeMap<RepoPath, BlobId> = BTreeMap::new();
    for (path, text) in texts {
        let blob = blob_id(text);
        store.put_texts([(&blob, *text)]).unwrap();
        blobs.insert(RepoPath::new(*path).unwrap(), blob);
    }
    let mut round: Round = serde_json::from_value(json!({
        "schema": 1,
        "id": "20260323-161334-topic",
        "number": 1,
        "started": "2026-03-23T16:13:34Z",
        "scope": { "branch": "topic", "base_name": "main", "uncommitted": true },
        "agents": [
            { "agent": { "name": "codex", "label": "Codex", "kind": "recorded" }, "outcome": { "outcome": "reviewed" } },
            { "agent": { "name": "gemini", "label": "Gemini", "kind": "recorded" }, "outcome": { "outcome": "reviewed" } },
        ],
        "findings": findings,
        "texts": blobs,
    }))
    .unwrap();
    branch.begin(&mut round).unwrap();
    round
}

/// The same, with what it was compared with, and with files that were not reviewed.
pub(super) fn store_changed(repo: &Repo, findings: &[Value], texts: &[(&str, &str)], left_out: &[&str]) {
    store_round(repo, findings, texts);
    let (base, head) = (repo.git(&["merge-base", "main", "HEAD"]), repo.head());
    rewrite_round(repo, |round| {
        round["scope"]["base"] = json!(base);
        round["scope"]["head"] = json!(head);
        let left_out = left_out.iter().map(|path| json!({ "path": path, "why": { "reason": "lock-file" } }));
        round["coverage"] = json!({ "reviewed": [], "left_out": left_out.collect::<Vec<_>>() });
    });
}

/// Changes the stored round of the only branch that has one.
pub(super) fn rewrite_round(repo: &Repo, change: impl FnOnce(&mut Value)) {
    let branches = repo.path().join(".git/deep-review/branches");
    let file = std::fs::read_dir(branches).unwrap().next().unwrap().unwrap().path().join("0001.json");
    let mut round: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    change(&mut round);
    std::fs::write(file, round.to_string()).unwrap();
}

impl TestServer {
    /// `shutdown` as eglot sends it.
    pub(super) async fn next_shutdown_with_null(&mut self) {
        self.next += 1;
        let id = self.next;
        self.methods.insert(id, "shutdown".to_owned());
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": "shutdown", "params": null }).to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.input.write_all(text.as_bytes()).await.unwrap();
        assert!(self.answer(id).await.get("error").is_none());
    }
}

impl TestServer {
    /// Messages of the diagnostics that the client shows of a file.
    pub(super) fn messages_of(&self, file: &Path) -> Vec<String> {
        let shown = self.shown.get(&uri(file)).map(|p| p["diagnostics"].as_array().unwrap().clone());
        shown.unwrap_or_default().iter().map(|d| d["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The same, once the ends are here: they may come after an answer.
    pub(super) async fn balanced(&mut self) {
        let is_over = |kinds: &Vec<String>| kinds.last().is_some_and(|kind| kind == "end");
        self.until("the end of progress", |s| s.progress.values().all(is_over)).await;
        self.assert_balanced();
    }

    /// Every progress that was begun was ended, once and last.
    pub(super) fn assert_balanced(&self) {
        for (token, kinds) in &self.progress {
            let (first, last) = (kinds.first().unwrap(), kinds.last().unwrap());
            assert!(first == "begin" && last == "end" && kinds.len() > 1, "{token}: {kinds:?}");
            let between = &kinds[1..kinds.len() - 1];
            assert!(between.iter().all(|k| k == "report"), "{token}: {kinds:?}");
        }
    }

    /// The row of a repository in `deepReview/status`, by its folder.
    pub(super) async fn status(&mut self) -> Vec<Value> {
        self.request("deepReview/status", json!({})).await["repositories"].as_array().unwrap().clone()
    }

    /// The parameters of the last request of that method.
    pub(super) fn last(&self, method: &str) -> Value {
        self.asked.iter().rev().find(|(m, _)| m == method).map_or(Value::Null, |(_, p)| p.clone())
    }
}
