//! The language server: projects rounds into an editor over LSP. The only part that knows the protocol.
//!
//! One task owns the state and takes closed [events](owner::Event) in order; a request works on the
//! [world](world::World) as it was after everything that the client sent before it. What is shown is a function
//! of (round, decisions, current text): see [`project`].
//!
//! The framework needs this discipline, each point with a test:
//! 1. a notification's handler hands its message to the owner before it awaits anything, so order is kept;
//! 2. every request is answered in a task of its own, so that a panic is an error -32603 of that request;
//! 3. no handler that clients wait for waits for the client without a time limit, and none blocks another;
//! 4. the exit code is ours (0 after `shutdown`, 1 without), and the server ends when stdin does or when the
//!    process that started it is gone. Reviews are cancelled first, and their agents' processes with them.

mod actions;
mod capabilities;
mod commands;
mod diagnostics;
mod documents;
mod edits;
mod findings;
mod hover;
mod lens;
mod moved;
mod outbox;
mod output;
mod owner;
mod progress;
mod project;
mod reports;
mod reviewing;
mod server;
mod settings;
mod watch;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower_lsp::Server;

#[cfg(test)]
mod tests;

/// Requests that may be under way at once: more than any client sends, so that none waits for another.
const AT_ONCE: usize = 1024;

/// How long reviews get to end their agents when the server ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// How often the process that started the server is looked for.
const PARENT: Duration = Duration::from_secs(2);

/// Serves on standard input and output until the client is gone.
///
/// The exit code is 0 if it said `shutdown` first, 1 otherwise.
#[must_use]
pub fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::FAILURE };
    let Ok((output, written)) = output::standard(runtime.handle().clone()) else { return ExitCode::FAILURE };
    let user_file = config::user_file(&|name| std::env::var(name).ok());
    let properly = runtime.block_on(serve(tokio::io::stdin(), output, user_file));
    written.wait(FAREWELL);
    // Reads of stdin cannot be stopped; nothing that matters is left.
    runtime.shutdown_timeout(FAREWELL);
    if properly { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Serves one client; says whether it ended as the protocol has it.
async fn serve(input: impl AsyncRead + Unpin, output: impl AsyncWrite, user_file: Option<PathBuf>) -> bool {
    let (stop, ended) = (CancellationToken::new(), server::Ended::default());
    let (service, socket) = server::service(stop.clone(), ended.clone(), user_file);
    let serving = Server::new(input, output, socket).concurrency_level(AT_ONCE).serve(service);
    tokio::select! {
        () = serving => {}
        () = orphaned(&ended) => {}
        () = ended.broken.cancelled() => {}
    }
    stop.cancel();
    ended.reviews.close();
    // What has not ended by then is ended by its supervisor, when this process is gone.
    let _ = tokio::time::timeout(FAREWELL, ended.reviews.wait()).await;
    ended.properly() && !ended.broken.is_cancelled()
}

/// Returns when the process that started the server is gone.
async fn orphaned(ended: &server::Ended) {
    let mut look = tokio::time::interval(PARENT);
    loop {
        look.tick().await;
        if ended.parent.get().is_some_and(|&parent| !is_alive(parent)) {
            return;
        }
    }
}

#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // A process of another user is alive too.
    id.is_none_or(|id| rustix::process::test_kill_process(id) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    // Standard input ends with the client there.
    true
}
