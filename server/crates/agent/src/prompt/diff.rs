//! The diff as agents read it: each line of the new text with its number, so that nobody has to count; cut by
//! file and by symbol to the room that there is.

use finding::RepoPath;
use git::{ChangeKind, ChangedFile, LineHunk};
use std::fmt::Write;

/// Unchanged lines shown around a change.
const CONTEXT: u32 = 8;
/// A longer line is cut: minified code tells nobody anything.
const LONGEST_LINE: usize = 2000;

/// A diff that fits, and what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// Files of which every change is shown.
    pub(crate) whole: Vec<RepoPath>,
    /// Parts that did not fit: file, and the symbols or lines; for people and agents.
    pub(crate) cut: Vec<(RepoPath, Vec<String>)>,
}

/// Changes that are shown together, as their contexts touch.
#[derive(Debug)]
struct Part {
    symbol: String,
    text: String,
}

/// Shows the files in at most `room` bytes. What is small comes first where not everything fits: as many files
/// as possible are shown whole.
pub(crate) fn show<'a>(
    files: impl Iterator<Item = &'a ChangedFile>,
    room: usize,
    clean: impl Fn(&str) -> String,
) -> Shown {
    let mut files: Vec<(&ChangedFile, String, Vec<Part>)> = files.map(|f| (f, header(f), parts(f, &clean))).collect();
    let size = |(_, header, parts): &(&ChangedFile, String, Vec<Part>)| {
        header.len() + parts.iter().map(|p| p.text.len()).sum::<usize>()
    };
    if files.iter().map(size).sum::<usize>() > room {
        files.sort_by_key(size);
    }
    let mut shown = Shown::default();
    for (file, header, parts) in files {
        let mut left_out = Vec::new();
        let mut begun = false;
        for part in &parts {
            let needed = part.text.len() + if begun { 0 } else { header.len() };
            if shown.text.len() + needed > room {
                left_out.push(part.symbol.clone());
                continue;
            }
            if !begun {
                shown.text.push_str(&header);
                begun = true;
            }
            shown.text.push_str(&part.text);
        }
        if left_out.is_empty() {
            shown.whole.push(file.path.clone());
        } else {
            shown.cut.push((file.path.clone(), left_out));
        }
    }
    shown.whole.sort();
    shown.cut.sort();
    shown
}

/// A name that cannot end its line or steer a terminal.
pub(super) fn plain(path: &RepoPath) -> String {
    path.as_str().chars().map(|c| if super::super::answer::keep(c) && c != '\n' { c } else { '?' }).collect()
}

fn header(file: &ChangedFile) -> String {
    let what = match &file.kind {
        ChangeKind::Added => "added".to_owned(),
        ChangeKind::Modified => "modified".to_owned(),
        ChangeKind::Deleted => "deleted".to_owned(),
        ChangeKind::Renamed { from } => format!("renamed from {}", plain(from)),
        ChangeKind::Copied { from } => format!("copied from {}", plain(from)),
    };
    format!("\n=== {} ({what})\n", plain(&file.path))
}

/// `clean` gets whole texts, as a secret may have many lines, and keeps their number.
fn parts(file: &ChangedFile, clean: impl Fn(&str) -> String) -> Vec<Part> {
    let old = clean(file.old.as_deref().unwrap_or_default());
    let new_text = clean(file.new.as_deref().unwrap_or_default());
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new_text.lines().collect();
    if file.new.is_none() {
        let first: String = old.iter().take(40).fold(String::new(), |mut s, l| {
            line(&mut s, None, '-', l);
            s
        });
        let rest = old.len().saturating_sub(40);
        let more = if rest > 0 { format!("      | … and {rest} more removed lines\n") } else { String::new() };
        return vec![Part { symbol: "the deleted text".into(), text: first + &more }];
    }
    let length = u32::try_from(new.len()).unwrap_or(u32::MAX);
    let mut groups: Vec<Vec<LineHunk>> = Vec::new();
    for hunk in &file.hunks {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|l| l.new_start + l.new_count + 2 * CONTEXT >= hunk.new_start) => {
                group.push(*hunk);
            }
            _ => groups.push(vec![*hunk]),
        }
    }
    groups.iter().map(|group| part(group, &old, &new, length)).collect()
}

