//! What agents do about findings besides reviews: beside each other and beside a review.

use super::GlobalState;
use crate::event::{Reply, ReviewId};
use crate::protocol::commands::{CommandResult, Errand};
use crate::protocol::error::CommandError;
use crate::requests::errand::Task;
use crate::state::snapshot::RepoKey;
use lsp_types::MessageType;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// An errand under way.
pub(super) struct UnderWay {
    pub(super) root: PathBuf,
    pub(super) cancel: CancellationToken,
    reply: Reply,
}

impl GlobalState {
    pub(super) fn errand(&mut self, errand: Errand, reply: Reply) {
        let snapshot = self.snapshot();
        let repo = match &errand {
            Errand::Mend(args) => snapshot.repo_of_findings(&args.names(), args.root.as_deref()),
            Errand::Ask(args) => snapshot.repo_of_findings(std::slice::from_ref(&args.id), args.root.as_deref()),
        };
        let repo = match repo {
            Ok(repo) => repo.clone(),
            Err(refused) => return drop(reply.send(Err(refused))),
        };
        self.reviews_begun += 1;
        let (id, cancel) = (ReviewId(self.reviews_begun), self.stop.child_token());
        self.errands.insert(id, UnderWay { root: repo.root().to_owned(), cancel: cancel.clone(), reply });
        let (events, outbox) = (self.events.clone(), self.outbox.clone());
        self.workers.spawn(Task { repo, snapshot, errand, id, cancel, events, outbox }.run());
    }

    pub(super) fn errand_ended(
        &mut self,
        key: &RepoKey,
        errand: ReviewId,
        result: Result<CommandResult, CommandError>,
    ) {
        if let Some(under_way) = self.errands.remove(&errand) {
            // Who was told that it goes on hears of its end like this.
            if let Err(Err(refused)) = under_way.reply.send(result) {
                self.outbox.show(MessageType::WARNING, &refused.to_string());
            }
        }
        // What was tried and said is stored beside the round.
        self.load(&key.root);
    }

    /// Stops those of a repository, or of all; how many.
    pub(super) fn cancel_errands(&self, root: Option<&PathBuf>) -> usize {
        let meant = self.errands.values().filter(|errand| root.is_none_or(|root| errand.root == *root));
        meant.inspect(|errand| errand.cancel.cancel()).count()
    }
}
