//! What an agent said, made into an [`Answer`]: the schema it is asked to keep to, and a reader that takes
//! what comes back all the same.

mod fixing;
mod lenient;
mod partial;
mod unsaid;
mod wire;

pub use fixing::{Judged, Mended, judged, judging_schema, mended, mending_schema};
pub use partial::so_far;
pub use wire::{lead_schema, review_schema, verification_schema};

use super::Completion;
use finding::{
    AgentName, Anchor, Answer, Assessment, CheckVerdict, Classification, Failure, FailureKind, Fix, Limitation,
    LineRange, Observation, ObservationKind, RawFinding, RawId, RepoPath, RuleRef, Severity, SeverityScale, counted,
};
use serde_json::{Map, Value};

/// More findings of one agent than this are not read: nobody would read them either.
const MOST_FINDINGS: usize = 500;
/// A longer text is no answer, in bytes: it is a log, or has no end.
const LONGEST_ANSWER: usize = 8 << 20;
/// Longer texts are cut, in bytes.
const LONGEST_TEXT: usize = 64 << 10;

/// An answer that was read, whole or in part.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// What could be read.
    pub answer: Answer,
    /// Why it is not the whole answer.
    pub loss: Option<Failure>,
}

/// Reads an answer that came as a value already.
///
/// # Errors
/// When it has nothing of a review, or says itself that nothing was reviewed.
pub fn from_value(value: &Value, agent: &AgentName) -> Result<Parsed, Failure> {
    review(value, false, agent).unwrap_or_else(|| Err(not_a_review()))
}

/// Reads an answer that came as text: JSON alone, in a fenced block, with prose around it, or cut. What was only thought
/// is no answer, and neither is our own prompt, printed back.
///
/// # Errors
/// When there is nothing of a review in it, or it says itself that nothing was reviewed.
pub fn from_text(text: &str, agent: &AgentName) -> Result<Parsed, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::new(FailureKind::BadOutput, "its answer is empty"));
    }
    if text.len() > LONGEST_ANSWER {
        let message = format!("its answer has {} bytes, and no more than {LONGEST_ANSWER} are read", text.len());
        return Err(Failure::new(FailureKind::TooLarge, message));
    }
    let said = unsaid::answer_of(text);
    let mut seen_json = false;
    for read in values(&said.text) {
        seen_json = true;
        if let Some(parsed) = review(&read.value, read.cut, agent) {
            return parsed;
        }
    }
    Err(match said.loss {
        Some(loss) => Failure::new(FailureKind::BadOutput, loss),
        None if seen_json => not_a_review(),
        None if unsaid::says_it_read_nothing(&said.text) => nothing_read(),
        None => Failure::new(FailureKind::BadOutput, "its answer is not JSON"),
    })
}

/// The part of an output in which a review may be told in prose; `None` where there can be none: it is our own prompt, or
/// was cut off while the agent was still thinking, or it is longer than any answer.
#[must_use]
pub fn prose(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if text.len() > LONGEST_ANSWER {
        return None;
    }
    let said = unsaid::answer_of(text);
    said.loss.is_none().then_some(said.text)
}

/// The JSON values in `text` that may be an answer, the likeliest first.
pub fn json_values(text: &str) -> impl Iterator<Item = Value> {
    values(text).map(|read| read.value)
}

fn values(text: &str) -> impl Iterator<Item = lenient::Read> {
    let text = if text.len() > LONGEST_ANSWER { "" } else { text };
    let trimmed = text.trim().trim_start_matches('\u{feff}');
    let whole = serde_json::from_str::<Value>(trimmed)
        .ok()
        .filter(|v| v.is_object() || v.is_array())
        .map(|value| lenient::Read { value, cut: false, length: trimmed.len() });
    let found = if whole.is_some() { Vec::new() } else { embedded(trimmed) };
    whole.into_iter().chain(found)
}

/// Every outermost object or array in a text, whole ones before cut ones, large ones first.
fn embedded(text: &str) -> Vec<lenient::Read> {
    let mut found = Vec::new();
    let mut at = 0;
    // Prose is full of brackets: each costs a look, so their number is bounded; and so is what is read twice, as a
    // value that is cut is looked through for whole ones.
    let (mut tries, mut room) = (0, text.len().saturating_mul(4));
    while let Some(start) = text[at..].find(['{', '[']).map(|i| at + i) {
        tries += 1;
        if tries > 2000 || room == 0 {
            break;
        }
        at = start + 1;
        let Some(read) = lenient::read(&text[start..]) else { continue };
        room = room.saturating_sub(read.length);
        let empty = match &read.value {
            Value::Object(map) => map.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => true,
        };
        if !(empty && read.cut) {
            if !read.cut || read.length + start >= text.len() {
                at = start + read.length.max(1);
            }
            found.push(read);
        }
    }
    found.sort_by_key(|read| (read.cut, std::cmp::Reverse(read.length)));
    found
}

