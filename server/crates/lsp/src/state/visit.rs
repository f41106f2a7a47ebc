//! A target that is looked at without being checked out: its texts are read-only documents of the editor, and its round is
//! shown on them as any other round is. Files that the work tree has as they are in the target are the work tree's own.

use super::file_projection::{TextSource, read_text};
use super::repo_key::RepoKey;
use crate::protocol::uri::{file_uri, visited_root};
use finding::RepoPath;
use git::{ChangeKind, ChangedFile, ScopeRequest, Snapshot, Switch};
use lsp_types::Uri;
use ops::OpenBranch;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The repository that it is in.
    pub(crate) of: RepoKey,
    /// That one's work tree, as the client spells it.
    pub(crate) work_tree: PathBuf,
    /// As it was named: `pr:7`.
    pub(crate) word: String,
    /// What its documents' addresses begin with, without what tells it from others of that name: `pr-7`.
    pub(crate) name: String,
    /// "#7 Title" or the word.
    pub(crate) title: String,
    pub(crate) request: ScopeRequest,
    pub(crate) open: OpenBranch,
    pub(crate) snapshot: Snapshot,
    /// How it is checked out, where it can be.
    pub(crate) switch: Option<Switch>,
    /// The changed files that the work tree has as they are in the target, and that are shown on it.
    pub(crate) here: BTreeSet<RepoPath>,
}

impl Visit {
    /// The changed files that a work tree has as they are in a snapshot. Reads them.
    pub(crate) fn files_here(snapshot: &Snapshot, work_tree: &Path) -> BTreeSet<RepoPath> {
        let is_here = |file: &&ChangedFile| {
            file.new.as_ref().is_some_and(|new| read_text(&work_tree.join(file.path.as_str())).as_ref() == Some(new))
        };
        snapshot.files().iter().filter(is_here).map(|file| file.path.clone()).collect()
    }

    /// Whether a file is the work tree's own.
    pub(crate) fn has_here(&self, path: &RepoPath) -> bool {
        self.here.contains(path)
    }

    /// The path in it of a document, as seen from where its read-only ones are.
    pub(crate) fn path_of(&self, root: &Path, document: &Path) -> Option<RepoPath> {
        let plain = |inside: &Path| RepoPath::new(inside.to_str()?.replace(std::path::MAIN_SEPARATOR, "/")).ok();
        if let Ok(inside) = document.strip_prefix(root) {
            return plain(inside);
        }
        let inside = document.strip_prefix(&self.work_tree).or_else(|_| document.strip_prefix(&self.of.root)).ok()?;
        plain(inside).filter(|path| self.has_here(path))
    }

    /// Where the document of a path is.
    pub(crate) fn document_of(&self, root: &Path, path: &RepoPath) -> PathBuf {
        if self.has_here(path) { self.work_tree.join(path.as_str()) } else { root.join(path.as_str()) }
    }

    /// Its text, where no document of it is open.
    pub(crate) fn source(&self, root: &Path, path: &RepoPath) -> TextSource {
        let file = self.document_of(root, path);
        if self.has_here(path) {
            return TextSource::File(file);
        }
        TextSource::Frozen { file, snapshot: self.snapshot.clone(), path: path.clone() }
    }

    /// The text of one of its documents, or of what that is compared with. `None` if it has none of that name.
    pub(crate) fn text(&self, side: Side, path: &RepoPath) -> Option<Arc<str>> {
        let changed = self.snapshot.file(path);
        match (side, changed) {
            (Side::Target, Some(ChangedFile { kind: ChangeKind::Deleted, .. })) => None,
            (Side::Target, _) => self.snapshot.read(path).ok().flatten(),
            // Under its name of now, so that both sides of a diff have one name.
            (Side::Base, Some(changed)) => changed.old.clone(),
            (Side::Base, None) => self.snapshot.read_base(path),
        }
    }
}

/// Which text of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// As it is in the target.
    Target,
    /// What that is compared with.
    Base,
}

/// What stands before a name in the addresses of what it is compared with.
const BASE: &str = "base.";

/// The address of what a file is compared with.
pub(crate) fn base_uri(root: &Path, path: &RepoPath) -> Option<Uri> {
    let name = root.file_name()?.to_str()?;
    file_uri(&visited_root(&format!("{BASE}{name}")).join(path.as_str()))
}

/// The root, the side and the path of a document's path, as far as it can be told without knowing what is looked at.
pub(crate) fn side_of(document: &Path) -> Option<(PathBuf, Side, RepoPath)> {
    let mut parts = document.components();
    parts.next()?;
    let name = parts.next()?.as_os_str().to_str()?;
    let path = RepoPath::new(parts.as_path().to_str()?.replace(std::path::MAIN_SEPARATOR, "/")).ok()?;
    Some(match name.strip_prefix(BASE) {
        Some(name) => (visited_root(name), Side::Base, path),
        None => (visited_root(name), Side::Target, path),
    })
}

/// A word as the host of an address: small letters, digits and `-`.
pub(crate) fn as_host(word: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = word.chars().map(plain).take(60).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "target".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_which_side_it_is_of() {
        let root = visited_root("pr-7");
        let path = RepoPath::new("src/a b.rs").unwrap();
        let base = crate::protocol::uri::file_path(&base_uri(&root, &path).unwrap()).unwrap();
        assert_eq!(side_of(&base), Some((root.clone(), Side::Base, path.clone())));
        assert_eq!(side_of(&root.join("src/a b.rs")), Some((root.clone(), Side::Target, path)));
        assert_eq!(side_of(&root), None);
        assert_eq!(side_of(&root.join("../x")), None);
    }

    #[test]
    fn every_word_makes_a_host() {
        for (word, host) in [
            ("pr:7", "pr-7"),
            ("feature/Ünder_X", "feature--nder-x"),
            ("--staged", "staged"),
            ("stash@{0}", "stash--0"),
            ("ü", "target"),
        ] {
            assert_eq!(as_host(word), host, "{word}");
        }
    }
}
