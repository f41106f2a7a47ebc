//! `deep-review split` and `deep-review join`: a person's word on which remarks are one issue.

use super::args::{JoinArgs, SplitArgs};
use super::context::{self, Context, Open};
use super::{Exit, output};
use anyhow::bail;
use finding::{Finding, FindingId, Link, LinkKind, RawFinding, Round};
use report::sanitize::printable;
use std::collections::BTreeSet;

/// What holds for both: the round that is stored does not change.
const FROM_THE_NEXT: &str = "From the next round on";

pub(super) fn split(context: &Context, args: &SplitArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = open.round(None)?;
    let finding = context::finding(&round, &args.id)?;
    if args.undo {
        return undo(&open, &[finding], LinkKind::Split);
    }
    let parts = parts(&round, finding, &args.agents)?;
    let mut links: Vec<Link> = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        links.extend(parts[n + 1..].iter().flat_map(|other| merge::split(part, other)));
    }
    if links.is_empty() {
        bail!("the remarks of {} are worded alike, so that nothing could tell them apart later", finding.label);
    }
    open.branch.decide(|decisions| decisions.links.extend(links))?;
    let parts: Vec<String> = parts.iter().map(|part| names(&round, part)).collect();
    output::print(&format!(
        "{FROM_THE_NEXT}, {} ({}) is {} findings: {}\n",
        finding.label,
        printable(&finding.title),
        parts.len(),
        parts.join(" / "),
    ))?;
    Ok(Exit::Done)
}

pub(super) fn join(context: &Context, args: &JoinArgs) -> anyhow::Result<Exit> {
    let open = context.open()?;
    let round = open.round(None)?;
    let mut findings: Vec<&Finding> = Vec::new();
    for id in &args.ids {
        let finding = context::finding(&round, id)?;
        if !findings.iter().any(|other| other.id == finding.id) {
            findings.push(finding);
        }
    }
    if args.undo {
        return undo(&open, &findings, LinkKind::Joined);
    }
    let [first, rest @ ..] = &findings[..] else { bail!("name the findings to join") };
    if rest.is_empty() {
        bail!("{} alone is one finding already; name the findings that are the same issue", first.label);
    }
    let links: Vec<Link> =
        rest.iter().flat_map(|other| merge::join(&round.remarks(first), &round.remarks(other))).collect();
    if links.is_empty() {
        bail!("their remarks are worded alike, so that nothing could tell them apart later; they cannot be joined");
    }
    open.branch.decide(|decisions| decisions.links.extend(links))?;
    let labels: Vec<&str> = findings.iter().map(|f| f.label.as_str()).collect();
    output::print(&format!(
        "{FROM_THE_NEXT}, {} are one finding: {}\n",
        labels.join(" and "),
        printable(&first.title)
    ))?;
    Ok(Exit::Done)
}

/// Takes back what was said of these findings, in whatever words they were raised in the branch's rounds.
fn undo(open: &Open, findings: &[&Finding], kind: LinkKind) -> anyhow::Result<Exit> {
    let rounds = open.branch.rounds()?.value;
    let ids: Vec<FindingId> = findings.iter().map(|f| f.id.clone()).collect();
    let prints = merge::known_by(&rounds, &ids);
    let labels: Vec<&str> = findings.iter().map(|f| f.label.as_str()).collect();
    let (labels, what) = (labels.join(" and "), if kind == LinkKind::Split { "split" } else { "joined" });
    let mut taken = 0;
    open.branch.decide(|decisions| taken = merge::take_back(&mut decisions.links, kind, &prints))?;
    if taken == 0 {
        bail!("nobody has {what} {labels}, so there is nothing to take back");
    }
    output::print(&format!("{FROM_THE_NEXT}, {labels} counts as never {what}\n"))?;
    Ok(Exit::Done)
}

/// The remarks of the finding as they are to be: those of the named agents and the rest, or each by itself.
fn parts<'a>(round: &'a Round, finding: &Finding, agents: &[String]) -> anyhow::Result<Vec<Vec<&'a RawFinding>>> {
    let all = round.remarks(finding);
    if all.len() < 2 {
        bail!("{} is one remark of one agent; there is nothing to split", finding.label);
    }
    if agents.is_empty() {
        return Ok(all.into_iter().map(|raw| vec![raw]).collect());
    }
    let is = |raw: &RawFinding, name: &str| {
        raw.agent.as_str().eq_ignore_ascii_case(name) || round.label_of(&raw.agent).eq_ignore_ascii_case(name)
    };
    if let Some(unknown) = agents.iter().find(|name| !all.iter().any(|raw| is(raw, name))) {
        let by: Vec<&str> = finding.agents().iter().map(|agent| agent.as_str()).collect();
        bail!("'{unknown}' has no part in {}; it was raised by {}", finding.label, by.join(", "));
    }
    let (apart, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|raw| agents.iter().any(|name| is(raw, name)));
    if rest.is_empty() {
        bail!("that is everybody who raised {}; name only those whose remark is another issue", finding.label);
    }
    Ok(vec![apart, rest])
}

/// Who said it.
fn names(round: &Round, remarks: &[&RawFinding]) -> String {
    let labels: BTreeSet<&str> = remarks.iter().map(|raw| round.label_of(&raw.agent)).collect();
    printable(&labels.into_iter().collect::<Vec<_>>().join(" and "))
}
