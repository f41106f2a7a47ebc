//! Agents' answers in the place: one object each, named by what was asked.

use super::FleetError;
use super::key::{self, Key};
use super::place::Place;
use agent::fleet::{Address, Words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// No answer that is read or written has more bytes: more than that no agent is heard either.
const MOST_BYTES: usize = 9 << 20;
const FOLDER: &str = "answers";
const VERSION: u32 = 1;

/// An answer as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    /// What was asked, so that one that was put in another's place is found out without a key too.
    address: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

/// An answer that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is called: a hash.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was put there.
    pub at: Timestamp,
}

/// What is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// The answers, newest first.
    pub entries: Vec<Entry>,
}

fn name(key: Option<&Key>, address: &Address) -> String {
    let hex = match key {
        Some(key) => key.name(&address.0),
        None => key::plain_name(&address.0),
    };
    format!("{FOLDER}/{hex}")
}

pub(super) async fn read(place: &Place, key: Option<&Key>, address: &Address) -> Result<Option<Words>, FleetError> {
    let name = name(key, address);
    let Some(bytes) = place.get(&name, MOST_BYTES).await? else { return Ok(None) };
    let plain = match key {
        Some(key) => key.open(&name, &bytes)?,
        None => bytes,
    };
    let written: Written = serde_json::from_slice(&plain).map_err(|e| FleetError::Damaged(e.to_string()))?;
    if written.version != VERSION {
        return Ok(None);
    }
    if written.address != key::plain_name(&address.0) {
        return Err(FleetError::Damaged("it answers another question".into()));
    }
    let Written { at, model, text, value, .. } = written;
    Ok(Some(Words { at, model, text, value }))
}

pub(super) async fn write(place: &Place, key: Option<&Key>, address: &Address, words: Words) -> Result<(), FleetError> {
    let name = name(key, address);
    let Words { at, model, text, value } = words;
    let written = Written { version: VERSION, address: key::plain_name(&address.0), at, model, text, value };
    let plain = serde_json::to_vec(&written).map_err(|e| FleetError::Damaged(e.to_string()))?;
    let bytes = match key {
        Some(key) => key.seal(&name, &plain).ok_or_else(|| FleetError::Damaged("it cannot be sealed".into()))?,
        None => plain,
    };
    if bytes.len() > MOST_BYTES {
        return Err(FleetError::TooLarge { most: MOST_BYTES });
    }
    place.put(&name, bytes).await
}

pub(super) async fn entries(place: &Place) -> Result<Entries, FleetError> {
    let listed = place.list(FOLDER).await?;
    let mut entries: Vec<Entry> = listed
        .iter()
        .filter_map(|meta| {
            let at = Timestamp::from_second(meta.last_modified.timestamp()).ok()?;
            Some(Entry { name: meta.location.filename()?.to_owned(), bytes: meta.size, at })
        })
        .collect();
    entries.sort_by(|a, b| (b.at, &b.name).cmp(&(a.at, &a.name)));
    Ok(Entries { entries })
}

pub(super) async fn drop_before(place: &Place, moment: Timestamp) -> Result<usize, FleetError> {
    let listed = place.list(FOLDER).await?;
    let mut dropped = 0;
    for meta in listed.iter().filter(|meta| meta.last_modified.timestamp() < moment.as_second()) {
        place.delete(meta).await?;
        dropped += 1;
    }
    Ok(dropped)
}
