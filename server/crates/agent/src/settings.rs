use super::prompt;
use super::rate::Rate;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How an agent is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Adapter {
    /// Claude Code's command line program.
    Claude,
    /// Codex's command line program.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// OpenCode.
    Opencode,
    /// GitHub Copilot's command line program.
    Copilot,
    /// Cursor's command line program.
    CursorAgent,
    /// Amp.
    Amp,
    /// Qwen Code.
    Qwen,
    /// Antigravity's command line program.
    Agy,
    /// Any agent of the Agent Client Protocol; `command` starts it.
    Acp,
    /// Any program that takes the brief on standard input and answers on standard output; `command` starts it.
    Command,
    /// A server of the Anthropic Messages form.
    AnthropicHttp,
    /// A server of the OpenAI Responses form.
    OpenaiHttp,
    /// A server of the OpenAI chat completions form: Ollama, llama.cpp, vLLM, OpenRouter.
    ChatHttp,
    /// A server of the Gemini form.
    GeminiHttp,
    /// A linter; `command` starts it, `format` says what it prints.
    Linter,
    /// An answer in the file `path`, played again: for demos and tests.
    Recorded,
}

/// What a linter prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinterFormat {
    /// SARIF 2.1.0.
    Sarif,
    /// Reviewdog's diagnostic format, one value or a line each.
    Rdjson,
    /// `ruff check --output-format json`.
    Ruff,
    /// `cargo clippy --message-format json`.
    Clippy,
    /// `eslint --format json`.
    Eslint,
    /// `shellcheck --format json` or `json1`.
    Shellcheck,
    /// `biome check --reporter json`.
    Biome,
    /// `golangci-lint run --output.json.path stdout`.
    GolangciLint,
    /// `semgrep scan --json`.
    Semgrep,
}

/// How hard an agent is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Quick and cheap.
    Low,
    /// What most programs do by themselves.
    Medium,
    /// Thorough: what deep-review asks programs for where the user says nothing.
    High,
    /// As hard as it can, whatever it costs.
    Max,
}

impl Effort {
    /// The vendors' word for it; the hardest is called differently by each.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Max => "xhigh",
        }
    }
}

/// One agent as the user configured it. It comes from the user's own configuration only, never from a file
/// in a repository: it names commands, addresses and keys. Keys of several words are also read with `-` in place of `_`, as
/// they were written at first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentSettings {
    /// How it is spoken to.
    pub adapter: Adapter,
    /// Whether it takes part.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What people call it; made from the model where it is not given.
    #[serde(default)]
    pub label: Option<String>,
    /// The model, by the vendor's name for it; the program's own choice where it is not given.
    #[serde(default)]
    pub model: Option<String>,
    /// How hard it is to think. Default: `high` for programs that can be told, the model's own choice behind HTTP.
    #[serde(default)]
    pub effort: Option<Effort>,
    /// From which side it looks at a change: `security`, `performance`, `concurrency`, `api`, `tests`, or the absolute
    /// path of a Markdown file that says it. Default: from all.
    #[serde(default, deserialize_with = "lens")]
    pub lens: Option<String>,
    /// The program and its arguments; for a known program its path, and options to add to ours.
    #[serde(default)]
    pub command: Vec<String>,
    /// The file of a recorded answer, as an absolute path.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// The server's address, without the part that names the method.
    #[serde(default)]
    pub url: Option<String>,
    /// The environment variable that holds the key for `url`.
    #[serde(default, alias = "key-env")]
    pub key_env: Option<String>,
    /// More variables for the program's environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Names of variables of our own environment that the program gets too (credentials, say).
    #[serde(default, alias = "pass-env")]
    pub pass_env: Vec<String>,
    /// A file of PEM certificates to trust besides the system's.
    #[serde(default, alias = "ca-file")]
    pub ca_file: Option<PathBuf>,
    /// Most US dollars for one review, where the program can be told.
    #[serde(default, alias = "max-cost-usd")]
    pub max_cost_usd: Option<f64>,
    /// Most turns of one review, where the program can be told.
    #[serde(default, alias = "max-turns")]
    pub max_turns: Option<u32>,
    /// How many tokens the model reads at once.
    #[serde(default, alias = "context-tokens")]
    pub context_tokens: Option<u32>,
    /// Whether a model behind HTTP may ask for files, searches and the history. Default: yes, but for `chat-http`, whose
    /// local models often cannot.
    #[serde(default)]
    pub tools: Option<bool>,
    /// How many tokens it may write.
    #[serde(default, alias = "max-output-tokens")]
    pub max_output_tokens: Option<u32>,
    /// Longest silence in seconds.
    #[serde(default, alias = "idle-seconds")]
    pub idle_seconds: Option<u64>,
    /// Longest time altogether in seconds.
    #[serde(default, alias = "total-seconds")]
    pub total_seconds: Option<u64>,
    /// How often a run that failed for a passing reason is tried again.
    #[serde(default)]
    pub retries: Option<u32>,
    /// What a linter prints.
    #[serde(default)]
    pub format: Option<LinterFormat>,
    /// US dollars for a million tokens read and a million written, for the estimate before a round.
    #[serde(default)]
    pub price: Option<(f64, f64)>,
    /// Most calls in a minute with its key, by all runners of the fleet together; without a fleet, by this program.
    #[serde(default)]
    pub requests_per_minute: Option<u32>,
    /// Most tokens in a minute with its key, read and written, by all runners of the fleet together.
    #[serde(default)]
    pub tokens_per_minute: Option<u64>,
}

