//! `deep-review verify`

use super::args::{ListFormat, VerifyArgs};
use super::context::Context;
use super::now::Now;
use super::{Exit, output};
use ops::{Proof, Verified};
use report::sanitize::printable;

pub(super) fn run(context: &Context, args: &VerifyArgs) -> anyhow::Result<Exit> {
    let now = Now::of(context, None)?;
    let found = ops::find_all(&now.round, &args.ids)?;
    let verified = ops::verify(&now.situation(), &found);
    output::print(&match args.format {
        ListFormat::Text | ListFormat::Agent => verified.findings.iter().map(line).collect(),
        ListFormat::Json => serde_json::to_string_pretty(&verified)? + "\n",
        ListFormat::Jsonl => output::json_lines(&verified.findings)?,
    })?;
    Ok(if verified.gone { Exit::Done } else { Exit::FailOn })
}

fn line(one: &Verified) -> String {
    let (word, why) = match one.proof {
        Proof::Fixed => ("gone", "a fix of it is in the file"),
        Proof::Gone => ("gone", "its lines are gone"),
        Proof::Dismissed => ("gone", "it was declined"),
        Proof::Changed => ("unclear", "its lines were changed, and not by its fix: review again"),
        Proof::StillThere => ("there", "its lines are as they were reviewed"),
    };
    format!("{word:8} {:4} {}\n              {why}\n", one.label, printable(&one.title))
}
