//! What goes to the client. Notifications keep their order; requests have a time limit and are never waited for
//! by whoever owns state or answers the client.
//!
//! Notifications are written here, once: the framework would make a tree of each first. They go to standard output by
//! [`client::stdout`](super::stdout) without it.
//!
//! A client may read slowly or not at all. What waits for it is bounded: of a file's diagnostics, of a line of
//! progress and of news only the newest wait, and of messages the last [`MAX_MESSAGES`].

use super::stdout::Ready;
use crate::protocol::capabilities::ClientCapabilities;
use crate::protocol::own::{Answering, AnsweringParams, RoundChanged, RoundChangedParams};
use finding::FindingId;
use lsp_types::notification::{
    LogMessage, Notification, Progress as ProgressNotification, PublishDiagnostics, ShowMessage,
};
use lsp_types::*;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tower_lsp::Client;

/// How long the client may take to answer; a person may have to confirm.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most messages and log entries that wait for the client; older ones are dropped.
const MAX_MESSAGES: usize = 200;

/// How long it may take to make a token; without one there is no progress.
const PATIENCE_FOR_TOKENS: Duration = Duration::from_secs(5);

/// `window/showMessage` or `window/logMessage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    Show,
    Log,
}

/// What waits, in order. The content of what can be replaced is kept aside.
#[derive(Debug)]
enum Outgoing {
    Diagnostics(Uri),
    Message(Voice, MessageType, String),
    RoundChanged,
    /// An answer goes on.
    Answering(FindingId),
    /// A line of progress moves on.
    Report(ProgressToken),
    Progress(ProgressParams),
    /// Somebody waits until what is before it is sent.
    FileStamp(oneshot::Sender<()>),
}

/// `textDocument/publishDiagnostics` with a list that is written already, by whoever worked it out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WrittenDiagnostics {
    pub(crate) uri: Uri,
    pub(crate) diagnostics: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<i32>,
}

#[derive(Debug)]
enum Message {
    FileStamp(oneshot::Sender<()>),
    Diagnostics(WrittenDiagnostics),
    Text(Voice, MessageType, String),
    RoundChanged(RoundChangedParams),
    Answering(AnsweringParams),
    Progress(ProgressParams),
}

impl Message {
    /// As it goes to the client.
    fn ready(self) -> Ready {
        match self {
            Self::Diagnostics(params) => notification::<PublishDiagnostics>(&params),
            Self::Text(Voice::Show, typ, message) => notification::<ShowMessage>(&ShowMessageParams { typ, message }),
            Self::Text(Voice::Log, typ, message) => notification::<LogMessage>(&LogMessageParams { typ, message }),
            Self::RoundChanged(params) => notification::<RoundChanged>(&params),
            Self::Answering(params) => notification::<Answering>(&params),
            Self::Progress(params) => notification::<ProgressNotification>(&params),
            Self::FileStamp(sent) => Ready::Mark(sent),
        }
    }
}

/// The body of a notification. Its parameters are those of its method, or written as those are.
fn notification<N: Notification>(params: &impl Serialize) -> Ready {
    #[derive(Serialize)]
    struct Body<'p, P> {
        jsonrpc: &'static str,
        method: &'static str,
        params: &'p P,
    }
    // They are plain data, which can be written.
    let body = serde_json::to_vec(&Body { jsonrpc: "2.0", method: N::METHOD, params });
    Ready::Body(body.unwrap_or_default())
}

/// The messages that wait for the client.
#[derive(Debug, Default)]
struct Waiting {
    order: VecDeque<Outgoing>,
    diagnostics: HashMap<Uri, WrittenDiagnostics>,
    reports: HashMap<ProgressToken, ProgressParams>,
    round_changed: Option<RoundChangedParams>,
    answering: HashMap<FindingId, AnsweringParams>,
    messages: usize,
}

impl Waiting {
    fn diagnostics(&mut self, params: WrittenDiagnostics) {
        let uri = params.uri.clone();
        if self.diagnostics.insert(uri.clone(), params).is_none() {
            self.order.push_back(Outgoing::Diagnostics(uri));
        }
    }

