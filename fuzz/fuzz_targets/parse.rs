//! Any text is read or refused, without a panic, and in time that its length bounds.
#![no_main]

use patch::{canonical, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(diff) = std::str::from_utf8(input) else { return };
    let patch = parse(diff);
    assert!(patch.as_ref().is_ok_and(|patch| !patch.files.is_empty()) || patch.is_err());
    assert!(patch.is_ok() || canonical(diff).is_empty());
});
