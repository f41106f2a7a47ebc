//! Configuration: the user's file, the repository's harmless keys, environment and flags, in layers.
//!
//! | layer | where | may say |
//! |---|---|---|
//! | default | here | everything |
//! | user | `$XDG_CONFIG_HOME/deep-review/config.toml` | everything |
//! | repository | `.deep-review.toml` of the **base commit** | what cannot run or send anything: [`RepositoryFile`] |
//! | environment | `DEEP_REVIEW_BASE`, … | single values |
//! | flags | the command line, the editor's settings | single values |
//!
//! A later layer's value replaces an earlier one's; lists of patterns add up, because a repository must not be
//! able to take back what the user excludes.

mod layers;
mod parse;

#[cfg(test)]
mod tests;

pub use layers::{Environment, Loaded, Origin, cache_folder, load, user_file};
pub use parse::ConfigError;

use agent::fleet::FleetSettings;
use agent::{AgentSettings, Instruction};
use check::RuleSetting;
use finding::{Dial, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How findings are verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verify {
    /// Not at all.
    #[default]
    Off,
    /// Each finding that one agent alone raised, by another one.
    Cross,
    /// The same, and one agent writes the summary and settles disputes.
    Lead,
}

impl Verify {
    /// The mode of that name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "cross" => Some(Self::Cross),
            "lead" => Some(Self::Lead),
            _ => None,
        }
    }
}

/// How thorough a round is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoundEffort {
    /// Every agent thinks little, and none checks another: for a look in between.
    Quick,
    /// Every agent as it is configured.
    #[default]
    Normal,
    /// Every agent thinks as hard as it can, and agents check each other.
    Deep,
}

impl RoundEffort {
    /// The effort of that name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "quick" => Some(Self::Quick),
            "normal" => Some(Self::Normal),
            "deep" => Some(Self::Deep),
            _ => None,
        }
    }

    /// What an agent is told, whatever is configured for it; `None`: what is configured.
    #[must_use]
    pub fn of_agents(self) -> Option<agent::Effort> {
        match self {
            Self::Quick => Some(agent::Effort::Low),
            Self::Normal => None,
            Self::Deep => Some(agent::Effort::Max),
        }
    }

    /// Whether agents check each other where the user says nothing of that for this round.
    #[must_use]
    pub fn verify(self, configured: Verify) -> Verify {
        match (self, configured) {
            (Self::Quick, _) => Verify::Off,
            (Self::Deep, Verify::Off) => Verify::Cross,
            (Self::Normal | Self::Deep, configured) => configured,
        }
    }
}

/// What the user's file may say. Unknown keys are errors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "deep-review configuration")]
pub struct UserFile {
    /// The branch, tag or commit to compare with. Default: the remote's default branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whether staged, unstaged and untracked work is reviewed. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncommitted: Option<bool>,
    /// Patterns of files that are not reviewed, as in `.gitignore`.
    pub exclude: Vec<String>,
    /// Patterns of files whose text never leaves this machine.
    pub never_send: Vec<String>,
    /// Convention files for the agents to follow, besides `AGENTS.md`, `CONTRIBUTING.md` and the like.
    pub conventions: Vec<String>,
    /// `review` ends with exit code 1 from this severity on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<Severity>,
    /// Findings below this severity are not shown in the terminal and in the editor; how many, is said. Default: all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_severity: Option<Severity>,
    /// Findings whose confidence, 0 to 1, is below this are not shown there. Default: all are.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "share")]
    pub min_confidence: Option<f64>,
    /// Of the suggestions, the best so many are shown there. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_suggestions: Option<usize>,
    /// How thorough a round is: `quick`, `normal`, `deep`. Default: normal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<RoundEffort>,
    /// Files over this size in bytes are not reviewed. Default: 1,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_file_bytes: Option<u64>,
    /// Diffs over this size in bytes are given to an agent in several parts. Default: 400,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief_bytes: Option<usize>,
    /// How long an agent may take, in seconds. Default: 1,200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// How remarks are merged.
    #[serde(skip_serializing_if = "MergeSettings::is_default")]
    pub merge: MergeSettings,
    /// Whether agents check each other's findings: `off`, `cross`, `lead`. Default: off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// The agent that leads where `verify` is `lead`. Default: the first that can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// Most US dollars for a round. What has no known price is not counted. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<f64>,
    /// Most tokens, read and written, for a round. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Most agents outside of deep-review that work at the same time. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel: Option<usize>,
    /// Whether secrets are masked in what agents are sent. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask_secrets: Option<bool>,
    /// Whether a review on the command line asks the forge for the branch's pull request first, so that agents know what it is for and
    /// what people said of it. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<bool>,
    /// Whether agents that read files may read the sources of dependencies on this machine. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<bool>,
    /// A folder with prompts that replace the built-in ones: `review.md`, `verify.md`, `lead.md`, `repair.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<PathBuf>,
    /// What agents are to do, look for or leave, perhaps in some files only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<Instruction>,
    /// The language of what agents write for people, by its English name. Default: English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Repositories, or folders of them, as absolute paths, that may run their own code in linters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted: Vec<PathBuf>,
    /// What coding agents may do that use `deep-review mcp`.
    #[serde(skip_serializing_if = "McpSettings::is_default")]
    pub mcp: McpSettings,
    /// How fixes by agents are made and proven.
    #[serde(skip_serializing_if = "FixSettings::is_default")]
    pub fix: FixSettings,
    /// Where runners on several machines share answers, and the rates at which keys are used.
    #[serde(skip_serializing_if = "FleetSettings::is_default")]
    pub fleet: FleetSettings,
    /// The agents by name. The built-in ones are there without being named here.
    pub agents: BTreeMap<String, AgentSettings>,
    /// The built-in agents' rules by id: `off`, `on`, `suggestion`, `important`, or where they are off. `all` is for every
    /// rule that is not named.
    pub rules: BTreeMap<String, RuleSetting>,
}

