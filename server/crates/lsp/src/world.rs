//! What the server knows: documents, repositories with their rounds, and where each finding is now.
//!
//! Everything is behind an `Arc`, so that a request gets a [`World`] of its own for the price of a few counters.

use super::capabilities::Abilities;
use super::documents::{Document, Lines, file_uri};
use super::project::{Facts, FileView, Plan, is_in_all, project};
use super::reports::Report;
use super::reviewing::{Refused, Terms};
use super::settings::{Settings, Trust};
use super::watch::{Mark, mark};
use finding::{AgentName, BlobId, Decisions, Finding, RepoPath, Round};
use git::{HeadState, Repository, blob_id};
use lsp_types::{Location, Range, Uri};
use merge::Outline;
use review::Look;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use store::{Branch, Store};

/// Files over this size in bytes are not read.
const MAX_FILE: u64 = 16 << 20;

/// A file's text when the round froze it. What is made from it is made when it is first needed.
#[derive(Debug)]
pub(crate) struct Frozen {
    blob: Option<BlobId>,
    store: Store,
    text: OnceLock<Option<Arc<str>>>,
    facts: OnceLock<Facts>,
    outline: OnceLock<Outline>,
}

impl Frozen {
    fn new(blob: Option<BlobId>, store: Store) -> Self {
        Self { blob, store, text: OnceLock::new(), facts: OnceLock::new(), outline: OnceLock::new() }
    }

    /// The text, read from the store the first time.
    pub(crate) fn text(&self) -> Option<&Arc<str>> {
        self.text.get_or_init(|| self.blob.as_ref().and_then(|blob| self.store.text(blob)).map(Arc::from)).as_ref()
    }

    /// Whether [`Self::facts`] costs nothing.
    pub(crate) fn is_looked_at(&self) -> bool {
        self.facts.get().is_some()
    }

    /// Its functions and types, where the text is known.
    pub(crate) fn outline(&self, path: &RepoPath) -> Option<&Outline> {
        let text = self.text()?;
        Some(self.outline.get_or_init(|| Outline::of(path, text)))
    }

    pub(crate) fn facts(&self, plan: &Plan, path: &RepoPath) -> &Facts {
        self.facts.get_or_init(|| Facts::of(plan, path, self.text().map(AsRef::as_ref)))
    }
}

/// A file of a round as it is now.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What `view` and `observations` number into.
    pub(crate) plan: Arc<Plan>,
    pub(crate) uri: Uri,
    /// Of the open document; `None` for what is on disk.
    pub(crate) version: Option<i32>,
    pub(crate) view: FileView,
    /// Where the view's places are, in the client's encoding.
    pub(crate) ranges: Vec<Range>,
    /// Where the first anchors of the design observations are, by their number in the round.
    pub(crate) observations: Vec<(usize, Range)>,
    pub(crate) frozen: Arc<Frozen>,
    /// Of the file on disk, before it was read.
    pub(crate) mark: Mark,
}

/// A round on its way: what the editor is told of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    /// What each agent does now.
    pub(crate) doing: BTreeMap<AgentName, String>,
}

/// A repository of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    pub(crate) git: Repository,
    /// The work tree as the client spells it.
    pub(crate) shown: PathBuf,
    pub(crate) head: Option<HeadState>,
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) decisions: Arc<Decisions>,
    pub(crate) files: Arc<BTreeMap<RepoPath, Arc<Seen>>>,
    pub(crate) frozen: Arc<HashMap<RepoPath, Arc<Frozen>>>,
    pub(crate) running: Option<Running>,
    /// Where files of the round are now that are not where they were reviewed.
    pub(crate) moved: Arc<BTreeMap<RepoPath, RepoPath>>,
    /// The settings of this folder, where they are not those of all.
    pub(crate) settings: Option<Arc<Settings>>,
    /// Files of the round for which it was looked where they are, because they are not where they were reviewed.
    pub(crate) missing: BTreeSet<RepoPath>,
    /// The newest round that is stored; it may lack its raw findings, see [`super::reports::round`].
    pub(crate) stored: Option<Arc<Round>>,
    /// Whether the report is written, or is being written.
    pub(crate) is_reported: bool,
    /// The written report of the round that is shown.
    pub(crate) report: Option<Arc<Report>>,
    /// A review that nobody asked for; shown while nothing that is stored is newer.
    pub(crate) alone: Option<Look>,
}

