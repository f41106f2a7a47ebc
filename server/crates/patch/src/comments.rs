//! Comments behind code.

/// A line without the comment behind its code; a line that is nothing but a comment stays.
pub(crate) fn code(line: &str) -> &str {
    let bytes = line.as_bytes();
    let starts = |&at: &usize| {
        let next = bytes.get(at + 1).copied();
        match bytes[at] {
            b'/' => matches!(next, Some(b'/' | b'*')),
            b'#' => next == Some(b' '),
            _ => next == Some(b'-') && bytes.get(at + 2) == Some(&b' '),
        }
    };
    let is_outside = |before: &str, quote: u8| before.bytes().filter(|&b| b == quote).count().is_multiple_of(2);
    let is_behind_code = |&at: &usize| {
        let before = &line[..at];
        before.ends_with([' ', '\t'])
            && !before.trim().is_empty()
            && [b'"', b'\'', b'`'].iter().all(|&quote| is_outside(before, quote))
    };
    let comment = memchr::memchr3_iter(b'/', b'#', b'-', bytes).filter(starts).find(is_behind_code);
    comment.map_or(line, |at| line[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_behind_code_are_told_from_code() {
        for (line, expected) in [
            ("    'id', // what it is", "    'id',"),
            ("x = 1  # one", "x = 1"),
            ("int a; /* first */", "int a;"),
            ("// all of it", "// all of it"),
            ("    # all of it", "    # all of it"),
            ("url = \"https://a.b\"", "url = \"https://a.b\""),
            ("say(\"a // b\")", "say(\"a // b\")"),
            ("color: #fff", "color: #fff"),
            ("", ""),
        ] {
            assert_eq!(code(line), expected, "{line:?}");
        }
    }
}
