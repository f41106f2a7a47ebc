//! What comes from the client, message by message: those that cannot be read are answered with an error here, and
//! never reach the framework, which would end with the first of them.

use crate::client::stdout::ROOM;
use crate::protocol::message::{Checked, MAX_MESSAGE, check, no_header, too_large};
use crate::protocol::uri::Spellings;
use serde_json::Value;
use std::io::{self, Read as _};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;

/// Longest line of a header.
const MAX_HEADER: u64 = 8 << 10;

/// Most bytes that are read at once. Each page of it is written before the first message is read.
const AT_ONCE: usize = 16 << 10;

/// How much of a message that is too large is looked at.
const BEGINNING: u64 = 4 << 10;

/// A pipe from standard input. A thread of its own reads it: a read cannot be stopped, and the runtime would wait for one of
/// its own threads when the server ends, although the client is done and only keeps the pipe open.
///
/// # Errors
/// When there is no further thread.
pub(crate) fn standard(runtime: Handle) -> io::Result<DuplexStream> {
    let (ours, mut theirs) = tokio::io::duplex(ROOM);
    std::thread::Builder::new().name("stdin".into()).spawn(move || {
        let (mut input, mut bytes) = (io::stdin().lock(), vec![0; AT_ONCE]);
        loop {
            match input.read(&mut bytes) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(length @ 1..) if runtime.block_on(theirs.write_all(&bytes[..length])).is_ok() => {}
                // The end of it, or of the server.
                _ => break,
            }
        }
    })?;
    Ok(ours)
}

/// Passes messages on until there are no more, or nobody takes them; answers go into `refusals`.
pub(crate) async fn pass_on(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    refusals: UnboundedSender<Value>,
    spellings: Spellings,
) -> io::Result<()> {
    let mut input = BufReader::new(input);
    while let Some(length) = header(&mut input, &refusals).await? {
        if length > MAX_MESSAGE {
            let mut beginning = Vec::new();
            (&mut input).take(length.min(BEGINNING)).read_to_end(&mut beginning).await?;
            let read = u64::try_from(beginning.len()).unwrap_or(length);
            tokio::io::copy_buf(&mut (&mut input).take(length - read), &mut tokio::io::sink()).await?;
            let _ = refusals.send(too_large(&beginning, length));
            continue;
        }
        let mut body = Vec::new();
        let read = (&mut input).take(length).read_to_end(&mut body).await?;
        if u64::try_from(read).is_ok_and(|read| read < length) {
            return Ok(());
        }
        match check(&body, &spellings) {
            Checked::PassOn(body) => {
                output.write_all(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes()).await?;
                output.write_all(&body).await?;
            }
            // Nobody is told when the server has ended.
            Checked::Refuse(answer) => drop(refusals.send(answer)),
        }
    }
    Ok(())
}

/// Reads a header; the length of what follows. What is none is passed over. `None` at the end.
async fn header(input: &mut (impl AsyncBufRead + Unpin), refusals: &UnboundedSender<Value>) -> io::Result<Option<u64>> {
    let (mut length, mut is_wrong) = (None, false);
    loop {
        let mut line = Vec::new();
        (&mut *input).take(MAX_HEADER).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        match (line.is_empty(), line.split_once(':')) {
            (true, _) => match length {
                Some(length) => return Ok(Some(length)),
                None if is_wrong => {
                    let _ = refusals.send(no_header());
                    is_wrong = false;
                }
                None => {}
            },
            (false, Some((name, value))) if name.trim().eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
                is_wrong = length.is_none();
            }
            (false, _) => is_wrong = true,
        }
    }
}
