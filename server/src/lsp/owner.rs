//! The one owner of state: takes events one after the other, and publishes what follows from them.

use super::capabilities::Abilities;
use super::diagnostics;
use super::documents::{Document, file_path};
use super::outbox::Outbox;
use super::project::Plan;
use super::reviewing::{self, Asked, Refused};
use super::settings::{Auto, Settings, Trust};
use super::watch::{self, Mark, Stamp};
use super::world::{Repo, Running, Seen, World};
use crate::finding::{Decisions, RepoPath, Round};
use crate::git::{HeadState, Repository};
use crate::review;
use lsp_types::*;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often files that tell of a branch switch, of a round made elsewhere, or of an edit outside of the editor
/// are looked at. Clients that watch files for us make it quicker.
const LOOK: Duration = Duration::from_secs(1);

/// Where the answer to a command goes.
pub(crate) type Reply = oneshot::Sender<Result<Value, Refused>>;

/// All that can happen.
pub(crate) enum Event {
    /// The client said who it is.
    Initialize {
        abilities: Abilities,
        folders: Vec<PathBuf>,
        settings: Settings,
        trusted: Trust,
    },
    /// The client is ready for requests of ours.
    Initialized,
    Opened(Box<TextDocumentItem>),
    Changed(DidChangeTextDocumentParams),
    Closed(Uri),
    Saved(Uri),
    Folders {
        added: Vec<PathBuf>,
        removed: Vec<PathBuf>,
    },
    /// Files changed on disk, or were renamed or deleted in the editor.
    Touched,
    Settings(Box<Settings>),
    /// Somebody wants the world as it is after everything before this.
    Ask(oneshot::Sender<World>),
    /// What repository a folder is in.
    Found {
        folder: PathBuf,
        found: Option<(Repository, PathBuf)>,
    },
    /// What is stored of a repository's branch.
    Loaded {
        root: PathBuf,
        loaded: Box<Loaded>,
    },
    /// Files that are not open, laid under a plan.
    Seen {
        root: PathBuf,
        plan: Arc<Plan>,
        files: Vec<(RepoPath, Option<Seen>)>,
    },
    /// What the files that we look at are like.
    Looked {
        root: PathBuf,
        stamp: Stamp,
    },
    Decided {
        root: PathBuf,
        decisions: Decisions,
    },
    Review {
        root: PathBuf,
        asked: Box<Asked>,
        reply: Reply,
    },
    Cancel {
        root: Option<PathBuf>,
        reply: Reply,
    },
    /// The user pressed cancel on the progress of that review.
    CancelReview(u64),
    Round {
        root: PathBuf,
        number: u64,
        event: review::Event,
    },
    Ended {
        root: PathBuf,
        number: u64,
        result: Result<Value, Refused>,
    },
}

/// What [`Repo`] starts from.
pub(crate) struct Loaded {
    /// What the repository's files were like before they were read.
    pub(crate) stamp: Vec<Mark>,
    pub(crate) head: Option<HeadState>,
    pub(crate) round: Option<Round>,
    pub(crate) decisions: Decisions,
    pub(crate) problems: Vec<String>,
}

/// A review under way, and the one that comes next.
struct Job {
    number: u64,
    cancel: CancellationToken,
    reply: Option<Reply>,
    automatic: bool,
    next: Option<(Box<Asked>, Reply)>,
}

/// What a client was last told of a file.
struct Told {
    uri: Uri,
    hash: u64,
    version: Option<i32>,
    empty: bool,
}

pub(crate) struct Owner {
    world: World,
    outbox: Outbox,
    events: UnboundedSender<Event>,
    /// Open documents whose projection is older than their text.
    stale: HashSet<Uri>,
    /// Files whose diagnostics may have changed.
    dirty: BTreeSet<(PathBuf, RepoPath)>,
    told: HashMap<(PathBuf, RepoPath), Told>,
    stamps: HashMap<PathBuf, Vec<Mark>>,
    jobs: HashMap<PathBuf, Job>,
    looking: HashSet<PathBuf>,
    asked_for: HashSet<PathBuf>,
    count: u64,
    /// Whether rounds or states changed that the editor's lists show.
    changed: bool,
    /// Ends every review when the server does.
    stop: CancellationToken,
    reviews: TaskTracker,
}

