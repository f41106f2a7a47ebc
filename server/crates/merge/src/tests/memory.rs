//! What is remembered from round to round.

use super::*;

pub(super) fn resolution(state: State) -> Resolution {
    Resolution { state, at: Timestamp::UNIX_EPOCH, round: RoundId::new("r1"), code: None, commit: None, by: None }
}

pub(super) fn wont_fix() -> State {
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

pub(super) fn run(name: &str, kind: AgentKind, outcome: &AgentOutcome) -> AgentRun {
    serde_json::from_value(serde_json::json!({
        "agent": AgentInfo { name: AgentName::new(name), label: name.to_owned(), kind },
        "outcome": outcome,
    }))
    .unwrap()
}

/// What a first round says of these.
pub(super) fn round(raw: &[RawFinding]) -> Round {
    let findings = merge(&Input::of(raw)).findings;
    let scope = RoundScope { branch: None, base_name: "main".into(), base: None, head: None, uncommitted: false };
    serde_json::from_value(serde_json::json!({
        "schema": 1, "id": "r1", "number": 1, "started": Timestamp::UNIX_EPOCH, "scope": scope, "agents": [],
        "findings": findings, "raw": raw,
    }))
    .unwrap()
}

impl Story {
    fn new(raw: &[RawFinding]) -> Self {
        Self { then: texts("src/pool.rs", TEXT), round: round(raw), decisions: Decisions::default() }
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
        assert_eq!(
            merged.earlier,
            [Became { id: story.id().clone(), round: 1, fate: Fate::Raised, into: None }],
            "{name}"
        );
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
    // What an agent said that is not asked again is part of it all the same.
    let one = story.then("src/pool.rs", TEXT, &raw[..1], &[]);
    assert_eq!(groups(&one), [["claude:1", "round 1/codex:1"]]);
    // Where both are asked and only one of them is raised again, the other stands, however near the two are.
    let both = ["claude", "codex"].map(|name| run(name, AgentKind::Cli, &AgentOutcome::Reviewed));
    let one = story.then("src/pool.rs", TEXT, &raw[..1], &both);
    assert_eq!(one.findings.len(), 2);
}

#[test]
fn findings_that_were_joined_by_hand_and_come_apart_again_are_there_once() {
    let place = |line: &str, at: &str| raw(&line.replace(":40", at).replace(":42", at).replace(":41", at));
    let said = [place(CLAUDE_LOCK, ":4"), place(CODEX_LOCK, ":4"), place(GEMINI_NAME, ":4")];
    let texts = texts("src/pool.rs", TEXT);
    // Apart, joined, and apart again: each round knows all those before it.
    let mut rounds: Vec<Round> = Vec::new();
    for (number, joined) in (1..).zip([false, true, false]) {
        let decisions = if joined { join(&[&said[0]], &[&said[2]]) } else { Vec::new() };
        let decisions = Decisions { links: decisions, ..Decisions::default() };
        let merged = merge(&Input {
            round: number,
            decisions: Some(&decisions),
            earlier: rounds.iter().map(|round| Earlier { round, texts: &texts }).collect(),
            texts: texts.clone(),
            ..Input::of(&said)
        });
        let counts: Vec<usize> = merged.findings.iter().map(|f| f.attributions.len()).collect();
        assert_eq!(counts, if joined { vec![3] } else { vec![2, 1] }, "round {number}");
        let mut round = round(&said);
        (round.number, round.findings) = (number, merged.findings);
        rounds.push(round);
    }
}

/// The caches of a merger that goes on for rounds change nothing: not when texts change, nor when findings come again.
#[test]
fn what_is_known_of_earlier_rounds_is_read_once_and_comes_to_the_same() {
    let mut merger = Merger::default();
    let shifted = format!("// A comment.\n{TEXT}");
    let changed = TEXT.replace("wait_for(guard)", "wait_for(&guard)");
    let story = Story::new(&lock());
    let earlier = Earlier { round: &story.round, texts: &story.then };
    for _ in 0..2 {
        for (path, text) in
            [("src/pool.rs", TEXT), ("src/pool.rs", &shifted), ("src/slots.rs", &shifted), ("src/pool.rs", &changed)]
        {
            for raw in [Vec::new(), lock(), reworded("src/pool.rs:5"), raws(&[GEMINI_NAME])] {
                let input = Input { round: 2, earlier: vec![earlier], texts: texts(path, text), ..Input::of(&raw) };
                assert_eq!(merger.merge(&input), merge(&input), "{path}: {text}");
            }
        }
    }
}

#[test]
fn a_dismissed_finding_does_not_come_back_in_other_words() {
    let story = Story::new(&lock()).decide(wont_fix());
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
    let story = Story::new(&lock()).decide(wont_fix());
    let text = TEXT.replace("pool.slots.lock()", "pool.slots.lock().unwrap_or_default()");
    let merged = story.then("src/pool.rs", &text, &reworded("src/pool.rs:4"), &[]);
    assert_eq!(merged.findings.len(), 1);
    let back = &merged.findings[0];
    assert_ne!(back.id, *story.id(), "the old decision is not about this one");
    assert!(story.decisions.is_open(&back.id));
    assert_eq!(back.why[0], "dismissed in round 1 (won't fix: on purpose); its code has changed since");
    let mut hashed = Story::new(&lock()).decide(wont_fix());
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
fn what_a_person_says_of_a_finding_holds_though_it_is_not_raised_again() {
    let raw = raws(&[&CLAUDE_LOCK.replace(":40", ":4"), &CODEX_LOCK.replace(":42", ":5")]);
    let other = raws(&["gemini:1 important src/pool.rs:8 | Function `other` is never called | Dead code."]);
    let agents = ["claude", "codex", "gemini"].map(|name| run(name, AgentKind::Cli, &AgentOutcome::Reviewed));
    let all: Vec<RawFinding> = raw.iter().chain(&other).cloned().collect();
    // Nobody says any of it again, or somebody says the other one.
    for again in [&[][..], &other] {
        let mut story = Story::new(&all);
        let by = |merged: &Merged| -> Vec<usize> {
            let mut by: Vec<usize> = merged.findings.iter().map(|f| f.attributions.len()).collect();
            by.sort_unstable();
            by
        };
        let then = |story: &Story| by(&story.then("src/pool.rs", TEXT, again, &agents));
        assert_eq!(then(&story), [1, 2]);
        story.decisions.links = split(&[&raw[0]], &[&raw[1]]);
        assert_eq!(then(&story), [1, 1, 1]);
        story.decisions.links = join(&[&raw[0]], &[&other[0]]);
        assert_eq!(then(&story), [3]);
    }
}

#[test]
fn records_count_what_was_kept_dismissed_and_lowered() {
    let mut round = Story::new(&raws(&[CLAUDE_LOCK, CODEX_LOCK, GEMINI_README])).round;
    round.findings[0].verification = FindingStatus::Unverified;
    let ids: Vec<FindingId> = round.findings.iter().map(|f| f.id.clone()).collect();
    let resolutions = [(ids[0].clone(), resolution(State::Fixed)), (ids[1].clone(), resolution(wont_fix()))].into();
    let records = records([&round], &Decisions { resolutions, ..Decisions::default() });
    let of = |name: &str| records[&AgentName::new(name)];
    assert_eq!(of("claude"), Record { kept: 1, dismissed: 0, lowered: 1, shared: 1 });
    assert_eq!(of("codex"), Record { kept: 1, dismissed: 0, lowered: 0, shared: 1 });
    assert_eq!(of("gemini"), Record { kept: 0, dismissed: 1, lowered: 0, shared: 0 });
}
