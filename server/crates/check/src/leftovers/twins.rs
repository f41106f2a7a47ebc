//! A copied block whose twin was not changed along: the branch mends some lines, and the same lines with the same lines
//! around them stay as they were elsewhere.

use super::AGENT;
use crate::Job;
use crate::remark::{LARGEST_TEXT, anchor, is_test, old_path, remark};
use crate::tree;
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::{ChangedFile, LineHunk};
use std::collections::HashMap;

/// So many lines before and behind the change are the same in both, blank ones left out.
const AROUND: usize = 3;
/// A change of more lines is a rewrite, and its twin another matter.
const LARGEST_CHANGE: u32 = 6;
/// Files beside the changed one that are read.
const MOST_FILES: usize = 40;

/// Finds them for the changes of one file: in itself, and in the files beside it.
pub(super) fn in_file(job: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
    let (Some(old), Some(new)) = (file.old.as_deref(), file.new.as_deref()) else { return Vec::new() };
    if tree::language_of(&file.path).is_none() || is_test(&file.path) || old.len() > LARGEST_TEXT {
        return Vec::new();
    }
    let mended: Vec<&LineHunk> = file
        .hunks
        .iter()
        .filter(|h| (1..=LARGEST_CHANGE).contains(&h.old_count) && (1..=LARGEST_CHANGE).contains(&h.new_count))
        .collect();
    if mended.is_empty() {
        return Vec::new();
    }
    let before = Lines::of(old);
    let mut texts = vec![(file.path.clone(), Lines::of(new))];
    let ending = old_path(file).extension();
    let beside = job
        .snapshot
        .paths()
        .unwrap_or_default()
        .into_iter()
        .filter(|p| *p != file.path && p.extension() == ending && p.folder() == file.path.folder() && !is_test(p));
    for path in beside.take(MOST_FILES) {
        if let Some(text) = job.read(&path).filter(|t| t.len() <= LARGEST_TEXT) {
            texts.push((path, Lines::of(&text)));
        }
    }
    let twin_of = |hunk: &&LineHunk| {
        let block = before.around(hunk)?;
        texts.iter().find_map(|(path, lines)| Some((path, lines.find(&block)?)))
    };
    let found = mended.iter().find_map(|hunk| Some((*hunk, twin_of(hunk)?)));
    found.map(|(hunk, (path, lines))| finding(file, new, hunk, path, lines)).into_iter().collect()
}

/// `lines` of `twin` are what the hunk was.
fn finding(file: &ChangedFile, text: &str, hunk: &LineHunk, twin: &RepoPath, lines: LineRange) -> RawFinding {
    let (first, last) = (lines.start(), lines.end());
    let title = format!("The same lines at {twin}:{first} were not changed along");
    let body = format!(
        "Lines {first} to {last} of `{twin}` are what this place was before the change. If it was wrong here, it is wrong there."
    );
    let mut finding = remark(AGENT, "unchanged-twin", Severity::Suggestion, title, body);
    finding.anchors.push(anchor(&file.path, text, LineRange::new(hunk.new_start, hunk.new_start + hunk.new_count - 1)));
    finding
}

/// The lines of a text that say something, without the space around them, with their numbers.
struct Lines {
    said: Vec<(u32, String)>,
    places: HashMap<String, Vec<usize>>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let lines = text.lines().zip(1_u32..).map(|(line, n)| (n, line.trim().to_owned()));
        let said: Vec<(u32, String)> = lines.filter(|(_, line)| !line.is_empty()).collect();
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, (_, line)) in said.iter().enumerate() {
            places.entry(line.clone()).or_default().push(at);
        }
        Self { said, places }
    }

    /// The lines that a change took out, with those around them.
    fn around(&self, hunk: &LineHunk) -> Option<Vec<&str>> {
        let from = self.said.partition_point(|(n, _)| *n < hunk.old_start);
        let to = self.said.partition_point(|(n, _)| *n < hunk.old_start + hunk.old_count);
        let block: Vec<&str> =
            self.said.get(from.checked_sub(AROUND)?..to + AROUND)?.iter().map(|(_, line)| line.as_str()).collect();
        let says_something = |line: &&&str| line.len() > 12 && line.contains(|c: char| c.is_alphabetic());
        let is_code = self.said[from..to].iter().any(|(_, line)| {
            line.len() > 12
                && !["//", "#", "*", "/*", "import ", "use ", "from ", "case "].iter().any(|w| line.starts_with(w))
        });
        (is_code && block.iter().filter(says_something).count() * 2 > block.len()).then_some(block)
    }

    /// Where the block stands, once.
    fn find(&self, block: &[&str]) -> Option<LineRange> {
        let first = self.places.get(*block.first()?)?;
        let fits = |at: &&usize| {
            let here = self.said.get(**at..**at + block.len());
            here.is_some_and(|here| here.iter().zip(block).all(|((_, line), wanted)| line == wanted))
        };
        let mut found = first.iter().filter(fits);
        let at = *found.next()?;
        // Many twins are a form, not a copy.
        found.next().is_none().then(|| LineRange::new(self.said[at].0, self.said[at + block.len() - 1].0))
    }
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run;
    use git::Snapshot;

    const BLOCK: &str = "    let total = items.len();\n    let mut first = items.iter();\n    let value = first.next();\n    let last = total - 2;\n    let share = value * 100;\n    let parts = share / total;\n    let rest = share % total;\n    report(parts, rest, last);\n";

    fn titles(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        run("leftovers", &Snapshot::in_memory(old, new)).into_iter().map(|f| f.title).collect()
    }

    #[test]
    fn a_twin_that_was_not_changed_along_is_named() {
        let text = |a: &str, b: &str| format!("fn a() {{\n{a}}}\n\nfn b() {{\n{b}}}\n");
        let mended = BLOCK.replace("total - 2", "total - 1");
        let old = text(BLOCK, BLOCK);
        assert_eq!(
            titles(&[("a.rs", &old)], &[("a.rs", &text(&mended, BLOCK))]),
            ["The same lines at a.rs:13 were not changed along"]
        );
        assert_eq!(titles(&[("a.rs", &old)], &[("a.rs", &text(&mended, &mended))]), Vec::<String>::new());
        let (one, other) = (format!("fn a() {{\n{BLOCK}}}\n"), format!("fn b() {{\n{BLOCK}}}\n"));
        let new = format!("fn a() {{\n{mended}}}\n");
        assert_eq!(
            titles(&[("s/a.rs", &one), ("s/b.rs", &other)], &[("s/a.rs", &new), ("s/b.rs", &other)]),
            ["The same lines at s/b.rs:2 were not changed along"]
        );
        assert_eq!(titles(&[("s/a.rs", &one)], &[("s/a.rs", &new)]), Vec::<String>::new());
    }
}
