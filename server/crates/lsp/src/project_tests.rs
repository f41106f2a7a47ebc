use super::*;
use finding::{Finding, Round};
use serde_json::json;

const OLD: &str = "fn one() {\n    a();\n}\n\nfn two() {\n    b();\n}\n";
const FIX: &str = "@@ -5,3 +5,3 @@\n fn two() {\n-    b();\n+    c();\n }\n";

fn plan(lines: (u32, u32)) -> Plan {
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
    Plan::new(Arc::new(Round { findings: vec![finding], ..round }))
}

#[test]
fn a_place_follows_the_text() {
    let plan = plan((6, 6));
    let path = RepoPath::new("a.rs").unwrap();
    let facts = Facts::of(&plan, &path, Some(OLD));
    for (current, line, condition) in [
        (OLD.to_owned(), 6, Condition::Same),
        (format!("// new\n{OLD}"), 7, Condition::Same),
        (OLD.replace("fn one", "fn uno"), 6, Condition::Same),
        (OLD.replace("b()", "bb()"), 6, Condition::Touched),
        (OLD.replace("b()", "c()"), 6, Condition::Fixed),
        (format!("// new\n{}", OLD.replace("b()", "c()")), 7, Condition::Fixed),
        (OLD.replace("    b();\n", ""), 5, Condition::Gone),
        (String::new(), 1, Condition::Gone),
        (OLD.replace('\n', "\r\n"), 6, Condition::Same),
    ] {
        let view = project(&plan, &path, || &facts, Some(OLD), &current, |_, _| false);
        assert_eq!((view.places[0].lines.start(), view.places[0].condition), (line, condition), "{current:?}");
    }
}
