//! Verification: what only one agent raised is given to another one, which tries to refute it against the code.
//! One batched call an agent; a call that fails costs the check, never a finding.

use crate::agent::answer::{self, CheckVerdict, Checked};
use crate::agent::{Agent, Brief, Claims, Session};
use crate::finding::{
    AgentName, Classification, Failure, Finding, FindingStatus, Observation, ObservationKind, RepoPath, Usage,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How findings are verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verify {
    /// Not at all.
    #[default]
    Off,
    /// Each finding by an agent that did not raise it.
    Cross,
    /// The same, and one agent writes the summary.
    Lead,
}

/// What verification did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verified {
    /// Findings that were as true before the change: no findings any more, but remarks on the design.
    pub observations: Vec<Observation>,
    /// What the checks used, by the agent that checked.
    pub usage: BTreeMap<AgentName, Usage>,
    /// Agents whose check failed, with the reason.
    pub failures: Vec<(AgentName, Failure)>,
}

/// Has every finding that one agent alone raised checked by another, all calls at once.
pub async fn verify(
    findings: &mut Vec<Finding>,
    agents: &[Arc<dyn Agent>],
    brief: &Brief,
    session: impl Fn(&AgentName) -> Session,
) -> Verified {
    let verifiers: Vec<(AgentName, &Arc<dyn Agent>)> =
        agents.iter().filter(|a| a.can_verify()).map(|a| (a.info().name, a)).collect();
    let names: Vec<AgentName> = verifiers.iter().map(|(name, _)| name.clone()).collect();
    let batches = assign(findings, &names);
    let asked = verifiers.iter().filter_map(|(name, agent)| {
        let batch = batches.get(name)?;
        let claims = claims(batch.iter().map(|i| (*i, &findings[*i])));
        let session = session(name);
        Some(async move {
            session.doing(format!("checking {} findings of others", batch.len()));
            (name.clone(), batch.clone(), agent.verify(brief, &claims, &session).await)
        })
    });
    let answers = futures_util::future::join_all(asked).await;
    let mut verified = Verified::default();
    let mut pre_existing = Vec::new();
    for (name, batch, said) in answers {
        verified.usage.insert(name.clone(), said.usage);
        match answer::verdicts(&said) {
            Ok(verdicts) => {
                for checked in verdicts {
                    // Only what was asked counts, whatever else it speaks of.
                    let Some(i) = batch.iter().copied().find(|i| id(*i) == checked.id) else { continue };
                    if apply(&mut findings[i], &checked, &name, brief) {
                        pre_existing.push(i);
                    }
                }
            }
            Err(failure) => verified.failures.push((name, failure)),
        }
    }
    pre_existing.sort_unstable();
    pre_existing.dedup();
    for i in pre_existing.into_iter().rev() {
        verified.observations.insert(0, observation(findings.remove(i)));
    }
    verified
}

fn id(index: usize) -> String {
    format!("F{}", index + 1)
}

/// Who checks what: an agent that did not raise it, the one with the least to do, the first of these.
fn assign(findings: &[Finding], verifiers: &[AgentName]) -> BTreeMap<AgentName, Vec<usize>> {
    let mut batches: BTreeMap<AgentName, Vec<usize>> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        let [raiser] = finding.agents()[..] else { continue };
        let candidates = verifiers.iter().filter(|v| *v != raiser);
        if let Some(by) = candidates.min_by_key(|v| batches.get(*v).map_or(0, Vec::len)) {
            batches.entry(by.clone()).or_default().push(i);
        }
    }
    batches
}

fn claims<'a>(findings: impl Iterator<Item = (usize, &'a Finding)>) -> Claims {
    let mut claims = Claims::default();
    for (i, f) in findings {
        let places: Vec<_> = f.anchors.iter().map(|a| json!({"place": a.to_string(), "quote": a.quote})).collect();
        let claim = json!({"id": id(i), "severity": f.severity, "title": f.title, "claim": f.body, "places": places});
        claims.text.push_str(&claim.to_string());
        claims.text.push('\n');
        let mut files: Vec<RepoPath> = f.anchors.iter().map(|a| a.path.clone()).collect();
        claims.files.append(&mut files);
    }
    claims.files.sort();
    claims.files.dedup();
    claims
}