/// How remarks are merged into findings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MergeSettings {
    /// The agent of the round that judges, in one call at its end, remarks whose likeness leaves it open whether they are
    /// one issue. Default: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjudicator: Option<String>,
}

impl MergeSettings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How `deep-review fix` has agents fix findings. The user alone says it, never a repository: it names programs that run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FixSettings {
    /// The agent that writes fixes. Default: the first of those that raised the finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// A shell command that says whether the code is right, by its exit code: `cargo check`. It runs in a copy, before and
    /// after the fix. What an agent wrote is in the copy: a command that runs the code runs that too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Commands for some files only, instead of `check`. Those of all files that a fix changes are run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<FixCheck>,
    /// Longest time for one run of a check, in seconds. Default: 600.
    pub check_seconds: u64,
    /// Variables of your environment that checks are given besides the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pass_env: Vec<String>,
    /// How often an agent may try a finding, each time told why the fix before was not taken. Default: 2.
    pub tries: u32,
    /// Whether files that their formatter would leave as they are (rustfmt, gofmt, and others where the repository
    /// configures them) are formatted after a fix. Default: true.
    pub format: bool,
}

/// A check of some files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixCheck {
    /// Patterns of files, as in `never_send`.
    pub paths: Vec<String>,
    /// The command.
    pub run: String,
}

impl Default for FixSettings {
    fn default() -> Self {
        Self {
            agent: None,
            check: None,
            checks: Vec::new(),
            check_seconds: 600,
            pass_env: Vec::new(),
            tries: 2,
            format: true,
        }
    }
}

impl FixSettings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What coding agents may do that use `deep-review mcp`. The user alone says it, never a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct McpSettings {
    /// Any of `read`, `review`, `apply`, `dismiss`. Default: `read` alone.
    pub allow: Vec<McpRight>,
}

impl Default for McpSettings {
    fn default() -> Self {
        Self { allow: vec![McpRight::Read] }
    }
}

impl McpSettings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Something that a coding agent may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum McpRight {
    /// Read rounds, findings and reports, see what fixes would do, and have it proved that one is gone.
    Read,
    /// Start reviews and ask agents, which may cost money.
    Review,
    /// Write fixes into the work tree.
    Apply,
    /// Decline findings.
    Dismiss,
}

impl McpRight {
    /// Its word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Review => "review",
            Self::Apply => "apply",
            Self::Dismiss => "dismiss",
        }
    }
}

/// A number that is no share would hide all findings or none, without a word.
fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let share = Option::<f64>::deserialize(deserializer)?;
    match share.filter(|share| !(0.0..=1.0).contains(share)) {
        Some(other) => Err(serde::de::Error::custom(format!("{other} is no share: it is a number from 0 to 1"))),
        None => Ok(share),
    }
}

