//! What agents are asked to do about findings besides a review: to mend one, to answer a question.

use super::fix_edits::Fixer;
use crate::client::outbox::Outbox;
use crate::client::progress::ErrandLine;
use crate::event::{Event, ReviewId};
use crate::protocol::commands::{AskArgs, CommandResult, Errand, MendArgs, MendedRow};
use crate::protocol::error::CommandError;
use crate::protocol::own::AnsweringParams;
use crate::state::file_projection::read_text;
use crate::state::snapshot::{Repo, Snapshot};
use crate::tasks::review;
use agent::Progress;
use finding::{AgentName, Attempt, RepoPath, Round};
use lsp_types::{MessageType, WorkspaceEdit};
use ops::{Asking, MendOptions, Mending, Now, Query, RoundName, ToMend};
use report::sanitize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// An errand under way.
pub(crate) struct Task {
    pub(crate) repo: Arc<Repo>,
    /// Everything as it was when it began.
    pub(crate) snapshot: Snapshot,
    pub(crate) errand: Errand,
    pub(crate) id: ReviewId,
    pub(crate) cancel: CancellationToken,
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) outbox: Outbox,
}

impl Task {
    /// Does it and tells the loop; whatever happens, it is told that it ended.
    pub(crate) async fn run(self) {
        let (repo, errand, events) = (self.repo.key.clone(), self.id, self.events.clone());
        // In a task of its own: a panic of ours ends this errand, not the server.
        let result = tokio::spawn(self.done()).await;
        let result = result.unwrap_or_else(|_| Err(CommandError::failed("it ended by an error of deep-review")));
        let _ = events.send(Event::ErrandEnded { repo, errand, result });
    }

    async fn done(self) -> Result<CommandResult, CommandError> {
        match self.errand.clone() {
            Errand::Mend(args) => self.mend(args).await,
            Errand::Ask(args) => self.ask(args).await,
        }
    }

    async fn mend(self, args: MendArgs) -> Result<CommandResult, CommandError> {
        let line = self.line("Fix").await;
        let (repo, snapshot) = (self.repo.clone(), self.snapshot.clone());
        let names = args.names();
        let agent = args.agent.clone();
        let prepare = move || {
            let now = now(&repo)?;
            let config = review::configuration(&repo, &snapshot.context(&repo), None)?;
            let found = ops::find_all(&now.round, &names)?;
            let findings: Vec<usize> = found.iter().map(|found| found.index).collect();
            let options = MendOptions { agent, unsaved: unsaved(&snapshot, &repo), ..MendOptions::default() };
            Ok((Mending::new(&now, &config, snapshot.trusted, ToMend::Findings(&findings), &options)?, now.round))
        };
        let (mending, round) = beside(prepare).await?;
        let (events, mut told) = unbounded_channel();
        let shown = async {
            while let Some(event) = told.recv().await {
                match event {
                    fix::Event::Doing { label, what } => line.report(&format!("{label}: {what}")),
                    fix::Event::Progress(agent, Progress { doing, .. }) => line.report(&format!("{agent}: {doing}")),
                    fix::Event::Tried(_) => {}
                }
            }
        };
        let (attempts, ()) = tokio::join!(ops::mend(mending, events, self.cancel.clone()), shown);
        let attempts = attempts?;
        let ended = self.offer(&args, &round, &attempts).await;
        line.end(ended.as_ref().ok().map(|(_, said)| said.clone()));
        let (applied, said) = ended?;
        if !applied {
            self.outbox.show(MessageType::INFO, &said);
        }
        let row = |attempt: &Attempt| MendedRow {
            label: attempt.label.clone(),
            by: attempt.by.label.clone(),
            proven: attempt.is_proven(),
            proof: attempt.proof(),
            consents: attempt.consents.iter().map(|consent| consent.path.clone()).collect(),
        };
        Ok(CommandResult::Mended { applied, attempts: attempts.iter().map(row).collect() })
    }