fn not_a_review() -> Failure {
    Failure::new(FailureKind::BadOutput, "its answer is JSON, but not a review")
}

fn nothing_read() -> Failure {
    Failure::new(FailureKind::BadOutput, "it says that it could not read the change")
        .with_remedy("see whether it may read the repository: some programs need a setting or a trusted folder")
}

/// `None`: it is no review at all.
fn review(value: &Value, cut: bool, agent: &AgentName) -> Option<Result<Parsed, Failure>> {
    let Written { fields, items } = written(value)?;
    let empty = Map::new();
    let fields = Object(fields.unwrap_or(&empty));
    let says_something = items.is_some_and(Value::is_array) || (cut && fields.0.contains_key("summary"));
    if !says_something {
        return None;
    }
    let list = items.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let assessment = assessment(&fields);
    let names_no_file = fields.0.get("files_covered").is_some_and(|list| list.as_array().is_some_and(Vec::is_empty));
    let summary = assessment.summary.as_deref().unwrap_or_default();
    if list.is_empty() && !cut && (names_no_file || unsaid::says_it_read_nothing(summary)) {
        return Some(Err(read_nothing(summary)));
    }
    let (findings, lost) = findings(list, agent);
    // Of the files that it speaks of it has read something, also where it names none.
    let covered = if names_no_file {
        findings.iter().flat_map(|f| &f.anchors).map(|a| a.path.clone()).collect()
    } else {
        fields.texts("files_covered").iter().filter_map(|path| path_of(path)).collect()
    };
    let loss = if cut { Some(cut_short(findings.len())) } else { (lost > 0 && findings.is_empty()).then(not_a_review) };
    let observations = fields.list("observations").iter().filter_map(|o| observation(o, agent)).collect();
    let notes = notes(list.len(), lost);
    let answer = Answer { findings, observations, assessment, covered: each_once(covered), notes };
    Some(Ok(Parsed { answer, loss }))
}

/// A review as it was written: some wrap it once more, or send the list of its findings alone.
struct Written<'v> {
    fields: Option<&'v Map<String, Value>>,
    items: Option<&'v Value>,
}

fn written(value: &Value) -> Option<Written<'_>> {
    let (fields, items) = match value {
        Value::Object(map) => match ["review", "answer", "result", "output"].iter().find_map(|k| map.get(*k)) {
            Some(Value::Object(inner)) if !map.contains_key("findings") => (Some(inner), inner.get("findings")),
            _ => (Some(map), ["findings", "issues", "comments"].iter().find_map(|k| map.get(*k))),
        },
        Value::Array(items) if items.iter().any(looks_like_finding) => (None, Some(value)),
        _ => return None,
    };
    Some(Written { fields, items })
}

/// The findings of a list that can be read, and how many cannot.
fn findings(list: &[Value], agent: &AgentName) -> (Vec<RawFinding>, usize) {
    let severities = list.iter().filter_map(Value::as_object).filter_map(|item| stated_severity(&Object(item)));
    let scale = SeverityScale::of(severities.collect::<Vec<_>>().iter().map(String::as_str));
    let read = (1..).zip(list.iter().take(MOST_FINDINGS)).map(|(number, item)| finding(item, number, agent, scale));
    let findings: Vec<RawFinding> = read.flatten().collect();
    let lost = list.len().min(MOST_FINDINGS) - findings.len();
    (findings, lost)
}

fn assessment(review: &Object<'_>) -> Assessment {
    Assessment {
        summary: review.text(&["summary"]),
        testing: review.text(&["testing"]),
        untested: review.texts("untested"),
        documentation: review.text(&["documentation"]),
        commit_structure: review.text(&["commit_structure"]),
        fixups: Vec::new(),
        limitations: review.list("limitations").iter().filter_map(limitation).collect(),
        figures: Vec::new(),
    }
}

/// Of a review that has nothing, and by what it says of itself has looked at nothing.
fn read_nothing(summary: &str) -> Failure {
    if summary.is_empty() {
        Failure::new(FailureKind::BadOutput, "it names no file that it looked at, and says nothing of any")
    } else {
        Failure { message: format!("{}: {}", nothing_read().message, one_line(summary)), ..nothing_read() }
    }
}

