//! Documents of whole rounds: what is in them, and what is read of them again.

mod round_trip;

use super::*;
use crate::markdown;
use finding::*;

fn fixtures() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fixtures/reports")
}

/// A round that has everything.
fn rich() -> (Round, Decisions, Texts) {
    let (round, decisions) =
        import::json::read(&std::fs::read_to_string(fixtures().join("rich.json")).unwrap()).unwrap();
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
        "Since round 2",
        "Critical Issues",
        "Important Issues",
        "Suggestions",
        "Doubtful",
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
    let style = terminal::Style::default();
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
    let (again, _) = import::report::read(&markdown::write(&round, &decisions, &texts)).unwrap();
    assert_eq!(again.findings.len(), round.findings.len());
}

#[test]
fn a_rich_round_comes_back() {
    let (round, decisions, texts) = rich();
    let (again, decided) = import::json::read(&json::write(&round, &decisions)).unwrap();
    assert_eq!((again, &decided), (round.clone(), &decisions));
    let text = markdown::write(&round, &decisions, &texts);
    let (read, decided) = import::report::read(&text).unwrap();
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
    // What each agent said besides, in its own words, is read too.
    let besides = |round: &Round| {
        let own = |f: &Finding| {
            let title = f.title.clone();
            let said = round.remarks(f).into_iter().filter(|raw| !f.body.contains(raw.body.trim()));
            said.map(move |raw| format!("{title}: {} {} {}\n{}", raw.agent, raw.severity, raw.title, raw.body.trim()))
                .collect::<Vec<_>>()
        };
        let mut all: Vec<String> = round.findings.iter().flat_map(own).collect();
        all.sort();
        all
    };
    assert!(!besides(&round).is_empty());
    assert_eq!(besides(&read), besides(&round));
    // What was read is written the same, where the texts are at hand, but for the asides.
    let (text, again) = (without_asides(&text), without_asides(&markdown::write(&read, &decided, &texts)));
    let differ: Vec<_> = text.lines().zip(again.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(again.lines().count(), text.lines().count(), "{again}");
    assert!(differ.is_empty(), "{differ:#?}");
}

/// The document without what its reader leaves aside.
fn without_asides(text: &str) -> String {
    let [begin, end] = document::ASIDE;
    let mut out = String::new();
    for (n, part) in text.split(&format!("{begin}\n")).enumerate() {
        out.push_str(if n == 0 { part } else { part.split_once(&format!("{end}\n\n")).unwrap().1 });
    }
    out
}

#[test]
fn what_every_agent_said_of_a_finding_is_in_the_report() {
    let (round, decisions, texts) = rich();
    let text = markdown::write(&round, &decisions, &texts);
    let page = html::write(&round, &decisions, &texts);
    let page = regex::Regex::new("<[^>]*>").unwrap().replace_all(&page, "");
    let mut said = 0;
    for finding in &round.findings {
        for raw in round.remarks(finding) {
            let words = raw.body.lines().next().unwrap_or_default();
            assert!(text.contains(words), "{words} of {} is not in {text}", raw.agent);
            let plain = words.replace(['`', '*'], "").replace('&', "&amp;");
            assert!(page.contains(&plain), "{plain} of {} is not in {page}", raw.agent);
            said += usize::from(!finding.body.contains(&raw.body));
        }
    }
    assert!(said > 0, "at least one agent has words of its own");
    assert_eq!(text.matches("<details><summary>").count(), text.matches("</details>").count());
}

#[test]
fn a_finding_keeps_its_severity_when_its_label_is_from_another_time() {
    let mut found = sample::finding("I4", Severity::Critical, "It grew", vec![], &sample::agents(&["ann"]));
    found.doubts = vec![Doubt::QuoteMissing, Doubt::LowConfidence];
    found.settled =
        Some(Settled { by: AgentName::new("bob"), severity: Severity::Critical, reason: "it: grows".into() });
    let learning = "everywhere · not a problem · It grew · so it should: (always) (I4 of topic, 2026-03-23)";
    found.learned = Some(Learned { learning: learning.into(), was: Some(Severity::Important), is_raised: false });
    found.graded = Some(Graded { was: Severity::Important, reason: "it: is worse".into(), by: None });
    found.contrary = ["One", "Two"].map(|title| Contrary { title: title.into(), by: sample::agents(&["cid"]) }).into();
    let text = markdown::write(&sample::round(vec![found.clone()]), &Decisions::default(), &Texts::default());
    let (again, _) = import::report::read(&text).unwrap();
    let read = &again.findings[0];
    assert_eq!(
        (read.severity, &read.doubts, &read.settled, &read.graded, &read.learned, &read.contrary),
        (Severity::Critical, &found.doubts, &found.settled, &found.graded, &found.learned, &found.contrary),
        "{text}"
    );
}

#[test]
fn every_call_besides_the_review_is_in_the_report() {
    let call = |to: &str, failed: Option<&str>| Call {
        agent: AgentName::new("ann"),
        to: to.into(),
        about: Some("I1".into()),
        failed: failed.map(Into::into),
        duration_ms: 10,
        usage: Usage { cost_usd: Some(0.25), ..Usage::default() },
    };
    let mut round = sample::round(vec![]);
    let (decisions, texts) = (Decisions::default(), Texts::default());
    let write = |round: &Round| {
        [Format::Text, Format::Markdown, Format::Html].map(|format| super::write(format, round, &decisions, &texts))
    };
    assert!(write(&round).iter().all(|text| !text.contains("besides the review")));
    round.calls = vec![call("fix", None), call("judge", None), call("fix", Some("it was stopped"))];
    for text in write(&round) {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = "3 calls of agents besides the review since, $0.75: fix 2, judge 1 (1 came to nothing)";
        assert!(line.contains(words), "{text}");
    }
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
    assert_eq!(
        import::rdjson::read(&lines).unwrap()[0].answer.findings[0].anchors[0].lines,
        Some(LineRange::new(2, 3))
    );
    let github = write(Format::Github, &round, &none, &texts);
    let read = import::github::read(&github).unwrap();
    assert_eq!((read[0].answer.findings[0].title.as_str(), read[0].answer.findings[0].fixes.len()), ("Wrong sum", 1));
}

#[test]
fn sarif_has_a_run_for_each_agent_and_fingerprints_that_stay() {
    let sarif = |round: &Round| -> serde_json::Value {
        serde_json::from_str(&write(Format::Sarif, round, &Decisions::default(), &Texts::default())).unwrap()
    };
    let by = sample::agents(&["ann", "bob"]);
    let mut round =
        sample::round(vec![sample::finding("I1", Severity::Important, "Sum", vec![sample::lines("a.rs", 2, 3)], &by)]);
    let before = sarif(&round);
    let runs = before["runs"].as_array().unwrap();
    let results: Vec<_> =
        runs.iter().map(|r| (&r["tool"]["driver"]["name"], r["results"].as_array().unwrap().len())).collect();
    assert_eq!(
        results,
        [(&"Ann 1".into(), 1), (&"Bob 2".into(), 1), (&"Cid 3".into(), 0)],
        "who found nothing has a run too"
    );
    // The code moves, and the words of the body change.
    for raw in &mut round.raw {
        (raw.anchors, raw.body) = (vec![sample::lines("a.rs", 40, 41)], "Said otherwise.".into());
    }
    let fingerprint = |sarif: &serde_json::Value| sarif["runs"][0]["results"][0]["partialFingerprints"].clone();
    let after = sarif(&round);
    assert!(fingerprint(&before).is_object());
    assert_eq!(fingerprint(&after), fingerprint(&before));
}

/// One thing too many, and a forge refuses the whole file.
#[test]
fn sarif_is_within_the_limits_of_forges() {
    let by = sample::agents(&["ann"]);
    let one = sample::finding("I1", Severity::Important, "The commits are in the wrong order", vec![], &by);
    let sarif = |round: &Round| -> serde_json::Value {
        serde_json::from_str(&write(Format::Sarif, round, &Decisions::default(), &Texts::default())).unwrap()
    };
    // About the whole branch.
    let result = &sarif(&sample::round(vec![one.clone()]))["runs"][0]["results"][0];
    assert!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string(), "{result}");
    assert_eq!(result["properties"]["wholeBranch"], true);

    // More agents than runs: silent ones go first, and what is left over is said by the last.
    let mut many = sample::round(vec![one.clone()]);
    let (talker, silent) = (many.agents[0].clone(), many.agents[2].clone());
    many.agents = (0..30).map(|_| silent.clone()).chain([talker.clone()]).collect();
    let log = sarif(&many);
    assert_eq!(log["runs"].as_array().unwrap().len(), 20);
    assert_eq!(log["runs"][19]["results"].as_array().unwrap().len(), 1);
    many.agents = (0..30).map(|_| talker.clone()).collect();
    let log = sarif(&many);
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| run["results"].as_array().unwrap().len()).sum::<usize>(), 30, "none is lost");
    for run in runs {
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }
    assert_eq!(runs.len(), 20);

    // More words than fit.
    let mut long = one;
    long.body = "word ".repeat(20_000);
    long.anchors = vec![sample::lines("a.rs", 1, 1); 300];
    let findings: Vec<_> = (0..150)
        .map(|n| finding::Finding {
            label: format!("I{n}"),
            id: finding::FindingId::new(format!("f{n}")),
            ..long.clone()
        })
        .collect();
    let round = sample::round(findings);
    let text = write(Format::Sarif, &round, &Decisions::default(), &Texts::default());
    assert!(text.len() <= 10_000_000, "{}", text.len());
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 150, "no finding is lost");
    assert!(results[0]["relatedLocations"].as_array().unwrap().len() <= 100);
    let said = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(said.contains("left out"), "{said}");
}

