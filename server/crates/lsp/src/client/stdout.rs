//! What goes to the client as bytes; standard output is written by a thread of its own.
//!
//! The runtime's standard output hands each message to another thread, waits for it, and does so again to flush it. The
//! diagnostics of a thousand files are a thousand messages: here they wait together in a pipe while the thread writes,
//! and go out with one call.

use crate::protocol::uri::Spellings;
use serde_json::Value;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::sync::oneshot;

/// Most bytes that wait while the client does not read; after that, the server waits.
pub(crate) const ROOM: usize = 64 << 10;

/// How long a client that has closed standard input may leave what it is given unread.
const UNREAD: Duration = Duration::from_secs(5);

/// What goes to the client without the framework.
pub(crate) enum Ready {
    /// The body of a message.
    Body(Vec<u8>),
    /// Somebody waits until what is before it is written.
    Mark(oneshot::Sender<()>),
}

/// Passes on the messages of the framework and those that need none, with addresses as the client writes them, and the
/// answers to what never reached it, until the framework ends.
pub(crate) async fn pass_on(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    mut refusals: UnboundedReceiver<Value>,
    mut direct: Receiver<Ready>,
    spellings: Spellings,
) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let (mut header, mut body) = (String::new(), Vec::new());
    loop {
        header.clear();
        // By turns, where each has something: neither answers nor findings wait for all of the others.
        tokio::select! {
            Some(answer) = refusals.recv() => {
                write(&mut output, answer.to_string().as_bytes()).await?;
                continue;
            }
            Some(ready) = direct.recv() => {
                match ready {
                    Ready::Body(body) => write(&mut output, &spellings.restore(&body)).await?,
                    // Whoever waited may have gone.
                    Ready::Mark(written) => drop(written.send(())),
                }
                continue;
            }
            // Nothing is taken out of the buffer by this, so nothing is lost when another comes first.
            read = input.fill_buf() => if read?.is_empty() {
                break;
            },
        }
        // The framework writes one header, and it is right.
        input.read_line(&mut header).await?;
        let length = header.trim().strip_prefix("Content-Length:").and_then(|length| length.trim().parse().ok());
        let length: usize = length.ok_or(io::ErrorKind::InvalidData)?;
        input.read_line(&mut header).await?;
        body.resize(length, 0);
        input.read_exact(&mut body).await?;
        write(&mut output, &spellings.restore(&body)).await?;
        if body.capacity() > ROOM {
            body = Vec::new();
        }
    }
    while let Ok(answer) = refusals.try_recv() {
        write(&mut output, answer.to_string().as_bytes()).await?;
    }
    output.flush().await
}

async fn write(output: &mut (impl AsyncWrite + Unpin), body: &[u8]) -> io::Result<()> {
    let mut message = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    message.extend_from_slice(body);
    output.write_all(&message).await
}

/// How far the thread is that writes: an odd number while it hands something to the client.
#[derive(Debug, Clone, Default)]
struct Steps(Arc<AtomicU64>);

impl Steps {
    fn step(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of what is being written, if something is.
    fn writing(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| number % 2 == 1)
    }
}

/// Tells when everything is written, and when nobody takes it.
pub(crate) struct Written {
    done: mpsc::Receiver<()>,
    steps: Steps,
}

impl Written {
    /// Returns when the client has closed standard input and does not read what it is given: it does neither hear of the
    /// end nor wait for anything. Who only reads slowly, or still waits for answers, is waited for.
    pub(crate) fn abandoned(&self) -> impl Future<Output = ()> + use<> {
        let steps = self.steps.clone();
        async move {
            let mut tick = tokio::time::interval(UNREAD);
            let mut before = None;
            loop {
                tick.tick().await;
                let now = steps.writing().filter(|_| has_hung_up());
                if now.is_some() && now == before {
                    return;
                }
                before = now;
            }
        }
    }

    /// Waits until what was put in before the pipe was closed is written, or the client no longer takes it.
    pub(crate) fn wait(self, limit: Duration) {
        // If it takes longer, nobody reads.
        let _ = self.done.recv_timeout(limit);
    }
}

/// A pipe to standard output.
///
/// # Errors
/// When there is no standard output, or no further thread.
pub(crate) fn standard(runtime: Handle) -> io::Result<(DuplexStream, Written)> {
    let mut out = raw()?;
    let (ours, mut theirs) = tokio::io::duplex(ROOM);
    let (done, written) = mpsc::channel();
    let steps = Steps::default();
    let written = Written { done: written, steps: steps.clone() };
    std::thread::Builder::new().name("stdout".into()).spawn(move || {
        let mut bytes = Vec::with_capacity(ROOM);
        while let Ok(1..) = runtime.block_on(theirs.read_buf(&mut bytes)) {
            steps.step();
            if out.write_all(&bytes).is_err() {
                break;
            }
            bytes.clear();
            steps.step();
        }
        // Nobody may be waiting.
        let _ = done.send(());
    })?;
    Ok((ours, written))
}

/// Whether the other end of standard input is closed, even where not all of it is read yet.
#[cfg(unix)]
fn has_hung_up() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let input = io::stdin();
    let mut asked = [PollFd::new(&input, PollFlags::empty())];
    poll(&mut asked, Some(&Timespec::default())).is_ok_and(|_| asked[0].revents().contains(PollFlags::HUP))
}

/// Whether the other end of standard input is closed: nobody can see that here before all of it is read.
#[cfg(windows)]
fn has_hung_up() -> bool {
    false
}

/// Without the buffer of lines that the standard library has before it.
#[cfg(unix)]
fn raw() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Without the buffer of lines that the standard library has before it.
#[cfg(windows)]
fn raw() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}
