//! Markdown: reports of ours and of others, and plain reviews in the styles in which agents and people write them.

mod answer;
mod body;
mod cite;
mod coverage;
mod decided;
mod fielded;
mod findings;
mod gaps;
mod head;
mod header;
mod headings;
mod item;
mod lines;
mod plain;
mod read;
mod roster;
mod rows;
mod runs;
mod scale;
mod sections;
mod table;
mod unstructured;

pub use answer::read_answer;
pub(crate) use lines::pattern;
pub use read::{NoReport, Review, read, read_review};
