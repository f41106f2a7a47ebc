//! Our own report in Markdown, read strictly by the version that it carries: its headings are ours alone, because whatever
//! agents write is made to have none, and what does not stand as we write it is named with its line. Nothing is guessed.

mod asides;
mod coverage;
mod findings;

use crate::prose::answer::{bounded, unix};
use crate::prose::decided::{declined, fixups};
use crate::prose::document::Document;
use crate::prose::read::relabel;
use crate::prose::runs::Runs;
use crate::prose::sections::around;
use asides::Asides;
use finding::document::{NO_REVIEW_BY, REPORT_MARK};
use finding::{AgentOutcome, Decisions, Failure, FailureKind, FindingId, RawFinding, Round};
use std::collections::HashMap;
use std::ops::Range;

/// What every report of ours begins with, of whatever version.
const MARK: &str = "<!-- deep-review report, version ";

/// Where the findings are.
const OF_FINDINGS: [&str; 5] = ["Critical Issues", "Important Issues", "Suggestions", "Doubtful", "Refuted"];
const RETRO: &str = "Agent Performance Retro";
const RESOLUTION: &str = "Resolution";
const COVERAGE: &str = "Coverage";
/// The other sections.
const OTHERS: [&str; 8] = [
    "Executive Summary",
    "Design Observations",
    "Testing Assessment",
    "Documentation Assessment",
    "Commit Structure",
    "Acknowledged Limitations",
    "Unresolved Feedback",
    "Declined in prior rounds",
];

/// Why a text that begins as our report is none. Lines are 1-based.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// Its first line is not that of a report.
    #[error("it does not begin with '{REPORT_MARK}'")]
    NoMark,
    /// Another deep-review wrote it.
    #[error(
        "it is a report of version {0}, and this deep-review reads version 1: import its JSON, or update deep-review"
    )]
    Version(String),
    /// A section that we do not write.
    #[error(
        "line {line}: no report of ours has a section '{heading}'; take the first line out to have it read as any review"
    )]
    Section {
        /// Where it begins.
        line: usize,
        /// What it is called.
        heading: String,
    },
    /// Something of a finding is missing.
    #[error("line {line}: {what}; take the first line out to have it read as any review")]
    Finding {
        /// Where its head is.
        line: usize,
        /// What is missing.
        what: &'static str,
    },
}

/// Whether a text says that it is a report of ours, of whatever version.
pub(crate) fn is_one(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Reads a report of ours. Places are as the report gives them; whoever imports it finds them in the code.
///
/// # Errors
/// When it is of another version, or something does not stand as we write it.
pub fn read(text: &str) -> Result<(Round, Decisions), NotOurs> {
    let text = unix(bounded(text));
    let version = text.strip_prefix(MARK).ok_or(NotOurs::NoMark)?;
    if !text.starts_with(REPORT_MARK) {
        return Err(NotOurs::Version(version.split([' ', '\n']).next().unwrap_or_default().to_owned()));
    }
    let (text, asides) = Asides::take_out(&text);
    let document = Document::new(&text, None);
    let sections = sections(&document, &asides)?;
    let part = |name: &str| sections.iter().find(|(heading, _)| *heading == name).map(|(_, lines)| lines.clone());
    let mut runs = Runs::default();
    for member in document.roster.0.iter().filter(|member| member.listed) {
        runs.meet(&member.name, &member.label);
    }
    let mut raw: Vec<RawFinding> = Vec::new();
    let mut all = Vec::new();
    let mut labels: HashMap<String, FindingId> = HashMap::new();
    for (_, lines) in sections.iter().filter(|(name, _)| OF_FINDINGS.contains(name)) {
        for item in findings::items(&document, lines.clone(), &asides)? {
            let label = item.label.clone();
            let finding = findings::finding(&document, item, &asides, &mut runs, &mut raw);
            labels.entry(label).or_insert_with(|| finding.id.clone());
            all.push(finding);
        }
    }
    let about = around(&document.lines, 0..before_the_end(&sections, document.lines.len()), &document.roster);
    for observation in &about.observations {
        for name in &observation.by {
            let label = document.roster.member(name).map_or(name.as_str(), |m| m.label.as_str()).to_owned();
            runs.meet(name, &label);
        }
    }
    if let Some(lines) = part(RETRO) {
        document.retro(lines, &mut runs);
    }
    let mut round = document.round(runs.0, all, raw);
    relabel(&mut round.findings);
    round.observations = about.observations;
    round.assessment = about.assessment;
    round.feedback = about.feedback;
    round.assessment.fixups = about.fixups.map(|text| fixups(&text, &round.findings)).unwrap_or_default();
    round.declined = about.declined.into_iter().map(|(title, rest)| declined(title, &rest)).collect();
    round.coverage = part(COVERAGE).map(|l| coverage::read(&document.lines, l, &document.roster)).unwrap_or_default();
    mark_failed(&document, &mut round);
    let decisions = part(RESOLUTION).map(|lines| document.decisions(lines, &labels, &round)).unwrap_or_default();
    Ok((round, decisions))
}

/// The sections by their names, each with the lines below its heading.
fn sections<'d>(document: &'d Document<'_>, asides: &Asides) -> Result<Vec<(&'d str, Range<usize>)>, NotOurs> {
    let lines = &document.lines;
    let name = |i: usize| lines.at(i).text.strip_prefix("## ").filter(|_| lines.at(i).is_text()).map(str::trim);
    let mut out: Vec<(&str, Range<usize>)> = Vec::new();
    for (i, heading) in (0..lines.len()).filter_map(|i| Some((i, name(i)?))) {
        let known =
            OF_FINDINGS.iter().chain(&OTHERS).chain(&[RETRO, RESOLUTION, COVERAGE]).any(|known| *known == heading);
        if !known {
            return Err(NotOurs::Section { line: asides.line(i), heading: heading.to_owned() });
        }
        if let Some((_, last)) = out.last_mut() {
            last.end = i;
        }
        out.push((heading, i + 1..lines.len()));
    }
    Ok(out)
}

