//! The language server: projects rounds into an editor over LSP. The only part that knows the protocol.
//!
//! | room | what it is |
//! |---|---|
//! | `protocol` | the words that we share with clients: commands, requests of our own, capabilities, settings, errors |
//! | `state` | what is known at one moment, and what follows from it: documents, projections, diagnostics, snapshots |
//! | `event` | all that can happen, as one closed type |
//! | `client` | the way to the client: what waits for it, progress, standard output |
//! | `tasks` | work beside the loop: reading files, reviewing, writing reports, working out diagnostics |
//! | `requests` | one file a method, each answered on a snapshot |
//! | `main_loop` | the one owner of the state |
//! | `server` | one method a message: hands it to the loop, or answers it from a snapshot |
//!
//! One loop owns the state and takes closed [events](event::Event) in order; it never waits and never reads a file. A
//! request works on a [snapshot](state::snapshot::Snapshot) as it was after everything that the client sent before it.
//! What is shown is a function of (round, decisions, current text): see [`state::projection`]; it is worked out by
//! whoever needs it first, never by the loop.
//!
//! The framework needs this discipline, each point with a test:
//! 1. a notification's handler hands its message to the loop before it awaits anything, so order is kept;
//! 2. every request is answered in a task of its own, so that a panic is an error -32603 of that request;
//! 3. no handler that clients wait for waits for the client without a time limit, and none blocks another;
//! 4. the exit code is ours (0 after `shutdown`, 1 without), and the server ends when stdin does or when the
//!    process that started it is gone, also where nobody reads its output any more. Reviews are cancelled first, and
//!    their agents' processes with them.

mod client;
mod event;
mod main_loop;
mod protocol;
mod requests;
mod server;
mod state;
mod tasks;

use self::client::stdout::ROOM;
use self::protocol::uri::Spellings;
use self::tasks::workers::Workers;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{channel, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tower_lsp::Server;

#[cfg(test)]
mod tests;

/// Requests that may be under way at once: more than any client sends, so that none waits for another.
const AT_ONCE: usize = 1024;

/// Notifications that wait to be written behind each other; what waits before them is the newest only.
const NOTIFICATIONS: usize = 8;

/// How long reviews get to end their agents when the server ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// How often the process that started the server is looked for.
const PARENT: Duration = Duration::from_secs(2);

/// Serves on standard input and output until the client is gone.
///
/// The exit code is 0 if it said `shutdown` first, 1 otherwise.
#[must_use]
pub fn run() -> ExitCode {
    // One thread for the client's messages and the loop; see `tasks::workers` for what takes a while.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::FAILURE };
    let Ok((output, written)) = client::stdout::standard(runtime.handle().clone()) else { return ExitCode::FAILURE };
    let Ok(input) = client::stdin::standard(runtime.handle().clone()) else { return ExitCode::FAILURE };
    let user_file = config::user_file(&|name| std::env::var(name).ok());
    let workers = Workers::default();
    let properly = runtime.block_on(serve(input, output, written.abandoned(), user_file, workers.clone()));
    written.wait(FAREWELL);
    // What still works beside the loop gets to write its file to the end.
    workers.end(FAREWELL);
    runtime.shutdown_timeout(FAREWELL);
    if properly { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Serves one client until it is gone, or has `abandoned` us; says whether it ended as the protocol has it.
async fn serve(
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin,
    abandoned: impl Future<Output = ()>,
    user_file: Option<PathBuf>,
    workers: Workers,
) -> bool {
    let (stop, ended) = (CancellationToken::new(), server::Ended::of(workers));
    let (direct, notifications) = channel(NOTIFICATIONS);
    let (service, socket) = server::service(stop.clone(), ended.clone(), user_file, direct);
    let spellings = Spellings::default();
    let (refusals, refused) = unbounded_channel();
    let (to_framework, incoming) = tokio::io::duplex(ROOM);
    let (outgoing, from_framework) = tokio::io::duplex(ROOM);
    let reading = client::stdin::pass_on(input, to_framework, refusals, spellings.clone());
    let writing = client::stdout::pass_on(from_framework, output, refused, notifications, spellings);
    let serving = Server::new(incoming, outgoing, socket).concurrency_level(AT_ONCE).serve(service);
    let serving = async {
        // Ends with the input: then the framework's does.
        let reading = async { drop(reading.await) };
        tokio::pin!(reading, serving);
        tokio::select! {
            () = &mut reading => serving.await,
            () = &mut serving => {}
        }
    };
    tokio::select! {
        _ = async { tokio::join!(serving, writing) } => {}
        () = orphaned(&ended) => {}
        () = abandoned => {}
        () = ended.broken.cancelled() => {}
    }
    stop.cancel();
    // What has not ended by then is ended by its supervisor, when this process is gone.
    let _ = tokio::time::timeout(FAREWELL, ended.workers.wait()).await;
    ended.properly() && !ended.broken.is_cancelled()
}

/// Returns when the process that started the server is gone.
async fn orphaned(ended: &server::Ended) {
    let mut tick = tokio::time::interval(PARENT);
    loop {
        tick.tick().await;
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
