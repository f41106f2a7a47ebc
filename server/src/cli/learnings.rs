//! `deep-review learnings`: what decisions taught in this repository.

use super::args::{LearningsArgs, LearningsCommand};
use super::context::Context;
use super::open::start_editor;
use super::{Exit, output};
use anyhow::bail;
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::Serialize;

/// Each learning as a line, in the order of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review learnings --format json")]
pub(super) struct LearningRows(Vec<String>);

pub(super) fn run(context: &Context, args: &LearningsArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    match &args.command {
        None => {
            let items = ops::learnings(&open)?.items();
            output::print(&if args.format.is_json() { output::document(&LearningRows(items))? } else { list(&items) })?;
        }
        Some(LearningsCommand::Add { words, .. }) => {
            ops::teach(&open, &words.join(" "))?;
            output::print("Learnt.\n")?;
        }
        Some(LearningsCommand::Forget { numbers, .. }) => {
            let gone = ops::forget(&open, numbers)?;
            output::print(&gone.iter().map(|item| format!("Forgotten: {}\n", printable(item))).collect::<String>())?;
        }
        Some(LearningsCommand::Edit(_)) => {
            let path = open.store.learnings_path();
            if !path.exists() {
                bail!("nothing was learnt here yet; `deep-review learnings add` is the other way to begin");
            }
            start_editor(&path, 1)?;
        }
        Some(LearningsCommand::Share(_)) => {
            let (path, new) = ops::share(&open)?;
            output::print(&match new {
                0 => format!("{path} has all of them.\n"),
                new => format!("{new} written into {path}. Commit it: on the base, it holds for everybody.\n"),
            })?;
        }
    }
    Ok(Exit::Done)
}

fn list(items: &[String]) -> String {
    if items.is_empty() {
        return "Nothing was learnt here yet: dismiss a finding with a reason, and its like is told of it.\n"
            .to_owned();
    }
    items.iter().enumerate().map(|(n, item)| format!("{:>3}  {}\n", n + 1, printable(item))).collect()
}
