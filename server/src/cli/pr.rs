//! `deep-review pr`

use super::args::PrArgs;
use super::context::{self, Context, block_on};
use super::{Exit, output};
use anyhow::bail;
use finding::{Feedback, FindingId, Round};
use forge::{Forge, Found, Listed, Plan, Submission};
use git::{PullRequestName, Repository, Target};
use jiff::Timestamp;
use ops::OpenBranch;
use ops::pull_request::{self, Fetched, Wanted};
use ops::target::{self, Pulled};
use report::sanitize;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};

pub(super) fn run(context: &Context, args: &PrArgs) -> anyhow::Result<Exit> {
    let repository = context.repository()?;
    let wanted = Wanted { number: None, remote: args.remote.clone(), kind: args.forge.map(Into::into) };
    block_on(async {
        if args.list {
            return list(&repository, &wanted, args.format.is_json()).await;
        }
        let (open, forge, fetched) = match &args.number {
            // Its commits are fetched, so that a round of it is found and comments can be placed.
            Some(word) if context.target.is_none() => {
                let Pulled { open, forge, fetched, .. } = target::pull(&repository, &name(word)?, &wanted).await?;
                (open, forge, fetched)
            }
            word => {
                let open = context.open()?;
                let (forge, found) = match word {
                    Some(word) => target::named(&repository, &name(word)?, &wanted).await?,
                    None => pull_request::find(&repository, &wanted).await?,
                };
                let fetched = pull_request::fetch(&open, &forge, found).await?;
                (open, forge, fetched)
            }
        };
        output::print(&said(&fetched))?;
        if args.resolve {
            resolve(&open, &forge, &fetched, args).await?;
        }
        if args.post { post(&open, &forge, &fetched.found, args).await } else { Ok(Exit::Done) }
    })?
}

fn name(word: &str) -> anyhow::Result<PullRequestName> {
    let word = if word.bytes().all(|b| b.is_ascii_digit()) { format!("pr:{word}") } else { word.to_owned() };
    match Target::parse(&word)? {
        Target::PullRequest(name) => Ok(name),
        _ => bail!("'{word}' is not the number or the address of a pull request"),
    }
}

