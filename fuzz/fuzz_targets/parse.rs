//! Any text is read or refused, without a panic, and in time that its length bounds.
#![no_main]

use deep_review::patch::{canonical, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|diff: &str| {
    if let Ok(patch) = parse(diff) {
        assert!(!patch.files.is_empty());
    }
    let _ = canonical(diff);
});
