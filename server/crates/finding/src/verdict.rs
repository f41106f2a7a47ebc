//! What a round allows to be said of the branch. A verdict needs a review: checkers that compute their findings are none.

use super::{AgentInfo, AgentName, AgentOutcome, FailureKind, LeftOut, Round, Severity, counted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What to do with the branch, derived from the findings that are still open and from who looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nobody can say: no reviewer answered, or what was answered is not enough to call the branch clean.
    NoVerdict,
    /// Everything was reviewed, and nothing is open above a suggestion.
    MergeAsIs,
    /// Something important is open.
    MergeWithFixes,
    /// Something critical is open.
    Rework,
}

impl Verdict {
    /// What findings of these severities come to, where everything was reviewed.
    #[must_use]
    pub fn of(open: impl IntoIterator<Item = Severity>) -> Self {
        match open.into_iter().max() {
            Some(Severity::Critical) => Self::Rework,
            Some(Severity::Important) => Self::MergeWithFixes,
            Some(Severity::Suggestion) | None => Self::MergeAsIs,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoVerdict => "No verdict",
            Self::MergeAsIs => "Merge as is",
            Self::MergeWithFixes => "Merge with fixes",
            Self::Rework => "Rework",
        })
    }
}

/// A verdict with what it does not rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The verdict.
    pub verdict: Verdict,
    /// What was not looked at or not answered, each a part of a sentence: "Claude and Codex failed".
    pub limits: Vec<String>,
}

/// The verdict; where there is none, with the reason.
impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::NoVerdict if !self.limits.is_empty() => write!(f, "{}: {}", self.verdict, self.limits.join("; ")),
            verdict => verdict.fmt(f),
        }
    }
}

impl Round {
    /// What can be said of the branch, given the severities of what is open now (without what is doubtful).
    #[must_use]
    pub fn conclude(&self, open: impl IntoIterator<Item = Severity>) -> Conclusion {
        let running = self.labels_of(|outcome| *outcome == AgentOutcome::Running);
        let cancelled = self.labels_of(|outcome| is_failed(outcome, |kind| kind == FailureKind::Cancelled));
        let failed = self.labels_of(|outcome| is_failed(outcome, |kind| kind != FailureKind::Cancelled));
        let unread = self.unread();
        let mut limits = Vec::new();
        if !running.is_empty() {
            let done = self.labels_of(|outcome| *outcome != AgentOutcome::Running);
            let done = if done.is_empty() { String::new() } else { format!("; {} had", listed(&done)) };
            limits.push(format!("the round was not finished: {} had not answered{done}", listed(&running)));
        }
        if !failed.is_empty() {
            limits.push(format!("{} failed", listed(&failed)));
        }
        if !cancelled.is_empty() {
            limits.push(format!(
                "{} {} cancelled",
                listed(&cancelled),
                if cancelled.len() == 1 { "was" } else { "were" }
            ));
        }
        let is_reviewed = self.is_reviewed();
        let is_empty = self.agents.is_empty() && self.findings.is_empty() && self.coverage.reviewed.is_empty();
        if is_empty {
            limits.push(format!("nothing differs from {}", self.scope.base_name));
        } else if !is_reviewed && !self.agents.iter().any(|run| run.agent.kind.is_reviewer()) {
            limits.push("no model took part".to_owned());
        }
        if !unread.is_empty() {
            let count = unread.len();
            let more = if count > 1 {
                format!(" and {} other{}", count - 1, if count == 2 { "" } else { "s" })
            } else {
                String::new()
            };
            limits.push(format!("nobody looked at {}{more}", unread[0]));
        }
        limits.extend(self.unreadable());
        if !self.coverage.uncovered_languages.is_empty() && !is_reviewed {
            limits.push(format!("no built-in rule covers {}", listed(&self.coverage.uncovered_languages)));
        }
        let by_findings = Verdict::of(open);
        let is_whole = failed.is_empty() && cancelled.is_empty() && unread.is_empty();
        let verdict = match by_findings {
            _ if !running.is_empty() || !is_reviewed => Verdict::NoVerdict,
            Verdict::MergeAsIs if !is_whole => Verdict::NoVerdict,
            verdict => verdict,
        };
        Conclusion { verdict, limits }
    }

    /// Whether a reviewer looked at something of the branch as it is, in this round or before.
    #[must_use]
    pub fn is_reviewed(&self) -> bool {
        let is_reviewer = |name| self.agent(name).is_some_and(|info: &AgentInfo| info.kind.is_reviewer());
        let has_reviewed = |run: &super::AgentRun| {
            run.outcome == AgentOutcome::Reviewed && run.agent.kind.is_reviewer() && run.about.is_none()
        };
        let mut readers = self.coverage.reviewed.iter().flat_map(|file| file.by.iter().chain(&file.earlier));
        // A report that names nobody was written by somebody.
        let is_report = self.agents.is_empty() && !self.findings.is_empty();
        is_report || self.agents.iter().any(has_reviewed) || readers.any(is_reviewer)
    }

    /// The changed files that agents should have read and none did; where a reviewer looked at others, also those that
    /// only checkers have read.
    #[must_use]
    pub fn unread(&self) -> Vec<&str> {
        let left_out = self.coverage.left_out.iter().filter(|file| file.why == LeftOut::NoAgent);
        let left_out = left_out.map(|file| file.path.as_str());
        if !self.is_reviewed() {
            return left_out.collect();
        }
        // Who is not known was named by somebody's report.
        let judges = |name: &AgentName| self.agent(name).is_none_or(|info| info.kind.is_reviewer());
        let computed = self.coverage.reviewed.iter().filter(|file| !file.by.iter().chain(&file.earlier).any(judges));
        left_out.chain(computed.map(|file| file.path.as_str())).collect()
    }

