use super::*;
use finding::{Finding, Round};
use serde_json::json;

const OLD: &str = "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n";
const FIX: &str = "@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    c();\n }\n";

fn index(lines: (u32, u32)) -> RoundIndex {
    let finding: Finding = serde_json::from_value(json!({
        "id": "x", "label": "I1", "severity": "important", "title": "t", "attributions": [], "confidence": 0.5,
        "anchors": [{ "path": "a.rs", "lines": { "start": lines.0, "end": lines.1 } }],
        "fixes": [{ "diff": FIX }],
    }))
    .unwrap();
    let round: Round = serde_json::from_value(json!({
        "schema": 1, "id": "r", "number": 1, "started": "2026-03-23T16:13:34Z",
        "scope": { "base_name": "main", "uncommitted": true }, "agents": [],
    }))
    .unwrap();
    RoundIndex::new(Arc::new(Round { findings: vec![finding], ..round }))
}

#[test]
fn a_place_follows_the_text() {
    let round_index = index((6, 6));
    let path = RepoPath::new("a.rs").unwrap();
    let fixes = ReviewedFixes::of(&round_index, &path, Some(OLD));
    for (current, line, status) in [
        (OLD.to_owned(), 6, AnchorStatus::Same),
        (format!("// new\n{OLD}"), 7, AnchorStatus::Same),
        (OLD.replace("fn one", "fn uno"), 6, AnchorStatus::Same),
        (OLD.replace("b()", "bb()"), 6, AnchorStatus::Touched),
        (OLD.replace("b()", "c()"), 6, AnchorStatus::Fixed),
        (format!("// new\n{}", OLD.replace("b()", "c()")), 7, AnchorStatus::Fixed),
        (OLD.replace("    b();\n", ""), 5, AnchorStatus::Gone),
        (String::new(), 1, AnchorStatus::Gone),
        (OLD.replace('\n', "\r\n"), 6, AnchorStatus::Same),
    ] {
        let view = project(&round_index, &path, || &fixes, Some(OLD), &current, |_, _| false);
        assert_eq!((view.places[0].lines.start(), view.places[0].status), (line, status), "{current:?}");
    }
}
