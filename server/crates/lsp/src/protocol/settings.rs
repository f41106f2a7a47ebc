//! The settings of the section `deepReview`, from `initializationOptions` and `workspace/configuration`.
//!
//! What runs programs or sends text is not among them: that is the user's configuration file's, because an
//! editor takes workspace settings from the repository under review.

use finding::{Dial, Severity};
use lsp_types::DiagnosticSeverity;
use ops::watch::{Allowance, WatchFor};
use ops::{Overrides, Trust};
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Which reviews start by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auto {
    /// None.
    Off,
    /// Those of the built-in agents, when a file is saved and when the branch changes.
    #[default]
    Builtin,
}

/// What the user said of the workspace, as the editor passed it on in `initializationOptions.trusted`.
pub(crate) fn trust_of(options: &Value) -> Trust {
    match options.get("trusted").and_then(Value::as_bool) {
        Some(true) => Trust::Given,
        None => Trust::AsConfigured,
        Some(false) => Trust::Refused,
    }
}

/// A severity of the editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shown {
    Error,
    Warning,
    Information,
    Hint,
}

impl From<Shown> for DiagnosticSeverity {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Error => Self::ERROR,
            Shown::Warning => Self::WARNING,
            Shown::Information => Self::INFORMATION,
            Shown::Hint => Self::HINT,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Review {
    auto: Auto,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Severities {
    critical: Shown,
    important: Shown,
    suggestion: Shown,
    concern: Shown,
}

impl Default for Severities {
    fn default() -> Self {
        Self { critical: Shown::Error, important: Shown::Warning, suggestion: Shown::Information, concern: Shown::Hint }
    }
}

/// The settings. Unknown ones are ignored: the editor has some of its own in the section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The agents that review when a request names none; all that are configured if empty.
    pub(crate) agents: Vec<String>,
    /// What to compare with; found as on the command line if empty.
    base: String,
    /// Whether uncommitted work is reviewed.
    pub(crate) uncommitted: bool,
    review: Review,
    severity: Severities,
    show: Show,
    forge: Forge,
    background: Background,
}

/// Reviews that start by themselves. Off where nobody said so: agents may cost money. Editors take these from the user's own
/// settings alone, never from the workspace's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Background {
    on: BackgroundOn,
    /// Who takes part; those that cost nothing where none is named.
    pub(crate) agents: Vec<String>,
    /// How long nothing may be typed before it is a pause, in seconds.
    pause: Option<u64>,
    max_cost_per_hour: Option<f64>,
    max_cost_per_day: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BackgroundOn {
    #[default]
    Off,
    Commit,
    Pause,
    Push,
}

impl Background {
    /// What a review is made of, if it is to be.
    pub(crate) fn on(&self) -> Option<WatchFor> {
        match self.on {
            BackgroundOn::Off => None,
            BackgroundOn::Commit => Some(WatchFor::Commit),
            BackgroundOn::Pause => Some(WatchFor::Pause),
            BackgroundOn::Push => Some(WatchFor::Push),
        }
    }

    pub(crate) fn pause(&self) -> Duration {
        Duration::from_secs(self.pause.unwrap_or(10))
    }

    pub(crate) fn allowance(&self) -> Allowance {
        Allowance { per_hour: self.max_cost_per_hour, per_day: self.max_cost_per_day }
    }
}

/// What runs at the host of a remote whose name does not say it. Which hosts are asked is said by the remotes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Forge {
    /// What the host's name says.
    #[default]
    #[serde(rename = "")]
    ByName,
    GitHub,
    GitLab,
    #[serde(alias = "forgejo")]
    Gitea,
    Bitbucket,
    Azure,
}

/// How much is shown; what is `null` is as configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Show {
    min_severity: Option<Severity>,
    /// 0 to 1.
    min_confidence: Option<f64>,
    max_suggestions: Option<usize>,
    /// Whether what people said on the pull request is shown at its lines; `null` is yes.
    pull_request_comments: Option<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            agents: Vec::new(),
            base: String::new(),
            uncommitted: true,
            review: Review::default(),
            severity: Severities::default(),
            show: Show::default(),
            forge: Forge::default(),
            background: Background::default(),
        }
    }
}

