//! Any program that takes the brief on standard input and answers on standard output. It runs in the checkout.

use super::cli::{Completion, Dialect, Login, Run, Sign, unfinished};
use super::process::{End, Program};
use finding::{AgentKind, Failure};

#[derive(Debug)]
pub(super) struct Command;

impl Dialect for Command {
    fn executable(&self) -> &'static str {
        ""
    }

    fn label(&self) -> &'static str {
        "Command"
    }

    fn kind(&self) -> AgentKind {
        AgentKind::Command
    }

    fn program(&self, run: &Run<'_>) -> Result<Program, Failure> {
        Ok(Program {
            path: run.executable.to_owned(),
            args: run.settings.command.iter().skip(1).cloned().collect(),
            environment: run.settings.environment(),
            folder: Some(run.checkout.to_owned()),
            input: run.prompt.clone(),
        })
    }

    fn sign(&self, _line: &str) -> Option<Sign> {
        None
    }

    fn read(&self, end: &End, stdout: &str, stderr: &str) -> Completion {
        match end {
            End::Exited(0) => Completion { text: stdout.to_owned(), ..Completion::default() },
            end => Completion::failed(unfinished(end, stderr)),
        }
    }

    fn login(&self) -> Login {
        Login {
            check: &[],
            variables: &[],
            remedy: "log in with it",
            install: "set `command` of the agent to its path",
        }
    }

    fn room(&self) -> usize {
        1_000_000
    }
}
