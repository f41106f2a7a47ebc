//! The two measures of merging, on the corpus in `../shared` where it is there. Used by the benchmark and by the
//! test that holds the scores.

use deep_review::finding::{AgentName, Anchor, Finding, LineRange, RawFinding, RawId, RepoPath, Severity};
use deep_review::merge::{self, Input};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::PathBuf;

/// Precision, recall and F1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    /// Right among what was said.
    pub(crate) precision: f64,
    /// Said among what is right.
    pub(crate) recall: f64,
    /// Their harmonic mean.
    pub(crate) f1: f64,
}

impl Score {
    fn of(right: usize, wrong: usize, missed: usize) -> Self {
        let share = |of: usize| right as f64 / of.max(1) as f64;
        let (precision, recall) = (share(right + wrong), share(right + missed));
        Self { precision, recall, f1: 2.0 * precision * recall / (precision + recall).max(1e-9) }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "precision {:.3}  recall {:.3}  F1 {:.3}", self.precision, self.recall, self.f1)
    }
}

/// The corpus beside the repository, if it is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    folder.is_dir().then_some(folder)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value, key: &str) -> Option<u32> {
    value[key].as_u64().and_then(|n| u32::try_from(n).ok())
}

fn raw(id: &str, agent: &str, severity: &str, title: &str, body: &str, anchor: Option<Anchor>) -> RawFinding {
    RawFinding {
        id: RawId::new(id),
        sure: None,
        agent: AgentName::new(agent),
        severity: Severity::from_word(severity).unwrap_or(Severity::Important),
        title: title.into(),
        body: body.into(),
        anchors: anchor.into_iter().collect(),
        symbol: None,
        classification: None,
        rule: None,
        fixes: Vec::new(),
    }
}

/// One review by three agents: what they said, and pairs of which is known whether they are one issue.
pub(crate) struct Review {
    /// The pull request.
    pub(crate) pull: u64,
    /// What the agents said.
    pub(crate) raw: Vec<RawFinding>,
    /// Ids of two remarks of different agents, and whether they are one issue.
    pub(crate) pairs: Vec<(String, String, bool)>,
}

/// Real reviews with what people made of them.
pub(crate) fn reviews() -> Option<Vec<Review>> {
    let lines = std::fs::read_to_string(folder()?.join("dev/consolidation.jsonl")).ok()?;
    let review = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        let raws = list(&value, "raw").iter().map(|r| {
            let file = list(r, "files").first();
            let anchor = file.and_then(|file| {
                let path = RepoPath::new(text(file, "path").trim_start_matches('/')).ok()?;
                let start = number(file, "start");
                let lines = start.map(|start| LineRange::new(start, number(file, "end").unwrap_or(start)));
                Some(Anchor { path, lines, quote: None })
            });
            raw(text(r, "id"), text(r, "agent"), text(r, "severity"), text(r, "title"), text(r, "body"), anchor)
        });
        let pairs = list(&value, "pairs")
            .iter()
            .map(|p| (text(p, "a").to_owned(), text(p, "b").to_owned(), text(p, "label") == "same"));
        Some(Review { pull: value["pr"].as_u64()?, raw: raws.collect(), pairs: pairs.collect() })
    };
    lines.lines().map(review).collect()
}

/// How well the merge tells pairs of one issue from pairs of two.
pub(crate) fn score_pairs<'a>(reviews: impl IntoIterator<Item = &'a Review>) -> Score {
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for review in reviews {
        let findings = merge::merge(&Input::of(&review.raw)).findings;
        let mut of: HashMap<&str, usize> = HashMap::new();
        for (n, finding) in findings.iter().enumerate() {
            of.extend(finding.attributions.iter().map(|a| (a.raw.as_str(), n)));
        }
        for (a, b, same) in &review.pairs {
            match (of.get(a.as_str()) == of.get(b.as_str()), same) {
                (true, true) => right += 1,
                (true, false) => wrong += 1,
                (false, true) => missed += 1,
                (false, false) => {}
            }
        }
    }
    Score::of(right, wrong, missed)
}

/// What review tools said about one pull request, and which of the issues that it has each remark means.
pub(crate) struct Pull {
    remarks: Vec<(RawFinding, Option<u64>)>,
    issues: usize,
}

/// Pull requests on which many tools were judged.
pub(crate) fn pulls() -> Option<Vec<Pull>> {
    let all = std::fs::read_to_string(folder()?.join("agreement/dev.json")).ok()?;
    let all: BTreeMap<String, Value> = serde_json::from_str(&all).ok()?;
    let pull = |value: &Value| {
        let remark =
            |r: &Value| (raw(text(r, "id"), text(r, "tool"), "", text(r, "text"), "", None), r["reference"].as_u64());
        Pull { remarks: list(value, "remarks").iter().map(remark).collect(), issues: list(value, "references").len() }
    };
    Some(all.values().map(pull).collect())
}

/// The names of all tools.
pub(crate) fn tools(pulls: &[Pull]) -> BTreeSet<String> {
    pulls.iter().flat_map(|p| &p.remarks).map(|(raw, _)| raw.agent.as_str().to_owned()).collect()
}

/// Precision, recall and F1 of the findings that are shown, with the confidence from which on it is best.
pub(crate) fn score_ranking(pulls: &[Pull], tools: &BTreeSet<String>) -> (f64, Score) {
    type Judged = (f64, usize, Option<u64>);
    let mut judged: Vec<Judged> = Vec::new();
    for (number, pull) in pulls.iter().enumerate() {
        let own: Vec<&(RawFinding, Option<u64>)> =
            pull.remarks.iter().filter(|(raw, _)| tools.contains(raw.agent.as_str())).collect();
        let meant: HashMap<&RawId, Option<u64>> = own.iter().map(|(raw, issue)| (&raw.id, *issue)).collect();
        let input = Input { raw: own.iter().map(|(raw, _)| raw).collect(), ..Input::default() };
        for finding in &merge::merge(&input).findings {
            judged.push((finding.confidence, number, meant_by(finding, &meant)));
        }
    }
    let issues: usize = pulls.iter().map(|p| p.issues).sum();
    judged.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best = (1.0, Score::of(0, 0, issues));
    let mut found: BTreeSet<(usize, u64)> = BTreeSet::new();
    for (shown, (confidence, pull, issue)) in (1..).zip(&judged) {
        found.extend(issue.map(|issue| (*pull, issue)));
        let last = judged.get(shown).is_none_or(|next| next.0 < *confidence);
        let score = Score::of(found.len(), shown - found.len(), issues - found.len());
        if last && score.f1 > best.1.f1 {
            best = (*confidence, score);
        }
    }
    best
}

/// The issue that most of a finding's remarks mean.
fn meant_by(finding: &Finding, meant: &HashMap<&RawId, Option<u64>>) -> Option<u64> {
    let mut votes: Vec<(u64, usize)> = Vec::new();
    for issue in finding.attributions.iter().filter_map(|a| meant.get(&a.raw).copied().flatten()) {
        match votes.iter_mut().find(|(voted, _)| *voted == issue) {
            Some((_, count)) => *count += 1,
            None => votes.push((issue, 1)),
        }
    }
    // The first among equals, in the order of the attributions.
    votes.iter().rev().max_by_key(|(_, count)| *count).map(|(issue, _)| *issue)
}
