//! Puts the layers together and remembers where each value came from.

use super::parse::{ConfigError, parse};
use super::{Config, RepositoryFile, UserFile};
use agent::fleet::{CacheUse, FleetSettings};
use finding::Severity;
use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The user's file.
    User(PathBuf),
    /// The repository's file in the base commit.
    Repository,
    /// An environment variable.
    Environment(&'static str),
    /// The command line or the editor.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::User(file) => write!(f, "{}", file.display()),
            Self::Repository => f.write_str(".deep-review.toml of the base commit"),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// A configuration with the origins of its values, by key (`agents.claude` for an agent).
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The effective values.
    pub config: Config,
    /// Where each came from; a key that is missing is at its default.
    pub origins: BTreeMap<String, Vec<Origin>>,
}

/// The environment variables that are read.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where the user's file is; `None` without a home folder.
#[must_use]
pub fn user_file(environment: Environment<'_>) -> Option<PathBuf> {
    if let Some(file) = environment("DEEP_REVIEW_CONFIG") {
        return Some(PathBuf::from(file));
    }
    let folder = environment("XDG_CONFIG_HOME").map(PathBuf::from).filter(|f| f.is_absolute()).or_else(|| {
        use etcetera::BaseStrategy;
        etcetera::choose_base_strategy().ok().map(|s| s.config_dir())
    })?;
    Some(folder.join("deep-review").join("config.toml"))
}

/// Where we keep what can be lost, for the user and not for one repository; `None` without a home folder.
#[must_use]
pub fn cache_folder(environment: Environment<'_>) -> Option<PathBuf> {
    let folder = environment("XDG_CACHE_HOME").map(PathBuf::from).filter(|f| f.is_absolute()).or_else(|| {
        use etcetera::BaseStrategy;
        etcetera::choose_base_strategy().ok().map(|s| s.cache_dir())
    })?;
    Some(folder.join("deep-review"))
}

/// Loads all layers but the flags, which the caller lays on top ([`Loaded::set`]).
///
/// `repository` is the text of `.deep-review.toml` in the base commit.
///
/// # Errors
/// What is wrong, with file and line.
pub fn load(
    user: Option<&Path>,
    repository: Option<&str>,
    environment: Environment<'_>,
) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded { config: Config::default(), origins: BTreeMap::new() };
    if let Some(file) = user
        && let Some(text) = read(file)?
    {
        loaded.lay_user(parse(&file.display().to_string(), &text)?, file);
    }
    if let Some(folder) = user.and_then(Path::parent) {
        loaded.config.own_rules = own_rules(&folder.join("rules"))?;
    }
    if let Some(text) = repository {
        loaded.lay_repository(parse(".deep-review.toml (of the base commit)", text)?);
    }
    loaded.lay_environment(environment)?;
    Ok(loaded)
}

fn read(file: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(ConfigError::Unreadable { file: file.to_owned(), why: e.to_string() }),
    }
}

/// Larger files are no rules, in bytes.
const LARGEST_RULES: u64 = 256 << 10;

/// The rules in a folder of the user's, by name; none where there is no such folder.
fn own_rules(folder: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let is_rules = |path: &Path| path.to_str().is_some_and(check::is_rule_file);
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_rules(p)).collect();
    files.sort();
    let mut rules = Vec::new();
    for file in files {
        let size = std::fs::metadata(&file).map_or(0, |m| m.len());
        if size > LARGEST_RULES {
            let why = format!("it has {size} bytes, and rules have at most {LARGEST_RULES}");
            return Err(ConfigError::Unreadable { file, why });
        }
        if let Some(text) = read(&file)? {
            rules.push((file.display().to_string(), text));
        }
    }
    Ok(rules)
}

impl Loaded {
    /// Sets one value from the command line or the editor, if it was given.
    pub fn set<T>(&mut self, key: &str, value: Option<T>, place: impl FnOnce(&mut Config) -> &mut T) {
        self.replace(key, value, Origin::Flag, place);
    }

