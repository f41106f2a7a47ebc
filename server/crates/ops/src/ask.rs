//! A question about a finding, to one of the agents that raised it. What is said is kept with the finding.

use super::{Now, OpenBranch, OpsError, Trust};
use agent::{Progress, answer};
use config::Config;
use finding::{AgentName, Call, Finding, Message, RoundId, Speaker};
use jiff::Timestamp;
use review::{Consulted, Counsel, NotConsulted, Request};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// Most messages that are kept of one finding; older ones go.
const MOST_KEPT: usize = 200;

/// A question that is to be asked, with all that is needed for it.
#[derive(Debug)]
pub struct Asking {
    open: OpenBranch,
    request: Request,
    finding: Finding,
    question: String,
    /// The round that the finding is of.
    round: RoundId,
}

/// What somebody wants to know.
#[derive(Debug, Clone, Copy)]
pub struct Query<'q> {
    /// The finding that it is about, by its index in the round.
    pub finding: usize,
    /// In the words of whoever asks.
    pub question: &'q str,
    /// Who is asked; `None`: the first of those that raised it.
    pub agent: Option<&'q str>,
}

impl Asking {
    /// Prepares a question.
    ///
    /// # Errors
    /// When the question is empty, or there is no such agent.
    pub fn new(now: &Now, config: &Config, trust: Trust, query: Query<'_>) -> Result<Self, OpsError> {
        let Query { finding, question, agent } = query;
        let question = question.trim().to_owned();
        if question.is_empty() {
            return Err(OpsError::NoQuestion);
        }
        let names: Vec<String> = agent.map(str::to_owned).into_iter().collect();
        let request = super::request(&now.open.repository, config, trust, &names, super::Again::Changed)?;
        let unknown = || OpsError::UnknownFinding { name: finding.to_string(), round: now.round.number };
        let finding = now.round.findings.get(finding).ok_or_else(unknown)?.clone();
        Ok(Self { open: now.open.clone(), request, finding, question, round: now.round.id.clone() })
    }
}

/// Passes on what agents do; what is written of an answer, as the text that it is.
fn reading_along(
    to: UnboundedSender<(AgentName, Progress)>,
) -> (UnboundedSender<(AgentName, Progress)>, tokio::task::JoinHandle<()>) {
    let (from, mut told) = unbounded_channel::<(AgentName, Progress)>();
    let passing = tokio::spawn(async move {
        while let Some((agent, mut progress)) = told.recv().await {
            if let Some(written) = progress.said.take() {
                let Some(said) = answer::so_far(&written, "answer").filter(|said| !said.is_empty()) else { continue };
                progress.said = Some(said.into());
            }
            let _ = to.send((agent, progress));
        }
    });
    (from, passing)
}

/// Asks, and keeps question and answer, and the call in the record of the round.
///
/// # Errors
/// When nobody answers; then nothing is kept but the call.
pub async fn ask(
    asking: Asking,
    progress: UnboundedSender<(AgentName, Progress)>,
    cancel: CancellationToken,
) -> Result<Consulted, OpsError> {
    let Asking { open, request, finding, question, round } = asking;
    let at = Timestamp::now();
    let (progress, passing) = reading_along(progress);
    let counsel = Counsel::open(request, progress, cancel).await?;
    let about = |call: &Call| Call { about: Some(finding.label.clone()), ..call.clone() };
    let said = review::consult(&counsel, &finding, question.clone()).await;
    drop(counsel);
    let _ = passing.await;
    let said = match said {
        Ok(said) => said,
        Err(why) => {
            if let NotConsulted::Failed { call, .. } = &why {
                open.branch.change_aftermath(|aftermath| aftermath.add_calls(&round, [about(call)]))?;
            }
            return Err(why.into());
        }
    };
    let by = match &open.by {
        None => Speaker::Person,
        Some(agent) => Speaker::Agent(AgentName::new(agent.clone())),
    };
    let messages = [
        Message { by, at, text: question, call: None },
        Message {
            by: Speaker::Agent(said.by.clone()),
            at: Timestamp::now(),
            text: said.answer.clone(),
            call: Some(said.call.clone()),
        },
    ];
    open.branch.change_aftermath(|aftermath| {
        let thread = aftermath.threads.entry(finding.id.clone()).or_default();
        thread.extend(messages);
        let extra = thread.len().saturating_sub(MOST_KEPT);
        thread.drain(..extra);
        aftermath.add_calls(&round, [about(&said.call)]);
    })?;
    Ok(said)
}
