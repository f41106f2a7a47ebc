//! Standard output, written by a thread of its own.
//!
//! The runtime's standard output hands each message to another thread, waits for it, and does so again to flush it. The
//! diagnostics of a thousand files are a thousand messages: here they wait together in a pipe while the thread writes,
//! and go out with one call.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::runtime::Handle;

/// Most bytes that wait while the client does not read; after that, the server waits.
const ROOM: usize = 64 << 10;

/// Tells when everything is written.
pub(crate) struct Written(mpsc::Receiver<()>);

impl Written {
    /// Waits until what was put in before the pipe was closed is written, or the client no longer takes it.
    pub(crate) fn wait(self, limit: Duration) {
        // If it takes longer, nobody reads.
        let _ = self.0.recv_timeout(limit);
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
    std::thread::Builder::new().name("stdout".into()).spawn(move || {
        let mut bytes = vec![0; ROOM];
        while let Ok(length @ 1..) = runtime.block_on(theirs.read(&mut bytes)) {
            if out.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        // Nobody may be waiting.
        let _ = done.send(());
    })?;
    Ok((ours, Written(written)))
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
