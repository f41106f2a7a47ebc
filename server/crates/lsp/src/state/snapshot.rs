//! Everything that the server knows at one moment: documents, repositories with their rounds, and where each finding is
//! now. Nothing changes a snapshot; taking one costs a few counters.

use super::activity::Activity;
use super::documents::Document;
use super::file_projection::{FileProjection, LazyProjection, Sources, TextSource};
use super::projection::{AnchorRef, RoundIndex};
use super::pull_request::Said;
pub(crate) use super::repo_key::RepoKey;
use super::report_index::ReportIndex;
use super::reviewed_file::ReviewedFile;
use super::stamps::Moved;
use super::visit::Visit;
use crate::protocol::capabilities::ClientCapabilities;
use crate::protocol::commands::RepoArgs;
use crate::protocol::encoding::Encoding;
use crate::protocol::error::CommandError;
use crate::protocol::settings::{ReviewContext, Settings};
use crate::protocol::uri::{file_path, file_uri, is_visited};
use finding::{AgentName, Attribution, Decisions, Dial, Finding, FindingId, RepoPath, Round, State};
use git::{HeadState, Repository};
use lsp_types::{Location, Uri};
use merge::state::{Effects, TextState, state};
use ops::{OpenBranch, OpsError, Trust};
use review::Stops;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use store::{Branch, Store};

/// A round on its way: what the editor is told of it.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    /// When it was asked for.
    pub(crate) started: Instant,
    /// What stops one of its agents.
    pub(crate) stops: Stops,
}

/// How far the report of the round that is shown is, for diagnostics to lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ReportState {
    /// It is to be written, or written anew.
    #[default]
    Wanted,
    Writing,
    Written,
    Failed,
}

/// A round of the built-in agents that nobody asked for and that is not stored.
#[derive(Debug, Clone)]
pub(crate) struct BackgroundRound {
    pub(crate) index: Arc<RoundIndex>,
    /// The texts that it froze.
    pub(crate) texts: Arc<BTreeMap<RepoPath, Arc<str>>>,
}

/// A repository of the workspace, or something of it that is looked at without being checked out.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    pub(crate) key: RepoKey,
    pub(crate) git: Repository,
    /// What is looked at; `None` for what is checked out.
    pub(crate) visit: Option<Arc<Visit>>,
    /// The work tree as the client spells it.
    pub(crate) shown: PathBuf,
    pub(crate) head: Option<HeadState>,
    /// The round that is shown.
    pub(crate) round_index: Option<Arc<RoundIndex>>,
    /// The newest round that is stored; it may lack its raw findings, see [`crate::tasks::report::round`].
    pub(crate) stored: Option<Arc<RoundIndex>>,
    /// Shown while nothing that is stored is newer.
    pub(crate) background: Option<BackgroundRound>,
    pub(crate) decisions: Arc<Decisions>,
    /// What people said on its pull request, when the forge was asked last.
    pub(crate) said: Option<Arc<Said>>,
    /// The files of the round that is shown.
    pub(crate) files: Arc<BTreeMap<RepoPath, Arc<LazyProjection>>>,
    pub(crate) reviewed: Arc<HashMap<RepoPath, Arc<ReviewedFile>>>,
    pub(crate) running: Option<Running>,
    /// What the agents of the newest review did, kept when it is over.
    pub(crate) activity: Arc<Activity>,
    pub(crate) moved: Arc<Moved>,
    /// How much is to be shown, as it is configured.
    pub(crate) dial: Dial,
    /// The settings of this folder, where they are not those of all.
    pub(crate) settings: Option<Arc<Settings>>,
    pub(crate) report_state: ReportState,
    /// The report as it was written last.
    pub(crate) report: Option<Arc<ReportIndex>>,
}

impl Repo {
    pub(crate) fn new(git: Repository, shown: PathBuf, stay: u64) -> Self {
        Self {
            key: RepoKey { root: git.root().to_owned(), stay },
            git,
            visit: None,
            shown,
            head: None,
            round_index: None,
            stored: None,
            background: None,
            decisions: Arc::default(),
            said: None,
            files: Arc::default(),
            reviewed: Arc::default(),
            running: None,
            activity: Arc::default(),
            moved: Arc::default(),
            dial: Dial::default(),
            settings: None,
            report_state: ReportState::default(),
            report: None,
        }
    }

