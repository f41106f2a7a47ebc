//! Any suggestion is placed in any text or refused; what is placed lies inside of the text and changes it, and nothing
//! but the lines that the edits name.
//!
//! The input is a text, a suggestion and perhaps a hint, with NUL bytes between them; the first byte of the hint is the
//! cited line (0 for none), the rest is the quoted code.
#![no_main]

use finding::LineRange;
use libfuzzer_sys::fuzz_target;
use patch::{Hints, LineMap, apply_edits, find_quote, place, place_since};

/// Without the mark before the first, where the text has it: it is none of its characters.
fn lines_of(text: &str, has_mark: bool) -> Vec<&str> {
    let mark = if has_mark { "\u{feff}" } else { "" };
    lines::split(text.strip_prefix(mark).unwrap_or(text)).collect()
}

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let mut parts = input.splitn(3, '\0');
    let (Some(text), Some(diff)) = (parts.next(), parts.next()) else { return };
    let hint = parts.next().unwrap_or_default();
    let line = hint.bytes().next().unwrap_or(0);
    let quote = hint.get(1..).filter(|quote| !quote.is_empty());
    let lines = (line > 0).then(|| LineRange::line(u32::from(line)));
    let hints = Hints { lines, quote, ..Hints::default() };
    let total = u32::try_from(lines::split(text).count()).unwrap_or(u32::MAX);
    let placed = place(text, diff, &hints);
    if let Ok(placed) = &placed {
        let mut next = 1;
        for edit in &placed.edits {
            assert!(edit.start >= next && edit.start + edit.count <= total + 1);
            next = edit.start + edit.count;
        }
        let after = apply_edits(text, &placed.edits);
        assert_ne!(after, text);
        let has_mark = text.starts_with('\u{feff}');
        let (old, new) = (lines_of(text, has_mark), lines_of(&after, has_mark));
        assert!(new.ends_with(&old[next as usize - 1..]));
        assert!(new.starts_with(&old[..placed.edits[0].start as usize - 1]));
    }
    assert_eq!(place_since(text, text, &LineMap::identity(), diff, &hints), placed);
    if let Some(found) = find_quote(text, quote.unwrap_or(diff), lines) {
        assert!(found.end() <= total);
    }
});
