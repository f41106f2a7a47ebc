//! Values whose names say that they are secret, in the ways in which files give names to values.

use super::names::{self, Says};
use super::{Kind, Secret, literals, values};
use aho_corasick::AhoCorasick;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// How a value stands behind its name; less is asked of one where more speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A literal that is given to the name.
    Literal,
    /// The value of a setting, to the end of its line.
    Setting,
    /// Without quotes in a command, an address or a connection string.
    Inline,
    /// A literal in a comparison, a pair, or made a value of another type.
    Within,
    /// A literal that is given to some function.
    Argument,
    /// Without quotes in code, where it is most often a name.
    Code,
}

#[derive(Debug, Clone)]
struct Value {
    /// The literals that are put together, or the one value.
    pieces: Vec<Range<usize>>,
    place: Place,
}

impl Value {
    fn one(bytes: Range<usize>, place: Place) -> Self {
        Self { pieces: Vec::from([bytes]), place }
    }
}

static STEMS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(names::STEMS).ok());

/// A longer name or value is none.
const LONGEST_NAME: usize = 120;
const LONGEST_VALUE: usize = 4096;

/// What is looked at before a name and behind it: a line may be as long as its file.
const BEFORE: usize = 512;
const BEHIND: usize = LONGEST_VALUE + 2048;

pub(super) fn find(text: &str, found: &mut Vec<Secret>) {
    let Some(stems) = STEMS.as_ref() else { return };
    let mut done = 0;
    for stem in stems.find_iter(text) {
        if stem.start() < done {
            continue;
        }
        let name = name_around(text, stem.range());
        done = name.end;
        if let Some(says) = says(text, &name) {
            let from = text.floor_char_boundary(name.start.saturating_sub(BEFORE));
            let to = text.floor_char_boundary(name.end.saturating_add(BEHIND));
            let pieces = named(&text[from..to], &(name.start - from..name.end - from), says);
            let moved = pieces.into_iter().map(|bytes| bytes.start + from..bytes.end + from);
            found.extend(moved.map(|bytes| Secret { bytes, kind: Kind::Named }));
        }
    }
}

/// The pieces of the secret that has this name in a part of a text.
fn named(text: &str, name: &Range<usize>, says: Says) -> Vec<Range<usize>> {
    let Some(mut value) = value_of(text, name) else { return Vec::new() };
    if says == Says::Phrase {
        to_the_end_of_its_line(text, name, &mut value);
    }
    let whole: String = value.pieces.iter().map(|p| &text[p.clone()]).collect();
    if whole.len() > LONGEST_VALUE || !is_secret(says, &text[name.clone()], &whole, value.place) {
        return Vec::new();
    }
    let pieces = value.pieces.into_iter().filter(|p| !p.is_empty());
    pieces.map(|bytes| without_scheme(text, bytes)).collect()
}

/// A phrase that is a setting is all words of its line.
fn to_the_end_of_its_line(text: &str, name: &Range<usize>, value: &mut Value) {
    let line_start = text[..name.start].rfind('\n').map_or(0, |at| at + 1);
    let is_setting =
        matches!(value.place, Place::Setting | Place::Code) && text[line_start..name.start].trim().is_empty();
    if let ([words], true) = (&mut value.pieces[..], is_setting) {
        let line = text[words.start..].lines().next().unwrap_or_default();
        words.end = words.start + line.split(" #").next().unwrap_or(line).trim_end().len();
        value.place = Place::Setting;
    }
}

fn says(text: &str, name: &Range<usize>) -> Option<Says> {
    (name.len() <= LONGEST_NAME).then(|| names::says(&text[name.clone()])).flatten()
}

fn name_around(text: &str, stem: Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'_' | b'-' | b'.' | b'$');
    let before = bytes[..stem.start].iter().rev().take(LONGEST_NAME + 1).take_while(|b| in_name(b)).count();
    let behind = bytes[stem.end..].iter().take(LONGEST_NAME + 1).take_while(|b| in_name(b) && **b != b'$').count();
    let end = stem.end + behind;
    let trimmed = text[stem.end..end].trim_end_matches(['-', '.']).len();
    stem.start - before..stem.end + trimmed
}

