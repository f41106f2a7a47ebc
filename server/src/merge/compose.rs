//! A cluster of raw findings → one finding.

use super::{Facts, Input, identity};
use crate::finding::{Attribution, Finding, FindingId, RawFinding};
use std::cmp::Ordering;

/// The finding that `members` (never empty) make.
pub(super) fn finding(input: &Input<'_>, members: &[&RawFinding]) -> Finding {
    let first = members[0];
    let facts = input.facts.get(&first.id).cloned().unwrap_or_default();
    let Facts { symbol, verification, .. } = facts;
    Finding {
        id: FindingId::new(identity::fingerprint(first).0),
        label: String::new(),
        severity: first.severity,
        dispute: None,
        title: first.title.clone(),
        body: first.body.clone(),
        anchors: first.anchors.clone(),
        symbol: first.symbol.clone().or(symbol),
        classification: first.classification,
        rule: first.rule.clone(),
        attributions: members
            .iter()
            .map(|raw| Attribution { agent: raw.agent.clone(), severity: raw.severity, raw: raw.id.clone() })
            .collect(),
        fixes: first.fixes.clone(),
        confidence: 0.5,
        why: Vec::new(),
        related: Vec::new(),
        verification,
        since: None,
    }
}

/// The order in which findings are shown.
pub(super) fn by_rank(a: &Finding, b: &Finding) -> Ordering {
    b.severity.cmp(&a.severity).then(b.confidence.total_cmp(&a.confidence)).then_with(|| a.id.cmp(&b.id))
}

/// Gives `findings`, which are in the order of rank, their labels.
pub(super) fn label(findings: &mut [Finding]) {
    let mut counts = [0_u32; 3];
    for finding in findings {
        let count = &mut counts[finding.severity as usize];
        *count += 1;
        finding.label = format!("{}{count}", finding.severity.letter());
    }
}
