//! Markdown: the whole report for people ([`write`]), and readers of such reports and of plain reviews.

mod write;

pub use write::write;
