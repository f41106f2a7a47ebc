//! A cluster of raw findings → one finding. Everything in it is chosen from what the agents said, nothing is
//! written anew.

use super::{Facts, Input, Record};
use finding::{
    AgentKind, AgentName, Anchor, Attribution, Finding, FindingId, FindingStatus, Fix, RawFinding, Severity,
};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Findings of an agent that must be known before its record of severities counts.
const CALIBRATED: u32 = 4;
/// Lengths of a clear title, in characters.
const CLEAR_TITLE: std::ops::RangeInclusive<usize> = 25..=120;
/// Anchors of a finding.
const MAX_ANCHORS: usize = 8;

/// A raw finding in its cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    /// The remark.
    pub(super) raw: &'a RawFinding,
    /// How much it resembles the others of its cluster, 0…1.
    pub(super) central: f32,
}

/// The finding that `members` (never empty) make, without identity and rank.
pub(super) fn finding(input: &Input<'_>, members: &[Member<'_>], id: FindingId) -> Finding {
    let facts = |raw: &RawFinding| input.facts.get(&raw.id);
    let clearest = clearest(input, members);
    // The clearest first, then by name: the others' wordings are one step away.
    let mut raws: Vec<&RawFinding> = members.iter().map(|m| m.raw).collect();
    raws.sort_by(|a, b| {
        let key = |raw: &RawFinding| (raw.id != clearest.id, raw.agent != clearest.agent);
        key(a).cmp(&key(b)).then_with(|| (&a.agent, &a.id).cmp(&(&b.agent, &b.id)))
    });
    let (severity, dispute) = severity(input, &raws);
    Finding {
        dispute,
        body: clearest.body.clone(),
        anchors: anchors(&raws),
        symbol: raws.iter().find_map(|raw| facts(raw).and_then(|f| f.symbol.clone()).or_else(|| raw.symbol.clone())),
        classification: raws.iter().find_map(|raw| raw.classification),
        rule: raws.iter().find_map(|raw| raw.rule.clone()),
        attributions: raws
            .iter()
            .map(|raw| Attribution { agent: raw.agent.clone(), severity: raw.severity, raw: raw.id.clone() })
            .collect(),
        fixes: fixes(&raws),
        verification: known(input, &raws).verification,
        ..Finding::new(id, severity, clearest.title.clone())
    }
}

/// The best that is known of any of the remarks.
pub(super) fn known(input: &Input<'_>, raws: &[&RawFinding]) -> Facts {
    let facts: Vec<&Facts> = raws.iter().filter_map(|raw| input.facts.get(&raw.id)).collect();
    let any = |of: fn(&Facts) -> Option<bool>| facts.iter().filter_map(|f| of(f)).max();
    let rank = |status: &FindingStatus| match status {
        FindingStatus::Confirmed { .. } => 2,
        FindingStatus::Refuted { .. } => 1,
        FindingStatus::Unverified => 0,
    };
    Facts {
        symbol: None,
        quote_found: any(|f| f.quote_found),
        in_diff: any(|f| f.in_diff),
        fix_applies: any(|f| f.fix_applies),
        verification: facts.iter().rev().map(|f| &f.verification).max_by_key(|s| rank(s)).cloned().unwrap_or_default(),
    }
}

/// The remark whose title and body the finding takes: the one most like the others, with a quote that is there,
/// a fix, and a title that says enough and not too much.
fn clearest<'a>(input: &Input<'_>, members: &[Member<'a>]) -> &'a RawFinding {
    let points = |member: &Member<'_>| {
        let facts = input.facts.get(&member.raw.id);
        let point = |is: bool, worth: f32| if is { worth } else { 0.0 };
        member.central
            + point(facts.is_some_and(|f| f.quote_found == Some(true)), 0.3)
            + point(facts.is_some_and(|f| f.fix_applies == Some(true)), 0.1)
            + point(!member.raw.fixes.is_empty(), 0.1)
            + point(!member.raw.body.trim().is_empty(), 0.2)
            + point(CLEAR_TITLE.contains(&member.raw.title.chars().take(200).count()), 0.2)
            + point(!member.raw.anchors.is_empty(), 0.2)
    };
    let mut best = &members[0];
    for member in members {
        let order = points(member).total_cmp(&points(best)).then_with(|| {
            let name = |raw: &RawFinding| (raw.agent.clone(), raw.id.clone());
            name(best.raw).cmp(&name(member.raw))
        });
        if order == Ordering::Greater {
            best = member;
        }
    }
    best.raw
}