fn cut_short(kept: usize) -> Failure {
    let findings = counted(kept, "complete finding");
    let were = if kept == 1 { "was" } else { "were" };
    Failure::new(FailureKind::BadOutput, format!("its answer was cut: {findings} {were} kept, the rest was lost"))
}

/// What is not in an answer of `all` findings, of which `lost` could not be read.
fn notes(all: usize, lost: usize) -> Vec<String> {
    let unread = (lost > 0).then(|| format!("{lost} of {all} findings could not be read and were lost"));
    let beyond = (all > MOST_FINDINGS).then(|| format!("only the first {MOST_FINDINGS} of {all} findings were read"));
    unread.into_iter().chain(beyond).collect()
}

fn each_once(mut paths: Vec<RepoPath>) -> Vec<RepoPath> {
    paths.sort();
    paths.dedup();
    paths
}

/// What one agent says of another's finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The finding's id as it was given.
    pub id: String,
    /// What the code shows.
    pub verdict: CheckVerdict,
    /// The severity that the code shows.
    pub severity: Option<Severity>,
    /// The code that decides it.
    pub reason: String,
}

/// The object with the field `has` in the answer to a [`Question`](super::Question).
///
/// # Errors
/// The failure of the run, or that there is no such object.
pub fn object(said: &Completion, has: &str) -> Result<Value, Failure> {
    if let Some(failure) = &said.failure {
        return Err(failure.clone());
    }
    let mut values = said.value.iter().cloned().chain(json_values(&said.text));
    values
        .find(|v| v.get(has).is_some())
        .ok_or_else(|| Failure::new(FailureKind::BadOutput, format!("its answer has no {has}")))
}

/// Reads the answer of an agent that was asked to check findings; what cannot be read is left out.
///
/// # Errors
/// The failure of the run, or that nothing could be read.
pub fn verdicts(said: &Completion) -> Result<Vec<Checked>, Failure> {
    let object = object(said, "verdicts")?;
    let items = object["verdicts"].as_array();
    let items = items.ok_or_else(|| Failure::new(FailureKind::BadOutput, "its answer has no verdicts"))?;
    Ok(items.iter().take(MOST_FINDINGS).filter_map(|v| checked(&Object(v.as_object()?))).collect())
}

/// What the lead says of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadAnswer {
    /// The executive summary; Markdown.
    pub summary: String,
    /// Why the verdict is what it is, in a line.
    pub verdict_reason: Option<String>,
    /// Severities of disputed findings: the finding's id as it was given, what it comes to, why.
    pub settled: Vec<(String, Severity, String)>,
    /// What is said of reviewers' work: the name as it was given, and the words; Markdown.
    pub retro: Vec<(String, String)>,
}

/// Reads the answer of the lead.
///
/// # Errors
/// The failure of the run, or that it has no summary.
pub fn lead(said: &Completion) -> Result<LeadAnswer, Failure> {
    let value = object(said, "summary")?;
    let empty = Map::new();
    let o = Object(value.as_object().unwrap_or(&empty));
    let summary = o.text(&["summary"]);
    let summary = summary.ok_or_else(|| Failure::new(FailureKind::BadOutput, "its summary is empty"))?;
    let settled = o.list("settled").iter().filter_map(|v| {
        let o = Object(v.as_object()?);
        let severity = Severity::from_word(&o.text(&["severity"])?)?;
        Some((o.text(&["id"])?, severity, o.text(&["reason"]).unwrap_or_default()))
    });
    let retro = o.list("retro").iter().filter_map(|v| {
        let o = Object(v.as_object()?);
        Some((o.text(&["name", "agent"])?, o.text(&["text"])?))
    });
    let verdict_reason = o.text(&["verdict_reason"]).map(|reason| one_line(&reason));
    Ok(LeadAnswer { summary, verdict_reason, settled: settled.collect(), retro: retro.collect() })
}

fn checked(o: &Object<'_>) -> Option<Checked> {
    let verdict = match o.text(&["verdict"])?.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
        "confirmed" => CheckVerdict::Confirmed,
        "refuted" => CheckVerdict::Refuted,
        "pre-existing" => CheckVerdict::PreExisting,
        _ => CheckVerdict::Unclear,
    };
    Some(Checked {
        id: o.text(&["id"])?,
        verdict,
        severity: o.text(&["severity"]).and_then(|w| Severity::from_word(&w)),
        reason: o.text(&["reason"]).unwrap_or_default(),
    })
}

fn looks_like_finding(value: &Value) -> bool {
    value.as_object().is_some_and(|m| ["title", "message", "body"].iter().any(|k| m.contains_key(*k)))
}

