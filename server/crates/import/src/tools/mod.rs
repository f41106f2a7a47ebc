//! Files in the own formats of linters, scanners and test runners, told by what is in them.
//!
//! A format is a row of [`table`]: where its remarks are, and which field says what. XML is read as if it were JSON
//! ([`xml`]), so that both are rows of one table.

mod fields;
mod fixes;
mod table;
mod xml;

use crate::imported::{Change, ImportedReview, Replacement};
use crate::levels::Levels;
use crate::message::{cut, paragraphs, titled};
use crate::tool_path;
use fields::Scope;
use finding::{AgentName, Anchor, LineRange, RawFinding, RuleRef};
use serde_json::Value;

/// A format.
struct Tool {
    /// What people call the tool.
    label: &'static str,
    /// Paths that are all in a document of it.
    shape: &'static [&'static str],
    /// Its kinds of remarks.
    parts: &'static [Part],
}

/// A kind of remark: paths of its fields, each with others for where the first is missing. How paths are written is
/// said in [`fields`].
#[derive(Clone, Copy)]
struct Part {
    /// Where the remarks are.
    items: &'static [&'static str],
    /// What each has, or it is none.
    requires: &'static [&'static str],
    /// The tool that said it, where one file has several.
    tool: &'static [&'static str],
    file: &'static [&'static str],
    line: &'static [&'static str],
    end: &'static [&'static str],
    /// Where no line is said: the bytes at which it begins and ends in a text, and that text.
    span: Option<[&'static str; 3]>,
    /// Whether lines are counted from 0.
    from_zero: bool,
    /// Texts in which the first place of a file is looked for where no field says one.
    trace: &'static [&'static str],
    severity: &'static [&'static str],
    /// The tool's words for severities, where others mean something else by them.
    words: &'static [(&'static str, &'static str)],
    /// The word for what says none.
    otherwise: &'static str,
    /// Fields, and the values by which a remark is an error whatever its severity says; no value is "".
    errors: &'static [(&'static str, &'static [&'static str])],
    rule: &'static [&'static str],
    url: &'static [&'static str],
    message: &'static [&'static str],
    /// What else is said: a name for it (or none), and its path.
    more: &'static [(&'static str, &'static str)],
    symbol: &'static [&'static str],
    /// Fields, and the values by which a remark asks for nothing.
    hidden: &'static [(&'static str, &'static [&'static str])],
    /// Its fix, as replacements.
    fix: fn(&Value) -> Vec<Replacement>,
}

/// What says nothing but what its row says.
const PART: Part = Part {
    items: &[],
    requires: &[],
    tool: &[],
    file: &[],
    line: &[],
    end: &[],
    from_zero: false,
    trace: &[],
    severity: &[],
    words: &[],
    otherwise: "warning",
    errors: &[],
    span: None,
    rule: &[],
    url: &[],
    message: &[],
    more: &[],
    symbol: &[],
    hidden: &[],
    fix: |_| Vec::new(),
};

/// Larger documents are not read as a tree of values, which takes ten times their size.
const MOST_BYTES: usize = 96 * 1024 * 1024;
/// The longest further text of a remark, in characters.
const LONGEST_MORE: usize = 2000;

/// A document that is no format of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Neither JSON nor XML.
    Malformed(String),
    /// What it looks like.
    Foreign(String),
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(why) => f.write_str(why),
            Self::Foreign(looks) => write!(f, "{looks}, which no format that is known has"),
        }
    }
}

/// Reads JSON, JSON lines or XML of any tool that is known.
pub(crate) fn read(text: &str, levels: Levels) -> Result<Vec<ImportedReview>, Unknown> {
    if text.len() > MOST_BYTES {
        return Err(Unknown::Malformed(format!(
            "it has {} bytes, more than the {MOST_BYTES} that are read",
            text.len()
        )));
    }
    let document = if text.trim_start().starts_with('<') { xml::parse(text) } else { json(text) };
    let document = document.map_err(Unknown::Malformed)?;
    // One line of a format that has one a line.
    let lone = document.is_object().then(|| Value::Array(vec![document.clone()]));
    let known = [Some(&document), lone.as_ref()].into_iter().flatten().find_map(|document| {
        let tool = table::TOOLS.iter().find(|tool| tool.shape.iter().all(|path| fields::is_in(document, path)))?;
        Some(reviews(tool, document, levels))
    });
    known.ok_or_else(|| Unknown::Foreign(looks(&document)))
}

