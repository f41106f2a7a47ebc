//! Texts that are a part of a file, cut off inside of what a hunk removes.

use super::suggestion::open_brackets;
use crate::hunk::{HunkLine, Op};
use crate::pieces::piece;
use crate::text::{self, Text};

/// Letters and digits of the lines before the cut.
const SAYS: usize = 12;

/// The hunk as far as the text goes, if the text ends with the first lines of its old side, in the midst of lines that it
/// removes, and these leave brackets open: then what follows is not gone, but cut off. What is added in place of the lines on
/// both sides of the cut is added whole.
pub(super) fn here(text: &Text<'_>, lines: &[HunkLine]) -> Option<Vec<HunkLine>> {
    let keys = text.solid().1;
    let old = piece(lines, 0..lines.len(), HunkLine::is_old);
    let count = (1..old.keys.len()).rev().find(|&count| keys.ends_with(&old.keys[..count]))?;
    let (last, next) = (old.solid[count - 1], old.solid[count]);
    let before: Vec<&str> = old.solid[..count].iter().map(|&i| lines[i].text.as_str()).collect();
    let says: usize = before.iter().map(|line| text::weight(line)).sum();
    let is_open = open_brackets(&before).iter().any(|&(_, open)| open > 0);
    if says < SAYS || !is_open || old.solid[count..].iter().any(|&i| text.has_line(&lines[i].text)) {
        return None;
    }
    let removed = |i: usize| lines[i].op == Op::Removed;
    if !(last..=next).all(|i| removed(i) || lines[i].is_blank()) || !removed(last) || !removed(next) {
        return None;
    }
    let added = lines[next..].iter().take_while(|l| l.op != Op::Context).filter(|l| l.op == Op::Added);
    Some(lines[..=last].iter().chain(added).cloned().collect())
}
