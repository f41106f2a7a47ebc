//! The binary: memory, arguments and exit codes, nothing else.

fn main() -> std::process::ExitCode {
    deep_review::memory::share_pools();
    deep_review::cli::main()
}
