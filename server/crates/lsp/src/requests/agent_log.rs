//! One agent's part in a review, as text for people.

use finding::{AgentOutcome, AgentRun};
use report::sanitize::printable;
use std::fmt::Write as _;
use std::time::Duration;

/// What it did and how that went.
pub(crate) fn text<'a>(run: &AgentRun, did: impl Iterator<Item = (Duration, &'a str)>) -> String {
    let mut out = format!("{}\n\n", printable(&run.agent.label));
    // Writing into a string does not fail.
    for (at, doing) in did {
        let _ = writeln!(out, "{:>6.1} s  {}", at.as_secs_f64(), printable(doing));
    }
    let took = Duration::from_millis(run.duration_ms).as_secs_f64();
    match &run.outcome {
        AgentOutcome::Running => out.push_str("not done\n"),
        AgentOutcome::Reviewed => {
            let _ = writeln!(out, "reviewed in {took:.1} s");
        }
        AgentOutcome::Failed { failure } => {
            let _ = writeln!(out, "failed after {took:.1} s: {}", printable(&failure.message));
            if let Some(remedy) = &failure.remedy {
                let _ = writeln!(out, "what helps: {}", printable(remedy));
            }
        }
    }
    let usage = &run.usage;
    let counted = [
        ("tokens read", usage.input_tokens),
        ("of them from the vendor's cache", usage.cached_tokens),
        ("tokens written", usage.output_tokens),
        ("files read and commands run", usage.tool_calls),
    ];
    for (what, count) in counted.into_iter().filter_map(|(what, count)| Some((what, count?))) {
        let _ = writeln!(out, "{what}: {count}");
    }
    if let Some(cost) = usage.cost_usd {
        let _ = writeln!(out, "cost: ${cost:.4}");
    }
    for note in &run.notes {
        let _ = writeln!(out, "note: {}", printable(note));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::{AgentInfo, AgentKind, AgentName, Failure, FailureKind};

    #[test]
    fn it_says_what_was_done_and_how_it_ended() {
        let agent = AgentInfo { name: AgentName::new("one"), label: "One".into(), kind: AgentKind::Cli };
        let failure = Failure::new(FailureKind::NotLoggedIn, "nobody is logged in").with_remedy("one login");
        let mut run = AgentRun::new(agent, AgentOutcome::Failed { failure });
        run.duration_ms = 1500;
        run.usage.input_tokens = Some(7);
        run.usage.cost_usd = Some(0.25);
        run.notes.push("a note\u{1b}[2J".into());
        let did = [(Duration::from_millis(300), "reading a.rs")];
        assert_eq!(
            text(&run, did.into_iter()),
            "One\n\n   0.3 s  reading a.rs\nfailed after 1.5 s: nobody is logged in\nwhat helps: one login\ntokens read: \
             7\ncost: $0.2500\nnote: a note\n"
        );
    }
}
