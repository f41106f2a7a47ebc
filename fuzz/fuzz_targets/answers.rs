//! Whatever an agent prints is read or refused: its answer, and the streams of the programs. What is read has an end: no more
//! findings than anybody reads, and no text longer than anybody reads.
//!
//! The input is what it printed, and what it said on standard error behind a NUL byte; the first byte says how it ended.
#![no_main]

use agent::answer;
use agent::process::End;
use finding::{AgentName, Failure, FailureKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let (stdout, stderr) = input.split_once('\0').unwrap_or((input, ""));
    let end = match input.bytes().next().unwrap_or(0) % 4 {
        0 => End::Signalled(9),
        1 => End::Exited(1),
        2 => End::Failed(Failure::new(FailureKind::TimedOut, "it was not done")),
        _ => End::Exited(0),
    };
    let me = AgentName::new("x");
    for said in [
        agent::claude::read(&end, stdout, stderr),
        agent::codex::read(&end, stdout, stderr),
        agent::gemini::read(&end, stdout, stderr),
    ] {
        let failed = said.failure.is_some();
        let _ = answer::verdicts(&said);
        let _ = answer::lead(&said);
        let outcome = said.into_outcome(&me);
        assert!(!failed || outcome.failure.is_some(), "a run that failed is called complete: {stdout:?}");
    }
    if let Ok(parsed) = answer::from_text(stdout, &me) {
        assert!(parsed.answer.findings.len() <= 500);
        assert!(parsed.answer.findings.iter().all(|f| f.body.len() <= 65 << 10));
    }
    let _ = answer::prose(stdout);
});
