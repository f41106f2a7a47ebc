//! How often a key may be used: so many calls and so many tokens in any minute. A pure function of who passed when; where that
//! is kept (in this process, or in the place that a fleet shares) is the [`throttle`](super::throttle)'s affair.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What counts, in seconds: a minute, and one second by which a call may be later at the vendor than another one, since a
/// program starts between its booking and its call.
const MINUTE: u64 = 61;
/// A moment that is further ahead of ours, in seconds, is of a clock that nobody goes by.
const AHEAD: u64 = 120;

/// What a key may be used for in any minute. `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Most calls.
    pub requests: Option<u32>,
    /// Most tokens, read and written.
    pub tokens: Option<u64>,
}

impl Rate {
    /// Whether there is any limit.
    #[must_use]
    pub fn is_limited(self) -> bool {
        self.requests.is_some() || self.tokens.is_some()
    }

    /// The part of one of so many runners; each may make a call.
    #[must_use]
    pub fn shared_by(self, runners: u32) -> Self {
        let runners = runners.max(1);
        Self {
            requests: self.requests.map(|most| (most / runners).max(1)),
            tokens: self.tokens.map(|most| (most / u64::from(runners)).max(1)),
        }
    }
}

/// A call that was let pass: where in the window it is booked, and with how many tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    second: u64,
    tokens: u64,
}

/// Who passed in the last minute, by the second. What is in it runs out by itself: who died holds nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Window(BTreeMap<u64, Passed>);

/// What passed in one second: calls and tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Passed(u32, u64);

impl Window {
    /// Lets a call of so many tokens pass at `now`, in milliseconds since 1970, or says in how many milliseconds it may ask again.
    ///
    /// Of any 61 seconds no more pass than the rate says: a call is booked in a second, and the whole seconds that may lie less than
    /// that before it count. One that alone is more than a minute's tokens passes where nothing else does.
    ///
    /// # Errors
    /// The milliseconds to wait.
    pub fn take(&mut self, now: u64, rate: Rate, tokens: u64) -> Result<Ticket, u64> {
        let here = now / 1000;
        self.0.retain(|second, _| *second + MINUTE >= here && *second <= here + AHEAD);
        // A clock that is behind another one's goes by that, so that nobody passes twice.
        let second = self.0.keys().next_back().map_or(here, |newest| here.max(*newest));
        let tokens = rate.tokens.map_or(tokens, |most| tokens.min(most));
        let mut from = second.saturating_sub(MINUTE);
        while !self.fits(from, rate, tokens) {
            // What is oldest goes first; without anything to go, nothing would be in the way.
            let Some(oldest) = self.0.range(from..).next().map(|(oldest, _)| *oldest) else { break };
            from = oldest + 1;
        }
        let free = from + MINUTE;
        if free > second {
            return Err((free * 1000).saturating_sub(now).max(1));
        }
        let passed = self.0.entry(second).or_default();
        *passed = Passed(passed.0.saturating_add(1), passed.1.saturating_add(tokens));
        Ok(Ticket { second, tokens })
    }

    /// Whether one more fits beside what passed from that second on.
    fn fits(&self, from: u64, rate: Rate, tokens: u64) -> bool {
        let sum = self.0.range(from..).fold(Passed::default(), |sum, (_, passed)| {
            Passed(sum.0.saturating_add(passed.0), sum.1.saturating_add(passed.1))
        });
        let is_within =
            |used: u64, more: u64, most: Option<u64>| most.is_none_or(|most| used.saturating_add(more) <= most);
        is_within(sum.0.into(), 1, rate.requests.map(u64::from)) && is_within(sum.1, tokens, rate.tokens)
    }

    /// Books what a call really used in place of what was expected.
    pub fn correct(&mut self, ticket: Ticket, used: u64) {
        if let Some(passed) = self.0.get_mut(&ticket.second) {
            passed.1 = passed.1.saturating_sub(ticket.tokens).saturating_add(used);
        }
    }

    /// Whether it can be one of ours: it says nothing of more seconds than count.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.len() as u64 <= MINUTE + AHEAD + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: u64 = 1_700_000_000_000;

