//! How things look, with colours and without: what a colour says is said by a word or a mark too.

use finding::Severity;
use ratatui::style::{Color, Modifier, Style};

#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    pub(super) colours: bool,
}

impl Theme {
    fn coloured(self, style: Style, colour: Color) -> Style {
        if self.colours { style.fg(colour) } else { style }
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is chosen, and the bars.
    pub(super) fn reversed(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The same colours as in a report on the terminal.
    pub(super) fn severity(self, severity: Severity) -> Style {
        let colour = match severity {
            Severity::Critical => Color::Red,
            Severity::Important => Color::Yellow,
            Severity::Suggestion => Color::Blue,
        };
        self.coloured(self.strong(), colour)
    }

    pub(super) fn good(self) -> Style {
        self.coloured(Style::new(), Color::Green)
    }

    pub(super) fn bad(self) -> Style {
        self.coloured(self.strong(), Color::Red)
    }

    /// A line of a diff.
    pub(super) fn diff(self, line: &str) -> Style {
        match line.chars().next() {
            Some('+') => self.coloured(Style::new(), Color::Green),
            Some('-') => self.coloured(Style::new(), Color::Red),
            Some('@') => self.coloured(Style::new(), Color::Cyan),
            Some('d' | 'i' | 'n' | 'r' | 's') => self.dim(),
            _ => Style::new(),
        }
    }
}
