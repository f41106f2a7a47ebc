//! Code actions: fixes that apply to the text as it is, and what else can be done with a finding.

use super::{BackgroundRequest, fix_edits};
use crate::protocol::capabilities::FIX_ALL;
use crate::protocol::commands::CommandName;
use crate::state::projection::is_certain;
use crate::state::snapshot::{Repo, Snapshot};
use finding::{AgentKind, Finding, LinkKind, Round, State};
use lsp_types::request::{CodeActionRequest, CodeActionResolveRequest};
use lsp_types::*;
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
    type Answer = CodeAction;

    /// Fills in the edit, on the text as it is now.
    fn answer(snapshot: &Snapshot, action: CodeAction) -> CodeAction {
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
    let uri = &params.text_document.uri;
    let Some((repo, path, projection)) = snapshot.projection(uri) else { return Vec::new() };
    let Some(round_index) = &repo.round_index else { return Vec::new() };
    let mut actions = Vec::new();
    if wants(CodeActionKind::QUICKFIX.as_str()) {
        let mut done = Vec::new();
        for anchor_ref in projection.anchors_at(params.range) {
            if done.contains(&anchor_ref.finding) || done.len() == MAX_FINDINGS {
                continue;
            }
            done.push(anchor_ref.finding);
            let finding = &round_index.round.findings[anchor_ref.finding];
            if repo.state(anchor_ref.finding, finding) == State::Open {
                let told = told(params, finding);
                fixes(snapshot, repo, (anchor_ref.finding, finding), uri, told.as_ref(), &mut actions);
                all_places(snapshot, repo, (anchor_ref.finding, finding), uri, told.as_ref(), &mut actions);
                decisions(repo, finding, told.as_ref(), &mut actions);
            }
        }
    }
    if only.is_some() && wants(FIX_ALL) {
        let (files, taken, _) = fix_edits::place_all(snapshot, repo, Some(&path));
        if !taken.is_empty() {
            let data = ActionData { root: repo.root().to_owned(), id: None, fix: None, uri: uri.clone() };
            let edit = || fix_edits::workspace_edit(snapshot, repo, &files, Some(&path), None).ok();
            let mut action =
                action(format!("Apply {} fixes of deep-review", taken.len()), CodeActionKind::new(FIX_ALL));
            fill(snapshot, &mut action, &data, edit);
            actions.push(CodeActionOrCommand::CodeAction(action));
        }
    }
    actions
}

fn action(title: String, kind: CodeActionKind) -> CodeAction {
    CodeAction { title, kind: Some(kind), ..CodeAction::default() }
}

fn fill(snapshot: &Snapshot, action: &mut CodeAction, data: &ActionData, edit: impl FnOnce() -> Option<WorkspaceEdit>) {
    if snapshot.capabilities.action_resolve {
        action.data = serde_json::to_value(data).ok();
    } else {
        action.edit = edit();
    }
}

/// The client's own diagnostic of a finding, which the action answers.
fn told(params: &CodeActionParams, finding: &Finding) -> Option<Vec<Diagnostic>> {
    let ours = |d: &&Diagnostic| {
        let id = d.data.as_ref().and_then(|data| data.get("id")).and_then(Value::as_str);
        id.map_or_else(|| d.code == Some(NumberOrString::String(finding.label.clone())), |id| id == finding.id.as_str())
    };
    params.context.diagnostics.iter().find(ours).map(|d| vec![d.clone()])
}

fn fixes(
    snapshot: &Snapshot,
    repo: &Repo,
    (index, finding): (usize, &Finding),
    uri: &Uri,
    told: Option<&Vec<Diagnostic>>,
    actions: &mut Vec<CodeActionOrCommand>,
) {
    let Some(round_index) = &repo.round_index else { return };
    for (number, fix) in finding.fixes.iter().enumerate() {
        let what = fix.note.as_deref().filter(|n| !n.trim().is_empty()).unwrap_or(&finding.title);
        let by: Vec<&str> = fix.by.iter().map(|name| round_index.round.label_of(name)).collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        let verb = if number == 0 { "Apply fix" } else { "Apply another fix" };
        let mut action =
            action(format!("{verb}: {}{}", short(what), sanitize::printable(&by)), CodeActionKind::QUICKFIX);
        action.diagnostics = told.cloned();
        match fix_edits::place_fix(snapshot, repo, index, number) {
            Ok(edits_of_fix) => {
                let main = finding.anchors.first().map(|a| &a.path);
                let elsewhere = edits_of_fix.files.keys().any(|path| Some(path) != main);
                let exact = edits_of_fix.placement == Placement::Exact && !elsewhere;
                if number == 0 && exact && is_agreed(&round_index.round, fix) {
                    action.is_preferred = Some(true);
                }
                let confirm = (!is_certain(edits_of_fix.placement)).then_some("the place of the fix is not certain");
                let data = ActionData {
                    root: repo.root().to_owned(),
                    id: Some(finding.id.to_string()),
                    fix: Some(number),
                    uri: uri.clone(),
                };
                fill(snapshot, &mut action, &data, || {
                    fix_edits::workspace_edit(snapshot, repo, &edits_of_fix.files, main, confirm).ok()
                });
                if snapshot.capabilities.action_resolve || action.edit.is_some() {
                    actions.push(CodeActionOrCommand::CodeAction(action));
                }
            }
            Err(refusal) if snapshot.capabilities.action_disabled => {
                action.disabled = Some(CodeActionDisabled { reason: refusal.to_string() });
                actions.push(CodeActionOrCommand::CodeAction(action));
            }
            Err(_) => {}
        }
    }
}

