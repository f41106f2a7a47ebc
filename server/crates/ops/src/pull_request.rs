//! The branch's pull request: found, fetched, and a round posted to it as review comments.

use super::{OpenBranch, OpsError, document, find_all};
use finding::{Feedback, FindingId, LinkedIssue, PullRequestNow, ROUND_SCHEMA, RepoPath, Round, RoundScope, State};
use forge::{Forge, ForgeError, Found, Head, Ours, Plan, Said, Submission};
pub use forge::{Kind, Listed, Site};
use git::{Remote, Repository, SnapshotOptions};
use jiff::Timestamp;
use report::forge::{Remark, intro, remarks};
use review::document::Document;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Which pull request, and where it is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its number; the open one of the current branch without it.
    pub number: Option<u64>,
    /// The remote that it is at; upstream, origin, then the others without it.
    pub remote: Option<String>,
    /// What runs on the remote's host, where its name does not tell.
    pub kind: Option<Kind>,
}

/// A pull request that is kept with the branch.
#[derive(Debug)]
pub struct Fetched {
    /// As the forge has it now.
    pub found: Found,
    /// The comments that are unresolved, or why that is not known.
    pub feedback: Result<Vec<Feedback>, ForgeError>,
    /// The issues that it is to resolve, or why they are not known.
    pub issues: Result<Vec<LinkedIssue>, ForgeError>,
    /// What became of the findings that were posted.
    pub ours: Vec<Ours>,
}

/// What posting a round comes to.
#[derive(Debug)]
pub struct Posting {
    /// The round, with its places in the pull request's last commit, and its secrets masked.
    pub document: Document,
    /// What is posted where; empty if everything is there already.
    pub plan: Plan,
}

/// Finds the pull request.
///
/// # Errors
/// [`OpsError::Detached`], or when no forge can be asked or none has it.
pub async fn find(repository: &Repository, wanted: &Wanted) -> Result<(Forge, Found), OpsError> {
    let remotes = repository.remotes()?;
    let sites = sites(&remotes, wanted)?;
    if let Some(number) = wanted.number {
        return numbered(sites, number).await;
    }
    let branch = repository.head_state()?.branch.ok_or(OpsError::Detached)?;
    let (pushed, names) = repository.push_target(&branch)?;
    let pushed = pushed.or_else(|| Some("origin".to_owned()));
    let kind = sites.first().map(|first| first.kind);
    let fork = remotes.iter().find(|r| Some(&r.name) == pushed.as_ref()).and_then(|r| Site::of(&r.url, kind));
    let mut first = None;
    for site in sites {
        first = first.or_else(|| Some(site.clone()));
        let project = fork.as_ref().map_or_else(|| site.project.clone(), |f| f.project.clone());
        let forge = Forge::open(site).await?;
        if let Some(found) = forge.of_branch(&Head { project, names: names.clone() }).await? {
            return Ok((forge, found));
        }
    }
    Err(match first {
        Some(site) => ForgeError::NoPullRequest { site, branch }.into(),
        None => ForgeError::NoRemote { seen: Vec::new() }.into(),
    })
}

/// Finds the pull request of the branch that is checked out and keeps what its page says now.
///
/// # Errors
/// As [`find`] and [`fetch`].
pub async fn refresh(open: &OpenBranch, wanted: &Wanted) -> Result<Fetched, OpsError> {
    let (forge, found) = find(&open.repository, wanted).await?;
    fetch(open, &forge, found).await
}

