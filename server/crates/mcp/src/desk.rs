//! What every tool starts from, opened anew at each call: another branch may be checked out, another round may be there.

use crate::Settings;
use crate::said::Refusal;
use config::{Config, McpRight};
use git::Repository;
use ops::{Now, OpenBranch, Overrides, RoundName};
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest name of a client that is kept, in characters.
const LONGEST_NAME: usize = 60;

/// A call's place to work at.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) settings: Settings,
    /// The coding agent, by the name that its program gives.
    pub(crate) agent: String,
    pub(crate) reports: Reports,
}

/// The report that was written last, under what was asked for: its further pages are pages of the same text, and cost
/// nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reports(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    asked: (Option<u32>, Form),
    written: Arc<(u32, String)>,
}

impl Reports {
    pub(crate) fn keep(&self, asked: (Option<u32>, Form), written: Arc<(u32, String)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { asked, written });
    }

    pub(crate) fn kept(&self, asked: (Option<u32>, Form)) -> Option<Arc<(u32, String)>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|kept| kept.asked == asked).map(|kept| Arc::clone(&kept.written))
    }
}

/// The form of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    #[default]
    Markdown,
    Text,
    Json,
    Sarif,
}

impl Desk {
    pub(crate) fn new(settings: Settings, client: Option<&str>, reports: Reports) -> Self {
        let name: String = printable(client.unwrap_or_default()).split_whitespace().collect::<Vec<_>>().join(" ");
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let agent = if name.is_empty() { "a coding agent".to_owned() } else { name };
        Self { settings, agent, reports }
    }

    pub(crate) fn repository(&self) -> Result<Repository, Refusal> {
        Ok(Repository::discover(&self.settings.folder)?)
    }

    /// The branch that is checked out; what is done on it is marked with the agent's name.
    pub(crate) fn open(&self) -> Result<OpenBranch, Refusal> {
        Ok(OpenBranch::current(self.repository()?)?.acted_on_by(self.agent.clone()))
    }

    /// The round of that number, or the newest, with the files as they are.
    pub(crate) fn now(&self, round: Option<u32>) -> Result<Now, Refusal> {
        Ok(Now::of(self.open()?, round.map_or(RoundName::Newest, RoundName::Number))?.value)
    }

    /// The configuration that holds for the repository, with what is said for this once.
    pub(crate) fn config(&self, repository: Option<&Repository>, overrides: &Overrides) -> Result<Config, Refusal> {
        let environment = |name: &str| std::env::var(name).ok();
        let user_file = self.settings.user_file.as_deref();
        Ok(ops::configuration(repository, user_file, &environment, overrides)?.config)
    }

    /// Whether the user lets coding agents do this. Only the user's own configuration is asked.
    pub(crate) fn may(&self, right: McpRight) -> Result<(), Refusal> {
        let config = self.config(None, &Overrides::default())?;
        match config.mcp.allow.contains(&right) {
            true => Ok(()),
            false => Err(Refusal::not_allowed(right, &self.settings)),
        }
    }
}
