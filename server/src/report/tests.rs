//! Documents of whole rounds: what is in them, and what is read of them again.

mod round_trip;
mod styles;

use super::*;
use crate::finding::*;
use crate::report::markdown;

fn fixtures() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/reports")
}

/// A round that has everything.
fn rich() -> (Round, Decisions, Texts) {
    let (round, decisions) = json::read(&std::fs::read_to_string(fixtures().join("rich.json")).unwrap()).unwrap();
    let text =
        |p: &RepoPath| (p.clone(), std::fs::read_to_string(fixtures().join("rich").join(p.as_str())).unwrap().into());
    let texts = round.texts.keys().map(text).collect();
    (round, decisions, texts)
}

#[test]
fn a_rich_round_has_every_section_in_its_order() {
    let (round, decisions, texts) = rich();
    let text = markdown::write(&round, &decisions, &texts);
    let headings: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("## ")).collect();
    let want = [
        "Executive Summary",
        "Critical Issues",
        "Important Issues",
        "Suggestions",
        "Refuted",
        "Design Observations",
        "Testing Assessment",
        "Documentation Assessment",
        "Commit Structure",
        "Acknowledged Limitations",
        "Unresolved Feedback",
        "Declined in prior rounds",
        "Coverage",
        "Agent Performance Retro",
        "Resolution",
    ];
    assert_eq!(headings, want);
    insta::assert_snapshot!("rich_markdown", text);
    let style = terminal::Style { colours: false, width: 100 };
    insta::assert_snapshot!("rich_terminal", terminal::write(&round, &decisions, &texts, style));
    // The page's text, without marks.
    let page = html::write(&round, &decisions, &texts);
    let body = &page[page.find("<body>").unwrap()..page.find("<footer>").unwrap()];
    let body = regex::Regex::new("<[^>]*>").unwrap().replace_all(body, "");
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    insta::assert_snapshot!("rich_html", lines.join("\n"));
}

#[test]
fn a_finding_named_like_a_section_is_none() {
    let (mut round, decisions, texts) = rich();
    for (finding, title) in round.findings.iter_mut().zip(["Appendix", "Agent performance", "Resolution"]) {
        finding.title = title.into();
    }
    let (again, _) = markdown::read(&markdown::write(&round, &decisions, &texts)).unwrap();
    assert_eq!(again.findings.len(), round.findings.len());
}

#[test]
fn a_rich_round_comes_back() {
    let (round, decisions, texts) = rich();
    let (again, decided) = json::read(&json::write(&round, &decisions)).unwrap();
    assert_eq!((again, &decided), (round.clone(), &decisions));
    let text = markdown::write(&round, &decisions, &texts);
    let (read, decided) = markdown::read(&text).unwrap();
    let sorted = |round: &Round| {
        let mut shape = shape(round);
        shape.sort();
        shape
    };
    assert_eq!(sorted(&read), sorted(&round), "the findings");
    assert_eq!(decided.resolutions.len(), 2);
    assert_eq!(read.feedback.iter().map(|f| f.author.as_str()).collect::<Vec<_>>(), ["bob", "eve"]);
    assert_eq!(read.pull_request.as_ref().map(|p| p.number), Some(7));
    assert_eq!(read.observations.len(), 3);
    assert_eq!((read.declined.len(), read.assessment.fixups.len(), read.assessment.untested.len()), (1, 2, 2));
    // What was read is written the same, where the texts are at hand.
    let again = markdown::write(&read, &decided, &texts);
    let differ: Vec<_> = text.lines().zip(again.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(again.lines().count(), text.lines().count(), "{again}");
    assert!(differ.is_empty(), "{differ:#?}");
}

/// What no text may change: how many findings there are, their severities, agents and places.
fn shape(round: &Round) -> Vec<String> {
    let one = |f: &Finding| {
        let places: Vec<String> = f.anchors.iter().map(ToString::to_string).collect();
        format!("{} {:?} {:?} {places:?} {:?} {}", f.label, f.severity, f.agents(), f.verification, f.fixes.len())
    };
    round.findings.iter().map(one).collect()
}

/// A round whose fix applies to a text at hand.
fn fixable() -> (Round, Texts) {
    let mut found = sample::finding(
        "I1",
        Severity::Important,
        "Wrong sum",
        vec![sample::lines("src/ü.rs", 2, 3)],
        &sample::agents(&["ann"]),
    );
    found.body = "It is off by one.".into();
    let diff = " fn f() {\n-    ä + 1\n+    ä + 2\n }\n".into();
    found.fixes = vec![Fix { note: None, path: None, diff, by: sample::agents(&["ann"]) }];
    let round = sample::round(vec![found]);
    let mut texts = Texts::default();
    texts.insert(sample::path("src/ü.rs"), "\nfn f() {\n    ä + 1\n}\n");
    (round, texts)
}

#[test]
fn machine_formats_carry_exact_edits() {
    let (round, texts) = fixable();
    let none = Decisions::default();
    let value = |format| -> serde_json::Value { serde_json::from_str(&write(format, &round, &none, &texts)).unwrap() };
    let sarif = value(Format::Sarif);
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "src/%C3%BC.rs");
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(
        (&replacement["deletedRegion"]["startLine"], &replacement["insertedContent"]["text"]),
        (&3.into(), &"    ä + 2\n".into())
    );
    let diagnostic = &value(Format::Rdjson)["diagnostics"][0];
    // The umlaut is two bytes.
    assert_eq!(diagnostic["location"]["range"]["end"], serde_json::json!({ "line": 3, "column": 11 }));
    assert_eq!(diagnostic["suggestions"][0]["text"], "    ä + 2\n");
    let comment = &value(Format::Github)["comments"][0];
    assert_eq!(comment["line"], 3);
    assert!(comment["body"].as_str().unwrap().ends_with("```suggestion\n    ä + 2\n```"), "{comment}");
    assert_eq!(value(Format::Gitlab)[0]["location"]["lines"], serde_json::json!({ "begin": 2, "end": 3 }));
    assert!(write(Format::Junit, &round, &none, &texts).contains("<failure type=\"Important\""));
    let lines = write(Format::Rdjsonl, &round, &none, &texts);
    assert_eq!(rdjson::read(&lines).unwrap()[0].answer.findings[0].anchors[0].lines, Some(LineRange::new(2, 3)));
    let github = write(Format::Github, &round, &none, &texts);
    let read = forge::read_github(&github).unwrap();
    assert_eq!((read[0].answer.findings[0].title.as_str(), read[0].answer.findings[0].fixes.len()), ("Wrong sum", 1));
}

#[test]
fn the_schema_in_the_documentation_is_current() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/round.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(file, json::schema()).unwrap();
    }
    let current = std::fs::read_to_string(file).is_ok_and(|text| text == json::schema());
    assert!(current, "run the tests with UPDATE_SCHEMA=1");
}
