//! Code actions: fixes that apply to the text as it is, and what else can be done with a finding.

use super::BackgroundRequest;
use super::fix_edits::Fixer;
use crate::protocol::capabilities::FIX_ALL;
use crate::protocol::commands::CommandName;
use crate::protocol::error::CommandError;
use crate::state::file_projection::FileProjection;
use crate::state::shown::Shown;
use crate::state::snapshot::{Repo, Snapshot};
use finding::{AgentKind, Finding, FindingId, LinkKind, RepoPath, Round, Severity};
use lsp_types::request::{CodeActionRequest, CodeActionResolveRequest};
use lsp_types::*;
use ops::{OpsError, Selection, Trust};
use patch::Placement;
use report::sanitize;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Most findings for which one request gets actions.
const MAX_FINDINGS: usize = 20;

/// What an action carries to `codeAction/resolve`.
#[derive(Debug, Serialize, Deserialize)]
struct ActionData {
    root: PathBuf,
    /// Of the finding; `None` for all of `uri`.
    id: Option<String>,
    /// Number of the fix; `None` for those of all places.
    fix: Option<usize>,
    uri: Uri,
}

impl BackgroundRequest for CodeActionRequest {
    type Params = CodeActionParams;
    type Answer = Option<CodeActionResponse>;

    fn answer(snapshot: &Snapshot, params: CodeActionParams) -> Option<CodeActionResponse> {
        Some(actions(snapshot, &params))
    }
}

impl BackgroundRequest for CodeActionResolveRequest {
    type Params = CodeAction;
    type Answer = Result<CodeAction, CommandError>;

    /// Fills in the edit, on the text as it is now.
    fn answer(snapshot: &Snapshot, action: CodeAction) -> Self::Answer {
        resolve(snapshot, action)
    }
}

fn actions(snapshot: &Snapshot, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let only = params.context.only.as_deref();
    let wants = |kind: &str| {
        only.is_none_or(|kinds| {
            kinds
                .iter()
                .any(|k| k.as_str().is_empty() || kind == k.as_str() || kind.starts_with(&format!("{}.", k.as_str())))
        })
    };
    let all = snapshot.projections(&params.text_document.uri);
    all.into_iter().flat_map(|(repo, path, file)| actions_of(snapshot, params, &wants, (repo, &path, file))).collect()
}

fn actions_of(
    snapshot: &Snapshot,
    params: &CodeActionParams,
    wants: &impl Fn(&str) -> bool,
    (repo, path, projection): (&Repo, &RepoPath, &FileProjection),
) -> Vec<CodeActionOrCommand> {
    let (only, uri) = (params.context.only.as_deref(), &params.text_document.uri);
    let Some(round_index) = &repo.round_index else { return Vec::new() };
    let Ok(fixer) = Fixer::new(snapshot, repo) else { return Vec::new() };
    let mut menu = Menu { snapshot, repo, fixer, uri, told: None, actions: Vec::new() };
    if wants(CodeActionKind::QUICKFIX.as_str()) {
        let shown = Shown::of(snapshot, repo);
        let mut done = Vec::new();
        for anchor_ref in projection.anchors_at(params.range) {
            if done.contains(&anchor_ref.finding) || done.len() == MAX_FINDINGS {
                continue;
            }
            done.push(anchor_ref.finding);
            let finding = &round_index.round.findings[anchor_ref.finding];
            if shown.has(repo, anchor_ref.finding, finding) {
                menu.told = told(params, finding);
                menu.fixes(anchor_ref.finding, finding, &round_index.round);
                menu.all_places(anchor_ref.finding, finding);
                menu.have_it_mended(finding, &round_index.round);
                menu.decisions(finding);
            }
        }
    }
    if only.is_some() && wants(FIX_ALL) {
        menu.fix_all(path);
    }
    menu.actions
}

/// The actions that are offered at a place.
struct Menu<'s> {
    snapshot: &'s Snapshot,
    repo: &'s Repo,
    fixer: Fixer<'s>,
    uri: &'s Uri,
    /// The client's own diagnostic of the finding at hand.
    told: Option<Vec<Diagnostic>>,
    actions: Vec<CodeActionOrCommand>,
}

fn action(title: String, kind: CodeActionKind) -> CodeAction {
    CodeAction { title, kind: Some(kind), ..CodeAction::default() }
}

/// The client's own diagnostic of a finding, which the action answers.
fn told(params: &CodeActionParams, finding: &Finding) -> Option<Vec<Diagnostic>> {
    let ours = |d: &&Diagnostic| {
        let id = d.data.as_ref().and_then(|data| data.get("id")).and_then(Value::as_str);
        id.map_or_else(|| d.code == Some(NumberOrString::String(finding.label.clone())), |id| id == finding.id.as_str())
    };
    params.context.diagnostics.iter().find(ours).map(|d| vec![d.clone()])
}