/// `Bearer …`: the word is no part of the secret.
fn without_scheme(text: &str, bytes: Range<usize>) -> Range<usize> {
    let value = &text[bytes.clone()];
    let rest = ["Bearer ", "Basic ", "Token ", "token ", "bearer ", "basic ", "SSWS ", "ApiKey "]
        .iter()
        .find_map(|scheme| value.strip_prefix(scheme));
    bytes.end - rest.unwrap_or(value).len()..bytes.end
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(Patterns::new);

struct Patterns {
    /// What ends a name that is itself quoted or indexed.
    closing: Regex,
    /// Something that gives a value to the name, perhaps with a type before.
    assigns: Regex,
    typed: Regex,
    /// An anchor or a type of YAML before a value.
    mark: Regex,
    /// The value of a pair whose other half is the name: `name: X, value: y`.
    other_half: Regex,
    /// What may stand between an assignment and a literal: calls, a fallback's left side.
    wrapper: Regex,
    fallback: Regex,
    /// The beginning of a line that gives a value behind a blank.
    blank_assigns: Regex,
}

impl Patterns {
    fn new() -> Option<Self> {
        let regex = |text: &str| Regex::new(text).ok();
        Some(Self {
            closing: regex(r#"^(?:\\?["'`]\]?|\])"#)?,
            assigns: regex(r"^[ \t]*(?:=>|:=|\?=|\+=|\|\|=|\?\?=|={1,3}|!==?|->|:)[ \t]*")?,
            typed: regex(
                r#"^(?:[ \t]*\??:[ \t]*[^="\n:(){};,]{1,60}?(?:::[^="\n(){};,]{1,40})?|[ \t]+\*?[\w\[\].]{1,30}|\[\w*\])[ \t]*:?=[ \t]*"#,
            )?,
            mark: regex(r"^(?:(?:&[\w-]+|!!?[\w/:-]*)[ \t]+)+")?,
            other_half: regex(
                r#"^\\?["']?[\s,;]*(?:#[^\n]*\n\s*)?\\?["']?(?:value|Value|val|content|default|contents)\\?["']?\s*[:=]\s*"#,
            )?,
            wrapper: regex(r#"^[A-Za-z_][\w:.<>&*! ]{0,80}?[!]?\(\s*(?:[A-Za-z_]\w*\s*=\s*)?(?:[bru@$]{0,2}#?)["'`]"#)?,
            fallback: regex(r#"^[^\n]{1,120}?(?:\|\||\?\?|\?:|\bor|,|\belse|unwrap_or\()\s*["']"#)?,
            blank_assigns: regex(
                r"^\s*(?:ENV|ARG|setenv|SetEnv|setx|set -\w+|#\s*define|#\s*export|export|RUN export|CMD|machine|default)\b",
            )?,
        })
    }
}

fn value_of(text: &str, name: &Range<usize>) -> Option<Value> {
    let patterns = PATTERNS.as_ref()?;
    let bytes = text.as_bytes();
    let before = name.start.checked_sub(1).map(|at| bytes[at]);
    let line_start = text[..name.start].rfind('\n').map_or(0, |at| at + 1);
    let opening = &text[line_start..name.start];
    let rest = &text[name.end..];
    // `${NAME:-value}` and `${NAME:value}`.
    if opening.ends_with("${") {
        return in_braces(rest, name.end);
    }
    // `<password>value</password>`.
    let in_a_tag =
        before == Some(b'<') || (opening.rfind('<') > opening.rfind('>') && opening.trim_end().ends_with(':'));
    if in_a_tag && let Some(value) = element(rest, name.end) {
        return Some(value);
    }
    // `<key>ApiKey</key>`, `<string>value</string>` on the next line.
    if let Some(behind) = rest.strip_prefix("</key>").filter(|_| opening.ends_with('>')) {
        let blank = behind.len() - behind.trim_start().len();
        return element(behind[blank..].strip_prefix("<string")?, name.end + "</key>".len() + blank + "<string".len());
    }
    // `{password, "value"}`, `{:password "value"}`.
    let listed = rest.strip_prefix(',').filter(|_| opening.ends_with('{'));
    let keyword = rest.strip_prefix(' ').filter(|_| opening.ends_with(':'));
    if let Some(behind) = listed.or(keyword) {
        let blank = behind.len() - behind.trim_start_matches(' ').len();
        if let Some(value) = literal_at(text, name.end + 1 + blank, Place::Literal) {
            return Some(value);
        }
    }
    let closed = patterns.closing.find(rest).map_or(0, |m| m.end());
    let quoted_name = closed > 0;
    let (at, rest) = (name.end + closed, &rest[closed..]);
    let names = ["name:", "key:", "name =", "key ="];
    let is_half = quoted_name || names.iter().any(|n| ends_like(opening.trim_end(), n));
    if is_half && let Some(value) = half_of_a_pair(patterns, text, at, opening) {
        return Some(value);
    }
    if let Some(typed) = patterns.typed.find(rest)
        && let Some(value) = literal_at(text, at + typed.end(), Place::Literal)
    {
        return Some(value);
    }
    if let Some(assigns) = patterns.assigns.find(rest) {
        let sign = assigns.as_str().trim();
        let behind = &rest[assigns.end()..];
        let mark = if sign == ":" { patterns.mark.find(behind).map_or(0, |m| m.end()) } else { 0 };
        let at = at + assigns.end() + mark;
        return Assignment { text, name, at, sign, quoted_name }.value(patterns);
    }
    behind_a_blank(patterns, text, name, at, opening)
}

/// Whether a text ends with a word, in any case.
fn ends_like(text: &str, word: &str) -> bool {
    let start = text.len().checked_sub(word.len());
    start.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// `name: X`, `value: y`; `key="X" value="y"`; `"X", "y"` in a call; `name="X">y<`.
fn half_of_a_pair(patterns: &Patterns, text: &str, at: usize, opening: &str) -> Option<Value> {
    let rest = text.get(at..)?;
    // The closing quote has been passed already.
    if let Some(other) = patterns.other_half.find(rest) {
        let at = at + other.end();
        return literal_at(text, at, Place::Literal).or_else(|| bare(text, at, Place::Setting));
    }
    if rest.starts_with('>') {
        return element(rest, at);
    }
    let behind = rest.strip_prefix(',')?;
    let blank = behind.len() - behind.trim_start().len();
    let in_a_call = opening.trim_end_matches(['"', '\'', ':']).ends_with('(');
    // `["--password", "value"]`.
    let is_option =
        text[..at].trim_end_matches(['"', '\'']).rsplit(['"', '\'']).next().is_some_and(|w| w.starts_with("--"));
    let place = if is_option { Place::Inline } else { Place::Within };
    (in_a_call || is_option).then(|| literal_at(text, at + 1 + blank, place)).flatten()
}

/// The text up to the next tag.
fn element(rest: &str, offset: usize) -> Option<Value> {
    let line = rest.split('\n').next()?;
    let open = line.find('>')?;
    // Attributes at most stand before.
    if line[..open].contains('<') || line[..open].ends_with('/') {
        return None;
    }
    // `<setting name="password"><value>value</value></setting>`.
    let open = if line[open..].starts_with("><value>") { open + "<value>".len() } else { open };
    let inner = &line[open + 1..];
    let end = inner.find("</")?;
    let value = inner[..end].trim();
    let start = offset + open + 1 + (inner[..end].len() - inner[..end].trim_start().len());
    let place = if value.contains(' ') { Place::Within } else { Place::Literal };
    Some(Value::one(start..start + value.len(), place))
}

fn in_braces(rest: &str, offset: usize) -> Option<Value> {
    let end = rest.split('\n').next()?.find('}')?;
    let inner = &rest[..end];
    let value = [":-", ":=", ":?", ":", "-", "="].iter().find_map(|sign| inner.strip_prefix(sign))?;
    let plain = value.trim_matches(['"', '\'']);
    let start = offset + end - value.len() + (value.len() - value.trim_start_matches(['"', '\'']).len());
    Some(Value::one(start..start + plain.len(), Place::Literal))
}

/// What gives a value to a name.
struct Assignment<'t> {
    text: &'t str,
    name: &'t Range<usize>,
    /// Where the value begins.
    at: usize,
    /// `=`, `:`, `==`, …
    sign: &'t str,
    quoted_name: bool,
}

impl Assignment<'_> {
    fn value(&self, patterns: &Patterns) -> Option<Value> {
        let &Self { text, at, .. } = self;
        let rest = text.get(at..)?;
        if let Some(value) = literal_at(text, at, self.of_literal()) {
            return Some(value);
        }
        let inner = rest.strip_prefix(['(', '{', '[']).map(|inner| inner.len() - inner.trim_start().len());
        let place = if rest.starts_with('(') { self.of_literal() } else { Place::Within };
        if let Some(value) = inner.and_then(|blank| literal_at(text, at + 1 + blank, place)) {
            return Some(value);
        }
        let line = rest.split('\n').next().unwrap_or_default();
        let bare_line = line.trim_matches([' ', '\t', '\\', '\r', '(']);
        let begins_block = matches!(bare_line, "|" | "|-" | ">" | ">-" | "|+");
        if bare_line.is_empty() || begins_block {
            return self.below(line, begins_block);
        }
        if let Some(wrapped) = patterns.wrapper.find(line)
            && let Some(value) = self.argument(wrapped)
        {
            return self.of_call(patterns, wrapped.as_str(), value);
        }
        if let Some(fallback) = patterns.fallback.find(line).filter(|f| !f.as_str().starts_with(['{', '['])) {
            let operators = ["||", "??", "?:", "or", "else", "unwrap_or("];
            let operator = fallback.as_str().trim_end_matches(['"', '\'', ' ']);
            if operators.iter().any(|o| operator.ends_with(o)) {
                return literal_at(text, at + fallback.end() - 1, Place::Within);
            }
        }
        if self.compares() || matches!(self.sign, "->" | "=>") {
            return None;
        }
        bare(text, at, bare_place(text, self.name, at, self.sign, self.quoted_name))
    }

    fn compares(&self) -> bool {
        matches!(self.sign, "==" | "===" | "!=" | "!==")
    }

    /// Where a literal is that it gives as it stands.
    fn of_literal(&self) -> Place {
        if self.compares() { Place::Within } else { Place::Literal }
    }

    /// The literal below the `line` that it ends with, or the first word of a block of YAML.
    fn below(&self, line: &str, is_block: bool) -> Option<Value> {
        let below = self.at + line.len() + 1;
        let indent = self.text.get(below..)?.find(|c: char| c != ' ' && c != '\t')?;
        let value = literal_at(self.text, below + indent, self.of_literal());
        value.or_else(|| if is_block { bare(self.text, below + indent, Place::Setting) } else { None })
    }

    /// The first argument of a call.
    fn argument(&self, call: regex::Match<'_>) -> Option<Value> {
        let place = if makes(call.as_str()) { Place::Within } else { Place::Argument };
        literal_at(self.text, self.at + call.end() - 1, place)
    }

    /// What a call with that argument gives: `getenv("X", "value")` names what is read, and gives the second.
    fn of_call(&self, patterns: &Patterns, call: &str, argument: Value) -> Option<Value> {
        let text = self.text;
        let end = argument.pieces.last()?.end;
        let is_only_argument = text[end..].trim_start_matches(['"', '\'']).starts_with(')');
        let behind = text[end..].get(1..).unwrap_or_default();
        let asks = ["getpass", "prompt", "input"].iter().any(|w| call.contains(w));
        match patterns.fallback.find(behind.split('\n').next().unwrap_or_default()) {
            Some(second) if !is_only_argument && !asks => literal_at(text, end + second.end(), Place::Literal),
            _ => Some(argument),
        }
    }
}

/// Whether a call makes another type of the same value: `String::from(`, `new Secret(`.
fn makes(call: &str) -> bool {
    let call = call.to_ascii_lowercase();
    ["from(", "new", "some(", "ok(", "secret", "string(", "bytes(", "sensitive("].iter().any(|w| call.contains(w))
        && !["get", "env", "read", "load", "fetch", "prompt", "input", "ask"].iter().any(|w| call.contains(w))
}

/// The literals at `at`, with the letters that a language may put before the first quote.
fn literal_at(text: &str, at: usize, place: Place) -> Option<Value> {
    let rest = text.get(at..)?;
    let letters =
        rest.bytes().take(3).take_while(|b| matches!(b, b'b' | b'r' | b'u' | b'f' | b'L' | b'@' | b'#' | b'$' | b'\\'));
    let mut start = at + letters.count();
    for triple in ["\"\"\"", "'''"] {
        if let Some(inner) = text.get(start..)?.strip_prefix(triple) {
            let line = inner.split('\n').next()?;
            let end = line.find(triple)?;
            return Some(Value::one(start + 3..start + 3 + end, place));
        }
    }
    if let Some(inner) = text.get(start..)?.strip_prefix("[[") {
        let end = inner.split('\n').next()?.find("]]")?;
        return Some(Value::one(start + 2..start + 2 + end, place));
    }
    // `\"value\"` in a literal of another language.
    if start > at && text[at..start].ends_with('\\') {
        let inner = text.get(start + 1..)?;
        let end = inner.split('\n').next()?.find("\\\"")?;
        return Some(Value::one(start + 1..start + 1 + end, place));
    }
    if text.as_bytes().get(start) == Some(&b'`') {
        return literals::literal(text, start).map(|inner| Value::one(inner, place));
    }
    if !matches!(text.as_bytes().get(start), Some(b'"' | b'\'')) {
        start = at;
    }
    let (pieces, _) = literals::pieces(text, start);
    (!pieces.is_empty()).then_some(Value { pieces, place })
}

/// A value without quotes.
fn bare(text: &str, at: usize, place: Place) -> Option<Value> {
    let rest = text.get(at..)?;
    if let Some(value) = literal_at(text, at, Place::Literal) {
        return Some(value);
    }
    let word = rest.split([' ', '\t', '\n', '\r']).next()?;
    let end = match place {
        Place::Setting => word.trim_end_matches([',', ';']).len(),
        _ => word.find(['"', '\'', '`', ',', ';', '&', '<', '>', ')', '}', ']', '|', '\\']).unwrap_or(word.len()),
    };
    (end > 0).then(|| Value::one(at..at + end, place))
}

/// Where a value without quotes stands.
fn bare_place(text: &str, name: &Range<usize>, at: usize, sign: &str, quoted_name: bool) -> Place {
    let line_start = text[..name.start].rfind('\n').map_or(0, |at| at + 1);
    let opening = text[line_start..name.start].trim_start().trim_start_matches(['\'', '"']);
    let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let line = text[at..line_end].trim_end();
    let (value, behind) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let comment = behind.trim_start();
    let ends = comment.is_empty() || comment.starts_with(['#', ';']) || comment.starts_with("//") || comment == "\\";
    let begins = opening.is_empty()
        || [
            "-",
            "- ",
            "+",
            "export",
            "set",
            "ENV",
            "ARG",
            "env",
            "SET",
            "declare",
            "local",
            "readonly",
            "Environment=",
        ]
        .iter()
        .any(|w| opening.trim_end() == w.trim_end())
        || opening.chars().all(|c| c.is_ascii_digit() || matches!(c, '|' | '+' | '-' | ' '));
    let written = &text[name.clone()];
    let shouts = written.bytes().all(|b| !b.is_ascii_lowercase()) && written.bytes().any(|b| b.is_ascii_alphabetic());
    let assigns_tightly = sign == "=" && text.as_bytes().get(at.wrapping_sub(2)) != Some(&b' ');
    if begins && ends && !quoted_name && !value.ends_with([',', ';', '{', '(']) {
        if (shouts && assigns_tightly) || !between_code(text, line_start, line_end) {
            return Place::Setting;
        }
        return Place::Code;
    }
    let before = text[..name.start].chars().next_back();
    let in_literal = !quoted_name
        && (opening.matches(['"', '\'']).count() % 2 == 1
            || text[line_start..name.start].matches('"').count() % 2 == 1);
    let is_option = written.starts_with('-');
    // `--set auth.password=x`, `host=h password=x`.
    let word_before = text[line_start..name.start].split_whitespace().next_back().unwrap_or_default();
    let among_options = before.is_some_and(char::is_whitespace)
        && assigns_tightly
        && (word_before.starts_with('-') && word_before.len() > 1
            || (word_before.contains('=') && !word_before.contains(['(', ')', ',', ';', '"', '\'', '<'])));
    let is_comment = matches!(opening.trim(), "#" | "//" | "--" | ";" | "*" | "REM");
    if ends && is_comment && !quoted_name {
        return Place::Inline;
    }
    let is_inline = among_options
        || sign == "=" && (matches!(before, Some('?' | '&' | ';' | '=')) || shouts || in_literal || is_option);
    if is_inline || (sign == ":" && in_literal) { Place::Inline } else { Place::Code }
}

/// Whether one of the nearest lines is code rather than a further setting.
fn between_code(text: &str, line_start: usize, line_end: usize) -> bool {
    let above = text[..line_start].lines().rev().map(str::trim).filter(|l| !l.is_empty()).take(2);
    let below = text[line_end..].lines().map(str::trim).filter(|l| !l.is_empty()).take(2);
    above.chain(below).any(is_code)
}

fn is_code(line: &str) -> bool {
    if line.starts_with(['#', ';', '[', '!', '"']) {
        return false;
    }
    const WORDS: &[&str] = &[
        "def ",
        "class ",
        "if ",
        "else",
        "elif ",
        "for ",
        "while ",
        "return",
        "let ",
        "const ",
        "var ",
        "import ",
        "from ",
        "use ",
        "fn ",
        "func ",
        "pub ",
        "public ",
        "private ",
        "self.",
        "this.",
        "async ",
        "await ",
        "try",
        "raise ",
        "with ",
        "struct ",
        "interface ",
        "type ",
        "@",
        "//",
        "/*",
        "*",
        "end",
        "val ",
        "fun ",
        "case ",
        "match ",
    ];
    line.ends_with(['{', '}', '(', ')', ';', ','])
        || WORDS.iter().any(|w| line.starts_with(w))
        || (line.contains('(') && line.contains(')'))
}

/// `--password value`, `ENV NAME value`, `machine … password value`, `PASSWORD 'value'`, `setPassword("value")`.
fn behind_a_blank(patterns: &Patterns, text: &str, name: &Range<usize>, at: usize, opening: &str) -> Option<Value> {
    let rest = &text[at..];
    // A pass of a compiler or a test is no password.
    if let Some(inner) = rest.strip_prefix('(').filter(|_| !text[name.clone()].ends_with("pass")) {
        let blank = inner.len() - inner.trim_start().len();
        return literal_at(text, at + 1 + blank, Place::Within);
    }
    let blank = rest.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if blank == 0 {
        return None;
    }
    let value_at = at + blank;
    let written = &text[name.clone()];
    let is_option = written.starts_with('-') && written.len() > 2;
    let whole_line = format!("{opening}{written}");
    if is_option {
        return literal_at(text, value_at, Place::Literal).or_else(|| bare(text, value_at, Place::Inline));
    }
    if patterns.blank_assigns.is_match(&whole_line) {
        return literal_at(text, value_at, Place::Literal).or_else(|| bare(text, value_at, Place::Inline));
    }
    if text[value_at..].starts_with('\'') && written.eq_ignore_ascii_case("password") {
        return literal_at(text, value_at, Place::Literal);
    }
    // A file of credentials with one word and its value a line.
    let alone = opening.trim().is_empty() && text[value_at..].split('\n').next()?.split_whitespace().count() == 1;
    (alone && !between_code(text, at - (at - name.start), value_at))
        .then(|| bare(text, value_at, Place::Inline))
        .flatten()
}

fn is_secret(says: Says, name: &str, value: &str, place: Place) -> bool {
    let value = value.trim();
    let value = ["Bearer ", "Basic ", "Token ", "token ", "bearer ", "basic ", "SSWS ", "ApiKey "]
        .iter()
        .find_map(|scheme| value.strip_prefix(scheme))
        .unwrap_or(value);
    if value.len() < 4 || !values::is_given(value) || name.ends_with(value) {
        return false;
    }
    if value.contains(char::is_whitespace) {
        return is_phrase(says, value, place);
    }
    let (strong, mixed) = (values::is_strong(value), values::is_mixed(value));
    let plain = !values::is_field_word(value);
    match (place, says) {
        (_, _) if strong => place != Place::Code || !values::is_wordy(value),
        (Place::Code, _) => false,
        (Place::Within, Says::Password) => mixed && plain,
        (Place::Argument, Says::Password) => mixed && plain && !values::is_wordy(value),
        (Place::Within | Place::Argument, _) => false,
        (Place::Inline, Says::Password | Says::MayBePassword | Says::Secret) => mixed && plain,
        (_, Says::Password) => plain || (mixed && value.bytes().any(|b| b.is_ascii_digit())),
        (_, Says::MayBePassword) => mixed && plain,
        (_, Says::Secret | Says::Phrase) => plain && (mixed || value.len() >= 16) && value.len() >= 6,
        (_, Says::Token | Says::Key) => plain && mixed && value.len() >= 8 && !values::is_wordy(value),
    }
}

/// A password of several words: where the name says so, or with twelve words and more of a wallet.
fn is_phrase(says: Says, value: &str, place: Place) -> bool {
    let words = value.split_whitespace();
    let only_words = words.clone().all(|w| w.bytes().all(|b| b.is_ascii_lowercase()));
    let count = words.count();
    let given = matches!(place, Place::Literal | Place::Setting);
    match says {
        Says::Phrase => given && only_words && count >= 3,
        Says::Secret => given && only_words && count >= 12,
        _ => false,
    }
}
