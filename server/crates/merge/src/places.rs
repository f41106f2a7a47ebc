//! Which fixes of a finding are alternatives, and which belong to different places of it.

use finding::{Finding, LineRange, RepoPath};
use patch::{Hints, LineEdit};

/// The numbers of a finding's fixes, by the place that each is about: those of one place are alternatives, the best
/// first; every place is to be mended. `reviewed` gives the text that the finding's lines are in.
#[must_use]
pub fn fixes_by_place<T: AsRef<str>>(finding: &Finding, reviewed: impl Fn(&RepoPath) -> Option<T>) -> Vec<Vec<usize>> {
    let all = 0..finding.fixes.len();
    if finding.anchors.len() < 2 || finding.fixes.len() < 2 {
        return if finding.fixes.is_empty() { Vec::new() } else { vec![all.collect()] };
    }
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for number in all {
        let place = place_of(finding, number, &reviewed);
        match groups.iter_mut().find(|(known, _)| *known == place) {
            Some((_, group)) => group.push(number),
            None => groups.push((place, vec![number])),
        }
    }
    groups.sort_by_key(|(place, _)| *place);
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The number of the anchor that a fix is about: the one whose lines it changes, else the only one in its file, else
/// the main one.
fn place_of<T: AsRef<str>>(finding: &Finding, number: usize, reviewed: &impl Fn(&RepoPath) -> Option<T>) -> usize {
    let fix = &finding.fixes[number];
    let named = fix.path.as_ref().or(finding.main_anchor().map(|a| &a.path));
    let Some(path) = named else { return 0 };
    let here: Vec<usize> = (0..finding.anchors.len()).filter(|n| finding.anchors[*n].path == *path).collect();
    let [first, rest @ ..] = &here[..] else { return 0 };
    if rest.is_empty() {
        return *first;
    }
    let lines = finding.anchors[*first].lines;
    let placed = reviewed(path).and_then(|text| {
        let hints = Hints { path: Some(path), lines, ..Hints::default() };
        patch::place(text.as_ref(), &fix.diff, &hints).ok()
    });
    let touches = |lines: LineRange, e: &LineEdit| e.start <= lines.end() + 1 && lines.start() <= e.start + e.count;
    let is_at = |anchor: &&usize| match (&placed, finding.anchors[**anchor].lines) {
        (Some(placed), Some(lines)) => placed.edits.iter().any(|edit| touches(lines, edit)),
        _ => false,
    };
    // Lines of two places may touch: the one that an edit starts in is meant.
    let starts = |anchor: &&usize| match (&placed, finding.anchors[**anchor].lines) {
        (Some(placed), Some(lines)) => placed.edits.iter().any(|e| lines.start() <= e.start && e.start <= lines.end()),
        _ => false,
    };
    here.iter().find(starts).or_else(|| here.iter().find(is_at)).copied().unwrap_or(*first)
}
