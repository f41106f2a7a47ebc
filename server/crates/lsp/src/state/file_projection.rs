//! A file of a round as it is now, worked out when it is first asked for: never on the loop's task.

use super::documents::{Document, Lines, Version};
use super::projection::{AnchorRef, FileView, RoundIndex, project};
use super::reviewed_file::ReviewedFile;
use super::stamps::{FileStamp, file_stamp};
use crate::protocol::encoding::Encoding;
use crate::protocol::uri::file_uri;
use finding::{LineRange, RepoPath};
use lsp_types::{Range, Uri};
use merge::state::Since;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Files over this size in bytes are not read.
const MAX_FILE: u64 = 16 << 20;

/// A file of a round as it is now.
#[derive(Debug)]
pub(crate) struct FileProjection {
    /// What `view` and `observations` number into.
    pub(crate) round_index: Arc<RoundIndex>,
    pub(crate) uri: Uri,
    /// Of the open document; `None` for what is on disk.
    pub(crate) version: Option<Version>,
    pub(crate) view: FileView,
    /// Where the view's places are, in the client's encoding.
    pub(crate) ranges: Vec<Range>,
    /// What is underlined of each: the words that were quoted, else the first line. A whole block is never.
    pub(crate) heads: Vec<Range>,
    /// What is underlined of the first anchors of the design observations, by their number in the round.
    pub(crate) observations: Vec<(usize, Range)>,
    pub(crate) reviewed: Arc<ReviewedFile>,
    /// Of the file on disk, before it was read.
    pub(crate) stamp: FileStamp,
}

impl FileProjection {
    /// The findings whose places are on lines that `range` touches.
    pub(crate) fn anchors_at(&self, range: Range) -> Vec<AnchorRef> {
        let overlaps = |r: &Range| r.start.line <= range.end.line && range.start.line <= r.end.line;
        let places = self.view.places.iter().zip(&self.ranges);
        places.filter(|(_, r)| overlaps(r)).map(|(p, _)| p.anchor_ref).collect()
    }
}

/// The text of a file: of the open document, or of what is on disk.
#[derive(Debug, Clone)]
pub(crate) enum TextSource {
    Document(Arc<Document>),
    File(PathBuf),
    /// Of what is looked at without being checked out; `file` is what the document of it is called.
    Frozen {
        file: PathBuf,
        snapshot: git::Snapshot,
        path: RepoPath,
    },
}

impl TextSource {
    /// The text; `None` if there is no such file, or none that is read.
    pub(crate) fn text(&self) -> Option<Arc<str>> {
        match self {
            Self::Document(document) => Some(document.text()),
            Self::File(file) => read_text(file),
            Self::Frozen { snapshot, path, .. } => snapshot.read(path).ok().flatten(),
        }
    }
}

/// The text of a file on disk; `None` if it is not there, not a file, or too large.
pub(crate) fn read_text(file: &Path) -> Option<Arc<str>> {
    Some(match String::from_utf8(git::read_file(file, MAX_FILE)?) {
        Ok(text) => text.into(),
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into(),
    })
}

/// What a projection follows from. None of it changes any more.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    pub(crate) round_index: Arc<RoundIndex>,
    pub(crate) path: RepoPath,
    pub(crate) text: TextSource,
    /// Of the other files that fixes of this one's findings change.
    pub(crate) others: BTreeMap<RepoPath, TextSource>,
    pub(crate) reviewed: Arc<HashMap<RepoPath, Arc<ReviewedFile>>>,
    pub(crate) encoding: Encoding,
}

/// A projection that is made once, by whoever needs it first; the others wait for it.
#[derive(Debug)]
pub(crate) struct LazyProjection {
    made: OnceLock<Option<FileProjection>>,
    /// Let go when it is made, so that it holds no document any longer.
    sources: Mutex<Option<Sources>>,
}

impl LazyProjection {
    pub(crate) fn new(sources: Sources) -> Self {
        Self { made: OnceLock::new(), sources: Mutex::new(Some(sources)) }
    }

    /// The projection. `None` if the round says nothing of the file, or it has no address. May read files and the store.
    pub(crate) fn get(&self) -> Option<&FileProjection> {
        let made = self.made.get_or_init(|| self.sources().clone().and_then(|sources| sources.project()));
        self.sources().take();
        made.as_ref()
    }

    /// The stamp of the file that the projection was made from, if it is made.
    pub(crate) fn stamp(&self) -> Option<FileStamp> {
        Some(self.made.get()?.as_ref()?.stamp)
    }

    fn sources(&self) -> std::sync::MutexGuard<'_, Option<Sources>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sources {
    fn project(self) -> Option<FileProjection> {
        let round_index = &self.round_index;
        round_index.file(&self.path)?;
        let reviewed = self.reviewed.get(&self.path)?.clone();
        let (uri, version, stamp) = match &self.text {
            TextSource::Document(document) => (document.uri.clone(), Some(document.version), None),
            // Before it is read, so that what is written from now on is seen at the next poll.
            TextSource::File(file) => (file_uri(file)?, None, file_stamp(file)),
            TextSource::Frozen { file, .. } => (file_uri(file)?, None, None),
        };
        let text = self.text.text();
        let current: &str = text.as_deref().unwrap_or("");
        let is_as_reviewed = text.is_some() && reviewed.is(current);
        if let (true, Some(_), Some(text)) = (is_as_reviewed, version, &text) {
            reviewed.set_text(text.clone());
        }
        let before = if is_as_reviewed { text.clone() } else { reviewed.text().cloned() };
        let then = |path: &RepoPath| match *path == self.path {
            true => before.clone(),
            false => self.reviewed.get(path)?.text().cloned(),
        };
        let now = |path: &RepoPath| match *path == self.path {
            true => text.clone(),
            false => self.others.get(path)?.text(),
        };
        let since = Since::new(&then, &now);
        let is_fixed = |finding: usize| {
            // A fix can only be in where something changed: that keeps typing elsewhere cheap.
            let may_be = !is_as_reviewed || round_index.reaches_beyond(finding);
            may_be
                && !round_index.round.findings[finding].fixes.is_empty()
                && reviewed.effects(round_index, &self.path, &then).get(&finding).is_some_and(|e| e.are_in(&since))
        };
        let view = project(round_index, &self.path, before.as_deref(), text.as_deref(), is_fixed);
        let lines = Lines::new(current);
        let range = |of: LineRange| lines.range(of.start() - 1, of.end() - 1, self.encoding);
        let ranges = view.places.iter().map(|p| range(p.lines)).collect();
        let quote = |at: AnchorRef| {
            let finding = round_index.round.findings.get(at.finding)?;
            finding.anchors.get(at.anchor)?.quote.as_deref()
        };
        let head = |of: LineRange, quote: Option<&str>| lines.head(of.start() - 1, of.end() - 1, quote, self.encoding);
        let heads = view.places.iter().map(|p| head(p.lines, quote(p.anchor_ref))).collect();
        let observations = round_index.round.observations.iter().enumerate().filter_map(|(number, observation)| {
            let anchor = observation.main_anchor().filter(|a| a.path == self.path)?;
            let at = anchor.lines.unwrap_or(LineRange::line(1));
            let at = view.map.as_ref().map_or(at, |map| map.carry(at).lines());
            Some((number, head(at, anchor.quote.as_deref())))
        });
        let observations = observations.collect();
        let round_index = round_index.clone();
        Some(FileProjection { round_index, uri, version, view, ranges, heads, observations, reviewed, stamp })
    }
}
