//! Reviews that start by themselves, with the agents and within the budget that the user named.

use super::GlobalState;
use super::repository_state::{JobKind, Watcher};
use crate::protocol::commands::{CommandResult, ReviewOptions, ReviewResult};
use crate::protocol::error::CommandError;
use crate::state::snapshot::RepoKey;
use crate::tasks::background;
use lsp_types::MessageType;
use std::path::{Path, PathBuf};

impl GlobalState {
    /// Has each repository watched as its settings say now.
    pub(super) fn watch_repositories(&mut self) {
        if !self.settings_requests.are_known() {
            return;
        }
        let snapshot = self.snapshot();
        let here = self.repositories.iter().filter(|(_, state)| state.repo.visit.is_none());
        let roots: Vec<PathBuf> = here.map(|(root, _)| root.clone()).collect();
        for root in roots {
            let Some(state) = self.repositories.get_mut(&root) else { continue };
            let how = snapshot.settings_of(&state.repo).background().clone();
            if state.watcher.as_ref().map(|watcher| &watcher.how) == Some(&how) {
                continue;
            }
            // The one of before lets go of the repository first.
            state.watcher = None;
            let stop = self.stop.child_token();
            if let Some(on) = how.on() {
                let watching =
                    background::watch(state.repo.clone(), on, how.clone(), self.events.clone(), stop.clone());
                self.workers.spawn(watching);
            }
            state.watcher = Some(Watcher { how, stop });
        }
    }

    /// One review of what is there now; where one is under way, after it.
    pub(super) fn due(&mut self, key: &RepoKey) {
        let Some(state) = self.state(key) else { return };
        if state.job.is_some() {
            state.is_due = true;
        } else {
            self.start_due(&key.root);
        }
    }

    /// Starts what was due while another review was under way.
    pub(super) fn take_due(&mut self, root: &Path) {
        let is_due = self.repositories.get_mut(root).is_some_and(|state| {
            let is_free = state.job.is_none();
            is_free && std::mem::take(&mut state.is_due)
        });
        if is_due {
            self.start_due(root);
        }
    }

    fn start_due(&mut self, root: &Path) {
        let snapshot = self.snapshot();
        let Some(repo) = snapshot.repos.get(root) else { return };
        let how = snapshot.settings_of(repo).background();
        let Some(on) = how.on() else { return };
        let options = ReviewOptions {
            agents: how.agents.clone(),
            uncommitted: Some(on.is_uncommitted()),
            by_itself: Some(how.allowance()),
            ..ReviewOptions::default()
        };
        self.start_as(root, options, JobKind::Due);
    }

    /// Tells what came of one, in a line.
    pub(super) fn tell_due(&self, root: &Path, result: &Result<CommandResult, CommandError>) {
        let (kind, text) = match result {
            Ok(CommandResult::Reviewed(ReviewResult::Round { told: Some(line), .. })) => {
                (MessageType::INFO, line.clone())
            }
            Ok(_) => return,
            Err(refused) => (MessageType::LOG, format!("no review: {refused}")),
        };
        let several = self.repositories.values().filter(|state| state.repo.visit.is_none()).count() > 1;
        let name = self.repositories.get(root).filter(|_| several).map(|state| state.repo.name());
        let text = name.map_or_else(|| text.clone(), |name| format!("{name}: {text}"));
        match kind {
            MessageType::INFO => self.outbox.show(kind, &text),
            _ => self.outbox.log(MessageType::INFO, text),
        }
    }
}
