//! Agents of the Agent Client Protocol, version 1: JSON-RPC, a message a line, over the program's standard
//! streams. The client's side of a review is small: one session, one prompt, every permission refused, files
//! read from the checkout only. Who is to edit the checkout may write in it, and nowhere else. It is written on plain
//! JSON, so that the one runner of all processes keeps hold of the program.

use super::completion::{Completion, Sent, finish, model_label, retry, unfinished};
use super::process::{self, Course, End, Program, Scratch};
use super::prompt::{self, Reader};
use super::recalled::{Asking, recalled};
use super::throttle::Caller;
use super::tools::served::{self, SERVER, Server};
use super::{AgentSettings, Availability, Brief, Outcome, Preview, Question, Session, answer, detect, failure};
use finding::{AgentInfo, AgentKind, AgentName, Failure, FailureKind, RepoPath};
use futures_util::future::BoxFuture;
use git::Reach;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A configured ACP agent.
#[derive(Debug)]
pub(super) struct AcpAgent {
    pub(super) name: AgentName,
    pub(super) settings: AgentSettings,
}

/// Most bytes of a brief.
const ROOM: usize = 600_000;
/// Longest answer, in bytes.
const LONGEST: usize = 16 << 20;

/// Our requests, by their ids. One is under way at a time.
const INITIALIZE: u64 = 1;
const NEW_SESSION: u64 = 2;
const SET_MODEL: u64 = 3;
const PROMPT: u64 = 4;

/// What a conversation is at.
#[derive(Debug)]
struct Conversation {
    to_agent: Sender<String>,
    checkout: PathBuf,
    /// Whether it is to edit the checkout.
    edits: bool,
    prompt: String,
    /// What answers questions about the history.
    history: Option<Server>,
    /// The model that the user wants, by the agent's name for it.
    model: Option<String>,
    session: String,
    /// The request that is not answered yet.
    under_way: Option<u64>,
    said: Completion,
    tool_calls: u64,
    /// The turn ended, or cannot: nothing is to be waited for.
    over: bool,
}

/// What a line of the agent brings.
enum Heard {
    /// What it does.
    Doing(String),
    /// More of its answer.
    Words,
}

/// Why the agent refused a request.
fn refusal(error: &Value) -> Failure {
    let text = error["message"].as_str().unwrap_or_default();
    let details = error["data"]["details"].as_str().or(error["data"].as_str()).unwrap_or_default();
    let words = format!("{text} {details}");
    match error["code"].as_i64() {
        // It wants to be logged in to first.
        Some(-32000) => Failure::new(FailureKind::NotLoggedIn, "nobody is logged in"),
        // The protocol's own codes are negative: Gemini CLI hands on the vendor's HTTP status.
        Some(code @ 400..600) => failure::of_status(u16::try_from(code).unwrap_or(500), &words),
        _ => failure::of_failed(&words),
    }
}

impl Conversation {
    fn begin(
        (checkout, edits, history): (&Path, bool, Option<Server>),
        prompt: String,
        model: Option<String>,
    ) -> (Self, Receiver<String>) {
        let (to_agent, from_us) = channel();
        let mut conversation = Self {
            to_agent,
            checkout: checkout.to_owned(),
            edits,
            prompt,
            history,
            model,
            session: String::new(),
            under_way: None,
            said: Completion::default(),
            tool_calls: 0,
            over: false,
        };
        let capabilities = json!({"fs": {"readTextFile": true, "writeTextFile": edits}, "terminal": false});
        conversation.request(
            INITIALIZE,
            "initialize",
            &json!({
                "protocolVersion": 1,
                "clientCapabilities": capabilities,
                "clientInfo": {"name": "deep-review", "version": env!("CARGO_PKG_VERSION")},
            }),
        );
        (conversation, from_us)
    }

    fn send(&self, message: &Value) {
        // A program that is gone is noticed by its end.
        let _ = self.to_agent.send(format!("{message}\n"));
    }

    fn request(&mut self, id: u64, method: &str, params: &Value) {
        self.under_way = Some(id);
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
    }