    /// Has the editor show what is proven, for the user to accept. Whether it was, and what is said of it all.
    async fn offer(
        &self,
        args: &MendArgs,
        round: &Round,
        attempts: &[Attempt],
    ) -> Result<(bool, String), CommandError> {
        let proven: Vec<Attempt> = attempts.iter().filter(|attempt| attempt.is_proven()).cloned().collect();
        let words = |attempt: &Attempt| {
            let word = if attempt.is_proven() { "is proven" } else { "was not taken" };
            format!("the fix of {} by {} {word}: {}", attempt.label, attempt.by.label, attempt.proof())
        };
        let said = attempts.last().map(words).unwrap_or_default();
        if proven.is_empty() {
            return Err(CommandError::failed(said));
        }
        let needs_consent = proven.iter().any(|attempt| !attempt.consents.is_empty());
        let can_ask = self.snapshot.capabilities.apply_edit && self.snapshot.capabilities.annotations;
        let is_agreed = args.apply && (!needs_consent || args.allow_test_edits);
        if args.dry_run || !(can_ask || is_agreed) {
            return Ok((false, said));
        }
        let (label, why) = (format!("Fix {}", labels(&proven)), (!is_agreed).then(|| said.clone()));
        // On the texts as they are by now.
        let (ask, coming) = oneshot::channel();
        let _ = self.events.send(Event::Ask(ask));
        let newest = coming.await.map_err(|_| CommandError::failed("the server is shutting down"))?;
        let (root, round) = (self.repo.root().to_owned(), round.clone());
        let edit = move || -> Result<WorkspaceEdit, CommandError> {
            let repo = newest.repo_at(&root)?;
            let fixer = Fixer::new(&newest, repo)?;
            let attempts: Vec<&Attempt> = proven.iter().collect();
            let plan = ops::plan_of_attempts(&repo.store(), &round, &fixer, &attempts);
            let plan = plan.map_err(|why| CommandError::failed(why.to_string()))?;
            fixer.workspace_edit(&plan, why.as_deref())
        };
        let edit = beside(edit).await?;
        // Who declines the preview has not done anything wrong: it stays among the finding's fixes.
        let applied = self.outbox.apply(label, edit).await.is_ok();
        Ok((applied, said))
    }

    async fn ask(self, args: AskArgs) -> Result<CommandResult, CommandError> {
        let line = self.line("Ask").await;
        let (repo, snapshot) = (self.repo.clone(), self.snapshot.clone());
        let prepare = move || {
            let now = now(&repo)?;
            let config = review::configuration(&repo, &snapshot.context(&repo), None)?;
            let found = ops::find(&now.round, &args.id)?;
            let (label, id) = (found.finding.label.clone(), found.finding.id.clone());
            let agent = args.agent.as_deref();
            let query = Query { finding: found.index, question: &args.question, agent };
            let asking = Asking::new(&now, &config, snapshot.trusted, query)?;
            Ok((asking, label, id))
        };
        let (asking, label, id) = beside(prepare).await?;
        let (progress, mut told) = unbounded_channel::<(AgentName, Progress)>();
        let shown = async {
            while let Some((agent, Progress { doing, said, .. })) = told.recv().await {
                let Some(said) = said else {
                    line.report(&format!("{agent}: {doing}"));
                    continue;
                };
                // The line shows the end of what is written; who can shows all of it.
                line.report(&format!("{agent}: {}", said.lines().last().unwrap_or_default()));
                let (root, id, text) = (self.repo.root().to_owned(), id.clone(), sanitize::markdown(&said));
                self.outbox.answering(AnsweringParams { root, id, by: agent, text });
            }
        };
        let (said, ()) = tokio::join!(ops::ask(asking, progress, self.cancel.clone()), shown);
        line.end(None);
        let said = said?;
        Ok(CommandResult::Answered { label, by: said.by, answer: said.answer })
    }

    async fn line(&self, what: &str) -> ErrandLine {
        ErrandLine::begin(&self.outbox, self.snapshot.capabilities, self.id, what).await
    }
}

fn labels(attempts: &[Attempt]) -> String {
    attempts.iter().map(|attempt| attempt.label.as_str()).collect::<Vec<_>>().join(", ")
}

fn now(repo: &Repo) -> Result<Now, CommandError> {
    Ok(Now::of(repo.open_branch(), RoundName::Newest)?.value)
}

/// The texts of open files that are not those on disk.
fn unsaved(snapshot: &Snapshot, repo: &Repo) -> BTreeMap<RepoPath, Arc<str>> {
    let texts = snapshot.documents.values().filter_map(|document| {
        let (of, path) = snapshot.place(&document.path)?;
        let text = document.text();
        let is_other = || read_text(&document.path).is_none_or(|saved| *saved != *text);
        (of.root() == repo.root() && is_other()).then_some((path, text))
    });
    texts.collect()
}

/// Does work that reads files.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(CommandError::failed("it could not be prepared, by an error of deep-review")))
}
