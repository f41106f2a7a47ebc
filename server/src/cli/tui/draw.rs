//! The screen: list, text, and the bars above and below; a function of what is there and how somebody looks at it.

use super::ground::Shown;
use super::keys;
use super::theme::Theme;
use super::view::{Drawn, Mode, Said, View};
use super::{detail, list};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Clear, Paragraph};
use report::terminal::{clip, wrap};

/// From this many columns on, list and text are side by side.
const SIDE_BY_SIDE: u16 = 110;

/// What is smaller than this has room for nothing, in columns and lines.
const SMALLEST: (u16, u16) = (30, 8);

/// What the bar at the bottom tells where nothing else is to be said.
const HINTS: &str = "a apply  d dismiss  f fix  o open  u undo  / search  t state  ? keys  q quit";

/// Draws all of it, and says what it came to.
pub(super) fn draw(frame: &mut Frame<'_>, shown: &Shown, view: &View, theme: Theme) -> Drawn {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        frame.render_widget(Paragraph::new("Too small: make the window larger, or q"), area);
        return Drawn::default();
    }
    let told = told(view, usize::from(area.width));
    let told_lines = u16::try_from(told.lines.len()).unwrap_or(1);
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(2), Constraint::Min(0), Constraint::Length(told_lines)]).areas(area);
    header(frame, top, shown, view, theme);
    bar(frame, bottom, &told, view, theme);
    if let Mode::Offered { text, .. } = &view.mode {
        return text_pane(frame, middle, " The fix ", detail::with_diffs(text, theme), view.scroll);
    }
    let (left, right) = panes(middle, view.visible(&shown.ground).len());
    list_pane(frame, left, shown, view, theme);
    let inner = usize::from(right.width.saturating_sub(2));
    let text = shown.whole.as_ref().map(|whole| detail::lines(whole, &shown.ground, view.fix, inner, theme));
    let drawn = text_pane(frame, right, "", text.unwrap_or_default(), view.scroll);
    if matches!(view.mode, Mode::Help) {
        help(frame, middle, theme);
    }
    drawn
}

/// The list and the text: side by side where there is room, else one above the other.
fn panes(area: Rect, findings: usize) -> (Rect, Rect) {
    if area.width >= SIDE_BY_SIDE {
        let [left, right] = Layout::horizontal([Constraint::Percentage(42), Constraint::Min(0)]).areas(area);
        return (left, right);
    }
    let wanted = u16::try_from(findings.max(1) + 2).unwrap_or(u16::MAX);
    let most = (area.height * 2 / 5).max(4);
    let [above, below] = Layout::vertical([Constraint::Length(wanted.min(most)), Constraint::Min(0)]).areas(area);
    (above, below)
}

/// What is reviewed and what came of it; below it, what is let through.
fn header(frame: &mut Frame<'_>, area: Rect, shown: &Shown, view: &View, theme: Theme) {
    let ground = &shown.ground;
    let width = usize::from(area.width);
    let first = clip(&format!("{} · {}", ground.title, ground.verdict), width);
    let second = clip(&format!("{} · shown: {}", ground.counts(), view.filter.says()), width);
    let lines = vec![Line::styled(first, theme.strong()), Line::styled(second, theme.dim())];
    frame.render_widget(Paragraph::new(lines), area);
}

fn list_pane(frame: &mut Frame<'_>, area: Rect, shown: &Shown, view: &View, theme: Theme) {
    let visible = view.visible(&shown.ground);
    let title = match view.place(&shown.ground, &visible) {
        Some(place) => format!(" {} of {} ", place + 1, visible.len()),
        None => " none ".to_owned(),
    };
    let block = Block::new().borders(Borders::ALL).title(title);
    let inner = block.inner(area);
    let size = (usize::from(inner.width), usize::from(inner.height));
    frame.render_widget(Paragraph::new(list::lines(&shown.ground, view, size, theme)).block(block), area);
}

