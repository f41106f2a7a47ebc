//! What a round may cost. Every call that sends text somewhere is booked with its estimate before it starts, and
//! with what it really used after; what does not fit is not started, and once the limit is passed what runs is ended.

use finding::{Failure, FailureKind, Usage};
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// The limits of one round. `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// Most US dollars.
    pub max_cost_usd: Option<f64>,
    /// Most tokens, read and written.
    pub max_tokens: Option<u64>,
    /// Most agents outside of deep-review that work at the same time.
    pub parallel: Option<usize>,
}

impl Limits {
    /// What is left of them after something was used.
    #[must_use]
    pub fn after(self, used: &Usage) -> Self {
        let used = Sum::of(used);
        Self {
            max_cost_usd: self.max_cost_usd.map(|most| (most - used.cost_usd).max(0.0)),
            max_tokens: self.max_tokens.map(|most| most.saturating_sub(used.tokens)),
            ..self
        }
    }

    /// Whether nothing more may be used.
    #[must_use]
    pub fn is_used_up(self) -> bool {
        self.max_cost_usd == Some(0.0) || self.max_tokens == Some(0)
    }
}

/// The book of one round.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    book: Mutex<Book>,
    places: Option<Semaphore>,
    /// Cancelled when the limit is passed.
    pub(super) passed: CancellationToken,
}

#[derive(Debug, Default)]
struct Book {
    spent: Sum,
    reserved: Sum,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Sum {
    cost_usd: f64,
    tokens: u64,
}

impl Sum {
    fn of(usage: &Usage) -> Self {
        let tokens = usage.input_tokens.unwrap_or(0) + usage.output_tokens.unwrap_or(0);
        Self { cost_usd: usage.cost_usd.unwrap_or(0.0), tokens }
    }

    fn plus(self, other: Self) -> Self {
        Self { cost_usd: self.cost_usd + other.cost_usd, tokens: self.tokens + other.tokens }
    }

    fn minus(self, other: Self) -> Self {
        let cost_usd = (self.cost_usd - other.cost_usd).max(0.0);
        Self { cost_usd, tokens: self.tokens.saturating_sub(other.tokens) }
    }
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        let places = limits.parallel.map(|n| Semaphore::new(n.max(1)));
        Self { limits, book: Mutex::default(), places, passed: CancellationToken::new() }
    }

    /// Books what a call is expected to use.
    ///
    /// # Errors
    /// When it does not fit: it is not to be started.
    pub(super) fn reserve(&self, estimate: &Usage) -> Result<(), Failure> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let needs = Sum::of(estimate);
        let all = book.spent.plus(book.reserved).plus(needs);
        let refused = |what: String, key: &str| {
            Err(Failure::new(FailureKind::BudgetReached, format!("it was not asked: {what}"))
                .with_remedy(format!("raise `{key}`, or review with fewer agents")))
        };
        if let Some(most) = self.limits.max_tokens.filter(|most| all.tokens > *most) {
            let what = format!("its {} tokens would take the round to {} of {most} tokens", needs.tokens, all.tokens);
            return refused(what, "max_tokens");
        }
        if let Some(most) = self.limits.max_cost_usd.filter(|most| all.cost_usd > *most) {
            let Sum { cost_usd, .. } = needs;
            let [needs, all, most] = [cost_usd, all.cost_usd, most].map(dollars);
            let what = format!("its {needs} would take the round to {all} of {most}");
            return refused(what, "max_cost_usd");
        }
        book.reserved = book.reserved.plus(needs);
        Ok(())
    }

    /// Replaces what was booked by what was used.
    pub(super) fn settle(&self, estimate: &Usage, used: &Usage) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.reserved = book.reserved.minus(Sum::of(estimate));
        book.spent = book.spent.plus(Sum::of(used));
        let Sum { cost_usd, tokens } = book.spent;
        if self.limits.max_tokens.is_some_and(|most| tokens > most)
            || self.limits.max_cost_usd.is_some_and(|most| cost_usd > most)
        {
            self.passed.cancel();
        }
    }

    /// Most US dollars that a call may use for which `estimate` is booked: what nobody else has booked or spent.
    pub(super) fn allows_usd(&self, estimate: &Usage) -> Option<f64> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let others = book.spent.plus(book.reserved.minus(Sum::of(estimate)));
        self.limits.max_cost_usd.map(|most| (most - others.cost_usd).max(0.0))
    }

    /// A place among those that work at the same time; waits until one is free. `None` without a limit.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        match &self.places {
            Some(places) => places.acquire().await.ok(),
            None => None,
        }
    }

    /// Why an agent was ended when the limit was passed.
    pub(super) fn failure(&self) -> Failure {
        Failure::new(FailureKind::BudgetReached, "it was ended: the round has used more than its budget")
            .with_remedy("raise `max_cost_usd` or `max_tokens`, or review with fewer agents")
    }
}

fn dollars(amount: f64) -> String {
    if amount < 0.01 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(cost: f64, tokens: u64) -> Usage {
        Usage { cost_usd: Some(cost), input_tokens: Some(tokens), ..Usage::default() }
    }

    #[test]
    fn what_was_used_is_not_there_for_what_comes_after() {
        let limits = Limits { max_cost_usd: Some(1.0), max_tokens: Some(1000), parallel: Some(2) };
        let used =
            |cost: f64, tokens: u64| Usage { cost_usd: Some(cost), input_tokens: Some(tokens), ..Usage::default() };
        let left = limits.after(&used(0.25, 400));
        assert_eq!(left, Limits { max_cost_usd: Some(0.75), max_tokens: Some(600), parallel: Some(2) });
        assert!(!left.is_used_up() && !Limits::default().after(&used(9.0, 9)).is_used_up());
        assert!(left.after(&used(5.0, 0)).is_used_up() && left.after(&used(0.0, 600)).is_used_up());
    }

    #[test]
    fn what_does_not_fit_is_refused_until_less_was_used_than_expected() {
        let limits = Limits { max_cost_usd: Some(1.0), max_tokens: Some(1000), parallel: None };
        let budget = Budget::new(limits);
        budget.reserve(&usage(0.6, 100)).unwrap();
        let refused = budget.reserve(&usage(0.5, 100)).unwrap_err();
        assert_eq!(refused.message, "it was not asked: its $0.50 would take the round to $1.10 of $1.00");
        assert_eq!(refused.kind, FailureKind::BudgetReached);
        assert_eq!(budget.allows_usd(&usage(0.6, 100)), Some(1.0));
        budget.settle(&usage(0.6, 100), &usage(0.1, 500));
        budget.reserve(&usage(0.5, 100)).unwrap();
        let refused = budget.reserve(&usage(0.0, 401)).unwrap_err();
        assert_eq!(refused.message, "it was not asked: its 401 tokens would take the round to 1001 of 1000 tokens");
        assert!(!budget.passed.is_cancelled());
        budget.settle(&usage(0.5, 100), &usage(0.95, 100));
        assert!(budget.passed.is_cancelled(), "more was used than allowed");
    }

    #[tokio::test]
    async fn no_more_work_at_once_than_there_are_places() {
        let budget = Budget::new(Limits { parallel: Some(1), ..Limits::default() });
        let first = budget.place().await;
        assert!(first.is_some());
        assert!(futures_util::FutureExt::now_or_never(budget.place()).is_none());
        drop(first);
        assert!(futures_util::FutureExt::now_or_never(budget.place()).is_some());
        assert!(Budget::new(Limits::default()).place().await.is_none());
    }
}
