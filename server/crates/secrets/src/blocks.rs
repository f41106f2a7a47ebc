//! Private keys that stand in a block of their own, also within string literals.

use super::{Kind, Secret};
use regex::Regex;
use std::sync::LazyLock;

/// A key has fewer lines; a block without an end is no longer.
const MOST_LINES: usize = 400;

static BEGIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"-{4,5} ?BEGIN (?:[A-Z0-9]+ )*(?:PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V1) ?-{4,5}").ok()
});

/// PuTTY's own form, with the number of lines that follow.
static PUTTY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*Private-(?:Lines: (?<lines>\d{1,3})|(?:MAC|Hash): (?<v>[0-9a-f]+))\s*$").ok()
});

/// Base64 of a block: at each of three offsets, "PRIVATE KEY" comes out differently.
const WRAPPED: &str = "LS0tLS1CRUdJTi";
const WRAPPED_KEY: [&str; 3] = ["UFJJVkFURSBLRV", "BSSVZBVEUgS0VZ", "QUklWQVRFIEtFW"];

pub(super) fn find(text: &str, found: &mut Vec<Secret>) {
    if let Some(begin) = BEGIN.as_ref().filter(|_| text.contains("BEGIN ")) {
        for start in begin.find_iter(text) {
            body(text, start.end(), found);
        }
    }
    if let Some(putty) = PUTTY.as_ref().filter(|_| text.contains("Private-")) {
        for part in putty.captures_iter(text) {
            let end = part.get(0).map_or(0, |m| m.end());
            if let Some(value) = part.name("v") {
                found.push(Secret { bytes: value.range(), kind: Kind::PrivateKey });
            }
            let lines = part.name("lines").and_then(|n| n.as_str().parse().ok()).unwrap_or(0);
            runs(text, end, lines + 1, found);
        }
    }
    for (start, _) in text.match_indices(WRAPPED) {
        let end = start + text[start..].bytes().take_while(|b| is_base64(*b)).count();
        if WRAPPED_KEY.iter().any(|k| text[start..end].contains(k)) {
            found.push(Secret { bytes: start..end, kind: Kind::PrivateKey });
        }
    }
}

/// Everything up to the end of the block; without one, as far as lines look like a key's.
fn body(text: &str, start: usize, found: &mut Vec<Secret>) {
    let rest = &text[start..];
    let end = rest.find("-END ").or_else(|| rest.find("- END ")).filter(|end| {
        let inside = &rest[..*end];
        inside.lines().count() <= MOST_LINES && !inside.contains("BEGIN ")
    });
    match end {
        Some(end) => mask_runs(text, start, start + end, found),
        None => {
            let lines = rest.lines().enumerate().take(MOST_LINES);
            let long = lines.take_while(|(n, line)| *n == 0 || looks_like_key(line)).count();
            runs(text, start, long, found);
        }
    }
}

fn looks_like_key(line: &str) -> bool {
    let line = line.trim().trim_matches(['"', '\'', '+', ',', ';', ' ', '#', '|']).trim_end_matches("\\n");
    let is_header = line.contains(": ");
    line.is_empty() || is_header || (line.len() >= 4 && line.bytes().all(is_base64))
}

fn runs(text: &str, start: usize, lines: usize, found: &mut Vec<Secret>) {
    let long: usize = text[start..].split_inclusive('\n').take(lines).map(str::len).sum();
    mask_runs(text, start, start + long, found);
}

/// Each run of Base64 but for the headers that some keys begin with.
fn mask_runs(text: &str, start: usize, end: usize, found: &mut Vec<Secret>) {
    let mut at = start;
    for line in text[start..end].split_inclusive('\n') {
        if !line.contains(": ") {
            mask_runs_of_line(line, at, found);
        }
        at += line.len();
    }
}

fn mask_runs_of_line(line: &str, offset: usize, found: &mut Vec<Secret>) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // `\n` and its like in a string literal.
        if bytes[at] == b'\\' {
            at += 2;
            continue;
        }
        let long = bytes[at..].iter().take_while(|b| is_base64(**b)).count();
        if long >= 4 {
            found.push(Secret { bytes: offset + at..offset + at + long, kind: Kind::PrivateKey });
        }
        at += long.max(1);
    }
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}
