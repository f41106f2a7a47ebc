//! Whole reviews: `fixtures/merge/corpus.json`. Where a change makes merging worse on them, it fails here.

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    group: String,
    remarks: Vec<Said>,
    /// The remarks that are one issue; every other one is an issue of its own.
    same: Vec<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    id: String,
    agent: String,
    title: String,
    #[serde(default)]
    body: String,
    rule: Option<String>,
    path: Option<String>,
    start_line: Option<u32>,
    end_line: Option<u32>,
}

impl Said {
    fn raw(&self) -> RawFinding {
        let lines = self.start_line.map(|start| LineRange::new(start, self.end_line.unwrap_or(start)));
        let anchor = self.path.as_deref().map(|path| Anchor { path: RepoPath::new(path).unwrap(), lines, quote: None });
        RawFinding {
            id: RawId::new(self.id.as_str()),
            sure: None,
            agent: AgentName::new(self.agent.as_str()),
            title: self.title.clone(),
            body: self.body.clone(),
            anchors: anchor.into_iter().collect(),
            rule: self.rule.clone().map(|id| RuleRef { id, url: None }),
            ..raw("x:1 important - | ")
        }
    }
}

/// Pairs of remarks that are joined and should not be, and that are apart and should be one.
fn mistakes(review: &Review) -> (Vec<String>, Vec<String>) {
    let raw: Vec<RawFinding> = review.remarks.iter().map(Said::raw).collect();
    let merged = merge(&Input::of(&raw));
    let found = groups(&merged);
    let joined = |a: &str, b: &str| found.iter().any(|group| group.contains(&a) && group.contains(&b));
    let same = |a: &String, b: &String| review.same.iter().any(|one| one.contains(a) && one.contains(b));
    let (mut over, mut missed) = (Vec::new(), Vec::new());
    for (n, a) in review.remarks.iter().enumerate() {
        for b in &review.remarks[..n] {
            match (joined(&a.id, &b.id), same(&a.id, &b.id)) {
                (true, false) => over.push(format!("{}: {} and {}", review.group, b.id, a.id)),
                (false, true) => missed.push(format!("{}: {} and {}", review.group, b.id, a.id)),
                _ => {}
            }
        }
    }
    (over, missed)
}

#[test]
fn no_two_issues_are_made_one_and_hardly_an_issue_is_made_two() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../fixtures/merge/corpus.json");
    let reviews: Vec<Review> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (over, missed): (Vec<_>, Vec<_>) = reviews.iter().map(mistakes).unzip();
    let (over, missed) = (over.concat(), missed.concat());
    let pairs: usize = reviews.iter().flat_map(|r| &r.same).map(|one| one.len() * (one.len() - 1) / 2).sum();
    assert!(pairs >= 20 && reviews.iter().map(|r| r.remarks.len()).sum::<usize>() >= 60);
    assert!(over.is_empty(), "distinct issues in one finding: {over:#?}");
    assert!(missed.len() * 20 <= pairs, "one issue in two findings: {missed:#?}");
}
