//! A finding as it stands in a review, before anything is made of it.

use super::cite;
use super::head::Head;
use super::lines::pattern;
use finding::{Anchor, Severity};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A finding as it stands in the document.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) severity: Severity,
    pub(super) head: Head,
    /// Its number in the document: `I3`; made from the severity and the place in the list where it has none.
    pub(super) label: String,
    pub(super) number: Option<u32>,
    pub(super) has_letter: bool,
    /// What is said, where it is no lines of the document.
    pub(super) text: Option<String>,
    /// Lines after the head, up to the next finding or section.
    pub(super) lines: Range<usize>,
}

impl Item {
    /// One of a review without a format; its end is not known yet.
    pub(super) fn loose(severity: Severity, head: Head, start: usize) -> Self {
        let lines = start..start;
        Self { severity, head, label: String::new(), number: None, has_letter: false, text: None, lines }
    }
}

pub(super) static AGENTS_LINE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*\[([^\]\[]+(?:\]\s*\[[^\]\[]+)*)\]\s*$"));
pub(super) static CLASS_LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*\*?`?\(\s*((?:critical|important|suggestion)\b[^()\n]*)\)`?\*?\s*$|\(\s*((?:critical|important|suggestion)\s*,[^()\n]*)\)\s*$",
    )
});

/// Gives labels to those without, and makes all of them unique.
pub(super) fn name(items: &mut [Item]) {
    let mut counts = [0u32; 3];
    let mut seen: std::collections::HashMap<String, u32> = std::collections::HashMap::new();
    for item in items {
        let n = &mut counts[item.severity as usize];
        *n += 1;
        if !item.has_letter {
            item.label = format!("{}{}", item.severity.letter(), item.number.unwrap_or(*n));
        }
        let times = seen.entry(item.label.clone()).or_default();
        *times += 1;
        if *times > 1 {
            item.label = format!("{}#{times}", item.label);
        }
    }
}

/// The anchors of a finding: those of its citations, the first with the quote.
pub(super) fn anchors(head: &Head, quote: Option<String>) -> Vec<Anchor> {
    let mut anchors = cite::anchors(&head.cites);
    if let Some(first) = anchors.first_mut() {
        first.quote = quote;
    }
    anchors
}
