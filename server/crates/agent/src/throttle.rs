//! One limit for all who use one account: where a vendor says to wait, every agent and round with that key waits, and
//! goes on one after the other instead of all at once. What one process was told, others know by a file: see [`shared`]. How often
//! the user lets a key be used is kept to as well: by all of a [`fleet`](super::fleet), or by this process.

mod shared;

pub use shared::share;

use super::rate::{Rate, Ticket, Window};
use super::{AgentSettings, Session, settings::Adapter};
use finding::Usage;
use sha2::{Digest, Sha256};
use shared::Folder;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Between two calls of one account soon after its limit was met, in milliseconds.
const SPACING: u64 = 500;
/// For how long after a limit calls are spaced, in milliseconds.
const CAREFUL: u64 = 60_000;
/// Longest rest, in milliseconds: what is said to be longer is no rest of ours.
const LONGEST: u64 = 150_000;
/// Nobody waits longer for a turn, however often others meet the limit meanwhile.
const PATIENCE: Duration = Duration::from_secs(300);

/// Whose limit it is: a vendor and a key of it, as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Account(String);

/// When an account may be asked again. Times are milliseconds since 1970, as other processes read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Gate {
    opens: u64,
    careful_until: u64,
}

/// What an answer and the rounding of an estimate come to, in tokens, where nothing is known yet.
const ANSWER: u64 = 2_000;

/// Who passed of this process, by account: what is gone by where nobody else can be asked.
static WINDOWS: Mutex<Option<HashMap<Account, Window>>> = Mutex::new(None);

/// An agent that is about to make a call, with what it is expected to use.
#[derive(Debug)]
pub(super) struct Caller {
    account: Account,
    rate: Rate,
    tokens: u64,
}

/// Where a call that passed is booked.
#[derive(Debug)]
pub(super) enum Booked {
    /// With the fleet.
    There(Ticket),
    /// In this process.
    Here(Ticket),
}

impl Caller {
    pub(super) fn of(settings: &AgentSettings, prompt: &str) -> Self {
        // Four bytes a token is what code comes to.
        let tokens = (prompt.len() / 4) as u64 + ANSWER;
        Self { account: Account::of(settings), rate: settings.rate(), tokens }
    }

    /// Waits until its key may be used: until a limit that was met is over, and until the rate lets it pass. Ends early when the
    /// session is cancelled.
    pub(super) async fn turn(&self, session: &Session) -> Option<Booked> {
        self.account.turn(session).await;
        if !self.rate.is_limited() {
            return None;
        }
        let mut is_told = false;
        loop {
            let wait = match self.pass(session).await {
                Ok(booked) => return Some(booked),
                Err(wait) => wait,
            };
            if !std::mem::replace(&mut is_told, true) {
                session.doing("waiting: its key is used as often as it may be");
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
                () = session.cancel.cancelled() => return None,
            }
        }
    }

    /// Asks the fleet, and goes by this runner's part where it does not answer.
    async fn pass(&self, session: &Session) -> Result<Booked, u64> {
        let Some(fleet) = session.sharing.fleet.as_deref() else { return self.pass_here(self.rate) };
        match fleet.take(&self.account.0, self.rate, self.tokens).await {
            Ok(said) => said.map(Booked::There),
            Err(super::fleet::NoContact) => self.pass_here(self.rate.shared_by(fleet.runners())),
        }
    }

    fn pass_here(&self, rate: Rate) -> Result<Booked, u64> {
        let mut windows = WINDOWS.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get_or_insert_default().entry(self.account.clone()).or_default();
        window.take(now(), rate, self.tokens).map(Booked::Here)
    }

    /// Books what was really used.
    pub(super) async fn settle(&self, session: &Session, booked: Option<Booked>, usage: &Usage) {
        let (Some(read), Some(written)) = (usage.input_tokens, usage.output_tokens) else { return };
        let used = read.saturating_add(written);
        match (booked, session.sharing.fleet.as_deref()) {
            (Some(Booked::There(ticket)), Some(fleet)) if self.rate.tokens.is_some() => {
                fleet.correct(&self.account.0, ticket, used).await;
            }
            (Some(Booked::Here(ticket)), _) => {
                let mut windows = WINDOWS.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(window) = windows.get_or_insert_default().get_mut(&self.account) {
                    window.correct(ticket, used);
                }
            }
            _ => {}
        }
    }

    /// Keeps its key unused for that long.
    pub(super) fn rest(&self, time: Duration) {
        self.account.rest(time);
    }
}

