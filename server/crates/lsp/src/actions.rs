//! Code actions: fixes that apply to the text as it is, and what else can be done with a finding.

use super::commands::Name;
use super::diagnostics::spots_at;
use super::edits;
use super::project::is_certain;
use super::world::{Repo, World};
use finding::{AgentKind, Finding, LinkKind, Round, State};
use lsp_types::*;
use patch::Placement;
use report::sanitize;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The kind that applies every fix of a file which applies without doubt.
pub(crate) const FIX_ALL: &str = "source.fixAll.deepReview";

/// Most findings for which one request gets actions.
const MAX_FINDINGS: usize = 20;

/// What an action carries to `codeAction/resolve`.
#[derive(Debug, Serialize, Deserialize)]
struct Later {
    root: PathBuf,
    /// Of the finding; `None` for all of `uri`.
    id: Option<String>,
    /// Number of the fix; `None` for those of all places.
    fix: Option<usize>,
    uri: Uri,
}

/// Answers `textDocument/codeAction`.
pub(crate) fn of(world: &World, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let only = params.context.only.as_deref();
    let wants = |kind: &str| {
        only.is_none_or(|kinds| {
            kinds
                .iter()
                .any(|k| k.as_str().is_empty() || kind == k.as_str() || kind.starts_with(&format!("{}.", k.as_str())))
        })
    };
    let uri = &params.text_document.uri;
    let Some((repo, path, seen)) = world.seen(uri) else { return Vec::new() };
    let Some(plan) = &repo.plan else { return Vec::new() };
    let mut actions = Vec::new();
    if wants(CodeActionKind::QUICKFIX.as_str()) && std::sync::Arc::ptr_eq(plan, &seen.plan) {
        let mut done = Vec::new();
        for spot in spots_at(&seen, params.range) {
            if done.contains(&spot.finding) || done.len() == MAX_FINDINGS {
                continue;
            }
            done.push(spot.finding);
            let finding = &plan.round.findings[spot.finding];
            if repo.state(spot.finding, finding) == State::Open {
                let told = told(params, finding);
                fixes(world, repo, (spot.finding, finding), uri, told.as_ref(), &mut actions);
                all_places(world, repo, (spot.finding, finding), uri, told.as_ref(), &mut actions);
                decisions(repo, finding, told.as_ref(), &mut actions);
            }
        }
    }
    if only.is_some() && wants(FIX_ALL) {
        let (files, taken, _) = edits::plan_all(world, repo, Some(&path));
        if !taken.is_empty() {
            let later = Later { root: repo.root().to_owned(), id: None, fix: None, uri: uri.clone() };
            let edit = || edits::workspace_edit(world, repo, &files, Some(&path), None).ok();
            let mut action =
                action(format!("Apply {} fixes of deep-review", taken.len()), CodeActionKind::new(FIX_ALL));
            fill(world, &mut action, &later, edit);
            actions.push(CodeActionOrCommand::CodeAction(action));
        }
    }
    actions
}

fn action(title: String, kind: CodeActionKind) -> CodeAction {
    CodeAction { title, kind: Some(kind), ..CodeAction::default() }
}

