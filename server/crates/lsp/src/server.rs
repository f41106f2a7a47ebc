//! One method a message of the protocol. Notifications go to the loop before anything is awaited; requests take a
//! snapshot from the loop and are answered in a task of their own.

use crate::client::outbox::Outbox;
use crate::client::progress;
use crate::client::stdout::Ready;
use crate::event::Event;
use crate::main_loop::GlobalState;
use crate::protocol::capabilities::ClientCapabilities;
use crate::protocol::commands::{Command, CommandName};
use crate::protocol::error::CommandError;
use crate::protocol::own::{
    ChoiceParams, Commits, CommitsRequest, ExplainParams, ExplainRequest, Explained, FindingsParams, FindingsRequest,
    PullRequests, Repositories, StatusRequest, Text, TextParams, TextRequest,
};
use crate::protocol::settings::{Settings, trust_of};
use crate::protocol::uri::file_path;
use crate::requests::BackgroundRequest;
use crate::requests::choices;
use crate::requests::execute_command::{self, Begun, CommandContext};
use crate::state::snapshot::Snapshot;
use crate::tasks::workers::Workers;
use lsp_types::notification::Progress as ProgressNotification;
use lsp_types::request::*;
use lsp_types::*;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::{Client, ClientSocket, LanguageServer, LspService};

/// The server as the framework sees it.
pub(crate) struct Server {
    client: Client,
    outbox: OnceLock<Outbox>,
    direct: mpsc::Sender<Ready>,
    events: UnboundedSender<Event>,
    waiting: std::sync::Mutex<Option<UnboundedReceiver<Event>>>,
    stop: CancellationToken,
    ended: Ended,
    user_file: Option<PathBuf>,
}

/// How the session went, for whoever runs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ended {
    shutdown: std::sync::Arc<AtomicBool>,
    /// The process that started the server.
    pub(crate) parent: std::sync::Arc<OnceLock<u32>>,
    /// Cancelled when the server cannot go on.
    pub(crate) broken: CancellationToken,
    /// What runs the reviews.
    pub(crate) workers: Workers,
}

impl Ended {
    /// A session that has just begun, whose reviews run on `workers`.
    pub(crate) fn of(workers: Workers) -> Self {
        Self { workers, ..Self::default() }
    }

    /// Whether the client said goodbye as the protocol has it.
    pub(crate) fn properly(&self) -> bool {
        self.shutdown.load(Ordering::SeqCst)
    }
}

/// A service that is ready to be served; `stop` ends every review, `user_file` is the user's configuration, `direct`
/// takes notifications.
pub(crate) fn service(
    stop: CancellationToken,
    ended: Ended,
    user_file: Option<PathBuf>,
    direct: mpsc::Sender<Ready>,
) -> (LspService<Server>, ClientSocket) {
    let service = LspService::build(move |client| {
        let (events, waiting) = unbounded_channel();
        let waiting = std::sync::Mutex::new(Some(waiting));
        Server { client, outbox: OnceLock::new(), direct, events, waiting, stop, ended, user_file }
    })
    .custom_method("deepReview/findings", Server::findings)
    .custom_method("deepReview/status", Server::status)
    .custom_method("deepReview/explain", Server::explain)
    .custom_method("deepReview/text", Server::text)
    .custom_method("deepReview/commits", Server::commits)
    .custom_method("deepReview/pullRequests", Server::pull_requests)
    .custom_method("window/workDoneProgress/cancel", Server::cancel_progress);
    #[cfg(test)]
    let service =
        service.custom_method("deepReview/panic", Server::panic).custom_method("deepReview/sync", Server::sync);
    service.finish()
}

impl Server {
    fn send(&self, event: Event) {
        // The loop ends only with the server.
        let _ = self.events.send(event);
    }

    fn outbox(&self) -> &Outbox {
        self.outbox.get_or_init(|| Outbox::new(self.client.clone(), self.direct.clone()))
    }

    /// The state after everything that the client said before. Asked for at once, awaited later.
    fn snapshot(&self) -> oneshot::Receiver<Snapshot> {
        let (reply, snapshot) = oneshot::channel();
        self.send(Event::Ask(reply));
        snapshot
    }

    /// Answers a request beside the loop and the threads that everything else needs; a panic is that request's error
    /// and nothing more.
    async fn answer<R: BackgroundRequest>(&self, params: R::Params) -> Result<R::Answer> {
        let snapshot = self.snapshot().await.map_err(|_| shutting_down())?;
        tokio::task::spawn_blocking(move || R::answer(&snapshot, params)).await.map_err(|_| ours())
    }

