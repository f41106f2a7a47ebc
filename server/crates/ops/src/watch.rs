//! Reviews that start by themselves: of each new commit, each pause in typing, each push. What happens while one runs is one
//! review afterwards; a repository is watched once; who costs something takes part only if the user named them, within what
//! they allow for an hour and a day.

use super::configuration::limiting;
use super::{OpenBranch, OpsError, summaries};
use finding::{AgentKind, BlobId, RepoPath, Round, Severity, counted};
use git::{Repository, ScopeRequest, SnapshotOptions};
use jiff::Timestamp;
use report::sanitize::printable;
use review::Request;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use tokio_util::sync::CancellationToken;

/// What a review is made of, when it happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WatchFor {
    /// Each new commit.
    #[default]
    Commit,
    /// Each pause in typing, with uncommitted work.
    Pause,
    /// Each push.
    Push,
}

impl WatchFor {
    /// Whether what is not committed is part of it.
    #[must_use]
    pub fn is_uncommitted(self) -> bool {
        self == Self::Pause
    }
}

/// What is compared to see whether something happened; `None` where there is nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchState(Option<BTreeMap<String, String>>);

impl WatchState {
    /// What matters of the repository now. Blocks; a pause looks at every changed file.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn of(repository: &Repository, on: WatchFor) -> Result<Self, OpsError> {
        let head = repository.head_state()?;
        let branch = head.branch.unwrap_or_default();
        let pair = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
        Ok(Self(match on {
            WatchFor::Commit => head.commit.map(|commit| pair(&branch, commit.to_string())),
            WatchFor::Push => repository.pushed(&branch)?.map(|commit| pair(&branch, commit.to_string())),
            WatchFor::Pause => {
                let scope = repository.resolve(&ScopeRequest::default())?;
                let taken = repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new())?;
                let blob = |text: &Option<Arc<str>>| text.as_deref().map(git::blob_id);
                let side = |(path, text): (&RepoPath, Option<BlobId>)| {
                    (path.to_string(), text.map_or_else(String::new, |id| id.to_string()))
                };
                Some(taken.files().iter().map(|f| side((&f.path, blob(&f.new)))).collect())
            }
        }))
    }
}

/// When a review is due.
#[derive(Debug)]
pub struct Watched {
    on: WatchFor,
    pause: Duration,
    /// What was there when a review was due last.
    last: WatchState,
    /// What was seen last, and since when it is so.
    seen: Option<(WatchState, Instant)>,
}

impl Watched {
    /// `last` is what needs no review any more; `pause` how long nothing may be typed before it is one.
    #[must_use]
    pub fn new(on: WatchFor, pause: Duration, last: WatchState) -> Self {
        Self { on, pause, last, seen: None }
    }

    /// Whether `now` is something new, and of typing nothing came for a while. Then it needs no other review.
    pub fn is_due(&mut self, now: &WatchState, at: Instant) -> bool {
        let since = match &self.seen {
            Some((seen, since)) if seen == now => *since,
            _ => {
                self.seen = Some((now.clone(), at));
                at
            }
        };
        let has_settled = self.on != WatchFor::Pause || at.duration_since(since) >= self.pause;
        let is_due = now.0.is_some() && *now != self.last && has_settled;
        if is_due {
            self.last = now.clone();
        }
        is_due
    }
}

/// How long to wait after a look that took so long: looking takes at most a tenth of the time, however large the repository
/// is.
#[must_use]
pub fn rest_after(look: Duration) -> Duration {
    Duration::from_secs(1).max(look.min(Duration::from_secs(3)) * 10)
}

/// Held while a repository is watched.
#[derive(Debug)]
pub struct Watching {
    _held: File,
}

/// Why a repository cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum NotWatched {
    /// Somebody does, in a terminal or in an editor.
    #[error("this repository is watched already")]
    Already,
    /// The disk says no.
    #[error("failed to hold {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Watching {
    /// Holds the repository, until the value is dropped.
    ///
    /// # Errors
    /// [`NotWatched`].
    pub fn begin(repository: &Repository) -> Result<Self, NotWatched> {
        let store = Store::of(repository.common_dir());
        let path = store.folder().join("watched");
        let failed = |source| NotWatched::Io { path: path.clone(), source };
        std::fs::create_dir_all(store.folder()).map_err(failed)?;
        let held = File::create(&path).map_err(failed)?;
        match held.try_lock() {
            Ok(()) => Ok(Self { _held: held }),
            Err(std::fs::TryLockError::WouldBlock) => Err(NotWatched::Already),
            Err(std::fs::TryLockError::Error(source)) => Err(NotWatched::Io { path, source }),
        }
    }
}

