//! What is looked at without being checked out: opened, opened anew, closed.

use super::GlobalState;
use super::repository_state::RepositoryState;
use crate::event::{Event, Reply};
use crate::protocol::commands::{CommandResult, RepoArgs, VisitArgs};
use crate::protocol::error::CommandError;
use crate::protocol::uri::visited_root;
use crate::state::snapshot::{Repo, RepoKey};
use crate::state::visit::Visit;
use crate::tasks::visit;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl GlobalState {
    /// Has something fetched and read that is to be looked at.
    pub(super) fn visit(&mut self, args: VisitArgs, reply: Reply) {
        let VisitArgs { root, uri, target } = args;
        let snapshot = self.snapshot();
        let repo = match snapshot.repo(&RepoArgs { root, uri }).and_then(|repo| self.checked_out(repo)) {
            Ok(repo) => repo,
            Err(refused) => return drop(reply.send(Err(refused))),
        };
        let (context, events) = (snapshot.context(&repo), self.events.clone());
        self.workers.spawn(async move {
            let (key, answer) = (repo.key.clone(), visit::open(repo, context, target).await);
            let _ = events.send(Event::Visited { repo: key, visited: Box::new(answer), reply });
        });
    }

    /// The repository itself, of what is looked at in it.
    fn checked_out(&self, repo: &Arc<Repo>) -> Result<Arc<Repo>, CommandError> {
        let Some(visit) = &repo.visit else { return Ok(repo.clone()) };
        let state = self.repositories.get(&visit.of.root).filter(|state| state.repo.key == visit.of);
        state.map(|state| state.repo.clone()).ok_or_else(gone)
    }

    pub(super) fn visited(&mut self, key: &RepoKey, visited: Result<Visit, CommandError>, reply: Reply) {
        let of = self.state(key).map(|state| state.repo.clone()).ok_or_else(gone);
        let (repo, visit) = match of.and_then(|repo| Ok((repo, Arc::new(visited?)))) {
            Ok(both) => both,
            Err(refused) => return drop(reply.send(Err(refused))),
        };
        let root = self.root_for(&visit);
        // The files of before may not be among those of now.
        self.mark_work_tree_dirty(&root);
        if let Some(repo) = self.repo(&root) {
            repo.visit = Some(visit);
            self.project_all_again(&root);
        } else {
            self.stays += 1;
            let seen = Repo {
                settings: repo.settings.clone(),
                ..Repo::visiting(repo.git.clone(), root.clone(), self.stays, visit)
            };
            self.repositories.insert(root.clone(), RepositoryState::new(seen));
        }
        self.load(&root);
        self.lists_changed = true;
        let opened = self.repositories.get(&root).and_then(|state| visit::opened(&state.repo));
        let _ = reply.send(opened.map(CommandResult::Opened).ok_or_else(gone));
    }

    /// What the documents of something are called by: as before where it was looked at already.
    fn root_for(&self, visit: &Visit) -> PathBuf {
        let is_it = |root: &PathBuf| {
            let there = self.repositories.get(root).and_then(|state| state.repo.visit.as_ref());
            there.is_none_or(|there| there.of == visit.of && there.name == visit.name)
        };
        let names = (1_u32..).map(|n| if n == 1 { visit.name.clone() } else { format!("{}-{n}", visit.name) });
        let mut roots = names.map(|name| visited_root(&name));
        roots.find(is_it).unwrap_or_else(|| visited_root(&visit.name))
    }

    /// Forgets what was looked at.
    pub(super) fn leave(&mut self, root: &Path, reply: Reply) {
        let is_visit = self.repositories.get(root).is_some_and(|state| state.repo.visit.is_some());
        if !is_visit {
            let why = format!("{} is nothing that is looked at", root.display());
            return drop(reply.send(Err(CommandError::invalid(why))));
        }
        self.forget_visit(root);
        let _ = reply.send(Ok(CommandResult::DONE));
    }

    /// Forgets what was looked at in a repository that is gone.
    pub(super) fn forget_visits_of(&mut self, key: &RepoKey) {
        let of = |state: &RepositoryState| state.repo.visit.as_ref().is_some_and(|visit| visit.of == *key);
        let roots: Vec<PathBuf> =
            self.repositories.iter().filter(|(_, state)| of(state)).map(|(root, _)| root.clone()).collect();
        roots.iter().for_each(|root| self.forget_visit(root));
    }

    fn forget_visit(&mut self, root: &Path) {
        self.mark_work_tree_dirty(root);
        let Some(mut state) = self.repositories.remove(root) else { return };
        state.end("what was reviewed is not looked at any more");
        self.unpublish(state.publishing);
        self.lists_changed = true;
    }

    /// Has the files of the work tree worked out anew that something looked at elsewhere is shown on.
    fn mark_work_tree_dirty(&mut self, root: &Path) {
        let Some(visit) = self.repositories.get(root).and_then(|state| state.repo.visit.clone()) else { return };
        if let Some(state) = self.state(&visit.of) {
            state.publishing.dirty.extend(visit.here.iter().cloned());
        }
    }

    /// What may have changed of what is looked at elsewhere may have changed on the work tree's own files.
    pub(super) fn pass_on_visits(&mut self) {
        let visits = self.repositories.values().filter_map(|state| Some((state, state.repo.visit.clone()?)));
        let passed: Vec<_> = visits
            .map(|(state, visit)| {
                let here = state.publishing.dirty.iter().filter(|path| visit.has_here(path)).cloned();
                (visit.of.clone(), here.collect::<Vec<_>>())
            })
            .collect();
        for (of, paths) in passed {
            if let Some(state) = self.state(&of) {
                state.publishing.dirty.extend(paths);
            }
        }
    }
}

fn gone() -> CommandError {
    CommandError::failed("the repository is no longer part of the workspace")
}
