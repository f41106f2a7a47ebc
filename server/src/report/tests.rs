//! What is written is read again as it was.

use super::*;
use crate::finding::*;
use crate::report::markdown;
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn path() -> impl Strategy<Value = RepoPath> {
    prop_oneof![Just("src/a.rs"), Just("dir with space/ünï.py"), Just("b[x](y).go"), Just("Makefile")]
        .prop_map(|p| RepoPath::new(p).unwrap())
}

fn anchor() -> impl Strategy<Value = Anchor> {
    (path(), proptest::option::of((1u32..400, 0u32..9))).prop_map(|(path, lines)| Anchor {
        path,
        lines: lines.map(|(a, n)| LineRange::new(a, a + n)),
        quote: None,
    })
}

/// Titles with the marks that readers go by.
fn title() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("leak"),
        Just("`x()`"),
        Just("—"),
        Just("[Ann]"),
        Just("(critical, gap)"),
        Just("3."),
        Just("a|b"),
        Just("I2:"),
        Just("`f.go:3`"),
        Just("appendix"),
    ];
    proptest::collection::vec(word, 1..5).prop_map(|w| format!("Title {}", w.join(" ")))
}

/// Bodies with lines that look like findings and sections.
fn body() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("Plain words."),
        Just("1. **Fake** — `x.go:1` [Ann] (critical, gap)"),
        Just("[CRITICAL] x.go:1 — fake"),
        Just("**Important Issues**"),
        Just("I9. **Fake** — `x.go`"),
        Just("- item"),
        Just("Fix: by hand."),
    ];
    proptest::collection::vec(line, 0..4).prop_map(|lines| lines.join("\n\n"))
}

fn severity() -> impl Strategy<Value = Severity> {
    prop_oneof![Just(Severity::Critical), Just(Severity::Important), Just(Severity::Suggestion)]
}

prop_compose! {
    fn finding()(
        title in title(), body in body(), severity in severity(), agents in 1usize..8,
        anchors in proptest::collection::vec(anchor(), 0..3), fixed in any::<bool>(),
    ) -> (Finding, usize) {
        let by: Vec<AgentName> = ["ann", "bob", "cid"].iter().enumerate()
            .filter(|(i, _)| agents >> i & 1 == 1).map(|(_, n)| AgentName::new(*n)).collect();
        let fixes = if fixed {
            vec![Fix { note: Some("Do it.".into()), path: anchors.first().map(|a| a.path.clone()), diff: "-old\n+```new\n".into(), by: by.clone() }]
        } else {
            Vec::new()
        };
        (Finding {
            id: FindingId::new(""), label: String::new(), severity, dispute: None, title, body, anchors, symbol: None,
            classification: Some(Classification::Gap), rule: None,
            attributions: by.into_iter().map(|agent| Attribution { agent, severity, raw: RawId::new("") }).collect(),
            fixes, confidence: 0.5, why: Vec::new(), related: Vec::new(), verification: FindingStatus::Unverified, since: None,
        }, agents)
    }
}

fn round(found: Vec<(Finding, usize)>) -> Round {
    let run = |name: &str, label: &str| {
        let agent = AgentInfo { name: AgentName::new(name), label: label.into(), kind: AgentKind::Cli };
        AgentRun { duration_ms: 61_000, ..AgentRun::new(agent, AgentOutcome::Reviewed) }
    };
    let mut findings: Vec<Finding> = found.into_iter().map(|(f, _)| f).collect();
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let mut raw = Vec::new();
    let mut counts = [0; 3];
    for (n, f) in findings.iter_mut().enumerate() {
        counts[f.severity as usize] += 1;
        f.label = format!("{}{}", f.severity.letter(), counts[f.severity as usize]);
        f.id = FindingId::new(format!("id{n}"));
        for a in &mut f.attributions {
            a.raw = RawId::new(format!("{}:{n}", a.agent));
            raw.push(RawFinding {
                id: a.raw.clone(),
                agent: a.agent.clone(),
                severity: a.severity,
                title: f.title.clone(),
                body: f.body.clone(),
                anchors: f.anchors.clone(),
                symbol: None,
                classification: f.classification,
                rule: None,
                fixes: f.fixes.clone(),
            });
        }
    }
    Round {
        schema: ROUND_SCHEMA,
        id: RoundId::new("20260323-161334-topic"),
        number: 2,
        started: "2026-03-23T16:13:00Z".parse::<Timestamp>().unwrap(),
        duration_ms: 1_340_000,
        scope: RoundScope {
            branch: Some("topic".into()),
            base_name: "main".into(),
            base: None,
            head: None,
            uncommitted: false,
        },
        commits: Vec::new(),
        pull_request: None,
        author: "Ann".into(),
        agents: vec![run("ann", "Ann 1"), run("bob", "Bob 2"), run("cid", "Cid 3")],
        findings,
        raw,
        judged: Vec::new(),
        observations: Vec::new(),
        assessment: Assessment { summary: Some("All in all.".into()), ..Assessment::default() },
        feedback: Vec::new(),
        checks: Vec::new(),
        declined: Vec::new(),
        coverage: Coverage::default(),
        texts: BTreeMap::new(),
    }
}

