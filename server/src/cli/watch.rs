//! `deep-review watch`: a review of each new commit, of each pause in typing or of each push, told in one line.
//!
//! What happens while a review runs is looked at when it is done: many commits in a row are one review. A file in the store
//! is held, so that one repository is never watched twice.

use super::args::{WatchArgs, WatchFor};
use super::context::{self, Context};
use super::hook::free_unless_named;
use super::{Exit, output, review};
use ::review::Reviewed;
use anyhow::{Context as _, bail};
use finding::{BlobId, RepoPath, Round, Severity};
use git::{Repository, ScopeRequest, SnapshotOptions, Target};
use jiff::Timestamp;
use ops::{Again, Overrides, Trust};
use report::sanitize::printable;
use std::collections::BTreeMap;
use std::fs::File;
use std::time::{Duration, Instant};
use store::Store;
use tokio_util::sync::CancellationToken;

pub(super) fn run(context: &Context, args: &WatchArgs) -> anyhow::Result<Exit> {
    let repository = context.repository()?;
    // What comes from the moment on in which it is held is seen.
    let mut last = if args.now { None } else { state(&repository, args.on)? };
    let _alone = alone(&repository)?;
    output::note(&format!("Watching {}; Ctrl-C ends it.", repository.root().display()));
    let mut watched = Watched::new(args.on, Duration::from_secs(args.pause));
    let mut count = 0;
    loop {
        let began = Instant::now();
        let now = state(&repository, args.on)?;
        if watched.is_due(&last, &now, Instant::now()) {
            last.clone_from(&now);
            if once(&repository, args)? {
                count += 1;
            }
        }
        if args.rounds.is_some_and(|most| count >= most) {
            return Ok(Exit::Done);
        }
        // Looking takes at most a tenth of the time, however large the repository is.
        std::thread::sleep(Duration::from_secs(1).max(began.elapsed().min(Duration::from_secs(3)) * 10));
    }
}

/// Held while the repository is watched.
fn alone(repository: &Repository) -> anyhow::Result<File> {
    let store = Store::of(repository.common_dir());
    std::fs::create_dir_all(store.folder()).with_context(|| format!("failed to make {}", store.folder().display()))?;
    let path = store.folder().join("watched");
    let file = File::create(&path).with_context(|| format!("failed to open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => bail!("this repository is watched already"),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("failed to lock {}", path.display()))
        }
    }
}

/// What is compared to see whether something happened.
type State = Option<BTreeMap<String, String>>;

/// What matters of the repository now; `None` where there is nothing yet.
fn state(repository: &Repository, on: WatchFor) -> anyhow::Result<State> {
    let head = repository.head_state()?;
    let branch = head.branch.unwrap_or_default();
    let pair = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
    Ok(match on {
        WatchFor::Commit => head.commit.map(|commit| pair(&branch, commit.to_string())),
        WatchFor::Push => repository.pushed(&branch)?.map(|commit| pair(&branch, commit.to_string())),
        WatchFor::Pause => {
            let scope = repository.resolve(&ScopeRequest::default())?;
            let taken = repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new())?;
            let blob = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(git::blob_id);
            let side = |(path, text): (&RepoPath, Option<BlobId>)| {
                (path.to_string(), text.map_or_else(String::new, |id| id.to_string()))
            };
            Some(taken.files().iter().map(|f| side((&f.path, blob(&f.new)))).collect())
        }
    })
}

/// When a review is due.
struct Watched {
    on: WatchFor,
    pause: Duration,
    /// What was seen last, and since when it is so.
    seen: Option<(State, Instant)>,
}

impl Watched {
    fn new(on: WatchFor, pause: Duration) -> Self {
        Self { on, pause, seen: None }
    }

    /// Whether `now` is something new, and of typing nothing came for a while.
    fn is_due(&mut self, last: &State, now: &State, at: Instant) -> bool {
        let since = match &self.seen {
            Some((seen, since)) if seen == now => *since,
            _ => {
                self.seen = Some((now.clone(), at));
                at
            }
        };
        let has_settled = self.on != WatchFor::Pause || at.duration_since(since) >= self.pause;
        now.is_some() && now != last && has_settled
    }
}

