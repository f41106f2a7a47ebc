//! Fixes as edits of the workspace, worked out on the text as it is now.

use crate::protocol::encoding::Encoding;
use crate::state::documents::Lines;
use crate::state::projection::{AnchorRef, hints, is_certain, is_in_main_file, place};
use crate::state::snapshot::{Repo, Snapshot};
use finding::{Finding, Fix, LineRange, RepoPath, State};
use lsp_types::*;
use patch::{FileOutcome, LineEdit, Placed, Placement, Refusal};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a fix does to the files of its repository.
#[derive(Debug)]
pub(crate) struct FixEdits {
    pub(crate) files: BTreeMap<RepoPath, FileChange>,
    pub(crate) placement: Placement,
}

#[derive(Debug)]
pub(crate) enum FileChange {
    Edit(Vec<LineEdit>),
    Create(String),
}

/// Places fix `number` of a finding in the current texts.
pub(crate) fn place_fix(snapshot: &Snapshot, repo: &Repo, index: usize, number: usize) -> Result<FixEdits, Refusal> {
    let round_index = repo.round_index.as_ref().ok_or(Refusal::NotFound)?;
    let finding = round_index.round.findings.get(index).ok_or(Refusal::NotFound)?;
    let fix = finding.fixes.get(number).ok_or(Refusal::NotFound)?;
    let parsed = patch::parse(&fix.diff)?;
    if !is_in_main_file(finding, fix, &parsed) {
        return many(snapshot, repo, (index, finding), &[number]).pop().unwrap_or(Err(Refusal::NotFound));
    }
    let path = &finding.anchors[0].path;
    let applied = in_main_file(snapshot, repo, index, number)?;
    let files = BTreeMap::from([(path.clone(), FileChange::Edit(applied.edits))]);
    Ok(FixEdits { files, placement: applied.placement })
}

/// Places a fix in the file of its finding's main place.
pub(crate) fn in_main_file(snapshot: &Snapshot, repo: &Repo, index: usize, number: usize) -> Result<Placed, Refusal> {
    let round_index = repo.round_index.as_ref().ok_or(Refusal::NotFound)?;
    let finding = round_index.round.findings.get(index).ok_or(Refusal::NotFound)?;
    let path = &finding.anchors.first().ok_or(Refusal::NoPlace)?.path;
    let projection = repo.projection(path).ok_or(Refusal::NotFound)?;
    let reviewed_fixes = projection.reviewed.fixes(round_index, path);
    place(finding, (index, number), reviewed_fixes, &projection.view, || {
        (projection.reviewed.text().cloned(), snapshot.text(repo, path).unwrap_or_else(|| Arc::from("")))
    })
}

/// Places fixes of one finding that touch several files, each on its own.
fn many(
    snapshot: &Snapshot,
    repo: &Repo,
    (index, finding): (usize, &Finding),
    numbers: &[usize],
) -> Vec<Result<FixEdits, Refusal>> {
    let one = |number: &usize| {
        let fix = &finding.fixes[*number];
        let texts = texts(snapshot, repo, fix, finding);
        let lines = main_lines(repo, index, finding);
        let set = [patch::Fix { name: &finding.label, diff: &fix.diff, hints: hints(finding, fix, lines) }];
        let outcome = patch::place_set(&set, &|path| texts.get(path).map(AsRef::as_ref));
        let placement = outcome.fixes.into_iter().next().unwrap_or(Err(Refusal::NotFound))?;
        let files = outcome.files.into_iter().map(|(path, outcome)| {
            let change = match outcome {
                FileOutcome::Edited { edits, .. } => FileChange::Edit(edits),
                FileOutcome::Created { text } => FileChange::Create(text),
                FileOutcome::Deleted | FileOutcome::Renamed { .. } => {
                    return Err(Refusal::Unreadable("it deletes or renames a file; use `deep-review apply`".into()));
                }
            };
            Ok((path, change))
        });
        Ok(FixEdits { files: files.collect::<Result<_, _>>()?, placement })
    };
    numbers.iter().map(one).collect()
}

/// The fixes of all places of a finding.
#[derive(Debug)]
pub(crate) struct AllPlaces {
    pub(crate) files: BTreeMap<RepoPath, FileChange>,
    pub(crate) places: usize,
}

