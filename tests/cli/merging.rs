//! What becomes of remarks: whose word decides, and what later rounds remember of it.

use super::bed::{AFTER, Bed, answer, finding, titles, with_fix};
use serde_json::{Value, json};

const LOCK: [&str; 2] = ["Lock is held across await in take_slot", "take_slot holds the mutex lock while awaiting"];

fn worded(severity: &str, title: &str, body: &str, lines: (u32, u32)) -> Value {
    let mut finding = finding(severity, title, lines);
    finding["body"] = json!(body);
    finding
}

/// Two remarks on one issue, and one that shares their line but nothing else.
fn bed() -> Bed {
    let guard = "take_slot keeps the mutex guard alive over .await, so other callers block and the pool deadlocks.";
    let lives = "The mutex guard of take_slot lives across the await: other callers block, the pool can deadlock.";
    Bed::new()
        .agent("one", &answer(&[worded("critical", LOCK[0], guard, (2, 2))]))
        .agent("two", &answer(&[worded("important", LOCK[1], lives, (2, 2))]))
        .agent("three", &answer(&[worded("suggestion", "Unclear name n", "It says nothing.", (2, 2))]))
}

const ALL: [&str; 6] = ["--agent", "one", "--agent", "two", "--agent", "three"];

/// Reviews again and gives the number of findings.
fn count(bed: &Bed) -> usize {
    titles(&bed.review(&ALL).1).len()
}

