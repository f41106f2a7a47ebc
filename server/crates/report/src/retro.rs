//! What is said of each agent's work afterwards, from what the round knows: what it found alone, what it missed, what it
//! got wrong, what it looked at. No model is asked; where a lead wrote a retro, that stands instead.

use super::words::{count_of, one_line};
use finding::{AgentName, AgentOutcome, AgentRun, Finding, FindingStatus, Round, Severity, Work};

/// Findings that are named of a kind; the rest is counted.
const MOST_NAMED: usize = 3;

/// The retro of a run in plain sentences.
pub(super) fn of_run(round: &Round, run: &AgentRun) -> String {
    let agent = Agent { round, run, work: Work::of(round, &run.agent.name) };
    let facts = [
        agent.outcome(),
        agent.raised(),
        agent.alone(),
        agent.shared(),
        agent.missed(),
        agent.wrong(),
        agent.rated(),
        agent.doubtful(),
        agent.contradicted(),
        agent.coverage(),
    ];
    let notes = run.notes.iter().map(|note| format!("{}.", one_line(note).trim_end_matches('.')));
    facts.into_iter().flatten().chain(notes).collect::<Vec<_>>().join(" ")
}

struct Agent<'a> {
    round: &'a Round,
    run: &'a AgentRun,
    work: Work,
}

