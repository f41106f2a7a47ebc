//! Writers of rounds as documents. Pure: data in, text out; no I/O, no async.
//!
//! [`write()`] turns a round into any [`Format`]. What a document says is worked out once, in [`view`], and
//! laid out by one file a format. Documents are read by the crate `import`.

pub mod edits;
pub mod forge;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
mod masked;
mod pills;
pub mod rdjson;
mod retro;
mod said;
pub mod sanitize;
pub mod sarif;
pub mod terminal;
mod texts;
mod view;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use masked::masked;
pub use texts::Texts;

use finding::{Decisions, Round};
use std::fmt;
use std::str::FromStr;

/// The forms in which a round can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For a terminal.
    Text,
    /// Our own schema; everything is in it.
    Json,
    /// The whole report, for people.
    Markdown,
    /// The whole report as one self-contained page.
    Html,
    /// SARIF 2.1.0.
    Sarif,
    /// reviewdog's diagnostics as one object.
    Rdjson,
    /// reviewdog's diagnostics, one a line.
    Rdjsonl,
    /// A GitHub pull request review.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML.
    Junit,
}

impl Format {
    /// All formats, in the order in which they are offered.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Json,
        Self::Markdown,
        Self::Html,
        Self::Sarif,
        Self::Rdjson,
        Self::Rdjsonl,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
    ];

    /// The name by which it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Sarif => "sarif",
            Self::Rdjson => "rdjson",
            Self::Rdjsonl => "rdjsonl",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is none of [`Format::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format '{0}': one of text, json, markdown, html, sarif, rdjson, rdjsonl, github, gitlab, junit")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let wanted = if name == "md" { "markdown" } else { name };
        Self::ALL.into_iter().find(|f| f.name() == wanted).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// Writes the round. `texts` should have the files of [`Round::texts`].
#[must_use]
pub fn write(format: Format, round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    match format {
        Format::Text => terminal::write(round, decisions, texts, terminal::Style::default()),
        Format::Json => json::write(round, decisions),
        Format::Markdown => markdown::write(round, decisions, texts),
        Format::Html => html::write(round, decisions, texts),
        Format::Sarif => sarif::write(round, decisions, texts),
        Format::Rdjson => rdjson::write(round, decisions, texts),
        Format::Rdjsonl => rdjson::write_lines(round, decisions, texts),
        Format::Github => forge::github(round, decisions, texts),
        Format::Gitlab => forge::gitlab(round, decisions),
        Format::Junit => junit::write(round, decisions),
    }
}
