//! What merging promises, whatever the agents say.

mod any;
mod cases;
mod corpus;
mod memory;
mod ranking;
mod rounds;

use super::*;
use finding::{
    AgentInfo, AgentKind, Anchor, DismissReason, FindingStatus, Fix, Observation, ObservationKind, Resolution, RoundId,
    RoundScope, RuleRef, Severity, State,
};
use jiff::Timestamp;
use memory::resolution;

/// `agent:n severity path:line | title | body`, `path:first-last`, or `-` for no path.
pub(super) fn raw(line: &str) -> RawFinding {
    let mut parts = line.split(" | ");
    let head: Vec<&str> = parts.next().unwrap().split(' ').collect();
    let anchor = (head[2] != "-").then(|| {
        let (path, lines) = head[2].split_once(':').map_or((head[2], None), |(p, l)| (p, Some(l)));
        let range = |lines: &str| {
            let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
            LineRange::new(first.parse().unwrap(), last.parse().unwrap())
        };
        Anchor { path: RepoPath::new(path).unwrap(), lines: lines.map(range), quote: None }
    });
    RawFinding {
        id: RawId::new(head[0]),
        sure: None,
        agent: AgentName::new(head[0].split(':').next().unwrap()),
        severity: Severity::from_word(head[1]).unwrap(),
        title: parts.next().unwrap_or_default().into(),
        body: parts.next().unwrap_or_default().into(),
        anchors: anchor.into_iter().collect(),
        symbol: None,
        classification: None,
        rule: None,
        fixes: Vec::new(),
    }
}

pub(super) fn raws(lines: &[&str]) -> Vec<RawFinding> {
    lines.iter().map(|line| raw(line)).collect()
}

/// The findings as lists of raw ids, sorted.
fn groups(merged: &Merged) -> Vec<Vec<&str>> {
    let mut groups: Vec<Vec<&str>> = merged
        .findings
        .iter()
        .map(|f| {
            let mut ids: Vec<&str> = f.attributions.iter().map(|a| a.raw.as_str()).collect();
            ids.sort_unstable();
            ids
        })
        .collect();
    groups.sort();
    groups
}

const CLAUDE_LOCK: &str = "claude:1 critical src/pool.rs:40 | Lock is held across await in `take_slot` | `take_slot` \
    keeps the mutex guard alive over `.await`, so every other caller blocks and the pool deadlocks.";
const CODEX_LOCK: &str = "codex:1 important src/pool.rs:42 | `take_slot` holds the mutex while awaiting | The guard \
    taken in `take_slot` lives across the await point; other callers block and the pool can deadlock.";
const GEMINI_NAME: &str = "gemini:1 suggestion src/pool.rs:41 | Misleading variable name `tmp` | The name says \
    nothing about the connection that it holds.";
const GEMINI_README: &str = "gemini:2 suggestion README.md:3 | Outdated install command | The README still tells \
    people to run make install, which was removed.";

#[test]
fn one_issue_in_other_words_is_one_finding_and_its_neighbours_are_not() {
    let raw = raws(&[CLAUDE_LOCK, CODEX_LOCK, GEMINI_NAME, GEMINI_README]);
    let merged = merge(&Input::of(&raw));
    assert_eq!(groups(&merged), [vec!["claude:1", "codex:1"], vec!["gemini:1"], vec!["gemini:2"]]);
    let lock = &merged.findings[0];
    assert_eq!(lock.label, "I1");
    assert_eq!(lock.severity, Severity::Important);
    assert_eq!(lock.dispute.as_deref(), Some("claude: Critical, codex: Important → Important"));
    assert!(raw.iter().any(|r| r.title == lock.title && r.body == lock.body), "chosen, not invented");
    assert!(lock.why.iter().any(|why| why.starts_with("claude and codex: ") || why.starts_with("codex and claude: ")));
    assert!(lock.confidence > merged.findings[1].confidence);
}

#[test]
fn two_agents_alone_can_agree() {
    assert_eq!(merge(&Input::of(&raws(&[CLAUDE_LOCK, CODEX_LOCK]))).findings.len(), 1);
}

