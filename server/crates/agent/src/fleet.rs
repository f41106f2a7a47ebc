//! A fleet: runners on several machines that share what was answered, and the rate at which a key may be used. Here is what
//! agents ask of it; where it is kept, and how, is whoever's business who [`register`]s it (the crate `fleet`). Whatever is
//! wrong there, a round goes on as without it, and says so once.

use super::rate::{Rate, Ticket};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a fleet has what it shares. It comes from the user's own configuration and environment only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FleetSettings {
    /// The place: `s3://BUCKET/FOLDER`, `gs://…`, `az://…`, the https address of one of these, or the absolute path of a folder.
    /// Its credentials are read from the environment, by the usual names. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A file with the key that what is written there is encrypted with, which nobody else may read; `DEEP_REVIEW_FLEET_KEY` has it
    /// too. Default: nothing is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// What is done with agents' answers: `read-write`, `read` (nothing is written there), `off`. Default: read-write.
    pub cache: CacheUse,
    /// Answers older than this many days are asked for again. Default: 30.
    pub keep_days: u32,
    /// How many runners there are: the part of a rate that each goes by while it has no contact. Default: 1.
    pub runners: u32,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self { url: None, key_file: None, cache: CacheUse::default(), keep_days: 30, runners: 1 }
    }
}

impl FleetSettings {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is done with agents' answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheUse {
    /// They are taken from there and put there.
    #[default]
    ReadWrite,
    /// They are taken from there.
    Read,
    /// Neither.
    Off,
}

impl CacheUse {
    /// The use of that name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "read-write" => Some(Self::ReadWrite),
            "read" => Some(Self::Read),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// What an answer is kept under: a hash of all that was asked, of whom, about what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address(pub [u8; 32]);

/// What an agent said, word for word: it is read again like an answer that has just come.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// When it was said.
    pub at: Timestamp,
    /// The model, by the vendor's name.
    pub model: Option<String>,
    /// The answer's text.
    pub text: String,
    /// The answer where it came as a value.
    pub value: Option<Value>,
}

/// Nobody there says whether one may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoContact;

/// What runners share. Every call ends within some seconds, whatever the place does, and none fails a round.
pub trait Fleet: std::fmt::Debug + Send + Sync {
    /// What was said to this; `None` where nothing was, or it cannot be had or believed.
    fn recall(&self, address: Address) -> BoxFuture<'_, Option<Words>>;

    /// Has others find what was said to this.
    fn keep(&self, address: Address, words: Words) -> BoxFuture<'_, ()>;

    /// Asks to pass with a call of so many tokens: a ticket, or the milliseconds to wait.
    fn take<'a>(
        &'a self,
        account: &'a str,
        rate: Rate,
        tokens: u64,
    ) -> BoxFuture<'a, Result<Result<Ticket, u64>, NoContact>>;

    /// Books what a call really used.
    fn correct<'a>(&'a self, account: &'a str, ticket: Ticket, used: u64) -> BoxFuture<'a, ()>;

    /// How many runners there are.
    fn runners(&self) -> u32;

    /// What secrets are masked with where a repository has no masks yet, so that runners ask in the same words; `None` where they have
    /// no secret in common.
    fn mask_key(&self) -> Option<u64>;

    /// What went wrong and was not said yet; each thing is said once.
    fn unsaid(&self) -> Vec<String>;
}

/// What opens the place of these settings, or says why it cannot be used.
pub type Opener = fn(&FleetSettings) -> Result<Arc<dyn Fleet>, String>;

static OPENER: Mutex<Option<Opener>> = Mutex::new(None);
static OPENED: Mutex<Option<(FleetSettings, Arc<dyn Fleet>)>> = Mutex::new(None);

/// Says how fleets are opened. Without it, settings that name a place say that this program cannot.
pub fn register(open: Opener) {
    *OPENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
}

/// The fleet of these settings, the same for every round of the process; `None` where none is configured.
#[must_use]
pub fn of(settings: &FleetSettings) -> Option<Arc<dyn Fleet>> {
    settings.url.as_ref()?;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, fleet)) = &*opened
        && of == settings
    {
        return Some(fleet.clone());
    }
    let opener = *OPENER.lock().unwrap_or_else(PoisonError::into_inner);
    let fleet = match opener.map(|open| open(settings)) {
        Some(Ok(fleet)) => fleet,
        Some(Err(why)) => Arc::new(Unusable::new(settings, &why)),
        None => Arc::new(Unusable::new(settings, "it was built without the feature `remote-cache`")),
    };
    *opened = Some((settings.clone(), fleet.clone()));
    Some(fleet)
}

/// A place that cannot be used, and why.
#[derive(Debug)]
struct Unusable {
    why: Mutex<Option<String>>,
    runners: u32,
}

impl Unusable {
    fn new(settings: &FleetSettings, why: &str) -> Self {
        Self { why: Mutex::new(Some(format!("the fleet's place is not used: {why}"))), runners: settings.runners }
    }
}

impl Fleet for Unusable {
    fn recall(&self, _: Address) -> BoxFuture<'_, Option<Words>> {
        Box::pin(async { None })
    }

    fn keep(&self, _: Address, _: Words) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn take<'a>(&'a self, _: &'a str, _: Rate, _: u64) -> BoxFuture<'a, Result<Result<Ticket, u64>, NoContact>> {
        Box::pin(async { Err(NoContact) })
    }

    fn correct<'a>(&'a self, _: &'a str, _: Ticket, _: u64) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    fn runners(&self) -> u32 {
        self.runners
    }

    fn mask_key(&self) -> Option<u64> {
        None
    }

    fn unsaid(&self) -> Vec<String> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).take().into_iter().collect()
    }
}

/// What a round may take of its fleet.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    /// The fleet, where there is one.
    pub fleet: Option<Arc<dyn Fleet>>,
    /// Whether agents are asked whatever was answered before; what they say is kept all the same.
    pub is_fresh: bool,
}
