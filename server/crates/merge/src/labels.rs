//! Labels that stay: a finding keeps the one that it got first for the life of the branch, and no other ever gets it.

use finding::{Finding, FindingId, LabelsGiven, Round, Severity};
use std::collections::{HashMap, HashSet};

/// What the labels of a branch name.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    names: HashMap<FindingId, Names>,
    given: LabelsGiven,
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

    /// Gives the findings, which are in the order of rank, their labels: those that they have on the branch, and the next
    /// free ones to new findings. Gives what was given then.
    pub fn give(&self, findings: &mut [Finding]) -> LabelsGiven {
        let mut given = self.given;
        for finding in findings {
            let Some(names) = self.names.get(&finding.id) else {
                let number = given.of(finding.severity);
                *number += 1;
                finding.label = format!("{}{number}", finding.severity.letter());
                continue;
            };
            finding.label.clone_from(&names.label);
            add(&mut finding.aliases, &names.aliases);
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
