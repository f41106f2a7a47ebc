//! `deep-review config`

use super::args::ConfigArgs;
use super::context::{self, Context};
use super::{Exit, output};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The configuration in effect.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review config --format json")]
pub(super) struct InEffect {
    /// The user's file, there or not; nothing where there can be none.
    file: Option<String>,
    /// Each value.
    values: Vec<Setting>,
}

/// A value.
#[derive(Debug, Serialize, JsonSchema)]
struct Setting {
    /// What it is called in the configuration.
    name: String,
    /// The value; null where it is not set. Of an agent, its adapter.
    value: Value,
    /// Where it was said; nothing for what holds without a word.
    from: Vec<String>,
}

pub(super) fn run(context: &Context, args: &ConfigArgs) -> anyhow::Result<Exit> {
    if args.schema {
        output::print(&config::schema())?;
        return Ok(Exit::Done);
    }
    let repository = context.repository().ok();
    let loaded = context::config(repository.as_ref(), &ops::Overrides::default())?;
    let c = &loaded.config;
    let mut rows: Vec<(String, Value)> = vec![
        ("base".into(), json!(c.base)),
        ("uncommitted".into(), json!(c.uncommitted)),
        ("exclude".into(), json!(c.exclude)),
        ("never_send".into(), json!(c.never_send)),
        ("conventions".into(), json!(c.conventions)),
        ("fail_on".into(), json!(c.fail_on)),
        ("min_severity".into(), json!(c.dial.min_severity)),
        ("min_confidence".into(), json!(c.dial.min_confidence)),
        ("max_suggestions".into(), json!(c.dial.max_suggestions)),
        ("effort".into(), json!(c.effort)),
        ("max_file_bytes".into(), json!(c.max_file_bytes)),
        ("brief_bytes".into(), json!(c.brief_bytes)),
        ("timeout".into(), json!(c.timeout)),
        ("merge.adjudicator".into(), json!(c.merge.adjudicator)),
        ("verify".into(), json!(c.verify)),
        ("lead".into(), json!(c.lead)),
        ("max_cost_usd".into(), json!(c.max_cost_usd)),
        ("max_tokens".into(), json!(c.max_tokens)),
        ("parallel".into(), json!(c.parallel)),
        ("pull_request".into(), json!(c.pull_request)),
        ("dependencies".into(), json!(c.dependencies)),
        ("mask_secrets".into(), json!(c.mask_secrets)),
        ("prompts".into(), json!(c.prompts)),
        ("instructions".into(), json!(c.instructions)),
        ("language".into(), json!(c.language)),
        ("trusted".into(), json!(c.trusted)),
        ("fix".into(), json!(c.fix)),
        ("fleet".into(), json!(c.fleet)),
    ];
    rows.extend(c.agents.iter().map(|(name, agent)| (format!("agents.{name}"), json!(agent.adapter))));
    let from = |key: &str| -> Vec<String> {
        loaded.origins.get(key).map_or_else(Vec::new, |origins| origins.iter().map(ToString::to_string).collect())
    };
    let file = config::user_file(&|name| std::env::var(name).ok());
    if args.format.is_json() {
        let values = rows.into_iter().map(|(name, value)| Setting { from: from(&name), name, value }).collect();
        output::print(&output::document(&InEffect { file: file.map(|file| file.display().to_string()), values })?)?;
        return Ok(Exit::Done);
    }
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let mut out = String::new();
    if let Some(file) = file {
        let there = if file.exists() { "" } else { " (not there)" };
        let _ = writeln!(out, "# your file: {}{there}", file.display());
    }
    for (key, value) in rows {
        let value = if value.is_null() { "(not set)".to_owned() } else { value.to_string() };
        let from = if loaded.origins.contains_key(&key) { from(&key).join(", ") } else { "default".to_owned() };
        let _ = writeln!(out, "{key:width$} = {value}  # {from}");
    }
    output::print(&report::sanitize::printable(&out))?;
    Ok(Exit::Done)
}
