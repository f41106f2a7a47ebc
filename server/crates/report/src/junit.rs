//! JUnit's XML: a suite for each agent, a failed case for each of its findings; an agent without a review is
//! an error, so that it never looks like a pass.

use super::sanitize::printable;
use finding::{AgentOutcome, Decisions, Round, Severity};
use std::fmt::Write as _;

/// Writes the round.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"deep-review\">\n");
    for run in &round.agents {
        let found: Vec<_> = round
            .standing()
            .filter(|f| f.attributions.iter().any(|a| a.agent == run.agent.name) && decisions.is_open(&f.id))
            .collect();
        let failed = matches!(run.outcome, AgentOutcome::Failed { .. } | AgentOutcome::Running);
        // Suggestions are harmless, and what is doubtful decides nothing: they are told, and do not fail.
        let fails = |f: &finding::Finding| f.severity > Severity::Suggestion && !f.is_doubtful();
        let failures = found.iter().filter(|f| fails(f)).count();
        let tests = found.len().max(1) + usize::from(failed && !found.is_empty());
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\" time=\"{}.{:03}\">",
            escape(&run.agent.label),
            u8::from(failed),
            run.duration_ms / 1000,
            run.duration_ms % 1000
        );
        for f in &found {
            let place = f.main_anchor().map_or_else(|| "branch".to_owned(), ToString::to_string);
            let _ = write!(out, "    <testcase classname=\"{}\" name=\"{}\"", escape(&place), escape(&f.title));
            let text = format!("{place}\n\n{}", f.body);
            if fails(f) {
                let _ = writeln!(
                    out,
                    ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                    f.severity,
                    escape(&f.title),
                    escape(&text)
                );
            } else {
                let _ = writeln!(out, ">\n      <system-out>{}</system-out>\n    </testcase>", escape(&text));
            }
        }
        match &run.outcome {
            AgentOutcome::Failed { failure } => {
                let _ = writeln!(
                    out,
                    "    <testcase classname=\"review\" name=\"the agent reviews\">\n      <error message=\"{}\"/>\n    </testcase>",
                    escape(&failure.message)
                );
            }
            AgentOutcome::Running => out.push_str(
                "    <testcase classname=\"review\" name=\"the agent reviews\">\n      <error message=\"it was not done\"/>\n    </testcase>\n",
            ),
            AgentOutcome::Reviewed if found.is_empty() => {
                out.push_str("    <testcase classname=\"review\" name=\"no open findings\"/>\n");
            }
            AgentOutcome::Reviewed => {}
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Text for an attribute or an element; characters that XML 1.0 cannot have are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}
