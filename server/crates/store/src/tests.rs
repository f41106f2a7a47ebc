use super::*;
use finding::{AgentOutcome, DismissReason, FindingId, Resolution, RoundId, RoundScope, State};

pub(super) fn round() -> Round {
    let scope = RoundScope {
        branch: Some("topic".into()),
        base_name: "main".into(),
        base: None,
        head: None,
        uncommitted: true,
    };
    Round { number: 0, ..Round::new(RoundId::new("r"), jiff::Timestamp::UNIX_EPOCH, scope) }
}

struct Temp {
    folder: tempfile::TempDir,
}

impl Temp {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn branch(&self, name: &str) -> Branch {
        Store::of(self.folder.path()).branch(Some(name))
    }

    fn begin(&self, name: &str) -> u32 {
        let mut round = round();
        self.branch(name).begin(&mut round).unwrap();
        round.number
    }
}

fn numbers(branch: &Branch) -> Vec<u32> {
    branch.rounds().unwrap().value.iter().map(|r| r.number).collect()
}

#[test]
fn rounds_are_numbered_per_branch_and_come_back() {
    let temp = Temp::new();
    assert_eq!((temp.begin("a"), temp.begin("a"), temp.begin("b")), (1, 2, 1));
    assert_eq!(numbers(&temp.branch("a")), [1, 2]);
    assert_eq!(temp.branch("a").newest().unwrap().value.unwrap().number, 2);
    assert_eq!(temp.branch("none").newest().unwrap().value, None);
}

#[test]
fn a_pull_request_and_its_branch_keep_their_rounds_together() {
    let temp = Temp::new();
    let store = Store::of(temp.folder.path());
    temp.begin("topic");
    store.keep_together("pr:o/r#7", "topic").unwrap();
    assert_eq!(temp.begin("pr:o/r#7"), 2);
    assert_eq!(numbers(&temp.branch("topic")), [1, 2]);
    // What goes with it goes with all of them; what has rounds of its own keeps them.
    store.keep_together("fix", "pr:o/r#7").unwrap();
    assert_eq!(numbers(&temp.branch("fix")), [1, 2]);
    temp.begin("alone");
    store.keep_together("alone", "topic").unwrap();
    store.keep_together("topic", "alone").unwrap();
    store.keep_together("topic", "topic").unwrap();
    assert_eq!((numbers(&temp.branch("alone")), numbers(&temp.branch("topic"))), (vec![1], vec![1, 2]));
    // A name that leads out of the folder leads nowhere.
    let file = store.folder().join("branches").join(format!("{}{SHARED}", folder_name(Some("fix"))));
    std::fs::write(file, "../../x").unwrap();
    assert_eq!(numbers(&temp.branch("fix")), [0; 0]);
    assert_eq!(store.branches().unwrap().len(), 2);
}

#[test]
fn branches_with_like_names_do_not_meet() {
    let names = ["a/b", "a-b", "a b", "A-b", "", "..", "ä", &"x".repeat(300)];
    let folders: std::collections::BTreeSet<String> =
        names.iter().map(|n| folder_name(Some(n)).to_lowercase()).chain([folder_name(None).to_lowercase()]).collect();
    assert_eq!(folders.len(), names.len() + 1);
    assert!(folders.iter().all(|f| !f.contains(['/', '\\']) && f.len() < 100), "{folders:?}");
}

#[test]
fn a_saved_round_keeps_its_number_and_replaces_the_interim_one() {
    let temp = Temp::new();
    let branch = temp.branch("a");
    let mut round = round();
    branch.begin(&mut round).unwrap();
    round.duration_ms = 7;
    branch.save(&round).unwrap();
    assert_eq!(branch.rounds().unwrap().value, [round]);
}

