//! What is to be reviewed: its commits are fetched where they are not here, and its rounds found again.

use super::pull_request::{self, Fetched, Wanted};
use super::{OpenBranch, OpsError, TextNow};
use finding::CommitId;
use forge::{Forge, Found, Site};
use git::{
    FetchedPullRequest, GitError, PullRequestName, Repository, ScopeRequest, Target, base_reference, head_reference,
    pull_request_key,
};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use store::Store;

/// A patch of more bytes is not read.
const MOST_OF_A_PATCH: u64 = 64 << 20;

/// Reads the diff of a patch: from its file, seen from `folder`, or from standard input, where its name is `-`. Other
/// targets stay as they are.
///
/// # Errors
/// [`OpsError::Patch`].
pub fn read_patch(target: Target, folder: &Path, stdin: impl Read) -> Result<Target, OpsError> {
    let Target::Patch { name, .. } = target else { return Ok(target) };
    let mut diff = Vec::new();
    let read = match name.as_str() {
        "-" => stdin.take(MOST_OF_A_PATCH + 1).read_to_end(&mut diff),
        file => std::fs::File::open(folder.join(file))
            .and_then(|file| file.take(MOST_OF_A_PATCH + 1).read_to_end(&mut diff)),
    };
    match read {
        Ok(_) => {
            let short = Path::new(&name).file_name().map_or(name.clone(), |n| n.to_string_lossy().into_owned());
            Ok(Target::Patch { name: short, diff: Arc::from(diff) })
        }
        Err(source) => Err(OpsError::Patch { name, source }),
    }
}

/// A pull request whose commits are here, with what the forge says of it.
#[derive(Debug)]
pub struct Pulled {
    /// What is to be reviewed.
    pub target: Target,
    /// What is stored of it.
    pub open: OpenBranch,
    /// Its forge.
    pub forge: Forge,
    /// What the forge says.
    pub fetched: Fetched,
}

/// Asks for a pull request, fetches its commits into references of ours, and keeps what the forge says with its rounds.
/// The work tree, branches and tags stay as they are. Fetching blocks, on a thread of its own.
///
/// # Errors
/// When no forge can be asked, none has it, or git cannot fetch it.
pub async fn pull(repository: &Repository, name: &PullRequestName, wanted: &Wanted) -> Result<Pulled, OpsError> {
    let (forge, found) = named(repository, name, wanted).await?;
    let (here, site, what) = (repository.clone(), forge.site().clone(), found.clone());
    let address = match name {
        PullRequestName::Page { repository, .. } => Some(repository.clone()),
        PullRequestName::Number(_) => None,
    };
    // What people said is asked for while its commits come.
    let (brought, heard) =
        tokio::join!(review::blocking(move || fetch(&here, &site, &what, address)), pull_request::hear(&forge, &found));
    let (target, open) = brought?;
    let fetched = pull_request::keep(&open, found, heard?)?;
    Ok(Pulled { target, open, forge, fetched })
}

/// Asks for a pull request by its number or page.
///
/// # Errors
/// When no forge can be asked or none has it.
pub async fn named(
    repository: &Repository,
    name: &PullRequestName,
    wanted: &Wanted,
) -> Result<(Forge, Found), OpsError> {
    match name {
        PullRequestName::Number(number) => {
            pull_request::find(repository, &Wanted { number: Some(*number), ..wanted.clone() }).await
        }
        PullRequestName::Page { address, repository: of, number } => {
            let site = site_of_page(repository, of, address, wanted)?;
            let forge = Forge::open(site).await?;
            let found = forge.numbered(*number).await?;
            Ok((forge, found))
        }
    }
}

/// The site of a page. A token goes only to where the user's own remotes lead, and to the well-known forges.
fn site_of_page(repository: &Repository, of: &str, address: &str, wanted: &Wanted) -> Result<Site, OpsError> {
    let remotes = repository.remotes()?;
    let foreign = || OpsError::ForeignPage {
        host: Site::host_of(of).unwrap_or_else(|| "a host".into()),
        address: address.to_owned(),
    };
    let host = Site::host_of(of).ok_or_else(foreign)?;
    let known = Site::of(of, None).filter(|site| site.is_well_known());
    let ours = remotes.iter().any(|remote| Site::host_of(&remote.url).as_ref() == Some(&host));
    match known {
        Some(site) => Ok(site),
        None if ours => Site::of(of, wanted.kind).ok_or_else(foreign),
        None => Err(foreign()),
    }
}