impl<'a> Agent<'a> {
    fn name(&self) -> &'a AgentName {
        &self.run.agent.name
    }

    fn label(&self, of: &AgentName) -> String {
        one_line(self.round.label_of(of))
    }

    fn is_own(&self, finding: &Finding) -> bool {
        finding.attributions.iter().any(|a| a.agent == *self.name())
    }

    fn own(&self) -> impl Iterator<Item = &'a Finding> + '_ {
        self.round.findings.iter().filter(|f| self.is_own(f))
    }

    fn outcome(&self) -> Option<String> {
        if let Some(finding) = self.run.about.as_ref().and_then(|id| self.round.findings.iter().find(|f| f.id == *id)) {
            return Some(format!("Was asked about {} alone.", one_line(&finding.label)));
        }
        match &self.run.outcome {
            AgentOutcome::Failed { failure } => {
                Some(format!("Gave no full review: {}.", one_line(&failure.message).trim_end_matches('.')))
            }
            AgentOutcome::Running => Some("Was not done when the round ended.".into()),
            AgentOutcome::Reviewed => None,
        }
    }

    fn raised(&self) -> Option<String> {
        let counts: Vec<String> = Severity::ALL
            .into_iter()
            .zip(self.work.raised)
            .filter(|(_, n)| *n > 0)
            .map(|(severity, n)| count_of(severity, n as usize))
            .collect();
        match (&counts[..], &self.run.outcome) {
            ([], AgentOutcome::Reviewed) if self.run.about.is_none() => Some("Raised nothing.".into()),
            ([], _) => None,
            (counts, _) => Some(format!("Raised {}.", listed(counts))),
        }
    }

    fn alone(&self) -> Option<String> {
        let alone: Vec<&Finding> =
            self.own().filter(|f| f.agents().len() == 1 && !f.is_refuted() && !f.is_doubtful()).collect();
        (!alone.is_empty()).then(|| format!("Found alone: {}.", named(&alone)))
    }

    fn shared(&self) -> Option<String> {
        let shared: Vec<&Finding> = self.own().filter(|f| f.agents().len() > 1 && !f.is_refuted()).collect();
        let with = |f: &&Finding| {
            let others = f.agents().into_iter().filter(|name| *name != self.name()).map(|name| self.label(name));
            format!("{} ({})", one_line(&f.label), others.collect::<Vec<_>>().join(", "))
        };
        let shown: Vec<String> = shared.iter().take(MOST_NAMED).map(with).collect();
        (!shared.is_empty()).then(|| format!("Others say so too: {}.", listed(&with_rest(shown, shared.len()))))
    }

    /// What others found in files that it read. Only those who judge are held to it.
    fn missed(&self) -> Option<String> {
        if !self.run.agent.kind.is_reviewer() || self.run.outcome == AgentOutcome::Running {
            return None;
        }
        let has_read = |f: &Finding| f.anchors.iter().any(|a| self.run.has_read(&a.path));
        let by_reviewer =
            |f: &Finding| f.agents().iter().any(|name| self.round.agent(name).is_none_or(|i| i.kind.is_reviewer()));
        let missed: Vec<&Finding> = self
            .round
            .standing()
            .filter(|f| !self.is_own(f) && !f.is_doubtful() && by_reviewer(f) && has_read(f))
            .collect();
        (!missed.is_empty()).then(|| format!("Missed in files that it read: {}.", named(&missed)))
    }

    fn wrong(&self) -> Option<String> {
        let wrong: Vec<String> = self
            .own()
            .filter_map(|f| match &f.verification {
                FindingStatus::Refuted { by, note } => {
                    let why = if note.trim().is_empty() { String::new() } else { format!(": {}", one_line(note)) };
                    Some(format!("{} ({}), as {} showed{why}", cited(f), one_line(&f.label), self.label(by)))
                }
                FindingStatus::Confirmed { .. } | FindingStatus::Unverified => None,
            })
            .collect();
        let said = |what: &str| format!("{what}: {}.", wrong.join("; ").trim_end_matches('.'));
        match wrong.len() {
            0 => None,
            1 => Some(said("A false positive")),
            _ => Some(said("False positives")),
        }
    }

    /// Severities that ended elsewhere than where it put them.
    fn rated(&self) -> Option<String> {
        let moved: Vec<String> = self
            .own()
            .filter(|f| !f.is_refuted())
            .filter_map(|f| {
                let own = f.attributions.iter().filter(|a| a.agent == *self.name()).map(|a| a.severity).max()?;
                let word = |severity: Severity| severity.to_string().to_lowercase();
                let moved = || format!("{} {}, not {}", one_line(&f.label), word(f.severity), word(own));
                (own != f.severity).then(moved)
            })
            .collect();
        let shown: Vec<String> = moved.iter().take(MOST_NAMED).cloned().collect();
        (!moved.is_empty())
            .then(|| format!("Rated otherwise than it came out: {}.", with_rest(shown, moved.len()).join("; ")))
    }

    fn doubtful(&self) -> Option<String> {
        let doubtful: Vec<&Finding> = self.own().filter(|f| f.is_doubtful() && !f.is_refuted()).collect();
        (!doubtful.is_empty()).then(|| format!("Evidence that does not hold: {}.", named(&doubtful)))
    }

    /// What it called a strength where others see a fault.
    fn contradicted(&self) -> Option<String> {
        let said: Vec<String> = self
            .round
            .standing()
            .flat_map(|f| f.contrary.iter().map(move |contrary| (f, contrary)))
            .filter(|(_, contrary)| contrary.by.contains(self.name()))
            .map(|(f, contrary)| format!("{} to the contrary of {}", quoted(&contrary.title), one_line(&f.label)))
            .collect();
        (!said.is_empty()).then(|| format!("Sees a strength where others see a fault: {}.", said.join("; ")))
    }

    fn coverage(&self) -> Option<String> {
        let all = self.round.coverage.reviewed.len();
        let Work { covered, .. } = self.work;
        match (all, covered as usize) {
            _ if self.run.about.is_some() => None,
            (0, _) => None,
            (1, 1) => Some("The one file reviewed.".into()),
            (all, covered) if all == covered => Some(format!("All {all} files reviewed.")),
            (all, covered) => Some(format!("{covered} of {all} files reviewed.")),
        }
    }
}

/// `the title (I2)` of each, the first of them.
fn named(findings: &[&Finding]) -> String {
    let shown = findings.iter().take(MOST_NAMED).map(|f| format!("{} ({})", cited(f), one_line(&f.label)));
    with_rest(shown.collect(), findings.len()).join("; ")
}

fn with_rest(mut shown: Vec<String>, all: usize) -> Vec<String> {
    if all > shown.len() {
        shown.push(format!("{} more", all - shown.len()));
    }
    shown
}

fn cited(finding: &Finding) -> String {
    one_line(&finding.title).trim_end_matches('.').to_owned()
}

fn quoted(title: &str) -> String {
    format!("“{}”", one_line(title).trim_end_matches('.'))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
