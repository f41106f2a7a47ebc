use super::OpsError;
use finding::{Finding, Round};

/// Shortest beginning of an id that is looked for: shorter ones are more likely a mistyped label.
const SHORTEST: usize = 4;

/// A finding of a round, with its place in [`Round::findings`].
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Index into [`Round::findings`].
    pub index: usize,
    /// The finding.
    pub finding: &'a Finding,
}

/// The finding of that id or label (in any case, also one of a finding that became part of it), or whose id alone begins so (from four characters on).
///
/// # Errors
/// [`OpsError::UnknownFinding`], [`OpsError::AmbiguousFinding`].
pub fn find<'a>(round: &'a Round, name: &str) -> Result<Found<'a>, OpsError> {
    let by = |is: &dyn Fn(&Finding) -> bool| round.findings.iter().position(is);
    let found = |index: usize| Found { index, finding: &round.findings[index] };
    if let Some(index) = by(&|f| f.id.as_str() == name).or_else(|| by(&|f| f.is_called(name))) {
        return Ok(found(index));
    }
    let starts = |f: &Finding| name.len() >= SHORTEST && f.id.as_str().starts_with(name);
    let mut starting = (0..).zip(&round.findings).filter(|(_, f)| starts(f)).map(|(index, _)| index);
    match (starting.next(), starting.next()) {
        (Some(index), None) => Ok(found(index)),
        (Some(_), Some(_)) => Err(OpsError::AmbiguousFinding { name: name.to_owned() }),
        (None, _) => Err(OpsError::UnknownFinding { name: name.to_owned(), round: round.number }),
    }
}

/// The findings of these names, each once, in the order given.
///
/// # Errors
/// As [`find`] for the first that is not there, and [`OpsError::NothingNamed`] without a name: nothing named never means
/// everything.
pub fn find_all<'a, S: AsRef<str>>(round: &'a Round, names: &[S]) -> Result<Vec<Found<'a>>, OpsError> {
    let mut all: Vec<Found<'a>> = Vec::new();
    for name in names {
        let found = find(round, name.as_ref())?;
        if !all.iter().any(|other| other.index == found.index) {
            all.push(found);
        }
    }
    if all.is_empty() { Err(OpsError::NothingNamed) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn round() -> Round {
        let finding = |id: &str, label: &str| json!({ "id": id, "label": label, "severity": "important", "title": "t", "attributions": [], "confidence": 0.5 });
        serde_json::from_value(json!({
            "schema": 1, "id": "r", "number": 3, "started": "2026-03-23T16:13:34Z",
            "scope": { "base_name": "main", "uncommitted": true }, "agents": [],
            "findings": [finding("abcd1234", "I1"), finding("abcd5678", "I2"), finding("i1", "C1")],
        }))
        .unwrap()
    }

    #[test]
    fn a_finding_is_found_by_id_label_or_a_beginning_that_is_its_own() {
        let round = round();
        for (name, found) in [
            ("I1", Ok("abcd1234")),
            ("c1", Ok("i1")),
            ("i1", Ok("i1")),
            ("i2", Ok("abcd5678")),
            ("abcd1", Ok("abcd1234")),
            ("abcd5678", Ok("abcd5678")),
            ("abcd", Err("'abcd' is the beginning of several ids; give more of it")),
            ("abc", Err("round 3 has no finding 'abc'")),
            ("", Err("round 3 has no finding ''")),
            ("ABCD1", Err("round 3 has no finding 'ABCD1'")),
        ] {
            let said = find(&round, name).map(|f| f.finding.id.as_str()).map_err(|e| e.to_string());
            assert_eq!(said, found.map_err(str::to_owned), "{name}");
        }
    }

    #[test]
    fn nothing_named_is_never_everything() {
        let round = round();
        let labels = |names: &[&str]| -> Result<Vec<&str>, String> {
            let all = find_all(&round, names).map_err(|e| e.to_string())?;
            Ok(all.iter().map(|f| f.finding.label.as_str()).collect())
        };
        assert_eq!(labels(&["I2", "I1", "abcd5"]), Ok(vec!["I2", "I1"]), "each once");
        assert!(find_all::<&str>(&round, &[]).is_err_and(|e| e.is_argument()));
        assert_eq!(labels(&["I1", "I9"]), Err("round 3 has no finding 'I9'".into()));
    }
}
