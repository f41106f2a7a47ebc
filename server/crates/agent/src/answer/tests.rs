use super::*;
use proptest::prelude::*;
use serde_json::json;

fn me() -> AgentName {
    AgentName::new("me")
}

fn whole() -> Value {
    json!({
        "summary": "It divides.",
        "findings": [
            {"severity": "critical", "title": "Division by zero", "body": "`b` may be 0.", "evidence": "lib.rs:2", "confidence": 85,
             "classification": "regression", "symbol": "div",
             "places": [{"path": "src/lib.rs", "start_line": 2, "end_line": 3, "quote": "a / b"}],
             "fixes": [{"note": "check", "path": "", "diff": "-a / b\n+a.checked_div(b)"}]},
            {"severity": "suggestion", "title": "Name", "body": "", "evidence": "", "confidence": 40, "classification": "enhancement",
             "places": [], "symbol": "", "fixes": []}
        ],
        "observations": [{"kind": "strength", "title": "Small", "body": "", "places": []}],
        "testing": "none", "untested": ["b == 0"], "documentation": "", "commit_structure": "one",
        "limitations": [{"title": "TODO", "places": [], "body": ""}],
        "files_covered": ["src/lib.rs", "/etc/passwd"]
    })
}

#[test]
fn a_whole_answer_is_read_with_all_its_parts() {
    let Parsed { answer, loss } = from_value(&whole(), &me()).unwrap();
    assert_eq!(loss, None);
    let f = &answer.findings[0];
    assert_eq!(
        (f.id.as_str(), f.severity, f.title.as_str(), f.body.as_str(), f.symbol.as_deref()),
        ("me:1", Severity::Critical, "Division by zero", "`b` may be 0.\n\nlib.rs:2", Some("div"))
    );
    assert_eq!((f.classification, f.sure), (Some(Classification::Regression), Some(85)));
    assert_eq!((f.anchors[0].to_string(), f.anchors[0].quote.as_deref()), ("src/lib.rs:2-3".into(), Some("a / b")));
    assert_eq!(f.fixes[0].path.as_ref().map(RepoPath::as_str), Some("src/lib.rs"));
    assert_eq!(answer.findings[1].symbol, None);
    assert_eq!(answer.observations[0].kind, ObservationKind::Strength);
    assert_eq!(answer.assessment.summary.as_deref(), Some("It divides."));
    assert_eq!(answer.assessment.documentation, None);
    assert_eq!(answer.assessment.untested, ["b == 0"]);
    // Whoever knows the files finds what is meant.
    assert_eq!(answer.covered, ["etc/passwd", "src/lib.rs"].map(|path| RepoPath::new(path).unwrap()));
}

#[test]
fn the_example_answer_keeps_to_the_schema() {
    assert!(jsonschema::is_valid(&review_schema(), &whole()));
    assert!(!jsonschema::is_valid(&review_schema(), &json!({"oops": true})));
}

#[test]
fn the_answer_is_found_wherever_it_is() {
    let json = whole().to_string();
    let pretty = serde_json::to_string_pretty(&whole()).unwrap();
    let table = [
        json.clone(),
        format!("\u{feff}{json}\n"),
        format!("Here is my review [1] of `{{x}}`:\n```json\n{pretty}\n```\nHope this helps {{or not}}!"),
        format!("```\n{json}\n```"),
        format!("I looked at {{\"a\": 1}} first. {json} Done."),
        json!({"review": whole()}).to_string(),
        json.replace("It divides.", "It\ndivides."),
    ];
    for text in table {
        let parsed = from_text(&text, &me()).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!((parsed.answer.findings.len(), parsed.loss), (2, None), "{text}");
    }
}

#[test]
fn what_other_tools_write_is_read() {
    let table = [
        (json!([{"title": "T", "file": "a.rs", "line": "12", "severity": "P1", "message": "m"}]), "a.rs:12"),
        (json!({"findings": [{"path": "./a.rs:3-5", "message": "only a message"}]}), "a.rs:3"),
        (json!({"issues": [{"title": "T", "filename": "ä b.rs", "start_line": 9, "end_line": 3}]}), "ä b.rs:9"),
        (json!({"findings": [{"title": "T", "path": "../../etc/passwd", "line": 1}]}), "etc/passwd:1"),
    ];
    for (value, place) in table {
        let parsed = from_text(&value.to_string(), &me()).unwrap();
        let anchors = &parsed.answer.findings[0].anchors;
        assert_eq!(anchors.first().map(ToString::to_string).unwrap_or_default(), place, "{value}");
    }
}

