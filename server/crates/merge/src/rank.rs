//! How much a finding deserves attention: `confidence` in 0…1, a logistic score of few terms, each of which can
//! be named to the user.

use super::{Facts, Record};
use finding::{Doubt, FindingStatus, Severity};

/// Log odds of a finding of one agent about which nothing is known.
const BASE: f64 = 0.0;
/// What agreement adds: times the logarithm of support, which is [`ALONE`] without any.
const AGREEMENT: f64 = 0.9;
const ALONE: f64 = 0.35;
/// Evidence: what is known of the finding's quote, lines, fix and origin; and of it by another agent's check.
const QUOTE_FOUND: f64 = 0.3;
const QUOTE_MISSING: f64 = -1.5;
const IN_DIFF: f64 = 0.2;
const OUTSIDE_DIFF: f64 = -0.7;
const FIX_APPLIES: f64 = 0.4;
const FIX_REFUSED: f64 = -0.2;
const COMPUTED: f64 = 2.0;
const CONFIRMED: f64 = 1.5;
const REFUTED: f64 = -3.0;
/// One step of severity, from Important.
const SEVERITY_STEP: f64 = 0.2;
/// How much an agent's record counts: times its log odds, at most [`RECORD_MOST`] either way.
const RECORD: f64 = 0.5;
const RECORD_MOST: f64 = 0.7;
/// Confidence below which a finding is hardly believed.
const HARDLY: f64 = 0.25;
/// What is left of the support of a finding that says again what a better one says, at least.
pub(super) const LEFT_OF_REPETITION: f32 = 0.1;

/// What a finding's confidence is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Signals {
    /// How many agents say what another one in it says, as far as that can be told.
    pub(super) support: f32,
    /// Its severity.
    pub(super) severity: Option<Severity>,
    /// The best that is known of any of its remarks.
    pub(super) facts: Facts,
    /// Whether a checker or linter computed it.
    pub(super) computed: bool,
    /// Records of its agents.
    pub(super) records: Vec<Record>,
}

