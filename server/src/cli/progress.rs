//! What is seen while a round runs: on a terminal's standard error a line an agent, with its own clock, which stops when it
//! is done; elsewhere a line when one is done.

use super::dry_run::{expected, grouped};
use super::output;
use console::{Term, measure_text_width, pad_str, style, truncate_str};
use finding::{AgentName, AgentOutcome, AgentRun, Round, Usage};
use report::sanitize::printable;
use review::Event;
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
    lines.clear();
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

/// An agent as its line has it.
struct Line {
    name: AgentName,
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
    /// Where there is none, an agent has one plain line when it is done.
    terminal: Option<Term>,
    agents: Vec<Line>,
    turn: usize,
    /// How many lines are on the terminal, above the cursor.
    drawn: usize,
}

impl Lines {
    fn new() -> Self {
        let terminal = std::io::stderr().is_terminal().then(Term::buffered_stderr);
        Self { terminal, agents: Vec::new(), turn: 0, drawn: 0 }
    }

    /// Writes a line above the others.
    fn note(&mut self, text: &str) {
        self.clear();
        output::note(text);
        self.draw();
    }

    fn update(&mut self, round: &Round) {
        for run in &round.agents {
            let at = self.agents.iter().position(|line| line.name == run.agent.name).unwrap_or_else(|| {
                let (name, label) = (run.agent.name.clone(), printable(&run.agent.label));
                self.agents.push(Line { name, label, started: Instant::now(), said: String::new(), done: None });
                self.agents.len() - 1
            });
            let line = &mut self.agents[at];
            let failed = match &run.outcome {
                AgentOutcome::Running => continue,
                AgentOutcome::Reviewed => false,
                AgentOutcome::Failed { .. } => true,
            };
            if line.done.is_none() {
                let took = Duration::from_millis(run.duration_ms);
                line.said = outcome(round, run);
                line.done = Some(Done { failed, took });
                if self.terminal.is_none() {
                    output::note(&format!("{}: {} ({})", line.label, line.said, span(took)));
                }
            }
        }
        self.draw();
    }

    fn doing(&mut self, agent: &AgentName, what: &str) {
        if let Some(line) = self.agents.iter_mut().find(|line| line.name == *agent && line.done.is_none()) {
            line.said = printable(what);
        }
        self.draw();
    }

    /// A moment passed.
    fn turn(&mut self) {
        self.turn += 1;
        self.draw();
    }

    /// Draws the lines over the ones before. The cursor stays at the start of the line below: what the terminal itself writes
    /// there (`^C`) is gone with the next drawing. Lines for which there is no room are left out, those that are done first.
    fn draw(&mut self) {
        let Some(terminal) = &self.terminal else { return };
        let (rows, columns) = terminal.size();
        // Not all of it: some terminals keep what is cleared from the very top as history.
        let room = usize::from(rows).saturating_sub(2);
        let width = self.agents.iter().map(|line| measure_text_width(&line.label)).max().unwrap_or(0);
        let mut over = self.agents.len().saturating_sub(room);
        let has_room = |line: &&Line| {
            let is_left_out = over > 0 && line.done.is_some();
            over -= usize::from(is_left_out);
            !is_left_out
        };
        let shown: Vec<&Line> = self.agents.iter().filter(has_room).take(room).collect();
        let turning = SPINNER[self.turn % SPINNER.len()];
        // Nobody can be told that the terminal is gone.
        let _ = terminal.move_cursor_up(self.drawn);
        for line in &shown {
            let _ = terminal.clear_line();
            let _ = terminal.write_line(&line.text(turning, width, usize::from(columns)));
        }
        let _ = terminal.clear_line();
        let _ = terminal.clear_to_end_of_screen();
        let _ = terminal.flush();
        self.drawn = shown.len();
    }

    /// Takes the lines off the terminal.
    fn clear(&mut self) {
        if let Some(terminal) = &self.terminal {
            let _ = terminal.move_cursor_up(self.drawn);
            let _ = terminal.clear_line();
            let _ = terminal.clear_to_end_of_screen();
            let _ = terminal.flush();
        }
        self.drawn = 0;
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
        truncate_str(&line, columns.saturating_sub(1), "…").into_owned()
    }
}

/// What came of an agent's review: its findings and tokens, or why it failed.
fn outcome(round: &Round, run: &AgentRun) -> String {
    if let AgentOutcome::Failed { failure } = &run.outcome {
        return format!("failed: {}", printable(&failure.message));
    }
    let findings = match round.raised_by(&run.agent.name) {
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
            name: AgentName::new(label),
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
        assert_eq!(text(&failed, 31), "✗ Gemini          4 s  failed…", "never more than a line");
    }
}
