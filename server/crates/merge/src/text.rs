//! Text → terms: what two remarks are compared by. A term is the hash of a word, an identifier or a line of
//! code; everything is bounded, whatever an agent wrote.

use std::hash::{BuildHasherDefault, Hasher};

/// Bytes of a title and of a body that are looked at; the rest adds nothing that tells findings apart.
const TITLE_BYTES: usize = 4 * 1024;
const BODY_BYTES: usize = 32 * 1024;
/// Bytes of one token; a longer one is a blob, not a word.
const TOKEN_BYTES: usize = 64;

/// Words that say nothing about what a finding is about.
const STOP: &[&str] = &[
    "a", "all", "also", "an", "and", "any", "are", "as", "at", "be", "because", "been", "but", "by", "can", "code",
    "could", "did", "do", "does", "each", "file", "files", "for", "from", "had", "has", "have", "how", "if", "in",
    "into", "is", "it", "its", "line", "lines", "may", "might", "must", "no", "not", "of", "on", "only", "or", "out",
    "over", "per", "should", "so", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "those", "to", "use", "used", "uses", "using", "via", "was", "we", "were", "what", "when", "where",
    "which", "while", "who", "why", "will", "with", "would", "you", "your",
];

/// Bytes of the longest of them.
const LONGEST_STOP: usize = 7;

/// The beginning of `text`, at most `max` bytes, ending at a character.
fn clip(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// The beginning of a title that is looked at.
pub(super) fn title(text: &str) -> &str {
    clip(text, TITLE_BYTES)
}

/// Whether a title is only a label of what follows: "Potential race condition:", "**Missing check:**".
pub(super) fn is_label(title: &str) -> bool {
    title.trim_end_matches(|c: char| c.is_whitespace() || c == '*' || c == '_').ends_with(':')
}

/// FNV-1a with 64 bits, continued from `seed`.
pub(super) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    hash_of(seed, bytes.iter().copied())
}

fn hash_of(seed: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325 ^ seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Takes a hash for its own.
pub(super) type OwnHash = BuildHasherDefault<Hashed>;

/// See [`OwnHash`].
#[derive(Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A body in its parts.
pub(super) struct Body<'a> {
    /// What is not in a code block.
    pub(super) prose: String,
    /// Hashes of the lines in code blocks, of both sides where a block is a diff; see [`code_line`].
    pub(super) code: Vec<u64>,
    /// All of it that is looked at.
    pub(super) all: &'a str,
}

/// Takes Markdown apart at its fences.
pub(super) fn body(text: &str) -> Body<'_> {
    let all = clip(text, BODY_BYTES);
    let mut body = Body { prose: String::new(), code: Vec::new(), all };
    let mut block: Option<bool> = None;
    for line in all.lines() {
        match (line.trim_start().strip_prefix("```"), block) {
            (Some(language), None) => block = Some(language.trim().eq_ignore_ascii_case("diff")),
            (Some(_), Some(_)) => block = None,
            (None, Some(is_diff)) => body.code.extend(if is_diff { diff_line(line) } else { code_line(line) }),
            (None, None) => {
                body.prose.push_str(line);
                body.prose.push('\n');
            }
        }
    }
    body
}

/// Hash of a line of code, white space aside; `None` where it has fewer than five characters of words, and so
/// stands in any file.
pub(super) fn code_line(line: &str) -> Option<u64> {
    let mut word_characters = 0;
    let mut hashed = 0;
    let mut buffer = [0; 4];
    for c in line.chars().filter(|c| !c.is_whitespace()) {
        word_characters += usize::from(c.is_alphanumeric() || c == '_');
        hashed = hash(hashed, c.encode_utf8(&mut buffer).as_bytes());
    }
    (word_characters >= 5).then_some(hashed)
}

/// Like [`code_line`], of a line of a diff without its sign; `None` for headers.
pub(super) fn diff_line(line: &str) -> Option<u64> {
    if ["+++", "---", "@@", "diff ", "index "].iter().any(|header| line.starts_with(header)) {
        return None;
    }
    code_line(line.strip_prefix(['+', '-', ' ']).unwrap_or(line))
}

/// What decides where a word ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    /// Written without spaces: each character is a word.
    Ideograph,
    Between,
}

