//! Code lenses: what the round says, at the file's top and above the functions that it is about: those with findings
//! and those that the branch changes. And links from finding ids in reports to their places.

use super::commands::Name;
use super::project::Plan;
use super::world::{Repo, Seen, World};
use finding::{Finding, LineRange, RepoPath, Severity, State};
use lsp_types::*;
use merge::Outline;
use patch::LineMap;
use report::sanitize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most functions of a file that get a lens.
const MAX_FUNCTIONS: usize = 200;

/// Answers `textDocument/codeLens`. Parses the text and reads the base's, so it is not for the tasks of the runtime.
pub(crate) fn of(world: &World, uri: &Uri) -> Vec<CodeLens> {
    let Some((repo, path)) = super::documents::file_path(uri).and_then(|file| world.place(&file)) else {
        return Vec::new();
    };
    let Some(plan) = &repo.plan else { return Vec::new() };
    let seen = repo.files.get(&path).map(AsRef::as_ref);
    let text = world.text(repo, &path).unwrap_or_else(|| "".into());
    let from_base = from_base(repo, plan, &path, &text);
    if seen.is_none() && from_base.is_none() {
        return Vec::new();
    }
    let open = seen.map(|seen| open(repo, seen)).unwrap_or_default();
    let mut lenses = top(repo, plan, &path, &open);
    let outline = outline(seen, &path, &text);
    let mut functions: BTreeMap<(u32, Cow<'_, str>), Vec<&str>> = BTreeMap::new();
    for (finding, range) in &open {
        // One a function, at its head; where the language is not known, at the first of its findings.
        let is_placed = finding.anchors.first().is_some_and(|anchor| anchor.lines.is_some());
        let head = is_placed.then(|| outline.around(LineRange::line(range.start.line + 1))).flatten();
        let head = head.map(|(lines, name)| (lines.start() - 1, name.into()));
        if let Some(key) = head.or_else(|| Some((range.start.line, Cow::from(finding.symbol.as_deref()?)))) {
            functions.entry(key).or_default().push(&finding.label);
        }
    }
    let is_reviewed = left_out(plan, &path).is_none();
    for (lines, name) in from_base.iter().flat_map(|map| changed(&outline, map)).filter(|_| is_reviewed) {
        functions.entry((lines.start() - 1, name.into())).or_default();
    }
    let since = seen.and_then(|seen| seen.view.map.as_ref());
    for ((line, name), labels) in functions.into_iter().take(MAX_FUNCTIONS) {
        let at = Position::new(line, 0);
        let around = outline.around(LineRange::line(line + 1)).map(|(lines, _)| lines);
        let is_newer = since.zip(around).is_some_and(|(map, lines)| differs(map, lines));
        let says = match (labels.is_empty(), is_newer) {
            (false, _) => labels.join(", "),
            (true, true) => "changed since the review".to_owned(),
            (true, false) => "nothing open".to_owned(),
        };
        let mut argument = json!({ "root": repo.root(), "show": true });
        if let (Some(label), Some(argument)) = (labels.first(), argument.as_object_mut()) {
            argument.insert("id".into(), json!(label));
        }
        let title = format!("{}: {says}", sanitize::printable(&name));
        lenses.push(lens(Range::new(at, at), title, Name::ShowReport, argument));
    }
    lenses
}

fn lens(range: Range, title: String, name: Name, argument: Value) -> CodeLens {
    let command = Command::new(title, name.as_str().to_owned(), Some(vec![argument]));
    CodeLens { range, command: Some(command), data: None }
}

/// The open findings whose main place is in a file, with that place.
fn open<'a>(repo: &Repo, seen: &'a Seen) -> Vec<(&'a Finding, Range)> {
    let places = seen.view.places.iter().zip(&seen.ranges).filter(|(place, _)| place.spot.anchor == 0);
    let open = places.filter_map(|(place, range)| {
        let finding = seen.plan.round.findings.get(place.spot.finding)?;
        (repo.state(place.spot.finding, finding) == State::Open).then_some((finding, *range))
    });
    open.collect()
}

