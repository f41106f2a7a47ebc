//! What there is to know of a command line agent: one table of facts a program.

use super::AgentSettings;
use super::completion::Completion;
use super::process::{End, Program, Scratch};
use super::tools::served::Server;
use finding::{AgentKind, Failure};
use serde_json::Value;
use std::path::Path;

/// What a line of output says while the program runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sign {
    /// What it is doing now.
    Doing(String),
    /// More of its answer.
    Words(String),
    /// What it said until now is not the answer.
    Anew(String),
    /// It goes on, but nothing will come of it.
    Hopeless(Failure),
}

/// The facts of one command line agent.
#[derive(Debug)]
pub(super) struct CliAdapter {
    /// The executable's usual name.
    pub(super) executable: &'static str,
    /// The label where neither the user nor the program says better.
    pub(super) label: &'static str,
    /// What sort of agent it is.
    pub(super) kind: AgentKind,
    /// Most bytes of input.
    pub(super) room: usize,
    /// How to find out whether somebody is logged in, and what to do if not.
    pub(super) login: Login,
    /// Whether it is offered the tools on the history: `program` starts its server then.
    pub(super) takes_tools: bool,
    /// Whether `program` passes the schema of the answer on, so that the prompt need not repeat it.
    pub(super) takes_schema: bool,
    /// The name of the template with what it needs to hear besides; none where every reader's instructions do.
    pub(super) notes: Option<&'static str>,
    /// How to run it on a prompt; may write files into scratch. Options of the user's are not its business.
    pub(super) program: fn(&Run<'_>) -> Result<Program, Failure>,
    /// What a line of output tells.
    pub(super) sign: fn(&str) -> Option<Sign>,
    /// What came of it: how it ended, standard output, standard error.
    pub(super) read: fn(&End, &str, &str) -> Completion,
}

/// How a program tells whether it is logged in.
#[derive(Debug)]
pub(super) struct Login {
    /// Arguments of the command that exits with 0 if so; none where there is no such command.
    pub(super) check: &'static [&'static str],
    /// Variables that make up for it when they are passed on.
    pub(super) variables: &'static [&'static str],
    /// What the user can do.
    pub(super) remedy: &'static str,
    /// How to install it.
    pub(super) install: &'static str,
}

/// One run to be prepared.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) settings: &'a AgentSettings,
    pub(super) executable: &'a Path,
    pub(super) prompt: &'a str,
    pub(super) schema: Value,
    pub(super) checkout: &'a Path,
    pub(super) scratch: &'a Scratch,
    /// Whether it is to edit the checkout; else it only reads.
    pub(super) edits: bool,
    /// Whether its answer is read while it is written.
    pub(super) is_read_along: bool,
    /// Further folders that it may read.
    pub(super) beside: Vec<&'a str>,
    /// What answers questions about the history.
    pub(super) history: Option<&'a Server>,
}
