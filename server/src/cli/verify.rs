//! `deep-review verify`

use super::args::{ListFormat, VerifyArgs};
use super::context::{self, Context};
use super::now::now;
use super::review::{named, reviewed};
use super::{Exit, output};
use finding::FindingId;
use git::ScopeRequest;
use ops::pull_request::Wanted;
use ops::{Again, Overrides, Trust, Verification};
use report::sanitize::printable;
use review::Reviewed;

pub(super) fn run(context: &Context, args: &VerifyArgs) -> anyhow::Result<Exit> {
    let verified = verified(context, args)?;
    output::print(&match args.format {
        ListFormat::Text | ListFormat::Agent => verified.findings.iter().map(mcp::text::verified).collect(),
        ListFormat::Json => serde_json::to_string_pretty(&verified)? + "\n",
        ListFormat::Jsonl => output::json_lines(&verified.findings)?,
    })?;
    Ok(if verified.gone { Exit::Done } else { Exit::FailOn })
}

fn verified(context: &Context, args: &VerifyArgs) -> anyhow::Result<Verification> {
    let current = now(context, None)?;
    let found = ops::find_all(&current.round, &args.ids)?;
    let proved = ops::verify(&current.situation(), &found);
    if !args.ask || proved.gone {
        return Ok(proved);
    }
    for found in found {
        if proved.findings.iter().any(|one| one.id == found.finding.id && !one.gone) {
            let raised_it: Vec<String> = found.finding.agents().into_iter().map(ToString::to_string).collect();
            ask(context, found.finding.id.clone(), &raised_it)?;
        }
    }
    Ok(ops::verify_again(&now(context, None)?.situation(), proved))
}

/// A round that asks the agents of these names about one finding.
fn ask(context: &Context, about: FindingId, agents: &[String]) -> anyhow::Result<()> {
    let repository = context.repository()?;
    let target = named(context, context.target.as_deref(), &Wanted::default(), &repository)?;
    let overrides = Overrides { target: target.clone(), ..Overrides::default() };
    let config = context::config(Some(&repository), &overrides)?.config;
    let mut request = ops::request(&repository, &config, Trust::AsConfigured, agents, Again::About(about))?;
    request.scope = ScopeRequest { target, ..request.scope };
    if let Reviewed::Round(round) = reviewed(request)? {
        for (info, failure) in round.failures() {
            output::note(&format!("{} gave no answer: {}", printable(&info.label), printable(&failure.message)));
        }
    }
    Ok(())
}
