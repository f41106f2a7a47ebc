//! What a report says of a finding besides the remark itself: severities that were given, checks, resolutions.

use super::lines::pattern;
use super::roster::Roster;
use finding::{
    AgentName, Attribution, CommitId, Contrary, DeclinedEarlier, DismissReason, Doubt, Finding, FindingId,
    FindingStatus, Fixup, Settled, Severity, State,
};
use regex::Regex;
use std::sync::LazyLock;

static RATED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"([A-Z][A-Za-z0-9. ]{1,40}?) (?:over-?|under-?)?rated (?:this|it)(?: as)? (?:an? )?(critical|important|suggestion)\b",
    )
});
static CHECKED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(Confirmed|Refuted) by ([^:]+)(?:: (.*))?$"));
static SETTLED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(.+?): (Critical|Important|Suggestion)(?:: (.*))?$"));
/// How [`DismissReason`] is written.
static DISMISSED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^Dismissed \((false positive|won't fix|later)\)(?:: (.*))?$"));
static FIXUP: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^git commit --fixup=([0-9a-f]{7,64})  # ([CIS]\d+(?:, [CIS]\d+)*)"));
static ROUND_DECLINED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^declined (?:in )?round (\d+):?\s*"));

/// The severities that the text says agents gave: "Gemini rated this critical; Codex rated it important".
pub(crate) fn rated(text: &str, roster: &Roster) -> Vec<(AgentName, Severity)> {
    RATED
        .captures_iter(text)
        .filter_map(|m| Some((roster.named(&m[1]).first()?.name.clone(), Severity::from_word(&m[2])?)))
        .collect()
}

pub(crate) fn verification(text: &str, roster: &Roster) -> Option<FindingStatus> {
    let m = CHECKED.captures(text)?;
    let by = roster.labelled(&m[2]).unwrap_or_else(|| AgentName::of_label(&m[2]));
    let note = m.get(3).map_or("", |n| n.as_str()).to_owned();
    Some(if &m[1] == "Confirmed" { FindingStatus::Confirmed { by, note } } else { FindingStatus::Refuted { by, note } })
}

/// Who had the last word on a severity, as a report of ours says it: `Ann 1: Important: users see it`.
pub(crate) fn settled(text: &str, roster: &Roster) -> Option<Settled> {
    let m = SETTLED.captures(text)?;
    let by = roster.labelled(&m[1])?;
    let reason = m.get(3).map_or("", |reason| reason.as_str()).to_owned();
    Some(Settled { by, severity: Severity::from_word(&m[2])?, reason })
}

/// What others say to the contrary, as a report of ours says it.
pub(crate) fn contrary(text: &str, roster: &Roster) -> Option<Contrary> {
    let (labels, title) = text.split_once(" sees a strength: ").or_else(|| text.split_once(" see a strength: "))?;
    let by: Option<Vec<AgentName>> = labels.split(", ").map(|label| roster.labelled(label)).collect();
    Some(Contrary { title: title.to_owned(), by: by? })
}

/// The doubts that a report of ours names.
pub(crate) fn doubts(text: &str) -> Vec<Doubt> {
    let all = [Doubt::QuoteMissing, Doubt::FixRefused, Doubt::LowConfidence];
    all.into_iter().filter(|doubt| text.split("; ").any(|said| said == doubt.to_string())).collect()
}

/// What the action of a resolution table means.
pub(crate) fn state_of(action: &str) -> Option<State> {
    let low = action.trim_matches(['*', ' ', '`']).to_lowercase();
    if low.is_empty() || low.starts_with("open") {
        return None;
    }
    if let Some(m) = DISMISSED.captures(action) {
        let reason = match &m[1] {
            "later" => DismissReason::Later,
            "won't fix" => DismissReason::WontFix,
            _ => DismissReason::FalsePositive,
        };
        return Some(State::Dismissed { reason, text: m.get(2).map_or("", |t| t.as_str()).to_owned() });
    }
    let text = action.to_owned();
    Some(if ["fixed", "done", "addressed", "resolved", "documented"].iter().any(|w| low.starts_with(w)) {
        State::Fixed
    } else if low.starts_with("outdated") {
        State::Outdated
    } else if ["invalid", "false positive"].iter().any(|w| low.contains(w)) {
        State::Dismissed { reason: DismissReason::FalsePositive, text }
    } else if ["deferred", "later", "follow-up", "future"].iter().any(|w| low.contains(w)) {
        State::Dismissed { reason: DismissReason::Later, text }
    } else {
        State::Dismissed { reason: DismissReason::WontFix, text }
    })
}

pub(crate) fn dispute(attributions: &[Attribution], settled: Severity, roster: &Roster) -> Option<String> {
    if attributions.iter().all(|a| a.severity == settled) {
        return None;
    }
    let said: Vec<String> = attributions
        .iter()
        .map(|a| format!("{}: {}", roster.member(&a.agent).map_or(a.agent.as_str(), |m| m.label.as_str()), a.severity))
        .collect();
    Some(format!("{} → {settled}", said.join(", ")))
}

/// The lines of `git commit --fixup`, with the findings by their labels.
pub(crate) fn fixups(text: &str, findings: &[Finding]) -> Vec<Fixup> {
    let of = |line: &str| {
        let m = FIXUP.captures(line)?;
        let named = m[2].split(", ").filter_map(|l| findings.iter().find(|f| f.label == l)).map(|f| f.id.clone());
        Some(Fixup { commit: CommitId::new(&m[1]), findings: named.collect() })
    };
    text.lines().filter_map(of).collect()
}

pub(crate) fn declined(title: String, rest: &str) -> DeclinedEarlier {
    let m = ROUND_DECLINED.captures(rest);
    let round = m.as_ref().and_then(|m| m[1].parse().ok()).unwrap_or(0);
    let reason = m.map_or(rest, |m| &rest[m[0].len()..]).to_owned();
    DeclinedEarlier { id: FindingId::new(AgentName::of_label(&title).to_string()), title, reason, round, anchor: None }
}
