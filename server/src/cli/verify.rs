//! `deep-review verify`

use super::args::{ListFormat, VerifyArgs};
use super::context::Context;
use super::now::now;
use super::{Exit, output};

pub(super) fn run(context: &Context, args: &VerifyArgs) -> anyhow::Result<Exit> {
    let now = now(context, None)?;
    let found = ops::find_all(&now.round, &args.ids)?;
    let verified = ops::verify(&now.situation(), &found);
    output::print(&match args.format {
        ListFormat::Text | ListFormat::Agent => verified.findings.iter().map(mcp::text::verified).collect(),
        ListFormat::Json => serde_json::to_string_pretty(&verified)? + "\n",
        ListFormat::Jsonl => output::json_lines(&verified.findings)?,
    })?;
    Ok(if verified.gone { Exit::Done } else { Exit::FailOn })
}
