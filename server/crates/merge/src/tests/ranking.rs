//! What is shown first is an issue that counts, and each only once: `fixtures/merge/ranking.json`. Where a change makes the
//! ranking worse on it, it fails here.

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    pull: String,
    /// How many issues it has.
    issues: u32,
    remarks: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    tool: String,
    /// The issue that is meant; none where it is none that counts.
    issue: Option<usize>,
    text: String,
}

/// A finding that is shown: how sure it is, and which issue of which pull request it is.
type Shown<'a> = (f64, Option<(&'a str, usize)>);

/// The findings on a pull request of what the tools say that are asked.
fn shown<'a>(pull: &'a Pull, asks: impl Fn(&str) -> bool) -> Vec<Shown<'a>> {
    let said: Vec<(RawFinding, Option<usize>)> = pull
        .remarks
        .iter()
        .filter(|said| asks(&said.tool))
        .zip(1..)
        .map(|(said, n)| {
            let (id, agent) = (RawId::new(format!("{}:{n}", said.tool)), AgentName::new(said.tool.as_str()));
            (RawFinding { id, agent, title: said.text.clone(), ..raw("x:1 important - | ") }, said.issue)
        })
        .collect();
    let issue = |id: &RawId| said.iter().find(|(raw, _)| raw.id == *id).and_then(|(_, issue)| *issue);
    let merged = merge(&Input { raw: said.iter().map(|(raw, _)| raw).collect(), ..Input::default() });
    let meant = |finding: &Finding| {
        let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
        for meant in finding.attributions.iter().filter_map(|a| issue(&a.raw)) {
            *votes.entry(meant).or_default() += 1;
        }
        votes.into_iter().max_by_key(|(_, count)| *count).map(|(issue, _)| (pull.pull.as_str(), issue))
    };
    merged.findings.iter().map(|finding| (finding.confidence, meant(finding))).collect()
}

/// F1 of what is shown, at the confidence from which on it is best. A second finding of an issue is as wrong as one of none.
fn best_f1(pulls: &[Pull], asks: impl Fn(&str) -> bool) -> f64 {
    let mut all: Vec<Shown<'_>> = pulls.iter().flat_map(|pull| shown(pull, &asks)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let issues: u32 = pulls.iter().map(|pull| pull.issues).sum();
    let mut found = BTreeSet::new();
    let mut best = 0.0_f64;
    for (count, (_, issue)) in (1..).zip(&all) {
        found.extend(*issue);
        best = best.max(2.0 * found.len() as f64 / f64::from(count + issues));
    }
    best
}

#[test]
fn what_ranks_first_is_an_issue_and_each_only_once() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../fixtures/merge/ranking.json");
    let pulls: Vec<Pull> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let tools: BTreeSet<&str> = pulls.iter().flat_map(|p| &p.remarks).map(|said| &*said.tool).collect();
    let mean = |all: Vec<f64>| all.iter().sum::<f64>() / all.len() as f64;
    let all = best_f1(&pulls, |_| true);
    let but_one = mean(tools.iter().map(|left_out| best_f1(&pulls, |tool| tool != *left_out)).collect());
    let list: Vec<&str> = tools.iter().copied().collect();
    let threes = list.iter().enumerate().map(|(n, one)| {
        let others = [list[(n + 1) % list.len()], list[(n + 4) % list.len()]];
        best_f1(&pulls, |tool| tool == *one || others.contains(&tool))
    });
    let three = mean(threes.collect());
    assert!(tools.len() > 10, "{tools:?}");
    assert!(
        all >= 0.90 && but_one >= 0.88 && three >= 0.60,
        "F1 {all:.3}, without one {but_one:.3}, of three {three:.3}"
    );
}