    async fn findings(&self, params: FindingsParams) -> Result<Repositories> {
        self.answer::<FindingsRequest>(params).await
    }

    async fn status(&self, params: Value) -> Result<Repositories> {
        self.answer::<StatusRequest>(params).await
    }

    /// Answers when what was said before is done, and what followed from it was sent.
    #[cfg(test)]
    async fn sync(&self, _: Value) -> Result<Value> {
        let (reply, idle) = oneshot::channel();
        self.send(Event::Idle(reply));
        idle.await.map_err(|_| shutting_down())?;
        self.outbox().sent().await;
        Ok(Value::Null)
    }

    #[cfg(test)]
    async fn panic(&self, _: Value) -> Result<Value> {
        self.answer::<tests::PanicRequest>(()).await
    }

    async fn explain(&self, params: ExplainParams) -> Result<Explained> {
        self.answer::<ExplainRequest>(params).await?.map_err(refused)
    }

    async fn text(&self, params: TextParams) -> Result<Text> {
        self.answer::<TextRequest>(params).await?.map_err(refused)
    }

    async fn commits(&self, params: ChoiceParams) -> Result<Commits> {
        self.answer::<CommitsRequest>(params).await?.map_err(refused)
    }

    async fn pull_requests(&self, params: ChoiceParams) -> Result<PullRequests> {
        let snapshot = self.snapshot().await.map_err(|_| shutting_down())?;
        // In a task of its own: a panic of ours is this request's error.
        let listed = tokio::spawn(async move { choices::pull_requests(&snapshot, params).await });
        listed.await.map_err(|_| ours())?.map_err(refused)
    }

    async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        if let Some(review) = progress::review_of(&params.token) {
            self.send(Event::CancelReview(review));
        }
    }
}

fn failed(code: ErrorCode, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error { code, message: message.into(), data: None }
}

/// The answer to a request whose work panicked.
fn ours() -> Error {
    failed(ErrorCode::InternalError, "deep-review failed at this request; it is an error of ours")
}

fn shutting_down() -> Error {
    failed(ErrorCode::RequestCancelled, "the server is shutting down")
}

