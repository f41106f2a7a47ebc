//! Rounds in which not every agent answers about every file: nothing is lost, and names stay.

use super::memory::run;
use super::*;
use finding::{Failure, FailureKind};
use proptest::prelude::*;

const FILES: [&str; 3] = ["src/a.rs", "src/b.rs", "docs/c.md"];
const AGENTS: [&str; 3] = ["claude", "codex", "gemini"];
/// What there is to say: severity, title, body.
const ISSUES: [(&str, &str, &str); 6] = [
    ("critical", "Lock is held across an await in take_slot", "Other callers block while the guard is alive."),
    ("important", "Path traversal through an unchecked upload name", "A name with dots leaves the folder."),
    ("important", "Overflow when the total is multiplied", "Large orders wrap around and become negative."),
    ("suggestion", "Typo in the greeting that users read", "It says recieved."),
    ("suggestion", "Unused import of the json module", "Nothing needs it any more."),
    ("critical", "Session token is written to the log", "Anyone who reads logs can sign in."),
];

fn text(shift: usize) -> BTreeMap<RepoPath, Arc<str>> {
    let lines: String = (0..40).map(|n| format!("line number {n} of it\n")).collect();
    let text = format!("{}{lines}", "// put in before\n".repeat(shift));
    FILES.iter().map(|file| (RepoPath::new(*file).unwrap(), Arc::from(text.as_str()))).collect()
}

/// An agent's part in a round.
#[derive(Debug, Clone)]
struct Part {
    /// `None`: it is not asked.
    outcome: Option<AgentOutcome>,
    /// The files that it says it looked at; none is all.
    covered: Vec<usize>,
    /// The issues that it raises, each in its file.
    says: Vec<usize>,
}

fn part() -> impl Strategy<Value = Part> {
    let failure = Failure::new(FailureKind::TimedOut, "no answer");
    let outcome = prop_oneof![
        3 => Just(Some(AgentOutcome::Reviewed)),
        2 => Just(Some(AgentOutcome::Failed { failure })),
        1 => Just(Some(AgentOutcome::Running)),
        2 => Just(None),
    ];
    let covered = prop::sample::subsequence((0..FILES.len()).collect::<Vec<_>>(), 0..=FILES.len());
    let says = prop::sample::subsequence((0..ISSUES.len()).collect::<Vec<_>>(), 0..=ISSUES.len());
    (outcome, covered, says).prop_map(|(outcome, covered, says)| Part { outcome, covered, says })
}

fn rounds() -> impl Strategy<Value = Vec<(Vec<Part>, usize, Option<usize>)>> {
    let one = (prop::collection::vec(part(), AGENTS.len()), 0..3_usize, prop::option::of(0..8_usize));
    prop::collection::vec(one, 1..6)
}

fn said(agent: &str, part: &Part, shift: usize) -> Vec<RawFinding> {
    let is_given = |issue: &usize| match &part.outcome {
        Some(AgentOutcome::Reviewed) => part.covered.is_empty() || part.covered.contains(&(issue % FILES.len())),
        Some(AgentOutcome::Failed { .. }) => part.covered.contains(&(issue % FILES.len())),
        Some(AgentOutcome::Running) | None => false,
    };
    let one = |(number, issue): (usize, &usize)| {
        let (severity, title, body) = ISSUES[*issue];
        let line = 5 * issue + 3 + shift;
        raw(&format!("{agent}:{number} {severity} {}:{line} | {title} | {body}", FILES[issue % FILES.len()]))
    };
    part.says.iter().filter(|issue| is_given(issue)).enumerate().map(one).collect()
}

