//! A review's progress in the editor: one line an agent, begun and ended exactly once.

use super::outbox::Outbox;
use super::reviewing;
use agent::Progress;
use finding::{AgentName, AgentOutcome, AgentRun, Round};
use lsp_types::*;
use report::sanitize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tower_lsp::Client;

/// How long the client may take to make a token; without one there is no progress.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a line shows how long its agent has been at it.
const TICK: Duration = Duration::from_secs(1);

const STARTING: &str = "starting";

/// What is to be shown.
#[derive(Debug)]
pub(crate) enum Said {
    Round(Arc<Round>),
    Doing(AgentName, Progress),
}

/// The review that a token belongs to.
pub(crate) fn review_of(token: &ProgressToken) -> Option<u64> {
    let ProgressToken::String(token) = token else { return None };
    token.strip_prefix("deep-review/")?.split('/').next()?.parse().ok()
}

struct Line {
    token: ProgressToken,
    started: Instant,
    doing: Progress,
}

/// Shows what is said until nobody says any more; then every line that was begun is ended.
pub(crate) async fn show(client: Client, outbox: Outbox, mut said: UnboundedReceiver<Said>, review: u64) {
    let mut lines: HashMap<AgentName, Line> = HashMap::new();
    let mut seen: HashSet<AgentName> = HashSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let said = tokio::select! {
            said = said.recv() => said,
            // Those that say nothing are seen to be alive.
            _ = tick.tick() => {
                lines.values().for_each(|line| outbox.tell(line.token.clone(), report(line)));
                continue;
            }
        };
        match said {
            None => break,
            Some(Said::Round(round)) => {
                for run in &round.agents {
                    let name = &run.agent.name;
                    if run.outcome != AgentOutcome::Running {
                        if let Some(line) = lines.remove(name) {
                            end(&outbox, line, Some(summary(run)));
                        }
                    } else if seen.insert(name.clone()) {
                        let token = format!("deep-review/{review}/{}", seen.len());
                        if let Some(line) = begin(&client, &outbox, &run.agent.label, token).await {
                            lines.insert(name.clone(), line);
                        }
                    }
                }
            }
            Some(Said::Doing(name, progress)) => {
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

async fn begin(client: &Client, outbox: &Outbox, label: &str, token: String) -> Option<Line> {
    let token = ProgressToken::String(token);
    let made = client.create_work_done_progress(token.clone());
    if !matches!(tokio::time::timeout(PATIENCE, made).await, Ok(Ok(()))) {
        return None;
    }
    let begin = WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: format!("Review: {}", sanitize::printable(label)),
        cancellable: Some(true),
        message: Some(STARTING.into()),
        percentage: None,
    });
    outbox.tell(token.clone(), begin);
    Some(Line { token, started: Instant::now(), doing: Progress { doing: STARTING.into(), fraction: None } })
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
                sanitize::printable(&reviewing::with_remedy(&failure.message, failure.remedy.as_deref()))
            )
        }
        AgentOutcome::Running | AgentOutcome::Reviewed => format!("done in {seconds} s{cost}"),
    }
}
