//! `deep-review agents`

use super::args::AgentsArgs;
use super::context::{self, Context, block_on};
use super::{Exit, output};
use agent::Availability;
use finding::{AgentInfo, Failure};
use futures_util::future::join_all;
use report::sanitize::printable;
use std::fmt::Write as _;

pub(super) fn run(context: &Context, args: &AgentsArgs) -> anyhow::Result<Exit> {
    let repository = context.repository().ok();
    let config = context.config(repository.as_ref(), None)?.config;
    if args.record {
        return super::record::run(context, args.json);
    }
    let mut agents = context::agents(&config, repository.as_ref(), args.trusted);
    agents.extend(agent::missing(&config.agents));
    let looked = block_on(join_all(agents.iter().map(|a| a.availability())))?;
    let rows: Vec<(AgentInfo, Availability)> = agents.iter().map(|a| a.info()).zip(looked).collect();
    output::print(&if args.json { json(&rows)? } else { text(&rows) })?;
    Ok(Exit::Done)
}

fn text(rows: &[(AgentInfo, Availability)]) -> String {
    let width = rows.iter().map(|(info, _)| info.name.as_str().chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (info, availability) in rows {
        let (mark, detail, remedy) = match availability {
            Availability::Usable(how) => ("usable    ", how.as_str(), None),
            Availability::Unusable(Failure { message, remedy, .. }) => {
                ("not usable", message.as_str(), remedy.as_deref())
            }
        };
        let _ = writeln!(out, "{:width$}  {mark}  {} ({})", info.name, printable(&info.label), printable(detail));
        if let Some(remedy) = remedy {
            let _ = writeln!(out, "{:width$}              {}", "", printable(remedy));
        }
    }
    out
}

fn json(rows: &[(AgentInfo, Availability)]) -> anyhow::Result<String> {
    let rows: Vec<serde_json::Value> = rows
        .iter()
        .map(|(info, availability)| {
            let (usable, detail, remedy) = match availability {
                Availability::Usable(how) => (true, how.as_str(), None),
                Availability::Unusable(f) => (false, f.message.as_str(), f.remedy.as_deref()),
            };
            serde_json::json!({
                "name": info.name, "label": info.label, "kind": info.kind,
                "usable": usable, "detail": detail, "remedy": remedy,
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&rows)? + "\n")
}