    fn replace<T>(&mut self, key: &str, value: Option<T>, origin: Origin, place: impl FnOnce(&mut Config) -> &mut T) {
        if let Some(value) = value {
            *place(&mut self.config) = value;
            self.origins.insert(key.to_owned(), vec![origin]);
        }
    }

    fn add(
        &mut self,
        key: &str,
        values: Vec<String>,
        origin: &Origin,
        place: impl FnOnce(&mut Config) -> &mut Vec<String>,
    ) {
        if !values.is_empty() {
            place(&mut self.config).extend(values);
            self.origins.entry(key.to_owned()).or_default().push(origin.clone());
        }
    }

    fn lay_user(&mut self, file: UserFile, path: &Path) {
        let origin = Origin::User(path.to_owned());
        let from = || origin.clone();
        self.replace("base", file.base.map(Some), from(), |c| &mut c.base);
        self.replace("uncommitted", file.uncommitted, from(), |c| &mut c.uncommitted);
        self.replace("fail_on", file.fail_on.map(Some), from(), |c| &mut c.fail_on);
        self.replace("min_severity", file.min_severity.map(Some), from(), |c| &mut c.dial.min_severity);
        self.replace("min_confidence", file.min_confidence.map(Some), from(), |c| &mut c.dial.min_confidence);
        self.replace("max_suggestions", file.max_suggestions.map(Some), from(), |c| &mut c.dial.max_suggestions);
        self.replace("effort", file.effort, from(), |c| &mut c.effort);
        self.replace("max_file_bytes", file.max_file_bytes, from(), |c| &mut c.max_file_bytes);
        self.replace("brief_bytes", file.brief_bytes, from(), |c| &mut c.brief_bytes);
        self.replace("timeout", file.timeout, from(), |c| &mut c.timeout);
        self.replace("merge.adjudicator", file.merge.adjudicator.map(Some), from(), |c| &mut c.merge.adjudicator);
        self.add("exclude", file.exclude, &origin, |c| &mut c.exclude);
        self.add("never_send", file.never_send, &origin, |c| &mut c.never_send);
        self.add("conventions", file.conventions, &origin, |c| &mut c.conventions);
        self.replace("verify", file.verify, from(), |c| &mut c.verify);
        self.replace("lead", file.lead.map(Some), from(), |c| &mut c.lead);
        self.replace("max_cost_usd", file.max_cost_usd.map(Some), from(), |c| &mut c.max_cost_usd);
        self.replace("max_tokens", file.max_tokens.map(Some), from(), |c| &mut c.max_tokens);
        self.replace("parallel", file.parallel.map(Some), from(), |c| &mut c.parallel);
        self.replace("dependencies", file.dependencies, from(), |c| &mut c.dependencies);
        self.replace("pull_request", file.pull_request, from(), |c| &mut c.pull_request);
        self.replace("mask_secrets", file.mask_secrets, from(), |c| &mut c.mask_secrets);
        self.replace("prompts", file.prompts.map(Some), from(), |c| &mut c.prompts);
        let instructions = Some(file.instructions).filter(|i| !i.is_empty());
        self.replace("instructions", instructions, from(), |c| &mut c.instructions);
        self.replace("language", file.language.map(Some), from(), |c| &mut c.language);
        self.replace("trusted", Some(file.trusted).filter(|t| !t.is_empty()), from(), |c| &mut c.trusted);
        self.replace("mcp.allow", Some(file.mcp).filter(|mcp| !mcp.is_default()), from(), |c| &mut c.mcp);
        self.replace("fix", Some(file.fix).filter(|fix| !fix.is_default()), from(), |c| &mut c.fix);
        self.replace("fleet", Some(file.fleet).filter(|fleet| !fleet.is_default()), from(), |c| &mut c.fleet);
        for (name, agent) in file.agents {
            self.origins.insert(format!("agents.{name}"), vec![from()]);
            self.config.agents.insert(name, agent);
        }
        self.lay_rules(file.rules, &origin);
    }