/// Fetches the commits, and finds what the rounds are kept under.
fn fetch(
    repository: &Repository,
    site: &Site,
    found: &Found,
    address: Option<String>,
) -> Result<(Target, OpenBranch), OpsError> {
    let number = found.pull_request.number;
    let remotes = repository.remotes()?;
    let remote = remotes.iter().find(|r| Site::of(&r.url, Some(site.kind)).is_some_and(|s| s.is_same(site)));
    let from = remote
        .map(|r| r.name.clone())
        .or(address)
        .ok_or_else(|| OpsError::NotFetched { number, why: format!("no remote leads to {site}") })?;
    let base = format!("refs/heads/{}", found.base.branch);
    let (head, tip) = match fetch_together(repository, &from, site, found, &base) {
        Some([head, tip]) => (head, Ok(tip)),
        None => {
            let head = fetch_head(repository, &from, site, found)?;
            (head, repository.fetch(&from, &base, &base_reference(number)))
        }
    };
    let base = base_of(repository, found, tip)?;
    let kept_as = kept_as(repository, site, found)?;
    let key = pull_request_key(&site.project, number);
    Store::of(repository.common_dir()).keep_together(&key, &kept_as)?;
    let open = OpenBranch::elsewhere(repository.clone(), Some(&kept_as), TextNow::At(head.clone()));
    let base_name = found.base.branch.clone();
    Ok((Target::Fetched(FetchedPullRequest { kept_as, base_name, base, head }), open))
}

/// Its last commit and its base in one go, where its forge has them at one place; `None` where it has not.
fn fetch_together(
    repository: &Repository,
    from: &str,
    site: &Site,
    found: &Found,
    base: &str,
) -> Option<[CommitId; 2]> {
    let number = found.pull_request.number;
    let place = found.places(site).into_iter().next().filter(|place| place.address.is_none())?;
    let both = [(&*place.reference, &*head_reference(number)), (base, &*base_reference(number))];
    let [newer, tip] = repository.fetch_both(from, both).ok()?;
    let head = if repository.has_commit(&found.head) { found.head.clone() } else { newer };
    (place.is_its_own || head == found.head).then_some([head, tip])
}

/// Tries each place where the forge keeps the commits, until the one that it ends with is here.
fn fetch_head(repository: &Repository, from: &str, site: &Site, found: &Found) -> Result<CommitId, OpsError> {
    let number = found.pull_request.number;
    let into = head_reference(number);
    let mut why = "the forge does not say where they are".to_owned();
    for place in found.places(site) {
        match repository.fetch(place.address.as_deref().unwrap_or(from), &place.reference, &into) {
            // A push in between, or a branch that went on after the pull request was closed.
            Ok(_) if repository.has_commit(&found.head) => return Ok(found.head.clone()),
            Ok(newer) if place.is_its_own => return Ok(newer),
            Ok(_) => why = format!("{} does not have {}", place.reference, found.head.short()),
            Err(error @ (GitError::Command { .. } | GitError::BadReference { .. })) => why = error.to_string(),
            Err(error) => return Err(error.into()),
        }
    }
    Err(OpsError::NotFetched { number, why })
}

/// What it is compared with: of an open one, where its branch is now; of a merged one, where that was when it was merged.
fn base_of(repository: &Repository, found: &Found, tip: Result<CommitId, GitError>) -> Result<CommitId, OpsError> {
    let said = found.base.commit.clone().filter(|commit| repository.has_commit(commit));
    match (found.open, said, tip) {
        (true, _, Ok(tip)) | (false, None, Ok(tip)) => Ok(tip),
        (_, Some(said), _) => Ok(said),
        (_, None, Err(error)) => Err(error.into()),
    }
}

