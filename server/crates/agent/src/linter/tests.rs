use super::formats::{self, LinterRun};
use super::*;
use crate::{Adapter, Agent, AgentSettings};
use finding::{RawFinding, Severity};
use git::Snapshot;
use patch::{Hints, apply_edits, place};
use serde_json::{Value, json};
use std::path::Path;

const TEXT: &str = "import os\nä = 1\nprint(ä)\n";

fn snapshot() -> Snapshot {
    Snapshot::in_memory(&[("a.py", "ä = 0\nprint(ä)\n")], &[("a.py", TEXT)])
}

fn printed(format: LinterFormat, text: &str) -> Result<Vec<RawFinding>, Failure> {
    let (agent, snapshot) = (AgentName::new("lint"), snapshot());
    formats::read(format, text, LinterRun { agent: &agent, root: Path::new("/repo"), snapshot: &snapshot })
}

fn read(format: LinterFormat, value: &Value) -> Vec<RawFinding> {
    printed(format, &value.to_string()).unwrap()
}

/// Removes line 1 in every format that has fixes.
#[test]
fn every_format_is_read_with_place_rule_severity_and_fix() {
    use LinterFormat::*;
    let fixed = true;
    let table: [(LinterFormat, Value, &str, bool); 11] = [
        (
            Ruff,
            json!([{"filename": "/repo/a.py", "code": "F401", "message": "unused", "url": "https://x",
                "location": {"row": 1, "column": 8}, "end_location": {"row": 1, "column": 10},
                "fix": {"edits": [{"content": "", "location": {"row": 1, "column": 1}, "end_location": {"row": 2, "column": 1}}]}}]),
            "lint/F401",
            fixed,
        ),
        (
            Clippy,
            json!({"reason": "compiler-message", "message": {"message": "unused", "level": "warning",
                "code": {"code": "clippy::x"}, "spans": [{"is_primary": true, "file_name": "a.py", "line_start": 1, "line_end": 1}],
                "children": [{"message": "remove it", "spans": [{"line_start": 1, "column_start": 1, "line_end": 2, "column_end": 1,
                    "suggested_replacement": "", "suggestion_applicability": "MachineApplicable"}]}]}}),
            "lint/clippy::x",
            fixed,
        ),
        (
            Eslint,
            json!([{"filePath": "/repo/a.py", "messages": [{"ruleId": "no-x", "severity": 1, "message": "unused",
                "line": 1, "endLine": 1, "fix": {"range": [0, 10], "text": ""}}]}]),
            "lint/no-x",
            fixed,
        ),
        (
            Shellcheck,
            json!({"comments": [{"file": "a.py", "line": 1, "endLine": 1, "level": "info", "code": 2034, "message": "unused",
                "fix": {"replacements": [{"line": 1, "column": 1, "endLine": 2, "endColumn": 1, "replacement": ""}]}}]}),
            "lint/SC2034",
            fixed,
        ),
        (
            Biome,
            json!({"diagnostics": [{"category": "lint/x", "severity": "warning", "description": "unused",
                "location": {"path": {"file": "a.py"}, "span": [7, 9], "sourceCode": TEXT}}]}),
            "lint/lint/x",
            false,
        ),
        (
            Biome,
            json!({"diagnostics": [{"category": "lint/x", "severity": "info", "message": "unused",
                "location": {"path": "a.py", "start": {"line": 1, "column": 8}, "end": {"line": 1, "column": 10}}}]}),
            "lint/lint/x",
            false,
        ),
        (
            GolangciLint,
            json!({"Issues": [{"FromLinter": "unused", "Text": "unused", "Pos": {"Filename": "a.py", "Line": 1}}]}),
            "lint/unused",
            false,
        ),
        (
            Semgrep,
            json!({"results": [{"check_id": "x.y", "path": "a.py", "start": {"line": 1, "col": 1}, "end": {"line": 2, "col": 1},
                "extra": {"message": "unused", "severity": "WARNING", "fix": ""}}]}),
            "lint/x.y",
            fixed,
        ),
        (
            Rdjson,
            json!({"diagnostics": [{"message": "unused", "severity": "WARNING", "code": {"value": "x"},
                "location": {"path": "a.py", "range": {"start": {"line": 1, "column": 1}}},
                "suggestions": [{"range": {"start": {"line": 1, "column": 1}, "end": {"line": 2, "column": 1}}, "text": ""}]}]}),
            "lint/x",
            fixed,
        ),
        (
            Rdjson,
            json!({"message": "unused", "code": {"value": "x"}, "location": {"path": "a.py", "range": {"start": {"line": 1}}}}),
            "lint/x",
            false,
        ),
        (
            Sarif,
            json!({"runs": [{"results": [{"ruleId": "x", "level": "note", "message": {"text": "unused"},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///repo/a.py"}, "region": {"startLine": 1}}}],
                "fixes": [{"artifactChanges": [{"artifactLocation": {"uri": "file:///repo/a.py"}, "replacements": [{"deletedRegion": {"startLine": 1}, "insertedContent": {"text": ""}}]}]}]}]}]}),
            "lint/x",
            fixed,
        ),
    ];
    for (format, value, rule, has_fix) in table {
        let found = read(format, &value);
        let f = &found[0];
        assert_eq!((f.title.as_str(), f.severity), ("unused", Severity::Suggestion), "{format:?}");
        let anchor = &f.anchors[0];
        assert!(anchor.to_string().starts_with("a.py:1"), "{format:?}: {anchor}");
        assert!(anchor.quote.as_deref().unwrap().starts_with("import os"), "{format:?}");
        assert_eq!(f.rule.as_ref().map(|r| r.id.as_str()), Some(rule), "{format:?}");
        let fixed = f.fixes.first().map(|fix| {
            assert_eq!(fix.path.as_ref().map(RepoPath::as_str), Some("a.py"), "{format:?}");
            let hints = Hints { lines: anchor.lines, quote: anchor.quote.as_deref(), ..Hints::default() };
            apply_edits(TEXT, &place(TEXT, &fix.diff, &hints).unwrap().edits)
        });
        assert_eq!(fixed.as_deref(), has_fix.then_some("ä = 1\nprint(ä)\n"), "{format:?}");
    }
}