    /// The same repository, with something of it looked at; `root` is what its documents are called by.
    pub(crate) fn visiting(git: Repository, root: PathBuf, stay: u64, visit: Arc<Visit>) -> Self {
        Self { key: RepoKey { root: root.clone(), stay }, visit: Some(visit), ..Self::new(git, root, stay) }
    }

    /// Its top; of what is looked at elsewhere, what its documents' addresses begin with.
    pub(crate) fn root(&self) -> &Path {
        &self.key.root
    }

    pub(crate) fn name(&self) -> String {
        if let Some(visit) = &self.visit {
            return visit.title.clone();
        }
        let name = self.shown.file_name().or_else(|| self.root().file_name());
        name.map_or_else(|| self.root().display().to_string(), |n| n.to_string_lossy().into_owned())
    }

    pub(crate) fn store(&self) -> Store {
        Store::of(self.git.common_dir())
    }

    /// What is stored of the branch that is checked out, or of what is looked at.
    pub(crate) fn branch(&self) -> Branch {
        if let Some(visit) = &self.visit {
            return visit.open.branch.clone();
        }
        self.store().branch(self.head.as_ref().and_then(|h| h.branch.as_deref()))
    }

    /// The path in this repository of a file as the client names it; of a file that was moved since the review, the
    /// path under which it was reviewed.
    pub(crate) fn path_of(&self, file: &Path) -> Option<RepoPath> {
        if let Some(visit) = &self.visit {
            return visit.path_of(self.root(), file);
        }
        let inside = file.strip_prefix(&self.shown).or_else(|_| file.strip_prefix(self.root())).ok()?;
        let text = inside.to_str()?;
        let path = RepoPath::new(if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }).ok()?;
        let reviewed = self.moved.places.iter().find(|(_, now)| **now == path).map(|(reviewed, _)| reviewed.clone());
        Some(reviewed.unwrap_or(path))
    }

    /// Where a file of the round is now.
    pub(crate) fn file_of(&self, path: &RepoPath) -> PathBuf {
        if let Some(visit) = &self.visit {
            return visit.document_of(self.root(), path);
        }
        self.shown.join(self.moved.places.get(path).unwrap_or(path).as_str())
    }

    /// Where its text is, while no document of it is open.
    pub(crate) fn source(&self, path: &RepoPath) -> TextSource {
        match &self.visit {
            Some(visit) => visit.source(self.root(), path),
            None => TextSource::File(self.file_of(path)),
        }
    }

    /// The address of a file of the repository.
    pub(crate) fn uri_of(&self, path: &RepoPath) -> Option<Uri> {
        self.projection(path).map(|p| p.uri.clone()).or_else(|| file_uri(&self.file_of(path)))
    }

    /// A file of the round as it is now.
    pub(crate) fn projection(&self, path: &RepoPath) -> Option<&FileProjection> {
        self.files.get(path)?.get()
    }

    /// Takes another round (or none), with nothing known of where its findings are. `texts` are what it froze, where
    /// they are not in the store.
    pub(crate) fn set_round(
        &mut self,
        round_index: Option<Arc<RoundIndex>>,
        texts: Option<&BTreeMap<RepoPath, Arc<str>>>,
    ) {
        let before = std::mem::take(&mut self.reviewed);
        let store = self.store();
        let reviewed =
            round_index.iter().flat_map(|index| index.paths().map(|path| (path, &index.round))).map(|(path, round)| {
                let blob = round.texts.get(path);
                let file = ReviewedFile::new(blob.cloned(), store.clone());
                // Another state of the same round: the text stays, what depends on the findings does not.
                let same = before.get(path).filter(|old| old.blob.as_ref() == blob);
                let known = texts.and_then(|texts| texts.get(path));
                if let Some(text) = known.or_else(|| same?.known_text()) {
                    file.set_text(text.clone());
                }
                (path.clone(), Arc::new(file))
            });
        self.reviewed = Arc::new(reviewed.collect());
        self.round_index = round_index;
        self.report_state = ReportState::Wanted;
        self.report = None;
        // Looked for again at the next poll; until then, a file is where it was last seen.
        let index = self.round_index.as_ref();
        let moved = Arc::make_mut(&mut self.moved);
        moved.places.retain(|path, _| index.is_some_and(|index| index.file(path).is_some()));
        moved.missing.clear();
    }

    /// What the projection of a file follows from; `open` are the open documents of the repository.
    pub(crate) fn sources(
        &self,
        path: &RepoPath,
        open: &HashMap<RepoPath, Arc<Document>>,
        encoding: Encoding,
    ) -> Option<Sources> {
        let round_index = self.round_index.clone()?;
        let source = |path: &RepoPath| match open.get(path) {
            Some(document) => TextSource::Document(document.clone()),
            None => self.source(path),
        };
        let others = round_index.reach_of(path).into_iter().map(|other| (other.clone(), source(other))).collect();
        let (path, text) = (path.clone(), source(path));
        Some(Sources { round_index, path, text, others, reviewed: self.reviewed.clone(), encoding })
    }

    /// The finding of that id, label or beginning of an id in the round that is shown.
    pub(crate) fn finding(&self, name: &str) -> Result<(usize, &Finding), OpsError> {
        let round_index = self.round_index.as_ref().ok_or(OpsError::NoRound)?;
        ops::find(&round_index.round, name).map(|found| (found.index, found.finding))
    }

    /// The finding of that id.
    pub(crate) fn finding_of(&self, id: &FindingId) -> Option<(usize, &Finding)> {
        let round_index = self.round_index.as_ref()?;
        let number = round_index.number(id)?;
        Some((number, &round_index.round.findings[number]))
    }

    /// Where a finding's place is now.
    pub(crate) fn location(&self, finding: usize, anchor: usize) -> Option<Location> {
        let index = self.round_index.as_ref()?;
        let projection = self.projection(&index.round.findings.get(finding)?.anchors.get(anchor)?.path)?;
        let at = projection.view.place(AnchorRef { finding, anchor })?;
        Some(Location::new(projection.uri.clone(), projection.ranges[at]))
    }

    /// What has become of a finding.
    pub(crate) fn state(&self, index: usize, finding: &Finding) -> State {
        let projection = finding.main_anchor().and_then(|a| self.projection(&a.path));
        let place = projection.and_then(|p| Some(&p.view.places[p.view.place(AnchorRef::main(index))?]));
        self.state_by(index, finding, place.map_or(TextState::Same, |place| place.status))
    }

    /// The same, where it is known what the text says of it.
    pub(crate) fn state_by(&self, index: usize, finding: &Finding, text: TextState) -> State {
        let Some(round_index) = &self.round_index else { return State::Open };
        let then = |path: &RepoPath| self.reviewed.get(path)?.text().cloned();
        let nothing = Effects::default();
        // What the fixes do is asked for only where somebody said that one is in.
        let is_said_to_be_fixed =
            self.decisions.resolutions.get(&finding.id).is_some_and(|decided| decided.state == State::Fixed);
        let main = finding.main_anchor().filter(|_| is_said_to_be_fixed);
        let effects = main
            .and_then(|main| self.reviewed.get(&main.path)?.effects(round_index, &main.path, &then).get(&index))
            .unwrap_or(&nothing);
        state(finding, &round_index.round.id, &self.decisions, text, effects)
    }

    /// How many remarks an agent made in a round; of one that is stored, as many as its findings show.
    pub(crate) fn remarks_of(&self, round: &Round, agent: &AgentName) -> usize {
        let is_own = |a: &&Attribution| a.agent == *agent && !a.raw.is_carried();
        match round.raised_by(agent) {
            0 => round.findings.iter().flat_map(|f| &f.attributions).filter(is_own).count(),
            remarks => remarks,
        }
    }

    /// What is stored of the branch that is checked out, for operations on it.
    pub(crate) fn open_branch(&self) -> OpenBranch {
        if let Some(visit) = &self.visit {
            return visit.open.clone();
        }
        OpenBranch::named(self.git.clone(), self.head.as_ref().and_then(|head| head.branch.as_deref()))
    }
}

