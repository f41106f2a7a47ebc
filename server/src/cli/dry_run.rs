//! `deep-review review --dry-run`: exactly what would be sent to whom.

use super::context::block_on;
use super::{Exit, output};
use agent::Preview;
use finding::{AgentKind, Usage};
use report::sanitize::printable;
use review::{DryRun, Request, Sent};
use std::fmt::Write as _;
use std::path::Path;
use tokio_util::sync::CancellationToken;

pub(super) fn run(request: Request, file: Option<&Path>) -> anyhow::Result<Exit> {
    let verifies = request.options.verify != config::Verify::Off;
    let dry = block_on(review::dry_run(request, CancellationToken::new()))??;
    let mut text = text(&dry);
    if verifies {
        text.push_str("Besides, agents would be sent each other's findings to check, with the diff of those files.\n");
    }
    output::to(file, &text)?;
    Ok(Exit::Done)
}

fn text(dry: &DryRun) -> String {
    let mut out = String::new();
    for sent in &dry.agents {
        agent(&mut out, sent);
    }
    out
}

fn agent(out: &mut String, sent: &Sent) {
    let (name, label) = (&sent.agent.name, printable(&sent.agent.label));
    let Some(estimate) = &sent.estimate else {
        let why = match (sent.agent.kind, sent.holds_since) {
            (_, Some(round)) => format!("nothing: its answer of round {round} holds"),
            (AgentKind::Linter, _) => "nothing: it runs on this machine".to_owned(),
            _ => "nothing: no program is started, nothing leaves this machine".to_owned(),
        };
        let _ = writeln!(out, "=== {name} ({label}): {why}\n");
        return;
    };
    let _ = writeln!(out, "=== {name} ({label}): {}", expected(estimate));
    let count = sent.prompts.len();
    for (n, prompt) in (1..).zip(&sent.prompts) {
        match prompt {
            Ok(preview) => one(out, preview, (n, count)),
            Err(failure) => {
                let _ = writeln!(out, "cannot be asked: {}", printable(&failure.message));
            }
        }
    }
    out.push('\n');
}

fn one(out: &mut String, preview: &Preview, (n, of): (usize, usize)) {
    let part = if of > 1 { format!(", part {n} of {of}") } else { String::new() };
    let _ = writeln!(out, "--- to {}{part}: {} bytes", printable(&preview.to), preview.text.len());
    for left_out in &preview.not_shown {
        let _ = writeln!(out, "--- not in it: {}", printable(left_out));
    }
    if preview.reads_checkout {
        out.push_str("--- it may read a copy of the repository, masked and without what is never sent\n");
    }
    // As it is, but for what would steer the terminal.
    let shown: String = preview.text.chars().filter(|c| agent::answer::keep(*c)).collect();
    out.push_str(&shown);
    out.push_str("\n--- end\n");
}

/// "about 12,000 tokens, $0.12": what is expected.
pub(super) fn expected(usage: &Usage) -> String {
    let tokens = usage.input_tokens.unwrap_or(0) + usage.output_tokens.unwrap_or(0);
    match usage.cost_usd {
        Some(cost) => format!("about {} tokens, ${cost:.2}", grouped(tokens)),
        None => format!("about {} tokens, price not known", grouped(tokens)),
    }
}

/// "1,234,567".
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_easy_to_read() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), text);
        }
        let usage = Usage { input_tokens: Some(12_000), output_tokens: Some(3000), ..Usage::default() };
        assert_eq!(expected(&usage), "about 15,000 tokens, price not known");
        assert_eq!(expected(&Usage { cost_usd: Some(0.118), ..usage }), "about 15,000 tokens, $0.12");
    }
}
