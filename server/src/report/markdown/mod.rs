//! Markdown: the whole report for people ([`write()`]), and readers of such reports and of plain reviews
//! ([`read()`], [`read_answer`]).

mod answer;
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

pub use answer::read_answer;
pub(super) use lines::ends_as_text;
pub use read::{NoReport, Review, read, read_review};
pub(in crate::report) use roster::short;
pub(in crate::report) use write::code;
pub use write::write;
