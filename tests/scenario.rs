//! A branch through two rounds by three recorded agents: one false positive, one disputed severity, one strength that
//! contradicts a finding; then fixes, a new finding, and an agent that fails. What the report must have stands here,
//! section by section.

use crate::cli::bed::{Bed, Ran};
use serde_json::Value;
use std::path::{Path, PathBuf};
use test_repo::Repo;

const AGENTS: [(&str, &str); 3] =
    [("claude", "Claude Opus 4.6"), ("codex", "Codex GPT 5.4"), ("gemini", "Gemini 3.1 Pro")];

/// The sections of a report, in their order. A report may have more; it never has them in another order.
const SECTIONS: [&str; 14] = [
    "## Executive Summary",
    "## Critical Issues",
    "## Important Issues",
    "## Suggestions",
    "## Design Observations",
    "### Concerns",
    "### Strengths",
    "## Testing Assessment",
    "## Documentation Assessment",
    "## Commit Structure",
    "## Acknowledged Limitations",
    "## Unresolved Feedback",
    "## Agent Performance Retro",
    "### Summary",
];

/// The rows of its head, and those of the table of figures.
const HEAD: [&str; 8] = ["Date", "Round", "Author", "Branch", "Commits", "Reviewers", "Verdict", "Wall-clock time"];
const FIGURES: [&str; 9] = [
    "Duration",
    "Critical",
    "Important",
    "Suggestion",
    "Design observations",
    "False positives",
    "Unique insights",
    "Files reviewed",
    "Coverage misses",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenario")
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(fixtures().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

struct Scenario {
    bed: Bed,
}

impl Scenario {
    fn new() -> Self {
        let repo = Repo::with_topic(&[("src/spool.rs", &fixture("before/src/spool.rs"))]);
        repo.write("src/spool.rs", fixture("after/src/spool.rs"));
        repo.commit("Write jobs at once and clear stale locks");
        repo.write("src/worker.rs", fixture("after/src/worker.rs"));
        repo.commit("Add a worker");
        let agents: String = AGENTS
            .iter()
            .map(|(name, label)| {
                let file = repo.beside(&format!("{name}.json"));
                format!("[agents.{name}]\nadapter = 'recorded'\nlabel = '{label}'\npath = '{}'\n", file.display())
            })
            .collect();
        Self { bed: Bed::of(repo).configured("verify = 'lead'\nlead = 'claude'\n").raw(&agents) }
    }

    /// A review by the three, who answer as recorded for that round.
    fn review(&self, round: u32) -> Ran {
        for (name, _) in AGENTS {
            std::fs::write(
                self.bed.repo.beside(&format!("{name}.json")),
                fixture(&format!("round-{round}/{name}.json")),
            )
            .unwrap();
        }
        let named = AGENTS.iter().flat_map(|(name, _)| ["--agent", *name]);
        self.bed.run(&["review"].into_iter().chain(named).collect::<Vec<_>>())
    }

    fn report(&self, round: &str, format: &str) -> String {
        self.bed.run(&["report", round, "--format", format]).out
    }

    fn json(&self, round: &str) -> Value {
        serde_json::from_str(&self.report(round, "json")).unwrap()
    }
}

/// The part of a report between a heading and the next of its level or above.
fn section<'a>(report: &'a str, heading: &str) -> &'a str {
    let from = report.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no '{heading}' in {report}"));
    let rest = &report[from + heading.len() + 2..];
    let level = heading.bytes().take_while(|b| *b == b'#').count();
    let next = |line: &str| (1..=level).any(|n| line.starts_with(&format!("{} ", "#".repeat(n))));
    let end = rest.match_indices('\n').map(|(at, _)| at + 1).find(|at| next(&rest[*at..])).unwrap_or(rest.len());
    &rest[..end]
}

fn has_in_order(text: &str, wanted: &[&str]) {
    let mut from = 0;
    for want in wanted {
        let found = text[from..].find(want).unwrap_or_else(|| panic!("'{want}' is not (in its place) in\n{text}"));
        from += found + want.len();
    }
}

#[test]
fn a_report_has_every_section_and_the_next_one_says_what_changed() {
    let scenario = Scenario::new();
    let first = scenario.review(1);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    let report = scenario.report("1", "markdown");
    has_in_order(&report, &HEAD.map(|row| format!("| **{row}** |")).each_ref().map(String::as_str));
    has_in_order(&report, &SECTIONS.map(|heading| format!("\n{heading}\n")).each_ref().map(String::as_str));
    has_in_order(
        section(&report, "### Summary"),
        &FIGURES.map(|row| format!("| {row} |")).each_ref().map(String::as_str),
    );
    the_first_round_says_everything(&report);
    let page = scenario.report("1", "html");
    for heading in SECTIONS.map(|heading| heading.trim_start_matches(['#', ' '])) {
        assert!(["</h2>", "</h3>"].iter().any(|end| page.contains(&format!(">{heading}{end}"))), "{heading}");
    }

    scenario.bed.repo.write("src/spool.rs", fixture("next/src/spool.rs"));
    scenario.bed.repo.write("src/worker.rs", fixture("next/src/worker.rs"));
    scenario.bed.repo.commit("Leave the locks of living workers");
    let second = scenario.review(2);
    assert_eq!(second.code, 3, "{}{}", second.out, second.err);
    the_next_round_says_what_changed(&scenario);
    // The round before is shown as it was.
    assert_eq!(scenario.report("1", "markdown"), report);
    let rounds = scenario.bed.run(&["rounds"]).out;
    assert_eq!(rounds.matches("Merge with fixes").count(), 2, "{rounds}");
}

