//! What another agent said to the contrary of a finding: a strength that is about the same code or the same thing.

use finding::{Anchor, Contrary, Finding, Observation, ObservationKind};
use std::collections::BTreeSet;

/// Lines between two places that are still about one thing.
const NEAR: u32 = 3;
/// Parts of the words of two texts that both have: about one thing at one place; about one thing in one file; the same
/// thing said twice.
const AT_ONE_PLACE: f64 = 0.08;
const IN_ONE_FILE: f64 = 0.2;
const THE_SAME: f64 = 0.5;

/// Links each finding with the strengths that other agents see where it sees a fault.
pub(super) fn link(findings: &mut [Finding], observations: &[Observation]) {
    let strengths: Vec<(&Observation, BTreeSet<String>)> = observations
        .iter()
        .filter(|o| o.kind == ObservationKind::Strength)
        .map(|o| (o, words(&format!("{} {}", o.title, o.body))))
        .collect();
    if strengths.is_empty() {
        return;
    }
    for finding in findings {
        let own = words(&format!("{} {}", finding.title, finding.body));
        let raisers: Vec<_> = finding.agents().into_iter().cloned().collect();
        let contrary = strengths.iter().filter(|(strength, theirs)| {
            let alike = shared(&own, theirs);
            let by_others = strength.by.iter().any(|by| !raisers.contains(by));
            by_others && is_about(&finding.anchors, &strength.anchors, alike)
        });
        finding.contrary = contrary.map(|(o, _)| Contrary { title: o.title.clone(), by: o.by.clone() }).collect();
    }
}

fn is_about(own: &[Anchor], theirs: &[Anchor], alike: f64) -> bool {
    own.iter().any(|a| {
        theirs.iter().filter(|b| a.path == b.path).any(|b| {
            let is_near = a.lines.zip(b.lines).is_some_and(|(a, b)| a.distance(b) <= NEAR);
            alike >= if is_near { AT_ONE_PLACE } else { IN_ONE_FILE }
        })
    }) || (theirs.is_empty() && alike >= THE_SAME)
}

/// Whether two lines say the same in other words.
pub(super) fn are_alike(one: &str, other: &str) -> bool {
    one == other || shared(&words(one), &words(other)) >= THE_SAME
}

/// Words of three letters and more, in lower case and without their commonest endings.
fn words(text: &str) -> BTreeSet<String> {
    const SAY_NOTHING: [&str; 22] = [
        "the", "and", "for", "with", "that", "this", "are", "not", "when", "from", "into", "has", "have", "its",
        "test", "case", "should", "without", "which", "only", "all", "where",
    ];
    let stem = |word: &str| {
        let word = word.to_lowercase();
        let ending = ["ing", "ed", "es", "s"].iter().find_map(|end| word.strip_suffix(end).filter(|w| w.len() > 2));
        ending.map_or(word.clone(), str::to_owned)
    };
    let all = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.chars().count() > 2);
    all.filter(|word| !SAY_NOTHING.contains(&word.to_lowercase().as_str())).map(stem).collect()
}

/// The part of the words of two texts that both have, of those of the shorter and the longer.
fn shared(one: &BTreeSet<String>, other: &BTreeSet<String>) -> f64 {
    let both = one.intersection(other).count() as f64;
    let all = one.union(other).count() as f64;
    if all == 0.0 { 0.0 } else { both / all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::{AgentName, Attribution, FindingId, LineRange, RawId, RepoPath, Severity};

    fn at(path: &str, line: u32) -> Vec<Anchor> {
        vec![Anchor::lines(RepoPath::new(path).unwrap(), LineRange::line(line))]
    }

    #[test]
    fn a_strength_of_another_agent_about_the_same_is_the_contrary_of_a_finding() {
        let title = "The retry loop of `fetch_all` never ends";
        let raised =
            Attribution { agent: AgentName::new("ann"), severity: Severity::Important, raw: RawId::new("ann:1") };
        let finding = Finding {
            anchors: at("a.rs", 10),
            attributions: vec![raised],
            ..Finding::new(FindingId::new("x"), Severity::Important, title)
        };
        for (by, path, line, title, is_contrary) in [
            ("bob", "a.rs", 11, "The retry loop is bounded and backs off", true),
            ("bob", "a.rs", 60, "The retry loop of `fetch_all` always ends", true),
            ("bob", "a.rs", 11, "Names are short and clear", false),
            ("bob", "b.rs", 10, "The retry loop is bounded and backs off", false),
            ("ann", "a.rs", 11, "The retry loop is bounded and backs off", false),
        ] {
            let strength = Observation {
                kind: ObservationKind::Strength,
                title: title.into(),
                body: String::new(),
                anchors: at(path, line),
                by: vec![AgentName::new(by)],
            };
            let mut findings = [finding.clone()];
            link(&mut findings, &[strength]);
            assert_eq!(findings[0].contrary.len(), usize::from(is_contrary), "{by} {path}:{line} {title}");
        }
    }

    #[test]
    fn scenarios_in_other_words_are_alike() {
        assert!(are_alike("Uploading an empty file", "Upload of an empty file"));
        assert!(!are_alike("Uploading an empty file", "Two users upload at once"));
    }
}
