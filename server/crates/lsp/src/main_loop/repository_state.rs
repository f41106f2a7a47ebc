//! What the loop keeps of one repository. It is made when the repository is found and goes with it, so that one that
//! comes back starts clean.

use crate::event::{Reply, ReviewId};
use crate::protocol::commands::ReviewOptions;
use crate::protocol::error::CommandError;
use crate::protocol::settings::Background;
use crate::state::documents::Version;
use crate::state::projection::PlacedAnchor;
use crate::state::snapshot::Repo;
use crate::state::stamps::FileStamp;
use finding::RepoPath;
use lsp_types::Uri;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) struct RepositoryState {
    /// What requests see of it.
    pub(super) repo: Arc<Repo>,
    /// What its files were like when what is stored was read last; `None` until then.
    pub(super) stamps: Option<Vec<FileStamp>>,
    /// Whether its files are being polled.
    pub(super) is_polling: bool,
    pub(super) readings: Readings,
    pub(super) job: Option<Job>,
    /// What looks whether a review is due by itself.
    pub(super) watcher: Option<Watcher>,
    /// Whether one became due while another was under way.
    pub(super) is_due: bool,
    /// Whether the built-in agents are to review when the settings are known.
    pub(super) awaits_settings: bool,
    pub(super) publishing: Publishing,
}

/// What looks whether a review is due by itself; it stops with the value.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) how: Background,
    pub(super) stop: CancellationToken,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Which reading of what is stored is the newest: readings may overtake each other, and decisions.
#[derive(Debug, Default)]
pub(super) struct Readings {
    begun: u64,
    taken: u64,
}

impl Readings {
    /// The number of a reading that begins now.
    pub(super) fn begin(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// Whether a reading is to be taken in. One that began before something newer came in may be older or newer than
    /// that: it is to be read again.
    pub(super) fn take(&mut self, reading: u64) -> bool {
        let is_newest = reading >= self.taken;
        self.taken = self.taken.max(reading);
        is_newest
    }

    /// Something came in that is newer than every reading that began before.
    pub(super) fn outdate(&mut self) {
        self.taken = self.begin();
    }
}

/// A review under way, and the one that comes next.
pub(super) struct Job {
    pub(super) review: ReviewId,
    pub(super) cancel: CancellationToken,
    pub(super) kind: JobKind,
    pub(super) next: Option<(Box<ReviewOptions>, Reply)>,
}

/// Who wanted a review.
pub(super) enum JobKind {
    /// The user, who waits for the answer.
    Asked(Reply),
    /// Nobody: the built-in agents review by themselves. `again`: something was saved meanwhile.
    Background { again: bool },
    /// Nobody now: it became due, as the settings have it.
    Due,
}

/// What of its files was told to the client, and what is to be told.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    /// Files whose diagnostics may have changed.
    pub(super) dirty: BTreeSet<RepoPath>,
    /// Files whose diagnostics are being worked out.
    pub(super) under_way: BTreeSet<RepoPath>,
    pub(super) published: BTreeMap<RepoPath, Published>,
}

/// What a client was last told of a file.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) uri: Uri,
    pub(super) hash: u64,
    pub(super) version: Option<Version>,
    pub(super) is_empty: bool,
    /// What its lists show of it.
    pub(super) places: Vec<PlacedAnchor>,
}

impl RepositoryState {
    pub(super) fn new(repo: Repo) -> Self {
        Self {
            repo: Arc::new(repo),
            stamps: None,
            is_polling: false,
            readings: Readings::default(),
            job: None,
            watcher: None,
            is_due: false,
            awaits_settings: false,
            publishing: Publishing::default(),
        }
    }

    /// What requests see of it, to be changed; those that have it already keep it as it was.
    pub(super) fn repo(&mut self) -> &mut Repo {
        Arc::make_mut(&mut self.repo)
    }

    /// Has all its files looked through for diagnostics that changed.
    pub(super) fn mark_all_dirty(&mut self) {
        let Publishing { dirty, published, .. } = &mut self.publishing;
        dirty.extend(self.repo.files.keys().chain(published.keys()).cloned());
    }

    /// Ends its reviews; whoever waits for one hears why.
    pub(super) fn end(&mut self, why: &str) {
        let Some(job) = self.job.take() else { return };
        job.cancel.cancel();
        let replies = match job.kind {
            JobKind::Asked(reply) => Some(reply),
            JobKind::Background { .. } | JobKind::Due => None,
        };
        for reply in replies.into_iter().chain(job.next.map(|(_, reply)| reply)) {
            // Whoever waited may have gone.
            let _ = reply.send(Err(CommandError::failed(why)));
        }
    }
}
