//! A text as the locator sees it: its lines, and a key for each that ignores white space.

use crate::LineEdit;
use crate::comments::code;
use crate::occurrences::{Index, occurrences};
use finding::LineRange;
use rayon::prelude::*;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Lines that one thread reads at once.
const AT_ONCE: usize = 16_384;
/// Looks through the whole text after which an index costs less than the next ones.
const MANY_LOOKS: usize = 12;
/// Lines that are looked for in one look.
const FEW: usize = 8;

/// A text, split into lines and ready to be searched. Made once where many fixes go to one text.
#[derive(Debug)]
pub struct Text<'a> {
    source: &'a str,
    /// Lines without their endings.
    lines: Vec<&'a str>,
    /// The lines with something on them: where they are (0-based), and [`key`] of each, side by side.
    solid: OnceCell<(Vec<u32>, Vec<u64>)>,
    /// Where each key is among them, and how often that was asked without an index.
    index: OnceCell<Index>,
    looks: Cell<usize>,
    /// See [`Text::bare`] and [`Text::dense`].
    bare: OnceCell<Option<Box<Text<'a>>>>,
    dense: OnceCell<Dense>,
}

/// A text without its white space.
#[derive(Debug)]
pub(super) struct Dense {
    pub(super) text: String,
    /// Where each line begins in it, and where the last one ends.
    pub(super) starts: Vec<usize>,
}

impl<'a> Text<'a> {
    /// Splits `source`; O(length).
    #[must_use]
    pub fn new(source: &'a str) -> Self {
        let mut lines = Vec::with_capacity(source.len() / 32 + 1);
        lines.extend(lines::split(source));
        if let Some(first) = lines.first_mut() {
            *first = first.strip_prefix(BOM).unwrap_or(first);
        }
        Self::of(source, lines)
    }

    fn of(source: &'a str, lines: Vec<&'a str>) -> Self {
        let (solid, index, bare, dense) = (OnceCell::new(), OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { source, lines, solid, index, looks: Cell::new(0), bare, dense }
    }

    /// The text itself.
    #[must_use]
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// Its lines, without their endings; the first one without a byte order mark.
    #[must_use]
    pub fn lines(&self) -> &[&'a str] {
        &self.lines
    }

    /// Where line `i` (0-based) begins, in bytes, a byte order mark before it included; past the end, where the text ends.
    #[must_use]
    pub fn start(&self, i: usize) -> usize {
        match self.lines.get(i) {
            Some(_) if i == 0 => 0,
            Some(line) => self.offset(line),
            None => self.source.len(),
        }
    }

    /// How many lines it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// Line `number`, 1-based, without its ending.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<&'a str> {
        self.lines.get(number as usize - 1).copied()
    }

    /// Whether there is nothing but white space in it.
    pub(super) fn is_blank(&self) -> bool {
        self.source.trim_start_matches(BOM).trim().is_empty()
    }

    pub(super) fn has_bom(&self) -> bool {
        self.source.starts_with(BOM)
    }

