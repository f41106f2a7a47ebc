//! Reviews that were written elsewhere as more agents of a round that is there.

use super::{cover, id, take_in};
use crate::document::texts;
use finding::{AgentName, Anchor, Answer, Decisions, FindingStatus, RawId, Round};
use git::Snapshot;
use import::{Code, Settled};
use jiff::Timestamp;
use patch::LineMap;
use report::Texts;
use std::collections::{BTreeMap, BTreeSet};
use store::Store;

/// A new round of what an old one has, with what people decided of it, and what the answers say, with the places of both in the current code.
pub(super) fn joined(
    (old, decisions): (&Round, &Decisions),
    answers: Vec<Settled>,
    snapshot: &Snapshot,
    store: &Store,
    code: &Code<'_>,
) -> Round {
    let frozen = texts(store, old);
    let mut round = old.clone();
    round.started = Timestamp::now();
    let branch = snapshot.scope().branch.as_deref().unwrap_or("HEAD");
    round.id = id(&format!("{}-{branch}", round.started.strftime("%Y%m%d-%H%M%S")));
    (round.scope, round.commits) = (snapshot.scope().clone(), snapshot.commits().to_vec());
    round.findings.clear();
    carry(&mut round, &frozen, snapshot);
    code.settle_round(&mut round);
    for mut settled in answers {
        rename(&mut settled.agent.name, &mut settled.answer, &round);
        take_in(&mut round, settled);
    }
    let earlier: BTreeMap<_, _> = old.texts.keys().filter_map(|p| Some((p.clone(), frozen.get(p)?.into()))).collect();
    let cited: BTreeSet<_> = round.raw.iter().chain(&old.raw).flat_map(|r| &r.anchors).map(|a| &a.path).collect();
    let input = merge::Input {
        round: old.number + 1,
        agents: &round.agents,
        decisions: Some(decisions),
        earlier: vec![merge::Earlier { round: old, texts: &earlier }],
        texts: cited.into_iter().filter_map(|path| Some((path.clone(), snapshot.read(path).ok()??))).collect(),
        judged: &round.judged,
        ..merge::Input::of(&round.raw)
    };
    let merged = merge::merge(&input);
    round.findings = merged.findings;
    round.raw.extend(merged.carried);
    round.labels = merged.labels;
    round.observations = merge::observations(&round.observations);
    // What was checked stays checked.
    let before: BTreeMap<_, _> = old.findings.iter().map(|finding| (&finding.id, finding)).collect();
    for finding in &mut round.findings {
        if let Some(before) = before.get(&finding.id).filter(|f| f.verification != FindingStatus::Unverified) {
            finding.verification = before.verification.clone();
        }
    }
    let left_out = std::mem::take(&mut round.coverage.left_out);
    cover(&mut round, snapshot);
    round.coverage.left_out = left_out;
    round
}

/// Puts places of the old round where their lines are now.
fn carry(round: &mut Round, frozen: &Texts, snapshot: &Snapshot) {
    let mut maps: BTreeMap<_, Option<LineMap>> = BTreeMap::new();
    let mut settle = |anchor: &mut Anchor| {
        let map = maps.entry(anchor.path.clone()).or_insert_with(|| {
            let new = snapshot.read(&anchor.path).ok()??;
            Some(LineMap::between(frozen.get(&anchor.path)?, &new))
        });
        if let (Some(map), Some(lines)) = (map, anchor.lines) {
            anchor.lines = Some(map.carry(lines).lines());
        }
    };
    round.raw.iter_mut().flat_map(|r| &mut r.anchors).for_each(&mut settle);
    round.observations.iter_mut().flat_map(|o| &mut o.anchors).for_each(&mut settle);
}

/// Two agents of a round never have one name.
fn rename(name: &mut AgentName, answer: &mut Answer, round: &Round) {
    let taken = |name: &AgentName| round.agents.iter().any(|run| run.agent.name == *name);
    if !taken(name) {
        return;
    }
    let old = name.clone();
    let free = (2..).map(|n| AgentName::new(format!("{old}-{n}"))).find(|n| !taken(n));
    *name = free.unwrap_or_else(|| old.clone());
    for finding in &mut answer.findings {
        let rest = finding.id.as_str().split_once(':').map_or("", |(_, rest)| rest).to_owned();
        finding.id = RawId::new(format!("{name}:{rest}"));
        finding.agent = name.clone();
        finding.fixes.iter_mut().flat_map(|f| &mut f.by).filter(|by| **by == old).for_each(|by| *by = name.clone());
    }
    answer.observations.iter_mut().flat_map(|o| &mut o.by).filter(|by| **by == old).for_each(|by| *by = name.clone());
}