/// What reviews may cost that start by themselves, in US dollars, with all rounds of the repository counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Allowance {
    /// In an hour.
    pub per_hour: Option<f64>,
    /// In a day.
    pub per_day: Option<f64>,
}

impl Allowance {
    /// Limits a request to what may still be spent; an error says what was.
    ///
    /// # Errors
    /// [`OpsError::Spent`], [`OpsError::BadLimit`], or when the store cannot be read.
    pub fn limit(self, request: &mut Request) -> Result<(), OpsError> {
        if self == Self::default() {
            return Ok(());
        }
        limiting(self.per_hour.into_iter().chain(self.per_day))?;
        let (hour, day) = spent(&request.repository, Timestamp::now())?;
        let Some(left) = self.left((hour, day)) else { return Ok(()) };
        if left <= 0.0 {
            return Err(OpsError::Spent { hour, day });
        }
        let limit = &mut request.options.limits.max_cost_usd;
        *limit = Some(limit.map_or(left, |limit| limit.min(left)));
        Ok(())
    }

    /// What may still be spent; `None` without a limit.
    fn left(self, (hour, day): (f64, f64)) -> Option<f64> {
        let hour = self.per_hour.map(|most| most - hour);
        let day = self.per_day.map(|most| most - day);
        match (hour, day) {
            (Some(hour), Some(day)) => Some(hour.min(day)),
            (one, other) => one.or(other),
        }
    }
}

/// Leaves out who costs something or sends something, unless the user named them.
pub fn free_unless_named(request: &mut Request, names: &[String]) {
    if names.is_empty() {
        let is_free = |kind| matches!(kind, AgentKind::BuiltIn | AgentKind::Linter);
        request.reviewers.retain(|reviewer| is_free(reviewer.agent.info().kind));
    }
}

/// US dollars that all rounds of the repository cost in the last hour and in the last day.
fn spent(repository: &Repository, now: Timestamp) -> Result<(f64, f64), OpsError> {
    let (mut hour, mut day) = (0.0, 0.0);
    for branch in Store::of(repository.common_dir()).branches()? {
        for round in branch.rounds()?.value {
            let cost: f64 = round.agents.iter().filter_map(|run| run.usage.cost_usd).sum();
            let seconds = now.duration_since(round.started).as_secs();
            hour += if seconds < 3600 { cost } else { 0.0 };
            day += if seconds < 86_400 { cost } else { 0.0 };
        }
    }
    Ok((hour, day))
}

/// What came of one, in a line: "topic round 3: 0 critical, 1 important, 2 suggestions".
///
/// # Errors
/// When the store cannot be read.
pub fn told_in_a_line(open: &OpenBranch, round: &Round) -> Result<String, OpsError> {
    let sum = summaries(open, std::slice::from_ref(round))?.pop().ok_or(OpsError::NoRound)?;
    let count = |severity: Severity| counted(sum.count(severity), &severity.to_string().to_lowercase());
    let counts: Vec<String> = Severity::ALL.into_iter().map(count).collect();
    let failed = if sum.failed > 0 { format!("; {} failed", counted(sum.failed, "agent")) } else { String::new() };
    let branch = round.scope.branch.as_deref().or(round.scope.head.as_ref().map(|h| h.short())).unwrap_or("HEAD");
    Ok(format!("{} round {}: {}{failed}", printable(branch), round.number, counts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> WatchState {
        WatchState(Some(BTreeMap::from([("topic".to_owned(), text.to_owned())])))
    }

    #[test]
    fn a_commit_is_due_at_once_and_typing_when_it_pauses() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut commits = Watched::new(WatchFor::Commit, Duration::from_secs(5), at("1"));
        assert!(!commits.is_due(&at("1"), start));
        assert!(!commits.is_due(&WatchState(None), start));
        assert!(commits.is_due(&at("2"), start));
        assert!(!commits.is_due(&at("2"), start), "once");
        let mut typing = Watched::new(WatchFor::Pause, Duration::from_secs(5), at(""));
        for (second, text, due) in [
            (0, "1", false),
            (1, "12", false),
            (4, "123", false),
            (8, "123", false),
            (9, "123", true),
            (10, "123", false),
            (11, "1234", false),
        ] {
            assert_eq!(typing.is_due(&at(text), after(second)), due, "{second}");
        }
    }

    #[test]
    fn the_narrower_limit_counts() {
        let of = |per_hour, per_day| Allowance { per_hour, per_day };
        assert_eq!(of(None, None).left((9.0, 9.0)), None);
        assert_eq!(of(Some(1.0), None).left((0.25, 9.0)), Some(0.75));
        assert_eq!(of(Some(1.0), Some(5.0)).left((0.25, 4.5)), Some(0.5));
        assert_eq!(of(Some(1.0), Some(5.0)).left((2.0, 4.5)), Some(-1.0));
    }
}
