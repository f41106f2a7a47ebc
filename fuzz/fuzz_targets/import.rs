//! Any file is taken in or refused, in any of the formats; what it says is anchored in a text, lies inside of it, and is
//! the same after it was written and read again.
//!
//! The input is a file and the text of `src/a.rs`, with a NUL byte between them.
#![no_main]

use finding::RepoPath;
use patch::{Hints, place};
use import::{Code, Import, read};
use report::json;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let (file, text) = input.split_once('\0').unwrap_or((input, "fn a() {\n    1\n}\n"));
    let Ok(import) = read(file, "x") else { return };
    let Ok(path) = RepoPath::new("src/a.rs") else { return };
    let paths = [path];
    let total = u32::try_from(lines::count(text)).unwrap_or(u32::MAX);
    let here = |path: &RepoPath| (*path == paths[0]).then(|| Arc::from(text));
    let code = Code::new(&paths, &paths, &here);
    let findings = match import {
        Import::Round(mut round, decisions) => {
            code.settle_round(&mut round);
            let (again, decided) = import::json::read(&json::write(&round, &decisions)).expect("what is written can be read");
            assert_eq!((&again, &decided), (&*round, &decisions));
            round.raw
        }
        Import::Reviews(said) => said.into_iter().flat_map(|said| code.settle_said(said).answer.findings).collect(),
    };
    for finding in findings {
        for anchor in finding.anchors.iter().filter(|a| a.path == paths[0]) {
            assert!(anchor.lines.is_none_or(|lines| lines.end() <= total), "{anchor:?} is outside of the text");
        }
        for fix in &finding.fixes {
            let _ = place(text, &fix.diff, &Hints::default());
        }
    }
});
