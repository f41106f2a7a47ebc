//! A round for a terminal: what is wrong, where, who says so, what would fix it; the verdict last, where the eye is.

mod frame;
mod ink;
mod prose;

#[cfg(test)]
mod tests;

use super::Texts;
use super::view::{
    calls_words, classification_word, contrary_words, doubt_words, people_words, settled_words, short_duration,
};
use super::words::{count_of, one_line};
use finding::{
    AgentKind, AgentOutcome, AgentRun, Decisions, Dial, Finding, FindingStatus, LeftOut, NoMore, ObservationKind,
    Round, Severity, State, Verdict, counted,
};
use frame::visible;
use ink::{Face, Ink};
use patch::Splits;
use prose::{markdown, width_of};
use std::collections::BTreeMap;

pub use prose::{clip, wrap};

/// Markdown as lines of plain text, of at most `width` columns where it is no code: wrapped, with what matters of its
/// structure, and without anything that steers a terminal.
#[must_use]
pub fn plain(text: &str, width: usize) -> Vec<String> {
    markdown(text, width, Ink { colours: false })
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether colours are wanted.
    pub colours: bool,
    /// How much is to be shown; what is not is counted.
    pub dial: Dial,
}

impl Default for Style {
    /// For a file or a pipe.
    fn default() -> Self {
        Self { width: 100, colours: false, dial: Dial::default() }
    }
}

/// Suggestions above this number are listed, a line each.
const SUGGESTIONS_IN_FULL: usize = 5;

/// Where a finding's text begins.
const INDENT: &str = "    ";

/// Prose is not easier to read in longer lines than this.
const WIDEST_PROSE: usize = 100;

