//! A line map of two texts leads from each line that it calls untouched to the same line, in order, and back.
//!
//! The input is two texts with a NUL byte between them.
#![no_main]

use finding::LineRange;
use libfuzzer_sys::fuzz_target;
use patch::{Carried, LineMap};

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let (old, new) = input.split_once('\0').unwrap_or((input, ""));
    let between = LineMap::between(old, new);
    let (old, new): (Vec<&str>, Vec<&str>) = (lines::split(old).collect(), lines::split(new).collect());
    let mut last = 0;
    for (line, text) in (1..).zip(&old) {
        if let Carried::Untouched(now) = between.carry(LineRange::line(line)) {
            assert_eq!(new[now.start() as usize - 1], *text);
            assert!(now.start() > last);
            assert_eq!(between.back(now.start()), Some(line));
            last = now.start();
        }
    }
    for line in (1..).take(new.len()) {
        if let Some(before) = between.back(line) {
            assert_eq!(between.carry(LineRange::line(before)), Carried::Untouched(LineRange::line(line)));
        }
    }
});
