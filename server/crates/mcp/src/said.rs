//! Why a tool did not do what it was asked, said so that a model knows what to do next.

use config::McpRight;
use ops::OpsError;
use std::fmt;

/// What went wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    what: String,
    remedy: Option<String>,
}

impl Refusal {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: None }
    }

    pub(crate) fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The user has not allowed it.
    pub(crate) fn not_allowed(right: McpRight, settings: &crate::Settings) -> Self {
        let file = settings.user_file.as_ref().map_or("their configuration".to_owned(), |f| f.display().to_string());
        let what = format!("the user does not let coding agents {}", right.word());
        Self::new(what).with_remedy(format!(
            "tell the user: in {file}, below [mcp], allow = [..., \"{}\"] lets you; do not edit that file yourself",
            right.word()
        ))
    }

    /// A part of ours that should not fail did.
    pub(crate) fn internal(what: &str) -> Self {
        Self::new(format!("an error of deep-review: {what}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\nWhat to do: {remedy}"),
            None => Ok(()),
        }
    }
}

impl From<OpsError> for Refusal {
    fn from(error: OpsError) -> Self {
        let remedy = match &error {
            OpsError::NoEmail => Some("ask the user to set it: git config user.email".to_owned()),
            OpsError::NoRound => Some("call review, or ask the user to run 'deep-review review'".to_owned()),
            OpsError::UnknownRound { .. } => Some("call rounds: it lists them".to_owned()),
            OpsError::UnknownFinding { .. } | OpsError::AmbiguousFinding { .. } | OpsError::NothingNamed => {
                Some("call findings: it lists labels (I4) and ids".to_owned())
            }
            OpsError::UnknownFix { .. } => Some("call finding: it lists the suggestions by number".to_owned()),
            OpsError::Git(error) => error.remedy(),
            OpsError::Forge(error) => error.remedy(),
            _ => None,
        };
        Self { what: error.to_string(), remedy }
    }
}

impl From<git::GitError> for Refusal {
    fn from(error: git::GitError) -> Self {
        OpsError::from(error).into()
    }
}

impl From<store::StoreError> for Refusal {
    fn from(error: store::StoreError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<finding::RepoPathError> for Refusal {
    fn from(error: finding::RepoPathError) -> Self {
        Self::new(error.to_string()).with_remedy("give paths from the top of the repository, with '/'")
    }
}

impl From<review::ReviewError> for Refusal {
    fn from(error: review::ReviewError) -> Self {
        Self { what: error.to_string(), remedy: error.remedy() }
    }
}
