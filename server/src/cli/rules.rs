//! `deep-review rules`: which rules the built-in agents have, what each means, and whether one's own do what they should.

use super::args::{RulesArgs, RulesCommand};
use super::context::{self, Context};
use super::{Exit, output};
use anyhow::Context as _;
use check::{Job, RuleInfo, Settings};
use git::{ScopeRequest, Snapshot, SnapshotOptions};
use ops::Overrides;
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

pub(super) fn run(context: &Context, args: RulesArgs) -> anyhow::Result<Exit> {
    match args.command {
        None => list(context, args.format.is_json()),
        Some(RulesCommand::Explain { id, .. }) => explain(context, &id),
        Some(RulesCommand::Test { paths, .. }) => test(context, paths),
    }
}

/// A rule, and whether it is on.
type Listed = (RuleInfo, bool);

/// Every rule here, and what is wrong with files of rules.
fn catalogue(context: &Context) -> anyhow::Result<(Vec<Listed>, Vec<String>)> {
    let repository = context.repository().ok();
    let config = context::config(repository.as_ref(), &Overrides::default())?.config;
    let settings = Settings::new(&config.rules, config.own_rules.clone());
    let cancel = CancellationToken::new();
    // Without a repository, or a base to compare with, there are the built-in rules and the user's.
    let snapshot = repository.and_then(|repository| {
        let request =
            ScopeRequest { base: config.base.clone(), uncommitted: config.uncommitted, ..ScopeRequest::default() };
        let options = SnapshotOptions {
            exclude: config.exclude.clone(),
            max_file_bytes: config.max_file_bytes,
            ..SnapshotOptions::default()
        };
        let scope = repository.scope(&request).ok()?;
        repository.snapshot(&scope, &options, &cancel).ok()
    });
    let snapshot = snapshot.unwrap_or_else(|| Snapshot::in_memory(&[], &[]));
    let (rules, refused) = check::catalogue(&Job::new(&snapshot, &settings, &cancel));
    let is_on = |rule: &RuleInfo| settings.is_on(rule.short_id(), rule.on_by_default);
    let rules = rules.into_iter().map(|rule| (is_on(&rule), rule)).map(|(on, rule)| (rule, on)).collect();
    Ok((rules, refused))
}

fn list(context: &Context, as_json: bool) -> anyhow::Result<Exit> {
    let (rules, refused) = catalogue(context)?;
    for why in refused {
        output::note(&format!("warning: {}", printable(&why)));
    }
    if as_json {
        output::print(&output::document(&RuleRows(rules.into_iter().map(RuleRow::from).collect()))?)?;
        return Ok(Exit::Done);
    }
    let width = rules.iter().map(|(rule, _)| rule.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut agent = "";
    for (rule, on) in &rules {
        if agent != rule.agent {
            agent = rule.agent;
            let _ = writeln!(out, "{}{agent}", if out.is_empty() { "" } else { "\n" });
        }
        let state = if *on { "on " } else { "off" };
        let _ = writeln!(out, "  {:width$}  {state}  {}", printable(&rule.id), printable(&rule.summary));
    }
    output::page(&out)?;
    Ok(Exit::Done)
}

/// The rules of the built-in agents, and one's own.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review rules --format json")]
pub(super) struct RuleRows(Vec<RuleRow>);

/// A rule.
#[derive(Debug, Serialize, JsonSchema)]
struct RuleRow {
    /// Its id.
    id: String,
    /// The built-in agent that has it.
    agent: &'static str,
    /// What it finds.
    summary: String,
    /// Why that is a mistake; may be empty.
    why: String,
    /// The languages that it is for; none where it is for all.
    languages: Vec<String>,
    /// Whether it suggests fixes.
    fix: bool,
    /// Whether it is on here.
    on: bool,
    /// Whether it is without anybody's word.
    on_by_default: bool,
}

impl From<Listed> for RuleRow {
    fn from((rule, on): Listed) -> Self {
        let RuleInfo { id, agent, summary, why, languages, has_fix: fix, on_by_default, .. } = rule;
        Self { id, agent, summary, why, languages, fix, on, on_by_default }
    }
}

fn explain(context: &Context, id: &str) -> anyhow::Result<Exit> {
    let (rules, _) = catalogue(context)?;
    let id = id.trim_start_matches("deep-review/");
    let found = rules.iter().find(|(rule, _)| rule.id == id || rule.short_id() == id);
    let (rule, on) = found.with_context(|| format!("there is no rule '{id}'; `deep-review rules` lists them"))?;
    let mut out = format!("{}: {}\n\n", printable(&rule.id), printable(&rule.summary));
    if !rule.why.is_empty() {
        let _ = writeln!(out, "{}\n", printable(&rule.why));
    }
    let _ = writeln!(out, "agent      {}", rule.agent);
    let _ = writeln!(
        out,
        "state      {}{}",
        if *on { "on" } else { "off" },
        if *on == rule.on_by_default { ", as by default" } else { "" }
    );
    if !rule.languages.is_empty() {
        let _ = writeln!(out, "languages  {}", rule.languages.join(", "));
    }
    if rule.has_fix {
        let _ = writeln!(out, "fix        yes");
    }
    let id = rule.short_id();
    let _ = writeln!(out, "\nTo silence it in a place: deep-review: ignore[{id}] reason");
    let _ = writeln!(out, "To switch it off:         rules.{id} = \"off\" in the configuration");
    output::print(&out)?;
    Ok(Exit::Done)
}

/// Files of rules, and files of cases beside them.
type Files = Vec<(String, String)>;

fn test(context: &Context, paths: Vec<PathBuf>) -> anyhow::Result<Exit> {
    let paths = if paths.is_empty() {
        let repository = context.repository()?;
        vec![repository.root().join(".deep-review").join("rules")]
    } else {
        paths
    };
    let (mut rules, mut cases): (Files, Files) = (Vec::new(), Vec::new());
    for path in &paths {
        read_into(path, &mut rules, &mut cases, 0).with_context(|| format!("failed to read {}", path.display()))?;
    }
    if rules.is_empty() {
        anyhow::bail!(
            "there are no rules in {}",
            paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
        );
    }
    let tested = check::test_rules(&rules, &cases).map_err(anyhow::Error::msg)?;
    let mut out = String::new();
    for failed in &tested.failed {
        let _ = writeln!(out, "{}: {}\n{}", printable(&failed.rule), printable(&failed.why), indented(&failed.code));
    }
    for rule in &tested.untested {
        let _ = writeln!(out, "{}: no cases", printable(rule));
    }
    let _ = writeln!(out, "{} files of rules, {} cases, {} failed", rules.len(), tested.cases, tested.failed.len());
    output::print(&out)?;
    Ok(if tested.failed.is_empty() { Exit::Done } else { Exit::FailOn })
}

fn indented(code: &str) -> String {
    code.lines().map(|line| format!("    {}\n", printable(line))).collect()
}

/// Rules and cases of a file, or of all files of a folder.
fn read_into(path: &Path, rules: &mut Files, cases: &mut Files, depth: usize) -> std::io::Result<()> {
    if path.is_dir() && depth < 8 {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?.filter_map(|e| Some(e.ok()?.path())).collect();
        entries.sort();
        for entry in entries {
            read_into(&entry, rules, cases, depth + 1)?;
        }
        return Ok(());
    }
    let name = path.display().to_string();
    if check::is_case_file(&name) {
        cases.push((name, std::fs::read_to_string(path)?));
    } else if check::is_rule_file(&name) || depth == 0 {
        rules.push((name, std::fs::read_to_string(path)?));
    }
    Ok(())
}
