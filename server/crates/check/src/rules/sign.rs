//! What a text has wherever a rule can match: without it, the text is not parsed for the rule.

use memchr::memmem;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

/// Operands with more tokens are compared only as far, wherever the first may begin.
const LONGEST_OPERAND: usize = 64;

/// A text that is looked at for the signs of many rules: what is read of all of it is read once.
pub(super) struct Looked<'t> {
    text: &'t str,
    /// Of each run of [`LONGEST_OPERAND`] tokens, hashed: where it ends first.
    runs: OnceCell<HashMap<u64, usize>>,
}

impl<'t> Looked<'t> {
    pub(super) fn at(text: &'t str) -> Self {
        Self { text, runs: OnceCell::new() }
    }

    /// Whether these tokens, [`LONGEST_OPERAND`] of them, may be in what is before `end`.
    fn may_have_before(&self, end: usize, run: &[&[u8]]) -> bool {
        let runs = self.runs.get_or_init(|| runs(self.text.as_bytes()));
        let hash = run.iter().fold(0, |hash, token| join(hash, token_hash(token)));
        runs.get(&hash).is_some_and(|first| *first <= end)
    }
}

/// Multiplier of a hash that rolls over tokens (Rabin and Karp): any odd number with its bits spread.
const ROLL: u64 = 0x9E37_79B9_7F4A_7C15;

fn join(hash: u64, token: u64) -> u64 {
    hash.wrapping_mul(ROLL).wrapping_add(token)
}

fn token_hash(token: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(token);
    hasher.finish()
}

/// Of each run of tokens as long as an operand is compared: where it ends first. In one pass.
fn runs(text: &[u8]) -> HashMap<u64, usize> {
    let leaves = (0..LONGEST_OPERAND).fold(1_u64, |power, _| power.wrapping_mul(ROLL));
    let (mut last, mut hash) = ([0_u64; LONGEST_OPERAND], 0_u64);
    let mut runs = HashMap::new();
    for (n, (token, end)) in tokens(text).enumerate() {
        let token = token_hash(token);
        let out = std::mem::replace(&mut last[n % LONGEST_OPERAND], token);
        hash = join(hash, token).wrapping_sub(out.wrapping_mul(leaves));
        if n + 1 >= LONGEST_OPERAND {
            runs.entry(hash).or_insert(end);
        }
    }
    runs
}

/// The sign of a rule, as its `metadata` gives it: `word` (one of a list), and `twice`, operators of which one has the same on
/// both sides. A rule without either may match in any text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sign {
    words: Vec<String>,
    twice: Vec<String>,
}

impl Sign {
    pub(super) fn of(metadata: &serde_json::Value) -> Self {
        let texts = |key: &str| match metadata.get(key) {
            Some(serde_json::Value::String(one)) if !one.is_empty() => vec![one.clone()],
            Some(serde_json::Value::Array(all)) => all.iter().filter_map(|t| Some(t.as_str()?.to_owned())).collect(),
            _ => Vec::new(),
        };
        Self { words: texts("word"), twice: texts("twice") }
    }

    /// Whether a text has it.
    pub(super) fn is_in(&self, looked: &Looked<'_>) -> bool {
        let has = |word: &String| memmem::find(looked.text.as_bytes(), word.as_bytes()).is_some();
        (self.words.is_empty() || self.words.iter().any(has))
            && (self.twice.is_empty() || self.twice.iter().any(|operator| stands_between_the_same(looked, operator)))
    }
}

/// Whether the operator stands somewhere between two operands of the same tokens, or of which that is not certain: a comment
/// beside it may be a part of either.
fn stands_between_the_same(looked: &Looked<'_>, operator: &str) -> bool {
    let text = looked.text;
    memmem::find_iter(text.as_bytes(), operator.as_bytes()).any(|at| {
        let (before, behind) = (text[..at].trim_ascii_end(), text[at + operator.len()..].trim_ascii_start());
        let line = || before.rfind('\n').map_or(before, |i| &before[i..]);
        let is_beside_a_comment = ["/*", "//", "#"].iter().any(|sign| behind.starts_with(sign))
            || before.ends_with("*/")
            || (before.len() < at && text[before.len()..at].contains('\n') && line().contains(['#', '/']));
        is_beside_a_comment || is_twice(looked, before.as_bytes(), behind.as_bytes())
    })
}

/// Whether some last tokens of `before` are the first ones of `behind`, and neither is a part of a longer operand.
fn is_twice(looked: &Looked<'_>, before: &[u8], behind: &[u8]) -> bool {
    let Some(last) = tokens_back(before).next() else { return false };
    let mut read: Vec<&[u8]> = Vec::new();
    let mut end = 0;
    for (token, at) in tokens(behind).take(LONGEST_OPERAND) {
        read.push(token);
        end = at;
        if token == last {
            let is_same = tokens_back(before).take(read.len()).eq(read.iter().rev().copied());
            if is_same && is_whole(before, read.len()) && !goes_on(&behind[end..]) {
                return true;
            }
        }
    }
    read.len() == LONGEST_OPERAND && end < behind.len() && looked.may_have_before(before.len(), &read)
}

