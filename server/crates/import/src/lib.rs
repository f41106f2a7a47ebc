//! Readers of reviews as documents: our own reports, other tools' formats, prose. Pure: text in, data out; no I/O, no async.
//!
//! [`read()`] tells the format and gives what the document says ([`Import`]); [`Code`] finds in the code at hand what is
//! cited. One file a format or family; what recognises styles of prose is apart from that, in [`prose`].

mod code;
pub mod github;
pub mod imported;
pub mod json;
mod lenient;
mod levels;
mod message;
pub mod prose;
pub mod rdjson;
pub mod sarif;
mod tool_path;

#[cfg(test)]
mod tests;

pub use code::{Code, Settled};
pub use imported::ImportedReview;
pub use levels::Levels;

use finding::{AgentName, Decisions, Round};

/// What a file held.
#[derive(Debug, Clone)]
pub enum Import {
    /// A whole round, and what was decided on it.
    Round(Box<Round>, Decisions),
    /// What agents said: to be settled in the code at hand ([`Code::settle_said`]).
    Reviews(Vec<ImportedReview>),
}

/// A file that is no review.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// JSON of no format that is known.
    #[error("it is JSON, and neither a deep-review round, SARIF, rdjson nor GitHub review comments: {0}")]
    UnknownJson(String),
    /// A round of ours that cannot be read.
    #[error("it cannot be read as a deep-review round: {0}")]
    Json(#[from] json::JsonError),
    /// SARIF that cannot be read.
    #[error("it cannot be read as SARIF: {0}")]
    Sarif(#[from] sarif::SarifError),
    /// No JSON and no review.
    #[error("{0}")]
    Markdown(#[from] prose::NoReport),
}

/// Reads a review of any format: deep-review's JSON or Markdown, SARIF, rdjson(l), GitHub review comments, a
/// plain Markdown review. `name` is what an agent is called where the text does not say.
///
/// # Errors
/// When the text is none of these.
pub fn read(text: &str, name: &str) -> Result<Import, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with(['{', '[']) {
        return read_markdown(text, name);
    }
    // The keys of the first object tell the format; a foreign key of a large file need not be looked for.
    let head: String = text.chars().filter(|c| !c.is_whitespace()).take(4096).collect();
    if text.trim_start().starts_with('[') && !head.starts_with("[{") && head != "[]" {
        return read_markdown(text, name);
    }
    if head.contains("\"tool\":\"deep-review\"") || (head.contains("\"schema\":") && head.contains("\"started\":")) {
        let (round, decisions) = json::read(text)?;
        return Ok(Import::Round(Box::new(round), decisions));
    }
    if head.contains("\"runs\":") || head.contains("sarif") {
        return Ok(Import::Reviews(sarif::read(text)?));
    }
    if (text.trim_start().starts_with('[') || head.contains("\"comments\":"))
        && let Ok(answers) = github::read(text)
    {
        return Ok(Import::Reviews(answers));
    }
    match rdjson::read(text) {
        Ok(all) if all.iter().any(|s| !s.answer.findings.is_empty()) || head.contains("\"diagnostics\":") => {
            Ok(Import::Reviews(all))
        }
        Ok(_) => Err(ImportError::UnknownJson("it has no key that they have".into())),
        // SARIF may have its runs behind a long head.
        Err(e) => match sarif::read(text) {
            Ok(runs) => Ok(Import::Reviews(runs)),
            Err(_) => Err(ImportError::UnknownJson(e.to_string())),
        },
    }
}

fn read_markdown(text: &str, name: &str) -> Result<Import, ImportError> {
    let agent = AgentName::of_label(name);
    Ok(match prose::read_review(text, &agent)? {
        prose::Review::Report(round, decisions) => Import::Round(round, decisions),
        // A review that names no reviewer is that of the agent that the file is named after.
        prose::Review::Answer(answer) => {
            Import::Reviews(vec![ImportedReview { answer: *answer, ..ImportedReview::by(agent, name.to_owned()) }])
        }
    })
}
