//! The client's settings, of all and of single folders.

use super::GlobalState;
use crate::event::Event;
use crate::protocol::settings::Settings;
use crate::protocol::uri::file_uri;
use lsp_types::{MessageType, Uri};
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What was asked of the client's settings: answers may overtake each other.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// How often the client was asked.
    sent: u64,
    /// Which request was answered last.
    answered: u64,
    /// Whether the client said what its settings are, or will not.
    are_known: bool,
}

impl Requests {
    /// Whether an answer of the client is to be waited for before settings count.
    pub(super) fn expect_answer(&mut self, expected: bool) {
        self.are_known = !expected;
    }

    pub(super) fn are_known(&self) -> bool {
        self.are_known
    }

    /// Whether an answer is the newest; what the client says by itself is newer than any that is still on its way.
    fn take(&mut self, request: Option<u64>) -> bool {
        let request = request.unwrap_or(self.sent + 1);
        let is_newest = request >= self.answered;
        self.answered = self.answered.max(request);
        is_newest
    }
}

impl GlobalState {
    /// Asks the client for the section `deepReview`, where it can be asked: of all, and of each repository's folder.
    pub(super) fn fetch_settings(&mut self) {
        if !self.shared.capabilities.configuration {
            return;
        }
        self.settings_requests.sent += 1;
        let request = self.settings_requests.sent;
        let states = self.repositories.values().filter(|state| state.repo.visit.is_none());
        let folders: Vec<(PathBuf, Uri)> =
            states.filter_map(|s| Some((s.repo.root().to_owned(), file_uri(&s.repo.shown)?))).collect();
        let answer = self.outbox.settings(folders.iter().map(|(_, uri)| uri.clone()).collect());
        let events = self.events.clone();
        drop(tokio::spawn(async move {
            let mut values = answer.await.into_iter();
            let section = values.next().filter(|value| !value.is_null());
            let folders = folders.into_iter().zip(values).filter(|(_, value)| !value.is_null());
            let folders = folders.map(|((root, _), value)| (root, value)).collect();
            let _ = events.send(Event::Settings { request: Some(request), section, folders });
        }));
    }

    pub(super) fn take_settings(
        &mut self,
        request: Option<u64>,
        section: Option<&Value>,
        folders: &[(PathBuf, Value)],
    ) {
        if !self.settings_requests.take(request) {
            return;
        }
        let mut changed = false;
        if let Some(section) = section {
            let settings = self.read(section);
            changed |= settings != self.shared.settings;
            self.shared.settings = settings;
        }
        let folders: HashMap<&PathBuf, &Value> = folders.iter().map(|(root, value)| (root, value)).collect();
        let roots: Vec<PathBuf> = self.repositories.keys().cloned().collect();
        for root in &roots {
            // What is said wrongly for all is not said again for each.
            let of = self.repositories.get(root).and_then(|state| Some(state.repo.visit.as_ref()?.of.root.clone()));
            let own =
                folders.get(of.as_ref().unwrap_or(root)).filter(|own| Some(**own) != section).map(|own| self.read(own));
            if let Some(repo) = self.repo(root)
                && repo.settings != own
            {
                repo.settings = own;
                changed = true;
            }
        }
        if changed {
            self.mark_all_dirty();
        }
        self.settings_requests.are_known = true;
        self.watch_repositories();
        for root in &roots {
            let state = self.repositories.get_mut(root);
            if state.is_some_and(|state| std::mem::take(&mut state.awaits_settings)) {
                self.review_in_background(root);
            }
        }
    }

    fn read(&self, section: &Value) -> Arc<Settings> {
        let (settings, wrong) = Settings::read(section);
        if let Some(wrong) = wrong {
            self.outbox.show(MessageType::WARNING, &wrong);
        }
        Arc::new(settings)
    }
}
