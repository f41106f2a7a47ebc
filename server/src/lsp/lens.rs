//! Code lenses: what the round says, at the file's top and above the code that has findings; and links from
//! finding ids in reports to their places.

use super::commands::Name;
use super::project::Spot;
use super::world::{Seen, World};
use crate::finding::{LineRange, RepoPath, Severity, State};
use lsp_types::*;
use serde_json::json;
use std::collections::BTreeMap;

/// Answers `textDocument/codeLens`.
pub(crate) fn of(world: &World, uri: &Uri) -> Vec<CodeLens> {
    let Some((repo, path)) = super::documents::file_path(uri).and_then(|file| world.place(&file)) else {
        return Vec::new();
    };
    let Some(plan) = &repo.plan else { return Vec::new() };
    let Some(seen) = repo.files.get(&path) else { return Vec::new() };
    let open: Vec<_> = seen
        .view
        .places
        .iter()
        .zip(&seen.ranges)
        .filter(|(place, _)| place.spot.anchor == 0)
        .filter_map(|(place, range)| {
            let finding = seen.plan.round.findings.get(place.spot.finding)?;
            (repo.state(place.spot.finding, finding) == State::Open).then_some((place.spot, finding, range))
        })
        .collect();
    let count = |severity: Severity| open.iter().filter(|(_, f, _)| f.severity == severity).count();
    let counts: Vec<String> = Severity::ALL
        .iter()
        .filter(|severity| count(**severity) > 0)
        .map(|severity| format!("{} {severity}", count(*severity)))
        .collect();
    let counts = if counts.is_empty() { "nothing open here".to_owned() } else { counts.join(", ") };
    let top = Range::default();
    let command =
        |title: String, name: Name, argument| Command::new(title, name.as_str().to_owned(), Some(vec![argument]));
    let mut lenses = vec![
        CodeLens {
            range: top,
            command: Some(command(
                format!("Review round {}: {counts}", plan.round.number),
                Name::ShowReport,
                json!({ "root": repo.root(), "show": true }),
            )),
            data: None,
        },
        CodeLens {
            range: top,
            command: Some(if repo.running.is_some() {
                command("Cancel the review".into(), Name::Cancel, json!({ "root": repo.root() }))
            } else {
                command("Review again".into(), Name::Review, json!({ "root": repo.root() }))
            }),
            data: None,
        },
    ];
    // One a function, at its head; where the language is not known, at the first of its findings.
    let mut functions: BTreeMap<(u32, String), Vec<&str>> = BTreeMap::new();
    for (place, finding, range) in &open {
        let head = head(seen, &path, *place);
        let named = head.or_else(|| Some((range.start.line, finding.symbol.clone()?)));
        if let Some(key) = named {
            functions.entry(key).or_default().push(&finding.label);
        }
    }
    for ((line, symbol), labels) in functions {
        let at = Position::new(line, 0);
        let symbol = crate::report::inert::printable(&symbol);
        lenses.push(CodeLens {
            range: Range::new(at, at),
            command: Some(command(
                format!("{symbol}: {}", labels.join(", ")),
                Name::ShowReport,
                json!({ "root": repo.root(), "show": true, "id": labels[0] }),
            )),
            data: None,
        });
    }
    lenses
}

/// The line (0-based, of the current text) and the name of the function or type that a place is in.
fn head(seen: &Seen, path: &RepoPath, spot: Spot) -> Option<(u32, String)> {
    let anchor = seen.plan.round.findings.get(spot.finding)?.anchors.get(spot.anchor)?;
    let (lines, name) = seen.frozen.outline(path)?.around(anchor.lines?)?;
    let head = LineRange::line(lines.start());
    let now = seen.view.map.as_ref().map_or(head, |map| map.carry(head).lines());
    Some((now.start() - 1, name.to_owned()))
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
                tooltip: Some(crate::report::inert::printable(&plan.round.findings[index].title)),
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