impl Owner {
    pub(crate) fn new(
        outbox: Outbox,
        events: UnboundedSender<Event>,
        stop: CancellationToken,
        reviews: TaskTracker,
    ) -> Self {
        Self {
            world: World::default(),
            outbox,
            events,
            stale: HashSet::new(),
            dirty: BTreeSet::new(),
            told: HashMap::new(),
            stamps: HashMap::new(),
            jobs: HashMap::new(),
            looking: HashSet::new(),
            asked_for: HashSet::new(),
            count: 0,
            changed: false,
            stop,
            reviews,
        }
    }

    /// Runs until nobody sends any more. What waits in the queue is taken at once, and published once.
    pub(crate) async fn run(mut self, mut events: UnboundedReceiver<Event>) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.take(event),
                    None => return,
                },
                _ = look.tick() => self.look(),
                () = self.stop.cancelled() => return self.end(),
            }
            while let Ok(event) = events.try_recv() {
                self.take(event);
            }
            self.publish();
        }
    }

    fn end(&mut self) {
        for (_, job) in self.jobs.drain() {
            job.cancel.cancel();
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Initialize { abilities, folders, settings, trusted } => {
                self.world.abilities = abilities;
                self.world.settings = Arc::new(settings);
                self.world.trusted = trusted;
                for folder in folders {
                    self.find(&folder);
                }
            }
            Event::Initialized => self.outbox.register(self.world.abilities, self.events.clone()),
            Event::Opened(item) => self.open(*item),
            Event::Changed(params) => self.change(&params),
            Event::Closed(uri) => self.close(&uri),
            Event::Saved(uri) => self.saved(&uri),
            Event::Folders { added, removed } => {
                for folder in removed {
                    self.forget(&folder);
                }
                for folder in added {
                    self.find(&folder);
                }
            }
            Event::Touched => self.look(),
            Event::Settings(settings) => {
                if *self.world.settings != *settings {
                    self.world.settings = Arc::new(*settings);
                    self.dirty_all();
                }
            }
            Event::Ask(reply) => {
                self.refresh();
                // Whoever asked may have been cancelled.
                let _ = reply.send(self.world.clone());
            }
            Event::Found { folder, found } => self.found(&folder, found),
            Event::Loaded { root, loaded } => self.loaded(&root, *loaded),
            Event::Seen { root, plan, files } => self.seen(&root, &plan, files),
            Event::Looked { root, stamp } => self.looked(&root, stamp),
            Event::Decided { root, decisions } => self.decided(&root, decisions),
            Event::Review { root, asked, reply } => self.review(&root, asked, reply),
            Event::Cancel { root, reply } => self.cancel(root.as_deref(), reply),
            Event::CancelReview(number) => {
                if let Some(job) = self.jobs.values().find(|job| job.number == number) {
                    job.cancel.cancel();
                }
            }
            Event::Round { root, number, event } => self.round(&root, number, event),
            Event::Ended { root, number, result } => self.ended(&root, number, result),
        }
    }

    fn repo(&mut self, root: &Path) -> Option<&mut Repo> {
        Arc::make_mut(&mut self.world.repos).get_mut(root)
    }

    // Documents.

    fn open(&mut self, item: TextDocumentItem) {
        let Some(document) = Document::open(item.uri.clone(), item.version, &item.text) else { return };
        let folder = document.path.parent().map(Path::to_owned);
        Arc::make_mut(&mut self.world.documents).insert(item.uri.clone(), document);
        self.stale.insert(item.uri);
        if let Some(folder) = folder {
            self.find(&folder);
        }
    }

    fn change(&mut self, params: &DidChangeTextDocumentParams) {
        let uri = &params.text_document.uri;
        let encoding = self.world.abilities.encoding;
        if let Some(document) = Arc::make_mut(&mut self.world.documents).get_mut(uri) {
            document.change(params.text_document.version, &params.content_changes, encoding);
            self.stale.insert(uri.clone());
        }
    }

    fn close(&mut self, uri: &Uri) {
        let Some(document) = Arc::make_mut(&mut self.world.documents).remove(uri) else { return };
        self.stale.remove(uri);
        let place = self.world.place(&document.path).map(|(repo, path)| (repo.root().to_owned(), path));
        if let Some((root, path)) = place {
            self.see(&root, vec![path]);
        }
    }

    fn saved(&mut self, uri: &Uri) {
        if self.world.settings.auto() == Auto::Builtin
            && let Some(file) = file_path(uri)
            && let Some((repo, _)) = self.world.place(&file)
        {
            let root = repo.root().to_owned();
            self.review_alone(&root);
        }
        self.look();
    }

    /// Projects the open documents whose text is newer than their projection.
    fn refresh(&mut self) {
        for uri in std::mem::take(&mut self.stale) {
            let Some(document) = self.world.documents.get(&uri).cloned() else { continue };
            let Some((repo, path)) = self.world.place(&document.path) else { continue };
            let root = repo.root().to_owned();
            let before: Vec<_> = repo.files.get(&path).map(|s| conditions(s)).unwrap_or_default();
            let seen = repo.see(&path, Some(&document), self.world.abilities);
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
        }
    }

    fn put(&mut self, root: &Path, path: &RepoPath, seen: Option<Seen>) {
        let Some(repo) = self.repo(root) else { return };
        let files = Arc::make_mut(&mut repo.files);
        match seen {
            Some(seen) => files.insert(path.clone(), Arc::new(seen)),
            None => files.remove(path),
        };
        let affected = diagnostics::affected(repo, path);
        self.dirty.extend(affected.into_iter().map(|path| (root.to_owned(), path)));
    }

    // Repositories.

    /// Looks which repository a folder is in.
    fn find(&mut self, folder: &Path) {
        if self.world.folders.contains_key(folder) || !self.asked_for.insert(folder.to_owned()) {
            return;
        }
        let (events, folder) = (self.events.clone(), folder.to_owned());
        drop(tokio::task::spawn_blocking(move || {
            let found = watch::discover(&folder);
            let _ = events.send(Event::Found { folder, found });
        }));
    }

    fn found(&mut self, folder: &Path, found: Option<(Repository, PathBuf)>) {
        self.asked_for.remove(folder);
        let root = found.as_ref().map(|(git, _)| git.root().to_owned());
        Arc::make_mut(&mut self.world.folders).insert(folder.to_owned(), root.clone());
        if let (Some((git, shown)), Some(root)) = (found, root) {
            if !self.world.repos.contains_key(&root) {
                Arc::make_mut(&mut self.world.repos).insert(root.clone(), Repo::new(git, shown));
                self.load(&root);
            }
            let inside = self.world.documents.values().filter(|d| d.path.parent() == Some(folder));
            self.stale.extend(inside.map(|d| d.uri.clone()));
        }
    }

    fn forget(&mut self, folder: &Path) {
        let gone: Vec<PathBuf> =
            self.world.repos.values().filter(|r| r.shown.starts_with(folder)).map(|r| r.root().to_owned()).collect();
        for root in gone {
            if let Some(job) = self.jobs.get(&root) {
                job.cancel.cancel();
            }
            self.dirty_files(&root);
            Arc::make_mut(&mut self.world.repos).remove(&root);
            Arc::make_mut(&mut self.world.folders).retain(|_, r| r.as_ref() != Some(&root));
            self.changed = true;
        }
        Arc::make_mut(&mut self.world.folders).remove(folder);
    }

    fn load(&mut self, root: &Path) {
        let Some(repo) = self.world.repos.get(root).cloned() else { return };
        let (events, root) = (self.events.clone(), root.to_owned());
        drop(tokio::task::spawn_blocking(move || {
            let loaded = Box::new(watch::load(repo));
            let _ = events.send(Event::Loaded { root, loaded });
        }));
    }

    fn loaded(&mut self, root: &Path, loaded: Loaded) {
        for problem in &loaded.problems {
            self.outbox.log(MessageType::WARNING, problem.clone());
        }
        let running = self.jobs.contains_key(root);
        self.stamps.insert(root.to_owned(), loaded.stamp);
        let Some(repo) = self.repo(root) else { return };
        let switched = repo.head.is_some() && repo.head != loaded.head;
        let first = repo.head.is_none();
        repo.head = loaded.head;
        repo.decisions = Arc::new(loaded.decisions);
        let same = repo.plan.as_ref().map(|p| &*p.round) == loaded.round.as_ref();
        if !running && !same {
            self.take_round(root, loaded.round.map(Arc::new));
        } else {
            // The same round over what may be other files.
            self.see_all(root);
            self.dirty_files(root);
        }
        self.changed = true;
        if (switched || first) && self.world.settings.auto() == Auto::Builtin {
            self.review_alone(root);
        }
    }

    fn take_round(&mut self, root: &Path, round: Option<Arc<Round>>) {
        self.dirty_files(root);
        let Some(repo) = self.repo(root) else { return };
        repo.set_plan(round.map(Plan::new));
        // A file that is in the new round too keeps what it shows until it has been looked at again.
        let plan = repo.plan.clone();
        Arc::make_mut(&mut repo.files).retain(|path, _| plan.as_ref().is_some_and(|plan| plan.file(path).is_some()));
        self.see_all(root);
        self.changed = true;
    }

    /// Projects all files of a repository's round again: open ones now, the others off this task.
    fn see_all(&mut self, root: &Path) {
        let Some(repo) = self.world.repos.get(root) else { return };
        let Some(plan) = &repo.plan else { return };
        let open: HashMap<PathBuf, Uri> =
            self.world.documents.values().map(|d| (d.path.clone(), d.uri.clone())).collect();
        let (mut rest, mut stale) = (Vec::new(), Vec::new());
        for path in plan.paths() {
            match open.get(&repo.file_of(path)) {
                Some(uri) => stale.push(uri.clone()),
                None => rest.push(path.clone()),
            }
        }
        self.stale.extend(stale);
        self.see(root, rest);
    }

    /// Projects files that are not open.
    fn see(&self, root: &Path, paths: Vec<RepoPath>) {
        let Some(repo) = self.world.repos.get(root).cloned() else { return };
        let Some(plan) = repo.plan.clone() else { return };
        if paths.is_empty() {
            return;
        }
        let (events, abilities, root) = (self.events.clone(), self.world.abilities, root.to_owned());
        drop(tokio::task::spawn_blocking(move || {
            let files = paths.into_iter().map(|path| {
                let seen = repo.see(&path, None, abilities);
                (path, seen)
            });
            let files = files.collect();
            let _ = events.send(Event::Seen { root, plan, files });
        }));
    }

    fn seen(&mut self, root: &Path, plan: &Arc<Plan>, files: Vec<(RepoPath, Option<Seen>)>) {
        let Some(repo) = self.world.repos.get(root) else { return };
        if !repo.plan.as_ref().is_some_and(|now| Arc::ptr_eq(now, plan)) {
            return;
        }
        let open: HashSet<&Path> = self.world.documents.values().map(|d| d.path.as_path()).collect();
        let closed: Vec<_> = files.into_iter().filter(|(path, _)| !open.contains(&*repo.file_of(path))).collect();
        for (path, seen) in closed {
            self.put(root, &path, seen);
        }
        self.changed = true;
    }

    /// Looks, off this task, whether anything changed on disk.
    fn look(&mut self) {
        for (root, repo) in self.world.repos.iter() {
            if !self.looking.insert(root.clone()) {
                continue;
            }
            let open: HashSet<PathBuf> = self.world.documents.values().map(|d| d.path.clone()).collect();
            let (repo, events, root) = (repo.clone(), self.events.clone(), root.clone());
            drop(tokio::task::spawn_blocking(move || {
                let stamp = Stamp::of(&repo, &open);
                let _ = events.send(Event::Looked { root, stamp });
            }));
        }
    }

    fn looked(&mut self, root: &Path, stamp: Stamp) {
        self.looking.remove(root);
        let Some(before) = self.stamps.get(root) else { return };
        if *before != stamp.repository {
            self.load(root);
            return;
        }
        let Some(repo) = self.world.repos.get(root) else { return };
        let changed =
            stamp.files.into_iter().filter(|(path, mark)| repo.files.get(path).is_some_and(|s| s.mark != *mark));
        let changed = changed.map(|(path, _)| path).collect();
        self.see(root, changed);
    }

    fn decided(&mut self, root: &Path, decisions: Decisions) {
        if let Some(repo) = self.repo(root) {
            repo.decisions = Arc::new(decisions);
        }
        self.dirty_files(root);
        self.changed = true;
    }

    fn dirty_files(&mut self, root: &Path) {
        let paths = self.world.repos.get(root).into_iter().flat_map(|r| r.files.keys());
        let told = self.told.keys().filter(|(r, _)| r == root).map(|(_, path)| path);
        let all: Vec<_> = paths.chain(told).map(|path| (root.to_owned(), path.clone())).collect();
        self.dirty.extend(all);
    }

    fn dirty_all(&mut self) {
        let roots: Vec<PathBuf> = self.world.repos.keys().cloned().collect();
        for root in roots {
            self.dirty_files(&root);
        }
        self.changed = true;
    }

    // Reviews.

    /// A review by the built-in agents that nobody asked for; not while another one runs.
    fn review_alone(&mut self, root: &Path) {
        if self.jobs.contains_key(root) {
            return;
        }
        if let Some(repo) = self.world.repos.get(root)
            && let Some(asked) = reviewing::automatic(repo)
        {
            let (reply, _) = oneshot::channel();
            self.start(root, asked, reply, true);
        }
    }

    /// One at a time; a newer request takes the place of the one that waits.
    fn review(&mut self, root: &Path, asked: Box<Asked>, reply: Reply) {
        match self.jobs.get_mut(root) {
            None => self.start(root, *asked, reply, false),
            Some(job) => {
                if job.automatic {
                    job.cancel.cancel();
                }
                if let Some((_, before)) = job.next.replace((asked, reply)) {
                    let _ = before.send(Err(Refused::failed("a newer request took the place of this one")));
                }
            }
        }
    }

    fn start(&mut self, root: &Path, asked: Asked, reply: Reply, automatic: bool) {
        let Some(repo) = self.repo(root) else {
            let _ = reply.send(Err(Refused::failed("the repository is no longer part of the workspace")));
            return;
        };
        repo.running = Some(Running::default());
        let repo = repo.clone();
        self.count += 1;
        let (number, cancel) = (self.count, self.stop.child_token());
        self.jobs
            .insert(root.to_owned(), Job { number, cancel: cancel.clone(), reply: Some(reply), automatic, next: None });
        self.changed = true;
        let progress = (!automatic).then(|| self.outbox.progress(self.world.abilities, number));
        let settings = (self.world.settings.clone(), self.world.trusted);
        let events = self.events.clone();
        self.reviews.spawn(reviewing::run(repo, asked, settings, number, cancel, events, progress));
    }

    fn cancel(&mut self, root: Option<&Path>, reply: Reply) {
        let mut stopped = 0;
        for (at, job) in &mut self.jobs {
            if root.is_none_or(|root| root == at) {
                job.cancel.cancel();
                stopped += 1;
                if let Some((_, waiting)) = job.next.take() {
                    let _ = waiting.send(Err(Refused::failed("the review was cancelled")));
                }
            }
        }
        let _ = reply.send(Ok(json!({ "cancelled": stopped })));
    }

    fn round(&mut self, root: &Path, number: u64, event: review::Event) {
        if self.jobs.get(root).is_none_or(|job| job.number != number) {
            return;
        }
        match event {
            review::Event::Updated(round) => self.take_round(root, Some(round)),
            review::Event::Progress(agent, progress) => {
                if let Some(repo) = self.repo(root)
                    && let Some(running) = &mut repo.running
                {
                    running.doing.insert(agent, progress.doing);
                }
            }
            review::Event::SetAside(aside) => self.outbox.log(MessageType::WARNING, aside.to_string()),
        }
    }

    fn ended(&mut self, root: &Path, number: u64, result: Result<Value, Refused>) {
        if self.jobs.get(root).is_none_or(|job| job.number != number) {
            return;
        }
        let Some(job) = self.jobs.remove(root) else { return };
        if let Some(repo) = self.repo(root) {
            repo.running = None;
        }
        // What is stored is what counts, also after a failure.
        self.dirty_files(root);
        self.load(root);
        self.changed = true;
        if let Err(refused) = &result
            && !job.automatic
        {
            self.outbox.show(MessageType::WARNING, &refused.to_string());
        }
        if let Some(reply) = job.reply {
            let _ = reply.send(result);
        }
        if let Some((asked, reply)) = job.next {
            self.start(root, *asked, reply, false);
        }
    }

    // What the client is told.

    fn publish(&mut self) {
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

    fn tell(&mut self, root: &Path, path: RepoPath) {
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

/// What the editor's lists show of a file.
fn conditions(seen: &Seen) -> Vec<super::project::Located> {
    seen.view.places.clone()
}
