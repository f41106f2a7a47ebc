//! Open documents, and where findings are in their text.

use super::Owner;
use crate::diagnostics;
use crate::documents::{Document, file_path};
use crate::project::Located;
use crate::world::Seen;
use finding::RepoPath;
use lsp_types::{DidChangeTextDocumentParams, TextDocumentItem, Uri};
use std::path::Path;
use std::sync::Arc;

impl Owner {
    pub(super) fn open(&mut self, item: TextDocumentItem) {
        let Some(document) = Document::open(item.uri.clone(), item.version, &item.text) else { return };
        let folder = document.path.parent().map(Path::to_owned);
        Arc::make_mut(&mut self.world.documents).insert(item.uri.clone(), document);
        self.stale.insert(item.uri);
        if let Some(folder) = folder {
            self.find(&folder);
        }
    }

    pub(super) fn change(&mut self, params: &DidChangeTextDocumentParams) {
        let uri = &params.text_document.uri;
        let encoding = self.world.abilities.encoding;
        if let Some(document) = Arc::make_mut(&mut self.world.documents).get_mut(uri) {
            document.change(params.text_document.version, &params.content_changes, encoding);
            self.stale.insert(uri.clone());
        }
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        let Some(document) = Arc::make_mut(&mut self.world.documents).remove(uri) else { return };
        self.stale.remove(uri);
        let place = self.world.place(&document.path).map(|(repo, path)| (repo.root().to_owned(), path));
        if let Some((root, path)) = place {
            self.see(&root, std::slice::from_ref(&path));
            self.see_reaching_into(&root, &[path]);
        }
    }

    pub(super) fn saved(&mut self, uri: &Uri) {
        if let Some(file) = file_path(uri)
            && let Some((repo, _)) = self.world.place(&file)
        {
            let root = repo.root().to_owned();
            self.review_alone(&root);
        }
        self.look();
    }

    /// Projects the open documents whose text is newer than their projection.
    pub(super) fn refresh(&mut self) {
        let edited = std::mem::take(&mut self.stale);
        let places = edited.iter().filter_map(|uri| self.world.place(&self.world.documents.get(uri)?.path));
        let places: Vec<_> = places.map(|(repo, path)| (repo.root().to_owned(), path)).collect();
        for (root, path) in places {
            self.see_reaching_into(&root, &[path]);
        }
        for uri in edited.into_iter().chain(std::mem::take(&mut self.stale)) {
            let Some(document) = self.world.documents.get(&uri).cloned() else { continue };
            let Some((repo, path)) = self.world.place(&document.path) else { continue };
            let root = repo.root().to_owned();
            let before: Vec<_> = repo.files.get(&path).map(|s| conditions(s)).unwrap_or_default();
            let seen = repo.see(&path, Some(&document), &self.world.documents, self.world.abilities);
            if let Some(seen) = &seen {
                if seen.view.places.is_empty() && seen.observations.is_empty() {
                    continue;
                }
                if before != conditions(seen) {
                    self.changed = true;
                }
                // Looked at ahead of the first edit or code action.
                let (plan, frozen, path) = (repo.plan.clone(), seen.frozen.clone(), path.clone());
                if let Some(plan) = plan
                    && !frozen.is_looked_at()
                {
                    drop(tokio::task::spawn_blocking(move || {
                        frozen.facts(&plan, &path);
                    }));
                }
            }
            self.put(&root, &path, seen);
            self.report(&root);
        }
    }

    /// Has the open documents of a repository looked at again.
    pub(super) fn stale_files(&mut self, root: &Path) {
        let Some(repo) = self.world.repos.get(root) else { return };
        let inside = self.world.documents.values().filter(|d| repo.path_of(&d.path).is_some());
        self.stale.extend(inside.map(|d| d.uri.clone()));
    }

    pub(super) fn put(&mut self, root: &Path, path: &RepoPath, seen: Option<Seen>) {
        let Some(repo) = self.repo(root) else { return };
        let files = Arc::make_mut(&mut repo.files);
        match seen {
            Some(seen) => files.insert(path.clone(), Arc::new(seen)),
            None => files.remove(path),
        };
        let affected = diagnostics::affected(repo, path);
        self.dirty.extend(affected.into_iter().map(|path| (root.to_owned(), path)));
    }
}

/// What the editor's lists show of a file.
fn conditions(seen: &Seen) -> Vec<Located> {
    seen.view.places.clone()
}
