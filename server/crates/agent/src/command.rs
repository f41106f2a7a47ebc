//! Any program that takes the brief on standard input and answers on standard output. It runs in the checkout.

use super::adapter::{CliAdapter, Login, Run, Sign};
use super::completion::{Completion, unfinished};
use super::process::{End, Program};
use finding::{AgentKind, Failure};

pub(super) static COMMAND: CliAdapter = CliAdapter {
    executable: "",
    label: "Command",
    kind: AgentKind::Command,
    room: 1_000_000,
    login: Login {
        check: &[],
        variables: &[],
        remedy: "log in with it",
        install: "set `command` of the agent to its path",
    },
    takes_tools: false,
    takes_schema: false,
    notes: None,
    program,
    sign,
    read,
};

fn program(run: &Run<'_>) -> Result<Program, Failure> {
    Ok(Program {
        path: run.executable.to_owned(),
        args: Vec::new(),
        environment: run.settings.environment(),
        folder: Some(run.checkout.to_owned()),
        input: run.prompt.to_owned(),
    })
}

fn sign(_line: &str) -> Option<Sign> {
    None
}

fn read(end: &End, stdout: &str, stderr: &str) -> Completion {
    match end {
        End::Exited(0) => Completion { text: stdout.to_owned(), ..Completion::default() },
        // A whole answer counts, however its program ends.
        end => Completion { text: stdout.to_owned(), ..Completion::failed(unfinished(end, stderr)) },
    }
}
