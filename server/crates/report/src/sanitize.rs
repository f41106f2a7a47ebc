//! Agents' Markdown made harmless: raw HTML is shown as text, links lead to http(s) only, and pictures are links, so that
//! looking at a text loads nothing.
//!
//! What an agent wrote is made harmless by itself ([`markdown`], [`markdown_line`]), and so is the document that is put
//! together of such parts ([`document`]): a link may have its text in one part and its address in another.

mod characters;
mod dialects;
#[cfg(test)]
mod tests;

pub(crate) use characters::visible;
pub use characters::{orderless, printable};

use finding::document::{fence, heading_level};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use std::borrow::Cow;
use std::ops::Range;

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// Whether a link may be followed: http(s), or a place in the same document. A blank before the address makes it another one
/// for who does not drop it.
fn is_safe(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://") || lower.starts_with('#')
}

/// The Markdown with raw HTML escaped, unsafe links turned into text, pictures turned into links, headings turned
/// into bold lines (so that it cannot break the structure of the document around it), open code fences closed and
/// control characters taken out. It defines no addresses for links elsewhere: those of its own are put into its links.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = printable(text);
    settled(&text, Whole::Part).map_or_else(|text| verbatim(&text), closed)
}

/// A document of ours, put together of parts that are harmless by themselves, harmless as a whole: no link leads
/// elsewhere than to http(s), and no raw HTML but our own is in it. It stays as it is where that is so already.
#[must_use]
pub fn document(text: &str) -> String {
    settled(&with_line_feeds(text), Whole::Document).unwrap_or_else(|text| deadened(&text))
}

/// The text with a line feed for each return that stands alone: it ends a line for some, and is a blank for others.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text.into();
    }
    let parts: Vec<String> = text.split("\r\n").map(|part| part.replace('\r', "\n")).collect();
    parts.join("\r\n").into()
}

/// What a text is: it says which marks may stay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// What one agent wrote: it stands in a document of ours, which has the headings.
    Part,
    /// A document with our headings, and with HTML that [`is_ours`].
    Document,
}

/// The text when there is nothing left to escape; what it has become if that takes too long.
fn settled(text: &str, whole: Whole) -> Result<String, String> {
    let mut text = text.to_owned();
    // What stood in an HTML block, or in the title of a link, is Markdown once that is escaped: it is looked at again.
    for _ in 0..MOST_PASSES {
        match escaped(&text, whole) {
            Some(next) => text = next,
            None => return Ok(text),
        }
    }
    Err(text)
}

/// The text with what is left to escape, as one look finds it; `None` when nothing is.
fn escaped(text: &str, whole: Whole) -> Option<String> {
    pass(text, whole).or_else(|| dialects::pass(text, whole))
}

/// What folds a part of a document away: its first line, whose words are escaped, and its end.
fn folds(html: &str) -> bool {
    let line = html.strip_prefix("<details><summary>").and_then(|line| line.strip_suffix("</summary>"));
    html == "</details>" || line.is_some_and(|words| !words.contains(['<', '>']))
}

/// HTML that only we write into documents: the mark of a report, of a comment, of an aside, what folds, and a line end in a
/// table's cell.
fn is_ours(html: &str) -> bool {
    let words = |c: char| c.is_ascii_alphanumeric() || " .,_:".contains(c);
    let mark = |html: &str| html.strip_prefix("<!-- deep-review ")?.strip_suffix(" -->").map(|m| m.chars().all(words));
    html == "<br>" || folds(html.trim_end()) || mark(html.trim_end()).unwrap_or(false)
}

/// Lines in a fence that is longer than any in them.
#[must_use]
pub fn fenced(info: &str, text: &str) -> String {
    let longest = text.lines().map(|l| l.trim_start().chars().take_while(|c| *c == '`').count()).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{info}\n{text}{newline}{fence}")
}

