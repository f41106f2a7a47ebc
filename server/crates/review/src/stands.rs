//! What agents said of the whole: their views and remarks on the design, of this round, and of earlier ones as long as
//! their agents have not answered since. What an agent said is not lost because others were asked after it.

use super::{Preparation, contrary};
use finding::{
    AgentKind, AgentName, AgentOutcome, AgentRun, Anchor, Assessment, Limitation, Observation, RawFinding, RepoPath,
    Round, SaidEarlier,
};
use git::blob_id;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The agents that have given a review of the whole in this round: what they said before counts no more.
fn answered(agents: &[AgentRun]) -> BTreeSet<&AgentName> {
    agents.iter().filter(|run| has_reviewed(run)).map(|run| &run.agent.name).collect()
}

fn has_reviewed(run: &AgentRun) -> bool {
    run.outcome == AgentOutcome::Reviewed && run.about.is_none()
}

/// Remarks on the design of agents that have not answered since, in their places in the texts of now.
pub(super) fn observations(
    prepared: &Preparation,
    agents: &[AgentRun],
    texts: &BTreeMap<RepoPath, Arc<str>>,
) -> Vec<Observation> {
    let Some((before, _)) = prepared.earlier.last() else { return Vec::new() };
    let answered = answered(agents);
    let stands = |observation: &Observation| {
        let by: Vec<AgentName> = observation.by.iter().filter(|name| !answered.contains(name)).cloned().collect();
        let anchors = observation.anchors.iter().map(|anchor| now(anchor, before, texts)).collect();
        (!by.is_empty()).then(|| Observation { by, anchors, ..observation.clone() })
    };
    before.observations.iter().filter_map(stands).collect()
}

/// The anchor in the texts of now: the whole file where its lines are not certain.
fn now(anchor: &Anchor, before: &Round, texts: &BTreeMap<RepoPath, Arc<str>>) -> Anchor {
    let is_same = || Some(before.texts.get(&anchor.path)? == &blob_id(texts.get(&anchor.path)?));
    if anchor.lines.is_none() || is_same() == Some(true) {
        return anchor.clone();
    }
    let quote = anchor.quote.as_deref();
    let found = || patch::find_quote(texts.get(&anchor.path)?, quote?, anchor.lines);
    Anchor { lines: found(), ..anchor.clone() }
}

/// The agents whose words of earlier rounds stand: remarks that are part of the findings, and views of the whole.
pub(super) fn earlier(prepared: &Preparation, agents: &[AgentRun], raw: &[RawFinding]) -> Vec<SaidEarlier> {
    let mut newest: BTreeMap<AgentName, u32> = BTreeMap::new();
    let answered = answered(agents);
    let stand = raw.iter().filter(|remark| !answered.contains(&remark.agent));
    for (name, round) in stand.filter_map(|remark| Some((&remark.agent, remark.id.round()?))) {
        let known = newest.entry(name.clone()).or_insert(round);
        *known = round.max(*known);
    }
    let mut views: BTreeMap<&AgentName, (u32, &Assessment)> = BTreeMap::new();
    for (round, _) in &prepared.earlier {
        for run in round.agents.iter().filter(|run| has_reviewed(run) && !answered.contains(&run.agent.name)) {
            views.insert(&run.agent.name, (round.number, &run.assessment));
        }
    }
    for (name, (round, _)) in views.iter().filter(|(_, (_, view))| !view.is_empty()) {
        newest.entry((*name).clone()).or_insert(*round);
    }
    let said = |(name, round): (AgentName, u32)| {
        let agent = prepared.earlier.iter().rev().find_map(|(earlier, _)| earlier.agent(&name))?.clone();
        let assessment = views.get(&name).map(|(_, view)| (*view).clone()).unwrap_or_default();
        Some(SaidEarlier { agent, round, assessment })
    };
    newest.into_iter().filter_map(said).collect()
}