async fn list(repository: &Repository, wanted: &Wanted, json: bool) -> anyhow::Result<Exit> {
    let (site, all) = pull_request::list(repository, wanted).await?;
    if json {
        output::print(&output::document(&PullRows(all.iter().map(row).collect()))?)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for pull in &all {
        let mut marks = vec![format!("@{}", plain(&pull.pull_request.author, 40))];
        marks.extend(pull.opened.map(|at| at.strftime("%Y-%m-%d").to_string()));
        marks.extend(pull.draft.then(|| "draft".to_owned()));
        marks.extend(pull.asked_of_me.then(|| "your review is asked for".to_owned()));
        marks.extend(pull.checks.map(|checks| format!("checks {}", checks.word())));
        let number = format!("#{}", pull.pull_request.number);
        let _ = writeln!(text, "{number:>6} {}  ({})", plain(&pull.pull_request.title, 100), marks.join(", "));
    }
    if all.is_empty() {
        let _ = writeln!(text, "{site} has no open pull request.");
    }
    output::print(&text)?;
    Ok(Exit::Done)
}

/// The open pull requests.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "deep-review pr --list --format json")]
pub(super) struct PullRows(Vec<PullRow>);

/// A pull request.
#[derive(Debug, Serialize, JsonSchema)]
struct PullRow {
    /// Its number.
    number: u64,
    /// Its title.
    title: String,
    /// Its author's name at the forge.
    author: String,
    /// Its page.
    url: Option<String>,
    /// The branch that it is of.
    branch: String,
    /// When it was opened.
    opened: Option<Timestamp>,
    /// Whether it is a draft.
    draft: bool,
    /// Whether your review is asked for.
    review_asked: bool,
    /// How its checks are.
    checks: Option<&'static str>,
}

fn row(pull: &Listed) -> PullRow {
    PullRow {
        number: pull.pull_request.number,
        title: pull.pull_request.title.clone(),
        author: pull.pull_request.author.clone(),
        url: pull.pull_request.url.clone(),
        branch: pull.branch.clone(),
        opened: pull.opened,
        draft: pull.draft,
        review_asked: pull.asked_of_me,
        checks: pull.checks.map(forge::Checks::word),
    }
}

/// Resolves the conversations of ours whose findings are fixed.
async fn resolve(open: &OpenBranch, forge: &Forge, fetched: &Fetched, args: &PrArgs) -> anyhow::Result<()> {
    let round = context::round(open, args.round)?;
    let settled = pull_request::settled(open, round, &fetched.ours)?;
    let count = settled.len();
    if count == 0 {
        output::note("No conversation of ours is open whose finding is fixed.");
        return Ok(());
    }
    if !args.yes && !agreed(&format!("Resolve {count} conversations whose findings are fixed? [y/N]"), "resolve")? {
        output::note("Nothing was resolved.");
        return Ok(());
    }
    for ours in &settled {
        forge.resolve(&fetched.found, ours).await?;
    }
    output::note(&format!("Resolved {count}."));
    Ok(())
}

/// What the forge says. Why comments are not known goes to standard error.
fn said(Fetched { found, feedback, issues, .. }: &Fetched) -> String {
    if let Err(error) = feedback {
        output::note(&format!("warning: which comments are unresolved is not known: {error}"));
        if let Some(remedy) = error.remedy() {
            output::note(&format!("  {remedy}"));
        }
    }
    let pull = &found.pull_request;
    let mut text = format!("#{} {} by @{}", pull.number, plain(&pull.title, 200), plain(&pull.author, 80));
    text.push_str(if found.open { "\n" } else { " (not open)\n" });
    if let Some(url) = &pull.url {
        let _ = writeln!(text, "{}", plain(url, 400));
    }
    if let Err(error) = issues {
        output::note(&format!("warning: which issues it is to resolve is not known: {error}"));
    }
    for issue in issues.iter().flatten() {
        let _ = writeln!(text, "  is to resolve #{} {}", issue.number, plain(&issue.title, 120));
    }
    for said in feedback.iter().flatten() {
        let _ = writeln!(text, "  {}", line(said));
    }
    match feedback.as_ref().map(Vec::len) {
        Err(_) => {}
        Ok(0) => text.push_str("No comment is unresolved.\n"),
        Ok(1) => text.push_str("1 comment is unresolved.\n"),
        Ok(n) => {
            let _ = writeln!(text, "{n} comments are unresolved.");
        }
    }
    text
}

fn line(said: &Feedback) -> String {
    let place = said.anchor.as_ref().map(|a| format!(" {}", plain(&a.to_string(), 200))).unwrap_or_default();
    format!("@{}{place}: {}", plain(&said.author, 80), plain(&said.text, 120))
}

/// Foreign text on one line of a terminal.
fn plain(text: &str, most: usize) -> String {
    let text = sanitize::printable(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > most { text.chars().take(most).chain(['…']).collect() } else { text }
}

async fn post(open: &OpenBranch, forge: &Forge, found: &Found, args: &PrArgs) -> anyhow::Result<Exit> {
    let number = found.pull_request.number;
    let posting = pull_request::plan(open, forge, found, context::round(open, args.round)?, &args.findings).await?;
    output::print(&preview(&posting.plan, &posting.document.round, number))?;
    if posting.plan.is_empty() {
        return Ok(Exit::Done);
    }
    let how = if args.submit || !forge.knows_pending() { Submission::Submitted } else { Submission::Pending };
    let question = match how {
        Submission::Pending => format!("Post them to #{number} as a pending review, which you submit there? [y/N]"),
        Submission::Submitted => format!("Post them to #{number} for everybody to see? [y/N]"),
    };
    if !args.yes && !agreed(&question, "post")? {
        output::note("Nothing was posted.");
        return Ok(Exit::Done);
    }
    let page = pull_request::post(forge, found, &posting, how).await?;
    let page = page.map(|p| format!(": {}", plain(&p, 400))).unwrap_or_default();
    match how {
        Submission::Pending => output::note(&format!("Posted to #{number}, and pending until you submit it{page}")),
        Submission::Submitted => output::note(&format!("Posted to #{number}{page}")),
    }
    Ok(Exit::Done)
}

fn preview(plan: &Plan, round: &Round, number: u64) -> String {
    let finding = |id: &FindingId| {
        let found = round.findings.iter().find(|f| f.id == *id);
        found.map(|f| format!("{:<3} {}", f.label, plain(&f.title, 90))).unwrap_or_default()
    };
    let mut text = String::new();
    for placed in &plan.comments {
        let suggests = if placed.suggests { ", with a suggestion" } else { "" };
        let near = if placed.is_near { ", the nearest line of the diff" } else { "" };
        let place = plain(&format!("{}:{}{near}", placed.path, placed.lines), 200);
        let _ = writeln!(text, "  {}  ({place}{suggests})", finding(&placed.remark.finding));
    }
    for remark in &plan.rest {
        let _ = writeln!(text, "  {}  (in the review's text: not in a line of the diff)", finding(&remark.finding));
    }
    let known = if plan.known > 0 { format!("; {} are there already", plan.known) } else { String::new() };
    match plan.comments.len() + plan.rest.len() {
        0 if plan.known == 0 => "Nothing to post: the round has no open finding.\n".into(),
        0 => format!("Nothing new to post{known}.\n"),
        n => format!("{text}{n} findings of round {} for #{number}{known}.\n", round.number),
    }
}

fn agreed(question: &str, what: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        output::note(&format!("Add --yes to {what} them."));
        return Ok(false);
    }
    output::note(question);
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
