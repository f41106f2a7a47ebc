//! The branch's pull request: found, fetched, and a round posted to it as review comments.

use super::{OpenBranch, OpsError, document};
use finding::{Feedback, PullRequestNow, ROUND_SCHEMA, Round};
use forge::{Forge, ForgeError, Found, Head, Kind, Plan, Site};
use git::{Remote, Repository};
use jiff::Timestamp;
use report::forge::{intro, remarks};
use review::document::Document;

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

/// Asks what is unresolved in the pull request and keeps all of it with the branch, for its reports.
///
/// # Errors
/// When the forge cannot be asked, or the answer not be kept. That there is no token to ask with is no error: see
/// [`Fetched::feedback`].
pub async fn fetch(open: &OpenBranch, forge: &Forge, found: Found) -> Result<Fetched, OpsError> {
    let feedback = match forge.unresolved(&found).await {
        Err(error) if !matches!(error, ForgeError::NoToken { .. }) => return Err(error.into()),
        known => known,
    };
    let now = PullRequestNow {
        schema: ROUND_SCHEMA,
        at: Timestamp::now(),
        pull_request: found.pull_request.clone(),
        feedback: feedback.as_ref().ok().cloned(),
    };
    open.branch.keep_pull_request(&now)?;
    Ok(Fetched { found, feedback })
}

/// Works out what of a round would be posted. Nothing is sent.
///
/// # Errors
/// [`OpsError::NotOpen`], [`OpsError::UnknownHead`], or when the forge cannot be asked.
pub async fn plan(open: &OpenBranch, forge: &Forge, found: &Found, round: Round) -> Result<Posting, OpsError> {
    let (number, head) = (found.pull_request.number, &found.head);
    if !found.open {
        return Err(OpsError::NotOpen { number });
    }
    if !open.repository.has_commit(head) {
        return Err(OpsError::UnknownHead { number, head: head.short().to_string() });
    }
    let mut document = document(open, round)?;
    // Comments are placed in the commit that the pull request shows, which need not be the one that was reviewed.
    document.move_to(|path| open.repository.read_at(head, path).ok().flatten());
    let shown = document.masked().map_err(OpsError::Mask)?;
    let mut said = remarks(&shown.round, &shown.decisions, &shown.texts);
    for remark in &mut said {
        // The forge wants the file's own name, which it shows anyway.
        let finding = document.round.findings.iter().find(|f| f.id == remark.finding);
        remark.place = finding.and_then(|f| f.main_anchor()).cloned();
    }
    let plan = forge.plan(found, said).await?;
    Ok(Posting { document: shown, plan })
}

/// Posts it; gives the page where it is to be seen, if the forge says so.
///
/// # Errors
/// When the forge does not take it.
pub async fn post(forge: &Forge, found: &Found, posting: &Posting) -> Result<Option<String>, OpsError> {
    let Posting { document, plan } = posting;
    Ok(forge.post(found, &intro(&document.round, &document.decisions), plan).await?)
}
