//! `deep-review` without a command, on a terminal: what it sees here, and what is sensible next.

use super::args::Cli;
use super::context::{self, Context, block_on};
use super::dry_run::expected;
use super::{Exit, output};
use agent::Availability;
use clap::CommandFactory as _;
use config::Config;
use finding::{AgentKind, AgentName, RoundScope, Usage, counted};
use git::{Repository, Snapshot};
use ops::{Again, OpenBranch, Overrides, Trust};
use report::sanitize::printable;
use review::{DryRun, Sent};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use tokio_util::sync::CancellationToken;

/// A command, and what it does.
type Step = (&'static str, &'static str);

const HELP: Step = ("deep-review --help", "all commands");
const DEMO: Step = ("deep-review demo", "a sample repository, reviewed without a key");

const NO_REPOSITORY: [Step; 3] = [DEMO, ("deep-review -C FOLDER", "what there is to review in another folder"), HELP];

const BROKEN: [Step; 3] = [("deep-review doctor", "everything that stands in the way, and what mends it"), DEMO, HELP];

const NOTHING_DIFFERS: [Step; 3] = [
    ("deep-review review commit:HEAD", "the last commit"),
    ("deep-review review pr:NUMBER", "a pull request; nothing is checked out"),
    ("deep-review scan PATH", "code as it is, without a change"),
];

const NO_REVIEWER: [Step; 3] = [
    ("deep-review review", "by the built-in agents: no key, nothing is sent"),
    ("deep-review agents add", "a program, a key or a local model that reviews"),
    HELP,
];

const NOT_REVIEWED: [Step; 3] = [
    ("deep-review review", "by all of them at once"),
    ("deep-review review --dry-run", "exactly what would be sent to whom"),
    HELP,
];

const OPEN: [Step; 3] = [
    ("deep-review findings", "what is open"),
    ("deep-review apply --all --check", "what the fixes would change"),
    ("deep-review review", "once more: what has changed since"),
];

pub(super) fn run(context: &Context) -> anyhow::Result<Exit> {
    if !std::io::stdout().is_terminal() {
        // A script that forgot the command is told so, as by every other program.
        output::note(&Cli::command().render_long_help().to_string());
        return Ok(Exit::Impossible);
    }
    output::print(&match context.repository() {
        Ok(repository) => here(&repository)?,
        Err(error) => {
            let (what, remedy) = output::explained(&error);
            let remedy = remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
            text(&[("here", format!("{what}{remedy}"))], NO_REPOSITORY)
        }
    })?;
    Ok(Exit::Done)
}

fn here(repository: &Repository) -> anyhow::Result<String> {
    let config = context::config(Some(repository), &Overrides::default())?.config;
    let request = ops::request(repository, &config, Trust::AsConfigured, &[], Again::Changed)?;
    let DryRun { snapshot, agents: asked } = match block_on(review::dry_run(request, CancellationToken::new()))? {
        Ok(dry) => dry,
        Err(error) => {
            let remedy = error.remedy().map(|remedy| format!("; {remedy}")).unwrap_or_default();
            return Ok(text(&[("here", format!("{error}{remedy}"))], BROKEN));
        }
    };
    if snapshot.files().is_empty() {
        let nothing = ops::nothing_differs(snapshot.scope());
        return Ok(text(&[("here", nothing.says)], NOTHING_DIFFERS));
    }
    let mut rows = vec![("branch", compared(snapshot.scope())), ("change", change(&snapshot))];
    let (agents, reviews) = agents(repository, &config, &asked)?;
    rows.extend(agents.into_iter().map(|agent| ("agent", agent)));
    let (round, is_open) = newest(repository)?;
    rows.extend(round.map(|round| ("round", round)));
    let steps = match (is_open, reviews) {
        (true, _) => OPEN,
        (false, true) => NOT_REVIEWED,
        (false, false) => NO_REVIEWER,
    };
    Ok(text(&rows, steps))
}

/// What is compared with what, for people.
pub(super) fn compared(scope: &RoundScope) -> String {
    let branch = scope.branch.as_deref().unwrap_or("a detached HEAD");
    match scope {
        RoundScope { head: None, .. } => format!("{branch}, which has no commit yet: every file is new"),
        RoundScope { base_name, branch: Some(_), .. } if base_name == "HEAD" => {
            format!("{branch}, which is itself what branches are compared with: only uncommitted work is reviewed")
        }
        RoundScope { base_name, .. } => format!("{branch}, compared with {base_name}"),
    }
}

fn change(snapshot: &Snapshot) -> String {
    let files = counted(snapshot.files().len(), "file");
    match (snapshot.commits().len(), snapshot.scope().uncommitted) {
        (0, _) => format!("{files}, not committed yet"),
        (commits, true) => format!("{files} in {}, uncommitted work included", counted(commits, "commit")),
        (commits, false) => format!("{files} in {}", counted(commits, "commit")),
    }
}

/// Who would review, and for how much; who cannot, and what to do about it. And whether anybody does who judges.
fn agents(repository: &Repository, config: &Config, asked: &[Sent]) -> anyhow::Result<(Vec<String>, bool)> {
    let here = block_on(ops::agents_here(config, Some(repository.root()), Trust::AsConfigured))?;
    let cost = |name: &AgentName| -> Option<&Usage> {
        asked.iter().find(|sent| sent.agent.name == *name).and_then(|sent| sent.estimate.as_ref())
    };
    let (mut rows, mut free, mut built_in, mut reviews) = (Vec::new(), Vec::new(), 0, false);
    for agent in &here {
        let label = &agent.info.label;
        match &agent.availability {
            Availability::Usable(_) if agent.info.kind.is_reviewer() => {
                reviews = true;
                rows.push(format!("{label}: {}", cost(&agent.info.name).map_or("free".to_owned(), expected)));
            }
            Availability::Usable(_) if agent.info.kind == AgentKind::BuiltIn => built_in += 1,
            Availability::Usable(_) => free.push(label.as_str()),
            Availability::Unusable(failure) if agent.info.kind.is_reviewer() => {
                let remedy = failure.remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
                rows.push(format!("{label} cannot: {}{remedy}", failure.message));
            }
            Availability::Unusable(_) => {}
        }
    }
    let built_in = format!("{built_in} built-in ones");
    free.push(&built_in);
    rows.push(format!("{}: nothing is sent, nothing to pay", free.join(", ")));
    Ok((rows, reviews))
}

/// The newest round in a line, and whether something of it is open.
fn newest(repository: &Repository) -> anyhow::Result<(Option<String>, bool)> {
    let open = OpenBranch::current(repository.clone())?;
    let Some(round) = context::told(open.branch.newest()?) else { return Ok((None, false)) };
    let document = ops::document(&open, round)?;
    let (round, decisions) = (&document.round, &document.decisions);
    let day = round.started.strftime("%Y-%m-%d %H:%M");
    let is_open = round.standing().any(|finding| decisions.is_open(&finding.id));
    Ok((Some(format!("{} of {day}: {}", round.number, round.conclusion(decisions))), is_open))
}

fn text(rows: &[(&str, String)], steps: [Step; 3]) -> String {
    let mut out = String::new();
    let mut before = "";
    for (name, what) in rows {
        let shown = if *name == before { "" } else { name };
        let _ = writeln!(out, "{shown:8}{}", printable(what));
        before = name;
    }
    out.push('\n');
    let width = steps.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (command, what) in steps {
        let _ = writeln!(out, "  {command:width$}  {what}");
    }
    out
}
