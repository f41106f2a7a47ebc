//! The language server: projects rounds into an editor over LSP.

/// Runs the server on standard input and output.
#[must_use]
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