/// A finding's fixes at different places of it, together; `None` unless at least two apply there without doubt.
/// Fixes at one place are alternatives, of which the first counts.
pub(crate) fn place_everywhere(snapshot: &Snapshot, repo: &Repo, index: usize) -> Option<AllPlaces> {
    let round_index = repo.round_index.as_ref()?;
    let finding = round_index.round.findings.get(index)?;
    if finding.anchors.len() < 2 || finding.fixes.len() < 2 {
        return None;
    }
    let mut files: BTreeMap<RepoPath, Vec<LineEdit>> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for number in 0..finding.fixes.len() {
        let Ok(edits_of_fix) = place_fix(snapshot, repo, index, number) else { continue };
        let mut all = edits_of_fix.files.into_iter();
        let (Some((path, FileChange::Edit(edits))), None) = (all.next(), all.next()) else { continue };
        let Some(place) = place_of(repo, index, finding, &path, &edits) else { continue };
        let taken = files.entry(path).or_default();
        let is_free = edits.iter().all(|a| taken.iter().all(|b| !clashes(a, b)));
        if is_certain(edits_of_fix.placement) && is_free && done.insert(place) {
            taken.extend(edits);
        }
    }
    for edits in files.values_mut() {
        edits.sort_by_key(|e| e.start);
    }
    files.retain(|_, edits| !edits.is_empty());
    let files = files.into_iter().map(|(path, edits)| (path, FileChange::Edit(edits))).collect();
    (done.len() > 1).then_some(AllPlaces { files, places: done.len() })
}

/// The number of the finding's place that edits of a file are at.
fn place_of(repo: &Repo, index: usize, finding: &Finding, path: &RepoPath, edits: &[LineEdit]) -> Option<usize> {
    let projection = repo.projection(path)?;
    (0..finding.anchors.len()).find(|&anchor| {
        let anchor_ref = AnchorRef { finding: index, anchor };
        let place = projection.view.place(anchor_ref).map(|at| &projection.view.places[at]);
        let touches = |e: &LineEdit, lines: LineRange| e.start <= lines.end() + 1 && lines.start() <= e.start + e.count;
        place.is_some_and(|place| edits.iter().any(|e| touches(e, place.lines)))
    })
}

fn main_lines(repo: &Repo, index: usize, finding: &Finding) -> Option<LineRange> {
    let anchor = finding.anchors.first()?;
    anchor.lines?;
    let projection = repo.projection(&anchor.path)?;
    let anchor_ref = AnchorRef { finding: index, anchor: 0 };
    projection.view.place(anchor_ref).map(|at| projection.view.places[at].lines)
}

/// The current texts of the files that a diff names.
fn texts(snapshot: &Snapshot, repo: &Repo, fix: &Fix, finding: &Finding) -> BTreeMap<RepoPath, Arc<str>> {
    let named = patch::parse(&fix.diff).map(|p| p.files).unwrap_or_default();
    let named = named.into_iter().flat_map(|f| [f.path, f.old_path]).flatten().filter_map(|p| RepoPath::new(p).ok());
    let paths = named.chain(fix.path.clone()).chain(finding.anchors.first().map(|a| a.path.clone()));
    paths.filter_map(|path| snapshot.text(repo, &path).map(|text| (path, text))).collect()
}

/// Every open finding's best fix that applies without doubt, the gravest first; a fix that stands in the way of
/// one before it is left out. `only` limits it to one file. Returns the edits and the labels of what is in them.
pub(crate) fn place_all(
    snapshot: &Snapshot,
    repo: &Repo,
    only: Option<&RepoPath>,
) -> (BTreeMap<RepoPath, FileChange>, Vec<String>, Vec<String>) {
    let mut all: BTreeMap<RepoPath, Vec<LineEdit>> = BTreeMap::new();
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    let Some(round_index) = &repo.round_index else { return (BTreeMap::new(), taken, refused) };
    for (index, finding) in round_index.round.findings.iter().enumerate() {
        let main = finding.anchors.first().map(|a| &a.path);
        if finding.fixes.is_empty() || only.is_some_and(|only| main != Some(only)) {
            continue;
        }
        if repo.state(index, finding) != State::Open {
            continue;
        }
        let edits_of_fix = match place_fix(snapshot, repo, index, 0) {
            Ok(edits_of_fix) if is_certain(edits_of_fix.placement) => edits_of_fix,
            Ok(_) => {
                refused.push(format!("{}: its place is not certain", finding.label));
                continue;
            }
            Err(refusal) => {
                refused.push(format!("{}: {refusal}", finding.label));
                continue;
            }
        };
        let mut edits = Vec::new();
        for (path, change) in edits_of_fix.files {
            match change {
                FileChange::Edit(list) if only.is_none_or(|only| path == *only) => edits.push((path, list)),
                FileChange::Edit(_) | FileChange::Create(_) => {
                    edits.clear();
                    break;
                }
            }
        }
        let clash = |(path, list): &(RepoPath, Vec<LineEdit>)| {
            all.get(path).is_some_and(|before| list.iter().any(|a| before.iter().any(|b| clashes(a, b))))
        };
        if edits.is_empty() || edits.iter().any(clash) {
            refused.push(format!("{}: it changes what another fix changes, or other files", finding.label));
            continue;
        }
        for (path, list) in edits {
            all.entry(path).or_default().extend(list);
        }
        taken.push(finding.label.clone());
    }
    for edits in all.values_mut() {
        edits.sort_by_key(|e| e.start);
    }
    let files = all.into_iter().map(|(path, edits)| (path, FileChange::Edit(edits))).collect();
    (files, taken, refused)
}