#[test]
fn what_shares_a_place_but_no_meaning_is_related() {
    let raw = raws(&[
        "claude:1 important a.rs:10 | Unchecked index into `rows` | May be out of bounds.",
        "codex:1 suggestion a.rs:10 | Typo in the log message | It says recieved.",
    ]);
    let merged = merge(&Input::of(&raw));
    assert_eq!(merged.findings.len(), 2);
    assert_eq!(merged.findings[0].related, [merged.findings[1].id.clone()]);
    assert_eq!(merged.findings[1].related, [merged.findings[0].id.clone()]);
}

#[test]
fn remarks_without_a_place_can_merge() {
    let raw = raws(&[
        "claude:1 important - | The retry loop never backs off after a failed request",
        "codex:1 important - | No back-off in the retry loop when a request failed",
        "gemini:1 important - | Missing documentation of the configuration keys",
    ]);
    assert_eq!(groups(&merge(&Input::of(&raw))), [vec!["claude:1", "codex:1"], vec!["gemini:1"]]);
}

#[test]
fn a_rule_broken_at_many_lines_is_many_findings_with_ids_of_their_own() {
    let mut raw = raws(&[
        "lint:1 warning a.py:3 | Unused import",
        "lint:2 warning a.py:90 | Unused import",
        "lint:3 warning b.py:3 | Unused import",
        "claude:1 warning a.py:3 | Unused import",
    ]);
    for finding in &mut raw[..3] {
        finding.rule = Some(RuleRef { id: "F401".into(), url: None });
    }
    let merged = merge(&Input::of(&raw));
    assert_eq!(groups(&merged), [vec!["claude:1", "lint:1"], vec!["lint:2"], vec!["lint:3"]]);
    let ids: BTreeSet<&FindingId> = merged.findings.iter().map(|f| &f.id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn the_same_remark_twice_counts_once() {
    let mut twice = raws(&[CLAUDE_LOCK, CODEX_LOCK, GEMINI_NAME, GEMINI_README]);
    let once = merge(&Input::of(&twice));
    let mut again = twice.clone();
    for finding in &mut again {
        finding.id = RawId::new(format!("{}-again", finding.id));
    }
    twice.extend(again);
    let merged = merge(&Input::of(&twice));
    let shape = |m: &Merged| -> Vec<(String, String, f64)> {
        m.findings.iter().map(|f| (f.id.to_string(), f.title.clone(), f.confidence)).collect()
    };
    assert_eq!(shape(&once), shape(&merged));
}

#[test]
fn what_one_document_lists_twice_is_two_findings_and_what_two_list_is_one() {
    let mut raw = raws(&[
        "lint:1 low a.rs:3 | The value is never used | It is set and not read.",
        "lint:2 low a.rs:3 | The value is never used | It is set and not read.",
        "scan:1 low a.rs:3 | The value is never used | It is set and not read.",
    ]);
    let listed = |documents: [u32; 3]| raw.iter().map(|r| r.id.clone()).zip(documents).collect::<BTreeMap<_, _>>();
    let cases = [
        (BTreeMap::new(), 1),
        (listed([1, 1, 1]), 3),
        // The scanner's own file says what one of the two says.
        (listed([1, 1, 2]), 2),
    ];
    for (listed, count) in cases {
        let ids = |raw: &[RawFinding]| {
            let merged = merge(&Input { listed: listed.clone(), ..Input::of(raw) });
            merged.findings.iter().map(|f| f.id.clone()).collect::<BTreeSet<_>>()
        };
        let once = ids(&raw);
        assert_eq!(once.len(), count);
        raw.reverse();
        assert_eq!(ids(&raw), once, "in whatever order");
    }
}

#[test]
fn equal_fixes_are_one_and_others_stay_as_alternatives() {
    let fix = |diff: &str| Fix { note: None, path: None, diff: diff.into(), by: Vec::new() };
    let mut raw = raws(&[CLAUDE_LOCK, CODEX_LOCK]);
    raw[0].fixes = vec![fix("@@ -1 +1 @@\n context\n-let g = m.lock();\n+drop(m.lock());\n")];
    raw[1].fixes = vec![fix("-return;\n+return Ok(());\n"), fix("-  let g = m.lock();\n+  drop(m.lock());\n")];
    let merged = merge(&Input::of(&raw));
    let by: Vec<Vec<&str>> =
        merged.findings[0].fixes.iter().map(|f| f.by.iter().map(AgentName::as_str).collect()).collect();
    assert_eq!(by.len(), 2);
    assert_eq!(by[0].len(), 2, "{by:?}");
    assert_eq!(by[1], ["codex"]);
}

#[test]
fn an_agent_whose_severities_were_lowered_counts_one_lower_and_it_is_said() {
    let raw = raws(&[GEMINI_README, "gemini:3 critical a.rs:1 | Division by zero when the list is empty"]);
    let mut input = Input::of(&raw);
    input.records.insert(AgentName::new("gemini"), Record { shared: 8, lowered: 5, ..Record::default() });
    let merged = merge(&input);
    assert_eq!(merged.findings[0].severity, Severity::Important);
    let dispute = merged.findings[0].dispute.as_deref().unwrap();
    assert_eq!(dispute, "gemini: Critical → Important (gemini counts one lower: so it was in 5 of 8 findings)");
    assert_eq!(merged.findings[1].dispute, None, "there is nothing below");
}

#[test]
fn evidence_orders_findings_of_one_severity() {
    let raw = raws(&[
        "claude:1 important a.rs:1 | Division by zero when the list is empty",
        "codex:1 important b.rs:9 | Socket is leaked on the error path",
    ]);
    let mut input = Input::of(&raw);
    let found = |quote_found| Facts { quote_found: Some(quote_found), ..Facts::default() };
    input.facts = [(raw[0].id.clone(), found(false)), (raw[1].id.clone(), found(true))].into();
    let merged = merge(&input);
    assert_eq!(merged.findings[0].title, raw[1].title);
    assert!(merged.findings[1].why.contains(&"the quoted code is not in the file".to_owned()));
}

#[test]
fn observations_merge_within_their_kind() {
    let one = |kind, by: &str, title: &str| Observation {
        kind,
        title: title.into(),
        body: String::new(),
        anchors: Vec::new(),
        by: vec![AgentName::new(by)],
    };
    let all = [
        one(ObservationKind::Strength, "claude", "The error types carry the context that users need"),
        one(ObservationKind::Strength, "codex", "Error types carry the context users need"),
        one(ObservationKind::ConcernFuture, "gemini", "Error types carry the context that users need twice"),
    ];
    let mut reversed = all.to_vec();
    reversed.reverse();
    let merged = observations(&all);
    assert_eq!(merged.len(), 2);
    assert_eq!(merged.iter().find(|o| o.kind == ObservationKind::Strength).unwrap().by.len(), 2);
    assert_eq!(merged, observations(&reversed));
}

// What people decide.

#[test]
fn findings_split_and_joined_by_hand_stay_so() {
    let raw = raws(&[CLAUDE_LOCK, CODEX_LOCK, GEMINI_NAME, GEMINI_README]);
    let mut decisions = Decisions { links: split(&[&raw[0]], &[&raw[1]]), ..Decisions::default() };
    decisions.links.extend(join(&[&raw[2]], &[&raw[3]]));
    let of = |decisions: &Decisions| {
        let mut input = Input::of(&raw);
        input.decisions = Some(decisions);
        let merged = merge(&input);
        groups(&merged).iter().map(|g| g.join("+")).collect::<Vec<_>>()
    };
    assert_eq!(of(&decisions), ["claude:1", "codex:1", "gemini:1+gemini:2"]);
    // The newest word counts.
    decisions.links.extend(join(&[&raw[0]], &[&raw[1]]));
    decisions.links.extend(split(&[&raw[2]], &[&raw[3]]));
    assert_eq!(of(&decisions), ["claude:1+codex:1", "gemini:1", "gemini:2"]);
}

#[test]
fn a_decision_made_while_agents_are_running_holds_when_more_answer() {
    let raw = raws(&[CLAUDE_LOCK, CODEX_LOCK]);
    for first in [0, 1] {
        let id = merge(&Input::of(&raw[first..=first])).findings[0].id.clone();
        let decisions =
            Decisions { resolutions: [(id.clone(), resolution(State::Fixed))].into(), ..Decisions::default() };
        let mut input = Input::of(&raw);
        input.decisions = Some(&decisions);
        assert_eq!(merge(&input).findings[0].id, id);
    }
}
