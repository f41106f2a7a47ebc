//! Reviews under way: one at a time and repository, and one that waits.

use super::{Event, Job, Kind, Owner, Reply};
use crate::reviewing::{self, Asked, Refused};
use crate::settings::Auto;
use crate::world::Running;
use lsp_types::MessageType;
use review::Look;
use serde_json::{Value, json};
use std::path::Path;
use tokio_util::sync::CancellationToken;

impl Owner {
    /// Has the built-in agents look by themselves, where the settings and the round have it so; not while the user's
    /// own review runs.
    pub(super) fn review_alone(&mut self, root: &Path) {
        let Some(repo) = self.world.repos.get(root) else { return };
        if !self.configured {
            self.unreviewed.insert(root.to_owned());
            return;
        }
        if self.world.settings_of(repo).auto() != Auto::Builtin || !reviewing::may_be_alone(repo) {
            return;
        }
        if let Some(job) = self.jobs.get_mut(root) {
            if let Kind::Alone { again } = &mut job.kind {
                *again = true;
            }
            return;
        }
        let (repo, terms) = (repo.clone(), self.world.terms(repo));
        let (number, cancel) = self.begin(root, None, Kind::Alone { again: false });
        let (events, root) = (self.events.clone(), root.to_owned());
        self.reviews.spawn(async move {
            let result = reviewing::alone(repo, terms, cancel).await;
            let _ = events.send(Event::LookedAlone { root, number, result });
        });
    }

    /// Puts a review down as under way; its number, and what cancels it.
    fn begin(&mut self, root: &Path, reply: Option<Reply>, kind: Kind) -> (u64, CancellationToken) {
        self.count += 1;
        let (number, cancel) = (self.count, self.stop.child_token());
        let job = Job { number, cancel: cancel.clone(), reply, kind, next: None };
        self.jobs.insert(root.to_owned(), job);
        if let Some(repo) = self.repo(root) {
            repo.running = (kind == Kind::Asked).then(Running::default);
        }
        self.changed = true;
        (number, cancel)
    }

    pub(super) fn looked_alone(&mut self, root: &Path, number: u64, result: Result<Option<Look>, Refused>) {
        if self.jobs.get(root).is_none_or(|job| job.number != number) {
            return;
        }
        let Some(job) = self.jobs.remove(root) else { return };
        match result {
            Ok(look) => self.take_look(root, look),
            Err(refused) => self.outbox.log(MessageType::INFO, format!("not reviewed: {refused}")),
        }
        if let Some((asked, reply)) = job.next {
            self.start(root, *asked, reply);
        } else if job.kind == (Kind::Alone { again: true }) {
            self.review_alone(root);
        }
    }

    /// What was seen again is not shown anew.
    fn take_look(&mut self, root: &Path, look: Option<Look>) {
        let Some(repo) = self.repo(root) else { return };
        let same = match (&repo.alone, &look) {
            (Some(before), Some(now)) => {
                let (before, now) = (&before.round, &now.round);
                before.findings == now.findings && before.texts == now.texts && before.scope == now.scope
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same {
            repo.alone = look;
            self.show_round(root);
        }
    }

    /// One at a time; a newer request takes the place of the one that waits.
    pub(super) fn review(&mut self, root: &Path, asked: Box<Asked>, reply: Reply) {
        match self.jobs.get_mut(root) {
            None => self.start(root, *asked, reply),
            Some(job) => {
                if job.kind != Kind::Asked {
                    job.cancel.cancel();
                }
                if let Some((_, before)) = job.next.replace((asked, reply)) {
                    let _ = before.send(Err(Refused::failed("a newer request took the place of this one")));
                }
            }
        }
    }

    fn start(&mut self, root: &Path, asked: Asked, reply: Reply) {
        if !self.world.repos.contains_key(root) {
            let _ = reply.send(Err(Refused::failed("the repository is no longer part of the workspace")));
            return;
        }
        let (number, cancel) = self.begin(root, Some(reply), Kind::Asked);
        let Some(repo) = self.world.repos.get(root).cloned() else { return };
        let progress = self.outbox.progress(self.world.abilities, number);
        let terms = self.world.terms(&repo);
        let events = self.events.clone();
        self.reviews.spawn(reviewing::run(repo, asked, terms, number, cancel, events, progress));
    }

    pub(super) fn cancel(&mut self, root: Option<&Path>, reply: Reply) {
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

    pub(super) fn round(&mut self, root: &Path, number: u64, event: review::Event) {
        if self.jobs.get(root).is_none_or(|job| job.number != number) {
            return;
        }
        match event {
            review::Event::Updated(round) => self.take_round(root, Some(round), None),
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

    pub(super) fn ended(&mut self, root: &Path, number: u64, result: Result<Value, Refused>) {
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
        if let Err(refused) = &result {
            self.outbox.show(MessageType::WARNING, &refused.to_string());
        }
        if let Some(reply) = job.reply {
            let _ = reply.send(result);
        }
        if let Some((asked, reply)) = job.next {
            self.start(root, *asked, reply);
        }
    }
}
