//! Repositories: found, loaded, polled, removed.

use super::GlobalState;
use super::repository_state::RepositoryState;
use crate::event::Event;
use crate::protocol::error::with_remedy;
use crate::state::projection::RoundIndex;
use crate::state::report_index::ReportIndex;
use crate::state::snapshot::{Repo, RepoKey, ReportState};
use crate::state::stamps::{Discovered, Loaded, Polled};
use crate::tasks::{report, review, watch};
use finding::{Decisions, RepoPath};
use git::GitError;
use lsp_types::MessageType;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

impl GlobalState {
    /// Takes a folder into the workspace.
    pub(super) fn add_folder(&mut self, folder: &Path) {
        self.outside.insert(folder.to_owned(), None);
        self.find(folder);
    }

    /// Has found out in which repository a folder is.
    pub(super) fn find(&mut self, folder: &Path) {
        if !self.shared.folders.contains_key(folder) && self.discover(folder) {
            self.waiting.since = Some(Instant::now());
        }
    }

    /// Looks at folders of the workspace again that are in no repository so far. Nobody waits for that.
    pub(super) fn look_again(&mut self) {
        let folders: Vec<PathBuf> = self.outside.keys().cloned().collect();
        for folder in folders {
            self.discover(&folder);
        }
    }

    /// Whether that was not under way already.
    fn discover(&mut self, folder: &Path) -> bool {
        let is_new = self.finding.insert(folder.to_owned());
        if is_new {
            let (events, folder) = (self.events.clone(), folder.to_owned());
            drop(tokio::task::spawn_blocking(move || {
                let found = watch::discover(&folder);
                let _ = events.send(Event::Found { folder, found });
            }));
        }
        is_new
    }

    pub(super) fn found(&mut self, folder: &Path, found: Discovered) {
        if !self.finding.remove(folder) {
            // It left the workspace meanwhile.
            return;
        }
        let (git, shown) = match found {
            Ok(found) => found,
            Err(why) => return self.not_found(folder, &why),
        };
        let root = git.root().to_owned();
        Arc::make_mut(&mut self.shared.folders).insert(folder.to_owned(), Some(root.clone()));
        if self.outside.remove(folder).is_some() {
            self.find_documents_below(&shown);
        }
        if !self.repositories.contains_key(&root) {
            self.stays += 1;
            let repo = Repo::new(git, shown, self.stays);
            self.repositories.insert(root.clone(), RepositoryState::new(repo));
            self.fetch_settings();
            self.watch_repositories();
            self.load(&root);
        }
        let inside = self.shared.documents.values().filter(|document| document.path.parent() == Some(folder));
        let paths: Vec<RepoPath> = inside.filter_map(|document| self.place(&document.path)).map(|(_, p)| p).collect();
        self.texts_changed(&root, &paths);
    }

    /// Says once what keeps a folder of the workspace from being reviewed. That it is in no repository is nothing to say.
    fn not_found(&mut self, folder: &Path, why: &GitError) {
        Arc::make_mut(&mut self.shared.folders).insert(folder.to_owned(), None);
        let Some(said) = self.outside.get_mut(folder) else { return };
        let what = match why {
            GitError::NotARepository { .. } | GitError::Bare { .. } => None,
            why => Some(with_remedy(&why.to_string(), why.remedy().as_deref())),
        };
        if let Some(what) = what.as_ref().filter(|_| *said != what) {
            self.outbox.show(MessageType::WARNING, what);
        }
        *said = what;
    }

    /// Documents below a folder that were in no repository before there was one: they are looked at again.
    fn find_documents_below(&mut self, folder: &Path) {
        let folders = &self.shared.folders;
        let is_outside = |inside: &&Path| inside.starts_with(folder) && folders.get(*inside) == Some(&None);
        let documents = self.shared.documents.values().filter_map(|document| document.path.parent());
        let inside: Vec<PathBuf> = documents.filter(is_outside).map(Path::to_owned).collect();
        for inside in inside {
            Arc::make_mut(&mut self.shared.folders).remove(&inside);
            self.find(&inside);
        }
    }

