//! `--format json` of a command that does something: one document of what it said and did.

use super::context::Context;
use super::{Exit, output};
use ops::LogRow;
use schemars::JsonSchema;
use serde::Serialize;

/// What a command did.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "deep-review --format json, of a command that does something")]
pub(super) struct Outcome {
    /// The command: `dismiss`, `hook install`.
    command: &'static str,
    /// Its exit code. Nothing while it goes on: `watch` writes a document a line.
    exit_code: Option<u8>,
    /// What it says to people on standard output.
    text: String,
    /// What it says besides: warnings, and what can be done.
    notes: Vec<String>,
    /// The operations that it did on the branch, as `deep-review log` lists them.
    did: Vec<LogRow>,
    /// The operations that it took back.
    took_back: Vec<LogRow>,
    /// Why it could not be done.
    error: Option<Failure>,
}

/// Why something could not be done.
#[derive(Debug, Serialize, JsonSchema)]
struct Failure {
    /// What happened, and where.
    message: String,
    /// What to do about it.
    remedy: Option<String>,
}

/// Does the work, and prints what came of it as one document.
pub(super) fn said_as_json(
    command: &'static str,
    context: &Context,
    work: impl FnOnce() -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let before = log(context);
    output::keep_back((command == "watch").then_some(going_on));
    let ended = work();
    let (exit, error) = match &ended {
        Ok(exit) => (*exit, None),
        Err(error) => {
            output::error(error);
            let (message, remedy) = output::explained(error);
            (Exit::Impossible, Some(Failure { message, remedy }))
        }
    };
    let said = output::kept_back();
    let after = log(context);
    let old = |row: &LogRow| before.iter().find(|old| old.number == row.number);
    let outcome = Outcome {
        command,
        exit_code: Some(exit as u8),
        text: said.text,
        notes: said.notes,
        did: after.iter().filter(|row| old(row).is_none()).cloned().collect(),
        took_back: after.iter().filter(|row| old(row).is_some_and(|old| old.undone != row.undone)).cloned().collect(),
        error,
    };
    output::print(&if command == "watch" { line(&outcome)? } else { output::document(&outcome)? })?;
    Ok(exit)
}

/// A part of what a command says that goes on.
fn going_on(text: &str) -> anyhow::Result<String> {
    line(&Outcome { command: "watch", text: text.to_owned(), ..Outcome::default() })
}

fn line(outcome: &Outcome) -> anyhow::Result<String> {
    Ok(serde_json::to_string(outcome)? + "\n")
}

/// What was done on the branch so far; nothing where there is none.
fn log(context: &Context) -> Vec<LogRow> {
    let entries = context.open().map(|open| ops::log(&open).value).unwrap_or_default();
    entries.iter().map(LogRow::from).collect()
}
