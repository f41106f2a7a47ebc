//! The token, from the user's environment, the `gh` and `glab` commands, or git's credential helper; never from the
//! repository: each runs outside of it.

use super::{Kind, Site};
use secrecy::SecretString;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// No command that gives a token takes longer.
const LONGEST: Duration = Duration::from_secs(10);

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    pub(super) how: How,
}

/// How a token is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// As the forge has tokens.
    Own,
    /// As tokens of OAuth are, which programs get for their users.
    Bearer,
    /// As the password of this user.
    Password(String),
}

/// A token for the site's host, if there is one.
pub(super) async fn find(site: &Site) -> Option<Token> {
    let own = |text: String| Token { secret: SecretString::from(text), how: How::Own };
    let set = site.token_variables().iter().find_map(|name| Some((*name, std::env::var(name).ok()?)));
    if let Some((name, text)) = set.filter(|(_, text)| !text.trim().is_empty()) {
        let token = own(text.trim().to_owned());
        // Azure's own builds have one of another kind.
        return Some(if name == "SYSTEM_ACCESSTOKEN" { Token { how: How::Bearer, ..token } } else { token });
    }
    let printed = match site.kind {
        Kind::GitHub => printed("gh", &["auth", "token", "--hostname", &site.host]).await.map(own),
        Kind::GitLab => printed("glab", &["config", "get", "token", "--host", &site.host])
            .await
            .map(|text| Token { how: How::Bearer, ..own(text) }),
        Kind::Gitea | Kind::Bitbucket | Kind::Azure => None,
    };
    match printed {
        Some(token) => Some(token),
        None => from_git(site).await,
    }
}

/// What a command prints. It runs outside of the repository, so that nothing in that can take its place.
async fn printed(program: &str, args: &[&str]) -> Option<String> {
    let run = Command::new(program)
        .args(args)
        .current_dir(std::env::temp_dir())
        .env("GH_PROMPT_DISABLED", "1")
        .env("NO_PROMPT", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(LONGEST, run).await.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|t| output.status.success() && t.len() < 4096)?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// What git would log in with, where a credential helper knows it. Nobody is asked for it.
async fn from_git(site: &Site) -> Option<Token> {
    let protocol = if site.api.starts_with("http://") { "http" } else { "https" };
    let mut child = Command::new("git")
        .args(["-c", "core.askPass=", "credential", "fill"])
        .current_dir(std::env::temp_dir())
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "")
        .env("SSH_ASKPASS", "")
        .env("GCM_INTERACTIVE", "never")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let wanted = format!("protocol={protocol}\nhost={}\npath={}\n\n", site.host, site.project);
    let asking = async {
        let mut stdin = child.stdin.take()?;
        stdin.write_all(wanted.as_bytes()).await.ok()?;
        drop(stdin);
        child.wait_with_output().await.ok()
    };
    let output = tokio::time::timeout(LONGEST, asking).await.ok()??;
    let text = String::from_utf8(output.stdout).ok().filter(|t| output.status.success() && t.len() < 8192)?;
    credential(&text, site.kind)
}

/// A credential as git's helpers print it.
fn credential(text: &str, kind: Kind) -> Option<Token> {
    let get = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let secret = SecretString::from(get("password").filter(|p| !p.is_empty())?.to_owned());
    let how = match kind {
        Kind::GitHub | Kind::Gitea => How::Own,
        // Its helpers keep what they got by OAuth, and personal tokens are taken so too.
        Kind::GitLab => How::Bearer,
        Kind::Bitbucket | Kind::Azure => How::Password(get("username").unwrap_or_default().to_owned()),
    };
    Some(Token { secret, how })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn what_a_helper_prints_is_read() {
        let read = |text: &str, kind| credential(text, kind).map(|t| (t.secret.expose_secret().to_owned(), t.how));
        let whole = "protocol=https\nhost=x\nusername=ann\npassword=s=3\n";
        assert_eq!(read(whole, Kind::GitHub), Some(("s=3".into(), How::Own)));
        assert_eq!(read(whole, Kind::GitLab), Some(("s=3".into(), How::Bearer)));
        assert_eq!(read(whole, Kind::Bitbucket), Some(("s=3".into(), How::Password("ann".into()))));
        assert_eq!(read("username=ann\n", Kind::GitHub), None);
        assert_eq!(read("password=\n", Kind::GitHub), None);
    }
}
