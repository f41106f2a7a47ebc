//! Finds what is to be looked at without being checked out: fetches a pull request, resolves a name, freezes its texts.

use crate::protocol::commands::{OpenedFile, OpenedVisit};
use crate::protocol::error::CommandError;
use crate::protocol::settings::ReviewContext;
use crate::protocol::uri::file_uri;
use crate::state::snapshot::Repo;
use crate::state::visit::{Visit, as_host, base_uri};
use crate::tasks::review::configuration;
use git::{ChangeKind, ChangedFile, Scope, ScopeRequest, Snapshot, SnapshotOptions, Switch, Target};
use ops::OpsError;
use ops::pull_request::{Site, Wanted};
use report::sanitize::printable;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longer nobody waits for a forge and for what git fetches.
const PATIENCE: Duration = Duration::from_secs(300);

/// Which forge is asked, where the client said what runs at a host.
pub(crate) fn wanted(context: &ReviewContext) -> Wanted {
    Wanted { number: None, remote: None, kind: context.settings.forge() }
}

/// What a pull request says of itself.
struct Pulled {
    target: Target,
    title: String,
    number: u64,
    /// Its branch.
    branch: Option<String>,
    site: Site,
    /// The reference that its forge keeps for it alone.
    reference: Option<String>,
}

impl Pulled {
    fn of(pulled: ops::target::Pulled) -> Self {
        let (site, found) = (pulled.forge.site().clone(), pulled.fetched.found);
        let own = found.places(&site).into_iter().find(|place| place.is_its_own);
        Self {
            target: pulled.target,
            title: format!("#{} {}", found.pull_request.number, found.pull_request.title),
            number: found.pull_request.number,
            branch: found.source.branch,
            reference: own.map(|place| place.reference),
            site,
        }
    }
}

/// Finds a target and freezes its texts. Nothing is checked out.
pub(crate) async fn open(repo: Arc<Repo>, context: ReviewContext, word: String) -> Result<Visit, CommandError> {
    let target = match word.as_str() {
        "--staged" => Target::Staged,
        "--unstaged" => Target::Unstaged,
        word => Target::parse(word).map_err(|e| CommandError::invalid(e.to_string()))?,
    };
    if matches!(target, Target::Patch { .. }) {
        return Err(CommandError::invalid("a patch is reviewed on the command line: deep-review review patch:FILE"));
    }
    let pulled = match &target {
        Target::PullRequest(name) => {
            let wanted = wanted(&context);
            let pulled = tokio::time::timeout(PATIENCE, ops::target::pull(&repo.git, name, &wanted)).await;
            let late = |_| CommandError::failed("the pull request did not come within five minutes: try again");
            Some(Pulled::of(pulled.map_err(late)??))
        }
        _ => None,
    };
    let work = move || freeze(&repo, &context, word, pulled.as_ref().map_or(target, |p| p.target.clone()), pulled);
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(CommandError::failed("it could not be opened, by an error of deep-review")))
}

fn freeze(
    repo: &Repo,
    context: &ReviewContext,
    word: String,
    target: Target,
    pulled: Option<Pulled>,
) -> Result<Visit, CommandError> {
    let config = configuration(repo, context, None)?;
    let base = if target.takes_base() { config.base.clone() } else { None };
    let base = base.filter(|_| pulled.is_none());
    let request = ScopeRequest { target, base, ..ScopeRequest::default() };
    let scope = repo.git.resolve(&request).map_err(OpsError::from)?;
    let open = ops::target::of(repo.git.clone(), &request)?;
    let options = SnapshotOptions { exclude: config.exclude, ..SnapshotOptions::default() };
    let snapshot = repo.git.snapshot(&scope, &options, &CancellationToken::new()).map_err(OpsError::from)?;
    let switch = switch(repo, &scope, &request.target, pulled.as_ref());
    let name = pulled.as_ref().map_or_else(|| as_host(&word), |pulled| format!("pr-{}", pulled.number));
    let title = pulled.map_or_else(|| title_of(&word, &request.target, &snapshot), |pulled| pulled.title);
    let (of, work_tree, title) = (repo.key.clone(), repo.shown.clone(), printable(&title));
    // What is shown of the branch that is checked out is shown there already.
    let is_current = repo.branch().folder() == open.branch.folder();
    let here = if is_current { BTreeSet::new() } else { Visit::files_here(&snapshot, &work_tree) };
    Ok(Visit { of, work_tree, word, name, title, request, open, snapshot, switch, here })
}