#[test]
fn columns_after_wide_characters_are_counted_as_each_linter_does() {
    let edit = |from: Value, to: Value| {
        json!([{"filename": "a.py", "code": "X", "message": "m",
        "location": {"row": 2}, "end_location": {"row": 2}, "fix": {"edits": [{"content": "2", "location": from, "end_location": to}]}}])
    };
    let ruff = edit(json!({"row": 2, "column": 5}), json!({"row": 2, "column": 6}));
    let bytes = json!({"diagnostics": [{"message": "m", "location": {"path": "a.py", "range": {"start": {"line": 2}}},
        "suggestions": [{"range": {"start": {"line": 2, "column": 6}, "end": {"line": 2, "column": 7}}, "text": "2"}]}]});
    let utf16 = json!([{"filePath": "a.py", "messages": [{"message": "m", "line": 2, "fix": {"range": [14, 15], "text": "2"}}]}]);
    for (format, value) in [(LinterFormat::Ruff, ruff), (LinterFormat::Rdjson, bytes), (LinterFormat::Eslint, utf16)] {
        let diff = &read(format, &value)[0].fixes[0].diff;
        assert!(diff.contains("-ä = 1\n+ä = 2\n"), "{format:?}: {diff}");
    }
}

#[test]
fn other_output_is_a_failure_and_files_elsewhere_are_left_out() {
    let read = |text: &str| printed(LinterFormat::Ruff, text);
    assert_eq!(read("[]").unwrap(), []);
    for format in [LinterFormat::Sarif, LinterFormat::Rdjson, LinterFormat::Ruff, LinterFormat::Clippy] {
        let read = |text: &str| printed(format, text);
        for text in ["Traceback", "[1]", "{\"a\": 1}", "{\"runs\": \"none\"}"] {
            let said = read(text).unwrap_err().message;
            assert!(said.starts_with("what it printed is not of the configured format: "), "{text}: {said}");
        }
        assert_eq!(read("\n").unwrap(), [], "{format:?}");
    }
    let at = |file: &str| json!({"filename": file, "code": "X", "message": "m", "location": {"row": 1}});
    assert_eq!(read(&json!([at("/repo/a.py")]).to_string()).unwrap().len(), 1);
    let elsewhere = json!([at("/etc/passwd"), at("../x")]);
    assert_eq!(read(&elsewhere.to_string()).unwrap(), []);
}

#[tokio::test]
async fn a_linter_that_can_run_code_needs_trust() {
    let linter = |name: &str, command: &[&str], trusted| {
        let mut settings = AgentSettings::new(Adapter::Linter);
        settings.format = Some(if name == "own" { LinterFormat::Sarif } else { LinterFormat::Ruff });
        settings.command = command.iter().map(|c| (*c).to_owned()).collect();
        let surroundings = Surroundings { root: None, trusted };
        Linter { name: AgentName::new(name), settings, surroundings }
    };
    let kind = |a: Availability| match a {
        Availability::Usable(_) => None,
        Availability::Unusable(f) => Some(f.kind),
    };
    let sh = "/bin/sh";
    // `sh` stands for any program that is there.
    assert_eq!(kind(linter("ruff", &[sh], false).availability().await), None);
    assert_eq!(kind(linter("own", &[sh, "-c", "x"], false).availability().await), Some(FailureKind::NotAllowed));
    assert_eq!(kind(linter("own", &[sh, "-c", "x"], true).availability().await), None);
    assert_eq!(kind(linter("ruff", &["no-such-linter"], true).availability().await), Some(FailureKind::NotInstalled));
}
