//! A review's progress in the editor: one line an agent, begun and ended exactly once.

use crate::agent::Progress;
use crate::finding::{AgentName, AgentOutcome, Round};
use lsp_types::notification::Progress as ProgressNotification;
use lsp_types::*;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tower_lsp::Client;

/// How long the client may take to make a token; without one there is no progress.
const PATIENCE: Duration = Duration::from_secs(5);

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
    token: String,
    started: Instant,
}

/// Shows what is said until nobody says any more; then every line that was begun is ended.
pub(crate) async fn show(client: Client, able: bool, mut said: UnboundedReceiver<Said>, review: u64) {
    let mut lines: HashMap<AgentName, Line> = HashMap::new();
    let mut seen: HashSet<AgentName> = HashSet::new();
    while let Some(said) = said.recv().await {
        if !able {
            continue;
        }
        match said {
            Said::Round(round) => {
                for run in &round.agents {
                    let name = &run.agent.name;
                    match &run.outcome {
                        AgentOutcome::Running if seen.insert(name.clone()) => {
                            if let Some(line) =
                                begin(&client, &run.agent.label, format!("deep-review/{review}/{}", seen.len())).await
                            {
                                lines.insert(name.clone(), line);
                            }
                        }
                        AgentOutcome::Running => {}
                        AgentOutcome::Reviewed | AgentOutcome::Failed { .. } => {
                            if let Some(line) = lines.remove(name) {
                                end(&client, line, summary(run)).await;
                            }
                        }
                    }
                }
            }
            Said::Doing(name, progress) => {
                if let Some(line) = lines.get(&name) {
                    let elapsed = line.started.elapsed().as_secs();
                    let percentage = progress.fraction.filter(|(_, total)| *total > 0).map(|(done, total)| {
                        u32::try_from(u64::from(done.min(total)) * 100 / u64::from(total)).unwrap_or(100)
                    });
                    let doing = crate::report::inert::printable(&progress.doing);
                    let report = WorkDoneProgress::Report(WorkDoneProgressReport {
                        cancellable: Some(true),
                        message: Some(format!("{doing} · {elapsed} s")),
                        percentage,
                    });
                    tell(&client, &line.token, report).await;
                }
            }
        }
    }
    for (_, line) in lines {
        end(&client, line, None).await;
    }
}

async fn begin(client: &Client, label: &str, token: String) -> Option<Line> {
    let made = client.create_work_done_progress(ProgressToken::String(token.clone()));
    if !matches!(tokio::time::timeout(PATIENCE, made).await, Ok(Ok(()))) {
        return None;
    }
    let begin = WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: format!("Review: {}", crate::report::inert::printable(label)),
        cancellable: Some(true),
        message: Some("starting".into()),
        percentage: None,
    });
    tell(client, &token, begin).await;
    Some(Line { token, started: Instant::now() })
}

async fn end(client: &Client, line: Line, message: Option<String>) {
    let end = WorkDoneProgress::End(WorkDoneProgressEnd { message });
    tell(client, &line.token, end).await;
}

/// "done in 12 s, $0.21" or why it failed.
fn summary(run: &crate::finding::AgentRun) -> Option<String> {
    let seconds = run.duration_ms.div_ceil(1000);
    let cost = run.usage.cost_usd.map(|usd| format!(", ${usd:.2}")).unwrap_or_default();
    Some(match &run.outcome {
        AgentOutcome::Failed { failure } => {
            format!("failed after {seconds} s{cost}: {}", crate::report::inert::printable(&failure.message))
        }
        AgentOutcome::Running | AgentOutcome::Reviewed => format!("done in {seconds} s{cost}"),
    })
}

/// Sends one step of a token's progress.
pub(crate) async fn tell(client: &Client, token: &str, value: WorkDoneProgress) {
    let params =
        ProgressParams { token: ProgressToken::String(token.to_owned()), value: ProgressParamsValue::WorkDone(value) };
    client.send_notification::<ProgressNotification>(params).await;
}
