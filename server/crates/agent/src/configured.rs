use super::acp::AcpAgent;
use super::claude::Claude;
use super::cli::{CliAgent, Dialect};
use super::codex::Codex;
use super::command::Command;
use super::gemini::Gemini;
use super::http::HttpAgent;
use super::linter::{KNOWN, Linter};
use super::recorded::Recorded;
use super::{Adapter, Agent, AgentSettings, detect};
use finding::AgentName;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the agents are to work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The top of the repository's working tree.
    pub root: Option<PathBuf>,
    /// Whether the user trusts the repository to run code (as building it does).
    pub trusted: bool,
}

/// The agents that the settings name, in their order; those that are turned off are left out.
#[must_use]
pub fn configured(settings: &BTreeMap<String, AgentSettings>, surroundings: &Surroundings) -> Vec<Arc<dyn Agent>> {
    let enabled = settings.iter().filter(|(_, s)| s.enabled);
    enabled.filter_map(|(name, s)| make(AgentName::new(name), s.clone(), surroundings)).collect()
}

/// The vendors' programs, by the names of their executables.
const VENDORS: [(&str, Adapter); 3] =
    [("claude", Adapter::Claude), ("codex", Adapter::Codex), ("gemini", Adapter::Gemini)];

/// The vendors' agents that neither this machine nor the user's settings have: they take no part in a review, but
/// say what would bring them in.
#[must_use]
pub fn missing(settings: &BTreeMap<String, AgentSettings>) -> Vec<Arc<dyn Agent>> {
    let known = |name: &str, adapter| settings.iter().any(|(n, s)| n == name || s.adapter == adapter);
    VENDORS
        .into_iter()
        .filter(|(name, adapter)| !known(name, *adapter) && detect::find_program(name).is_none())
        .filter_map(|(name, adapter)| make(AgentName::new(name), AgentSettings::new(adapter), &Surroundings::default()))
        .collect()
}

/// The settings that this machine suggests where the user has none: the known programs that are installed.
/// Linters that could run the repository's code are not among them.
#[must_use]
pub fn detected() -> BTreeMap<String, AgentSettings> {
    let agents = VENDORS.map(|(name, adapter)| (name, AgentSettings::new(adapter)));
    let linters = KNOWN.iter().filter(|k| k.inert).map(|known| {
        let settings = AgentSettings { format: Some(known.format), ..AgentSettings::new(Adapter::Linter) };
        (known.name, settings)
    });
    agents
        .into_iter()
        .chain(linters)
        .filter(|(name, _)| detect::find_program(name).is_some())
        .map(|(name, settings)| (name.to_owned(), settings))
        .collect()
}

fn make(name: AgentName, settings: AgentSettings, surroundings: &Surroundings) -> Option<Arc<dyn Agent>> {
    let cli = |name, settings, dialect: Box<dyn Dialect>| -> Option<Arc<dyn Agent>> {
        Some(Arc::new(CliAgent { name, settings, dialect }))
    };
    match settings.adapter {
        Adapter::Claude => cli(name, settings, Box::new(Claude)),
        Adapter::Codex => cli(name, settings, Box::new(Codex)),
        Adapter::Gemini => cli(name, settings, Box::new(Gemini)),
        Adapter::Command => cli(name, settings, Box::new(Command)),
        Adapter::AnthropicHttp | Adapter::OpenaiHttp | Adapter::ChatHttp | Adapter::GeminiHttp => {
            Some(Arc::new(HttpAgent::new(name, settings)?))
        }
        Adapter::Linter => Some(Arc::new(Linter { name, settings, surroundings: surroundings.clone() })),
        Adapter::Acp => Some(Arc::new(AcpAgent { name, settings })),
        Adapter::Recorded => {
            let label = settings.label.clone().unwrap_or_else(|| name.to_string());
            // Without a file the agent is there all the same, and says so when it is asked.
            Some(Arc::new(Recorded::file(name, label, settings.path.unwrap_or_default())))
        }
    }
}
