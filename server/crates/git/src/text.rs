//! Bytes to text, and line ends.

use std::sync::Arc;

/// git's own rule: a NUL among the first 8000 bytes.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(8000)]).is_some()
}

/// The text, and whether some bytes were not UTF-8 and were replaced by U+FFFD. A byte order mark stays.
pub(crate) fn decode(bytes: &[u8]) -> (Arc<str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Arc::from(text), false),
        Err(_) => (Arc::from(String::from_utf8_lossy(bytes)), true),
    }
}

/// The first `most` bytes, or some less: no character is cut.
pub(crate) fn start(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Line ends that git puts into work tree files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Eol {
    Lf,
    CrLf,
}

/// How git converts the line ends of a file between its blob and the work tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Conversion {
    /// Whether it takes the carriage returns out on the way in, and what it puts in on the way out.
    pub(crate) output: Option<Eol>,
    /// Whether files whose blob has carriage returns are left alone.
    pub(crate) auto: bool,
}

impl Conversion {
    /// The text that a checkout writes for a blob's text.
    pub(crate) fn checked_out(self, text: Arc<str>) -> Arc<str> {
        match self.output {
            Some(Eol::CrLf) if !(self.auto && text.contains('\r')) => to_crlf(&text).map_or(text, Arc::from),
            _ => text,
        }
    }

    /// The base's text with the line ends that the work tree's text has, where git does not tell them apart.
    pub(crate) fn like(self, base: Arc<str>, work: &str) -> Arc<str> {
        match (self.output, mostly(work), mostly(&base)) {
            (None, _, _) | (_, None, _) => base,
            (Some(_), Some(work), Some(old)) if work == old => base,
            (Some(_), Some(Eol::CrLf), _) => to_crlf(&base).map_or(base, Arc::from),
            (Some(_), Some(Eol::Lf), _) => Arc::from(base.replace("\r\n", "\n")),
        }
    }
}

/// The line ends of most lines; `None` for a text of one line.
fn mostly(text: &str) -> Option<Eol> {
    let all = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    let crlf = memchr::memmem::find_iter(text.as_bytes(), b"\r\n").count();
    (all > 0).then_some(if crlf * 2 > all { Eol::CrLf } else { Eol::Lf })
}

/// With a carriage return before each line feed that has none; `None` where nothing changes.
fn to_crlf(text: &str) -> Option<String> {
    let bare =
        memchr::memchr_iter(b'\n', text.as_bytes()).filter(|&at| at == 0 || text.as_bytes()[at - 1] != b'\r').count();
    if bare == 0 {
        return None;
    }
    let mut out = String::with_capacity(text.len() + bare);
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(rest) if !rest.ends_with('\r') => {
                out.push_str(rest);
                out.push_str("\r\n");
            }
            _ => out.push_str(line),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_follow_what_git_would_write() {
        let text = |t: &str| Arc::<str>::from(t);
        let auto = Conversion { output: Some(Eol::CrLf), auto: true };
        assert_eq!(&*auto.checked_out(text("a\nb\n")), "a\r\nb\r\n");
        assert_eq!(&*auto.checked_out(text("a\r\nb\n")), "a\r\nb\n", "a blob with carriage returns stays as it is");
        let forced = Conversion { output: Some(Eol::CrLf), auto: false };
        assert_eq!(&*forced.checked_out(text("a\r\nb\n")), "a\r\nb\r\n");
        assert_eq!(&*Conversion::default().checked_out(text("a\n")), "a\n");
        let input = Conversion { output: Some(Eol::Lf), auto: true };
        assert_eq!(&*input.like(text("a\nb\n"), "a\r\nc\r\n"), "a\r\nb\r\n");
        assert_eq!(&*input.like(text("a\r\nb\r\n"), "a\nc\n"), "a\nb\n");
        assert_eq!(&*Conversion::default().like(text("a\nb\n"), "a\r\n"), "a\nb\n");
    }

    #[test]
    fn latin_1_is_read_lossily_and_says_so() {
        assert_eq!(decode(b"caf\xe9\n"), (Arc::from("caf\u{fffd}\n"), true));
        assert_eq!(decode("\u{feff}é\n".as_bytes()), (Arc::from("\u{feff}é\n"), false));
        assert!(is_binary(b"\x89PNG\0"));
        assert!(!is_binary(b""));
    }
}
