//! What tools say in a machine-readable file: findings, and fixes as replacements in the text that the tool saw.
//!
//! The readers have no code at hand, so they leave such fixes as [`Change`]s; [`Change::fix`] makes a fix of one once the
//! text is there. Whoever runs a tool has the very text; an import asks [`Code`](crate::Code), which checks first
//! that the place is still the one that was meant.

use finding::{AgentKind, AgentName, Answer, Failure, Fix, LineRange, RawFinding, RawId, RepoPath};
use std::collections::BTreeMap;

/// Lines around a change that say where it belongs.
const CONTEXT: usize = 3;

/// What one tool, or one person, says in a file.
#[derive(Debug, Clone)]
pub struct ImportedReview {
    /// The tool, as an agent: lower case, fit for a command line.
    pub agent: AgentName,
    /// What people call it.
    pub label: String,
    /// What sort of agent it was, where deep-review wrote the file.
    pub kind: Option<AgentKind>,
    /// What it says. The ids of its findings are unique in it.
    pub answer: Answer,
    /// Whether the file lists what the tool found, one by one: then no two of its findings are one, however alike.
    pub is_list: bool,
    /// Why it is not all that there was to say, where the file says so.
    pub failure: Option<Failure>,
    /// Fixes that need the text, by the finding that they are of, the preferred one first.
    pub changes: BTreeMap<RawId, Vec<Change>>,
}

impl ImportedReview {
    pub(crate) fn by(agent: AgentName, label: String) -> Self {
        let answer = Answer::default();
        Self { agent, label, kind: None, answer, is_list: false, failure: None, changes: BTreeMap::new() }
    }

    /// The tool's part of `all`, which is begun if there is none yet.
    pub(crate) fn part_of<'a>(all: &'a mut Vec<Self>, agent: AgentName, label: &str) -> &'a mut Self {
        let at = all.iter().position(|said| said.agent == agent).unwrap_or_else(|| {
            all.push(Self::by(agent, label.to_owned()));
            all.len() - 1
        });
        &mut all[at]
    }

    /// The id of the next finding.
    pub(crate) fn next_id(&self) -> RawId {
        RawId::new(format!("{}:{}", self.agent, self.answer.findings.len() + 1))
    }

    /// Adds a finding. Of its fixes, those that replace exactly the lines of its place need no text: what stands there
    /// is found again by the quote.
    pub(crate) fn add(&mut self, mut finding: RawFinding, changes: Vec<Change>) {
        let mut rest = Vec::new();
        for change in changes {
            let place = finding.main_anchor().filter(|a| a.path == change.path);
            match change.whole_lines().filter(|(lines, _)| place.and_then(|a| a.lines) == Some(*lines)) {
                Some((_, new)) => {
                    let newline = if new.is_empty() || new.ends_with('\n') { "" } else { "\n" };
                    let diff = format!("```suggestion\n{new}{newline}```\n");
                    let by = vec![finding.agent.clone()];
                    finding.fixes.push(Fix { note: change.note, path: Some(change.path), diff, by });
                }
                None => rest.push(change),
            }
        }
        if !rest.is_empty() {
            self.changes.insert(finding.id.clone(), rest);
        }
        self.answer.findings.push(finding);
    }
}

/// A fix as replacements in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What the tool says of it.
    pub note: Option<String>,
    /// The file.
    pub path: RepoPath,
    /// In any order; two that overlap are no fix.
    pub replacements: Vec<Replacement>,
}

/// New text for what stands between two places; an insertion if they are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Where it begins.
    pub from: At,
    /// Where it ends: the place after the last character that is replaced.
    pub to: At,
    /// What stands there afterwards.
    pub text: String,
}

