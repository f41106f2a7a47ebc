//! Code lenses: what the round says, at the file's top and above the functions that it is about: those with findings
//! and those that the branch changes.

use super::BackgroundRequest;
use super::code_action::short;
use crate::protocol::commands::CommandName;
use crate::protocol::uri::file_path;
use crate::state::file_projection::FileProjection;
use crate::state::projection::RoundIndex;
use crate::state::shown::Shown;
use crate::state::snapshot::{Repo, Snapshot};
use finding::{Finding, LineRange, RepoPath, Severity, State};
use lsp_types::request::CodeLensRequest;
use lsp_types::*;
use merge::Outline;
use patch::LineMap;
use report::sanitize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most functions of a file that get a lens.
const MAX_FUNCTIONS: usize = 200;

impl BackgroundRequest for CodeLensRequest {
    type Params = CodeLensParams;
    type Answer = Option<Vec<CodeLens>>;

    fn answer(snapshot: &Snapshot, params: CodeLensParams) -> Option<Vec<CodeLens>> {
        Some(lenses(snapshot, &params.text_document.uri))
    }
}

/// Parses the text and reads the base's.
fn lenses(snapshot: &Snapshot, uri: &Uri) -> Vec<CodeLens> {
    let Some((repo, path)) = file_path(uri).and_then(|file| snapshot.place(&file)) else {
        return Vec::new();
    };
    let Some(round_index) = &repo.round_index else { return Vec::new() };
    let projection = repo.projection(&path);
    let text = snapshot.text(repo, &path).unwrap_or_else(|| "".into());
    let from_base = from_base(repo, round_index, &path, &text);
    if projection.is_none() && from_base.is_none() {
        return Vec::new();
    }
    let shown = Shown::of(snapshot, repo);
    let open = projection.map(|projection| open(repo, projection)).unwrap_or_default();
    let (open, hidden): (Vec<_>, Vec<_>) = open.into_iter().partition(|(finding, _)| !shown.hides(finding));
    let mut lenses = top(repo, round_index, &path, &open, hidden.len());
    let outline = outline(projection, &path, &text);
    let mut functions: BTreeMap<(u32, Cow<'_, str>), Vec<&Finding>> = BTreeMap::new();
    for (finding, range) in &open {
        // One a function, at its head; where the language is not known, at the first of its findings.
        let is_placed = finding.main_anchor().is_some_and(|anchor| anchor.lines.is_some());
        let head = is_placed.then(|| outline.around(LineRange::line(range.start.line + 1))).flatten();
        let head = head.map(|(lines, name)| (lines.start() - 1, name.into()));
        if let Some(key) = head.or_else(|| Some((range.start.line, Cow::from(finding.symbol.as_deref()?)))) {
            functions.entry(key).or_default().push(finding);
        }
    }
    let is_reviewed = left_out(round_index, &path).is_none();
    for (lines, name) in from_base.iter().flat_map(|map| changed(&outline, map)).filter(|_| is_reviewed) {
        functions.entry((lines.start() - 1, name.into())).or_default();
    }
    let since = projection.and_then(|projection| projection.view.map.as_ref());
    for ((line, name), findings) in functions.into_iter().take(MAX_FUNCTIONS) {
        let at = Position::new(line, 0);
        let around = outline.around(LineRange::line(line + 1)).map(|(lines, _)| lines);
        let is_newer = since.zip(around).is_some_and(|(map, lines)| differs(map, lines));
        let says = match (findings.as_slice(), is_newer) {
            ([], true) => "changed since the review".to_owned(),
            ([], false) => "nothing open".to_owned(),
            ([one], _) => format!("1 finding: {}", short(&one.title)),
            (several, _) => format!("{} findings", several.len()),
        };
        let mut argument = json!({ "root": repo.root(), "show": true });
        if let (Some(first), Some(argument)) = (findings.first(), argument.as_object_mut()) {
            argument.insert("id".into(), json!(first.id));
        }
        let title = format!("{}: {says}", sanitize::printable(&name));
        lenses.push(lens(Range::new(at, at), title, CommandName::ShowReport, argument));
    }
    lenses
}

fn lens(range: Range, title: String, name: CommandName, argument: Value) -> CodeLens {
    let command = Command::new(title, name.as_str().to_owned(), Some(vec![argument]));
    CodeLens { range, command: Some(command), data: None }
}

/// The open findings whose main place is in a file, with that place.
fn open<'a>(repo: &Repo, projection: &'a FileProjection) -> Vec<(&'a Finding, Range)> {
    let places =
        projection.view.places.iter().zip(&projection.ranges).filter(|(place, _)| place.anchor_ref.anchor == 0);
    let open = places.filter_map(|(place, range)| {
        let finding = projection.round_index.round.findings.get(place.anchor_ref.finding)?;
        (repo.state(place.anchor_ref.finding, finding) == State::Open).then_some((finding, *range))
    });
    open.collect()
}

/// What the round says of the file, and another review.
fn top(
    repo: &Repo,
    round_index: &RoundIndex,
    path: &RepoPath,
    open: &[(&Finding, Range)],
    hidden: usize,
) -> Vec<CodeLens> {
    let count = |severity: Severity| open.iter().filter(|(f, _)| f.severity == severity).count();
    let mut counts: Vec<String> = Severity::ALL
        .iter()
        .filter(|severity| count(**severity) > 0)
        .map(|severity| format!("{} {severity}", count(*severity)))
        .collect();
    counts.extend((hidden > 0).then(|| format!("{hidden} not shown")));
    let says = match (left_out(round_index, path), counts.is_empty()) {
        (_, false) => counts.join(", "),
        (Some(why), true) => format!("this file was not reviewed ({})", sanitize::printable(&why)),
        (None, true) => "nothing open here".to_owned(),
    };
    // Who did not answer may have had something to say of this file too.
    let incomplete = if round_index.round.failures().next().is_some() { " (incomplete)" } else { "" };
    let title = format!("Review round {}{incomplete}: {says}", round_index.round.number);
    let root = json!({ "root": repo.root() });
    vec![
        lens(Range::default(), title, CommandName::ShowReport, json!({ "root": repo.root(), "show": true })),
        if repo.running.is_some() {
            lens(Range::default(), "Cancel the review".into(), CommandName::Cancel, root)
        } else {
            lens(Range::default(), "Review again".into(), CommandName::Review, root)
        },
    ]
}

/// Why the round did not look at a file.
fn left_out(round_index: &RoundIndex, path: &RepoPath) -> Option<String> {
    round_index.round.coverage.left_out.iter().find(|file| file.path == path.as_str()).map(|file| file.why.to_string())
}

/// How the lines of the base lead to those of the text; `None` where the branch does not change the file, or the round
/// does not say what it was compared with.
fn from_base(repo: &Repo, round_index: &RoundIndex, path: &RepoPath, text: &str) -> Option<LineMap> {
    let base = repo.git.read_at(round_index.round.scope.base.as_ref()?, path).ok()?;
    let map = LineMap::between(base.as_deref().unwrap_or(""), text);
    (!map.is_identity()).then_some(map)
}

/// The functions of the text as it is; of one that is as it was reviewed, they are read once a round.
fn outline<'a>(projection: Option<&'a FileProjection>, path: &RepoPath, text: &str) -> Cow<'a, Outline> {
    let as_reviewed = projection.filter(|projection| projection.view.map.as_ref().is_some_and(LineMap::is_identity));
    let reviewed = as_reviewed.and_then(|projection| projection.reviewed.outline(path));
    reviewed.map_or_else(|| Cow::Owned(Outline::of(path, text)), Cow::Borrowed)
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