fn has_answered(part: &Part, file: &RepoPath) -> bool {
    let covered = part.covered.iter().any(|n| FILES[*n] == file.as_str());
    match &part.outcome {
        Some(AgentOutcome::Reviewed) => part.covered.is_empty() || covered,
        Some(AgentOutcome::Failed { .. }) => covered,
        Some(AgentOutcome::Running) | None => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_remark_is_lost_and_no_label_changes_its_owner(plan in rounds()) {
        let mut decisions = Decisions::default();
        let mut done: Vec<(Round, BTreeMap<RepoPath, Arc<str>>)> = Vec::new();
        let mut owners: BTreeMap<String, FindingId> = BTreeMap::new();
        for (number, (parts, shift, dismissed)) in (1..).zip(&plan) {
            let asked = AGENTS.iter().zip(parts).filter_map(|(name, part)| {
                let mut run = run(name, AgentKind::Cli, part.outcome.as_ref()?);
                run.covered = part.covered.iter().map(|n| RepoPath::new(FILES[*n]).unwrap()).collect();
                Some(run)
            });
            let asked: Vec<AgentRun> = asked.collect();
            let raw: Vec<RawFinding> = AGENTS.iter().zip(parts).flat_map(|(a, part)| said(a, part, *shift)).collect();
            let texts = text(*shift);
            let merged = merge(&Input {
                round: number,
                raw: raw.iter().collect(),
                agents: &asked,
                decisions: Some(&decisions),
                earlier: done.iter().map(|(round, texts)| Earlier { round, texts }).collect(),
                texts: texts.clone(),
                changed: texts.keys().cloned().collect(),
                ..Input::default()
            });
            if let Some((before, _)) = done.last() {
                for old in before.findings.iter().filter(|f| decisions.is_open(&f.id)) {
                    let became = merged.earlier.iter().find(|became| became.id == old.id).expect("it is accounted for");
                    let is_there = |id: &FindingId| merged.findings.iter().any(|f| f.id == *id);
                    // The code is as it was, so that only being part of another one ends a finding.
                    match became.fate {
                        Fate::Raised | Fate::Standing => prop_assert!(is_there(&old.id), "{old:?}"),
                        Fate::Joined => {
                            let heir = merged.findings.iter().find(|f| Some(&f.id) == became.into.as_ref()).unwrap();
                            prop_assert!(heir.is_called(&old.label), "{heir:?} is not called {}", old.label);
                        }
                        fate => prop_assert!(false, "{fate:?}: {old:?}"),
                    }
                    for remark in before.remarks(old) {
                        let of = AGENTS.iter().position(|name| *name == remark.agent.as_str()).unwrap();
                        let id = remark.id.carried_from(before.number);
                        let words = fingerprint(remark);
                        let again = raw.iter().any(|raw| fingerprint(raw) == words);
                        let stands = merged.findings.iter().any(|f| f.attributions.iter().any(|a| a.raw == id));
                        let has_answered = has_answered(&parts[of], &remark.anchors[0].path);
                        prop_assert!(stands || again || has_answered, "{remark:?} was lost in round {number}");
                    }
                }
            }
            for finding in &merged.findings {
                let owner = owners.entry(finding.label.clone()).or_insert_with(|| finding.id.clone());
                prop_assert_eq!(&*owner, &finding.id, "{} names another finding in round {}", &finding.label, number);
                let known = owners.iter().filter(|(_, id)| **id == finding.id).count();
                prop_assert_eq!(known, 1, "{} had another label", &finding.id);
                let raws = raw.iter().chain(&merged.carried);
                let known: HashSet<&RawId> = raws.map(|raw| &raw.id).collect();
                prop_assert!(finding.attributions.iter().all(|a| known.contains(&a.raw)));
            }
            let scope = RoundScope { branch: None, base_name: "m".into(), base: None, head: None, uncommitted: false };
            let mut round = Round::new(RoundId::new(format!("r{number}")), Timestamp::UNIX_EPOCH, scope);
            if let Some(finding) = dismissed.and_then(|n| merged.findings.get(n)) {
                decisions.resolutions.insert(finding.id.clone(), super::memory::resolution(super::memory::wont_fix()));
            }
            (round.number, round.agents, round.labels) = (number, asked, merged.labels);
            round.raw = raw.into_iter().chain(merged.carried).collect();
            round.findings = merged.findings;
            done.push((round, texts));
        }
    }
}

#[test]
fn a_round_of_one_agent_leaves_the_others_words_their_fixes_and_the_labels() {
    let texts = text(0);
    let at = |agent: &str, title: &str| raw(&format!("{agent}:1 important src/a.rs:3 | {title} | Callers block."));
    let lock = "Lock is held across an await in take_slot";
    let fix = Fix { note: None, path: None, diff: "-line number 2 of it\n+two\n".into(), by: vec![] };
    let mut said =
        [at("claude", lock), at("codex", lock), raw("gemini:1 critical src/b.rs:9 | Token in the log | Bad.")];
    said[0].fixes = vec![fix];
    let mut one = super::memory::round(&said);
    one.agents = AGENTS.iter().map(|name| run(name, AgentKind::Cli, &AgentOutcome::Reviewed)).collect();
    let codex = [run("codex", AgentKind::Cli, &AgentOutcome::Reviewed)];
    let names = |findings: &[Finding]| -> Vec<(String, usize, usize)> {
        findings.iter().map(|f| (f.label.clone(), f.agents().len(), f.fixes.len())).collect()
    };
    let before = names(&one.findings);
    // Codex alone, which says it again, and something graver: it gets the next label, and no other changes.
    let again = [said[1].clone(), raw("codex:2 critical src/a.rs:30 | Upload name leaves the folder | Unchecked.")];
    let two = merge(&Input {
        round: 2,
        raw: again.iter().collect(),
        agents: &codex,
        earlier: vec![Earlier { round: &one, texts: &texts }],
        texts: texts.clone(),
        ..Input::default()
    });
    let mut after = names(&two.findings);
    after.retain(|name| name.0 != "C2");
    assert_eq!((after, two.findings.len()), (before, 3));
    let why = &two.findings.iter().find(|f| f.label == "I1").unwrap().why;
    assert!(why.iter().any(|w| w == "said by claude in round 1, who has not answered about it since"), "{why:?}");
}
