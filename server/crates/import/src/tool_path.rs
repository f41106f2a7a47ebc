//! Paths as tools write them.

use finding::RepoPath;

/// The path that a tool means, as far as it can be one in a repository: slashes of any kind, a drive, a scheme, leading
/// dots and slashes do not count. What is absolute on another machine is found by its end, in the code at hand.
pub(crate) fn cited(text: &str) -> Option<RepoPath> {
    let text = text.trim();
    let text = text.strip_prefix("file:").unwrap_or(text).replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            // Out of what the path itself names; further out, nobody knows where.
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let drive =
        |part: &&str| part.len() == 2 && part.ends_with(':') && part.starts_with(|c: char| c.is_ascii_alphabetic());
    if parts.first().is_some_and(drive) {
        parts.remove(0);
    }
    RepoPath::new(parts.join("/")).ok()
}

/// The path of a URI reference: percent-encoding undone, a scheme and an authority dropped.
pub(crate) fn of_uri(uri: &str) -> Option<RepoPath> {
    let text = uri.strip_prefix("file://").unwrap_or(uri);
    let text = text.split_once("://").map_or(text, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let coded = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        if let Some(byte) = coded.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    cited(&String::from_utf8(out).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_whatever_their_slashes() {
        for (text, want) in [
            ("src/a.rs", Some("src/a.rs")),
            ("./src//a.rs", Some("src/a.rs")),
            (".\\src\\a.cs", Some("src/a.cs")),
            ("C:\\work\\src\\a.cs", Some("work/src/a.cs")),
            ("/c:/work/a.cs", Some("work/a.cs")),
            ("../../lib/a.h", Some("lib/a.h")),
            ("src/x/../a.rs", Some("src/a.rs")),
            ("file:/home/ann/a.rs", Some("home/ann/a.rs")),
            ("a b.rs", Some("a b.rs")),
            ("", None),
            ("/", None),
            ("x/.git/config", None),
        ] {
            assert_eq!(cited(text).as_ref().map(RepoPath::as_str), want, "{text}");
        }
        for (uri, want) in [
            ("file:///home/ann/a%20b.rs", Some("home/ann/a b.rs")),
            ("file:///C:/work/a.cs", Some("work/a.cs")),
            ("https://forge.example/blob/a.rs", Some("blob/a.rs")),
            ("src/%C3%BC.rs", Some("src/ü.rs")),
            ("100%.rs", Some("100%.rs")),
        ] {
            assert_eq!(of_uri(uri).as_ref().map(RepoPath::as_str), want, "{uri}");
        }
    }
}
