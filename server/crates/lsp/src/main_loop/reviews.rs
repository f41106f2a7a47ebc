//! Reviews under way: one at a time and repository, and one that waits.

use super::GlobalState;
use super::repository_state::{Job, JobKind};
use crate::client::progress;
use crate::event::{Event, Reply, ReviewId};
use crate::protocol::commands::{CancelArgs, CommandResult, RepoArgs, ReviewOptions, ReviewResult};
use crate::protocol::error::CommandError;
use crate::protocol::settings::Auto;
use crate::state::projection::RoundIndex;
use crate::state::snapshot::{BackgroundRound, RepoKey, Running};
use crate::tasks::review;
use ::review::Stops;
use agent::Progress;
use finding::AgentName;
use lsp_types::MessageType;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

impl GlobalState {
    /// Has the built-in agents review by themselves, where the settings and the round have it so; not while the user's
    /// own review runs.
    pub(super) fn review_in_background(&mut self, root: &Path) {
        let snapshot = self.snapshot();
        let are_known = self.settings_requests.are_known();
        let Some(state) = self.repositories.get_mut(root) else { return };
        if !are_known {
            state.awaits_settings = true;
            return;
        }
        let repo = state.repo.clone();
        if snapshot.settings_of(&repo).auto() != Auto::Builtin || !review::may_review_in_background(&repo) {
            return;
        }
        if let Some(job) = &mut state.job {
            if let JobKind::Background { again } = &mut job.kind {
                *again = true;
            }
            return;
        }
        let context = snapshot.context(&repo);
        let (review, cancel) = self.begin(root, JobKind::Background { again: false });
        let events = self.events.clone();
        self.workers.spawn(async move {
            let key = repo.key.clone();
            let result = review::run_in_background(repo, context, cancel).await;
            let _ = events.send(Event::BackgroundReviewed { repo: key, review, result });
        });
    }

    /// Puts a review down as under way, and what cancels it.
    fn begin(&mut self, root: &Path, kind: JobKind) -> (ReviewId, CancellationToken) {
        self.reviews_begun += 1;
        let (review, cancel) = (ReviewId(self.reviews_begun), self.stop.child_token());
        if let Some(state) = self.repositories.get_mut(root) {
            if matches!(kind, JobKind::Asked(_) | JobKind::Due) {
                let repo = state.repo();
                repo.running = Some(Running { started: Instant::now(), stops: Stops::default() });
                repo.activity = Arc::default();
            }
            state.job = Some(Job { review, cancel: cancel.clone(), kind, next: None });
        }
        self.lists_changed = true;
        (review, cancel)
    }

    /// Takes away the job of a review that ended, if it is still that.
    fn finish(&mut self, key: &RepoKey, review: ReviewId) -> Option<Job> {
        self.memory.note_use();
        self.state(key)?.job.take_if(|job| job.review == review)
    }

    pub(super) fn background_reviewed(
        &mut self,
        key: &RepoKey,
        review: ReviewId,
        result: Result<Option<BackgroundRound>, CommandError>,
    ) {
        let Some(job) = self.finish(key, review) else { return };
        match result {
            Ok(round) => self.take_background_round(&key.root, round),
            Err(refused) => self.outbox.log(MessageType::INFO, format!("not reviewed: {refused}")),
        }
        if let Some((options, reply)) = job.next {
            self.start(&key.root, *options, reply);
        } else if let JobKind::Background { again: true } = job.kind {
            self.review_in_background(&key.root);
        }
        self.take_due(&key.root);
    }

