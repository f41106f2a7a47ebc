//! Rounds started and waited for, and reviewers asked. These take minutes: they tell how far they are, and can be stopped.

use super::findings::page;
use super::{Answer, Tool};
use crate::bounds::NOTICE;
use crate::desk::Desk;
use crate::reviews::{News, Reviews, Running};
use crate::said::Refusal;
use crate::text;
use finding::{Round, Severity};
use ops::{Again, Asking, Filter, FindingList, FindingRow, OpsError, Overrides, Query, StateName, Trust};
use report::sanitize::printable;
use review::{NotConsulted, Request};
use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep_until};

/// Findings that are listed with a review's end; `findings` has the others.
const LISTED: usize = 50;
/// Longest text that an agent may say to reviewers, in bytes.
const LONGEST_WORD: usize = 8_000;
/// Least time between two words on progress.
const PAUSE: Duration = Duration::from_millis(250);

/// Arguments of `review`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReviewArgs {
    /// The branch, tag or commit to compare with; the remote's default branch without it.
    base: Option<String>,
    /// Review with these agents only, by name.
    agents: Vec<String>,
    /// Whether staged, unstaged and untracked work counts; it does without a word.
    uncommitted: Option<bool>,
    /// Whether every agent is asked about everything, whatever it answered before.
    fresh: bool,
    /// What reviewers are to look for or to leave.
    instructions: Option<String>,
    /// What the change is about, for reviewers to check it against.
    background: Option<String>,
    /// Come back after so many seconds even if the review goes on; it does go on.
    wait_seconds: Option<u64>,
    /// Wait for the review that runs already instead of starting one; all other arguments but `wait_seconds` are nothing then.
    resume_waiting: bool,
}

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// It has ended.
    Done,
    /// It goes on: call again with `resume_waiting`.
    Running,
    /// Nothing differs from the base, so nobody was asked.
    NothingChanged,
}

/// What came of a review.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reviewed {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// How far it is.
    stage: Stage,
    /// What happens, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    doing: Option<String>,
    /// The round's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u32>,
    /// Whether every agent answered and every file was reviewed. Without it, no finding does not mean that there is no
    /// problem.
    complete: bool,
    /// The verdict in words; without one, why there is none.
    conclusion: String,
    /// Agents that gave no full review, and why.
    failed: Vec<String>,
    /// Open findings by severity.
    critical: usize,
    /// See `critical`.
    important: usize,
    /// See `critical`.
    suggestion: usize,
    /// The open findings, the gravest first, at most 50.
    findings: Vec<FindingRow>,
    /// The `cursor` for `findings` that has the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Whether long texts were cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

impl Reviewed {
    fn of(stage: Stage, conclusion: String) -> Self {
        Self {
            notice: NOTICE,
            stage,
            doing: None,
            round: None,
            complete: stage == Stage::NothingChanged,
            conclusion,
            failed: Vec::new(),
            critical: 0,
            important: 0,
            suggestion: 0,
            findings: Vec::new(),
            next: None,
            cut: None,
        }
    }
}

/// Starts a round, or goes on waiting for the one that runs.
pub(crate) async fn review(
    desk: Desk,
    reviews: Reviews,
    arguments: Value,
    context: RequestContext<RoleServer>,
) -> Result<Answer, Refusal> {
    let args: ReviewArgs = Tool::Review.read(arguments)?;
    let wait = args.wait_seconds.map(Duration::from_secs);
    let is_mine = !args.resume_waiting;
    let running = if args.resume_waiting {
        reviews
            .current()
            .ok_or_else(|| Refusal::new("no review was started here").with_remedy("call review without it"))?
    } else {
        let desk = desk.clone();
        reviews.start(blocking(move || request(&desk, &args)).await?)?
    };
    match follow(running, wait, is_mine, &context).await? {
        News { end: None, doing, .. } => {
            let said = format!("The review goes on ({doing}). Call review with resume_waiting to wait for it.\n");
            let running = Reviewed { doing: Some(doing), ..Reviewed::of(Stage::Running, "the review goes on".into()) };
            Answer::new(&said, &running)
        }
        News { end: Some(end), .. } => match end? {
            review::Reviewed::NothingChanged(scope) => {
                let said = format!("nothing differs from {}", scope.base_name);
                Answer::new(&format!("{}.\n", printable(&said)), &Reviewed::of(Stage::NothingChanged, said))
            }
            review::Reviewed::Round(round) => blocking(move || answer(&desk, &round)).await,
        },
    }
}

/// What is to be reviewed and by whom.
fn request(desk: &Desk, args: &ReviewArgs) -> Result<Request, Refusal> {
    let repository = desk.repository()?;
    let overrides = Overrides { base: args.base.clone(), uncommitted: args.uncommitted, ..Overrides::default() };
    let config = desk.config(Some(&repository), &overrides)?;
    let again = if args.fresh { Again::Everyone } else { Again::Changed };
    let mut request = ops::request(&repository, &config, Trust::AsConfigured, &args.agents, again)?;
    let steering = &mut request.options.steering;
    if let Some(text) = word("instructions", args.instructions.as_deref())? {
        steering.instructions.push(agent::Instruction { paths: Vec::new(), text });
    }
    steering.background = word("background", args.background.as_deref())?;
    Ok(request)
}

/// A text that goes to reviewers.
fn word(name: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) if text.len() > LONGEST_WORD => {
            Err(Refusal::new(format!("{name} has {} bytes, more than {LONGEST_WORD}; say it shorter", text.len())))
        }
        text => Ok(text.map(printable)),
    }
}

