//! The anchors of a Markdown document: its headings, as GitHub and others name them, and those that it sets by hand.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::HashSet;

/// The anchors, without the signs in which renderers differ.
pub(super) struct Anchors {
    plain: HashSet<String>,
    /// Whether something may add headings that are not in the text: an include, a macro.
    has_more: bool,
}

/// An anchor in lower case, with letters and digits only: dashes and underscores are written differently everywhere.
pub(super) fn plain(anchor: &str) -> String {
    anchor.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Anchors {
    pub(super) fn of(text: &str) -> Self {
        let mut found = HashSet::new();
        let mut heading: Option<String> = None;
        let add = |found: &mut HashSet<String>, anchor: &str| {
            let anchor = plain(anchor);
            // The second heading of one name has a number behind it.
            for n in 1..4 {
                found.insert(format!("{anchor}{n}"));
            }
            found.insert(anchor);
        };
        for event in Parser::new_ext(text, Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { id, .. }) => {
                    if let Some(id) = id {
                        add(&mut found, &id);
                    }
                    heading = Some(String::new());
                }
                Event::End(TagEnd::Heading(_)) => {
                    if let Some(heading) = heading.take() {
                        add(&mut found, &heading);
                    }
                }
                Event::Text(t) | Event::Code(t) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&t);
                    }
                }
                _ => {}
            }
        }
        for mark in ["id=\"", "name=\"", "id='", "name='", "{#", "{: #", "<a id=", "<a name="] {
            for (at, _) in text.match_indices(mark) {
                let rest = text[at + mark.len()..].trim_start_matches(['"', '\'']);
                let end = rest.find(['"', '\'', '}', '>', ' ']).unwrap_or(0);
                add(&mut found, &rest[..end.min(200)]);
            }
        }
        let makes_more =
            ["{{", "{%", "--8<--", "<!-- include", "!!!include", "[[toc]]", ":::", "<details", "<summary", "import "];
        Self { plain: found, has_more: makes_more.iter().any(|w| text.contains(w)) }
    }

    pub(super) fn has(&self, anchor: &str) -> bool {
        let anchor = percent_decoded(anchor);
        let anchor = anchor.trim_start_matches("user-content-");
        // `#L10` is a line of a file, `#:~:text=` a place in a text, `#readme` the page.
        let is_other = anchor.starts_with(":~:") || matches!(anchor, "" | "top" | "readme" | "start-of-content");
        let is_line = anchor.strip_prefix('L').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
        is_other || is_line || self.plain.contains(&plain(anchor))
    }

    /// Whether these are all that the document has.
    pub(super) fn are_all(&self) -> bool {
        !self.has_more
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.plain.iter().map(String::as_str)
    }
}

/// `%20` and the like as what they stand for.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
