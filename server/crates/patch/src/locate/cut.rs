//! Texts that are a part of a file, cut off inside of what a hunk is about.

use super::suggestion::open_brackets;
use crate::hunk::{HunkLine, Op};
use crate::pieces::piece;
use crate::text::{self, Text};

/// Letters and digits of the lines before the cut.
const SAYS: usize = 12;

/// The hunk as far as the text goes, if the text ends with the first lines of its old side and these leave brackets open: then
/// what follows is not gone, but cut off. What is added in place of lines on both sides of the cut is added whole.
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
    let is_change = |i: &usize| lines[*i].op != Op::Context;
    let added = (last + 1..lines.len()).take_while(is_change).filter(|&i| lines[i].op == Op::Added);
    let mut out = lines[..=last].to_vec();
    // Where the change begins behind the cut, it is not of this text.
    if lines[last].op == Op::Removed || lines[next].op == Op::Removed {
        out.extend(added.map(|i| lines[i].clone()));
    }
    out.iter().any(|l| l.op == Op::Removed).then_some(out)
}
