//! `deep-review ask`

use super::args::AskArgs;
use super::context::{self, Context};
use super::now::now;
use super::{Exit, output};
use ops::{Asking, Overrides, Query, Trust};
use report::sanitize::printable;
use tokio::sync::mpsc::unbounded_channel;

pub(super) fn run(context: &Context, args: &AskArgs) -> anyhow::Result<Exit> {
    let now = now(context, None)?;
    let overrides = Overrides { max_cost_usd: args.max_cost, ..Overrides::default() };
    let config = context::config(Some(&now.open.repository), &overrides)?.config;
    let question = args.question.join(" ");
    let found = ops::find(&now.round, &args.id)?;
    let query = Query { finding: found.index, question: &question, agent: args.agent.as_deref() };
    let asking = Asking::new(&now, &config, Trust::AsConfigured, query)?;
    let answered = context::until_interrupted(async |cancel| {
        let (progress, mut told) = unbounded_channel::<(finding::AgentName, agent::Progress)>();
        let shown = tokio::spawn(async move {
            let mut printed = Printed::default();
            while let Some((agent, progress)) = told.recv().await {
                match progress.said {
                    Some(said) => printed.go_on(&said),
                    None if printed.0.is_empty() => output::note(&format!("{agent}: {}", progress.doing)),
                    None => {}
                }
            }
            printed
        });
        let answered = ops::ask(asking, progress, cancel).await;
        let printed = shown.await.unwrap_or_default();
        answered.map(|answered| (answered, printed))
    })??;
    let (answered, mut printed) = answered;
    let cost = answered.call.usage.cost_usd.map(|cost| format!(", ${cost:.2}")).unwrap_or_default();
    output::note(&format!("{}{cost}", answered.by));
    printed.end(answered.answer.trim())?;
    Ok(Exit::Done)
}

/// What of an answer is on standard output already.
#[derive(Default)]
struct Printed(String);

impl Printed {
    /// Prints what came since. What cannot be printed now is at the end.
    fn go_on(&mut self, said: &str) {
        let said = printable(said.trim_start());
        if let Some(more) = said.strip_prefix(self.0.as_str())
            && output::print(more).is_ok()
        {
            self.0 = said;
        }
    }

    /// Prints the rest; all of it where it is not what was read along.
    fn end(&mut self, answer: &str) -> anyhow::Result<()> {
        let whole = printable(answer);
        match whole.strip_prefix(self.0.trim_end()) {
            Some(rest) => output::print(&format!("{rest}\n"))?,
            None => output::print(&format!("\n\n{whole}\n"))?,
        }
        Ok(())
    }
}
