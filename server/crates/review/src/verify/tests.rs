use super::*;
use finding::{AgentKind, AgentOutcome, AgentRun, Attribution, Severity};

fn finding(n: u32, agents: &[&str], line: u32) -> Finding {
    let path = RepoPath::new("a.rs").unwrap();
    Finding {
        label: format!("I{n}"),
        anchors: vec![Anchor::lines(path, LineRange::line(line))],
        attributions: agents
            .iter()
            .map(|a| Attribution {
                agent: AgentName::new(*a),
                severity: Severity::Important,
                raw: RawId::new(format!("{a}:{n}")),
            })
            .collect(),
        confidence: 0.5,
        ..Finding::new(FindingId::new(n.to_string()), Severity::Important, format!("finding {n}"))
    }
}

fn check(n: u32, verdict: CheckVerdict, severity: Severity) -> Check {
    let reason = "a.rs:2".to_owned();
    Check { finding: FindingId::new(n.to_string()), by: AgentName::new("b"), verdict, severity: Some(severity), reason }
}

#[test]
fn each_verdict_does_what_it_says() {
    use CheckVerdict::*;
    // Line 2 of 3 changes.
    let snapshot = Snapshot::in_memory(&[("a.rs", "1\n2\n3\n")], &[("a.rs", "1\nnew\n3\n")]);
    let mut findings: Vec<Finding> =
        [(1, 2), (2, 2), (3, 2), (4, 3), (5, 2), (6, 2)].map(|(n, line)| finding(n, &["a"], line)).into();
    let checks = [
        check(1, Confirmed, Severity::Important),
        check(2, Refuted, Severity::Suggestion),
        check(3, Confirmed, Severity::Suggestion),
        check(4, PreExisting, Severity::Important),
        check(5, PreExisting, Severity::Important),
        check(6, Unclear, Severity::Important),
        check(99, Refuted, Severity::Important),
    ];
    let ages = ages(&findings, &checks, &snapshot, Duration::ZERO);
    let observations = apply(&mut findings, (&checks, &ages), ToString::to_string);
    let (b, note) = (AgentName::new("b"), || "a.rs:2".to_owned());
    assert_eq!(findings.len(), 5);
    assert_eq!(findings[0].verification, FindingStatus::Confirmed { by: b.clone(), note: note() });
    assert_eq!(findings[1].verification, FindingStatus::Refuted { by: b, note: note() });
    assert_eq!(findings[1].severity, Severity::Important, "what is false has no other severity");
    assert_eq!(findings[2].severity, Severity::Suggestion);
    assert_eq!(findings[2].dispute.as_deref(), Some("b checked it: Important → Suggestion: a.rs:2"));
    assert_eq!(observations.len(), 1, "its line is as in the base");
    assert_eq!(observations[0].title, "finding 4");
    assert_eq!(findings[3].title, "finding 5", "the change touches its line");
    assert_eq!((findings[4].verification.clone(), findings[4].why.len()), (FindingStatus::Unverified, 1));
}

fn round(findings: Vec<Finding>) -> Round {
    let json = json!({
        "schema": 1, "id": "r", "number": 1, "started": "2026-01-01T00:00:00Z", "agents": [],
        "scope": {"base_name": "main", "uncommitted": true},
    });
    Round { findings, ..serde_json::from_value(json).unwrap() }
}

fn agents(names: &[&str]) -> Vec<AgentInfo> {
    let info = |name: &&str| AgentInfo {
        name: AgentName::new(*name),
        label: (*name).to_owned(),
        kind: if *name == "rules" { AgentKind::BuiltIn } else { AgentKind::Cli },
    };
    names.iter().map(info).collect()
}

