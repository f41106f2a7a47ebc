//! What merging promises, whatever the agents say.

use super::*;
use crate::finding::{
    AgentInfo, AgentKind, Anchor, DismissReason, FindingStatus, Fix, Observation, ObservationKind, Resolution, RoundId,
    RoundScope, RuleRef, Severity, State,
};
use jiff::Timestamp;
use proptest::prelude::*;

/// `agent:n severity path:line | title | body`; no path for `-`.
fn raw(line: &str) -> RawFinding {
    let mut parts = line.split(" | ");
    let head: Vec<&str> = parts.next().unwrap().split(' ').collect();
    let anchor = (head[2] != "-").then(|| {
        let (path, line) = head[2].split_once(':').map_or((head[2], None), |(p, l)| (p, l.parse().ok()));
        Anchor { path: RepoPath::new(path).unwrap(), lines: line.map(LineRange::line), quote: None }
    });
    RawFinding {
        id: RawId::new(head[0]),
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
        let decisions = Decisions { resolutions: [(id.clone(), resolution(State::Fixed))].into(), links: vec![] };
        let mut input = Input::of(&raw);
        input.decisions = Some(&decisions);
        assert_eq!(merge(&input).findings[0].id, id);
    }
}

// Memory.

fn resolution(state: State) -> Resolution {
    Resolution { state, at: Timestamp::UNIX_EPOCH, round: RoundId::new("r1"), code: None, commit: None }
}

fn dismissed() -> State {
    State::Dismissed { reason: DismissReason::WontFix, text: "on purpose".into() }
}

const TEXT: &str = "use std::sync::Mutex;\n\nfn take_slot(pool: &Pool) {\n    let guard = pool.slots.lock();\n    \
    wait_for(guard).await;\n}\n\nfn other() {}\n";

/// What round 1 found in `TEXT`, then what round 2 says to `now`.
struct Story {
    then: BTreeMap<RepoPath, Arc<str>>,
    round: Round,
    decisions: Decisions,
}

fn texts(path: &str, text: &str) -> BTreeMap<RepoPath, Arc<str>> {
    [(RepoPath::new(path).unwrap(), Arc::from(text))].into()
}

fn run(name: &str, kind: AgentKind, outcome: &AgentOutcome) -> AgentRun {
    serde_json::from_value(serde_json::json!({
        "agent": AgentInfo { name: AgentName::new(name), label: name.to_owned(), kind },
        "outcome": outcome,
    }))
    .unwrap()
}

impl Story {
    fn new(raw: &[RawFinding]) -> Self {
        let findings = merge(&Input::of(raw)).findings;
        let scope = RoundScope { branch: None, base_name: "main".into(), base: None, head: None, uncommitted: false };
        let round: Round = serde_json::from_value(serde_json::json!({
            "schema": 1, "id": "r1", "number": 1, "started": Timestamp::UNIX_EPOCH, "scope": scope, "agents": [],
            "findings": findings, "raw": raw,
        }))
        .unwrap();
        Self { then: texts("src/pool.rs", TEXT), round, decisions: Decisions::default() }
    }

    fn id(&self) -> &FindingId {
        &self.round.findings[0].id
    }

    fn decide(mut self, state: State) -> Self {
        let id = self.id().clone();
        self.decisions.resolutions.insert(id, resolution(state));
        self
    }

    fn then(&self, path: &str, text: &str, raw: &[RawFinding], agents: &[AgentRun]) -> Merged {
        let earlier = Earlier { round: &self.round, texts: &self.then };
        merge(&Input {
            round: 2,
            raw: raw.iter().collect(),
            decisions: Some(&self.decisions),
            earlier: vec![earlier],
            texts: texts(path, text),
            agents,
            ..Input::default()
        })
    }
}

fn lock() -> Vec<RawFinding> {
    raws(&["claude:1 critical src/pool.rs:4 | Lock is held across await in `take_slot` | `take_slot` keeps the mutex \
        guard alive over `.await`, so every other caller blocks and the pool deadlocks."])
}

fn reworded(place: &str) -> Vec<RawFinding> {
    raws(&[&format!(
        "codex:7 important {place} | Mutex guard lives over an await point | The guard that `take_slot` takes is kept \
        while awaiting: other callers block and the pool may deadlock."
    )])
}

