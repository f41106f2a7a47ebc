//! Which lines of a pull request take a comment: those that its diff shows.

use super::Placed;
use finding::LineRange;
use report::forge::Remark;
use std::collections::BTreeMap;

/// By path, the files that the pull request changes.
pub(super) type Shown = BTreeMap<String, File>;

/// A file that a pull request changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Its path before, where it had another one.
    pub(super) old_path: Option<String>,
    /// What its diff shows.
    pub(super) hunks: Vec<Hunk>,
}

impl File {
    /// A file that takes a comment on any of its lines.
    pub(super) fn whole(old_path: Option<&str>) -> Self {
        let new = LineRange::new(1, u32::MAX);
        Self { old_path: old_path.map(str::to_owned), hunks: vec![Hunk { new, same: BTreeMap::new() }] }
    }

    /// A file with one file's unified diff.
    pub(super) fn new(old_path: Option<&str>, patch: &str) -> Self {
        Self { old_path: old_path.map(str::to_owned), hunks: hunks(patch) }
    }
}

/// A hunk of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    /// The lines of the new text that it shows.
    pub(super) new: LineRange,
    /// The old line of each new line that is the same.
    pub(super) same: BTreeMap<u32, u32>,
}

/// The hunks of one file's unified diff; what stands before the first `@@` is passed over.
pub(super) fn hunks(patch: &str) -> Vec<Hunk> {
    let mut out: Vec<Hunk> = Vec::new();
    let (mut old, mut new) = (0u32, 0u32);
    for line in patch.lines() {
        if let Some((old_start, range)) = header(line) {
            (old, new) = (old_start, range.map_or(0, LineRange::start));
            out.extend(range.map(|new| Hunk { new, same: BTreeMap::new() }));
            continue;
        }
        let Some(hunk) = out.last_mut() else { continue };
        match line.as_bytes().first() {
            Some(b'-') => old = old.saturating_add(1),
            Some(b'+') => new = new.saturating_add(1),
            Some(b' ') | None => {
                if hunk.new.start() <= new && new <= hunk.new.end() {
                    hunk.same.insert(new, old);
                }
                (old, new) = (old.saturating_add(1), new.saturating_add(1));
            }
            Some(_) => {}
        }
    }
    out
}

/// The old start and the new lines of `@@ -1,2 +3,4 @@`; no new lines where all were removed.
fn header(line: &str) -> Option<(u32, Option<LineRange>)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let new = rest.split_once(" @@")?.0;
    let two = |text: &str| -> Option<(u32, u32)> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((old, _), (start, count)) = (two(old)?, two(new)?);
    Some((old, (count > 0).then(|| LineRange::new(start, start.saturating_add(count - 1)))))
}

/// The files of a whole unified diff, by their new paths.
pub(super) fn files(diff: &str) -> Shown {
    let mut out = Shown::new();
    for file in diff.split("\ndiff --git ") {
        let name = file.lines().find_map(|l| l.strip_prefix("+++ b/"));
        if let Some(name) = name {
            let old = file.lines().find_map(|l| l.strip_prefix("rename from "));
            out.insert(name.trim_end_matches('\t').to_owned(), File::new(old, file));
        }
    }
    out
}

/// Lines that are farther from a remark's own say nothing of it.
const FARTHEST: u32 = 20;

/// The remark where its file's diff can take it: on the suggestion's lines, else on its own, cut to one hunk; else on the
/// nearest line that the diff shows, if that is near.
pub(super) fn place(remark: &Remark, files: &Shown) -> Option<Placed> {
    let anchor = remark.place.as_ref()?;
    let File { old_path, hunks } = files.get(anchor.path.as_str())?;
    let within = |lines: LineRange| hunks.iter().any(|h| h.new.start() <= lines.start() && lines.end() <= h.new.end());
    let suggested = remark.suggestion.as_ref().map(|(lines, _)| *lines).filter(|l| within(*l));
    let (lines, is_near) = match (suggested, anchor.lines) {
        (Some(lines), _) => (lines, false),
        (None, None) => return None,
        (None, Some(lines)) => match hunks.iter().find(|h| h.new.overlaps(lines)) {
            Some(Hunk { new, .. }) => {
                (LineRange::new(lines.start().max(new.start()), lines.end().min(new.end())), false)
            }
            None => (LineRange::line(nearest(hunks, lines)?), true),
        },
    };
    let old_end = hunks.iter().find_map(|h| h.same.get(&lines.end()).copied());
    let path = anchor.path.to_string();
    let old_path = old_path.clone().unwrap_or_else(|| path.clone());
    Some(Placed { path, old_path, lines, old_end, suggests: suggested.is_some(), is_near, remark: remark.clone() })
}

/// The shown line that is nearest to these, if it is near.
fn nearest(hunks: &[Hunk], lines: LineRange) -> Option<u32> {
    let ends = hunks.iter().flat_map(|h| [h.new.start(), h.new.end()]);
    let far = |line: &u32| line.abs_diff(lines.start()).min(line.abs_diff(lines.end()));
    ends.min_by_key(far).filter(|line| far(line) <= FARTHEST)
}