#[test]
fn what_matters_is_checked_by_another_vendor_if_there_is_one() {
    let critical = |n, by: &[&str]| Finding { severity: Severity::Critical, ..finding(n, by, 1) };
    let disputed =
        Finding { dispute: Some("claude: Critical, codex: Suggestion".into()), ..finding(1, &["claude", "codex"], 1) };
    for (finding, by) in [
        // Agreement of two vendors needs no check, unless it is critical or disputed.
        (finding(1, &["claude", "codex"], 1), None),
        (critical(1, &["claude", "codex"]), Some("gemini")),
        (disputed, Some("gemini")),
        // One vendor's programs agree with each other, and a checker is no second opinion.
        (finding(1, &["claude", "claude-api"], 1), Some("codex")),
        (finding(1, &["claude", "rules"], 1), Some("codex")),
        (finding(1, &["claude"], 1), Some("codex")),
        // Nobody checks what is their own.
        (critical(1, &["claude", "claude-api", "codex", "gemini"]), None),
    ] {
        let label = finding.agents().into_iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let mut round = round(vec![finding]);
        let known = agents(&["claude", "claude-api", "codex", "gemini", "rules"]);
        round.agents = known.iter().map(|info| AgentRun::new(info.clone(), AgentOutcome::Reviewed)).collect();
        let batches = assign(&round, &known[..4], &Sending::default());
        assert_eq!(batches.keys().next().map(AgentName::as_str), by, "{label}");
    }
}

#[test]
fn nobody_checks_their_own_and_neither_agreement_nor_what_was_checked_needs_a_check() {
    let mut checked = finding(5, &["a"], 1);
    checked.verification = FindingStatus::Confirmed { by: AgentName::new("c"), note: String::new() };
    let findings =
        vec![finding(1, &["a"], 1), finding(2, &["b"], 1), finding(3, &["a", "b"], 1), finding(4, &["a"], 1), checked];
    let mut round = round(findings);
    let batches = assign(&round, &agents(&["a", "b", "c"]), &Sending::default());
    let of = |n: &str| batches.get(&AgentName::new(n)).map(|b| b.iter().map(|f| f.label.as_str()).collect::<Vec<_>>());
    assert_eq!((of("a"), of("b"), of("c")), (Some(vec!["I2"]), Some(vec!["I1"]), Some(vec!["I4"])));
    round.checks = vec![check(1, CheckVerdict::Unclear, Severity::Important)];
    assert_eq!(
        assign(&round, &agents(&["b"]), &Sending::default())
            .values()
            .flatten()
            .map(|f| f.label.as_str())
            .collect::<Vec<_>>(),
        ["I4"]
    );
    round.findings.truncate(1);
    round.checks.clear();
    assert!(assign(&round, &agents(&["a"]), &Sending::default()).is_empty());
}

#[test]
fn a_check_holds_as_long_as_its_finding_and_its_files_are_the_same() {
    let mut earlier = round(vec![finding(1, &["a"], 1)]);
    earlier.checks = vec![check(1, CheckVerdict::Refuted, Severity::Important)];
    let path = RepoPath::new("a.rs").unwrap();
    earlier.texts = [(path.clone(), blob_id("one\n"))].into();
    let held = |text: &str, n: u32| {
        still_hold(&[finding(n, &["a"], 1)], Some(&earlier), &[(path.clone(), Arc::from(text))].into()).len()
    };
    assert_eq!((held("one\n", 1), held("two\n", 1), held("one\n", 2)), (1, 0, 0));
}

#[test]
fn what_is_over_an_agents_batch_is_said() {
    let all: Vec<Finding> = (0..103).map(|n| finding(n, &["a"], 1)).collect();
    let batch: Vec<&Finding> = all.iter().collect();
    let (asked, note) = questions(&batch);
    assert_eq!((asked.len(), asked[0].len(), asked[0][0].label.as_str()), (1, 100, "I0"), "the first of them");
    assert_eq!(note.as_deref(), Some("3 more that it was to check stay unchecked: it is given 100 at most"));
    assert_eq!(questions(&batch[..100]).1, None);
    // What is critical is asked by itself.
    let all: Vec<Finding> = (0..9).map(|n| Finding { severity: Severity::Critical, ..finding(n, &["a"], 1) }).collect();
    let (asked, _) = questions(&all.iter().collect::<Vec<_>>());
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 4]);
    assert!(questions(&[]).0.is_empty());
}
