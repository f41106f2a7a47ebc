//! The built-in checkers as agents: no model runs.

use super::{Agent, Availability, Brief, Outcome, Session};
use check::{Checker, Job, Settings};
use finding::{AgentInfo, AgentKind, AgentName, Answer, Failure, FailureKind};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// All of them, in the order in which they are listed.
#[must_use]
pub fn all(settings: &Arc<Settings>) -> Vec<Arc<dyn Agent>> {
    let agent = |checker: &Checker| BuiltIn { checker: *checker, settings: settings.clone() };
    check::ALL.iter().map(|checker| Arc::new(agent(checker)) as Arc<dyn Agent>).collect()
}

#[derive(Debug)]
struct BuiltIn {
    checker: Checker,
    settings: Arc<Settings>,
}

impl Agent for BuiltIn {
    fn info(&self) -> AgentInfo {
        AgentInfo {
            name: AgentName::new(self.checker.name),
            label: self.checker.label.to_owned(),
            kind: AgentKind::BuiltIn,
        }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async { Availability::Usable(format!("built in, no model: {}", self.checker.looks_for)) })
    }

    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            session.doing(format!("looking for {}", self.checker.looks_for));
            let (snapshot, cancel) = (brief.snapshot.clone(), session.cancel.clone());
            let (checker, settings) = (self.checker, self.settings.clone());
            let work = move || checker.run(&Job::new(&snapshot, &settings, &cancel));
            let done = tokio::task::spawn_blocking(work).await;
            if session.cancel.is_cancelled() {
                return Outcome::failed(Failure::new(FailureKind::Cancelled, "it was stopped"));
            }
            match done {
                Ok(Ok(checked)) => {
                    let covered = brief.snapshot.files().iter().map(|f| f.path.clone()).collect();
                    Outcome::reviewed(Answer {
                        findings: checked.findings,
                        covered,
                        notes: checked.notes,
                        ..Answer::default()
                    })
                }
                Ok(Err(e)) => Outcome::failed(Failure::new(FailureKind::Crashed, e.to_string())),
                Err(_) => Outcome::failed(Failure::new(FailureKind::Crashed, "it crashed on this branch")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use git::Snapshot;
    use tokio_util::sync::CancellationToken;

    async fn run(agent: &Arc<dyn Agent>, cancel: CancellationToken) -> Outcome {
        let snapshot = Snapshot::in_memory(&[], &[("a.js", "debugger\n")]);
        let (progress, _progress) = tokio::sync::mpsc::unbounded_channel();
        agent.review(&Brief::new(snapshot), &Session::new(progress, cancel)).await
    }

    #[tokio::test]
    async fn every_checker_is_an_agent_that_says_that_no_model_ran() {
        let mut found = 0;
        for agent in all(&Arc::default()) {
            assert!(agent.info().label.ends_with("(built-in)"));
            assert_eq!(agent.info().kind, AgentKind::BuiltIn);
            let outcome = run(&agent, CancellationToken::new()).await;
            assert_eq!(outcome.failure, None);
            assert_eq!(outcome.answer.covered.len(), 1);
            for (n, finding) in outcome.answer.findings.iter().enumerate() {
                assert_eq!(finding.agent, agent.info().name);
                assert_eq!(finding.id.as_str(), format!("{}:{}", agent.info().name, n + 1));
                found += 1;
            }
        }
        assert_eq!(found, 1);
    }

    #[tokio::test]
    async fn a_cancelled_checker_is_no_clean_review() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        for agent in all(&Arc::default()) {
            let failure = run(&agent, cancel.clone()).await.failure.expect("a failure");
            assert_eq!(failure.kind, FailureKind::Cancelled);
        }
    }
}
