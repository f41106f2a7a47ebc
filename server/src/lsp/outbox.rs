//! What goes to the client. Notifications keep their order; requests have a time limit and are never waited for
//! by whoever owns state or answers the client.

use super::capabilities::Abilities;
use super::owner::Event;
use super::progress;
use super::settings::Settings;
use lsp_types::notification::Notification;
use lsp_types::*;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tower_lsp::Client;

/// How long the client may take to answer; a person may have to confirm.
const PATIENCE: Duration = Duration::from_secs(30);

/// `deepReview/roundChanged`: what `deepReview/findings` answers is no longer what it was.
#[derive(Debug)]
pub(crate) enum RoundChanged {}

impl Notification for RoundChanged {
    type Params = Value;
    const METHOD: &'static str = "deepReview/roundChanged";
}

enum Outgoing {
    Diagnostics(PublishDiagnosticsParams),
    Message(MessageType, String),
    Log(MessageType, String),
    RoundChanged(Value),
}

/// Where messages to the client are put. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbox {
    client: Client,
    queue: UnboundedSender<Outgoing>,
}

impl Outbox {
    pub(crate) fn new(client: Client) -> Self {
        let (queue, mut outgoing) = unbounded_channel();
        let sender = client.clone();
        tokio::spawn(async move {
            while let Some(message) = outgoing.recv().await {
                match message {
                    Outgoing::Diagnostics(p) => sender.publish_diagnostics(p.uri, p.diagnostics, p.version).await,
                    Outgoing::Message(kind, text) => sender.show_message(kind, text).await,
                    Outgoing::Log(kind, text) => sender.log_message(kind, text).await,
                    Outgoing::RoundChanged(params) => sender.send_notification::<RoundChanged>(params).await,
                }
            }
        });
        Self { client, queue }
    }

    fn put(&self, message: Outgoing) {
        // The task that takes them ends only with the server.
        let _ = self.queue.send(message);
    }

    pub(crate) fn diagnostics(&self, uri: Uri, diagnostics: Vec<Diagnostic>, version: Option<i32>) {
        self.put(Outgoing::Diagnostics(PublishDiagnosticsParams { uri, diagnostics, version }));
    }

    pub(crate) fn show(&self, kind: MessageType, text: &str) {
        self.put(Outgoing::Message(kind, format!("deep-review: {text}")));
    }

    pub(crate) fn log(&self, kind: MessageType, text: String) {
        self.put(Outgoing::Log(kind, text));
    }

    pub(crate) fn round_changed(&self, params: Value) {
        self.put(Outgoing::RoundChanged(params));
    }

    /// Sends a request and does not care what comes back.
    fn ask<T: Send + 'static>(&self, request: impl Future<Output = T> + Send + 'static) {
        drop(tokio::spawn(tokio::time::timeout(PATIENCE, request)));
    }

    pub(crate) fn refresh_diagnostics(&self) {
        let client = self.client.clone();
        self.ask(async move { client.workspace_diagnostic_refresh().await });
    }

    pub(crate) fn refresh_lenses(&self) {
        let client = self.client.clone();
        self.ask(async move { client.code_lens_refresh().await });
    }

    /// Has the client apply an edit; `Err` says why it did not.
    pub(crate) async fn apply(&self, label: String, edit: WorkspaceEdit) -> Result<(), String> {
        let _ = label;
        match tokio::time::timeout(PATIENCE, self.client.apply_edit(edit)).await {
            Err(_) => Err("the editor did not answer".into()),
            Ok(Err(e)) => Err(format!("the editor refused the edit: {}", e.message)),
            Ok(Ok(answer)) if !answer.applied => {
                Err(answer.failure_reason.unwrap_or_else(|| "the editor did not apply the edit".into()))
            }
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// Has the client show a file.
    pub(crate) async fn show_document(&self, uri: Uri, external: bool, selection: Option<Range>) -> bool {
        let params = ShowDocumentParams { uri, external: Some(external), take_focus: Some(true), selection };
        matches!(tokio::time::timeout(PATIENCE, self.client.show_document(params)).await, Ok(Ok(true)))
    }

    /// Registers what can only be registered now, and fetches the settings.
    pub(crate) fn register(&self, able: Abilities, events: UnboundedSender<Event>) {
        let mut registrations = Vec::new();
        if able.watches {
            let watchers: Vec<Value> =
                ["**/.git/HEAD", "**/.git/logs/HEAD"].iter().map(|glob| json!({ "globPattern": glob })).collect();
            registrations.push(Registration {
                id: "deepReview.files".into(),
                method: "workspace/didChangeWatchedFiles".into(),
                register_options: Some(json!({ "watchers": watchers })),
            });
        }
        if able.configuration_registration {
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
        if able.configuration {
            self.fetch_settings(events);
        }
    }

    /// Asks the client for the section `deepReview`.
    pub(crate) fn fetch_settings(&self, events: UnboundedSender<Event>) {
        let (client, outbox) = (self.client.clone(), self.clone());
        self.ask(async move {
            let items = vec![ConfigurationItem { scope_uri: None, section: Some("deepReview".into()) }];
            if let Ok(values) = client.configuration(items).await
                && let Some(section) = values.first().filter(|v| !v.is_null())
            {
                outbox.take_settings(section, &events);
            }
        });
    }

    /// Reads settings and tells the owner; what is wrong with them is shown.
    pub(crate) fn take_settings(&self, section: &Value, events: &UnboundedSender<Event>) {
        let (settings, wrong) = Settings::read(section);
        if let Some(wrong) = wrong {
            self.show(MessageType::WARNING, &wrong);
        }
        let _ = events.send(Event::Settings(Box::new(settings)));
    }

    /// Starts to show a review's progress; [`progress::Said`] goes into the sender.
    pub(crate) fn progress(&self, able: Abilities, review: u64) -> UnboundedSender<progress::Said> {
        let (said, listen) = unbounded_channel();
        let client = self.client.clone();
        tokio::spawn(progress::show(client, able.progress, listen, review));
        said
    }
}
