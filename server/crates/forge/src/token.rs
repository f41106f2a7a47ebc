//! The token, from the user's environment or the `gh` command; never from the repository.

use super::{Kind, Site};
use secrecy::SecretString;
use std::process::Stdio;
use std::time::Duration;

/// A token for the site's host, if there is one.
pub(super) async fn find(site: &Site) -> Option<SecretString> {
    let set = site.token_variables().iter().find_map(|name| std::env::var(name).ok());
    let token = match set.filter(|t| !t.trim().is_empty()) {
        Some(token) => token,
        None if site.kind == Kind::GitHub => from_gh(&site.host).await?,
        None => return None,
    };
    Some(SecretString::from(token.trim().to_owned()))
}

/// What `gh auth token` prints. Runs outside of the repository, so that nothing in it can take the place of `gh`.
async fn from_gh(host: &str) -> Option<String> {
    let run = tokio::process::Command::new("gh")
        .args(["auth", "token", "--hostname", host])
        .current_dir(std::env::temp_dir())
        .env("GH_PROMPT_DISABLED", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(10), run).await.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|t| output.status.success() && t.len() < 4096)?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}