/// A word misspelt is said where it stands, before anybody is asked.
fn lens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let lens = Option::<String>::deserialize(deserializer)?;
    lens.as_deref().map(prompt::lens::is_known).transpose().map_err(serde::de::Error::custom)?;
    Ok(lens)
}

fn yes() -> bool {
    true
}

impl AgentSettings {
    /// An agent of that sort with everything left to its defaults.
    #[must_use]
    pub fn new(adapter: Adapter) -> Self {
        Self {
            adapter,
            enabled: true,
            label: None,
            model: None,
            effort: None,
            lens: None,
            command: Vec::new(),
            path: None,
            url: None,
            key_env: None,
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            ca_file: None,
            max_cost_usd: None,
            max_turns: None,
            context_tokens: None,
            tools: None,
            max_output_tokens: None,
            idle_seconds: None,
            total_seconds: None,
            retries: None,
            format: None,
            price: None,
            requests_per_minute: None,
            tokens_per_minute: None,
        }
    }

    /// How often its key may be used.
    pub(super) fn rate(&self) -> Rate {
        Rate { requests: self.requests_per_minute, tokens: self.tokens_per_minute }
    }

    /// What changes the answers: not the keys, limits of time, prices and labels.
    pub(super) fn identity(&self) -> String {
        let Self {
            adapter,
            model,
            effort,
            lens,
            command,
            url,
            max_turns,
            context_tokens,
            tools,
            max_output_tokens,
            ..
        } = self;
        format!(
            "{adapter:?} {model:?} {effort:?} {lens:?} {command:?} {url:?} {max_turns:?} {context_tokens:?} {tools:?} {max_output_tokens:?}"
        )
    }

    pub(super) fn limits(&self) -> super::process::Limits {
        let mut limits = super::process::Limits::default();
        if let Some(s) = self.idle_seconds {
            limits.idle = Duration::from_secs(s);
        }
        if let Some(s) = self.total_seconds {
            limits.total = Duration::from_secs(s);
        }
        limits
    }

    /// The environment of its program: the base, what is named, what is set.
    pub(super) fn environment(&self) -> super::process::Environment {
        let mut environment = super::process::Environment::base();
        for name in self.pass_env.iter().chain(&self.key_env) {
            environment = environment.pass(name);
        }
        self.env.iter().fold(environment, |e, (name, value)| e.set(name, value))
    }
}
