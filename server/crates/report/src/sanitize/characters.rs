//! Characters that steer whoever shows a text, or that nobody sees.

use std::fmt::Write as _;

/// The text without control characters (but line ends and tabs) and terminal escapes; characters that turn the direction
/// of writing, and such as nobody sees, are spelled out.
#[must_use]
pub fn printable(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\n' | '\t' => out.push(c),
            '\u{1b}' => skip_escape(&mut chars),
            c if c.is_control() => {}
            c => push(&mut out, c, chars.peek().copied()),
        }
    }
    out
}

/// A document without control characters but line ends and tabs, in which what nobody sees is spelled out: it may be in
/// names of files and in code.
pub(crate) fn visible(document: &str) -> String {
    if is_plain(document) {
        return document.to_owned();
    }
    let mut out = String::with_capacity(document.len());
    let mut chars = document.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' | '\r' => out.push(c),
            c if c.is_control() => {}
            c => push(&mut out, c, chars.peek().copied()),
        }
    }
    out
}

/// The text without orders to a machine that builds, which reads what programs print: GitHub's and Gitea's runners do what
/// stands behind `::` at the beginning of a line, Azure's and TeamCity do what stands behind `##` and in brackets.
///
/// A backslash breaks them; in JSON, an escape that says the same.
#[must_use]
pub fn orderless(text: &str) -> String {
    const WORDS: [&str; 15] = [
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
    ];
    let is_json = text.starts_with(['{', '[']);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let order = line.trim_start().strip_prefix("::");
        let word = order.map(|order| order.split([':', ' ', '\n']).next().unwrap_or_default().to_ascii_lowercase());
        let mut rest = line;
        if let Some(order) = order.filter(|_| word.is_some_and(|word| WORDS.contains(&&*word))) {
            out.push_str(&line[..line.len() - order.len() - 2]);
            out.push_str("\\::");
            rest = order;
        }
        while let Some(at) = rest.find("##") {
            let behind = &rest[at + 2..];
            let word = behind.bytes().take_while(u8::is_ascii_alphanumeric).count();
            out.push_str(&rest[..at]);
            out.push_str(match (behind[word..].starts_with('['), is_json) {
                (true, true) => "#\\u0023",
                (true, false) => "#\\#",
                (false, _) => "#",
            });
            rest = if behind[word..].starts_with('[') { behind } else { &rest[at + 1..] };
        }
        out.push_str(rest);
    }
    out
}

/// Whether it is ASCII without control characters but line feeds and tabs, as most texts are: nothing is done to them.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t'))
}

fn push(out: &mut String, c: char, next: Option<char>) {
    if is_hidden(c, out.chars().next_back(), next) {
        // Writing into a string does not fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    } else {
        out.push(c);
    }
}

/// Whether the character is not seen, or changes how others are seen, where it stands. Some are part of scripts and of
/// pictures: they stay between characters that are not ASCII.
fn is_hidden(c: char, before: Option<char>, after: Option<char>) -> bool {
    let is_foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_selector(c));
    match c {
        // Marks, embeddings, overrides and isolates of direction.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => true,
        // Of no width, and fillers.
        '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' => true,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => true,
        // Ends of lines for some, marks of annotations, tags.
        '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        '\u{200c}' | '\u{200d}' => !is_foreign(before) && !is_selected(before) || !is_foreign(after),
        c if is_selector(c) => before.is_none_or(is_selector),
        _ => false,
    }
}

/// Chooses how the character before it looks.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

fn is_selected(before: Option<char>) -> bool {
    before.is_some_and(is_selector)
}

fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while let Some(c) = chars.next_if(|c| !('@'..='~').contains(c)) {
                if c == '\n' {
                    return;
                }
            }
            chars.next();
        }
        Some(']') => {
            chars.next();
            while chars.next_if(|c| *c != '\u{7}' && *c != '\u{1b}' && *c != '\n').is_some() {}
            if chars.peek() == Some(&'\u{7}') {
                chars.next();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_spelled_out_and_what_scripts_need_stays() {
        for (given, want) in [
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("pass\u{200d}word", "pass\\u{200d}word"),
            ("x\u{200b}y\u{feff}z\u{ad}", "x\\u{200b}y\\u{feff}z\\u{ad}"),
            ("a\u{200f}\u{61c}", "a\\u{200f}\\u{61c}"),
            ("hid\u{e0041}den", "hid\\u{e0041}den"),
            ("if \u{3164} {", "if \\u{3164} {"),
            ("a\u{2028}b", "a\\u{2028}b"),
            // A family, a rainbow flag, a key, a Persian word.
            ("👩\u{200d}👧", "👩\u{200d}👧"),
            ("🏳\u{fe0f}\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
            ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("a\u{fe01}\u{fe02}", "a\u{fe01}\\u{fe02}"),
        ] {
            assert_eq!(printable(given), want, "{given:?}");
            assert_eq!(visible(given), want, "{given:?}");
        }
        assert_eq!(visible("a\u{1b}[31mb\r\n"), "a[31mb\r\n");
    }

    #[test]
    fn what_a_machine_that_builds_would_do_is_broken() {
        for (given, want) in [
            ("::set-output name=a::b", "\\::set-output name=a::b"),
            ("x\n  ::add-path::/tmp\ny", "x\n  \\::add-path::/tmp\ny"),
            ("::Error file=a::b\n", "\\::Error file=a::b\n"),
            ("a ##vso[task.setvariable variable=x]y", "a #\\#vso[task.setvariable variable=x]y"),
            ("##[group]x ###vso[a]", "#\\#[group]x ##\\#vso[a]"),
            ("##teamcity[x]", "#\\#teamcity[x]"),
            ("{\"a\": \"##vso[x]\"}", "{\"a\": \"#\\u0023vso[x]\"}"),
            // What is none stays: code, headings.
            ("::std::move(x);\n## Heading\n#[test]\na ::error\n", "::std::move(x);\n## Heading\n#[test]\na ::error\n"),
        ] {
            assert_eq!(orderless(given), want, "{given:?}");
        }
    }
}
