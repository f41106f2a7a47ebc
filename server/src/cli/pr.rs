//! `deep-review pr`

use super::args::PrArgs;
use super::context::{self, Context, block_on};
use super::{Exit, output};
use finding::{Feedback, FindingId, Round};
use forge::{Forge, Found, Plan};
use ops::OpenBranch;
use ops::pull_request::{self, Fetched, Wanted};
use report::sanitize;
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};

pub(super) fn run(context: &Context, args: &PrArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let wanted = Wanted { number: args.number, remote: args.remote.clone(), kind: args.forge.map(Into::into) };
    block_on(async {
        let (forge, found) = pull_request::find(&open.repository, &wanted).await?;
        let fetched = pull_request::fetch(&open, &forge, found).await?;
        output::print(&said(&fetched))?;
        if args.post { post(&open, &forge, &fetched.found, args).await } else { Ok(Exit::Done) }
    })?
}

/// What the forge says. Why comments are not known goes to standard error.
fn said(Fetched { found, feedback }: &Fetched) -> String {
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
    let posting = pull_request::plan(open, forge, found, context::round(open, args.round)?).await?;
    output::print(&preview(&posting.plan, &posting.document.round, number))?;
    if posting.plan.is_empty() {
        return Ok(Exit::Done);
    }
    if !args.yes && !agreed(number)? {
        output::note("Nothing was posted.");
        return Ok(Exit::Done);
    }
    let page = pull_request::post(forge, found, &posting).await?;
    let page = page.map(|p| format!(": {}", plain(&p, 400))).unwrap_or_default();
    output::note(&format!("Posted to #{number}{page}"));
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
        let place = plain(&format!("{}:{}", placed.path, placed.lines), 200);
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

fn agreed(number: u64) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        output::note("Add --yes to post them.");
        return Ok(false);
    }
    output::note(&format!("Post them to #{number} for everybody to see? [y/N]"));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