#[test]
fn a_cut_answer_keeps_its_complete_findings_and_says_so() {
    let json = whole().to_string();
    let in_second = json.find("Name").unwrap();
    let parsed = from_text(&json[..in_second], &me()).unwrap();
    assert_eq!(parsed.answer.findings.len(), 1);
    assert_eq!(parsed.loss.unwrap().message, "its answer was cut: 1 complete finding was kept, the rest was lost");
    let parsed = from_text(&format!("```json\n{}", &json[..json.find("findings").unwrap() + 12]), &me()).unwrap();
    assert_eq!(parsed.answer.findings.len(), 0);
    assert!(parsed.loss.is_some());
}

#[test]
fn what_is_no_review_is_a_failure_never_a_clean_result() {
    let table = [
        ("", "its answer is empty"),
        ("  \n", "its answer is empty"),
        ("No findings.", "its answer is not JSON"),
        ("{\"oops\": true}", "its answer is JSON, but not a review"),
        ("[1, 2]", "its answer is JSON, but not a review"),
        ("null", "its answer is not JSON"),
        ("<html>hello</html>", "its answer is not JSON"),
        ("{\"findings\": \"none\"}", "its answer is JSON, but not a review"),
    ];
    for (text, message) in table {
        let failure = from_text(text, &me()).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::BadOutput, message), "{text:?}");
    }
}