#[test]
fn what_cannot_be_read_is_set_aside_and_its_number_is_not_given_again() {
    for (text, ending) in [
        ("{ not json", "damaged.kept"),
        ("", "damaged.kept"),
        (r#"{"schema": 1, "id": 5}"#, "damaged.kept"),
        (r#"{"schema": 999, "future": true}"#, "newer.kept"),
    ] {
        let temp = Temp::new();
        let branch = temp.branch("a");
        temp.begin("a");
        temp.begin("a");
        let path = branch.round_path(2);
        fs::write(&path, text).unwrap();

        let read = branch.newest().unwrap();
        assert_eq!(read.value.unwrap().number, 1, "{text}");
        assert!(read.set_aside[0].path.to_str().unwrap().ends_with(ending), "{:?}", read.set_aside);
        assert_eq!(fs::read_to_string(&read.set_aside[0].path).unwrap(), text);
        assert_eq!(temp.begin("a"), 3);
    }
}

#[test]
fn decisions_are_changed_one_after_the_other() {
    let temp = Temp::new();
    let branch = temp.branch("a");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let branch = &branch;
            scope.spawn(move || {
                let state = State::Dismissed { reason: DismissReason::Later, text: format!("{n}") };
                let resolution = Resolution {
                    state,
                    at: jiff::Timestamp::UNIX_EPOCH,
                    round: RoundId::new("r"),
                    code: None,
                    commit: None,
                    by: None,
                };
                branch.decide(|d| drop(d.resolutions.insert(FindingId::new(format!("f{n}")), resolution))).unwrap();
            });
        }
    });
    assert_eq!(branch.decisions().unwrap().value.resolutions.len(), 8);
}

#[test]
fn damaged_decisions_are_set_aside_not_lost() {
    let temp = Temp::new();
    let branch = temp.branch("a");
    branch.decide(|_| ()).unwrap();
    fs::write(branch.folder.join("decisions.json"), "[").unwrap();
    let read = branch.decisions().unwrap();
    assert_eq!(read.value, Decisions::default());
    assert_eq!(fs::read_to_string(&read.set_aside[0].path).unwrap(), "[");
}

#[test]
fn texts_are_checked_against_their_name() {
    let temp = Temp::new();
    let store = Store::of(temp.folder.path());
    let blob = git::blob_id("a\r\nb");
    store.put_texts([(&blob, "a\r\nb")]).unwrap();
    assert_eq!(store.text(&blob).as_deref(), Some("a\r\nb"));
    fs::write(store.text_path(&blob), "changed").unwrap();
    assert_eq!(store.text(&blob), None);
    assert_eq!(store.text(&BlobId::new("../../etc/passwd")), None);
}

#[test]
fn an_interrupted_round_says_so_when_it_is_read_again() {
    let temp = Temp::new();
    let branch = temp.branch("a");
    let mut round = round();
    let agent =
        finding::AgentInfo { name: finding::AgentName::new("a"), label: "A".into(), kind: finding::AgentKind::BuiltIn };
    round.agents.push(finding::AgentRun::new(agent, AgentOutcome::Running));
    branch.begin(&mut round).unwrap();
    assert_eq!(branch.newest().unwrap().value.unwrap().agents[0].outcome, AgentOutcome::Running);
}

#[test]
fn the_newest_round_is_read_without_its_raw_findings_or_as_it_is() {
    let raw = |id: &str, title: &str| -> finding::RawFinding {
        serde_json::from_value(serde_json::json!({
            "id": id, "agent": "a", "severity": "important", "title": title,
            "body": "\n  \"raw\": [\n  ]\n", "anchors": [{ "path": "a.txt", "lines": { "start": 1, "end": 2 } }],
        }))
        .unwrap()
    };
    let two = vec![raw("a:1", "One"), raw("a:2", "\n  ],\n  \"raw\": [\n")];
    for raw in [Vec::new(), two] {
        let temp = Temp::new();
        let branch = temp.branch("topic");
        let mut whole = Round { raw, author: "\n  \"raw\": [\n".into(), ..round() };
        branch.begin(&mut whole).unwrap();
        assert_eq!(branch.newest().unwrap().value, Some(whole.clone()));
        let less = Round { raw: Vec::new(), ..whole.clone() };
        assert_eq!(branch.newest_without_raw().unwrap().value, Some(less));
        // As somebody else may have written it.
        std::fs::write(branch.folder().join("0001.json"), serde_json::to_vec(&whole).unwrap()).unwrap();
        assert_eq!(branch.newest_without_raw().unwrap().value, Some(whole));
    }
}