    fn fail(&mut self, failure: Failure) {
        self.said.failure.get_or_insert(failure);
        self.over = true;
    }

    /// Takes a line of the agent; returns what it is doing, where it says so.
    fn hear(&mut self, line: &str) -> Option<Heard> {
        let message: Value = serde_json::from_str(line).ok()?;
        let method = message["method"].as_str();
        match (message.get("id"), method) {
            (Some(id), Some(method)) => {
                self.serve(id, method, &message["params"]);
                None
            }
            (None, Some("session/update")) => self.update(&message["params"]["update"]),
            (Some(id), None) => {
                self.answered(id, &message);
                None
            }
            _ => None,
        }
    }

    /// Takes the answer to the request that is under way, and sends what comes next.
    fn answered(&mut self, id: &Value, message: &Value) {
        // Some write a number as a text. What it could not even read it answers without one.
        let number = id.as_u64().or_else(|| id.as_str()?.parse().ok());
        let is_known = number.is_some() && number == self.under_way;
        if !(is_known || id.is_null() && message["error"].is_object()) {
            // The answer that is waited for may never come: who counts wrongly is not waited for.
            let id: String = id.to_string().chars().filter(|c| answer::keep(*c)).take(40).collect();
            let text = format!("it answered a request that it was not sent (id {id})");
            return self.fail(Failure::new(FailureKind::BadOutput, text));
        }
        self.under_way = None;
        if message["error"].is_object() {
            return self.fail(refusal(&message["error"]));
        }
        let result = &message["result"];
        match number.unwrap_or_default() {
            INITIALIZE => self.initialized(result),
            NEW_SESSION => self.opened(result),
            SET_MODEL => {
                self.said.model = self.model.clone();
                self.ask();
            }
            PROMPT => self.ended(result),
            _ => {}
        }
    }

    fn initialized(&mut self, result: &Value) {
        if result["protocolVersion"] != 1 {
            let text = format!("it speaks version {} of the protocol, not 1", result["protocolVersion"]);
            return self.fail(Failure::new(FailureKind::BadOutput, text));
        }
        let server =
            |server: &Server| json!({"name": SERVER, "command": server.program, "args": server.arguments, "env": []});
        let servers: Vec<Value> = self.history.iter().map(server).collect();
        self.request(NEW_SESSION, "session/new", &json!({"cwd": self.checkout, "mcpServers": servers}));
    }

    fn opened(&mut self, result: &Value) {
        let Some(session) = result["sessionId"].as_str() else {
            return self.fail(Failure::new(FailureKind::BadOutput, "it opened no session"));
        };
        self.session = session.to_owned();
        self.said.model = current_model(result).map(Into::into);
        match self.model.clone() {
            Some(model) if !current_model(result).is_some_and(|id| is_called(id, &model)) => {
                self.choose(&model, result);
            }
            Some(model) => {
                self.said.model = Some(model);
                self.ask();
            }
            None => self.ask(),
        }
    }

    /// The turn is over, in one of the protocol's ways.
    fn ended(&mut self, result: &Value) {
        self.over = true;
        let (kind, why) = match result["stopReason"].as_str() {
            Some("end_turn") => return,
            Some("max_tokens") => (FailureKind::BadOutput, "its answer was cut at its token limit"),
            Some("max_turn_requests") => (FailureKind::BudgetReached, "it used up its turns"),
            Some("refusal") => (FailureKind::BadOutput, "the vendor withheld the answer (refusal)"),
            _ => (FailureKind::Cancelled, "it stopped by itself"),
        };
        self.fail(Failure::new(kind, why));
    }

    fn ask(&mut self) {
        let prompt = json!([{"type": "text", "text": self.prompt}]);
        let params = json!({"sessionId": self.session, "prompt": prompt});
        self.request(PROMPT, "session/prompt", &params);
    }