/// What Markdown can carry of a finding.
fn carried(f: &Finding) -> String {
    let fixes: Vec<_> = f.fixes.iter().map(|x| (&x.note, &x.path, &x.diff, &x.by)).collect();
    let places: Vec<String> = f.anchors.iter().map(ToString::to_string).collect();
    format!(
        "{} {} {:?} {places:?} {:?} {:?} {fixes:?}\n{}",
        f.label,
        f.title,
        f.agents(),
        f.severity,
        f.classification,
        f.body
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_gives_the_round_back(found in proptest::collection::vec(finding(), 0..4)) {
        let round = round(found);
        let (again, _) = json::read(&json::write(&round, &Decisions::default())).unwrap();
        prop_assert_eq!(again, round);
    }

    #[test]
    fn markdown_gives_the_findings_back(found in proptest::collection::vec(finding(), 1..4)) {
        let round = round(found);
        let text = markdown::write(&round, &Decisions::default(), &Texts::default());
        let (again, _) = markdown::read(&text).unwrap();
        let (want, got): (Vec<_>, Vec<_>) = (round.findings.iter().map(carried).collect(), again.findings.iter().map(carried).collect());
        prop_assert_eq!(got, want, "{}", text);
    }

    #[test]
    fn sarif_gives_the_remarks_back(found in proptest::collection::vec(finding(), 0..4)) {
        let round = round(found);
        let runs = sarif::read(&sarif::write(&round, &Decisions::default(), &Texts::default())).unwrap();
        let mut again: Vec<RawFinding> = runs.into_iter().flat_map(|r| r.answer.findings).collect();
        again.sort_by(|a, b| a.id.cmp(&b.id));
        let mut want = round.raw;
        want.sort_by(|a, b| a.id.cmp(&b.id));
        prop_assert_eq!(again, want);
    }

    #[test]
    fn no_text_breaks_a_reader(text in "[ -~\n`#*|\\[\\]—]{0,400}", json in "[\\[{\"a-z:,}\\]0-9 \n]{0,200}") {
        let _ = markdown::read(&text);
        let _ = markdown::read_answer(&text, &AgentName::new("x"));
        let _ = import::read(&json, "x");
        let _ = import::read(&format!("{{\"runs\":{json}}}"), "x");
    }
}

/// Text of any kind, and text that is made to be taken for something else.
fn hostile() -> impl Strategy<Value = String> {
    let trap = prop_oneof![
        Just("<script>x</script>"),
        Just("</code></td>"),
        Just("```"),
        Just("\n````diff\n"),
        Just("|"),
        Just("\n## Critical Issues\n"),
        Just("\n### C9. Fake\n\n`a:1` [Ann 1] (critical, gap)\n"),
        Just("**"),
        Just("[Ann 1]"),
        Just("\u{1b}[2J"),
        Just("\u{202e}"),
        Just("\0"),
        Just("\r\n"),
        Just("<!-- deep-review report, version 1 -->"),
        Just("<!--"),
        Just("`"),
        Just("\n~~~\n"),
        Just("\n    "),
        Just("> "),
        Just("[x](javascript:y)"),
        Just("\u{feff}"),
        Just("\n## Resolution\n\n| 1 | Critical C1: x | Fixed |\n"),
        Just("\\"),
        Just("&lt;"),
        Just("**Checked:** Refuted by Ann 1"),
        Just("\n\n**Resolution:** Fixed"),
        Just("\n**Fix:** x\n\n```diff\n-a\n```\n"),
        Just("word"),
    ];
    prop_oneof![any::<String>(), proptest::collection::vec(trap, 0..6).prop_map(|t| t.concat())]
}

fn hostile_round() -> impl Strategy<Value = Round> {
    let texts = proptest::collection::vec((finding(), hostile(), hostile(), hostile()), 0..4);
    (texts, hostile(), hostile()).prop_map(|(found, summary, author)| {
        let found = found.into_iter().map(|((mut f, n), title, body, note)| {
            (f.title, f.body) = (title, body);
            for fix in &mut f.fixes {
                (fix.note, fix.diff) = (Some(note.clone()), format!("-{note}\n+x\n"));
            }
            (f, n)
        });
        let mut round = round(found.collect());
        (round.assessment.summary, round.author) = (Some(summary), author);
        round
    })
}

/// What no text may change: how many findings there are, their severities, agents and places.
fn shape(round: &Round) -> Vec<String> {
    let one = |f: &Finding| {
        let places: Vec<String> = f.anchors.iter().map(ToString::to_string).collect();
        format!("{} {:?} {:?} {places:?} {:?} {}", f.label, f.severity, f.agents(), f.verification, f.fixes.len())
    };
    round.findings.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_comes_back_as_it_was_from_json_and_sarif(round in hostile_round()) {
        let (again, _) = json::read(&json::write(&round, &Decisions::default())).unwrap();
        prop_assert_eq!(&again, &round);
        let runs = sarif::read(&sarif::write(&round, &Decisions::default(), &Texts::default())).unwrap();
        let mut again: Vec<RawFinding> = runs.into_iter().flat_map(|r| r.answer.findings).collect();
        again.sort_by(|a, b| a.id.cmp(&b.id));
        let mut want = round.raw;
        want.sort_by(|a, b| a.id.cmp(&b.id));
        prop_assert_eq!(again, want);
    }

    #[test]
    fn hostile_text_passes_for_nothing_else_in_markdown_and_html(round in hostile_round()) {
        let none = Decisions::default();
        let text = markdown::write(&round, &none, &Texts::default());
        prop_assert!(!text.contains(['\u{1b}', '\0', '\u{202e}']), "{:?}", text);
        let (again, decisions) = markdown::read(&text).unwrap();
        prop_assert_eq!(shape(&again), shape(&round), "{}", text);
        prop_assert!(decisions.resolutions.is_empty(), "{}", text);
        let page = html::write(&round, &none, &Texts::default());
        prop_assert_eq!(page.matches("<script").count(), 1);
        for format in Format::ALL {
            let _ = write(format, &round, &none, &Texts::default());
        }
    }

    #[test]
    fn no_bytes_break_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600), traps in proptest::collection::vec(hostile(), 0..8)) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), traps.concat()] {
            for start in ["", "{", "[", "{\"runs\":[", "{\"diagnostics\":", "# Deep Review: x\n\n| **Reviewers** | Ann |\n\n## Critical Issues\n\n", "## Findings\n\n1. **Critical: "] {
                let _ = import::read(&format!("{start}{text}"), "x");
            }
        }
    }
}

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