    /// What was seen again is not shown anew.
    fn take_background_round(&mut self, root: &Path, round: Option<BackgroundRound>) {
        let Some(repo) = self.repo(root) else { return };
        let same = match (&repo.background, &round) {
            (Some(before), Some(now)) => {
                let (before, now) = (&before.index.round, &now.index.round);
                before.findings == now.findings && before.texts == now.texts && before.scope == now.scope
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same {
            repo.background = round;
            self.show_round(root);
        }
    }

    /// One at a time; a newer request takes the place of the one that waits.
    pub(super) fn review(&mut self, of: &RepoArgs, options: Box<ReviewOptions>, reply: Reply) {
        let root = match self.root(of) {
            Ok(root) => root,
            Err(refused) => return drop(reply.send(Err(refused))),
        };
        match self.repositories.get_mut(&root).and_then(|state| state.job.as_mut()) {
            None => self.start(&root, *options, reply),
            Some(job) => {
                if let JobKind::Background { .. } = job.kind {
                    job.cancel.cancel();
                }
                if let Some((_, before)) = job.next.replace((options, reply)) {
                    let _ = before.send(Err(CommandError::failed("a newer request took the place of this one")));
                }
            }
        }
    }

    fn root(&self, of: &RepoArgs) -> Result<PathBuf, CommandError> {
        self.snapshot().repo(of).map(|repo| repo.root().to_owned())
    }

    fn start(&mut self, root: &Path, options: ReviewOptions, reply: Reply) {
        if !self.repositories.contains_key(root) {
            return drop(reply.send(Err(CommandError::failed("the repository is no longer part of the workspace"))));
        }
        self.start_as(root, options, JobKind::Asked(reply));
    }

    pub(super) fn start_as(&mut self, root: &Path, options: ReviewOptions, kind: JobKind) {
        let snapshot = self.snapshot();
        let Some(repo) = snapshot.repos.get(root) else { return };
        let (review, cancel) = self.begin(root, kind);
        let running = self.repo(root).and_then(|repo| repo.running.as_ref());
        let stops = running.map(|running| running.stops.clone()).unwrap_or_default();
        let progress = progress::start(&self.outbox, self.shared.capabilities, review);
        let task = review::Task {
            repo: repo.clone(),
            options,
            context: snapshot.context(repo),
            review,
            cancel,
            stops,
            events: self.events.clone(),
            progress,
        };
        self.workers.spawn(task.run());
    }

    pub(super) fn cancel(&mut self, of: CancelArgs, reply: Reply) {
        let CancelArgs { root, uri, agent } = of;
        let of = RepoArgs { root, uri };
        if let Some(agent) = agent {
            return drop(reply.send(self.cancel_agent(&of, &agent)));
        }
        let only = match (&of.root, &of.uri) {
            (None, None) => None,
            _ => match self.root(&of) {
                Ok(root) => Some(root),
                Err(refused) => return drop(reply.send(Err(refused))),
            },
        };
        let mut cancelled = self.cancel_errands(only.as_ref());
        for (root, state) in &mut self.repositories {
            if only.as_ref().is_none_or(|only| only == root)
                && let Some(job) = &mut state.job
            {
                job.cancel.cancel();
                cancelled += 1;
                if let Some((_, waiting)) = job.next.take() {
                    let _ = waiting.send(Err(CommandError::failed("the review was cancelled")));
                }
            }
        }
        let _ = reply.send(Ok(CommandResult::Cancelled { cancelled }));
    }

    /// Stops one agent; the others go on, and what it said before is kept.
    fn cancel_agent(&mut self, of: &RepoArgs, agent: &AgentName) -> Result<CommandResult, CommandError> {
        let root = self.root(of)?;
        let running = self.repo(&root).and_then(|repo| repo.running.as_ref());
        match running.is_some_and(|running| running.stops.stop(agent)) {
            true => Ok(CommandResult::Cancelled { cancelled: 1 }),
            false => Err(CommandError::failed(format!("{agent} is not reviewing now"))),
        }
    }

    pub(super) fn cancel_review(&mut self, review: ReviewId) {
        let mut jobs = self.repositories.values().filter_map(|state| state.job.as_ref());
        if let Some(job) = jobs.find(|job| job.review == review) {
            job.cancel.cancel();
        } else if let Some(errand) = self.errands.get(&review) {
            errand.cancel.cancel();
        }
    }

    /// Whether that review is under way in a repository.
    fn is_under_way(&mut self, key: &RepoKey, review: ReviewId) -> bool {
        self.state(key).and_then(|state| state.job.as_ref()).is_some_and(|job| job.review == review)
    }

    pub(super) fn round(&mut self, key: &RepoKey, review: ReviewId, round: Arc<RoundIndex>) {
        if self.is_under_way(key, review) {
            self.take_round(&key.root, Some(round), None);
        }
    }

    pub(super) fn doing(&mut self, key: &RepoKey, review: ReviewId, agent: AgentName, progress: &Progress) {
        if self.is_under_way(key, review)
            && let Some(repo) = self.repo(&key.root)
            && let Some(running) = &repo.running
        {
            let at = running.started.elapsed();
            Arc::make_mut(&mut repo.activity).note(agent, at, &progress.doing);
        }
    }

    pub(super) fn ended(&mut self, key: &RepoKey, review: ReviewId, result: Result<CommandResult, CommandError>) {
        let Some(job) = self.finish(key, review) else { return };
        if let Some(state) = self.state(key) {
            state.repo().running = None;
            // What is stored is what counts, also after a failure.
            state.mark_all_dirty();
        }
        self.load(&key.root);
        self.lists_changed = true;
        match &result {
            _ if matches!(job.kind, JobKind::Due) => self.tell_due(&key.root, &result),
            Err(refused) => self.outbox.show(MessageType::WARNING, &refused.to_string()),
            // Who asked waits for findings, and there are none to come.
            Ok(CommandResult::Reviewed(ReviewResult::NothingChanged { why, .. })) => {
                self.outbox.show(MessageType::INFO, why);
            }
            Ok(_) => {}
        }
        if let JobKind::Asked(reply) = job.kind {
            let _ = reply.send(result);
        }
        if let Some((options, reply)) = job.next {
            self.start(&key.root, *options, reply);
        }
        self.take_due(&key.root);
    }
}
