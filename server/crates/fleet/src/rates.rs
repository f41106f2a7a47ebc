//! Who used a key in the last minute: one object for each, that every runner changes on the condition that nobody else did
//! meanwhile. What is in it runs out by itself ([`agent::rate::Window`]), so that a runner that died holds nothing.

use super::FleetError;
use super::key::{self, Key};
use super::place::Place;
use agent::rate::{Rate, Ticket, Window};
use std::time::{SystemTime, UNIX_EPOCH};

/// No window of ours has more bytes.
const MOST_BYTES: usize = 32 << 10;

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The account is a hash of a key already; a vendor's key is long enough that nobody finds it by trying.
fn name(key: Option<&Key>, account: &str) -> String {
    let hex = match key {
        Some(key) => key.name(account.as_bytes()),
        None => key::plain_name(account.as_bytes()),
    };
    format!("rates/{hex}")
}

/// Lets a call pass, or says in how many milliseconds it may ask again.
pub(super) async fn take(
    place: &Place,
    key: Option<&Key>,
    account: &str,
    (rate, tokens): (Rate, u64),
    now: impl Fn() -> u64,
) -> Result<Result<Ticket, u64>, FleetError> {
    change(place, key, &name(key, account), |window| {
        let taken = window.take(now(), rate, tokens);
        (taken.is_ok(), taken)
    })
    .await
}

/// Books what a call really used.
pub(super) async fn correct(
    place: &Place,
    key: Option<&Key>,
    account: &str,
    (ticket, used): (Ticket, u64),
) -> Result<(), FleetError> {
    change(place, key, &name(key, account), |window| {
        window.correct(ticket, used);
        (true, ())
    })
    .await
}

/// `change` says whether anything is to be written, and what came of it.
async fn change<T>(
    place: &Place,
    key: Option<&Key>,
    name: &str,
    mut change: impl FnMut(&mut Window) -> (bool, T),
) -> Result<T, FleetError> {
    let changed = place.update(name, MOST_BYTES, |bytes| {
        let mut window = match bytes.map(|bytes| read(key, name, bytes)).transpose() {
            Ok(window) => window.unwrap_or_default(),
            Err(error) => return (None, Err(error)),
        };
        let (is_changed, came_of_it) = change(&mut window);
        let written = if is_changed { write(key, name, &window).map(Some) } else { Ok(None) };
        match written {
            Ok(bytes) => (bytes, Ok(came_of_it)),
            Err(error) => (None, Err(error)),
        }
    });
    changed.await?
}

fn read(key: Option<&Key>, name: &str, bytes: Vec<u8>) -> Result<Window, FleetError> {
    let plain = match key {
        Some(key) => key.open(name, &bytes)?,
        None => bytes,
    };
    let window: Window = serde_json::from_slice(&plain).map_err(|e| FleetError::Damaged(e.to_string()))?;
    window.is_sound().then_some(window).ok_or_else(|| FleetError::Damaged("it is longer than a minute".into()))
}

fn write(key: Option<&Key>, name: &str, window: &Window) -> Result<Vec<u8>, FleetError> {
    let plain = serde_json::to_vec(window).map_err(|e| FleetError::Damaged(e.to_string()))?;
    match key {
        Some(key) => key.seal(name, &plain).ok_or_else(|| FleetError::Damaged("it cannot be sealed".into())),
        None => Ok(plain),
    }
}