    fn lay_rules(&mut self, rules: BTreeMap<String, check::RuleSetting>, origin: &Origin) {
        for (rule, setting) in rules {
            self.origins.insert(format!("rules.{rule}"), vec![origin.clone()]);
            self.config.rules.insert(rule, setting);
        }
    }

    fn lay_repository(&mut self, file: RepositoryFile) {
        let from = || Origin::Repository;
        self.replace("base", file.base.map(Some), from(), |c| &mut c.base);
        self.replace("fail_on", file.fail_on.map(Some), from(), |c| &mut c.fail_on);
        self.replace("min_severity", file.min_severity.map(Some), from(), |c| &mut c.dial.min_severity);
        self.replace("min_confidence", file.min_confidence.map(Some), from(), |c| &mut c.dial.min_confidence);
        self.replace("max_suggestions", file.max_suggestions.map(Some), from(), |c| &mut c.dial.max_suggestions);
        self.add("exclude", file.exclude, &from(), |c| &mut c.exclude);
        self.add("never_send", file.never_send, &from(), |c| &mut c.never_send);
        self.add("conventions", file.conventions, &from(), |c| &mut c.conventions);
        self.lay_rules(file.rules, &from());
    }

    fn lay_environment(&mut self, environment: Environment<'_>) -> Result<(), ConfigError> {
        let base = environment("DEEP_REVIEW_BASE").filter(|v| !v.is_empty());
        self.replace("base", base.map(Some), Origin::Environment("DEEP_REVIEW_BASE"), |c| &mut c.base);
        let fail_on = from_environment(
            "DEEP_REVIEW_FAIL_ON",
            environment,
            "critical, important or suggestion",
            Severity::from_word,
        )?;
        self.replace("fail_on", fail_on.map(Some), Origin::Environment("DEEP_REVIEW_FAIL_ON"), |c| &mut c.fail_on);
        let uncommitted =
            from_environment("DEEP_REVIEW_UNCOMMITTED", environment, "true or false", |v| v.parse().ok())?;
        self.replace("uncommitted", uncommitted, Origin::Environment("DEEP_REVIEW_UNCOMMITTED"), |c| {
            &mut c.uncommitted
        });
        let timeout = from_environment("DEEP_REVIEW_TIMEOUT", environment, "a number of seconds", |v| v.parse().ok())?;
        self.replace("timeout", timeout, Origin::Environment("DEEP_REVIEW_TIMEOUT"), |c| &mut c.timeout);
        self.lay_fleet(environment)
    }
}

impl Loaded {
    /// What differs from runner to runner is not in a file that they share.
    fn lay_fleet(&mut self, environment: Environment<'_>) -> Result<(), ConfigError> {
        const USES: &str = "read-write, read or off";
        let url = environment("DEEP_REVIEW_FLEET_URL").filter(|v| !v.is_empty());
        self.add_fleet("DEEP_REVIEW_FLEET_URL", url.map(Some), |fleet| &mut fleet.url);
        let cache = from_environment("DEEP_REVIEW_FLEET_CACHE", environment, USES, CacheUse::from_word)?;
        self.add_fleet("DEEP_REVIEW_FLEET_CACHE", cache, |fleet| &mut fleet.cache);
        let runners = from_environment("DEEP_REVIEW_FLEET_RUNNERS", environment, "a number", |v| v.parse().ok())?;
        self.add_fleet("DEEP_REVIEW_FLEET_RUNNERS", runners, |fleet| &mut fleet.runners);
        Ok(())
    }

    fn add_fleet<T>(&mut self, name: &'static str, value: Option<T>, place: impl FnOnce(&mut FleetSettings) -> &mut T) {
        if let Some(value) = value {
            *place(&mut self.config.fleet) = value;
            self.origins.entry("fleet".to_owned()).or_default().push(Origin::Environment(name));
        }
    }
}

fn from_environment<T>(
    name: &'static str,
    environment: Environment<'_>,
    should_be: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = environment(name).filter(|v| !v.is_empty()) else { return Ok(None) };
    match read(&value) {
        Some(read) => Ok(Some(read)),
        None => Err(ConfigError::Environment { name, value, message: format!("it should be {should_be}") }),
    }
}