    /// Forgets a folder and everything about the repositories in it.
    pub(super) fn remove_folder(&mut self, folder: &Path) {
        let inside = |state: &&RepositoryState| state.repo.shown.starts_with(folder);
        let gone: Vec<PathBuf> =
            self.repositories.values().filter(inside).map(|state| state.repo.root().to_owned()).collect();
        for root in gone {
            let Some(mut state) = self.repositories.remove(&root) else { continue };
            state.end("the repository is no longer part of the workspace");
            self.forget_visits_of(&state.repo.key);
            Arc::make_mut(&mut self.shared.folders).retain(|_, of| of.as_ref() != Some(&root));
            self.unpublish(state.publishing);
            self.lists_changed = true;
        }
        Arc::make_mut(&mut self.shared.folders).remove(folder);
        self.finding.remove(folder);
        self.outside.remove(folder);
    }

    /// Has read what is stored of the branch that is checked out.
    pub(super) fn load(&mut self, root: &Path) {
        let Some(state) = self.repositories.get_mut(root) else { return };
        let (reading, repo, events) = (state.readings.begin(), state.repo.clone(), self.events.clone());
        let user_file = self.shared.user_file.clone();
        drop(tokio::task::spawn_blocking(move || {
            let key = repo.key.clone();
            let loaded = Box::new(watch::load(&repo, user_file.as_deref()));
            let _ = events.send(Event::Loaded { repo: key, reading, loaded });
        }));
    }

    pub(super) fn loaded(&mut self, key: &RepoKey, reading: u64, loaded: Loaded) {
        self.memory.note_use();
        let Some(state) = self.state(key) else { return };
        if !state.readings.take(reading) {
            return self.load(&key.root);
        }
        state.stamps = Some(loaded.stamps);
        let is_reviewing = state.job.is_some();
        let repo = state.repo();
        let is_first = repo.head.is_none();
        let is_other_branch = !is_first && repo.head != loaded.head;
        if is_other_branch {
            repo.background = None;
        }
        repo.head = loaded.head;
        let is_seen_otherwise = *repo.decisions != loaded.decisions || repo.dial != loaded.dial;
        repo.decisions = Arc::new(loaded.decisions);
        repo.dial = loaded.dial;
        repo.stored = loaded.round;
        let is_said_anew = repo.said.as_deref() != loaded.said.as_ref();
        let before = std::mem::replace(&mut repo.said, loaded.said.map(Arc::new));
        if is_said_anew {
            let files = before.iter().chain(&repo.said).flat_map(|said| said.files());
            let files: Vec<RepoPath> = files.cloned().collect();
            state.publishing.dirty.extend(files);
        }
        for problem in loaded.problems {
            self.outbox.log(MessageType::WARNING, problem);
        }
        let is_other_round = !is_reviewing && self.show_round(&key.root);
        if let Some(state) = self.state(key).filter(|_| is_seen_otherwise && !is_other_round) {
            state.mark_all_dirty();
        }
        // What was shown already may be known to be stored only now.
        self.write_report(&key.root);
        // What files are like now is seen by the poll below.
        self.lists_changed = true;
        self.poll_files();
        if is_other_branch || is_first {
            self.review_in_background(&key.root);
        }
    }

    /// Shows what is stored, or what the built-in agents saw by themselves since; whether that is another round.
    pub(super) fn show_round(&mut self, root: &Path) -> bool {
        let Some(repo) = self.repo(root) else { return false };
        let background = repo.background.clone().filter(|background| {
            let is_older = |stored: &RoundIndex| {
                review::is_by_built_in_agents(&stored.round) && stored.round.started <= background.index.round.started
            };
            repo.stored.as_ref().is_none_or(|stored| is_older(stored))
        });
        let (round_index, texts) = match background {
            Some(background) => (Some(background.index), Some(background.texts)),
            None => (repo.stored.clone(), None),
        };
        let is_other = match (&repo.round_index, &round_index) {
            (Some(shown), Some(now)) => !Arc::ptr_eq(shown, now),
            (shown, now) => shown.is_some() != now.is_some(),
        };
        if is_other {
            self.take_round(root, round_index, texts.as_deref());
        }
        is_other
    }

    pub(super) fn take_round(
        &mut self,
        root: &Path,
        round_index: Option<Arc<RoundIndex>>,
        texts: Option<&BTreeMap<RepoPath, Arc<str>>>,
    ) {
        let Some(state) = self.repositories.get_mut(root) else { return };
        state.mark_all_dirty();
        state.repo().set_round(round_index, texts);
        self.project_all_again(root);
        self.lists_changed = true;
    }

