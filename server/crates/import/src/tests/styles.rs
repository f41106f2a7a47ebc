//! Reviews in the many styles in which agents and people write them.

use super::fixtures;
use crate::{Import, read};
use finding::{Anchor, Severity};
use std::fmt::Write as _;

/// What a fixture comes to: a line for each finding, and one for what else there is.
fn told(import: Import) -> String {
    let line = |severity: Severity, title: &str, agents: String, anchors: &[Anchor], fixes: usize| {
        let places: Vec<String> = anchors.iter().map(ToString::to_string).collect();
        format!("{severity} | {title} | {agents} | {} | {fixes}\n", places.join(" "))
    };
    match import {
        Import::Round(round, decisions) => {
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
        Import::Reviews(answers) => answers
            .iter()
            .flat_map(|said| {
                let findings = said.answer.findings.iter().map(|f| {
                    let changes = said.changes.get(&f.id).map_or(0, Vec::len);
                    line(f.severity, &f.title, said.label.clone(), &f.anchors, f.fixes.len() + changes)
                });
                let failed = said.failure.iter().map(|f| &f.message);
                let notes = said.answer.notes.iter().chain(failed).map(|note| format!("{}: {note}\n", said.label));
                findings.chain(notes)
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
        let got = read(&std::fs::read_to_string(&file).unwrap(), &name).map_or_else(|e| format!("{e}\n"), told);
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

/// A heading of a section of important findings.
const SECTIONS: &[&str] = &[
    "## Important Issues",
    "### Important",
    "**Important Issues**",
    "Important Issues\n----------------",
    "<details><summary>Important Issues</summary>",
    "# Important",
    "## Important:",
    "## IMPORTANT",
    "## **Important Issues**",
    "## `Important`",
    "## [Important]",
    "## Important Issues (2)",
    "## Important Issues — 2 found",
    "## Important (should fix)",
    "## Important / Should Fix",
    "## Important-severity findings",
    "## Important bugs and issues",
    "## Remaining Important Issues",
    "## Severity: Important",
    "## Section 2: Important Issues",
    "## 2. Important Issues",
    "### 2.1 Important Issues",
    "## II. Important Issues",
    "## 🟡 Important Issues (2)",
    "## ⚠️ Important",
    "## Important Issues 🟡",
    "## 🟡 IMPORTANT (P1)",
    "## P1",
    "## P1 – Important",
    "## Medium priority",
    "## 🟡 Medium",
    "## 🟠 Major Issues",
    "## Moderate",
    "## Warnings",
    "## Should fix",
    "## Wichtige Probleme",
    "## Problèmes importants",
    "## Importante",
    "## Важные замечания",
    "## 重要问题",
    "## 重要",
    "## 중요",
];

/// A finding below such a heading: its title is TITLE, its number N, its place `src/aN.rs:3-5`.
const FINDINGS: &[&str] = &[
    "N. **TITLE** — `PLACE`",
    "N) **TITLE** — `PLACE`",
    "N. **TITLE**\u{a0}— `PLACE`",
    "### N.\u{a0}TITLE\u{202f}—\u{a0}`PLACE`",
    "N. **TITLE** (PLACE)",
    "N. **TITLE** - PLACE",
    "N. **TITLE** in `PLACE`",
    "N. TITLE (`PLACE`)",
    "N. `PLACE` — **TITLE**",
    "N. **`PLACE`** — TITLE",
    "N. **`PLACE` — TITLE**",
    "N. [`PLACE`] **TITLE**",
    "N. [PLACE](https://forge.example/blob/1/PLACE) — **TITLE**",
    "**N. TITLE** — `PLACE`",
    "**IN. TITLE** — `PLACE`",
    "**[IN]** TITLE — `PLACE`",
    "**[IN] TITLE** — `PLACE`",
    "**TITLE** (`PLACE`)",
    "**TITLE**\n\n`PLACE`",
    "- **TITLE** (`PLACE`)",
    "* **TITLE** — `PLACE`",
    "- [ ] **TITLE** — `PLACE`",
    "- **IN**: TITLE — `PLACE`",
    "- **IN** **TITLE** — `PLACE`",
    "- `PLACE`: TITLE",
    "- PLACE — TITLE",
    "- **PLACE**: TITLE",
    "- **[PLACE]** TITLE",
    "### N. TITLE\n\n`PLACE`",
    "### N) TITLE\n\n> `PLACE`",
    "### (N) TITLE\n\n📍 `PLACE`",
    "### #N: TITLE\n\n`PLACE`",
    "### 2.N. TITLE\n\n`PLACE`",
    "### IN — TITLE\n\n`PLACE`",
    "### [IN] TITLE\n\n`PLACE`",
    "### IMP-00N TITLE\n\n`PLACE`",
    "### Issue N: TITLE\n\n**Location:** `PLACE`",
    "### Finding IN — TITLE\n\n- **File:** PLACE",
    "#### IN: TITLE (`PLACE`)",
    "#### TITLE\n\n**File**: FILE\n**Lines**: 3-5",
    "### `PLACE` — TITLE",
    "### TITLE\n\n- **File:** `FILE`\n- **Line:** 3-5",
    "### TITLE\n\n**File:** FILE, lines 3-5",
    "### TITLE\n\nFile: `FILE` (lines 3–5)",
    "| # | Finding | File |\n|---|---|---|\n| IN | TITLE | `PLACE` |",
    "| Title | File | Line | Why |\n|---|---|---|---|\n| TITLE | FILE | 3-5 | It is so. |",
];

const ROSTER: &str = "# Deep Review: x\n\n| | |\n|---|---|\n| **Reviewers** | Claude Opus 4.6, Codex GPT 5.4 |\n\n";

/// A review with two findings of that style.
fn review(head: &str, section: &str, finding: &str) -> String {
    let mut text = format!("{head}{section}\n");
    for (number, title) in [("1", "Sum is off"), ("2", "Name says nothing")] {
        let file = format!("src/a{number}.rs");
        let marked = finding.replace("PLACE", &format!("{file}:3-5")).replace("FILE", &file).replace("TITLE", title);
        // The number last: "N" stands in no other word here.
        let marked = marked.replace('N', number).replace(&format!("{number}ame"), "Name");
        write!(text, "\n{marked}\n\nIt is wrong, and nobody will see it.\n").unwrap();
    }
    text + "\n## Suggestions\n\nNone.\n"
}

#[test]
fn two_findings_are_read_in_whatever_style_they_are_written() {
    let by_section = SECTIONS.iter().map(|section| (*section, FINDINGS[0]));
    let by_finding = FINDINGS.iter().map(|finding| (SECTIONS[0], *finding));
    let mut wrong = String::new();
    for (section, finding) in by_section.chain(by_finding) {
        for (head, by) in [(ROSTER, "imported:I"), ("", "x")] {
            let text = review(head, section, finding);
            let got = read(&text, "x").map_or_else(|e| e.to_string(), told);
            let want = |title: &str, n: u32| format!("Important | {title} | {by} | src/a{n}.rs:3-5 | 0\n");
            if !got.starts_with(&format!("{}{}", want("Sum is off", 1), want("Name says nothing", 2))) {
                writeln!(wrong, "{text}--- got\n{got}\n").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
