//! The command line: one file a subcommand.

pub mod plumbing_merge;
pub mod plumbing_patch;

use std::process::ExitCode;

/// Runs the command that the process's arguments ask for and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(unix)]
    if let Some(ended) = crate::agent::process::supervise_if_asked() {
        return ended;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["plumbing", "merge"] {
        return match plumbing_merge::plumbing_merge(std::io::stdin().lock(), std::io::stdout().lock()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(2),
        };
    }
    if arguments == ["plumbing", "patch"] {
        return match plumbing_patch::plumbing_patch(std::io::stdin().lock(), std::io::stdout().lock()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(2),
        };
    }
    ExitCode::from(2)
}
