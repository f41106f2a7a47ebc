//! Changes of a text as the `@@` parts of a unified diff.

use crate::{Change, with_endings};
use std::fmt::Write as _;

/// The changes from `old` to `new`, in order, each with `context` lines around it, as `git diff` writes them: those that are
/// near each other in one part, line endings kept, and a line below a last one that has none. Nothing for no changes.
#[must_use]
pub fn unified(old: &str, new: &str, changes: &[Change], context: usize) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (with_endings(old).collect(), with_endings(new).collect());
    let mut out = String::new();
    let mut rest = changes;
    while !rest.is_empty() {
        let is_near = |pair: &&[Change]| pair[1].old.start - pair[0].old.end <= 2 * context;
        let together = 1 + rest.windows(2).take_while(is_near).count();
        let (group, later) = rest.split_at(together);
        write_group(&mut out, group, &old, &new, context);
        rest = later;
    }
    out
}

/// One `@@` part: changed runs with the lines between and around them.
fn write_group(out: &mut String, group: &[Change], old: &[&str], new: &[&str], context: usize) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let before = context.min(first.new.start).min(first.old.start);
    let (old_from, new_from) = (first.old.start - before, first.new.start - before);
    let (old_to, new_to) = ((last.old.end + context).min(old.len()), (last.new.end + context).min(new.len()));
    // Writing to a string does not fail.
    let _ = writeln!(out, "@@ -{} +{} @@", range(old_from, old_to), range(new_from, new_to));
    let mut at = new_from;
    for change in group {
        write_lines(out, ' ', new.get(at..change.new.start));
        write_lines(out, '-', old.get(change.old.clone()));
        write_lines(out, '+', new.get(change.new.clone()));
        at = change.new.end;
    }
    write_lines(out, ' ', new.get(at..new_to));
}

fn write_lines(out: &mut String, mark: char, lines: Option<&[&str]>) {
    for line in lines.unwrap_or_default() {
        out.push(mark);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// `start,count`; an empty range starts at the line before it, and a count of 1 is not said.
fn range(from: usize, to: usize) -> String {
    match to.saturating_sub(from) {
        0 => format!("{from},0"),
        1 => format!("{}", from + 1),
        count => format!("{},{count}", from + 1),
    }
}