/// The folders that the client works in.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let named = params.workspace_folders.iter().flatten().filter_map(|folder| file_path(&folder.uri));
    let mut folders: Vec<PathBuf> = named.collect();
    #[expect(deprecated, reason = "older clients send nothing else")]
    if folders.is_empty() {
        folders.extend(params.root_uri.as_ref().and_then(file_path));
        folders.extend(params.root_path.as_ref().filter(|_| params.root_uri.is_none()).map(PathBuf::from));
    }
    folders
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let waiting = self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            let state = GlobalState::new(
                self.outbox().clone(),
                self.events.clone(),
                self.stop.clone(),
                self.ended.workers.clone(),
                self.user_file.clone(),
            );
            let broken = self.ended.broken.clone();
            tokio::spawn(async move {
                // Without its state the server is of no use: it ends, and the client starts another.
                if tokio::spawn(state.run(waiting)).await.is_err() {
                    broken.cancel();
                }
            });
        }
        if let Some(parent) = params.process_id {
            let _ = self.ended.parent.set(parent);
        }
        let capabilities = ClientCapabilities::of(&params);
        let options = params.initialization_options.clone().unwrap_or_default();
        let (settings, wrong) = Settings::read(options.get("settings").unwrap_or(&options));
        if let Some(wrong) = wrong {
            self.outbox().show(MessageType::WARNING, &wrong);
        }
        let trusted = trust_of(&options);
        self.send(Event::Initialize { capabilities, folders: folders(&params), settings, trusted });
        Ok(InitializeResult {
            capabilities: capabilities.server(),
            server_info: Some(ServerInfo {
                name: "deep-review".into(),
                version: Some(env!("CARGO_PKG_VERSION").into()),
            }),
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.outbox().open();
        self.send(Event::Initialized);
    }

    async fn shutdown(&self) -> Result<()> {
        self.ended.shutdown.store(true, Ordering::SeqCst);
        self.stop.cancel();
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.send(Event::Opened(Box::new(params.text_document)));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.send(Event::Changed(params));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.send(Event::Closed(params.text_document.uri));
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.send(Event::Saved(params.text_document.uri));
    }

    async fn did_change_watched_files(&self, _: DidChangeWatchedFilesParams) {
        self.send(Event::Touched);
    }

    async fn did_rename_files(&self, _: RenameFilesParams) {
        self.send(Event::Touched);
    }

    async fn did_delete_files(&self, _: DeleteFilesParams) {
        self.send(Event::Touched);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: &[WorkspaceFolder]| folders.iter().filter_map(|f| file_path(&f.uri)).collect();
        self.send(Event::Folders { added: paths(&params.event.added), removed: paths(&params.event.removed) });
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        // A client that is asked sends nothing of use here, and one that is not sends it all.
        match params.settings.get("deepReview") {
            Some(section) => {
                self.send(Event::Settings { request: None, section: Some(section.clone()), folders: Vec::new() });
            }
            None => self.send(Event::SettingsChanged),
        }
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        self.answer::<DocumentDiagnosticRequest>(params).await
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        let token = params.partial_result_params.partial_result_token.clone();
        let reports = self.answer::<WorkspaceDiagnosticRequest>(params).await?;
        let Some(token) = token else {
            return Ok(WorkspaceDiagnosticReport { items: reports }.into());
        };
        // In parts, where the client takes them; then the answer itself is empty.
        let client = self.client.clone();
        for part in reports.chunks(PART) {
            let value = json!({ "token": token, "value": { "items": part } });
            if let Ok(params) = serde_json::from_value(value) {
                client.send_notification::<PartialResult>(params).await;
            }
        }
        Ok(WorkspaceDiagnosticReport { items: Vec::new() }.into())
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.answer::<CodeActionRequest>(params).await
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        self.answer::<CodeActionResolveRequest>(action).await?.map_err(refused)
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.answer::<CodeLensRequest>(params).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.answer::<DocumentLinkRequest>(params).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        self.answer::<HoverRequest>(params).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let begun = Command::read(&params).and_then(|command| execute_command::begin(command, &self.events));
        let snapshot = self.snapshot();
        let (outbox, events) = (self.outbox().clone(), self.events.clone());
        let token = params.work_done_progress_params.work_done_token.clone();
        let is_long = [CommandName::Review, CommandName::Fix].iter().any(|name| params.command == name.as_str());
        let wait = !is_long || token.is_some();
        let task = tokio::spawn(async move {
            let snapshot = snapshot.await.map_err(|_| shutting_down())?;
            let progress = CommandProgress::begin(outbox.clone(), token, &params.command);
            let done = match begun {
                Ok(Begun::WithLoop(coming)) => execute_command::answer(coming, wait).await,
                Ok(Begun::OnSnapshot(command)) => CommandContext { snapshot, outbox, events }.run(command).await,
                Err(refused) => Err(refused),
            };
            progress.end(done.as_ref().err().map(ToString::to_string)).await;
            let result = done.map_err(refused)?;
            serde_json::to_value(result).map(Some).map_err(|_| ours())
        });
        task.await.unwrap_or_else(|_| Err(ours()))
    }
}

/// A command's error in the protocol's words.
fn refused(error: CommandError) -> Error {
    match error {
        CommandError::Invalid(message) => failed(ErrorCode::InvalidParams, message),
        CommandError::Failed(message) => failed(ErrorCode::ServerError(REQUEST_FAILED), message),
    }
}

/// LSP's code for a request that was right and could not be done.
const REQUEST_FAILED: i64 = -32803;

/// Files in one part of a `workspace/diagnostic` answer.
const PART: usize = 100;

/// `$/progress` with a partial result in it.
enum PartialResult {}

impl lsp_types::notification::Notification for PartialResult {
    type Params = Value;
    const METHOD: &'static str = ProgressNotification::METHOD;
}

/// A command's own progress, begun and ended once, where the client gave a token.
struct CommandProgress(Option<(Outbox, ProgressToken)>);

impl CommandProgress {
    fn begin(outbox: Outbox, token: Option<ProgressToken>, command: &str) -> Self {
        let progress = Self(token.map(|token| (outbox, token)));
        let begin = WorkDoneProgressBegin { title: command.to_owned(), ..WorkDoneProgressBegin::default() };
        progress.tell(WorkDoneProgress::Begin(begin));
        progress
    }

    /// The token is good until the answer is sent, so this is sent before.
    async fn end(self, message: Option<String>) {
        self.tell(WorkDoneProgress::End(WorkDoneProgressEnd { message }));
        if let Some((outbox, _)) = self.0 {
            outbox.sent().await;
        }
    }

    fn tell(&self, value: WorkDoneProgress) {
        if let Some((outbox, token)) = &self.0 {
            outbox.tell(token.clone(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) enum PanicRequest {}

    impl BackgroundRequest for PanicRequest {
        type Params = ();
        type Answer = Value;

        fn answer(_: &Snapshot, (): ()) -> Value {
            panic!("asked for by a test")
        }
    }
}
