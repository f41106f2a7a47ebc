//! The command line: the real binary on real repositories, with recorded agents.

pub(crate) mod bed;

mod apply;
mod coding;
mod coverage;
mod decide;
mod fail;
mod findings;
mod fix;
mod inert;
mod json;
mod learnings;
mod log;
mod merging;
mod review;
mod rounds;
mod setup;
mod sync;
#[cfg(unix)]
mod terminal;
mod texts;
