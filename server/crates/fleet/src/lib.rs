//! What runners on several machines share in one place of an object store: agents' answers, by what was asked, and for each key
//! who used it in the last minute. It knows places, not agents: what is asked of it is [`agent::fleet::Fleet`].
//!
//! The place is not trusted, and nothing waits for it for long. Whatever it gives is bounded in size and time; what cannot be
//! read is as if it were not there, and is said once. With a key, only what was sealed with it counts: who may write to the place
//! and does not have the key can drop what is there, and not put anything in its stead.
//!
//! ```text
//! PLACE/answers/HEX      an answer          (sealed for its name: moved elsewhere, it opens nothing)
//! PLACE/rates/HEX        who passed when    (changed by conditional writes, in a folder under a lock)
//! ```

mod answers;
mod error;
mod key;
mod place;
mod rates;
mod troubles;

#[cfg(test)]
mod tests;

pub use answers::{Entries, Entry};
pub use error::FleetError;

use agent::fleet::{Address, CacheUse, Fleet, FleetSettings, NoContact, Words};
use agent::rate::{Rate, Ticket};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use key::Key;
use place::Place;
use std::sync::Arc;
use troubles::Troubles;

/// How long to wait where others wrote each time, in milliseconds.
const CONTENDED: u64 = 500;

/// The environment variables that are read.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The place that runners share.
#[derive(Debug)]
pub struct Shared {
    place: Place,
    key: Option<Key>,
    cache: CacheUse,
    keep_days: u32,
    runners: u32,
    troubles: Troubles,
}

/// Opens the place of these settings. Nothing is asked of it yet.
///
/// # Errors
/// When the address is none that can be opened, or the key cannot be read or is not the user's alone.
pub fn open(settings: &FleetSettings, environment: Environment<'_>) -> Result<Shared, FleetError> {
    let url = settings.url.as_deref().ok_or(FleetError::NoPlace)?;
    Ok(Shared {
        place: Place::open(url)?,
        key: Key::of(settings.key_file.as_deref(), environment)?,
        cache: settings.cache,
        keep_days: settings.keep_days,
        runners: settings.runners,
        troubles: Troubles::default(),
    })
}

impl Shared {
    /// The place, for people: without passwords.
    #[must_use]
    pub fn place(&self) -> &str {
        self.place.shown()
    }

    /// Keeps what went wrong, to be said. That a place which failed is left alone follows from what was said.
    fn troubled(&self, what: &str, error: &FleetError) {
        let text = format!("{what}: {error}");
        match error {
            FleetError::LeftAlone(_) => {}
            // Whether it was slow or silent depends on who waited for it.
            error if error.is_of_place() => self.troubles.add(what.to_owned(), text),
            _ => self.troubles.add(text.clone(), text),
        }
    }

    /// Whether the place answers.
    ///
    /// # Errors
    /// Why not.
    pub async fn reach(&self) -> Result<(), FleetError> {
        answers::read(&self.place, self.key.as_ref(), &Address([0; 32])).await.map(drop)
    }

    /// Whether what is there is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.key.is_some()
    }

    /// What is there of answers, newest first.
    ///
    /// # Errors
    /// When the place cannot be listed.
    pub async fn entries(&self) -> Result<Entries, FleetError> {
        answers::entries(&self.place).await
    }

    /// Drops the answers that were put there before a moment, and says how many.
    ///
    /// # Errors
    /// When the place cannot be listed, or one cannot be dropped; others may be.
    pub async fn drop_before(&self, moment: Timestamp) -> Result<usize, FleetError> {
        answers::drop_before(&self.place, moment).await
    }
}

impl Fleet for Shared {
    fn recall(&self, address: Address) -> BoxFuture<'_, Option<Words>> {
        Box::pin(async move {
            if self.cache == CacheUse::Off {
                return None;
            }
            let read = answers::read(&self.place, self.key.as_ref(), &address).await;
            let words = read.unwrap_or_else(|error| {
                self.troubled("an answer of the shared cache is not used", &error);
                None
            })?;
            let age = Timestamp::now().duration_since(words.at);
            (age.as_hours() <= 24 * i64::from(self.keep_days)).then_some(words)
        })
    }

    fn keep(&self, address: Address, words: Words) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.cache != CacheUse::ReadWrite {
                return;
            }
            if let Err(error) = answers::write(&self.place, self.key.as_ref(), &address, words).await {
                self.troubled("an answer was not put into the shared cache", &error);
            }
        })
    }

    fn take<'a>(
        &'a self,
        account: &'a str,
        rate: Rate,
        tokens: u64,
    ) -> BoxFuture<'a, Result<Result<Ticket, u64>, NoContact>> {
        Box::pin(async move {
            let taken = rates::take(&self.place, self.key.as_ref(), account, (rate, tokens), rates::now).await;
            if let Err(FleetError::Contended(_)) = taken {
                // The place is there: who goes on without it now would pass besides those who asked.
                return Ok(Err(CONTENDED));
            }
            taken.map_err(|error| {
                let part = match self.runners {
                    0 | 1 => "this runner goes by the whole rate alone".to_owned(),
                    n => format!("this runner goes by one of {n} parts of it"),
                };
                self.troubled(&format!("the rate that runners share is not to be had, and {part}"), &error);
                NoContact
            })
        })
    }

    fn correct<'a>(&'a self, account: &'a str, ticket: Ticket, used: u64) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // What was expected stands where it cannot be changed, and is gone in a minute.
            let _ = rates::correct(&self.place, self.key.as_ref(), account, (ticket, used)).await;
        })
    }

    fn runners(&self) -> u32 {
        self.runners
    }

    fn mask_key(&self) -> Option<u64> {
        self.key.as_ref().map(Key::mask)
    }

    fn unsaid(&self) -> Vec<String> {
        self.troubles.unsaid()
    }
}

/// As [`open`], for [`agent::fleet::register`].
///
/// # Errors
/// Why it cannot be used, in words.
pub fn opened(settings: &FleetSettings) -> Result<Arc<dyn Fleet>, String> {
    let opened = open(settings, &|name| std::env::var(name).ok());
    opened.map(|shared| Arc::new(shared) as Arc<dyn Fleet>).map_err(|error| error.to_string())
}
