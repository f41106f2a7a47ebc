//! What the log odds of pairs are made of, for whoever fits the weights: `server/benches/fit.rs`.

use super::Merger;
use super::remark::Remark;
use super::similarity::{self, Space};
use super::{Input, Item};
use finding::RawId;

/// What [`Evidence::features`] are, in their order, with the weights that merging has for them. The last is there in every
/// pair.
pub const FEATURES: [(&str, f32); 8] = similarity::FEATURES;

/// What two remarks of different agents have in common, where neither names a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The one remark.
    pub one: RawId,
    /// The other one.
    pub other: RawId,
    /// By [`FEATURES`]: cosines (0…1), closeness (1 at the same lines, 0 in other files), and what is there (1) or not (0).
    pub features: [f32; 8],
    /// The log odds that they are one issue; `None` where something rules that out.
    pub odds: Option<f32>,
}

/// What the pairs of `input` have in common.
#[must_use]
pub fn evidence(input: &Input<'_>) -> Vec<Evidence> {
    let items: Vec<Item<'_>> = Merger::default().items(input);
    let remarks: Vec<&Remark> = items.iter().map(|item| &*item.remark).collect();
    let space = Space::new(&remarks);
    let mut all = Vec::new();
    for a in 0..items.len() {
        for b in (0..a).filter(|b| items[*b].agent != items[a].agent) {
            if remarks[a].rule.is_some() || remarks[b].rule.is_some() {
                continue;
            }
            let (features, odds) = (space.features(a, b), space.odds(a, b));
            for one in &items[a].raws {
                let pair = |other: RawId| Evidence { one: one.id.clone(), other, features, odds };
                all.extend(items[b].raws.iter().map(|other| pair(other.id.clone())));
            }
        }
    }
    all
}
