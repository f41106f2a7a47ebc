//! One limit for all who use one account: where a vendor says to wait, every agent and round with that key waits, and
//! goes on one after the other instead of all at once.

use super::{AgentSettings, Session, settings::Adapter};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Between two calls of one account soon after its limit was met.
const SPACING: Duration = Duration::from_millis(500);
/// For how long after a limit calls are spaced.
const CAREFUL: Duration = Duration::from_secs(60);

/// Whose limit it is: a vendor and a key of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Account(String);

#[derive(Debug, Clone, Copy)]
struct Gate {
    opens: Instant,
    careful_until: Instant,
}

static GATES: Mutex<Option<HashMap<Account, Gate>>> = Mutex::new(None);

impl Account {
    /// The account that an agent with these settings uses.
    pub(super) fn of(settings: &AgentSettings) -> Self {
        let vendor = match settings.adapter {
            Adapter::Claude | Adapter::AnthropicHttp => "anthropic",
            Adapter::Codex | Adapter::OpenaiHttp => "openai",
            Adapter::Gemini | Adapter::GeminiHttp | Adapter::Agy => "google",
            Adapter::Copilot => "github",
            Adapter::CursorAgent => "cursor",
            Adapter::Amp => "amp",
            Adapter::Opencode
            | Adapter::Qwen
            | Adapter::Acp
            | Adapter::Command
            | Adapter::ChatHttp
            | Adapter::Linter
            | Adapter::Recorded => "other",
        };
        let own = if vendor == "other" { settings.command.join(" ") } else { String::new() };
        let mut keys: Vec<&String> = settings.pass_env.iter().chain(&settings.key_env).collect();
        keys.sort();
        keys.dedup();
        Self(format!("{vendor} {own} {:?} {keys:?}", settings.url))
    }

    /// Waits until the account may be used; ends early when the session is cancelled.
    pub(super) async fn turn(&self, session: &Session) {
        while let Some(at) = self.next() {
            tokio::select! {
                () = tokio::time::sleep_until(at) => {}
                () = session.cancel.cancelled() => return,
            }
        }
    }

    /// When to ask again; `None` where it is this caller's turn now.
    fn next(&self) -> Option<Instant> {
        let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
        gates.as_mut()?.get_mut(self)?.next(Instant::now())
    }

    /// Keeps the account unused for that long.
    pub(super) fn rest(&self, time: Duration) {
        let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
        let opens = Instant::now() + time;
        let gates = gates.get_or_insert_default();
        gates.entry(self.clone()).or_insert_with(|| Gate::closed_until(opens)).close_until(opens);
    }
}

impl Gate {
    fn closed_until(opens: Instant) -> Self {
        Self { opens, careful_until: opens + CAREFUL }
    }

    /// Longer, where that is later than it knew.
    fn close_until(&mut self, opens: Instant) {
        let Self { opens, careful_until } = Self::closed_until(opens);
        *self = Self { opens: self.opens.max(opens), careful_until: self.careful_until.max(careful_until) };
    }

    /// When to ask again; `None` where somebody may pass now, who takes the turn by it.
    fn next(&mut self, now: Instant) -> Option<Instant> {
        if now < self.opens {
            return Some(self.opens);
        }
        if now < self.careful_until {
            self.opens = now + SPACING;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(adapter: Adapter, key: &str) -> Account {
        Account::of(&AgentSettings { pass_env: vec![key.into()], ..AgentSettings::new(adapter) })
    }

    #[test]
    fn one_key_is_one_account_however_it_is_used() {
        let a = account(Adapter::Claude, "ANTHROPIC_API_KEY");
        let http =
            AgentSettings { key_env: Some("ANTHROPIC_API_KEY".into()), ..AgentSettings::new(Adapter::AnthropicHttp) };
        assert_eq!(a, Account::of(&http));
        assert_ne!(a, account(Adapter::Claude, "OTHER"));
        assert_ne!(a, account(Adapter::Codex, "ANTHROPIC_API_KEY"));
    }

    #[test]
    fn all_wait_and_then_go_one_after_the_other_for_a_while() {
        let start = Instant::now();
        let after = |ms: u64| start + Duration::from_millis(ms);
        let mut gate = Gate::closed_until(after(3000));
        gate.close_until(after(1000));
        assert_eq!(gate.next(after(0)), Some(after(3000)), "the longer wait holds");
        assert_eq!(gate.next(after(3000)), None);
        assert_eq!(gate.next(after(3000)), Some(after(3500)));
        assert_eq!(gate.next(after(3500)), None);
        assert_eq!(gate.next(after(70_000)), None);
        assert_eq!(gate.next(after(70_000)), None, "a minute later nobody waits");
    }

    #[tokio::test]
    async fn a_limit_of_one_account_holds_up_nobody_else_and_no_cancelled_round() {
        let (mine, other) = (account(Adapter::Claude, "SHARED"), account(Adapter::Claude, "UNTOUCHED"));
        let (progress, _told) = tokio::sync::mpsc::unbounded_channel();
        let session = Session { progress, cancel: tokio_util::sync::CancellationToken::new(), max_cost_usd: None };
        mine.rest(Duration::from_secs(1000));
        other.turn(&session).await;
        session.cancel.cancel();
        mine.turn(&session).await;
    }
}
