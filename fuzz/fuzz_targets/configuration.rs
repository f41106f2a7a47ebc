//! Any text is taken as a repository's settings or refused with its line, and never names a program or an address; any text is
//! taken as the value of a variable or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let none = |_: &str| None;
    if let Ok(loaded) = config::load(None, Some(text), &none) {
        let default = config::Config::default();
        assert_eq!(loaded.config.agents.len(), default.agents.len(), "a repository gives agents: {text:?}");
    }
    let _ = config::load(None, None, &|_: &str| Some(text.to_owned()).filter(|text| !text.contains('\0')));
});
