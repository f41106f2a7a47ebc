//! All that can happen to the server, as one closed type.

use crate::protocol::capabilities::ClientCapabilities;
use crate::protocol::commands::{CancelArgs, CommandResult, Errand, RepoArgs, ReviewOptions, VisitArgs};
use crate::protocol::error::CommandError;
use crate::protocol::settings::Settings;
use crate::state::documents::Version;
use crate::state::projection::{PlacedAnchor, RoundIndex};
use crate::state::report_index::ReportIndex;
use crate::state::snapshot::{BackgroundRound, RepoKey, Snapshot};
use crate::state::stamps::{Discovered, Loaded, Polled};
use crate::state::visit::Visit;
use agent::Progress;
use finding::{AgentName, Decisions, RepoPath};
use lsp_types::{DidChangeTextDocumentParams, TextDocumentItem, Uri};
use ops::Trust;
use serde_json::Value;
use serde_json::value::RawValue;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Where the answer to a command goes.
pub(crate) type Reply = oneshot::Sender<Result<CommandResult, CommandError>>;

/// A review that was begun, the background's too: no two have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ReviewId(pub(crate) u64);

/// All that can happen.
pub(crate) enum Event {
    /// The client said who it is.
    Initialize {
        capabilities: ClientCapabilities,
        folders: Vec<PathBuf>,
        settings: Settings,
        trusted: Trust,
    },
    /// The client is ready for requests of ours.
    Initialized,
    Opened(Box<TextDocumentItem>),
    Changed(DidChangeTextDocumentParams),
    Closed(Uri),
    Saved(Uri),
    Folders {
        added: Vec<PathBuf>,
        removed: Vec<PathBuf>,
    },
    /// Files changed on disk, or were renamed or deleted in the editor.
    Touched,
    /// The section `deepReview`, for all and for folders of their own (by root); `None` where nothing was said.
    Settings {
        /// Which request of ours it answers; `None` if the client said it by itself.
        request: Option<u64>,
        section: Option<Value>,
        folders: Vec<(PathBuf, Value)>,
    },
    /// The settings changed; what they are now is to be asked for.
    SettingsChanged,
    /// Somebody wants the state as it is after everything before this.
    Ask(oneshot::Sender<Snapshot>),
    /// What repository a folder is in, and its root in the client's spelling.
    Found {
        folder: PathBuf,
        found: Discovered,
    },
    /// What is stored of a repository's branch.
    Loaded {
        repo: RepoKey,
        /// Which reading it is.
        reading: u64,
        loaded: Box<Loaded>,
    },
    /// What is to be said of files.
    Diagnosed {
        repo: RepoKey,
        files: Vec<(RepoPath, Option<FileDiagnostics>)>,
    },
    /// Diagnosing these files ended by an error of ours.
    NotDiagnosed {
        repo: RepoKey,
        files: Vec<RepoPath>,
    },
    /// What the files of a repository are like.
    Polled {
        repo: RepoKey,
        polled: Polled,
    },
    Decided {
        repo: RepoKey,
        decisions: Decisions,
    },
    Review {
        of: RepoArgs,
        options: Box<ReviewOptions>,
        reply: Reply,
    },
    Cancel {
        of: CancelArgs,
        reply: Reply,
    },
    /// A review is due that the user wants to start by itself.
    Due {
        repo: RepoKey,
    },
    /// Something is to be looked at without being checked out.
    Visit {
        args: VisitArgs,
        reply: Reply,
    },
    /// It was found, or could not be.
    Visited {
        /// The repository that it is in.
        repo: RepoKey,
        visited: Box<Result<Visit, CommandError>>,
        reply: Reply,
    },
    /// It is not looked at any more.
    Leave {
        root: PathBuf,
        reply: Reply,
    },
    /// The user pressed cancel on the progress of that review.
    CancelReview(ReviewId),
    /// A review came so far.
    Round {
        repo: RepoKey,
        review: ReviewId,
        round: Arc<RoundIndex>,
    },
    /// What an agent of a review does.
    Doing {
        repo: RepoKey,
        review: ReviewId,
        agent: AgentName,
        progress: Progress,
    },
    /// Something to be known, for the client's log.
    Log(String),
    /// Something to be written into the client's log.
    Warning(String),
    Ended {
        repo: RepoKey,
        review: ReviewId,
        result: Result<CommandResult, CommandError>,
    },
    /// Agents are to do something about findings besides a review.
    Errand {
        errand: Box<Errand>,
        reply: Reply,
    },
    ErrandEnded {
        repo: RepoKey,
        errand: ReviewId,
        result: Result<CommandResult, CommandError>,
    },
    /// The built-in agents reviewed by themselves; `None` if nothing differs from the base.
    BackgroundReviewed {
        repo: RepoKey,
        review: ReviewId,
        result: Result<Option<BackgroundRound>, CommandError>,
    },
    /// The report of a round was written, or could not be.
    Reported {
        repo: RepoKey,
        round_index: Arc<RoundIndex>,
        report: Option<ReportIndex>,
    },
    /// Somebody wants to know when there is nothing left to do.
    #[cfg(test)]
    Idle(oneshot::Sender<()>),
}

impl Event {
    /// Whether somebody asks for what the repositories decide.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(
            self,
            Event::Ask(_) | Event::Review { .. } | Event::Cancel { .. } | Event::Errand { .. } | Event::Visit { .. }
        )
    }
}

/// What is to be said of a file.
#[derive(Debug)]
pub(crate) struct FileDiagnostics {
    pub(crate) uri: Uri,
    pub(crate) version: Option<Version>,
    /// The diagnostics, as they go to the client.
    pub(crate) written: Box<RawValue>,
    pub(crate) is_empty: bool,
    /// Of the diagnostics.
    pub(crate) hash: u64,
    /// Where its findings are: what the editor's lists show of it.
    pub(crate) places: Vec<PlacedAnchor>,
}
