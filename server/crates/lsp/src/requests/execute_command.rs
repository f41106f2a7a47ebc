//! `workspace/executeCommand`: a command works with the state as it was when it came in, and refuses with a message that
//! says what to do.

use super::agent_log;
use super::fix_edits::Fixer;
use crate::client::outbox::Outbox;
use crate::event::Event;
use crate::protocol::commands::*;
use crate::protocol::error::CommandError;
use crate::state::snapshot::{Repo, Snapshot};
use crate::tasks::{report, review};
use ::report::Format;
use ::review::import::Target;
use agent::Availability;
use finding::{Decisions, LinkKind, Round};
use lsp_types::{Position, Range, WorkspaceEdit};
use ops::{Again, AgentHere, Dismissal, OpsError, RoundSummary, Selection};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

type Answer = Result<CommandResult, CommandError>;

/// What a command works with: the state as it was when it came in, and the ways to change it.
pub(crate) struct CommandContext {
    pub(crate) snapshot: Snapshot,
    pub(crate) outbox: Outbox,
    pub(crate) events: UnboundedSender<Event>,
}

/// A command on its way.
pub(crate) enum Begun {
    /// One whose order counts (a newer review replaces an older one, a cancel stops what was asked before it): it is
    /// with the loop already.
    WithLoop(oneshot::Receiver<Answer>),
    /// One that works on a snapshot.
    OnSnapshot(Command),
}

/// Begins a command, before anything is awaited.
pub(crate) fn begin(command: Command, events: &UnboundedSender<Event>) -> Result<Begun, CommandError> {
    let (reply, coming) = oneshot::channel();
    let event = match command {
        Command::Review(args) => {
            let (of, options) = args.options()?;
            Event::Review { of, options: Box::new(options), reply }
        }
        Command::Cancel(of) => Event::Cancel { of, reply },
        Command::Fix(args) => Event::Errand { errand: Box::new(Errand::Mend(args)), reply },
        Command::Ask(args) => Event::Errand { errand: Box::new(Errand::Ask(args)), reply },
        Command::Open(args) => Event::Visit { args, reply },
        Command::Close(LeaveArgs { root }) => Event::Leave { root, reply },
        other => return Ok(Begun::OnSnapshot(other)),
    };
    // The loop ends only with the server.
    let _ = events.send(event);
    Ok(Begun::WithLoop(coming))
}

/// What the loop answers to a command. Reviews take minutes, longer than clients wait for a command: without `wait` only
/// what is answered at once is told, and findings and progress come by themselves.
pub(crate) async fn answer(mut coming: oneshot::Receiver<Answer>, wait: bool) -> Answer {
    let ended = || CommandError::failed("the server is shutting down");
    if wait {
        return coming.await.unwrap_or_else(|_| Err(ended()));
    }
    match coming.try_recv() {
        Ok(answer) => answer,
        Err(oneshot::error::TryRecvError::Empty) => Ok(CommandResult::STARTED),
        Err(oneshot::error::TryRecvError::Closed) => Err(ended()),
    }
}

/// Does work that reads files; `what` could not be done if it ends by an error of ours.
async fn beside<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(CommandError::failed(format!("{what}, by an error of deep-review"))))
}

impl CommandContext {
    /// Runs a command that works on a snapshot.
    pub(crate) async fn run(&self, command: Command) -> Answer {
        match command {
            // Those are with the loop, and do not come here.
            Command::Review(_)
            | Command::Cancel(_)
            | Command::Fix(_)
            | Command::Ask(_)
            | Command::Open(_)
            | Command::Close(_) => Err(CommandError::failed("the command was not taken")),
            Command::ApplyFix(args) => self.apply_fix(args).await,
            Command::FixAll(args) => self.fix_all(args).await,
            Command::Dismiss(args) => self.dismiss(args).await,
            Command::Reopen(args) => self.reopen(&args).await,
            Command::Severity(args) => self.severity(args).await,
            Command::ShowReport(args) => self.show_report(args).await,
            Command::ImportReport(args) => self.import(args).await,
            Command::Agents(args) => self.agents(&args).await,
            Command::AgentLog(args) => self.agent_log(args),
            Command::Rounds(args) => self.rounds(&args).await,
            Command::Recheck(args) => self.recheck(&args),
            Command::Split(args) => self.split(args).await,
            Command::Join(args) => self.join(args).await,
            Command::CheckOut(args) => self.check_out(args).await,
        }
    }

