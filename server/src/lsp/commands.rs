//! The commands of `workspace/executeCommand`. Every one takes one object (or nothing) and refuses with a
//! message that says what to do.

use super::edits;
use super::outbox::Outbox;
use super::owner::Event;
use super::project::is_certain;
use super::reviewing::{self, Asked, Refused};
use super::world::{Repo, World};
use crate::agent::Availability;
use crate::finding::{Decisions, DismissReason, Fingerprint, Link, LinkKind, Resolution, Round, Severity, State};
use crate::report::{self, Format};
use crate::review::document::{Document, document};
use lsp_types::{ExecuteCommandParams, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::PathBuf;
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
struct JoinArgs {
    ids: Vec<String>,
    root: Option<PathBuf>,
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

impl Desk {
    /// Runs a command.
    pub(crate) async fn run(&self, params: &ExecuteCommandParams) -> Result<Value, Refused> {
        let name = Name::ALL.into_iter().find(|name| name.as_str() == params.command);
        let name = name.ok_or_else(|| Refused::invalid(format!("there is no command '{}'", params.command)))?;
        match name {
            Name::Review => {
                self.review(arguments(params)?, params.work_done_progress_params.work_done_token.is_some()).await
            }
            Name::Cancel => self.cancel(arguments(params)?).await,
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

    fn repo(&self, root: Option<PathBuf>, uri: Option<&Uri>) -> Result<&Repo, Refused> {
        let repos = &self.world.repos;
        if let Some(root) = root {
            return repos
                .values()
                .find(|r| r.root() == root || r.shown == root)
                .ok_or_else(|| Refused::invalid(format!("{} is no repository of this workspace", root.display())));
        }
        let file = uri.and_then(super::documents::file_path);
        if let Some((repo, _)) = file.as_deref().and_then(|file| self.world.place(file)) {
            return Ok(repo);
        }
        let mut all = repos.values();
        match (all.next(), all.next()) {
            (Some(repo), None) => Ok(repo),
            (None, _) => Err(Refused::failed("no folder of this workspace is in a git repository; open one that is")),
            (Some(_), Some(_)) => Err(Refused::invalid(
                "the workspace has several repositories: say which one by `root`, or by the `uri` of a file in it",
            )),
        }
    }

    fn finding(&self, id: &str, root: Option<&PathBuf>) -> Result<(&Repo, usize, &crate::finding::Finding), Refused> {
        self.world.finding(id, root.map(PathBuf::as_path)).ok_or_else(|| {
            Refused::invalid(format!("there is no finding '{id}' in the newest round; it may be of an older one"))
        })
    }

    async fn ask(&self, event: impl FnOnce(super::owner::Reply) -> Event) -> Result<Value, Refused> {
        let (reply, answer) = oneshot::channel();
        let _ = self.events.send(event(reply));
        answer.await.unwrap_or_else(|_| Err(Refused::failed("the server is shutting down")))
    }

    async fn review(&self, args: ReviewArgs, wait: bool) -> Result<Value, Refused> {
        let repo = self.repo(args.root, args.uri.as_ref())?;
        let root = repo.root().to_owned();
        let asked = Asked { base: args.base, uncommitted: args.uncommitted, agents: args.agents };
        let answer = self.ask(|reply| Event::Review { root, asked: Box::new(asked), reply });
        if wait {
            return answer.await;
        }
        // Reviews take minutes, longer than clients wait for a command: findings and progress come by themselves.
        let mut answer = Box::pin(answer);
        match futures_util::future::poll_immediate(&mut answer).await {
            Some(done) => done,
            None => Ok(json!({ "started": true })),
        }
    }

    async fn cancel(&self, args: Where) -> Result<Value, Refused> {
        let all = args.root.is_none() && args.uri.is_none();
        let root = if all { None } else { Some(self.repo(args.root, args.uri.as_ref())?.root().to_owned()) };
        self.ask(|reply| Event::Cancel { root, reply }).await
    }

    async fn recheck(&self, args: FindingArgs) -> Result<Value, Refused> {
        let (repo, _, finding) = self.finding(&args.id, args.root.as_ref())?;
        // The agents that raised it look again; a finding that they do not raise any more and whose code is as it
        // was stays, with what they say now.
        let agents = finding.agents().into_iter().map(ToString::to_string).collect();
        let asked = Asked { agents, ..Asked::default() };
        let root = repo.root().to_owned();
        let _ = self.events.send(Event::Review { root, asked: Box::new(asked), reply: oneshot::channel().0 });
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
        let repo = self.repo(args.root, args.uri.as_ref())?;
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
    fn code_of(&self, repo: &Repo, finding: &crate::finding::Finding) -> Option<String> {
        let anchor = finding.anchors.first()?;
        let text = repo.frozen.get(&anchor.path)?.text()?.clone();
        crate::merge::code_hash(anchor, &text)
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

    async fn link(
        &self,
        repo: &Repo,
        kind: LinkKind,
        pairs: Vec<(Fingerprint, Fingerprint)>,
    ) -> Result<Value, Refused> {
        self.decide(repo, move |decisions| {
            decisions.links.extend(pairs.into_iter().map(|(a, b)| Link { kind, a, b }));
        })
        .await?;
        Ok(json!({ "done": true, "effect": "from the next round on" }))
    }

    async fn split(&self, args: FindingArgs) -> Result<Value, Refused> {
        let (repo, _, finding) = self.finding(&args.id, args.root.as_ref())?;
        let prints = fingerprints(repo, finding);
        if prints.len() < 2 {
            return Err(Refused::failed(format!("{} is one remark; there is nothing to split", finding.label)));
        }
        let mut pairs = Vec::new();
        for (n, a) in prints.iter().enumerate() {
            pairs.extend(prints[n + 1..].iter().map(|b| (a.clone(), b.clone())));
        }
        self.link(repo, LinkKind::Split, pairs).await
    }

    async fn join(&self, args: JoinArgs) -> Result<Value, Refused> {
        let Some((first, rest)) = args.ids.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            return Err(Refused::invalid("`ids` names the findings to join, two or more"));
        };
        let (repo, _, finding) = self.finding(first, args.root.as_ref())?;
        let mut pairs = Vec::new();
        for id in rest {
            let (_, other) = repo
                .finding(id)
                .ok_or_else(|| Refused::invalid(format!("there is no finding '{id}' in the newest round")))?;
            let (a, b) = (fingerprints(repo, finding), fingerprints(repo, other));
            pairs.extend(a.iter().flat_map(|a| b.iter().map(|b| (a.clone(), b.clone()))));
        }
        self.link(repo, LinkKind::Joined, pairs).await
    }

    async fn show_report(&self, args: ReportArgs) -> Result<Value, Refused> {
        let repo = self.repo(args.root, args.uri.as_ref())?.clone();
        let format: Format =
            args.format.as_deref().unwrap_or("markdown").parse().map_err(|e| Refused::invalid(format!("{e}")))?;
        let wanted = args.round;
        let written = tokio::task::spawn_blocking(move || write_report(&repo, wanted.as_deref(), format)).await;
        let (file, text, line) = {
            let (file, text) = written.map_err(|_| Refused::failed("the report could not be written"))??;
            let label = args.id.as_deref().and_then(|id| self.world.finding(id, None)).map(|(_, _, f)| f.label.clone());
            let line = label.and_then(|label| text.lines().position(|l| l.starts_with('#') && l.contains(&label)));
            (file, text, line)
        };
        let uri = super::documents::file_uri(&file).ok_or_else(|| Refused::failed("the report has no address"))?;
        let external = matches!(format, Format::Html);
        let mut shown = false;
        if args.show && self.world.abilities.show_document {
            let line = line.and_then(|l| u32::try_from(l).ok()).map(|l| lsp_types::Position::new(l, 0));
            let selection = line.map(|at| lsp_types::Range::new(at, at));
            shown = self.outbox.show_document(uri.clone(), external, selection).await;
        }
        Ok(json!({ "uri": uri, "text": text, "format": format.name(), "shown": shown }))
    }

    async fn import(&self, args: ImportArgs) -> Result<Value, Refused> {
        let repo = self.repo(args.root, args.uri.as_ref())?.clone();
        if args.files.is_empty() {
            return Err(Refused::invalid("`files` names the reports to import, as absolute paths"));
        }
        let files = args.files;
        let settings = self.world.settings.clone();
        let round = tokio::task::spawn_blocking(move || reviewing::import(&repo, &settings, &files)).await;
        let round = round.map_err(|_| Refused::failed("the report could not be imported"))??;
        let _ = self.events.send(Event::Touched);
        Ok(json!({ "round": round.id, "number": round.number, "findings": round.findings.len() }))
    }

    async fn agents(&self, args: Where) -> Result<Value, Refused> {
        let repo = self.repo(args.root, args.uri.as_ref())?.clone();
        let (settings, root) = (self.world.settings.clone(), repo.root().to_owned());
        let config = tokio::task::spawn_blocking(move || reviewing::configuration(&repo, &settings)).await;
        let config = config.map_err(|_| Refused::failed("the configuration could not be read"))??;
        let all = self.world.trusted.agents(&config, &root);
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
        let repo = self.repo(args.root, args.uri.as_ref())?;
        let (branch, decisions) = (repo.branch(), repo.decisions.clone());
        let rounds = tokio::task::spawn_blocking(move || branch.rounds()).await;
        let rounds = rounds
            .map_err(|_| Refused::failed("the rounds could not be read"))?
            .map_err(|e| Refused::failed(e.to_string()))?;
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
        Ok(json!({ "rounds": rounds.value.iter().rev().map(row).collect::<Vec<_>>() }))
    }
}

/// The identities of the remarks that a finding was merged from.
fn fingerprints(repo: &Repo, finding: &crate::finding::Finding) -> Vec<Fingerprint> {
    let Some(plan) = &repo.plan else { return Vec::new() };
    let raw = |id: &crate::finding::RawId| plan.round.raw.iter().find(|raw| raw.id == *id);
    finding.attributions.iter().filter_map(|a| raw(&a.raw)).map(crate::merge::fingerprint).collect()
}

/// Writes a round's report beside the rounds.
fn write_report(repo: &Repo, wanted: Option<&str>, format: Format) -> Result<(PathBuf, String), Refused> {
    let failed = |e: &dyn std::fmt::Display| Refused::failed(format!("the report could not be written: {e}"));
    let round: Round = match (wanted, &repo.plan) {
        (None, Some(plan)) => (*plan.round).clone(),
        (None, None) => return Err(Refused::failed("there is no round of this branch yet; run a review first")),
        (Some(id), _) => {
            let rounds = repo.branch().rounds().map_err(|e| failed(&e))?.value;
            let known = rounds.into_iter().find(|r| r.id.as_str() == id || r.number.to_string() == id);
            known.ok_or_else(|| Refused::invalid(format!("there is no round '{id}' of this branch")))?
        }
    };
    let store = repo.store();
    let mut document = document(&repo.git, round).map_err(|e| failed(&e))?;
    document.trace(&repo.git);
    let Document { round, decisions, texts } = document;
    let text = report::write(format, &round, &decisions, &texts);
    let folder = store.folder().join("reports");
    let name: String =
        round.id.as_str().chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    let extension = match format {
        Format::Markdown => "md",
        Format::Html => "html",
        Format::Text => "txt",
        Format::Junit => "xml",
        _ => "json",
    };
    let file = folder.join(format!("{name}.{extension}"));
    std::fs::create_dir_all(&folder).map_err(|e| failed(&e))?;
    std::fs::write(&file, &text).map_err(|e| failed(&e))?;
    Ok((file, text))
}
