//! The agents of a report, and which of their own remarks became part of a merged one.

use finding::{AgentInfo, AgentKind, AgentName, AgentOutcome, AgentRun, RawFinding};
use std::collections::HashMap;

/// What agents said, in a report: the findings of their own reviews, and one for each part in a merged finding that none
/// of these is.
pub(crate) struct Remarks {
    all: Vec<RawFinding>,
    /// Those of the agents' own reviews, which stand first.
    own: Vec<Own>,
    by_word: HashMap<String, Vec<usize>>,
    by_file: HashMap<String, Vec<usize>>,
}

struct Own {
    words: Vec<String>,
    /// Whether it became part of a merged finding.
    taken: bool,
}

/// A word, or a file, of more findings than this says too little to look at them all.
const MOST_ALIKE: usize = 1000;

impl Remarks {
    pub(crate) fn of(all: Vec<RawFinding>) -> Self {
        let (mut by_word, mut by_file) = (HashMap::<_, Vec<usize>>::new(), HashMap::<_, Vec<usize>>::new());
        let mut own = Vec::with_capacity(all.len());
        for (n, raw) in all.iter().enumerate() {
            let words = words(&raw.title);
            for word in &words {
                by_word.entry(word.clone()).or_default().push(n);
            }
            for anchor in &raw.anchors {
                by_file.entry(anchor.path.file_name().to_owned()).or_default().push(n);
            }
            own.push(Own { words, taken: false });
        }
        Self { all, own, by_word, by_file }
    }

    /// The agent's own finding that became part of `merged`: the same file, and near or alike; its
    /// number. No other merged finding gets it.
    pub(crate) fn take(&mut self, merged: &RawFinding, agent: &AgentName) -> Option<usize> {
        if self.own.is_empty() {
            return None;
        }
        let title = words(&merged.title);
        let by_word = title.iter().filter_map(|word| self.by_word.get(word));
        let by_file = merged.anchors.iter().filter_map(|a| self.by_file.get(a.path.file_name()));
        let mut candidates: Vec<usize> =
            by_word.chain(by_file).filter(|l| l.len() <= MOST_ALIKE).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let free = candidates.into_iter().filter(|n| self.all[*n].agent == *agent && !self.own[*n].taken);
        let scored = free.map(|n| (n, alike(&title, &self.own[n].words) + nearness(merged, &self.all[n])));
        let (best, _) = scored.filter(|(_, score)| *score >= 0.5).max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        self.own[best].taken = true;
        Some(best)
    }

    /// Adds one for a part in a merged finding, and says its number.
    pub(crate) fn add(&mut self, raw: RawFinding) -> usize {
        self.all.push(raw);
        self.all.len() - 1
    }

    pub(crate) fn get(&self, number: usize) -> &RawFinding {
        &self.all[number]
    }

    pub(crate) fn into_all(self) -> Vec<RawFinding> {
        self.all
    }
}

fn words(title: &str) -> Vec<String> {
    let title = title.to_lowercase();
    title.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 2).map(str::to_owned).collect()
}

fn alike(a: &[String], b: &[String]) -> f64 {
    let common = a.iter().filter(|w| b.contains(w)).count();
    2.0 * common as f64 / (a.len() + b.len()).max(1) as f64
}

fn nearness(a: &RawFinding, b: &RawFinding) -> f64 {
    let near = a.anchors.iter().any(|p| {
        b.anchors.iter().any(|q| {
            let same = p.path.file_name() == q.path.file_name();
            same && matches!((p.lines, q.lines), (Some(l), Some(m)) if l.distance(m) <= 3)
        })
    });
    if near { 0.5 } else { 0.0 }
}

/// The agents that a report names.
#[derive(Default)]
pub(crate) struct Runs(pub(crate) Vec<AgentRun>);

impl Runs {
    pub(crate) fn meet(&mut self, name: &AgentName, label: &str) -> &mut AgentRun {
        let at = self.0.iter().position(|r| r.agent.name == *name).unwrap_or_else(|| {
            self.0.push(imported_run(name, label));
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}

/// An agent's run in a round that was read.
fn imported_run(name: &AgentName, label: &str) -> AgentRun {
    let agent = AgentInfo { name: name.clone(), label: label.to_owned(), kind: AgentKind::Imported };
    AgentRun::new(agent, AgentOutcome::Reviewed)
}