fn class(c: char) -> Class {
    if c.is_ascii_lowercase() {
        Class::Lower
    } else if c.is_ascii_uppercase() {
        Class::Upper
    } else if c.is_numeric() {
        Class::Digit
    } else if matches!(u32::from(c), 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF) {
        Class::Ideograph
    } else if c.is_uppercase() {
        Class::Upper
    } else if c.is_alphabetic() {
        Class::Lower
    } else {
        Class::Between
    }
}

/// Hashes of the words of `text`, in order: `camelCase`, `HTTPServer` and `snake_case` come apart; case and
/// endings ("fails", "failed", "failing") do not matter.
pub(super) fn words(text: &str) -> Vec<u64> {
    let mut out = Vec::new();
    let mut word = String::new();
    // The class of the run that `word` is in, and how many upper-case letters it began with.
    let (mut run, mut uppers) = (Class::Between, 0_usize);
    for c in text.chars() {
        let class = class(c);
        let continues = match (run, class) {
            (Class::Upper, Class::Lower) => {
                if uppers > 1
                    && let Some(last) = word.pop()
                {
                    // `HTTPServer`: the last capital begins the next word.
                    push_word(&mut out, &mut word);
                    word.push(last);
                }
                true
            }
            (Class::Ideograph, _) => false,
            (before, now) => before == now,
        };
        if !continues {
            push_word(&mut out, &mut word);
            uppers = 0;
        }
        run = class;
        if class != Class::Between {
            uppers += usize::from(class == Class::Upper);
            if word.len() >= TOKEN_BYTES {
                continue;
            }
            if c.is_ascii() {
                word.push(c.to_ascii_lowercase());
            } else {
                word.extend(c.to_lowercase());
            }
        }
    }
    push_word(&mut out, &mut word);
    out
}

/// Hashes of the words of `text` as they stand, case aside: what must be equal where two say the very same.
pub(super) fn verbatim(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(lower_hash).collect()
}

/// One hash of many, in their order.
pub(super) fn hash_all(hashes: &[u64]) -> u64 {
    hashes.iter().fold(0, |h, next| hash(h, &next.to_le_bytes()))
}

/// Ends `word`: into `out` unless it says nothing.
fn push_word(out: &mut Vec<u64>, word: &mut String) {
    // One Latin letter or digit says nothing; one ideograph is a word.
    if word.len() > 1 && (word.len() > LONGEST_STOP || STOP.binary_search(&word.as_str()).is_err()) {
        stem(word);
        out.push(hash(0, word.as_bytes()));
    }
    word.clear();
}

/// Takes the commonest English endings off.
fn stem(word: &mut String) {
    if !word.is_ascii() {
        return;
    }
    let n = word.len();
    if n > 5 && word.ends_with("ing") {
        word.truncate(n - 3);
    } else if n > 4 && (word.ends_with("ied") || word.ends_with("ies")) {
        word.truncate(n - 3);
        word.push('y');
    } else if n > 4 && (word.ends_with("ed") || word.ends_with("es")) {
        word.truncate(n - 2);
    } else if n > 3 && word.ends_with('s') && !word.ends_with("ss") {
        word.truncate(n - 1);
    }
    if word.len() > 4 && word.ends_with("ly") {
        word.truncate(word.len() - 2);
    }
    if word.len() > 3 && word.ends_with('e') {
        word.truncate(word.len() - 1);
    }
    let bytes = word.as_bytes();
    if let [.., a, b] = bytes
        && bytes.len() > 3
        && a == b
    {
        word.truncate(bytes.len() - 1);
    }
}

/// Hashes of the identifiers in Markdown: words with `_` or a capital inside, and whatever stands in
/// backticks (the same one counts for both).
pub(super) fn identifiers(text: &str) -> Vec<u64> {
    let mut out = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        in_block ^= fence;
        for token in tokens(line) {
            if token.len() >= 4 && is_compound(token) {
                out.push(lower_hash(token));
            }
        }
        if !in_block && !fence {
            for code in line.split('`').skip(1).step_by(2) {
                out.extend(tokens(code).filter(|token| token.len() >= 3).map(lower_hash));
            }
        }
    }
    out
}