impl Repo {
    pub(crate) fn new(git: Repository, shown: PathBuf) -> Self {
        Self {
            git,
            shown,
            head: None,
            plan: None,
            decisions: Arc::default(),
            files: Arc::default(),
            frozen: Arc::default(),
            running: None,
            moved: Arc::default(),
            settings: None,
            missing: BTreeSet::new(),
            stored: None,
            is_reported: false,
            report: None,
            alone: None,
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.git.root()
    }

    pub(crate) fn name(&self) -> String {
        let name = self.shown.file_name().or_else(|| self.root().file_name());
        name.map_or_else(|| self.root().display().to_string(), |n| n.to_string_lossy().into_owned())
    }

    pub(crate) fn store(&self) -> Store {
        Store::of(self.git.common_dir())
    }

    /// What is stored of the branch that is checked out.
    pub(crate) fn branch(&self) -> Branch {
        self.store().branch(self.head.as_ref().and_then(|h| h.branch.as_deref()))
    }

    /// The path in this repository of a file as the client names it; of a file that was moved since the review, the
    /// path under which it was reviewed.
    pub(crate) fn path_of(&self, file: &Path) -> Option<RepoPath> {
        let inside = file.strip_prefix(&self.shown).or_else(|_| file.strip_prefix(self.root())).ok()?;
        let text = inside.to_str()?;
        let path = RepoPath::new(if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }).ok()?;
        let reviewed = self.moved.iter().find(|(_, now)| **now == path).map(|(reviewed, _)| reviewed.clone());
        Some(reviewed.unwrap_or(path))
    }

    /// Where a file of the round is now.
    pub(crate) fn file_of(&self, path: &RepoPath) -> PathBuf {
        self.shown.join(self.moved.get(path).unwrap_or(path).as_str())
    }

    pub(crate) fn uri_of(&self, path: &RepoPath) -> Option<Uri> {
        self.files.get(path).map(|seen| seen.uri.clone()).or_else(|| file_uri(&self.file_of(path)))
    }

    /// Takes another round (or none), with nothing known of where its findings are. `texts` are what it froze, where
    /// they are not in the store.
    pub(crate) fn set_plan(&mut self, plan: Option<Plan>, texts: Option<&BTreeMap<RepoPath, Arc<str>>>) {
        let before = std::mem::take(&mut self.frozen);
        let store = self.store();
        let mut frozen = HashMap::new();
        if let Some(plan) = &plan {
            for path in plan.paths() {
                let blob = plan.round.texts.get(path);
                let kept = Frozen::new(blob.cloned(), store.clone());
                // Another state of the same round: the text stays, what depends on the findings does not.
                if let Some(old) = before.get(path).filter(|old| old.blob.as_ref() == blob)
                    && let Some(Some(text)) = old.text.get()
                {
                    let _ = kept.text.set(Some(text.clone()));
                }
                if let Some(text) = texts.and_then(|texts| texts.get(path)) {
                    let _ = kept.text.set(Some(text.clone()));
                }
                frozen.insert(path.clone(), Arc::new(kept));
            }
        }
        self.frozen = Arc::new(frozen);
        self.plan = plan.map(Arc::new);
        self.report = None;
        self.is_reported = false;
        // Looked for again at the next look; until then, a file is where it was last seen.
        let plan = self.plan.as_ref();
        Arc::make_mut(&mut self.moved).retain(|path, _| plan.is_some_and(|plan| plan.file(path).is_some()));
        self.missing.clear();
    }