fn text_pane(frame: &mut Frame<'_>, area: Rect, title: &str, lines: Vec<Line<'static>>, scroll: usize) -> Drawn {
    let page = usize::from(area.height.saturating_sub(2));
    let deepest = lines.len().saturating_sub(page);
    let scroll = scroll.min(deepest);
    let below = lines.len().saturating_sub(scroll + page);
    let more = if below > 0 { format!(" {below} more: Space ") } else { String::new() };
    let block = Block::new().borders(Borders::ALL).title(title.to_owned()).title_bottom(more);
    let lines: Vec<Line<'static>> = lines.into_iter().skip(scroll).take(page).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
    Drawn { page, deepest }
}

/// What the bar at the bottom says.
struct Told {
    lines: Vec<String>,
    /// Where what is typed goes on, in columns.
    cursor: Option<usize>,
}

/// Most lines that the bar takes.
const MOST_TOLD: usize = 3;

/// What is asked, what was said, or what can be done.
fn told(view: &View, width: usize) -> Told {
    let text = match &view.mode {
        Mode::Search(line) => return typed("Search: ", line, width),
        Mode::Reason { kind, line } if view.said.is_none() => {
            return typed(&format!("Why ({kind}; Tab: other kind): "), line, width);
        }
        Mode::Ask { question, .. } => format!("{question} y/n"),
        Mode::Mending { is_stopping: true, .. } => "Stopping…".to_owned(),
        Mode::Mending { doing, .. } => return told_once(&format!("{}  (Esc stops it)", list::one_line(doing)), width),
        Mode::Offered { .. } => "Apply this fix? y/n  (Space, b: scroll)".to_owned(),
        Mode::Help => "Any key goes back".to_owned(),
        Mode::Browse | Mode::Reason { .. } => match &view.said {
            Some(Said::Done(what)) => list::one_line(what),
            Some(Said::Failed(why)) => format!("! {}", list::one_line(why)),
            None => return told_once(HINTS, width),
        },
    };
    let mut lines = wrap(&text, width);
    if lines.len() > MOST_TOLD {
        lines[MOST_TOLD - 1] = clip(&format!("{} …", lines[MOST_TOLD - 1]), width);
        lines.truncate(MOST_TOLD);
    }
    Told { lines, cursor: None }
}

/// What changes often stays on one line.
fn told_once(text: &str, width: usize) -> Told {
    Told { lines: vec![clip(text, width)], cursor: None }
}

/// What is typed, as much of it as there is room for before the cursor.
fn typed(head: &str, line: &super::line::Line, width: usize) -> Told {
    let before = format!("{head}{}", line.before());
    let start = before.chars().count().saturating_sub(width.saturating_sub(1));
    let text: String = format!("{head}{}", line.text()).chars().skip(start).collect();
    let cursor = Line::raw(before.chars().skip(start).collect::<String>()).width();
    Told { lines: vec![clip(&text, width)], cursor: Some(cursor) }
}

fn bar(frame: &mut Frame<'_>, area: Rect, told: &Told, view: &View, theme: Theme) {
    let style = match view.said {
        Some(Said::Failed(_)) => theme.bad(),
        _ => Style::new(),
    };
    let lines: Vec<Line<'_>> = told.lines.iter().map(|line| Line::raw(line.as_str())).collect();
    frame.render_widget(Paragraph::new(lines).style(style.patch(theme.reversed())), area);
    if let Some(column) = told.cursor {
        frame.set_cursor_position(Position::new(area.x + u16::try_from(column).unwrap_or(0), area.y));
    }
}

/// Every key, over the rest.
fn help(frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let width = usize::from(area.width.min(64));
    let mut lines = Vec::new();
    for (keys, says) in keys::described() {
        for (n, says) in wrap(says, width.saturating_sub(15)).into_iter().enumerate() {
            lines.push(Line::raw(format!("{:11}{says}", if n == 0 { keys } else { "" })));
        }
    }
    lines.push(Line::styled("Marks: + fix  ✓ fixed  – dismissed  ~ outdated  ? doubtful", theme.dim()));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let width = u16::try_from(width).unwrap_or(area.width);
    let over = Rect { x: area.x + (area.width - width) / 2, y: area.y, width, height };
    frame.render_widget(Clear, over);
    frame.render_widget(Paragraph::new(lines).block(Block::new().borders(Borders::ALL).title(" Keys ")), over);
}