fn clashes(a: &LineEdit, b: &LineEdit) -> bool {
    let (a_end, b_end) = (a.start + a.count, b.start + b.count);
    a.start <= b_end && b.start <= a_end
}

/// The change as the protocol wants it. `confirm` has the user confirm each part, where the client can ask.
pub(crate) fn workspace_edit(
    snapshot: &Snapshot,
    repo: &Repo,
    files: &BTreeMap<RepoPath, FileChange>,
    main: Option<&RepoPath>,
    confirm: Option<&str>,
) -> Result<WorkspaceEdit, String> {
    let able = snapshot.capabilities;
    let mut operations = Vec::new();
    let mut annotations = HashMap::new();
    for (path, change) in files {
        inside(repo, path)?;
        let document = snapshot.document(repo, path);
        let uri = document.map(|d| d.uri.clone()).or_else(|| repo.uri_of(path)).ok_or("the file has no address")?;
        let why = match confirm {
            Some(why) => Some(why),
            None if main.is_some_and(|main| main != path) => Some("a change in another file"),
            None => None,
        };
        let annotation = why.filter(|_| able.annotations).map(|why| {
            let id = format!("deepReview.{}", annotations.len());
            let annotation =
                ChangeAnnotation { label: why.to_owned(), needs_confirmation: Some(true), description: None };
            annotations.insert(id.clone(), annotation);
            id
        });
        let edits = match change {
            FileChange::Edit(edits) => {
                let text = snapshot.text(repo, path).ok_or_else(|| format!("{path} cannot be read"))?;
                text_edits(&text, edits, able.encoding)
            }
            FileChange::Create(text) => {
                if !able.create_files {
                    return Err(format!("the editor cannot create {path}; use `deep-review apply`"));
                }
                operations.push(DocumentChangeOperation::Op(ResourceOp::Create(CreateFile {
                    uri: uri.clone(),
                    options: None,
                    annotation_id: annotation.clone(),
                })));
                vec![TextEdit::new(Range::default(), text.clone())]
            }
        };
        let edits = edits.into_iter().map(|text_edit| match &annotation {
            Some(id) => OneOf::Right(AnnotatedTextEdit { text_edit, annotation_id: id.clone() }),
            None => OneOf::Left(text_edit),
        });
        operations.push(DocumentChangeOperation::Edit(TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier { uri, version: document.map(|d| d.version) },
            edits: edits.collect(),
        }));
    }
    let only_edits = operations.iter().all(|o| matches!(o, DocumentChangeOperation::Edit(_)));
    if !able.document_changes {
        let changes = operations.into_iter().filter_map(|o| match o {
            DocumentChangeOperation::Edit(edit) => {
                let edits = edit.edits.into_iter().map(|e| match e {
                    OneOf::Left(edit) => edit,
                    OneOf::Right(annotated) => annotated.text_edit,
                });
                Some((edit.text_document.uri, edits.collect()))
            }
            DocumentChangeOperation::Op(_) => None,
        });
        return Ok(WorkspaceEdit::new(changes.collect()));
    }
    let document_changes = if only_edits {
        DocumentChanges::Edits(
            operations
                .into_iter()
                .filter_map(|o| match o {
                    DocumentChangeOperation::Edit(edit) => Some(edit),
                    DocumentChangeOperation::Op(_) => None,
                })
                .collect(),
        )
    } else {
        DocumentChanges::Operations(operations)
    };
    Ok(WorkspaceEdit {
        changes: None,
        document_changes: Some(document_changes),
        change_annotations: (!annotations.is_empty()).then_some(annotations),
    })
}

fn text_edits(text: &str, edits: &[LineEdit], encoding: Encoding) -> Vec<TextEdit> {
    let lines = Lines::new(text);
    let edit = |e: &LineEdit| {
        let first = e.start.saturating_sub(1);
        let range = Range::new(lines.start_of(first, encoding), lines.start_of(first + e.count, encoding));
        TextEdit::new(range, e.text.clone())
    };
    edits.iter().map(edit).collect()
}

/// A fix never leaves the repository, by a symbolic link neither.
fn inside(repo: &Repo, path: &RepoPath) -> Result<(), String> {
    let file = repo.file_of(path);
    let real = |p: &std::path::Path| p.canonicalize().ok();
    let root = real(repo.root()).ok_or("the repository is gone")?;
    let mut there = file.as_path();
    // A new file is where its nearest folder is.
    let resolved = loop {
        match real(there) {
            Some(real) => break real,
            None => there = there.parent().ok_or("the file has no folder")?,
        }
    };
    if resolved.starts_with(&root) && !file.is_symlink() {
        Ok(())
    } else {
        Err(format!("{path} leads out of the repository"))
    }
}
