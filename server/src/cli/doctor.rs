//! `deep-review doctor`: what stands in the way of a review here, and what mends it.

mod machine;

use super::args::DoctorArgs;
use super::context::{self, Context, block_on};
use super::start::compared;
use super::{Exit, output, test_agent};
use agent::Availability;
use config::Config;
use finding::{AgentName, counted};
use git::{Repository, ScopeRequest};
use ops::{AgentHere, OpenBranch, Overrides, Trust};
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Health {
    Good,
    /// A review works, and something is missing from it.
    Worse,
    /// No review works.
    Bad,
}

/// What was looked at.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review doctor --format json")]
pub(super) struct Checks(Vec<Check>);

/// One thing that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
struct Check {
    /// What: `repository`, `git`, `base`, `agent`, `program`, `editor`, `fleet`, …
    what: &'static str,
    /// How that is.
    health: Health,
    /// What was found.
    detail: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Check {
    fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, health: Health::Good, detail: detail.into(), remedy: None }
    }

    fn of(what: &'static str, health: Health, detail: impl Into<String>, remedy: Option<String>) -> Self {
        Self { what, health, detail: detail.into(), remedy }
    }
}

pub(super) fn run(context: &Context, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let checks = checks(context, args.ask)?;
    let is_bad = checks.iter().any(|check| check.health == Health::Bad);
    output::print(&if args.format.is_json() { output::document(&Checks(checks))? } else { text(&checks) })?;
    Ok(if is_bad { Exit::Impossible } else { Exit::Done })
}

fn checks(context: &Context, ask: bool) -> anyhow::Result<Vec<Check>> {
    let repository = match context.repository() {
        Ok(repository) => repository,
        Err(error) => {
            let (what, remedy) = output::explained(&error);
            let mut checks = vec![Check::of("repository", Health::Bad, what, remedy), git_command()];
            checks.extend(machine());
            return Ok(checks);
        }
    };
    // Without the separator at its end.
    let root: PathBuf = repository.root().components().collect();
    let mut checks = vec![Check::good("repository", root.display().to_string()), git_command()];
    let config = match context::config(Some(&repository), &Overrides::default()) {
        Ok(loaded) => {
            checks.push(Check::good("configuration", user_file()));
            loaded.config
        }
        Err(error) => {
            checks.push(Check::of("configuration", Health::Bad, format!("{error:#}"), Some("mend that line".into())));
            Config::default()
        }
    };
    checks.push(base(&repository, &config));
    checks.extend(agents(&repository, &config, ask)?);
    checks.push(store(&repository));
    checks.extend(machine());
    checks.extend(fleet(&config)?);
    Ok(checks)
}

/// The program itself, and the editors that use it.
fn machine() -> Vec<Check> {
    let me = std::env::current_exe();
    let copies = me.ok().map(|me| machine::copies(std::env::var_os("PATH").as_deref(), &me));
    let editors = etcetera::home_dir().ok().map(|home| machine::editors(&home, env!("CARGO_PKG_VERSION")));
    copies.into_iter().chain(editors.into_iter().flatten()).collect()
}

/// Only partial clones and large renames need it.
fn git_command() -> Check {
    match std::process::Command::new("git").arg("--version").output() {
        Ok(out) if out.status.success() => Check::good("git", String::from_utf8_lossy(&out.stdout).trim().to_owned()),
        _ => {
            let remedy = "install git: partial clones cannot be read without the command".to_owned();
            Check::of("git", Health::Worse, "the git command does not run", Some(remedy))
        }
    }
}

fn user_file() -> String {
    match config::user_file(&|name| std::env::var(name).ok()) {
        Some(file) if file.exists() => file.display().to_string(),
        Some(file) => format!("the defaults; yours would be {}", file.display()),
        None => "the defaults".to_owned(),
    }
}

fn base(repository: &Repository, config: &Config) -> Check {
    let request =
        ScopeRequest { base: config.base.clone(), uncommitted: config.uncommitted, ..ScopeRequest::default() };
    match repository.scope(&request) {
        Ok(scope) => Check::good("base", compared(&scope)),
        Err(error) => Check::of("base", Health::Bad, error.to_string(), error.remedy()),
    }
}

