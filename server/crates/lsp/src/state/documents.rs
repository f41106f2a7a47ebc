//! Open documents: their text, and positions in it.

use crate::protocol::encoding::Encoding;
use crate::protocol::uri::file_path;
use lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};
use ropey::Rope;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Larger documents, in bytes, are passed over.
const MAX_DOCUMENT: usize = 16 << 20;

/// Which text of a document it is. A client that opens it once more may count from the same number again, and has forgotten what
/// it was told of it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    opening: u64,
    /// The client's.
    pub(crate) number: i32,
}

impl Version {
    /// That of a document that is opened now.
    fn opened(number: i32) -> Self {
        static OPENINGS: AtomicU64 = AtomicU64::new(0);
        Self { opening: OPENINGS.fetch_add(1, Ordering::Relaxed), number }
    }
}

/// An open document. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    /// Its place on disk.
    pub(crate) path: PathBuf,
    pub(crate) version: Version,
    rope: Rope,
    text: OnceLock<Arc<str>>,
}

impl Document {
    /// `None` for documents that are no files, and for those that are too large to be read from disk: those are no
    /// concern of ours.
    pub(crate) fn open(uri: Uri, version: i32, text: &str) -> Option<Self> {
        let path = file_path(&uri)?;
        if text.len() > MAX_DOCUMENT {
            return None;
        }
        let version = Version::opened(version);
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
        self.version.number = version;
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

/// The lines of a text, to turn ranges of lines into ranges of positions. Lines end as [`lines`] says.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    /// Where each begins, in bytes.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Indexes a text; O(length).
    pub(crate) fn new(text: &'a str) -> Self {
        let mut starts = Vec::with_capacity(text.len() / 32 + 1);
        starts.push(0);
        let ends = lines::with_endings(text).filter(|line| line.ends_with(['\n', '\r']));
        starts.extend(ends.scan(0, |at, line| {
            *at += line.len();
            Some(*at)
        }));
        Self { text, starts }
    }

    /// How many lines an editor shows: one more than there are line ends.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// Line `line` (0-based) without its end; empty beyond the text.
    pub(crate) fn get(&self, line: u32) -> &'a str {
        let Some(&start) = self.starts.get(line as usize) else { return "" };
        let end = self.starts.get(line as usize + 1).copied().unwrap_or(self.text.len());
        lines::without_ending(&self.text[start..end])
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

    /// What of these lines is underlined: the words of the quote's only line, where they are in the first line once; else
    /// all of the first line that is not blank.
    pub(crate) fn head(&self, first: u32, last: u32, quote: Option<&str>, encoding: Encoding) -> Range {
        let last = last.min(self.count() - 1);
        let first = (first..=last).find(|line| !self.get(*line).trim().is_empty()).unwrap_or(first);
        let whole = self.range(first, first, encoding);
        let words = quote.map(str::trim).filter(|words| !words.is_empty() && !words.contains(['\n', '\r']));
        let line = self.get(whole.start.line);
        match words.map(|words| (words, line.match_indices(words).map(|(at, _)| at).collect::<Vec<_>>())) {
            Some((words, places)) if places.len() == 1 => {
                let start = encoding.len(&line[..places[0]]);
                Range::new(
                    Position::new(whole.start.line, start),
                    Position::new(whole.start.line, start + encoding.len(words)),
                )
            }
            _ => whole,
        }
    }

    /// The position where line `line` (0-based) starts, or the end of the text if it is beyond.
    pub(crate) fn start_of(&self, line: u32, encoding: Encoding) -> Position {
        if line < self.count() {
            return Position::new(line, 0);
        }
        let bottom = self.count() - 1;
        let from = self.starts[bottom as usize];
        Position::new(bottom, encoding.len(&self.text[from..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn a_block_is_underlined_at_its_quoted_words_or_its_first_line() {
        let lines = Lines::new("\n  if é {\n    x = y(1); y(2)\n  }\n");
        let of = |first, last, quote| {
            let range = lines.head(first, last, quote, Encoding::Utf16);
            assert_eq!(range.start.line, range.end.line);
            (range.start.line, range.start.character, range.end.character)
        };
        assert_eq!(of(1, 3, None), (1, 2, 8));
        assert_eq!(of(0, 3, None), (1, 2, 8), "a blank line has nothing to underline");
        assert_eq!(of(2, 2, Some("y(2)")), (2, 14, 18));
        assert_eq!(of(2, 2, Some("y(")), (2, 4, 18), "twice there: which one is not known");
        assert_eq!(of(1, 2, Some("  if é {\n    x = y(1); y(2)")), (1, 2, 8), "more than a line");
        assert_eq!(of(2, 2, Some("z")), (2, 4, 18), "not there any more");
        assert_eq!(of(90, 99, None), (4, 0, 0));
    }

    #[test]
    fn only_files_are_documents() {
        for uri in ["untitled:Untitled-1", "git:/a.rs?x", "vscode-notebook-cell:/a#b"] {
            assert!(Document::open(uri.parse().unwrap(), 1, "").is_none(), "{uri}");
        }
    }

    /// `tests/clients/documents.mjs` has VS Code's own document make them.
    #[test]
    fn the_text_is_that_of_vs_code() {
        #[derive(serde::Deserialize)]
        struct Session {
            text: String,
            changes: Vec<TextDocumentContentChangeEvent>,
            after: String,
        }
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../fixtures/lsp/documents.json");
        let sessions: Vec<Session> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        assert!(sessions.len() >= 150);
        for session in sessions {
            let (mut by_one, mut at_once) = (document(&session.text), document(&session.text));
            for (version, change) in (2..).zip(&session.changes) {
                by_one.change(version, std::slice::from_ref(change), Encoding::Utf16);
            }
            at_once.change(2, &session.changes, Encoding::Utf16);
            assert_eq!(*by_one.text(), session.after, "{:?}", session.changes);
            assert_eq!(*at_once.text(), session.after, "{:?}", session.changes);
        }
    }

    /// The client's side, as the protocol has it and as simply as can be: the text in units of the encoding, and the
    /// ends of lines looked for anew each time.
    struct Client {
        text: String,
        encoding: Encoding,
    }

    impl Client {
        /// Where a position is, in bytes.
        fn offset(&self, position: Position) -> usize {
            let mut at = 0;
            let mut rest = self.text.as_str();
            for _ in 0..position.line {
                let Some(end) = rest.find(['\n', '\r']) else { return self.text.len() };
                let length = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
                at += end + length;
                rest = &rest[end + length..];
            }
            let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
            let mut units = 0;
            for (offset, c) in line.char_indices() {
                units += self.encoding.len(c.encode_utf8(&mut [0; 4]));
                if units > position.character {
                    return at + offset;
                }
            }
            at + line.len()
        }

        fn change(&mut self, range: Range, text: &str) {
            let (a, b) = (self.offset(range.start), self.offset(range.end));
            self.text.replace_range(a.min(b)..a.max(b), text);
        }
    }

    /// Texts of what could be taken for the end of a line, and of what is counted differently.
    fn any_text() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[a-c ]{1,3}",
            2 => prop_oneof![Just("\n"), Just("\r\n"), Just("\r")].prop_map(String::from),
            1 => prop_oneof![
                Just("\u{b}"), Just("\u{c}"), Just("\u{85}"), Just("\u{2028}"), Just("\u{2029}"), Just("\u{feff}"), Just("\u{0}"),
            ]
            .prop_map(String::from),
            1 => prop_oneof![Just("é"), Just("𝄞"), Just("e\u{301}"), Just("👩‍👧")].prop_map(String::from),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
    }

    fn any_position() -> impl Strategy<Value = Position> {
        prop_oneof![8 => (0..14_u32, 0..14_u32), 1 => (any::<u32>(), any::<u32>())]
            .prop_map(|(l, c)| Position::new(l, c))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_text_is_the_clients_whatever_is_typed(
            text in any_text(),
            edits in prop::collection::vec((any_position(), any_position(), any_text()), 0..8),
        ) {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let mut client = Client { text: text.clone(), encoding };
                let mut document = document(&text);
                for (version, (start, end, text)) in (2..).zip(&edits) {
                    let range = Range::new(*start, *end);
                    client.change(range, text);
                    let change =
                        TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: text.clone() };
                    document.change(version, &[change], encoding);
                    prop_assert_eq!(&*document.text(), client.text.as_str(), "{:?}", encoding);
                    let lines = Lines::new(&client.text);
                    prop_assert_eq!(lines.count() as usize, document.rope.len_lines());
                    for line in 0..lines.count() {
                        prop_assert_eq!(lines.starts[line as usize], client.offset(Position::new(line, 0)));
                        prop_assert_eq!(lines.starts[line as usize], document.rope.line_to_byte(line as usize));
                    }
                }
            }
        }
    }
}
