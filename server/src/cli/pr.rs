//! `deep-review pr`

use super::args::PrArgs;
use super::context::{Context, Open, block_on};
use super::{Exit, output};
use anyhow::bail;
use finding::{Feedback, PullRequestNow, ROUND_SCHEMA};
use forge::{Forge, ForgeError, Found, Head, Plan, Site};
use git::{Remote, Repository};
use jiff::Timestamp;
use report::forge::{intro, remarks};
use report::sanitize;
use review::document::document;
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};

pub(super) fn run(context: &Context, args: &PrArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    block_on(async {
        let (forge, found) = find(&open.repository, args).await?;
        fetch(&open, &forge, &found).await?;
        if args.post { post(&open, &forge, &found, args).await } else { Ok(Exit::Done) }
    })?
}

/// The sites to ask, the likeliest first: people work in a fork and open pull requests upstream.
fn sites(remotes: &[Remote], args: &PrArgs) -> Result<Vec<Site>, ForgeError> {
    let kind = args.forge.map(Into::into);
    if let Some(name) = &args.remote {
        let site = remotes.iter().find(|r| r.name == *name).and_then(|r| Site::of(&r.url, kind));
        return Ok(vec![site.ok_or_else(|| ForgeError::UnknownRemote(name.clone()))?]);
    }
    let rank = |r: &&Remote| match r.name.as_str() {
        "upstream" => 0,
        "origin" => 1,
        _ => 2,
    };
    let mut ordered: Vec<&Remote> = remotes.iter().collect();
    ordered.sort_by_key(rank);
    let mut sites: Vec<Site> = Vec::new();
    for site in ordered.iter().filter_map(|r| Site::of(&r.url, kind)) {
        if !sites.contains(&site) {
            sites.push(site);
        }
    }
    if sites.is_empty() {
        let shown = |r: &Remote| format!("{} ({})", r.name, Site::host_of(&r.url).unwrap_or_else(|| "no host".into()));
        return Err(ForgeError::NoRemote { seen: remotes.iter().map(shown).collect() });
    }
    Ok(sites)
}

async fn find(repository: &Repository, args: &PrArgs) -> anyhow::Result<(Forge, Found)> {
    let remotes = repository.remotes()?;
    let sites = sites(&remotes, args)?;
    let first = sites[0].clone();
    let Some(branch) = repository.head_state()?.branch else {
        let Some(number) = args.number else { bail!("HEAD is on no branch; give the pull request's number") };
        return numbered(sites, number).await;
    };
    if let Some(number) = args.number {
        return numbered(sites, number).await;
    }
    let (pushed, names) = repository.push_target(&branch)?;
    let pushed = pushed.or_else(|| Some("origin".to_owned()));
    let fork =
        remotes.iter().find(|r| Some(&r.name) == pushed.as_ref()).and_then(|r| Site::of(&r.url, Some(first.kind)));
    for site in sites {
        let project = fork.as_ref().map_or_else(|| site.project.clone(), |f| f.project.clone());
        let forge = Forge::open(site).await?;
        if let Some(found) = forge.of_branch(&Head { project, names: names.clone() }).await? {
            return Ok((forge, found));
        }
    }
    Err(ForgeError::NoPullRequest { site: first, branch }.into())
}

async fn numbered(sites: Vec<Site>, number: u64) -> anyhow::Result<(Forge, Found)> {
    let mut missing = None;
    for site in sites {
        let forge = Forge::open(site).await?;
        match forge.numbered(number).await {
            Ok(found) => return Ok((forge, found)),
            Err(error @ ForgeError::NotFound { .. }) => missing = missing.or(Some(error)),
            Err(error) => return Err(error.into()),
        }
    }
    match missing {
        Some(error) => Err(error.into()),
        None => bail!("there is no remote to ask"),
    }
}

async fn fetch(open: &Open, forge: &Forge, found: &Found) -> anyhow::Result<()> {
    let feedback = match forge.unresolved(found).await {
        Ok(feedback) => Some(feedback),
        Err(error @ ForgeError::NoToken { .. }) => {
            output::note(&format!("warning: which comments are unresolved is not known: {error}"));
            if let Some(remedy) = error.remedy() {
                output::note(&format!("  {remedy}"));
            }
            None
        }
        Err(error) => return Err(error.into()),
    };
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
        None => {}
        Some(0) => text.push_str("No comment is unresolved.\n"),
        Some(1) => text.push_str("1 comment is unresolved.\n"),
        Some(n) => {
            let _ = writeln!(text, "{n} comments are unresolved.");
        }
    }
    let now = PullRequestNow { schema: ROUND_SCHEMA, at: Timestamp::now(), pull_request: pull.clone(), feedback };
    open.branch.keep_pull_request(&now)?;
    output::print(&text)
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

async fn post(open: &Open, forge: &Forge, found: &Found, args: &PrArgs) -> anyhow::Result<Exit> {
    let number = found.pull_request.number;
    if !found.open {
        bail!("pull request #{number} is not open, so nothing is posted to it");
    }
    let mut document = document(&open.repository, open.round(args.round)?)?;
    let head = &found.head;
    if !open.repository.has_commit(head) {
        bail!(
            "pull request #{number} ends with commit {}, which is not in this clone; 'git pull' or 'git push' first",
            head.short()
        );
    }
    // Comments are placed in the commit that the pull request shows, which need not be the one that was reviewed.
    document.move_to(|path| open.repository.read_at(head, path).ok().flatten());
    let said = remarks(&document.round, &document.decisions, &document.texts);
    let plan = forge.plan(found, said).await?;
    output::print(&preview(&plan, &document.round, number))?;
    if plan.is_empty() {
        return Ok(Exit::Done);
    }
    if !args.yes && !agreed(number)? {
        output::note("Nothing was posted.");
        return Ok(Exit::Done);
    }
    let page = forge.post(found, &intro(&document.round, &document.decisions), &plan).await?;
    let page = page.map(|p| format!(": {}", plain(&p, 400))).unwrap_or_default();
    output::note(&format!("Posted to #{number}{page}"));
    Ok(Exit::Done)
}

fn preview(plan: &Plan, round: &finding::Round, number: u64) -> String {
    let finding = |id: &finding::FindingId| {
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
