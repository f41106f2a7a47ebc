//! The commands of `workspace/executeCommand`. Every one takes one object (or nothing) and refuses with a
//! message that says what to do.

use super::edits;
use super::outbox::Outbox;
use super::owner::{Event, Reply};
use super::project::is_certain;
use super::reports::{self, Written};
use super::reviewing::{self, Asked, Refused};
use super::world::{Repo, World};
use agent::Availability;
use finding::{Decisions, DismissReason, Finding, FindingId, Link, LinkKind, Resolution, Round, Severity, State};
use lsp_types::{ExecuteCommandParams, Uri};
use report::Format;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// The commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Review,
    Cancel,
    ApplyFix,
    FixAll,
    Dismiss,
    Reopen,
    ShowReport,
    ImportReport,
    Agents,
    Rounds,
    Recheck,
    Split,
    Join,
}

impl Name {
    pub(crate) const ALL: [Self; 13] = [
        Self::Review,
        Self::Cancel,
        Self::ApplyFix,
        Self::FixAll,
        Self::Dismiss,
        Self::Reopen,
        Self::ShowReport,
        Self::ImportReport,
        Self::Agents,
        Self::Rounds,
        Self::Recheck,
        Self::Split,
        Self::Join,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Review => "deepReview.review",
            Self::Cancel => "deepReview.cancel",
            Self::ApplyFix => "deepReview.applyFix",
            Self::FixAll => "deepReview.fixAll",
            Self::Dismiss => "deepReview.dismiss",
            Self::Reopen => "deepReview.reopen",
            Self::ShowReport => "deepReview.showReport",
            Self::ImportReport => "deepReview.importReport",
            Self::Agents => "deepReview.agents",
            Self::Rounds => "deepReview.rounds",
            Self::Recheck => "deepReview.recheck",
            Self::Split => "deepReview.split",
            Self::Join => "deepReview.join",
        }
    }
}

/// What a command works with: the world as it was when it came in, and the ways to change it.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) outbox: Outbox,
    pub(crate) events: UnboundedSender<Event>,
}

/// Which repository: by its root, or by a file in it; the only one if neither is said.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Where {
    root: Option<PathBuf>,
    uri: Option<Uri>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReviewArgs {
    root: Option<PathBuf>,
    uri: Option<Uri>,
    base: Option<String>,
    uncommitted: Option<bool>,
    agents: Vec<String>,
    fresh: bool,
    resume: bool,
}