#[test]
fn a_comment_suggests_only_where_one_block_of_lines_does_it() {
    let (mut round, mut texts) = fixable();
    let lines: String = (0..200).map(|n| format!("line {n}\n")).collect();
    texts.insert(sample::path("src/ü.rs"), lines);
    for (diff, suggests) in [
        ("@@ -2,1 +2,1 @@\n-line 1\n+one\n", true),
        ("@@ -2,1 +2,1 @@\n-line 1\n+one\n@@ -9,1 +9,1 @@\n-line 8\n+eight\n", true),
        // Over more lines than anybody would read twice.
        ("@@ -2,1 +2,1 @@\n-line 1\n+one\n@@ -190,1 +190,1 @@\n-line 189\n+last\n", false),
        // It does not apply.
        ("-nowhere\n+else\n", false),
    ] {
        round.findings[0].fixes[0].diff = diff.into();
        let review = write(Format::Github, &round, &Decisions::default(), &texts);
        assert_eq!(review.contains("```suggestion"), suggests, "{diff}");
    }
}

#[test]
fn the_page_shows_code_with_its_numbers_and_colours_and_loads_nothing() {
    let (round, decisions, texts) = rich();
    let page = html::write(&round, &decisions, &texts);
    for (what, text) in [
        ("the number of a line", "<td class=\"no\" data-no=\"10\"></td>"),
        ("a word of the language", "<span class=\"k\">pub</span>"),
        ("who raised it, and how bad it was called", "title=\"Claude Opus 4.6: important\">Claude Opus 4.6</span>"),
        ("a card by its severity", "<article class=\"card critical\""),
        ("a line that goes", "<del>        self.jobs.pop()</del>"),
        ("a filter by agent", "name=\"agent\" value=\"claude\""),
        ("a filter by severity", "name=\"severity\" value=\"suggestion\""),
    ] {
        assert!(page.contains(text), "{what} is missing");
    }
    for loads in ["src=\"", "<link", "@import", "url("] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn the_schema_in_the_documentation_is_current() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/round.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(file, json::schema()).unwrap();
    }
    let current = std::fs::read_to_string(file).is_ok_and(|text| text == json::schema());
    assert!(current, "run the tests with UPDATE_SCHEMA=1");
}

