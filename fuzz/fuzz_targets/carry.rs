//! A line map that follows edits says of every line where it is, as a list of the lines themselves does; one that is
//! made from two texts leads from each line that it calls untouched to the same line.
//!
//! The input is two texts with a NUL byte between them; the bytes of the second are, three at a time, edits of the first.
#![no_main]

use finding::LineRange;
use patch::{Carried, LineMap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let (old, new) = input.split_once('\0').unwrap_or((input, ""));
    let between = LineMap::between(old, new);
    let (old, new_lines): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    for (line, text) in (1..).zip(&old) {
        if let Carried::Untouched(now) = between.carry(LineRange::line(line)) {
            assert_eq!(new_lines[now.start() as usize - 1], *text);
        }
    }

    let mut map = LineMap::identity();
    let mut now: Vec<Option<u32>> = (1..).take(old.len()).map(Some).collect();
    for edit in new.as_bytes().chunks_exact(3) {
        let at = usize::from(edit[0]).min(now.len());
        let removed = usize::from(edit[1] % 8).min(now.len() - at);
        let added = u32::from(edit[2] % 8);
        map.edit(at as u32 + 1, removed as u32, added);
        now.splice(at..at + removed, (0..added).map(|_| None));
    }
    for (line, old) in (1..).zip(&now) {
        assert_eq!(map.back(line), *old);
        if let Some(old) = old {
            assert_eq!(map.carry(LineRange::line(*old)), Carried::Untouched(LineRange::line(line)));
        }
    }
    for line in (1..).take(old.len()).filter(|line| !now.contains(&Some(*line))) {
        assert!(map.carry(LineRange::line(line)).is_touched());
    }
});