impl Signals {
    /// The confidence, with what moved it for people.
    pub(super) fn confidence(&self) -> (f64, Vec<&'static str>) {
        let mut why = Vec::new();
        let mut odds = BASE + AGREEMENT * (f64::from(self.support.max(0.0)) + ALONE).ln();
        let mut add = |amount: f64, reason: &'static str| {
            odds += amount;
            if !reason.is_empty() {
                why.push(reason);
            }
        };
        match self.facts.quote_found {
            Some(true) => add(QUOTE_FOUND, "the quoted code is in the file"),
            Some(false) => add(QUOTE_MISSING, "the quoted code is not in the file"),
            None => {}
        }
        match self.facts.in_diff {
            Some(true) => add(IN_DIFF, "its lines are part of the change"),
            Some(false) => add(OUTSIDE_DIFF, "its lines are not part of the change"),
            None => {}
        }
        match self.facts.fix_applies {
            Some(true) => add(FIX_APPLIES, "its fix applies"),
            Some(false) => add(FIX_REFUSED, "its fix does not apply"),
            None => {}
        }
        if self.computed {
            add(COMPUTED, "computed, not judged");
        }
        match self.facts.verification {
            FindingStatus::Confirmed { .. } => add(CONFIRMED, "confirmed by another agent's check"),
            FindingStatus::Refuted { .. } => add(REFUTED, "refuted by another agent's check"),
            FindingStatus::Unverified => {}
        }
        let step = match self.severity {
            Some(Severity::Critical) => 1.0,
            Some(Severity::Suggestion) => -1.0,
            Some(Severity::Important) | None => 0.0,
        };
        add(step * SEVERITY_STEP, "");
        let record = self.record();
        if record > 0.2 {
            add(record, "its agents' findings were mostly kept before");
        } else if record < -0.2 {
            add(record, "its agents' findings were mostly dismissed before");
        } else {
            add(record, "");
        }
        (1.0 / (1.0 + (-odds).exp()), why)
    }

    /// Why the evidence of a finding with `quotes` does not hold: it quotes code that is not there, nothing else speaks
    /// for it, and so it is hardly believed.
    pub(super) fn doubts(&self, confidence: f64, quotes: bool) -> Vec<Doubt> {
        let Facts { quote_found, fix_applies, verification, .. } = &self.facts;
        let speaks_for_it = self.computed
            || *fix_applies == Some(true)
            || matches!(verification, FindingStatus::Confirmed { .. })
            || confidence >= HARDLY;
        if !quotes || *quote_found != Some(false) || speaks_for_it {
            return Vec::new();
        }
        let refused = (*fix_applies == Some(false)).then_some(Doubt::FixRefused);
        [Some(Doubt::QuoteMissing), refused, Some(Doubt::LowConfidence)].into_iter().flatten().collect()
    }

    /// Mean of what the agents' records add; 0 where there is none.
    fn record(&self) -> f64 {
        let odds = |r: &Record| (f64::from(r.kept + 1) / f64::from(r.dismissed + 1)).ln();
        let sum: f64 = self.records.iter().map(odds).sum();
        (RECORD * sum / self.records.len().max(1) as f64).clamp(-RECORD_MOST, RECORD_MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(change: impl Fn(&mut Signals)) -> f64 {
        let mut signals = Signals::default();
        change(&mut signals);
        signals.confidence().0
    }

    #[test]
    fn each_signal_moves_confidence_its_way_and_it_stays_in_bounds() {
        let plain = confidence(|_| {});
        let confirmed = FindingStatus::Confirmed { by: finding::AgentName::new("x"), note: String::new() };
        let refuted = FindingStatus::Refuted { by: finding::AgentName::new("x"), note: String::new() };
        type Change<'a> = &'a dyn Fn(&mut Signals);
        let better: &[Change<'_>] = &[
            &|s| s.support = 0.5,
            &|s| s.severity = Some(Severity::Critical),
            &|s| s.facts.quote_found = Some(true),
            &|s| s.facts.in_diff = Some(true),
            &|s| s.facts.fix_applies = Some(true),
            &|s| s.facts.verification = confirmed.clone(),
            &|s| s.computed = true,
            &|s| s.records = vec![Record { kept: 5, ..Record::default() }],
        ];
        let worse: &[Change<'_>] = &[
            &|s| s.severity = Some(Severity::Suggestion),
            &|s| s.facts.quote_found = Some(false),
            &|s| s.facts.in_diff = Some(false),
            &|s| s.facts.fix_applies = Some(false),
            &|s| s.facts.verification = refuted.clone(),
            &|s| s.records = vec![Record { dismissed: 5, ..Record::default() }],
        ];
        for (i, change) in better.iter().enumerate() {
            assert!(confidence(change) > plain, "better {i}");
        }
        for (i, change) in worse.iter().enumerate() {
            assert!(confidence(change) < plain, "worse {i}");
        }
        let doubts = |change: &dyn Fn(&mut Signals)| {
            let mut signals = Signals::default();
            signals.facts.quote_found = Some(false);
            change(&mut signals);
            let (confidence, _) = signals.confidence();
            signals.doubts(confidence, true).len()
        };
        assert_eq!(doubts(&|_| {}), 2);
        assert_eq!(doubts(&|s| s.facts.fix_applies = Some(false)), 3);
        let holds: &[Change<'_>] = &[
            &|s| s.facts.quote_found = Some(true),
            &|s| s.facts.quote_found = None,
            &|s| s.facts.fix_applies = Some(true),
            &|s| s.facts.verification = confirmed.clone(),
            &|s| s.computed = true,
            &|s| s.support = 2.0,
        ];
        for (i, change) in holds.iter().enumerate() {
            assert_eq!(doubts(change), 0, "{i}");
        }
        assert!((0.0..=1.0).contains(&confidence(|s| s.support = 1e9)));
        assert!((0.0..=1.0).contains(&confidence(|s| s.support = f32::NAN)));
    }
}
