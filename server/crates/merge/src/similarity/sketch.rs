//! What rules out nearly all pairs at once.

use super::places::{ELSEWHERE, NEAR, SAME_EDIT, SAME_RULE, SAME_RULE_NEAR, SAME_WEAKNESS, UNPLACED};
use crate::remark::Remark;
use crate::{repeats, text};
use std::collections::HashMap;

/// What of a remark tells at once how much places, rules and fixes can add to any pair that it is in. Nearly all pairs end at
/// it, before a path is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sketch {
    /// A bit for the last part of each of its paths: remarks without a bit in common are in different files. None where it
    /// has no place.
    files: u64,
    /// A bit for each edit that it suggests.
    edits: u64,
    /// Numbers of its rule and of its weakness; 0 where it names none.
    rule: u32,
    weakness: u32,
    /// See [`repeats::head`].
    head: Option<u64>,
}

impl Sketch {
    /// No less than what [`place_score`](super::places::place_score) gives the two.
    pub(super) fn most(&self, other: &Self) -> f32 {
        let same = |one: u32, other: u32| one != 0 && one == other;
        let weakness = if same(self.weakness, other.weakness) { SAME_WEAKNESS } else { 0.0 };
        let is_same_rule = same(self.rule, other.rule);
        if self.files == 0 || other.files == 0 {
            return UNPLACED + weakness + if is_same_rule { SAME_RULE_NEAR } else { 0.0 };
        }
        if self.files & other.files == 0 {
            return -ELSEWHERE;
        }
        let edit = if self.edits & other.edits == 0 { 0.0 } else { SAME_EDIT };
        NEAR + edit + weakness + if is_same_rule { SAME_RULE } else { 0.0 }
    }

    /// Whether [`repeats::says_again`] may be true of the two.
    pub(super) fn may_say_again(&self, other: &Self) -> bool {
        let is_one_file = self.files & other.files != 0 || self.files | other.files == 0;
        is_one_file && self.rule == other.rule && self.head.zip(other.head).is_none_or(|(a, b)| a == b)
    }
}

/// The sketch of each remark.
pub(super) fn sketches(remarks: &[&Remark]) -> Vec<Sketch> {
    fn number<'r>(numbers: &mut HashMap<&'r str, u32>, of: Option<&'r str>) -> u32 {
        let next = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
        of.map_or(0, |of| *numbers.entry(of).or_insert(next))
    }
    let (mut rules, mut weaknesses) = (HashMap::new(), HashMap::new());
    let bit = |hash: u64| 1 << (hash % 64);
    remarks
        .iter()
        .map(|remark| Sketch {
            files: remark.places.iter().fold(0, |bits, place| bits | bit(file(&place.path))),
            edits: remark.edits.iter().fold(0, |bits, edit| bits | bit(*edit)),
            rule: number(&mut rules, remark.rule.as_ref().map(|rule| rule.id.as_str())),
            weakness: number(&mut weaknesses, remark.weakness.as_deref()),
            head: repeats::head(remark),
        })
        .collect()
}

/// Hash of the last part of a path, which all spellings of one file have in common.
fn file(path: &str) -> u64 {
    text::hash(0, path.rsplit('/').next().unwrap_or_default().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::places::place_score;
    use super::*;
    use crate::tests::raw;

    #[test]
    fn a_sketch_rules_out_no_pair_that_counts() {
        let places = ["a.rs:3", "x/a.rs:3-5", "x/a.rs", "b.rs:3", "y/a.rs:200", "-"];
        let said =
            ["Typo in the name of it", "F401 Typo in the name of it", "F811 CWE-79 Other words", "CWE-79 Typo in it"];
        let ends = ["", " | CVE-2020-1111", " | ```suggestion\nlet a = 1;\n```", " | ```suggestion\nlet b = 2;\n```"];
        let lines = places.iter().flat_map(|place| said.iter().map(move |said| format!("x:1 low {place} | {said}")));
        let lines = lines.flat_map(|line| ends.iter().map(move |end| format!("{line}{end}")));
        let mut remarks: Vec<Remark> = lines.map(|line| Remark::new(&raw(&line), None)).collect();
        remarks.iter_mut().enumerate().for_each(|(n, remark)| remark.edits = (0..n as u64 % 3).collect());
        let all: Vec<&Remark> = remarks.iter().collect();
        let sketches = sketches(&all);
        let (mut counted, mut again) = (0, 0);
        for (a, x) in all.iter().enumerate() {
            for (b, y) in all.iter().enumerate() {
                let most = sketches[a].most(&sketches[b]);
                assert!(place_score(x, y).is_none_or(|score| score <= most), "{x:?} {y:?}");
                counted += usize::from(place_score(x, y).is_some());
                let is_again = repeats::says_again(x, y);
                assert!(!is_again || sketches[a].may_say_again(&sketches[b]), "{x:?} {y:?}");
                again += usize::from(is_again && a != b);
            }
        }
        assert!(counted > 1000 && again > 10, "{counted} {again}");
    }
}
