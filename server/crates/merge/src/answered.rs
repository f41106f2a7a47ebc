//! Which agent has answered about what in this round: what it said before of the same counts no more.

use super::Input;
use finding::{AgentName, AgentOutcome, RepoPath};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What the agents of a round have answered about.
pub(super) struct Answered<'i> {
    about: HashMap<&'i AgentName, About<'i>>,
    changed: &'i BTreeSet<RepoPath>,
}

/// What one agent has answered about.
enum About<'i> {
    Everything,
    /// These files; once it is `done` with them, also whatever is in no changed file.
    Files {
        covered: HashSet<&'i RepoPath>,
        done: bool,
    },
}

impl<'i> Answered<'i> {
    /// Reads it out of the runs of the agents. Where nothing is said of them, who said anything has answered.
    pub(super) fn new(input: &'i Input<'_>) -> Self {
        let about = if input.agents.is_empty() {
            let spoke = input.raw.iter().filter(|raw| !raw.is_carried());
            spoke.map(|raw| (&raw.agent, About::Everything)).collect()
        } else {
            // From the last, so that of two of one name the first counts.
            let asked = input.agents.iter().rev().filter(|run| run.about.is_none());
            let about = asked.filter_map(|run| {
                let covered = || run.covered.iter().collect();
                let about = match run.outcome {
                    AgentOutcome::Running => return None,
                    AgentOutcome::Failed { .. } => About::Files { covered: covered(), done: false },
                    AgentOutcome::Reviewed if run.covered.is_empty() => About::Everything,
                    AgentOutcome::Reviewed => About::Files { covered: covered(), done: true },
                };
                Some((&run.agent.name, about))
            });
            about.collect()
        };
        Self { about, changed: &input.changed }
    }

    /// Whether an agent has answered about a file, or about the whole, without a file.
    pub(super) fn has(&self, agent: &AgentName, file: Option<&RepoPath>) -> bool {
        match self.about.get(agent) {
            None => false,
            Some(About::Everything) => true,
            Some(About::Files { covered, done }) => match file {
                Some(file) => covered.contains(file) || *done && !self.changed.contains(file),
                None => *done,
            },
        }
    }
}
