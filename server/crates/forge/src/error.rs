use super::{Kind, Site};

/// Why a forge could not be asked. `Display` says what was wrong; [`ForgeError::remedy`] what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForgeError {
    /// The clone has no remote at a forge.
    #[error("no remote of this clone is at a forge that deep-review can ask{}", detail(seen))]
    NoRemote {
        /// The remotes that there are, as `name (host)`.
        seen: Vec<String>,
    },
    /// The named remote is not there, or is no address.
    #[error("the remote '{0}' is not in this clone, or is not at a forge")]
    UnknownRemote(String),
    /// The forge has no open pull request for the branch.
    #[error("{site} has no open pull request from the branch '{branch}'")]
    NoPullRequest {
        /// Where.
        site: Site,
        /// Of what.
        branch: String,
    },
    /// There is nothing of that name, or it is private and nobody is logged in.
    #[error("{site} has no {what}{}", if *token { "" } else { " that can be seen without a token" })]
    NotFound {
        /// Where.
        site: Site,
        /// What was asked for.
        what: String,
        /// Whether a token was sent.
        token: bool,
    },
    /// This needs a token, and none was found.
    #[error("{site} takes this only from somebody who is logged in")]
    NoToken {
        /// Where.
        site: Site,
    },
    /// The token is refused.
    #[error("{site} refuses the token: {message}")]
    Refused {
        /// Where.
        site: Site,
        /// What it said.
        message: String,
    },
    /// Asked too often.
    #[error("{site} was asked too often{}", until.as_ref().map(|u| format!(" (until {u})")).unwrap_or_default())]
    RateLimited {
        /// Where.
        site: Site,
        /// When it answers again, in UTC.
        until: Option<String>,
        /// Whether a token was sent: whoever is nobody may ask less often.
        token: bool,
    },
    /// It gave another error.
    #[error("{site} answered {status}: {message}")]
    Status {
        /// Where.
        site: Site,
        /// HTTP's status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// No connection, or it broke.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system said.
        why: String,
    },
    /// Its answer is not what its documentation says.
    #[error("{site} gave an answer that cannot be read: {why}")]
    BadAnswer {
        /// Where.
        site: Site,
        /// What is wrong with it.
        why: String,
    },
}

fn detail(seen: &[String]) -> String {
    if seen.is_empty() { ": it has no remote".into() } else { format!(" (it has {})", seen.join(", ")) }
}

impl ForgeError {
    /// What the user can do about it: a sentence that starts in lower case.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NoRemote { seen } if seen.is_empty() => Some("add it: 'git remote add origin URL'".into()),
            Self::NoRemote { .. } | Self::UnknownRemote(_) => Some(
                "name the remote with '--remote NAME', and what runs on its host with '--forge github|gitlab|gitea|bitbucket|azure'"
                    .into(),
            ),
            Self::NoPullRequest { .. } => {
                Some("push the branch and open one, or give its number: 'deep-review pr NUMBER'".into())
            }
            Self::NotFound { token: true, .. } => Some("check the remote, and what the token may see".into()),
            Self::NotFound { site, .. } | Self::NoToken { site } | Self::Refused { site, .. } => Some(log_in(site)),
            Self::RateLimited { token: true, .. } => Some("wait until it answers again".into()),
            Self::RateLimited { site, .. } => Some(format!("wait, or be somebody: {}", log_in(site))),
            Self::Status { .. } | Self::BadAnswer { .. } => None,
            Self::Unreachable { .. } => Some("check the network, and HTTPS_PROXY if there is a proxy".into()),
        }
    }
}

fn log_in(site: &Site) -> String {
    let names = site.token_variables().join(" or ");
    match site.kind {
        Kind::GitHub => format!("set {names}, or log in with 'gh auth login --hostname {}'", site.host),
        Kind::GitLab => {
            format!(
                "set {names} to a token that may use the API, or log in with 'glab auth login --hostname {}'",
                site.host
            )
        }
        Kind::Gitea | Kind::Bitbucket => format!("set {names} to a token that may use the API"),
        Kind::Azure => format!("set {names} to a token that may read code and write pull request threads"),
    }
}