static GATES: Mutex<Option<HashMap<Account, Gate>>> = Mutex::new(None);

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Account {
    /// The account that an agent with these settings uses.
    pub(super) fn of(settings: &AgentSettings) -> Self {
        let (vendor, usual_key) = match settings.adapter {
            Adapter::Claude => ("anthropic", None),
            Adapter::AnthropicHttp => ("anthropic", Some("ANTHROPIC_API_KEY")),
            Adapter::Codex => ("openai", None),
            Adapter::OpenaiHttp => ("openai", Some("OPENAI_API_KEY")),
            Adapter::Gemini | Adapter::Agy => ("google", None),
            Adapter::GeminiHttp => ("google", Some("GEMINI_API_KEY")),
            Adapter::Copilot => ("github", None),
            Adapter::CursorAgent => ("cursor", None),
            Adapter::Amp => ("amp", None),
            Adapter::Opencode
            | Adapter::Qwen
            | Adapter::Acp
            | Adapter::Command
            | Adapter::ChatHttp
            | Adapter::Linter
            | Adapter::Recorded => ("", None),
        };
        let place = match (&settings.url, vendor) {
            (Some(url), _) => url.trim_end_matches('/').trim_end_matches("/v1").to_owned(),
            (None, "") => settings.command.join(" "),
            (None, vendor) => vendor.to_owned(),
        };
        let usual_key = usual_key.filter(|_| settings.url.is_none() && settings.key_env.is_none());
        let is_key = |name: &&str| ["KEY", "TOKEN"].iter().any(|word| name.to_ascii_uppercase().contains(word));
        let named = settings.pass_env.iter().chain(&settings.key_env).map(String::as_str).chain(usual_key);
        let set = settings.env.keys().map(String::as_str).filter(is_key);
        let mut keys: Vec<String> = named
            .chain(set)
            .map(|name| {
                let value = settings.env.get(name).cloned().or_else(|| std::env::var(name).ok());
                // The key itself, by whatever name.
                value.filter(|value| !value.is_empty()).unwrap_or_else(|| format!("no {name}"))
            })
            .collect();
        keys.sort();
        keys.dedup();
        if keys.is_empty() {
            // A login is kept in the home folder.
            keys.extend(settings.env.get("HOME").cloned());
        }
        Self(hex(&Sha256::digest(format!("{place}\n{}", keys.join("\n")))))
    }

    /// Waits until the account may be used; ends early when the session is cancelled.
    pub(super) async fn turn(&self, session: &Session) {
        let patience = tokio::time::Instant::now() + PATIENCE;
        let mut is_told = false;
        while let Some(wait) = self.next() {
            if !std::mem::replace(&mut is_told, true) {
                session.doing("waiting: the limit of its key is reached");
            }
            let until = tokio::time::Instant::now() + wait;
            tokio::select! {
                () = tokio::time::sleep_until(until.min(patience)) => {}
                () = session.cancel.cancelled() => return,
            }
            if until >= patience {
                return;
            }
        }
    }

    /// How long to wait before asking again; `None` where it is this caller's turn now.
    fn next(&self) -> Option<Duration> {
        self.with(Access::IfThere, |gate| gate.next(now())).flatten().map(Duration::from_millis)
    }

    /// Keeps the account unused for that long.
    pub(super) fn rest(&self, time: Duration) {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if time <= LONGEST {
            self.with(Access::Create, |gate| gate.close_until(now() + time));
        }
    }

    /// Reads and changes the account's gate, as all processes know it; `None` where nobody met a limit.
    fn with<T>(&self, access: Access, change: impl FnOnce(&mut Gate) -> T) -> Option<T> {
        let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
        let gates = gates.get_or_insert_default();
        let mut file = Folder::of_user().and_then(|folder| folder.open(self, access));
        let told = file.as_mut().and_then(|file| file.read(now()));
        let known = gates.get(self).copied();
        if (access, told, known) == (Access::IfThere, None, None) {
            return None;
        }
        let before = known.unwrap_or_default().or_later(told.unwrap_or_default());
        let mut gate = before;
        let result = change(&mut gate);
        gates.insert(self.clone(), gate);
        if let Some(file) = file.as_mut().filter(|_| Some(gate) != told) {
            file.write(gate);
        }
        Some(result)
    }
}

/// Whether a gate is made where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    IfThere,
    Create,
}

impl Gate {
    /// Longer, where that is later than it knew.
    fn close_until(&mut self, opens: u64) {
        *self = self.or_later(Self { opens, careful_until: opens + CAREFUL });
    }

    fn or_later(self, other: Self) -> Self {
        Self { opens: self.opens.max(other.opens), careful_until: self.careful_until.max(other.careful_until) }
    }

