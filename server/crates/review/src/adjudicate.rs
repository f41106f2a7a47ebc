//! Remarks whose likeness leaves it open whether they are one issue are put to one agent, if the user named one
//! (`merge.adjudicator`): all pairs in one call, in the way in which findings are [checked](super::verify). A call that
//! fails leaves the merge as it was.

use super::Reviewer;
use super::run_agent::{self, Shared};
use agent::{Brief, Progress, Question, answer};
use finding::{AgentName, CheckVerdict, Judgement, RawFinding, RawId, Usage, counted};
use merge::Doubt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Longest time for the call, however long a review may take.
const LONGEST: Duration = Duration::from_secs(300);
/// Characters of a remark's body that are shown to the judge.
const BODY: usize = 1000;

/// What was judged, by whom, and what that took.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    /// The judgements: this round's and those of earlier ones.
    pub(super) judgements: Vec<Judgement>,
    /// Whom the rest is about.
    pub(super) by: Option<AgentName>,
    /// What the call used.
    pub(super) usage: Usage,
    /// What came of it, for people.
    pub(super) note: Option<String>,
}

impl Judged {
    /// Takes in what was judged last.
    pub(super) fn add(&mut self, said: Self) {
        self.judgements.extend(said.judgements);
        (self.by, self.usage, self.note) = (said.by, said.usage, said.note);
    }
}

/// Has `judge` say of each pair in doubt whether it is one issue. Gives only what was asked for and answered.
pub(super) async fn adjudicate(
    judge: &Reviewer,
    brief: &Brief,
    (doubts, raw): (&[Doubt], &[RawFinding]),
    shared: &Shared,
) -> Judged {
    let by = judge.agent.info().name;
    let pairs = pairs(brief, doubts, raw);
    if pairs.is_empty() {
        return Judged::default();
    }
    let doing = format!("judging {} of remarks in doubt", counted(pairs.len(), "pair"));
    let _ = shared.progress.send((by.clone(), Progress::doing(doing)));
    let judge = Reviewer { deadline: judge.deadline.min(LONGEST), ..judge.clone() };
    let said = run_agent::ask(&judge, brief, &question(&pairs), shared).await;
    let mut judged = Judged { by: Some(by.clone()), usage: said.usage, ..Judged::default() };
    match answer::verdicts(&said) {
        Ok(verdicts) => {
            let mut of: BTreeMap<usize, Judgement> = BTreeMap::new();
            for verdict in &verdicts {
                let same = match verdict.verdict {
                    CheckVerdict::Confirmed => true,
                    CheckVerdict::Refuted => false,
                    CheckVerdict::PreExisting | CheckVerdict::Unclear => continue,
                };
                // Only what was asked counts, whatever else it speaks of; of two words on a pair the first.
                if let Some(n) = (0..pairs.len()).find(|n| id(*n) == verdict.id) {
                    let (one, other) = pairs[n];
                    let judgement = || merge::judgement(one, other, same, by.clone(), &verdict.reason);
                    of.entry(n).or_insert_with(judgement);
                }
            }
            judged.note = Some(format!("judged {} of {} of remarks in doubt", of.len(), counted(pairs.len(), "pair")));
            judged.judgements = of.into_values().collect();
        }
        Err(failure) => {
            judged.note =
                Some(format!("could not judge {} of remarks in doubt: {failure}", counted(pairs.len(), "pair")));
        }
    }
    judged
}

fn id(index: usize) -> String {
    format!("P{}", index + 1)
}

/// The remarks of each doubt; without those on files whose text is not to leave the machine.
fn pairs<'a>(brief: &Brief, doubts: &[Doubt], raw: &'a [RawFinding]) -> Vec<(&'a RawFinding, &'a RawFinding)> {
    let by_id: BTreeMap<&RawId, &RawFinding> = raw.iter().map(|raw| (&raw.id, raw)).collect();
    let both = |doubt: &Doubt| Some((*by_id.get(&doubt.one)?, *by_id.get(&doubt.other)?));
    let allowed = |raw: &RawFinding| brief.sending.allows_all(raw.anchors.iter());
    doubts.iter().filter_map(both).filter(|(one, other)| allowed(one) && allowed(other)).collect()
}

/// Each pair as one claim: what confirms it makes one issue of the two, what refutes it keeps them apart.
fn question(pairs: &[(&RawFinding, &RawFinding)]) -> Question {
    let (mut claims, mut files) = (Vec::new(), BTreeSet::new());
    for (n, (one, other)) in pairs.iter().enumerate() {
        let claim = json!({
            "id": id(n),
            "claim": "The two remarks are about one and the same issue: one change to the code would settle both.",
            "remarks": [remark(one), remark(other)],
        });
        claims.push(claim.to_string());
        files.extend([one, other].into_iter().flat_map(|raw| &raw.anchors).map(|anchor| anchor.path.clone()));
    }
    let data = vec![("findings", claims.join("\n"))];
    Question { template: "verify", schema: answer::verification_schema(), data, files: files.into_iter().collect() }
}

fn remark(raw: &RawFinding) -> Value {
    let places: Vec<Value> =
        raw.anchors.iter().map(|a| json!({ "place": a.to_string(), "quote": a.quote })).take(4).collect();
    let cut = |text: &str| text.chars().take(BODY).collect::<String>();
    json!({ "title": cut(&raw.title), "body": cut(&raw.body), "places": places })
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent::Sending;
    use finding::{Anchor, LineRange, RepoPath, Severity};
    use git::Snapshot;

    fn raw(id: &str, path: &str) -> RawFinding {
        RawFinding {
            id: RawId::new(id),
            sure: None,
            agent: AgentName::new(id),
            severity: Severity::Important,
            title: format!("title of {id}"),
            body: "b".repeat(5 * BODY),
            anchors: vec![Anchor::lines(RepoPath::new(path).unwrap(), LineRange::line(1))],
            symbol: None,
            classification: None,
            rule: None,
            fixes: vec![],
        }
    }

    #[test]
    fn what_never_leaves_the_machine_is_not_judged_and_the_rest_is_cut() {
        let mut brief = Brief::new(Snapshot::in_memory(&[], &[("a.rs", "1\n"), ("secret.rs", "2\n")]));
        brief.sending = Sending::keeping_back(&["secret.rs".to_owned()]).unwrap();
        let all = [raw("one", "a.rs"), raw("two", "a.rs"), raw("three", "secret.rs")];
        let doubt = |one: &str, other: &str| Doubt { one: RawId::new(one), other: RawId::new(other), odds: 0.0 };
        let doubts = [doubt("one", "two"), doubt("one", "three"), doubt("three", "two"), doubt("one", "gone")];
        let asked = pairs(&brief, &doubts, &all);
        let ids: Vec<(&str, &str)> = asked.iter().map(|(a, b)| (a.id.as_str(), b.id.as_str())).collect();
        assert_eq!(ids, [("one", "two")]);
        let question = question(&asked);
        let claim: Value = serde_json::from_str(&question.data[0].1).unwrap();
        assert_eq!((&claim["id"], &claim["remarks"][1]["title"]), (&json!("P1"), &json!("title of two")));
        assert_eq!(claim["remarks"][0]["body"].as_str().unwrap().len(), BODY);
        assert_eq!(question.files, [RepoPath::new("a.rs").unwrap()]);
    }
}
