//! What the client is told, and told only once.

use super::{Owner, Told};
use crate::diagnostics;
use finding::RepoPath;
use serde_json::json;
use std::path::{Path, PathBuf};

impl Owner {
    pub(super) fn dirty_files(&mut self, root: &Path) {
        let paths = self.world.repos.get(root).into_iter().flat_map(|r| r.files.keys());
        let told = self.told.keys().filter(|(r, _)| r == root).map(|(_, path)| path);
        let all: Vec<_> = paths.chain(told).map(|path| (root.to_owned(), path.clone())).collect();
        self.dirty.extend(all);
    }

    pub(super) fn dirty_all(&mut self) {
        let roots: Vec<PathBuf> = self.world.repos.keys().cloned().collect();
        for root in roots {
            self.dirty_files(&root);
        }
        self.changed = true;
    }

    pub(super) fn publish(&mut self) {
        self.refresh();
        let dirty = std::mem::take(&mut self.dirty);
        if self.world.abilities.pulls {
            if !dirty.is_empty() && self.world.abilities.diagnostic_refresh {
                self.outbox.refresh_diagnostics();
            }
        } else {
            for (root, path) in dirty {
                self.tell(&root, path);
            }
        }
        if std::mem::take(&mut self.changed) {
            self.outbox.round_changed(json!({ "repositories": self.world.repos.keys().collect::<Vec<_>>() }));
            if self.world.abilities.lens_refresh {
                self.outbox.refresh_lenses();
            }
        }
    }

    pub(super) fn tell(&mut self, root: &Path, path: RepoPath) {
        let repo = self.world.repos.get(root);
        let seen = repo.and_then(|repo| Some((repo, repo.files.get(&path)?)));
        let key = (root.to_owned(), path);
        let Some((repo, seen)) = seen else {
            if let Some(told) = self.told.remove(&key).filter(|told| !told.empty) {
                self.outbox.diagnostics(told.uri, Vec::new(), None);
            }
            return;
        };
        let diagnostics = diagnostics::of(&self.world, repo, seen);
        let now = Told {
            uri: seen.uri.clone(),
            hash: diagnostics::hash(&diagnostics),
            version: seen.version,
            empty: diagnostics.is_empty(),
        };
        let before = self.told.get(&key);
        let news = match before {
            None => !now.empty,
            Some(b) if b.uri != now.uri => true,
            Some(b) => {
                b.hash != now.hash || (now.version.is_some() && b.version != now.version && !(b.empty && now.empty))
            }
        };
        if let Some(b) = before
            && b.uri != now.uri
            && !b.empty
        {
            self.outbox.diagnostics(b.uri.clone(), Vec::new(), None);
        }
        if news {
            self.outbox.diagnostics(now.uri.clone(), diagnostics, now.version);
        }
        self.told.insert(key, now);
    }
}