    /// Asks for the model that the user wants: it is that one that reviews, or none.
    fn choose(&mut self, model: &str, offer: &Value) {
        let models = offer["models"]["availableModels"].as_array().map(Vec::as_slice).unwrap_or_default();
        let session = self.session.clone();
        let ids = || models.iter().filter_map(|m| m["modelId"].as_str());
        if let Some(id) = ids().find(|id| *id == model).or_else(|| ids().find(|id| is_called(id, model))) {
            let params = json!({"sessionId": session, "modelId": id});
            return self.request(SET_MODEL, "session/set_model", &params);
        }
        let option = model_option(offer);
        let choices = option.map(choices).unwrap_or_default();
        if let Some(option) = option.filter(|_| choices.contains(&model)) {
            let params = json!({"sessionId": session, "configId": option["id"], "value": model});
            return self.request(SET_MODEL, "session/set_config_option", &params);
        }
        let offered: Vec<&str> = ids().chain(choices).take(12).collect();
        let known = if offered.is_empty() { "none to choose from".to_owned() } else { offered.join(", ") };
        let text: String = format!("it has no model '{model}'; it offers {known}");
        let text = text.chars().filter(|c| answer::keep(*c) && *c != '\n').take(400).collect::<String>();
        self.fail(
            Failure::new(FailureKind::NotAllowed, text)
                .with_remedy("name one of these as `model` of the agent, or leave it out"),
        );
    }

    fn update(&mut self, update: &Value) -> Option<Heard> {
        match update["sessionUpdate"].as_str()? {
            "agent_message_chunk" => {
                let text = update["content"]["text"].as_str().unwrap_or_default();
                if self.said.text.len() + text.len() > LONGEST {
                    self.fail(Failure::new(FailureKind::TooLarge, "its answer has more than 16 MiB"));
                } else {
                    self.said.text.push_str(text);
                }
                Some(Heard::Words)
            }
            "tool_call" => {
                self.tool_calls += 1;
                // What it said before it read on is not the answer.
                self.said.text.clear();
                let title: String = update["title"].as_str()?.chars().filter(|c| answer::keep(*c)).take(80).collect();
                Some(Heard::Doing(title.replace('\n', " ")))
            }
            _ => None,
        }
    }

