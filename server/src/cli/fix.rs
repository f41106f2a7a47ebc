//! `deep-review fix`

use super::args::FixArgs;
use super::context::{self, Context};
use super::now::now;
use super::{Exit, output};
use anyhow::Context as _;
use finding::{Attempt, Consent, RepoPath, StepResult};
use fix::Event;
use ops::{ApplyPlan, CleanEnd, Cleaned, Left, MendOptions, Mending, Now, Overrides, ToMend, Trust};
use report::sanitize::printable;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(super) fn run(context: &Context, args: &FixArgs) -> anyhow::Result<Exit> {
    let now = now(context, None)?;
    let overrides = Overrides { max_cost_usd: args.max_cost, timeout: args.timeout, ..Overrides::default() };
    let config = context::config(Some(&now.open.repository), &overrides)?.config;
    let named: Vec<usize> = if args.all {
        Vec::new()
    } else {
        ops::find_all(&now.round, &args.ids)?.iter().map(|found| found.index).collect()
    };
    let which = if args.all { ToMend::AllOpen } else { ToMend::Findings(&named) };
    let mending = Mending::new(&now, &config, Trust::AsConfigured, which, &options(args)?)?;
    if args.until.is_some() {
        return clean(args, now, mending);
    }
    let attempts = mended(mending)?;
    if attempts.is_empty() && !args.format.is_json() {
        output::print("No open finding is to be fixed.\n")?;
        return Ok(Exit::Done);
    }
    if args.format.is_json() {
        output::print(&output::document(&attempts)?)?;
    } else {
        output::print(&preview(&attempts, &now, Diffs::Shown))?;
    }
    if attempts.is_empty() { Ok(Exit::Done) } else { apply(args, &now, &attempts) }
}

/// What `--format json` writes: what was tried, and with `--until` what came of all of it.
#[cfg(test)]
#[expect(dead_code, reason = "for its schema alone")]
#[derive(schemars::JsonSchema)]
#[schemars(title = "deep-review fix --format json", untagged)]
pub(super) enum FixDocument {
    /// What was tried.
    Attempts(Vec<Attempt>),
    /// With `--until`.
    Cleaned(Cleaned),
}

fn options(args: &FixArgs) -> anyhow::Result<MendOptions> {
    let path = |path: &String| RepoPath::new(path.as_str()).with_context(|| format!("--only {path}"));
    Ok(MendOptions {
        agent: args.agent.clone(),
        check: if args.no_check { Some(String::new()) } else { args.check.clone() },
        tries: args.tries,
        only: args.only.iter().map(path).collect::<anyhow::Result<_>>()?,
        fresh: args.fresh,
        ..MendOptions::default()
    })
}

/// Has them mended, with what happens on standard error. Ctrl-C stops the agents and the checks, and keeps what is proven.
fn mended(mending: Mending) -> anyhow::Result<Vec<Attempt>> {
    let mended = context::until_interrupted(async |cancel| {
        let (events, received) = unbounded_channel();
        let shown = tokio::spawn(show(received));
        let mended = ops::mend(mending, events, cancel).await;
        let _ = shown.await;
        mended
    })?;
    Ok(mended?)
}

/// Fixes and reviews in turn; then shows what came of it, with one diff, and applies that as any other fixes.
fn clean(args: &FixArgs, mut now: Now, mending: Mending) -> anyhow::Result<Exit> {
    let cleaned = context::until_interrupted(async |cancel| {
        let (events, received) = unbounded_channel();
        let shown = tokio::spawn(show(received));
        let cleaned = ops::clean(mending, args.rounds, events, cancel).await;
        let _ = shown.await;
        cleaned
    })??;
    // They are in no round; their titles are wanted all the same.
    now.round.findings.extend(cleaned.found.iter().cloned());
    if args.format.is_json() {
        output::print(&output::document(&cleaned)?)?;
    } else {
        output::print(&told(&cleaned, &now)?)?;
    }
    let is_clean = cleaned.end == CleanEnd::Clean;
    if !cleaned.attempts.iter().any(Attempt::is_proven) {
        return Ok(if is_clean { Exit::Done } else { Exit::Impossible });
    }
    let exit = apply(args, &now, &cleaned.attempts)?;
    Ok(if exit == Exit::Done && !is_clean { Exit::Incomplete } else { exit })
}

/// What was done, tried and left, and all of it in one diff.
fn told(cleaned: &Cleaned, now: &Now) -> anyhow::Result<String> {
    let mut text = preview(&cleaned.attempts, now, Diffs::Hidden);
    let proven: Vec<&Attempt> = cleaned.attempts.iter().filter(|attempt| attempt.is_proven()).collect();
    for Left { label, severity, title, why } in &cleaned.left {
        let first = why.lines().next().unwrap_or_default();
        let _ = writeln!(text, "left      {label:4} {} ({severity}): {}", printable(title), printable(first));
    }
    for words in &cleaned.loops {
        let _ = writeln!(text, "loop      {}", printable(words));
    }
    let cost = cleaned.usage.cost_usd.map(|cost| format!(", ${cost:.2}")).unwrap_or_default();
    let rounds = if cleaned.rounds == 1 { "1 round".to_owned() } else { format!("{} rounds", cleaned.rounds) };
    let _ = writeln!(text, "{} fixed, {} left, {rounds}{cost}: {}.", proven.len(), cleaned.left.len(), cleaned.end);
    if !proven.is_empty() {
        let _ = writeln!(text, "\n{}", printable(&ops::diff(&planned(now, &proven)?)));
    }
    Ok(text)
}

