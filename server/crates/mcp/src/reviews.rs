//! The one round that may run at a time in this server. It runs in a task of its own: a call waits for it, and a call that
//! has enough of waiting leaves it running.

use crate::said::Refusal;
use finding::Round;
use review::{Event, Request, Reviewed};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What is known of a round that runs or has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    /// How often there was news.
    pub(crate) count: u32,
    /// What happens, in one line.
    pub(crate) doing: String,
    /// What came of it, once it has ended.
    pub(crate) end: Option<Result<Reviewed, Refusal>>,
}

/// A round that runs, for whoever waits for it.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) cancel: CancellationToken,
    pub(crate) news: watch::Receiver<News>,
}

/// The round that runs, if one does, and the last that ended while nobody waited.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reviews(Arc<Mutex<Option<Running>>>);

impl Reviews {
    /// Starts a round, unless one runs.
    pub(crate) fn start(&self, request: Request) -> Result<Running, Refusal> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if place.as_ref().is_some_and(Running::runs) {
            return Err(Refusal::new("a review runs already in this server")
                .with_remedy("call review with {\"resume_waiting\": true} to wait for that one"));
        }
        let cancel = CancellationToken::new();
        let (tell, news) = watch::channel(News::default());
        tokio::spawn(run(request, cancel.clone(), tell));
        let running = Running { cancel, news };
        *place = Some(running.clone());
        Ok(running)
    }

    /// The round that runs, or that has ended last.
    pub(crate) fn current(&self) -> Option<Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops the round that runs, and waits until it has kept what was answered, but not longer than `most`.
    pub(crate) async fn stop(&self, most: Duration) {
        let Some(mut running) = self.current() else { return };
        running.cancel.cancel();
        let ended = running.news.wait_for(|news| news.end.is_some());
        // Whatever comes of it, we end.
        let _ = tokio::time::timeout(most, ended).await;
    }
}

impl Running {
    fn runs(&self) -> bool {
        self.news.borrow().end.is_none() && self.news.has_changed().is_ok()
    }
}

async fn run(request: Request, cancel: CancellationToken, tell: watch::Sender<News>) {
    let (events, mut heard) = unbounded_channel();
    // In a task of its own: a panic of ours ends this review, not the server.
    let work = tokio::spawn(review::run(request, events, cancel));
    let mut done: BTreeSet<String> = BTreeSet::new();
    while let Some(event) = heard.recv().await {
        let doing = match event {
            Event::Updated(round) => progress(&round, &mut done),
            Event::Progress(agent, progress) => format!("{agent}: {}", progress.doing),
            Event::SetAside(aside) => aside.to_string(),
        };
        tell.send_modify(|news| {
            news.count += 1;
            news.doing = doing;
        });
    }
    let end = match work.await {
        Ok(Ok(reviewed)) => Ok(reviewed),
        Ok(Err(review::ReviewError::Store { source, round: Some(round) })) => Err(Refusal::new(format!(
            "the review is complete, with {} findings, but could not be kept: {source}",
            round.findings.len()
        ))),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Refusal::internal("the review ended by a fault")),
    };
    tell.send_modify(|news| news.end = Some(end));
}

/// "2 of 3 agents are done; 4 findings so far"
fn progress(round: &Round, done: &mut BTreeSet<String>) -> String {
    let ended = round.agents.iter().filter(|run| run.outcome != finding::AgentOutcome::Running);
    done.extend(ended.map(|run| run.agent.name.to_string()));
    format!("{} of {} agents are done; {} findings so far", done.len(), round.agents.len(), round.findings.len())
}