fn fill(world: &World, action: &mut CodeAction, later: &Later, edit: impl FnOnce() -> Option<WorkspaceEdit>) {
    if world.abilities.action_resolve {
        action.data = serde_json::to_value(later).ok();
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
    world: &World,
    repo: &Repo,
    (index, finding): (usize, &Finding),
    uri: &Uri,
    told: Option<&Vec<Diagnostic>>,
    actions: &mut Vec<CodeActionOrCommand>,
) {
    let Some(plan) = &repo.plan else { return };
    for (number, fix) in finding.fixes.iter().enumerate() {
        let what = fix.note.as_deref().filter(|n| !n.trim().is_empty()).unwrap_or(&finding.title);
        let by: Vec<&str> = fix.by.iter().map(|name| plan.round.label_of(name)).collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        let verb = if number == 0 { "Apply fix" } else { "Apply another fix" };
        let mut action =
            action(format!("{verb}: {}{}", short(what), sanitize::printable(&by)), CodeActionKind::QUICKFIX);
        action.diagnostics = told.cloned();
        match edits::plan(world, repo, index, number) {
            Ok(planned) => {
                let main = finding.anchors.first().map(|a| &a.path);
                let elsewhere = planned.files.keys().any(|path| Some(path) != main);
                let exact = planned.placement == Placement::Exact && !elsewhere;
                if number == 0 && exact && is_agreed(&plan.round, fix) {
                    action.is_preferred = Some(true);
                }
                let confirm = (!is_certain(planned.placement)).then_some("the place of the fix is not certain");
                let later = Later {
                    root: repo.root().to_owned(),
                    id: Some(finding.id.to_string()),
                    fix: Some(number),
                    uri: uri.clone(),
                };
                fill(world, &mut action, &later, || {
                    edits::workspace_edit(world, repo, &planned.files, main, confirm).ok()
                });
                if world.abilities.action_resolve || action.edit.is_some() {
                    actions.push(CodeActionOrCommand::CodeAction(action));
                }
            }
            Err(refusal) if world.abilities.action_disabled => {
                action.disabled = Some(CodeActionDisabled { reason: refusal.to_string() });
                actions.push(CodeActionOrCommand::CodeAction(action));
            }
            Err(_) => {}
        }
    }
}

/// One action for a finding with a fix for each of its places.
fn all_places(
    world: &World,
    repo: &Repo,
    (index, finding): (usize, &Finding),
    uri: &Uri,
    told: Option<&Vec<Diagnostic>>,
    actions: &mut Vec<CodeActionOrCommand>,
) {
    let Some(planned) = edits::plan_places(world, repo, index) else { return };
    let title = format!("Apply the fixes of {} at all {} places", finding.label, planned.places);
    let mut action = action(title, CodeActionKind::QUICKFIX);
    action.diagnostics = told.cloned();
    let id = Some(finding.id.to_string());
    let later = Later { root: repo.root().to_owned(), id, fix: None, uri: uri.clone() };
    let main = finding.anchors.first().map(|a| &a.path);
    fill(world, &mut action, &later, || edits::workspace_edit(world, repo, &planned.files, main, None).ok());
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
    let mut offer = |title: String, name: Name, argument: Value| {
        let mut action = action(title.clone(), CodeActionKind::QUICKFIX);
        action.diagnostics = told.cloned();
        action.command = Some(Command::new(title, name.as_str().to_owned(), Some(vec![argument])));
        actions.push(CodeActionOrCommand::CodeAction(action));
    };
    let (id, label) = (&finding.id, &finding.label);
    for (words, reason) in [("false positive", "false-positive"), ("won't fix", "wont-fix"), ("later", "later")] {
        offer(format!("Dismiss {label}: {words}"), Name::Dismiss, json!({ "id": id, "root": root, "reason": reason }));
    }
    offer(format!("Have {label} checked again"), Name::Recheck, json!({ "id": id, "root": root }));
    offer(format!("Show {label} in the report"), Name::ShowReport, json!({ "id": id, "root": root, "show": true }));
    if finding.attributions.len() > 1 {
        offer(format!("Split {label} into its remarks"), Name::Split, json!({ "id": id, "root": root }));
    }
    if is_linked(repo, finding, LinkKind::Split) {
        offer(format!("Take back the split of {label}"), Name::Split, json!({ "id": id, "root": root, "undo": true }));
    }
    if is_linked(repo, finding, LinkKind::Joined) {
        let argument = json!({ "ids": [id], "root": root, "undo": true });
        offer(format!("Take back that {label} was joined"), Name::Join, argument);
    }
    for other in &finding.related {
        offer(
            format!(
                "{label} and {} are the same",
                repo.finding(other.as_str()).map_or(other.as_str(), |(_, f)| &f.label)
            ),
            Name::Join,
            json!({ "ids": [id, other], "root": root }),
        );
    }
}

/// Whether a person split or joined what the finding says.
fn is_linked(repo: &Repo, finding: &Finding, kind: LinkKind) -> bool {
    let mut links = repo.decisions.links.iter().filter(|link| link.kind == kind).peekable();
    let Some(plan) = repo.plan.as_ref().filter(|_| links.peek().is_some()) else { return false };
    let prints = merge::known_by([&*plan.round], std::slice::from_ref(&finding.id));
    links.any(|link| prints.contains(&link.a) || prints.contains(&link.b))
}

/// One line that fits a menu.
fn short(text: &str) -> String {
    let line = sanitize::printable(text.lines().next().unwrap_or_default());
    if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
}

/// Answers `codeAction/resolve`: the edit, on the text as it is now.
pub(crate) fn resolve(world: &World, mut action: CodeAction) -> CodeAction {
    let later = action.data.as_ref().and_then(|data| serde_json::from_value::<Later>(data.clone()).ok());
    let Some(later) = later else { return action };
    let Some(repo) = world.repos.get(&later.root) else { return action };
    action.edit = match &later.id {
        Some(id) => repo.finding(id).and_then(|(index, finding)| {
            let main = finding.anchors.first().map(|a| &a.path);
            let Some(fix) = later.fix else {
                let planned = edits::plan_places(world, repo, index)?;
                return edits::workspace_edit(world, repo, &planned.files, main, None).ok();
            };
            let planned = edits::plan(world, repo, index, fix).ok()?;
            let confirm = (!is_certain(planned.placement)).then_some("the place of the fix is not certain");
            edits::workspace_edit(world, repo, &planned.files, main, confirm).ok()
        }),
        None => world.seen(&later.uri).and_then(|(repo, path, _)| {
            let (files, _, _) = edits::plan_all(world, repo, Some(&path));
            edits::workspace_edit(world, repo, &files, Some(&path), None).ok()
        }),
    };
    action
}
