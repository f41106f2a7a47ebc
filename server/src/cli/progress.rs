//! What is seen while a round runs: on a terminal's standard error a line an agent, with its own clock, which stops when it
//! is done; elsewhere a line when one is done.

use super::dry_run::{expected, grouped};
use super::output;
use console::{measure_text_width, pad_str, style, truncate_str};
use finding::{AgentName, AgentOutcome, AgentRun, Round, Usage};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use report::sanitize::printable;
use review::Event;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

/// Shows the events until they end; says when `cancel` stops the round.
pub(super) async fn show(mut events: UnboundedReceiver<Event>, cancel: CancellationToken) {
    let mut lines = Lines::new();
    let mut stopping = false;
    let mut newest: Option<Arc<Round>> = None;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => lines.turn(),
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

/// How often what moves in a line moves.
const TICK: Duration = Duration::from_millis(120);

/// What turns while an agent is at it.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Columns that stay free at the end of a line: the terminal itself writes `^C` there.
const SPARE: usize = 4;

/// An agent as its line has it.
struct Line {
    bar: ProgressBar,
    label: String,
    started: Instant,
    /// What it does; what came of it, once it is done.
    said: String,
    done: Option<Done>,
}

/// How an agent ended, and how long it took.
#[derive(Debug, Clone, Copy)]
struct Done {
    failed: bool,
    took: Duration,
}

struct Lines {
    all: MultiProgress,
    is_terminal: bool,
    agents: BTreeMap<AgentName, Line>,
    turn: usize,
}

impl Lines {
    fn new() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        Self { all, is_terminal, agents: BTreeMap::new(), turn: 0 }
    }

    /// Writes a line above the others.
    fn note(&self, text: &str) {
        self.all.suspend(|| output::note(text));
    }

    fn update(&mut self, round: &Round) {
        for run in &round.agents {
            let line = self.agents.entry(run.agent.name.clone()).or_insert_with(|| {
                let bar = self.all.add(ProgressBar::new_spinner());
                bar.set_style(
                    ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
                );
                let label = printable(&run.agent.label);
                Line { bar, label, started: Instant::now(), said: String::new(), done: None }
            });
            let failed = match &run.outcome {
                AgentOutcome::Running => continue,
                AgentOutcome::Reviewed => false,
                AgentOutcome::Failed { .. } => true,
            };
            if line.done.is_none() {
                line.said = outcome(round, run);
                line.done = Some(Done { failed, took: Duration::from_millis(run.duration_ms) });
                if !self.is_terminal {
                    let took = span(Duration::from_millis(run.duration_ms));
                    output::note(&format!("{}: {} ({took})", line.label, line.said));
                }
            }
        }
        self.draw();
    }

    fn doing(&mut self, agent: &AgentName, what: &str) {
        if let Some(line) = self.agents.get_mut(agent).filter(|line| line.done.is_none()) {
            line.said = printable(what);
        }
        self.draw();
    }

    /// A moment passed.
    fn turn(&mut self) {
        self.turn += 1;
        self.draw();
    }

    fn draw(&self) {
        if !self.is_terminal {
            return;
        }
        let columns = usize::from(console::Term::stderr().size().1);
        let width = self.agents.values().map(|line| measure_text_width(&line.label)).max().unwrap_or(0);
        for line in self.agents.values() {
            line.bar.set_message(line.text(SPINNER[self.turn % SPINNER.len()], width, columns));
            line.bar.tick();
        }
    }
}

impl Line {
    /// Mark, name, clock and what is said, in columns, on one line of the terminal.
    fn text(&self, turning: &str, width: usize, columns: usize) -> String {
        let (mark, clock) = match self.done {
            None => (style(turning).cyan(), span(self.started.elapsed())),
            Some(Done { failed: false, took }) => (style("✓").green(), span(took)),
            Some(Done { failed: true, took }) => (style("✗").red(), span(took)),
        };
        let (label, clock) = (pad_str(&self.label, width, console::Alignment::Left, None), format!("{clock:>8}"));
        let line = format!("{mark} {label} {}  {}", style(clock).dim(), self.said);
        truncate_str(&line, columns.saturating_sub(SPARE), "…").into_owned()
    }
}

/// What came of an agent's review: its findings and tokens, or why it failed.
fn outcome(round: &Round, run: &AgentRun) -> String {
    if let AgentOutcome::Failed { failure } = &run.outcome {
        return format!("failed: {}", printable(&failure.message));
    }
    let findings = match round.raw.iter().filter(|f| f.agent == run.agent.name).count() {
        0 => "no findings".to_owned(),
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    };
    let tokens = run.usage.input_tokens.unwrap_or(0) + run.usage.output_tokens.unwrap_or(0);
    let tokens = if tokens == 0 { String::new() } else { format!(", {} tokens", grouped(tokens)) };
    let cost = run.usage.cost_usd.map(|cost| format!(", ${cost:.2}")).unwrap_or_default();
    format!("{findings}{tokens}{cost}")
}

/// "41 ms", "12 s", "3:05 min".
fn span(time: Duration) -> String {
    match (time.as_secs(), time.subsec_millis()) {
        (0, ms) => format!("{ms} ms"),
        (s, _) if s < 60 => format!("{s} s"),
        (s, _) => format!("{}:{:02} min", s / 60, s % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stops_when_its_agent_is_done_and_columns_are_aligned() {
        console::set_colors_enabled(false);
        let started = Instant::now() - Duration::from_secs(90);
        let line = |label: &str, said: &str, done| Line {
            bar: ProgressBar::hidden(),
            label: label.to_owned(),
            started,
            said: said.to_owned(),
            done,
        };
        let took = Duration::from_millis(41);
        let done = line("References", "no findings", Some(Done { failed: false, took }));
        let failed = line("Gemini", "failed: nobody is logged in", Some(Done { failed: true, took: took * 100 }));
        let busy = line("Claude", "reading a.rs", None);
        let text = |line: &Line, columns| line.text("*", 10, columns);
        assert_eq!(text(&done, 80), "✓ References    41 ms  no findings");
        assert_eq!(text(&failed, 80), "✗ Gemini          4 s  failed: nobody is logged in");
        assert_eq!(text(&busy, 80), "* Claude     1:30 min  reading a.rs");
        assert_eq!(
            text(&failed, 34),
            "✗ Gemini          4 s  failed…",
            "one line, with room for what the terminal writes"
        );
    }
}