/// Writes the round for a terminal. Ends with a line feed.
#[must_use]
pub fn write(round: &Round, decisions: &Decisions, texts: &Texts, style: Style) -> String {
    let style = Style { width: style.width.max(40), ..style };
    let page = Page { round, decisions, texts, split: Splits::default(), style, ink: Ink { colours: style.colours } };
    let mut out = String::new();
    for part in [
        page.header(),
        page.findings(),
        page.doubtful(),
        page.since(),
        page.design(),
        page.agents(),
        page.left_out(),
        page.end(),
    ] {
        if !part.is_empty() {
            for line in part {
                out.push_str(line.trim_end());
                out.push('\n');
            }
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

struct Page<'a> {
    round: &'a Round,
    decisions: &'a Decisions,
    texts: &'a Texts,
    split: Splits<'a>,
    style: Style,
    ink: Ink,
}

impl Page<'_> {
    fn prose_width(&self) -> usize {
        self.style.width.min(WIDEST_PROSE) - INDENT.len()
    }

    fn dim(&self, text: &str) -> String {
        self.ink.paint(Face::Dim, text)
    }

    fn header(&self) -> Vec<String> {
        let round = self.round;
        let scope = &round.scope;
        let branch = scope.branch.as_deref().or(scope.head.as_ref().map(|h| h.short())).unwrap_or("HEAD");
        let files = round.coverage.reviewed.len() + round.coverage.left_out.len();
        let mut facts = vec![format!("against {}", visible(&scope.base_name))];
        if !round.commits.is_empty() {
            facts.push(counted(round.commits.len(), "commit"));
        }
        facts.push(counted(files, "changed file"));
        if scope.uncommitted {
            facts.push("with uncommitted work".into());
        }
        let title = format!("Round {} of {}", round.number, visible(branch));
        let facts = facts.join(" · ");
        if width_of(&title) + 3 + width_of(&facts) <= self.style.width {
            return vec![format!("{} · {}", self.ink.paint(Face::Strong, &title), self.dim(&facts))];
        }
        let mut lines = vec![self.ink.paint(Face::Strong, &title)];
        lines.extend(wrap(&facts, self.style.width).iter().map(|l| self.dim(l)));
        lines
    }

    fn open(&self) -> impl Iterator<Item = &Finding> {
        self.round.standing().filter(|f| self.decisions.is_open(&f.id))
    }

    /// What its evidence does not bear out: a line each, with the reason.
    fn doubtful(&self) -> Vec<String> {
        let doubtful: Vec<&Finding> = self.open().filter(|f| f.is_doubtful()).collect();
        if doubtful.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![self.ink.paint(Face::Strong, "Doubtful (they decide nothing)")];
        for finding in doubtful {
            lines.extend(self.in_brief(finding));
            let why = wrap(&doubt_words(finding), self.prose_width());
            lines.extend(why.iter().map(|line| indented(self.dim(line))));
        }
        lines
    }

    /// What became of the findings of the rounds before, and how many are new.
    fn since(&self) -> Vec<String> {
        let since = &self.round.since_before;
        let labels = |list: &[NoMore]| list.iter().map(|one| visible(&one.label)).collect::<Vec<_>>().join(", ");
        let mut parts: Vec<String> =
            [("fixed", &since.fixed), ("gone", &since.outdated), ("part of others", &since.joined)]
                .iter()
                .filter(|(_, list)| !list.is_empty())
                .map(|(word, list)| format!("{word}: {}", labels(list)))
                .collect();
        if !since.new.is_empty() {
            parts.push(format!("{} new", since.new.len()));
        }
        if since.round == 0 || parts.is_empty() {
            return Vec::new();
        }
        let text = format!("Since round {}: {}", since.round, parts.join("; "));
        wrap(&text, self.style.width).iter().map(|line| self.dim(line)).collect()
    }

    fn findings(&self) -> Vec<String> {
        let mut open: Vec<&Finding> = self.open().filter(|f| !f.is_doubtful()).collect();
        let hidden = self.style.dial.hidden(open.iter().copied());
        open.retain(|f| !hidden.has(&f.id));
        let suggestions = open.iter().filter(|f| f.severity == Severity::Suggestion).count();
        let listed = |f: &Finding| f.severity == Severity::Suggestion && suggestions > SUGGESTIONS_IN_FULL;
        let mut lines = Vec::new();
        for finding in open.iter().filter(|f| !listed(f)) {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(self.finding(finding));
        }
        let rest: Vec<&&Finding> = open.iter().filter(|f| listed(f)).collect();
        if !rest.is_empty() && !lines.is_empty() {
            lines.push(String::new());
        }
        for finding in rest {
            lines.extend(self.in_brief(finding));
        }
        if hidden.count() > 0 {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            let said = format!("{hidden}. `deep-review findings --all` lists them, and reports have them all.");
            lines.extend(wrap(&said, self.prose_width()).iter().map(|l| self.dim(l)));
        }
        lines
    }

    fn finding(&self, finding: &Finding) -> Vec<String> {
        let mut lines = self.title(finding);
        for anchor in finding.anchors.iter().take(1) {
            let style = Style { width: self.style.width - INDENT.len(), ..self.style };
            let drawn = frame::frame(anchor, self.texts.get(&anchor.path), finding.severity, style);
            lines.extend(drawn.lines().filter(|l| !l.trim().is_empty()).map(|l| indented(l.to_owned())));
        }
        for anchor in finding.anchors.iter().skip(1).take(5) {
            lines.push(format!("{INDENT}{}", self.dim(&format!("also {}", visible(&anchor.to_string())))));
        }
        let body = markdown(&finding.body, self.prose_width(), self.ink);
        if !body.is_empty() {
            lines.push(String::new());
            lines.extend(body.into_iter().map(indented));
        }
        let mut notes = Vec::new();
        if let Some(dispute) = &finding.dispute {
            notes.push(format!("Severity settled: {}", one_line(dispute)));
        }
        notes
            .extend(finding.settled.iter().map(|settled| format!("Settled by {}", settled_words(self.round, settled))));
        notes.extend(finding.graded.iter().map(|graded| format!("Severity set {}", one_line(&graded.to_string()))));
        notes.extend(finding.learned.iter().map(|learned| format!("Learned: {}", one_line(&learned.to_string()))));
        notes.extend(people_words(self.round, finding));
        notes.extend(finding.contrary.iter().map(|contrary| contrary_words(self.round, contrary)));
        match &finding.verification {
            FindingStatus::Confirmed { by, note } if note.trim().is_empty() => {
                notes.push(format!("Confirmed by {}", self.label(by)));
            }
            FindingStatus::Confirmed { by, note } => {
                notes.push(format!("Confirmed by {}: {}", self.label(by), one_line(note)));
            }
            FindingStatus::Unverified | FindingStatus::Refuted { .. } => {}
        }
        if !notes.is_empty() {
            lines.push(String::new());
        }
        for note in notes {
            lines.extend(wrap(&note, self.prose_width()).iter().map(|l| indented(self.ink.paint(Face::Emphasis, l))));
        }
        if let Some(fix) = finding.fixes.first() {
            let by: Vec<String> = fix.by.iter().map(|a| self.label(a)).collect();
            let mut head = format!("Fix by {}", by.join(", "));
            if let Some(note) = fix.note.as_deref().filter(|n| !n.trim().is_empty()) {
                head = format!("{head}: {}", one_line(note));
            }
            lines.push(String::new());
            lines.extend(wrap(&head, self.prose_width()).iter().map(|l| indented(self.ink.paint(Face::Strong, l))));
            let diff =
                frame::diff(fix, finding, (self.texts, &self.split), self.style.width - INDENT.len() - 2, self.ink);
            lines.extend(diff.into_iter().map(|l| indented(format!("  {l}"))));
            if finding.fixes.len() > 1 {
                let others = counted(finding.fixes.len() - 1, "other fix");
                lines.push(indented(self.dim(&format!("{others} in the full report"))));
            }
        }
        lines
    }

    /// The label and the title; below them who says it.
    fn title(&self, finding: &Finding) -> Vec<String> {
        let label = format!(" {} ", visible(&finding.label));
        let room = self.style.width.saturating_sub(width_of(&label) + 1).max(20);
        let indent = " ".repeat(width_of(&label) + 1);
        let mut lines = Vec::new();
        for (n, line) in wrap(&one_line(&finding.title), room).into_iter().enumerate() {
            let line = self.ink.paint(Face::Strong, &line);
            lines.push(match n {
                0 => format!("{} {line}", self.ink.paint(Face::Label(finding.severity), &label)),
                _ => format!("{indent}{line}"),
            });
        }
        let mut facts = vec![finding.severity.to_string()];
        facts.extend(finding.classification.map(|c| classification_word(c).to_owned()));
        facts.push(self.raised_by(finding));
        facts.extend(finding.rule.as_ref().map(|r| one_line(&r.id)));
        facts.extend(finding.since.map(|n| format!("since round {n}")));
        for (n, line) in wrap(&facts.join(" · "), room).into_iter().enumerate() {
            let severity = finding.severity.to_string();
            let line = match line.strip_prefix(&severity).filter(|_| n == 0) {
                Some(rest) => {
                    format!("{}{}", self.ink.paint(Face::Severity(finding.severity), &severity), self.dim(rest))
                }
                None => self.dim(&line),
            };
            lines.push(format!("{indent}{line}"));
        }
        lines
    }

    /// A line or two: title, place, agents.
    fn in_brief(&self, finding: &Finding) -> Vec<String> {
        let label = format!(" {} ", visible(&finding.label));
        let title = clip(&one_line(&finding.title), self.style.width.saturating_sub(width_of(&label) + 1));
        let place = finding.main_anchor().map_or_else(|| "whole branch".into(), |a| visible(&a.to_string()));
        let facts = clip(&format!("{place} · {}", self.raised_by(finding)), self.style.width.saturating_sub(5));
        vec![
            format!("{} {title}", self.ink.paint(Face::Label(finding.severity), &label)),
            format!("{}{}", " ".repeat(width_of(&label) + 1), self.dim(&facts)),
        ]
    }

    fn label(&self, agent: &finding::AgentName) -> String {
        one_line(self.round.label_of(agent))
    }

    fn raised_by(&self, finding: &Finding) -> String {
        let name = |name: &finding::AgentName| {
            let rounds = finding.attributions.iter().filter(|a| a.agent == *name).map(|a| a.raw.round());
            match rounds.collect::<Option<Vec<u32>>>().and_then(|rounds| rounds.into_iter().max()) {
                Some(round) => format!("{} (round {round})", self.label(name)),
                None => self.label(name),
            }
        };
        finding.agents().into_iter().map(name).collect::<Vec<_>>().join(", ")
    }

    fn design(&self) -> Vec<String> {
        if self.round.observations.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![self.ink.paint(Face::Strong, "Design")];
        let mut sorted: Vec<_> = self.round.observations.iter().collect();
        sorted.sort_by_key(|o| o.kind);
        for observation in sorted {
            let (mark, face) = match observation.kind {
                ObservationKind::ConcernInScope => ("△", Face::Severity(Severity::Important)),
                ObservationKind::ConcernFuture => ("▷", Face::Dim),
                ObservationKind::Strength => ("✓", Face::Good),
            };
            let by: Vec<String> = observation.by.iter().map(|a| self.label(a)).collect();
            let text = format!("{} ({})", one_line(&observation.title), by.join(", "));
            for (n, line) in wrap(&text, self.prose_width()).into_iter().enumerate() {
                let mark = if n == 0 { self.ink.paint(face, mark) } else { " ".into() };
                lines.push(format!("  {mark} {line}"));
            }
        }
        lines
    }

    fn agents(&self) -> Vec<String> {
        let widest = |cells: &dyn Fn(&AgentRun) -> String| {
            self.round.agents.iter().map(|run| width_of(&cells(run))).max().unwrap_or(0)
        };
        let label = |run: &AgentRun| clip(&one_line(&run.agent.label), 32);
        let (labels, times) = (widest(&label), widest(&|run| spoken_time(run.duration_ms)));
        let mut lines = vec![self.ink.paint(Face::Strong, "Agents")];
        for run in &self.round.agents {
            let (mark, said) = match &run.outcome {
                AgentOutcome::Reviewed => {
                    (self.ink.paint(Face::Good, "✓"), counted(self.round.raised_by(&run.agent.name), "finding"))
                }
                AgentOutcome::Running => (self.dim("…"), "not done".to_owned()),
                AgentOutcome::Failed { failure } => {
                    // What it said before stands too.
                    let raised = self.round.raw.iter().filter(|raw| raw.agent == run.agent.name).count();
                    let kept =
                        if raised > 0 { format!(" ({} kept)", counted(raised, "finding")) } else { String::new() };
                    (self.ink.paint(Face::Bad, "✗"), format!("{}{kept}", one_line(&failure.message)))
                }
            };
            let cost = run.usage.cost_usd.map_or_else(String::new, |c| format!(" · ${c:.2}"));
            let (label, time) = (label(run), spoken_time(run.duration_ms));
            let pad = |text: &str, to: usize| " ".repeat(to.saturating_sub(width_of(text)));
            let head = format!("  {mark} {label}{}  {}{time}  ", pad(&label, labels), pad(&time, times));
            let indent = 4 + labels + 2 + times + 2;
            let room = self.style.width.saturating_sub(indent);
            if room < 24 {
                lines.push(head);
                lines.extend(wrap(&format!("{said}{cost}"), self.style.width - 6).iter().map(|l| format!("      {l}")));
            } else {
                for (n, line) in wrap(&format!("{said}{cost}"), room).iter().enumerate() {
                    let before = if n == 0 { head.clone() } else { " ".repeat(indent) };
                    lines.push(format!("{before}{line}"));
                }
            }
            let remedy = match &run.outcome {
                AgentOutcome::Failed { failure } => failure.remedy.as_deref(),
                AgentOutcome::Running | AgentOutcome::Reviewed => None,
            };
            let asides = remedy.into_iter().chain(run.notes.iter().map(String::as_str));
            for aside in asides {
                let wrapped = wrap(&one_line(aside), self.prose_width() - 2);
                lines.extend(wrapped.iter().map(|l| format!("      {}", self.dim(l))));
            }
        }
        let calls = calls_words(self.round).map(|words| wrap(&words, self.prose_width() - 2)).unwrap_or_default();
        lines.extend(calls.iter().map(|line| format!("  {}", self.dim(line))));
        lines
    }

    /// What was not looked at, by reason.
    fn left_out(&self) -> Vec<String> {
        let coverage = &self.round.coverage;
        let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for file in &coverage.left_out {
            let why = match &file.why {
                LeftOut::Binary(_) => "binary".to_owned(),
                LeftOut::TooLarge(_) => "too large".to_owned(),
                why => why.to_string(),
            };
            reasons.entry(why).or_default().push(&file.path);
        }
        let mut lines = Vec::new();
        if !reasons.is_empty() {
            let all = counted(coverage.left_out.len(), "changed file");
            lines.push(format!("{} {all}", self.ink.paint(Face::Strong, "Not reviewed:")));
        }
        for (why, files) in reasons {
            let mut named: Vec<String> = files.iter().take(3).map(|f| visible(f)).collect();
            if files.len() > 3 {
                named.push(format!("and {} more", files.len() - 3));
            }
            lines.push(self.dim(&clip(&format!("  {}: {}", visible(&why), named.join(", ")), self.style.width)));
        }
        let lossy = coverage.reviewed.iter().filter(|f| f.lossy).map(|f| visible(f.path.as_str()));
        for path in lossy {
            lines.push(
                self.dim(&clip(
                    &format!("  {path} is not UTF-8 and was read as well as it could be"),
                    self.style.width,
                )),
            );
        }
        lines
    }

    fn end(&self) -> Vec<String> {
        let round = self.round;
        let open: Vec<&Finding> = self.open().filter(|f| !f.is_doubtful()).collect();
        let count = |severity| open.iter().filter(|f| f.severity == severity).count();
        let counts: Vec<String> = Severity::ALL
            .into_iter()
            .filter(|s| count(*s) > 0)
            .map(|s| self.ink.paint(Face::Severity(s), &count_of(s, count(s))))
            .collect();
        let conclusion = round.conclusion(self.decisions);
        let verdict = conclusion.verdict;
        let said = one_line(&conclusion.to_string());
        let failed: Vec<String> = round.failures().map(|(info, _)| one_line(&info.label)).collect();
        let face = match verdict {
            Verdict::Rework => Face::Severity(Severity::Critical),
            Verdict::MergeWithFixes => Face::Severity(Severity::Important),
            Verdict::MergeAsIs => Face::Good,
            Verdict::NoVerdict => Face::Bad,
        };
        let what = if counts.is_empty() { "nothing is open".to_owned() } else { counts.join(", ") };
        let mut lines = Vec::new();
        if let Some(summary) = &round.assessment.summary {
            lines.extend(markdown(summary, self.style.width.min(WIDEST_PROSE), self.ink));
            lines.push(String::new());
        }
        let plain: usize = counts.iter().map(|c| width_of(&anstream::adapter::strip_str(c).to_string()) + 2).sum();
        for (n, line) in wrap(&format!("Verdict: {said}"), self.style.width).into_iter().enumerate() {
            lines.push(match line.strip_prefix("Verdict: ").filter(|_| n == 0) {
                Some(rest) => format!("{} {}", self.ink.paint(Face::Strong, "Verdict:"), self.ink.paint(face, rest)),
                None => self.ink.paint(face, &line),
            });
        }
        let room = self.style.width.saturating_sub("Verdict: ".len() + width_of(&said) + 3);
        match lines.last_mut().filter(|_| plain <= room) {
            Some(line) => line.push_str(&format!(" – {what}")),
            None => lines.extend(counts.iter().map(|c| format!("  {c}"))),
        }
        if verdict != Verdict::NoVerdict && !conclusion.limits.is_empty() {
            let text = one_line(&format!("Note: {}", conclusion.limits.join("; ")));
            lines.extend(wrap(&text, self.style.width).iter().map(|l| self.ink.paint(Face::Bad, l)));
        }
        if !failed.is_empty() {
            let text = format!("Incomplete: no full review by {}", failed.join(", "));
            lines.extend(wrap(&text, self.style.width).iter().map(|l| self.ink.paint(Face::Bad, l)));
        }
        let checks = |run: &AgentRun| matches!(run.agent.kind, AgentKind::BuiltIn | AgentKind::Linter);
        if !round.agents.is_empty() && round.agents.iter().all(checks) {
            let text = "No model took part, only checkers; `deep-review agents` says what each needs";
            lines.extend(wrap(text, self.style.width).iter().map(|l| self.dim(l)));
        }
        lines.extend(self.closed());
        let fixes: Vec<&str> = open.iter().filter(|f| !f.fixes.is_empty()).map(|f| f.label.as_str()).take(1).collect();
        if let [label] = fixes[..] {
            lines.push(self.dim(&format!("Apply a fix: deep-review apply {}", visible(label))));
        }
        lines
    }

    /// What is not shown because it was settled.
    fn closed(&self) -> Option<String> {
        let state = |f: &Finding| self.decisions.resolutions.get(&f.id).map(|r| &r.state);
        let of =
            |wanted: &dyn Fn(&State) -> bool| self.round.standing().filter(|f| state(f).is_some_and(wanted)).count();
        let refuted = self.round.findings.len() - self.round.standing().count();
        let kinds = [
            (of(&|s| *s == State::Fixed), "fixed"),
            (of(&|s| matches!(s, State::Dismissed { .. })), "dismissed"),
            (of(&|s| *s == State::Outdated), "outdated"),
            (refuted, "refuted by another agent"),
            (self.round.declined.len(), "declined in earlier rounds"),
        ];
        let said: Vec<String> = kinds.iter().filter(|(n, _)| *n > 0).map(|(n, w)| format!("{n} {w}")).collect();
        (!said.is_empty()).then(|| self.dim(&format!("Not shown: {}", said.join(", "))))
    }
}

fn indented(line: String) -> String {
    if line.is_empty() { line } else { format!("{INDENT}{line}") }
}

/// Short times exactly, long ones as on a clock.
fn spoken_time(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        _ => short_duration(ms),
    }
}
