//! Hunks that leave out the comments behind code, or have others there.

use crate::hunk::HunkLine;
use crate::text::{self, Text};

/// Letters and digits of a line that is looked for by itself.
const SAYS: usize = 8;

/// The text and the hunk without the comments behind code, where the hunk may be in it; the lines are the same ones.
pub(super) fn without(text: &Text<'_>, lines: &[HunkLine]) -> Option<(String, Vec<HunkLine>)> {
    let bare: Vec<HunkLine> =
        lines
            .iter()
            .map(|line| {
                if line.is_old() {
                    HunkLine { text: code(&line.text).to_owned(), ..line.clone() }
                } else {
                    line.clone()
                }
            })
            .collect();
    // Most hunks that are not there are told by their longest line.
    let longest = bare.iter().filter(|l| l.is_old()).max_by_key(|l| text::weight(&l.text))?;
    let there = |line: &&str| text::key(code(line)) == text::key(&longest.text);
    if text::weight(&longest.text) < SAYS || !text.lines().iter().any(there) {
        return None;
    }
    let stripped = text.lines().iter().map(|line| code(line)).collect::<Vec<_>>().join("\n");
    Some((stripped, bare))
}

/// A line without the comment behind its code; a line that is nothing but a comment stays.
fn code(line: &str) -> &str {
    let quotes = |before: &str, quote: char| before.matches(quote).count().is_multiple_of(2);
    let starts = ["//", "# ", "/*", "-- "].iter().flat_map(|mark| line.match_indices(mark)).map(|(at, _)| at);
    let is_behind_code = |at: &usize| {
        let before = &line[..*at];
        before.ends_with([' ', '\t'])
            && !before.trim().is_empty()
            && ['"', '\'', '`'].iter().all(|q| quotes(before, *q))
    };
    let comment = starts.filter(is_behind_code).min();
    comment.map_or(line, |at| line[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_behind_code_are_told_from_code() {
        for (line, expected) in [
            ("    'id', // what it is", "    'id',"),
            ("x = 1  # one", "x = 1"),
            ("int a; /* first */", "int a;"),
            ("// all of it", "// all of it"),
            ("    # all of it", "    # all of it"),
            ("url = \"https://a.b\"", "url = \"https://a.b\""),
            ("say(\"a // b\")", "say(\"a // b\")"),
            ("color: #fff", "color: #fff"),
            ("", ""),
        ] {
            assert_eq!(code(line), expected, "{line:?}");
        }
    }
}
