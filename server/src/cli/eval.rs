//! `deep-review eval`: what each agent makes of changes whose defects are known.

use super::args::EvalArgs;
use super::context::{self, Context, block_on};
use super::dry_run::grouped;
use super::{Exit, output};
use agent::Availability;
use config::Config;
use finding::Usage;
use futures_util::future::join_all;
use ops::{Overrides, Trust};
use report::sanitize::printable;
use review::Reviewer;
use review::eval::{Case, Evaluation, Scored, cases, evaluate};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) fn run(context: &Context, args: &EvalArgs) -> anyhow::Result<Exit> {
    let config = context::config(None, &Overrides::default())?.config;
    let cases = cases(&args.folder)?;
    let _ = context;
    let reviewers = reviewers(&config, &args.agents)?;
    if reviewers.is_empty() {
        anyhow::bail!("no agent that judges can be used; 'deep-review agents' says why");
    }
    let all = block_on(async {
        let cancel = CancellationToken::new();
        let done = |name: &str, case: &Scored| output::note(&line(name, case));
        evaluate(&reviewers, &cases, &cancel, &done).await
    })?;
    output::print(&if args.format.is_json() {
        output::document(&rows(&all, &config))?
    } else {
        text(&all, &cases, &config)
    })?;
    let failed = all.iter().any(|e| e.cases.iter().any(|case| case.failure.is_some()));
    Ok(if failed { Exit::Incomplete } else { Exit::Done })
}

/// Those that are asked for, or all that judge and can be used.
fn reviewers(config: &Config, names: &[String]) -> anyhow::Result<Vec<Reviewer>> {
    let mut agents = review::chosen(Trust::AsConfigured.agents(config, None), names)?;
    if names.is_empty() {
        agents.retain(|agent| agent.info().kind.is_reviewer());
        let usable = block_on(async { join_all(agents.iter().map(|agent| agent.availability())).await })?;
        let mut usable = usable.into_iter();
        agents.retain(|_| matches!(usable.next(), Some(Availability::Usable(_))));
    }
    let reviewer = |agent: std::sync::Arc<dyn agent::Agent>| {
        let own = config.agents.get(agent.info().name.as_str()).and_then(|a| a.total_seconds);
        Reviewer { agent, deadline: Duration::from_secs(own.unwrap_or(config.timeout)) }
    };
    Ok(agents.into_iter().map(reviewer).collect())
}

/// "claude: go-map-race: 1 of 2 found, 1 false alarm".
fn line(name: &str, case: &Scored) -> String {
    let all = case.found.len() + case.missed.len();
    let alarms = match case.false_alarms.len() {
        0 => String::new(),
        1 => ", 1 false alarm".to_owned(),
        n => format!(", {n} false alarms"),
    };
    let failure = case.failure.as_ref().map(|why| format!(": {}", printable(why))).unwrap_or_default();
    format!("{name}: {}: {} of {all} found{alarms}{failure}", case.case, case.found.len())
}

fn text(all: &[Evaluation], cases: &[Case], config: &Config) -> String {
    let defects: usize = cases.iter().map(Case::defects).sum();
    let mut out = format!("{} cases with {defects} defects\n\n", cases.len());
    let _ = writeln!(
        out,
        "{:24} {:12} {:>6} {:>9} {:>6} {:>6} {:>7} {:>10} {:>9} {:>8}",
        "agent", "lens", "prompt", "precision", "recall", "alarms", "asides", "tokens", "cost", "time"
    );
    for evaluation in all {
        let lens = config.agents.get(&evaluation.agent).and_then(|a| a.lens.clone()).unwrap_or_else(|| "–".into());
        let prompt = evaluation.cases.iter().find_map(|c| c.prompt.clone()).unwrap_or_else(|| "–".into());
        let percent = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |s| format!("{:.0} %", s * 100.0));
        let usage = evaluation.usage();
        let _ = writeln!(
            out,
            "{:24} {:12} {:>6} {:>9} {:>6} {:>6} {:>7} {:>10} {:>9} {:>6.0} s",
            printable(&evaluation.agent),
            printable(&lens),
            prompt,
            percent(evaluation.precision()),
            percent(evaluation.recall()),
            evaluation.cases.iter().map(|c| c.false_alarms.len()).sum::<usize>(),
            evaluation.cases.iter().map(|c| c.asides).sum::<usize>(),
            grouped(usage.input_tokens.unwrap_or(0) + usage.output_tokens.unwrap_or(0)),
            usage.cost_usd.map_or_else(|| "–".to_owned(), |cost| format!("${cost:.2}")),
            evaluation.seconds(),
        );
    }
    for evaluation in all {
        let failed = evaluation.cases.iter().filter(|case| case.failure.is_some()).count();
        if failed > 0 {
            let _ = writeln!(
                out,
                "\n{} gave no review of {failed} cases; their defects count as missed.",
                evaluation.agent
            );
        }
    }
    out
}

/// What each agent made of the cases.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review eval --format json")]
pub(super) struct EvalRows(Vec<EvalRow>);

/// What an agent made of them.
#[derive(Debug, Serialize, JsonSchema)]
struct EvalRow {
    /// Its name.
    agent: String,
    /// What people call it.
    label: String,
    /// What it looks for, where that was said.
    lens: Option<String>,
    /// Version of the prompt.
    prompt: Option<String>,
    /// Of the findings that claim something, the share that is about a defect; nothing without any.
    precision: Option<f64>,
    /// Of the defects, the share that was found; nothing without any.
    recall: Option<f64>,
    /// What it used.
    usage: Usage,
    /// How long it took, in seconds.
    seconds: f64,
    /// Each case.
    cases: Vec<CaseRow>,
}

/// What an agent made of a case.
#[derive(Debug, Serialize, JsonSchema)]
struct CaseRow {
    /// The case.
    case: String,
    /// The defects that it found, in words.
    found: Vec<String>,
    /// Those that it did not.
    missed: Vec<String>,
    /// Titles of findings, Important or graver, that are about none of them.
    false_alarms: Vec<String>,
    /// Suggestions that are about none of them.
    asides: usize,
    /// Why it gave no review.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// How long it took, in seconds.
    seconds: f64,
    /// What it used.
    usage: Usage,
    /// Version of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
}

impl From<&Scored> for CaseRow {
    fn from(scored: &Scored) -> Self {
        let Scored { case, found, missed, false_alarms, asides, failure, seconds, usage, prompt } = scored.clone();
        Self { case, found, missed, false_alarms, asides, failure, seconds, usage, prompt }
    }
}

fn rows(all: &[Evaluation], config: &Config) -> EvalRows {
    let row = |e: &Evaluation| EvalRow {
        agent: e.agent.clone(),
        label: e.label.clone(),
        lens: config.agents.get(&e.agent).and_then(|agent| agent.lens.clone()),
        prompt: e.cases.iter().find_map(|case| case.prompt.clone()),
        precision: e.precision(),
        recall: e.recall(),
        usage: e.usage(),
        seconds: e.seconds(),
        cases: e.cases.iter().map(CaseRow::from).collect(),
    };
    EvalRows(all.iter().map(row).collect())
}