#[test]
fn the_same_finding_keeps_its_id_over_shifted_lines_renamed_files_and_other_words() {
    let story = Story::new(&lock());
    let shifted = format!("// A comment.\n// Another one.\n{TEXT}");
    for (name, path, text, raw) in [
        ("again", "src/pool.rs", TEXT, lock()),
        ("reworded", "src/pool.rs", TEXT, reworded("src/pool.rs:5")),
        ("shifted", "src/pool.rs", &*shifted, reworded("src/pool.rs:6")),
        ("renamed", "src/slots/mod.rs", &*shifted, reworded("src/slots/mod.rs:6")),
    ] {
        let merged = story.then(path, text, &raw, &[]);
        assert_eq!(merged.findings.len(), 1, "{name}");
        assert_eq!(merged.findings[0].id, *story.id(), "{name}");
        assert_eq!(merged.findings[0].since, Some(1), "{name}");
        assert_eq!(merged.earlier, [Became { id: story.id().clone(), round: 1, fate: Fate::Raised }], "{name}");
    }
    let other = raws(&["codex:7 important src/pool.rs:8 | Function `other` is never called | Dead code."]);
    let merged = story.then("src/pool.rs", TEXT, &other, &[]);
    assert_eq!(merged.findings.len(), 2, "another issue is a finding of its own");
}

#[test]
fn two_findings_that_become_one_are_one_and_come_apart_again() {
    let raw = raws(&[&CLAUDE_LOCK.replace(":40", ":4"), &CODEX_LOCK.replace(":42", ":5")]);
    let mut story = Story::new(&raw);
    story.decisions.links = split(&[&raw[0]], &[&raw[1]]);
    let apart = story.then("src/pool.rs", TEXT, &raw, &[]);
    assert_eq!(apart.findings.len(), 2);
    (story.round.findings, story.decisions.links) = (apart.findings, Vec::new());
    let one = story.then("src/pool.rs", TEXT, &raw, &[]);
    assert_eq!(one.findings.len(), 1, "the second does not stand beside it");
    let mut fates: Vec<Fate> = one.earlier.iter().map(|became| became.fate).collect();
    fates.sort_by_key(|fate| *fate != Fate::Raised);
    assert_eq!(fates, [Fate::Raised, Fate::Joined]);
    // Where only one of them is raised again, the other stands, however near the two are.
    let one = story.then("src/pool.rs", TEXT, &raw[..1], &[]);
    assert_eq!(one.findings.len(), 2);
}

#[test]
fn a_dismissed_finding_does_not_come_back_in_other_words() {
    let story = Story::new(&lock()).decide(dismissed());
    let merged = story.then("src/pool.rs", TEXT, &reworded("src/pool.rs:5"), &[]);
    assert!(merged.findings.is_empty(), "{:?}", merged.findings);
    assert_eq!(merged.declined.len(), 1);
    assert_eq!(merged.declined[0].reason, "won't fix: on purpose");
    assert_eq!(merged.earlier[0].fate, Fate::Declined);
    // What is near it but says something else is not kept out.
    let merged = story.then("src/pool.rs", TEXT, &raws(&[&GEMINI_NAME.replace(":41", ":4")]), &[]);
    assert_eq!(merged.findings.len(), 1);
}

#[test]
fn it_comes_back_when_its_code_has_changed_and_says_what_it_was() {
    let story = Story::new(&lock()).decide(dismissed());
    let text = TEXT.replace("pool.slots.lock()", "pool.slots.lock().unwrap_or_default()");
    let merged = story.then("src/pool.rs", &text, &reworded("src/pool.rs:4"), &[]);
    assert_eq!(merged.findings.len(), 1);
    let back = &merged.findings[0];
    assert_ne!(back.id, *story.id(), "the old decision is not about this one");
    assert!(story.decisions.is_open(&back.id));
    assert_eq!(back.why[0], "dismissed in round 1 (won't fix: on purpose); its code has changed since");
    let mut hashed = Story::new(&lock()).decide(dismissed());
    let id = hashed.id().clone();
    hashed.decisions.resolutions.get_mut(&id).unwrap().code = Some("of other code".into());
    assert_eq!(hashed.then("src/pool.rs", TEXT, &reworded("src/pool.rs:4"), &[]).findings.len(), 1);
}

