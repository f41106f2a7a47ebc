//! What is known of a raw finding besides what its agent said.

use finding::{FindingStatus, LineRange, RawFinding};
use patch::Text;

/// What is known of a raw finding besides what its agent said. `None` is "not known", which counts neither
/// for nor against it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The function, type or section that encloses its main place.
    pub symbol: Option<String>,
    /// Whether the quoted code is in the file.
    pub quote_found: Option<bool>,
    /// Whether its lines were changed.
    pub in_diff: Option<bool>,
    /// Whether one of its fixes applies.
    pub fix_applies: Option<bool>,
    /// What another agent's check of it gave.
    pub verification: FindingStatus,
}

impl Facts {
    /// Finds out from the snapshot's `text` of the main anchor's file (`None`: no such file) and from
    /// `touches`, which says whether any of some lines of it were changed. Fixes and verification stay open.
    #[must_use]
    pub fn look(raw: &RawFinding, text: Option<&Text<'_>>, touches: impl Fn(LineRange) -> bool) -> Self {
        let Some(anchor) = raw.main_anchor() else { return Self::default() };
        let Some(text) = text else { return Self { quote_found: Some(false), ..Self::default() } };
        Self {
            // A quote with parts left out is in the file all the same.
            quote_found: anchor
                .quote
                .as_deref()
                .map(|quote| text.has_lines(quote, anchor.lines) || text.find_quote(quote, anchor.lines).is_some()),
            in_diff: anchor.lines.map(touches),
            ..Self::default()
        }
    }
}