    /// Never over what is not committed without a yes, and nothing is ever thrown away.
    async fn check_out(&self, args: CheckOutArgs) -> Answer {
        let CheckOutArgs { root, worktree, carry_changes } = args;
        let repo = self.snapshot.repo_at(&root)?;
        let visit = repo.visit.clone().ok_or_else(|| CommandError::invalid("it is checked out already"))?;
        let switch = visit.switch.clone();
        let switch =
            switch.ok_or_else(|| CommandError::failed("there is no commit of it that could be checked out"))?;
        let git = repo.git.clone();
        let work = move || {
            if worktree {
                let folder = git.check_out_beside(&switch, &visit.name).map_err(OpsError::from)?;
                return Ok(CheckedOut::Worktree { folder });
            }
            let dirty = git.uncommitted_files().map_err(OpsError::from)?;
            if dirty > 0 && !carry_changes {
                return Ok(CheckedOut::Dirty { dirty });
            }
            Ok(CheckedOut::Here { branch: git.check_out(&switch).map_err(OpsError::from)? })
        };
        let done = beside("it could not be checked out", work).await?;
        let _ = self.events.send(Event::Touched);
        Ok(CommandResult::CheckedOut(done))
    }

    fn recheck(&self, args: &FindingArgs) -> Answer {
        let (repo, _, finding) = self.snapshot.finding(&args.id, args.root.as_deref())?;
        // Those that raised it are asked about it alone: whatever else was said stands.
        let agents = finding.agents().into_iter().map(ToString::to_string).collect();
        let again = Again::About(finding.id.clone());
        let options = Box::new(ReviewOptions { agents, again, ..ReviewOptions::default() });
        let of = RepoArgs { root: Some(repo.root().to_owned()), uri: None };
        let _ = self.events.send(Event::Review { of, options, reply: oneshot::channel().0 });
        Ok(CommandResult::STARTED)
    }

    async fn apply_fix(&self, args: FixArgs) -> Answer {
        let snapshot = self.snapshot.clone();
        let FixArgs { id, root, fix, preview, dry_run } = args;
        let place = move || {
            let (repo, index, finding) = snapshot.finding(&id, root.as_deref())?;
            let label = finding.label.clone();
            if finding.fixes.is_empty() {
                return Err(CommandError::failed(format!("{label} has no fix: no agent suggested one")));
            }
            let count = finding.fixes.len();
            if let Some(number) = fix.filter(|number| *number >= count) {
                return Err(OpsError::UnknownFix { label, number, count }.into());
            }
            let fixer = Fixer::new(&snapshot, repo)?;
            let named = [index];
            let plan = fixer.plan(match fix {
                Some(fix) => Selection::Fix { finding: index, fix },
                None => Selection::Findings(&named),
            });
            if let Some(refused) = plan.refused.first() {
                let why = format!("the fix of {label} does not apply: {}", refused.why);
                return Err(CommandError::failed(why));
            }
            let edit = fixer.confirmed_edit(&plan, preview.then_some("a fix to look at first"))?;
            Ok((format!("Fix {label}"), edit, plan.is_certain()))
        };
        let (label, edit, certain) = beside("the fix could not be placed", place).await?;
        if dry_run {
            return Ok(CommandResult::DryRun { edit, certain });
        }
        self.apply(label, edit).await?;
        Ok(CommandResult::Applied { applied: true })
    }

    async fn apply(&self, label: String, edit: WorkspaceEdit) -> Result<(), CommandError> {
        if !self.snapshot.capabilities.apply_edit {
            return Err(CommandError::failed(
                "the editor does not take edits from a server; use the code action instead",
            ));
        }
        self.outbox.apply(label, edit).await.map_err(CommandError::failed)
    }

    async fn fix_all(&self, args: FixAllArgs) -> Answer {
        let snapshot = self.snapshot.clone();
        let FixAllArgs { root, uri, dry_run } = args;
        let place = move || {
            let only = uri.as_ref().map(|uri| snapshot.file(uri)).transpose()?.map(|(_, path)| path);
            let repo = snapshot.repo(&RepoArgs { root, uri })?;
            let fixer = Fixer::new(&snapshot, repo)?;
            let plan = fixer.plan(Selection::AllOpen { file: only.as_ref() });
            let refused = plan.not_applied().map(|(label, why)| format!("{label}: {why}"));
            let refused: Vec<String> = refused.collect();
            if plan.taken.is_empty() {
                let why = if refused.is_empty() { "no open finding has a fix".to_owned() } else { refused.join("; ") };
                return Err(CommandError::failed(format!("nothing to apply: {why}")));
            }
            let taken: Vec<String> = plan.taken.iter().map(|taken| taken.label.clone()).collect();
            Ok((fixer.workspace_edit(&plan, None)?, taken, refused))
        };
        let (edit, applied, refused) = beside("the fixes could not be placed", place).await?;
        if dry_run {
            return Ok(CommandResult::FixedAll(FixAllResult { edit: Some(edit), applied, refused }));
        }
        self.apply(format!("{} fixes", applied.len()), edit).await?;
        Ok(CommandResult::FixedAll(FixAllResult { edit: None, applied, refused }))
    }

