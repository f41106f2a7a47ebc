//! What the places of two remarks say, and the rules and edits that they name there.

use crate::remark::{Place, Remark};
use crate::sides;

/// What the same lines add; falls with the distance.
pub(super) const NEAR: f32 = 1.0;
/// Lines at which that has halved.
const HALF: f32 = 10.0;
/// Closeness in the same file where one of the two has no lines, and at least in the same symbol.
const SAME_FILE: f32 = 0.3;
const SAME_SYMBOL: f32 = 0.5;
/// What other files take off. Of the pairs that people made one finding of, one in thirty was in two files; of the others
/// nearly two in three.
pub(super) const ELSEWHERE: f32 = 2.0;
/// What it adds that one has no place at all: what is said without one is short, and fewer words must do.
pub(super) const UNPLACED: f32 = 3.2;
/// What it takes off that their titles name the two sides of a pair: a fault of `Create` is not that of `Update`.
const OTHER_SIDE: f32 = 6.0;
/// What the same rule adds at the same lines (no words are needed then: tools word one rule differently), and where the
/// lines are only near each other.
pub(super) const SAME_RULE: f32 = 8.0;
pub(super) const SAME_RULE_NEAR: f32 = 2.0;
/// What the same weakness (CWE) adds at the same lines.
pub(super) const SAME_WEAKNESS: f32 = 2.0;
/// What it takes off that two tools name other rules. The same words are then mostly those of a pattern.
const OTHER_RULE: f32 = 6.0;
/// What it adds that both suggest the same edit.
pub(super) const SAME_EDIT: f32 = 4.0;
/// A rule names its lines exactly; remarks further away are on something else.
const RULE_REACH: u32 = 5;

/// What places, rules and edits add; `None` where they rule out that the two are one.
pub(super) fn place_score(a: &Remark, b: &Remark) -> Option<f32> {
    let names_some = |remark: &Remark| !remark.vulnerabilities.is_empty();
    let names_one_of = |a: &Remark, b: &Remark| a.vulnerabilities.iter().any(|one| b.vulnerabilities.contains(one));
    if names_some(a) && names_some(b) && !names_one_of(a, b) {
        return None;
    }
    let side = if sides::are_other(a.sides, b.sides) { -OTHER_SIDE } else { 0.0 };
    if a.places.is_empty() || b.places.is_empty() {
        return Some(UNPLACED + side + rule_score(a, b, None)?);
    }
    let (near, lines) = (closeness(a, b), distance(a, b));
    let same_edit = near > 0.0 && a.edits.iter().any(|edit| b.edits.contains(edit));
    let known = rule_score(a, b, lines)? + if same_edit { SAME_EDIT } else { 0.0 };
    Some(if near > 0.0 { NEAR * near } else { -ELSEWHERE } + known + side)
}

/// Whether both titles name things, and none that both name.
fn have_other_names(a: &Remark, b: &Remark) -> bool {
    !a.names.is_empty() && !b.names.is_empty() && !a.names.iter().any(|name| b.names.contains(name))
}

/// What the rules add at so many `lines` from each other (`None`: unknown or in other files).
fn rule_score(a: &Remark, b: &Remark, lines: Option<u32>) -> Option<f32> {
    let placed = !a.places.is_empty() && !b.places.is_empty();
    let is_at = |reach: u32| !placed || lines.is_some_and(|lines| lines <= reach);
    let same_weakness = a.weakness.is_some() && a.weakness == b.weakness && is_at(RULE_REACH);
    let weakness = if same_weakness { SAME_WEAKNESS } else { 0.0 };
    match (&a.rule, &b.rule) {
        (None, None) => Some(weakness),
        _ if !is_at(RULE_REACH) => None,
        (Some(one), Some(other)) if one.id == other.id => {
            Some(weakness + if is_at(0) && placed && !have_other_names(a, b) { SAME_RULE } else { SAME_RULE_NEAR })
        }
        (Some(one), Some(other)) if one.is_exact && other.is_exact => is_at(0).then_some(weakness - OTHER_RULE),
        _ => Some(weakness),
    }
}

/// 1 at the same lines, less with the distance, 0 in other files.
pub(super) fn closeness(a: &Remark, b: &Remark) -> f32 {
    let mut best = 0.0_f32;
    for p in &a.places {
        for q in b.places.iter().filter(|q| same_path(&p.path, &q.path)) {
            let near = match (p.lines, q.lines) {
                (Some(p), Some(q)) => 1.0 / (1.0 + p.distance(q) as f32 / HALF),
                _ => SAME_FILE,
            };
            best = best.max(near);
        }
    }
    if best > 0.0 && best < SAME_SYMBOL && a.symbol.is_some() && a.symbol == b.symbol {
        best = SAME_SYMBOL;
    }
    best
}

/// Lines between the closest of their places; `None` in other files. 0 where one means the whole file.
pub(in super::super) fn distance(a: &Remark, b: &Remark) -> Option<u32> {
    let pairs = a.places.iter().flat_map(|p| b.places.iter().map(move |q| (p, q)));
    pairs.filter(|(p, q)| same_path(&p.path, &q.path)).map(|(p, q)| lines_between(p, q)).min()
}

fn lines_between(p: &Place, q: &Place) -> u32 {
    p.lines.zip(q.lines).map_or(0, |(p, q)| p.distance(q))
}

/// Whether the paths are the same or one is the end of the other: agents give bare file names.
fn same_path(a: &str, b: &str) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}