/// Reads what the tool of this name printed, in any of its formats; nothing found is an empty list.
pub(crate) fn read_of(label: &str, text: &str, levels: Levels) -> Result<Vec<ImportedReview>, Unknown> {
    let document = json(text).map_err(Unknown::Malformed)?;
    let lone = Value::Array(vec![document.clone()]);
    let fits = |tool: &&Tool, document: &Value| tool.shape.iter().all(|path| fields::is_in(document, path));
    let mut own = table::TOOLS.iter().filter(|tool| tool.label == label);
    let known = own.find_map(|tool| {
        let document = [&document, &lone].into_iter().find(|document| fits(&tool, document))?;
        Some(reviews(tool, document, levels))
    });
    let is_empty = document.as_array().is_some_and(Vec::is_empty);
    known.or(is_empty.then(Vec::new)).ok_or_else(|| Unknown::Foreign(looks(&document)))
}

/// The names of the tools whose formats are read.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = table::TOOLS.iter().map(|tool| tool.label).collect();
    names.sort_unstable_by_key(|name| name.to_lowercase());
    names.dedup();
    names
}

/// One value, or one a line; lines of something else between them are passed over.
fn json(text: &str) -> Result<Value, String> {
    let whole = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(e) => e.to_string(),
    };
    // Code Climate's engines part their issues by NUL.
    let each: Vec<Value> = text
        .split(['\n', '\0'])
        .filter(|line| line.trim_start().starts_with(['{', '[']))
        .map_while(|line| serde_json::from_str(line.trim()).ok())
        .collect();
    if each.is_empty() { Err(whole) } else { Ok(Value::Array(each)) }
}

/// What a document of no known format looks like.
fn looks(document: &Value) -> String {
    let keys = |object: &serde_json::Map<String, Value>| {
        let names: Vec<String> = object.keys().take(8).map(|k| format!("'{}'", cut(k, 40))).collect();
        names.join(", ")
    };
    match document {
        Value::Object(object) if object.is_empty() => "an empty object".into(),
        Value::Object(object) => format!("an object with {}", keys(object)),
        Value::Array(list) => match list.first() {
            Some(Value::Object(object)) => format!("a list of objects with {}", keys(object)),
            Some(_) => "a list of values".into(),
            None => "an empty list".into(),
        },
        _ => "a single value".into(),
    }
}

fn reviews(tool: &Tool, document: &Value, levels: Levels) -> Vec<ImportedReview> {
    let mut out = Vec::new();
    for part in tool.parts {
        for path in part.items {
            for scope in fields::each(document, path) {
                if part.is_remark(&scope) {
                    part.add(&mut out, tool.label, &scope, levels);
                }
            }
        }
    }
    if out.is_empty() {
        // A file without a remark is a clean review.
        out.push(ImportedReview::by(AgentName::of_label(tool.label), tool.label.to_owned()));
    }
    out
}

impl Part {
    fn is_remark(&self, scope: &Scope<'_>) -> bool {
        let hides = |(path, values): &(&str, &[&str])| {
            let said = scope.text(path).filter(|said| !said.is_empty());
            said.is_some_and(|said| values.contains(&"*") || values.contains(&said.as_str()))
        };
        self.requires.iter().all(|path| scope.has(path)) && !self.hidden.iter().any(hides)
    }

