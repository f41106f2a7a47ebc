//! The one owner of state: takes events one after the other, and publishes what follows from them.

mod configured;
mod documents;
mod publish;
mod repositories;
mod reviews;

use super::capabilities::Abilities;
use super::outbox::Outbox;
use super::project::Plan;
use super::reports::Report;
use super::reviewing::{Asked, Refused};
use super::settings::{Settings, Trust};
use super::watch::{Mark, Stamp};
use super::world::{Repo, Seen, World};
use finding::{Decisions, RepoPath, Round};
use git::{HeadState, Repository};
use lsp_types::*;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often files that tell of a branch switch, of a round made elsewhere, or of an edit outside of the editor
/// are looked at. Clients that watch files for us make it quicker.
const LOOK: Duration = Duration::from_secs(1);

/// Where the answer to a command goes.
pub(crate) type Reply = oneshot::Sender<Result<Value, Refused>>;

/// All that can happen.
pub(crate) enum Event {
    /// The client said who it is.
    Initialize {
        abilities: Abilities,
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
        /// Which asking of ours it answers; `None` if the client said it by itself.
        asked: Option<u64>,
        section: Option<Value>,
        folders: Vec<(PathBuf, Value)>,
    },
    /// The settings changed; what they are now is to be asked for.
    SettingsChanged,
    /// Somebody wants the world as it is after everything before this.
    Ask(oneshot::Sender<World>),
    /// What repository a folder is in.
    Found {
        folder: PathBuf,
        found: Option<(Repository, PathBuf)>,
    },
    /// What is stored of a repository's branch.
    Loaded {
        root: PathBuf,
        /// Which reading it is.
        number: u64,
        loaded: Box<Loaded>,
    },
    /// Files that are not open, laid under a plan.
    Seen {
        root: PathBuf,
        /// Which look it is.
        number: u64,
        plan: Arc<Plan>,
        files: Vec<(RepoPath, Option<Seen>)>,
    },
    /// What the files that we look at are like.
    Looked {
        root: PathBuf,
        stamp: Stamp,
    },
    Decided {
        root: PathBuf,
        decisions: Decisions,
    },
    Review {
        root: Option<PathBuf>,
        uri: Option<Uri>,
        asked: Box<Asked>,
        reply: Reply,
    },
    Cancel {
        root: Option<PathBuf>,
        uri: Option<Uri>,
        reply: Reply,
    },
    /// The user pressed cancel on the progress of that review.
    CancelReview(u64),
    Round {
        root: PathBuf,
        number: u64,
        event: review::Event,
    },
    Ended {
        root: PathBuf,
        number: u64,
        result: Result<Value, Refused>,
    },
    /// The built-in agents looked by themselves.
    LookedAlone {
        root: PathBuf,
        number: u64,
        result: Result<Option<review::Look>, Refused>,
    },
    /// A round's report was written.
    Reported {
        root: PathBuf,
        plan: Arc<Plan>,
        report: Report,
    },
}

/// What [`Repo`] starts from.
pub(crate) struct Loaded {
    /// What the repository's files were like before they were read.
    pub(crate) stamp: Vec<Mark>,
    pub(crate) head: Option<HeadState>,
    pub(crate) round: Option<Round>,
    pub(crate) decisions: Decisions,
    pub(crate) problems: Vec<String>,
}

/// A review under way, and the one that comes next.
struct Job {
    number: u64,
    cancel: CancellationToken,
    reply: Option<Reply>,
    kind: Kind,
    next: Option<(Box<Asked>, Reply)>,
}

/// Who wanted a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The user.
    Asked,
    /// Nobody: the built-in agents look by themselves. `again`: something was saved meanwhile.
    Alone { again: bool },
}

/// What a client was last told of a file.
struct Told {
    uri: Uri,
    hash: u64,
    version: Option<i32>,
    empty: bool,
}

pub(crate) struct Owner {
    world: World,
    outbox: Outbox,
    events: UnboundedSender<Event>,
    /// Open documents whose projection is older than their text.
    stale: HashSet<Uri>,
    /// Files whose diagnostics may have changed.
    dirty: BTreeSet<(PathBuf, RepoPath)>,
    told: HashMap<(PathBuf, RepoPath), Told>,
    stamps: HashMap<PathBuf, Vec<Mark>>,
    jobs: HashMap<PathBuf, Job>,
    looking: HashSet<PathBuf>,
    asked_for: HashSet<PathBuf>,
    /// The number of the newest that was taken in of a repository, read or decided: readings may overtake each other.
    taken: HashMap<PathBuf, u64>,
    /// The number of the newest look at each file that was not open, begun or done.
    newest_looks: HashMap<PathBuf, HashMap<RepoPath, u64>>,
    /// Reviews, readings, looks and decisions so far.
    count: u64,
    /// How often the client was asked for settings, and which asking was answered last: answers may overtake each
    /// other.
    askings: u64,
    answered: u64,
    /// Whether the client said what its settings are, or will not.
    configured: bool,
    /// Repositories that the built-in agents are to look at when the settings are known.
    unreviewed: HashSet<PathBuf>,
    /// Whether rounds or states changed that the editor's lists show.
    changed: bool,
    /// Ends every review when the server does.
    stop: CancellationToken,
    reviews: TaskTracker,
}