/// One review, if there is money for it. Whether it was done.
fn once(repository: &Repository, args: &WatchArgs) -> anyhow::Result<bool> {
    let uncommitted = args.on == WatchFor::Pause;
    let overrides = Overrides { uncommitted: Some(uncommitted), ..Overrides::default() };
    let config = context::config(Some(repository), &overrides)?.config;
    let mut request = ops::request(repository, &config, Trust::AsConfigured, &args.agents, Again::Changed)?;
    request.scope = ScopeRequest { target: Target::Current, uncommitted, ..request.scope };
    free_unless_named(&mut request, &args.agents);
    let spent = spent(repository, Timestamp::now())?;
    match left(args, spent) {
        Some(left) if left <= 0.0 => {
            line(&format!("no review: ${:.2} were spent in the last hour, ${:.2} in the last day", spent.0, spent.1));
            return Ok(false);
        }
        Some(left) => {
            let limit = &mut request.options.limits.max_cost_usd;
            *limit = Some(limit.map_or(left, |limit| limit.min(left)));
        }
        None => {}
    }
    match review::quietly(request) {
        Ok(Reviewed::NothingChanged(scope)) => line(&format!("nothing differs from {}", scope.base_name)),
        Ok(Reviewed::Round(round)) => tell(repository, &round)?,
        // The next change is another chance.
        Err(error) => line(&format!("no review: {error:#}")),
    }
    Ok(true)
}

fn tell(repository: &Repository, round: &Round) -> anyhow::Result<()> {
    let open = ops::OpenBranch::current(repository.clone())?;
    let sum = ops::summaries(&open, std::slice::from_ref(round))?.pop().context("the round is gone")?;
    let count = |severity: Severity| format!("{} {}", sum.count(severity), severity.to_string().to_lowercase());
    let counts: Vec<String> = Severity::ALL.into_iter().map(count).collect();
    let failed = if sum.failed > 0 { format!("; {} agents failed", sum.failed) } else { String::new() };
    let branch = round.scope.branch.as_deref().or(round.scope.head.as_ref().map(|h| h.short())).unwrap_or("HEAD");
    line(&format!("{} round {}: {}{failed}", printable(branch), round.number, counts.join(", ")));
    Ok(())
}

fn line(text: &str) {
    let now = jiff::Zoned::now().strftime("%H:%M").to_string();
    // Somebody who has gone is told nothing.
    let _ = output::print(&format!("{now} {text}\n"));
}

/// US dollars that all rounds of the repository cost in the last hour and in the last day.
fn spent(repository: &Repository, now: Timestamp) -> anyhow::Result<(f64, f64)> {
    let (mut hour, mut day) = (0.0, 0.0);
    for branch in Store::of(repository.common_dir()).branches()? {
        for round in context::told(branch.rounds()?) {
            let cost: f64 = round.agents.iter().filter_map(|run| run.usage.cost_usd).sum();
            let seconds = now.duration_since(round.started).as_secs();
            hour += if seconds < 3600 { cost } else { 0.0 };
            day += if seconds < 86_400 { cost } else { 0.0 };
        }
    }
    Ok((hour, day))
}

/// What may still be spent; `None` without a limit.
fn left(args: &WatchArgs, (hour, day): (f64, f64)) -> Option<f64> {
    let hour = args.max_cost_per_hour.map(|most| most - hour);
    let day = args.max_cost_per_day.map(|most| most - day);
    match (hour, day) {
        (Some(hour), Some(day)) => Some(hour.min(day)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> State {
        Some(BTreeMap::from([("topic".to_owned(), text.to_owned())]))
    }

    #[test]
    fn a_commit_is_due_at_once_and_typing_when_it_pauses() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut commits = Watched::new(WatchFor::Commit, Duration::from_secs(5));
        assert!(!commits.is_due(&at("1"), &at("1"), start));
        assert!(!commits.is_due(&at("1"), &None, start));
        assert!(commits.is_due(&at("1"), &at("2"), start));
        let mut typing = Watched::new(WatchFor::Pause, Duration::from_secs(5));
        for (second, text, due) in [
            (0, "1", false),
            (1, "12", false),
            (4, "123", false),
            (8, "123", false),
            (9, "123", true),
            (10, "1234", false),
        ] {
            assert_eq!(typing.is_due(&at(""), &at(text), after(second)), due, "{second}");
        }
    }

    #[test]
    fn the_narrower_limit_counts() {
        let args = |hour, day| WatchArgs { max_cost_per_hour: hour, max_cost_per_day: day, ..WatchArgs::default() };
        assert_eq!(left(&args(None, None), (9.0, 9.0)), None);
        assert_eq!(left(&args(Some(1.0), None), (0.25, 9.0)), Some(0.75));
        assert_eq!(left(&args(Some(1.0), Some(5.0)), (0.25, 4.5)), Some(0.5));
        assert_eq!(left(&args(Some(1.0), Some(5.0)), (2.0, 4.5)), Some(-1.0));
    }
}
