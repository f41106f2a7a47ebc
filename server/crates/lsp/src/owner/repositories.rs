//! Repositories: found, loaded, looked at, forgotten.

use super::{Event, Loaded, Owner};
use crate::project::Plan;
use crate::reports::{self, Report};
use crate::reviewing::is_only_ours;
use crate::watch::{self, Stamp};
use crate::world::{Repo, Seen};
use finding::{Decisions, Finding, RepoPath, Round};
use git::Repository;
use lsp_types::{MessageType, Uri};
use report::Format;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files that are looked at before the owner hears of them.
const PART: usize = 64;

/// How many at once look at the files of a round.
const SHARES: usize = 2;

impl Owner {
    /// Looks which repository a folder is in.
    pub(super) fn find(&mut self, folder: &Path) {
        if self.world.folders.contains_key(folder) || !self.asked_for.insert(folder.to_owned()) {
            return;
        }
        let (events, folder) = (self.events.clone(), folder.to_owned());
        drop(tokio::task::spawn_blocking(move || {
            let found = watch::discover(&folder);
            let _ = events.send(Event::Found { folder, found });
        }));
    }

    pub(super) fn found(&mut self, folder: &Path, found: Option<(Repository, PathBuf)>) {
        self.asked_for.remove(folder);
        let root = found.as_ref().map(|(git, _)| git.root().to_owned());
        Arc::make_mut(&mut self.world.folders).insert(folder.to_owned(), root.clone());
        if let (Some((git, shown)), Some(root)) = (found, root) {
            if !self.world.repos.contains_key(&root) {
                Arc::make_mut(&mut self.world.repos).insert(root.clone(), Repo::new(git, shown));
                self.fetch_settings();
                self.load(&root);
            }
            let inside = self.world.documents.values().filter(|d| d.path.parent() == Some(folder));
            self.stale.extend(inside.map(|d| d.uri.clone()));
        }
    }

