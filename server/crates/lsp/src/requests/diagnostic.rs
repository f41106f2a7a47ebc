//! `textDocument/diagnostic` and `workspace/diagnostic`, for clients that ask for diagnostics.

use super::BackgroundRequest;
use crate::protocol::uri::file_path;
use crate::state::diagnostics::{self, Told};
use crate::state::shown::Shown;
use crate::state::snapshot::{Repo, Snapshot};
use finding::RepoPath;
use lsp_types::request::{DocumentDiagnosticRequest, WorkspaceDiagnosticRequest};
use lsp_types::*;
use std::collections::{BTreeSet, HashMap, HashSet};

impl BackgroundRequest for DocumentDiagnosticRequest {
    type Params = DocumentDiagnosticParams;
    type Answer = DocumentDiagnosticReportResult;

    fn answer(snapshot: &Snapshot, params: DocumentDiagnosticParams) -> DocumentDiagnosticReportResult {
        let place = file_path(&params.text_document.uri);
        let place = place.and_then(|file| snapshot.place(&file).map(|(repo, path)| (repo.clone(), path)));
        let told = place.and_then(|(repo, path)| diagnostics::at(snapshot, &repo, &Shown::of(snapshot, &repo), &path));
        let items = told.map(|told| told.diagnostics).unwrap_or_default();
        let id = diagnostics::result_id(&items);
        if params.previous_result_id.as_deref() == Some(&id) {
            return DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
            })
            .into();
        }
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(id), items },
        })
        .into()
    }
}

impl BackgroundRequest for WorkspaceDiagnosticRequest {
    type Params = WorkspaceDiagnosticParams;
    type Answer = Vec<WorkspaceDocumentDiagnosticReport>;

    /// Every file that has findings, and those that had some.
    fn answer(snapshot: &Snapshot, params: WorkspaceDiagnosticParams) -> Vec<WorkspaceDocumentDiagnosticReport> {
        let previous: HashMap<&Uri, &str> =
            params.previous_result_ids.iter().map(|previous| (&previous.uri, previous.value.as_str())).collect();
        let mut reports = Vec::new();
        let mut shown = HashSet::new();
        for repo in snapshot.repos.values() {
            let seen = Shown::of(snapshot, repo);
            for path in told_of(snapshot, repo) {
                let Some(Told { uri, version, diagnostics: items }) = diagnostics::at(snapshot, repo, &seen, &path)
                else {
                    continue;
                };
                let known = previous.get(&uri).copied();
                if !items.is_empty() || known.is_some() {
                    let version = version.map(|version| i64::from(version.number));
                    reports.push(report(uri.clone(), version, items, known));
                }
                shown.insert(uri);
            }
        }
        let gone = params.previous_result_ids.iter().filter(|previous| !shown.contains(&previous.uri));
        reports.extend(gone.map(|previous| report(previous.uri.clone(), None, Vec::new(), None)));
        reports
    }
}

/// The files of which something is said in a repository: by its own round, by people, and by what is looked at elsewhere.
fn told_of(snapshot: &Snapshot, repo: &Repo) -> BTreeSet<RepoPath> {
    let visits = snapshot.repos.values().filter_map(|other| Some((other, other.visit.as_ref()?)));
    let theirs = visits
        .filter(|(_, visit)| visit.of == repo.key)
        .flat_map(|(other, visit)| other.files.keys().filter(|path| visit.has_here(path)).cloned().collect::<Vec<_>>());
    let is_here = |path: &&RepoPath| repo.visit.as_ref().is_none_or(|visit| !visit.has_here(path));
    let commented = repo.said.iter().flat_map(|said| said.files());
    repo.files.keys().chain(commented).filter(is_here).cloned().chain(theirs).collect()
}

/// What there is to say of one file; `known` names what the client has of it.
fn report(
    uri: Uri,
    version: Option<i64>,
    items: Vec<Diagnostic>,
    known: Option<&str>,
) -> WorkspaceDocumentDiagnosticReport {
    let id = diagnostics::result_id(&items);
    if known == Some(&id) {
        return WorkspaceDocumentDiagnosticReport::Unchanged(WorkspaceUnchangedDocumentDiagnosticReport {
            uri,
            version,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id: id },
        });
    }
    WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
        uri,
        version,
        full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(id), items },
    })
}
