//! `deep-review review`

use super::args::{ReviewArgs, ReviewFormat};
use super::context::{self, Context, block_on};
use super::hyperlinks::Links;
use super::stream::{self, StreamEvent};
use super::{Exit, output, progress, stack};
use anyhow::{Context as _, bail};
use finding::{AgentOutcome, AgentRun, Decisions, Dial, Round, Severity};
use git::{Repository, ScopeRequest, Target};
use ops::pull_request::{self, Wanted};
use ops::{Again, OpenBranch, Overrides, Trust};
use report::Format;
use report::sanitize::printable;
use review::{Request, ReviewError, Reviewed};
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// How long a review waits for what the forge says of the pull request.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(context: &Context, args: ReviewArgs) -> anyhow::Result<Exit> {
    let format = match (args.format, args.stream) {
        (Some(ReviewFormat::Events), true) => None,
        (Some(ReviewFormat::Document(format)), false) => Some(format),
        (None, _) => None,
        _ => anyhow::bail!("--stream and --format jsonl go together: events are printed as they come"),
    };
    if args.interactive {
        super::tui::needs_terminal()?;
    }
    let repository = context.repository()?;
    let target = target(context, &args, &repository)?;
    if args.base.is_some() && !target.takes_base() {
        bail!("--base has no meaning here: this brings what it is compared with");
    }
    let paths = repository.pathspecs(context.directory(), &args.paths)?;
    let overrides = Overrides { target: target.clone(), ..overrides(&args) };
    let config = context::config(Some(&repository), &overrides)?.config;
    let trust = if args.trusted { Trust::Given } else { Trust::AsConfigured };
    let again = match (args.fresh, args.resume) {
        (true, _) => Again::Everyone,
        (false, true) => Again::Unanswered,
        (false, false) => Again::Changed,
    };
    let mut request = ops::request(&repository, &config, trust, &args.agents, again)?;
    request.scope = ScopeRequest { target, paths, ..request.scope };
    let is_branch = request.scope.target == Target::Current;
    let open = ops::target::of(repository, &request.scope)?;
    if is_branch && (args.pull_request || config.pull_request) {
        let wanted = Wanted { number: None, remote: args.remote.clone(), kind: args.forge.map(Into::into) };
        ask_for_pull_request(&open, &wanted);
    }
    let steering = &mut request.options.steering;
    if let Some(text) = args.instructions.map(said).transpose()? {
        steering.instructions.push(agent::Instruction { paths: Vec::new(), text });
    }
    steering.background = args.background.map(said).transpose()?;
    if args.dry_run {
        return super::dry_run::run(request, args.output.as_deref());
    }
    if args.stack && !is_stack(&request.scope.target) {
        bail!("--stack has no meaning here: it is for a branch or a pull request");
    }
    if args.stream {
        return streamed(&open, request, config.fail_on);
    }
    let reviewed = if args.stack { stack::run(&request, quietly)? } else { reviewed(request)? };
    match reviewed {
        Reviewed::NothingChanged(scope) => {
            let nothing = ops::nothing_differs(&scope);
            output::note(&format!("Nothing to review: {}.", nothing.says));
            if nothing.is_base {
                output::note("  'deep-review review commit:HEAD' reviews its last commit");
            }
            // What reads the document gets one, and no older one stays.
            if format.is_some() || args.output.is_some() {
                let (round, format) = (review::empty_round(scope), format.unwrap_or(Format::Text));
                show(context, &open, &round, (format, config.dial), args.output.as_deref())?;
            }
            Ok(Exit::Done)
        }
        Reviewed::Round(round) if args.interactive => {
            super::tui::run(context, open.clone(), ops::RoundName::Number(round.number))?;
            let decisions = ops::document(&open, (*round).clone())?.decisions;
            Ok(exit(&round, &decisions, config.fail_on))
        }
        Reviewed::Round(round) => {
            let format = format.unwrap_or(Format::Text);
            let decisions = show(context, &open, &round, (format, config.dial), args.output.as_deref())?;
            if let Some(file) = &args.output {
                sum_up(&round, &decisions, file);
            }
            if std::io::stderr().is_terminal() {
                output::note(&next(&round, &decisions));
            }
            Ok(exit(&round, &decisions, config.fail_on))
        }
    }
}

/// Whether it may be made of parts.
fn is_stack(target: &Target) -> bool {
    matches!(target, Target::Current | Target::Named(_) | Target::Since { .. } | Target::Fetched(_))
}