/// What the round says of the file, and another review.
fn top(repo: &Repo, plan: &Plan, path: &RepoPath, open: &[(&Finding, Range)]) -> Vec<CodeLens> {
    let count = |severity: Severity| open.iter().filter(|(f, _)| f.severity == severity).count();
    let counts: Vec<String> = Severity::ALL
        .iter()
        .filter(|severity| count(**severity) > 0)
        .map(|severity| format!("{} {severity}", count(*severity)))
        .collect();
    let says = match (left_out(plan, path), counts.is_empty()) {
        (_, false) => counts.join(", "),
        (Some(why), true) => format!("this file was not reviewed ({})", sanitize::printable(&why)),
        (None, true) => "nothing open here".to_owned(),
    };
    // Who did not answer may have had something to say of this file too.
    let incomplete = if plan.round.failures().next().is_some() { " (incomplete)" } else { "" };
    let title = format!("Review round {}{incomplete}: {says}", plan.round.number);
    let root = json!({ "root": repo.root() });
    vec![
        lens(Range::default(), title, Name::ShowReport, json!({ "root": repo.root(), "show": true })),
        if repo.running.is_some() {
            lens(Range::default(), "Cancel the review".into(), Name::Cancel, root)
        } else {
            lens(Range::default(), "Review again".into(), Name::Review, root)
        },
    ]
}

/// Why the round did not look at a file.
fn left_out(plan: &Plan, path: &RepoPath) -> Option<String> {
    plan.round.coverage.left_out.iter().find(|file| file.path == path.as_str()).map(|file| file.why.to_string())
}

/// How the lines of the base lead to those of the text; `None` where the branch does not change the file, or the round
/// does not say what it was compared with.
fn from_base(repo: &Repo, plan: &Plan, path: &RepoPath, text: &str) -> Option<LineMap> {
    let base = repo.git.read_at(plan.round.scope.base.as_ref()?, path).ok()?;
    let map = LineMap::between(base.as_deref().unwrap_or(""), text);
    (!map.is_identity()).then_some(map)
}

/// The functions of the text as it is; of one that is as it was reviewed, they are read once a round.
fn outline<'a>(seen: Option<&'a Seen>, path: &RepoPath, text: &str) -> Cow<'a, Outline> {
    let as_reviewed = seen.filter(|seen| seen.view.map.as_ref().is_some_and(LineMap::is_identity));
    let frozen = as_reviewed.and_then(|seen| seen.frozen.outline(path));
    frozen.map_or_else(|| Cow::Owned(Outline::of(path, text)), Cow::Borrowed)
}

/// The innermost functions and types that `map` leads to with changes in them. Sections of prose are none.
fn changed<'a>(outline: &'a Outline, map: &LineMap) -> Vec<(LineRange, &'a str)> {
    let all: Vec<_> = outline.code().filter(|(lines, _)| differs(map, *lines)).collect();
    let holds = |outer: LineRange, inner: LineRange| {
        outer != inner && outer.start() <= inner.start() && inner.end() <= outer.end()
    };
    let innermost = |lines: LineRange| !all.iter().any(|(other, _)| holds(lines, *other));
    all.iter().filter(|(lines, _)| innermost(*lines)).copied().collect()
}

/// Whether any of these lines of the new text is not one of the old, or some were taken out from between them.
fn differs(map: &LineMap, lines: LineRange) -> bool {
    let first = map.back(lines.start());
    (0..)
        .zip(lines.start()..=lines.end())
        .any(|(n, line)| first.and_then(|first| first.checked_add(n)) != map.back(line))
        || first.is_none()
}

/// Answers `textDocument/documentLink`: finding ids in one of our reports lead to the code.
pub(crate) fn links(world: &World, uri: &Uri) -> Vec<DocumentLink> {
    let Some(document) = world.documents.get(uri) else { return Vec::new() };
    let repo = world.repos.values().find(|repo| document.path.starts_with(repo.store().folder().join("reports")));
    let Some(repo) = repo else { return Vec::new() };
    let Some(plan) = &repo.plan else { return Vec::new() };
    let text = document.text();
    let mut links = Vec::new();
    for (number, line) in (0..).zip(text.lines()) {
        for (start, word) in words(line) {
            let Some(index) = plan.round.findings.iter().position(|f| f.label == word) else { continue };
            let Some(location) = repo.location(index, 0) else { continue };
            let encoding = world.abilities.encoding;
            let from = encoding.len(&line[..start]);
            let to = from + encoding.len(word);
            let target = format!("{}#L{}", location.uri.as_str(), location.range.start.line + 1);
            links.push(DocumentLink {
                range: Range::new(Position::new(number, from), Position::new(number, to)),
                target: target.parse().ok(),
                tooltip: world.abilities.link_tooltips.then(|| sanitize::printable(&plan.round.findings[index].title)),
                data: None,
            });
        }
    }
    links
}

/// The words of a line that look like a finding's label (`I1`), with where they start.
pub(super) fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let boundary = |c: char| !c.is_ascii_alphanumeric();
    let mut at = 0;
    line.split(boundary).filter_map(move |word| {
        let start = at;
        at += word.len() + line[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        let label = word.strip_prefix(['C', 'I', 'S'])?;
        (!label.is_empty() && label.bytes().all(|b| b.is_ascii_digit())).then_some((start, word))
    })
}
