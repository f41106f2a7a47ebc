//! What a line is, and how two texts differ in lines. There is one definition of each, and it is here: documents,
//! snapshots, hunks, agents' line numbers and reports must count alike, or an edit lands elsewhere.
//!
//! A line ends with `\n`, `\r\n` or `\r`, as in the Language Server Protocol ("Text Documents"), and with nothing else:
//! form feeds, vertical tabs, NEL and U+2028 are characters like others. Must not know what texts are about.

mod budget;
mod unified;

pub use unified::unified;

use imara_diff::{Algorithm, Diff, InternedInput, TokenSource};
use std::ops::Range;

/// The lines of a text without their endings. What follows the last ending is a line if it is not empty, as with
/// [`str::lines`].
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    with_endings(text).map(without_ending)
}

/// The lines of a text with their endings; joined, they are the text.
#[must_use]
pub fn with_endings(text: &str) -> WithEndings<'_> {
    WithEndings(text)
}

/// A line without its ending.
#[must_use]
pub fn without_ending(line: &str) -> &str {
    line.strip_suffix("\r\n").or_else(|| line.strip_suffix(['\n', '\r'])).unwrap_or(line)
}

/// How many lines [`split`] gives.
#[must_use]
pub fn count(text: &str) -> usize {
    with_endings(text).count()
}

/// See [`with_endings`].
#[derive(Debug, Clone, Copy)]
pub struct WithEndings<'t>(&'t str);

impl<'t> Iterator for WithEndings<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        if self.0.is_empty() {
            return None;
        }
        let bytes = self.0.as_bytes();
        let end = match memchr::memchr2(b'\n', b'\r', bytes) {
            Some(at) if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') => at + 2,
            Some(at) => at + 1,
            None => bytes.len(),
        };
        let (line, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(line)
    }
}

impl<'t> TokenSource for WithEndings<'t> {
    type Token = &'t str;
    type Tokenizer = Self;

    fn tokenize(&self) -> Self {
        *self
    }

    fn estimate_tokens(&self) -> u32 {
        u32::try_from(self.0.len() / 32).unwrap_or(u32::MAX)
    }
}

/// A run in which two texts differ: 0-based lines, half-open. An empty range stands before its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is taken out.
    pub old: Range<usize>,
    /// What is put in its place.
    pub new: Range<usize>,
}

/// How two lists of lines differ: the changed runs, in order, with at least one equal line between two. The cost grows
/// with the number of lines and no faster; where the smallest set of changes would take longer to find, a larger one is
/// given. (The algorithm is described in `budget`.)
#[must_use]
pub fn changes<'t>(old: impl Iterator<Item = &'t str>, new: impl Iterator<Item = &'t str>) -> Vec<Change> {
    let mut input: InternedInput<&str> = InternedInput::default();
    input.update_before(old);
    input.update_after(new);
    budget::changes(&input)
}

/// How two texts differ, as [`changes`] does, line endings included; runs that could stand in several places stand where
/// people would put them, by the indentation (as `git diff` does), but in very long texts of few different lines.
#[must_use]
pub fn text_changes(old: &str, new: &str) -> Vec<Change> {
    let input = InternedInput::new(with_endings(old), with_endings(new));
    if budget::is_exceeded(&input) {
        return budget::changes(&input);
    }
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let wide = |range: Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| Change { old: wide(hunk.before), new: wide(hunk.after) }).collect()
}

#[cfg(test)]
mod tests;
