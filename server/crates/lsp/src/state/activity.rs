//! What the agents of a review did, line by line, for whoever wants to know what one is at, or why it took so long.

use finding::AgentName;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Most lines that are kept of one agent (the newest), and most bytes of a line.
const MAX_LINES: usize = 500;
const MAX_LINE: usize = 500;

/// What each agent said that it does, and when, since the review began.
#[derive(Debug, Clone, Default)]
pub(crate) struct Activity(BTreeMap<AgentName, VecDeque<(Duration, String)>>);

impl Activity {
    /// An agent does something else. What it says again is not noted twice.
    pub(crate) fn note(&mut self, agent: AgentName, at: Duration, doing: &str) {
        let lines = self.0.entry(agent).or_default();
        let doing = &doing[..doing.floor_char_boundary(MAX_LINE)];
        if lines.back().is_some_and(|(_, last)| last == doing) {
            return;
        }
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back((at, doing.to_owned()));
    }

    /// What an agent does now.
    pub(crate) fn newest(&self, agent: &AgentName) -> Option<&str> {
        self.0.get(agent)?.back().map(|(_, doing)| doing.as_str())
    }

    /// All that is known of an agent, the oldest first.
    pub(crate) fn of(&self, agent: &AgentName) -> impl Iterator<Item = (Duration, &str)> {
        self.0.get(agent).into_iter().flatten().map(|(at, doing)| (*at, doing.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept_and_none_twice() {
        let (one, mut activity) = (AgentName::new("one"), Activity::default());
        for n in 0..2 * MAX_LINES as u64 {
            activity.note(one.clone(), Duration::from_secs(n), &format!("line {}", n / 2));
        }
        activity.note(one.clone(), Duration::ZERO, &"ü".repeat(MAX_LINE));
        let lines: Vec<_> = activity.of(&one).collect();
        assert_eq!(lines.len(), MAX_LINES);
        assert_eq!(lines[0], (Duration::from_secs(2), "line 1"));
        assert_eq!(activity.newest(&one).unwrap().len(), MAX_LINE);
        assert_eq!(activity.of(&AgentName::new("two")).count(), 0);
    }
}
