//! Where two lists of lines differ.

use imara_diff::{Algorithm, Diff, InternedInput};
use std::ops::Range;

/// The runs in which two lists of lines differ, in order, with a line that is the same between any two of them.
pub(crate) fn diff_lines<S: AsRef<str>>(old: &[S], new: &[S]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut input: InternedInput<&str> = InternedInput::default();
    input.update_before(old.iter().map(AsRef::as_ref));
    input.update_after(new.iter().map(AsRef::as_ref));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let wide = |r: Range<u32>| r.start as usize..r.end as usize;
    diff.hunks().map(|h| (wide(h.before), wide(h.after))).collect()
}
