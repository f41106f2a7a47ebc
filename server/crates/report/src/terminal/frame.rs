//! A finding's code, with the lines that are meant, and its fix as a diff.

use super::Style;
use super::ink::{Face, Ink, colour};
use super::prose::clip;
use crate::Texts;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use finding::{Anchor, Finding, Fix, LineRange, Severity, counted};
use patch::{Hints, Splits};
use std::ops::Range;

/// Lines shown above and below those that are meant.
const CONTEXT: u32 = 2;

/// The most lines of a range that are shown.
const MOST: u32 = 10;

/// The most lines of a fix that are shown.
const MOST_OF_A_FIX: usize = 30;

/// The line as it may be shown: control characters and those that turn the direction of writing as visible signs.
pub(super) fn visible(line: &str) -> String {
    line.chars()
        .map(|c| match c {
            '\t' => '\t',
            '\u{7f}' => '␡',
            c if u32::from(c) < 0x20 => char::from_u32(0x2400 + u32::from(c)).unwrap_or('�'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '�',
            c if c.is_control() => '�',
            c => c,
        })
        .collect()
}

/// The code around the anchor, or only its place where the text or the lines are not known.
pub(super) fn frame(anchor: &Anchor, text: Option<&str>, severity: Severity, style: Style) -> String {
    let path = visible(anchor.path.as_str());
    let shown = text.zip(anchor.lines).and_then(|(text, lines)| cut(text, lines, anchor.quote.as_deref(), style.width));
    let renderer = renderer(severity, style);
    let level = Level::ERROR.no_name();
    let group = Group::with_level(level);
    let Some(shown) = shown else {
        let mut origin = Origin::path(path);
        if let Some(lines) = anchor.lines {
            origin = origin.line(lines.start() as usize);
        }
        return renderer.render(&[group.element(origin)]);
    };
    let snippet = Snippet::source(&shown.code)
        .path(path)
        .line_start(shown.first as usize)
        .fold(false)
        .annotation(AnnotationKind::Primary.span(shown.marked.clone()).label(shown.more()));
    renderer.render(&[group.element(snippet)])
}

fn renderer(severity: Severity, style: Style) -> Renderer {
    let renderer = if style.colours {
        Renderer::styled().error(colour(severity).on_default().bold()).line_num(anstyle::Style::new().dimmed())
    } else {
        Renderer::plain()
    };
    renderer.decor_style(DecorStyle::Unicode).term_width(style.width)
}

/// A piece of a text.
struct Cut {
    code: String,
    /// Number of its first line.
    first: u32,
    /// In bytes of `code`.
    marked: Range<usize>,
    /// Marked lines that are left out.
    left_out: u32,
}

impl Cut {
    fn more(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("and {}", more_lines(self.left_out as usize)))
    }
}

fn cut(text: &str, lines: LineRange, quote: Option<&str>, width: usize) -> Option<Cut> {
    let last = lines.end().min(lines.start() + MOST - 1);
    let first = lines.start().saturating_sub(CONTEXT).max(1);
    // What stands left of the code: the number, the rule, and the bracket around several lines.
    let gutter = (last + CONTEXT).to_string().len() + 3 + 2;
    let mut code = String::new();
    let mut marked: Option<Range<usize>> = None;
    for (number, line) in (1..).zip(lines::split(text)).skip(first as usize - 1) {
        if number > last + CONTEXT {
            break;
        }
        let line = clip(&visible(line).replace('\t', "    "), width.saturating_sub(gutter));
        if (lines.start()..=last).contains(&number) && !line.trim().is_empty() {
            let part = if lines.count() == 1 { quoted(&line, quote) } else { None }.unwrap_or_else(|| inked(&line));
            let (start, end) = (code.len() + part.start, code.len() + part.end);
            marked = Some(marked.map_or(start, |m| m.start)..end);
        }
        code.push_str(&line);
        code.push('\n');
    }
    // A range of empty lines has nothing to underline; its place is said all the same.
    Some(Cut { code, first, marked: marked?, left_out: lines.end() - last })
}

fn more_lines(count: usize) -> String {
    counted(count, "more line")
}

