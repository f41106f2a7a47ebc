//! Looks whether a review is due that the user wants to start by itself: at each commit, pause in typing or push. Beside the
//! loop, since looking reads the repository.

use crate::event::Event;
use crate::protocol::settings::Background;
use crate::state::snapshot::Repo;
use ops::watch::{NotWatched, WatchFor, WatchState, Watched, Watching, rest_after};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether somebody else still watches the repository.
const HELD: Duration = Duration::from_secs(30);

/// Watches a repository until `stop`.
pub(crate) async fn watch(
    repo: Arc<Repo>,
    on: WatchFor,
    how: Background,
    events: UnboundedSender<Event>,
    stop: CancellationToken,
) {
    let Some(_held) = hold(&repo, &events, &stop).await else { return };
    let mut watched: Option<Watched> = None;
    loop {
        let (began, git) = (Instant::now(), repo.git.clone());
        let now = tokio::task::spawn_blocking(move || WatchState::of(&git, on)).await;
        // What cannot be read now may be a moment later: in the middle of a rebase, say.
        if let Ok(Ok(now)) = now {
            if watched.is_none() {
                let what = format!("reviews start by themselves in {}: {}", repo.name(), word(on));
                let _ = events.send(Event::Log(what));
            }
            let watched = watched.get_or_insert_with(|| Watched::new(on, how.pause(), now.clone()));
            if watched.is_due(&now, Instant::now()) {
                let _ = events.send(Event::Due { repo: repo.key.clone() });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(rest_after(began.elapsed())) => {}
            () = stop.cancelled() => return,
        }
    }
}

fn word(on: WatchFor) -> &'static str {
    match on {
        WatchFor::Commit => "at each commit",
        WatchFor::Pause => "at each pause in typing",
        WatchFor::Push => "at each push",
    }
}

/// Waits until nobody else watches the repository: `deep-review watch`, another editor.
async fn hold(repo: &Repo, events: &UnboundedSender<Event>, stop: &CancellationToken) -> Option<Watching> {
    let mut is_told = false;
    loop {
        let git = repo.git.clone();
        match tokio::task::spawn_blocking(move || Watching::begin(&git)).await.ok()? {
            Ok(held) => return Some(held),
            Err(why) if !is_told => {
                is_told = true;
                let what = format!("no reviews start by themselves in {}: {why}", repo.name());
                let _ = events.send(Event::Warning(what));
                if !matches!(why, NotWatched::Already) {
                    return None;
                }
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(HELD) => {}
            () = stop.cancelled() => return None,
        }
    }
}
