use super::{AgentName, AgentOutcome, Finding, FindingStatus, Round, Severity, Usage};

/// What an agent's work came to, in one round or several ([`Work::plus`]).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// Rounds that it took part in.
    pub rounds: u32,
    /// Rounds in which it gave no review or only a part of one.
    pub failed: u32,
    /// Time of its reviews, in milliseconds.
    pub duration_ms: u64,
    /// What it used, its checks of others included.
    pub usage: Usage,
    /// Findings that it raised, at its own severity: critical, important, suggestion.
    pub raised: [u32; 3],
    /// Of these, findings that stand: nobody refuted them.
    pub standing: u32,
    /// Standing findings that nobody else raised.
    pub unique: u32,
    /// Findings that another agent's check confirmed.
    pub confirmed: u32,
    /// Findings that another agent's check refuted: false positives.
    pub refuted: u32,
    /// Standing findings whose severity ended below its own.
    pub downgraded: u32,
    /// Remarks on the design.
    pub observations: u32,
    /// Reviewed files that it looked at.
    pub covered: u32,
    /// Reviewed files that it did not look at.
    pub missed: u32,
}

impl Work {
    /// The agent's work in a round; nothing where it took no part.
    #[must_use]
    pub fn of(round: &Round, agent: &AgentName) -> Self {
        let mut work = Self::default();
        let Some(run) = round.agents.iter().find(|run| run.agent.name == *agent) else { return work };
        work.rounds = 1;
        work.failed = u32::from(run.outcome != AgentOutcome::Reviewed);
        (work.duration_ms, work.usage) = (run.duration_ms, run.usage);
        for finding in &round.findings {
            let own = finding.attributions.iter().filter(|a| a.agent == *agent).map(|a| a.severity).max();
            if let Some(severity) = own {
                work.count(finding, severity);
            }
        }
        work.observations = number(round.observations.iter().filter(|o| o.by.contains(agent)).count());
        work.covered = number(round.coverage.reviewed.iter().filter(|f| f.by.contains(agent)).count());
        work.missed = number(round.coverage.reviewed.len()) - work.covered;
        work
    }

    fn count(&mut self, finding: &Finding, own: Severity) {
        let place = Severity::ALL.iter().position(|s| *s == own).unwrap_or(0);
        self.raised[place] += 1;
        if matches!(finding.verification, FindingStatus::Refuted { .. }) {
            self.refuted += 1;
            return;
        }
        self.standing += 1;
        self.unique += u32::from(finding.agents().len() == 1);
        self.confirmed += u32::from(matches!(finding.verification, FindingStatus::Confirmed { .. }));
        self.downgraded += u32::from(finding.severity < own);
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let raised = [0, 1, 2].map(|i| self.raised[i] + other.raised[i]);
        Self {
            rounds: self.rounds + other.rounds,
            failed: self.failed + other.failed,
            duration_ms: self.duration_ms + other.duration_ms,
            usage: self.usage.plus(other.usage),
            raised,
            standing: self.standing + other.standing,
            unique: self.unique + other.unique,
            confirmed: self.confirmed + other.confirmed,
            refuted: self.refuted + other.refuted,
            downgraded: self.downgraded + other.downgraded,
            observations: self.observations + other.observations,
            covered: self.covered + other.covered,
            missed: self.missed + other.missed,
        }
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
