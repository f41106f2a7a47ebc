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
pub mod line_formats;
mod message;
pub mod prose;
pub mod rdjson;
pub mod report;
pub mod sarif;
mod tool_path;
mod tools;

#[cfg(test)]
mod tests;

pub use code::{Code, Settled};
pub use imported::ImportedReview;
pub use levels::Levels;
pub use line_formats::{BadErrorFormat, ErrorFormat};

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
    /// JSON or XML of no format that is known.
    #[error("it is {kind}: {looks}. {}", what_is_read())]
    Unknown {
        /// `JSON` or `XML`.
        kind: &'static str,
        /// What it looks like.
        looks: String,
    },
    /// A round of ours that cannot be read.
    #[error("it cannot be read as a deep-review round: {0}")]
    Json(#[from] json::JsonError),
    /// SARIF that cannot be read.
    #[error("it cannot be read as SARIF: {0}")]
    Sarif(#[from] sarif::SarifError),
    /// Our report in Markdown that cannot be read.
    #[error("it cannot be read as a deep-review report: {0}")]
    Report(#[from] report::NotOurs),
    /// A text that is neither a review nor what a tool prints.
    #[error("{why}, and no line names a place as compilers and linters print it. {}", what_is_read())]
    Text {
        /// What is no review.
        why: prose::NoReport,
    },
}

fn what_is_read() -> String {
    format!(
        "Read are deep-review's reports, reviews in Markdown, SARIF, rdjson, GitHub's comments, lines as compilers and \
         linters print them, and the JSON or XML of {}",
        tools::names().join(", ")
    )
}

/// Reads a review of any format. `name` is what an agent is called where the text does not say.
///
/// # Errors
/// When the text is none of the formats that are known.
pub fn read(text: &str, name: &str) -> Result<Import, ImportError> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        return read_markup(text, name);
    }
    // A list of ours or of any tool has objects; a text may begin with a bracket too.
    let head: String = text.chars().filter(|c| !c.is_whitespace()).take(4096).collect();
    let is_json = head.starts_with('{') || head.starts_with("[{") || head.starts_with("[[") || head == "[]";
    let read = if is_json { read_json(text, &head)? } else { read_text(text, name)? };
    Ok(match read {
        // A file of no run, or an empty list, is the clean review of whatever the file is named after.
        Import::Reviews(none) if none.is_empty() => {
            Import::Reviews(vec![ImportedReview::by(AgentName::of_label(name), name.to_owned())])
        }
        read => read,
    })
}

fn read_json(text: &str, head: &str) -> Result<Import, ImportError> {
    // The keys of the first object tell the format; a foreign key of a large file need not be looked for.
    if head.contains("\"tool\":\"deep-review\"") || (head.contains("\"schema\":") && head.contains("\"started\":")) {
        let (round, decisions) = json::read(text)?;
        return Ok(Import::Round(Box::new(round), decisions));
    }
    if head.contains("\"runs\":") || head.contains("sarif") {
        match sarif::read(text) {
            Err(sarif::SarifError::NoRuns) => {}
            read => return read.map(Import::Reviews).map_err(ImportError::Sarif),
        }
    }
    if let Some(reviews) = github::read(text) {
        return Ok(Import::Reviews(reviews));
    }
    if let Ok(reviews) = rdjson::read(text) {
        return Ok(Import::Reviews(reviews));
    }
    match tools::read(text, Levels::REPORT) {
        Ok(reviews) => Ok(Import::Reviews(reviews)),
        // SARIF may have its runs behind a long head.
        Err(unknown) => match sarif::read(text) {
            Ok(runs) => Ok(Import::Reviews(runs)),
            Err(_) => Err(ImportError::Unknown { kind: "JSON", looks: unknown.to_string() }),
        },
    }
}

/// Reads what begins like XML, which a review in Markdown may do too.
fn read_markup(text: &str, name: &str) -> Result<Import, ImportError> {
    match tools::read(text, Levels::REPORT) {
        Ok(reviews) => Ok(Import::Reviews(reviews)),
        Err(unknown) if text.starts_with("<?xml") => {
            Err(ImportError::Unknown { kind: "XML", looks: unknown.to_string() })
        }
        Err(_) => read_text(text, name),
    }
}

fn read_text(text: &str, name: &str) -> Result<Import, ImportError> {
    if report::is_one(text) {
        let (round, decisions) = report::read(text)?;
        return Ok(Import::Round(Box::new(round), decisions));
    }
    let lines = line_formats::read(text, name);
    if lines.share > MOSTLY {
        return Ok(Import::Reviews(lines.reviews));
    }
    match read_markdown(text, name) {
        Err(no_report) if lines.reviews.is_empty() => Err(no_report),
        Err(_) => Ok(Import::Reviews(lines.reviews)),
        read => read,
    }
}

/// Reads what a linter printed in a format of its own: the tool by its name as [`ImportError::Unknown`] lists it, and what
/// its levels come to.
///
/// # Errors
/// When it is not of that tool's formats.
pub fn read_tool(label: &str, text: &str, levels: Levels) -> Result<Vec<ImportedReview>, NotOfTool> {
    tools::read_of(label, text, levels).map_err(|unknown| NotOfTool(unknown.to_string()))
}

/// What is of none of a tool's formats.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotOfTool(String);

/// The share of lines that name a place by which a text is the output of a tool, whatever else is in it.
const MOSTLY: f64 = 0.5;

/// Reads lines by formats of the user's own, as Vim and many linters' documentation write them.
///
/// # Errors
/// When no line fits.
pub fn read_lines(text: &str, name: &str, format: &ErrorFormat) -> Result<Import, NoLine> {
    let review = format.read(text, name);
    if review.answer.findings.is_empty() { Err(NoLine) } else { Ok(Import::Reviews(vec![review])) }
}

/// No line fits a format of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no line of it fits the error format")]
pub struct NoLine;

fn read_markdown(text: &str, name: &str) -> Result<Import, ImportError> {
    let agent = AgentName::of_label(name);
    Ok(match prose::read_review(text, &agent).map_err(|why| ImportError::Text { why })? {
        prose::Review::Report(round, decisions) => Import::Round(round, decisions),
        // A review that names no reviewer is that of the agent that the file is named after.
        prose::Review::Answer(answer) => {
            Import::Reviews(vec![ImportedReview { answer: *answer, ..ImportedReview::by(agent, name.to_owned()) }])
        }
    })
}
