//! Agents are asked about findings besides a round: a question of a person's, a fix, what somebody thinks of one.

use super::run_agent::{self, Shared};
use super::{Preparation, Request, ReviewError, Reviewer, blocking, prepare, verify};
use agent::{Brief, Completion, Progress, Question, answer};
use finding::{AgentName, Call, Failure, Finding, Message, Speaker, Usage};
use git::Repository;
use serde_json::json;
use std::cmp::Reverse;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;
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
    /// The call itself.
    pub call: Call,
}

/// Why nobody said anything.
#[derive(Debug, thiserror::Error)]
pub enum NotConsulted {
    /// It cannot be found out what the finding is about.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// None of the agents answers questions: those that compute their findings do not.
    #[error("none of the agents answers questions; 'deep-review agents add' brings one in that does")]
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
        /// The call.
        call: Box<Call>,
    },
}

/// Agents that can be asked about a branch as it is, within the limits of a round. Nothing is stored.
#[derive(Debug)]
pub struct Counsel {
    prepared: Preparation,
    reviewers: Vec<Reviewer>,
    repository: Repository,
    shared: Shared,
}

impl Counsel {
    /// Freezes the branch as it is. What agents do while they are asked goes into `progress`.
    ///
    /// # Errors
    /// As a round that cannot begin.
    pub async fn open(
        request: Request,
        progress: UnboundedSender<(AgentName, Progress)>,
        cancel: CancellationToken,
    ) -> Result<Self, ReviewError> {
        let (options, stop) = (request.options.clone(), cancel.clone());
        let (reviewers, repository) = (request.reviewers.clone(), request.repository.clone());
        let prepared = blocking(move || prepare::prepare(&request, &stop)).await?;
        let shared = Shared::of(&options, cancel, progress);
        Ok(Self { prepared, reviewers, repository, shared })
    }

    /// What agents are given, without a question.
    #[must_use]
    pub fn brief(&self) -> &Brief {
        &self.prepared.brief
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Stops all that is asked here.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.shared.cancel
    }

    /// Who answers questions, those that raised the finding first.
    #[must_use]
    pub fn answering(&self, finding: &Finding) -> Vec<&Reviewer> {
        let raised = finding.agents();
        let mut answering: Vec<&Reviewer> = self.reviewers.iter().filter(|r| r.agent.answers()).collect();
        answering.sort_by_key(|r| !raised.contains(&&r.agent.info().name));
        answering
    }

    /// Who may look at what `by` made of a finding, the most independent first: another vendor's before others, who raised
    /// it before who did not, and `by` itself last.
    #[must_use]
    pub fn judges(&self, finding: &Finding, by: &AgentName) -> Vec<&Reviewer> {
        let vendor_of = |name: &AgentName| {
            let known = self.reviewers.iter().find(|r| r.agent.info().name == *name);
            known.map(|r| verify::vendor(&r.agent.info()))
        };
        let own = vendor_of(by);
        let mut judges = self.answering(finding);
        judges.sort_by_key(|r| {
            let info = r.agent.info();
            Reverse((info.name != *by, Some(verify::vendor(&info)) != own))
        });
        judges
    }

    /// Asks one of them. What it said, and what that took.
    pub async fn ask(&self, whom: &Reviewer, brief: &Brief, question: &Question) -> (Completion, Call) {
        let started = Instant::now();
        let said = run_agent::ask(whom, brief, question, &self.shared).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (agent, usage) = (whom.agent.info().name, said.usage);
        let failed = said.failure.as_ref().map(ToString::to_string);
        let call = Call { agent, to: question.template.to_owned(), about: None, failed, duration_ms, usage };
        (said, call)
    }
}

/// Asks the first agent of a counsel that answers questions; those that raised the finding come first. It is told what was
/// said about the finding before.
///
/// # Errors
/// When nobody answers.
pub async fn consult(counsel: &Counsel, finding: &Finding, question: String) -> Result<Consulted, NotConsulted> {
    let reviewer = counsel.answering(finding).first().copied().cloned().ok_or(NotConsulted::Nobody)?;
    if !counsel.brief().sending.allows_all(finding.anchors.iter()) {
        return Err(NotConsulted::NeverSent(finding.label.clone()));
    }
    let (said, call) = counsel.ask(&reviewer, counsel.brief(), &of(finding, question)).await;
    let by = reviewer.agent.info().name;
    let answered = answer::object(&said, "answer").map(|object| object["answer"].as_str().unwrap_or("").to_owned());
    match answered {
        Ok(answer) => Ok(Consulted { by, answer, usage: said.usage, call }),
        Err(failure) => {
            // What came may be no answer.
            let failed = Some(failure.to_string());
            Err(NotConsulted::Failed { by, failure, call: Box::new(Call { failed, ..call }) })
        }
    }
}

/// What agents are told of a finding.
#[must_use]
pub fn told_of(finding: &Finding) -> String {
    let places: Vec<String> = finding.anchors.iter().map(ToString::to_string).collect();
    let quotes: Vec<&str> = finding.anchors.iter().filter_map(|a| a.quote.as_deref()).collect();
    let told = json!({
        "severity": finding.severity, "title": finding.title, "body": finding.body, "places": places, "quotes": quotes,
        "fixes": finding.fixes.iter().map(|fix| &fix.diff).collect::<Vec<_>>(),
    });
    told.to_string()
}

/// What was said of a finding, for an agent; empty if nothing was.
#[must_use]
pub fn thread_of(finding: &Finding) -> String {
    let line = |message: &Message| {
        let who = match &message.by {
            Speaker::Person => "the author".to_owned(),
            Speaker::Agent(name) => name.to_string(),
        };
        format!("{who}: {}", message.text)
    };
    finding.thread.iter().map(line).collect::<Vec<_>>().join("\n\n")
}

fn of(finding: &Finding, question: String) -> Question {
    Question {
        template: "ask",
        schema: json!({
            "type": "object",
            "properties": { "answer": { "type": "string", "description": "Markdown." } },
            "required": ["answer"],
            "additionalProperties": false,
        }),
        data: vec![("finding", told_of(finding)), ("thread", thread_of(finding)), ("question", question)],
        files: finding.anchors.iter().map(|anchor| anchor.path.clone()).collect(),
    }
}