/// A JSON object with forgiving getters.
struct Object<'a>(&'a Map<String, Value>);

impl Object<'_> {
    /// The first of these fields that holds a text that is not blank.
    fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().filter_map(|n| self.0.get(*n)?.as_str()).find_map(clean)
    }

    /// A line number, also where it is written as text.
    fn line(&self, names: &[&str]) -> Option<u32> {
        names.iter().filter_map(|n| self.0.get(*n)).find_map(|v| match v {
            Value::Number(n) => n.as_f64().filter(|f| (1.0..4e9).contains(f)).map(|f| f as u32),
            Value::String(s) => {
                s.trim().trim_start_matches(['L', 'l']).split(['-', ':', ',']).next()?.trim().parse().ok()
            }
            _ => None,
        })
    }

    /// How sure, in percent: 85, 0.85, "85%" or a word.
    fn percent(&self, names: &[&str]) -> Option<u8> {
        let value = names.iter().find_map(|n| self.0.get(*n))?;
        let written = value.as_str().map(|text| text.trim().to_ascii_lowercase());
        let number = match written.as_deref() {
            None => value.as_f64()?,
            Some("certain" | "very high") => 95.0,
            Some("high") => 85.0,
            Some("medium") => 60.0,
            Some("low") => 30.0,
            Some(text) => text.trim_end_matches('%').trim().parse().ok()?,
        };
        // A fraction: nobody is sure by one percent.
        let percent =
            if written.as_deref().is_none_or(|w| !w.ends_with('%')) && number <= 1.0 { number * 100.0 } else { number };
        (0.0..=100.0).contains(&percent).then(|| percent.round() as u8)
    }

    fn list(&self, name: &str) -> &[Value] {
        let list = self.0.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        &list[..list.len().min(MOST_FINDINGS)]
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.list(name).iter().filter_map(Value::as_str).filter_map(clean).collect()
    }
}

/// A text without characters that would steer a terminal or an editor, bounded; `None` if nothing is left.
fn clean(text: &str) -> Option<String> {
    let mut out: String = text.chars().filter(|c| keep(*c)).collect();
    if out.len() > LONGEST_TEXT {
        let end = out.floor_char_boundary(LONGEST_TEXT);
        out.truncate(end);
        out.push('…');
    }
    let end = out.trim_end().len();
    out.truncate(end);
    (!out.is_empty()).then_some(out)
}

/// No control characters but line breaks and tabs, and none of those that reorder what is read.
pub fn keep(c: char) -> bool {
    matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The text in which a remark says how grave it is.
fn stated_severity(o: &Object<'_>) -> Option<String> {
    o.text(&["severity", "level", "priority"])
}

fn finding(value: &Value, number: usize, agent: &AgentName, scale: SeverityScale) -> Option<RawFinding> {
    let o = Object(value.as_object()?);
    let body = o.text(&["body", "message", "description", "detail", "details", "explanation"]);
    let title = match (o.text(&["title", "name", "summary"]), &body) {
        (Some(title), _) => one_line(&title),
        (None, Some(body)) => one_line(body.lines().next().unwrap_or_default()),
        (None, None) => return None,
    };
    let mut body = body.unwrap_or_default();
    if let Some(evidence) = o.text(&["evidence"]).filter(|e| !body.contains(e.as_str())) {
        if !body.is_empty() {
            body.push_str("\n\n");
        }
        body.push_str(&evidence);
    }
    let stated = stated_severity(&o).and_then(|text| scale.read(&text));
    if let Some(unknown) = stated.as_ref().and_then(|stated| stated.unknown.as_ref()) {
        body.push_str(&format!(
            "{}Severity as given: {}",
            if body.is_empty() { "" } else { "\n\n" },
            one_line(unknown)
        ));
    }
    let mut anchors: Vec<Anchor> = places(&o);
    if anchors.is_empty() {
        anchors.extend(place(&o));
    }
    let main = anchors.first().map(|a| a.path.clone());
    let listed = o.list("fixes").iter().filter_map(|f| fix(f, main.as_ref(), agent));
    let mut fixes: Vec<Fix> = listed.collect();
    if fixes.is_empty() {
        let single = ["fix", "suggestion", "diff", "patch", "suggested_fix"].iter().find_map(|n| o.0.get(*n));
        fixes.extend(single.and_then(|f| fix(f, main.as_ref(), agent)));
    }
    Some(RawFinding {
        id: RawId::new(format!("{agent}:{number}")),
        sure: o.percent(&["confidence", "sure", "certainty"]),
        agent: agent.clone(),
        severity: stated.map_or(Severity::Suggestion, |stated| stated.severity),
        title,
        body,
        anchors,
        symbol: o.text(&["symbol", "function"]).map(|s| one_line(&s)),
        classification: o.text(&["classification"]).and_then(|w| classification(&w)),
        rule: o.text(&["rule", "cwe"]).map(|id| RuleRef { id: one_line(&id), url: None }),
        fixes,
    })
}

fn classification(word: &str) -> Option<Classification> {
    Some(match word.trim().to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
        "regression" => Classification::Regression,
        "gap" => Classification::Gap,
        "enhancement" => Classification::Enhancement,
        "pre-existing" | "preexisting" => Classification::PreExisting,
        _ => return None,
    })
}