    /// Projects one file: `document` where it is open, else what is on disk. `None` if the round says nothing of it.
    /// Fixes may reach into others of the open `documents`.
    pub(crate) fn see(
        &self,
        path: &RepoPath,
        document: Option<&Document>,
        documents: &HashMap<Uri, Document>,
        abilities: Abilities,
    ) -> Option<Seen> {
        let plan = self.plan.as_ref()?;
        plan.file(path)?;
        let frozen = self.frozen.get(path)?.clone();
        let uri = document.map_or_else(|| file_uri(&self.file_of(path)), |d| Some(d.uri.clone()))?;
        let mark = if document.is_some() { None } else { mark(&self.file_of(path)) };
        let text = document.map_or_else(|| read(&self.file_of(path)), |d| Some(d.text()));
        let text_or_none: &str = text.as_deref().unwrap_or("");
        let same = frozen.blob.as_ref().is_some_and(|blob| text.is_some() && blob_id(text_or_none) == *blob);
        if same && document.is_some() {
            let _ = frozen.text.set(text.clone());
        }
        let kept = if same { None } else { frozen.text() };
        let before = if same { Some(text_or_none) } else { kept.map(AsRef::as_ref) };
        let is_in_all = |finding: usize, fix: usize| {
            let now = |path_of: &RepoPath| match &text {
                Some(text) if path_of == path => Some(text.clone()),
                _ => self.text(path_of, documents),
            };
            let finding_of = &plan.round.findings[finding];
            let paths = || plan.beyond(finding).chain([path]);
            let now: BTreeMap<_, _> = paths().filter_map(|path| Some((path.clone(), now(path)?))).collect();
            let frozen = |path: &RepoPath| match self.frozen.get(path).filter(|frozen| frozen.blob.is_some()) {
                Some(frozen) => frozen.text().cloned(),
                None => now.get(path).cloned(),
            };
            let frozen = paths().filter_map(|path| Some((path.clone(), frozen(path)?))).collect();
            is_in_all(finding_of, &finding_of.fixes[fix], &now, &frozen)
        };
        let view = project(plan, path, || frozen.facts(plan, path), before, text_or_none, is_in_all);
        let lines = Lines::new(text_or_none);
        let range =
            |lines_of: finding::LineRange| lines.range(lines_of.start() - 1, lines_of.end() - 1, abilities.encoding);
        let ranges = view.places.iter().map(|p| range(p.lines)).collect();
        let observations = plan.round.observations.iter().enumerate().filter_map(|(number, observation)| {
            let anchor = observation.anchors.first().filter(|a| a.path == *path)?;
            let at = anchor.lines.unwrap_or(finding::LineRange::line(1));
            Some((number, range(view.map.as_ref().map_or(at, |map| map.carry(at).lines()))))
        });
        let observations = observations.collect();
        Some(Seen {
            plan: plan.clone(),
            uri,
            version: document.map(|d| d.version),
            view,
            ranges,
            observations,
            frozen,
            mark,
        })
    }

    /// The open document of a file.
    pub(crate) fn document<'d>(&self, path: &RepoPath, documents: &'d HashMap<Uri, Document>) -> Option<&'d Document> {
        let file = self.file_of(path);
        documents.values().find(|d| d.path == file)
    }

    /// The current text of a file: the open document's, else the disk's.
    pub(crate) fn text(&self, path: &RepoPath, documents: &HashMap<Uri, Document>) -> Option<Arc<str>> {
        self.document(path, documents).map(Document::text).or_else(|| read(&self.file_of(path)))
    }

    /// The finding of that id, or of that label in this round.
    pub(crate) fn finding(&self, id: &str) -> Option<(usize, &Finding)> {
        let findings = &self.plan.as_ref()?.round.findings;
        let by = |f: &dyn Fn(&Finding) -> bool| findings.iter().enumerate().find(|(_, finding)| f(finding));
        by(&|f| f.id.as_str() == id).or_else(|| by(&|f| f.label.eq_ignore_ascii_case(id)))
    }

    /// Where a finding's place is now.
    pub(crate) fn location(&self, finding: usize, anchor: usize) -> Option<Location> {
        let plan = self.plan.as_ref()?;
        let seen = self.files.get(&plan.round.findings.get(finding)?.anchors.get(anchor)?.path)?;
        if !Arc::ptr_eq(&seen.plan, plan) {
            return None;
        }
        let spot = super::project::Spot { finding, anchor };
        let at = seen.view.places.iter().position(|p| p.spot == spot)?;
        Some(Location::new(seen.uri.clone(), seen.ranges[at]))
    }

    /// What has become of a finding.
    pub(crate) fn state(&self, index: usize, finding: &Finding) -> finding::State {
        let spot = super::project::Spot { finding: index, anchor: 0 };
        let seen = finding.anchors.first().and_then(|a| self.files.get(&a.path));
        let seen = seen.filter(|s| self.plan.as_ref().is_some_and(|plan| Arc::ptr_eq(&s.plan, plan)));
        let place = seen.and_then(|s| s.view.places.iter().find(|p| p.spot == spot));
        super::project::state(finding, &self.decisions, place.map(|p| p.condition))
    }
}

