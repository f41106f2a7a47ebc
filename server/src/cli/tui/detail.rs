//! One finding as lines: what was said, the code as it is now, what each fix would do, and what came of it since.

use super::ground::Ground;
use super::list::one_line;
use super::theme::Theme;
use finding::{AgentName, Speaker};
use ops::{FindingWhole, StateName, Suggestion};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use report::sanitize::printable;
use report::terminal::{plain, wrap};

/// Prose is not easier to read in longer lines than this, in columns.
const WIDEST: usize = 100;

pub(super) fn lines(
    whole: &FindingWhole,
    ground: &Ground,
    picked: Option<usize>,
    width: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let mut page = Page { whole, ground, theme, prose: width.clamp(10, WIDEST), lines: Vec::new() };
    page.head();
    page.settled();
    page.gap();
    page.markdown(&whole.body, "");
    page.code();
    page.remarks();
    for suggestion in &whole.suggestions {
        page.fix(suggestion, picked);
    }
    page.since();
    page.lines
}

/// A text of ours or of others as lines, those of diffs in their colours.
pub(super) fn with_diffs(text: &str, theme: Theme) -> Vec<Line<'static>> {
    printable(text).lines().map(|line| Line::styled(detabbed(line), theme.diff(line))).collect()
}

struct Page<'a> {
    whole: &'a FindingWhole,
    ground: &'a Ground,
    theme: Theme,
    prose: usize,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn gap(&mut self) {
        self.lines.push(Line::default());
    }

    /// Words in as many lines as they take.
    fn say(&mut self, text: &str, style: Style) {
        self.lines.extend(wrap(&one_line(text), self.prose).into_iter().map(|line| Line::styled(line, style)));
    }

    fn markdown(&mut self, text: &str, indent: &str) {
        let width = self.prose.saturating_sub(indent.len()).max(10);
        self.lines.extend(plain(text, width).into_iter().map(|line| Line::raw(format!("{indent}{line}"))));
    }

    fn name(&self, agent: &AgentName) -> String {
        self.ground.agents(std::slice::from_ref(agent))
    }

    fn head(&mut self) {
        let row = &self.whole.row;
        self.say(&format!("{} {}", row.label, row.title), self.theme.strong());
        let severity = Span::styled(row.severity.to_string(), self.theme.severity(row.severity));
        let state = if row.state == StateName::Open { "" } else { mcp::text::state_word(row.state) };
        let facts = [state.to_owned(), self.ground.agents(&row.agents), mcp::text::place(row)];
        let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
        self.lines
            .push(Line::from(vec![severity, Span::styled(format!(" · {}", facts.join(" · ")), self.theme.dim())]));
    }

    /// What people and agents decided on it.
    fn settled(&mut self) {
        let whole = self.whole;
        if self.ground.entry(&whole.row.id).is_some_and(|entry| entry.is_doubtful) {
            self.say("Doubtful: its evidence does not hold, so it decides nothing", self.theme.bad());
        }
        let by = whole.dismissed_by.as_ref().map(|agent| format!(" (by the agent {agent})")).unwrap_or_default();
        let notes = [
            whole.dismissed.as_ref().map(|why| format!("Declined{by}: {why}")),
            whole.dispute.as_ref().map(|dispute| format!("Severity settled: {dispute}")),
            whole.graded.as_ref().map(|graded| format!("Severity set {graded}")),
            whole.learned.as_ref().map(|learned| format!("Learned: {learned}")),
        ];
        for note in notes.into_iter().flatten() {
            self.say(&note, self.theme.dim());
        }
    }

    fn code(&mut self) {
        let whole = self.whole;
        for place in &whole.places {
            let lines = place.lines.map(|lines| format!(":{lines}")).unwrap_or_default();
            self.say(&format!("Also at {}{lines}", place.path), self.theme.dim());
        }
        let Some(code) = &whole.code else { return };
        self.gap();
        for (number, text) in (code.first..).zip(&code.lines) {
            let is_own = whole.row.lines.is_some_and(|own| own.start() <= number && number <= own.end());
            let mark = if is_own { '>' } else { ' ' };
            let gutter = Span::styled(format!("{mark}{number:>5} │ "), self.theme.dim());
            let text = detabbed(&printable(text));
            let text = if is_own { Span::styled(text, self.theme.strong()) } else { Span::raw(text) };
            self.lines.push(Line::from(vec![gutter, text]));
        }
    }

    /// What each agent said, where that is more than the finding says.
    fn remarks(&mut self) {
        let whole = self.whole;
        for remark in whole.remarks.iter().filter(|_| whole.remarks.len() > 1) {
            self.gap();
            let head = format!("{} ({}): {}", self.name(&remark.agent), remark.severity, remark.title);
            self.say(&head, self.theme.strong());
            if remark.body != whole.body {
                self.markdown(&remark.body, "  ");
            }
        }
    }

    fn fix(&mut self, fix: &Suggestion, picked: Option<usize>) {
        let how = match (&fix.why_not, fix.certain) {
            (Some(why), _) => format!("does not apply: {why}"),
            (None, true) => "applies".to_owned(),
            (None, false) => "applies; its place is not certain".to_owned(),
        };
        let many = self.whole.suggestions.len();
        let count = if many > 1 { format!(" {} of {many}", fix.number + 1) } else { String::new() };
        let mark = if picked == Some(fix.number) { "▶ " } else { "" };
        let note = fix.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
        let head = format!("{mark}Fix{count} by {} ({how}){note}", self.ground.agents(&fix.by));
        self.gap();
        self.say(&head, if fix.applies { self.theme.good() } else { self.theme.dim() });
        self.lines.extend(with_diffs(fix.diff.trim_end(), self.theme));
    }

    /// What agents made of it and answered about it.
    fn since(&mut self) {
        let whole = self.whole;
        for attempt in &whole.attempts {
            let word = if attempt.is_proven() { "is proven" } else { "was not taken" };
            self.gap();
            self.say(&format!("A fix by {} {word}", attempt.by.label), self.theme.strong());
            for line in attempt.proof().lines() {
                self.say(line, Style::new());
            }
        }
        for message in &whole.thread {
            let who = match &message.by {
                Speaker::Person => "Asked".to_owned(),
                Speaker::Agent(name) => self.name(name),
            };
            self.gap();
            self.say(&format!("{who}:"), self.theme.strong());
            self.markdown(message.text.trim(), "  ");
        }
    }
}

/// Tabs take one column in what is drawn, and four to the eye.
fn detabbed(line: &str) -> String {
    line.replace('\t', "    ")
}
