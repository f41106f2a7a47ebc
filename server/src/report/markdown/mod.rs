//! Markdown: the whole report for people ([`write()`]), and readers of such reports and of plain reviews
//! ([`read()`], [`read_answer`]).

mod cite;
mod coverage;
mod decided;
mod findings;
mod head;
mod header;
mod lines;
mod loose;
mod plain;
mod read;
mod roster;
mod runs;
mod sections;
mod write;

pub use read::{NoReport, read, read_answer};
pub(in crate::report) use roster::short;
pub(in crate::report) use write::code;
pub use write::write;
