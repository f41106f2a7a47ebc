//! Hunks that leave out the comments behind code, or have others there.

use crate::comments::code;
use crate::hunk::HunkLine;
use crate::text::{self, Text};

/// Letters and digits of a line that is looked for by itself.
const SAYS: usize = 8;

/// The text and the hunk without the comments behind code, where the hunk may be in it; the lines are the same ones. `None`
/// also where neither has any.
pub(super) fn without<'t, 's>(text: &'t Text<'s>, lines: &[HunkLine]) -> Option<(&'t Text<'s>, Vec<HunkLine>)> {
    let old = || lines.iter().filter(|l| l.is_old());
    // Most hunks that are not there are told by their longest line.
    let longest = old().map(|l| code(&l.text)).max_by_key(|line| text::weight(line))?;
    if text::weight(longest) < SAYS {
        return None;
    }
    let bare = text.bare();
    let is_same = std::ptr::eq(bare, text) && old().all(|l| code(&l.text).len() == l.text.len());
    // Where it has marks for what it leaves out, it was not looked for as it is.
    if is_same && !old().any(HunkLine::is_elision) || bare.find(&[text::key(longest)], 1).is_empty() {
        return None;
    }
    let stripped = |line: &HunkLine| match line.is_old() {
        true => HunkLine { text: code(&line.text).to_owned(), ..line.clone() },
        false => line.clone(),
    };
    Some((bare, lines.iter().map(stripped).collect()))
}