fn agents(repository: &Repository, config: &Config, ask: bool) -> anyhow::Result<Vec<Check>> {
    let all = block_on(ops::agents_here(config, Some(repository.root()), Trust::AsConfigured))?;
    let mut reviewers = 0;
    let mut checks = Vec::new();
    for AgentHere { info, availability } in all {
        match availability {
            Availability::Usable(_) if info.kind.is_reviewer() => {
                reviewers += 1;
                if ask {
                    checks.push(asked(repository, config, &info.name)?);
                }
            }
            Availability::Usable(_) => {}
            Availability::Unusable(failure) => {
                let detail = format!("{}: {}", info.name, failure.message);
                checks.push(Check::of("agent", Health::Worse, detail, failure.remedy));
            }
        }
    }
    let found = match reviewers {
        0 => {
            let remedy = "install Claude Code, Codex or Gemini CLI, or name a model in your configuration".to_owned();
            Check::of("agents", Health::Worse, "built-in ones and linters only: no model reviews", Some(remedy))
        }
        1 => Check::good("agents", "1 that reviews, and the built-in ones"),
        n => Check::good("agents", format!("{n} that review, and the built-in ones")),
    };
    checks.insert(0, found);
    Ok(checks)
}

/// What came of one small call of an agent.
fn asked(repository: &Repository, config: &Config, name: &AgentName) -> anyhow::Result<Check> {
    let agent = test_agent::named(config, Some(repository), name.as_str())?;
    Ok(match test_agent::said(&agent)? {
        Ok(answer) => Check::good("agent", format!("{name}: {answer}")),
        Err((message, failure)) => Check::of("agent", Health::Worse, format!("{name}: {message}"), failure.remedy),
    })
}

fn store(repository: &Repository) -> Check {
    let read = OpenBranch::current(repository.clone()).and_then(|open| {
        let rounds = open.branch.rounds()?;
        Ok((rounds, open.store.folder().display().to_string()))
    });
    match read {
        Err(error) => Check::of("store", Health::Bad, error.to_string(), None),
        Ok((rounds, folder)) if rounds.set_aside.is_empty() => {
            Check::good("store", format!("{} of this branch in {folder}", counted(rounds.value.len(), "round")))
        }
        Ok((rounds, _)) => {
            let aside: Vec<String> = rounds.set_aside.iter().map(ToString::to_string).collect();
            Check::of("store", Health::Worse, aside.join("; "), Some("the other rounds are not affected".into()))
        }
    }
}

/// The place that runners share, where one is configured.
#[cfg(feature = "remote-cache")]
fn fleet(config: &Config) -> anyhow::Result<Option<Check>> {
    if config.fleet.url.is_none() {
        return Ok(None);
    }
    let shared = match fleet::open(&config.fleet, &|name| std::env::var(name).ok()) {
        Ok(shared) => shared,
        Err(error) => {
            return Ok(Some(Check::of("fleet", Health::Worse, error.to_string(), Some("mend [fleet]".into()))));
        }
    };
    let remedy = || Some("reviews go on without it; see docs/fleet.md".to_owned());
    Ok(Some(match block_on(shared.reach())? {
        Ok(()) if shared.is_encrypted() => Check::good("fleet", format!("{}, encrypted", shared.place())),
        Ok(()) => {
            let detail = format!("{}, not encrypted: whoever may write there is believed", shared.place());
            Check::of("fleet", Health::Worse, detail, Some("set a key; see docs/fleet.md".into()))
        }
        Err(error) => Check::of("fleet", Health::Worse, error.to_string(), remedy()),
    }))
}

#[cfg(not(feature = "remote-cache"))]
fn fleet(config: &Config) -> anyhow::Result<Option<Check>> {
    let detail = "this program was built without the feature `remote-cache`";
    let check = || Check::of("fleet", Health::Worse, detail, Some("use one that is shipped".into()));
    Ok(config.fleet.url.is_some().then(check))
}

fn text(checks: &[Check]) -> String {
    let mut out = String::new();
    for Check { what, health, detail, remedy } in checks {
        let mark = match health {
            Health::Good => "ok",
            Health::Worse => "note",
            Health::Bad => "bad",
        };
        out.push_str(&format!("{mark:5} {what:14} {}\n", printable(detail)));
        if let Some(remedy) = remedy {
            out.push_str(&format!("{:20} {}\n", "", printable(remedy)));
        }
    }
    out
}