/// The text on one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line of text within HTML: as text, whatever marks are in it.
#[must_use]
pub fn text_in_html(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text that is nested in a way that nobody writes: shown as it is.
fn verbatim(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

/// A document of which the same is true: nothing in it is a link, HTML or code, whoever reads it, and there is nothing left to
/// escape.
fn deadened(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut is_escaped = false;
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '[' | ']' | '`' if !is_escaped => out.extend(['\\', c]),
            c => out.push(c),
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    out
}

/// How often text is looked at again.
const MOST_PASSES: usize = 12;

/// The text with everything escaped that is live in it as it stands; `None` if nothing is.
fn pass(text: &str, whole: Whole) -> Option<String> {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let parser = Parser::new_ext(text, options()).into_offset_iter();
    for (_, definition) in parser.reference_definitions().iter() {
        // Who defines an address gives it to links of others.
        let start = definition.span.start;
        let bracket = text[definition.span.clone()].find('[').map_or(start, |i| start + i);
        edits.push((bracket..bracket, "\\".into()));
    }
    let mut references: Vec<Reference> = Vec::new();
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut is_code = false;
    for (event, range) in parser {
        if let Some(reference) = references.last_mut() {
            match event {
                Event::End(TagEnd::Link) => edits.extend(references.pop().and_then(|r| r.edit(text))),
                _ => reference.text.end = reference.text.end.max(range.end),
            }
        }
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(_) if !is_code => match words.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => words.push(range),
            },
            Event::Html(html) | Event::InlineHtml(html) if whole == Whole::Document && is_ours(&html) => {}
            Event::Html(_) | Event::InlineHtml(_) => {
                edits.extend(escaped_tags(text, range));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                is_code = true;
                // A fence that ends with the text is a paragraph's line for some.
                let line = text[range.clone()].find('\n').map_or(range.end, |i| range.start + i);
                edits.extend(escaped_tags(text, range.start..line));
            }
            // Where it begins and ends, readers may differ.
            Event::Code(code) if code.contains('`') && code.contains('<') => edits.push((range, as_words(&code))),
            Event::Code(code) if text[range.clone()].contains('\n') => {
                edits.push((range.clone(), in_one_line(&text[range], &code)));
            }
            Event::Start(Tag::Heading { .. }) if whole == Whole::Part => edits.extend(heading_as_bold(text, range)),
            // What is left is a link, or text where the address is not safe: an editor loads a picture without being
            // asked, and whoever wrote the text learns who looks at it, and when.
            Event::Start(Tag::Image { .. }) => edits.push((range.start..range.start, "\\".into())),
            Event::Start(Tag::Link { link_type: LinkType::Autolink | LinkType::Email, dest_url, .. }) => {
                if !is_safe(&dest_url) {
                    edits.extend(escaped_tags(text, range));
                }
                // Its end is none of a reference.
                references.push(Reference { whole: 0..0, text: 0..0, address: String::new(), is_dead: false });
            }
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let bracket = text[range.clone()].find('[').map_or(range.start, |i| range.start + i);
                let is_reference = link_type != LinkType::Inline;
                let is_dead = !is_safe(&dest_url);
                if is_dead {
                    edits.push((bracket..bracket, "\\".into()));
                }
                let address = if is_reference { dest_url.into_string() } else { String::new() };
                references.push(Reference { whole: range, text: bracket + 1..bracket + 1, address, is_dead });
            }
            _ => {}
        }
    }
    edits.extend(links_of_others(text, &words));
    edited(text, edits)
}

/// The text with something else in some ranges of it, of which the first counts where two overlap; `None` if it is the same.
fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> Option<String> {
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
    (out != text).then_some(out)
}

/// Entities for the brackets of what is a tag. Not backslashes: GitHub takes one behind a bare address for a part of it, and
/// the tag is live.
fn escaped_tags(text: &str, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, String)> + '_ {
    let start = range.start;
    text[range].match_indices('<').map(move |(i, _)| (start + i..start + i + 1, "&lt;".into()))
}

/// Code as words that mean nothing.
fn as_words(code: &str) -> String {
    let word = |c: char| match c {
        '<' => "&lt;".into(),
        '\n' => " ".into(),
        c if c.is_ascii_punctuation() => format!("\\{c}"),
        c => c.to_string(),
    };
    code.trim().chars().map(word).collect()
}

/// Code that goes over the end of a line, which is a blank in it: for some, a line within may be a part of a table.
fn in_one_line(source: &str, code: &str) -> String {
    let ticks = &source[..source.len() - source.trim_start_matches('`').len()];
    let code = code.replace('\n', " ");
    let pad = if code.starts_with(['`', ' ']) || code.ends_with(['`', ' ']) { " " } else { "" };
    format!("{ticks}{pad}{code}{pad}{ticks}")
}

