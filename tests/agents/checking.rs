//! Agents that check each other, the lead, and how each did: with small programs, through the real binary.

use super::crew::{Crew, Does, finding, part, says};
use crate::cli::bed::{BEFORE, Bed, answer, finding as remark};
use serde_json::{Value, json};
use test_repo::Repo;

fn verdict(id: &str, verdict: &str, severity: &str) -> Value {
    json!({"id": id, "verdict": verdict, "severity": severity, "reason": format!("src/main.rs decides {id}")})
}

/// `a` raises one finding of each severity, the suggestion on a line that the change does not touch; `b` none.
fn crew(b: &Does, lines: &str) -> Crew {
    let raised = answer(&[
        remark("critical", "It divides by zero", (6, 6)),
        remark("important", "It counts the program's name", (7, 7)),
        remark("suggestion", "It prints no unit at all here", (3, 3)),
    ]);
    Crew::of(Bed::new()).with("a", &Does::review(&raised), "").with("b", b, "").configured(lines)
}

fn verifier(verdicts: &[Value]) -> Does {
    Does { verify: says(&json!({"verdicts": verdicts})), ..Does::review(&answer(&[])) }
}

#[test]
fn what_one_agent_raised_is_checked_by_another_and_ends_as_it_says() {
    let b = verifier(&[
        verdict("C1", "refuted", "suggestion"),
        verdict("I1", "confirmed", "suggestion"),
        verdict("S1", "pre-existing", "suggestion"),
    ]);
    let crew = crew(&b, "verify = 'cross'\n");
    let (code, round, _) = crew.review(&["a", "b"], &[]);
    assert_eq!(code, 0);
    // What is critical is asked about by itself, the rest in one batch.
    let [_, alone, batch] = &crew.calls("b")[..] else { panic!("one review, one check alone and one batched") };
    let is_on_zero = |prompt: &String| prompt.contains("It divides by zero");
    assert!(is_on_zero(alone) != is_on_zero(batch), "both at once, in any order");
    let check = format!("{alone}\n{batch}");
    for part in ["You check findings", "It divides by zero", "It counts the program's name", "It prints no unit"] {
        assert!(check.contains(part), "{part} is missing in {check}");
    }
    assert_eq!(crew.calls("a").len(), 1, "b raised nothing that a could check");

    let refuted = finding(&round, "It divides by zero");
    assert_eq!(refuted["verification"]["status"], "refuted");
    assert_eq!(refuted["verification"]["note"], "src/main.rs decides C1");
    let confirmed = finding(&round, "It counts the program's name");
    assert_eq!(
        (confirmed["verification"]["status"].as_str(), confirmed["severity"].as_str()),
        (Some("confirmed"), Some("suggestion"))
    );
    assert_eq!(confirmed["dispute"], "B checked it: Important → Suggestion: src/main.rs decides I1");
    assert_eq!(round["findings"].as_array().unwrap().len(), 2);
    assert_eq!(round["observations"][0]["title"], "It prints no unit at all here");
    assert_eq!(round["observations"][0]["kind"], "concern-future");

    // Dropped from the list, kept in the report with the reason.
    let text = crew.bed.run(&["report", "--format", "text"]).out;
    assert!(!text.contains("It divides by zero") && text.contains("1 refuted by another agent"), "{text}");
    let markdown = crew.bed.run(&["report", "--format", "markdown"]).out;
    let (_, kept) = markdown.split_once("## Refuted").unwrap();
    assert!(kept.contains("It divides by zero") && kept.contains("src/main.rs decides C1"), "{kept}");

    let record: Value = serde_json::from_str(&crew.bed.run(&["agents", "--record", "--json"]).out).unwrap();
    let a = record.as_array().unwrap().iter().find(|r| r["name"] == "a").unwrap();
    for (metric, expected) in [
        ("rounds", 1),
        ("critical", 1),
        ("important", 1),
        ("refuted", 1),
        ("confirmed", 1),
        ("downgraded", 1),
        ("unique", 1),
        ("failed", 0),
        ("files_covered", 1),
        ("files_missed", 0),
    ] {
        assert_eq!(a[metric], expected, "{metric} of {a}");
    }
    assert!(a["duration_ms"].as_u64().is_some_and(|ms| ms > 0), "{a}");
    let table = crew.bed.run(&["agents", "--record"]).out;
    let row = table.lines().find(|l| l.starts_with("Refuted")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["Refuted", "1", "0"], "{table}");
}

