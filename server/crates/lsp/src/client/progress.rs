//! A review's progress in the editor: one line an agent, begun and ended exactly once.

use super::outbox::Outbox;
use crate::event::ReviewId;
use crate::protocol::capabilities::ClientCapabilities;
use crate::protocol::error::with_remedy;
use agent::Progress;
use finding::{AgentName, AgentOutcome, AgentRun, Round};
use lsp_types::*;
use report::sanitize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often a line shows how long its agent has been at it.
const TICK: Duration = Duration::from_secs(1);

const STARTING: &str = "starting";

/// What is to be shown.
#[derive(Debug)]
pub(crate) enum ProgressEvent {
    Round(Arc<Round>),
    Doing(AgentName, Progress),
}

/// The review that a token belongs to.
pub(crate) fn review_of(token: &ProgressToken) -> Option<ReviewId> {
    let ProgressToken::String(token) = token else { return None };
    token.strip_prefix("deep-review/")?.split('/').next()?.parse().ok().map(ReviewId)
}

/// Begins to show a review's progress, where the client shows any: what goes into the sender.
pub(crate) fn start(
    outbox: &Outbox,
    capabilities: ClientCapabilities,
    review: ReviewId,
) -> UnboundedSender<ProgressEvent> {
    let (events, shown) = unbounded_channel();
    if capabilities.progress {
        tokio::spawn(show(outbox.clone(), shown, review));
    }
    events
}

struct Line {
    token: ProgressToken,
    started: Instant,
    doing: Progress,
}

/// Shows what is said until nobody says any more; then every line that was begun is ended.
async fn show(outbox: Outbox, mut events: UnboundedReceiver<ProgressEvent>, ReviewId(review): ReviewId) {
    let mut lines: HashMap<AgentName, Line> = HashMap::new();
    let mut seen: HashSet<AgentName> = HashSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            // Those that say nothing are seen to be alive.
            _ = tick.tick() => {
                lines.values().for_each(|line| outbox.tell(line.token.clone(), report(line)));
                continue;
            }
        };
        match event {
            None => break,
            Some(ProgressEvent::Round(round)) => {
                for run in &round.agents {
                    let name = &run.agent.name;
                    if run.outcome != AgentOutcome::Running {
                        if let Some(line) = lines.remove(name) {
                            end(&outbox, line, Some(summary(run)));
                        }
                    } else if seen.insert(name.clone()) {
                        let token = format!("deep-review/{review}/{}", seen.len());
                        if let Some(line) = begin(&outbox, &run.agent.label, token).await {
                            lines.insert(name.clone(), line);
                        }
                    }
                }
            }
            Some(ProgressEvent::Doing(name, progress)) => {
                if let Some(line) = lines.get_mut(&name) {
                    line.doing = progress;
                    outbox.tell(line.token.clone(), report(line));
                }
            }
        }
    }
    for (_, line) in lines {
        end(&outbox, line, None);
    }
}

/// One line for what agents do about a finding besides a review, where the client shows any; ended exactly once.
pub(crate) struct ErrandLine {
    outbox: Outbox,
    token: Option<ProgressToken>,
}

impl ErrandLine {
    pub(crate) async fn begin(
        outbox: &Outbox,
        capabilities: ClientCapabilities,
        ReviewId(errand): ReviewId,
        what: &str,
    ) -> Self {
        let token = ProgressToken::String(format!("deep-review/{errand}/1"));
        let token =
            if capabilities.progress && outbox.create_progress(token.clone()).await { Some(token) } else { None };
        if let Some(token) = &token {
            let begin = WorkDoneProgressBegin {
                title: format!("{what}: deep-review"),
                cancellable: Some(true),
                message: Some(STARTING.into()),
                percentage: None,
            };
            outbox.tell(token.clone(), WorkDoneProgress::Begin(begin));
        }
        Self { outbox: outbox.clone(), token }
    }

    pub(crate) fn report(&self, what: &str) {
        let Some(token) = self.token.clone() else { return };
        let message = Some(sanitize::printable(what.lines().next().unwrap_or_default()));
        let report = WorkDoneProgressReport { cancellable: Some(true), message, percentage: None };
        self.outbox.tell(token, WorkDoneProgress::Report(report));
    }

    pub(crate) fn end(mut self, message: Option<String>) {
        self.finish(message.map(|message| sanitize::printable(&message)));
    }

    fn finish(&mut self, message: Option<String>) {
        if let Some(token) = self.token.take() {
            self.outbox.tell(token, WorkDoneProgress::End(WorkDoneProgressEnd { message }));
        }
    }
}

impl Drop for ErrandLine {
    /// Whatever happened.
    fn drop(&mut self) {
        self.finish(None);
    }
}

async fn begin(outbox: &Outbox, label: &str, token: String) -> Option<Line> {
    let token = ProgressToken::String(token);
    if !outbox.create_progress(token.clone()).await {
        return None;
    }
    let begin = WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: format!("Review: {}", sanitize::printable(label)),
        cancellable: Some(true),
        message: Some(STARTING.into()),
        percentage: None,
    });
    outbox.tell(token.clone(), begin);
    Some(Line { token, started: Instant::now(), doing: Progress::doing(STARTING) })
}

fn report(line: &Line) -> WorkDoneProgress {
    let elapsed = line.started.elapsed().as_secs();
    let percentage = line
        .doing
        .fraction
        .filter(|(_, total)| *total > 0)
        .map(|(done, total)| u32::try_from(u64::from(done.min(total)) * 100 / u64::from(total)).unwrap_or(100));
    WorkDoneProgress::Report(WorkDoneProgressReport {
        cancellable: Some(true),
        message: Some(format!("{} · {elapsed} s", sanitize::printable(&line.doing.doing))),
        percentage,
    })
}

fn end(outbox: &Outbox, line: Line, message: Option<String>) {
    outbox.tell(line.token, WorkDoneProgress::End(WorkDoneProgressEnd { message }));
}

/// "done in 12 s, $0.21" or why it failed.
fn summary(run: &AgentRun) -> String {
    let seconds = run.duration_ms.div_ceil(1000);
    let cost = run.usage.cost_usd.map(|usd| format!(", ${usd:.2}")).unwrap_or_default();
    match &run.outcome {
        AgentOutcome::Failed { failure } => {
            format!(
                "failed after {seconds} s{cost}: {}",
                sanitize::printable(&with_remedy(&failure.message, failure.remedy.as_deref()))
            )
        }
        AgentOutcome::Running | AgentOutcome::Reviewed => format!("done in {seconds} s{cost}"),
    }
}