/// Backslashes for what is plain words by the rules of CommonMark, and a link to a reader with looser ones: brackets before
/// a parenthesis that does not close, or closes elsewhere, and what stands at the start of a line as a definition does. What
/// looks like the start of a tag gets an entity, and a mark of code without an end a backslash. `words` are the ranges of the text that are words, in order.
fn links_of_others(text: &str, words: &[Range<usize>]) -> Vec<(Range<usize>, String)> {
    let mut edits = Vec::new();
    let mut words = words.iter().peekable();
    let (mut line, mut opened) = (0, None);
    for (at, mark) in text.match_indices(['[', ']', '<', '`', '~', '\n']) {
        while words.next_if(|words| words.end <= at).is_some() {}
        let is_word = words.peek().is_some_and(|words| words.start <= at);
        if mark == "\n" {
            line = at + 1;
        } else if mark == "<" {
            let tag = |b: &u8| b.is_ascii_alphabetic() || b"/!?".contains(b);
            if is_word && text.as_bytes().get(at + 1).is_some_and(tag) {
                edits.push((at..at + 1, "&lt;".into()));
            }
        } else if text[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1 {
            // It is a mere character already.
        } else if mark == "~" {
            // marked takes it and the mark of code behind it for one word.
            edits.extend((is_word && text.as_bytes().get(at + 1) == Some(&b'`')).then(|| (at..at, "\\".into())));
        } else if mark == "`" {
            // markdown-it remembers that it has no end, and then takes the one before it for such a one too.
            edits.extend(is_word.then(|| (at..at, "\\".into())));
        } else if mark == "[" {
            opened = Some(at).filter(|_| text[line..at].chars().all(begins_a_line));
        } else {
            let place = match text.as_bytes().get(at + 1) {
                Some(b'(') => Some(at + 1),
                Some(b':') => opened,
                _ => None,
            };
            edits.extend(place.filter(|_| is_word).map(|place| (place..place, "\\".into())));
            opened = None;
        }
    }
    edits
}

/// Whether a definition of an address may stand behind it on its line: it is of a mark of a block, or of a task's box.
fn begins_a_line(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_digit() || ">-+*#|.)[]xX".contains(c)
}

/// A link that is being read.
struct Reference {
    whole: Range<usize>,
    /// What stands between its first brackets, as far as it was read.
    text: Range<usize>,
    /// Empty for a link that has its address.
    address: String,
    /// Whether it leads where it must not.
    is_dead: bool,
}

impl Reference {
    /// What is to be done behind its words: its own address is none any more, for the brackets before them neither; one that
    /// stands elsewhere is put there.
    fn edit(self, text: &str) -> Option<(Range<usize>, String)> {
        let parenthesis = self.text.end + 1;
        if self.is_dead && text[self.text.end..].starts_with("](") {
            return Some((parenthesis..parenthesis, "\\".into()));
        }
        self.with_its_address(text)
    }

    /// Puts the address into the link, where it is one that can stand there as it is.
    fn with_its_address(self, text: &str) -> Option<(Range<usize>, String)> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#@+,;=%&".contains(&b);
        let closes = text.as_bytes().get(self.text.end) == Some(&b']');
        if self.address.is_empty() || !is_safe(&self.address) || !self.address.bytes().all(is_plain) || !closes {
            return None;
        }
        let address = self.address.replace('&', "&amp;");
        Some((self.text.end + 1..self.whole.end.max(self.text.end + 1), format!("({address})")))
    }
}

/// The same for one line that stands behind other text on its line, so that no block can begin in it.
#[must_use]
pub fn markdown_line(text: &str) -> String {
    let line = printable(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let behind = markdown(&format!("x {line}"));
    // What is nested in a way that nobody writes is shown as it is, and not in a line.
    behind.strip_prefix("x ").map_or_else(|| deadened(&line), str::to_owned)
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
    if reader_sees_heading(&text) {
        // It is code by CommonMark's rules, or it would be bold by now.
        return verbatim(&text);
    }
    if ends_as_text(&text) {
        return text;
    }
    let mut with_fence = text.clone();
    close_fence(&mut with_fence);
    // Where what closes it is mere words, for readers by CommonMark's rules, it would be escaped with the document.
    let stays = ends_as_text(&with_fence) && escaped(&with_fence, Whole::Part).is_none();
    if stays { with_fence } else { verbatim(&text) }
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

/// Goes through lines as whoever reads a document of ours does.
#[derive(Default)]
struct Reader {
    open: Option<(u8, usize)>,
}

impl Reader {
    /// Whether the next line is text, and not of a fence.
    fn takes_as_text(&mut self, line: &str) -> bool {
        let Some((_, mark, count, info)) = fence(line) else { return self.open.is_none() };
        match self.open {
            None => self.open = Some((mark, count)),
            Some((m, n)) if m == mark && count >= n && info.is_empty() => self.open = None,
            Some(_) => {}
        }
        false
    }
}

/// Whether the last line stands in a fence for whoever reads a document of ours.
fn reader_sees_open_fence(text: &str) -> bool {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.takes_as_text(line);
    }
    reader.open.is_some()
}

/// Whether a line is a heading for whoever reads a document of ours.
fn reader_sees_heading(text: &str) -> bool {
    let mut reader = Reader::default();
    text.lines().any(|line| reader.takes_as_text(line) && heading_level(line).is_some())
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
