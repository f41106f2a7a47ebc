//! Markdown: the whole report for people ([`write()`]), and readers of such reports and of plain reviews
//! ([`read()`], [`read_answer`]).

mod answer;
mod body;
mod cite;
mod coverage;
mod decided;
mod fielded;
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
mod table;
mod words;
mod write;

pub use answer::read_answer;
pub(super) use lines::ends_as_text;
pub(crate) use lines::pattern;
pub use read::{NoReport, Review, read, read_review};
pub(crate) use roster::short;
pub(crate) use words::severity_of;
pub(crate) use write::code;
pub use write::write;
