//! Tells Zed how deep-review's language server is started.
//!
//! The program is the one on the user's path. Zed's settings can name another, but it reads them from the project too
//! (`.zed/settings.json`), and what runs must never come from the repository under review; so they are not asked. Nothing is
//! fetched either: where the program is missing, the user reads how to install it.

use zed_extension_api::{self as zed, Command, LanguageServerId, Worktree};

const PROGRAM: &str = "deep-review";

const MISSING: &str = "the program `deep-review` is not on the path. Install it by one of: `uv tool install deep-review`, \
                       `npm install -g deep-review`, `cargo install deep-review`; then run `editor: restart language server`";

struct DeepReview;

impl zed::Extension for DeepReview {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> zed::Result<Command> {
        start(worktree.which(PROGRAM), worktree.shell_env())
    }
}

/// The server as a process, with what the user's shell has in its environment: agents' keys are there.
fn start(program: Option<String>, env: Vec<(String, String)>) -> zed::Result<Command> {
    let command = program.ok_or(MISSING)?;
    Ok(Command { command, args: vec!["lsp".to_owned()], env })
}

zed::register_extension!(DeepReview);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_the_path_is_started_with_the_shells_environment() {
        let env = vec![("ANTHROPIC_API_KEY".to_owned(), "k".to_owned())];
        let command = start(Some("/usr/bin/deep-review".to_owned()), env.clone()).unwrap();
        assert_eq!((command.command.as_str(), command.args, command.env), ("/usr/bin/deep-review", vec!["lsp".to_owned()], env));
    }

    #[test]
    fn a_program_that_is_missing_is_said_with_what_installs_it() {
        let said = start(None, Vec::new()).map(drop).unwrap_err();
        assert!(said.contains("uv tool install deep-review") && said.contains("npm"), "{said}");
    }
}
