//! Whatever a round says, it is read again as it was written, and nothing in it passes for something else.

use super::*;
use import::prose;
use proptest::prelude::*;

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
    ) -> Finding {
        let all = sample::agents(&["ann", "bob", "cid"]);
        let by: Vec<AgentName> = all.into_iter().enumerate().filter(|(i, _)| agents >> i & 1 == 1).map(|(_, n)| n).collect();
        let fixes = if fixed {
            vec![Fix { note: Some("Do it.".into()), path: anchors.first().map(|a| a.path.clone()), diff: "-old\n+```new\n".into(), by: by.clone() }]
        } else {
            Vec::new()
        };
        let found = sample::finding("", severity, &title, anchors, &by);
        Finding { body, fixes, classification: Some(Classification::Gap), ..found }
    }
}

/// A round of them, with labels and ids.
fn round(mut findings: Vec<Finding>) -> Round {
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let mut counts = [0; 3];
    for (n, f) in findings.iter_mut().enumerate() {
        counts[f.severity as usize] += 1;
        f.label = format!("{}{}", f.severity.letter(), counts[f.severity as usize]);
        f.id = FindingId::new(format!("id{n}"));
        for by in &mut f.attributions {
            by.raw = RawId::new(format!("{}:{n}", by.agent));
        }
    }
    sample::round(findings)
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

/// What SARIF gives back of the raw findings, and what it was given; both by their ids.
fn through_sarif(round: Round) -> (Vec<RawFinding>, Vec<RawFinding>) {
    let runs = import::sarif::read(&sarif::write(&round, &Decisions::default(), &Texts::default())).unwrap();
    let again = runs.into_iter().flat_map(|r| r.answer.findings).collect();
    let by_id = |mut all: Vec<RawFinding>| {
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    };
    let mut want = round.raw;
    // White space alone says nothing, and is not kept.
    want.iter_mut().filter(|raw| raw.body.trim().is_empty()).for_each(|raw| raw.body.clear());
    (by_id(again), by_id(want))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_gives_the_round_back(found in proptest::collection::vec(finding(), 0..4)) {
        let round = round(found);
        let (again, _) = import::json::read(&json::write(&round, &Decisions::default())).unwrap();
        prop_assert_eq!(again, round);
    }

    #[test]
    fn markdown_gives_the_findings_back(found in proptest::collection::vec(finding(), 1..4)) {
        let round = round(found);
        let text = markdown::write(&round, &Decisions::default(), &Texts::default());
        let (again, _) = import::report::read(&text).unwrap();
        let (want, got): (Vec<_>, Vec<_>) = (round.findings.iter().map(carried).collect(), again.findings.iter().map(carried).collect());
        prop_assert_eq!(got, want, "{}", text);
    }

    #[test]
    fn sarif_gives_the_remarks_back(found in proptest::collection::vec(finding(), 0..4)) {
        let round = round(found);
        let (again, want) = through_sarif(round);
        prop_assert_eq!(again, want);
    }

    #[test]
    fn no_text_breaks_a_reader(text in "[ -~\n`#*|\\[\\]—]{0,400}", json in "[\\[{\"a-z:,}\\]0-9 \n]{0,200}") {
        let _ = prose::read(&text);
        let _ = import::report::read(&format!("{}\n{text}", document::REPORT_MARK));
        let _ = prose::read_answer(&text, &AgentName::new("x"));
        let _ = import::read(&json, "x");
        let _ = import::read(&format!("{{\"runs\":{json}}}"), "x");
    }
}

#[test]
fn a_fence_in_a_summary_hides_no_finding() {
    for summary in ["```\n````diff\n```", "```\n```rust\n```", "~~~\n```\n~~~", "```markdown\n# Review\n```go\nx\n```"]
    {
        let found = sample::finding("C1", Severity::Critical, "Sum", vec![], &sample::agents(&["ann"]));
        let mut round = sample::round(vec![found]);
        round.assessment.summary = Some(summary.into());
        let text = markdown::write(&round, &Decisions::default(), &Texts::default());
        let (again, _) = import::report::read(&text).unwrap();
        assert_eq!(shape(&again), shape(&round), "{text}");
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
        let found = found.into_iter().map(|(mut f, title, body, note)| {
            (f.title, f.body) = (title, body);
            for fix in &mut f.fixes {
                (fix.note, fix.diff) = (Some(note.clone()), format!("-{note}\n+x\n"));
            }
            f
        });
        let mut round = round(found.collect());
        (round.assessment.summary, round.author) = (Some(summary), author);
        round
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_comes_back_as_it_was_from_json_and_sarif(round in hostile_round()) {
        let (again, _) = import::json::read(&json::write(&round, &Decisions::default())).unwrap();
        prop_assert_eq!(&again, &round);
        let (again, want) = through_sarif(round);
        prop_assert_eq!(again, want);
    }

    #[test]
    fn hostile_text_passes_for_nothing_else_in_markdown_and_html(round in hostile_round()) {
        let none = Decisions::default();
        let text = markdown::write(&round, &none, &Texts::default());
        prop_assert!(!text.contains(['\u{1b}', '\0', '\u{202e}']), "{:?}", text);
        let (again, decisions) = import::report::read(&text).unwrap();
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
