//! `deep-review show`

use super::args::{ListFormat, ShowArgs};
use super::context::Context;
use super::hyperlinks::{self, Links};
use super::now::now;
use super::{Exit, output};
use anyhow::Context as _;
use mcp::text::{self, place, state_word};
use ops::FindingWhole;
use report::sanitize::printable;
use std::fmt::Write as _;

pub(super) fn run(context: &Context, args: &ShowArgs) -> anyhow::Result<Exit> {
    let now = now(context, args.round)?;
    let index = ops::find(&now.round, &args.id)?.index;
    let whole = ops::show(&now.situation(), index).context("the finding is gone")?;
    if args.format == ListFormat::Text {
        hyperlinks::page(&for_people(&whole), Links::of(context, &now.open, &now.round).as_ref())?;
        return Ok(Exit::Done);
    }
    output::page(&match args.format {
        ListFormat::Text => for_people(&whole),
        ListFormat::Json => serde_json::to_string_pretty(&whole)? + "\n",
        ListFormat::Jsonl => output::json_lines(&[whole])?,
        ListFormat::Agent => for_agent(&whole),
    })?;
    Ok(Exit::Done)
}

fn for_people(whole: &FindingWhole) -> String {
    let row = &whole.row;
    let mut out = format!("{} {} [{}, {}]\n", row.label, printable(&row.title), row.severity, state_word(row.state));
    let _ = writeln!(out, "{}  (id {})", place(row), row.id);
    out.push_str(&text::details(whole));
    out
}

fn for_agent(whole: &FindingWhole) -> String {
    format!(
        "{}Next: deep-review apply {label}; deep-review verify {label}; deep-review dismiss {label} --reason TEXT\n",
        text::whole(whole),
        label = whole.row.label
    )
}