/// Everything at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) capabilities: ClientCapabilities,
    pub(crate) settings: Arc<Settings>,
    pub(crate) trusted: Trust,
    /// The user's configuration.
    pub(crate) user_file: Option<PathBuf>,
    pub(crate) documents: Arc<HashMap<Uri, Arc<Document>>>,
    /// By root.
    pub(crate) repos: BTreeMap<PathBuf, Arc<Repo>>,
    /// Root by the folder that a document is in; `None` for folders outside of any repository.
    pub(crate) folders: Arc<HashMap<PathBuf, Option<PathBuf>>>,
}

impl Snapshot {
    /// The repository that is meant: by its root, or by a file in it; the only one if neither is said. What does not
    /// lead to one is an error, whatever else could be meant.
    pub(crate) fn repo(&self, args: &RepoArgs) -> Result<&Arc<Repo>, CommandError> {
        let by_uri = args.uri.as_ref().map(|uri| self.repo_with(uri)).transpose()?;
        let by_root = args.root.as_deref().map(|root| self.repo_at(root)).transpose()?;
        match (by_root, by_uri) {
            (Some(repo), Some(other)) if !Arc::ptr_eq(repo, other) => Err(CommandError::invalid(format!(
                "the `uri` is not of a file in the repository {}",
                repo.root().display()
            ))),
            (Some(repo), _) | (None, Some(repo)) => Ok(repo),
            (None, None) => self.only_repo(),
        }
    }

