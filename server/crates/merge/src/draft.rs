//! A cluster → a finding before it is ranked, with why its remarks are one for people.

use super::cluster::Word;
use super::compose::{self, Member};
use super::doubt::Judged;
use super::memory::Origin;
use super::rank::Signals;
use super::remark::{Field, Remark};
use super::similarity::{self, Space};
use super::{Input, Item};
use finding::{Finding, FindingId, Judgement, RawFinding};

/// Likeness of one kind of words from which it is named as a reason.
const NAMED: f32 = 0.05;
/// Others of its cluster that an item is held against to tell how clearly it says what all say.
const MOST_LIKENED: usize = 64;

/// A finding before it is compared with the others.
pub(super) struct Draft {
    /// The finding, without confidence and links.
    pub(super) finding: Finding,
    /// The items that it is made of.
    pub(super) items: Vec<usize>,
    /// What its confidence will be made of.
    pub(super) signals: Signals,
}

/// What drafts are made from: what was said, how it was compared, and what was said of pairs.
pub(super) struct Sources<'r, 'a> {
    pub(super) input: &'r Input<'a>,
    pub(super) items: &'r [Item<'a>],
    pub(super) space: &'r Space<'r>,
    pub(super) word: &'r Word,
    pub(super) judged: &'r Judged<'a>,
}

impl Sources<'_, '_> {
    /// The draft of a cluster that agents support so much.
    pub(super) fn draft(&self, members: &[usize], origin: &Origin, id: FindingId, support: f32) -> Draft {
        let raws: Vec<Member<'_>> = members
            .iter()
            .flat_map(|i| self.items[*i].raws.iter().map(|raw| Member { raw, central: self.central(*i, members) }))
            .collect();
        let mut finding = compose::finding(self.input, &raws, id);
        match origin {
            Origin::Known { since, .. } => finding.since = Some(*since).filter(|since| *since < self.input.round),
            Origin::Back { why, .. } => finding.why.push(why.clone()),
            Origin::New | Origin::Declined => {}
        }
        finding.why.extend(self.why_one_finding(&finding, members));
        finding.why.extend(self.why_not_others(members));
        let raws: Vec<&RawFinding> = raws.iter().map(|member| member.raw).collect();
        let signals = self.signals(&finding, support, &raws);
        Draft { finding, items: members.to_vec(), signals }
    }

    /// How much an item resembles the others of its cluster; of many, the first.
    fn central(&self, item: usize, members: &[usize]) -> f32 {
        let others = members.iter().filter(|other| **other != item).take(MOST_LIKENED);
        let likeness: Vec<f32> = others.map(|other| self.space.likeness(item, *other)).collect();
        likeness.iter().sum::<f32>() / likeness.len().max(1) as f32
    }

    fn signals(&self, finding: &Finding, support: f32, raws: &[&RawFinding]) -> Signals {
        Signals {
            support,
            severity: Some(finding.severity),
            facts: compose::known(self.input, raws),
            computed: compose::is_computed(self.input, raws),
            records: finding.agents().iter().filter_map(|agent| self.input.records.get(*agent)).copied().collect(),
        }
    }

    /// Of each other remark: why it is one with the clearest.
    fn why_one_finding(&self, finding: &Finding, members: &[usize]) -> Vec<String> {
        let clearest = finding.attributions.first().map(|a| &a.raw);
        let is_clearest = |i: &&usize| self.items[**i].raws.iter().any(|raw| Some(&raw.id) == clearest);
        let Some(first) = members.iter().find(is_clearest) else { return Vec::new() };
        members.iter().filter(|other| *other != first).map(|other| self.why_one(*first, *other)).collect()
    }

    /// What was judged to be another issue.
    fn why_not_others(&self, members: &[usize]) -> Vec<String> {
        let apart = self.judged.iter().filter(|(_, judgement)| !judgement.same);
        let across = apart.filter(|((a, b), _)| members.contains(a) != members.contains(b));
        across
            .map(|((a, b), judgement)| {
                let (own, other) = if members.contains(a) { (*a, *b) } else { (*b, *a) };
                self.why_judged(own, other, judgement)
            })
            .collect()
    }

    /// Why two remarks are one finding, in a line.
    fn why_one(&self, first: usize, other: usize) -> String {
        if let Some(judgement) = self.judged.get(&(first.min(other), first.max(other))) {
            return self.why_judged(first, other, judgement);
        }
        let one_agent = self.items[first].agent == self.items[other].agent;
        let who = if one_agent {
            format!("{} says it twice", self.label(first))
        } else {
            format!("{} and {}", self.label(first), self.label(other))
        };
        let by_hand = |(a, b): &(usize, usize)| [(*a, *b), (*b, *a)].contains(&(first, other));
        if self.word.joined.iter().any(by_hand) {
            return format!("{who}: joined by hand");
        }
        let mut what = shared(&self.items[first].remark, &self.items[other].remark);
        for (field, cosine) in Field::ALL.into_iter().zip(self.space.cosines(first, other)) {
            if cosine >= NAMED {
                what.push(format!("{} {:.0} %", field.name(), cosine * 100.0));
            }
        }
        let likely = self.space.odds(first, other).filter(|_| !one_agent).map(similarity::probability);
        let likely = likely.map(|p| format!("; one issue at {:.0} %", p * 100.0)).unwrap_or_default();
        format!("{who}: {}{likely}", what.join(", "))
    }

    /// Who judged that two remarks are one issue or two, in a line.
    fn why_judged(&self, first: usize, other: usize, judgement: &Judgement) -> String {
        let judged = if judgement.same { "judged one issue" } else { "judged two issues" };
        let note = if judgement.note.is_empty() { String::new() } else { format!(": {}", judgement.note) };
        let by = self.input.label(&judgement.by);
        format!("{} and {}: {judged} by {by}{note}", self.label(first), self.label(other))
    }

    fn label(&self, item: usize) -> &str {
        self.input.label(&self.items[item].raws[0].agent)
    }
}

/// What two remarks have in common besides words.
fn shared(a: &Remark, b: &Remark) -> Vec<String> {
    let mut what = Vec::new();
    if let Some((rule, _)) = a.rule.as_ref().zip(b.rule.as_ref()).filter(|(one, other)| one.id == other.id) {
        what.push(format!("the same rule ({})", rule.id));
    }
    if let Some(weakness) = a.weakness.as_ref().filter(|_| a.weakness == b.weakness) {
        what.push(format!("the same weakness ({weakness})"));
    }
    if let Some(named) = a.vulnerabilities.iter().find(|one| b.vulnerabilities.contains(one)) {
        what.push(format!("the same vulnerability ({named})"));
    }
    match similarity::distance(a, b) {
        Some(0) if a.places[0].lines.is_some() && b.places[0].lines.is_some() => what.push("the same lines".into()),
        Some(0) => what.push("the same file".into()),
        Some(1) => what.push("1 line apart".into()),
        Some(lines) => what.push(format!("{lines} lines apart")),
        None => {}
    }
    what
}