    fn rate(requests: u32, tokens: u64) -> Rate {
        Rate { requests: Some(requests), tokens: Some(tokens) }
    }

    #[test]
    fn a_minute_has_so_many_calls_and_tokens_and_the_next_one_has_them_again() {
        let mut window = Window::default();
        for (at, tokens, expected) in [
            (0, 10, None),
            (500, 10, None),
            (900, 10, Some(61_100)),
            (1_000, 85, Some(61_000)),
            (61_999, 10, Some(1)),
            (62_000, 80, None),
            (62_500, 30, Some(61_500)),
            (63_000, 20, None),
        ] {
            let waits = window.take(START + at, rate(2, 100), tokens).err();
            assert_eq!(waits, expected, "{at} ms, {tokens} tokens");
        }
        assert_eq!(Window::default().take(START, Rate::default(), u64::MAX).err(), None, "no limit");
    }

    #[test]
    fn what_is_more_than_a_minutes_tokens_passes_alone() {
        let mut window = Window::default();
        window.take(START, rate(9, 100), 1).unwrap();
        assert_eq!(window.take(START, rate(9, 100), 1_000), Err(62_000));
        window.take(START + 62_000, rate(9, 100), 1_000).unwrap();
        assert_eq!(window.take(START + 62_000, rate(9, 100), 1), Err(62_000));
    }

    #[test]
    fn what_was_really_used_counts() {
        let mut window = Window::default();
        let ticket = window.take(START, rate(9, 100), 90).unwrap();
        assert!(window.take(START, rate(9, 100), 50).is_err());
        window.correct(ticket, 20);
        window.take(START, rate(9, 100), 50).unwrap();
        window.correct(Ticket { second: 5, tokens: 1 }, 500);
        assert!(window.take(START, rate(9, 100), 40).is_err(), "a second that is over is left as it is");
    }

    #[test]
    fn a_clock_behind_another_gets_no_more_and_one_far_ahead_holds_up_nobody() {
        let mut window = Window::default();
        window.take(START + 30_000, rate(1, 9), 1).unwrap();
        assert!(window.take(START, rate(1, 9), 1).is_err());
        let mut window = Window::default();
        window.take(START + 600_000, rate(1, 9), 1).unwrap();
        assert!(window.take(START, rate(1, 9), 1).is_ok());
    }

    #[test]
    fn a_part_of_the_rate_lets_everybody_pass() {
        assert_eq!(rate(50, 1000).shared_by(4), rate(12, 250));
        assert_eq!(rate(2, 3).shared_by(8), rate(1, 1));
        assert_eq!(rate(2, 3).shared_by(0), rate(2, 3));
    }

    proptest! {
        #[test]
        fn no_minute_ever_has_more_than_the_rate_also_where_a_call_is_a_second_late(
            steps in prop::collection::vec((0_u64..4_000, 0_u64..40), 1..400),
            requests in 1_u32..30,
            tokens in 1_u64..200,
        ) {
            let (mut window, mut now, mut passed) = (Window::default(), START, Vec::new());
            for (later, wants) in steps {
                now += later;
                if window.take(now, rate(requests, tokens), wants).is_ok() {
                    passed.push((now, wants.min(tokens)));
                }
            }
            for (begin, _) in &passed {
                let minute: Vec<_> = passed.iter().filter(|(at, _)| (*begin..begin + 61_000).contains(at)).collect();
                prop_assert!(minute.len() <= requests as usize);
                prop_assert!(minute.iter().map(|(_, tokens)| tokens).sum::<u64>() <= tokens);
            }
        }

        #[test]
        fn who_waits_as_long_as_it_is_told_passes(requests in 1_u32..5, wants in prop::collection::vec(1_u64..50, 1..60)) {
            let (mut window, mut now) = (Window::default(), START);
            for tokens in wants {
                let mut tries = 0;
                while let Err(wait) = window.take(now, rate(requests, 100), tokens) {
                    now += wait;
                    tries += 1;
                    prop_assert!(tries <= 1, "alone, one wait is enough");
                }
            }
        }
    }
}
