//! Lines of a Markdown document and the code fences among them, read the way agents write them: a closing
//! fence may be missing, and a whole review may stand in one fence.

use finding::document::fence;
pub(crate) use finding::document::heading_level;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What a line is to the fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Outside of fences.
    Text,
    /// Opens a fence.
    Open,
    /// In a fence.
    Code,
    /// Closes a fence.
    Close,
    /// A fence that is none: it wraps a whole review.
    Wrapper,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    pub(crate) role: Role,
}

impl Line<'_> {
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.role, Role::Text)
    }

    pub(crate) fn is_heading(&self) -> bool {
        self.is_text() && heading_level(self.text).is_some()
    }
}

/// The lines of a text of less than 4 GiB. Kept small, because a large report has millions of them: where each begins,
/// and its role.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
    roles: Vec<Role>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let count = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
        let mut starts = Vec::with_capacity(count);
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        starts.extend(std::iter::once(0).chain(ends).filter(|start| *start < text.len()).map(|start| start as u32));
        let roles = vec![Role::Text; starts.len()];
        Self { text, starts, roles }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The line of that number, from 0.
    pub(crate) fn at(&self, number: usize) -> Line<'a> {
        let end = self.starts.get(number + 1).map_or(self.text.len(), |next| *next as usize);
        let text = &self.text[self.starts[number] as usize..end];
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        Line { text, role: self.roles[number] }
    }

    pub(crate) fn within(&self, range: Range<usize>) -> impl Iterator<Item = Line<'a>> {
        range.map(|number| self.at(number))
    }
}

/// Width of the indentation of a fence line.
pub(crate) fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The info string of an opening fence.
pub(crate) fn info_of(line: &str) -> &str {
    fence(line).map_or("", |(_, _, _, info)| info)
}

/// No report holds more reviews that stand in a fence; each is looked through to its end.
const MOST_WRAPPERS: usize = 100;

/// Tells whether a heading starts another reviewer's part, where a wrapping fence ends at the latest.
type IsReviewer<'f> = &'f dyn Fn(&str) -> bool;

/// Splits the text and tells what each line is. Without `is_reviewer`, fences are read to the letter: as in a document of
/// ours, where each is closed as it should be, whatever agents write.
pub(crate) fn scan<'a>(text: &'a str, is_reviewer: Option<IsReviewer<'_>>) -> Lines<'a> {
    let mut lines = Lines::of(text);
    let fences: Vec<usize> = (0..lines.len()).filter(|i| fence(lines.at(*i).text).is_some()).collect();
    // A fence's mark, its length, and whether it says a language.
    let mut open: Option<(u8, usize, bool)> = None;
    let mut wrapper_ends: Vec<usize> = Vec::new();
    let mut wrappers = 0;
    let mut next = 0;
    for i in 0..lines.len() {
        if next >= fences.len() || fences[next] != i {
            lines.roles[i] = if open.is_some() { Role::Code } else { Role::Text };
            continue;
        }
        next += 1;
        let Some((_, mark, count, info)) = fence(lines.at(i).text) else { continue };
        if wrapper_ends.contains(&i) {
            lines.roles[i] = Role::Wrapper;
            continue;
        }
        lines.roles[i] = match open {
            None if is_reviewer.is_some()
                && wrappers < MOST_WRAPPERS
                && wraps_review(&lines, &fences[next..], i, info) =>
            {
                wrappers += 1;
                wrapper_ends.extend(is_reviewer.and_then(|is| wrapper_end(&lines, &fences[next..], i, is)));
                Role::Wrapper
            }
            None => {
                open = Some((mark, count, !info.is_empty()));
                Role::Open
            }
            Some((m, n, _)) if m == mark && count >= n && info.is_empty() => {
                open = None;
                Role::Close
            }
            // A missing close: what looked like the opening fence was the end of another. Only for one of the same
            // length, which ends where the first would have ended: however it is read, the text behind is text.
            Some((m, n, false))
                if is_reviewer.is_some()
                    && m == mark
                    && count == n
                    && info.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                open = Some((mark, count, true));
                Role::Open
            }
            Some(_) => Role::Code,
        };
    }
    lines
}

/// The lines as one text: no rules or empty lines at its ends.
pub(crate) fn tidy(lines: &[&str]) -> String {
    let blank = |l: &&&str| l.trim().is_empty() || l.trim() == "---" || l.trim() == "***";
    let start = lines.iter().take_while(|l| l.trim().is_empty()).count();
    let kept = &lines[start..];
    let end = kept.len() - kept.iter().rev().take_while(blank).count();
    kept[..end].join("\n")
}

static REVIEW_HEADING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^#{1,4}\s+(executive summary|findings|summary|(deep |code )+review|review|PR #)"));

/// A pattern of ours.
#[expect(clippy::expect_used, reason = "the patterns are constants; every one is used by a test")]
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// Whether the fence at `i` wraps a review: a review's heading follows, and the next fence opens code.
fn wraps_review(lines: &Lines<'_>, later: &[usize], i: usize, info: &str) -> bool {
    if !(info.is_empty() || info == "markdown" || info == "md") {
        return false;
    }
    let heading = lines.within(i + 1..lines.len()).take(4).any(|l| REVIEW_HEADING.is_match(l.text));
    // In a fence that says Markdown, the heading is enough.
    heading && (!info.is_empty() || later.first().is_some_and(|k| !info_of(lines.at(*k).text).is_empty()))
}

/// The line of the bare fence that ends the wrapper opened at `i`, if one is left over.
fn wrapper_end(lines: &Lines<'_>, later: &[usize], i: usize, is_reviewer: IsReviewer<'_>) -> Option<usize> {
    let end = (i + 1..lines.len()).find(|k| is_reviewer(lines.at(*k).text)).unwrap_or(lines.len());
    let here: Vec<usize> = later.iter().copied().take_while(|k| *k < end).collect();
    let (typed, bare): (Vec<usize>, Vec<usize>) =
        here.into_iter().partition(|k| !info_of(lines.at(*k).text).is_empty());
    if bare.len() > typed.len() { bare.last().copied() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(text: &str) -> String {
        let letter = |role| match role {
            Role::Text => 't',
            Role::Open => 'o',
            Role::Code => 'c',
            Role::Close => 'e',
            Role::Wrapper => 'w',
        };
        let lines = scan(text, Some(&|l| l.starts_with("### Codex")));
        lines.within(0..lines.len()).map(|l| letter(l.role)).collect()
    }

    #[test]
    fn fences_are_read_as_they_are_meant() {
        for (text, want) in [
            ("a\n```go\nx\n```\nb", "tocet"),
            ("```\nx", "oc"),
            ("~~~\n```\n~~~\nb", "ocet"),
            ("````\n```\n````", "oce"),
            ("  ```go\n  x\n  ```\nb", "ocet"),
            ("```\nx\n```diff\n+y\n```\nz", "ococet"),
            ("```markdown\n# Code Review\n```go\nx\n```\nend\n```\nafter", "wtocetwt"),
            ("```\n## Findings\n```go\nx\n```\n```\n### Codex\nb", "wtocewtt"),
            ("```\n````diff\n```\nb", "ocet"),
            ("a ``` b", "t"),
        ] {
            assert_eq!(roles(text), want, "{text:?}");
        }
    }
}
