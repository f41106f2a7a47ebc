//! What is known of a raw finding besides what its agent said.

use finding::{FindingStatus, LineRange, RawFinding};

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
    pub fn look(raw: &RawFinding, text: Option<&str>, touches: impl Fn(LineRange) -> bool) -> Self {
        let Some(anchor) = raw.main_anchor() else { return Self::default() };
        let Some(text) = text else { return Self { quote_found: Some(false), ..Self::default() } };
        Self {
            quote_found: anchor.quote.as_deref().map(|quote| has_lines(text, quote)),
            in_diff: anchor.lines.map(touches),
            ..Self::default()
        }
    }
}

/// Whether the lines of `quote` stand in `text` one after the other, white space aside.
fn has_lines(text: &str, quote: &str) -> bool {
    let squeezed = |s: &str| -> Vec<String> {
        s.lines().map(|l| l.split_whitespace().collect::<String>()).filter(|l| !l.is_empty()).collect()
    };
    let (text, quote) = (squeezed(text), squeezed(quote));
    !quote.is_empty() && text.windows(quote.len()).any(|w| w == quote)
}
