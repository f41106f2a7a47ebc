//! `deep-review review --format jsonl --stream`: what happens in a round as it happens, an event a line.

use super::output;
use finding::{AgentName, AgentOutcome, Round};
use ops::FindingRow;
use report::sanitize::printable;
use review::Event;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

/// Something that happened. The last is always `ended`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[schemars(title = "deep-review review --format jsonl --stream, each line")]
pub(super) enum StreamEvent {
    /// The round has begun.
    Started {
        /// Its number.
        round: u32,
        /// Who reviews.
        agents: Vec<AgentName>,
    },
    /// An agent does something.
    Doing {
        /// Who.
        agent: AgentName,
        /// What, in a few words.
        doing: String,
    },
    /// An agent is done.
    Answered {
        /// Who.
        agent: AgentName,
        /// How many remarks it made.
        remarks: usize,
        /// Why it gave no review, or only a part of one; nothing if it is whole.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
    /// Something that the user should know.
    Warning {
        /// What.
        text: String,
    },
    /// A finding of the round, once it has ended: the gravest first.
    Finding {
        /// As `findings --format json` has it.
        finding: FindingRow,
    },
    /// The review has ended.
    Ended {
        /// The round; nothing if nothing differs from the base.
        #[serde(skip_serializing_if = "Option::is_none")]
        round: Option<u32>,
        /// Whether every agent answered and every file was reviewed.
        complete: bool,
        /// The verdict in words; without one, why there is none.
        conclusion: String,
        /// With which code the command ends.
        exit_code: u8,
    },
}

/// Prints an event.
pub(super) fn print(event: &StreamEvent) -> anyhow::Result<()> {
    output::print(&(serde_json::to_string(event)? + "\n"))
}

/// Prints what happens until it ends.
pub(super) async fn show(mut events: UnboundedReceiver<Event>, cancel: CancellationToken) {
    let mut told = Told::default();
    while let Some(event) = events.recv().await {
        for event in told.news(event) {
            if print(&event).is_err() {
                // Nobody can be told any more; who reads the end of it learns of that by its absence.
                cancel.cancel();
            }
        }
    }
}

/// What was said already.
#[derive(Default)]
struct Told {
    started: bool,
    answered: BTreeSet<AgentName>,
}

impl Told {
    fn news(&mut self, event: Event) -> Vec<StreamEvent> {
        match event {
            Event::Updated(round) => self.of_round(&round),
            Event::Progress(agent, progress) => {
                vec![StreamEvent::Doing { agent, doing: printable(&progress.doing) }]
            }
            Event::SetAside(aside) => vec![StreamEvent::Warning { text: printable(&aside.to_string()) }],
        }
    }

    fn of_round(&mut self, round: &Round) -> Vec<StreamEvent> {
        let mut news = Vec::new();
        if !std::mem::replace(&mut self.started, true) {
            let agents = round.agents.iter().map(|run| run.agent.name.clone()).collect();
            news.push(StreamEvent::Started { round: round.number, agents });
        }
        for run in &round.agents {
            let failure = match &run.outcome {
                AgentOutcome::Running => continue,
                AgentOutcome::Reviewed => None,
                AgentOutcome::Failed { failure } => Some(printable(&failure.message)),
            };
            let agent = run.agent.name.clone();
            if self.answered.insert(agent.clone()) {
                let remarks = round.raised_by(&agent);
                news.push(StreamEvent::Answered { agent, remarks, failure });
            }
        }
        news
    }
}
