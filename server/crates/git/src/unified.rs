//! A changed file as a unified diff, as `git diff` writes it.

use super::snapshot::{ChangeKind, ChangedFile, LineHunk};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The file's diff with `context` lines around each change: headers with `a/` and `b/` (quoted as git does, but for
/// non-ASCII characters, which stay), then the hunks. Line ends of the texts are kept.
///
/// The file's mode is not known here: new and deleted files are said to be plain ones.
#[must_use]
pub fn unified_diff(file: &ChangedFile, context: u32) -> String {
    let (old, new) = (lines(file.old.as_deref()), lines(file.new.as_deref()));
    let path = file.path.as_str();
    let old_path = match &file.kind {
        ChangeKind::Renamed { from } | ChangeKind::Copied { from } => from.as_str(),
        ChangeKind::Added | ChangeKind::Modified | ChangeKind::Deleted => path,
    };
    let mut out = String::new();
    let (a, b) = (quoted("a/", old_path), quoted("b/", path));
    line(&mut out, format_args!("diff --git {a} {b}"));
    let (bare_old, bare_new) = (quoted("", old_path), quoted("", path));
    match file.kind {
        ChangeKind::Added => line(&mut out, format_args!("new file mode 100644")),
        ChangeKind::Deleted => line(&mut out, format_args!("deleted file mode 100644")),
        ChangeKind::Renamed { .. } => line(&mut out, format_args!("rename from {bare_old}\nrename to {bare_new}")),
        ChangeKind::Copied { .. } => line(&mut out, format_args!("copy from {bare_old}\ncopy to {bare_new}")),
        ChangeKind::Modified => {}
    }
    if file.hunks.is_empty() {
        return out;
    }
    // A tab ends a name with spaces, for programs that take a date after it.
    let end = |name: &str| if name.contains(' ') { "\t" } else { "" };
    match file.old {
        Some(_) => line(&mut out, format_args!("--- {a}{}", end(&a))),
        None => line(&mut out, format_args!("--- /dev/null")),
    }
    match file.new {
        Some(_) => line(&mut out, format_args!("+++ {b}{}", end(&b))),
        None => line(&mut out, format_args!("+++ /dev/null")),
    }
    let mut rest = file.hunks.as_slice();
    while !rest.is_empty() {
        let near = |pair: &&[LineHunk]| pair[1].old_start - (pair[0].old_start + pair[0].old_count) <= 2 * context;
        let together = 1 + rest.windows(2).take_while(near).count();
        let (group, later) = rest.split_at(together);
        write_group(&mut out, group, &old, &new, context);
        rest = later;
    }
    out
}

/// One `@@` part: changed runs with the lines between and around them.
fn write_group(out: &mut String, group: &[LineHunk], old: &[&str], new: &[&str], context: u32) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    // 0-based from here on.
    let before = context.min(first.new_start - 1).min(first.old_start - 1);
    let (old_from, new_from) = (first.old_start - 1 - before, first.new_start - 1 - before);
    let old_to = (last.old_start - 1 + last.old_count + context).min(old.len() as u32);
    let new_to = (last.new_start - 1 + last.new_count + context).min(new.len() as u32);
    let (old_range, new_range) = (range(old_from, old_to), range(new_from, new_to));
    line(out, format_args!("@@ -{old_range} +{new_range} @@"));
    let mut at = new_from;
    for hunk in group {
        write_lines(out, ' ', new, at, hunk.new_start - 1);
        write_lines(out, '-', old, hunk.old_start - 1, hunk.old_start - 1 + hunk.old_count);
        write_lines(out, '+', new, hunk.new_start - 1, hunk.new_start - 1 + hunk.new_count);
        at = hunk.new_start - 1 + hunk.new_count;
    }
    write_lines(out, ' ', new, at, new_to);
}

fn write_lines(out: &mut String, mark: char, lines: &[&str], from: u32, to: u32) {
    for text in lines.get(from as usize..to as usize).unwrap_or_default() {
        out.push(mark);
        out.push_str(text);
        if !text.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// `start,count`; an empty range starts at the line before it, and a count of 1 is not said.
fn range(from: u32, to: u32) -> String {
    match to - from {
        0 => format!("{from},0"),
        1 => format!("{}", from + 1),
        count => format!("{},{count}", from + 1),
    }
}

fn lines(text: Option<&str>) -> Vec<&str> {
    lines::with_endings(text.unwrap_or("")).collect()
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{text}");
}

/// As git quotes names with control characters, quotes or backslashes.
fn quoted<'a>(prefix: &'a str, path: &'a str) -> Cow<'a, str> {
    if !path.chars().any(|c| c.is_ascii_control() || c == '"' || c == '\\') {
        return if prefix.is_empty() { Cow::Borrowed(path) } else { Cow::Owned(format!("{prefix}{path}")) };
    }
    let mut out = format!("\"{prefix}");
    for c in path.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\{:03o}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Cow::Owned(out)
}
