//! Pairs that likeness leaves in doubt: named for somebody who can judge them, and what was judged. Whoever judges
//! (an agent, an embedding) is outside: merging only takes the judgements, and is a function of them as of the rest.

use super::cluster::Word;
use super::similarity::Pair;
use super::{Input, Item};
use finding::{AgentName, Fingerprint, Judgement, RawFinding, RawId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Log odds, either way, within which likeness says too little: below one of four to one.
const DOUBT: f32 = 1.5;
/// Pairs of one round that are named, the most doubtful first: what a judge reads at once.
const MOST: usize = 24;
/// Log odds that a judgement is worth: more than any doubt, less than what is said in the same words.
const JUDGED: f32 = 4.0;
/// Characters of a note that are shown.
const NOTE: usize = 200;

/// Two remarks of different agents that may be one issue or two.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// The one, in the order of ids.
    pub one: RawId,
    /// The other.
    pub other: RawId,
    /// Log odds that they are one issue, as likeness has it.
    pub odds: f32,
}

/// The judgement of `by` that two remarks are one issue, or two.
#[must_use]
pub fn judgement(one: &RawFinding, other: &RawFinding, same: bool, by: AgentName, note: &str) -> Judgement {
    let (a, b) = ordered(super::fingerprint(one), super::fingerprint(other));
    Judgement {
        a,
        b,
        same,
        by,
        note: note.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(NOTE).collect(),
    }
}

fn ordered(a: Fingerprint, b: Fingerprint) -> (Fingerprint, Fingerprint) {
    if a <= b { (a, b) } else { (b, a) }
}

/// What was judged, by pairs of items in order.
pub(super) type Judged<'a> = BTreeMap<(usize, usize), &'a Judgement>;

/// Puts the judgements into `pairs` and names those that are in doubt without one. What a person said of a pair is
/// neither judged nor in doubt.
pub(super) fn judge<'a>(
    input: &Input<'a>,
    items: &[Item<'_>],
    pairs: &mut Vec<Pair>,
    word: &Word,
) -> (Judged<'a>, Vec<Doubt>) {
    let mut by_print: HashMap<&Fingerprint, Vec<usize>> = HashMap::new();
    for (i, item) in items.iter().enumerate() {
        by_print.entry(&item.remark.fingerprint).or_default().push(i);
    }
    // The same words at several places have one fingerprint: a judgement would not say which it means.
    let only = |print: &Fingerprint| match by_print.get(print).map(Vec::as_slice) {
        Some([item]) => Some(*item),
        _ => None,
    };
    let said: HashSet<(usize, usize)> =
        word.joined.iter().chain(&word.split).map(|(a, b)| (*a.min(b), *a.max(b))).collect();
    let mut judged: Judged<'a> = BTreeMap::new();
    for judgement in input.judged {
        if let (Some(a), Some(b)) = (only(&judgement.a), only(&judgement.b))
            && items[a].agent != items[b].agent
            && !said.contains(&(a.min(b), a.max(b)))
        {
            judged.insert((a.min(b), a.max(b)), judgement);
        }
    }
    let mut doubts: Vec<Doubt> = pairs
        .iter()
        .filter(|pair| pair.score.abs() < DOUBT && items[pair.a].agent != items[pair.b].agent)
        .filter(|pair| [pair.a, pair.b].iter().all(|i| only(&items[*i].remark.fingerprint).is_some()))
        .filter(|pair| !judged.contains_key(&(pair.b, pair.a)) && !said.contains(&(pair.b, pair.a)))
        .map(|pair| {
            let (a, b) = (&items[pair.a].raws[0].id, &items[pair.b].raws[0].id);
            Doubt { one: a.min(b).clone(), other: a.max(b).clone(), odds: pair.score }
        })
        .collect();
    doubts.sort_by(|x, y| {
        x.odds.abs().total_cmp(&y.odds.abs()).then_with(|| (&x.one, &x.other).cmp(&(&y.one, &y.other)))
    });
    doubts.truncate(MOST);
    pairs.retain(|pair| !judged.contains_key(&(pair.b, pair.a)));
    pairs.extend(judged.iter().filter(|(_, j)| j.same).map(|((b, a), _)| Pair { a: *a, b: *b, score: JUDGED }));
    (judged, doubts)
}