fn kept_as(repository: &Repository, site: &Site, found: &Found) -> Result<String, OpsError> {
    let number = found.pull_request.number;
    if let Some(local) = repository.branch_of_pull_request(number)? {
        return Ok(local);
    }
    if let (Some(project), Some(branch)) = (&found.source.project, &found.source.branch) {
        let is_theirs = |url: &str| {
            Site::of(url, Some(site.kind))
                .is_some_and(|s| s.host == site.host && s.project.eq_ignore_ascii_case(project))
        };
        if let Some(remote) = repository.remotes()?.iter().find(|remote| is_theirs(&remote.url)) {
            return Ok(repository.kept_as(&remote.name, branch)?);
        }
    }
    Ok(pull_request_key(&site.project, number))
}

/// Whether a branch that was made from a pull request has that one's rounds from now on.
pub(crate) fn meets_its_pull_request(repository: &Repository, store: &Store, branch: &str) -> bool {
    let Ok(Some(number)) = repository.pull_request_of_branch(branch) else { return false };
    let key = keys_of(repository, number).into_iter().find(|key| store.branch(Some(key)).folder().exists());
    key.is_some_and(|key| store.keep_together(branch, &key).is_ok())
}

/// What the rounds of a pull request may be kept under, by the remotes that it may be at.
fn keys_of(repository: &Repository, number: u64) -> Vec<String> {
    let remotes = repository.remotes().unwrap_or_default();
    let projects = remotes.iter().filter_map(|remote| Site::project_of(&remote.url));
    let mut keys: Vec<String> = projects.map(|project| pull_request_key(&project, number)).collect();
    keys.dedup();
    keys
}

/// What is stored of a target, without asking anybody: of a pull request what was reviewed of it before. Behind ` -- `
/// stand the paths that the review was limited to.
///
/// # Errors
/// [`OpsError::BadTarget`], or when git cannot find it.
pub fn open(repository: Repository, word: &str) -> Result<OpenBranch, OpsError> {
    let (word, paths) = word.split_once(" -- ").unwrap_or((word, ""));
    let paths: Vec<String> = paths.split_whitespace().map(str::to_owned).collect();
    let target = match word {
        "HEAD" => Target::Current,
        _ if ["staged:", "unstaged:", "scan:"].iter().any(|part| word.starts_with(part)) => {
            let word = if paths.is_empty() { word.to_owned() } else { format!("{word} -- {}", paths.join(" ")) };
            return Ok(OpenBranch::of_part(repository, Some(&word)));
        }
        "--staged" => Target::Staged,
        "--unstaged" => Target::Unstaged,
        word => Target::parse(word)?,
    };
    if let Target::PullRequest(name) = &target {
        let number = name.number();
        let store = Store::of(repository.common_dir());
        let keys = keys_of(&repository, number);
        let key = keys.iter().find(|key| store.branch(Some(key)).folder().exists());
        let key = key.ok_or(OpsError::NoRound)?;
        let text = repository.commit_at(&head_reference(number))?.map_or(TextNow::AsReviewed, TextNow::At);
        return Ok(OpenBranch::elsewhere(repository, Some(key), text));
    }
    let target = match target {
        Target::Patch { name, diff } => {
            let short = Path::new(&name).file_name().map_or(name.clone(), |n| n.to_string_lossy().into_owned());
            Target::Patch { name: short, diff }
        }
        target => target,
    };
    let request = ScopeRequest { target, paths, ..ScopeRequest::default() };
    of(repository, &request)
}

/// What is stored of a target whose commits are here.
///
/// # Errors
/// When git cannot find it.
pub fn of(repository: Repository, request: &ScopeRequest) -> Result<OpenBranch, OpsError> {
    if request.target == Target::Current && request.paths.is_empty() {
        return OpenBranch::current(repository);
    }
    let scope = repository.resolve(request)?.round;
    if request.target.is_here() {
        return Ok(OpenBranch::of_part(repository, scope.branch.as_deref()));
    }
    let moves = matches!(request.target, Target::Named(_) | Target::Fetched(_));
    let is_commit = scope.branch.as_deref().is_some_and(|key| key.starts_with("commit:"));
    let text = match scope.head {
        Some(head) if moves && !is_commit => TextNow::At(head),
        _ => TextNow::AsReviewed,
    };
    Ok(OpenBranch::elsewhere(repository, scope.branch.as_deref(), text))
}
