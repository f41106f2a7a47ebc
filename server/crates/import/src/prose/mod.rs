//! Markdown in the styles in which agents and people write reviews and reports. Our own report has a reader of its own,
//! [`super::report`], which shares what tells lines, reviewers and sections apart.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod cite;
pub(crate) mod decided;
pub(crate) mod document;
mod fielded;
mod findings;
mod gaps;
pub(crate) mod head;
mod header;
mod headings;
mod item;
pub(crate) mod lines;
mod plain;
pub(crate) mod read;
pub(crate) mod roster;
pub(crate) mod rows;
pub(crate) mod runs;
mod scale;
pub(crate) mod sections;
mod table;
mod unstructured;

pub use answer::read_answer;
pub(crate) use lines::pattern;
pub use read::{NoReport, Review, read, read_review};
