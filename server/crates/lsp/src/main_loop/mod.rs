//! The loop that owns the state: it takes events one after the other, waits for nothing, and hands everything that reads
//! files or takes time to a [task](crate::tasks). Its handlers are the methods of [`GlobalState`]; a request gets a
//! [`Snapshot`].

mod documents;
mod errands;
mod memory;
mod publish;
mod repositories;
mod repository_state;
mod reviews;
mod settings;
mod visits;
mod waiting;
mod watching;

use self::repository_state::RepositoryState;
use crate::client::outbox::Outbox;
use crate::event::{Event, ReviewId};
use crate::protocol::capabilities::ClientCapabilities;
use crate::protocol::settings::Settings;
use crate::state::snapshot::{Repo, RepoKey, Snapshot};
use crate::tasks::workers::Workers;
use ops::Trust;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_util::sync::CancellationToken;

/// How often files that tell of a branch switch, of a round made elsewhere, or of an edit outside of the editor
/// are polled. Clients that watch files for us make it quicker.
const POLL: Duration = Duration::from_secs(1);

/// All state of the server.
pub(crate) struct GlobalState {
    /// All but the repositories, which are put in when a snapshot is taken.
    shared: Snapshot,
    /// By root.
    repositories: BTreeMap<PathBuf, RepositoryState>,
    /// Repositories that were found so far, those that are gone too.
    stays: u64,
    /// Reviews that were begun so far.
    reviews_begun: u64,
    /// What agents are asked besides reviews; they take their numbers from the reviews.
    errands: BTreeMap<ReviewId, errands::UnderWay>,
    /// Folders of which it is being found out in which repository they are.
    finding: HashSet<PathBuf>,
    /// Folders of the workspace that are in no repository so far, with what was said of that: they are looked at again, for
    /// a repository may be made there, or be allowed to be opened.
    outside: BTreeMap<PathBuf, Option<String>>,
    waiting: waiting::Waiting,
    settings_requests: settings::Requests,
    /// Whether rounds or states changed that the editor's lists show.
    lists_changed: bool,
    memory: memory::Memory,
    outbox: Outbox,
    events: UnboundedSender<Event>,
    /// Ends every review when the server does.
    stop: CancellationToken,
    workers: Workers,
    #[cfg(test)]
    waiting_for_idle: Vec<tokio::sync::oneshot::Sender<()>>,
}

impl GlobalState {
    pub(crate) fn new(
        outbox: Outbox,
        events: UnboundedSender<Event>,
        stop: CancellationToken,
        workers: Workers,
        user_file: Option<PathBuf>,
    ) -> Self {
        Self {
            shared: Snapshot { user_file, ..Snapshot::default() },
            repositories: BTreeMap::new(),
            stays: 0,
            reviews_begun: 0,
            errands: BTreeMap::new(),
            finding: HashSet::new(),
            outside: BTreeMap::new(),
            waiting: waiting::Waiting::default(),
            settings_requests: settings::Requests::default(),
            lists_changed: false,
            memory: memory::Memory::default(),
            outbox,
            events,
            stop,
            workers,
            #[cfg(test)]
            waiting_for_idle: Vec::new(),
        }
    }

