//! What there is to choose from before something is looked at, and the texts of what is: `deepReview/pullRequests`,
//! `deepReview/commits`, `deepReview/text`.

use super::BackgroundRequest;
use crate::protocol::commands::RepoArgs;
use crate::protocol::error::CommandError;
use crate::protocol::own::*;
use crate::protocol::uri::file_path;
use crate::state::snapshot::Snapshot;
use crate::state::visit::side_of;
use crate::tasks::visit::wanted;
use ops::OpsError;
use ops::pull_request::{self, Listed};
use report::sanitize::printable;
use std::time::Duration;

/// Longer nobody waits for a list.
const PATIENCE: Duration = Duration::from_secs(30);

/// More commits are not listed: an older one is named.
const MOST_COMMITS: usize = 300;

impl BackgroundRequest for TextRequest {
    type Params = TextParams;
    type Answer = Result<Text, CommandError>;

    fn answer(snapshot: &Snapshot, params: TextParams) -> Self::Answer {
        let unknown = || {
            let uri = params.uri.as_str();
            CommandError::failed(format!("{uri} is not looked at any more: review it again to see it"))
        };
        let (root, side, path) = file_path(&params.uri).and_then(|file| side_of(&file)).ok_or_else(unknown)?;
        let visit = snapshot.repos.get(&root).and_then(|repo| repo.visit.as_ref()).ok_or_else(unknown)?;
        let text = visit.text(side, &path);
        text.map(|text| Text { text: text.to_string() })
            .ok_or_else(|| CommandError::failed(format!("{path} is not in {}, or is no text", visit.title)))
    }
}

impl BackgroundRequest for CommitsRequest {
    type Params = ChoiceParams;
    type Answer = Result<Commits, CommandError>;

    fn answer(snapshot: &Snapshot, params: ChoiceParams) -> Self::Answer {
        let ChoiceParams { root, uri } = params;
        let repo = snapshot.repo(&RepoArgs { root, uri })?;
        let commits = git::history::recent(&repo.git, MOST_COMMITS).map_err(OpsError::from)?;
        let row = |commit: finding::Commit| CommitRow {
            id: commit.id.to_string(),
            subject: printable(&commit.subject),
            author: printable(&commit.author),
            at: commit.time.to_string(),
            merge: commit.is_merge,
        };
        Ok(Commits { commits: commits.into_iter().map(row).collect() })
    }
}

/// The open pull requests of the likeliest remote that has a forge.
pub(crate) async fn pull_requests(snapshot: &Snapshot, params: ChoiceParams) -> Result<PullRequests, CommandError> {
    let ChoiceParams { root, uri } = params;
    let repo = snapshot.repo(&RepoArgs { root, uri })?;
    let wanted = wanted(&snapshot.context(repo));
    let listed = tokio::time::timeout(PATIENCE, pull_request::list(&repo.git, &wanted)).await;
    let late =
        |_| CommandError::failed("the forge did not list its pull requests within 30 seconds: try again, or name one");
    let (site, all) = listed.map_err(late)??;
    Ok(PullRequests { site: site.to_string(), pull_requests: all.into_iter().map(row).collect() })
}

fn row(listed: Listed) -> PullRequestRow {
    let Listed { pull_request, branch, opened, draft, asked_of_me, checks } = listed;
    PullRequestRow {
        number: pull_request.number,
        title: printable(&pull_request.title),
        author: printable(&pull_request.author),
        branch: printable(&branch),
        opened: opened.map(|at| at.to_string()),
        draft,
        asked_of_me,
        checks: checks.map(|checks| checks.word()),
        url: pull_request.url,
    }
}