/// A round with one finding that says this, by an agent of that name.
fn saying(title: &str, body: &str, label: &str) -> Round {
    let (mut round, ..) = rich();
    round.findings.truncate(1);
    let finding = &mut round.findings[0];
    (finding.title, finding.body) = (title.into(), body.into());
    finding.rule = Some(RuleRef { id: "x".into(), url: Some("command:x".into()) });
    let raw = finding.attributions[0].raw.clone();
    for raw in round.raw.iter_mut().filter(|r| r.id == raw) {
        (raw.title, raw.body) = (title.into(), body.into());
    }
    for run in &mut round.agents {
        run.agent.label = label.into();
    }
    round
}

#[test]
fn no_document_has_a_link_whose_address_an_agent_gave_in_another_part() {
    let (_, decisions, texts) = rich();
    let round = saying("See [ref] [x](command:x)", "[ref]: command:evil", "A [ref]");
    for format in [Format::Markdown, Format::Github, Format::Sarif, Format::Html, Format::Rdjson] {
        let text = write(format, &round, &Decisions::default(), &texts);
        for live in [
            "\n[ref]: command:evil",
            "\\n[ref]: command:evil",
            "\"markdown\": \"[ref]:",
            "href=\"command",
            "Uri\": \"command",
        ] {
            assert!(!text.contains(live), "{format}: {live}");
        }
    }
    let sarif: serde_json::Value = serde_json::from_str(&write(Format::Sarif, &round, &decisions, &texts)).unwrap();
    let message = sarif["runs"].as_array().unwrap().iter().find_map(|run| run["results"][0]["message"].as_object());
    let message = message.unwrap();
    assert_eq!(message["text"], "See \\[ref\\] \\[x\\](command:x)");
    assert_eq!(message["markdown"], "**See [ref] \\[x]\\(command:x)**\n\n\\[ref]: command:evil");
}

#[test]
fn what_turns_the_direction_of_writing_is_spelled_out_on_pages_and_in_reports() {
    let (_, decisions, texts) = rich();
    let mut round = saying("a\u{202e}b", "c\u{2066}d\u{200b}", "e\u{202e}");
    round.author = "f\u{202e}".into();
    for format in [Format::Html, Format::Markdown, Format::Text, Format::Junit] {
        let text = write(format, &round, &decisions, &texts);
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{format}");
        assert!(text.contains("\\u{202e}"), "{format}");
    }
}

#[test]
fn a_comment_gives_no_orders_to_a_forge() {
    let round = saying("/merge", "x\n/close\n> /assign @me\n  /approve\na /b\n/2", "/me");
    let text = &forge::remarks(&round, &Decisions::default(), &Texts::default())[0].text;
    let orders = text.lines().filter(|line| line.trim_start_matches(['>', ' ']).starts_with('/'));
    assert_eq!(orders.collect::<Vec<_>>(), ["/2"], "{text}");
}