    /// What nobody could look at, by kind.
    fn unreadable(&self) -> Vec<String> {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for file in &self.coverage.left_out {
            let kind = match file.why {
                LeftOut::Binary(_) => "binary",
                LeftOut::TooLarge(_) => "too large",
                LeftOut::Unreadable => "unreadable",
                LeftOut::NameNotUtf8 => "not named in UTF-8",
                LeftOut::NeverSent => "never sent",
                LeftOut::Submodule => "a submodule",
                LeftOut::Generated
                | LeftOut::DiffAttribute
                | LeftOut::LockFile
                | LeftOut::Vendored
                | LeftOut::SymbolicLink
                | LeftOut::Excluded(_)
                | LeftOut::NoTextChange
                | LeftOut::NoAgent => continue,
            };
            *kinds.entry(kind).or_default() += 1;
        }
        kinds.into_iter().map(|(kind, count)| format!("{} not looked at ({kind})", counted(count, "file"))).collect()
    }

    fn labels_of(&self, is: impl Fn(&AgentOutcome) -> bool) -> Vec<String> {
        self.agents.iter().filter(|run| is(&run.outcome)).map(|run| run.agent.label.clone()).collect()
    }
}

fn is_failed(outcome: &AgentOutcome, by: impl Fn(FailureKind) -> bool) -> bool {
    matches!(outcome, AgentOutcome::Failed { failure } if by(failure.kind))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AgentKind, AgentRun, Failure, LeftOutFile, RepoPath, ReviewedFile, RoundId, RoundScope};
    use super::*;

    /// Agents as `claude`, `claude!` (failed), `claude?` (still running), `claude~` (cancelled); built-in ones begin with
    /// `-`, those that looked in an earlier round with `<`. Open severities as letters, files that nobody read as `a.rs`.
    fn check(agents: &str, open: &str, unread: &str, expected: &str) {
        let scope = RoundScope { branch: None, base_name: "main".into(), base: None, head: None, uncommitted: true };
        let mut round = Round::new(RoundId::new("r"), jiff::Timestamp::UNIX_EPOCH, scope);
        for word in agents.split_whitespace() {
            let name = word.trim_matches(['-', '<', '!', '?', '~']);
            let kind = if word.starts_with('-') { AgentKind::BuiltIn } else { AgentKind::Cli };
            let agent = AgentInfo { name: AgentName::new(name), label: name.into(), kind };
            let failed = |kind| AgentOutcome::Failed { failure: Failure::new(kind, "it is so") };
            let outcome = match word.chars().last() {
                Some('!') => failed(FailureKind::RateLimited),
                Some('~') => failed(FailureKind::Cancelled),
                Some('?') => AgentOutcome::Running,
                _ => AgentOutcome::Reviewed,
            };
            if word.starts_with('<') {
                let file = ReviewedFile::new(RepoPath::new("seen.rs").unwrap(), vec![]);
                let assessment = super::super::Assessment::default();
                round.earlier.push(super::super::SaidEarlier { agent: agent.clone(), round: 1, assessment });
                round.coverage.reviewed.push(ReviewedFile { earlier: vec![agent.name], ..file });
                continue;
            }
            round.agents.push(AgentRun::new(agent, outcome));
        }
        for path in unread.split_whitespace() {
            let (path, why) = match path.strip_suffix(".png") {
                Some(_) => (path, LeftOut::Binary(3)),
                None => (path, LeftOut::NoAgent),
            };
            round.coverage.left_out.push(LeftOutFile { path: path.into(), why });
        }
        let severity = |c| Severity::ALL.into_iter().find(|s| s.letter() == c);
        let conclusion = round.conclude(open.chars().filter_map(severity));
        let mut said = conclusion.to_string();
        if conclusion.verdict != Verdict::NoVerdict && !conclusion.limits.is_empty() {
            said = format!("{said} ({})", conclusion.limits.join("; "));
        }
        assert_eq!(said, expected, "{agents} | {open} | {unread}");
    }

    #[test]
    fn a_verdict_knows_who_looked_at_what() {
        check("claude codex -rules", "", "", "Merge as is");
        check("claude codex -rules", "S", "", "Merge as is");
        check("claude codex", "SI", "", "Merge with fixes");
        check("claude codex", "SIC", "", "Rework");
        check("claude! codex! -rules", "", "", "No verdict: claude and codex failed");
        check("claude! codex! -rules", "C", "", "No verdict: claude and codex failed");
        check("claude! codex", "", "", "No verdict: claude failed");
        check("claude! codex", "I", "", "Merge with fixes (claude failed)");
        check("claude codex~ gemini~", "", "", "No verdict: codex and gemini were cancelled");
        check(
            "claude codex? gemini?",
            "C",
            "",
            "No verdict: the round was not finished: codex and gemini had not answered; claude had",
        );
        check("claude?", "", "", "No verdict: the round was not finished: claude had not answered");
        check("-rules -history", "", "", "No verdict: no model took part");
        check("-rules", "C", "", "No verdict: no model took part");
        check("-rules <claude", "", "", "Merge as is");
        check("-rules <claude", "I", "", "Merge with fixes");
        check("claude", "", "a.kt", "No verdict: nobody looked at a.kt");
        check("claude", "", "a.kt b.kt c.kt", "No verdict: nobody looked at a.kt and 2 others");
        check("claude", "C", "a.kt", "Rework (nobody looked at a.kt)");
        check("claude", "", "a.png b.png", "Merge as is (2 files not looked at (binary))");
        check("", "", "", "No verdict: nothing differs from main");
    }
}
