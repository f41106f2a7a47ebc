//! `textDocument/documentLink`: finding labels in one of our reports lead to the code.

use super::BackgroundRequest;
use crate::state::report_index::labels_in;
use crate::state::snapshot::Snapshot;
use lsp_types::request::DocumentLinkRequest;
use lsp_types::*;
use report::sanitize;
use std::collections::HashMap;

impl BackgroundRequest for DocumentLinkRequest {
    type Params = DocumentLinkParams;
    type Answer = Option<Vec<DocumentLink>>;

    fn answer(snapshot: &Snapshot, params: DocumentLinkParams) -> Option<Vec<DocumentLink>> {
        Some(links(snapshot, &params.text_document.uri))
    }
}

fn links(snapshot: &Snapshot, uri: &Uri) -> Vec<DocumentLink> {
    let Some(document) = snapshot.documents.get(uri) else { return Vec::new() };
    let repo = snapshot.repos.values().find(|repo| document.path.starts_with(repo.store().folder().join("reports")));
    let Some(repo) = repo else { return Vec::new() };
    let Some(round_index) = &repo.round_index else { return Vec::new() };
    let findings = &round_index.round.findings;
    let by_label: HashMap<&str, usize> = (0..).zip(findings).map(|(index, f)| (f.label.as_str(), index)).collect();
    let encoding = snapshot.capabilities.encoding;
    let text = document.text();
    let mut links = Vec::new();
    for (number, line) in (0..).zip(lines::split(&text)) {
        for (start, label) in labels_in(line) {
            let Some(&index) = by_label.get(label) else { continue };
            let Some(location) = repo.location(index, 0) else { continue };
            let from = encoding.len(&line[..start]);
            let to = from + encoding.len(label);
            let target = format!("{}#L{}", location.uri.as_str(), location.range.start.line + 1);
            links.push(DocumentLink {
                range: Range::new(Position::new(number, from), Position::new(number, to)),
                target: target.parse().ok(),
                tooltip: snapshot.capabilities.link_tooltips.then(|| sanitize::printable(&findings[index].title)),
                data: None,
            });
        }
    }
    links
}