#[test]
fn a_check_raises_a_severity_too_and_says_why() {
    let b = verifier(&[verdict("S1", "confirmed", "critical")]);
    let (_, round, _) = crew(&b, "").review(&["a", "b"], &["--verify", "cross"]);
    let raised = finding(&round, "It prints no unit at all here");
    assert_eq!(raised["severity"], "critical");
    assert_eq!(raised["dispute"], "B checked it: Suggestion → Critical: src/main.rs decides S1");
}

#[test]
fn only_what_blame_gives_to_the_merge_base_becomes_an_observation() {
    // The branch moves `main` into a function of its own, indents it on the way and writes one line anew; none of
    // that is committed.
    let before = BEFORE.replace("}\n", "    println!(\"the number of something\");\n}\n");
    let repo = Repo::with_topic(&[("src/main.rs", &before)]);
    let moved: String = before.lines().map(|line| format!("    {line}\n")).collect();
    repo.write("src/main.rs", "mod inner;\n");
    repo.write("src/inner.rs", format!("mod deep {{\n{moved}}}\nfn written_anew() -> u32 {{ panic!() }}\n"));
    let at = |title, line| {
        let mut finding = remark("important", title, (line, line));
        finding["places"][0]["path"] = json!("src/inner.rs");
        finding
    };
    let raised = answer(&[at("It is a number without a unit", 3), at("It always ends the program", 8)]);
    let b = verifier(&[verdict("I1", "pre-existing", "important"), verdict("I2", "pre-existing", "important")]);
    let crew = Crew::of(Bed::of(repo)).with("a", &Does::review(&raised), "").with("b", &b, "");
    let (code, round, _) = crew.review(&["a", "b"], &["--verify", "cross"]);
    let titles = |list: &str| -> Vec<&str> {
        round[list].as_array().unwrap().iter().map(|f| f["title"].as_str().unwrap()).collect()
    };
    assert_eq!(code, 0);
    assert_eq!(titles("observations"), ["It is a number without a unit"]);
    assert_eq!(titles("findings"), ["It always ends the program"]);
    let why = round["findings"][0]["why"].to_string();
    assert!(why.contains("B holds it to be older than the change, which touches its lines"), "{why}");
}

#[test]
fn a_check_moves_the_confidence_and_the_finding_says_so() {
    let checked = |says: &str, verify: &str| {
        let b = verifier(&[verdict("I1", says, "important")]);
        let (_, round, _) = crew(&b, "").review(&["a", "b"], &["--verify", verify]);
        let found = finding(&round, "It counts the program's name").clone();
        (found["confidence"].as_f64().unwrap(), found["why"].to_string())
    };
    let (unchecked, why) = checked("confirmed", "off");
    assert!(!why.contains("another agent's check"), "{why}");
    let (confirmed, why) = checked("confirmed", "cross");
    assert!(confirmed > unchecked && why.contains("confirmed by another agent's check"), "{confirmed} {why}");
    let (refuted, why) = checked("refuted", "cross");
    assert!(refuted < unchecked && why.contains("refuted by another agent's check"), "{refuted} {why}");
    let (unclear, why) = checked("unclear", "cross");
    assert!(unclear.to_bits() == unchecked.to_bits() && why.contains("could not decide"), "{unclear} {why}");
}

#[test]
fn a_check_that_fails_loses_no_finding_and_is_said() {
    for (verify, said) in [
        ("exit 3", "its check of 2 findings failed: it ended with exit code 3"),
        ("echo '{\"oops\": 1}'", "its check of 2 findings failed: its answer has no verdicts"),
        ("kill -9 $$", "its check of 2 findings failed: it was killed by signal 9"),
        ("echo '{\"verdicts\": []}'", "it was asked to check 2 findings and left out 2"),
    ] {
        let b = Does { verify: verify.into(), ..Does::review(&answer(&[])) };
        let (code, round, _) = crew(&b, "").review(&["a", "b"], &["--verify", "cross"]);
        assert_eq!((code, round["findings"].as_array().unwrap().len()), (0, 3), "{verify}");
        assert!(round["findings"].as_array().unwrap().iter().all(|f| f["verification"]["status"] == "unverified"));
        let notes = part(&round, "b")["notes"].to_string();
        assert!(notes.contains(said), "{verify}: {notes}");
    }
}