/// Puts a verdict into a finding; says whether it was so before the change, as the diff agrees.
fn apply(finding: &mut Finding, checked: &Checked, by: &AgentName, brief: &Brief) -> bool {
    let note = checked.reason.clone();
    match checked.verdict {
        CheckVerdict::Refuted => finding.verification = FindingStatus::Refuted { by: by.clone(), note },
        CheckVerdict::Confirmed => {
            if let Some(severity) = checked.severity.filter(|s| *s != finding.severity) {
                let said = format!("{by} checked it: {} → {severity}: {note}", finding.severity);
                finding.dispute = Some(match finding.dispute.take() {
                    Some(before) => format!("{before}; {said}"),
                    None => said,
                });
                finding.severity = severity;
            }
            finding.verification = FindingStatus::Confirmed { by: by.clone(), note };
        }
        CheckVerdict::PreExisting if was_there_before(finding, brief) => return true,
        CheckVerdict::PreExisting => {
            finding.why.push(format!("{by} holds it to be older than the change, which touches its lines: {note}"));
        }
        CheckVerdict::Unclear => finding.why.push(format!("{by} checked it and could not decide: {note}")),
    }
    false
}

/// Whether the change touches none of the finding's lines, so that each is as in the base.
fn was_there_before(finding: &Finding, brief: &Brief) -> bool {
    !finding.anchors.is_empty()
        && finding.anchors.iter().all(|anchor| match (brief.snapshot.file(&anchor.path), anchor.lines) {
            (Some(file), Some(lines)) => file.old.is_some() && !file.touches(lines),
            (Some(_), None) => false,
            (None, _) => true,
        })
}

