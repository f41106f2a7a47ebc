//! The rules' pages in `docs/rules/`: every rule has one, and the examples in it are true.

use crate::git::Snapshot;
use crate::patch::{Hints, apply, apply_edits};
use std::path::Path;
use tokio_util::sync::CancellationToken;

fn block<'p>(page: &'p str, heading: &str) -> Option<(&'p str, &'p str)> {
    let after = page.split_once(&format!("\n## {heading}\n\n```"))?.1;
    let (language, code) = after.split_once('\n')?;
    Some((language, code.split_once("\n```")?.0))
}

#[test]
fn examples_are_found_before_and_not_after() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules");
    let mut examples = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let rule = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let page = std::fs::read_to_string(&path).unwrap();
        assert!(page.starts_with(&format!("# {rule}\n")), "{rule}");
        let Some((language, before)) = block(&page, "Before") else { continue };
        let ending = match language {
            "python" => "py",
            "rust" => "rs",
            "typescript" => "ts",
            "javascript" => "js",
            other => other,
        };
        let name = format!("a.{ending}");
        let found = |code: &str| {
            let snapshot = Snapshot::in_memory(&[], &[(&name, code)]);
            let check = |c: &super::Checker| (c.check)(&snapshot, &CancellationToken::new()).unwrap();
            super::ALL.iter().flat_map(check).collect::<Vec<_>>()
        };
        let findings = found(before);
        let ids: Vec<&str> = findings.iter().map(|f| f.rule.as_ref().unwrap().id.as_str()).collect();
        assert_eq!(ids, [format!("deep-review/{rule}")]);
        if let Some((_, after)) = block(&page, "After") {
            assert_eq!(found(after), [], "{rule}");
            if let Some(fix) = findings[0].fixes.first() {
                let edits = apply(before, &fix.diff, &Hints::default()).unwrap().edits;
                assert_eq!(apply_edits(before, &edits), after, "{rule}");
            }
        }
        examples += 1;
    }
    assert_eq!(examples, 15);
}