#[test]
fn what_is_raised_no_more_is_fixed_outdated_or_stands() {
    let mut fixed = lock();
    fixed[0].fixes.push(Fix {
        note: None,
        path: None,
        diff: "-    let guard = pool.slots.lock();\n+    let slot = pool.slots.lock().take();\n".into(),
        by: Vec::new(),
    });
    let story = Story::new(&fixed);
    let (reviewed, running) = (AgentOutcome::Reviewed, AgentOutcome::Running);
    let replaced = TEXT.replace("let guard = pool.slots.lock();", "let slot = pool.slots.lock().take();");
    let changed = TEXT.replace("let guard = pool.slots.lock();", "let guard = pool.slots.try_lock()?;");
    let deleted = TEXT.replace("    let guard = pool.slots.lock();\n", "");
    let cases = [
        ("the fix is in", &*replaced, &running, Fate::Fixed),
        ("changed and its agent is content", &*changed, &reviewed, Fate::Fixed),
        ("changed and nobody has looked yet", &*changed, &running, Fate::Standing),
        ("deleted", &*deleted, &running, Fate::Outdated),
        ("unchanged", TEXT, &reviewed, Fate::Standing),
    ];
    for (name, text, outcome, fate) in cases {
        let agents = [run("claude", AgentKind::Cli, outcome)];
        let merged = story.then("src/pool.rs", text, &[], &agents);
        assert_eq!(merged.earlier[0].fate, fate, "{name}");
        assert_eq!(merged.findings.len(), usize::from(fate == Fate::Standing), "{name}");
    }
    let checker = [run("claude", AgentKind::BuiltIn, &reviewed)];
    assert_eq!(story.then("src/pool.rs", TEXT, &[], &checker).earlier[0].fate, Fate::Fixed, "computed, and not again");
}

#[test]
fn a_standing_finding_brings_its_remarks_along() {
    let story = Story::new(&lock());
    let merged = story.then("src/pool.rs", &format!("\n{TEXT}"), &[], &[]);
    let finding = &merged.findings[0];
    assert_eq!((finding.id.clone(), finding.since), (story.id().clone(), Some(1)));
    assert_eq!(finding.anchors[0].to_string(), "src/pool.rs:5");
    assert_eq!(merged.carried.len(), 1);
    assert_eq!(finding.attributions[0].raw, merged.carried[0].id);
    assert_eq!(finding.label, "C1");
}

#[test]
fn a_split_holds_in_the_next_round_in_other_words() {
    let raw = raws(&[&CLAUDE_LOCK.replace(":40", ":4"), &CODEX_LOCK.replace(":42", ":5")]);
    let mut story = Story::new(&raw);
    story.decisions.links = split(&[&raw[0]], &[&raw[1]]);
    let mut again = raw;
    again[0].title.push_str(" and that deadlocks");
    again[1].title.push_str(", which blocks");
    assert_eq!(story.then("src/pool.rs", TEXT, &again, &[]).findings.len(), 2);
    story.decisions.links.clear();
    assert_eq!(story.then("src/pool.rs", TEXT, &again, &[]).findings.len(), 1);
}

#[test]
fn records_count_what_was_kept_dismissed_and_lowered() {
    let mut round = Story::new(&raws(&[CLAUDE_LOCK, CODEX_LOCK, GEMINI_README])).round;
    round.findings[0].verification = FindingStatus::Unverified;
    let ids: Vec<FindingId> = round.findings.iter().map(|f| f.id.clone()).collect();
    let resolutions = [(ids[0].clone(), resolution(State::Fixed)), (ids[1].clone(), resolution(dismissed()))].into();
    let records = records([&round], &Decisions { resolutions, links: Vec::new() });
    let of = |name: &str| records[&AgentName::new(name)];
    assert_eq!(of("claude"), Record { kept: 1, dismissed: 0, lowered: 1, shared: 1 });
    assert_eq!(of("codex"), Record { kept: 1, dismissed: 0, lowered: 0, shared: 1 });
    assert_eq!(of("gemini"), Record { kept: 0, dismissed: 1, lowered: 0, shared: 0 });
}

// Whatever is said, in whatever order.

fn any_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "lock",
        "await",
        "`take_slot`",
        "pool",
        "deadlock",
        "index",
        "bounds",
        "typo",
        "README",
        "🦀",
        "\u{202e}abc",
        "שלום",
        "错误",
        "the",
        "",
        "\u{0}",
        "```",
        "\n",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

