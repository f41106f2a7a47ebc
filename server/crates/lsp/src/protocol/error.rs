//! Why a command was not done.

use git::GitError;
use ops::OpsError;
use review::ReviewError;
use std::fmt;

/// Why a command was not done: a message that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandError {
    /// The arguments are at fault.
    Invalid(String),
    /// They were right, and it could not be done.
    Failed(String),
}

impl CommandError {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// What went wrong, and what mends it.
    pub(crate) fn of(error: &ReviewError) -> Self {
        let remedy = match error {
            // The engine's own remedies are for the command line.
            ReviewError::Git(GitError::NoBase { .. }) => {
                Some("set deepReview.base to the branch to compare with".into())
            }
            ReviewError::NothingToResume => Some("review without `resume` to begin a new round".into()),
            _ => error.remedy(),
        };
        Self::failed(with_remedy(&error.to_string(), remedy.as_deref()))
    }
}

impl From<OpsError> for CommandError {
    fn from(error: OpsError) -> Self {
        let remedy = match &error {
            OpsError::Git(GitError::NoBase { .. }) => Some("set deepReview.base to the branch to compare with"),
            OpsError::NoEmail => Some("`git config user.email YOU@EXAMPLE.ORG` sets it"),
            OpsError::NoRound => Some("run a review first"),
            OpsError::UnknownFinding { .. } => Some("it may be of an older round"),
            OpsError::NothingNamed | OpsError::OneFinding { .. } => {
                Some("`ids` names the findings, two or more to join")
            }
            _ => None,
        };
        let message = with_remedy(&error.to_string(), remedy);
        if error.is_argument() { Self::Invalid(message) } else { Self::Failed(message) }
    }
}

/// "the base 'x' is not there: name another one"
pub(crate) fn with_remedy(message: &str, remedy: Option<&str>) -> String {
    remedy.map_or_else(|| message.to_owned(), |remedy| format!("{message}: {remedy}"))
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Invalid(message) | Self::Failed(message)) = self;
        f.write_str(message)
    }
}