/// One action for a finding with a fix for each of its places.
fn all_places(
    snapshot: &Snapshot,
    repo: &Repo,
    (index, finding): (usize, &Finding),
    uri: &Uri,
    told: Option<&Vec<Diagnostic>>,
    actions: &mut Vec<CodeActionOrCommand>,
) {
    let Some(edits_of_fix) = fix_edits::place_everywhere(snapshot, repo, index) else { return };
    let title = format!("Apply the fixes of {} at all {} places", finding.label, edits_of_fix.places);
    let mut action = action(title, CodeActionKind::QUICKFIX);
    action.diagnostics = told.cloned();
    let id = Some(finding.id.to_string());
    let data = ActionData { root: repo.root().to_owned(), id, fix: None, uri: uri.clone() };
    let main = finding.anchors.first().map(|a| &a.path);
    fill(snapshot, &mut action, &data, || {
        fix_edits::workspace_edit(snapshot, repo, &edits_of_fix.files, main, None).ok()
    });
    actions.push(CodeActionOrCommand::CodeAction(action));
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

/// What can be done with the finding besides fixing it.
fn decisions(repo: &Repo, finding: &Finding, told: Option<&Vec<Diagnostic>>, actions: &mut Vec<CodeActionOrCommand>) {
    let root = repo.root();
    let mut offer = |title: String, name: CommandName, argument: Value| {
        let mut action = action(title.clone(), CodeActionKind::QUICKFIX);
        action.diagnostics = told.cloned();
        action.command = Some(Command::new(title, name.as_str().to_owned(), Some(vec![argument])));
        actions.push(CodeActionOrCommand::CodeAction(action));
    };
    let (id, label) = (&finding.id, &finding.label);
    for (words, reason) in [("false positive", "false-positive"), ("won't fix", "wont-fix"), ("later", "later")] {
        offer(
            format!("Dismiss {label}: {words}"),
            CommandName::Dismiss,
            json!({ "id": id, "root": root, "reason": reason }),
        );
    }
    offer(format!("Have {label} checked again"), CommandName::Recheck, json!({ "id": id, "root": root }));
    offer(
        format!("Show {label} in the report"),
        CommandName::ShowReport,
        json!({ "id": id, "root": root, "show": true }),
    );
    if finding.attributions.len() > 1 {
        offer(format!("Split {label} into its remarks"), CommandName::Split, json!({ "id": id, "root": root }));
    }
    if is_linked(repo, finding, LinkKind::Split) {
        offer(
            format!("Take back the split of {label}"),
            CommandName::Split,
            json!({ "id": id, "root": root, "undo": true }),
        );
    }
    if is_linked(repo, finding, LinkKind::Joined) {
        let argument = json!({ "ids": [id], "root": root, "undo": true });
        offer(format!("Take back that {label} was joined"), CommandName::Join, argument);
    }
    for other in &finding.related {
        offer(
            format!(
                "{label} and {} are the same",
                repo.finding(other.as_str()).map_or(other.as_str(), |(_, f)| &f.label)
            ),
            CommandName::Join,
            json!({ "ids": [id, other], "root": root }),
        );
    }
}

/// Whether a person split or joined what the finding says.
fn is_linked(repo: &Repo, finding: &Finding, kind: LinkKind) -> bool {
    let mut links = repo.decisions.links.iter().filter(|link| link.kind == kind).peekable();
    let Some(round_index) = repo.round_index.as_ref().filter(|_| links.peek().is_some()) else { return false };
    let prints = merge::known_by([&*round_index.round], std::slice::from_ref(&finding.id));
    links.any(|link| prints.contains(&link.a) || prints.contains(&link.b))
}

/// One line that fits a menu.
fn short(text: &str) -> String {
    let line = sanitize::printable(text.lines().next().unwrap_or_default());
    if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
}

fn resolve(snapshot: &Snapshot, mut action: CodeAction) -> CodeAction {
    let data = action.data.as_ref().and_then(|data| serde_json::from_value::<ActionData>(data.clone()).ok());
    let Some(data) = data else { return action };
    let Some(repo) = snapshot.repos.get(&data.root) else { return action };
    action.edit = match &data.id {
        Some(id) => repo.finding(id).and_then(|(index, finding)| {
            let main = finding.anchors.first().map(|a| &a.path);
            let Some(fix) = data.fix else {
                let edits_of_fix = fix_edits::place_everywhere(snapshot, repo, index)?;
                return fix_edits::workspace_edit(snapshot, repo, &edits_of_fix.files, main, None).ok();
            };
            let edits_of_fix = fix_edits::place_fix(snapshot, repo, index, fix).ok()?;
            let confirm = (!is_certain(edits_of_fix.placement)).then_some("the place of the fix is not certain");
            fix_edits::workspace_edit(snapshot, repo, &edits_of_fix.files, main, confirm).ok()
        }),
        None => snapshot.projection(&data.uri).and_then(|(repo, path, _)| {
            let (files, _, _) = fix_edits::place_all(snapshot, repo, Some(&path));
            fix_edits::workspace_edit(snapshot, repo, &files, Some(&path), None).ok()
        }),
    };
    action
}
