//! What people said beside what agents say: the same by the rules by which remarks of two agents are one issue.

use super::{Input, merge};
use finding::{AgentName, Anchor, Feedback, Finding, LineRange, RawFinding, RawId};

/// How far apart, in lines, two remarks on one issue may be.
const NEAR: u32 = 10;

/// Whether a person's `comment` on `lines` says what a finding at `place` says; both count lines in one text. One that was
/// posted for a finding is that finding's, wherever it is.
#[must_use]
pub fn is_same(finding: &Finding, place: LineRange, comment: &Feedback, lines: LineRange) -> bool {
    if let Some(of) = &comment.of {
        return *of == finding.id;
    }
    let gap = place.start().saturating_sub(lines.end()).max(lines.start().saturating_sub(place.end()));
    let Some(anchor) = finding.main_anchor().filter(|_| gap <= NEAR) else { return false };
    let raw = |number: u32, agent: &str, title: String, body: &str, lines: LineRange| RawFinding {
        id: RawId::new(format!("{agent}:{number}")),
        agent: AgentName::new(agent),
        severity: finding.severity,
        title,
        body: body.to_owned(),
        anchors: vec![Anchor { lines: Some(lines), ..anchor.clone() }],
        sure: None,
        symbol: None,
        classification: None,
        rule: None,
        fixes: Vec::new(),
    };
    let both = [
        raw(1, "ours", finding.title.clone(), &finding.body, place),
        raw(2, "theirs", comment.first_line().to_owned(), &comment.text, lines),
    ];
    merge(&Input::of(&both)).findings.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_comment_is_the_same_where_an_agent_saying_it_would_be() {
        let finding: Finding = serde_json::from_value(json!({
            "id": "a", "label": "I1", "severity": "important", "confidence": 0.5, "attributions": [],
            "title": "give() appends before it checks the limit",
            "body": "The connection is appended to the pool before the limit is checked.",
            "anchors": [{ "path": "a.py", "lines": { "start": 15, "end": 17 } }],
        }))
        .unwrap();
        let of = |text: &str, line: u32| {
            let comment = Feedback { author: "ann".into(), text: text.into(), ..Feedback::default() };
            is_same(&finding, LineRange::new(15, 17), &comment, LineRange::line(line))
        };
        assert!(of("This appends the connection before it checks the limit of the pool.", 16));
        assert!(!of("This appends the connection before it checks the limit of the pool.", 90), "elsewhere");
        assert!(!of("Please add a docstring.", 16), "another matter");
        let posted = |of: &str| {
            let comment = Feedback { of: Some(finding::FindingId::new(of)), ..Feedback::default() };
            is_same(&finding, LineRange::new(15, 17), &comment, LineRange::line(90))
        };
        assert!(posted("a") && !posted("b"));
    }
}