/// A place in a text. Lines and columns are 1-based (tools that say column 0 mean the first); a column is at most the one
/// after the line's last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Line, and column in characters.
    Char(u32, u32),
    /// Line, and column in UTF-8 bytes.
    Byte(u32, u32),
    /// Line, and column in UTF-16 units.
    Utf16(u32, u32),
    /// The end of a line, before its line ending.
    End(u32),
    /// Characters from the start of the text.
    CharIndex(usize),
    /// UTF-16 units from the start of the text.
    Utf16Index(usize),
}

impl Change {
    /// The fix in the text that the tool saw, as a unified diff. `None` if the replacements do not fit the text, overlap,
    /// or change nothing.
    #[must_use]
    pub fn fix(self, text: &str, by: AgentName) -> Option<Fix> {
        let new = replaced(text, &self.replacements).filter(|new| new != text)?;
        let diff = lines::unified(text, &new, &lines::text_changes(text, &new), CONTEXT);
        Some(Fix { note: self.note, path: Some(self.path), diff, by: vec![by] })
    }

    /// The same so many lines further down. `None` if a place is not given by its line.
    pub(crate) fn shifted(mut self, by: i64) -> Option<Self> {
        for replacement in &mut self.replacements {
            replacement.from = replacement.from.shifted(by)?;
            replacement.to = replacement.to.shifted(by)?;
        }
        Some(self)
    }

    /// The lines that are replaced and what replaces them, if it is one replacement of whole lines.
    fn whole_lines(&self) -> Option<(LineRange, &str)> {
        let [Replacement { from, to, text }] = self.replacements.as_slice() else { return None };
        let start = from.line_start()?;
        let end = match *to {
            At::End(line) => line,
            to => to.line_start()?.checked_sub(1)?,
        };
        (1 <= start && start <= end).then(|| (LineRange::new(start, end), text.as_str()))
    }
}

impl At {
    /// The end of a range that names only its last line: after the line's text, or after the whole line where lines take
    /// its place.
    pub(crate) fn end_of(line: u32, new: &str) -> Self {
        if new.is_empty() || new.ends_with('\n') { Self::Char(line.saturating_add(1), 1) } else { Self::End(line) }
    }

    /// The line that this is the first column of.
    fn line_start(self) -> Option<u32> {
        match self {
            Self::Char(line, 1) | Self::Byte(line, 1) | Self::Utf16(line, 1) => Some(line),
            _ => None,
        }
    }

    fn shifted(self, by: i64) -> Option<Self> {
        let line = |line: u32| u32::try_from(i64::from(line) + by).ok();
        Some(match self {
            Self::Char(n, column) => Self::Char(line(n)?, column),
            Self::Byte(n, column) => Self::Byte(line(n)?, column),
            Self::Utf16(n, column) => Self::Utf16(line(n)?, column),
            Self::End(n) => Self::End(line(n)?),
            Self::CharIndex(_) | Self::Utf16Index(_) => return (by == 0).then_some(self),
        })
    }

    /// The byte of the text.
    fn byte(self, text: &str) -> Option<usize> {
        match self {
            Self::Char(line, column) => column_in(text, line, column, |_| 1),
            Self::Byte(line, column) => column_in(text, line, column, char::len_utf8),
            Self::Utf16(line, column) => column_in(text, line, column, char::len_utf16),
            Self::End(line) => line_of(text, line).map(|(start, line)| start + line.len()),
            Self::CharIndex(index) => after(text, index, |_| 1),
            Self::Utf16Index(index) => after(text, index, char::len_utf16),
        }
    }
}

