//! The way to the client: what waits for it, the progress that it shows, and the bytes on standard output.

pub(crate) mod outbox;
pub(crate) mod progress;
pub(crate) mod stdout;
