//! Reads suggestions in the formats that models write.

mod envelope;
mod fences;
mod json;
mod search_replace;
mod unified;

use super::hunk::{FilePatch, Hunk, HunkBody, Patch};

/// Why a suggestion cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It says what the code is, but not what should change.
    #[error("it changes nothing")]
    NoChange,
    /// It is longer than a fix can be.
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// There are several suggestions for one place, and nothing says which is meant.
    #[error("it offers several suggestions to choose from")]
    Alternatives,
    /// Several lines of a search/replace block look like the one that divides it.
    #[error("several lines of a block look like its divider")]
    Divided,
    /// A block was begun and not ended.
    #[error("'{0}' has no end")]
    Unterminated(&'static str),
}

/// The longest suggestion that is read, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// Reads a suggestion: a unified diff with or without headers, search/replace blocks, an apply-patch envelope,
/// `{old, new}` edits in JSON, a `suggestion` block, or the new text of a function.
///
/// # Errors
/// See [`ParseError`]; whatever has at least one change is read.
pub fn parse(diff: &str) -> Result<Patch, ParseError> {
    if diff.len() > MAX_BYTES {
        return Err(ParseError::TooLong);
    }
    let diff = diff.strip_prefix('\u{feff}').unwrap_or(diff);
    let lines: Vec<&str> = diff.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)).collect();
    let lines = dedent(lines);
    let lines = trim_blank(&lines);
    if lines.is_empty() {
        return Err(ParseError::Empty);
    }
    let fences::Fenced { info, lines: inner } = fences::unfence(lines)?;
    if let Some("suggestion") = info {
        // One empty line is not the same as none.
        let text = inner.iter().flat_map(|line| [line, "\n"]).collect();
        return Ok(single(HunkBody::Suggestion(text)));
    }
    let inner = dedent(inner);
    let inner = &inner[..];
    if trim_blank(inner).is_empty() {
        return Err(ParseError::Empty);
    }
    let patch = if let Some(patch) = json::json(inner)? {
        patch
    } else if envelope::is_envelope(inner) {
        envelope::envelope(inner)
    } else if search_replace::is_search_replace(inner) {
        search_replace::search_replace(inner)?
    } else if unified::is_diff(inner) {
        unified::parse(inner)
    } else if info.is_some_and(fences::is_diff) {
        return Err(ParseError::NoChange);
    } else {
        single(HunkBody::Block(trim_blank(inner).join("\n")))
    };
    let changes = |f: &FilePatch| f.change != super::FileChange::Edit || f.hunks.iter().any(Hunk::changes);
    if patch.files.iter().any(changes) { Ok(patch) } else { Err(ParseError::NoChange) }
}

fn single(body: HunkBody) -> Patch {
    let hunk = Hunk { body, ..Hunk::default() };
    Patch { files: vec![FilePatch { hunks: vec![hunk], ..FilePatch::default() }] }
}

impl Hunk {
    /// Whether it does anything.
    fn changes(&self) -> bool {
        match &self.body {
            HunkBody::Lines(lines) => lines.iter().any(|l| l.op != super::Op::Context),
            HunkBody::Replace { old, new, .. } => old != new,
            HunkBody::Suggestion(_) | HunkBody::Block(_) => true,
        }
    }
}

fn trim_blank<'a, 'b>(lines: &'b [&'a str]) -> &'b [&'a str] {
    let blank = |l: &&str| l.trim().is_empty();
    let start = lines.iter().position(|l| !blank(l)).unwrap_or(lines.len());
    let end = lines.iter().rposition(|l| !blank(l)).map_or(start, |i| i + 1);
    &lines[start..end]
}

/// Takes away an indentation that the whole suggestion has because it stood in a list: marks must come first.
fn dedent(lines: Vec<&str>) -> Vec<&str> {
    let marked = |l: &str| l.starts_with(['+', '-', '@', '<', '>', '*', '`', '{', '[']);
    let depth = lines.iter().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start_matches(' ').len()).min();
    match depth {
        Some(depth) if depth > 0 && lines.iter().any(|l| l.get(depth..).is_some_and(marked)) => {
            lines.into_iter().map(|l| l.get(depth..).unwrap_or_default()).collect()
        }
        _ => lines,
    }
}

/// A path as written in a header: without quotes, `a/` or `b/`, time stamps; `None` for `/dev/null`.
fn header_path(text: &str) -> Option<String> {
    let text = text.split('\t').next().unwrap_or_default().trim();
    let text = match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(quoted) => unquote(quoted),
        None => text.trim_matches('`').to_owned(),
    };
    if text == "/dev/null" || text.is_empty() {
        return None;
    }
    let text = text.strip_prefix("a/").or_else(|| text.strip_prefix("b/")).unwrap_or(&text);
    Some(text.to_owned())
}

/// Undoes git's quoting of names: octal bytes and C escapes.
fn unquote(quoted: &str) -> String {
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted.as_bytes();
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        if b != b'\\' {
            bytes.push(b);
            continue;
        }
        let octal = rest.get(..3).and_then(|o| std::str::from_utf8(o).ok()).and_then(|o| u8::from_str_radix(o, 8).ok());
        if let Some(byte) = octal {
            bytes.push(byte);
            rest = &rest[3..];
        } else if let Some((&b, tail)) = rest.split_first() {
            bytes.push(match b {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                other => other,
            });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
