//! Fixes as edits of the workspace, worked out on the texts as they are now: in the editor's buffers, else on disk. What
//! applies and what does not is said by [`ops::plan`], as on the command line.

use crate::protocol::encoding::Encoding;
use crate::protocol::error::CommandError;
use crate::state::documents::Lines;
use crate::state::projection::RoundIndex;
use crate::state::snapshot::{Repo, Snapshot};
use finding::RepoPath;
use lsp_types::*;
use ops::{ApplyPlan, CurrentTexts, NotApplied, OpsError, ReadError, Selection, Situation, Unreachable, WorkTree};
use patch::{FileOutcome, LineEdit, Placement};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Why a user is asked before the edit is made.
const UNCERTAIN: &str = "the place of the fix is not certain";

/// Places the fixes of a repository's findings.
pub(crate) struct Fixer<'s> {
    snapshot: &'s Snapshot,
    repo: &'s Repo,
    round_index: &'s RoundIndex,
    tree: WorkTree,
    /// What is known of the files that were asked for.
    reach: RefCell<HashMap<RepoPath, Result<(), Unreachable>>>,
}

/// A fix that applies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) placement: Placement,
    /// Whether it changes the file of its finding's main place and no other.
    pub(crate) is_in_main_file: bool,
}

impl CurrentTexts for Fixer<'_> {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError> {
        self.is_checked_out(path)?;
        match self.snapshot.document(self.repo, path) {
            Some(document) => Ok(Some(document.text())),
            None => self.tree.read(self.repo.moved.places.get(path).unwrap_or(path)),
        }
    }
}