    /// The repository that a file is in, or that a folder is the root of.
    fn repo_with(&self, uri: &Uri) -> Result<&Arc<Repo>, CommandError> {
        match file_path(uri).and_then(|path| self.repo_at(&path).ok()) {
            Some(repo) => Ok(repo),
            None => self.file(uri).map(|(repo, _)| repo),
        }
    }

    /// The repository whose round has these findings.
    pub(crate) fn repo_of_findings(&self, names: &[String], root: Option<&Path>) -> Result<&Arc<Repo>, CommandError> {
        let first = names.first().ok_or(OpsError::NothingNamed)?;
        self.finding(first, root).map(|(repo, _, _)| repo)
    }

    /// The repository of that root, as we or the client spell it.
    pub(crate) fn repo_at(&self, root: &Path) -> Result<&Arc<Repo>, CommandError> {
        let repo = self.repos.values().find(|r| r.root() == root || r.shown == root);
        repo.ok_or_else(|| CommandError::invalid(format!("{} is no repository of this workspace", root.display())))
    }

    /// The repository and path of a file that a command names.
    pub(crate) fn file(&self, uri: &Uri) -> Result<(&Arc<Repo>, RepoPath), CommandError> {
        let place = file_path(uri).and_then(|file| self.place(&file));
        place.ok_or_else(|| {
            CommandError::invalid(format!("{} is no file in a repository of this workspace", uri.as_str()))
        })
    }

    fn only_repo(&self) -> Result<&Arc<Repo>, CommandError> {
        let mut all = self.repos.values().filter(|repo| repo.visit.is_none());
        match (all.next(), all.next()) {
            (Some(repo), None) => Ok(repo),
            (None, _) => {
                Err(CommandError::failed("no folder of this workspace is in a git repository; open one that is"))
            }
            (Some(_), Some(_)) => {
                let all = self.repos.values().filter(|repo| repo.visit.is_none());
                let names: Vec<String> = all.map(|repo| repo.name()).collect();
                Err(CommandError::invalid(format!(
                    "several repositories are open ({}): open a file of the one that is meant",
                    names.join(", ")
                )))
            }
        }
    }

    /// Under what a review of a repository runs.
    pub(crate) fn context(&self, repo: &Repo) -> ReviewContext {
        let settings = self.settings_of(repo).clone();
        ReviewContext { settings, trusted: self.trusted, user_file: self.user_file.clone() }
    }

    /// The settings that hold for a repository.
    pub(crate) fn settings_of<'a>(&'a self, repo: &'a Repo) -> &'a Arc<Settings> {
        repo.settings.as_ref().unwrap_or(&self.settings)
    }