fn observation(finding: Finding) -> Observation {
    let by = finding.agents().into_iter().cloned().collect();
    let kind = match finding.classification {
        Some(Classification::Gap) => ObservationKind::ConcernInScope,
        _ => ObservationKind::ConcernFuture,
    };
    Observation { kind, title: finding.title, body: finding.body, anchors: finding.anchors, by }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{Availability, Outcome, Said};
    use crate::finding::{
        AgentInfo, AgentKind, Anchor, Attribution, FailureKind, FindingId, LineRange, RawId, Severity,
    };
    use crate::git::Snapshot;
    use futures_util::future::BoxFuture;
    use tokio_util::sync::CancellationToken;

    #[derive(Debug)]
    struct Fake(&'static str, Result<serde_json::Value, FailureKind>);

    impl Agent for Fake {
        fn info(&self) -> AgentInfo {
            AgentInfo { name: AgentName::new(self.0), label: self.0.into(), kind: AgentKind::Http }
        }
        fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
            Box::pin(async { Availability::Usable(String::new()) })
        }
        fn review<'a>(&'a self, _: &'a Brief, _: &'a Session) -> BoxFuture<'a, Outcome> {
            Box::pin(async { Outcome::default() })
        }
        fn can_verify(&self) -> bool {
            true
        }
        fn verify<'a>(&'a self, _: &'a Brief, claims: &'a Claims, _: &'a Session) -> BoxFuture<'a, Said> {
            assert!(!claims.text.is_empty());
            Box::pin(async {
                match &self.1 {
                    Ok(value) => Said { text: value.to_string(), ..Said::default() },
                    Err(kind) => Said::failed(Failure::new(*kind, "no")),
                }
            })
        }
    }

    fn finding(n: u32, agents: &[&str], line: u32) -> Finding {
        let path = RepoPath::new("a.rs").unwrap();
        Finding {
            id: FindingId::new(n.to_string()),
            label: format!("I{n}"),
            severity: Severity::Important,
            dispute: None,
            title: format!("finding {n}"),
            body: String::new(),
            anchors: vec![Anchor::lines(path, LineRange::line(line))],
            symbol: None,
            classification: None,
            rule: None,
            attributions: agents
                .iter()
                .map(|a| Attribution {
                    agent: AgentName::new(*a),
                    severity: Severity::Important,
                    raw: RawId::new(format!("{a}:{n}")),
                })
                .collect(),
            fixes: Vec::new(),
            confidence: 0.5,
            why: Vec::new(),
            related: Vec::new(),
            verification: FindingStatus::Unverified,
            since: None,
        }
    }

    async fn run(findings: &mut Vec<Finding>, agents: Vec<Fake>) -> Verified {
        // Line 2 of 3 changes.
        let brief = Brief::new(Snapshot::in_memory(&[("a.rs", "1\n2\n3\n")], &[("a.rs", "1\nnew\n3\n")]));
        let agents: Vec<Arc<dyn Agent>> = agents.into_iter().map(|a| Arc::new(a) as Arc<dyn Agent>).collect();
        verify(findings, &agents, &brief, |_| Session {
            progress: tokio::sync::mpsc::unbounded_channel().0,
            cancel: CancellationToken::new(),
        })
        .await
    }

    fn verdict(id: &str, verdict: &str, severity: &str) -> serde_json::Value {
        json!({"id": id, "verdict": verdict, "severity": severity, "reason": "a.rs:2"})
    }

    #[tokio::test]
    async fn each_verdict_does_what_it_says() {
        let mut findings: Vec<Finding> = vec![
            finding(1, &["a"], 2),
            finding(2, &["a"], 2),
            finding(3, &["a"], 2),
            finding(4, &["a"], 3),
            finding(5, &["a"], 2),
            finding(6, &["a"], 2),
        ];
        let verdicts = json!({"verdicts": [
            verdict("F1", "confirmed", "important"), verdict("F2", "refuted", "suggestion"),
            verdict("F3", "confirmed", "suggestion"), verdict("F4", "pre-existing", "important"),
            verdict("F5", "pre_existing", "important"), verdict("F6", "unclear", "important"),
            verdict("F99", "refuted", "important"),
        ]});
        let b = AgentName::new("b");
        let verified = run(&mut findings, vec![Fake("a", Err(FailureKind::Crashed)), Fake("b", Ok(verdicts))]).await;
        let note = || "a.rs:2".to_owned();
        assert_eq!(findings.len(), 5);
        assert_eq!(findings[0].verification, FindingStatus::Confirmed { by: b.clone(), note: note() });
        assert_eq!(findings[1].verification, FindingStatus::Refuted { by: b.clone(), note: note() });
        assert_eq!(findings[2].severity, Severity::Suggestion);
        assert_eq!(findings[2].dispute.as_deref(), Some("b checked it: Important → Suggestion: a.rs:2"));
        assert_eq!(verified.observations.len(), 1, "its line is as in the base");
        assert_eq!(verified.observations[0].title, "finding 4");
        assert_eq!(findings[3].title, "finding 5", "the change touches its line");
        assert_eq!((findings[4].verification.clone(), findings[4].why.len()), (FindingStatus::Unverified, 1));
        assert_eq!(verified.failures, []);
    }

    #[tokio::test]
    async fn a_failed_check_loses_no_finding() {
        for bad in [Err(FailureKind::RateLimited), Ok(json!({"oops": 1}))] {
            let mut findings = vec![finding(1, &["a"], 2)];
            let before = findings.clone();
            let verified = run(&mut findings, vec![Fake("b", bad)]).await;
            assert_eq!(findings, before);
            assert_eq!(verified.failures.len(), 1);
        }
    }

    #[test]
    fn nobody_checks_their_own_and_agreement_needs_no_check() {
        let names = |n: &[&str]| n.iter().map(|n| AgentName::new(*n)).collect::<Vec<_>>();
        let findings =
            [finding(1, &["a"], 1), finding(2, &["b"], 1), finding(3, &["a", "b"], 1), finding(4, &["a"], 1)];
        let batches = assign(&findings, &names(&["a", "b", "c"]));
        let of = |n: &str| batches.get(&AgentName::new(n)).cloned().unwrap_or_default();
        assert_eq!((of("a"), of("b"), of("c")), (vec![1], vec![0], vec![3]));
        assert!(assign(&findings[..1], &names(&["a"])).is_empty());
    }
}
