//! The table of cases in `fixtures/patch/`: each a text, a suggestion, and what becomes of the text.

use crate::{Hints, Placement, Refusal, apply_edits, place};
use finding::{LineRange, RepoPath};
use serde::Deserialize;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    text: String,
    diff: String,
    /// The text afterwards; without it, `refused` says why not.
    expect: Option<String>,
    /// The refusal's variant.
    refused: Option<String>,
    path: Option<String>,
    /// The cited lines.
    lines: Option<(u32, u32)>,
    quote: Option<String>,
    symbol: Option<String>,
    placement: Option<String>,
    /// The edits as (first line, lines taken out), where their being minimal matters.
    edits: Option<Vec<(u32, u32)>>,
}

fn run(case: &Case) -> Result<(), String> {
    let path = case.path.as_deref().map(|p| RepoPath::new(p).unwrap());
    let hints = Hints {
        path: path.as_ref(),
        lines: case.lines.map(|(a, b)| LineRange::new(a, b)),
        quote: case.quote.as_deref(),
        symbol: case.symbol.as_deref(),
    };
    let outcome = place(&case.text, &case.diff, &hints);
    match (&outcome, &case.expect, &case.refused) {
        (Ok(applied), Some(expect), None) => {
            let text = apply_edits(&case.text, &applied.edits);
            if text != *expect {
                return Err(format!("expected\n{expect:?}\ngot\n{text:?}"));
            }
            let placement = match applied.placement {
                Placement::Exact => "exact",
                Placement::Whitespace => "whitespace",
                Placement::Elided => "elided",
                Placement::Fuzzy => "fuzzy",
            };
            if case.placement.as_deref().is_some_and(|p| p != placement) {
                return Err(format!("placed {placement}"));
            }
            let edits: Vec<_> = applied.edits.iter().map(|e| (e.start, e.count)).collect();
            if case.edits.as_ref().is_some_and(|e| *e != edits) {
                return Err(format!("edits {edits:?}"));
            }
            Ok(())
        }
        (Err(refusal), None, Some(variant)) if variant_of(refusal) == *variant => Ok(()),
        _ => Err(format!("got {outcome:?}")),
    }
}

fn variant_of(refusal: &Refusal) -> String {
    let debug = format!("{refusal:?}");
    debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

#[test]
fn every_case_of_the_table_comes_out_as_written() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fixtures/patch");
    let (mut count, mut failures) = (0, Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "toml")) {
        let table: Table = toml::from_str(&std::fs::read_to_string(file).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for case in &table.case {
            count += 1;
            if let Err(why) = run(case) {
                failures.push(format!("{}: {}\n{why}\n", file.file_name().unwrap().display(), case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases:\n\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 150, "{count} cases are left of the table");
}