/// The text after the replacements.
fn replaced(text: &str, replacements: &[Replacement]) -> Option<String> {
    let mut spans = Vec::with_capacity(replacements.len());
    for r in replacements {
        spans.push((r.from.byte(text)?, r.to.byte(text)?, r.text.as_str()));
    }
    spans.sort_by_key(|(from, to, _)| (*from, *to));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (from, to, new) in spans {
        // What stands before is none where this one begins inside of the last one.
        out.push_str(text.get(at..from)?);
        out.push_str(new);
        at = to.max(from);
        if to < from {
            return None;
        }
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Where a line begins, and the line without its ending. After the last line there is one more, which is empty.
fn line_of(text: &str, number: u32) -> Option<(usize, &str)> {
    let skipped = number.checked_sub(1)?;
    let mut start = 0;
    for _ in 0..skipped {
        if start == text.len() {
            return None;
        }
        start = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |at| start + at + 1);
    }
    let line = text[start..].split('\n').next().unwrap_or("");
    Some((start, line.strip_suffix('\r').unwrap_or(line)))
}

fn column_in(text: &str, line: u32, column: u32, width: fn(char) -> usize) -> Option<usize> {
    let (start, line) = line_of(text, line)?;
    after(line, column.saturating_sub(1) as usize, width).map(|at| start + at)
}

/// The byte after so many units; `None` past the end and within a character.
fn after(text: &str, units: usize, width: fn(char) -> usize) -> Option<usize> {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.checked_sub(width(c))?;
    }
    (left == 0).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after `from..to` became `new`, or why not.
    fn after_one(text: &str, from: At, to: At, new: &str) -> Option<String> {
        replaced(text, &[Replacement { from, to, text: new.into() }])
    }

    #[test]
    fn places_are_counted_in_the_units_of_the_format() {
        let text = "ä𝄞b\r\nc\n";
        for (from, to, want) in [
            (At::Char(1, 3), At::Char(1, 4), Some("ä𝄞X\r\nc\n")),
            (At::Byte(1, 7), At::Byte(1, 8), Some("ä𝄞X\r\nc\n")),
            (At::Utf16(1, 4), At::Utf16(1, 5), Some("ä𝄞X\r\nc\n")),
            (At::CharIndex(2), At::CharIndex(3), Some("ä𝄞X\r\nc\n")),
            (At::Utf16Index(3), At::Utf16Index(4), Some("ä𝄞X\r\nc\n")),
            (At::Char(1, 3), At::End(1), Some("ä𝄞X\r\nc\n")),
            (At::Char(2, 1), At::Char(3, 1), Some("ä𝄞b\r\nX")),
            // Within a character, past the end of the line, past the end of the text, the wrong way round.
            (At::Byte(1, 2), At::Byte(1, 8), None),
            (At::Utf16(1, 3), At::Utf16(1, 5), None),
            (At::Char(1, 1), At::Char(1, 5), None),
            (At::Char(4, 1), At::Char(4, 1), None),
            (At::Char(0, 1), At::Char(1, 1), None),
            (At::Char(1, 3), At::Char(1, 1), None),
            (At::CharIndex(0), At::CharIndex(99), None),
        ] {
            assert_eq!(after_one(text, from, to, "X").as_deref(), want, "{from:?} to {to:?}");
        }
        // A last line without an ending is replaced up to the line after it.
        assert_eq!(after_one("a\nb", At::Char(2, 1), At::Char(3, 1), "c").as_deref(), Some("a\nc"));
    }

    #[test]
    fn replacements_that_overlap_or_change_nothing_are_no_fix() {
        let change = |replacements: &[(u32, u32, &str)]| Change {
            note: None,
            path: RepoPath::new("a").unwrap(),
            replacements: replacements
                .iter()
                .map(|(from, to, text)| Replacement {
                    from: At::Char(1, *from),
                    to: At::Char(1, *to),
                    text: (*text).into(),
                })
                .collect(),
        };
        let fixed = |r: &[(u32, u32, &str)]| change(r).fix("abc\n", AgentName::new("x")).map(|f| f.diff);
        assert_eq!(fixed(&[(3, 4, "Z"), (1, 2, "X")]).as_deref(), Some("@@ -1 +1 @@\n-abc\n+XbZ\n"));
        assert_eq!(fixed(&[(1, 3, "X"), (2, 4, "Y")]), None);
        assert_eq!(fixed(&[(1, 2, "a")]), None);
    }
}