/// Whether the last `count` tokens are no part of a longer operand: no dot is before them, as in `self.a`, but that of a range.
fn is_whole(before: &[u8], count: usize) -> bool {
    let dots = tokens_back(before).skip(count).take_while(|token| *token == b".").count();
    dots != 1
}

/// Whether an operand goes on in what is behind it: with a part or a call of it, or on its line with an operator that binds
/// stronger.
fn goes_on(behind: &[u8]) -> bool {
    let next = behind.trim_ascii_start();
    let is_dot = next.starts_with(b".") && !next.starts_with(b"..");
    let is_on_its_line = !behind[..behind.len() - next.len()].contains(&b'\n');
    let is_operator = next.first().is_some_and(|b| b"+-*%<=!".contains(b))
        || (next.starts_with(b"/") && !next.starts_with(b"//") && !next.starts_with(b"/*"));
    is_dot || next.starts_with(b"(") || (is_on_its_line && is_operator)
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'@') || b >= 0x80
}

/// Words and single signs, from the first on, and where each ends.
fn tokens(text: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let length = rest.iter().take_while(|b| is_word(**b)).count().max(1).min(rest.len());
        let (token, behind) = rest.split_at(length);
        rest = behind;
        (!token.is_empty()).then_some((token, text.len() - rest.len()))
    })
}

/// The same, from the last on.
fn tokens_back(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_end();
        let length = rest.iter().rev().take_while(|b| is_word(**b)).count().max(1).min(rest.len());
        let (before, token) = rest.split_at(rest.len() - length);
        rest = before;
        (!token.is_empty()).then_some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_between_the_same_is_seen() {
        for (text, operator, is_seen) in [
            ("if a && a {", "&&", true),
            ("if a.b[ 1 ]\n    && a . b[1] {", "&&", true),
            ("x = a && b || c && b && b;", "&&", true),
            ("if a /* one */ && a {", "&&", true),
            ("if a // one\n  && a {", "&&", true),
            ("if a && // one\n  a {", "&&", true),
            ("é && é", "&&", true),
            ("if a.b && a.c {", "&&", false),
            ("if a && b && a {", "&&", false),
            ("if aa && a {", "&&", false),
            ("if a\n    && b {", "&&", false),
            ("self.a = self.a", "=", true),
            ("self.a = a", "=", false),
            ("a = a.b", "=", false),
            ("a = a(b)", "=", false),
            ("a = a + 1", "=", false),
            ("a = a\n*b = 1", "=", true),
            ("a = a // one", "=", true),
            ("..a && a", "&&", true),
            ("a == b", "=", false),
            ("&&", "&&", false),
            ("a &&", "&&", false),
        ] {
            assert_eq!(stands_between_the_same(&Looked::at(text), operator), is_seen, "{text}");
        }
        let long = |end: &str| format!("{}{end}", "a.".repeat(LONGEST_OPERAND));
        let is_seen = |text: &str| stands_between_the_same(&Looked::at(text), "&&");
        assert!(is_seen(&format!("{} && {}", long("b"), long("b"))));
        assert!(is_seen(&format!("x; {} && {}; y", long("b"), long("b"))));
        assert!(!is_seen(&format!("b && {}", long("b"))));
        // What is the same stands behind it only.
        let other = "c.".repeat(LONGEST_OPERAND);
        assert!(!is_seen(&format!("{} && {other}; {other}", long("b"))));
        assert!(!is_seen(&format!("{} && {}", long("b"), "b.a.".repeat(LONGEST_OPERAND))));
    }

    #[test]
    fn a_sign_is_read_off_the_metadata() {
        let sign = |json: &str| Sign::of(&serde_json::from_str(json).unwrap());
        for (metadata, text, is_in) in [
            ("{}", "", true),
            (r#"{"word": ""}"#, "", true),
            (r#"{"word": "b"}"#, "abc", true),
            (r#"{"word": ["x", "c"]}"#, "abc", true),
            (r#"{"word": ["x", "y"]}"#, "abc", false),
            (r#"{"twice": ["&&", "||"]}"#, "a || a", true),
            (r#"{"twice": ["&&", "||"]}"#, "a || b", false),
            (r#"{"word": "x", "twice": ["&&"]}"#, "a && a", false),
        ] {
            assert_eq!(sign(metadata).is_in(&Looked::at(text)), is_in, "{metadata}: {text}");
        }
    }
}
