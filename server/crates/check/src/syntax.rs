//! What is code, comment and string in a text: a light reader for many languages, exact enough to say whether a name
//! is used or only spoken of. One pass, no parser: it takes any text, broken or not.

use finding::RepoPath;
use std::ops::Range;

/// What a part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A comment.
    Comment,
    /// A string; several lines of it are a text for people.
    Text,
}

/// How a language writes comments and strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    line: &'static [&'static str],
    block: &'static [(&'static str, &'static str)],
    nested: bool,
    /// Strings with escapes, on one line.
    quotes: &'static [u8],
    /// Strings over several lines.
    long: &'static [(&'static str, &'static str)],
    /// `'` may begin something that is no string (Rust's lifetimes).
    lifetimes: bool,
}

const C: Syntax =
    Syntax { line: &["//"], block: &[("/*", "*/")], nested: false, quotes: b"\"'", long: &[], lifetimes: false };
const RUST: Syntax =
    Syntax { nested: true, quotes: b"\"", long: &[("r#\"", "\"#"), ("r\"", "\"")], lifetimes: true, ..C };
const GO: Syntax = Syntax { long: &[("`", "`")], ..C };
const PHP: Syntax = Syntax { line: &["//", "#"], ..C };
const KOTLIN: Syntax = Syntax { nested: true, long: &[("\"\"\"", "\"\"\"")], ..C };
const TEXT_BLOCKS: Syntax = Syntax { long: &[("\"\"\"", "\"\"\"")], ..C };
const PYTHON: Syntax = Syntax { line: &["#"], block: &[], long: &[("\"\"\"", "\"\"\""), ("'''", "'''")], ..C };
const HASH: Syntax = Syntax { line: &["#"], block: &[], ..C };
const RUBY: Syntax = Syntax { block: &[("\n=begin", "\n=end")], ..HASH };
const ELIXIR: Syntax = Syntax { long: &[("\"\"\"", "\"\"\"")], ..HASH };
const JULIA: Syntax =
    Syntax { block: &[("#=", "=#")], nested: true, quotes: b"\"", long: &[("\"\"\"", "\"\"\"")], ..HASH };
const DASH: Syntax = Syntax { line: &["--"], block: &[("/*", "*/"), ("--[[", "]]"), ("{-", "-}")], quotes: b"\"", ..C };
const MARKUP: Syntax = Syntax { line: &[], block: &[("<!--", "-->")], quotes: b"", ..C };

/// What kind of file a path is.
#[derive(Debug, Clone, Copy)]
pub(super) enum FileKind {
    /// Code or data with comments.
    Code(Syntax),
    /// A text for people.
    Prose,
    /// No idea: nothing in it is taken for a comment.
    Unknown,
}

/// Tells by the name.
pub(super) fn kind_of(path: &RepoPath) -> FileKind {
    let name = path.file_name().to_ascii_lowercase();
    let code = match path.extension().unwrap_or("").to_ascii_lowercase().as_str() {
        "md" | "markdown" | "mdx" | "rst" | "adoc" | "asciidoc" | "txt" | "org" | "tex" | "1" | "5" | "7" => {
            return FileKind::Prose;
        }
        "rs" => RUST,
        "go" | "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" => GO,
        "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh" | "hxx" | "cs" | "m" | "mm" | "dart" | "zig" | "proto"
        | "css" | "scss" | "less" | "groovy" | "gradle" | "jsonc" | "json5" => C,
        "java" => TEXT_BLOCKS,
        "kt" | "kts" | "swift" | "scala" => KOTLIN,
        "php" => PHP,
        "rb" | "rake" | "gemspec" => RUBY,
        "ex" | "exs" => ELIXIR,
        "jl" => JULIA,
        "py" | "pyi" => PYTHON,
        "sh" | "bash" | "zsh" | "fish" | "pl" | "pm" | "yml" | "yaml" | "toml" | "ini" | "cfg" | "conf" | "r"
        | "nix" | "cmake" | "mk" | "tf" | "ps1" | "env" | "properties" => HASH,
        "sql" | "lua" | "hs" => DASH,
        "html" | "htm" | "xml" | "svg" | "vue" | "svelte" => MARKUP,
        _ if name.starts_with("dockerfile")
            || matches!(
                name.as_str(),
                "makefile" | "justfile" | "gemfile" | "rakefile" | ".gitignore" | ".gitattributes" | ".dockerignore"
            ) =>
        {
            HASH
        }
        _ if name == "readme" || name.starts_with("contributing") || name == "authors" => return FileKind::Prose,
        _ => return FileKind::Unknown,
    };
    FileKind::Code(code)
}

