//! `deep-review watch`: a review of each new commit, of each pause in typing or of each push, told in one line.
//!
//! What happens while a review runs is looked at when it is done: many commits in a row are one review. A file in the store
//! is held, so that one repository is never watched twice.

use super::args::WatchArgs;
use super::context::{self, Context};
use super::{Exit, output, review};
use ::review::Reviewed;
use git::{Repository, ScopeRequest, Target};
use ops::watch::{Allowance, WatchState, Watched, Watching, free_unless_named, rest_after, told_in_a_line};
use ops::{Again, OpsError, Overrides, Trust};
use std::time::{Duration, Instant};

pub(super) fn run(context: &Context, args: &WatchArgs) -> anyhow::Result<Exit> {
    let repository = context.repository()?;
    let on = args.on.into();
    // What comes from the moment on in which it is held is seen.
    let last = if args.now { WatchState::default() } else { WatchState::of(&repository, on)? };
    let _alone = Watching::begin(&repository)?;
    output::note(&format!("Watching {}; Ctrl-C ends it.", repository.root().display()));
    let mut watched = Watched::new(on, Duration::from_secs(args.pause), last);
    let mut count = 0;
    loop {
        let began = Instant::now();
        let now = WatchState::of(&repository, on)?;
        if watched.is_due(&now, Instant::now()) && once(&repository, args)? {
            count += 1;
        }
        if args.rounds.is_some_and(|most| count >= most) {
            return Ok(Exit::Done);
        }
        std::thread::sleep(rest_after(began.elapsed()));
    }
}

/// One review, if there is money for it. Whether it was done.
fn once(repository: &Repository, args: &WatchArgs) -> anyhow::Result<bool> {
    let uncommitted = ops::watch::WatchFor::from(args.on).is_uncommitted();
    let overrides = Overrides { uncommitted: Some(uncommitted), ..Overrides::default() };
    let config = context::config(Some(repository), &overrides)?.config;
    let mut request = ops::request(repository, &config, Trust::AsConfigured, &args.agents, Again::Changed)?;
    request.scope = ScopeRequest { target: Target::Current, uncommitted, ..request.scope };
    free_unless_named(&mut request, &args.agents);
    let allowance = Allowance { per_hour: args.max_cost_per_hour, per_day: args.max_cost_per_day };
    match allowance.limit(&mut request) {
        Err(spent @ OpsError::Spent { .. }) => {
            line(&format!("no review: {spent}"));
            return Ok(false);
        }
        limited => limited?,
    }
    match review::quietly(request) {
        Ok(Reviewed::NothingChanged(scope)) => line(&format!("nothing differs from {}", scope.base_name)),
        Ok(Reviewed::Round(round)) => {
            line(&told_in_a_line(&ops::OpenBranch::current(repository.clone())?, &round)?);
        }
        // The next change is another chance.
        Err(error) => line(&format!("no review: {error:#}")),
    }
    Ok(true)
}

fn line(text: &str) {
    let now = jiff::Zoned::now().strftime("%H:%M").to_string();
    // Somebody who has gone is told nothing.
    let _ = output::print(&format!("{now} {text}\n"));
}