/// What people call it.
fn title_of(word: &str, target: &Target, snapshot: &Snapshot) -> String {
    match (target, snapshot.commits()) {
        (Target::Staged, _) => "staged changes".to_owned(),
        (Target::Unstaged, _) => "unstaged changes".to_owned(),
        (Target::Commit(_), [commit]) => format!("{} {}", commit.id.short(), commit.subject),
        _ => word.to_owned(),
    }
}

/// How it is checked out: a commit, and the branch that it is to be on.
fn switch(repo: &Repo, scope: &Scope, target: &Target, pulled: Option<&Pulled>) -> Option<Switch> {
    let commit = scope.round.head.clone()?;
    match (target, pulled) {
        (_, Some(pulled)) => {
            let site = |url: &str| Site::of(url, Some(pulled.site.kind));
            let remotes = repo.git.remotes().unwrap_or_default();
            let remote = remotes.into_iter().find(|r| site(&r.url).is_some_and(|site| site.is_same(&pulled.site)));
            // What it is pulled from later, and what its rounds are found by.
            let follows = remote.map(|remote| remote.name).zip(pulled.reference.clone());
            let kept_as = scope.round.branch.clone().filter(|name| !name.starts_with("pr:"));
            let branch = kept_as.or_else(|| pulled.branch.clone()).or(Some(format!("pr-{}", pulled.number)));
            Some(Switch { commit, branch, follows })
        }
        (Target::Named(_), None) => {
            let name = scope.round.branch.clone().filter(|name| !name.starts_with("commit:"));
            Some(Switch { commit, branch: name, follows: None })
        }
        (Target::Commit(_) | Target::Between { .. } | Target::Since { .. }, None) => {
            Some(Switch { commit, branch: None, follows: None })
        }
        _ => None,
    }
}

/// What the client is told of what is looked at; `None` of what is checked out.
pub(crate) fn opened(repo: &Repo) -> Option<OpenedVisit> {
    let visit = repo.visit.as_ref()?;
    let scope = visit.snapshot.scope();
    let files = visit.snapshot.files().iter().map(|file| of_file(repo.root(), repo, file));
    Some(OpenedVisit {
        root: repo.root().to_owned(),
        target: visit.word.clone(),
        title: visit.title.clone(),
        base: printable(&scope.base_name),
        head: scope.head.as_ref().map(|head| head.short().to_string()),
        can_check_out: visit.switch.is_some(),
        files: files.collect(),
        left_out: visit.snapshot.left_out().len(),
    })
}

fn of_file(root: &Path, repo: &Repo, file: &ChangedFile) -> OpenedFile {
    let (kind, from) = match &file.kind {
        ChangeKind::Added => ("added", None),
        ChangeKind::Modified => ("modified", None),
        ChangeKind::Deleted => ("deleted", None),
        ChangeKind::Renamed { from } => ("renamed", Some(from.clone())),
        ChangeKind::Copied { from } => ("copied", Some(from.clone())),
    };
    OpenedFile {
        path: file.path.clone(),
        kind,
        from,
        uri: file.new.as_ref().and_then(|_| file_uri(&repo.file_of(&file.path))),
        base_uri: file.old.as_ref().and_then(|_| base_uri(root, &file.path)),
        added: file.hunks.iter().map(|hunk| hunk.new_count).sum(),
        removed: file.hunks.iter().map(|hunk| hunk.old_count).sum(),
    }
}
