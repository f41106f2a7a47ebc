//! How somebody looks at a round: what is chosen, what the filter lets through, how far the text is scrolled, and what the
//! keys mean at the moment.

use super::act::Act;
use super::ground::{Entry, Ground};
use super::line::Line;
use finding::{DismissReason, FindingId, Severity};
use ops::StateName;

#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// The finding whose text is shown.
    pub(super) chosen: Option<FindingId>,
    /// Where in the list it was, so that its neighbour is chosen when it is gone.
    position: usize,
    /// The one of its fixes that was picked, 0-based; without it, `apply` takes what applies.
    pub(super) fix: Option<usize>,
    pub(super) filter: Words,
    pub(super) mode: Mode,
    /// First line of the text that is seen.
    pub(super) scroll: usize,
    /// What was done last, or could not be.
    pub(super) said: Option<Said>,
    /// Lines of the text that are seen at once, and how far it can be scrolled, as it was drawn last.
    pub(super) drawn: Drawn,
}

/// What a drawing came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) page: usize,
    pub(super) deepest: usize,
}

/// What the keys mean.
#[derive(Debug, Clone, Default)]
pub(super) enum Mode {
    /// Walking through findings.
    #[default]
    Browse,
    /// The keys are shown.
    Help,
    /// Words to look for are typed.
    Search(Line),
    /// The reason is typed for which a finding is declined.
    Reason { kind: DismissReason, line: Line },
    /// Something is to be agreed to.
    Ask { question: String, act: Act },
    /// An agent mends; what it does.
    Mending { doing: String, is_stopping: bool },
    /// A fix was made, and is to be agreed to: its proof and its change.
    Offered { text: String, attempts: Vec<finding::Attempt> },
}

/// What is said below the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Done(String),
    Failed(String),
}

/// What is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// Every one of them is in the title, the label, the place or an agent's name.
    pub(super) words: String,
    /// Only those in this state.
    pub(super) state: Option<StateName>,
    /// Only those at least as grave.
    pub(super) severity: Option<Severity>,
}

impl Default for Words {
    fn default() -> Self {
        Self { words: String::new(), state: Some(StateName::Open), severity: None }
    }
}

impl Words {
    fn lets(&self, ground: &Ground, entry: &Entry) -> bool {
        let row = &entry.row;
        let is_wanted = self.state.is_none_or(|state| row.state == state)
            && self.severity.is_none_or(|least| row.severity >= least);
        if !is_wanted || self.words.trim().is_empty() {
            return is_wanted;
        }
        let place = mcp::text::place(row);
        let text = format!("{} {} {place} {}", row.label, row.title, ground.agents(&row.agents)).to_lowercase();
        self.words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// "open, important or graver, matching 'pool'".
    pub(super) fn says(&self) -> String {
        let mut parts = vec![self.state.map_or("all", mcp::text::state_word).to_owned()];
        parts.extend(self.severity.map(|severity| format!("{severity} or graver").to_lowercase()));
        let words = self.words.trim();
        parts.extend((!words.is_empty()).then(|| format!("with '{words}'")));
        parts.join(", ")
    }

    pub(super) fn next_state(&mut self) {
        self.state = match self.state {
            Some(StateName::Open) => Some(StateName::Fixed),
            Some(StateName::Fixed) => Some(StateName::Dismissed),
            Some(StateName::Dismissed) => Some(StateName::Outdated),
            Some(StateName::Outdated) => None,
            None => Some(StateName::Open),
        };
    }

    pub(super) fn next_severity(&mut self) {
        self.severity = match self.severity {
            None => Some(Severity::Important),
            Some(Severity::Important) => Some(Severity::Critical),
            Some(_) => None,
        };
    }
}

impl View {
    /// The findings that the filter lets through, as indices into [`Ground::entries`].
    pub(super) fn visible(&self, ground: &Ground) -> Vec<usize> {
        let all = ground.entries.iter().enumerate();
        all.filter(|(_, entry)| self.filter.lets(ground, entry)).map(|(index, _)| index).collect()
    }

    /// Where the chosen one is among the visible ones.
    pub(super) fn place(&self, ground: &Ground, visible: &[usize]) -> Option<usize> {
        let chosen = self.chosen.as_ref()?;
        visible.iter().position(|index| ground.entries[*index].row.id == *chosen)
    }

    /// Chooses what is there to be chosen: after a change of the round, the files or the filter.
    pub(super) fn settle(&mut self, ground: &Ground) {
        let visible = self.visible(ground);
        let place = self.place(ground, &visible).unwrap_or_else(|| self.position.min(visible.len().saturating_sub(1)));
        self.choose(ground, &visible, place);
    }

    /// Moves by so many findings, round and round.
    pub(super) fn step(&mut self, ground: &Ground, by: isize) {
        let visible = self.visible(ground);
        let (Some(place), Ok(count)) = (self.place(ground, &visible), isize::try_from(visible.len())) else { return };
        let place = isize::try_from(place).unwrap_or(0) + by;
        self.choose(ground, &visible, usize::try_from(place.rem_euclid(count)).unwrap_or(0));
    }

    /// Goes to the first finding, or to the last.
    pub(super) fn jump(&mut self, ground: &Ground, to_last: bool) {
        let visible = self.visible(ground);
        let place = if to_last { visible.len().saturating_sub(1) } else { 0 };
        self.choose(ground, &visible, place);
    }

    /// Chooses that finding, where the filter lets it through.
    pub(super) fn turn_to(&mut self, ground: &Ground, finding: &FindingId) {
        let visible = self.visible(ground);
        if let Some(place) = visible.iter().position(|index| ground.entries[*index].row.id == *finding) {
            self.choose(ground, &visible, place);
        }
    }

    fn choose(&mut self, ground: &Ground, visible: &[usize], place: usize) {
        let chosen = visible.get(place).map(|index| ground.entries[*index].row.id.clone());
        if chosen != self.chosen {
            (self.scroll, self.fix) = (0, None);
        }
        (self.position, self.chosen) = (place, chosen);
    }

    /// Scrolls the text by so many lines, no further than there is any.
    pub(super) fn scroll_by(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(by).min(self.drawn.deepest);
    }

    pub(super) fn done(&mut self, what: impl Into<String>) {
        self.said = Some(Said::Done(what.into()));
    }

    pub(super) fn failed(&mut self, why: impl Into<String>) {
        self.said = Some(Said::Failed(why.into()));
    }
}