    fn round_changed(&mut self, params: RoundChangedParams) {
        if self.round_changed.replace(params).is_none() {
            self.order.push_back(Outgoing::RoundChanged);
        }
    }

    fn answering(&mut self, params: AnsweringParams) {
        let id = params.id.clone();
        if self.answering.insert(id.clone(), params).is_none() {
            self.order.push_back(Outgoing::Answering(id));
        }
    }

    fn message(&mut self, voice: Voice, kind: MessageType, text: String) {
        if self.messages == MAX_MESSAGES
            && let Some(oldest) = self.order.iter().position(|o| matches!(o, Outgoing::Message(..)))
        {
            self.order.remove(oldest);
            self.messages -= 1;
        }
        self.messages += 1;
        self.order.push_back(Outgoing::Message(voice, kind, text));
    }

    fn progress(&mut self, params: ProgressParams) {
        if !matches!(params.value, ProgressParamsValue::WorkDone(WorkDoneProgress::Report(_))) {
            self.order.push_back(Outgoing::Progress(params));
            return;
        }
        let token = params.token.clone();
        if self.reports.insert(token.clone(), params).is_none() {
            self.order.push_back(Outgoing::Report(token));
        }
    }

    fn next(&mut self) -> Option<Message> {
        loop {
            let message = match self.order.pop_front()? {
                Outgoing::Diagnostics(uri) => self.diagnostics.remove(&uri).map(Message::Diagnostics),
                Outgoing::RoundChanged => self.round_changed.take().map(Message::RoundChanged),
                Outgoing::Answering(id) => self.answering.remove(&id).map(Message::Answering),
                Outgoing::Report(token) => self.reports.remove(&token).map(Message::Progress),
                Outgoing::Progress(params) => Some(Message::Progress(params)),
                Outgoing::FileStamp(sent) => Some(Message::FileStamp(sent)),
                Outgoing::Message(voice, kind, text) => {
                    self.messages -= 1;
                    Some(Message::Text(voice, kind, text))
                }
            };
            if message.is_some() {
                return message;
            }
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    more: Notify,
}

impl Queue {
    fn put(&self, put: impl FnOnce(&mut Waiting)) {
        put(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.more.notify_one();
    }

    async fn next(&self) -> Message {
        loop {
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            match next {
                Some(message) => return message,
                None => self.more.notified().await,
            }
        }
    }
}

/// Where messages to the client are put. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbox {
    client: Client,
    queue: Arc<Queue>,
    opened: Arc<Notify>,
    diagnostics_refresh: Refresh,
    lens_refresh: Refresh,
}

impl Outbox {
    /// What is put into it goes into `direct` from [`Outbox::open`] on.
    pub(crate) fn new(client: Client, direct: mpsc::Sender<Ready>) -> Self {
        let queue = Arc::new(Queue::default());
        let opened = Arc::new(Notify::new());
        let (opens, outgoing) = (opened.clone(), queue.clone());
        tokio::spawn(async move {
            opens.notified().await;
            // Ends when nobody takes what goes to the client any more.
            while direct.send(outgoing.next().await.ready()).await.is_ok() {}
        });
        Self { client, queue, opened, diagnostics_refresh: Refresh::default(), lens_refresh: Refresh::default() }
    }

    /// The client has said that it is ready: a server may not send before that.
    pub(crate) fn open(&self) {
        self.opened.notify_one();
    }

    pub(crate) fn diagnostics(&self, params: WrittenDiagnostics) {
        self.queue.put(|waiting| waiting.diagnostics(params));
    }

    pub(crate) fn show(&self, kind: MessageType, text: &str) {
        let text = format!("deep-review: {text}");
        self.queue.put(|waiting| waiting.message(Voice::Show, kind, text));
    }

    pub(crate) fn log(&self, kind: MessageType, text: String) {
        self.queue.put(|waiting| waiting.message(Voice::Log, kind, text));
    }

    pub(crate) fn round_changed(&self, params: RoundChangedParams) {
        self.queue.put(|waiting| waiting.round_changed(params));
    }

    /// What is written of an answer so far: the newest takes the place of those that wait.
    pub(crate) fn answering(&self, params: AnsweringParams) {
        self.queue.put(|waiting| waiting.answering(params));
    }

    /// One step of a token's progress.
    pub(crate) fn tell(&self, token: ProgressToken, value: WorkDoneProgress) {
        let params = ProgressParams { token, value: ProgressParamsValue::WorkDone(value) };
        self.queue.put(|waiting| waiting.progress(params));
    }

    /// Waits until what was put in before is sent.
    pub(crate) async fn sent(&self) {
        let (mark, sent) = oneshot::channel();
        self.queue.put(|waiting| waiting.order.push_back(Outgoing::FileStamp(mark)));
        // The task that takes them ends only with the server.
        let _ = sent.await;
    }

    /// Sends a request and does not care what comes back.
    fn ask<T: Send + 'static>(&self, request: impl Future<Output = T> + Send + 'static) {
        drop(tokio::spawn(tokio::time::timeout(PATIENCE, request)));
    }

    pub(crate) fn refresh_diagnostics(&self) {
        let client = self.client.clone();
        self.diagnostics_refresh.ask(move || {
            let client = client.clone();
            async move { client.workspace_diagnostic_refresh().await }
        });
    }

    pub(crate) fn refresh_lenses(&self) {
        let client = self.client.clone();
        self.lens_refresh.ask(move || {
            let client = client.clone();
            async move { client.code_lens_refresh().await }
        });
    }

    /// Has the client apply an edit; `Err` says why it did not.
    pub(crate) async fn apply(&self, label: String, edit: WorkspaceEdit) -> Result<(), String> {
        let params = ApplyWorkspaceEditParams { label: Some(label), edit };
        let request = self.client.send_request::<lsp_types::request::ApplyWorkspaceEdit>(params);
        match tokio::time::timeout(PATIENCE, request).await {
            Err(_) => Err("the editor did not answer".into()),
            Ok(Err(e)) => Err(format!("the editor refused the edit: {}", e.message)),
            Ok(Ok(answer)) if !answer.applied => {
                Err(answer.failure_reason.unwrap_or_else(|| "the editor did not apply the edit".into()))
            }
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// Has the client make a token for progress; whether it did.
    pub(crate) async fn create_progress(&self, token: ProgressToken) -> bool {
        let made = self.client.create_work_done_progress(token);
        matches!(tokio::time::timeout(PATIENCE_FOR_TOKENS, made).await, Ok(Ok(())))
    }

    /// Asks the client for the section `deepReview` of all, and of each of the folders, in this order; what it does
    /// not say is null or missing.
    pub(crate) fn settings(&self, folders: Vec<Uri>) -> impl Future<Output = Vec<Value>> + Send + use<> {
        let item = |scope_uri| ConfigurationItem { scope_uri, section: Some("deepReview".into()) };
        let items = std::iter::once(None).chain(folders.into_iter().map(Some)).map(item).collect();
        let client = self.client.clone();
        async move {
            match tokio::time::timeout(PATIENCE, client.configuration(items)).await {
                Ok(Ok(values)) => values,
                Ok(Err(_)) | Err(_) => Vec::new(),
            }
        }
    }

    /// Has the client show a file.
    pub(crate) async fn show_document(&self, uri: Uri, external: bool, selection: Option<Range>) -> bool {
        let params = ShowDocumentParams { uri, external: Some(external), take_focus: Some(true), selection };
        matches!(tokio::time::timeout(PATIENCE, self.client.show_document(params)).await, Ok(Ok(true)))
    }

    /// Registers what can only be registered now.
    pub(crate) fn register(&self, client: ClientCapabilities) {
        let mut registrations = Vec::new();
        if client.watches {
            let of_head = ["**/.git/HEAD", "**/.git/logs/HEAD", "**/.git/reftable/tables.list"];
            let watchers: Vec<Value> = of_head.iter().map(|glob| json!({ "globPattern": glob })).collect();
            registrations.push(Registration {
                id: "deepReview.files".into(),
                method: "workspace/didChangeWatchedFiles".into(),
                register_options: Some(json!({ "watchers": watchers })),
            });
        }
        if client.configuration_registration {
            registrations.push(Registration {
                id: "deepReview.settings".into(),
                method: "workspace/didChangeConfiguration".into(),
                register_options: Some(json!({ "section": "deepReview" })),
            });
        }
        if !registrations.is_empty() {
            let client = self.client.clone();
            self.ask(async move { client.register_capability(registrations).await });
        }
    }
}

/// A request to ask anew, of which one is under way at most, and one waits at most.
#[derive(Debug, Clone, Default)]
struct Refresh(Arc<AtomicU8>);

impl Refresh {
    fn ask<F: Future + Send + 'static>(&self, request: impl Fn() -> F + Send + 'static)
    where
        F::Output: Send,
    {
        // 0: none; 1: one is under way; 2: and another one is wanted after it.
        if self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| Some((n + 1).min(2))).unwrap_or(2) > 0 {
            return;
        }
        let state = self.0.clone();
        drop(tokio::spawn(async move {
            loop {
                let _ = tokio::time::timeout(PATIENCE, request()).await;
                if state.fetch_sub(1, Ordering::SeqCst) == 1 {
                    return;
                }
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(uri: &str, version: i32) -> WrittenDiagnostics {
        let diagnostics = RawValue::from_string("[]".into()).unwrap();
        WrittenDiagnostics { uri: uri.parse().unwrap(), diagnostics, version: Some(version) }
    }

    fn report(token: i32, percentage: u32) -> ProgressParams {
        let report = WorkDoneProgressReport { percentage: Some(percentage), ..WorkDoneProgressReport::default() };
        let value = ProgressParamsValue::WorkDone(WorkDoneProgress::Report(report));
        ProgressParams { token: ProgressToken::Number(token), value }
    }

    #[test]
    fn what_waits_for_a_client_that_does_not_read_is_bounded_and_the_newest() {
        let mut waiting = Waiting::default();
        for n in 0..10_000 {
            waiting.diagnostics(list("file:///a", n));
            waiting.diagnostics(list("file:///b", n));
            waiting.progress(report(1, n.unsigned_abs() % 100));
            waiting.message(Voice::Log, MessageType::INFO, n.to_string());
            waiting.round_changed(RoundChangedParams { repositories: vec![n.to_string().into()] });
        }
        assert_eq!(waiting.order.len(), 4 + MAX_MESSAGES);
        let all: Vec<Message> = std::iter::from_fn(|| waiting.next()).collect();
        assert!(matches!(&all[0], Message::Diagnostics(p) if p.version == Some(9999)), "{:?}", all[0]);
        assert!(all.iter().any(|m| matches!(m, Message::RoundChanged(n) if n.repositories[0].as_os_str() == "9999")));
        let texts = all.iter().filter_map(|m| if let Message::Text(_, _, text) = m { Some(text) } else { None });
        assert_eq!(texts.clone().next().map(String::as_str), Some("9800"), "the oldest were dropped");
        assert_eq!(texts.count(), MAX_MESSAGES);
        assert_eq!(waiting.messages, 0);
    }

    #[test]
    fn the_beginning_and_the_end_of_progress_always_wait() {
        let mut waiting = Waiting::default();
        let step =
            |value| ProgressParams { token: ProgressToken::Number(1), value: ProgressParamsValue::WorkDone(value) };
        waiting.progress(step(WorkDoneProgress::Begin(WorkDoneProgressBegin::default())));
        waiting.progress(report(1, 5));
        waiting.progress(report(1, 90));
        waiting.progress(step(WorkDoneProgress::End(WorkDoneProgressEnd::default())));
        let kinds: Vec<String> = std::iter::from_fn(|| waiting.next())
            .map(|m| {
                let Message::Progress(params) = m else { panic!("{m:?}") };
                let value = serde_json::to_value(params).unwrap();
                format!("{} {}", value["value"]["kind"], value["value"]["percentage"])
            })
            .collect();
        assert_eq!(kinds, ["\"begin\" null", "\"report\" 90", "\"end\" null"]);
    }
}
