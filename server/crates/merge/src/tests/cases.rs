//! The cases in `fixtures/merge`; their form is described there.

use super::memory::{resolution, wont_fix};
use super::*;
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    raw: Vec<Said>,
    #[serde(default)]
    linters: Vec<String>,
    #[serde(default)]
    records: BTreeMap<String, KnownRecord>,
    before: Option<Before>,
    #[serde(default)]
    texts: BTreeMap<String, String>,
    clusters: Option<Vec<Vec<String>>>,
    #[serde(default)]
    apart: Vec<(String, String)>,
    #[serde(default)]
    severity: BTreeMap<String, String>,
    #[serde(default)]
    dispute: BTreeMap<String, Option<String>>,
    #[serde(default)]
    title: BTreeMap<String, String>,
    #[serde(default)]
    fixes: BTreeMap<String, usize>,
    #[serde(default)]
    keeps: BTreeMap<String, Option<String>>,
    #[serde(default)]
    related: Vec<(String, String)>,
    first: Option<String>,
    declined: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    id: String,
    severity: String,
    at: Option<String>,
    title: String,
    #[serde(default)]
    body: String,
    quote: Option<String>,
    rule: Option<String>,
    #[serde(default)]
    fixes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    raw: Vec<Said>,
    texts: BTreeMap<String, String>,
    #[serde(default)]
    dismissed: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct KnownRecord {
    kept: u32,
    dismissed: u32,
    lowered: u32,
    shared: u32,
}

impl Said {
    fn raw(&self) -> RawFinding {
        let mut finding = raw(&format!("{} {} {} | ", self.id, self.severity, self.at.as_deref().unwrap_or("-")));
        (finding.title, finding.body) = (self.title.clone(), self.body.clone());
        for anchor in &mut finding.anchors {
            anchor.quote.clone_from(&self.quote);
        }
        finding.rule = self.rule.clone().map(|id| RuleRef { id, url: None });
        let fix = |diff: &String| Fix { note: None, path: None, diff: diff.clone(), by: Vec::new() };
        finding.fixes = self.fixes.iter().map(fix).collect();
        finding
    }
}

fn texts(of: &BTreeMap<String, String>) -> BTreeMap<RepoPath, Arc<str>> {
    of.iter().map(|(path, text)| (RepoPath::new(path).unwrap(), Arc::from(text.as_str()))).collect()
}

/// What does not come out as the case says.
fn wrong(case: &Case) -> Vec<String> {
    let raw: Vec<RawFinding> = case.raw.iter().map(Said::raw).collect();
    let agents: Vec<AgentRun> =
        case.linters.iter().map(|name| memory::run(name, AgentKind::Linter, &AgentOutcome::Reviewed)).collect();
    let before = case.before.as_ref().map(|before| {
        let raw: Vec<RawFinding> = before.raw.iter().map(Said::raw).collect();
        (memory::round(&raw), texts(&before.texts))
    });
    let of_before: HashMap<String, FindingId> = before.iter().flat_map(|(round, _)| ids(&round.findings)).collect();
    let dismissed = case.before.iter().flat_map(|before| &before.dismissed);
    let resolutions = dismissed.map(|raw| (of_before[raw].clone(), resolution(wont_fix()))).collect();
    let decisions = Decisions { resolutions, ..Decisions::default() };
    let input = Input {
        round: 2,
        raw: raw.iter().collect(),
        agents: &agents,
        decisions: Some(&decisions),
        earlier: before.iter().map(|(round, texts)| Earlier { round, texts }).collect(),
        texts: texts(&case.texts),
        records: case.records.iter().map(|(name, r)| (AgentName::new(name), known(r))).collect(),
        ..Input::default()
    };
    let merged = merge(&input);
    let mut wrong = Vec::new();
    let mut check = |what: &str, is: String, should: String| {
        if is != should {
            wrong.push(format!("{}: {what}: {is}, not {should}", case.name));
        }
    };
    if let Some(clusters) = &case.clusters {
        let mut clusters = clusters.clone();
        clusters.iter_mut().for_each(|cluster| cluster.sort());
        clusters.sort();
        check("clusters", format!("{:?}", groups(&merged)), format!("{clusters:?}"));
    }
    let finding = |raw: &String| {
        let has = |f: &&Finding| f.attributions.iter().any(|a| a.raw.as_str() == raw);
        merged.findings.iter().find(has).unwrap_or_else(|| panic!("{}: {raw} is in no finding", case.name))
    };
    for (a, b) in &case.apart {
        check("apart", (finding(a).id != finding(b).id).to_string(), "true".into());
    }
    for (raw, word) in &case.severity {
        check("severity", finding(raw).severity.to_string().to_lowercase(), word.clone());
    }
    for (raw, dispute) in &case.dispute {
        check("dispute", format!("{:?}", finding(raw).dispute), format!("{dispute:?}"));
    }
    for (id, of) in &case.title {
        let title = &raw.iter().find(|raw| raw.id.as_str() == of).unwrap().title;
        check("title", finding(id).title.clone(), title.clone());
    }
    for (raw, count) in &case.fixes {
        check("fixes", finding(raw).fixes.len().to_string(), count.to_string());
    }
    for (raw, of) in &case.keeps {
        let is_old = |id: &FindingId| of_before.iter().find(|(_, old)| *old == id).map(|(raw, _)| raw.clone());
        check("id", format!("{:?}", is_old(&finding(raw).id)), format!("{of:?}"));
    }
    for (a, b) in &case.related {
        let linked = finding(a).related.contains(&finding(b).id) && finding(b).related.contains(&finding(a).id);
        check(&format!("{a} and {b} related"), linked.to_string(), "true".into());
    }
    if let Some(first) = &case.first {
        check("first", merged.findings[0].title.clone(), finding(first).title.clone());
    }
    if let Some(declined) = case.declined {
        check("declined", merged.declined.len().to_string(), declined.to_string());
    }
    wrong
}

fn known(of: &KnownRecord) -> Record {
    Record { kept: of.kept, dismissed: of.dismissed, lowered: of.lowered, shared: of.shared }
}

/// Of each remark: the finding that it is in.
fn ids(findings: &[Finding]) -> impl Iterator<Item = (String, FindingId)> {
    findings.iter().flat_map(|f| f.attributions.iter().map(|a| (a.raw.to_string(), f.id.clone())))
}

#[test]
fn every_case_comes_out_as_it_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../fixtures/merge");
    let (mut count, mut all) = (0, Vec::new());
    for file in ["together", "apart", "severity", "text", "rounds"] {
        let text = std::fs::read_to_string(format!("{folder}/{file}.json")).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
        count += cases.len();
        all.extend(cases.iter().flat_map(wrong));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    assert!(count >= 40, "{count}");
}
