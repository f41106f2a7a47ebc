//! `workspace/executeCommand`: a command works with the state as it was when it came in, and refuses with a message that
//! says what to do.

use super::fix_edits;
use crate::client::outbox::Outbox;
use crate::event::Event;
use crate::protocol::commands::*;
use crate::protocol::error::CommandError;
use crate::state::projection::is_certain;
use crate::state::snapshot::{Repo, Snapshot};
use crate::tasks::{report, review};
use ::report::Format;
use agent::Availability;
use finding::{Decisions, Finding, FindingId, Link, LinkKind, Resolution, Round, State};
use lsp_types::{Position, Range, WorkspaceEdit};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// Longest text of a dismissal, in bytes.
const MAX_TEXT: usize = 4096;

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
            Command::Review(_) | Command::Cancel(_) => Err(CommandError::failed("the command was not taken")),
            Command::ApplyFix(args) => self.apply_fix(args).await,
            Command::FixAll(args) => self.fix_all(args).await,
            Command::Dismiss(args) => self.dismiss(args).await,
            Command::Reopen(args) => self.reopen(&args).await,
            Command::ShowReport(args) => self.show_report(args).await,
            Command::ImportReport(args) => self.import(args).await,
            Command::Agents(args) => self.agents(&args).await,
            Command::Rounds(args) => self.rounds(&args).await,
            Command::Recheck(args) => self.recheck(&args),
            Command::Split(args) => self.split(&args).await,
            Command::Join(args) => self.join(&args).await,
        }
    }

    fn finding(&self, args: &FindingArgs) -> Result<(&Arc<Repo>, usize, &Finding), CommandError> {
        self.snapshot.finding(&args.id, args.root.as_deref())
    }

    fn recheck(&self, args: &FindingArgs) -> Answer {
        let (repo, _, finding) = self.finding(args)?;
        // The agents that raised it look again, and not at what they answered before; a finding that they do not raise
        // any more and whose code is as it was stays, with what they say now.
        let agents = finding.agents().into_iter().map(ToString::to_string).collect();
        let options = Box::new(ReviewOptions { agents, memory: Memory::Fresh, ..ReviewOptions::default() });
        let of = RepoArgs { root: Some(repo.root().to_owned()), uri: None };
        let _ = self.events.send(Event::Review { of, options, reply: oneshot::channel().0 });
        Ok(CommandResult::STARTED)
    }

    async fn apply_fix(&self, args: FixArgs) -> Answer {
        let snapshot = self.snapshot.clone();
        let FixArgs { id, root, fix, preview, dry_run } = args;
        let place = move || {
            let (repo, index, finding) = snapshot.finding(&id, root.as_deref())?;
            if finding.fixes.is_empty() {
                return Err(CommandError::failed(format!("{} has no fix: no agent suggested one", finding.label)));
            }
            if fix >= finding.fixes.len() {
                let (label, count) = (&finding.label, finding.fixes.len());
                return Err(CommandError::invalid(format!(
                    "{label} has {count} fixes, the first is 0: there is no {fix}"
                )));
            }
            let edits = fix_edits::place_fix(&snapshot, repo, index, fix).map_err(|refusal| {
                CommandError::failed(format!("the fix of {} does not apply: {refusal}", finding.label))
            })?;
            let certain = is_certain(edits.placement);
            let confirm = match (certain, preview) {
                (false, _) => Some("the place of the fix is not certain"),
                (true, true) => Some("a fix to look at first"),
                (true, false) => None,
            };
            let main = finding.anchors.first().map(|a| &a.path);
            let edit = fix_edits::workspace_edit(&snapshot, repo, &edits.files, main, confirm);
            Ok((format!("Fix {}", finding.label), edit.map_err(CommandError::failed)?, certain))
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
            let (files, taken, refused) = fix_edits::place_all(&snapshot, repo, only.as_ref());
            if taken.is_empty() {
                let why = if refused.is_empty() { "no open finding has a fix".to_owned() } else { refused.join("; ") };
                return Err(CommandError::failed(format!("nothing to apply: {why}")));
            }
            let edit = fix_edits::workspace_edit(&snapshot, repo, &files, None, None);
            Ok((edit.map_err(CommandError::failed)?, taken, refused))
        };
        let (edit, applied, refused) = beside("the fixes could not be placed", place).await?;
        if dry_run {
            return Ok(CommandResult::FixedAll(FixAllResult { edit: Some(edit), applied, refused }));
        }
        self.apply(format!("{} fixes", applied.len()), edit).await?;
        Ok(CommandResult::FixedAll(FixAllResult { edit: None, applied, refused }))
    }

    /// Changes what people decided, on disk, and tells the loop.
    async fn decide(
        &self,
        repo: &Repo,
        change: impl FnOnce(&mut Decisions) + Send + 'static,
    ) -> Result<(), CommandError> {
        let branch = repo.branch();
        let write = move || branch.decide(change).map_err(|e| CommandError::failed(e.to_string()));
        let decisions = beside("the decision could not be stored", write).await?;
        let _ = self.events.send(Event::Decided { repo: repo.key.clone(), decisions });
        Ok(())
    }

    async fn resolve(&self, args: &FindingArgs, state: State) -> Answer {
        let (repo, _, finding) = self.finding(args)?;
        let round = repo.round_index.as_ref().map(|index| index.round.id.clone());
        let round = round.ok_or_else(|| CommandError::failed("there is no round yet"))?;
        let (reviewed, anchor) = (repo.reviewed.clone(), finding.anchors.first().cloned());
        let id = finding.id.clone();
        self.decide(repo, move |decisions| {
            // Hash of the code that the finding is about, as it was reviewed.
            let code = anchor.and_then(|anchor| merge::code_hash(&anchor, reviewed.get(&anchor.path)?.text()?));
            let resolution = Resolution { state, at: jiff::Timestamp::now(), round, code, commit: None };
            decisions.resolutions.insert(id, resolution);
        })
        .await?;
        Ok(CommandResult::DONE)
    }

    async fn dismiss(&self, args: DismissArgs) -> Answer {
        let DismissArgs { id, root, reason, text } = args;
        if text.len() > MAX_TEXT {
            return Err(CommandError::invalid(format!("`text` is over {MAX_TEXT} bytes; say it shorter")));
        }
        self.resolve(&FindingArgs { id, root }, State::Dismissed { reason, text }).await
    }

    async fn reopen(&self, args: &FindingArgs) -> Answer {
        self.resolve(args, State::Open).await
    }

    async fn link(&self, repo: &Repo, links: Vec<Link>) -> Answer {
        if links.is_empty() {
            return Err(CommandError::failed(
                "the remarks are worded alike, so that nothing could tell them apart later",
            ));
        }
        self.decide(repo, move |decisions| decisions.links.extend(links)).await?;
        Ok(CommandResult::DONE_LATER)
    }

    /// Takes back what a person said of these findings, in whatever words they were raised in the branch's rounds.
    async fn take_back(&self, repo: &Repo, kind: LinkKind, findings: &[&Finding]) -> Answer {
        let labels: Vec<&str> = findings.iter().map(|f| f.label.as_str()).collect();
        let what = if kind == LinkKind::Split { "split" } else { "joined" };
        let said = format!("{what} {}", labels.join(" and "));
        let rounds = rounds(repo).await?;
        let shown = repo.round_index.as_ref().map(|index| &index.round);
        let ids: Vec<FindingId> = findings.iter().map(|f| f.id.clone()).collect();
        let prints = merge::known_by(rounds.iter().chain(shown.map(|round| &**round)), &ids);
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        self.decide(repo, move |decisions| {
            count.store(merge::take_back(&mut decisions.links, kind, &prints), Ordering::SeqCst);
        })
        .await?;
        match taken.load(Ordering::SeqCst) {
            0 => Err(CommandError::failed(format!("nobody has {said}, so there is nothing to take back"))),
            _ => Ok(CommandResult::DONE_LATER),
        }
    }

    async fn split(&self, args: &SplitArgs) -> Answer {
        let (repo, _, finding) = self.snapshot.finding(&args.id, args.root.as_deref())?;
        if args.undo {
            return self.take_back(repo, LinkKind::Split, &[finding]).await;
        }
        let round = whole(repo).await?;
        let remarks = round.remarks(finding);
        if remarks.len() < 2 {
            return Err(CommandError::failed(format!("{} is one remark; there is nothing to split", finding.label)));
        }
        let pairs = (1..).zip(&remarks).flat_map(|(n, one)| merge::split(&[one], &remarks[n..]));
        self.link(repo, pairs.collect()).await
    }

    async fn join(&self, args: &JoinArgs) -> Answer {
        let Some((first, rest)) = args.ids.split_first().filter(|(_, rest)| args.undo || !rest.is_empty()) else {
            return Err(CommandError::invalid("`ids` names the findings to join, two or more"));
        };
        let (repo, index, finding) = self.snapshot.finding(first, args.root.as_deref())?;
        let mut findings = vec![finding];
        for id in rest {
            let (_, number, other) = self.snapshot.finding(id, Some(repo.root()))?;
            if number == index {
                return Err(CommandError::invalid(format!("`ids` names {} twice", finding.label)));
            }
            findings.push(other);
        }
        if args.undo {
            return self.take_back(repo, LinkKind::Joined, &findings).await;
        }
        let round = whole(repo).await?;
        let remarks = round.remarks(finding);
        let links = findings[1..].iter().flat_map(|other| merge::join(&remarks, &round.remarks(other)));
        self.link(repo, links.collect()).await
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
        if files.is_empty() {
            return Err(CommandError::invalid("`files` names the reports to import, as absolute paths"));
        }
        if let Some(file) = files.iter().find(|file| !file.is_absolute()) {
            return Err(CommandError::invalid(format!("`files` names absolute paths, and {} is none", file.display())));
        }
        let context = self.snapshot.context(&repo);
        let import = move || review::import(&repo, &context, &files);
        let round = beside("the report could not be imported", import).await?;
        let _ = self.events.send(Event::Touched);
        Ok(CommandResult::Imported { round: round.id, number: round.number, findings: round.findings.len() })
    }

    async fn agents(&self, args: &RepoArgs) -> Answer {
        let repo = self.snapshot.repo(args)?.clone();
        let (context, root) = (self.snapshot.context(&repo), repo.root().to_owned());
        let read = move || review::configuration(&repo, &context);
        let config = beside("the configuration could not be read", read).await?;
        let mut all = self.snapshot.trusted.agents(&config, &root);
        all.extend(agent::missing(&config.agents));
        let looked = futures_util::future::join_all(all.iter().map(|agent| agent.availability())).await;
        let row = |(agent, availability): (&Arc<dyn agent::Agent>, Availability)| {
            let (usable, detail, remedy) = match availability {
                Availability::Usable(detail) => (true, detail, None),
                Availability::Unusable(failure) => (false, failure.message, failure.remedy),
            };
            let info = agent.info();
            let (name, label, kind) = (info.name.clone(), info.label.clone(), info.kind);
            AgentRow { name, label, kind, usable, detail, remedy }
        };
        Ok(CommandResult::Agents { agents: all.iter().zip(looked).map(row).collect() })
    }

    async fn rounds(&self, args: &RepoArgs) -> Answer {
        let repo = self.snapshot.repo(args)?;
        let (rounds, decisions) = (rounds(repo).await?, repo.decisions.clone());
        let row = |round: &Round| RoundRow {
            id: round.id.clone(),
            number: round.number,
            started: round.started.to_string(),
            verdict: round.verdict(&decisions).to_string(),
            counts: Counts::of(round.standing().map(|finding| finding.severity)),
        };
        Ok(CommandResult::Rounds { rounds: rounds.iter().rev().map(row).collect() })
    }
}

/// The stored rounds of the branch, oldest first.
async fn rounds(repo: &Repo) -> Result<Vec<Round>, CommandError> {
    let branch = repo.branch();
    let read = move || branch.rounds().map_err(|e| CommandError::failed(e.to_string()));
    Ok(beside("the rounds could not be read", read).await?.value)
}

/// The round that is shown, with its raw findings.
async fn whole(repo: &Arc<Repo>) -> Result<Round, CommandError> {
    let repo = repo.clone();
    beside("the round could not be read", move || report::round(&repo, None)).await
}