impl Owner {
    pub(crate) fn new(
        outbox: Outbox,
        events: UnboundedSender<Event>,
        stop: CancellationToken,
        reviews: TaskTracker,
        user_file: Option<PathBuf>,
    ) -> Self {
        Self {
            world: World { user_file, ..World::default() },
            outbox,
            events,
            stale: HashSet::new(),
            dirty: BTreeSet::new(),
            told: HashMap::new(),
            stamps: HashMap::new(),
            jobs: HashMap::new(),
            looking: HashSet::new(),
            asked_for: HashSet::new(),
            taken: HashMap::new(),
            newest_looks: HashMap::new(),
            count: 0,
            askings: 0,
            answered: 0,
            configured: false,
            unreviewed: HashSet::new(),
            changed: false,
            stop,
            reviews,
        }
    }

    /// Runs until nobody sends any more. What waits in the queue is taken at once, and published once.
    pub(crate) async fn run(mut self, mut events: UnboundedReceiver<Event>) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.take(event),
                    None => return,
                },
                _ = look.tick() => self.look(),
                () = self.stop.cancelled() => return self.end(),
            }
            while let Ok(event) = events.try_recv() {
                self.take(event);
            }
            self.publish();
        }
    }

    fn end(&mut self) {
        for (_, job) in self.jobs.drain() {
            job.cancel.cancel();
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Initialize { abilities, folders, settings, trusted } => {
                self.world.abilities = abilities;
                self.world.settings = Arc::new(settings);
                self.world.trusted = trusted;
                self.configured = !abilities.configuration;
                for folder in folders {
                    self.find(&folder);
                }
            }
            Event::Initialized => {
                self.outbox.register(self.world.abilities);
                self.fetch_settings();
            }
            Event::Opened(item) => self.open(*item),
            Event::Changed(params) => self.change(&params),
            Event::Closed(uri) => self.close(&uri),
            Event::Saved(uri) => self.saved(&uri),
            Event::Folders { added, removed } => {
                for folder in removed {
                    self.forget(&folder);
                }
                for folder in added {
                    self.find(&folder);
                }
            }
            Event::Touched => {
                for repo in Arc::make_mut(&mut self.world.repos).values_mut() {
                    repo.missing.clear();
                }
                self.look();
            }
            Event::Settings { asked, section, folders } => {
                // What the client says by itself is newer than any answer that is still on its way.
                let asked = asked.unwrap_or(self.askings + 1);
                if asked >= self.answered {
                    self.answered = asked;
                    self.settings(section.as_ref(), &folders);
                }
            }
            Event::SettingsChanged => self.fetch_settings(),
            Event::Ask(reply) => {
                self.refresh();
                // Whoever asked may have been cancelled.
                let _ = reply.send(self.world.clone());
            }
            Event::Found { folder, found } => self.found(&folder, found),
            Event::Loaded { root, number, loaded } => self.loaded(&root, number, *loaded),
            Event::Seen { root, number, plan, files } => self.seen(&root, number, &plan, files),
            Event::Looked { root, stamp } => self.looked(&root, stamp),
            Event::LookedAlone { root, number, result } => self.looked_alone(&root, number, result),
            Event::Reported { root, plan, report } => self.reported(&root, &plan, report),
            Event::Decided { root, decisions } => self.decided(&root, decisions),
            Event::Review { root, uri, asked, reply } => {
                match self.world.repo(root.as_deref(), uri.as_ref()).map(|repo| repo.root().to_owned()) {
                    Ok(root) => self.review(&root, asked, reply),
                    // Whoever asked may be gone.
                    Err(refused) => drop(reply.send(Err(refused))),
                }
            }
            Event::Cancel { root: None, uri: None, reply } => self.cancel(None, reply),
            Event::Cancel { root, uri, reply } => {
                match self.world.repo(root.as_deref(), uri.as_ref()).map(|repo| repo.root().to_owned()) {
                    Ok(root) => self.cancel(Some(&root), reply),
                    Err(refused) => drop(reply.send(Err(refused))),
                }
            }
            Event::CancelReview(number) => {
                if let Some(job) = self.jobs.values().find(|job| job.number == number) {
                    job.cancel.cancel();
                }
            }
            Event::Round { root, number, event } => self.round(&root, number, event),
            Event::Ended { root, number, result } => self.ended(&root, number, result),
        }
    }

    fn repo(&mut self, root: &Path) -> Option<&mut Repo> {
        Arc::make_mut(&mut self.world.repos).get_mut(root)
    }
}

#[cfg(test)]
mod tests;
