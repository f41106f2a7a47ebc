//! Reviewers who say `critical` and `high` mean two things by them; those who only say `high`, the gravest.

use super::fielded;
use super::headings::severity_section;
use super::item::Item;
use super::lines::{Line, Lines};
use finding::{Severity, SeverityScale};
use std::ops::Range;

/// Puts what is `high` on the scale of the review.
pub(super) fn apply(items: &mut [Item], lines: &Lines<'_>, range: &Range<usize>) {
    if items.iter().all(|item| item.severity != Severity::Critical) {
        return;
    }
    let is_section = |at: &usize| lines.at(*at).is_text() && severity_section(lines.at(*at).text.trim()).is_some();
    let sections: Vec<usize> = range.clone().filter(is_section).collect();
    let said: Vec<String> = items.iter().map(|item| said_of(item, lines, range, &sections)).collect();
    let scale = SeverityScale::of(said.iter().map(String::as_str));
    for (item, said) in items.iter_mut().zip(said).filter(|(item, _)| item.severity == Severity::Critical) {
        if let Some(stated) = scale.read(&said).filter(|stated| stated.unknown.is_none()) {
            item.severity = stated.severity;
        }
    }
}

/// The words that made the finding as severe as it is: those of its head, of its field, or of its section's heading.
fn said_of(item: &Item, lines: &Lines<'_>, range: &Range<usize>, sections: &[usize]) -> String {
    let first_words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.filter(|word| !word.bytes().all(|b| b.is_ascii_digit())).take(2).collect::<Vec<_>>().join(" ")
    };
    let says_one = |text: &String| text.split(' ').any(|word| Severity::from_heading_word(word) == Some(item.severity));
    let head = item.lines.start.saturating_sub(1).max(range.start);
    let mut heads = (head..=item.lines.start).filter(|at| range.contains(at)).map(|at| first_words(lines.at(at).text));
    let field = || {
        let body = lines.within(item.lines.clone()).filter(Line::is_text).map(|line| line.text);
        fielded::stated(body).filter(says_one)
    };
    let section = || {
        let above = sections.partition_point(|at| *at < head).checked_sub(1)?;
        Some(lines.at(sections[above]).text.trim().to_owned())
    };
    heads.find(says_one).or_else(field).or_else(section).unwrap_or_default()
}
