//! Files as the protocol names them.

use lsp_types::Uri;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The path of a `file:` URI; `None` for any other scheme.
pub(crate) fn file_path(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri.scheme().as_str().eq_ignore_ascii_case("file");
    is_file.then(|| uri.to_file_path().map(Cow::into_owned)).flatten()
}

/// The URI of an absolute path; `None` for what cannot be one.
pub(crate) fn file_uri(path: &Path) -> Option<Uri> {
    let text = path.to_str()?;
    let mut uri = String::with_capacity(text.len() + 8);
    uri.push_str("file://");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            b'\\' if cfg!(windows) => uri.push('/'),
            _ => push_escaped(&mut uri, byte),
        }
    }
    uri.parse().ok()
}

/// An address as the standard has it; `None` if it is. Clients write `[`, `ü` and blanks as they are.
pub(crate) fn normalize(address: &str) -> Option<String> {
    let bytes = address.as_bytes();
    // Brackets are right around the number of a host, and nowhere else.
    let host = address.find("://").map_or(0..0, |at| {
        let from = at + 3;
        from..address[from..].find('/').map_or(address.len(), |end| from + end)
    });
    let is_escape =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let is_right = |at: usize, byte: u8| match byte {
        b'%' => is_escape(at),
        b'[' | b']' => host.contains(&at),
        _ => byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(&byte),
    };
    if bytes.iter().enumerate().all(|(at, byte)| is_right(at, *byte)) {
        return None;
    }
    let mut normal = String::with_capacity(address.len() + 16);
    for (at, byte) in bytes.iter().enumerate() {
        if is_right(at, *byte) {
            normal.push(char::from(*byte));
        } else {
            push_escaped(&mut normal, *byte);
        }
    }
    Some(normal)
}

fn push_escaped(out: &mut String, byte: u8) {
    use std::fmt::Write;
    // Writing into a string does not fail.
    let _ = write!(out, "%{byte:02X}");
}

/// Most addresses of which it is remembered how the client writes them.
const MAX_SPELLINGS: usize = 4096;

/// How the client writes addresses that are not as the standard has them: it is answered in its own words. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spellings(Arc<Mutex<HashMap<String, String>>>);

impl Spellings {
    /// Remembers how the client writes an address.
    pub(crate) fn remember(&self, normal: &str, spelt: &str) {
        let mut all = self.lock();
        if all.len() < MAX_SPELLINGS {
            all.insert(normal.to_owned(), spelt.to_owned());
        }
    }

    /// A message to the client, with addresses as it writes them.
    pub(crate) fn restore<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let all = self.lock();
        if all.is_empty() {
            return Cow::Borrowed(body);
        }
        let mut out = Vec::new();
        let mut done = 0;
        for at in memchr::memmem::find_iter(body, b"\"file:") {
            let text = &body[at + 1..];
            let end = text.iter().position(|b| matches!(b, b'"' | b'#' | b'\\')).unwrap_or(text.len());
            let spelt = std::str::from_utf8(&text[..end]).ok().and_then(|normal| all.get(normal));
            if let Some(quoted) = spelt.and_then(|spelt| serde_json::to_string(spelt).ok()) {
                out.extend_from_slice(&body[done..=at]);
                out.extend_from_slice(quoted.trim_matches('"').as_bytes());
                done = at + 1 + end;
            }
        }
        if done == 0 {
            return Cow::Borrowed(body);
        }
        out.extend_from_slice(&body[done..]);
        Cow::Owned(out)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back_from_its_address() {
        let path = Path::new("/tmp/ä b/[x]#%.rs");
        assert_eq!(file_path(&file_uri(path).unwrap()).as_deref(), Some(path));
    }

    #[test]
    fn addresses_are_normalized_once() {
        for (address, normal) in [
            ("file:///a/b.rs", None),
            ("file:///a/[id]/page.tsx", Some("file:///a/%5Bid%5D/page.tsx")),
            ("file:///a/ü b.rs", Some("file:///a/%C3%BC%20b.rs")),
            ("file:///a/%5Bid%5D", None),
            ("file:///a/100%", Some("file:///a/100%25")),
            ("http://[::1]:80/[a]", Some("http://[::1]:80/%5Ba%5D")),
            ("untitled:Untitled-1", None),
            ("file:///a/(group)/@slot/$x.ts", None),
        ] {
            assert_eq!(normalize(address).as_deref(), normal, "{address}");
            let uri = normalize(address).unwrap_or_else(|| address.to_owned());
            assert!(uri.parse::<Uri>().is_ok() && normalize(&uri).is_none(), "{uri}");
        }
    }
}
