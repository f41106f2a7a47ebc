//! Any suggestion is placed in any text or refused; what is placed lies inside of the text and changes it.
//!
//! The input is text and suggestion, with a NUL byte between them; its first byte is the cited line, 0 for none.
#![no_main]

use deep_review::finding::LineRange;
use deep_review::patch::{Hints, apply, apply_edits, find_quote};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((text, diff)) = input.split_once('\0') else { return };
    let line = input.bytes().next().unwrap_or(0);
    let lines = (line > 0).then(|| LineRange::line(u32::from(line)));
    let hints = Hints { lines, ..Hints::default() };
    let total = text.split_inclusive('\n').count() as u32;
    if let Ok(applied) = apply(text, diff, &hints) {
        let mut next = 1;
        for edit in &applied.edits {
            assert!(edit.start >= next && edit.start + edit.count <= total + 1);
            next = edit.start + edit.count;
        }
        assert_ne!(apply_edits(text, &applied.edits), text);
    }
    if let Some(found) = find_quote(text, diff, lines) {
        assert!(found.end() <= total);
    }
});
