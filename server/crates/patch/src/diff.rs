//! Where two lists of lines differ, as pairs of ranges.

use std::ops::Range;

/// The runs in which two lists of lines differ, in order, with a line that is the same between any two of them: lines of the
/// one list, and those of the other that stand in their place.
pub(crate) fn diff_lines<S: AsRef<str>>(old: &[S], new: &[S]) -> Vec<(Range<usize>, Range<usize>)> {
    let changes = lines::changes(old.iter().map(AsRef::as_ref), new.iter().map(AsRef::as_ref));
    changes.into_iter().map(|change| (change.old, change.new)).collect()
}