#[test]
fn a_file_with_a_number_that_is_no_rounds_changes_nothing() {
    for name in ["4294967295.json", "4294967294.json", "1000000.json", "+7.json", "00000007.json", "999999999999.json"]
    {
        let temp = Temp::new();
        temp.begin("a");
        let foreign = temp.branch("a").folder.join(name);
        fs::write(&foreign, "{}").unwrap();
        assert_eq!((temp.begin("a"), temp.begin("a")), (2, 3), "{name}");
        assert_eq!(numbers(&temp.branch("a")), [1, 2, 3], "{name}");
        assert_eq!(fs::read_to_string(&foreign).unwrap(), "{}", "{name}");
    }
}

#[test]
fn behind_the_last_number_the_gaps_are_filled() {
    let temp = Temp::new();
    temp.begin("a");
    let last = temp.branch("a").round_path(LAST);
    fs::write(&last, "{}").unwrap();
    fs::write(temp.branch("a").round_path(3), "{}").unwrap();
    assert_eq!((temp.begin("a"), temp.begin("a"), temp.begin("a")), (4, 5, 6));
    assert_eq!(fs::read_to_string(&last).unwrap(), "{}");
}

#[test]
fn what_killed_writers_left_is_swept_by_the_next_one() {
    let temp = Temp::new();
    temp.begin("a");
    let (branch, store) = (temp.branch("a"), Store::of(temp.folder.path()));
    let (blob, agent) = (git::blob_id("x"), AgentName::new("x"));
    store.put_texts([(&blob, "x")]).unwrap();
    branch.keep_answer(&agent, &serde_json::json!({ "schema": 1 })).unwrap();
    let folders = [branch.folder.clone(), branch.folder.join("answers"), store.folder.join("texts")];
    for folder in &folders {
        fs::write(folder.join(".writing-abc"), "half").unwrap();
    }
    branch.decide(|_| ()).unwrap();
    let blob = git::blob_id("y");
    store.put_texts([(&blob, "y")]).unwrap();
    for folder in &folders {
        assert!(!folder.join(".writing-abc").exists(), "{folder:?}");
    }
    assert_eq!((numbers(&branch), store.text(&blob).as_deref()), (vec![1], Some("y")));
}