    fn add(&self, out: &mut Vec<ImportedReview>, label: &str, scope: &Scope<'_>, levels: Levels) {
        let label = scope.first(self.tool).unwrap_or_else(|| label.to_owned());
        let said = ImportedReview::part_of(out, AgentName::of_label(&label), &label);
        let rule = scope.first(self.rule);
        let message = scope.first(self.message).filter(|m| !m.trim().is_empty());
        let message = message.or_else(|| rule.clone()).unwrap_or_else(|| "It does not say what".to_owned());
        let (title, rest) = titled(&message);
        let is_error =
            |(path, values): &(&str, &[&str])| values.contains(&scope.text(path).unwrap_or_default().as_str());
        let word = if self.errors.iter().any(is_error) { Some("error".to_owned()) } else { scope.first(self.severity) };
        let word = word.unwrap_or_else(|| self.otherwise.to_owned());
        let word = self.words.iter().find(|(own, _)| own.eq_ignore_ascii_case(&word)).map_or(word.as_str(), |(_, w)| w);
        let stated = levels.read(word).or_else(|| levels.read(self.otherwise));
        let (severity, unknown) = stated.map_or((levels.warning, None), |s| (s.severity, s.unknown));
        let more = self.more.iter().filter_map(|(name, path)| {
            let text = scope.all(path);
            let text = cut(text.trim(), LONGEST_MORE);
            let new = !text.is_empty() && !title.contains(&text) && !rest.contains(&text);
            new.then(|| if name.is_empty() { text } else { format!("**{name}:** {text}") })
        });
        let unknown = unknown.map(|word| format!("Severity as given: {word}"));
        let body = paragraphs(std::iter::once(rest.clone()).chain(more).chain(unknown));
        let anchor = self.anchor(scope);
        let path = anchor.as_ref().map(|a| a.path.clone());
        let changes = path.map(|path| Change { note: None, path, replacements: (self.fix)(scope.item()) });
        let changes = changes.into_iter().filter(|change| !change.replacements.is_empty()).collect();
        let url = scope.first(self.url).filter(|url| url.starts_with("http"));
        let finding = RawFinding {
            id: said.next_id(),
            sure: None,
            agent: said.agent.clone(),
            severity,
            title,
            body,
            anchors: anchor.into_iter().collect(),
            symbol: scope.first(self.symbol),
            classification: None,
            rule: rule.map(|id| RuleRef { id, url }),
            fixes: Vec::new(),
        };
        said.add(finding, changes);
    }

    fn anchor(&self, scope: &Scope<'_>) -> Option<Anchor> {
        let line = |paths: &[&str]| scope.first(paths).and_then(|text| span(&text));
        match scope.first(self.file).as_deref().and_then(tool_path::cited) {
            Some(path) => {
                let shift = u32::from(self.from_zero);
                let lines = line(self.line).filter(|(start, _)| start + shift > 0).map(|(start, last)| {
                    let end = line(self.end).map_or(last, |(_, end)| end).max(start);
                    LineRange::new(start + shift, end + shift)
                });
                let lines = lines.or_else(|| self.spanned(scope));
                Some(Anchor { path, lines, quote: None })
            }
            None => {
                let about = scope.first(self.symbol).unwrap_or_default();
                let text = self.trace.iter().map(|path| scope.all(path)).collect::<Vec<_>>().join("\n");
                fields::place_in(&text, &about)
            }
        }
    }
}

impl Part {
    /// The lines of its [`Part::span`].
    fn spanned(&self, scope: &Scope<'_>) -> Option<LineRange> {
        let [from, to, text] = self.span?;
        let text = scope.text(text)?;
        let line = |path: &str| -> Option<u32> {
            let before = text.get(..scope.text(path)?.parse().ok()?)?;
            u32::try_from(before.matches('\n').count() + 1).ok()
        };
        let start = line(from)?;
        Some(LineRange::new(start, line(to).unwrap_or(start).max(start)))
    }
}

/// A line, or a range of lines: `42`, `42-44`.
fn span(text: &str) -> Option<(u32, u32)> {
    let (start, end) = text.trim().split_once(['-', ':']).unwrap_or((text.trim(), text.trim()));
    let start: u32 = start.trim().parse().ok()?;
    Some((start.min(u32::MAX - 1), end.trim().parse().unwrap_or(start).clamp(start, u32::MAX - 1)))
}

#[cfg(test)]
mod tests;
