//! The store under several real processes at once.

use crate::cli::bed::{Bed, answer, finding};
use std::process::Stdio;

#[test]
fn rounds_of_processes_at_once_are_all_kept_with_numbers_of_their_own() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "It is wrong", (7, 7))]));
    let args = ["review", "--agent", "one", "--format", "json"];
    // All commands first: making one writes the configuration that a running one reads.
    let commands: Vec<_> = (0..4).map(|_| bed.command(&args)).collect();
    let running: Vec<_> = commands
        .into_iter()
        .map(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for child in running {
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    }
    let ran = bed.run(&["rounds", "--json"]);
    assert_eq!(ran.err, "", "nothing had to be set aside");
    let rounds: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let numbers: Vec<u64> = rounds.as_array().unwrap().iter().filter_map(|r| r["number"].as_u64()).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn decisions_of_processes_at_once_are_all_kept() {
    let titles = ["Cut to 32 bits", "No doc comment", "Unclear name", "Environment read twice"];
    let findings: Vec<_> = (0..).zip(titles).map(|(n, t)| finding("important", t, (n * 2 + 1, n * 2 + 1))).collect();
    let bed = Bed::new().agent("one", &answer(&findings));
    bed.review(&["--agent", "one"]);
    let labels = ["I1", "I2", "I3", "I4"];
    let commands: Vec<_> = labels.iter().map(|label| bed.command(&["dismiss", label, "--reason", "no"])).collect();
    let running: Vec<_> =
        commands.into_iter().map(|mut command| command.stdout(Stdio::null()).spawn().unwrap()).collect();
    for mut child in running {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    let report = bed.run(&["report"]).out;
    assert!(report.contains("Not shown: 4 dismissed"), "{report}");
}