    /// Runs until nobody sends any more. What waits in the queue is taken at once, and published once.
    pub(crate) async fn run(mut self, mut events: UnboundedReceiver<Event>) {
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.handle(event),
                    None => return,
                },
                _ = poll.tick() => {
                    self.poll_files();
                    self.look_again();
                    self.take_waiting();
                    self.give_back_memory();
                }
                () = self.stop.cancelled() => return self.end(),
            }
            while let Ok(event) = events.try_recv() {
                self.handle(event);
            }
            self.publish();
        }
    }

    fn end(&mut self) {
        for state in self.repositories.values_mut() {
            state.end("the server is shutting down");
        }
    }

    fn handle(&mut self, event: Event) {
        if event.is_asked() && self.is_searching() {
            return self.waiting.events.push(event);
        }
        self.take(event);
        self.take_waiting();
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Initialize { capabilities, folders, settings, trusted } => {
                self.initialize(capabilities, &folders, settings, trusted);
            }
            Event::Initialized => {
                self.outbox.register(self.shared.capabilities);
                self.fetch_settings();
            }
            Event::Opened(item) => self.open(*item),
            Event::Changed(params) => self.change(&params),
            Event::Closed(uri) => self.close(&uri),
            Event::Saved(uri) => self.saved(&uri),
            Event::Folders { added, removed } => {
                removed.iter().for_each(|folder| self.remove_folder(folder));
                added.iter().for_each(|folder| self.add_folder(folder));
            }
            Event::Touched => self.touched(),
            Event::Settings { request, section, folders } => self.take_settings(request, section.as_ref(), &folders),
            Event::SettingsChanged => self.fetch_settings(),
            // Whoever asked may have been cancelled.
            Event::Ask(reply) => drop(reply.send(self.snapshot())),
            Event::Found { folder, found } => self.found(&folder, found),
            Event::Loaded { repo, reading, loaded } => self.loaded(&repo, reading, *loaded),
            Event::Diagnosed { repo, files } => self.diagnosed(&repo, files),
            Event::NotDiagnosed { repo, files } => self.not_diagnosed(&repo, &files),
            Event::Polled { repo, polled } => self.polled(&repo, polled),
            Event::Decided { repo, decisions } => self.decided(&repo, decisions),
            Event::Review { of, options, reply } => self.review(&of, options, reply),
            Event::Cancel { of, reply } => self.cancel(of, reply),
            Event::Due { repo } => self.due(&repo),
            Event::Visit { args, reply } => self.visit(args, reply),
            Event::Visited { repo, visited, reply } => self.visited(&repo, *visited, reply),
            Event::Leave { root, reply } => self.leave(&root, reply),
            Event::CancelReview(review) => self.cancel_review(review),
            Event::Round { repo, review, round } => self.round(&repo, review, round),
            Event::Doing { repo, review, agent, progress } => self.doing(&repo, review, agent, &progress),
            Event::Log(text) => self.outbox.log(lsp_types::MessageType::INFO, text),
            Event::Warning(text) => self.outbox.log(lsp_types::MessageType::WARNING, text),
            Event::Ended { repo, review, result } => self.ended(&repo, review, result),
            Event::Errand { errand, reply } => self.errand(*errand, reply),
            Event::ErrandEnded { repo, errand, result } => self.errand_ended(&repo, errand, result),
            Event::BackgroundReviewed { repo, review, result } => self.background_reviewed(&repo, review, result),
            Event::Reported { repo, round_index, report } => self.reported(&repo, &round_index, report),
            #[cfg(test)]
            Event::Idle(reply) => self.waiting_for_idle.push(reply),
        }
    }

    fn initialize(
        &mut self,
        capabilities: ClientCapabilities,
        folders: &[PathBuf],
        settings: Settings,
        trusted: Trust,
    ) {
        self.shared.capabilities = capabilities;
        self.shared.settings = Arc::new(settings);
        self.shared.trusted = trusted;
        self.settings_requests.expect_answer(capabilities.configuration);
        folders.iter().for_each(|folder| self.add_folder(folder));
    }

    /// Everything as it is now.
    fn snapshot(&self) -> Snapshot {
        let repos = self.repositories.iter().map(|(root, state)| (root.clone(), state.repo.clone()));
        Snapshot { repos: repos.collect(), ..self.shared.clone() }
    }

    /// The state of a repository, if it did not leave the workspace since.
    fn state(&mut self, key: &RepoKey) -> Option<&mut RepositoryState> {
        self.repositories.get_mut(&key.root).filter(|state| state.repo.key == *key)
    }

    /// What is shown of a repository, to be changed.
    fn repo(&mut self, root: &Path) -> Option<&mut Repo> {
        self.repositories.get_mut(root).map(RepositoryState::repo)
    }
}

#[cfg(test)]
mod tests;