    /// Answers a request of the agent.
    fn serve(&self, id: &Value, method: &str, params: &Value) {
        let result = match method {
            // A review needs no permission: what needs one writes, runs or goes elsewhere.
            "session/request_permission" => {
                let options = params["options"].as_array().map(Vec::as_slice).unwrap_or_default();
                let is_wanted = |kind: &str| {
                    if self.may_edit(&params["toolCall"]) { kind == "allow_once" } else { kind.starts_with("reject") }
                };
                Ok(match options.iter().find(|o| o["kind"].as_str().is_some_and(is_wanted)) {
                    Some(option) => json!({"outcome": {"outcome": "selected", "optionId": option["optionId"]}}),
                    None => json!({"outcome": {"outcome": "cancelled"}}),
                })
            }
            "fs/write_text_file" if self.edits => self.write_file(params).map(|()| json!({})),
            "fs/read_text_file" => self.read_file(params).map(|content| json!({"content": content})),
            _ => Err((-32601, "deep-review does not offer this".to_owned())),
        };
        self.send(&match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err((code, message)) => json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}),
        });
    }

    /// Whether a call of a tool only edits files of the checkout that it is to edit.
    fn may_edit(&self, call: &Value) -> bool {
        let places = call["locations"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_inside = |place: &Value| place["path"].as_str().is_some_and(|path| self.may_write(path).is_ok());
        self.edits && call["kind"] == "edit" && !places.is_empty() && places.iter().all(is_inside)
    }

    /// The file of the checkout that an agent names, with what of the checkout it may reach.
    fn inside(&self, path: &Path) -> Result<(Reach, RepoPath), String> {
        let reach = Reach::new(&self.checkout, []).map_err(|e| e.to_string())?;
        let roots = [&*self.checkout, reach.root()];
        let path = roots.iter().find_map(|root| path.strip_prefix(root).ok()).unwrap_or(path);
        let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
        let path = RepoPath::new(parts.unwrap_or_default().join("/"));
        Ok((reach, path.map_err(|_| "it is outside the repository")?))
    }

    /// Whether it may be written.
    fn may_write(&self, path: &str) -> Result<(), String> {
        let (reach, path) = self.inside(Path::new(path))?;
        reach.place(&path).map(drop).map_err(|e| e.to_string())
    }

    fn write_file(&self, params: &Value) -> Result<(), (i32, String)> {
        let refuse = |why: &str| (-32602, format!("the file cannot be written: {why}"));
        let path = params["path"].as_str().ok_or_else(|| refuse("no path"))?;
        let text = params["content"].as_str().ok_or_else(|| refuse("no content"))?;
        if text.len() > LONGEST {
            return Err(refuse("it has more than 16 MiB"));
        }
        let (reach, path) = self.inside(Path::new(path)).map_err(|why| refuse(&why))?;
        // What is held is written into, whatever the agent puts in its place meanwhile.
        let held = reach.hold(&path, true).map_err(|e| refuse(&e.to_string()))?;
        let (folder, name) = held.ok_or_else(|| refuse("its folder is gone"))?;
        let write = || folder.draft(text, (&folder, name))?.place(name);
        write().map_err(|e| refuse(&e.to_string()))
    }

    fn read_file(&self, params: &Value) -> Result<String, (i32, String)> {
        let refuse = |why: &str| (-32602, format!("the file cannot be read: {why}"));
        let path = params["path"].as_str().ok_or_else(|| refuse("no path"))?;
        // Links that stay inside may be followed.
        let path = self.checkout.join(path).canonicalize().map_err(|e| refuse(&e.to_string()))?;
        let (reach, path) = self.inside(&path).map_err(|why| refuse(&why))?;
        let held = reach.hold(&path, false).map_err(|e| refuse(&e.to_string()))?;
        let (folder, name) = held.ok_or_else(|| refuse("its folder is gone"))?;
        let bytes = folder.read(name, LONGEST as u64).map_err(|e| refuse(&e.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8"))?;
        let number = |name: &str| params[name].as_u64().and_then(|n| usize::try_from(n).ok());
        let first = number("line").unwrap_or(1).max(1) - 1;
        Ok(text.split_inclusive('\n').skip(first).take(number("limit").unwrap_or(usize::MAX)).collect())
    }
}

/// The option of a session by which its model is chosen.
fn model_option(offer: &Value) -> Option<&Value> {
    let options = offer["configOptions"].as_array()?;
    options.iter().find(|o| o["category"] == "model").or_else(|| options.iter().find(|o| o["id"] == "model"))
}

/// The values of an option, also where they are in groups.
fn choices(option: &Value) -> Vec<&str> {
    let entries = option["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    let grouped = entries.iter().filter_map(|e| e["options"].as_array()).flatten();
    entries.iter().chain(grouped).filter_map(|e| e["value"].as_str()).collect()
}

/// Whether an agent's name for a model is what its user calls it: some put the way to it around it, as
/// `$runtime|openai|gpt-5(openai)`.
fn is_called(id: &str, model: &str) -> bool {
    let inner = id.strip_suffix(')').and_then(|id| id.rsplit_once('(')).map_or(id, |(id, _)| id);
    id == model || inner.rsplit('|').next() == Some(model)
}

fn current_model(offer: &Value) -> Option<&str> {
    offer["models"]["currentModelId"].as_str().or_else(|| model_option(offer)?["currentValue"].as_str())
}

impl AcpAgent {
    fn executable(&self) -> Result<PathBuf, Failure> {
        let Some(name) = self.settings.command.first() else {
            return Err(Failure::new(FailureKind::NotAllowed, "no command is configured")
                .with_remedy(format!("set `command` of the agent '{}'", self.name)));
        };
        detect::find_program(name)
            .ok_or_else(|| Failure::new(FailureKind::NotInstalled, format!("there is no program '{name}'")))
    }

    async fn prompt(&self, prompt: &str, place: (&Brief, &Path), session: &Session) -> Completion {
        let caller = Caller::of(&self.settings, prompt);
        retry(self.settings.retries.unwrap_or(1), &caller, session, || async {
            match self.once(prompt, place, session).await {
                Ok(said) => said,
                Err(failure) => Completion::failed(failure),
            }
        })
        .await
    }

    async fn once(
        &self,
        prompt: &str,
        (brief, checkout): (&Brief, &Path),
        session: &Session,
    ) -> Result<Completion, Failure> {
        let program = Program {
            path: self.executable()?,
            args: self.settings.command.iter().skip(1).cloned().collect(),
            environment: self.settings.environment(),
            folder: Some(checkout.to_owned()),
            input: String::new(),
        };
        let scratch = Scratch::new()?;
        let place = (checkout, brief.checkout.is_to_edit(), Server::of(brief, &scratch)?);
        let (mut conversation, from_us) = Conversation::begin(place, prompt.to_owned(), self.settings.model.clone());
        let stop = session.cancel.child_token();
        let limits = self.settings.limits();
        let course = Course { program: &program, limits, scratch: &scratch, cancel: &stop };
        let ran = process::converse(course, from_us, |line| {
            match conversation.hear(line) {
                Some(Heard::Doing(doing)) => session.doing(doing),
                Some(Heard::Words) => session.said(&conversation.said.text),
                None => {}
            }
            if conversation.over {
                // Some outlive the end of their input.
                stop.cancel();
            }
        })
        .await;
        let mut said = std::mem::take(&mut conversation.said);
        said.usage.tool_calls = Some(conversation.tool_calls);
        if !conversation.over {
            said.failure = Some(match &ran.end {
                End::Failed(failure) => failure.clone(),
                end => unfinished(end, &ran.stderr),
            });
        }
        Ok(said)
    }

    fn room(&self) -> usize {
        self.settings.context_tokens.map_or(ROOM, |t| (t as usize).saturating_mul(2)).min(ROOM)
    }

    async fn review_all(&self, brief: &Brief, session: &Session) -> Result<Outcome, Failure> {
        let checkout = brief.checkout.folder(&brief.snapshot, &brief.sending).await?;
        let prompt = prompt::review(brief, self.reader(brief, checkout.to_str()))?;
        // Where the copy is, is another place on each machine.
        let elsewhere = || prompt::review(brief, self.reader(brief, Some("(checkout)"))).ok().map(|prompt| prompt.text);
        let identity = self.settings.identity();
        let asking = Asking { agent: &self.name, identity: &identity, brief, prompt: &elsewhere, reads_on: true };
        let said = recalled(session, asking, || self.prompt(&prompt.text, (brief, checkout), session)).await;
        let again = |text: String| async move { self.prompt(&text, (brief, checkout), session).await };
        let sent = Sent { agent: &self.name, brief, prompt: &prompt, room: self.room(), reads_on: true };
        Ok(finish(sent, said, again).await)
    }

    fn reader<'a>(&'a self, brief: &Brief, checkout: Option<&'a str>) -> Reader<'a> {
        Reader {
            checkout,
            tools: served::told(brief),
            room: self.room(),
            lens: self.settings.lens.as_deref(),
            notes: None,
            has_schema: false,
        }
    }
}

impl super::Agent for AcpAgent {
    fn info(&self) -> AgentInfo {
        let label = self.settings.label.clone().or_else(|| self.settings.model.as_deref().map(model_label));
        AgentInfo {
            name: self.name.clone(),
            label: label.unwrap_or_else(|| self.name.to_string()),
            kind: AgentKind::Acp,
        }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async move {
            match self.executable() {
                Ok(path) => Availability::Usable(path.display().to_string()),
                Err(failure) => Availability::Unusable(failure),
            }
        })
    }

    fn preview(&self, brief: &Brief) -> Option<Result<Preview, Failure>> {
        let prompt = prompt::review(brief, self.reader(brief, Some("(checkout)")));
        let to = self.settings.command.first().map_or("", String::as_str);
        Some(prompt.map(|p| Preview::of(p, format!("the program {to}"), true)))
    }

    fn price(&self) -> Option<(f64, f64)> {
        self.settings.price
    }

    fn form(&self) -> prompt::Form {
        prompt::Form { reads_on: true, has_schema: false }
    }

    fn answers(&self) -> bool {
        true
    }

    fn identity(&self) -> Option<String> {
        Some(self.settings.identity())
    }

    fn ask<'a>(&'a self, brief: &'a Brief, question: &'a Question, session: &'a Session) -> BoxFuture<'a, Completion> {
        Box::pin(async move {
            let asked = async {
                let checkout = brief.checkout.folder(&brief.snapshot, &brief.sending).await?;
                let text = prompt::question(brief, question, self.reader(brief, checkout.to_str()))?;
                Ok(self.prompt(&text, (brief, checkout), session).await)
            };
            asked.await.unwrap_or_else(Completion::failed)
        })
    }

    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = self.review_all(brief, session).await.unwrap_or_else(Outcome::failed);
            if self.settings.label.is_some() {
                outcome.label = None;
            }
            outcome
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(checkout: &Path) -> (Conversation, Receiver<String>) {
        let (conversation, from_us) =
            Conversation::begin((checkout, false, None), "the prompt".into(), Some("big".into()));
        let first: Value = serde_json::from_str(&from_us.recv().unwrap()).unwrap();
        assert_eq!(first["method"], "initialize");
        (conversation, from_us)
    }

    #[test]
    fn every_permission_is_refused_and_nothing_outside_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repository");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(root.join("a.txt"), "1\n2\n3\n").unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).unwrap();
        let (mut conversation, from_us) = begin(&root);
        let options = json!([{"optionId": "y", "kind": "allow_always"}, {"optionId": "n", "kind": "reject_once"}]);
        let table = [
            ("session/request_permission", json!({"options": options}), "\"optionId\":\"n\""),
            ("session/request_permission", json!({"options": [options[0]]}), "\"outcome\":\"cancelled\""),
            ("fs/read_text_file", json!({"path": root.join("a.txt"), "line": 2, "limit": 1}), "\"content\":\"2\\n\""),
            ("fs/read_text_file", json!({"path": root.join("../secret")}), "outside the repository"),
            ("fs/read_text_file", json!({"path": root.join("link")}), "outside the repository"),
            ("fs/read_text_file", json!({"path": "/etc/passwd"}), "outside the repository"),
            ("fs/write_text_file", json!({"path": root.join("a.txt"), "content": "x"}), "-32601"),
            ("terminal/create", json!({"command": "sh"}), "-32601"),
        ];
        for (method, params, expected) in table {
            conversation.hear(&json!({"jsonrpc": "2.0", "id": "x", "method": method, "params": params}).to_string());
            let reply = from_us.recv().unwrap();
            assert!(reply.contains(expected), "{method} {params}: {reply}");
        }
        assert!(!conversation.over);
    }

    #[cfg(unix)]
    #[test]
    fn who_is_to_edit_writes_in_the_checkout_and_nowhere_else() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repository");
        std::fs::create_dir_all(root.join("d")).unwrap();
        std::fs::write(root.join("a.txt"), "1\n").unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        symlink(folder.path().join("secret"), root.join("link")).unwrap();
        symlink(folder.path(), root.join("out")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
        std::fs::File::create(root.join("sparse")).unwrap().set_len(1 << 40).unwrap();
        let (mut conversation, from_us) =
            Conversation::begin((&root, true, None), "the prompt".into(), Some("big".into()));
        assert!(from_us.recv().unwrap().contains("\"writeTextFile\":true"));
        let options = json!([{"optionId": "a", "kind": "allow_always"}, {"optionId": "y", "kind": "allow_once"},
            {"optionId": "n", "kind": "reject_once"}]);
        let permission = |kind: &str, path: &Path| json!({"options": options, "toolCall": {"kind": kind, "locations": [{"path": path}]}});
        let write = |path: &Path| json!({"path": path, "content": "new\n"});
        let refused = "outside the repository";
        let table = [
            ("fs/write_text_file", write(&root.join("a.txt")), "\"result\":{}"),
            ("fs/write_text_file", write(Path::new("d/e/new.txt")), "\"result\":{}"),
            ("fs/write_text_file", write(&root.join("../x")), refused),
            ("fs/write_text_file", write(&root.join("d/../../x")), refused),
            ("fs/write_text_file", write(&root.join("n/../../../x")), refused),
            ("fs/write_text_file", write(&root.join("out/x")), "leads out"),
            ("fs/write_text_file", write(&root.join("link")), "symbolic link"),
            ("fs/write_text_file", write(&root.join("d")), "not a file"),
            ("fs/write_text_file", write(&root.join(".git/hooks/x")), refused),
            ("fs/read_text_file", json!({"path": root.join("d")}), "not a file"),
            ("fs/read_text_file", json!({"path": root.join("pipe")}), "not a file"),
            ("fs/read_text_file", json!({"path": root.join("sparse")}), "16777216 bytes"),
            ("fs/write_text_file", write(Path::new("/tmp")), refused),
            ("session/request_permission", permission("edit", &root.join("a.txt")), "\"optionId\":\"y\""),
            ("session/request_permission", permission("edit", Path::new("/etc/passwd")), "\"optionId\":\"n\""),
            ("session/request_permission", permission("execute", &root.join("a.txt")), "\"optionId\":\"n\""),
            (
                "session/request_permission",
                json!({"options": options, "toolCall": {"kind": "edit"}}),
                "\"optionId\":\"n\"",
            ),
            ("terminal/create", json!({"command": "sh"}), "-32601"),
        ];
        for (method, params, expected) in table {
            conversation.hear(&json!({"jsonrpc": "2.0", "id": "x", "method": method, "params": params}).to_string());
            let reply = from_us.recv().unwrap();
            assert!(reply.contains(expected), "{method} {params}: {reply}");
        }
        assert_eq!(std::fs::read_to_string(root.join("a.txt")).unwrap(), "new\n");
        assert_eq!(std::fs::read_to_string(root.join("d/e/new.txt")).unwrap(), "new\n");
        assert_eq!(std::fs::read_to_string(folder.path().join("secret")).unwrap(), "s");
        let beside: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(beside.len(), 2, "{beside:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_becomes_a_link_while_it_is_written_into_leads_nowhere() {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("repository"), folder.path().join("outside"));
        let (inside, link) = (root.join("d"), root.join("link"));
        for folder in [&inside, &outside] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        let (mut conversation, from_us) = Conversation::begin((&root, true, None), "the prompt".into(), None);
        from_us.recv().unwrap();
        let is_over = AtomicBool::new(false);
        let mut written = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    renameat_with(CWD, &inside, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                }
            });
            for n in 0..500 {
                let params = json!({"path": inside.join(n.to_string()), "content": "new"});
                conversation.hear(
                    &json!({"jsonrpc": "2.0", "id": 1, "method": "fs/write_text_file", "params": params}).to_string(),
                );
                written += usize::from(from_us.recv().unwrap().contains("\"result\""));
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        let kept = [&inside, &link].map(|place| std::fs::read_dir(place).unwrap().count());
        assert!(kept.contains(&written), "{written}: {kept:?}");
    }

    #[test]
    fn the_turns_end_decides_what_the_answer_is_worth() {
        let table = [
            (json!({"result": {"stopReason": "end_turn"}}), None),
            (json!({"result": {"stopReason": "max_tokens"}}), Some(FailureKind::BadOutput)),
            (json!({"result": {"stopReason": "refusal"}}), Some(FailureKind::BadOutput)),
            (json!({"result": {"stopReason": "cancelled"}}), Some(FailureKind::Cancelled)),
            (json!({"error": {"code": -32000, "message": "Authentication required"}}), Some(FailureKind::NotLoggedIn)),
            (
                json!({"error": {"code": -32603, "message": "Internal error", "data": {"details": "429 Too Many Requests"}}}),
                Some(FailureKind::RateLimited),
            ),
            (json!({"error": {"code": 429, "message": "try later"}}), Some(FailureKind::RateLimited)),
            (json!({"error": {"code": 503, "message": "busy"}}), Some(FailureKind::Overloaded)),
            (json!({"error": {"code": 401, "message": "who?"}}), Some(FailureKind::NotLoggedIn)),
            (json!({"error": {"code": -32603, "message": "other\nwords"}}), Some(FailureKind::Crashed)),
        ];
        for (mut reply, kind) in table {
            let (mut conversation, _from_us) = begin(Path::new("/"));
            conversation.ask();
            reply["id"] = json!(PROMPT);
            conversation.hear(&reply.to_string());
            assert!(conversation.over);
            assert_eq!(conversation.said.failure.map(|f| f.kind), kind, "{reply}");
        }
    }

    #[test]
    fn who_answers_what_it_was_not_asked_is_not_waited_for() {
        let table = [
            (json!({"id": INITIALIZE, "result": {"protocolVersion": 1}}), None),
            (json!({"id": "1", "result": {"protocolVersion": 1}}), None),
            (json!({"id": 7, "result": {}}), Some("it answered a request that it was not sent (id 7)")),
            (
                json!({"id": PROMPT, "result": {"stopReason": "end_turn"}}),
                Some("it answered a request that it was not sent (id 4)"),
            ),
            (
                json!({"id": "x", "error": {"code": 1, "message": "?"}}),
                Some("it answered a request that it was not sent (id \"x\")"),
            ),
            (json!({"id": null, "result": {}}), Some("it answered a request that it was not sent (id null)")),
            (json!({"id": null, "error": {"code": -32700, "message": "Parse error"}}), Some("it failed: Parse error")),
        ];
        for (reply, failure) in table {
            let (mut conversation, _from_us) = begin(Path::new("/"));
            conversation.hear(&reply.to_string());
            assert_eq!(conversation.over, failure.is_some(), "{reply}");
            assert_eq!(conversation.said.failure.map(|f| f.message).as_deref(), failure, "{reply}");
        }
    }

    #[test]
    fn the_model_that_reviews_is_the_one_that_is_configured_or_none() {
        let models = |ids: &[&str]| ids.iter().map(|id| json!({"modelId": id, "name": id})).collect::<Vec<_>>();
        let option = json!({"id": "m", "category": "model", "type": "select", "currentValue": "small",
            "options": [{"group": "g", "options": [{"value": "big", "name": "Big"}]}]});
        let table = [
            (json!({"models": {"availableModels": models(&["small", "big"]), "currentModelId": "small"}}), "set_model"),
            (json!({"models": {"availableModels": models(&["big"]), "currentModelId": "big"}}), "session/prompt"),
            (
                json!({"models": {"availableModels": models(&["$runtime|openai|big(openai)"]), "currentModelId": "big-2"}}),
                "\"modelId\":\"$runtime|openai|big(openai)\"",
            ),
            (json!({"models": {"currentModelId": "$runtime|openai|big(openai)"}}), "session/prompt"),
            (
                json!({"models": {"availableModels": models(&["x|bigger(y)"])}}),
                "it has no model 'big'; it offers x|bigger(y)",
            ),
            (json!({"configOptions": [option]}), "set_config_option"),
            (json!({"models": {"availableModels": models(&["small"])}}), "it has no model 'big'; it offers small"),
            (json!({}), "it has no model 'big'; it offers none to choose from"),
        ];
        for (mut offer, expected) in table {
            let (mut conversation, from_us) = begin(Path::new("/"));
            conversation.hear(&json!({"id": INITIALIZE, "result": {"protocolVersion": 1}}).to_string());
            assert!(from_us.try_recv().unwrap().contains("session/new"));
            offer["sessionId"] = json!("s");
            conversation.hear(&json!({"id": NEW_SESSION, "result": offer}).to_string());
            let reply = from_us.try_recv().unwrap_or_default();
            let failure = conversation.said.failure.clone().map(|f| f.message).unwrap_or_default();
            assert!(reply.contains(expected) || failure == expected, "{offer}: {reply} {failure}");
            if reply.contains("set_") {
                conversation.hear(&json!({"id": SET_MODEL, "result": {}}).to_string());
                assert!(from_us.try_recv().unwrap().contains("session/prompt"));
                assert_eq!(conversation.said.model.as_deref(), Some("big"));
            }
        }
    }
}
