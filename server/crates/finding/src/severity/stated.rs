use super::{Severity, words};

/// A severity as somebody gave it. An unknown word is kept, and counts as Important: never as the lowest, or a word that
/// nobody foresaw would hide the worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedSeverity {
    /// What it counts as.
    pub severity: Severity,
    /// What was said, where that is no severity that is known.
    pub unknown: Option<String>,
}

/// The longest unknown severity that is kept, in characters.
const LONGEST: usize = 60;

/// Words that turn the next one round.
const NOT: &[&str] = &["not", "non", "no", "never", "isn", "nicht", "kein", "keine", "pas", "não", "нет", "не", "sub"];

impl StatedSeverity {
    /// Reads what stands where a severity is expected, in any shape: `**Critical**`, `[CRITICAL]`, `critical (crash)`,
    /// `P0`, `Severity: blocker`, `严重`. `None` where nothing does.
    #[must_use]
    pub fn read(value: &str) -> Option<Self> {
        SeverityScale::default().read(value)
    }

    fn known(severity: Severity) -> Self {
        Self { severity, unknown: None }
    }
}

/// The words of one reviewer. Some call the gravest `high`; for those who say `critical` too, `high` is Important.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeverityScale {
    high_is_second: bool,
}

impl SeverityScale {
    /// The scale of a reviewer who gives these severities in one review.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let is_first = |word: &String| words::value_word(word) == Some(Severity::Critical) && !words::is_second(word);
        Self { high_is_second: values.into_iter().any(|value| first_words(value).any(|word| is_first(&word))) }
    }

    /// [`StatedSeverity::read`] on this scale.
    #[must_use]
    pub fn read(self, value: &str) -> Option<StatedSeverity> {
        let bare =
            value.trim_matches(|c: char| !c.is_alphanumeric() && words::sign(c.encode_utf8(&mut [0; 4])).is_none());
        if bare.is_empty() {
            return None;
        }
        // What stands in brackets or behind a dash says why.
        let first = bare.split(['(', '[', ',', ';', '|', '—', '–', '\n']).next().unwrap_or(bare).trim();
        let alone = [bare, first].into_iter().find_map(|text| words::alone(text, words::value_word));
        let Some(severity) = alone.or_else(|| gravest(bare)) else {
            let unknown = Some(bare.chars().take(LONGEST).collect());
            return Some(StatedSeverity { severity: Severity::Important, unknown });
        };
        let high = severity == Severity::Critical && self.high_is_second;
        // Whatever made it Critical is `high`.
        let is_high = high
            && words_of(bare)
                .filter(|w| words::value_word(w) == Some(Severity::Critical))
                .all(|w| words::is_second(&w))
            && words_of(bare).any(|w| words::is_second(&w));
        Some(StatedSeverity::known(if is_high { Severity::Important } else { severity }))
    }
}

/// The words of a text, in lower case.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

/// Those before anything that only says why.
fn first_words(value: &str) -> impl Iterator<Item = String> {
    words_of(
        value.trim_start_matches(|c: char| !c.is_alphanumeric()).split(['(', '[', ',', ';']).next().unwrap_or(value),
    )
}

/// The gravest of the severities that a text names, unless it says that it is not that.
fn gravest(text: &str) -> Option<Severity> {
    let all: Vec<String> = words_of(text).collect();
    let said = |n: usize| n.checked_sub(1).is_none_or(|before| !NOT.contains(&all[before].as_str()));
    all.iter().enumerate().filter(|(n, _)| said(*n)).filter_map(|(_, word)| words::value_word(word)).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Critical, Important, Suggestion};

    #[test]
    fn a_severity_is_read_in_every_shape() {
        for (value, want) in [
            ("critical", Critical),
            ("**Critical**", Critical),
            ("[CRITICAL]", Critical),
            ("`critical`", Critical),
            ("critical (crash)", Critical),
            ("Critical — data loss", Critical),
            ("critical: it loses data", Critical),
            ("Severity: Critical", Critical),
            ("P0", Critical),
            ("P0 (blocker)", Critical),
            ("blocker", Critical),
            ("Blocking", Critical),
            ("sev1", Critical),
            ("error", Critical),
            ("🔴", Critical),
            ("🔴 Critical", Critical),
            ("kritisch", Critical),
            ("критический", Critical),
            ("严重", Critical),
            ("严重问题", Critical),
            ("HIGH", Critical),
            ("high severity", Critical),
            ("High/Critical", Critical),
            ("must fix", Critical),
            ("Medium to High", Critical),
            ("warning", Important),
            ("Medium", Important),
            ("serious", Important),
            ("moyenne", Important),
            ("P2", Suggestion),
            ("Low.", Suggestion),
            ("non-blocking", Suggestion),
            ("nitpick (non-blocking)", Suggestion),
            ("info", Suggestion),
            ("低", Suggestion),
        ] {
            assert_eq!(StatedSeverity::read(value), Some(StatedSeverity::known(want)), "{value}");
        }
    }

    #[test]
    fn an_unknown_word_is_kept_and_is_not_the_lowest() {
        for (value, kept) in [("gruesome", "gruesome"), ("**Tier 9**", "Tier 9"), ("not critical", "not critical")] {
            let want = StatedSeverity { severity: Important, unknown: Some(kept.into()) };
            assert_eq!(StatedSeverity::read(value), Some(want), "{value}");
        }
        let long = StatedSeverity::read(&"x".repeat(500)).and_then(|s| s.unknown).unwrap_or_default();
        assert_eq!(long.chars().count(), LONGEST);
        for nothing in ["", " ", "**", "—"] {
            assert_eq!(StatedSeverity::read(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn high_is_the_second_beside_critical() {
        for (values, want) in [
            (&["HIGH", "LOW"][..], [Critical, Suggestion].as_slice()),
            (&["HIGH", "CRITICAL", "Medium", "low"], &[Important, Critical, Important, Suggestion]),
            (&["**High** (leak)", "blocker"], &[Important, Critical]),
            (&["High / Critical", "critical"], &[Critical, Critical]),
            (&["hoch", "kritisch"], &[Important, Critical]),
            // What is in brackets is no severity that the reviewer gives.
            (&["high (not critical)", "low"], &[Critical, Suggestion]),
        ] {
            let scale = SeverityScale::of(values.iter().copied());
            let read: Vec<Severity> = values.iter().filter_map(|v| Some(scale.read(v)?.severity)).collect();
            assert_eq!(read, want, "{values:?}");
        }
    }
}
