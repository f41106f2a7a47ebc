//! The command line: one file a subcommand.

use std::process::ExitCode;

/// Runs the command that the process's arguments ask for and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(unix)]
    if let Some(ended) = crate::agent::process::supervise_if_asked() {
        return ended;
    }
    ExitCode::from(2)
}