/// Words of languages that stand in backticks like names and name nothing of a program.
const KEYWORDS: &[&str] = &[
    "assert",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "def",
    "default",
    "del",
    "elif",
    "else",
    "enum",
    "except",
    "false",
    "finally",
    "fn",
    "for",
    "from",
    "func",
    "function",
    "global",
    "goto",
    "if",
    "impl",
    "import",
    "in",
    "interface",
    "is",
    "lambda",
    "let",
    "match",
    "mod",
    "mut",
    "new",
    "nil",
    "none",
    "not",
    "null",
    "package",
    "pass",
    "pub",
    "raise",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "switch",
    "this",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "undefined",
    "unsafe",
    "use",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Hashes of the names in a title, sorted: what is written as names are, and what stands in backticks or quotes; words of
/// languages are none.
pub(super) fn names(title: &str) -> Vec<u64> {
    let quoted = ['`', '"', '\''].into_iter().flat_map(|quote| title.split(quote).skip(1).step_by(2)).flat_map(tokens);
    let mut names: Vec<u64> = tokens(title)
        .filter(|token| is_compound(token))
        .chain(quoted)
        .filter(|token| KEYWORDS.binary_search(&token.to_lowercase().as_str()).is_err())
        .map(lower_hash)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .map(|token| token.trim_start_matches(|c: char| c.is_numeric()))
        .filter(|token| !token.is_empty() && token.len() <= TOKEN_BYTES)
}

fn lower_hash(token: &str) -> u64 {
    if token.is_ascii() {
        return hash_of(0, token.bytes().map(|b| b.to_ascii_lowercase()));
    }
    hash(0, token.to_lowercase().as_bytes())
}

/// `a_b`, `aB`, `ABc`: written as names are and prose is not.
fn is_compound(token: &str) -> bool {
    if token.trim_matches('_').contains('_') {
        return true;
    }
    // Most words have no capital behind their first letter.
    if token.bytes().skip(1).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return false;
    }
    let classes: Vec<Class> = token.chars().map(class).collect();
    classes.windows(2).any(|w| w == [Class::Lower, Class::Upper])
        || classes.windows(3).any(|w| w == [Class::Upper, Class::Upper, Class::Lower])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_apart_and_lose_their_endings() {
        let same = [
            ("fails", "failing"),
            ("startHostSwitch", "start host switch"),
            ("HTTPServer", "http server"),
            ("max_wait_ms", "MaxWaitMs"),
            ("The queue is not closed.", "queue closed"),
            ("Größe_Über", "größe über"),
        ];
        for (a, b) in same {
            assert_eq!(words(a), words(b), "{a} ~ {b}");
        }
        assert_eq!(words("错误处理").len(), 4);
        assert!(words("a 1 the of ! 🦀 \u{202e}").is_empty());
        assert!(STOP.is_sorted() && KEYWORDS.is_sorted());
        assert_eq!(STOP.iter().map(|word| word.len()).max(), Some(LONGEST_STOP));
    }

    #[test]
    fn identifiers_are_names_not_prose() {
        assert_eq!(identifiers("Plain words here").len(), 0);
        assert_eq!(identifiers("`ctx` and readSignature").len(), 2);
        assert_eq!(identifiers("getVMGUID"), identifiers("getvmguid `getvmguid`")[..1]);
    }

    #[test]
    fn labels_end_in_a_colon() {
        assert!(is_label("Potential race condition:") && is_label("**Missing check:** "));
        assert!(!is_label("Potential race: two writers") && !is_label(""));
    }

    #[test]
    fn names_of_a_title_are_written_as_such_or_quoted() {
        assert_eq!(names("Unused variable 'fname_source'"), names("Loop variable `fname_source` is not used"));
        assert!(names("`import` should be at the top").is_empty());
        assert_eq!(names("getUrl and \"x\" and plain").len(), 2);
    }

    #[test]
    fn bodies_come_apart_at_fences() {
        let b = body("Text\n```go\nif err != nil {\n}\n```\nmore\n```diff\n-return nil\n+return err\n```\n");
        assert_eq!(b.prose, "Text\nmore\n");
        assert_eq!(b.code.len(), 3);
        assert_eq!(code_line("  return   err"), diff_line("+return err"));
        assert_eq!(diff_line("+++ b/file.go"), None);
    }
}
