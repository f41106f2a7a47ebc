//! Agents' Markdown made harmless: raw HTML is shown as text, links lead to http(s) only, and pictures are links, so that
//! looking at a text loads nothing.

use finding::document::fence;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use std::fmt::Write as _;
use std::ops::Range;

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// Whether a link may be followed: http(s), or a place in the same document.
fn is_safe(url: &str) -> bool {
    let lower = url.trim_start().to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://") || lower.starts_with('#')
}

/// The Markdown with raw HTML escaped, unsafe links turned into text, pictures turned into links, headings turned
/// into bold lines (so that it cannot break the structure of the document around it), open code fences closed and
/// control characters taken out.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut text = printable(text);
    // What stood in an HTML block, or in the title of a link, is Markdown once that is escaped: it is looked at again.
    for _ in 0..MOST_PASSES {
        let next = pass(&text);
        if next == text {
            return closed(text);
        }
        text = next;
    }
    verbatim(&text)
}

/// Text that is nested in a way that nobody writes: shown as it is.
fn verbatim(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

/// How often text is looked at again.
const MOST_PASSES: usize = 12;

fn pass(text: &str) -> String {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => {
                for (i, _) in text[range.clone()].match_indices('<') {
                    edits.push((range.start + i..range.start + i, "\\".into()));
                }
            }
            Event::Start(Tag::Heading { .. }) => edits.extend(heading_as_bold(text, range)),
            // What is left is a link, or text where the address is not safe: an editor loads a picture without being
            // asked, and whoever wrote the text learns who looks at it, and when.
            Event::Start(Tag::Image { .. }) => edits.push((range.start..range.start, "\\".into())),
            Event::Start(Tag::Link { link_type: LinkType::Autolink | LinkType::Email, dest_url, .. })
                if !is_safe(&dest_url) =>
            {
                edits.push((range.start..range.start, "\\".into()));
            }
            Event::Start(Tag::Link { dest_url, .. }) if !is_safe(&dest_url) => {
                let bracket = text[range.clone()].find('[').map_or(range.start, |i| range.start + i);
                edits.push((bracket..bracket, "\\".into()));
            }
            _ => {}
        }
    }
    edits.sort_by_key(|(r, _)| (r.start, r.end));
    let mut out = String::with_capacity(text.len() + 16);
    let mut done = 0;
    for (range, with) in edits {
        if range.start >= done {
            out.push_str(&text[done..range.start]);
            out.push_str(&with);
            done = range.end;
        }
    }
    out.push_str(&text[done..]);
    out
}

