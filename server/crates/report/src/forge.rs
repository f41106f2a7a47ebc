//! What forges take: GitHub's review comments, GitLab's code quality report.

use super::edits::Placer;
use super::markdown::code;
use super::words::one_line;
use super::{Texts, json, sanitize};
use finding::document::COMMENT_MARK;
use finding::{Anchor, Decisions, Finding, FindingId, LineRange, Round, Severity};
use patch::LineEdit;
use serde::Serialize;
use serde_json::{Value, json};

/// A finding as a review comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Which.
    pub finding: FindingId,
    /// Where it is about.
    pub place: Option<Anchor>,
    /// What is said, with the hidden mark at its end.
    pub text: String,
    /// New text for whole lines of the place's file.
    pub suggestion: Option<(LineRange, String)>,
}

impl Remark {
    /// The text with the suggestion in a fence, for a comment on the suggestion's lines.
    #[must_use]
    pub fn with_suggestion(&self) -> String {
        self.suggesting("suggestion")
    }

    /// The same with another word behind the fence: GitLab's says how many lines are meant.
    #[must_use]
    pub fn suggesting(&self, word: &str) -> String {
        let Some((_, new)) = &self.suggestion else { return self.text.clone() };
        let longest = new.lines().map(|l| l.trim_start().bytes().take_while(|b| *b == b'`').count()).max().unwrap_or(0);
        let ticks = "`".repeat(longest.max(2) + 1);
        let newline = if new.is_empty() || new.ends_with('\n') { "" } else { "\n" };
        format!("{}\n\n{ticks}{word}\n{new}{newline}{ticks}", self.text)
    }

    /// The same with the page of its place.
    #[must_use]
    pub fn linked(&self, page: &str) -> String {
        match &self.place {
            Some(place) => {
                let at = place.lines.map_or_else(|| place.path.to_string(), |lines| format!("{}:{lines}", place.path));
                format!("[{}]({page})\n\n{}", code(&at), self.text)
            }
            None => self.text.clone(),
        }
    }

    /// The text for where there is no line to put it on: it names its place.
    #[must_use]
    pub fn elsewhere(&self) -> String {
        match &self.place {
            Some(place) => sanitize::document(&format!("{}\n\n{}", code(&place.to_string()), self.text)),
            None => self.text.clone(),
        }
    }
}

/// The open findings as review comments, without those that are doubtful. A suggestion is there where one block of new lines in the place's file does
/// what the fix does.
#[must_use]
pub fn remarks(round: &Round, decisions: &Decisions, texts: &Texts) -> Vec<Remark> {
    let (open, placer) = (round.deciding(decisions), Placer::new(texts));
    open.map(|f| {
        let place = f.main_anchor();
        let suggestion = place.and_then(|place| {
            let mut fixes = placer.placed(f).filter(|p| *p.path == place.path);
            fixes.find_map(|p| suggestion(&p.edits, texts.get(p.path)?))
        });
        Remark { finding: f.id.clone(), place: place.cloned(), text: text_of(round, f), suggestion }
    })
    .collect()
}

/// What a review says above its comments: the verdict, and which agents gave none.
#[must_use]
pub fn intro(round: &Round, decisions: &Decisions) -> String {
    let conclusion = round.conclusion(decisions);
    let verdict = conclusion.verdict.to_string().to_lowercase();
    let limits = sanitize::markdown_line(&conclusion.limits.join("; "));
    let mut text = match limits.as_str() {
        "" => format!("**deep-review**, round {}: {verdict}.", round.number),
        limits => format!("**deep-review**, round {}: {verdict} ({limits}).", round.number),
    };
    for (info, failure) in round.failures() {
        let (label, why) = (sanitize::markdown_line(&info.label), sanitize::markdown_line(&failure.message));
        text.push_str(&format!("\n\n{label} gave no full review: {why}."));
    }
    commandless(&sanitize::document(&text))
}

/// The open findings as the body of a request that makes a GitHub review (`POST …/pulls/N/reviews`): one
/// comment for each finding that has a line, the rest in the review's text.
#[must_use]
pub fn github_review(round: &Round, decisions: &Decisions, texts: &Texts) -> Value {
    let mut comments = Vec::new();
    let mut body = intro(round, decisions);
    for remark in remarks(round, decisions, texts) {
        // A suggestion replaces the lines that the comment is on, so the comment takes the fix's lines.
        let lines = remark.suggestion.as_ref().map(|(lines, _)| *lines);
        match remark.place.as_ref().and_then(|place| Some((place, lines.or(place.lines)?))) {
            Some((place, lines)) => comments.push(github_comment(&place.path, lines, &remark.with_suggestion())),
            None => {
                body.push_str("\n\n---\n\n");
                body.push_str(&remark.elsewhere());
            }
        }
    }
    let body = sanitize::document(&body);
    let mut out = json!({ "event": "COMMENT", "body": body, "comments": comments });
    if let Some(head) = &round.scope.head {
        out["commit_id"] = json!(head);
    }
    out
}