fn places(o: &Object<'_>) -> Vec<Anchor> {
    o.list("places").iter().filter_map(|p| place(&Object(p.as_object()?))).collect()
}

/// A path as it was given; one that is absolute or leads through `..` without what makes it so, for
/// whoever knows the repository's files to find it by its end. That is all it says: it may be of no file there.
fn path_of(text: &str) -> Option<RepoPath> {
    let text = text.trim();
    if let Ok(path) = RepoPath::new(text) {
        return Some(path);
    }
    let slashed = text.strip_prefix("file://").unwrap_or(text).replace('\\', "/");
    let parts: Vec<&str> = slashed.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let is_drive = |part: &str| part.len() == 2 && part.ends_with(':');
    let parts = if parts.first().is_some_and(|part| is_drive(part)) { &parts[1..] } else { &parts[..] };
    RepoPath::new(parts.join("/")).ok()
}

fn place(o: &Object<'_>) -> Option<Anchor> {
    let path = o.text(&["path", "file", "filename", "file_path"])?;
    let path = path.trim().trim_start_matches("a/./").trim_start_matches("./");
    // "src/lib.rs:12"
    let (path, line) = match path.rsplit_once(':') {
        Some((head, tail)) if !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            (head, tail.split('-').next().and_then(|n| n.parse().ok()))
        }
        _ => (path, None),
    };
    let path = path_of(path)?;
    let start = o.line(&["start_line", "line", "line_start", "startLine", "lines"]).or(line);
    let end = o.line(&["end_line", "line_end", "endLine"]);
    let lines = start.map(|s| LineRange::new(s, end.filter(|e| *e >= s).unwrap_or(s)));
    Some(Anchor { path, lines, quote: o.text(&["quote", "code", "snippet", "quoted_code"]) })
}

fn fix(value: &Value, main: Option<&RepoPath>, agent: &AgentName) -> Option<Fix> {
    let (note, path, diff) = match value {
        Value::String(diff) => (None, None, clean_code(diff)?),
        Value::Object(map) => {
            let o = Object(map);
            let diff = ["diff", "patch", "hunks", "code"].iter().find_map(|n| clean_code(map.get(*n)?.as_str()?))?;
            (o.text(&["note", "description", "title"]), o.text(&["path", "file"]), diff)
        }
        _ => return None,
    };
    let path = path.and_then(|p| path_of(&p)).or_else(|| main.cloned());
    Some(Fix { note: note.map(|n| one_line(&n)), path, diff, by: vec![agent.clone()] })
}

/// Code is kept as it is, whatever is in it: it is compared with files. Only its size is bounded.
fn clean_code(text: &str) -> Option<String> {
    (!text.trim().is_empty() && text.len() <= LONGEST_TEXT).then(|| text.to_owned())
}

fn observation(value: &Value, agent: &AgentName) -> Option<Observation> {
    let o = Object(value.as_object()?);
    let kind = match o.text(&["kind", "type"])?.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
        "strength" => ObservationKind::Strength,
        "concern-future" | "future" => ObservationKind::ConcernFuture,
        _ => ObservationKind::ConcernInScope,
    };
    let title = one_line(&o.text(&["title", "body"])?);
    let body = o.text(&["body"]).unwrap_or_default();
    Some(Observation { kind, title, body, anchors: places(&o), by: vec![agent.clone()] })
}

fn limitation(value: &Value) -> Option<Limitation> {
    if let Some(text) = value.as_str().and_then(clean) {
        return Some(Limitation { title: one_line(&text), anchor: None, body: String::new() });
    }
    let o = Object(value.as_object()?);
    let title = one_line(&o.text(&["title", "body"])?);
    let anchor = places(&o).into_iter().next();
    Some(Limitation { title, anchor, body: o.text(&["body"]).unwrap_or_default() })
}

#[cfg(test)]
mod tests;