    /// Has something decided, on disk, and tells the loop of it.
    async fn decide(
        &self,
        repo: &Arc<Repo>,
        decide: impl FnOnce(&Repo) -> Result<Decisions, CommandError> + Send + 'static,
    ) -> Result<(), CommandError> {
        let on = repo.clone();
        let decisions = beside("the decision could not be stored", move || decide(&on)).await?;
        let _ = self.events.send(Event::Decided { repo: repo.key.clone(), decisions });
        Ok(())
    }

    async fn dismiss(&self, args: DismissArgs) -> Answer {
        let DismissArgs { id, root, reason, text } = args;
        let why = Dismissal::new(reason, text.as_deref().filter(|text| !text.is_empty()))?;
        let (repo, _, finding) = self.snapshot.finding(&id, root.as_deref())?;
        let id = finding.id.clone();
        let dismiss =
            move |repo: &Repo| Ok(ops::dismiss(&repo.open_branch(), shown(repo)?, id.as_str(), why)?.decisions);
        self.decide(repo, dismiss).await?;
        Ok(CommandResult::DONE)
    }

    async fn reopen(&self, args: &FindingArgs) -> Answer {
        let (repo, _, finding) = self.snapshot.finding(&args.id, args.root.as_deref())?;
        let id = finding.id.clone();
        let reopen = move |repo: &Repo| Ok(ops::reopen(&repo.open_branch(), shown(repo)?, id.as_str())?.decisions);
        self.decide(repo, reopen).await?;
        Ok(CommandResult::DONE)
    }

    async fn severity(&self, args: SeverityArgs) -> Answer {
        let SeverityArgs { id, root, severity, reason } = args;
        let (repo, _, finding) = self.snapshot.finding(&id, root.as_deref())?;
        let id = finding.id.clone();
        let grade = move |repo: &Repo| {
            let reason = reason.as_deref().filter(|reason| !reason.is_empty());
            // As it is stored: what was given a moment ago may not be shown yet.
            let (open, round) = (repo.open_branch(), report::round(repo, None)?);
            Ok(ops::grade(&open, &round, id.as_str(), severity, reason)?.decisions)
        };
        self.decide(repo, grade).await?;
        // The round has the severity from the store.
        let _ = self.events.send(Event::Touched);
        Ok(CommandResult::DONE)
    }

    async fn split(&self, args: SplitArgs) -> Answer {
        let (repo, _, finding) = self.snapshot.finding(&args.id, args.root.as_deref())?;
        let id = finding.id.clone();
        let split = move |repo: &Repo| {
            let (open, round) = (repo.open_branch(), report::round(repo, None)?);
            let linked = match args.undo {
                false => ops::split(&open, &round, id.as_str(), &args.agents),
                true => ops::take_back(&open, &round, LinkKind::Split, &[id.as_str()]),
            };
            Ok(linked?.decisions)
        };
        self.decide(repo, split).await?;
        Ok(CommandResult::DONE_LATER)
    }

    async fn join(&self, args: JoinArgs) -> Answer {
        let JoinArgs { ids, root, undo } = args;
        let Some(first) = ids.first() else { return Err(OpsError::NothingNamed.into()) };
        let (repo, _, _) = self.snapshot.finding(first, root.as_deref())?;
        let join = move |repo: &Repo| {
            let (open, round) = (repo.open_branch(), report::round(repo, None)?);
            let linked = match undo {
                false => ops::join(&open, &round, &ids),
                true => ops::take_back(&open, &round, LinkKind::Joined, &ids),
            };
            Ok(linked?.decisions)
        };
        self.decide(repo, join).await?;
        Ok(CommandResult::DONE_LATER)
    }

