//! Open documents, and which projections follow from their texts.

use super::GlobalState;
use crate::protocol::uri::{file_path, is_visited};
use crate::state::documents::Document;
use crate::state::file_projection::LazyProjection;
use finding::RepoPath;
use lsp_types::{DidChangeTextDocumentParams, TextDocumentItem, Uri};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl GlobalState {
    pub(super) fn open(&mut self, item: TextDocumentItem) {
        let Some(document) = Document::open(item.uri.clone(), item.version, &item.text) else { return };
        let file = document.path.clone();
        Arc::make_mut(&mut self.shared.documents).insert(item.uri, Arc::new(document));
        self.text_changed(&file);
        if let Some(folder) = file.parent().filter(|_| !is_visited(&file)) {
            self.find(folder);
        }
    }

    pub(super) fn change(&mut self, params: &DidChangeTextDocumentParams) {
        let encoding = self.shared.capabilities.encoding;
        let documents = Arc::make_mut(&mut self.shared.documents);
        let Some(document) = documents.get_mut(&params.text_document.uri) else { return };
        let document = Arc::make_mut(document);
        document.change(params.text_document.version, &params.content_changes, encoding);
        let file = document.path.clone();
        self.text_changed(&file);
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        let Some(document) = Arc::make_mut(&mut self.shared.documents).remove(uri) else { return };
        self.text_changed(&document.path);
    }

    pub(super) fn saved(&mut self, uri: &Uri) {
        let place = file_path(uri).and_then(|file| self.place(&file));
        if let Some((root, _)) = place {
            self.review_in_background(&root);
        }
        self.poll_files();
    }

    /// The repository and path of a file.
    pub(super) fn place(&self, file: &Path) -> Option<(PathBuf, RepoPath)> {
        self.snapshot().place(file).map(|(repo, path)| (repo.root().to_owned(), path))
    }

    /// The text of a file changed: in the editor, or on disk.
    fn text_changed(&mut self, file: &Path) {
        let snapshot = self.snapshot();
        let places = snapshot.place(file).into_iter().chain(snapshot.visits_of(file));
        let places: Vec<(PathBuf, RepoPath)> = places.map(|(repo, path)| (repo.root().to_owned(), path)).collect();
        // Or its own projections would be held by it.
        drop(snapshot);
        places.into_iter().for_each(|(root, path)| self.texts_changed(&root, &[path]));
    }

    /// Forgets where findings are in these files, and in those whose findings have fixes that reach into them.
    pub(super) fn texts_changed(&mut self, root: &Path, paths: &[RepoPath]) {
        let Some(state) = self.repositories.get_mut(root) else { return };
        let said = state.repo.said.clone();
        let commented = said.iter().flat_map(|said| said.files()).filter(|path| paths.contains(path));
        state.publishing.dirty.extend(commented.cloned());
        let Some(round_index) = state.repo.round_index.clone() else { return };
        let reaching = paths.iter().flat_map(|path| round_index.reaching_into(path));
        let changed: BTreeSet<&RepoPath> =
            paths.iter().chain(reaching).filter(|path| round_index.file(path).is_some()).collect();
        if changed.is_empty() {
            return;
        }
        let open = self.snapshot().open_documents(root);
        self.project_again(root, changed.into_iter(), &open);
    }

    /// Forgets where findings are in all files of a repository's round.
    pub(super) fn project_all_again(&mut self, root: &Path) {
        let open = self.snapshot().open_documents(root);
        let Some(repo) = self.repo(root) else { return };
        repo.files = Arc::default();
        let Some(round_index) = repo.round_index.clone() else { return };
        self.project_again(root, round_index.paths(), &open);
    }

    fn project_again<'p>(
        &mut self,
        root: &Path,
        paths: impl Iterator<Item = &'p RepoPath>,
        open: &HashMap<RepoPath, Arc<Document>>,
    ) {
        let encoding = self.shared.capabilities.encoding;
        let Some(state) = self.repositories.get_mut(root) else { return };
        let mut files = std::mem::take(&mut state.repo().files);
        let all = Arc::make_mut(&mut files);
        for path in paths {
            if let Some(sources) = state.repo.sources(path, open, encoding) {
                all.insert(path.clone(), Arc::new(LazyProjection::new(sources)));
            }
            if let Some(round_index) = &state.repo.round_index {
                state.publishing.dirty.extend(round_index.dependents(path).into_iter().chain([path]).cloned());
            }
        }
        state.repo().files = files;
    }
}