#[test]
fn without_verification_nobody_is_asked_to_check() {
    let crew = crew(&verifier(&[verdict("C1", "refuted", "critical")]), "");
    let (_, round, _) = crew.review(&["a", "b"], &[]);
    assert_eq!(
        (crew.calls("b").len(), finding(&round, "It divides by zero")["verification"]["status"].as_str()),
        (1, Some("unverified"))
    );
}

#[test]
fn a_check_is_not_asked_for_again_while_its_code_is_the_same() {
    let crew = crew(
        &verifier(&[verdict("C1", "refuted", "critical"), verdict("S1", "pre-existing", "suggestion")]),
        "verify = 'cross'\n",
    );
    crew.review(&["a", "b"], &[]);
    let asked = crew.calls("b").len();
    let (_, round, _) = crew.review(&["a", "b"], &[]);
    // The one that it left out is asked for again, the others are not.
    let calls = crew.calls("b");
    assert_eq!(calls.len(), asked + 1);
    let check = &calls[asked];
    assert!(check.contains("It counts the program's name") && !check.contains("It divides by zero"), "{check}");
    assert_eq!(finding(&round, "It divides by zero")["verification"]["status"], "refuted");
    assert_eq!(round["observations"][0]["title"], "It prints no unit at all here");
}

/// Both raise the same finding, at different severities.
fn disputing(lead: &str) -> Crew {
    let at = |severity| answer(&[remark(severity, "It counts the program's name", (7, 7))]);
    let mut a = at("critical");
    a["summary"] = json!("A sees it so.");
    let lead = Does { lead: lead.into(), ..Does::review(&at("suggestion")) };
    Crew::of(Bed::new())
        .with("a", &Does::review(&a), "")
        .with("b", &lead, "")
        .configured("verify = 'lead'\nlead = 'b'\n")
}

#[test]
fn the_lead_writes_the_summary_and_settles_disputes() {
    let said = json!({
        "summary": "B sums it up: fix C1.",
        "settled": [{"id": "S1", "severity": "important", "reason": "users see it"}, {"id": "X", "severity": "critical", "reason": ""}],
    });
    let crew = disputing(&says(&said));
    let (code, round, _) = crew.review(&["a", "b"], &[]);
    let settled = finding(&round, "It counts the program's name");
    assert_eq!((code, settled["severity"].as_str()), (0, Some("important")));
    let dispute = settled["dispute"].as_str().unwrap();
    assert!(dispute.ends_with("→ Suggestion; B leads: Suggestion → Important: users see it"), "{dispute}");
    // It had its label before the lead said so, and keeps it.
    assert_eq!(settled["label"], "S1");
    assert_eq!(round["assessment"]["summary"], "B sums it up: fix C1.");
    let calls = crew.calls("b");
    let asked = calls.last().unwrap();
    assert!(asked.starts_with("You lead a review") && asked.contains("A sees it so."), "{asked}");
}

#[test]
fn without_a_lead_summary_and_severities_are_composed() {
    let crew = disputing("exit 4");
    let (code, round, _) = crew.review(&["a", "b"], &[]);
    let summary = round["assessment"]["summary"].as_str().unwrap();
    assert_eq!(
        (code, summary),
        (0, "2 reviewers reviewed 1 changed file. It can be merged as it is: 1 suggestion.\n\nA sees it so.")
    );
    assert_eq!(finding(&round, "It counts the program's name")["dispute"], "A: Critical, B: Suggestion → Suggestion");
    let notes = part(&round, "b")["notes"].to_string();
    assert!(notes.contains("it was to lead, and failed: it ended with exit code 4"), "{notes}");
}