    /// How long to wait before asking again; `None` where somebody may pass now, who takes the turn by it.
    fn next(&mut self, now: u64) -> Option<u64> {
        if now < self.opens {
            return Some(self.opens - now);
        }
        if now < self.careful_until {
            self.opens = now + SPACING;
        }
        None
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet;

    fn account(adapter: Adapter, key: &str) -> Account {
        Account::of(&AgentSettings { pass_env: vec![key.into()], ..AgentSettings::new(adapter) })
    }

    #[test]
    fn one_key_is_one_account_however_it_is_used() {
        let a = account(Adapter::Claude, "ANTHROPIC_API_KEY");
        let http =
            AgentSettings { key_env: Some("ANTHROPIC_API_KEY".into()), ..AgentSettings::new(Adapter::AnthropicHttp) };
        assert_eq!(a, Account::of(&http));
        assert_eq!(a, Account::of(&AgentSettings::new(Adapter::AnthropicHttp)));
        assert_ne!(a, account(Adapter::Claude, "OTHER"));
        assert_ne!(a, account(Adapter::Codex, "ANTHROPIC_API_KEY"));
        let with = |name: &str, key: &str| {
            let env = [(name.to_owned(), key.to_owned())].into();
            Account::of(&AgentSettings { env, ..AgentSettings::new(Adapter::Codex) })
        };
        assert_eq!(with("OPENAI_API_KEY", "one"), with("CODEX_API_KEY", "one"), "by whatever name");
        assert_ne!(with("OPENAI_API_KEY", "one"), with("OPENAI_API_KEY", "two"));
        assert!(!format!("{:?}", with("OPENAI_API_KEY", "sk-secret")).contains("secret"));
    }

    #[test]
    fn all_wait_and_then_go_one_after_the_other_for_a_while() {
        let start = 1_000_000;
        let mut gate = Gate::default();
        gate.close_until(start + 3000);
        gate.close_until(start + 1000);
        assert_eq!(gate.next(start), Some(3000), "the longer wait holds");
        assert_eq!(gate.next(start + 3000), None);
        assert_eq!(gate.next(start + 3000), Some(500));
        assert_eq!(gate.next(start + 3500), None);
        assert_eq!(gate.next(start + 70_000), None);
        assert_eq!(gate.next(start + 70_000), None, "a minute later nobody waits");
    }

    #[tokio::test]
    async fn without_contact_to_the_fleet_a_runner_goes_by_its_part_of_the_rate() {
        let settings = fleet::FleetSettings { url: Some("nowhere".into()), runners: 4, ..Default::default() };
        let out_of_reach = fleet::Sharing { fleet: fleet::of(&settings), is_fresh: false };
        for (sharing, key, passes) in [(out_of_reach, "REACHED", 2), (fleet::Sharing::default(), "ALONE", 8)] {
            let (progress, mut told) = tokio::sync::mpsc::unbounded_channel();
            let session = Session { sharing, ..Session::new(progress, tokio_util::sync::CancellationToken::new()) };
            let of_key = AgentSettings {
                requests_per_minute: Some(8),
                pass_env: vec![key.into()],
                ..AgentSettings::new(Adapter::Claude)
            };
            let caller = Caller::of(&of_key, "prompt");
            for _ in 0..passes {
                let booked = caller.turn(&session).await;
                assert!(matches!(booked, Some(Booked::Here(_))));
            }
            assert!(told.try_recv().is_err(), "who does not wait says nothing");
            assert!(caller.pass(&session).await.is_err_and(|wait| wait > 50_000));
            // Who is stopped meanwhile does not wait for its turn.
            session.cancel.cancel();
            assert!(caller.turn(&session).await.is_none());
            assert_eq!(told.try_recv().unwrap().doing, "waiting: its key is used as often as it may be");
        }
    }

    #[tokio::test]
    async fn a_limit_of_one_account_holds_up_nobody_else_and_no_cancelled_round() {
        let (mine, other) = (account(Adapter::Claude, "SHARED"), account(Adapter::Claude, "UNTOUCHED"));
        let (progress, mut told) = tokio::sync::mpsc::unbounded_channel();
        let session = Session::new(progress, tokio_util::sync::CancellationToken::new());
        mine.rest(Duration::from_secs(100));
        other.turn(&session).await;
        assert!(told.try_recv().is_err(), "who does not wait says nothing");
        session.cancel.cancel();
        mine.turn(&session).await;
        assert_eq!(told.try_recv().unwrap().doing, "waiting: the limit of its key is reached");
        other.rest(Duration::from_secs(3600));
        assert_eq!(other.next(), None, "nobody waits for an hour");
    }
}