#[test]
fn findings_that_cannot_be_read_are_counted() {
    let parsed = from_text(r#"{"findings": [{"title": "T"}, 7, {"severity": "high"}]}"#, &me()).unwrap();
    assert_eq!(parsed.answer.findings.len(), 1);
    assert_eq!(parsed.answer.notes, ["2 of 3 findings could not be read and were lost"]);
    let parsed = from_text(r#"{"findings": [7]}"#, &me()).unwrap();
    assert!(parsed.loss.is_some());
}

#[test]
fn nothing_that_steers_a_terminal_gets_through() {
    let evil = "a\u{1b}[31m\u{7}\u{202e}b\u{9b}c";
    let parsed = from_text(&json!({"findings": [{"title": evil, "body": evil, "symbol": evil}]}).to_string(), &me());
    let f = &parsed.unwrap().answer.findings[0];
    for text in [&f.title, &f.body, f.symbol.as_ref().unwrap()] {
        assert_eq!(text, "a[31mbc");
    }
}

proptest! {
    #[test]
    fn any_text_is_an_answer_or_a_failure(text in "(\\PC|[\\[\\]{},:\"\\\\ \n]){0,400}") {
        let _ = from_text(&text, &me());
    }

    #[test]
    fn any_cut_keeps_findings_in_order_and_never_looks_whole(at in 0.0..1.0f64) {
        let json = whole().to_string();
        let at = json.floor_char_boundary((json.len() as f64 * at) as usize);
        match from_text(&json[..at], &me()) {
            Ok(parsed) => {
                prop_assert!(parsed.loss.is_some());
                let all = from_value(&whole(), &me()).unwrap().answer.findings;
                prop_assert_eq!(&parsed.answer.findings[..], &all[..parsed.answer.findings.len()]);
            }
            Err(failure) => prop_assert_eq!(failure.kind, FailureKind::BadOutput),
        }
    }
}

#[test]
fn an_answer_without_a_review_is_a_failure() {
    let empty = |summary: &str, more: &str| format!("{{\"summary\":\"{summary}\",\"findings\":[]{more}}}");
    let prompt = format!("Review it. Answer by this schema:\n{}\nFindings so far:\n{}\n", review_schema(), whole());
    let prompt = format!("Declined: {}\n{prompt}", json!([{"title": "Old one", "severity": "critical"}]));
    for (text, said) in [
        ("{}".to_owned(), "not a review"),
        ("{\"review\": {}}".into(), "not a review"),
        ("null".into(), "not JSON"),
        (format!("<think>Let me draft: {} and then", empty("", "")), "still thinking"),
        (format!("<think>Let me draft: {}</think>", empty("", "")), "not JSON"),
        (empty("", ", \"files_covered\": []"), "names no file"),
        (empty("All read attempts failed.", ", \"files_covered\": []"), "could not read the change: All read"),
        (empty("I could not read the files of this branch.", ""), "could not read the change"),
        ("I'm sorry, I was unable to access the repository.".into(), "could not read the change"),
        ("I’m sorry, I don’t have access to the files.".into(), "could not read the change"),
        (prompt.replace(&whole().to_string(), ""), "printed its prompt back"),
    ] {
        let failure = from_text(&text, &me()).expect_err(&text);
        assert!(failure.message.contains(said), "{text}: {failure}");
    }
    for (text, findings) in [
        (format!("<think>Draft: {}</think>{}", empty("", ""), whole()), 2),
        (format!("{prompt}{}", whole()), 2),
        (empty("It could not be simpler: nothing to say.", ", \"files_covered\": [\"a.rs\"]"), 0),
        (whole().to_string().replace("It divides.", "The parser could not read the <think> of a user."), 2),
        (empty("", ""), 0),
    ] {
        let read = from_text(&text, &me()).map(|parsed| parsed.answer.findings.len());
        assert_eq!(read, Ok(findings), "{text}");
    }
}

#[test]
fn severities_are_read_in_any_shape_and_unknown_words_are_kept() {
    let answer = |words: &[&str]| {
        let findings: Vec<Value> = words.iter().map(|w| json!({"title": "t", "severity": w})).collect();
        from_value(&json!({ "findings": findings }), &me()).unwrap().answer.findings
    };
    use Severity::{Critical, Important, Suggestion};
    for (word, severity) in [
        ("**Critical**", Critical),
        ("[CRITICAL]", Critical),
        ("P0", Critical),
        ("HIGH", Critical),
        ("nit", Suggestion),
    ] {
        assert_eq!(answer(&[word])[0].severity, severity, "{word}");
    }
    assert_eq!(answer(&["HIGH", "CRITICAL"]).iter().map(|f| f.severity).collect::<Vec<_>>(), [Important, Critical]);
    let odd = answer(&["spicy"]).remove(0);
    assert_eq!((odd.severity, odd.body.as_str()), (Important, "Severity as given: spicy"));
}

#[test]
fn paths_that_lead_outside_keep_their_end() {
    for (path, kept) in [
        ("/tmp/copy/src/lib.rs", "tmp/copy/src/lib.rs"),
        ("C:\\work\\src\\lib.rs", "C:\\work\\src\\lib.rs"),
        ("file:///repo/src/lib.rs:12", "repo/src/lib.rs"),
        ("../src/lib.rs", "src/lib.rs"),
        ("./src/lib.rs", "src/lib.rs"),
    ] {
        let value = json!({"findings": [{"title": "t", "path": path}]});
        let finding = from_value(&value, &me()).unwrap().answer.findings.remove(0);
        assert_eq!(finding.anchors[0].path.as_str(), kept, "{path}");
    }
}

#[test]
fn how_sure_an_agent_is_is_read_in_the_forms_that_they_write() {
    let table = [
        (json!(85), Some(85)),
        (json!(0.85), Some(85)),
        (json!(1), Some(100)),
        (json!(0), Some(0)),
        (json!("90%"), Some(90)),
        (json!("1%"), Some(1)),
        (json!("0.7"), Some(70)),
        (json!("high"), Some(85)),
        (json!("who knows"), None),
        (json!(-3), None),
        (json!(400), None),
        (json!(null), None),
    ];
    for (stated, sure) in table {
        let answer = json!({"findings": [{"title": "t", "confidence": stated}]});
        let read = from_value(&answer, &me()).unwrap().answer;
        assert_eq!(read.findings[0].sure, sure, "{stated}");
    }
}

#[test]
fn no_answer_is_read_over_and_over() {
    // Each bracket begins a value that is cut: what is read is counted, not timed.
    for text in [
        "[".repeat(60) + &"1,".repeat(20_000),
        "{\"a\":[".repeat(25) + &"{\"b\":\"c\"},".repeat(5_000),
        "[1,".repeat(2_000) + &"\"x\",".repeat(20_000),
    ] {
        let read: usize = embedded(&text).iter().map(|read| read.length).sum();
        assert!(read <= 5 * text.len(), "{read} bytes of {}", text.len());
    }
    // Each thought was taken out of the whole text: that took hours.
    let thoughts = "<think>x</think>".repeat(400_000) + r#"{"findings": [], "summary": "fine"}"#;
    assert!(from_text(&thoughts, &AgentName::new("x")).is_ok());
}

#[test]
fn what_is_longer_than_any_answer_is_refused_with_its_size() {
    let said = r#"{"findings": [], "summary": "fine"}"#;
    let long = format!("{said}{}", " x".repeat(LONGEST_ANSWER / 2));
    let failure = from_text(&long, &AgentName::new("x")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge);
    assert!(prose(&long).is_none() && json_values(&long).next().is_none());
}

#[test]
fn what_a_program_says_that_it_used_may_be_any_number() {
    use crate::process::End;
    let most = u64::MAX;
    let claude =
        json!({"type": "result", "result": "{}", "usage": {"input_tokens": most, "cache_read_input_tokens": most}});
    let used = crate::claude::read(&End::Exited(0), &claude.to_string(), "").usage;
    assert_eq!(used.input_tokens, Some(most));
    assert_eq!(used.plus(used).input_tokens, Some(most));
    let gemini = json!({"response": "{}", "stats": {"models": {"a": {"tokens": {"prompt": most}}, "b": {"tokens": {"prompt": 1}}}}});
    assert_eq!(crate::gemini::read(&End::Exited(0), &gemini.to_string(), "").usage.input_tokens, Some(most));
}