/// The same for one line that stands behind other text on its line, so that no block can begin in it.
#[must_use]
pub fn markdown_line(text: &str) -> String {
    let line = printable(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let behind = markdown(&format!("x {line}"));
    behind.strip_prefix("x ").unwrap_or_default().to_owned()
}

fn heading_as_bold(text: &str, range: Range<usize>) -> Option<(Range<usize>, String)> {
    let source = text.get(range.clone())?;
    let inner = source.trim().trim_start_matches('#').trim_end_matches('#').trim();
    // A heading underlined with = or - has its text on the lines before.
    let inner: Vec<&str> = inner
        .lines()
        .filter(|l| l.trim().is_empty() || l.trim().chars().any(|c| c != '=' && c != '-'))
        .map(str::trim)
        .collect();
    let inner = inner.join(" ");
    let end = range.start + source.trim_end().len();
    let bold = if inner.is_empty() || inner.contains("**") { inner } else { format!("**{inner}**") };
    Some((range.start..end, bold))
}

/// The Markdown with an end: whatever follows it is not taken for code, neither by CommonMark's rules nor by the
/// looser ones by which reports are read.
fn closed(text: String) -> String {
    if ends_as_text(&text) {
        return text;
    }
    let mut with_fence = text.clone();
    close_fence(&mut with_fence);
    if ends_as_text(&with_fence) { with_fence } else { verbatim(&text) }
}

fn ends_as_text(text: &str) -> bool {
    if !text.contains("```") && !text.contains("~~~") {
        return true;
    }
    let probe = format!("{text}\n\n# x\n");
    let is_heading = |(event, range): (Event<'_>, Range<usize>)| {
        matches!(event, Event::Start(Tag::Heading { .. })) && range.start >= text.len()
    };
    !reader_sees_open_fence(&probe) && Parser::new_ext(&probe, options()).into_offset_iter().any(is_heading)
}

/// Whether the last line stands in a fence for whoever reads a document of ours.
fn reader_sees_open_fence(text: &str) -> bool {
    let mut open: Option<(u8, usize)> = None;
    for (_, mark, count, info) in text.lines().filter_map(fence) {
        match open {
            None => open = Some((mark, count)),
            Some((m, n)) if m == mark && count >= n && info.is_empty() => open = None,
            Some(_) => {}
        }
    }
    open.is_some()
}

/// Adds the closing fence that a cut text lacks.
fn close_fence(text: &mut String) {
    let mut open: Option<(char, usize, String)> = None;
    for line in text.lines() {
        let body = line.trim_start_matches([' ', '\t', '>']);
        let Some(mark) = body.chars().next().filter(|c| *c == '`' || *c == '~') else { continue };
        let count = body.chars().take_while(|c| *c == mark).count();
        let rest = &body[count..];
        match &open {
            None if count >= 3 && !(mark == '`' && rest.contains('`')) => {
                let indent = line[..line.len() - body.len()].to_owned();
                open = Some((mark, count, indent));
            }
            Some((m, n, _)) if *m == mark && count >= *n && rest.trim().is_empty() => open = None,
            _ => {}
        }
    }
    if let Some((mark, count, indent)) = open {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&indent);
        text.extend(std::iter::repeat_n(mark, count));
    }
}

/// HTML of the Markdown: no raw HTML, no unsafe links, no images (they would load from elsewhere).
#[must_use]
pub fn html(text: &str) -> String {
    let text = printable(text);
    let mut links: Vec<bool> = Vec::new();
    let events = Parser::new_ext(&text, options()).filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let safe = is_safe(dest_url);
            links.push(safe);
            safe.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or(false).then_some(event),
        Event::Start(Tag::Image { dest_url, .. }) => Some(Event::Text(CowStr::from(format!("[image {dest_url}] ")))),
        Event::End(TagEnd::Image) => None,
        // A finding's own headings must not stand above those of the document.
        Event::Start(Tag::Heading { .. }) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Paragraph)),
        other => Some(other),
    });
    let mut out = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut out, events);
    out
}

/// HTML of one line of Markdown, without the paragraph around it.
#[must_use]
pub fn html_line(text: &str) -> String {
    let html = html(text);
    let trimmed = html.trim();
    trimmed.strip_prefix("<p>").and_then(|h| h.strip_suffix("</p>")).unwrap_or(trimmed).to_owned()
}