fn part(group: &[LineHunk], old: &[&str], new: &[&str], length: u32) -> Part {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return Part { symbol: String::new(), text: String::new() };
    };
    let from = first.new_start.saturating_sub(CONTEXT).max(1);
    let to = (last.new_start + last.new_count + CONTEXT).min(length + 1);
    let symbol = symbol_above(new, first.new_start);
    let mut text = format!("@@ line {}{}\n", from, symbol.map(|s| format!(", in: {s}")).unwrap_or_default());
    let mut at = from;
    let get = |lines: &[&str], n: u32| lines.get(n as usize - 1).map(|l| (*l).to_owned()).unwrap_or_default();
    for hunk in group {
        for n in at..hunk.new_start {
            line(&mut text, Some(n), ' ', &get(new, n));
        }
        for n in hunk.old_start..hunk.old_start + hunk.old_count {
            line(&mut text, None, '-', &get(old, n));
        }
        for n in hunk.new_start..hunk.new_start + hunk.new_count {
            line(&mut text, Some(n), '+', &get(new, n));
        }
        at = hunk.new_start + hunk.new_count;
    }
    for n in at..to {
        line(&mut text, Some(n), ' ', &get(new, n));
    }
    let lines = format!("lines {}-{}", first.new_start, (last.new_start + last.new_count).max(first.new_start + 1) - 1);
    let symbol = symbol.map_or(lines.clone(), |s| format!("{s} ({lines})"));
    Part { symbol, text }
}

fn line(out: &mut String, number: Option<u32>, sign: char, text: &str) {
    let text = text.strip_suffix('\r').unwrap_or(text);
    let end = if text.len() > LONGEST_LINE { text.floor_char_boundary(LONGEST_LINE) } else { text.len() };
    let cut = if end < text.len() { " … (line cut)" } else { "" };
    // Writing to a String cannot fail.
    let _ = match number {
        Some(n) => writeln!(out, "{n:>6}|{sign}{}{cut}", &text[..end]),
        None => writeln!(out, "      |{sign}{}{cut}", &text[..end]),
    };
}

/// The definition that a line is in, by git's rule of thumb: the nearest line above that starts with a letter
/// in the first column.
fn symbol_above<'a>(lines: &[&'a str], line: u32) -> Option<&'a str> {
    let above = lines.get(..(line as usize).min(lines.len()))?;
    let found = above.iter().rev().find(|l| {
        l.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'))
            && !l.starts_with("use ")
            && !l.starts_with("import ")
    })?;
    let end = found.len().min(found.floor_char_boundary(100));
    Some(found[..end].trim_end_matches(['{', ' ', ':', '\r']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use git::Snapshot;

    fn same(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn lines_carry_the_numbers_of_the_new_text() {
        let old = "fn a() {\n    one();\n    two();\n}\n";
        let new = "use x;\nfn a() {\n    one();\n    three();\n}\n";
        let s = Snapshot::in_memory(&[("a.rs", old)], &[("a.rs", new)]);
        let shown = show(s.files().iter(), 10_000, same);
        assert_eq!(
            shown.text,
            "\n=== a.rs (modified)\n@@ line 1, in: use x;\n     1|+use x;\n     2| fn a() {\n     3|     one();\n      \
             |-    two();\n     4|+    three();\n     5| }\n"
                .replace(", in: use x;", "")
        );
    }

    #[test]
    fn what_does_not_fit_is_cut_by_file_and_symbol_and_said() {
        let function = |n: u32, call: &str| {
            format!("fn f{n}() {{\n{}    {call}();\n}}\n", "    // filler filler filler filler\n".repeat(20))
        };
        let file = |call| (0..10).map(|n| function(n, call)).collect::<String>();
        let (old, new) = (file("one"), file("two"));
        let s = Snapshot::in_memory(&[("big.rs", &old), ("small.rs", "a\n")], &[("big.rs", &new), ("small.rs", "b\n")]);
        let shown = show(s.files().iter(), 2000, same);
        assert!(shown.text.len() <= 2000);
        assert_eq!(shown.whole, [RepoPath::new("small.rs").unwrap()]);
        let (path, symbols) = &shown.cut[0];
        assert_eq!(path.as_str(), "big.rs");
        assert!(symbols.len() < 10 && symbols.last().unwrap().starts_with("fn f8() (lines "), "{symbols:?}");
        let all = show(s.files().iter(), usize::MAX, same);
        assert_eq!((all.whole.len(), all.cut.len()), (2, 0));
    }

    #[test]
    fn additions_deletions_and_odd_names_are_shown() {
        let s = Snapshot::in_memory(&[("gone", "x\r\n")], &[("new\u{1b}[31m\n", "y")]);
        let shown = show(s.files().iter(), 10_000, same);
        assert_eq!(
            shown.text,
            "\n=== gone (deleted)\n      |-x\n\n=== new?[31m? (added)\n@@ line 1, in: y\n     1|+y\n"
        );
    }
}
