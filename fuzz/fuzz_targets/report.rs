//! Any text is read as a report, as one of deep-review's own and as one agent's review, without a panic. A report that was
//! read and written again is one of deep-review's own: it has the same findings.
#![no_main]

use finding::{AgentName, Decisions, Round};
use import::prose;
use report::{Texts, markdown};
use libfuzzer_sys::fuzz_target;

fn labels(round: &Round) -> Vec<String> {
    let mut labels: Vec<String> = round.findings.iter().map(|f| f.label.clone()).collect();
    labels.sort();
    labels
}

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = prose::read_answer(text, &AgentName::new("x"));
    let Ok((round, _)) = prose::read(text) else { return };
    let written = markdown::write(&round, &Decisions::default(), &Texts::default());
    let (again, _) = import::report::read(&written).expect("what is written can be read");
    assert_eq!(labels(&again), labels(&round), "{written}");
});
