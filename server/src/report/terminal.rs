//! A round as text for a terminal.

use super::Texts;
use crate::finding::{Decisions, Round};

/// How it may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences for colours are written.
    pub colours: bool,
    /// Columns to keep within.
    pub width: usize,
}

/// Writes the round.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions, texts: &Texts, _style: Style) -> String {
    super::markdown::write(round, decisions, texts)
}
