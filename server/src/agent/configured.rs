use super::claude::Claude;
use super::cli::{CliAgent, Dialect};
use super::codex::Codex;
use super::gemini::Gemini;
use super::http::HttpAgent;
use super::recorded::Recorded;
use super::{Adapter, Agent, AgentSettings, detect};
use crate::finding::AgentName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The agents that the settings name, in their order; those that are turned off are left out.
#[must_use]
pub fn configured(settings: &BTreeMap<String, AgentSettings>) -> Vec<Arc<dyn Agent>> {
    settings.iter().filter(|(_, s)| s.enabled).filter_map(|(name, s)| make(AgentName::new(name), s.clone())).collect()
}

/// The settings that this machine suggests where the user has none: the known programs that are installed.
#[must_use]
pub fn detected() -> BTreeMap<String, AgentSettings> {
    [("claude", Adapter::Claude), ("codex", Adapter::Codex), ("gemini", Adapter::Gemini)]
        .into_iter()
        .filter(|(name, _)| detect::find_program(name).is_some())
        .map(|(name, adapter)| (name.to_owned(), AgentSettings::new(adapter)))
        .collect()
}

fn make(name: AgentName, settings: AgentSettings) -> Option<Arc<dyn Agent>> {
    let cli = |name, settings, dialect: Box<dyn Dialect>| -> Option<Arc<dyn Agent>> {
        Some(Arc::new(CliAgent { name, settings, dialect }))
    };
    match settings.adapter {
        Adapter::Claude => cli(name, settings, Box::new(Claude)),
        Adapter::Codex => cli(name, settings, Box::new(Codex)),
        Adapter::Gemini => cli(name, settings, Box::new(Gemini)),
        Adapter::AnthropicHttp | Adapter::OpenaiHttp | Adapter::ChatHttp | Adapter::GeminiHttp => {
            Some(Arc::new(HttpAgent::new(name, settings)?))
        }
        Adapter::Recorded => {
            let label = settings.label.clone().unwrap_or_else(|| name.to_string());
            // Without a file the agent is there all the same, and says so when it is asked.
            Some(Arc::new(Recorded::file(name, label, settings.path.unwrap_or_default())))
        }
        Adapter::Acp | Adapter::Command | Adapter::Linter => None,
    }
}
