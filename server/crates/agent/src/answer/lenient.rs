//! Reads JSON as models write it: line breaks inside strings, trailing commas, wrong escapes, and an end that
//! never came. What was complete before the end is kept.

use serde_json::{Map, Value};

/// Deeper values are not read: an answer needs six levels.
const DEPTH: usize = 64;

/// What could be read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    /// The value; of an object or array that never ended, its complete members.
    pub(super) value: Value,
    /// Whether the text ended, or stopped making sense, inside the value.
    pub(super) cut: bool,
    /// How many bytes the value takes.
    pub(super) length: usize,
}

/// Reads the value that `text` starts with; `None` if it does not start with an object or array.
pub(super) fn read(text: &str) -> Option<Read> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut reader = Reader { text, at: 0, cut: false };
    let value = reader.value(DEPTH)?;
    Some(Read { value, cut: reader.cut, length: reader.at })
}

/// The string that `text` starts with, as far as it is written; an escape that is cut is not in it.
pub(super) fn string_so_far(text: &str) -> Option<String> {
    let mut out = String::new();
    text.starts_with('"').then(|| Reader { text, at: 0, cut: false }.string_into(&mut out))?;
    Some(out)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    cut: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// `None` where no complete value could be read; then `cut` is set.
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_space();
        let value = match self.peek() {
            Some(b'{') if depth > 0 => Some(self.object(depth)),
            Some(b'[') if depth > 0 => Some(self.array(depth)),
            Some(b'"') => self.string().map(Value::String),
            _ => self.word(),
        };
        self.cut |= value.is_none();
        value
    }

    fn object(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut map = Map::new();
        while !self.cut {
            self.skip_space();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(b'"') => {
                    let Some(key) = self.string() else { break };
                    self.skip_space();
                    if self.peek() != Some(b':') {
                        self.cut = true;
                        break;
                    }
                    self.at += 1;
                    if let Some(value) = self.value(depth - 1) {
                        // An unfinished member is kept only if it is a list or object: its own complete parts.
                        map.insert(key, value);
                    }
                }
                _ => self.cut = true,
            }
        }
        Value::Object(map)
    }

    fn array(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut items = Vec::new();
        while !self.cut {
            self.skip_space();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    let item = self.value(depth - 1);
                    // Half an item of a list is none.
                    if let Some(item) = item.filter(|_| !self.cut) {
                        items.push(item);
                    }
                }
                None => self.cut = true,
            }
        }
        Value::Array(items)
    }

    fn string(&mut self) -> Option<String> {
        let mut out = String::new();
        self.string_into(&mut out).then_some(out)
    }

    /// Whether it ended.
    fn string_into(&mut self, out: &mut String) -> bool {
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(stop) = rest.find(['"', '\\']) else {
                out.push_str(rest);
                self.at = self.text.len();
                self.cut = true;
                return false;
            };
            out.push_str(&rest[..stop]);
            self.at += stop + 1;
            if rest.as_bytes()[stop] == b'"' {
                return true;
            }
            self.escape(out);
        }
    }

    /// After a backslash.
    fn escape(&mut self, out: &mut String) {
        let Some(c) = self.text[self.at..].chars().next() else { return };
        self.at += c.len_utf8();
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            '"' | '\\' | '/' => out.push(c),
            'u' => match self.unicode() {
                Some(c) => out.push(c),
                None => self.at = self.text.len(),
            },
            // As in a regular expression that nobody escaped twice.
            other => out.extend(['\\', other]),
        }
    }

    /// `None` where the text ends inside of it.
    fn unicode(&mut self) -> Option<char> {
        if self.ends_within("XXXX") {
            return None;
        }
        let Some(first) = self.hex() else { return Some(char::REPLACEMENT_CHARACTER) };
        let is_half = (0xD800..0xDC00).contains(&first);
        if is_half && self.ends_within("\\uXXXX") {
            return None;
        }
        if is_half && self.text[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            if let Some(second) = self.hex().filter(|s| (0xDC00..0xE000).contains(s)) {
                return char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
            }
            self.at = before;
        }
        Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Whether the text ends before as much of it has come, and the string goes on to there.
    fn ends_within(&self, as_much: &str) -> bool {
        let rest = &self.text[self.at..];
        rest.len() < as_much.len() && !rest.contains('"')
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// `true`, `false`, `null` or a number, as strict as JSON is; one that the text's end may have cut is none.
    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))?;
        let value = serde_json::from_str(&rest[..length]).ok()?;
        self.at += length;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, value: &Value, cut: bool) {
        let read = read(text).unwrap();
        assert_eq!((&read.value, read.cut), (value, cut), "{text}");
    }

    #[test]
    fn what_models_get_wrong_is_read() {
        check("{\"a\": \"x\ny\", \"b\": [1, 2,], }", &json!({"a": "x\ny", "b": [1, 2]}), false);
        check(r#"{"a": "\d+ \u00e4 \ud83d\ude00 \ud83d \q"}"#, &json!({"a": "\\d+ ä 😀 \u{fffd} \\q"}), false);
        check(r#"[{"a": 1}, {"a": 2}, {"a": "#, &json!([{"a": 1}, {"a": 2}]), true);
        check(r#"{"f": [{"a": [1, 2]}, {"a": [3"#, &json!({"f": [{"a": [1, 2]}]}), true);
        check(r#"{"s": "done", "f": "half"#, &json!({"s": "done"}), true);
        check("{\"n\": 12", &json!({}), true);
        check("{", &json!({}), true);
        check("{oops}", &json!({}), true);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(1_000_000);
        assert!(read(&deep).unwrap().cut);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_json_is_read_as_json(items in prop::collection::vec(value(), 0..4)) {
            let value = Value::Array(items);
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let read = read(&text).unwrap();
                prop_assert_eq!((&read.value, read.cut, read.length), (&value, false, text.len()));
            }
        }

        #[test]
        fn a_cut_list_keeps_its_complete_items(items in prop::collection::vec(value(), 0..6), at in 0.0..1.0f64) {
            let text = Value::Array(items.clone()).to_string();
            let mut at = 1.max((text.len() as f64 * at) as usize);
            while !text.is_char_boundary(at) { at += 1; }
            let Value::Array(kept) = read(&text[..at]).unwrap().value else { panic!("no list") };
            prop_assert_eq!(&items[..kept.len()], &kept[..]);
        }

        #[test]
        fn nothing_panics(text in "[\\[{](\\PC|[\\[\\]{},:\"\\\\u0-9 \n])*") {
            let _ = read(&text);
        }
    }
}