    pub(super) fn line(&self, i: usize) -> &'a str {
        self.lines.get(i).copied().unwrap_or_default()
    }

    /// Whether the last line ends with a line ending. An empty text counts as ended.
    pub(super) fn ends_with_newline(&self) -> bool {
        self.source.is_empty() || self.source.ends_with(['\n', '\r'])
    }

    /// The line ending of line `i` (0-based): its own, or for a last line without one, or past the end, that of
    /// the line before; `\n` in a text without any.
    pub(super) fn ending(&self, i: usize) -> &'static str {
        let mut i = i.min(self.lines.len());
        loop {
            if let Some(line) = self.lines.get(i)
                && let Some(ending) = ending(&self.source[self.offset(line) + line.len()..])
            {
                return ending;
            }
            match i.checked_sub(1) {
                Some(before) => i = before,
                None => return "\n",
            }
        }
    }

    /// Where a line of this text begins in it, in bytes.
    fn offset(&self, line: &str) -> usize {
        line.as_ptr() as usize - self.source.as_ptr() as usize
    }

    /// The line (0-based) that byte `at` is in; a line ending is in the line that it ends.
    pub(super) fn line_at(&self, at: usize) -> usize {
        self.lines.partition_point(|line| self.offset(line) <= at).saturating_sub(1)
    }

    /// The text with `edits` done. Those that are out of order, overlap or lie outside of it are left out.
    pub(super) fn with(&self, edits: &[LineEdit]) -> String {
        let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
        let mut out = String::with_capacity(self.source.len() + grown);
        // Lines that are done with, and the bytes of them.
        let (mut line, mut done) = (0, 0);
        for edit in edits {
            let Some(start) = (edit.start as usize).checked_sub(1).filter(|start| *start >= line) else { continue };
            let from = self.start(start);
            out.push_str(&self.source[done..from]);
            out.push_str(&edit.text);
            line = start.saturating_add(edit.count as usize);
            done = self.start(line);
        }
        out.push_str(&self.source[done..]);
        out
    }

    /// The lines with something on them: indices and keys, side by side.
    pub(super) fn solid(&self) -> (&[u32], &[u64]) {
        let (at, keys) = self.solid.get_or_init(|| {
            if self.lines.len() <= AT_ONCE {
                return solid(0, &self.lines);
            }
            let parts = self.lines.par_chunks(AT_ONCE).enumerate();
            let parts: Vec<_> = parts.map(|(n, lines)| solid((n * AT_ONCE) as u32, lines)).collect();
            let (at, keys): (Vec<Vec<u32>>, Vec<Vec<u64>>) = parts.into_iter().unzip();
            (at.concat(), keys.concat())
        });
        (at, keys)
    }

    /// Where `keys` are among the solid lines, one after the other, in order, at most `most` places.
    pub(super) fn find(&self, keys: &[u64], most: usize) -> Vec<usize> {
        self.find_from(0, keys, most)
    }

    /// [`Text::find`] from solid line `from` on.
    pub(super) fn find_from(&self, from: usize, keys: &[u64], most: usize) -> Vec<usize> {
        let all = self.solid().1;
        match self.index(1) {
            Some(index) => index.occurrences(all, keys, from..all.len(), most),
            None => occurrences(&all[from..], keys, most).into_iter().map(|spot| from + spot).collect(),
        }
    }

    /// Where each of `keys` is among the solid lines, in order, at most `most` places of each. No key may be there twice.
    pub(super) fn spots(&self, keys: &[u64], most: usize) -> Vec<Vec<usize>> {
        let all = self.solid().1;
        if let Some(index) = self.index(if keys.len() > FEW { MANY_LOOKS } else { 1 }) {
            return keys.iter().map(|&key| index.spots(all, key).take(most).collect()).collect();
        }
        let mut out = vec![Vec::new(); keys.len()];
        for (spot, key) in all.iter().enumerate() {
            if let Some(spots) = keys.iter().position(|k| k == key).map(|n| &mut out[n]).filter(|out| out.len() < most)
            {
                spots.push(spot);
            }
        }
        out
    }

    /// The index of the keys, unless going through them has cost less so far, these `looks` included.
    fn index(&self, looks: usize) -> Option<&Index> {
        self.looks.set(self.looks.get() + looks);
        (self.looks.get() > MANY_LOOKS).then(|| self.index.get_or_init(|| Index::of(self.solid().1)))
    }

    /// The text without the comments behind its code, line for line; itself where it has none.
    pub(super) fn bare(&self) -> &Self {
        let bare = self.bare.get_or_init(|| {
            let with_comment =
                |(i, line): (usize, &&'a str)| Some((i, code(line))).filter(|(_, code)| code.len() < line.len());
            let commented: Vec<(usize, &'a str)> = self.lines.iter().enumerate().filter_map(with_comment).collect();
            if commented.is_empty() {
                return None;
            }
            let mut lines = self.lines.clone();
            let (at, keys) = self.solid();
            let (at, mut keys) = (at.to_vec(), keys.to_vec());
            let mut spot = 0;
            for (i, code) in commented {
                spot += at[spot..].partition_point(|&line| (line as usize) < i);
                (lines[i], keys[spot]) = (code, key(code));
            }
            let bare = Self { solid: OnceCell::from((at, keys)), ..Self::of(self.source, lines) };
            Some(Box::new(bare))
        });
        bare.as_deref().unwrap_or(self)
    }

    /// The text without its white space.
    pub(super) fn dense(&self) -> &Dense {
        self.dense.get_or_init(|| {
            let mut starts = Vec::with_capacity(self.lines.len() + 1);
            let mut text = String::with_capacity(self.source.len());
            for line in &self.lines {
                starts.push(text.len());
                push_dense(&mut text, line);
            }
            starts.push(text.len());
            Dense { text, starts }
        })
    }

    /// Whether the lines of `quote` with something on them stand in it one after the other, white space aside. The place that
    /// is cited, where most are, is looked at first.
    #[must_use]
    pub fn has_lines(&self, quote: &str, cited: Option<LineRange>) -> bool {
        let quoted: Vec<u64> = lines::split(quote).map(key).filter(|key| *key != BLANK).collect();
        let (at, keys) = self.solid();
        let from = cited.map_or(0, |cited| at.partition_point(|line| *line + 1 < cited.start()));
        !quoted.is_empty() && (keys[from..].starts_with(&quoted) || !self.find(&quoted, 1).is_empty())
    }

    /// Whether some line is `line`, but for white space around it.
    pub(super) fn has_line(&self, line: &str) -> bool {
        let at = self.solid().0;
        let key = key(line);
        let is_it = |spot: &usize| self.lines[at[*spot] as usize].trim() == line.trim();
        key != BLANK && self.find(&[key], usize::MAX).iter().any(is_it)
    }
}

/// Texts that are asked for again and again, each split into lines once.
#[derive(Debug, Default)]
pub struct Splits<'a>(RefCell<HashMap<(usize, usize), Rc<Text<'a>>>>);

