//! Unified diffs, with whatever is missing or wrong in them.

use super::header_path;
use crate::hunk::{FileChange, FilePatch, Hunk, HunkBody, HunkLine, Op, Patch};

/// Whether some line is marked as one of a diff.
pub(super) fn is_diff(lines: &[&str]) -> bool {
    lines.iter().any(|l| l.starts_with(['+', '-']) || l.starts_with("@@") || l.starts_with("diff --git "))
}

/// The numbers and the section of a `@@` line.
#[derive(Default)]
struct Header<'a> {
    start: Option<u32>,
    old: u32,
    new: u32,
    section: Option<&'a str>,
}

fn header(line: &str) -> Option<Header<'_>> {
    // `@@count` is a variable in some languages.
    let rest = line.strip_prefix("@@").filter(|rest| rest.is_empty() || rest.starts_with([' ', '-']))?;
    let number = |range: &str, mark: char| -> Option<(u32, u32)> {
        let (start, count) = match range.strip_prefix(mark)?.split_once(',') {
            Some((start, count)) => (start, count.parse().ok()?),
            None => (range.strip_prefix(mark)?, 1),
        };
        Some((start.parse().ok()?, count))
    };
    let (ranges, section) = match rest.split_once("@@") {
        Some((ranges, section)) => (ranges, section.trim()),
        None => ("", rest.trim()),
    };
    let mut parts = ranges.split_whitespace();
    let old = parts.next().and_then(|r| number(r, '-'));
    let new = parts.next().and_then(|r| number(r, '+'));
    // `@@ ... @@` and `@@ func name @@` are written too.
    let section = if section.is_empty() && old.is_none() { ranges.trim() } else { section };
    let section = Some(section).filter(|s| !s.is_empty() && !s.starts_with("...") && *s != "…");
    Some(match (old, new) {
        (Some((start, old)), Some((_, new))) => Header { start: Some(start), old, new, section },
        (Some((start, _)), None) => Header { start: Some(start), section, ..Header::default() },
        _ => Header { section, ..Header::default() },
    })
}

/// Collects files and hunks as the lines come.
#[derive(Default)]
pub(super) struct Builder {
    files: Vec<FilePatch>,
    hunk: Option<Hunk>,
    lines: Vec<HunkLine>,
}

impl Builder {
    pub(super) fn end_hunk(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let hunk = self.hunk.take();
        if !lines.iter().any(|l| l.op != Op::Context) {
            return;
        }
        let hunk = Hunk { body: HunkBody::Lines(lines), ..hunk.unwrap_or_default() };
        self.file().hunks.push(hunk);
    }

    pub(super) fn start_hunk(&mut self, start: Option<u32>, section: Option<&str>) {
        self.end_hunk();
        self.hunk = Some(Hunk { start, section: section.map(str::to_owned), ..Hunk::default() });
    }

    /// What follows is put after this line, as the header says.
    fn insert_after(&mut self, line: Option<u32>) {
        if let Some(hunk) = &mut self.hunk {
            hunk.after = line;
        }
    }

    /// The hunk ends where the file does.
    pub(super) fn at_end(&mut self) {
        self.hunk.get_or_insert_default().at_end = true;
    }

    pub(super) fn start_file(&mut self) -> &mut FilePatch {
        self.end_hunk();
        self.files.push(FilePatch::default());
        self.file()
    }

    pub(super) fn file(&mut self) -> &mut FilePatch {
        if self.files.is_empty() {
            self.files.push(FilePatch::default());
        }
        let last = self.files.len() - 1;
        &mut self.files[last]
    }

    pub(super) fn push(&mut self, raw: &str) -> Op {
        let mut line = match raw.as_bytes().first() {
            Some(b'+') => HunkLine::new(Op::Added, &raw[1..]),
            Some(b'-') => HunkLine::new(Op::Removed, &raw[1..]),
            Some(b' ') => HunkLine::new(Op::Context, &raw[1..]),
            _ => HunkLine::new(Op::Context, raw),
        };
        line.bare = line.op == Op::Context && !raw.starts_with(' ') && !raw.is_empty();
        let op = line.op;
        self.lines.push(line);
        op
    }

    pub(super) fn no_newline(&mut self) {
        if let Some(last) = self.lines.last_mut() {
            last.no_newline = true;
        }
    }

    pub(super) fn finish(mut self) -> Patch {
        self.end_hunk();
        self.files.retain(|f| f.change != FileChange::Edit || !f.hunks.is_empty());
        Patch { files: self.files }
    }
}