/// The text of a file on disk; `None` if it is not there, not a file, or too large.
pub(crate) fn read(file: &Path) -> Option<Arc<str>> {
    let meta = std::fs::symlink_metadata(file).ok()?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return None;
    }
    let bytes = std::fs::read(file).ok()?;
    Some(match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into(),
    })
}

/// Everything at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) abilities: Abilities,
    pub(crate) settings: Arc<Settings>,
    pub(crate) trusted: Trust,
    /// The user's configuration.
    pub(crate) user_file: Option<PathBuf>,
    pub(crate) documents: Arc<HashMap<Uri, Document>>,
    /// By root.
    pub(crate) repos: Arc<BTreeMap<PathBuf, Repo>>,
    /// Root by the folder that a document is in; `None` for folders outside of any repository.
    pub(crate) folders: Arc<HashMap<PathBuf, Option<PathBuf>>>,
}

impl World {
    /// The repository that is meant: by its root, or by a file in it; the only one if neither is said.
    pub(crate) fn repo(&self, root: Option<&Path>, uri: Option<&Uri>) -> Result<&Repo, Refused> {
        if let Some(root) = root {
            return self
                .repos
                .values()
                .find(|r| r.root() == root || r.shown == root)
                .ok_or_else(|| Refused::invalid(format!("{} is no repository of this workspace", root.display())));
        }
        let file = uri.and_then(super::documents::file_path);
        if let Some((repo, _)) = file.as_deref().and_then(|file| self.place(file)) {
            return Ok(repo);
        }
        let mut all = self.repos.values();
        match (all.next(), all.next()) {
            (Some(repo), None) => Ok(repo),
            (None, _) => Err(Refused::failed("no folder of this workspace is in a git repository; open one that is")),
            (Some(_), Some(_)) => Err(Refused::invalid(
                "the workspace has several repositories: say which one by `root`, or by the `uri` of a file in it",
            )),
        }
    }

    /// Under what a review of a repository runs.
    pub(crate) fn terms(&self, repo: &Repo) -> Terms {
        let settings = self.settings_of(repo).clone();
        Terms { settings, trusted: self.trusted, user_file: self.user_file.clone() }
    }

    /// The settings that hold for a repository.
    pub(crate) fn settings_of<'a>(&'a self, repo: &'a Repo) -> &'a Arc<Settings> {
        repo.settings.as_ref().unwrap_or(&self.settings)
    }

    /// The repository that a file is in, and its path there.
    pub(crate) fn place(&self, file: &Path) -> Option<(&Repo, RepoPath)> {
        let repo = match self.folders.get(file.parent()?) {
            Some(root) => self.repos.get(root.as_ref()?)?,
            // Not looked at yet: the innermost repository that is known.
            None => self
                .repos
                .values()
                .filter(|r| r.path_of(file).is_some())
                .max_by_key(|r| r.shown.components().count())?,
        };
        let path = repo.path_of(file)?;
        Some((repo, path))
    }

    /// The repository, path and projection of a document.
    pub(crate) fn seen(&self, uri: &Uri) -> Option<(&Repo, RepoPath, Arc<Seen>)> {
        let (repo, path) = self.place(&super::documents::file_path(uri)?)?;
        let seen = repo.files.get(&path)?.clone();
        Some((repo, path, seen))
    }

    /// The open document of a repository's file.
    pub(crate) fn document(&self, repo: &Repo, path: &RepoPath) -> Option<&Document> {
        repo.document(path, &self.documents)
    }

    /// The current text of a repository's file.
    pub(crate) fn text(&self, repo: &Repo, path: &RepoPath) -> Option<Arc<str>> {
        repo.text(path, &self.documents)
    }

    /// The finding of that id or label in any repository; `root` narrows it down.
    pub(crate) fn finding(&self, id: &str, root: Option<&Path>) -> Option<(&Repo, usize, &Finding)> {
        let repos = self.repos.values().filter(|r| root.is_none_or(|root| r.shown == root || r.root() == root));
        repos.filter_map(|repo| repo.finding(id).map(|(index, finding)| (repo, index, finding))).next()
    }
}