impl ReviewArgs {
    fn event(self, reply: Reply) -> Result<Event, Refused> {
        let Self { root, uri, base, uncommitted, agents, fresh, resume } = self;
        if fresh && resume {
            return Err(Refused::invalid(
                "`fresh` asks every agent again and `resume` only those that did not answer: say one of them",
            ));
        }
        let asked = Box::new(Asked { base, uncommitted, agents, fresh, resume });
        Ok(Event::Review { root, uri, asked, reply })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FixArgs {
    id: String,
    root: Option<PathBuf>,
    #[serde(default)]
    fix: usize,
    #[serde(default)]
    preview: bool,
    #[serde(default, rename = "dryRun")]
    dry_run: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FixAllArgs {
    root: Option<PathBuf>,
    uri: Option<Uri>,
    #[serde(rename = "dryRun")]
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DismissArgs {
    id: String,
    root: Option<PathBuf>,
    reason: DismissReason,
    #[serde(default)]
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingArgs {
    id: String,
    root: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitArgs {
    id: String,
    root: Option<PathBuf>,
    /// Take back what was said before.
    #[serde(default)]
    undo: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinArgs {
    ids: Vec<String>,
    root: Option<PathBuf>,
    #[serde(default)]
    undo: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReportArgs {
    root: Option<PathBuf>,
    uri: Option<Uri>,
    round: Option<String>,
    format: Option<String>,
    show: bool,
    id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ImportArgs {
    root: Option<PathBuf>,
    uri: Option<Uri>,
    files: Vec<PathBuf>,
}

/// Longest text of a dismissal, in bytes.
const MAX_TEXT: usize = 4096;

fn arguments<T: DeserializeOwned>(params: &ExecuteCommandParams) -> Result<T, Refused> {
    let argument = match params.arguments.as_slice() {
        [] | [Value::Null] => json!({}),
        [one] => one.clone(),
        _ => return Err(Refused::invalid(format!("{} takes one object", params.command))),
    };
    serde_path_to_error::deserialize(argument).map_err(|e| Refused::invalid(format!("{}: {}", params.command, e)))
}

/// What the owner will answer to a command.
pub(crate) type Coming = oneshot::Receiver<Result<Value, Refused>>;

/// Takes the commands whose order counts (a newer review replaces an older one, a cancel stops what was asked before
/// it) to the owner, before anything is awaited. `None` for the other commands.
pub(crate) fn order(params: &ExecuteCommandParams, events: &UnboundedSender<Event>) -> Option<Result<Coming, Refused>> {
    let (reply, coming) = oneshot::channel();
    let event = if params.command == Name::Review.as_str() {
        arguments::<ReviewArgs>(params).and_then(|args| args.event(reply))
    } else if params.command == Name::Cancel.as_str() {
        arguments::<Where>(params).map(|args| Event::Cancel { root: args.root, uri: args.uri, reply })
    } else {
        return None;
    };
    Some(event.map(|event| {
        // The owner ends only with the server.
        let _ = events.send(event);
        coming
    }))
}

/// The answer to a command of [`order`]. Reviews take minutes, longer than clients wait for a command: without
/// `wait` only what is answered at once is told, and findings and progress come by themselves.
pub(crate) async fn answer(mut coming: Coming, wait: bool) -> Result<Value, Refused> {
    let ended = || Refused::failed("the server is shutting down");
    if wait {
        return coming.await.unwrap_or_else(|_| Err(ended()));
    }
    match coming.try_recv() {
        Ok(answer) => answer,
        Err(oneshot::error::TryRecvError::Empty) => Ok(json!({ "started": true })),
        Err(oneshot::error::TryRecvError::Closed) => Err(ended()),
    }
}

impl Desk {
    /// Runs a command.
    pub(crate) async fn run(&self, params: &ExecuteCommandParams) -> Result<Value, Refused> {
        let name = Name::ALL.into_iter().find(|name| name.as_str() == params.command);
        let name = name.ok_or_else(|| Refused::invalid(format!("there is no command '{}'", params.command)))?;
        match name {
            // Those are in order(), and do not come here.
            Name::Review | Name::Cancel => Err(Refused::failed("the command was not taken")),
            Name::ApplyFix => self.apply_fix(arguments(params)?).await,
            Name::FixAll => self.fix_all(arguments(params)?).await,
            Name::Dismiss => self.dismiss(arguments(params)?).await,
            Name::Reopen => self.reopen(arguments(params)?).await,
            Name::ShowReport => self.show_report(arguments(params)?).await,
            Name::ImportReport => self.import(arguments(params)?).await,
            Name::Agents => self.agents(arguments(params)?).await,
            Name::Rounds => self.rounds(arguments(params)?).await,
            Name::Recheck => self.recheck(arguments(params)?).await,
            Name::Split => self.split(arguments(params)?).await,
            Name::Join => self.join(arguments(params)?).await,
        }
    }

    fn finding(&self, id: &str, root: Option<&PathBuf>) -> Result<(&Repo, usize, &finding::Finding), Refused> {
        self.world.finding(id, root.map(PathBuf::as_path)).ok_or_else(|| {
            Refused::invalid(format!("there is no finding '{id}' in the newest round; it may be of an older one"))
        })
    }

    async fn recheck(&self, args: FindingArgs) -> Result<Value, Refused> {
        let (repo, _, finding) = self.finding(&args.id, args.root.as_ref())?;
        // The agents that raised it look again, and not at what they answered before; a finding that they do not raise
        // any more and whose code is as it was stays, with what they say now.
        let agents = finding.agents().into_iter().map(ToString::to_string).collect();
        let asked = Asked { agents, fresh: true, ..Asked::default() };
        let root = Some(repo.root().to_owned());
        let asked = Box::new(asked);
        let _ = self.events.send(Event::Review { root, uri: None, asked, reply: oneshot::channel().0 });
        Ok(json!({ "started": true }))
    }

    async fn apply_fix(&self, args: FixArgs) -> Result<Value, Refused> {
        let (repo, index, finding) = self.finding(&args.id, args.root.as_ref())?;
        if finding.fixes.is_empty() {
            return Err(Refused::failed(format!("{} has no fix: no agent suggested one", finding.label)));
        }
        let planned = edits::plan(&self.world, repo, index, args.fix)
            .map_err(|refusal| Refused::failed(format!("the fix of {} does not apply: {refusal}", finding.label)))?;
        let main = finding.anchors.first().map(|a| &a.path);
        let confirm = match (is_certain(planned.placement), args.preview) {
            (false, _) => Some("the place of the fix is not certain"),
            (true, true) => Some("a fix to look at first"),
            (true, false) => None,
        };
        let edit = edits::workspace_edit(&self.world, repo, &planned.files, main, confirm).map_err(Refused::failed)?;
        let value = serde_json::to_value(&edit).map_err(|e| Refused::failed(e.to_string()))?;
        if args.dry_run {
            return Ok(json!({ "edit": value, "certain": is_certain(planned.placement) }));
        }
        self.apply(format!("Fix {}", finding.label), edit).await?;
        Ok(json!({ "applied": true }))
    }

    async fn apply(&self, label: String, edit: lsp_types::WorkspaceEdit) -> Result<(), Refused> {
        if !self.world.abilities.apply_edit {
            return Err(Refused::failed("the editor does not take edits from a server; use the code action instead"));
        }
        self.outbox.apply(label, edit).await.map_err(Refused::failed)
    }

    async fn fix_all(&self, args: FixAllArgs) -> Result<Value, Refused> {
        let only = args.uri.as_ref().and_then(super::documents::file_path);
        let repo = self.world.repo(args.root.as_deref(), args.uri.as_ref())?;
        let only = only.and_then(|file| repo.path_of(&file));
        let (files, taken, refused) = edits::plan_all(&self.world, repo, only.as_ref());
        if taken.is_empty() {
            let why = if refused.is_empty() { "no open finding has a fix".to_owned() } else { refused.join("; ") };
            return Err(Refused::failed(format!("nothing to apply: {why}")));
        }
        let edit = edits::workspace_edit(&self.world, repo, &files, None, None).map_err(Refused::failed)?;
        if args.dry_run {
            return Ok(json!({ "edit": edit, "applied": taken, "refused": refused }));
        }
        self.apply(format!("{} fixes", taken.len()), edit).await?;
        Ok(json!({ "applied": taken, "refused": refused }))
    }

    /// Changes what people decided, on disk, and tells the owner.
    async fn decide(
        &self,
        repo: &Repo,
        change: impl FnOnce(&mut Decisions) + Send + 'static,
    ) -> Result<Value, Refused> {
        let (branch, root) = (repo.branch(), repo.root().to_owned());
        let decisions = tokio::task::spawn_blocking(move || branch.decide(change)).await;
        let decisions = decisions
            .map_err(|_| Refused::failed("the decision could not be stored"))?
            .map_err(|e| Refused::failed(e.to_string()))?;
        let _ = self.events.send(Event::Decided { root, decisions });
        Ok(json!({ "done": true }))
    }

    async fn resolve(&self, id: &str, root: Option<&PathBuf>, state: State) -> Result<Value, Refused> {
        let (repo, _, finding) = self.finding(id, root)?;
        let round = repo.plan.as_ref().map(|plan| plan.round.id.clone());
        let round = round.ok_or_else(|| Refused::failed("there is no round yet"))?;
        let code = self.code_of(repo, finding);
        let resolution = Resolution { state, at: jiff::Timestamp::now(), round, code, commit: None };
        let id = finding.id.clone();
        self.decide(repo, move |decisions| {
            decisions.resolutions.insert(id, resolution);
        })
        .await
    }

    /// Hash of the code that a finding is about, as it was reviewed.
    fn code_of(&self, repo: &Repo, finding: &finding::Finding) -> Option<String> {
        let anchor = finding.anchors.first()?;
        let text = repo.frozen.get(&anchor.path)?.text()?.clone();
        merge::code_hash(anchor, &text)
    }

    async fn dismiss(&self, args: DismissArgs) -> Result<Value, Refused> {
        if args.text.len() > MAX_TEXT {
            return Err(Refused::invalid(format!("`text` is over {MAX_TEXT} bytes; say it shorter")));
        }
        self.resolve(&args.id, args.root.as_ref(), State::Dismissed { reason: args.reason, text: args.text }).await
    }

    async fn reopen(&self, args: FindingArgs) -> Result<Value, Refused> {
        self.resolve(&args.id, args.root.as_ref(), State::Open).await
    }

    async fn link(&self, repo: &Repo, links: Vec<Link>) -> Result<Value, Refused> {
        if links.is_empty() {
            return Err(Refused::failed("the remarks are worded alike, so that nothing could tell them apart later"));
        }
        self.decide(repo, move |decisions| decisions.links.extend(links)).await?;
        Ok(json!({ "done": true, "effect": "from the next round on" }))
    }

    /// Takes back what a person said of these findings, in whatever words they were raised in the branch's rounds.
    async fn take_back(&self, repo: &Repo, kind: LinkKind, findings: &[&Finding]) -> Result<Value, Refused> {
        let labels: Vec<&str> = findings.iter().map(|f| f.label.as_str()).collect();
        let said =
            format!("{what} {}", labels.join(" and "), what = if kind == LinkKind::Split { "split" } else { "joined" });
        let rounds = rounds(repo).await?;
        let shown = repo.plan.as_ref().map(|plan| &plan.round);
        let ids: Vec<FindingId> = findings.iter().map(|f| f.id.clone()).collect();
        let prints = merge::known_by(rounds.iter().chain(shown.map(|round| &**round)), &ids);
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let decided = self.decide(repo, move |decisions| {
            count.store(merge::take_back(&mut decisions.links, kind, &prints), Ordering::SeqCst);
        });
        decided.await?;
        match taken.load(Ordering::SeqCst) {
            0 => Err(Refused::failed(format!("nobody has {said}, so there is nothing to take back"))),
            _ => Ok(json!({ "done": true, "effect": "from the next round on" })),
        }
    }

    async fn split(&self, args: SplitArgs) -> Result<Value, Refused> {
        let (repo, _, finding) = self.finding(&args.id, args.root.as_ref())?;
        if args.undo {
            return self.take_back(repo, LinkKind::Split, &[finding]).await;
        }
        let round = whole(repo).await?;
        let remarks = round.remarks(finding);
        if remarks.len() < 2 {
            return Err(Refused::failed(format!("{} is one remark; there is nothing to split", finding.label)));
        }
        let pairs = (1..).zip(&remarks).flat_map(|(n, one)| merge::split(&[one], &remarks[n..]));
        self.link(repo, pairs.collect()).await
    }

    async fn join(&self, args: JoinArgs) -> Result<Value, Refused> {
        let Some((first, rest)) = args.ids.split_first().filter(|(_, rest)| args.undo || !rest.is_empty()) else {
            return Err(Refused::invalid("`ids` names the findings to join, two or more"));
        };
        let (repo, _, finding) = self.finding(first, args.root.as_ref())?;
        let mut findings = vec![finding];
        for id in rest {
            let (_, other) = repo
                .finding(id)
                .ok_or_else(|| Refused::invalid(format!("there is no finding '{id}' in the newest round")))?;
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

    async fn show_report(&self, args: ReportArgs) -> Result<Value, Refused> {
        let repo = self.world.repo(args.root.as_deref(), args.uri.as_ref())?.clone();
        let format: Format =
            args.format.as_deref().unwrap_or("markdown").parse().map_err(|e| Refused::invalid(format!("{e}")))?;
        let wanted = args.round;
        let written = tokio::task::spawn_blocking(move || {
            let round = reports::round(&repo, wanted.as_deref())?;
            reports::write(&repo, &round, format)
        });
        let written = written.await.map_err(|_| Refused::failed("the report could not be written"))??;
        let finding = args.id.as_deref().and_then(|id| self.world.finding(id, None)).map(|(_, _, f)| f);
        let line = finding.and_then(|finding| written.line_of(&finding.label));
        let Written { uri, text } = written;
        let external = matches!(format, Format::Html);
        let mut shown = false;
        if args.show && self.world.abilities.show_document {
            let at = line.map(|line| lsp_types::Position::new(line, 0));
            let selection = at.map(|at| lsp_types::Range::new(at, at));
            shown = self.outbox.show_document(uri.clone(), external, selection).await;
        }
        Ok(json!({ "uri": uri, "text": text, "format": format.name(), "shown": shown }))
    }

    async fn import(&self, args: ImportArgs) -> Result<Value, Refused> {
        let repo = self.world.repo(args.root.as_deref(), args.uri.as_ref())?.clone();
        if args.files.is_empty() {
            return Err(Refused::invalid("`files` names the reports to import, as absolute paths"));
        }
        let files = args.files;
        let terms = self.world.terms(&repo);
        let round = tokio::task::spawn_blocking(move || reviewing::import(&repo, &terms, &files)).await;
        let round = round.map_err(|_| Refused::failed("the report could not be imported"))??;
        let _ = self.events.send(Event::Touched);
        Ok(json!({ "round": round.id, "number": round.number, "findings": round.findings.len() }))
    }

    async fn agents(&self, args: Where) -> Result<Value, Refused> {
        let repo = self.world.repo(args.root.as_deref(), args.uri.as_ref())?.clone();
        let (terms, root) = (self.world.terms(&repo), repo.root().to_owned());
        let config = tokio::task::spawn_blocking(move || reviewing::configuration(&repo, &terms)).await;
        let config = config.map_err(|_| Refused::failed("the configuration could not be read"))??;
        let mut all = self.world.trusted.agents(&config, &root);
        all.extend(agent::missing(&config.agents));
        let looked = futures_util::future::join_all(all.iter().map(|agent| agent.availability())).await;
        let agents = all.iter().zip(looked).map(|(agent, availability)| {
            let info = agent.info();
            let (usable, detail, remedy) = match availability {
                Availability::Usable(detail) => (true, detail, None),
                Availability::Unusable(failure) => (false, failure.message, failure.remedy),
            };
            let mut row = json!({
                "name": info.name, "label": info.label, "kind": info.kind, "usable": usable, "detail": detail,
            });
            if let (Some(remedy), Some(row)) = (remedy, row.as_object_mut()) {
                row.insert("remedy".into(), remedy.into());
            }
            row
        });
        Ok(json!({ "agents": agents.collect::<Vec<_>>() }))
    }

    async fn rounds(&self, args: Where) -> Result<Value, Refused> {
        let repo = self.world.repo(args.root.as_deref(), args.uri.as_ref())?;
        let (rounds, decisions) = (rounds(repo).await?, repo.decisions.clone());
        let row = |round: &Round| {
            let count = |severity: Severity| round.standing().filter(|f| f.severity == severity).count();
            json!({
                "id": round.id,
                "number": round.number,
                "started": round.started.to_string(),
                "verdict": round.verdict(&decisions).to_string(),
                "counts": {
                    "critical": count(Severity::Critical),
                    "important": count(Severity::Important),
                    "suggestion": count(Severity::Suggestion),
                },
            })
        };
        Ok(json!({ "rounds": rounds.iter().rev().map(row).collect::<Vec<_>>() }))
    }
}

/// The stored rounds of the branch, oldest first.
async fn rounds(repo: &Repo) -> Result<Vec<Round>, Refused> {
    let branch = repo.branch();
    let rounds = tokio::task::spawn_blocking(move || branch.rounds()).await;
    let rounds = rounds
        .map_err(|_| Refused::failed("the rounds could not be read"))?
        .map_err(|e| Refused::failed(e.to_string()))?;
    Ok(rounds.value)
}

/// The round that is shown, with its raw findings.
async fn whole(repo: &Repo) -> Result<Round, Refused> {
    let repo = repo.clone();
    let round = tokio::task::spawn_blocking(move || reports::round(&repo, None)).await;
    round.map_err(|_| Refused::failed("the round could not be read"))?
}