/// Where what is said of the whole ends, and what is said of agents and of what was done begins.
fn before_the_end(sections: &[(&str, Range<usize>)], all: usize) -> usize {
    let ends = sections.iter().filter(|(name, _)| [RETRO, RESOLUTION].contains(name));
    ends.map(|(_, lines)| lines.start - 1).min().unwrap_or(all)
}

/// Who gave no full review, as the verdict says.
fn mark_failed(document: &Document<'_>, round: &mut Round) {
    let verdict = document.header.get("verdict").map_or("", String::as_str);
    let missing = verdict.split_once(NO_REVIEW_BY).map_or("", |(_, labels)| labels);
    for name in missing.split(", ").filter_map(|label| document.roster.labelled(label)) {
        if let Some(run) = round.agents.iter_mut().find(|run| run.agent.name == name) {
            let failure = Failure::new(FailureKind::Crashed, "it gave no full review, as the report says");
            run.outcome = AgentOutcome::Failed { failure };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with this below its head.
    fn report(text: &str) -> String {
        format!("{REPORT_MARK}\n# Deep Review: r\n\n| | |\n|---|---|\n| **Reviewers** | Ann 1, Bob 2 |\n\n{text}")
    }

    const FINDING: &str =
        "## Critical Issues\n\n### C1. It leaks\n\n`a.rs:3` [Ann 1, Bob 2] (critical, gap)\n\nThe handle.\n";

    #[test]
    fn what_is_not_as_we_write_it_is_named_with_its_line() {
        let cases = [
            ("# Review\n".to_owned(), "it does not begin with"),
            (
                "<!-- deep-review report, version 2 -->\n# Deep Review: r\n".to_owned(),
                "it is a report of version 2, and",
            ),
            (report("## Notes\n\nMine.\n"), "line 8: no report of ours has a section 'Notes'"),
            (report("## Suggestions\n\n### Free words\n"), "line 10: a finding's heading has no label"),
            (report("## Suggestions\n\n### S1. It\n\nWords.\n"), "line 10: below its heading a finding has its places"),
        ];
        for (text, why) in cases {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.starts_with(why), "{error}");
        }
        assert_eq!(read(&report(FINDING)).unwrap().0.findings.len(), 1);
    }

    #[test]
    fn lines_after_an_aside_keep_their_numbers() {
        let aside = "<!-- deep-review aside -->\n\nx\n\n<!-- deep-review end of aside -->\n\n";
        let error = read(&report(&format!("{aside}## Notes\n"))).unwrap_err();
        assert_eq!(error, NotOurs::Section { line: 14, heading: "Notes".into() });
    }

    #[test]
    fn what_other_agents_said_besides_comes_back() {
        let aside = "<!-- deep-review aside -->\n\n<details><summary>Bob 2 (important): A &lt;b&gt; (critical): leak</summary>\n\n\
                     In his words.\n\n```\n</details>\n```\n\n</details>\n\n*Said by Bob 2 in round 3, and not answered about since.*\n\n\
                     <!-- deep-review end of aside -->\n\n**Rule:** `x`\n";
        let (round, _) = read(&report(&format!("{FINDING}\n{aside}"))).unwrap();
        let finding = &round.findings[0];
        assert_eq!(finding.body, "The handle.");
        assert_eq!(finding.rule.as_ref().map(|rule| rule.id.as_str()), Some("x"));
        let said: Vec<_> = round
            .remarks(finding)
            .into_iter()
            .map(|r| (r.agent.as_str(), r.severity.letter(), &*r.title, &*r.body))
            .collect();
        assert_eq!(
            said,
            [
                ("ann", 'C', "It leaks", "The handle."),
                ("bob", 'I', "A <b> (critical): leak", "In his words.\n\n```\n</details>\n```"),
            ]
        );
        assert_eq!(round.remarks(finding)[1].id.round(), Some(3));
    }
}
