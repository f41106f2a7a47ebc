//! Labels that stay: a finding keeps the one that it got first for the life of the branch, and no other ever gets it.

use finding::{Finding, FindingId, LabelsGiven, RawId, Round, Severity};
use std::collections::{HashMap, HashSet};

/// What the labels of a branch name.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    names: HashMap<FindingId, Names>,
    given: LabelsGiven,
    /// What findings of a round that is still made were called when people saw them, by their remarks: as more is
    /// answered, other remarks join them, and their ids change.
    shown: HashMap<RawId, String>,
}

/// What one finding is called.
#[derive(Debug, Clone, Default)]
struct Names {
    label: String,
    aliases: Vec<String>,
}

impl Labels {
    /// What the rounds call their findings; oldest round first. Rounds that were stored before labels stayed may call
    /// two findings the same: then the newest counts, since that is what people see.
    #[must_use]
    pub fn of<'a>(rounds: impl IntoIterator<Item = &'a Round>) -> Self {
        let rounds: Vec<&Round> = rounds.into_iter().collect();
        let mut labels = Self::default();
        let mut owned: HashSet<&str> = HashSet::new();
        for round in rounds.iter().rev() {
            for severity in Severity::ALL {
                let given = *round.labels.clone().of(severity);
                let most = labels.given.of(severity);
                *most = (*most).max(given);
            }
            for finding in &round.findings {
                labels.note(&finding.label);
                let is_new = !labels.names.contains_key(&finding.id) && !finding.label.is_empty();
                if is_new && owned.insert(&finding.label) {
                    let aliases = finding.aliases.iter().filter(|alias| owned.insert(alias)).cloned().collect();
                    labels.names.insert(finding.id.clone(), Names { label: finding.label.clone(), aliases });
                }
            }
        }
        labels
    }

    /// Remembers that a label was given.
    fn note(&mut self, label: &str) {
        let severity = Severity::ALL.into_iter().find(|s| label.starts_with(s.letter()));
        if let (Some(severity), Some(number)) = (severity, label.get(1..).and_then(|n| n.parse::<u32>().ok())) {
            let most = self.given.of(severity);
            *most = (*most).max(number);
        }
    }

    /// The labels with those of a round that people saw before all agents had answered: its findings keep them.
    #[must_use]
    pub fn with_shown(mut self, round: &Round) -> Self {
        for finding in &round.findings {
            if self.names.contains_key(&finding.id) {
                continue;
            }
            self.note(&finding.label);
            for by in &finding.attributions {
                self.shown.entry(by.raw.clone()).or_insert_with(|| finding.label.clone());
            }
        }
        self
    }

    /// Gives the findings, which are in the order of rank, their labels: those that they have on the branch or were shown
    /// under, and the next free ones to new findings. Gives what was given then.
    pub fn give(&self, findings: &mut [Finding]) -> LabelsGiven {
        let mut given = self.given;
        let mut taken: HashSet<&str> =
            findings.iter().filter_map(|f| self.names.get(&f.id)).map(|names| names.label.as_str()).collect();
        for finding in findings {
            let shown: Vec<&str> = self.shown(finding).into_iter().filter(|label| taken.insert(label)).collect();
            let mut aliases = &shown[..];
            if let Some(names) = self.names.get(&finding.id) {
                finding.label.clone_from(&names.label);
                add(&mut finding.aliases, &names.aliases);
            } else if let [label, rest @ ..] = &shown[..] {
                finding.label = (*label).to_owned();
                aliases = rest;
            } else {
                let number = given.of(finding.severity);
                *number += 1;
                finding.label = format!("{}{number}", finding.severity.letter());
                continue;
            }
            add(&mut finding.aliases, &aliases.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>());
            let was = Severity::ALL.into_iter().find(|s| finding.label.starts_with(s.letter()));
            if let Some(was) = was.filter(|was| *was != finding.severity) {
                let why =
                    format!("called {} from the time when it was {was}; it is {} now", finding.label, finding.severity);
                if !finding.why.contains(&why) {
                    finding.why.push(why);
                }
            }
        }
        given
    }

    /// Has findings that come with labels, as those of a report do, keep them, unless the branch calls another finding so:
    /// then they get the next free ones. Gives what was given then.
    pub fn adopt(&self, findings: &mut [Finding]) -> LabelsGiven {
        let mut all = self.clone();
        findings.iter().for_each(|finding| all.note(&finding.label));
        let owned = self.names.values().flat_map(|names| names.aliases.iter().chain([&names.label]));
        let mut taken: HashSet<String> = owned.cloned().collect();
        for finding in findings {
            finding.aliases.retain(|alias| taken.insert(alias.clone()));
            if let Some(names) = self.names.get(&finding.id) {
                finding.label.clone_from(&names.label);
                add(&mut finding.aliases, &names.aliases);
            } else if finding.label.is_empty() || !taken.insert(finding.label.clone()) {
                let number = all.given.of(finding.severity);
                *number += 1;
                finding.label = format!("{}{number}", finding.severity.letter());
            }
        }
        all.given
    }

    /// What the finding was shown as while others had not answered, the lowest number first.
    fn shown(&self, finding: &Finding) -> Vec<&str> {
        let mut shown: Vec<&str> =
            finding.attributions.iter().filter_map(|by| self.shown.get(&by.raw)).map(String::as_str).collect();
        shown.sort_by_key(|label| (label.len(), *label));
        shown.dedup();
        shown
    }

    /// Has `finding` answer to the names of one that became part of it.
    pub(super) fn inherit(&self, finding: &mut Finding, from: &FindingId) {
        if let Some(names) = self.names.get(from) {
            add(&mut finding.aliases, std::slice::from_ref(&names.label));
            add(&mut finding.aliases, &names.aliases);
        }
    }
}

fn add(aliases: &mut Vec<String>, more: &[String]) {
    for alias in more {
        if !aliases.contains(alias) {
            aliases.push(alias.clone());
        }
    }
}
