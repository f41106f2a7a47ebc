//! A stored round as a document: with its texts, with what was decided and heard since, and with what git says of it.

use finding::{Anchor, Decisions, Finding, RepoPath, Round};
use git::{Repository, head_reference};
use patch::{Carried, LineMap};
use report::{Format, Texts, html};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use store::{Store, StoreError};

/// What a report is written from.
#[derive(Debug, Clone)]
pub struct Document {
    /// The round, with what is known now of its pull request.
    pub round: Round,
    /// What people decided.
    pub decisions: Decisions,
    /// The texts that it cites.
    pub texts: Texts,
    /// Whether a newer round followed: then it is shown as it was, and history is read as far as its head.
    pub is_past: bool,
}

/// Completes a round of the repository. The stored one does not change. Blocks.
///
/// # Errors
/// When the decisions cannot be read.
pub fn document(repository: &Repository, mut round: Round) -> Result<Document, StoreError> {
    let store = Store::of(repository.common_dir());
    let branch = store.branch(round.scope.branch.as_deref());
    let decisions = branch.decisions()?.value;
    let texts = texts(&store, &round);
    if let Some(now) = branch.pull_request() {
        now.put_into(&mut round);
        say_who_agrees(repository, &mut round, &texts);
    }
    Ok(Document { round, decisions, texts, is_past: false })
}

/// Notes of each comment of a person which findings say the same.
fn say_who_agrees(repository: &Repository, round: &mut Round, texts: &Texts) {
    let Some(number) = round.pull_request.as_ref().map(|pull_request| pull_request.number) else { return };
    let head = repository.commit_at(&head_reference(number)).ok().flatten();
    // The forge counts lines in the pull request's last commit, the round in what was reviewed.
    let mut maps: BTreeMap<RepoPath, Option<LineMap>> = BTreeMap::new();
    let map_of = |path: &RepoPath| {
        let shown = repository.read_at(head.as_ref()?, path).ok()??;
        let reviewed = texts.get(path)?;
        (*shown != *reviewed).then(|| LineMap::between(&shown, reviewed))
    };
    let Round { findings, feedback, resolved_feedback, .. } = round;
    for comment in feedback.iter_mut().chain(resolved_feedback) {
        if let Some(of) = &comment.of {
            comment.same_as = findings.iter().map(|finding| &finding.id).filter(|id| *id == of).cloned().collect();
            continue;
        }
        let Some(Anchor { path, lines: Some(lines), .. }) = &comment.anchor else { continue };
        let lines = match maps.entry(path.clone()).or_insert_with(|| map_of(path)) {
            None => *lines,
            Some(map) => match map.carry(*lines) {
                Carried::Untouched(lines) | Carried::Touched(lines) => lines,
                Carried::Gone(_) => continue,
            },
        };
        let is_same = |finding: &&Finding| {
            let main = finding.main_anchor().filter(|anchor| anchor.path == *path);
            let place = main.and_then(|anchor| anchor.lines);
            place.is_some_and(|place| merge::people::is_same(finding, place, comment, lines))
        };
        comment.same_as = findings.iter().filter(is_same).map(|finding| finding.id.clone()).collect();
    }
}

/// The texts that a round refers to.
#[must_use]
pub fn texts(store: &Store, round: &Round) -> Texts {
    let text = |(path, blob): (&RepoPath, _)| Some((path.clone(), Arc::from(store.text(blob)?)));
    round.texts.iter().filter_map(text).collect()
}

/// The file beside reports that lists all rounds, as `deep-review report --index` writes it.
pub const INDEX: &str = "index.html";

/// Whether the list of all rounds is beside the file, and not some other page of that name.
fn is_listed(file: &Path) -> bool {
    let list = file.with_file_name(INDEX);
    let mut head = Vec::new();
    let read = list != file && File::open(list).and_then(|list| list.take(2048).read_to_end(&mut head)).is_ok();
    read && String::from_utf8_lossy(&head).contains(html::GENERATOR)
}

impl Document {
    /// The same as others may see it: see [`report::masked`].
    ///
    /// # Errors
    /// When it cannot be masked: it is not to be written then.
    pub fn masked(self) -> Result<Self, serde_json::Error> {
        let (round, decisions, texts) = report::masked(self.round, self.decisions, &self.texts)?;
        Ok(Self { round, decisions, texts, is_past: self.is_past })
    }

    /// Writes it, its secrets masked, for `file` if that is known: a page leads to the list of all rounds where one of
    /// ours is beside it.
    ///
    /// # Errors
    /// As [`masked`](Self::masked).
    pub fn write(self, format: Format, file: Option<&Path>) -> Result<String, serde_json::Error> {
        let Self { round, decisions, texts, .. } = self.masked()?;
        let listed = file.filter(|file| format == Format::Html && is_listed(file));
        Ok(match listed {
            Some(_) => html::page(&round, &decisions, &texts, Some(INDEX)),
            None => report::write(format, &round, &decisions, &texts),
        })
    }

    /// The same round with its findings' places in other texts. A place whose lines were changed there keeps its file
    /// and loses its lines.
    pub fn move_to(&mut self, read: impl Fn(&RepoPath) -> Option<Arc<str>>) {
        let mut maps: BTreeMap<RepoPath, Option<LineMap>> = BTreeMap::new();
        let mut there = Texts::default();
        for finding in &mut self.round.findings {
            for anchor in &mut finding.anchors {
                let map = maps.entry(anchor.path.clone()).or_insert_with(|| {
                    let new = read(&anchor.path)?;
                    let old = self.texts.get(&anchor.path);
                    let map = old.map(|old| LineMap::between(old, &new));
                    there.insert(anchor.path.clone(), new);
                    map
                });
                anchor.lines = match (&map, anchor.lines) {
                    (Some(map), Some(lines)) => match map.carry(lines) {
                        Carried::Untouched(lines) => Some(lines),
                        Carried::Touched(_) | Carried::Gone(_) => None,
                    },
                    _ => None,
                };
            }
            for path in finding.fixes.iter().filter_map(|f| f.path.as_ref()) {
                if let Some(text) = there.get(path).is_none().then(|| read(path)).flatten() {
                    there.insert(path.clone(), text);
                }
            }
        }
        self.texts = there;
    }
}