/// Whether each attempt is shown with its change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Diffs {
    Shown,
    Hidden,
}

async fn show(mut events: UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        match event {
            Event::Doing { label, what } => output::note(format!("{label:4} {what}").trim_start()),
            Event::Tried(attempt) if !attempt.is_proven() => {
                let why = attempt.proof();
                let first = why.lines().next().unwrap_or_default();
                output::note(&format!("{:4} not taken: {first}", attempt.label));
            }
            Event::Tried(_) | Event::Progress(..) => {}
        }
    }
}

/// Every attempt with the steps of its proof and its change.
pub(super) fn preview(attempts: &[Attempt], now: &Now, diffs: Diffs) -> String {
    let mut text = String::new();
    for attempt in attempts {
        let finding = now.round.findings.iter().find(|finding| finding.id == attempt.finding);
        let title = printable(finding.map_or("", |finding| finding.title.as_str()));
        let word = if attempt.is_proven() { "proven" } else { "not taken" };
        let _ = writeln!(text, "{word:9} {:4} {title}", attempt.label);
        let by = printable(&attempt.by.label);
        let summary = printable(&attempt.summary);
        let _ = writeln!(text, "          by {by}{}{summary}", if summary.is_empty() { "" } else { ": " });
        for step in &attempt.steps {
            let mark = match step.result {
                StepResult::Passed => '+',
                StepResult::Failed => 'x',
                StepResult::Skipped => '-',
            };
            let note = printable(&step.note).replace('\n', "\n              ");
            let _ = writeln!(text, "          {mark} {note}");
        }
        for Consent { path, why } in &attempt.consents {
            let _ = writeln!(text, "          ! it changes {path}, {why}: that has to be agreed to by name");
        }
        if let Some(cost) = attempt.usage().cost_usd {
            let _ = writeln!(text, "          ${cost:.2}");
        }
        if attempt.is_proven() && diffs == Diffs::Shown {
            let _ = writeln!(text, "\n{}", printable(&attempt.diff));
        }
    }
    text
}

/// Writes what is proven and agreed to.
fn apply(args: &FixArgs, now: &Now, attempts: &[Attempt]) -> anyhow::Result<Exit> {
    let wanted: BTreeSet<_> = attempts.iter().map(|attempt| &attempt.finding).collect();
    let taken = agreed(args, now, attempts)?;
    if taken.is_empty() {
        return Ok(Exit::Impossible);
    }
    let whole = if taken.len() == wanted.len() { Exit::Done } else { Exit::Incomplete };
    let plan = planned(now, &taken)?;
    if args.commit || args.commit_each {
        ops::uncommitted(&now.open, &plan)?;
    }
    let count = if taken.len() == 1 { "this fix".to_owned() } else { format!("these {} fixes", taken.len()) };
    if !args.yes && !is_confirmed(&format!("Apply {count}?"))? {
        output::note("Nothing was written; with --yes, or by `deep-review apply`, what is proven is applied.");
        return Ok(whole);
    }
    let steps: Vec<Vec<&Attempt>> =
        if args.commit_each { taken.iter().map(|one| vec![*one]).collect() } else { vec![taken] };
    for step in steps {
        let plan = planned(now, &step)?;
        let written = ops::apply(&now.open, &now.round, &plan, &now.current.tree)?;
        let labels: Vec<&str> = step.iter().map(|attempt| attempt.label.as_str()).collect();
        let labels = labels.join(", ");
        if args.commit || args.commit_each {
            let commit = ops::commit(&now.open, &now.round, &plan, &step);
            let commit = commit.with_context(|| format!("the fix of {labels} is in the files, but not committed"))?;
            output::note(&format!("applied   {labels} (commit {})", commit.short()));
        } else {
            output::note(&format!("applied   {labels}"));
        }
        written.logged?;
    }
    Ok(whole)
}

fn planned(now: &Now, attempts: &[&Attempt]) -> anyhow::Result<ApplyPlan> {
    Ok(ops::plan_of_attempts(&now.open.store, &now.round, now.writing().current, attempts)?)
}

/// The proven attempts that may be applied: those that change tests or checks only if that is agreed to.
fn agreed<'a>(args: &FixArgs, now: &Now, attempts: &'a [Attempt]) -> anyhow::Result<Vec<&'a Attempt>> {
    let mut taken: Vec<&Attempt> = Vec::new();
    for attempt in attempts.iter().filter(|attempt| attempt.is_proven()) {
        let paths: Vec<&str> = attempt.consents.iter().map(|consent| consent.path.as_str()).collect();
        if !paths.is_empty() && !args.allow_test_edits {
            let question = format!("{} changes {}. Allow that?", attempt.label, paths.join(", "));
            if !is_confirmed(&question)? {
                output::note(&format!(
                    "refused   {}: it changes {}; --allow-test-edits allows that",
                    attempt.label,
                    paths.join(", ")
                ));
                continue;
            }
        }
        taken.push(attempt);
        // One that was made in what another one left does not go without it.
        if let Err(why) = ops::plan_of_attempts(&now.open.store, &now.round, now.writing().current, &taken) {
            output::note(&format!("refused   {}: {why}", attempt.label));
            taken.pop();
        }
    }
    Ok(taken)
}

/// Asks on a terminal; nobody there has not said yes.
fn is_confirmed(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    let mut out = std::io::stderr().lock();
    write!(out, "{} [y/N] ", printable(question))?;
    out.flush()?;
    drop(out);
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
