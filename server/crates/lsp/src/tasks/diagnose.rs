//! Works out what is to be said of files: where their findings are now, and the diagnostics of that.

use crate::event::{Event, FileDiagnostics};
use crate::state::diagnostics::{self, Told};
use crate::state::shown::Shown;
use crate::state::snapshot::{Repo, Snapshot};
use finding::RepoPath;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// Works out some files of a repository and tells the loop, also of an error of ours.
pub(crate) async fn run(snapshot: Snapshot, repo: Arc<Repo>, paths: Vec<RepoPath>, events: UnboundedSender<Event>) {
    let (key, names, told) = (repo.key.clone(), paths.clone(), events.clone());
    let work = move || {
        let shown = Shown::of(&snapshot, &repo);
        let files = paths.into_iter().map(|path| {
            let diagnosed = diagnose(&snapshot, &repo, &shown, &path);
            (path, diagnosed)
        });
        let files: Vec<_> = files.collect();
        let told_of: Vec<RepoPath> = files.iter().map(|(path, _)| path.clone()).collect();
        let _ = told.send(Event::Diagnosed { repo: repo.key.clone(), files });
        told_of.iter().for_each(|path| look_ahead(&repo, path));
    };
    if tokio::task::spawn_blocking(work).await.is_err() {
        let _ = events.send(Event::NotDiagnosed { repo: key, files: names });
    }
}

fn diagnose(snapshot: &Snapshot, repo: &Repo, shown: &Shown, path: &RepoPath) -> Option<FileDiagnostics> {
    let Told { uri, version, diagnostics } = diagnostics::at(snapshot, repo, shown, path)?;
    let places = repo.projection(path).map(|projection| projection.view.places.clone()).unwrap_or_default();
    let written = diagnostics::written(&diagnostics);
    Some(FileDiagnostics {
        uri,
        version,
        is_empty: diagnostics.is_empty(),
        hash: diagnostics::hash(&written),
        written,
        places,
    })
}

/// Reads the fixes of a file that is open, ahead of the first edit or code action.
fn look_ahead(repo: &Repo, path: &RepoPath) {
    if let Some(projection) = repo.projection(path).filter(|p| p.version.is_some() && !p.reviewed.has_fixes()) {
        projection.reviewed.fixes(&projection.round_index, path);
        let then = |path: &RepoPath| repo.reviewed.get(path)?.text().cloned();
        projection.reviewed.effects(&projection.round_index, path, &then);
    }
}