    pub(super) fn forget(&mut self, folder: &Path) {
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

    pub(super) fn load(&mut self, root: &Path) {
        let Some(repo) = self.world.repos.get(root).cloned() else { return };
        self.count += 1;
        let (events, root, number) = (self.events.clone(), root.to_owned(), self.count);
        drop(tokio::task::spawn_blocking(move || {
            let loaded = Box::new(watch::load(repo));
            let _ = events.send(Event::Loaded { root, number, loaded });
        }));
    }

    pub(super) fn loaded(&mut self, root: &Path, number: u64, loaded: Loaded) {
        if self.taken.get(root).is_some_and(|taken| number < *taken) {
            // It was begun before something newer came in, and may be older or newer than that.
            return self.load(root);
        }
        self.taken.insert(root.to_owned(), number);
        for problem in &loaded.problems {
            self.outbox.log(MessageType::WARNING, problem.clone());
        }
        let running = self.jobs.contains_key(root);
        self.stamps.insert(root.to_owned(), loaded.stamp);
        let Some(repo) = self.repo(root) else { return };
        let switched = repo.head.is_some() && repo.head != loaded.head;
        let first = repo.head.is_none();
        if switched {
            repo.alone = None;
        }
        repo.head = loaded.head;
        repo.decisions = Arc::new(loaded.decisions);
        repo.stored = loaded.round.map(Arc::new);
        if running || !self.show_round(root) {
            // The same round over what may be other files and other decisions.
            self.see_all(root);
            self.dirty_files(root);
        }
        self.changed = true;
        self.look();
        if switched || first {
            self.review_alone(root);
        }
    }

    /// Shows what is stored, or what the built-in agents saw by themselves since; whether that is another round.
    pub(super) fn show_round(&mut self, root: &Path) -> bool {
        let Some(repo) = self.world.repos.get(root) else { return false };
        let alone = repo.alone.as_ref().filter(|look| {
            let older = |round: &Arc<Round>| is_only_ours(round) && round.started <= look.round.started;
            repo.stored.as_ref().is_none_or(older)
        });
        let (round, texts) = match alone {
            Some(look) => (Some(look.round.clone()), Some(look.texts.clone())),
            None => (repo.stored.clone(), None),
        };
        let shown = repo.plan.as_ref().map(|plan| &plan.round);
        let is_other = shown.zip(round.as_ref()).map_or(shown != round.as_ref(), |(shown, read)| !is_same(shown, read));
        if is_other {
            self.take_round(root, round, texts.as_deref());
        }
        is_other
    }

    /// Writes the report of the stored round that is shown, for those whose diagnostics can lead to it. Once a round,
    /// when a file of it is opened: a session in which nobody looks should not pay for it.
    pub(super) fn report(&mut self, root: &Path) {
        let able = self.world.abilities.code_description;
        let Some(repo) = self.repo(root) else { return };
        let Some(plan) = repo.plan.clone() else { return };
        let is_stored = repo.stored.as_ref().is_some_and(|stored| stored.id == plan.round.id);
        let no_page = |f: &Finding| f.rule.as_ref().is_none_or(|rule| rule.url.is_none());
        let wanted = plan.round.findings.iter().any(no_page) && plan.round.findings.len() <= reports::MAX_LINKED;
        if repo.is_reported || repo.running.is_some() || !able || !is_stored || !wanted {
            return;
        }
        repo.is_reported = true;
        let (repo, events, root) = (repo.clone(), self.events.clone(), root.to_owned());
        drop(tokio::task::spawn_blocking(move || {
            let round = reports::round(&repo, None).ok().filter(|round| round.id == plan.round.id);
            if let Some(round) = round
                && let Ok(written) = reports::write(&repo, &round, Format::Markdown)
            {
                let report = written.report();
                let _ = events.send(Event::Reported { root, plan, report });
            }
        }));
    }

    pub(super) fn reported(&mut self, root: &Path, plan: &Arc<Plan>, report: Report) {
        let Some(repo) = self.repo(root) else { return };
        if repo.plan.as_ref().is_some_and(|now| Arc::ptr_eq(now, plan)) && repo.report.as_deref() != Some(&report) {
            repo.report = Some(Arc::new(report));
            self.dirty_files(root);
        }
    }

    pub(super) fn take_round(
        &mut self,
        root: &Path,
        round: Option<Arc<Round>>,
        texts: Option<&BTreeMap<RepoPath, Arc<str>>>,
    ) {
        self.dirty_files(root);
        let Some(repo) = self.repo(root) else { return };
        repo.set_plan(round.map(Plan::new), texts);
        // A file that is in the new round too keeps what it shows until it has been looked at again.
        let plan = repo.plan.clone();
        Arc::make_mut(&mut repo.files).retain(|path, _| plan.as_ref().is_some_and(|plan| plan.file(path).is_some()));
        self.see_all(root);
        self.changed = true;
    }

    /// Projects all files of a repository's round again: open ones now, the others off this task.
    pub(super) fn see_all(&mut self, root: &Path) {
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
        self.see(root, &rest);
    }

    /// Projects files that are not open.
    pub(super) fn see(&mut self, root: &Path, paths: &[RepoPath]) {
        let Some(repo) = self.world.repos.get(root).cloned() else { return };
        let Some(plan) = repo.plan.clone() else { return };
        self.count += 1;
        let number = self.count;
        let newest = self.newest_looks.entry(root.to_owned()).or_default();
        newest.extend(paths.iter().map(|path| (path.clone(), number)));
        let share = paths.len().div_ceil(SHARES).max(PART);
        for paths in paths.chunks(share).map(<[RepoPath]>::to_vec) {
            let (events, abilities, root) = (self.events.clone(), self.world.abilities, root.to_owned());
            let (repo, plan, documents) = (repo.clone(), plan.clone(), self.world.documents.clone());
            drop(tokio::task::spawn_blocking(move || {
                // In parts, so that what is seen is shown while the rest is looked at.
                for part in paths.chunks(PART) {
                    let see = |path: &RepoPath| (path.clone(), repo.see(path, None, &documents, abilities));
                    let files = part.iter().map(see).collect();
                    let _ = events.send(Event::Seen { root: root.clone(), number, plan: plan.clone(), files });
                }
            }));
        }
    }

    /// Looks again at the files whose findings have fixes that reach into `paths`, whose texts changed.
    pub(super) fn see_reaching_into(&mut self, root: &Path, paths: &[RepoPath]) {
        let Some(repo) = self.world.repos.get(root) else { return };
        let Some(plan) = &repo.plan else { return };
        let mains: BTreeSet<&RepoPath> =
            paths.iter().flat_map(|path| plan.reaching_into(path)).filter(|main| !paths.contains(main)).collect();
        let (mut closed, mut open) = (Vec::new(), Vec::new());
        for main in mains {
            match self.world.document(repo, main) {
                Some(document) => open.push(document.uri.clone()),
                None => closed.push(main.clone()),
            }
        }
        self.stale.extend(open);
        self.see(root, &closed);
    }

    pub(super) fn seen(&mut self, root: &Path, number: u64, plan: &Arc<Plan>, files: Vec<(RepoPath, Option<Seen>)>) {
        let Some(repo) = self.world.repos.get(root) else { return };
        if !repo.plan.as_ref().is_some_and(|now| Arc::ptr_eq(now, plan)) {
            return;
        }
        let open: HashSet<&Path> = self.world.documents.values().map(|d| d.path.as_path()).collect();
        // Looks may overtake each other: what a newer one will tell of is left to it.
        let newest = self.newest_looks.get(root);
        let is_newest = |path: &RepoPath| newest.and_then(|looks| looks.get(path)) == Some(&number);
        let is_wanted = |path: &RepoPath| is_newest(path) && !open.contains(&*repo.file_of(path));
        let wanted: Vec<_> = files.into_iter().filter(|(path, _)| is_wanted(path)).collect();
        let mark = |seen: Option<&Seen>| seen.and_then(|seen| seen.mark);
        let is_written = |(path, seen): &&(RepoPath, Option<Seen>)| {
            mark(seen.as_ref()) != mark(repo.files.get(path).map(AsRef::as_ref))
        };
        let written: Vec<RepoPath> = wanted.iter().filter(is_written).map(|(path, _)| path.clone()).collect();
        for (path, seen) in wanted {
            self.put(root, &path, seen);
        }
        // After their marks were taken, so that what is written from now on is seen at the next look.
        self.see_reaching_into(root, &written);
        self.changed = true;
    }

    /// Looks, off this task, whether anything changed on disk.
    pub(super) fn look(&mut self) {
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

    pub(super) fn looked(&mut self, root: &Path, stamp: Stamp) {
        self.looking.remove(root);
        let Some(before) = self.stamps.get(root) else { return };
        if *before != stamp.repository {
            self.load(root);
            return;
        }
        if let Some((missing, moved)) = stamp.moved
            && let Some(repo) = self.repo(root)
        {
            repo.missing = missing;
            if *repo.moved != moved {
                repo.moved = Arc::new(moved);
                self.see_all(root);
                self.dirty_files(root);
                return;
            }
        }
        let Some(repo) = self.world.repos.get(root) else { return };
        let changed =
            stamp.files.into_iter().filter(|(path, mark)| repo.files.get(path).is_some_and(|s| s.mark != *mark));
        let changed: Vec<RepoPath> = changed.map(|(path, _)| path).collect();
        self.see(root, &changed);
    }

    pub(super) fn decided(&mut self, root: &Path, decisions: Decisions) {
        self.count += 1;
        self.taken.insert(root.to_owned(), self.count);
        if let Some(repo) = self.repo(root) {
            repo.decisions = Arc::new(decisions);
            repo.is_reported = false;
        }
        self.stale_files(root);
        self.dirty_files(root);
        self.changed = true;
    }
}

/// Whether the round that is shown is the one that was read, which may lack the raw findings.
fn is_same(shown: &Round, read: &Round) -> bool {
    if shown.raw.is_empty() || !read.raw.is_empty() {
        return shown == read;
    }
    Round { raw: Vec::new(), ..shown.clone() } == *read
}
