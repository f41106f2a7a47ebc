use super::*;
use crate::sample::{self, agents, finding, lines, path, run};
use finding::*;

const AUTH: &str = "use std::fmt;\n\n/// Says whether the token is the session's.\npub fn check(token: &str, session: &Session) -> bool {\n    if token.is_empty() {\n        return false;\n    }\n    token == session.secret\n}\n";

fn texts() -> Texts {
    [(path("src/auth.rs"), std::sync::Arc::from(AUTH))].into_iter().collect()
}

/// A round with something of everything that is shown.
fn round() -> Round {
    let mut first = finding(
        "C1",
        Severity::Critical,
        "The session's secret is compared with `==`, which tells its length and its first wrong byte by the time it takes",
        vec![lines("src/auth.rs", 8, 8), Anchor::file(path("src/admin.rs"))],
        &agents(&["claude", "codex"]),
    );
    first.body = "`==` on strings stops at the **first** byte that differs. An attacker who can measure it:\n\n1. learns the length\n2. learns the secret, byte by byte\n\nSee [CWE-208](https://cwe.mitre.org/data/definitions/208.html).".into();
    first.dispute = Some("Claude Opus 4.6: Critical, Codex GPT 5.4: Important → Critical".into());
    first.classification = Some(Classification::Regression);
    first.rule = Some(RuleRef { id: "CWE-208".into(), url: None });
    first.since = Some(1);
    first.fixes = vec![
        Fix {
            note: Some("compare in constant time".into()),
            path: None,
            diff: "@@\n-    token == session.secret\n+    constant_time_eq(token.as_bytes(), session.secret.as_bytes())\n }".into(),
            by: vec![AgentName::new("codex")],
        },
        Fix { note: None, path: None, diff: "-x\n+y".into(), by: vec![AgentName::new("claude")] },
    ];
    let mut second = finding(
        "I1",
        Severity::Important,
        "An empty token is refused without a word in the log",
        vec![lines("src/auth.rs", 5, 7)],
        &agents(&["claude"]),
    );
    second.fixes = vec![Fix {
        note: None,
        path: Some(path("src/other.rs")),
        diff: "```diff\n--- a/src/other.rs\n+++ b/src/other.rs\n@@ -1,2 +1,2 @@\n-old line\n+new line\n```".into(),
        by: vec![AgentName::new("claude")],
    }];
    let third = finding("S1", Severity::Suggestion, "Wrong lines", vec![lines("gone.rs", 3, 3)], &agents(&["rules"]));
    let fourth = finding("S2", Severity::Suggestion, "The commits tell no story", vec![], &agents(&["history"]));
    // What codex said before it failed.
    let raw = vec![sample::raw(&first, &first.attributions[1])];
    Round {
        raw,
        id: RoundId::new("20260323-161334-sessions"),
        started: jiff::Timestamp::UNIX_EPOCH,
        duration_ms: 83_000,
        scope: RoundScope {
            branch: Some("sessions".into()),
            base_name: "origin/main".into(),
            base: None,
            head: None,
            uncommitted: true,
        },
        author: "Ada".into(),
        agents: vec![
            run("claude", "Claude Opus 4.6", AgentKind::Cli, AgentOutcome::Reviewed, 82_400),
            run(
                "codex",
                "Codex GPT 5.4",
                AgentKind::Cli,
                AgentOutcome::Failed {
                    failure: Failure::new(FailureKind::TimedOut, "no answer after 20 min")
                        .with_remedy("give it more time (`timeout` of the agent in the configuration)"),
                },
                1_200_000,
            ),
            run("rules", "rules", AgentKind::BuiltIn, AgentOutcome::Reviewed, 38),
        ],
        observations: vec![
            Observation {
                kind: ObservationKind::Strength,
                title: "One place checks tokens".into(),
                body: String::new(),
                anchors: vec![],
                by: vec![AgentName::new("claude")],
            },
            Observation {
                kind: ObservationKind::ConcernInScope,
                title: "Sessions know how they are stored".into(),
                body: String::new(),
                anchors: vec![],
                by: vec![AgentName::new("claude"), AgentName::new("codex")],
            },
        ],
        assessment: Assessment {
            summary: Some("Moves session handling into **its own module**.".into()),
            ..Assessment::default()
        },
        coverage: Coverage {
            reviewed: vec![ReviewedFile {
                lossy: true,
                ..ReviewedFile::new(path("src/auth.rs"), vec![AgentName::new("claude")])
            }],
            left_out: vec![
                LeftOutFile { path: "Cargo.lock".into(), why: LeftOut::LockFile },
                LeftOutFile { path: "logo.png".into(), why: LeftOut::Binary(3) },
            ],
            ..Coverage::default()
        },
        ..sample::round(vec![first, second, third, fourth])
    }
}