/// The severity that the agents' own come to, and how where it is not simply theirs: the middle one, the lower
/// of the two in the middle. An agent whose severities were mostly lowered before counts one step lower.
fn severity(input: &Input<'_>, raws: &[&RawFinding]) -> (Severity, Option<String>) {
    let mut own: BTreeMap<&AgentName, Severity> = BTreeMap::new();
    for raw in raws {
        let most = own.entry(&raw.agent).or_insert(raw.severity);
        *most = (*most).max(raw.severity);
    }
    let mut notes = Vec::new();
    let mut counted: Vec<Severity> = Vec::new();
    for (agent, severity) in &own {
        let mut counts_as = *severity;
        if let Some(record) = input.records.get(*agent).filter(|r| lowers(r)) {
            counts_as = lower(counts_as);
            if counts_as != *severity {
                let Record { lowered, shared, .. } = record;
                notes.push(format!(
                    "{} counts one lower: so it was in {lowered} of {shared} findings",
                    input.label(agent)
                ));
            }
        }
        counted.push(counts_as);
    }
    counted.sort_unstable();
    let severity = counted[(counted.len() - 1) / 2];
    if own.values().all(|s| *s == severity) {
        return (severity, None);
    }
    let mut given: Vec<(&AgentName, Severity)> = own.into_iter().collect();
    given.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let given: Vec<String> = given.iter().map(|(agent, s)| format!("{}: {s}", input.label(agent))).collect();
    let mut dispute = format!("{} → {severity}", given.join(", "));
    if !notes.is_empty() {
        dispute = format!("{dispute} ({})", notes.join("; "));
    }
    (severity, Some(dispute))
}

/// Whether an agent's severities were lowered so often that it is a habit.
fn lowers(record: &Record) -> bool {
    record.shared >= CALIBRATED && record.lowered * 2 >= record.shared
}

fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::Important,
        Severity::Important | Severity::Suggestion => Severity::Suggestion,
    }
}

/// The places of the first remark, then those of the others that are elsewhere.
fn anchors(raws: &[&RawFinding]) -> Vec<Anchor> {
    let mut anchors: Vec<Anchor> = Vec::new();
    for anchor in raws.iter().flat_map(|raw| &raw.anchors) {
        let covered = anchors
            .iter()
            .any(|a| a.path == anchor.path && a.lines.zip(anchor.lines).is_none_or(|(a, b)| a.distance(b) == 0));
        if !covered && anchors.len() < MAX_ANCHORS {
            anchors.push(anchor.clone());
        }
    }
    anchors
}

/// All distinct fixes: those that more agents propose first.
fn fixes(raws: &[&RawFinding]) -> Vec<Fix> {
    let mut fixes: Vec<((Option<String>, String), Fix)> = Vec::new();
    for raw in raws {
        for fix in &raw.fixes {
            let path = fix.path.as_ref().or(raw.main_anchor().map(|a| &a.path));
            let key = (path.map(ToString::to_string), edits(&fix.diff));
            if let Some((_, same)) = fixes.iter_mut().find(|(k, _)| *k == key) {
                if !same.by.contains(&raw.agent) {
                    same.by.push(raw.agent.clone());
                }
            } else {
                fixes.push((key, Fix { by: vec![raw.agent.clone()], ..fix.clone() }));
            }
        }
    }
    fixes.sort_by_key(|(_, fix)| std::cmp::Reverse(fix.by.len()));
    fixes.into_iter().map(|(_, fix)| fix).collect()
}

/// What a suggested change takes out and puts in, without context and white space: equal for equal edits. A
/// suggestion without signs is all put in.
pub(super) fn edits(diff: &str) -> String {
    let lines =
        || diff.lines().filter(|l| !["+++", "---", "@@", "diff ", "index ", "```"].iter().any(|h| l.starts_with(h)));
    let squeezed = |line: &str| line.split_whitespace().collect::<String>();
    let signed = |sign: char| lines().filter_map(move |l| l.strip_prefix(sign)).map(squeezed).collect::<Vec<_>>();
    let (out, into) = (signed('-'), signed('+'));
    if out.is_empty() && into.is_empty() {
        return format!("+{}", lines().map(squeezed).collect::<Vec<_>>().join("\n"));
    }
    format!("-{}\n+{}", out.join("\n"), into.join("\n"))
}

/// Whether the finding comes from what computes its findings: a built-in checker or a linter.
pub(super) fn is_computed(input: &Input<'_>, raws: &[&RawFinding]) -> bool {
    raws.iter().any(|raw| {
        input.info(&raw.agent).is_some_and(|info| matches!(info.kind, AgentKind::BuiltIn | AgentKind::Linter))
    })
}

/// The order in which findings are shown.
pub(super) fn by_rank(a: &Finding, b: &Finding) -> Ordering {
    b.severity.cmp(&a.severity).then(b.confidence.total_cmp(&a.confidence)).then_with(|| a.id.cmp(&b.id))
}
