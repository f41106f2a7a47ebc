//! What is seen while a round runs: a line an agent, on a terminal's standard error only.

use super::dry_run::{expected, grouped};
use super::output;
use finding::{AgentName, AgentOutcome, Round, Usage};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use report::sanitize::printable;
use review::Event;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

/// Shows the events until they end; says when `cancel` stops the round.
pub(super) async fn show(mut events: UnboundedReceiver<Event>, cancel: CancellationToken) {
    let mut lines = Lines::new();
    let mut stopping = false;
    let mut newest: Option<Arc<Round>> = None;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Updated(round)) => {
                    if newest.is_none() {
                        estimated(&round);
                    }
                    lines.update(&round);
                    newest = Some(round);
                }
                Some(Event::Progress(agent, progress)) => lines.doing(&agent, &progress.doing),
                Some(Event::SetAside(aside)) => lines.note(&format!("warning: {aside}")),
                None => break,
            },
            () = cancel.cancelled(), if !stopping => {
                stopping = true;
                lines.note("Cancelling; what was answered is kept. Press Ctrl-C again to stop at once.");
            }
        }
    }
    // A clean screen for what comes: the report says everything that these lines said.
    let _ = lines.all.clear();
    if let Some(round) = newest {
        used(&round);
    }
}

/// Before the agents start: what the round is expected to use.
fn estimated(round: &Round) {
    let estimates: Vec<Usage> = round.agents.iter().filter_map(|run| run.estimate).collect();
    if estimates.is_empty() {
        return;
    }
    let priced = estimates.iter().filter(|e| e.cost_usd.is_some()).count();
    let all = estimates.iter().fold(Usage::default(), |sum, e| sum.plus(*e));
    let partly = match estimates.len() - priced {
        0 => String::new(),
        _ if priced == 0 => String::new(),
        n => format!(" (for {n} of {} agents the price is not known)", estimates.len()),
    };
    output::note(&format!("Expected: {}{partly}", expected(&all)));
}

/// After it: what was used.
fn used(round: &Round) {
    let all = round.agents.iter().fold(Usage::default(), |sum, run| sum.plus(run.usage));
    if all == Usage::default() {
        return;
    }
    let tokens = all.input_tokens.unwrap_or(0) + all.output_tokens.unwrap_or(0);
    let cost = all.cost_usd.map(|cost| format!(", ${cost:.2}")).unwrap_or_default();
    let cached = all.cached_tokens.filter(|n| *n > 0);
    let cached = cached.map(|n| format!(" ({} of them from the vendor's cache)", grouped(n))).unwrap_or_default();
    output::note(&format!("Used: {} tokens{cached}{cost}", grouped(tokens)));
}

struct Lines {
    all: MultiProgress,
    agents: BTreeMap<AgentName, ProgressBar>,
}

impl Lines {
    fn new() -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { all: MultiProgress::with_draw_target(target), agents: BTreeMap::new() }
    }

    /// Writes a line above the others.
    fn note(&self, text: &str) {
        self.all.suspend(|| output::note(text));
    }

    fn update(&mut self, round: &Round) {
        let width = round.agents.iter().map(|a| a.agent.label.chars().count()).max().unwrap_or(0);
        for run in &round.agents {
            let line = self.agents.entry(run.agent.name.clone()).or_insert_with(|| {
                let line = self.all.add(ProgressBar::new_spinner());
                line.set_style(style("{spinner:.cyan} {prefix}  {elapsed:.dim}  {wide_msg}"));
                line.enable_steady_tick(Duration::from_millis(120));
                line
            });
            line.set_prefix(format!("{:width$}", printable(&run.agent.label)));
            match &run.outcome {
                AgentOutcome::Running => {}
                AgentOutcome::Reviewed if !line.is_finished() => {
                    let findings = round.raw.iter().filter(|f| f.agent == run.agent.name).count();
                    line.set_style(style("{prefix:.green}  {elapsed:.dim}  {wide_msg}"));
                    line.finish_with_message(match findings {
                        0 => "no findings".to_owned(),
                        1 => "1 finding".to_owned(),
                        n => format!("{n} findings"),
                    });
                }
                AgentOutcome::Failed { failure } if !line.is_finished() => {
                    line.set_style(style("{prefix:.red}  {elapsed:.dim}  {wide_msg}"));
                    line.finish_with_message(format!("failed: {}", printable(&failure.message)));
                }
                AgentOutcome::Reviewed | AgentOutcome::Failed { .. } => {}
            }
        }
    }

    fn doing(&self, agent: &AgentName, what: &str) {
        if let Some(line) = self.agents.get(agent).filter(|line| !line.is_finished()) {
            line.set_message(printable(what));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