/// The text without control characters (but line ends and tabs), terminal escapes and characters that turn
/// the direction of writing.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\n' | '\t' => out.push(c),
            '\u{1b}' => skip_escape(&mut chars),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
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
    fn markdown_keeps_its_words_and_loses_its_powers() {
        for (given, want) in [
            ("plain `<b>` text", "plain `<b>` text"),
            ("a <script>x</script> b", "a \\<script>x\\</script> b"),
            ("<!-- hidden -->", "\\<!-- hidden -->"),
            ("[ok](https://e.org) [bad](command:rm)", "[ok](https://e.org) \\[bad](command:rm)"),
            ("![x](javascript:a)", "\\!\\[x](javascript:a)"),
            ("![x](https://e.org/p.png)", "\\![x](https://e.org/p.png)"),
            ("let v = vec![1];", "let v = vec![1];"),
            ("`![x](https://e.org/p.png)`", "`![x](https://e.org/p.png)`"),
            ("# Critical Issues\ntext", "**Critical Issues**\ntext"),
            ("Title\n=====\n\ntext", "**Title**\n\ntext"),
            ("```\n# no heading\n<b>\n```", "```\n# no heading\n<b>\n```"),
            ("```go\ncut", "```go\ncut\n```"),
            ("- ```go\n  cut", "- ```go\n  cut"),
            ("> ```\n> quoted", "> ```\n> quoted"),
            ("> ```\n~~~\n", "````text\n> ```\n~~~\n\n````"),
            ("\u{1b}[31mred\u{1b}[0m \u{7}bell", "red bell"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(markdown(given), want, "{given:?}");
        }
    }

    /// Panics if anything in the Markdown runs, loads, or leads elsewhere than to http(s).
    fn assert_inert(text: &str, given: &str) {
        for event in Parser::new_ext(text, options()) {
            let live = match &event {
                Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. } | Tag::Heading { .. }) => true,
                Event::Start(Tag::Link { dest_url, .. }) => !is_safe(dest_url),
                _ => false,
            };
            assert!(!live, "{event:?} in {text:?}, made of {given:?}");
        }
    }

    #[test]
    fn nothing_hostile_is_left_however_it_is_nested() {
        for given in [
            "![x](https://e.org/p.png)",
            "![](<https://e.org/a b.png> \"t\")",
            "![x][r]\n\n[r]: https://e.org/p.png",
            "![r][]\n\n[r]: https://e.org/p.png",
            "![r]\n\n[r]: https://e.org/p.png",
            "[![x](https://e.org/p.png)](https://e.org)",
            "[![x](https://e.org/p.png)](command:quit)",
            "![a ![b](https://e.org/b.png) c](https://e.org/a.png)",
            "\\\\![x](https://e.org/p.png)",
            "> - ![x](https://e.org/p.png)",
            "| a |\n|---|\n| ![x](https://e.org/p.png) |",
            "# ![x](https://e.org/p.png)",
            "<img src=https://e.org/p.png>![x](https://e.org/p.png)",
            "<div>\n![x](https://e.org/p.png)\n</div>",
            "![x](data:image/svg+xml,<svg onload=alert(1)>)",
            "![x](//e.org/p.png)",
            // What is in a title comes alive when the link around it is escaped.
            "[a](command:x \"![y](https://e.org/p.png)\")",
            "[a](command:x \"[y](command:z)\")",
            "![a](https://e.org \"![y](https://e.org/p.png)\")",
            // So does a reference behind another one.
            "[a][y]\n\n[y]: command:z",
            "[a]: command:x '[y](command:z)'\n\n[a]",
        ] {
            assert_inert(&markdown(given), given);
            assert_inert(&format!("x {}", markdown_line(given)), given);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn nothing_hostile_is_left_of_any_pieces(pieces in proptest::collection::vec(
            proptest::sample::select(&[
                "![", "[", "]", "(", ")", "](https://e.org/p.png)", "](command:x)", "[r]", "[r]: command:y", "\"", "'",
                "<", ">", "<img src=x>", "<!--", "-->", "<div>", "\n", "\n\n", "# ", "===", "```", "`", "\\", "!", "a", " ",
                "> ", "- ", "    ", "|", "|---|", "<command:x>", "<https://e.org>",
            ][..]),
            0..24,
        )) {
            let given = pieces.concat();
            assert_inert(&markdown(&given), &given);
        }
    }

    #[test]
    fn html_has_no_raw_html_and_no_unsafe_link() {
        for (given, want) in [
            ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
            ("a <b>x</b>", "<p>a &lt;b&gt;x&lt;/b&gt;</p>\n"),
            ("[x](javascript:alert(1))", "<p>x</p>\n"),
            ("[x](https://e.org/?a=\"b)", "<p><a href=\"https://e.org/?a=%22b\">x</a></p>\n"),
            ("![t](https://e.org/p.png)", "<p>[image https://e.org/p.png] t</p>\n"),
        ] {
            assert_eq!(html(given), want, "{given:?}");
        }
        assert_eq!(html_line("uses `x`"), "uses <code>x</code>");
    }
}