/// Runs a command that must succeed and gives what it says.
fn said(bed: &Bed, args: &[&str]) -> String {
    let ran = bed.run(args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    ran.out
}

#[test]
fn a_split_holds_from_the_next_round_on_until_it_is_taken_back() {
    for split in [&["split", "i1"][..], &["split", "I1", "two"], &["split", "I1", "ONE"]] {
        let bed = bed();
        assert_eq!(count(&bed), 2);
        let out = said(&bed, split);
        assert!(out.starts_with("From the next round on, I1 (") && out.contains("is 2 findings: "), "{out}");
        assert!(out.contains("ONE") && out.contains("TWO"), "{out}");
        assert_eq!((count(&bed), count(&bed)), (3, 3), "it is remembered");
        let labels = titles(&bed.review(&ALL).1);
        let label = labels.iter().find(|l| l.contains(LOCK[0])).unwrap().split(' ').next().unwrap().to_owned();
        assert!(said(&bed, &["split", &label, "--undo"]).contains("never split"));
        assert_eq!(count(&bed), 2);
    }
}

#[test]
fn a_join_holds_from_the_next_round_on_until_it_is_taken_back() {
    let bed = bed();
    assert_eq!(count(&bed), 2);
    assert!(said(&bed, &["join", "I1", "S1"]).contains("I1 and S1 are one finding"));
    assert_eq!((count(&bed), count(&bed)), (1, 1), "it is remembered");
    let (_, document) = bed.review(&ALL);
    let why = document["round"]["findings"][0]["why"].to_string();
    assert!(why.contains("joined by hand"), "{why}");
    assert!(said(&bed, &["join", "I1", "--undo"]).contains("never joined"));
    assert_eq!(count(&bed), 2);
}

#[test]
fn the_last_word_counts() {
    let bed = bed();
    count(&bed);
    said(&bed, &["split", "I1"]);
    let labels: Vec<String> = titles(&bed.review(&ALL).1);
    let of = |title: &str| labels.iter().find(|l| l.contains(title)).unwrap().split(' ').next().unwrap();
    said(&bed, &["join", of(LOCK[0]), of(LOCK[1])]);
    assert_eq!(count(&bed), 2);
}

#[test]
fn what_cannot_be_split_or_joined_is_said_with_what_to_do() {
    let bed = bed();
    let ran = bed.run(&["split", "I1"]);
    assert!(ran.code == 2 && ran.err.contains("there is no round on this branch yet"), "{}", ran.err);
    count(&bed);
    for (args, error) in [
        (&["split", "X9"][..], "has no finding 'X9'\n  'deep-review report' shows them"),
        (&["split", "S1"], "S1 is one remark of one agent; there is nothing to split"),
        (&["split", "I1", "three"], "'three' has no part in I1; it was raised by one, two"),
        (&["split", "I1", "one", "two"], "name only those whose remark is another issue"),
        (&["split", "I1", "--undo"], "nobody has split I1, so there is nothing to take back"),
        (&["join", "I1"], "name the findings that are the same issue"),
        (&["join", "I1", "i1"], "name the findings that are the same issue"),
        (&["join", "I1", "X9"], "has no finding 'X9'"),
        (&["join", "I1", "--undo"], "nobody has joined I1"),
        (&["join"], "required"),
    ] {
        let ran = bed.run(args);
        assert!(ran.code == 2 && ran.err.contains(error), "{args:?}: {} {}", ran.code, ran.err);
    }
    for command in ["split", "join"] {
        let help = bed.run(&[command, "--help"]).out;
        assert!(help.contains("Examples:") && help.contains("--undo") && help.contains("next round"), "{help}");
    }
}

// In doubt.

const DOUBT: [&str; 2] = ["Lock is held across await in take_slot", "The lock is held while the pool waits"];

/// Two remarks that may be one issue or two, and whoever judges that.
fn doubtful(judge: &Value, configured: &str) -> Bed {
    let mut judge_answer = answer(&[]);
    judge_answer.as_object_mut().unwrap().extend(judge.as_object().unwrap().clone());
    Bed::new()
        .configured(configured)
        .agent("one", &answer(&[worded("critical", DOUBT[0], "Other callers wait for the guard.", (2, 2))]))
        .agent("two", &answer(&[worded("important", DOUBT[1], "Other callers wait.", (4, 4))]))
        .agent("judge", &judge_answer)
}

const DOUBTFUL: [&str; 6] = ["--agent", "one", "--agent", "two", "--agent", "judge"];
const JUDGED: &str = "[merge]\nadjudicator = 'judge'\n";

fn verdict(id: &str, verdict: &str) -> Value {
    json!({ "id": id, "verdict": verdict, "severity": "important", "reason": "it is\n the guard" })
}

/// Findings, everything that they say why, and the notes of the judge.
fn judged(document: &Value) -> (usize, String, String) {
    let round = &document["round"];
    let findings = round["findings"].as_array().unwrap();
    let why: Vec<&Value> = findings.iter().map(|f| &f["why"]).collect();
    let judge = round["agents"].as_array().unwrap().iter().find(|a| a["agent"]["name"] == "judge").unwrap();
    (findings.len(), json!(why).to_string(), judge["notes"].to_string())
}

#[test]
fn a_judge_decides_pairs_in_doubt_and_it_is_said_and_kept() {
    for (says, findings, why) in [
        ("confirmed", 1, "judged one issue by JUDGE: it is the guard"),
        ("refuted", 2, "judged two issues by JUDGE: it is the guard"),
    ] {
        let bed = doubtful(&json!({ "verdicts": [verdict("P1", says), verdict("P9", "refuted")] }), JUDGED);
        let (code, document) = bed.review(&DOUBTFUL);
        let (count, whys, notes) = judged(&document);
        assert_eq!((code, count), (0, findings), "{document:#}");
        assert!(whys.contains(why), "{whys}");
        assert!(notes.contains("judged 1 of 1 pair of remarks in doubt"), "{notes}");
        assert_eq!(document["round"]["judged"][0]["same"], says == "confirmed");
        // In the next round it holds, and nobody is asked again.
        let (_, document) = bed.review(&DOUBTFUL);
        let (count, whys, notes) = judged(&document);
        assert_eq!((count, notes.as_str()), (findings, "[]"));
        assert!(whys.contains(why), "{whys}");
    }
}

#[test]
fn a_judge_that_fails_or_cannot_say_changes_nothing() {
    let unjudged = doubtful(&json!({}), "").review(&DOUBTFUL).1;
    let (count, why, _) = judged(&unjudged);
    let crash = json!({ "verdicts": [verdict("P1", "confirmed")], "check": { "panic": true } });
    let fail = json!({ "verdicts": [], "check": { "fail": { "kind": "rate-limited", "message": "asked too often" } } });
    let hang = json!({ "verdicts": [], "check": { "hang": true } });
    for (judge, configured, note) in [
        (json!({ "verdicts": [verdict("P1", "unclear")] }), JUDGED.to_owned(), "judged 0 of 1 pair"),
        (json!({ "verdicts": "none" }), JUDGED.to_owned(), "could not judge 1 pair of remarks in doubt: its answer"),
        (crash, JUDGED.to_owned(), "could not judge 1 pair of remarks in doubt: it crashed"),
        (fail, JUDGED.to_owned(), "could not judge 1 pair of remarks in doubt: asked too often"),
        (hang, format!("timeout = 1\n{JUDGED}"), "could not judge 1 pair of remarks in doubt: no answer after 1 s"),
        (json!({ "verdicts": [verdict("P1", "confirmed")] }), String::new(), "[]"),
    ] {
        let (code, document) = doubtful(&judge, &configured).review(&DOUBTFUL);
        let (now, whys, notes) = judged(&document);
        assert_eq!((code, now, whys), (0, count, why.clone()), "{note}");
        assert!(notes.contains(note), "{notes}");
    }
}

#[test]
fn a_persons_word_counts_more_than_a_judges() {
    let bed = doubtful(&json!({ "verdicts": [verdict("P1", "confirmed")] }), JUDGED);
    assert_eq!(judged(&bed.review(&DOUBTFUL).1).0, 1);
    said(&bed, &["split", "I1"]);
    assert_eq!(judged(&bed.review(&DOUBTFUL).1).0, 2);
}

#[test]
fn a_judge_that_does_not_exist_is_an_error_that_names_those_that_do() {
    let bed = doubtful(&json!({}), "[merge]\nadjudicator = 'jugde'\n");
    let ran = bed.run(&["review"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("merge.adjudicator") && ran.err.contains("did you mean 'judge'?"), "{}", ran.err);
    // One that does not take part judges nothing.
    let bed = doubtful(&json!({ "verdicts": [verdict("P1", "confirmed")] }), JUDGED);
    assert_eq!(titles(&bed.review(&DOUBTFUL[..4]).1).len(), 2);
}

#[cfg(unix)]
#[test]
fn any_program_can_judge_and_gets_both_remarks() {
    let bed = doubtful(&json!({}), "");
    let (script, asked) = (bed.repo.beside("judge.sh"), bed.repo.beside("asked"));
    let verdicts = json!({ "verdicts": [verdict("P1", "confirmed")] });
    let text = format!(
        "input=$(cat)\ncase \"$input\" in\n*'\"P1\"'*) printf '%s' \"$input\" > '{}'; echo '{verdicts}' ;;\n*) echo '{}' ;;\nesac\n",
        asked.display(),
        answer(&[]),
    );
    std::fs::write(&script, text).unwrap();
    let judge = format!(
        "[merge]\nadjudicator = 'program'\n[agents.program]\nadapter = 'command'\ncommand = ['/bin/sh', '{}']\n",
        script.display()
    );
    let bed = bed.configured(&judge);
    let (code, document) = bed.review(&["--agent", "one", "--agent", "two", "--agent", "program"]);
    assert_eq!((code, titles(&document).len()), (0, 1), "{document:#}");
    let asked = std::fs::read_to_string(asked).unwrap();
    assert!(DOUBT.iter().all(|title| asked.contains(title)), "{asked}");
    assert!(document["round"]["findings"][0]["why"].to_string().contains("judged one issue by"));
}

// Memory.

const OTHER_WORDS: &str = "take_slot keeps the mutex guard while awaiting";

/// The answer of the only agent from now on.
fn says(bed: &Bed, findings: &[Value]) {
    std::fs::write(bed.repo.beside("one.json"), answer(findings).to_string()).unwrap();
}

fn lock(title: &str, path: &str, line: u32) -> Value {
    let body = "The mutex guard of take_slot lives across the await: other callers block, the pool can deadlock.";
    let mut finding = worded("critical", title, body, (line, line));
    finding["places"][0]["path"] = json!(path);
    finding
}

/// A first round with the lock at line 2 of `src/main.rs`.
fn remembered() -> (Bed, Value) {
    let bed = Bed::new().agent("one", &answer(&[lock(LOCK[0], "src/main.rs", 2)]));
    let (_, document) = bed.review(&["--agent", "one"]);
    let first = document["round"]["findings"][0].clone();
    (bed, first)
}

fn findings(bed: &Bed) -> (Value, Vec<Value>) {
    let (_, document) = bed.review(&["--agent", "one"]);
    let findings = document["round"]["findings"].as_array().unwrap().clone();
    (document, findings)
}

#[test]
fn a_finding_keeps_its_id_over_shifted_lines_another_file_name_and_other_words() {
    let (bed, first) = remembered();
    bed.repo.write("src/main.rs", format!("// One.\n// Two.\n{AFTER}"));
    says(&bed, &[lock(OTHER_WORDS, "src/main.rs", 4)]);
    let (_, shifted) = findings(&bed);
    assert_eq!((shifted.len(), &shifted[0]["id"], &shifted[0]["since"]), (1, &first["id"], &json!(1)), "{shifted:#?}");
    bed.repo.remove("src/main.rs");
    bed.repo.write("src/slots.rs", format!("// One.\n// Two.\n{AFTER}"));
    bed.repo.commit("Rename");
    says(&bed, &[lock(LOCK[1], "src/slots.rs", 4)]);
    let (_, renamed) = findings(&bed);
    assert_eq!((renamed.len(), &renamed[0]["id"], &renamed[0]["since"]), (1, &first["id"], &json!(1)), "{renamed:#?}");
}

#[test]
fn a_dismissed_finding_stays_away_in_other_words_until_its_code_changes() {
    let (bed, first) = remembered();
    said(&bed, &["dismiss", "C1", "--reason", "on purpose", "--kind", "wont-fix"]);
    bed.repo.write("src/main.rs", format!("// One.\n{AFTER}"));
    says(&bed, &[lock(OTHER_WORDS, "src/main.rs", 3)]);
    let (document, shown) = findings(&bed);
    assert_eq!(shown, Vec::<Value>::new());
    assert_eq!(document["round"]["declined"][0]["id"], first["id"]);
    bed.repo.write("src/main.rs", AFTER.replace("first();", "first() + 1;"));
    says(&bed, &[lock(OTHER_WORDS, "src/main.rs", 2)]);
    let (_, shown) = findings(&bed);
    assert_eq!(shown.len(), 1);
    assert_ne!(shown[0]["id"], first["id"]);
    let why = shown[0]["why"].to_string();
    assert!(why.contains("won't fix: on purpose") && why.contains("its code has changed since"), "{why}");
}

#[test]
fn a_finding_whose_code_is_gone_is_outdated_and_one_whose_fix_is_in_is_fixed() {
    let fix = "@@ -2,1 +2,1 @@\n-    let n = first();\n+    let n = second();\n";
    for (text, state) in [
        (AFTER.replace("    let n = first();\n", ""), "outdated"),
        (AFTER.replace("    let n = first();\n", "    let n = second();\n"), "fixed"),
    ] {
        let bed = Bed::new().agent("one", &answer(&[with_fix(lock(LOCK[0], "src/main.rs", 2), fix)]));
        let (_, first) = findings(&bed);
        bed.repo.write("src/main.rs", text);
        says(&bed, &[]);
        let (document, shown) = findings(&bed);
        assert_eq!(shown, Vec::<Value>::new(), "{state}");
        let (_, after) = bed.review(&["--agent", "one"]);
        let id = first[0]["id"].as_str().unwrap();
        assert_eq!(after["decisions"]["resolutions"][id]["state"]["state"], state, "{document:#}");
    }
}

// Confidence and calibration, from what the store has.

#[test]
fn what_people_dismissed_of_an_agent_lowers_what_it_says_next() {
    let confidence = |dismissed: bool| {
        let early = ["Typo in the help", "Socket is leaked", "Index may be out of bounds", "Retry never backs off"];
        let all: Vec<Value> = early.iter().map(|title| worded("important", title, "", (7, 7))).collect();
        let bed = Bed::new().agent("one", &answer(&all));
        findings(&bed);
        for label in ["I1", "I2", "I3", "I4"] {
            if dismissed {
                said(&bed, &["dismiss", label, "--reason", "no"]);
            }
        }
        says(&bed, &[lock(LOCK[0], "src/main.rs", 2)]);
        let (_, shown) = findings(&bed);
        let lock = shown.iter().find(|f| f["title"] == LOCK[0]).unwrap();
        (lock["confidence"].as_f64().unwrap(), lock["why"].to_string())
    };
    let (without, with) = (confidence(false), confidence(true));
    assert!(with.0 < without.0, "{with:?} {without:?}");
    assert!(with.1.contains("its agents' findings were mostly dismissed before"), "{}", with.1);
}

#[test]
fn an_agent_whose_severities_were_lowered_in_earlier_rounds_counts_one_lower() {
    let titles =
        ["Typo in the help text", "Socket is leaked on errors", "Index out of bounds", "Retry never backs off"];
    let all = |severity: &str| -> Vec<Value> {
        (1..).zip(titles).map(|(n, title)| worded(severity, title, "", (n, n))).collect()
    };
    let bed = Bed::new().agent("one", &answer(&all("critical"))).agent("two", &answer(&all("important")));
    let both = ["--agent", "one", "--agent", "two"];
    assert_eq!(bed.review(&both).1["round"]["findings"].as_array().unwrap().len(), 4);
    says(&bed, &[lock(LOCK[0], "src/main.rs", 2)]);
    let (_, document) = bed.review(&both);
    let found = document["round"]["findings"].as_array().unwrap();
    let lock = found.iter().find(|f| f["title"] == LOCK[0]).unwrap();
    assert_eq!(lock["severity"], "important");
    let dispute = "ONE: Critical → Important (ONE counts one lower: so it was in 4 of 4 findings)";
    assert_eq!(lock["dispute"], dispute);
}

#[test]
fn what_is_known_of_a_finding_moves_its_confidence() {
    let fix = |from: &str| format!("@@ -7,1 +7,1 @@\n-{from}\n+    0\n");
    let quoted = |quote: &str| {
        let mut finding = lock(LOCK[0], "src/main.rs", 2);
        finding["places"][0]["quote"] = json!(quote);
        finding
    };
    let at = |path: &str, line: u32| lock(LOCK[0], path, line);
    for (better, worse, why) in [
        (quoted("let n = first();"), quoted("let n = nowhere();"), "the quoted code is not in the file"),
        (at("src/main.rs", 2), at("src/main.rs", 3), "its lines are not part of the change"),
        (
            with_fix(at("src/main.rs", 7), &fix("    std::env::args().count() as u32")),
            with_fix(at("src/main.rs", 7), &fix("    nothing_like_it()")),
            "its fix does not apply",
        ),
    ] {
        let shown = |finding: Value| {
            let (_, shown) = findings(&Bed::new().agent("one", &answer(&[finding])));
            (shown[0]["confidence"].as_f64().unwrap(), shown[0]["why"].to_string())
        };
        let (better, worse) = (shown(better), shown(worse));
        assert!(better.0 > worse.0, "{why}: {better:?} {worse:?}");
        assert!(worse.1.contains(why) && !better.1.contains(why), "{why}: {} {}", better.1, worse.1);
    }
}