impl<'s> Fixer<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot, repo: &'s Repo) -> Result<Self, CommandError> {
        let round_index = repo.round_index.as_ref().ok_or(OpsError::NoRound)?;
        let tree = WorkTree::of(&repo.git).map_err(|e| CommandError::failed(e.to_string()))?;
        Ok(Self { snapshot, repo, round_index, tree, reach: RefCell::default() })
    }

    /// Whether a fix of a finding applies, and how. Costs next to nothing where the text around it is as it was.
    pub(crate) fn offer(&self, finding: usize, fix: usize) -> Result<Offer, NotApplied> {
        let main = self.main(finding).ok_or(NotApplied::NoFix)?;
        let carried = self.repo.projection(main).and_then(|projection| {
            projection.reviewed.fixes(self.round_index, main).carried(finding, fix, &projection.view)
        });
        if let Some(placed) = carried {
            let placement = placed?.placement;
            self.is_within_reach(main)?;
            return Ok(Offer { placement, is_in_main_file: true });
        }
        let plan = self.plan(Selection::Fix { finding, fix });
        match (plan.taken.first(), plan.refused.into_iter().next()) {
            (Some(taken), _) => {
                Ok(Offer { placement: taken.placement, is_in_main_file: plan.files.keys().all(|path| path == main) })
            }
            (None, refused) => Err(refused.map_or(NotApplied::NoFix, |refused| refused.why)),
        }
    }

    /// What is looked at without being checked out is not to be changed.
    fn is_checked_out(&self, path: &RepoPath) -> Result<(), Unreachable> {
        match &self.repo.visit {
            Some(visit) if !visit.has_here(path) => Err(Unreachable::Elsewhere { path: path.clone() }),
            _ => Ok(()),
        }
    }

    /// Whether a fix may change a file; the disk is asked once.
    fn is_within_reach(&self, path: &RepoPath) -> Result<(), Unreachable> {
        self.is_checked_out(path)?;
        let mut known = self.reach.borrow_mut();
        if let Some(known) = known.get(path) {
            return known.clone();
        }
        let place = self.tree.reach().place(self.repo.moved.places.get(path).unwrap_or(path)).map(drop);
        known.insert(path.clone(), place.clone());
        place
    }

    /// What the selected fixes do to the texts as they are now.
    pub(crate) fn plan(&self, selection: Selection<'_>) -> ApplyPlan {
        let reviewed = self.reviewed(selection);
        let situation = Situation {
            round: &self.round_index.round,
            decisions: &self.repo.decisions,
            reviewed: &reviewed,
            current: self,
            reach: self.tree.reach(),
        };
        ops::plan(&situation, selection)
    }

    /// The edit that the selected fixes come to; what is not certain is to be confirmed, with `confirm` everything is.
    pub(crate) fn edit(&self, selection: Selection<'_>, confirm: Option<&str>) -> Result<WorkspaceEdit, CommandError> {
        let plan = self.plan(selection);
        if plan.taken.is_empty() {
            let why = plan.refused.iter().map(|refused| format!("{}: {}", refused.label, refused.why));
            let why: Vec<String> = why.collect();
            let why = if why.is_empty() { "no open finding has a fix".to_owned() } else { why.join("; ") };
            return Err(CommandError::failed(format!("nothing to apply: {why}")));
        }
        self.confirmed_edit(&plan, confirm)
    }

    /// The edit of a plan; what is not certain is to be confirmed.
    pub(crate) fn confirmed_edit(
        &self,
        plan: &ApplyPlan,
        confirm: Option<&str>,
    ) -> Result<WorkspaceEdit, CommandError> {
        self.workspace_edit(plan, if plan.is_certain() { confirm } else { Some(UNCERTAIN) })
    }

    /// The file of a finding's main place.
    fn main(&self, finding: usize) -> Option<&'s RepoPath> {
        self.round_index.round.findings.get(finding)?.main_anchor().map(|anchor| &anchor.path)
    }

    /// The reviewed texts that a selection is about.
    fn reviewed(&self, selection: Selection<'_>) -> report::Texts {
        let round = &self.round_index.round;
        let findings: Vec<usize> = match selection {
            Selection::Findings(findings) => findings.to_vec(),
            Selection::Fix { finding, .. } => vec![finding],
            Selection::AllOpen { file } => {
                let is_meant = |index: &usize| {
                    !round.findings[*index].fixes.is_empty() && file.is_none_or(|file| self.main(*index) == Some(file))
                };
                (0..round.findings.len()).filter(is_meant).collect()
            }
        };
        let paths = findings.iter().filter_map(|index| Some((*index, round.findings.get(*index)?)));
        let paths: BTreeSet<&RepoPath> = paths
            .flat_map(|(index, finding)| {
                let anchors = finding.anchors.iter().map(|anchor| &anchor.path);
                anchors
                    .chain(self.round_index.beyond(index))
                    .chain(finding.fixes.iter().filter_map(|f| f.path.as_ref()))
            })
            .collect();
        let text = |path: &RepoPath| self.repo.reviewed.get(path)?.text().cloned();
        paths.into_iter().filter_map(|path| Some((path.clone(), text(path)?))).collect()
    }

    /// A plan as the protocol wants it. `confirm` has the user confirm each part, where the client can ask; what is in
    /// other files than those of the findings' main places is always to be confirmed.
    pub(crate) fn workspace_edit(
        &self,
        plan: &ApplyPlan,
        confirm: Option<&str>,
    ) -> Result<WorkspaceEdit, CommandError> {
        let mains: BTreeSet<&RepoPath> = plan.taken.iter().filter_map(|taken| self.main(taken.finding)).collect();
        let mut edit =
            EditBuilder { client_annotates: self.snapshot.capabilities.annotations, ..EditBuilder::default() };
        for (path, outcome) in &plan.files {
            let why = confirm.or((!mains.contains(path)).then_some("a change in another file"));
            self.put(&mut edit, path, outcome, plan, why)?;
        }
        edit.finish(self.snapshot.capabilities.document_changes)
    }

    fn put(
        &self,
        edit: &mut EditBuilder,
        path: &RepoPath,
        outcome: &FileOutcome,
        plan: &ApplyPlan,
        why: Option<&str>,
    ) -> Result<(), CommandError> {
        let document = self.snapshot.document(self.repo, path);
        let uri = document.map(|document| document.uri.clone()).or_else(|| self.repo.uri_of(path));
        let uri = uri.ok_or_else(|| CommandError::failed(format!("{path} has no address")))?;
        let version = document.map(|document| document.version.number);
        match outcome {
            FileOutcome::Edited { edits, .. } => {
                let before = plan.before.get(path).and_then(Option::as_deref);
                let before = before.ok_or_else(|| CommandError::failed(format!("{path} cannot be read")))?;
                edit.change(uri, version, text_edits(before, edits, self.snapshot.capabilities.encoding), why);
                Ok(())
            }
            FileOutcome::Created { text } if self.snapshot.capabilities.create_files => {
                edit.create(uri, text.clone(), why);
                Ok(())
            }
            FileOutcome::Created { .. } => {
                Err(CommandError::failed(format!("the editor cannot create {path}; use `deep-review apply`")))
            }
            FileOutcome::Deleted if self.snapshot.capabilities.delete_files => {
                edit.delete(uri, why);
                Ok(())
            }
            FileOutcome::Renamed { to, text } if self.snapshot.capabilities.rename_files => {
                let new = self.repo.uri_of(to);
                let new = new.ok_or_else(|| CommandError::failed(format!("{to} has no address")))?;
                edit.rename(uri, new.clone(), why);
                let before = plan.before.get(path).and_then(Option::as_deref).unwrap_or_default();
                if before != text {
                    let count = u32::try_from(lines::count(before)).unwrap_or(u32::MAX);
                    let whole = LineEdit { start: 1, count, text: text.clone() };
                    edit.change(new, None, text_edits(before, &[whole], self.snapshot.capabilities.encoding), why);
                }
                Ok(())
            }
            FileOutcome::Deleted | FileOutcome::Renamed { .. } => {
                Err(CommandError::failed(format!("the editor cannot delete or rename {path}; use `deep-review apply`")))
            }
        }
    }
}

