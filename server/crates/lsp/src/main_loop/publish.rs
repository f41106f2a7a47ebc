//! What the client is told, and told only once.

use super::GlobalState;
use super::repository_state::{Published, Publishing};
use crate::client::outbox::WrittenDiagnostics;
use crate::event::FileDiagnostics;
use crate::protocol::own::RoundChangedParams;
use crate::state::diagnostics;
use crate::state::snapshot::RepoKey;
use crate::tasks;
use finding::RepoPath;
use lsp_types::{MessageType, Uri};
use std::path::{Path, PathBuf};

/// Files whose diagnostics are worked out in one go, so that the first are shown while the rest is looked at.
const PART: usize = 64;

/// How many parts of a repository are worked out at once.
const AT_ONCE: usize = 2;

impl GlobalState {
    pub(super) fn mark_all_dirty(&mut self) {
        self.repositories.values_mut().for_each(super::RepositoryState::mark_all_dirty);
        self.lists_changed = true;
    }

    /// Has worked out what may have changed, and tells what is to be told.
    pub(super) fn publish(&mut self) {
        self.pass_on_visits();
        let roots: Vec<PathBuf> = self.repositories.keys().cloned().collect();
        for root in &roots {
            while let Some(part) = self.next_part(root) {
                self.diagnose(root, part);
            }
        }
        if std::mem::take(&mut self.lists_changed) {
            self.outbox.round_changed(RoundChangedParams { repositories: roots });
            if self.shared.capabilities.lens_refresh {
                self.outbox.refresh_lenses();
            }
        }
        #[cfg(test)]
        self.tell_idle();
    }

    /// Takes files whose diagnostics are to be worked out next, open ones first; none while enough is under way.
    fn next_part(&mut self, root: &Path) -> Option<Vec<RepoPath>> {
        let state = self.repositories.get(root)?;
        let Publishing { dirty, under_way, .. } = &state.publishing;
        if dirty.is_empty() || under_way.len() > PART * (AT_ONCE - 1) {
            return None;
        }
        let mut part: Vec<RepoPath> = Vec::new();
        if dirty.len() > PART {
            let open = self.snapshot().open_documents(root);
            part.extend(open.into_keys().filter(|path| dirty.contains(path) && !under_way.contains(path)));
            part.truncate(PART);
        }
        let rest = dirty.iter().filter(|path| !under_way.contains(*path) && !part.contains(*path));
        let rest: Vec<RepoPath> = rest.take(PART - part.len()).cloned().collect();
        part.extend(rest);
        let publishing = &mut self.repositories.get_mut(root)?.publishing;
        for path in &part {
            publishing.dirty.remove(path);
            publishing.under_way.insert(path.clone());
        }
        (!part.is_empty()).then_some(part)
    }

    fn diagnose(&mut self, root: &Path, part: Vec<RepoPath>) {
        let snapshot = self.snapshot();
        let Some(repo) = snapshot.repos.get(root).cloned() else { return };
        self.write_report(root);
        drop(tokio::spawn(tasks::diagnose::run(snapshot, repo, part, self.events.clone())));
    }

    pub(super) fn diagnosed(&mut self, key: &RepoKey, files: Vec<(RepoPath, Option<FileDiagnostics>)>) {
        let pulls = self.shared.capabilities.pulls;
        let mut news = Vec::new();
        let mut lists_changed = false;
        let counts = self.counts_suggestions(key);
        let Some(state) = self.state(key) else { return };
        for (path, now) in files {
            state.publishing.under_way.remove(&path);
            lists_changed |= state.publishing.tell(path, now, &mut news);
        }
        // What is no longer open in one file may make room for what is in another.
        if lists_changed && counts {
            state.mark_all_dirty();
        }
        self.lists_changed |= lists_changed;
        self.send(pulls, news);
    }

    /// Whether what is shown of one file depends on what is open in the others.
    fn counts_suggestions(&self, key: &RepoKey) -> bool {
        let Some(state) = self.repositories.get(&key.root) else { return false };
        let settings = state.repo.settings.as_ref().unwrap_or(&self.shared.settings);
        settings.dial().or(state.repo.dial).max_suggestions.is_some()
    }

    pub(super) fn not_diagnosed(&mut self, key: &RepoKey, files: &[RepoPath]) {
        let Some(state) = self.state(key) else { return };
        for path in files {
            state.publishing.under_way.remove(path);
        }
        let names: Vec<&str> = files.iter().map(RepoPath::as_str).collect();
        let text =
            format!("what is found in these files could not be worked out, by an error of ours: {}", names.join(", "));
        self.outbox.log(MessageType::ERROR, text);
        self.outbox.show(MessageType::ERROR, "some findings are not shown, by an error of deep-review; see its log");
    }

    /// Takes back what was said of the files of a repository that is gone.
    pub(super) fn unpublish(&mut self, publishing: Publishing) {
        let gone = publishing.published.into_values().filter(|told| !told.is_empty);
        let news = gone.map(|told| nothing(told.uri));
        self.send(self.shared.capabilities.pulls, news.collect());
    }

    fn send(&self, pulls: bool, news: Vec<WrittenDiagnostics>) {
        if !pulls {
            news.into_iter().for_each(|news| self.outbox.diagnostics(news));
        } else if !news.is_empty() && self.shared.capabilities.diagnostic_refresh {
            self.outbox.refresh_diagnostics();
        }
    }

    #[cfg(test)]
    fn tell_idle(&mut self) {
        let is_idle = |p: &Publishing| p.dirty.is_empty() && p.under_way.is_empty();
        if self.repositories.values().all(|state| is_idle(&state.publishing)) && !self.lists_changed {
            for reply in self.waiting_for_idle.drain(..) {
                let _ = reply.send(());
            }
        }
    }
}

/// That nothing is said of a file any more.
fn nothing(uri: Uri) -> WrittenDiagnostics {
    WrittenDiagnostics { uri, diagnostics: diagnostics::written(&[]), version: None }
}

impl Publishing {
    /// Takes in what is to be said of a file, with what of it is new; whether the editor's lists changed.
    fn tell(&mut self, path: RepoPath, now: Option<FileDiagnostics>, news: &mut Vec<WrittenDiagnostics>) -> bool {
        let before = self.published.remove(&path);
        let gone = before.as_ref().filter(|told| !told.is_empty && now.as_ref().is_none_or(|now| now.uri != told.uri));
        news.extend(gone.map(|told| nothing(told.uri.clone())));
        let Some(now) = now else { return before.is_some() };
        let is_empty = now.is_empty;
        let is_news = match &before {
            None => !is_empty,
            Some(told) if told.uri != now.uri => true,
            Some(told) => {
                told.hash != now.hash
                    || (now.version.is_some() && told.version != now.version && !(told.is_empty && is_empty))
            }
        };
        let lists_changed = before.as_ref().is_none_or(|told| told.places != now.places || told.uri != now.uri);
        let FileDiagnostics { uri, version, written, is_empty: _, hash, places } = now;
        if is_news {
            let version = version.map(|version| version.number);
            news.push(WrittenDiagnostics { uri: uri.clone(), diagnostics: written, version });
        }
        self.published.insert(path, Published { uri, hash, version, is_empty, places });
        lists_changed
    }
}
