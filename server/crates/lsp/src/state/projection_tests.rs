use super::*;
use finding::{Finding, Round};
use merge::state::{Effects, Since};
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
    let then = |_: &RepoPath| Some(Arc::from(OLD));
    let effects = Effects::of(&round_index.round.findings[0], &then);
    for (current, line, status) in [
        (OLD.to_owned(), 6, TextState::Same),
        (format!("// new\n{OLD}"), 7, TextState::Same),
        (OLD.replace("fn one", "fn uno"), 6, TextState::Same),
        (OLD.replace("b()", "bb()"), 6, TextState::Touched),
        (OLD.replace("b()", "c()"), 6, TextState::Fixed),
        (format!("// new\n{}", OLD.replace("b()", "c()")), 7, TextState::Fixed),
        (OLD.replace("    b();\n", ""), 5, TextState::Gone),
        (String::new(), 1, TextState::Gone),
        (OLD.replace('\n', "\r\n"), 6, TextState::Same),
    ] {
        let now = |_: &RepoPath| Some(Arc::from(current.as_str()));
        let since = Since::new(&then, &now);
        let view = project(&round_index, &path, Some(OLD), Some(&current), |_| effects.are_in(&since));
        assert_eq!((view.places[0].lines.start(), view.places[0].status), (line, status), "{current:?}");
    }
}

#[test]
fn a_fix_is_carried_where_nothing_around_it_changed() {
    let round_index = index((6, 6));
    let path = RepoPath::new("a.rs").unwrap();
    let fixes = ReviewedFixes::of(&round_index, &path, Some(OLD));
    for (current, start) in [
        (OLD.to_owned(), Some(6)),
        (format!("// new\n{OLD}"), Some(7)),
        (OLD.replace("a()", "aa()"), Some(6)),
        (OLD.replace("two", "zwei"), None),
        (OLD.replace("b()", "c()"), None),
        (String::new(), None),
    ] {
        let view = project(&round_index, &path, Some(OLD), Some(&current), |_| false);
        let carried = fixes.carried(0, 0, &view);
        assert_eq!(carried.map(|placed| placed.unwrap().edits[0].start), start, "{current:?}");
    }
}