/// What a repository may say about its own reviews: nothing that runs a program or sends text anywhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RepositoryFile {
    /// The branch to compare with.
    pub base: Option<String>,
    /// Patterns of files that are not reviewed, as in `.gitignore`.
    pub exclude: Vec<String>,
    /// Patterns of files whose text never leaves the machine.
    pub never_send: Vec<String>,
    /// Convention files for the agents to follow.
    pub conventions: Vec<String>,
    /// `review` ends with exit code 1 from this severity on.
    pub fail_on: Option<Severity>,
    /// See [`UserFile::min_severity`].
    pub min_severity: Option<Severity>,
    /// See [`UserFile::min_confidence`].
    #[serde(deserialize_with = "share")]
    pub min_confidence: Option<f64>,
    /// See [`UserFile::max_suggestions`].
    pub max_suggestions: Option<usize>,
    /// The built-in agents' rules by id: `off`, `on`, `suggestion`, `important`, or where they are off.
    pub rules: BTreeMap<String, RuleSetting>,
}

/// The effective configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// See [`UserFile::base`].
    pub base: Option<String>,
    /// See [`UserFile::uncommitted`].
    pub uncommitted: bool,
    /// See [`UserFile::exclude`].
    pub exclude: Vec<String>,
    /// See [`UserFile::never_send`].
    pub never_send: Vec<String>,
    /// See [`UserFile::conventions`].
    pub conventions: Vec<String>,
    /// See [`UserFile::fail_on`].
    pub fail_on: Option<Severity>,
    /// See [`UserFile::min_severity`], [`UserFile::min_confidence`], [`UserFile::max_suggestions`].
    pub dial: Dial,
    /// See [`UserFile::effort`].
    pub effort: RoundEffort,
    /// See [`UserFile::max_file_bytes`].
    pub max_file_bytes: u64,
    /// See [`UserFile::brief_bytes`].
    pub brief_bytes: usize,
    /// See [`UserFile::timeout`].
    pub timeout: u64,
    /// See [`UserFile::merge`].
    pub merge: MergeSettings,
    /// See [`UserFile::verify`].
    pub verify: Verify,
    /// See [`UserFile::lead`].
    pub lead: Option<String>,
    /// See [`UserFile::max_cost_usd`].
    pub max_cost_usd: Option<f64>,
    /// See [`UserFile::max_tokens`].
    pub max_tokens: Option<u64>,
    /// See [`UserFile::parallel`].
    pub parallel: Option<usize>,
    /// See [`UserFile::mask_secrets`].
    pub mask_secrets: bool,
    /// See [`UserFile::pull_request`].
    pub pull_request: bool,
    /// See [`UserFile::dependencies`].
    pub dependencies: bool,
    /// See [`UserFile::prompts`].
    pub prompts: Option<PathBuf>,
    /// See [`UserFile::instructions`].
    pub instructions: Vec<Instruction>,
    /// See [`UserFile::language`].
    pub language: Option<String>,
    /// See [`UserFile::trusted`].
    pub trusted: Vec<PathBuf>,
    /// See [`UserFile::mcp`].
    pub mcp: McpSettings,
    /// See [`UserFile::fix`].
    pub fix: FixSettings,
    /// See [`UserFile::fleet`].
    pub fleet: FleetSettings,
    /// See [`UserFile::agents`].
    pub agents: BTreeMap<String, AgentSettings>,
    /// See [`UserFile::rules`].
    pub rules: BTreeMap<String, RuleSetting>,
    /// The user's own rules, from the folder `rules` beside the user's file: names and texts.
    pub own_rules: Vec<(String, String)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base: None,
            uncommitted: true,
            exclude: Vec::new(),
            never_send: Vec::new(),
            conventions: Vec::new(),
            fail_on: None,
            dial: Dial::default(),
            effort: RoundEffort::Normal,
            max_file_bytes: 1_000_000,
            brief_bytes: 400_000,
            timeout: 1200,
            merge: MergeSettings::default(),
            verify: Verify::Off,
            lead: None,
            max_cost_usd: None,
            max_tokens: None,
            parallel: None,
            mask_secrets: true,
            pull_request: false,
            dependencies: false,
            prompts: None,
            instructions: Vec::new(),
            language: None,
            trusted: Vec::new(),
            mcp: McpSettings::default(),
            fix: FixSettings::default(),
            fleet: FleetSettings::default(),
            agents: BTreeMap::new(),
            rules: BTreeMap::new(),
            own_rules: Vec::new(),
        }
    }
}

impl Config {
    /// Whether the user lets the repository whose working tree begins at `root` run its own code.
    #[must_use]
    pub fn trusts(&self, root: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        self.trusted.iter().any(|folder| folder.is_absolute() && real(root).starts_with(real(folder)))
    }
}

/// The JSON Schema of the user's file, as it is checked in at `docs/config.schema.json`.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(UserFile);
    serde_json::to_string_pretty(&schema).map_or_else(|_| String::new(), |text| text + "\n")
}
