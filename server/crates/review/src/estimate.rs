//! What a round is expected to use, before it starts.

use super::Preparation;
use agent::{Agent, Brief};
use finding::{AgentName, AgentOutcome, AgentRun, Usage};

/// What code and English come to.
const BYTES_A_TOKEN: u64 = 4;
/// Tokens of a question besides what it is about: instructions and schema.
const QUESTION: u64 = 1250;
/// Tokens that an answer comes to where nothing better is known.
const ANSWER: u64 = 3000;

/// What an agent is expected to use for these briefs: their tokens and the configured price; where the agent
/// reviewed this branch before, in the proportion in which it used more or less then. `None` where nothing is sent.
pub(super) fn review(prepared: &Preparation, agent: &dyn Agent, briefs: &[Brief]) -> Option<Usage> {
    let info = agent.info();
    info.kind.is_remote().then(|| {
        let bytes: usize = briefs.iter().map(|brief| agent::prompt::size(brief, agent.form())).sum();
        let read = bytes as u64 / BYTES_A_TOKEN;
        of(read, briefs.len() as u64 * ANSWER, agent.price(), last(prepared, &info.name))
    })
}

/// What a question of so many bytes is expected to use.
pub(super) fn question(agent: &dyn Agent, bytes: usize) -> Usage {
    of(QUESTION + bytes as u64 / BYTES_A_TOKEN, ANSWER / 3, agent.price(), None)
}

fn of(read: u64, written: u64, price: Option<(f64, f64)>, last: Option<&AgentRun>) -> Usage {
    let cost_usd = price.map(|(a, b)| (read as f64 * a + written as f64 * b) / 1e6);
    let mut usage = Usage { cost_usd, input_tokens: Some(read), output_tokens: Some(written), ..Usage::default() };
    if let Some(run) = last
        && let Some(expected) = run.estimate.and_then(|e| e.input_tokens).filter(|e| *e > 0)
    {
        let share = read as f64 / expected as f64;
        let scaled = |used: Option<u64>| used.map(|n| (n as f64 * share) as u64);
        usage.input_tokens = scaled(run.usage.input_tokens).or(usage.input_tokens);
        usage.output_tokens = scaled(run.usage.output_tokens).or(usage.output_tokens);
        usage.cost_usd = run.usage.cost_usd.map(|c| c * share).or(usage.cost_usd);
    }
    usage
}

/// The agent's newest whole review of this branch.
fn last<'a>(prepared: &'a Preparation, name: &AgentName) -> Option<&'a AgentRun> {
    let runs = prepared.earlier.iter().rev().flat_map(|(round, _)| &round.agents);
    runs.into_iter().find(|run| {
        run.agent.name == *name
            && run.outcome == AgentOutcome::Reviewed
            && run.usage.input_tokens.is_some_and(|n| n > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_configured_or_learned() {
        let plain = of(10_000, 1000, None, None);
        assert_eq!((plain.input_tokens, plain.output_tokens, plain.cost_usd), (Some(10_000), Some(1000), None));
        assert_eq!(of(10_000, 1000, Some((3.0, 15.0)), None).cost_usd, Some(0.045));
        let json = serde_json::json!({
            "agent": {"name": "a", "label": "A", "kind": "cli"}, "outcome": {"outcome": "reviewed"},
            "estimate": {"input_tokens": 5000}, "usage": {"input_tokens": 40_000, "output_tokens": 600, "cost_usd": 0.3},
        });
        let run: AgentRun = serde_json::from_value(json).unwrap();
        let learned = of(10_000, 1000, None, Some(&run));
        assert_eq!(
            (learned.input_tokens, learned.output_tokens, learned.cost_usd),
            (Some(80_000), Some(1200), Some(0.6))
        );
    }
}
