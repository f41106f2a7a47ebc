//! `deep-review ask`

use super::args::AskArgs;
use super::context::{self, Context};
use super::now::now;
use super::{Exit, output};
use ops::{Asking, Overrides, Trust};
use report::sanitize::printable;
use tokio::sync::mpsc::unbounded_channel;

pub(super) fn run(context: &Context, args: &AskArgs) -> anyhow::Result<Exit> {
    let now = now(context, None)?;
    let overrides = Overrides { max_cost_usd: args.max_cost, ..Overrides::default() };
    let config = context::config(Some(&now.open.repository), &overrides)?.config;
    let question = args.question.join(" ");
    let found = ops::find(&now.round, &args.id)?;
    let asking = Asking::new(&now, &config, Trust::AsConfigured, found.index, &question, args.agent.as_deref())?;
    let answered = context::until_interrupted(async |cancel| {
        let (progress, mut told) = unbounded_channel::<(finding::AgentName, agent::Progress)>();
        let shown = tokio::spawn(async move {
            while let Some((agent, progress)) = told.recv().await {
                output::note(&format!("{agent}: {}", progress.doing));
            }
        });
        let answered = ops::ask(asking, progress, cancel).await;
        let _ = shown.await;
        answered
    })??;
    let cost = answered.call.usage.cost_usd.map(|cost| format!(", ${cost:.2}")).unwrap_or_default();
    output::note(&format!("{}{cost}", answered.by));
    output::print(&(printable(answered.answer.trim()) + "\n"))?;
    Ok(Exit::Done)
}
