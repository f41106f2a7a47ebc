//! Whether two remarks of one agent are one that it made twice. It had both before its eyes and made two of them: they are
//! one only where rule, place and text say the same.

use super::remark::{Place, Remark};

/// Words of a title from which it may stand for what it says: a longer one that begins with it says it again.
const ENOUGH_WORDS: usize = 3;

/// Whether `a` and `b`, of one agent, are one remark.
pub(super) fn says_again(a: &Remark, b: &Remark) -> bool {
    a.rule == b.rule
        && a.vulnerabilities == b.vulnerabilities
        && is_one_place(&a.places, &b.places)
        && is_one_saying(a, b)
        && (a.edits.is_empty() || b.edits.is_empty() || a.edits.iter().any(|edit| b.edits.contains(edit)))
}

/// The first word of what a remark says: where both have one and it is another, neither says the other again.
pub(super) fn head(remark: &Remark) -> Option<u64> {
    remark.saying.first().copied()
}

/// Both nowhere, both in one whole file, or on lines that they share.
fn is_one_place(a: &[Place], b: &[Place]) -> bool {
    match (a.first(), b.first()) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.path == b.path
                && match (a.lines, b.lines) {
                    (None, None) => true,
                    (Some(a), Some(b)) => a.overlaps(b),
                    _ => false,
                }
        }
        _ => false,
    }
}

/// The same title, or one that goes on where the other ends; one that is too short to say anything needs the same body, and
/// a tool that names its rule says the same in the same words.
fn is_one_saying(a: &Remark, b: &Remark) -> bool {
    let (short, long) = if a.saying.len() <= b.saying.len() { (a, b) } else { (b, a) };
    let enough = short.saying.len() >= ENOUGH_WORDS && !short.is_label;
    let same_body = a.said_of_it.is_none() || b.said_of_it.is_none() || a.said_of_it == b.said_of_it;
    let same_length = long.saying.len() == short.saying.len();
    long.saying.starts_with(&short.saying) && (same_length && same_body || enough && (same_length || a.rule.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::raw;

    #[test]
    fn rule_place_and_text_must_say_the_same() {
        let cases = [
            ("a.rs:3 | Typo in the name of it | One.", "a.rs:3 | typo in the name of it. | Two.", true),
            ("a.rs:3-5 | Typo in the name | One.", "a.rs:5 | Typo in the name (continued) | Two.", true),
            ("a.rs:3 | Typo in the name | One.", "a.rs:4 | Typo in the name | One.", false),
            ("a.rs:3 | Typo in the name", "b.rs:3 | Typo in the name", false),
            ("a.rs | Typo in the name", "a.rs | Typo in the name", true),
            ("a.rs | Typo in the name", "a.rs:3 | Typo in the name", false),
            ("- | Typo in the name", "- | Typo in the name", true),
            ("- | Line 12 is too long", "- | Line 13 is too long", false),
            ("a.rs:3 | Typo: | One.", "a.rs:3 | Typo: | Two.", false),
            ("a.rs:3 | An error in the grammar: | One.", "a.rs:3 | An error in the grammar: | Two.", false),
            ("a.rs:3 | Typo | One.", "a.rs:3 | Typo | One.", true),
            ("a.rs:3 | Typo", "a.rs:3 | Typo in the name", false),
            (
                "a.rs:1 | Prototype pollution in it | CVE-2020-1111",
                "a.rs:1 | Prototype pollution in it | CVE-2020-2222",
                false,
            ),
            ("a.rs:1 | F401 Unused import of it", "a.rs:1 | F811 Unused import of it", false),
            ("a.rs | F401 Unused import of it", "a.rs | F401 Unused import of it", true),
            ("a.rs | F401 Unused import of it", "a.rs | F401 Unused import of it at the top", false),
        ];
        for (a, b, one) in cases {
            let remark = |line: &str| Remark::new(&raw(&format!("x:1 low {line}")), None);
            assert_eq!(says_again(&remark(a), &remark(b)), one, "{a} / {b}");
            assert_eq!(says_again(&remark(b), &remark(a)), one, "{b} / {a}");
        }
    }
}