impl Settings {
    /// Reads the section. What it does not say, or says wrongly, is at its default; the text says what is wrong.
    pub(crate) fn read(section: &Value) -> (Self, Option<String>) {
        let section = section.get("deepReview").unwrap_or(section);
        if section.is_null() {
            return (Self::default(), None);
        }
        match serde_path_to_error::deserialize(section) {
            Ok(settings) => (settings, None),
            Err(e) => (Self::default(), Some(format!("the setting deepReview.{}: {}", e.path(), e.inner()))),
        }
    }

    pub(crate) fn auto(&self) -> Auto {
        self.review.auto
    }

    /// Whether what people said on the pull request is shown.
    pub(crate) fn shows_comments(&self) -> bool {
        self.show.pull_request_comments.unwrap_or(true)
    }

    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    /// What runs at the host of the remote, where that was said.
    pub(crate) fn forge(&self) -> Option<ops::pull_request::Kind> {
        use ops::pull_request::Kind;
        match self.forge {
            Forge::ByName => None,
            Forge::GitHub => Some(Kind::GitHub),
            Forge::GitLab => Some(Kind::GitLab),
            Forge::Gitea => Some(Kind::Gitea),
            Forge::Bitbucket => Some(Kind::Bitbucket),
            Forge::Azure => Some(Kind::Azure),
        }
    }

    fn base(&self) -> Option<String> {
        let base = self.base.trim();
        (!base.is_empty()).then(|| base.to_owned())
    }

    /// What of it holds over what is configured.
    pub(crate) fn overrides(&self) -> Overrides {
        let uncommitted = (!self.uncommitted).then_some(false);
        Overrides { base: self.base(), uncommitted, ..Overrides::default() }
    }

    /// How much is to be shown; of what it says nothing, the configuration decides.
    pub(crate) fn dial(&self) -> Dial {
        let Show { min_severity, min_confidence, max_suggestions, .. } = self.show;
        Dial { min_severity, min_confidence, max_suggestions }
    }

    pub(crate) fn shown(&self, severity: Severity) -> DiagnosticSeverity {
        match severity {
            Severity::Critical => self.severity.critical,
            Severity::Important => self.severity.important,
            Severity::Suggestion => self.severity.suggestion,
        }
        .into()
    }

    pub(crate) fn concern(&self) -> DiagnosticSeverity {
        self.severity.concern.into()
    }
}

/// Under what a review of a repository runs.
#[derive(Debug, Clone)]
pub(crate) struct ReviewContext {
    pub(crate) settings: Arc<Settings>,
    pub(crate) trusted: Trust,
    /// The user's configuration, which may name agents.
    pub(crate) user_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Config;
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn a_workspace_that_is_not_trusted_gets_the_built_in_agents_only() {
        let claude = agent::AgentSettings::new(agent::Adapter::Claude);
        let config = Config { agents: [("claude".to_owned(), claude)].into(), ..Config::default() };
        let names = |options: Value| -> Vec<String> {
            let agents = trust_of(&options).agents(&config, Some(Path::new("/")));
            agents.iter().map(|a| a.info().name.to_string()).collect()
        };
        assert!(names(json!({"trusted": true})).contains(&"claude".to_owned()));
        assert!(names(json!({})).contains(&"claude".to_owned()));
        let built_in: Vec<&str> = check::ALL.iter().map(|checker| checker.name).collect();
        assert_eq!(names(json!({"trusted": false})), built_in);
    }

    #[test]
    fn settings_are_read_and_wrong_ones_are_named() {
        assert_eq!(Settings::read(&Value::Null), (Settings::default(), None));
        assert_eq!(Settings::read(&json!({"trace": {"server": "off"}})), (Settings::default(), None));
        let (settings, wrong) = Settings::read(&json!({"deepReview": {
            "base": " main ", "uncommitted": false, "review": {"auto": "off"}, "severity": {"critical": "warning"},
            "show": {"minSeverity": "important", "minConfidence": 0.4, "maxSuggestions": null},
        }}));
        assert_eq!(wrong, None);
        assert_eq!(settings.base().as_deref(), Some("main"));
        assert_eq!(settings.auto(), Auto::Off);
        let dial = Dial { min_severity: Some(Severity::Important), min_confidence: Some(0.4), max_suggestions: None };
        assert_eq!(settings.dial(), dial);
        assert_eq!(settings.shown(Severity::Critical), DiagnosticSeverity::WARNING);
        assert_eq!(settings.shown(Severity::Important), DiagnosticSeverity::WARNING);
        let (_, wrong) = Settings::read(&json!({"review": {"auto": "all"}}));
        assert!(wrong.is_some_and(|w| w.contains("deepReview.review.auto")));
    }
}
