use super::acp::AcpAgent;
use super::adapter::CliAdapter;
use super::claude::CLAUDE;
use super::cli::CliAgent;
use super::codex::CODEX;
use super::command::COMMAND;
use super::gemini::GEMINI;
use super::http::HttpAgent;
use super::linter::{KNOWN, Linter};
use super::recorded::Recorded;
use super::{Adapter, Agent, AgentSettings, detect, others};
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
    let enabled = || settings.iter().filter(|(_, s)| s.enabled);
    let make_as = |name: &String, settings| make(AgentName::new(name), settings, surroundings);
    let agents: Vec<_> = enabled().filter_map(|(name, s)| Some((name, s, make_as(name, s.clone())?))).collect();
    let labels: Vec<String> = agents.iter().map(|(_, _, agent)| agent.info().label).collect();
    let is_shared = |label: &String| labels.iter().filter(|l| *l == label).count() > 1;
    let told_apart = agents.into_iter().zip(&labels).filter_map(|((name, settings, agent), label)| {
        if !is_shared(label) {
            return Some(agent);
        }
        // The same model by two ways: the names are what tells them apart.
        let label = Some(format!("{label} ({name})"));
        make_as(name, AgentSettings { label, ..settings.clone() })
    });
    told_apart.collect()
}

/// The vendors' programs, by the names of their executables.
const VENDORS: [(&str, Adapter); 3] =
    [("claude", Adapter::Claude), ("codex", Adapter::Codex), ("gemini", Adapter::Gemini)];

/// Further programs. They take part where the user's settings name them: not all of them were run here, and several use the
/// same models as the vendors' own.
const OTHERS: [(&str, Adapter); 6] = [
    ("opencode", Adapter::Opencode),
    ("copilot", Adapter::Copilot),
    ("cursor-agent", Adapter::CursorAgent),
    ("amp", Adapter::Amp),
    ("qwen", Adapter::Qwen),
    ("agy", Adapter::Agy),
];

/// The programs that an adapter is made for, by the names of their executables, each with whether it is on this machine.
#[must_use]
pub fn programs() -> Vec<(&'static str, Adapter, bool)> {
    let all = VENDORS.into_iter().chain(OTHERS);
    all.map(|(name, adapter)| (name, adapter, detect::find_program(name).is_some())).collect()
}

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
    let cli = |name, settings, adapter: &'static CliAdapter| -> Option<Arc<dyn Agent>> {
        Some(Arc::new(CliAgent { name, settings, adapter }))
    };
    match settings.adapter {
        Adapter::Claude => cli(name, settings, &CLAUDE),
        Adapter::Codex => cli(name, settings, &CODEX),
        Adapter::Gemini => cli(name, settings, &GEMINI),
        Adapter::Command => cli(name, settings, &COMMAND),
        Adapter::Opencode => cli(name, settings, &others::OPENCODE),
        Adapter::Copilot => cli(name, settings, &others::COPILOT),
        Adapter::CursorAgent => cli(name, settings, &others::CURSOR),
        Adapter::Amp => cli(name, settings, &others::AMP),
        Adapter::Qwen => Some(Arc::new(AcpAgent { name, settings: others::qwen(settings) })),
        Adapter::Agy => cli(name, settings, &others::AGY),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_model_by_two_ways_has_two_labels() {
        let agent = |adapter, model: &str| AgentSettings { model: Some(model.into()), ..AgentSettings::new(adapter) };
        let settings = BTreeMap::from([
            ("a".to_owned(), agent(Adapter::Claude, "claude-opus-4-6")),
            ("b".to_owned(), agent(Adapter::AnthropicHttp, "claude-opus-4-6")),
            ("c".to_owned(), agent(Adapter::Codex, "gpt-5")),
        ]);
        let agents = configured(&settings, &Surroundings::default());
        let labels: Vec<String> = agents.iter().map(|a| a.info().label).collect();
        assert_eq!(labels, ["Claude Opus 4.6 (a)", "Claude Opus 4.6 (b)", "GPT 5"]);
    }
}