impl Menu<'_> {
    fn push(&mut self, action: CodeAction) {
        self.actions.push(CodeActionOrCommand::CodeAction(action));
    }

    fn data(&self, id: Option<&FindingId>, fix: Option<usize>) -> ActionData {
        let id = id.map(ToString::to_string);
        ActionData { root: self.repo.root().to_owned(), id, fix, uri: self.uri.clone() }
    }

    /// Offers what an edit can be made for: later, where the client asks for it then.
    fn offer(&mut self, mut action: CodeAction, data: &ActionData) {
        if self.snapshot.capabilities.action_resolve {
            action.data = serde_json::to_value(data).ok();
        } else {
            match edit(&self.fixer, self.repo, self.snapshot, data) {
                Ok(edit) => action.edit = Some(edit),
                Err(refused) => return self.refuse(action, refused.to_string()),
            }
        }
        self.push(action);
    }

    /// Says why not, where the client shows that.
    fn refuse(&mut self, mut action: CodeAction, reason: String) {
        if self.snapshot.capabilities.action_disabled {
            action.disabled = Some(CodeActionDisabled { reason });
            self.push(action);
        }
    }

    fn fixes(&mut self, index: usize, finding: &Finding, round: &Round) {
        for (number, fix) in finding.fixes.iter().enumerate() {
            let what = fix.note.as_deref().filter(|n| !n.trim().is_empty()).unwrap_or(&finding.title);
            let by: Vec<&str> = fix.by.iter().map(|name| round.label_of(name)).collect();
            let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
            let verb = if number == 0 { "Apply fix" } else { "Apply another fix" };
            let title = format!("{verb}: {}{}", short(what), sanitize::printable(&by));
            let mut action = action(title, CodeActionKind::QUICKFIX);
            action.diagnostics = self.told.clone();
            match self.fixer.offer(index, number) {
                Ok(offer) => {
                    let is_exact = offer.placement == Placement::Exact && offer.is_in_main_file;
                    action.is_preferred = (number == 0 && is_exact && is_agreed(round, fix)).then_some(true);
                    self.offer(action, &self.data(Some(&finding.id), Some(number)));
                }
                Err(why) => self.refuse(action, why.to_string()),
            }
        }
    }

    /// One action for a finding with a fix for each of its places.
    fn all_places(&mut self, index: usize, finding: &Finding) {
        if finding.anchors.len() < 2 || finding.fixes.len() < 2 {
            return;
        }
        let plan = self.fixer.plan(Selection::Findings(&[index]));
        let Some(taken) = plan.taken.first().filter(|taken| taken.fixes.len() > 1) else { return };
        let title = format!("Apply this fix at all {} places of {}", taken.fixes.len(), finding.label);
        let mut action = action(title, CodeActionKind::QUICKFIX);
        action.diagnostics = self.told.clone();
        self.offer(action, &self.data(Some(&finding.id), None));
    }

    /// One action for all fixes of a file.
    fn fix_all(&mut self, path: &RepoPath) {
        let plan = self.fixer.plan(Selection::AllOpen { file: Some(path) });
        if !plan.taken.is_empty() {
            let title = format!("Apply {} fixes of deep-review", plan.taken.len());
            self.offer(action(title, CodeActionKind::new(FIX_ALL)), &self.data(None, None));
        }
    }

    /// Has an agent write a fix, where agents may be asked.
    fn have_it_mended(&mut self, finding: &Finding, round: &Round) {
        if self.snapshot.trusted == Trust::Refused || finding.anchors.is_empty() {
            return;
        }
        let raised = finding.agents().into_iter();
        let mut reviewers = raised.filter(|name| round.agent(name).is_some_and(|info| info.kind.is_reviewer()));
        let who = reviewers.next().map_or("an agent", |name| round.label_of(name));
        let title = format!("Have {} write a fix of {}", sanitize::printable(who), finding.label);
        let mut action = action(title.clone(), CodeActionKind::QUICKFIX);
        action.diagnostics = self.told.clone();
        let argument = json!({ "id": finding.id, "root": self.repo.root() });
        action.command = Some(Command::new(title, CommandName::Fix.as_str().to_owned(), Some(vec![argument])));
        self.push(action);
    }

    /// What can be done with the finding besides fixing it.
    fn decisions(&mut self, finding: &Finding) {
        let repo = self.repo;
        let root = repo.root();
        let mut offer = |title: String, name: CommandName, argument: Value| {
            let mut action = action(title.clone(), CodeActionKind::QUICKFIX);
            action.diagnostics = self.told.clone();
            action.command = Some(Command::new(title, name.as_str().to_owned(), Some(vec![argument])));
            self.push(action);
        };
        let (id, label) = (&finding.id, &finding.label);
        for (words, reason) in [
            ("it is not true", "false-positive"),
            ("it is true and stays", "wont-fix"),
            ("it will be done later", "later"),
        ] {
            offer(
                format!("Dismiss {label}: {words}"),
                CommandName::Dismiss,
                json!({ "id": id, "root": root, "reason": reason }),
            );
        }
        for severity in Severity::ALL.into_iter().filter(|severity| *severity != finding.severity) {
            let argument = json!({ "id": id, "root": root, "severity": severity });
            offer(format!("Make {label} {severity}"), CommandName::Severity, argument);
        }
        offer(format!("Ask its agents about {label} again"), CommandName::Recheck, json!({ "id": id, "root": root }));
        offer(
            format!("Show {label} in the report"),
            CommandName::ShowReport,
            json!({ "id": id, "root": root, "show": true }),
        );
        if finding.attributions.len() > 1 {
            offer(
                format!("{label} is several issues: list each agent's remark by itself"),
                CommandName::Split,
                json!({ "id": id, "root": root }),
            );
        }
        if is_linked(repo, finding, LinkKind::Split) {
            offer(
                format!("{label} is one issue after all: list its remarks together again"),
                CommandName::Split,
                json!({ "id": id, "root": root, "undo": true }),
            );
        }
        if is_linked(repo, finding, LinkKind::Joined) {
            let argument = json!({ "ids": [id], "root": root, "undo": true });
            offer(
                format!("{label} was joined by mistake: list its issues by themselves again"),
                CommandName::Join,
                argument,
            );
        }
        for other in &finding.related {
            let other_title = repo.finding_of(other).map(|(_, f)| format!("{} “{}”", f.label, short(&f.title)));
            offer(
                format!(
                    "{label} is the same issue as {}: list them as one",
                    other_title.unwrap_or_else(|| other.to_string())
                ),
                CommandName::Join,
                json!({ "ids": [id, other], "root": root }),
            );
        }
    }
}