/// Waits for the end and says how far the round is. Who started the round and takes the call back stops it.
async fn follow(
    mut running: Running,
    wait: Option<Duration>,
    is_mine: bool,
    context: &RequestContext<RoleServer>,
) -> Result<News, Refusal> {
    let until = wait.map(|wait| Instant::now() + wait);
    let token = context.meta.get_progress_token();
    let mut next_word = Instant::now();
    loop {
        let news = running.news.borrow_and_update().clone();
        if news.end.is_some() {
            return Ok(news);
        }
        if let Some(token) = token.clone().filter(|_| news.count > 0 && Instant::now() >= next_word) {
            next_word = Instant::now() + PAUSE;
            let word = ProgressNotificationParam::new(token, f64::from(news.count));
            // Who does not listen any more misses nothing.
            let _ = context.peer.notify_progress(word.with_message(printable(&news.doing))).await;
        }
        let enough = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = running.news.changed() => {
                if changed.is_err() {
                    return Err(Refusal::internal("the review is gone"));
                }
            }
            () = enough => return Ok(running.news.borrow().clone()),
            () = context.ct.cancelled() => {
                if is_mine {
                    running.cancel.cancel();
                }
                return Err(Refusal::new("the call was cancelled; what was answered so far is kept"));
            }
        }
    }
}

fn answer(desk: &Desk, round: &Round) -> Result<Answer, Refusal> {
    let now = desk.now(Some(round.number))?;
    let filter = Filter { state: Some(StateName::Open), ..Filter::default() };
    let all = ops::list(&now.situation(), &filter)?;
    let count = |severity: Severity| all.findings.iter().filter(|row| row.severity == severity).count();
    let [critical, important, suggestion] = [Severity::Critical, Severity::Important, Severity::Suggestion].map(count);
    let conclusion = now.round.conclusion(&now.decisions).to_string();
    let failed: Vec<String> = now
        .round
        .failures()
        .map(|(info, failure)| printable(&format!("{}: {}", info.label, failure.message)))
        .collect();
    let mut said = format!("{}\n", printable(&conclusion));
    for who in &failed {
        said.push_str(&format!("gave no full review: {who}\n"));
    }
    let page = page(all, 0, LISTED);
    said.push_str(&text::list(&FindingList { round: page.round(), findings: page.rows().to_vec(), hidden: None }));
    if let Some(next) = page.next() {
        said.push_str(&format!("more: findings with cursor {next:?}\n"));
    }
    said.push_str(&format!("{NOTICE}\nNext: finding, apply_fix, verify or dismiss, by label.\n"));
    let reviewed = Reviewed {
        round: Some(round.number),
        complete: now.round.is_complete(),
        failed,
        critical,
        important,
        suggestion,
        next: page.next().map(str::to_owned),
        findings: page.rows().to_vec(),
        ..Reviewed::of(Stage::Done, conclusion)
    };
    Answer::new(&said, &reviewed)
}

/// Arguments of `ask`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskArgs {
    /// The finding, by label (I4) or id.
    id: String,
    /// What you want to know of it.
    #[schemars(length(min = 1))]
    question: String,
    /// Whom to ask, by name; without it the first of those that raised the finding and answer questions.
    agent: Option<String>,
}

/// What a reviewer said.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answered {
    /// How the texts in it are to be taken.
    notice: &'static str,
    /// The finding.
    label: String,
    /// Who answered.
    by: String,
    /// What was said; Markdown.
    answer: String,
    /// Whether it was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<bool>,
}

pub(crate) async fn ask(desk: Desk, arguments: Value, context: RequestContext<RoleServer>) -> Result<Answer, Refusal> {
    let args: AskArgs = Tool::Ask.read(arguments)?;
    let question = word("question", Some(&args.question))?.ok_or_else(|| Refusal::new("the question is empty"))?;
    let prepare = move || {
        let now = desk.now(None)?;
        let found = ops::find(&now.round, &args.id)?;
        let label = found.finding.label.clone();
        let config = desk.config(Some(&now.open.repository), &Overrides::default())?;
        let agent = args.agent.as_deref();
        let query = Query { finding: found.index, question: &question, agent };
        Ok((Asking::new(&now, &config, Trust::AsConfigured, query)?, label))
    };
    let (asking, label) = blocking(prepare).await?;
    let consulted = ops::ask(asking, unbounded_channel().0, context.ct.child_token()).await;
    let consulted = consulted.map_err(|error| match &error {
        OpsError::NotConsulted(NotConsulted::Nobody) => Refusal::new(error.to_string())
            .with_remedy("ask the user which agent of 'deep-review agents' answers questions, or decide by the code"),
        OpsError::NotConsulted(NotConsulted::Failed { failure, .. }) => match &failure.remedy {
            Some(remedy) => Refusal::new(error.to_string()).with_remedy(remedy.clone()),
            None => Refusal::new(error.to_string()),
        },
        _ => Refusal::new(error.to_string()),
    })?;
    let (by, answer) = (consulted.by.to_string(), consulted.answer);
    let said = format!("{by} on {label}:\n{NOTICE}\n\n{answer}\n");
    Answer::new(&said, &Answered { notice: NOTICE, label, by, answer, cut: None })
}

/// Does work that blocks beside the others.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Refusal::internal("the work ended by a fault")))
}
