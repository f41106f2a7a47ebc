//! `deep-review plumbing merge`: raw findings → findings, a JSON object a line.

use finding::{AgentName, Anchor, LineRange, RawFinding, RawId, RepoPath, RuleRef, Severity};
use merge::Input;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{self, BufRead, Write};

/// A line of the input: one raw finding.
#[derive(Debug, Deserialize)]
struct Request {
    group: String,
    id: String,
    agent: String,
    #[serde(default)]
    severity: Option<String>,
    title: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    start_line: Option<u32>,
    #[serde(default)]
    end_line: Option<u32>,
}

/// A line of the output: one finding.
#[derive(Debug, Serialize)]
struct Response<'a> {
    group: &'a str,
    members: Vec<&'a str>,
    agents: Vec<&'a AgentName>,
    severity: Severity,
    confidence: f64,
    why: String,
}

/// Merges each group of `input` by itself and writes its findings in the order of their rank; groups keep the
/// order in which they begin. A line that is no raw finding stops it before anything is written.
///
/// # Errors
/// Of reading and writing, and [`io::ErrorKind::InvalidData`] with the number of a line that is no raw finding.
pub fn plumbing_merge(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut groups: Vec<(String, Vec<Request>)> = Vec::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (number, line) in (1..).zip(input.lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let request: Request = serde_json::from_str(&line)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {e}")))?;
        let group = *numbers.entry(request.group.clone()).or_insert_with(|| {
            groups.push((request.group.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(request);
    }
    for (group, requests) in &groups {
        let raw: Vec<RawFinding> = requests.iter().enumerate().map(|(n, request)| raw_finding(n, request)).collect();
        let given: HashMap<&RawId, &str> = raw.iter().map(|r| &r.id).zip(requests.iter().map(|r| &*r.id)).collect();
        for finding in &merge::merge(&Input::of(&raw)).findings {
            let response = Response {
                group,
                members: finding.attributions.iter().filter_map(|a| given.get(&a.raw).copied()).collect(),
                agents: finding.agents(),
                severity: finding.severity,
                confidence: finding.confidence,
                why: finding.why.join("; "),
            };
            serde_json::to_writer(&mut output, &response)?;
            output.write_all(b"\n")?;
        }
    }
    output.flush()
}

/// The raw finding of a request. Its number is its id, because nobody promised that theirs are unique; a
/// severity that is missing or unknown counts as the middle one.
fn raw_finding(number: usize, request: &Request) -> RawFinding {
    let path = request.path.as_deref().map(|path| path.trim_start_matches('/'));
    let lines = request.start_line.map(|start| LineRange::new(start, request.end_line.unwrap_or(start)));
    let anchor = path.and_then(|path| RepoPath::new(path).ok()).map(|path| Anchor { path, lines, quote: None });
    RawFinding {
        id: RawId::new(format!("{number:08}")),
        sure: None,
        agent: AgentName::new(request.agent.as_str()),
        severity: request.severity.as_deref().and_then(Severity::from_word).unwrap_or(Severity::Important),
        title: request.title.clone(),
        body: request.body.clone().unwrap_or_default(),
        anchors: anchor.into_iter().collect(),
        symbol: None,
        classification: None,
        rule: request.rule.clone().map(|id| RuleRef { id, url: None }),
        fixes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(input: &str) -> Vec<serde_json::Value> {
        let mut output = Vec::new();
        plumbing_merge(input.as_bytes(), &mut output).unwrap();
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn groups_are_merged_apart_and_ids_come_back_as_given() {
        let title = "The queue is never closed after a failed write";
        let line = |group: &str, id: &str, agent: &str| {
            serde_json::json!({"group": group, "id": id, "agent": agent, "severity": "high", "title": title,
                "path": "/src/queue.rs", "start_line": 7})
            .to_string()
        };
        let input =
            [line("b", "x", "claude"), line("a", "x", "codex"), String::new(), line("b", "x", "codex")].join("\n");
        let output = run(&input);
        assert_eq!(output.len(), 2);
        assert_eq!(output[0]["group"], "b");
        assert_eq!(output[0]["members"], serde_json::json!(["x", "x"]));
        assert_eq!(output[0]["agents"], serde_json::json!(["claude", "codex"]));
        assert_eq!(output[0]["severity"], "critical");
        assert!(output[0]["confidence"].as_f64() > output[1]["confidence"].as_f64());
        assert!(output[0]["why"].as_str().unwrap().contains("same lines"));
    }

    #[test]
    fn a_line_that_is_no_finding_is_named() {
        let error = plumbing_merge("\n{\"group\":\"g\"}\n".as_bytes(), Vec::new()).unwrap_err();
        assert!(error.to_string().starts_with("line 2: missing field"), "{error}");
    }
}