/// Whether two agents came to the same fix, or a deterministic check proposes it.
fn is_agreed(round: &Round, fix: &finding::Fix) -> bool {
    let checks = |name: &finding::AgentName| {
        round
            .agents
            .iter()
            .any(|run| run.agent.name == *name && matches!(run.agent.kind, AgentKind::BuiltIn | AgentKind::Linter))
    };
    fix.by.len() > 1 || fix.by.iter().any(checks)
}

/// Whether a person split or joined what the finding says.
fn is_linked(repo: &Repo, finding: &Finding, kind: LinkKind) -> bool {
    let mut links = repo.decisions.links.iter().filter(|link| link.kind == kind).peekable();
    let Some(round_index) = repo.round_index.as_ref().filter(|_| links.peek().is_some()) else { return false };
    let prints = merge::known_by([&*round_index.round], std::slice::from_ref(&finding.id));
    links.any(|link| prints.contains(&link.a) || prints.contains(&link.b))
}

/// One line that fits a menu.
pub(super) fn short(text: &str) -> String {
    let line = sanitize::printable(text.lines().next().unwrap_or_default());
    if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
}

fn resolve(snapshot: &Snapshot, mut action: CodeAction) -> Result<CodeAction, CommandError> {
    let Some(data) = action.data.clone() else { return Ok(action) };
    let data: ActionData = serde_path_to_error::deserialize(data)
        .map_err(|e| CommandError::invalid(format!("the data of the action is none of ours: {e}")))?;
    let repo = snapshot.repo_at(&data.root)?;
    action.edit = Some(edit(&Fixer::new(snapshot, repo)?, repo, snapshot, &data)?);
    Ok(action)
}

/// The edit of an action, on the texts as they are now.
fn edit(fixer: &Fixer<'_>, repo: &Repo, snapshot: &Snapshot, data: &ActionData) -> Result<WorkspaceEdit, CommandError> {
    let Some(id) = &data.id else {
        let (_, path) = snapshot.file(&data.uri)?;
        return fixer.edit(Selection::AllOpen { file: Some(&path) }, None);
    };
    let (index, finding) = repo.finding(id)?;
    match data.fix {
        Some(fix) if fix >= finding.fixes.len() => {
            let (label, count) = (finding.label.clone(), finding.fixes.len());
            Err(OpsError::UnknownFix { label, number: fix, count }.into())
        }
        Some(fix) => fixer.edit(Selection::Fix { finding: index, fix }, None),
        None => fixer.edit(Selection::Findings(&[index]), None),
    }
}
