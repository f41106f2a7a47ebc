//! One agent is asked about a finding, besides a round: nothing is stored.

use super::budget::Budget;
use super::run_agent::{self, Shared};
use super::{Request, ReviewError, Reviewer, blocking, prepare};
use agent::{Question, answer};
use finding::{AgentName, Failure, Finding, Usage};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

/// What an agent said of a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Consulted {
    /// Who said it.
    pub by: AgentName,
    /// Markdown.
    pub answer: String,
    /// What the call used.
    pub usage: Usage,
}

/// Why nobody said anything.
#[derive(Debug, thiserror::Error)]
pub enum NotConsulted {
    /// It cannot be found out what the finding is about.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// None of the agents answers questions: those that compute their findings do not.
    #[error("none of the agents answers questions")]
    Nobody,
    /// The finding is about a file whose text never leaves the machine.
    #[error("{0} is about a file that is never sent to an agent")]
    NeverSent(String),
    /// The agent failed.
    #[error("{by} gave no answer: {failure}")]
    Failed {
        /// Who.
        by: AgentName,
        /// Why.
        failure: Failure,
    },
}

/// Asks the first agent of the request that answers questions; those that raised the finding come first.
///
/// # Errors
/// When nobody answers.
pub async fn consult(
    request: Request,
    finding: Finding,
    question: String,
    cancel: CancellationToken,
) -> Result<Consulted, NotConsulted> {
    let (limits, stop) = (request.options.limits, cancel.clone());
    let reviewer = whom(&request, &finding).ok_or(NotConsulted::Nobody)?;
    let prepared = blocking(move || prepare::prepare(&request, &stop)).await?;
    if !prepared.brief.sending.allows_all(finding.anchors.iter()) {
        return Err(NotConsulted::NeverSent(finding.label));
    }
    let shared = Shared { budget: Arc::new(Budget::new(limits)), cancel, progress: unbounded_channel().0 };
    let said = run_agent::ask(&reviewer, &prepared.brief, &of(&finding, question), &shared).await;
    let by = reviewer.agent.info().name;
    let answered = answer::object(&said, "answer").map(|object| object["answer"].as_str().unwrap_or("").to_owned());
    match answered {
        Ok(answer) => Ok(Consulted { by, answer, usage: said.usage }),
        Err(failure) => Err(NotConsulted::Failed { by, failure }),
    }
}

fn whom(request: &Request, finding: &Finding) -> Option<Reviewer> {
    let raised = finding.agents();
    let has_raised = |reviewer: &&Reviewer| raised.contains(&&reviewer.agent.info().name);
    let mut answering = request.reviewers.iter().filter(|reviewer| reviewer.agent.answers());
    let first = answering.clone().find(has_raised);
    first.or_else(|| answering.next()).cloned()
}

fn of(finding: &Finding, question: String) -> Question {
    let places: Vec<String> = finding.anchors.iter().map(ToString::to_string).collect();
    let told = json!({
        "severity": finding.severity, "title": finding.title, "body": finding.body, "places": places,
        "fixes": finding.fixes.iter().map(|fix| &fix.diff).collect::<Vec<_>>(),
    });
    Question {
        template: "ask",
        schema: json!({
            "type": "object",
            "properties": { "answer": { "type": "string", "description": "Markdown." } },
            "required": ["answer"],
            "additionalProperties": false,
        }),
        data: vec![("finding", told.to_string()), ("question", question)],
        files: finding.anchors.iter().map(|anchor| anchor.path.clone()).collect(),
    }
}
