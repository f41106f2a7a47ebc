//! Rounds for tests, made of what matters to them; the rest is as in a round that nobody looked at twice.

use finding::*;

pub(super) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// Lines `from..=to` of a file.
pub(super) fn lines(file: &str, from: u32, to: u32) -> Anchor {
    Anchor::lines(path(file), LineRange::new(from, to))
}

pub(super) fn run(name: &str, label: &str, kind: AgentKind, outcome: AgentOutcome, duration_ms: u64) -> AgentRun {
    let agent = AgentInfo { name: AgentName::new(name), label: label.into(), kind };
    AgentRun { duration_ms, ..AgentRun::new(agent, outcome) }
}

/// A finding that all of `agents` put at its severity.
pub(super) fn finding(
    label: &str,
    severity: Severity,
    title: &str,
    anchors: Vec<Anchor>,
    agents: &[AgentName],
) -> Finding {
    let attribution = |(n, agent): (usize, &AgentName)| Attribution {
        agent: agent.clone(),
        severity,
        raw: RawId::new(format!("{agent}:{n}")),
    };
    Finding {
        label: label.into(),
        anchors,
        attributions: agents.iter().enumerate().map(attribution).collect(),
        confidence: 0.9,
        ..Finding::new(FindingId::new(format!("id-{label}")), severity, title)
    }
}

pub(super) fn agents(names: &[&str]) -> Vec<AgentName> {
    names.iter().map(|name| AgentName::new(*name)).collect()
}

/// The finding as one of its agents said it.
pub(super) fn raw(finding: &Finding, by: &Attribution) -> RawFinding {
    RawFinding {
        id: by.raw.clone(),
        sure: None,
        agent: by.agent.clone(),
        severity: by.severity,
        title: finding.title.clone(),
        body: finding.body.clone(),
        anchors: finding.anchors.clone(),
        symbol: None,
        classification: finding.classification,
        rule: None,
        fixes: finding.fixes.clone(),
    }
}

/// Round 2 of `topic`, by Ann, Bob and Cid.
pub(super) fn round(findings: Vec<Finding>) -> Round {
    let by = |name, label| run(name, label, AgentKind::Cli, AgentOutcome::Reviewed, 61_000);
    let scope = RoundScope {
        branch: Some("topic".into()),
        base_name: "main".into(),
        base: None,
        head: None,
        uncommitted: false,
    };
    Round {
        number: 2,
        duration_ms: 1_340_000,
        author: "Ann".into(),
        agents: vec![by("ann", "Ann 1"), by("bob", "Bob 2"), by("cid", "Cid 3")],
        raw: findings.iter().flat_map(|f| f.attributions.iter().map(|by| raw(f, by))).collect(),
        findings,
        assessment: Assessment { summary: Some("All in all.".into()), ..Assessment::default() },
        ..Round::new(RoundId::new("20260323-161334-topic"), "2026-03-23T16:13:00Z".parse().unwrap(), scope)
    }
}
