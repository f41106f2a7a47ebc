//! How things look: the colours, and none of them where none are wanted.

use anstyle::{AnsiColor, Style};
use finding::Severity;

/// What a piece of text is, as far as its look goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Face {
    #[default]
    Plain,
    Strong,
    Emphasis,
    Dim,
    Code,
    Added,
    Removed,
    Good,
    Bad,
    Severity(Severity),
    /// A finding's label.
    Label(Severity),
}

/// Paints, or leaves as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ink {
    pub(super) colours: bool,
}

impl Ink {
    /// `text` must be free of control characters already.
    pub(super) fn paint(self, face: Face, text: &str) -> String {
        let style = style(face);
        if !self.colours || text.is_empty() || style == Style::new() {
            return text.to_owned();
        }
        format!("{style}{text}{style:#}")
    }
}

/// The colour that stands for a severity everywhere.
pub(super) fn colour(severity: Severity) -> AnsiColor {
    match severity {
        Severity::Critical => AnsiColor::Red,
        Severity::Important => AnsiColor::Yellow,
        Severity::Suggestion => AnsiColor::Blue,
    }
}

fn style(face: Face) -> Style {
    match face {
        Face::Plain => Style::new(),
        Face::Strong => Style::new().bold(),
        Face::Emphasis => Style::new().italic(),
        Face::Dim => Style::new().dimmed(),
        Face::Code => AnsiColor::Cyan.on_default(),
        Face::Added | Face::Good => AnsiColor::Green.on_default(),
        Face::Removed => AnsiColor::Red.on_default(),
        Face::Bad => AnsiColor::Red.on_default().bold(),
        Face::Severity(severity) => colour(severity).on_default().bold(),
        Face::Label(severity) => colour(severity).on_default().bold().invert(),
    }
}
