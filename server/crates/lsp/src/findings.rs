//! What the server says beyond the LSP: `deepReview/findings`, for the lists of editors.

use super::edits;
use super::hover::explanation;
use super::reviewing::with_remedy;
use super::world::{Repo, World};
use finding::{AgentOutcome, Finding, State};
use report::sanitize;
use serde::Deserialize;
use serde_json::{Value, json};

/// What `deepReview/findings` is asked with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    /// Whether each finding comes with its explanation, for editors that show all of them at once.
    explained: bool,
}

/// Answers `deepReview/findings`: every repository with its newest round. Works out whether fixes apply, so it is
/// not for the owner's task.
pub(crate) fn of(world: &World, params: &Params) -> Value {
    let repositories = world.repos.values().map(|repo| repository(world, repo, params));
    json!({ "repositories": repositories.collect::<Vec<_>>() })
}

/// Answers `deepReview/status`: the same without the findings.
pub(crate) fn status(world: &World) -> Value {
    let repositories = world.repos.values().map(|repo| {
        let mut about = about(repo);
        if let Some(about) = about.as_object_mut() {
            about.insert("open".into(), counts(repo));
        }
        about
    });
    json!({ "repositories": repositories.collect::<Vec<_>>() })
}

/// How many findings are open, by severity.
pub(crate) fn counts(repo: &Repo) -> Value {
    let mut counts = [0_u32; 3];
    if let Some(plan) = &repo.plan {
        for (index, finding) in plan.round.findings.iter().enumerate() {
            if is_standing(finding) && repo.state(index, finding) == State::Open {
                counts[finding.severity as usize] += 1;
            }
        }
    }
    json!({ "critical": counts[2], "important": counts[1], "suggestion": counts[0] })
}

fn about(repo: &Repo) -> Value {
    let mut value = json!({
        "root": repo.root(),
        "name": repo.name(),
        "running": repo.running.is_some(),
        "agents": [],
    });
    let Some(object) = value.as_object_mut() else { return value };
    if let Some(branch) = repo.head.as_ref().and_then(|head| head.branch.as_ref()) {
        object.insert("branch".into(), json!(branch));
    }
    if let Some(plan) = &repo.plan {
        let round = &plan.round;
        let open =
            round.findings.iter().enumerate().filter(|(i, f)| is_standing(f) && repo.state(*i, f) == State::Open);
        let verdict = finding::Verdict::of(open.map(|(_, f)| f.severity));
        let incomplete = round.failures().next().is_some();
        object.insert(
            "round".into(),
            json!({
                "id": round.id, "number": round.number, "verdict": verdict.to_string(), "incomplete": incomplete,
            }),
        );
        let agents = round.agents.iter().map(|run| {
            let doing = repo.running.as_ref().and_then(|r| r.doing.get(&run.agent.name));
            let (state, message) = match &run.outcome {
                AgentOutcome::Running => ("running", doing.cloned()),
                AgentOutcome::Reviewed => ("reviewed", None),
                AgentOutcome::Failed { failure } => {
                    ("failed", Some(with_remedy(&failure.message, failure.remedy.as_deref())))
                }
            };
            let mut agent = json!({
                "name": run.agent.name, "label": sanitize::printable(&run.agent.label), "state": state,
            });
            if let (Some(message), Some(agent)) = (message, agent.as_object_mut()) {
                agent.insert("message".into(), sanitize::printable(&message).into());
            }
            agent
        });
        object.insert("agents".into(), agents.collect::<Vec<_>>().into());
    }
    value
}

fn is_standing(finding: &Finding) -> bool {
    !matches!(finding.verification, finding::FindingStatus::Refuted { .. })
}

fn repository(world: &World, repo: &Repo, params: &Params) -> Value {
    let mut value = about(repo);
    let findings = repo.plan.iter().flat_map(|plan| {
        plan.round.findings.iter().enumerate().filter(|(_, f)| is_standing(f)).map(|(index, finding)| {
            let agents = finding
                .agents()
                .into_iter()
                .map(|name| json!({ "name": name, "label": sanitize::printable(plan.round.label_of(name)) }));
            let state = repo.state(index, finding);
            let fixable = state == State::Open
                && (0..finding.fixes.len()).any(|number| edits::plan(world, repo, index, number).is_ok());
            let mut row = json!({
                "id": finding.id,
                "label": finding.label,
                "severity": finding.severity,
                "title": sanitize::printable(&finding.title),
                "agents": agents.collect::<Vec<_>>(),
                "state": match state {
                    State::Open => "open",
                    State::Fixed => "fixed",
                    State::Dismissed { .. } => "dismissed",
                    State::Outdated => "outdated",
                },
                "fixable": fixable,
                "fixes": finding.fixes.len(),
            });
            if let (true, Some(object)) = (params.explained, row.as_object_mut()) {
                object.insert("explanation".into(), explanation(repo, &plan.round, finding).into());
            }
            if let (Some(anchor), Some(object)) = (finding.anchors.first(), row.as_object_mut()) {
                object.insert("path".into(), json!(anchor.path));
                if let Some(location) = repo.location(index, 0) {
                    object.insert("uri".into(), json!(location.uri));
                    object.insert("range".into(), json!(location.range));
                }
            }
            row
        })
    });
    let findings: Vec<Value> = findings.collect();
    if let Some(object) = value.as_object_mut() {
        object.insert("findings".into(), findings.into());
    }
    value
}
