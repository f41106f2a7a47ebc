//! Open documents: their text, and positions in it.

use crate::protocol::encoding::Encoding;
use crate::protocol::uri::file_path;
use lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};
use ropey::Rope;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// An open document. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    /// Its place on disk.
    pub(crate) path: PathBuf,
    pub(crate) version: i32,
    rope: Rope,
    text: OnceLock<Arc<str>>,
}

impl Document {
    /// `None` for documents that are no files: those are no concern of ours.
    pub(crate) fn open(uri: Uri, version: i32, text: &str) -> Option<Self> {
        let path = file_path(&uri)?;
        Some(Self { uri, path, version, rope: Rope::from_str(text), text: OnceLock::new() })
    }

    /// Takes the client's changes, one after the other.
    pub(crate) fn change(&mut self, version: i32, changes: &[TextDocumentContentChangeEvent], encoding: Encoding) {
        for change in changes {
            match change.range {
                None => self.rope = Rope::from_str(&change.text),
                Some(range) => {
                    let (a, b) = (self.char_index(range.start, encoding), self.char_index(range.end, encoding));
                    let (start, end) = (a.min(b), a.max(b));
                    self.rope.remove(start..end);
                    self.rope.insert(start, &change.text);
                }
            }
        }
        self.version = version;
        self.text = OnceLock::new();
    }

    /// The whole text; made once for a version.
    pub(crate) fn text(&self) -> Arc<str> {
        self.text.get_or_init(|| String::from(&self.rope).into()).clone()
    }

    fn char_index(&self, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        if line >= self.rope.len_lines() {
            return self.rope.len_chars();
        }
        let text = self.rope.line(line);
        let text: std::borrow::Cow<'_, str> = text.into();
        self.rope.line_to_char(line) + encoding.char_of(text.trim_end_matches(['\n', '\r']), position.character)
    }
}

/// The lines of a text, to turn ranges of lines into ranges of positions.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = std::iter::once(0).chain(ends.map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect();
        Self { text, starts }
    }

    /// How many lines an editor shows: one more than there are line ends.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// Line `line` (0-based) without its end; empty beyond the text.
    pub(crate) fn get(&self, line: u32) -> &'a str {
        let Some(&start) = self.starts.get(line as usize) else { return "" };
        let end = self.starts.get(line as usize + 1).map_or(self.text.len(), |&next| next as usize - 1);
        let line = &self.text[start as usize..end];
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// From the first letter of the first line to the end of the last (0-based, both included).
    pub(crate) fn range(&self, first: u32, last: u32, encoding: Encoding) -> Range {
        let bottom = self.count() - 1;
        let (first, last) = (first.min(bottom), last.min(bottom).max(first.min(bottom)));
        let opening = self.get(first);
        let indent = &opening[..opening.len() - opening.trim_start().len()];
        let closing = self.get(last).trim_end();
        let start = if indent.len() == opening.len() { 0 } else { encoding.len(indent) };
        Range::new(Position::new(first, start), Position::new(last, encoding.len(closing)))
    }

    /// The position where line `line` (0-based) starts, or the end of the text if it is beyond.
    pub(crate) fn start_of(&self, line: u32, encoding: Encoding) -> Position {
        if line < self.count() {
            return Position::new(line, 0);
        }
        let bottom = self.count() - 1;
        let from = self.starts[bottom as usize] as usize;
        Position::new(bottom, encoding.len(&self.text[from..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::open("file:///a".parse().unwrap(), 1, text).unwrap()
    }

    #[test]
    fn edits_are_placed_in_every_encoding() {
        // "é" is 2 bytes and 1 unit, "𝄞" 4 bytes and 2 units, "e\u{301}" two characters.
        let text = "aé𝄞e\u{301}z\r\nnext\r\n";
        for (encoding, z) in [(Encoding::Utf8, 1 + 2 + 4 + 3), (Encoding::Utf16, 1 + 1 + 2 + 2), (Encoding::Utf32, 5)] {
            let mut document = document(text);
            let at = |from, to| Some(Range::new(Position::new(0, from), Position::new(0, to)));
            let change =
                |range, text: &str| TextDocumentContentChangeEvent { range, range_length: None, text: text.into() };
            document.change(2, &[change(at(z, z + 1), "Z"), change(at(0, 1), "A")], encoding);
            assert_eq!(&*document.text(), "Aé𝄞e\u{301}Z\r\nnext\r\n", "{encoding:?}");
            document.change(3, &[change(at(900, 900), "!")], encoding);
            assert_eq!(&*document.text(), "Aé𝄞e\u{301}Z!\r\nnext\r\n", "beyond the line is its end, {encoding:?}");
            assert_eq!(encoding.len("aé𝄞e\u{301}z"), z + 1);
        }
    }

    #[test]
    fn a_position_inside_of_a_surrogate_pair_is_before_it() {
        let mut document = document("𝄞x");
        let inside = Position::new(0, 1);
        let change = TextDocumentContentChangeEvent {
            range: Some(Range::new(inside, inside)),
            range_length: None,
            text: "a".into(),
        };
        document.change(2, &[change], Encoding::Utf16);
        assert_eq!(&*document.text(), "a𝄞x");
    }

    #[test]
    fn ranges_of_lines_begin_at_the_code_and_end_before_the_line_end() {
        let lines = Lines::new("\tif é {\r\n\t}\r\n\n  ");
        let range = |first, last| lines.range(first, last, Encoding::Utf16);
        assert_eq!(range(0, 0), Range::new(Position::new(0, 1), Position::new(0, 7)));
        assert_eq!(range(0, 1), Range::new(Position::new(0, 1), Position::new(1, 2)));
        assert_eq!(range(2, 2), Range::new(Position::new(2, 0), Position::new(2, 0)));
        assert_eq!(range(90, 99), Range::new(Position::new(3, 0), Position::new(3, 0)));
        assert_eq!(lines.start_of(9, Encoding::Utf16), Position::new(3, 2));
    }

    #[test]
    fn only_files_are_documents() {
        for uri in ["untitled:Untitled-1", "git:/a.rs?x", "vscode-notebook-cell:/a#b"] {
            assert!(Document::open(uri.parse().unwrap(), 1, "").is_none(), "{uri}");
        }
    }
}