/// The comments and strings of `text`, in order. What is not in the list is code.
pub(super) fn parts(text: &str, syntax: &Syntax) -> Vec<(Range<usize>, Part)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    // Whether the byte may begin something: all others are skipped quickly.
    let mut begins = [false; 256];
    let words = syntax.line.iter().copied().chain(syntax.block.iter().chain(syntax.long).map(|(open, _)| *open));
    for first in words.filter_map(|w| w.bytes().next()).chain(syntax.quotes.iter().copied()) {
        begins[usize::from(first)] = true;
    }
    begins[usize::from(b'\'')] |= syntax.lifetimes;
    while at < bytes.len() {
        if !begins[usize::from(bytes[at])] {
            at += 1;
            continue;
        }
        let rest = &bytes[at..];
        let starts = |word: &str| rest.starts_with(word.as_bytes());
        let part = if let Some((open, close)) = syntax.block.iter().find(|(open, _)| starts(open)) {
            Some((block_end(bytes, at, open, close, syntax.nested), Part::Comment))
        } else if syntax.line.iter().any(|w| starts(w)) && line_comment_may_start(bytes, at) {
            Some((memchr::memchr(b'\n', rest).map_or(bytes.len(), |i| at + i), Part::Comment))
        } else if let Some((open, close)) = syntax.long.iter().find(|(open, _)| starts(open) && word_starts(bytes, at))
        {
            let from = at + open.len();
            let end = memchr::memmem::find(&bytes[from..], close.as_bytes());
            Some((end.map_or(bytes.len(), |i| from + i + close.len()), Part::Text))
        } else if syntax.lifetimes && bytes[at] == b'\'' {
            char_end(bytes, at).map(|end| (end, Part::Text))
        } else if syntax.quotes.contains(&bytes[at]) {
            Some((quoted_end(bytes, at, syntax.lifetimes), Part::Text))
        } else {
            None
        };
        match part {
            Some((end, part)) => {
                out.push((at..end, part));
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    out
}

/// `#` and `--` begin a comment only after a space or another sign: not in `$#`, `a#b`, `x--`; `//` not in `http://`.
fn line_comment_may_start(bytes: &[u8], at: usize) -> bool {
    match (bytes[at], at.checked_sub(1).map(|i| bytes[i])) {
        (_, None) => true,
        (b'/', Some(before)) => before != b':',
        (_, Some(before)) => before.is_ascii_whitespace() || matches!(before, b';' | b',' | b'(' | b')' | b'{' | b'}'),
    }
}

fn word_starts(bytes: &[u8], at: usize) -> bool {
    !bytes[at].is_ascii_alphabetic() || at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn block_end(bytes: &[u8], at: usize, open: &str, close: &str, nested: bool) -> usize {
    let mut depth = 1_usize;
    let mut at = at + open.len();
    while at < bytes.len() {
        let Some(next) = memchr::memchr2(open.as_bytes()[0], close.as_bytes()[0], &bytes[at..]) else {
            return bytes.len();
        };
        at += next;
        if bytes[at..].starts_with(close.as_bytes()) {
            at += close.len();
            depth -= 1;
            if depth == 0 {
                return at;
            }
        } else if nested && bytes[at..].starts_with(open.as_bytes()) {
            at += open.len();
            depth += 1;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// A character literal's end; none for a lifetime.
fn char_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'\\' => bytes[at + 2..].iter().take(12).skip(1).position(|b| *b == b'\'').map(|i| at + 4 + i),
        _ => bytes[at + 2..]
            .iter()
            .take(4)
            .position(|b| *b == b'\'')
            .filter(|i| *i == 0 || bytes[at + 1] >= 0x80)
            .map(|i| at + 3 + i),
    }
}

fn quoted_end(bytes: &[u8], start: usize, over_lines: bool) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\n' if !over_lines => return at,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_told_from_code() {
        for (path, text, parts_wanted) in [
            ("a.rs", "a // b\nc", vec!["// b"]),
            ("a.rs", "/* a /* b */ c */ d", vec!["/* a /* b */ c */"]),
            ("a.rs", "fn f<'a>(x: &'a str) { '\\'' ; '\"'; \"s // t\" }", vec!["'\\''", "'\"'", "\"s // t\""]),
            ("a.rs", "r#\"a \" // b\"# c", vec!["r#\"a \" // b\"#"]),
            ("a.rs", "\"unclosed", vec!["\"unclosed"]),
            ("a.go", "`a\nb` + \"c\\\"d\" // e", vec!["`a\nb`", "\"c\\\"d\"", "// e"]),
            ("a.py", "x = \"\"\"doc\nmore\"\"\" # c", vec!["\"\"\"doc\nmore\"\"\"", "# c"]),
            ("a.sh", "echo $# \"#\" # it's", vec!["\"#\"", "# it's"]),
            ("a.js", "fetch('http://x') // y", vec!["'http://x'", "// y"]),
            ("a.html", "<a>it's</a><!-- b -->", vec!["<!-- b -->"]),
            ("a.php", "$a = 1; # b\n// c\n", vec!["# b", "// c"]),
            ("a.rb", "a\n=begin\nb\n=end\nc # d", vec!["\n=begin\nb\n=end", "# d"]),
            ("a.kt", "\"\"\"a\n\"b\" c\"\"\" /* d /* e */ f */", vec!["\"\"\"a\n\"b\" c\"\"\"", "/* d /* e */ f */"]),
        ] {
            let FileKind::Code(syntax) = kind_of(&RepoPath::new(path).unwrap()) else { panic!("{path}") };
            let found: Vec<&str> = parts(text, &syntax).into_iter().map(|(range, _)| &text[range]).collect();
            assert_eq!(found, parts_wanted, "{text}");
        }
    }

    #[test]
    fn any_text_is_read() {
        for text in ["", "'", "\\", "\"\\", "/*", "'\\", "'é'", "r\"", "é'é", "#\u{feff}"] {
            for path in ["a.rs", "a.py", "a.go", "a.lua", "a.html"] {
                let FileKind::Code(syntax) = kind_of(&RepoPath::new(path).unwrap()) else { panic!("{path}") };
                for (range, _) in parts(text, &syntax) {
                    let _ = text.get(range.start..range.end.min(text.len()));
                }
            }
        }
    }
}
