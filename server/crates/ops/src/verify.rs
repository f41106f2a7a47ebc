//! Whether a finding is gone, as far as the text of now proves it.

use super::find::Found;
use super::states::{Situation, text_now};
use finding::{Finding, FindingId, RepoPath, State};
use merge::state::{Effects, Since, TextState, state};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the text as it is now says of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// A fix of it is in the text.
    Fixed,
    /// The lines that it was on are gone.
    Gone,
    /// A person declined it.
    Dismissed,
    /// Nobody of those who were asked holds to it: found false, or fixed in a way of one's own.
    Withdrawn,
    /// Its lines were changed, and not by one of its fixes: another review has to say.
    Changed,
    /// Its lines are as they were reviewed.
    StillThere,
}

impl Proof {
    /// Whether nothing is left to be done.
    #[must_use]
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Fixed | Self::Gone | Self::Dismissed | Self::Withdrawn)
    }
}

/// A finding with what is proved of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Verified {
    /// Its identity.
    pub id: FindingId,
    /// Its label.
    pub label: String,
    /// Its title, as agents wrote it.
    pub title: String,
    /// What is proved.
    pub proof: Proof,
    /// Whether nothing is left to be done.
    pub gone: bool,
}

/// What is proved of several findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(title = "deep-review verify --format json")]
pub struct Verification {
    /// The round that they are of.
    pub round: u32,
    /// Whether nothing is left to be done for any of them.
    pub gone: bool,
    /// In the order in which they were named.
    pub findings: Vec<Verified>,
}

/// Looks whether findings of the situation's round are gone.
#[must_use]
pub fn verify(situation: &Situation<'_>, findings: &[Found<'_>]) -> Verification {
    let names = findings.iter().map(|found| named(found.finding)).collect();
    proofs(situation, names)
}

/// The same again, after those who raised them were asked: what the newest round has no more was taken back in it.
#[must_use]
pub fn verify_again(situation: &Situation<'_>, before: Verification) -> Verification {
    proofs(situation, before.findings)
}

/// A finding of which nothing is proved yet.
fn named(finding: &Finding) -> Verified {
    let (id, label, title) = (finding.id.clone(), finding.label.clone(), finding.title.clone());
    Verified { id, label, title, proof: Proof::StillThere, gone: false }
}

fn proofs(situation: &Situation<'_>, mut findings: Vec<Verified>) -> Verification {
    let now = |path: &RepoPath| text_now(situation, path);
    let reviewed = |path: &RepoPath| -> Option<Arc<str>> { situation.reviewed.shared(path) };
    let since = Since::new(&reviewed, &now);
    let proof = |(finding, effects): (&Finding, Effects)| {
        let text = since.text_state(finding, &effects);
        match (state(finding, &situation.round.id, situation.decisions, text, &effects), text) {
            (State::Dismissed { .. }, _) => Proof::Dismissed,
            (State::Fixed, _) => Proof::Fixed,
            (State::Outdated, _) => Proof::Gone,
            (State::Open, _) if finding.is_refuted() => Proof::Withdrawn,
            (State::Open, TextState::Touched) => Proof::Changed,
            (State::Open, _) => Proof::StillThere,
        }
    };
    let named: BTreeSet<&FindingId> = findings.iter().map(|one| &one.id).collect();
    let asked: Vec<&Finding> = situation.round.findings.iter().filter(|finding| named.contains(&finding.id)).collect();
    let proven = asked.iter().copied().zip(Effects::of_each(&asked, &reviewed)).map(proof);
    let proofs: BTreeMap<&FindingId, Proof> = asked.iter().map(|finding| &finding.id).zip(proven).collect();
    for one in &mut findings {
        one.proof = proofs.get(&one.id).copied().unwrap_or(Proof::Withdrawn);
        one.gone = one.proof.is_gone();
    }
    Verification { round: situation.round.number, gone: findings.iter().all(|one| one.gone), findings }
}
