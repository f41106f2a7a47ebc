//! The list of findings: mark, label, title, place, a line each.

use super::ground::{Entry, Ground};
use super::theme::Theme;
use super::view::View;
use ops::StateName;
use ratatui::text::{Line, Span};
use report::sanitize::printable;
use report::terminal::clip;

/// The lines of a list of that many columns and lines: those around the chosen finding.
pub(super) fn lines(ground: &Ground, view: &View, (width, height): (usize, usize), theme: Theme) -> Vec<Line<'static>> {
    let visible = view.visible(ground);
    if visible.is_empty() {
        return vec![Line::styled(clip(&nothing(ground, view), width), theme.dim())];
    }
    let place = view.place(ground, &visible).unwrap_or(0);
    let first = place.saturating_sub(height / 2).min(visible.len().saturating_sub(height));
    let shown = visible.iter().enumerate().skip(first).take(height);
    shown.map(|(n, index)| line(&ground.entries[*index], n == place, width, theme)).collect()
}

fn nothing(ground: &Ground, view: &View) -> String {
    match ground.entries.len() {
        0 => "Nobody found anything.".to_owned(),
        all => format!("None of {all} is {}. Esc, then t: all of them.", view.filter.says()),
    }
}

fn line(entry: &Entry, is_chosen: bool, width: usize, theme: Theme) -> Line<'static> {
    let row = &entry.row;
    let head = format!("{}{} {:4}", if is_chosen { '>' } else { ' ' }, mark(entry), printable(&row.label));
    let place = end_of(&mcp::text::place(row), width / 3);
    let room = width.saturating_sub(head.chars().count() + place.chars().count() + 2);
    let title = clip(&one_line(&row.title), room);
    let gap = " ".repeat(room.saturating_sub(Line::raw(title.as_str()).width()) + 1);
    let line = Line::from(vec![
        Span::styled(head, theme.severity(row.severity)),
        Span::raw(" "),
        Span::raw(title),
        Span::styled(format!("{gap}{place}"), theme.dim()),
    ]);
    if is_chosen { line.patch_style(theme.reversed()) } else { line }
}

/// What became of it; of what is open, whether it has a fix that applies.
fn mark(entry: &Entry) -> char {
    match (entry.row.state, entry.is_doubtful) {
        (StateName::Fixed, _) => '✓',
        (StateName::Dismissed, _) => '–',
        (StateName::Outdated, _) => '~',
        (StateName::Open, true) => '?',
        (StateName::Open, false) if entry.row.applies => '+',
        (StateName::Open, false) => ' ',
    }
}

/// The end of a path, which says more than its beginning.
fn end_of(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    let end: String = text.chars().skip(count + 1 - width.max(1)).collect();
    format!("…{end}")
}

/// A text of others as one line without anything that steers a terminal.
pub(super) fn one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