    /// Has written the report of the stored round that is shown, for those whose diagnostics can lead to it. Once a
    /// round, when a file of it is open: a session in which nobody looks should not pay for it.
    pub(super) fn write_report(&mut self, root: &Path) {
        if !self.shared.capabilities.code_description {
            return;
        }
        let Some(state) = self.repositories.get(root) else { return };
        let repo = &state.repo;
        let Some(round_index) = repo.round_index.clone() else { return };
        let is_wanted = repo.report_state == ReportState::Wanted
            && repo.running.is_none()
            && repo.stored.as_ref().is_some_and(|stored| stored.round.id == round_index.round.id)
            && self.snapshot().open_documents(root).keys().any(|path| repo.files.contains_key(path))
            && report::is_worth_linking(&round_index.round);
        let Some(repo) = self.repo(root).filter(|_| is_wanted) else { return };
        repo.report_state = ReportState::Writing;
        let (repo, events) = (repo.clone(), self.events.clone());
        drop(tokio::task::spawn_blocking(move || {
            let report = report::write_index(&repo, &round_index);
            let _ = events.send(Event::Reported { repo: repo.key, round_index, report });
        }));
    }

    pub(super) fn reported(&mut self, key: &RepoKey, round_index: &Arc<RoundIndex>, report: Option<ReportIndex>) {
        let Some(state) = self.state(key) else { return };
        let is_shown = state.repo.round_index.as_ref().is_some_and(|now| Arc::ptr_eq(now, round_index));
        // One that was written of what was decided before is written again when it is wanted.
        if !is_shown || state.repo.report_state != ReportState::Writing {
            return;
        }
        state.repo().report_state = if report.is_some() { ReportState::Written } else { ReportState::Failed };
        if report.is_some() && state.repo.report.as_deref() != report.as_ref() {
            state.repo().report = report.map(Arc::new);
            state.mark_all_dirty();
        }
    }

    /// Has polled, beside the loop, whether anything changed on disk.
    pub(super) fn poll_files(&mut self) {
        let open: HashSet<PathBuf> = self.shared.documents.values().map(|d| d.path.clone()).collect();
        let open = Arc::new(open);
        for state in self.repositories.values_mut().filter(|state| !state.is_polling) {
            state.is_polling = true;
            let (repo, open, events) = (state.repo.clone(), open.clone(), self.events.clone());
            let user_file = self.shared.user_file.clone();
            drop(tokio::task::spawn_blocking(move || {
                let polled = watch::poll_files(&repo, &open, user_file.as_deref());
                let _ = events.send(Event::Polled { repo: repo.key.clone(), polled });
            }));
        }
    }

    /// Files changed on disk, or were renamed or deleted in the editor: those that are missing are looked for again.
    pub(super) fn touched(&mut self) {
        for state in self.repositories.values_mut() {
            Arc::make_mut(&mut state.repo().moved).missing.clear();
        }
        self.poll_files();
    }

    pub(super) fn polled(&mut self, key: &RepoKey, polled: Polled) {
        let Some(state) = self.state(key) else { return };
        state.is_polling = false;
        let Some(stamps) = &state.stamps else { return };
        if *stamps != polled.repository {
            return self.load(&key.root);
        }
        if let Some(moved) = polled.moved {
            let is_other = state.repo.moved.places != moved.places;
            state.repo().moved = Arc::new(moved);
            if is_other {
                return self.project_all_again(&key.root);
            }
        }
        let files = &state.repo.files;
        let is_written = |(path, stamp): &(RepoPath, _)| {
            files.get(path).and_then(|file| file.stamp()).is_some_and(|before| before != *stamp)
        };
        let written: Vec<RepoPath> = polled.files.into_iter().filter(is_written).map(|(path, _)| path).collect();
        self.texts_changed(&key.root, &written);
    }

    pub(super) fn decided(&mut self, key: &RepoKey, decisions: Decisions) {
        let Some(state) = self.state(key) else { return };
        state.readings.outdate();
        let repo = state.repo();
        repo.decisions = Arc::new(decisions);
        repo.report_state = ReportState::Wanted;
        state.mark_all_dirty();
        self.lists_changed = true;
    }
}