/// The line without the white space around it.
fn inked(line: &str) -> Range<usize> {
    let start = line.len() - line.trim_start().len();
    start..line.trim_end().len().max(start)
}

/// Where the quote is, if it is once in the line.
fn quoted(line: &str, quote: Option<&str>) -> Option<Range<usize>> {
    let quote = quote?.trim();
    let mut places = line.match_indices(quote);
    let (at, _) = places.next().filter(|_| !quote.is_empty())?;
    places.next().is_none().then_some(at..at + quote.len())
}

/// The suggested change, line by line: as it would be applied where it is known to apply, else as it was written.
pub(super) fn diff<'t>(
    fix: &Fix,
    finding: &Finding,
    texts: (&'t Texts, &Splits<'t>),
    width: usize,
    ink: Ink,
) -> Vec<String> {
    let told = placed(fix, finding, texts).unwrap_or_else(|| as_written(&fix.diff));
    let mut lines: Vec<String> = told
        .iter()
        .take(MOST_OF_A_FIX)
        .map(|(face, line)| ink.paint(*face, clip(&visible(line).replace('\t', "    "), width).trim_end()))
        .collect();
    if told.len() > MOST_OF_A_FIX {
        lines.push(ink.paint(Face::Dim, &format!("… and {}", more_lines(told.len() - MOST_OF_A_FIX))));
    }
    lines
}

/// The change in the text that was reviewed, with line numbers and a line of context on both sides.
fn placed<'t>(fix: &Fix, finding: &Finding, (texts, split): (&'t Texts, &Splits<'t>)) -> Option<Vec<(Face, String)>> {
    let anchor = finding.main_anchor();
    let path = fix.path.as_ref().or(anchor.map(|a| &a.path))?;
    let text = split.of(texts.get(path)?);
    let here = anchor.filter(|a| a.path == *path);
    let hints = Hints {
        path: Some(path),
        lines: here.and_then(|a| a.lines),
        quote: here.and_then(|a| a.quote.as_deref()),
        symbol: finding.symbol.as_deref(),
    };
    let edits = patch::place_patch(&text, &patch::parse(&fix.diff).ok()?, &hints).ok()?.edits;
    let digits = text.count().to_string().len();
    let old = |number: usize, mark: char, face: Face| {
        let line = text.numbered(u32::try_from(number).ok().filter(|number| *number > 0)?)?;
        Some((face, format!("{number:>digits$} {mark} {line}")))
    };
    let mut told = Vec::new();
    // Number of the last line of the text that was told.
    let mut shown = 0;
    for (n, edit) in edits.iter().enumerate() {
        let (start, end) = (edit.start as usize, (edit.start + edit.count) as usize);
        if shown > 0 && start > shown + 2 {
            told.push((Face::Dim, format!("{:>digits$}", "⋯")));
        }
        if start > shown + 1 {
            told.extend(old(start - 1, ' ', Face::Dim));
        }
        told.extend((start..end).filter_map(|number| old(number, '-', Face::Removed)));
        told.extend(lines::split(&edit.text).map(|line| (Face::Added, format!("{:>digits$} + {line}", ""))));
        shown = end - 1;
        if edits.get(n + 1).is_none_or(|next| next.start as usize > end) {
            told.extend(old(end, ' ', Face::Dim));
            shown = end;
        }
    }
    (!told.is_empty()).then_some(told)
}

/// Without what only programs read.
fn as_written(diff: &str) -> Vec<(Face, String)> {
    let noise = ["```", "~~~", "diff --git ", "index ", "--- ", "+++ ", "new file mode", "deleted file mode"];
    let mut told: Vec<(Face, String)> = Vec::new();
    for line in diff.lines().filter(|l| !noise.iter().any(|n| l.starts_with(n))) {
        match line.as_bytes().first() {
            Some(b'@') if line.starts_with("@@") && told.is_empty() => {}
            Some(b'@') if line.starts_with("@@") => told.push((Face::Dim, "⋯".into())),
            Some(b'+') => told.push((Face::Added, line.into())),
            Some(b'-') => told.push((Face::Removed, line.into())),
            _ => told.push((Face::Dim, line.into())),
        }
    }
    told
}