/// Says on standard error what was written, who failed, and the verdict.
fn sum_up(round: &Round, decisions: &Decisions, file: &Path) {
    output::note(&format!("Wrote {}", file.display()));
    for (info, failure) in round.failures() {
        output::note(&format!("{} gave no full review: {}", printable(&info.label), printable(&failure.message)));
    }
    output::note(&format!("Verdict: {}", printable(&round.conclusion(decisions).to_string())));
}

/// What a person does next.
fn next(round: &Round, decisions: &Decisions) -> String {
    let ways = match round.deciding(decisions).next().map(|finding| &finding.label) {
        Some(first) => format!("deep-review show {first}, deep-review open {first}, deep-review apply --all"),
        None if round.is_complete() => "deep-review report".to_owned(),
        None => "deep-review review asks those that failed again".to_owned(),
    };
    format!("Next: {ways}")
}

/// What is to be reviewed, with its text.
fn target(context: &Context, args: &ReviewArgs, repository: &Repository) -> anyhow::Result<Target> {
    let word = args.what.as_ref().or(context.target.as_ref()).map(String::as_str);
    let word = match (args.staged, args.unstaged) {
        (true, _) => Some("--staged"),
        (_, true) => Some("--unstaged"),
        _ => word,
    };
    let wanted = Wanted { number: None, remote: args.remote.clone(), kind: args.forge.map(Into::into) };
    named(context, word, &wanted, repository)
}

/// Asks the forge what the branch's pull request says, for the agents. Without it there is a review all the same.
fn ask_for_pull_request(open: &OpenBranch, wanted: &Wanted) {
    let asked = block_on(async { tokio::time::timeout(PATIENCE, pull_request::refresh(open, wanted)).await });
    let unknown =
        |why: &str| output::note(&format!("warning: what the pull request says is not known: {}", printable(why)));
    match asked {
        Ok(Ok(Ok(fetched))) => {
            let found = &fetched.found.pull_request;
            output::note(&format!("#{} {} by @{}", found.number, printable(&found.title), printable(&found.author)));
            for error in [fetched.feedback.err(), fetched.issues.err()].into_iter().flatten() {
                output::note(&format!(
                    "warning: not all that its page says is known: {}",
                    printable(&error.to_string())
                ));
            }
        }
        Ok(Ok(Err(error))) => unknown(&error.to_string()),
        Ok(Err(_)) => unknown(&format!("no answer within {} seconds", PATIENCE.as_secs())),
        Err(error) => unknown(&error.to_string()),
    }
}

/// The target of that name, or what is checked out: a pull request is fetched, a patch is read.
pub(super) fn named(
    context: &Context,
    word: Option<&str>,
    wanted: &Wanted,
    repository: &Repository,
) -> anyhow::Result<Target> {
    let target = match word {
        Some("--staged") => Target::Staged,
        Some("--unstaged") => Target::Unstaged,
        Some(word) => Target::parse(word)?,
        None => Target::Current,
    };
    if let Target::PullRequest(name) = &target {
        let pulled = block_on(ops::target::pull(repository, name, wanted))??;
        let found = &pulled.fetched.found.pull_request;
        output::note(&format!("#{} {} by @{}", found.number, printable(&found.title), printable(&found.author)));
        return Ok(pulled.target);
    }
    Ok(ops::target::read_patch(target, context.directory(), std::io::stdin().lock())?)
}

fn overrides(args: &ReviewArgs) -> Overrides {
    Overrides {
        target: Target::Current,
        base: args.base.clone(),
        uncommitted: if args.no_uncommitted { Some(false) } else { args.uncommitted.then_some(true) },
        fail_on: args.fail_on,
        timeout: args.timeout,
        dial: args.dial.into(),
        effort: args.effort,
        verify: args.verify,
        lead: args.lead.clone(),
        max_cost_usd: args.max_cost,
        max_tokens: args.max_tokens,
    }
}

/// A text of the command line, or of the file that it names behind an `@`.
fn said(text: String) -> anyhow::Result<String> {
    match text.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("failed to read {file}")),
        None => Ok(text),
    }
}

/// Runs the round, printing what happens; the last line says how it ended.
fn streamed(open: &OpenBranch, request: Request, fail_on: Option<Severity>) -> anyhow::Result<Exit> {
    let ended = |round, complete, conclusion, exit: Exit| {
        stream::print(&StreamEvent::Ended { round, complete, conclusion, exit_code: exit as u8 }).map(|()| exit)
    };
    match reviewed_while(request, stream::show)? {
        Reviewed::NothingChanged(scope) => {
            ended(None, true, printable(&format!("nothing differs from {}", scope.base_name)), Exit::Done)
        }
        Reviewed::Round(round) => {
            let now = context::told(ops::Now::of(open.clone(), ops::RoundName::Number(round.number))?);
            let list = ops::list(&now.situation(), &ops::Filter::default())?;
            for finding in list.findings {
                stream::print(&StreamEvent::Finding { finding })?;
            }
            let decisions = ops::document(open, (*round).clone())?.decisions;
            let conclusion = printable(&round.conclusion(&decisions).to_string());
            ended(Some(round.number), round.is_complete(), conclusion, exit(&round, &decisions, fail_on))
        }
    }
}

