//! When two fixes are the same fix.

use super::hunk::{HunkBody, Op};
use super::{Hints, apply_edits, parse, place, text};

/// What a fix takes out and puts in, without context, numbers and white space. Equal values are equal fixes as
/// far as the diffs alone can say; [`same_edits`] asks the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Canonical {
    /// Removed lines, without white space, in order.
    pub removed: Vec<String>,
    /// Added lines, without white space, in order.
    pub added: Vec<String>,
}

impl Canonical {
    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

/// The canonical form of `diff`; the empty one where it cannot be read. Lines that are taken out and put in again
/// do not count.
#[must_use]
pub fn canonical(diff: &str) -> Canonical {
    let mut out = Canonical::default();
    let Ok(patch) = parse(diff) else { return out };
    let squeeze = |s: &str| s.bytes().filter(|&b| !text::is_space(b)).collect::<Vec<u8>>();
    let squeeze = |s: &str| String::from_utf8(squeeze(s)).unwrap_or_default();
    for hunk in patch.files.iter().flat_map(|f| &f.hunks) {
        let (mut old, mut new): (Vec<String>, Vec<String>) = Default::default();
        match &hunk.body {
            HunkBody::Lines(lines) => {
                for line in lines {
                    match line.op {
                        Op::Removed => old.push(squeeze(&line.text)),
                        Op::Added => new.push(squeeze(&line.text)),
                        // Context keeps runs apart, so that they are compared one by one.
                        Op::Context => out.run(&mut old, &mut new),
                    }
                }
            }
            HunkBody::Replace { old: before, new: after, .. } => {
                old.extend(before.lines().map(squeeze));
                new.extend(after.lines().map(squeeze));
            }
            HunkBody::Suggestion(after) | HunkBody::Block(after) => new.extend(after.lines().map(squeeze)),
        }
        out.run(&mut old, &mut new);
    }
    out
}

impl Canonical {
    fn run(&mut self, old: &mut Vec<String>, new: &mut Vec<String>) {
        for (before, after) in super::diff::diff_lines(old, new) {
            self.removed.extend(old[before].iter().filter(|l| !l.is_empty()).cloned());
            self.added.extend(new[after].iter().filter(|l| !l.is_empty()).cloned());
        }
        old.clear();
        new.clear();
    }
}

/// Whether two fixes lead from `text` to the same text, white space aside. `false` where either does not apply.
#[must_use]
pub fn same_edits(text: &str, a: (&str, &Hints<'_>), b: (&str, &Hints<'_>)) -> bool {
    let result = |(diff, hints)| place(text, diff, hints).ok().map(|placed| apply_edits(text, &placed.edits));
    match (result(a), result(b)) {
        (Some(a), Some(b)) => text::squeezed_eq(&a, &b),
        _ => false,
    }
}
