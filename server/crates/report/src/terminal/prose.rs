//! Markdown as plain lines for a terminal: wrapped, with what matters of its structure.

use super::ink::{Face, Ink};
use crate::sanitize;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use unicode_width::UnicodeWidthChar;

/// Columns that a character takes.
fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Columns that a text takes.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The text, cut to `width` columns, with `…` where something is missing.
#[must_use]
pub fn clip(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += columns(*c);
        used < width
    });
    kept.chain(['…']).collect()
}

/// Plain text in lines of at most `width` columns.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let chars: Vec<(char, Face)> = text.chars().map(|c| (c, Face::Plain)).collect();
    broken(&chars, width).iter().map(|line| line.iter().map(|(c, _)| c).collect()).collect()
}

/// Lays `text` out in lines of at most `width` columns; code lines are cut, not broken.
pub(super) fn markdown(text: &str, width: usize, ink: Ink) -> Vec<String> {
    let text = sanitize::printable(text);
    let mut layout = Layout { width, ink, ..Layout::default() };
    for event in Parser::new_ext(&text, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES) {
        layout.take(event);
    }
    layout.flush();
    layout.lines
}

#[derive(Default)]
struct Layout {
    width: usize,
    ink: Ink,
    lines: Vec<String>,
    /// The paragraph under way.
    current: Vec<(char, Face)>,
    faces: Vec<Face>,
    /// For each list around: the number of its next item, if it has numbers.
    lists: Vec<Option<u64>>,
    /// Stands before the next line instead of the indentation.
    marker: Option<String>,
    code: bool,
    link: Option<(String, usize)>,
}

impl Layout {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => self.code_lines(&text),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.push(&text, None),
            Event::Code(code) if self.ink.colours => self.push(&code, Some(Face::Code)),
            Event::Code(code) => self.push(&format!("`{code}`"), None),
            Event::SoftBreak => self.push(" ", None),
            Event::HardBreak => self.flush(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::Table(_) => self.block(),
            Tag::Heading { .. } => {
                self.block();
                self.faces.push(Face::Strong);
            }
            Tag::CodeBlock(kind) => {
                self.block();
                self.code = true;
                // A diff keeps its marks, whatever language the fence names.
                let _: CodeBlockKind<'_> = kind;
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                } else {
                    self.flush();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(n)) => {
                        *n += 1;
                        format!("{}. ", *n - 1)
                    }
                    _ => "• ".into(),
                });
            }
            Tag::Strong => self.faces.push(Face::Strong),
            Tag::Emphasis => self.faces.push(Face::Emphasis),
            Tag::Link { dest_url, .. } => self.link = Some((dest_url.to_string(), self.current.len())),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::TableRow | TagEnd::TableHead => self.flush(),
            TagEnd::TableCell => self.push("  ", None),
            TagEnd::Heading(_) => {
                self.flush();
                self.faces.pop();
            }
            TagEnd::CodeBlock => self.code = false,
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.marker = None;
            }
            TagEnd::Strong | TagEnd::Emphasis => {
                self.faces.pop();
            }
            TagEnd::Link => {
                if let Some((url, from)) = self.link.take() {
                    let said: String = self.current.iter().skip(from).map(|(c, _)| c).collect();
                    if said != url && url.starts_with("http") {
                        self.push(&format!(" ({url})"), Some(Face::Dim));
                    }
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, text: &str, face: Option<Face>) {
        let face = face.or(self.faces.last().copied()).unwrap_or_default();
        self.current.extend(text.chars().map(|c| (if c.is_whitespace() { ' ' } else { c }, face)));
    }

    /// Begins a block: a line is left free before it, but not between a list's mark and its first text.
    fn block(&mut self) {
        self.flush();
        if self.marker.is_none() && self.lines.last().is_some_and(|l| !l.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn indent(&self) -> usize {
        self.lists.iter().map(|n| if n.is_some() { 3 } else { 2 }).sum()
    }

    fn code_lines(&mut self, text: &str) {
        let room = self.width.saturating_sub(self.indent() + 2).max(8);
        for line in text.lines() {
            let line = clip(&line.replace('\t', "    "), room);
            let indent = " ".repeat(self.indent() + 2);
            self.lines.push(format!("{indent}{}", self.ink.paint(Face::Code, &line)).trim_end().to_owned());
        }
        self.marker = None;
    }

    fn flush(&mut self) {
        if self.current.iter().all(|(c, _)| *c == ' ') {
            self.current.clear();
            return;
        }
        let indent = self.indent();
        let lines = broken(&self.current, self.width.saturating_sub(indent).max(8));
        self.current.clear();
        for line in lines {
            let prefix = match self.marker.take() {
                Some(marker) => format!("{}{marker}", " ".repeat(indent.saturating_sub(width_of(&marker)))),
                None => " ".repeat(indent),
            };
            self.lines.push(prefix + &painted(&line, self.ink));
        }
    }
}

fn painted(line: &[(char, Face)], ink: Ink) -> String {
    line.chunk_by(|a, b| a.1 == b.1)
        .map(|run| ink.paint(run[0].1, &run.iter().map(|(c, _)| c).collect::<String>()))
        .collect()
}

/// Breaks between words; a word that is longer than a line is broken where the line ends.
fn broken(text: &[(char, Face)], width: usize) -> Vec<Vec<(char, Face)>> {
    let mut lines: Vec<Vec<(char, Face)>> = Vec::new();
    let (mut line, mut used) = (Vec::new(), 0);
    for word in text.split(|(c, _)| *c == ' ').filter(|w| !w.is_empty()) {
        let mut size: usize = word.iter().map(|(c, _)| columns(*c)).sum();
        if used > 0 && used + 1 + size > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            // The blank takes the look of what stands around it if that is the same on both sides.
            let before = line.last().map_or(Face::Plain, |(_, f)| *f);
            line.push((' ', if before == word[0].1 { before } else { Face::Plain }));
            used += 1;
        }
        for (c, face) in word {
            if used > 0 && used + columns(*c) > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push((*c, *face));
            used += columns(*c);
            size = size.saturating_sub(columns(*c));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_laid_out_in_lines() {
        for (given, width, want) in [
            ("one two three", 8, "one two\nthree"),
            ("abcdefghij", 8, "abcdefgh\nij"),
            ("a `b c` **d**", 40, "a `b c` d"),
            ("para\none\n\npara two", 40, "para one\n\npara two"),
            ("* a\n* b c d e f g h\n  1. x\n  2. y", 12, "• a\n• b c d e f\n  g h\n  1. x\n  2. y"),
            ("x\n\n```rust\nfn  f() {}\n```\ny", 20, "x\n\n  fn  f() {}\n\ny"),
            ("```\n0123456789abcdef\n```", 12, "  012345678…"),
            ("# Head\ntext", 40, "Head\n\ntext"),
            ("see [the docs](https://e.org/a)", 60, "see the docs (https://e.org/a)"),
            ("[x](javascript:a)", 60, "x"),
            ("\u{1b}[31mred\u{1b}[0m", 40, "red"),
            ("漢字漢 漢字漢", 8, "漢字漢\n漢字漢"),
        ] {
            assert_eq!(markdown(given, width, Ink::default()).join("\n"), want, "{given:?}");
        }
    }

    #[test]
    fn a_text_is_clipped_by_columns() {
        for (given, width, want) in [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("漢字漢字", 5, "漢字…"), ("", 3, "")]
        {
            assert_eq!(clip(given, width), want);
        }
    }
}
