//! `deep-review cache`: the answers that runners on several machines share.

use super::args::CacheArgs;
use super::context::{self, Context};
use super::{Exit, output};
use jiff::Timestamp;
use ops::Overrides;
use report::sanitize::printable;
use schemars::JsonSchema;
use serde::Serialize;

/// What is there.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(title = "deep-review cache --format json")]
pub(super) struct Cache {
    /// The place, as it is configured.
    place: String,
    /// Whether what is written there is encrypted.
    encrypted: bool,
    /// How many answers were dropped now.
    dropped: usize,
    /// The size of all answers together, in bytes.
    bytes: u64,
    /// The answers, newest first.
    answers: Vec<Entry>,
}

/// An answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Entry {
    /// What it is called: a hash of what was asked.
    name: String,
    /// Its size, in bytes.
    bytes: u64,
    /// When it was put there.
    at: Timestamp,
}

pub(super) fn run(context: &Context, args: &CacheArgs) -> anyhow::Result<Exit> {
    let repository = context.repository().ok();
    let settings = context::config(repository.as_ref(), &Overrides::default())?.config.fleet;
    let cache = look(&settings, args.keep)?;
    let text = if args.format.is_json() { output::document(&cache)? } else { text(&cache) };
    output::print(&text)?;
    Ok(Exit::Done)
}

#[cfg(feature = "remote-cache")]
fn look(settings: &agent::fleet::FleetSettings, keep: Option<u32>) -> anyhow::Result<Cache> {
    let shared = fleet::open(settings, &|name| std::env::var(name).ok())?;
    let (dropped, listed) = context::block_on(async {
        let dropped = match keep {
            Some(days) => {
                let moment = Timestamp::now() - jiff::SignedDuration::from_hours(24 * i64::from(days));
                // What was put there in this very second is older than now, whatever the place rounds to.
                let moment = if days == 0 { Timestamp::MAX } else { moment };
                shared.drop_before(moment).await?
            }
            None => 0,
        };
        Ok::<_, fleet::FleetError>((dropped, shared.entries().await?.entries))
    })??;
    Ok(Cache {
        place: shared.place().to_owned(),
        encrypted: shared.is_encrypted(),
        dropped,
        bytes: listed.iter().map(|entry| entry.bytes).sum(),
        answers: listed.into_iter().map(|fleet::Entry { name, bytes, at }| Entry { name, bytes, at }).collect(),
    })
}

#[cfg(not(feature = "remote-cache"))]
fn look(_: &agent::fleet::FleetSettings, _: Option<u32>) -> anyhow::Result<Cache> {
    anyhow::bail!(
        "this program was built without the feature `remote-cache`: build it with that, or use one that is shipped"
    )
}

fn text(cache: &Cache) -> String {
    let sealed = if cache.encrypted { "encrypted" } else { "not encrypted" };
    let mut text = format!("{} ({sealed})\n", printable(&cache.place));
    if cache.dropped > 0 {
        text.push_str(&format!("Dropped: {}\n", answers(cache.dropped)));
    }
    match (cache.answers.first(), cache.answers.last()) {
        (Some(newest), Some(oldest)) => {
            let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
            let size = cache.bytes.div_ceil(1000);
            let days = (day(oldest.at), day(newest.at));
            text.push_str(&format!("{}, {size} kB, {} to {}\n", answers(cache.answers.len()), days.0, days.1));
        }
        _ => text.push_str("No answers\n"),
    }
    text
}

fn answers(n: usize) -> String {
    if n == 1 { "1 answer".to_owned() } else { format!("{n} answers") }
}