async fn numbered(sites: Vec<Site>, number: u64) -> Result<(Forge, Found), OpsError> {
    let mut missing = ForgeError::NoRemote { seen: Vec::new() };
    for site in sites {
        let forge = Forge::open(site).await?;
        match forge.numbered(number).await {
            Ok(found) => return Ok((forge, found)),
            Err(error @ ForgeError::NotFound { .. }) => {
                if matches!(missing, ForgeError::NoRemote { .. }) {
                    missing = error;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(missing.into())
}

/// The sites to ask, the likeliest first: people work in a fork and open pull requests upstream. Never none.
fn sites(remotes: &[Remote], wanted: &Wanted) -> Result<Vec<Site>, ForgeError> {
    if let Some(name) = &wanted.remote {
        let site = remotes.iter().find(|r| r.name == *name).and_then(|r| Site::of(&r.url, wanted.kind));
        return Ok(vec![site.ok_or_else(|| ForgeError::UnknownRemote(name.clone()))?]);
    }
    let rank = |r: &&Remote| match r.name.as_str() {
        "upstream" => 0,
        "origin" => 1,
        _ => 2,
    };
    let mut ordered: Vec<&Remote> = remotes.iter().collect();
    ordered.sort_by_key(rank);
    let mut sites: Vec<Site> = Vec::new();
    for site in ordered.iter().filter_map(|r| Site::of(&r.url, wanted.kind)) {
        if !sites.contains(&site) {
            sites.push(site);
        }
    }
    if sites.is_empty() {
        let shown = |r: &Remote| format!("{} ({})", r.name, Site::host_of(&r.url).unwrap_or_else(|| "no host".into()));
        return Err(ForgeError::NoRemote { seen: remotes.iter().map(shown).collect() });
    }
    Ok(sites)
}

/// Asks what is unresolved in the pull request and what it is for, and keeps all of it with the branch, for its reports
/// and its reviewers.
///
/// # Errors
/// When the forge cannot be asked, or the answer not be kept. That there is no token to ask with is no error, and neither
/// is an issue that cannot be had: see [`Fetched`].
pub async fn fetch(open: &OpenBranch, forge: &Forge, found: Found) -> Result<Fetched, OpsError> {
    let heard = hear(forge, &found).await?;
    keep(open, found, heard)
}

/// What people said, and the issues that are to be resolved; or why they are not known.
type Heard = (Result<Said, ForgeError>, Result<Vec<LinkedIssue>, ForgeError>);

/// Asks what is unresolved in the pull request and what it is for.
pub(crate) async fn hear(forge: &Forge, found: &Found) -> Result<Heard, OpsError> {
    match tokio::join!(forge.said(found), forge.issues(found)) {
        (Err(error), _) if !matches!(error, ForgeError::NoToken { .. }) => Err(error.into()),
        heard => Ok(heard),
    }
}

/// Keeps with the branch what was heard.
pub(crate) fn keep(open: &OpenBranch, found: Found, (said, issues): Heard) -> Result<Fetched, OpsError> {
    let (feedback, resolved, ours) = match said {
        Ok(said) => (Ok(said.open), said.resolved, said.ours),
        Err(error) => (Err(error), Vec::new(), Vec::new()),
    };
    let now = PullRequestNow {
        schema: ROUND_SCHEMA,
        at: Timestamp::now(),
        pull_request: found.pull_request.clone(),
        description: found.description.clone(),
        issues: issues.as_ref().cloned().unwrap_or_default(),
        feedback: feedback.as_ref().ok().cloned(),
        resolved,
    };
    open.branch.keep_pull_request(&now)?;
    Ok(Fetched { found, feedback, issues, ours })
}

/// Works out what of a round would be posted: its open findings, or those of them that were chosen. Nothing is sent.
///
/// # Errors
/// [`OpsError::NotOpen`], [`OpsError::UnknownHead`], [`OpsError::UnknownFinding`], or when the forge cannot be asked.
pub async fn plan<S: AsRef<str>>(
    open: &OpenBranch,
    forge: &Forge,
    found: &Found,
    round: Round,
    chosen: &[S],
) -> Result<Posting, OpsError> {
    let (number, head) = (found.pull_request.number, &found.head);
    if !found.open {
        return Err(OpsError::NotOpen { number });
    }
    if !open.repository.has_commit(head) {
        return Err(OpsError::UnknownHead { number, head: head.short().to_string() });
    }
    let document = document(open, round)?;
    // Comments are placed in the commit that the pull request shows, which need not be the one that was reviewed.
    let (shown, mut said) = said_in(&document, |path| open.repository.read_at(head, path).ok().flatten())?;
    if !chosen.is_empty() {
        let chosen: Vec<FindingId> =
            find_all(&document.round, chosen)?.iter().map(|found| found.finding.id.clone()).collect();
        said.retain(|remark| chosen.contains(&remark.finding));
    }
    let plan = forge.plan(found, said).await?;
    Ok(Posting { document: shown, plan })
}

/// What of a document is said where it is placed in a commit, masked.
fn said_in(
    document: &Document,
    at: impl Fn(&RepoPath) -> Option<Arc<str>>,
) -> Result<(Document, Vec<Remark>), OpsError> {
    let mut document = document.clone();
    document.move_to(at);
    let shown = document.clone().masked().map_err(OpsError::Mask)?;
    let mut said = remarks(&shown.round, &shown.decisions, &shown.texts);
    for remark in &mut said {
        // The forge wants the file's own name, which it shows anyway.
        let finding = document.round.findings.iter().find(|f| f.id == remark.finding);
        remark.place = finding.and_then(|f| f.main_anchor()).cloned();
    }
    Ok((shown, said))
}

/// A round as the body of a GitHub review, for who posts it themselves: its findings in the commit that was reviewed, on lines
/// that its diff shows. `None` where no commit was reviewed, or its diff cannot be had. Blocks.
///
/// # Errors
/// When it cannot be masked.
pub fn review_body(repository: &Repository, document: &Document) -> Result<Option<String>, OpsError> {
    let scope = RoundScope { uncommitted: false, ..document.round.scope.clone() };
    let Some(head) = scope.head.clone() else { return Ok(None) };
    let options = SnapshotOptions::default();
    let Ok(snapshot) = repository.snapshot(&scope, &options, &CancellationToken::new()) else { return Ok(None) };
    let diff: String = snapshot.files().iter().map(|file| git::unified_diff(file, 3)).collect();
    let (shown, said) = said_in(document, |path| repository.read_at(&head, path).ok().flatten())?;
    let review = forge::offline_review(&diff, &head, &intro(&shown.round, &shown.decisions), said);
    serde_json::to_string_pretty(&review).map(|text| Some(text + "\n")).map_err(OpsError::Mask)
}

/// Posts it; gives the page where it is to be seen, if the forge says so.
///
/// # Errors
/// When the forge does not take it.
pub async fn post(
    forge: &Forge,
    found: &Found,
    posting: &Posting,
    how: Submission,
) -> Result<Option<String>, OpsError> {
    let Posting { document, plan } = posting;
    Ok(forge.post(found, &intro(&document.round, &document.decisions), plan, how).await?)
}

/// The conversations of ours that are open at the forge though their findings are fixed.
///
/// # Errors
/// When the store cannot be read.
pub fn settled(open: &OpenBranch, round: Round, ours: &[Ours]) -> Result<Vec<Ours>, OpsError> {
    let document = document(open, round)?;
    let is_fixed = |id: &FindingId| {
        let state = document.decisions.resolutions.get(id).map(|resolution| &resolution.state);
        matches!(state, Some(State::Fixed))
    };
    Ok(ours.iter().filter(|o| !o.resolved && o.conversation.is_some() && is_fixed(&o.finding)).cloned().collect())
}

/// The open pull requests of the likeliest remote that has a forge.
///
/// # Errors
/// When no forge can be asked.
pub async fn list(repository: &Repository, wanted: &Wanted) -> Result<(Site, Vec<Listed>), OpsError> {
    let site = sites(&repository.remotes()?, wanted)?.into_iter().next();
    let site = site.ok_or_else(|| ForgeError::NoRemote { seen: Vec::new() })?;
    let forge = Forge::open(site.clone()).await?;
    Ok((site, forge.list().await?))
}