    /// The repository that a file is in, and its path there.
    pub(crate) fn place(&self, file: &Path) -> Option<(&Arc<Repo>, RepoPath)> {
        let is_visited = is_visited(file);
        let repo = match self.folders.get(file.parent()?) {
            Some(root) => self.repos.get(root.as_ref()?)?,
            // Not looked at yet: the innermost repository that is known.
            None => self
                .repos
                .values()
                .filter(|r| r.visit.is_some() == is_visited && r.path_of(file).is_some())
                .max_by_key(|r| r.shown.components().count())?,
        };
        let path = repo.path_of(file)?;
        Some((repo, path))
    }

    /// What is looked at elsewhere and has this file as the work tree has it.
    pub(crate) fn visits_of(&self, file: &Path) -> impl Iterator<Item = (&Arc<Repo>, RepoPath)> {
        let visits = self.repos.values().filter(|repo| repo.visit.is_some() && !is_visited(file));
        visits.filter_map(|repo| Some((repo, repo.path_of(file)?)))
    }

    /// The repository, path and projection of a document; then those of what is looked at elsewhere and has it too.
    pub(crate) fn projections(&self, uri: &Uri) -> Vec<(&Arc<Repo>, RepoPath, &FileProjection)> {
        let Some(file) = file_path(uri) else { return Vec::new() };
        let places = self.place(&file).into_iter().chain(self.visits_of(&file));
        places.filter_map(|(repo, path)| Some((repo, path.clone(), repo.projection(&path)?))).collect()
    }

    /// The open documents of a repository, by their path there.
    pub(crate) fn open_documents(&self, root: &Path) -> HashMap<RepoPath, Arc<Document>> {
        let places = |document: &Arc<Document>| -> Option<RepoPath> {
            let mut all = self.place(&document.path).into_iter().chain(self.visits_of(&document.path));
            all.find(|(repo, _)| repo.root() == root).map(|(_, path)| path)
        };
        self.documents.values().filter_map(|document| Some((places(document)?, document.clone()))).collect()
    }

    /// The open document of a repository's file.
    pub(crate) fn document(&self, repo: &Repo, path: &RepoPath) -> Option<&Arc<Document>> {
        let file = repo.file_of(path);
        let is_it = |document: &&Arc<Document>| {
            document.path == file
                || self.place(&document.path).is_some_and(|(of, at)| of.root() == repo.root() && at == *path)
        };
        self.documents.values().find(is_it)
    }

    /// The current text of a repository's file.
    pub(crate) fn text(&self, repo: &Repo, path: &RepoPath) -> Option<Arc<str>> {
        self.document(repo, path).map(|document| document.text()).or_else(|| repo.source(path).text())
    }

    /// The finding of that name in any repository; `root` narrows it down.
    pub(crate) fn finding(
        &self,
        name: &str,
        root: Option<&Path>,
    ) -> Result<(&Arc<Repo>, usize, &Finding), CommandError> {
        if let Some(root) = root {
            let repo = self.repo_at(root)?;
            return repo.finding(name).map(|(index, finding)| (repo, index, finding)).map_err(CommandError::from);
        }
        let mut error = None;
        let mut found = None;
        // A label means what is checked out, where that has it.
        let (here, elsewhere): (Vec<_>, Vec<_>) = self.repos.values().partition(|repo| repo.visit.is_none());
        for repo in here.into_iter().chain(elsewhere) {
            match repo.finding(name) {
                Ok((index, finding)) if found.is_none() => found = Some((repo, index, finding)),
                Ok(_) if repo.visit.is_some() => {}
                Ok(_) => {
                    let message =
                        format!("several of the open repositories have a finding '{name}': choose it in the list");
                    return Err(CommandError::invalid(message));
                }
                // That it is not there says more than that there is no round.
                Err(e) if error.is_none() || e.is_argument() => error = Some(e),
                Err(_) => {}
            }
        }
        found.ok_or_else(|| match error {
            Some(error) => error.into(),
            None => CommandError::failed("no folder of this workspace is in a git repository; open one that is"),
        })
    }
}