/// An edit of the workspace that is put together.
#[derive(Default)]
struct EditBuilder {
    client_annotates: bool,
    operations: Vec<DocumentChangeOperation>,
    annotations: HashMap<String, ChangeAnnotation>,
}

impl EditBuilder {
    fn annotate(&mut self, why: Option<&str>) -> Option<String> {
        let why = why.filter(|_| self.client_annotates)?;
        let id = format!("deepReview.{}", self.annotations.len());
        let annotation = ChangeAnnotation { label: why.to_owned(), needs_confirmation: Some(true), description: None };
        self.annotations.insert(id.clone(), annotation);
        Some(id)
    }

    fn change(&mut self, uri: Uri, version: Option<i32>, edits: Vec<TextEdit>, why: Option<&str>) {
        let annotation = self.annotate(why);
        self.push(uri, version, edits, annotation.as_ref());
    }

    fn create(&mut self, uri: Uri, text: String, why: Option<&str>) {
        let annotation_id = self.annotate(why);
        let create = CreateFile { uri: uri.clone(), options: None, annotation_id: annotation_id.clone() };
        self.operations.push(DocumentChangeOperation::Op(ResourceOp::Create(create)));
        self.push(uri, None, vec![TextEdit::new(Range::default(), text)], annotation_id.as_ref());
    }

    fn delete(&mut self, uri: Uri, why: Option<&str>) {
        let annotation_id = self.annotate(why);
        let delete = DeleteFile { uri, options: None, annotation_id };
        self.operations.push(DocumentChangeOperation::Op(ResourceOp::Delete(delete)));
    }

    fn rename(&mut self, old_uri: Uri, new_uri: Uri, why: Option<&str>) {
        let annotation_id = self.annotate(why);
        let rename = RenameFile { old_uri, new_uri, options: None, annotation_id };
        self.operations.push(DocumentChangeOperation::Op(ResourceOp::Rename(rename)));
    }

    fn push(&mut self, uri: Uri, version: Option<i32>, edits: Vec<TextEdit>, annotation: Option<&String>) {
        let edits = edits.into_iter().map(|text_edit| match annotation {
            Some(id) => OneOf::Right(AnnotatedTextEdit { text_edit, annotation_id: id.clone() }),
            None => OneOf::Left(text_edit),
        });
        self.operations.push(DocumentChangeOperation::Edit(TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
            edits: edits.collect(),
        }));
    }

    /// The edit; in the older form, which knows edits of texts alone, for clients that do not take document changes.
    fn finish(self, takes_document_changes: bool) -> Result<WorkspaceEdit, CommandError> {
        let Self { operations, annotations, .. } = self;
        let edit_of = |operation: &DocumentChangeOperation| match operation {
            DocumentChangeOperation::Edit(edit) => Some(edit.clone()),
            DocumentChangeOperation::Op(_) => None,
        };
        let edits: Option<Vec<TextDocumentEdit>> = operations.iter().map(edit_of).collect();
        if takes_document_changes {
            return Ok(WorkspaceEdit {
                changes: None,
                document_changes: Some(edits.map_or(DocumentChanges::Operations(operations), DocumentChanges::Edits)),
                change_annotations: (!annotations.is_empty()).then_some(annotations),
            });
        }
        let edits =
            edits.ok_or_else(|| CommandError::failed("the editor cannot create files; use `deep-review apply`"))?;
        let plain = |edit: OneOf<TextEdit, AnnotatedTextEdit>| match edit {
            OneOf::Left(edit) => edit,
            OneOf::Right(annotated) => annotated.text_edit,
        };
        let changes = edits.into_iter().map(|e| (e.text_document.uri, e.edits.into_iter().map(plain).collect()));
        Ok(WorkspaceEdit::new(changes.collect()))
    }
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