impl<'a> Splits<'a> {
    /// The text with its lines. It is known by where it is, since comparing would take as long as splitting.
    pub fn of(&self, source: &'a str) -> Rc<Text<'a>> {
        let place = (source.as_ptr() as usize, source.len());
        self.0.borrow_mut().entry(place).or_insert_with(|| Rc::new(Text::new(source))).clone()
    }
}

/// The mark that some editors put before a text.
const BOM: char = '\u{feff}';

/// The line ending that `text` begins with.
fn ending(text: &str) -> Option<&'static str> {
    ["\r\n", "\n", "\r"].into_iter().find(|ending| text.starts_with(ending))
}

/// Which of `lines`, of which the first is line `first`, have something on them, and their keys.
fn solid(first: u32, lines: &[&str]) -> (Vec<u32>, Vec<u64>) {
    let keyed = (first..).zip(lines).map(|(i, line)| (i, key(line)));
    let (mut at, mut keys) = (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len()));
    for (i, key) in keyed.filter(|(_, key)| *key != BLANK) {
        at.push(i);
        keys.push(key);
    }
    (at, keys)
}

/// The key of a line with nothing on it.
pub(super) const BLANK: u64 = 0;

/// A hash of a line without its white space; [`BLANK`] for a line with nothing else. Not for storing.
pub(super) fn key(line: &str) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut h = 0_u64;
    let mut word = 0_u64;
    let mut n = 0_u32;
    for &b in line.as_bytes() {
        if !is_space(b) {
            word = word << 8 | u64::from(b);
            n += 1;
            if n == 8 {
                h = (h.rotate_left(5) ^ word).wrapping_mul(K);
                (word, n) = (0, 0);
            }
        }
    }
    if n == 0 && h == 0 {
        return BLANK;
    }
    h = (h.rotate_left(5) ^ word ^ u64::from(n) << 60).wrapping_mul(K);
    (h ^ h >> 29) | 1
}

pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// A line without its white space.
pub(super) fn dense(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    push_dense(&mut out, line);
    out
}

fn push_dense(out: &mut String, line: &str) {
    for part in line.split_whitespace() {
        out.push_str(part);
    }
}

/// Whether both are the same but for white space.
pub(super) fn squeezed_eq(a: &str, b: &str) -> bool {
    let solid = |s: &'_ str| s.bytes().filter(|&b| !is_space(b)).collect::<Vec<_>>();
    a == b || solid(a) == solid(b)
}

/// The white space that a line starts with.
pub(super) fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Letters, digits and what is not ASCII: how much a line says.
pub(super) fn weight(line: &str) -> usize {
    line.chars().filter(|c| c.is_alphanumeric() || !c.is_ascii()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_lines_are_in_a_text_wherever_they_are_cited() {
        let text = Text::new("a\n\n  b c\nd\nb c\ne\n");
        for (quote, want) in [
            ("b  c\nd", true),
            ("a\nbc", true),
            ("b c\n\ne", true),
            ("d\na", false),
            ("", false),
            (" \n", false),
            ("x", false),
        ] {
            for cited in [None, Some(1), Some(3), Some(5), Some(900)] {
                let cited = cited.map(|line| LineRange::new(line, line));
                assert_eq!(text.has_lines(quote, cited), want, "{quote:?} at {cited:?}");
            }
        }
    }

    #[test]
    fn a_text_is_split_once() {
        let (one, other) = (String::from("a\nb"), String::from("a\nb"));
        let split = Splits::default();
        assert!(Rc::ptr_eq(&split.of(&one), &split.of(&one)));
        assert!(!Rc::ptr_eq(&split.of(&one), &split.of(&other)));
        assert_eq!(split.of(&one[2..]).count(), 1);
    }

    #[test]
    fn lines_are_found_where_they_begin() {
        for text in ["", "a", "a\n", "\n", "a\r\nb\rc\nd", "a\r", "a\r\r\n\r", "a\n\rb", "a\u{c}b\u{2028}c\n"] {
            let whole = Text::new(text);
            for (i, line) in lines::split(text).enumerate() {
                let start = whole.start(i);
                assert_eq!(start, lines::with_endings(text).take(i).map(str::len).sum::<usize>(), "{text:?} {i}");
                assert!(text[start..].starts_with(line));
                assert_eq!(whole.line_at(start + line.len()), i, "{text:?} {i}");
            }
            assert_eq!(whole.start(lines::count(text)), text.len(), "{text:?}");
        }
    }
}
