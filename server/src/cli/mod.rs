//! The command line: one file a subcommand. Everything that is printed is printed here.

mod add_agent;
mod agents;
mod apply;
mod args;
mod ask;
mod cache;
mod config;
mod context;
mod decide;
mod demo;
mod doctor;
mod done;
mod dry_run;
mod eval;
mod examples;
mod findings;
mod fix;
mod generate;
mod hook;
mod hyperlinks;
mod import;
mod init;
mod install;
mod learnings;
mod links;
mod log;
mod mcp;
mod now;
mod open;
mod output;
pub mod plumbing_merge;
pub mod plumbing_patch;
mod pr;
mod progress;
mod record;
mod report;
mod review;
mod rounds;
mod rules;
pub mod sample;
mod scan;
#[cfg(test)]
mod schemas;
mod set_agent;
mod show;
mod stack;
mod start;
mod stop_hook;
mod stream;
mod sync;
mod test_agent;
mod tui;
mod verify;
mod watch;

pub use args::Cli;

use args::{Command, Plumbing};
use clap::Parser;
use std::process::ExitCode;

/// How a command ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The review is complete, or the command did what it was asked.
    Done = 0,
    /// `--fail-on` was reached.
    FailOn = 1,
    /// It could not be done: usage, no repository, bad configuration, no agent answered.
    Impossible = 2,
    /// Some agent failed: the review is incomplete.
    Incomplete = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Runs the command that the process's arguments ask for and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(ended) = agent::serve_history_if_asked() {
        return ended;
    }
    #[cfg(unix)]
    if let Some(ended) = agent::process::supervise_if_asked() {
        return ended;
    }
    store::on_wait(|lock| {
        output::note(&format!("waiting for another deep-review that writes (it holds {})", lock.display()));
    });
    if let Some(folder) = ::config::cache_folder(&|name| std::env::var(name).ok()) {
        agent::share_limits(folder.join("limits"));
    }
    #[cfg(feature = "remote-cache")]
    agent::fleet::register(fleet::opened);
    // What is asked most often, and by programs: all that reads arguments stays out of the memory of a long session, and out of
    // the time of a short one.
    if std::env::args_os().skip(1).eq(["lsp"]) {
        return lsp::run();
    }
    let ended = match std::env::args_os().skip(1).eq(["--version"]) {
        true => output::print(VERSION).map(|()| Exit::Done),
        false => run(Cli::parse()),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&error);
            Exit::Impossible.into()
        }
    }
}

/// As clap writes it.
const VERSION: &str = concat!("deep-review ", env!("CARGO_PKG_VERSION"), "\n");

fn run(cli: Cli) -> anyhow::Result<Exit> {
    let context = context::Context::new(cli.directory, cli.target, (cli.color, cli.hyperlinks));
    let Some(command) = cli.command else { return start::run(&context) };
    match command.saying() {
        Some((name, format)) if format.is_json() => done::said_as_json(name, &context, || carry_out(&context, command)),
        _ => carry_out(&context, command),
    }
}

fn carry_out(context: &context::Context, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Review(args) => review::run(context, *args),
        Command::Lsp(_) => Ok(if lsp::run() == ExitCode::SUCCESS { Exit::Done } else { Exit::FailOn }),
        Command::Mcp(args) => mcp::run(context, &args),
        Command::Agents(args) => agents::run(context, &args),
        Command::Eval(args) => eval::run(context, &args),
        Command::Demo(args) => demo::run(context, &args),
        Command::Rounds(args) => rounds::run(context, &args),
        Command::Report(args) => report::run(context, &args),
        Command::Findings(args) => findings::run(context, &args),
        Command::Show(args) => show::run(context, &args),
        Command::Verify(args) => verify::run(context, &args),
        Command::Open(args) => open::run(context, &args),
        Command::Tui(_) => tui::run(context, context.open()?, ops::RoundName::Newest),
        Command::Apply(args) => apply::run(context, &args),
        Command::Fix(args) => fix::run(context, &args),
        Command::Ask(args) => ask::run(context, &args),
        Command::Import(args) => import::run(context, &args),
        Command::Pr(args) => pr::run(context, &args),
        Command::Scan(args) => scan::run(context, &args),
        Command::Watch(args) => watch::run(context, &args),
        Command::Hook(args) => hook::run(context, args),
        Command::Dismiss(args) => decide::dismiss(context, &args),
        Command::Reopen(args) => decide::reopen(context, &args),
        Command::Severity(args) => decide::severity(context, &args),
        Command::Split(args) => links::split(context, &args),
        Command::Join(args) => links::join(context, &args),
        Command::Learnings(args) => learnings::run(context, &args),
        Command::Sync(args) => sync::run(context, &args),
        Command::Cache(args) => cache::run(context, &args),
        Command::Log(args) => log::log(context, &args),
        Command::Undo(args) => log::undo(context, &args),
        Command::Rules(args) => rules::run(context, args),
        Command::Init(_) => init::run(context),
        Command::Doctor(args) => doctor::run(context, &args),
        Command::Config(args) => config::run(context, &args),
        Command::Completions { shell, .. } => generate::completions(shell),
        Command::Man(_) => generate::man(),
        Command::Plumbing(step) => plumbing(step),
    }
}

fn plumbing(step: Plumbing) -> anyhow::Result<Exit> {
    let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let done = match step {
        Plumbing::Patch => plumbing_patch::plumbing_patch(input, output),
        Plumbing::Merge => plumbing_merge::plumbing_merge(input, output),
    };
    match done {
        // A reader that has gone (`| head`) is no error.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        done => done.map(|()| Exit::Done).map_err(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_version_is_that_of_what_reads_arguments() {
        assert_eq!(VERSION, Cli::command().render_version());
    }
}