#[test]
fn a_file_that_is_cut_at_any_byte_is_read_as_before_or_kept_under_another_name() {
    let temp = Temp::new();
    let branch = temp.branch("a");
    temp.begin("a");
    temp.begin("a");
    branch.decide(|_| ()).unwrap();
    for name in ["0002.json", "decisions.json"] {
        let path = branch.folder.join(name);
        let whole = fs::read(&path).unwrap();
        let (round, decisions) = (branch.newest().unwrap().value, branch.decisions().unwrap().value);
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let (newest, decided) = (branch.newest().unwrap(), branch.decisions().unwrap());
            match newest.set_aside.iter().chain(&decided.set_aside).next() {
                Some(aside) => {
                    assert_eq!(fs::read(&aside.path).unwrap(), whole[..length], "{name} cut to {length}");
                    fs::remove_file(&aside.path).unwrap();
                }
                // Nothing but the line end was lost.
                None => assert_eq!((newest.value, decided.value), (round.clone(), decisions.clone()), "{length}"),
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(numbers(&branch), [1, 2]);
}

#[test]
fn masks_are_made_with_one_number_from_the_first_round_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::of(folder.path());
    assert_eq!(store.mask_key(), None);
    store.keep_mask_key(7).unwrap();
    store.keep_mask_key(8).unwrap();
    assert_eq!(store.mask_key(), Some(7));
    for damage in ["", "7", "zzzzzzzzzzzzzzzz\n", "00000000000000070\n"] {
        std::fs::write(store.folder().join("masks"), damage).unwrap();
        assert_eq!(store.mask_key(), None, "{damage:?}");
        store.keep_mask_key(9).unwrap();
        assert_eq!(store.mask_key(), Some(9), "{damage:?}");
    }
}

/// Rounds of others come at any time; which is the newest is said by when they were begun.
#[test]
fn rounds_of_others_stand_where_they_were_begun() {
    let temp = Temp::new();
    let branch = temp.branch("topic");
    let begun = |second: i64, number: u32| {
        let started = jiff::Timestamp::from_second(second).unwrap();
        Round { started, number, id: RoundId::new(format!("r{second}")), ..round() }
    };
    let ids = || -> Vec<(u32, String)> {
        let rounds = branch.rounds().unwrap().value;
        rounds.iter().map(|round| (round.number, round.id.to_string())).collect()
    };
    let mut own = begun(20, 0);
    branch.begin(&mut own).unwrap();
    let mut others = [begun(30, 2), begun(10, 1), begun(5, 0), begun(6, u32::MAX)];
    branch.take_in(&mut others).unwrap();
    let named = |rows: &[(u32, &str)]| rows.iter().map(|(n, id)| (*n, (*id).to_owned())).collect::<Vec<_>>();
    assert_eq!(ids(), named(&[(4, "r5"), (5, "r6"), (3, "r10"), (1, "r20"), (2, "r30")]));
    assert_eq!(branch.newest().unwrap().value.unwrap().id, RoundId::new("r30"));
    // One that is begun here is the newest, whatever its number.
    let mut next = begun(40, 0);
    branch.begin(&mut next).unwrap();
    assert_eq!(next.number, 6);
    assert_eq!(branch.newest().unwrap().value.unwrap().id, next.id);
    // What was taken away keeps its number.
    branch.take_away(3).unwrap();
    let mut again = [begun(11, 3)];
    branch.take_in(&mut again).unwrap();
    assert_eq!(again[0].number, 7);
    assert_eq!(ids().last().unwrap().0, 6);
}

#[test]
fn a_branch_is_found_by_its_key_and_nothing_else_is() {
    let temp = Temp::new();
    let store = Store::of(temp.folder.path());
    temp.begin("feature/a");
    let branch = temp.branch("feature/a");
    assert_eq!(store.branch_of_key(branch.key().unwrap()).unwrap().folder(), branch.folder());
    assert_eq!(store.branch(None).key(), None);
    for key in ["", "..", ".x", "a/b", "a\\b", "../x", "C:x", &"x".repeat(300)] {
        assert!(store.branch_of_key(key).is_none(), "{key}");
    }
    assert_eq!(store.shared(), None);
    let commit = CommitId::new("a".repeat(40));
    store.keep_shared(&commit).unwrap();
    assert_eq!(store.shared(), Some(commit));
}

#[cfg(unix)]
#[test]
fn what_has_no_end_is_not_read() {
    let temp = Temp::new();
    temp.begin("a");
    let branch = temp.branch("a");
    for (name, of) in [("0002.json", "/dev/zero"), ("decisions.json", "/dev/zero"), ("aftermath.json", "/dev/zero")] {
        std::os::unix::fs::symlink(of, branch.folder().join(name)).unwrap();
    }
    std::os::unix::fs::symlink("/dev/zero", Store::of(temp.folder.path()).learnings_path()).unwrap();
    let read = branch.newest().unwrap();
    assert_eq!(read.value.map(|round| round.number), Some(1));
    assert_eq!(read.set_aside.len(), 3, "{:?}", read.set_aside);
    assert!(Store::of(temp.folder.path()).learnings().is_err());
}