/// A comment of a GitHub review.
#[must_use]
pub fn github_comment(path: impl Serialize, lines: LineRange, body: &str) -> Value {
    let mut out = json!({ "path": path, "line": lines.end(), "side": "RIGHT", "body": body });
    if lines.count() > 1 {
        out["start_line"] = json!(lines.start());
        out["start_side"] = json!("RIGHT");
    }
    out
}

/// [`github_review`] as text.
#[must_use]
pub fn github(round: &Round, decisions: &Decisions, texts: &Texts) -> String {
    json::to_json(&github_review(round, decisions, texts))
}

fn text_of(round: &Round, f: &Finding) -> String {
    let agents: Vec<String> = f.agents().iter().map(|a| sanitize::markdown_line(round.label_of(a))).collect();
    let mut text = format!("**{}: {}** — {}", f.severity, sanitize::markdown_line(&f.title), agents.join(", "));
    if !f.body.trim().is_empty() {
        text.push_str("\n\n");
        text.push_str(sanitize::markdown(&f.body).trim_end());
    }
    if let Some(dispute) = &f.dispute {
        text.push_str(&format!("\n\n*{}*", sanitize::markdown_line(dispute)));
    }
    if let Some(graded) = &f.graded {
        text.push_str(&format!("\n\n*Severity set {}*", sanitize::markdown_line(&graded.to_string())));
    }
    if let Some(learned) = &f.learned {
        text.push_str(&format!("\n\n*Learned: {}*", sanitize::markdown_line(&learned.to_string())));
    }
    text.push_str(&format!("\n\n{COMMENT_MARK}{} -->", f.id));
    commandless(&sanitize::document(&text))
}

/// The text without orders to a forge: a line of a comment that begins with a slash and a word (`/merge`) is done by
/// GitLab, with the rights of whoever posts it, and by robots elsewhere.
fn commandless(text: &str) -> String {
    let is_order = |line: &str| {
        let word = line.trim_start_matches([' ', '\t', '>']).strip_prefix('/');
        word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let line = |line: &str| if is_order(line) { line.replacen('/', "\\/", 1) } else { line.to_owned() };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The edits as one block of new lines in place of old ones; a pure insertion takes a neighbour line along.
fn suggestion(edits: &[LineEdit], text: &str) -> Option<(LineRange, String)> {
    let (first, last) = (edits.first()?, edits.last()?);
    let lines: Vec<&str> = lines::with_endings(text).collect();
    let total = u32::try_from(lines.len()).ok()?;
    let start = first.start.min(total).max(1);
    let end = (last.start + last.count).saturating_sub(1).max(start).min(total);
    // Over many lines a suggestion is no help.
    if total == 0 || end - start > 60 {
        return None;
    }
    let mut new = String::new();
    let mut line = start;
    for edit in edits {
        while line < edit.start && line <= end {
            new.push_str(lines[line as usize - 1]);
            line += 1;
        }
        if edit.start > total && !new.is_empty() && !new.ends_with('\n') {
            new.push('\n');
        }
        new.push_str(&edit.text);
        line += edit.count;
    }
    while line <= end {
        new.push_str(lines[line as usize - 1]);
        line += 1;
    }
    // Whoever took the suggestion would put the mask into the file.
    let is_whole = !new.contains(secrets::MASK);
    is_whole.then(|| (LineRange::new(start, end), new.replace("\r\n", "\n")))
}

/// GitLab's code quality report.
#[must_use]
pub fn gitlab(round: &Round, decisions: &Decisions) -> String {
    let open = round.standing().filter(|f| decisions.is_open(&f.id));
    let issues: Vec<Value> = open
        .filter_map(|f| {
            let anchor = f.main_anchor()?;
            let agents: Vec<&str> = f.agents().iter().map(|a| round.label_of(a)).collect();
            let mut lines = json!({ "begin": anchor.lines.map_or(1, LineRange::start) });
            if let Some(range) = anchor.lines.filter(|l| l.count() > 1) {
                lines["end"] = json!(range.end());
            }
            Some(json!({
                "description": format!("{} [{}]", one_line(&f.title), agents.join(", ")),
                "check_name": f.rule.as_ref().map_or("deep-review", |r| r.id.as_str()),
                "fingerprint": f.id,
                "severity": match f.severity {
                    _ if f.is_doubtful() => "info",
                    Severity::Critical => "critical",
                    Severity::Important => "major",
                    Severity::Suggestion => "minor",
                },
                "location": { "path": anchor.path, "lines": lines },
            }))
        })
        .collect();
    json::to_json(&issues)
}
