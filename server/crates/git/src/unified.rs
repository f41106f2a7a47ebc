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
    let (old, new) = (file.old.as_deref().unwrap_or_default(), file.new.as_deref().unwrap_or_default());
    let changes: Vec<lines::Change> = file.hunks.iter().map(change).collect();
    out.push_str(&lines::unified(old, new, &changes, context as usize));
    out
}

/// A hunk, of which lines are counted from 1, as a change.
fn change(hunk: &LineHunk) -> lines::Change {
    let run = |start: u32, count: u32| start as usize - 1..(start + count) as usize - 1;
    lines::Change { old: run(hunk.old_start, hunk.old_count), new: run(hunk.new_start, hunk.new_count) }
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