/// Runs the round, with progress on standard error; Ctrl-C cancels it and keeps what was answered.
pub(super) fn reviewed(request: Request) -> anyhow::Result<Reviewed> {
    reviewed_while(request, progress::show)
}

/// The same, with what happens told to `show`.
fn reviewed_while<F>(
    request: Request,
    show: impl FnOnce(UnboundedReceiver<review::Event>, CancellationToken) -> F,
) -> anyhow::Result<Reviewed>
where
    F: Future<Output = ()> + Send + 'static,
{
    let result = context::until_interrupted(async |cancel| {
        let (events, received) = unbounded_channel();
        let shown = tokio::spawn(show(received, cancel.clone()));
        let result = review::run(request, events, cancel).await;
        let _ = shown.await;
        result
    })?;
    match result {
        Err(ReviewError::Store { source, round: Some(round) }) => {
            output::note(&format!("warning: the round is shown, but was not kept: {source}"));
            Ok(Reviewed::Round(round))
        }
        other => Ok(other?),
    }
}

/// Runs the round without a word.
pub(super) fn quietly(request: Request) -> anyhow::Result<Reviewed> {
    let (events, _unheard) = unbounded_channel();
    Ok(block_on(review::run(request, events, CancellationToken::new()))??)
}

/// Writes the round, to a terminal as much of it as the dial shows; returns what people decided on its findings.
pub(super) fn show(
    context: &Context,
    open: &OpenBranch,
    round: &Round,
    (format, dial): (Format, Dial),
    file: Option<&Path>,
) -> anyhow::Result<Decisions> {
    let (text, decisions) = written(context, open, round, (format, dial), file)?;
    match Links::of(context, open, round).filter(|_| file.is_none() && format == Format::Text) {
        Some(links) => output::print(&links.add(&text))?,
        None => output::to(file, &text)?,
    }
    Ok(decisions)
}

/// The round as a text, and what people decided on its findings.
pub(super) fn written(
    context: &Context,
    open: &OpenBranch,
    round: &Round,
    (format, dial): (Format, Dial),
    file: Option<&Path>,
) -> anyhow::Result<(String, Decisions)> {
    let mut document = ops::document(open, round.clone()).context("failed to read the decisions")?;
    if matches!(format, Format::Markdown | Format::Html | Format::Json) {
        document.trace(&open.repository);
    }
    let decisions = document.decisions.clone();
    let text = match format {
        Format::Text => {
            let style = report::terminal::Style {
                colours: file.is_none() && output::colours(context.color),
                width: output::width(),
                dial,
            };
            let shown = document.masked()?;
            report::terminal::write(&shown.round, &shown.decisions, &shown.texts, style)
        }
        Format::Github => match pull_request::review_body(&open.repository, &document)? {
            Some(review) => review,
            None => document.write(format, file)?,
        },
        format => document.write(format, file)?,
    };
    Ok((text, decisions))
}

/// A review that nobody finished is not a review. What was found goes before what is missing: a script that puts up with
/// an agent that is down must not let a grave finding of another one pass. Checkers that compute their findings are no
/// reviewers: where reviewers were asked and none answered, there is no review.
pub(super) fn exit(round: &Round, decisions: &Decisions, fail_on: Option<Severity>) -> Exit {
    let answered: Vec<&AgentRun> = round.agents.iter().filter(|run| has_answered(round, run)).collect();
    let is_asked = round.agents.iter().any(|run| run.agent.kind.is_reviewer());
    let is_reviewed = answered.iter().any(|run| run.agent.kind.is_reviewer());
    if answered.is_empty() {
        Exit::Impossible
    } else if fail_on.is_some_and(|limit| round.deciding(decisions).any(|f| f.severity >= limit)) {
        Exit::FailOn
    } else if is_asked && !is_reviewed {
        Exit::Impossible
    } else if round.is_complete() {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}

/// Whether an agent answered in this round; one that failed in the middle has said or read something before.
fn has_answered(round: &Round, run: &AgentRun) -> bool {
    let has_said = || round.raw.iter().any(|raw| raw.agent == run.agent.name && !raw.is_carried());
    let has_read = || round.coverage.reviewed.iter().any(|file| file.by.contains(&run.agent.name));
    run.outcome == AgentOutcome::Reviewed || has_said() || has_read()
}