/// What the seed of this project says of a round, each in its section.
fn the_first_round_says_everything(report: &str) {
    let verdict = report.lines().find(|line| line.starts_with("| **Verdict** |")).unwrap();
    has_in_order(verdict, &["**Merge with fixes**", "locks of living workers are removed", "1 important issue"]);
    assert_eq!(section(report, "## Critical Issues").trim(), "None.");
    // The disputed finding: who says it, the code, the words of both, how its severity was settled and why, what another
    // agent says to the contrary, and the fixes.
    let important = section(report, "## Important Issues");
    assert_eq!(important.matches("\n### ").count() + usize::from(important.starts_with("### ")), 1, "{important}");
    has_in_order(
        important,
        &[
            "[Codex GPT 5.4, Gemini 3.1 Pro] (important",
            "spool.clear_locks()?;",
            "Sure: 0.",
            "<details><summary>",
            "Sure: 0.",
            "</details>",
            "**Severity:** Gemini 3.1 Pro: Critical, Codex GPT 5.4: Important → Important",
            "**Settled:** Claude Opus 4.6: Important: two workers on one spool are rare",
            "**Contrary:** Claude Opus 4.6 sees a strength: Stale locks are removed whenever a spool is opened",
            "**Fix:**",
            "is_abandoned",
        ],
    );
    let suggestions = section(report, "## Suggestions");
    has_in_order(suggestions, &["### S1. ", "[Claude Opus 4.6] (suggestion", "### S2. ", "### S3. "]);
    // The false positive is kept, apart, with what showed it.
    has_in_order(
        section(report, "## Refuted"),
        &["leaves a half-written job", "**Checked:** Refuted by Claude Opus 4.6: "],
    );
    let design = section(report, "## Design Observations");
    has_in_order(
        design,
        &["hold", "(in-scope)", "[Codex GPT 5.4, Gemini 3.1 Pro]", "### Strengths", "Stale locks are removed"],
    );
    // Two agents name one scenario: it comes first, and once.
    let testing = section(report, "## Testing Assessment");
    has_in_order(testing, &["No test was added.", "1. ", "while a worker holds a lock", "2. "]);
    assert_eq!(testing.matches("while a worker holds a lock").count(), 1, "{testing}");
    let limitations = section(report, "## Acknowledged Limitations");
    has_in_order(
        limitations,
        &["**Stale locks are not tested** — `src/spool.rs:", "> // Not tested: a worker that dies"],
    );
    has_in_order(limitations, &["— `src/worker.rs:", "> // TODO: let several workers"]);
    has_in_order(section(report, "## Unresolved Feedback"), &["Not known: no pull request was fetched"]);
    // Of each agent: what it found alone, what it missed, what it got wrong, what it looked at.
    let claude = section(report, "### Claude Opus 4.6");
    has_in_order(claude, &["Raised 3 suggestions.", "Found alone: ", "Missed in files that it read: ", "(I1)"]);
    has_in_order(claude, &["Sees a strength where others see a fault: ", "All 2 files reviewed."]);
    let codex = section(report, "### Codex GPT 5.4");
    has_in_order(
        codex,
        &["Others say so too: I1 (Gemini 3.1 Pro).", "Missed in files that it read: ", "All 2 files reviewed."],
    );
    has_in_order(section(report, "### Gemini 3.1 Pro"), &["The quickest, and the sharpest on the locks"]);
    has_in_order(
        section(report, "### Summary"),
        &["| Critical | 0 | 0 | 1 (disputed → 0) |", "| False positives | 0 | 0 | 1 |"],
    );
}

fn the_next_round_says_what_changed(scenario: &Scenario) {
    let report = scenario.report("2", "markdown");
    let since = section(&report, "## Since round 1");
    has_in_order(since, &["- **Fixed:** I1 ", "(round 1)"]);
    assert!(since.lines().any(|line| line.starts_with("- **Fixed:** S") && line.contains("clear_all")), "{since}");
    has_in_order(since, &["- **New:** ", "Nobody makes the file"]);
    let verdict = report.lines().find(|line| line.starts_with("| **Verdict** |")).unwrap();
    has_in_order(verdict, &["**Merge with fixes**", "Gemini 3.1 Pro failed", "no full review by Gemini 3.1 Pro"]);
    has_in_order(section(&report, "### Gemini 3.1 Pro"), &["Gave no full review: asked too often."]);
    // Labels stay with their findings, and the new one takes none of them.
    let labels = |document: &Value| -> Vec<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let findings = document["round"]["findings"].as_array().unwrap();
        findings.iter().map(|f| (text(&f["title"]), text(&f["label"]))).collect()
    };
    let (before, after) = (labels(&scenario.json("1")), labels(&scenario.json("2")));
    for (title, label) in &after {
        match before.iter().find(|(known, _)| known == title) {
            Some((_, was)) => assert_eq!(label, was, "{title}"),
            None => assert!(before.iter().all(|(_, was)| was != label), "{title}: {label} of {before:?}"),
        }
    }
    // What the agent that failed said before stands, with its round.
    let terminal = scenario.report("2", "text");
    has_in_order(&terminal, &["fixed: "]);
    let design = section(&report, "## Design Observations");
    assert!(design.contains("[Gemini 3.1 Pro]"), "{design}");
}
