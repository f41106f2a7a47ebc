//! `deep-review sync`: rounds, decisions, threads and learnings shared with a team through git.

use super::args::SyncArgs;
use super::context::{self, Context};
use super::{Exit, output};
use agent::Sending;
use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use ops::Overrides;
use ops::sync::{self, Count, Sharing, Synced};
use report::sanitize::printable;

pub(super) fn run(context: &Context, args: &SyncArgs) -> anyhow::Result<Exit> {
    let repository = context.repository()?;
    let config = context::config(Some(&repository), &Overrides::default())?.config;
    let bad = |pattern| {
        anyhow!("never_send: '{pattern}' is no pattern; nothing is shared where it is unclear what must not be")
    };
    let remote = sync::remote(&repository, args.remote.as_deref())?;
    let sharing = Sharing {
        remote: &remote,
        sending: Sending::keeping_back(&config.never_send).map_err(bad)?,
        drop_before: args.keep.map(|days| Timestamp::now() - SignedDuration::from_hours(24 * i64::from(days))),
    };
    let synced = sync::sync(&repository, &sharing)?;
    let text = if args.format.is_json() { output::document(&synced)? } else { text(&synced) };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn text(synced: &Synced) -> String {
    let mut text = format!("Sent to {}: {}\n", printable(&synced.remote), words(synced.sent));
    text.push_str(&format!("Received: {}\n", words(synced.received)));
    if synced.unread > 0 {
        let unread = synced.unread;
        text.push_str(&format!("Not read: {unread} entries, written by a newer deep-review or damaged\n"));
    }
    if synced.kept_back > 0 {
        let kept_back = synced.kept_back;
        text.push_str(&format!("Not shared: {kept_back} findings, about files that are never sent\n"));
    }
    text
}

/// "2 rounds, 1 decision"
fn words(count: Count) -> String {
    let Count { rounds, decisions, messages, learnings } = count;
    let all = [(rounds, "round"), (decisions, "decision"), (messages, "message"), (learnings, "learning")];
    let some = all.into_iter().filter(|(n, _)| *n > 0);
    let words: Vec<String> = some.map(|(n, word)| format!("{n} {word}{}", if n == 1 { "" } else { "s" })).collect();
    if words.is_empty() { "nothing new".to_owned() } else { words.join(", ") }
}