pub(super) fn parse(lines: &[&str]) -> Patch {
    let mut b = Builder::default();
    // What the last `@@` line says is still to come.
    let (mut old, mut new) = (0_u32, 0_u32);
    let mut git = false;
    let lines = without_mail(lines);
    let mut i = 0;
    while let Some(&line) = lines.get(i) {
        let next = lines.get(i + 1).copied().unwrap_or_default();
        let inside = old > 0 || new > 0;
        i += 1;
        if line.starts_with("\\ ") {
            b.no_newline();
        } else if let Some(names) = line.strip_prefix("diff --git ") {
            let file = b.start_file();
            (file.old_path, file.path) = git_names(names);
            (old, new, git) = (0, 0, true);
        } else if git && git_header(b.file(), line) {
            // read
        } else if file_header(line, next, lines.get(i + 1).copied().unwrap_or_default(), inside) {
            let (before, after) = (header_path(&line[4..]), header_path(&next[4..]));
            if git {
                b.end_hunk();
            } else {
                b.start_file();
            }
            let file = b.file();
            match (&before, &after) {
                (None, Some(_)) => file.change = FileChange::Create,
                (Some(_), None) => file.change = FileChange::Delete,
                (Some(x), Some(y)) if x != y && !git => file.old_path.clone_from(&before),
                _ => {}
            }
            file.path = after.or(before);
            (old, new, git) = (0, 0, false);
            i += 1;
        } else if let Some(h) = header(line) {
            b.start_hunk(h.start, h.section);
            b.insert_after(h.start.filter(|_| h.old == 0 && h.new > 0));
            (old, new, git) = (h.old, h.new, false);
        } else {
            git = false;
            let op = b.push(line);
            old = old.saturating_sub(u32::from(op != Op::Added));
            new = new.saturating_sub(u32::from(op != Op::Removed));
        }
    }
    let mut patch = b.finish();
    for hunk in patch.files.iter_mut().flat_map(|f| &mut f.hunks) {
        drop_trailing_blank(hunk);
    }
    patch
}

/// The diffs of mails as `git format-patch` writes them: without what is said before each, and the signature behind.
fn without_mail<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let is_mail = |l: &str| {
        let hash = l.strip_prefix("From ").and_then(|rest| rest.split(' ').next());
        hash.is_some_and(|hash| matches!(hash.len(), 40 | 64) && hash.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let signature =
        |i: usize| lines[i].trim_end() == "--" && lines.get(i + 1).is_none_or(|l| !l.starts_with(['+', '-', ' ', '@']));
    if !lines.iter().any(|l| is_mail(l)) {
        return lines.to_vec();
    }
    let mut out = Vec::with_capacity(lines.len());
    let mut inside = false;
    for (i, &line) in lines.iter().enumerate() {
        inside = line.starts_with("diff --git ") || inside && !is_mail(line) && !signature(i);
        if inside {
            out.push(line);
        }
    }
    out
}

/// `--- x` before `+++ y`, unless the counts say that it is a line of the hunk.
fn file_header(line: &str, next: &str, after: &str, inside: bool) -> bool {
    line.starts_with("--- ") && next.starts_with("+++ ") && (!inside || after.starts_with("@@"))
}

/// Takes in a line between `diff --git` and the hunks.
fn git_header(file: &mut FilePatch, line: &str) -> bool {
    const SKIPPED: [&str; 6] =
        ["index ", "old mode ", "new mode ", "similarity index ", "dissimilarity index ", "Binary files "];
    if line.starts_with("new file mode") {
        file.change = FileChange::Create;
    } else if line.starts_with("deleted file mode") {
        file.change = FileChange::Delete;
    } else if let Some(name) = line.strip_prefix("rename from ") {
        file.change = FileChange::Rename;
        file.old_path = header_path(name);
    } else if let Some(name) = line.strip_prefix("rename to ") {
        file.change = FileChange::Rename;
        file.path = header_path(name);
    } else {
        return line.is_empty() || SKIPPED.iter().any(|s| line.starts_with(s));
    }
    true
}

/// The two names of a `diff --git` line; names with blanks are told by being alike.
fn git_names(names: &str) -> (Option<String>, Option<String>) {
    if names.starts_with('"')
        && let Some((a, b)) = names[1..].split_once("\" ")
    {
        return (header_path(&format!("\"{a}\"")), header_path(b));
    }
    let splits = names.match_indices(' ').map(|(i, _)| (&names[..i], &names[i + 1..]));
    let pairs: Vec<_> = splits.map(|(a, b)| (header_path(a), header_path(b))).collect();
    let same = pairs.iter().find(|(a, b)| a == b && a.is_some()).cloned();
    let (a, b) = same.or_else(|| pairs.into_iter().next()).unwrap_or_default();
    (a.filter(|a| Some(a) != b.as_ref()), b)
}

/// Blank lines at the end of a hunk are more often the end of the text around it than of the file.
fn drop_trailing_blank(hunk: &mut Hunk) {
    if let HunkBody::Lines(lines) = &mut hunk.body {
        while lines.last().is_some_and(|l| l.op == Op::Context && l.text.is_empty()) {
            lines.pop();
        }
    }
}
