//! Files as the protocol names them.

use lsp_types::Uri;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The scheme of read-only documents: the texts of what is looked at without being checked out.
const VISITED: &str = "deep-review";

/// What the paths of such documents begin with: no file's does, those are absolute.
const VISITED_PATHS: &str = "deep-review:";

/// The path of a `file:` URI, or the one under which a read-only document of ours is known; `None` for any other scheme.
pub(crate) fn file_path(uri: &Uri) -> Option<PathBuf> {
    let scheme = uri.scheme().as_str();
    if scheme.eq_ignore_ascii_case(VISITED) {
        let inside = uri.as_str().get(VISITED.len()..)?.strip_prefix("://")?;
        let inside = inside.split(['?', '#']).next().unwrap_or(inside);
        return Some(Path::new(VISITED_PATHS).join(unescaped(inside)?.trim_start_matches('/')));
    }
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    if cfg!(windows) {
        let host = uri.authority().map_or("", |authority| authority.host());
        return Some(windows_path(host, &unescaped(uri.path().as_str())?).into());
    }
    uri.to_file_path().map(Cow::into_owned)
}

/// The path of Windows that an address means: with its host, a share of another machine; else that of a drive.
fn windows_path(host: &str, path: &str) -> String {
    let text = path.replace('/', "\\");
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return format!("\\\\{host}{text}");
    }
    match text.as_bytes() {
        [b'\\', drive, b':', ..] if drive.is_ascii_alphabetic() => {
            format!("{}{}", drive.to_ascii_uppercase() as char, &text[2..])
        }
        _ => text,
    }
}

/// What stands behind `file:` in the address of a path of Windows, not escaped. Paths by their real name begin with `\\?\`.
fn windows_address(path: &str) -> String {
    let text = path.replace('\\', "/");
    let share =
        text.strip_prefix("//?/UNC/").or_else(|| text.strip_prefix("//").filter(|rest| !rest.starts_with("?/")));
    match share {
        Some(share) => format!("//{share}"),
        None => format!("///{}", text.strip_prefix("//?/").unwrap_or(&text).trim_start_matches('/')),
    }
}

/// The path under which the documents of something are known that is looked at under a name.
pub(crate) fn visited_root(name: &str) -> PathBuf {
    Path::new(VISITED_PATHS).join(name)
}

/// Whether a path is that of a read-only document, and of no file.
pub(crate) fn is_visited(path: &Path) -> bool {
    path.starts_with(VISITED_PATHS)
}

/// The URI of an absolute path, or of a read-only document; `None` for what cannot be one.
pub(crate) fn file_uri(path: &Path) -> Option<Uri> {
    let inside = path.strip_prefix(VISITED_PATHS).ok();
    let text = inside.unwrap_or(path).to_str()?;
    let behind = match inside {
        Some(_) => format!("//{text}"),
        None if cfg!(windows) => windows_address(text),
        None => format!("//{}{text}", if text.starts_with('/') { "" } else { "/" }),
    };
    let mut uri = String::with_capacity(text.len() + 16);
    uri.push_str(if inside.is_some() { "deep-review:" } else { "file:" });
    for byte in behind.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            // Relative to the root of those documents, as a system has it that joins with `\`.
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

/// A part of an address without its escapes; `None` if that is no text.
fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        out.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
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
        let path = Path::new(if cfg!(windows) { r"C:\tmp\ä b\[x]#%.rs" } else { "/tmp/ä b/[x]#%.rs" });
        assert_eq!(file_path(&file_uri(path).unwrap()).as_deref(), Some(path));
    }

    #[test]
    fn paths_of_windows_have_addresses_with_drives_and_hosts() {
        for (path, address, back) in [
            (r"C:\a b\x.rs", "///C:/a b/x.rs", r"C:\a b\x.rs"),
            (r"\\?\C:\a\x.rs", "///C:/a/x.rs", r"C:\a\x.rs"),
            (r"\\server\share\x.rs", "//server/share/x.rs", r"\\server\share\x.rs"),
            (r"\\?\UNC\server\share\x.rs", "//server/share/x.rs", r"\\server\share\x.rs"),
        ] {
            assert_eq!(windows_address(path), address, "{path}");
            let (host, inside) = address[2..].split_at(address[2..].find('/').unwrap());
            assert_eq!(windows_path(host, inside), back, "{path}");
        }
        // Clients write drives in either case; `localhost` is this machine.
        assert_eq!(windows_path("", "/c:/x.rs"), r"C:\x.rs");
        assert_eq!(windows_path("localhost", "/c:/x.rs"), r"C:\x.rs");
    }

    #[test]
    fn a_read_only_document_has_an_address_of_its_own() {
        let path = visited_root("pr-7").join("src/ä [x]#%.rs");
        let uri = file_uri(&path).unwrap();
        assert_eq!(uri.as_str(), "deep-review://pr-7/src/%C3%A4%20%5Bx%5D%23%25.rs");
        assert_eq!(file_path(&uri), Some(path.clone()));
        assert!(is_visited(&path) && !is_visited(Path::new("/tmp/deep-review:/a")));
        assert_eq!(unescaped("%4"), None);
        assert_eq!(unescaped("%ff"), None);
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