fn shown(width: usize) -> String {
    write(&round(), &Decisions::default(), &texts(), Style { width, ..Style::default() })
}

#[test]
fn a_round_in_100_columns() {
    insta::assert_snapshot!(shown(100));
}

#[test]
fn a_round_in_60_columns() {
    insta::assert_snapshot!(shown(60));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [40, 60, 80, 200] {
        let shown = shown(width);
        // The place of a code frame is never cut: it is what people click on.
        for line in shown.lines().filter(|l| !l.contains("╭▸")) {
            assert!(width_of(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let coloured = write(&round(), &Decisions::default(), &texts(), Style { colours: true, ..Style::default() });
    assert!(coloured.contains("\u{1b}["));
    let stripped = anstream::adapter::strip_str(&coloured).to_string();
    // In colours, code needs no backticks.
    assert_eq!(stripped.lines().count(), shown(100).lines().count());
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let evil = "a\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}b\r\u{8}c\u{9b}31m";
    let mut round = round();
    let finding = &mut round.findings[0];
    finding.title = evil.into();
    finding.body = format!("{evil}\n\n```\n{evil}\n```\n");
    finding.label = evil.into();
    finding.dispute = Some(evil.into());
    finding.rule = Some(RuleRef { id: evil.into(), url: None });
    finding.anchors[0].path = path(evil);
    finding.fixes[0].note = Some(evil.into());
    finding.fixes[0].diff = format!("-{evil}\n+{evil}");
    finding.verification = FindingStatus::Confirmed { by: AgentName::new(evil), note: evil.into() };
    round.scope.branch = Some(evil.into());
    round.scope.base_name = evil.into();
    round.assessment.summary = Some(evil.into());
    round.coverage.left_out[0].path = evil.into();
    round.coverage.left_out[0].why = LeftOut::Excluded(evil.into());
    round.agents[0].agent.label = evil.into();
    round.agents[0].notes = vec![evil.into()];
    round.observations[0].title = evil.into();
    let texts: Texts = [(path(evil), std::sync::Arc::from(format!("{evil}\n").repeat(9)))].into_iter().collect();
    let out = write(&round, &Decisions::default(), &texts, Style { width: 80, ..Style::default() });
    let bad: Vec<char> = out.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}').collect();
    assert!(bad.is_empty(), "{bad:?} in {out:?}");
}

#[test]
fn what_is_settled_is_counted_and_not_shown() {
    let mut decisions = Decisions::default();
    let resolution = |state| Resolution {
        state,
        at: jiff::Timestamp::UNIX_EPOCH,
        round: RoundId::new("r"),
        code: None,
        commit: None,
        by: None,
    };
    decisions.resolutions.insert(FindingId::new("id-C1"), resolution(State::Fixed));
    decisions.resolutions.insert(
        FindingId::new("id-I1"),
        resolution(State::Dismissed { reason: DismissReason::WontFix, text: "no".into() }),
    );
    let out = write(&round(), &decisions, &texts(), Style::default());
    assert!(!out.contains("constant_time_eq") && out.contains("Not shown: 1 fixed, 1 dismissed"), "{out}");
    for said in
        ["Verdict: No verdict: Codex GPT 5.4 failed", "2 suggestions", "Incomplete: no full review by Codex GPT 5.4"]
    {
        assert!(out.contains(said), "{said}: {out}");
    }
}

#[test]
fn many_suggestions_take_two_lines_each() {
    let mut round = round();
    round.findings = (1..=9)
        .map(|n| {
            let anchor = Anchor::lines(path("src/auth.rs"), LineRange::line(n));
            finding(&format!("S{n}"), Severity::Suggestion, "A small thing", vec![anchor], &agents(&["rules"]))
        })
        .collect();
    let out = write(&round, &Decisions::default(), &texts(), Style::default());
    assert!(out.contains(" S9  A small thing\n     src/auth.rs:9 · rules\n"), "{out}");
    assert!(!out.contains("╭▸"), "{out}");
}

#[test]
fn how_much_is_hidden_is_always_said() {
    let dial = Dial { min_severity: Some(Severity::Important), ..Dial::default() };
    let shown = write(&round(), &Decisions::default(), &texts(), Style { dial, ..Style::default() });
    let all = write(&round(), &Decisions::default(), &texts(), Style::default());
    assert!(all.contains("Suggestion ·") && !shown.contains("Suggestion ·"), "{shown}");
    assert!(shown.contains("not shown: ") && shown.contains("below min_severity"), "{shown}");
    assert!(!all.contains("not shown"), "{all}");
    // What is hidden decides all the same.
    let verdict = |text: &str| text.lines().rev().take(3).collect::<Vec<_>>().join("\n");
    assert_eq!(verdict(&shown), verdict(&all));
}