#[cfg(test)]
mod tests {
    use super::{MOST, judgement};
    use crate::tests::raws;
    use crate::{Input, Merged, join, merge, split};
    use finding::{AgentName, Decisions, Judgement, RawFinding};

    /// Two remarks that share their place and half of their words.
    fn pair() -> Vec<RawFinding> {
        raws(&[
            "one:1 critical a.rs:2 | Lock is held across await in take_slot | Other callers wait for the guard.",
            "two:1 important a.rs:4 | The lock is held while the pool waits | Other callers wait.",
        ])
    }

    fn judged(same: bool) -> Vec<Judgement> {
        let raw = pair();
        vec![judgement(&raw[1], &raw[0], same, AgentName::new("judge"), " it is \n the guard ")]
    }

    fn merged(raw: &[RawFinding], judged: &[Judgement], decisions: &Decisions) -> Merged {
        merge(&Input { judged, decisions: Some(decisions), ..Input::of(raw) })
    }

    #[test]
    fn a_pair_in_doubt_is_named_until_it_is_judged_and_the_judgement_decides() {
        let (raw, nothing) = (pair(), Decisions::default());
        let open = merged(&raw, &[], &nothing);
        assert_eq!(open.doubts.len(), 1, "{open:?}");
        assert_eq!((open.doubts[0].one.as_str(), open.doubts[0].other.as_str()), ("one:1", "two:1"));
        for (same, findings, why) in [(true, 1, "judged one issue"), (false, 2, "judged two issues")] {
            let merged = merged(&raw, &judged(same), &nothing);
            assert_eq!((merged.findings.len(), merged.doubts.len()), (findings, 0));
            for finding in &merged.findings {
                assert!(finding.why[0].ends_with(&format!("{why} by judge: it is the guard")), "{:?}", finding.why);
            }
        }
        // The last word counts, and a word on remarks that are not there says nothing.
        assert_eq!(merged(&raw, &[judged(false), judged(true)].concat(), &nothing).findings.len(), 1);
        assert_eq!(merged(&raw[..1], &judged(true), &nothing), merged(&raw[..1], &[], &nothing));
    }

    #[test]
    fn a_persons_word_leaves_nothing_to_judge() {
        let raw = pair();
        for (links, findings) in [(split(&[&raw[0]], &[&raw[1]]), 2), (join(&[&raw[0]], &[&raw[1]]), 1)] {
            let decisions = Decisions { links, ..Decisions::default() };
            for same in [true, false] {
                let merged = merged(&raw, &judged(same), &decisions);
                assert_eq!((merged.findings.len(), merged.doubts.len()), (findings, 0), "{same}");
                assert!(!merged.findings[0].why[0].contains("judged"), "{:?}", merged.findings[0].why);
            }
        }
    }

    #[test]
    fn what_plainly_is_or_is_not_one_issue_is_not_in_doubt_and_doubts_are_bounded() {
        let mut plain = pair();
        let (title, body) = (plain[0].title.clone(), plain[0].body.clone());
        (plain[1].title, plain[1].body) = (title, body);
        assert_eq!(merge(&Input::of(&plain)).doubts, []);
        plain[1].title = "Typo in the README".into();
        plain[1].body = "It says recieved.".into();
        assert_eq!(merge(&Input::of(&plain)).doubts, []);
        let mut many = Vec::new();
        for n in 0..40_u8 {
            let suffix = format!("{}{}", char::from(b'a' + n / 8), char::from(b'a' + n % 8));
            for (agent, own) in [("one", ["sed", "eius", "temp"]), ("two", ["inci", "labo", "magn"])] {
                let words: Vec<String> = ["lor", "ips"].iter().chain(&own).map(|w| format!("{w}{suffix}")).collect();
                many.extend(raws(&[&format!("{agent}:{n} low {n}.rs:3 | {}", words.join(" "))]));
            }
        }
        let doubts = merge(&Input::of(&many)).doubts;
        assert_eq!(doubts.len(), MOST);
        many.reverse();
        assert_eq!(doubts, merge(&Input::of(&many)).doubts, "in whatever order");
    }
}