/// The view of the whole: the first agent that says something of a part speaks for it, a model before a checker and this
/// round before earlier ones; what is a list is taken together.
pub(super) fn assessment(prepared: &Preparation, agents: &[AgentRun]) -> Assessment {
    let said = said(prepared, agents);
    let mut all = Assessment::default();
    for own in said.iter().map(|run| &run.assessment) {
        all.summary = all.summary.or_else(|| own.summary.clone());
        all.testing = all.testing.or_else(|| own.testing.clone());
        all.documentation = all.documentation.or_else(|| own.documentation.clone());
        all.commit_structure = all.commit_structure.or_else(|| own.commit_structure.clone());
        for limitation in &own.limitations {
            admit(&mut all.limitations, limitation);
        }
    }
    all.untested = untested(&said);
    all
}

/// The runs whose views count, in the order in which they do.
fn said<'a>(prepared: &'a Preparation, agents: &'a [AgentRun]) -> Vec<&'a AgentRun> {
    let mut names: BTreeSet<&AgentName> = answered(agents);
    let mut runs: Vec<&AgentRun> = agents.iter().collect();
    for (round, _) in prepared.earlier.iter().rev() {
        for run in round.agents.iter().filter(|run| has_reviewed(run)) {
            if names.insert(&run.agent.name) {
                runs.push(run);
            }
        }
    }
    runs.sort_by_key(|run| run.agent.kind == AgentKind::BuiltIn);
    runs
}

/// Adds a limitation, or what is more exact in it to the one that it is.
fn admit(all: &mut Vec<Limitation>, limitation: &Limitation) {
    let place = |l: &Limitation| l.anchor.as_ref().and_then(|a| Some((a.path.clone(), a.lines?)));
    let is_at_one_place = |other: &Limitation| {
        let places = place(other).zip(place(limitation));
        places.is_some_and(|((path, lines), (there, others))| path == there && lines.overlaps(others))
    };
    let known =
        all.iter_mut().find(|other| contrary::are_alike(&other.title, &limitation.title) || is_at_one_place(other));
    match known {
        None => all.push(limitation.clone()),
        Some(known) => {
            let has_quote = |l: &Limitation| l.anchor.as_ref().is_some_and(|anchor| anchor.quote.is_some());
            if !has_quote(known) && limitation.anchor.is_some() {
                known.anchor.clone_from(&limitation.anchor);
            }
            if known.body.trim().is_empty() {
                known.body.clone_from(&limitation.body);
            }
        }
    }
}

/// The scenarios without a test, each once: those that more agents name first, then in the order of their risk.
fn untested(runs: &[&AgentRun]) -> Vec<String> {
    struct Scenario<'a> {
        text: &'a str,
        by: BTreeSet<&'a AgentName>,
        rank: usize,
    }
    let mut all: Vec<Scenario<'_>> = Vec::new();
    for run in runs {
        for (rank, text) in run.assessment.untested.iter().enumerate() {
            let name = &run.agent.name;
            match all.iter_mut().find(|known| contrary::are_alike(known.text, text)) {
                Some(known) => {
                    known.by.insert(name);
                    known.rank = known.rank.min(rank);
                    if text.len() > known.text.len() {
                        known.text = text;
                    }
                }
                None => all.push(Scenario { text, by: [name].into(), rank }),
            }
        }
    }
    all.sort_by_key(|scenario| (std::cmp::Reverse(scenario.by.len()), scenario.rank));
    all.into_iter().map(|scenario| scenario.text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::LineRange;

    fn limitation(title: &str, line: u32, quote: Option<&str>, body: &str) -> Limitation {
        let path = RepoPath::new("a.rs").unwrap();
        let anchor = Anchor { quote: quote.map(str::to_owned), ..Anchor::lines(path, LineRange::line(line)) };
        Limitation { title: title.into(), anchor: Some(anchor), body: body.into() }
    }

    #[test]
    fn one_limitation_is_admitted_once_with_its_words() {
        let mut all = Vec::new();
        admit(&mut all, &limitation("Waits for one after the other", 7, None, ""));
        admit(&mut all, &limitation("Not tested with two", 20, None, "So be it."));
        admit(&mut all, &limitation("Workers end one by one", 7, Some("TODO: all at once"), "As before."));
        let said: Vec<(&str, Option<&str>, &str)> = all
            .iter()
            .map(|l| (l.title.as_str(), l.anchor.as_ref().unwrap().quote.as_deref(), l.body.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                ("Waits for one after the other", Some("TODO: all at once"), "As before."),
                ("Not tested with two", None, "So be it.")
            ]
        );
    }
}
