//! An agent that mends a finding, beside the screen: what it does, what it made, and stopping it.

use super::super::context::{block_on, config};
use super::super::fix::{Diffs, preview};
use super::super::output;
use finding::Attempt;
use fix::Event;
use ops::{MendOptions, Mending, Now, Overrides, ToMend, Trust};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

/// What is told of the work.
#[derive(Debug)]
pub(super) enum Told {
    Doing(String),
    Ended(Result<Vec<Attempt>, String>),
}

/// An agent at work.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) told: Receiver<Told>,
    cancel: CancellationToken,
    thread: JoinHandle<()>,
}

impl Work {
    /// Has the finding of that index mended.
    ///
    /// # Errors
    /// When nobody can, or the configuration cannot be read.
    pub(super) fn mend(now: &Now, index: usize) -> anyhow::Result<Self> {
        let config = config(Some(&now.open.repository), &Overrides::default())?.config;
        let mending =
            Mending::new(now, &config, Trust::AsConfigured, ToMend::Findings(&[index]), &MendOptions::default())?;
        let (cancel, (tell, told)) = (CancellationToken::new(), channel());
        let token = cancel.clone();
        let thread = std::thread::Builder::new().name("mend".into()).spawn(move || mend(mending, token, &tell))?;
        Ok(Self { told, cancel, thread })
    }

    pub(super) fn stop(&self) {
        self.cancel.cancel();
    }

    /// Stops it, and waits until what ran for it is gone.
    pub(super) fn end(self) {
        self.cancel.cancel();
        // A panic of it was printed; there is nothing to add.
        let _ = self.thread.join();
    }
}

fn mend(mending: Mending, cancel: CancellationToken, tell: &Sender<Told>) {
    let doing = tell.clone();
    let mended = block_on(async move {
        let (events, mut received) = unbounded_channel();
        let shown = tokio::spawn(async move {
            while let Some(event) = received.recv().await {
                if let Event::Doing { label, what } = event {
                    // Nobody listens any more when the screen is left.
                    let _ = doing.send(Told::Doing(format!("{label} {what}").trim().to_owned()));
                }
            }
        });
        let mended = ops::mend(mending, events, cancel).await;
        let _ = shown.await;
        mended
    });
    let ended = match mended {
        Ok(Ok(attempts)) => Ok(attempts),
        Ok(Err(error)) => Err(output::explained(&error.into()).0),
        Err(error) => Err(output::explained(&error).0),
    };
    let _ = tell.send(Told::Ended(ended));
}

/// The proof and the change of what was made, for people.
pub(super) fn proof(attempts: &[Attempt], now: &Now) -> String {
    preview(attempts, now, Diffs::Shown)
}

/// Why nothing of it can be taken, in a line.
pub(super) fn not_taken(attempts: &[Attempt]) -> String {
    match attempts.last() {
        Some(attempt) => format!("{} not taken: {}", attempt.label, attempt.proof().lines().next().unwrap_or_default()),
        None => "Nobody made a fix".to_owned(),
    }
}