    async fn show_report(&self, args: ReportArgs) -> Answer {
        let ReportArgs { root, uri, round: wanted, format, show, id } = args;
        let format = format.as_deref().unwrap_or("markdown");
        let format: Format = format.parse().map_err(|e| CommandError::invalid(format!("{e}")))?;
        let (repo, label) = match &id {
            Some(id) => {
                let (repo, _, finding) = self.snapshot.finding(id, root.as_deref())?;
                (repo, Some(finding.label.clone()))
            }
            None => (self.snapshot.repo(&RepoArgs { root, uri })?, None),
        };
        let repo = repo.clone();
        let write = move || {
            let round = report::round(&repo, wanted.as_deref())?;
            report::write(&repo, &round, format)
        };
        let written = beside("the report could not be written", write).await?;
        let line = label.and_then(|label| written.line_of(&label));
        let report::Written { uri, text } = written;
        let mut shown = false;
        if show && self.snapshot.capabilities.show_document {
            let at = line.map(|line| Position::new(line, 0));
            let selection = at.map(|at| Range::new(at, at));
            shown = self.outbox.show_document(uri.clone(), matches!(format, Format::Html), selection).await;
        }
        Ok(CommandResult::Report(ReportResult { uri, text, format: format.name(), shown }))
    }

    async fn import(&self, args: ImportArgs) -> Answer {
        let ImportArgs { root, uri, files } = args;
        let repo = self.snapshot.repo(&RepoArgs { root, uri })?.clone();
        if let Some(file) = files.iter().find(|file| !file.is_absolute()) {
            return Err(CommandError::invalid(format!("`files` names absolute paths, and {} is none", file.display())));
        }
        let context = self.snapshot.context(&repo);
        let import = move || {
            let config = review::configuration(&repo, &context, None)?;
            let mut imported = ops::import(&repo.open_branch(), &config, &files, Target::Own)?;
            // One at least: else it is an error.
            imported.pop().map(|last| last.round).ok_or_else(|| OpsError::NoFiles.into())
        };
        let round: Round = beside("the report could not be imported", import).await?;
        let _ = self.events.send(Event::Touched);
        Ok(CommandResult::Imported { round: round.id, number: round.number, findings: round.findings.len() })
    }

    async fn agents(&self, args: &RepoArgs) -> Answer {
        let repo = self.snapshot.repo(args)?.clone();
        let (context, root) = (self.snapshot.context(&repo), repo.root().to_owned());
        let read = move || review::configuration(&repo, &context, None);
        let config = beside("the configuration could not be read", read).await?;
        let agents = ops::agents_here(&config, Some(&root), self.snapshot.trusted).await;
        let row = |AgentHere { info, availability }: AgentHere| {
            let (detail, failure) = match availability {
                Availability::Usable(detail) => (detail, None),
                Availability::Unusable(failure) => (failure.message.clone(), Some(failure)),
            };
            let (usable, why) = (failure.is_none(), failure.as_ref().map(|failure| failure.kind));
            let remedy = failure.and_then(|failure| failure.remedy);
            AgentRow { name: info.name, label: info.label, kind: info.kind, usable, detail, remedy, why }
        };
        Ok(CommandResult::Agents { agents: agents.into_iter().map(row).collect() })
    }

    /// What an agent did in the newest review, and how that went, as text.
    fn agent_log(&self, args: AgentLogArgs) -> Answer {
        let AgentLogArgs { root, uri, agent } = args;
        let repo = self.snapshot.repo(&RepoArgs { root, uri })?;
        let round = repo.round_index.as_ref().map(|shown| &shown.round);
        let run = round.and_then(|round| round.agents.iter().find(|run| run.agent.name == agent));
        let run = run.ok_or_else(|| CommandError::failed(format!("{agent} has no part in the newest round")))?;
        Ok(CommandResult::Log { text: agent_log::text(run, repo.activity.of(&agent)) })
    }

    async fn rounds(&self, args: &RepoArgs) -> Answer {
        let repo = self.snapshot.repo(args)?;
        let open = repo.open_branch();
        let read = move || -> Result<_, CommandError> {
            let rounds = open.branch.rounds().map_err(|e| CommandError::failed(e.to_string()))?.value;
            let summaries = ops::summaries(&open, &rounds)?;
            Ok((rounds, summaries))
        };
        let (rounds, summaries) = beside("the rounds could not be read", read).await?;
        let row = |(round, summary): (&Round, RoundSummary)| RoundRow {
            started: summary.started.to_string(),
            verdict: summary.verdict.to_string(),
            counts: Counts::of(round.standing().map(|finding| finding.severity)),
            id: summary.id,
            number: summary.number,
        };
        Ok(CommandResult::Rounds { rounds: rounds.iter().zip(summaries).rev().map(row).collect() })
    }
}

/// The round that is shown.
fn shown(repo: &Repo) -> Result<&Round, CommandError> {
    Ok(&repo.round_index.as_ref().ok_or(OpsError::NoRound)?.round)
}