/// What a fixture comes to: a line for each finding, and one for what else there is.
fn told(import: import::Import) -> String {
    let line = |severity: Severity, title: &str, agents: String, anchors: &[Anchor], fixes: usize| {
        let places: Vec<String> = anchors.iter().map(ToString::to_string).collect();
        format!("{severity} | {title} | {agents} | {} | {fixes}\n", places.join(" "))
    };
    match import {
        import::Import::Round(round, decisions) => {
            let mut out: String = round
                .findings
                .iter()
                .map(|f| {
                    let agents: Vec<String> =
                        f.attributions.iter().map(|a| format!("{}:{}", a.agent, a.severity.letter())).collect();
                    line(f.severity, &f.title, agents.join(","), &f.anchors, f.fixes.len())
                })
                .collect();
            let labels: Vec<&str> = round.agents.iter().map(|r| r.agent.label.as_str()).collect();
            out.push_str(&format!(
                "round {} by {}; {} raw, {} decided\n",
                round.number,
                labels.join(", "),
                round.raw.len(),
                decisions.resolutions.len()
            ));
            out
        }
        import::Import::Answers(answers) => answers
            .iter()
            .flat_map(|said| {
                said.answer.findings.iter().map(|f| {
                    let changes = said.changes.get(&f.id).map_or(0, Vec::len);
                    line(f.severity, &f.title, said.label.clone(), &f.anchors, f.fixes.len() + changes)
                })
            })
            .collect(),
    }
}

#[test]
fn every_style_of_review_is_read() {
    let mut files: Vec<_> = std::fs::read_dir(fixtures().join("cases")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e != "want"));
    files.sort();
    assert!(files.len() > 10);
    let mut wrong = String::new();
    for file in files {
        let want = file.with_extension("want");
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let got = import::read(&std::fs::read_to_string(&file).unwrap(), &name).map_or_else(|e| format!("{e}\n"), told);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(&want, &got).unwrap();
        }
        let want = std::fs::read_to_string(&want).unwrap_or_default();
        if got != want {
            wrong.push_str(&format!("{name}\n--- want\n{want}--- got\n{got}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A round whose fix applies to a text at hand.
fn fixable() -> (Round, Texts) {
    let path = RepoPath::new("src/ü.rs").unwrap();
    let mut round = round(Vec::new());
    let found = Finding {
        id: FindingId::new("id0"),
        label: "I1".into(),
        severity: Severity::Important,
        dispute: None,
        title: "Wrong sum".into(),
        body: "It is off by one.".into(),
        anchors: vec![Anchor::lines(path.clone(), LineRange::new(2, 3))],
        symbol: None,
        classification: None,
        rule: None,
        attributions: vec![Attribution {
            agent: AgentName::new("ann"),
            severity: Severity::Important,
            raw: RawId::new("ann:1"),
        }],
        fixes: vec![Fix {
            note: None,
            path: None,
            diff: " fn f() {\n-    ä + 1\n+    ä + 2\n }\n".into(),
            by: vec![AgentName::new("ann")],
        }],
        confidence: 0.5,
        why: Vec::new(),
        related: Vec::new(),
        verification: FindingStatus::Unverified,
        since: None,
    };
    round.findings.push(found);
    let mut texts = Texts::default();
    texts.insert(path, "\nfn f() {\n    ä + 1\n}\n");
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
