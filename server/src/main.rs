//! The binary: arguments and exit codes, nothing else.

fn main() -> std::process::ExitCode {
    deep_review::cli::main()
}