prop_compose! {
    fn any_raw()(
        agent in 0..4_u8,
        severity in prop::sample::select(Severity::ALL.to_vec()),
        title in any_text(),
        body in any_text(),
        place in prop::option::of((0..2_u8, prop::option::of(1..60_u32))),
    ) -> RawFinding {
        let anchor = place.map(|(file, line)| Anchor {
            path: RepoPath::new(format!("src/{file}.rs")).unwrap(),
            lines: line.map(LineRange::line),
            quote: None,
        });
        let agent = AgentName::new(format!("agent{agent}"));
        let mut raw = raw("x:1 low - | ");
        (raw.agent, raw.severity, raw.title, raw.body, raw.anchors) = (agent, severity, title, body, anchor.into_iter().collect());
        raw
    }
}

fn numbered(mut raw: Vec<RawFinding>) -> Vec<RawFinding> {
    for (n, finding) in raw.iter_mut().enumerate() {
        finding.id = RawId::new(format!("{}:{n}", finding.agent));
    }
    raw
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_never_matters(
        (raw, shuffled) in prop::collection::vec(any_raw(), 0..14)
            .prop_map(numbered)
            .prop_flat_map(|raw| (Just(raw.clone()), Just(raw).prop_shuffle()))
    ) {
        prop_assert_eq!(merge(&Input::of(&raw)), merge(&Input::of(&shuffled)));
    }

    #[test]
    fn every_remark_is_in_one_finding(raw in prop::collection::vec(any_raw(), 0..14).prop_map(numbered)) {
        let merged = merge(&Input::of(&raw));
        let mut seen: Vec<&RawId> = merged.findings.iter().flat_map(|f| &f.attributions).map(|a| &a.raw).collect();
        seen.sort_unstable();
        let mut given: Vec<&RawId> = raw.iter().map(|r| &r.id).collect();
        given.sort_unstable();
        prop_assert_eq!(seen, given);
        let ids: BTreeSet<&FindingId> = merged.findings.iter().map(|f| &f.id).collect();
        prop_assert_eq!(ids.len(), merged.findings.len());
        prop_assert!(merged.findings.iter().all(|f| (0.0..=1.0).contains(&f.confidence)));
    }

    #[test]
    fn agents_one_by_one_come_to_the_same_as_all_at_once(
        raw in prop::collection::vec(any_raw(), 0..14).prop_map(numbered)
    ) {
        let mut merger = Merger::default();
        for agent in 0..4 {
            let answered: Vec<RawFinding> = raw
                .iter()
                .filter(|r| r.agent.as_str() <= format!("agent{agent}").as_str())
                .cloned()
                .collect();
            prop_assert_eq!(merger.merge(&Input::of(&answered)), merge(&Input::of(&answered)));
        }
    }

    #[test]
    fn what_is_said_twice_is_said_once(raw in prop::collection::vec(any_raw(), 0..10).prop_map(numbered)) {
        let mut twice = raw.clone();
        twice.extend(raw.iter().cloned().map(|mut r| {
            r.id = RawId::new(format!("{}-again", r.id));
            r
        }));
        let shape = |m: Merged| m.findings.into_iter().map(|f| (f.id, f.severity, f.confidence)).collect::<Vec<_>>();
        prop_assert_eq!(shape(merge(&Input::of(&raw))), shape(merge(&Input::of(&twice))));
    }
}

#[test]
fn hostile_text_is_merged_like_any_other() {
    let long = "a".repeat(100_000);
    let many = "word ".repeat(20_000);
    let texts = [
        "",
        &long,
        &many,
        "🦀🦀🦀",
        "\u{202e}\u{2066}abc",
        "مرحبا بالعالم",
        "错误处理不正确",
        "`",
        "```\n```",
        "\u{0}",
    ];
    let mut all = Vec::new();
    for (n, title) in texts.iter().enumerate() {
        for (m, body) in texts.iter().enumerate() {
            let mut raw = raw(&format!("agent{}:{n}-{m} low a.rs:{} | ", n % 3, m + 1));
            (raw.title, raw.body) = ((*title).to_owned(), (*body).to_owned());
            all.push(raw);
        }
    }
    let merged = merge(&Input::of(&all));
    assert_eq!(merged.findings.iter().map(|f| f.attributions.len()).sum::<usize>(), all.len());
}
