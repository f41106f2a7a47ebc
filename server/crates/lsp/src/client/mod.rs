//! The way to the client: what comes from it and what goes to it as bytes, what waits for it, and the progress that it
//! shows.

pub(crate) mod outbox;
pub(crate) mod progress;
pub(crate) mod stdin;
pub(crate) mod stdout;
