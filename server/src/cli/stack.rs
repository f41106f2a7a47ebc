//! `deep-review review --stack`: each part of a stack for itself, and what stands of it at the top.

use super::output;
use ::review::{Request, Reviewed, stack};
use anyhow::Context as _;
use finding::{Round, RoundScope};
use git::{ScopeRequest, StackPart};
use report::sanitize::printable;
use std::sync::Arc;

/// Reviews the parts, the lowest first, each told in one line; then the whole, of which nobody is asked.
pub(super) fn run(request: &Request, review: impl Fn(Request) -> anyhow::Result<Reviewed>) -> anyhow::Result<Reviewed> {
    let whole = &request.scope;
    let scope: RoundScope = request.repository.resolve(whole)?.round;
    let parts = request.repository.stack(&scope)?;
    let mut rounds: Vec<Arc<Round>> = Vec::new();
    let mut left = request.options.limits;
    for (number, part) in parts.iter().enumerate() {
        let mut one = request.clone();
        one.scope = ScopeRequest { target: part.target.clone(), base: None, ..whole.clone() };
        one.options.limits = left;
        let reviewed = review(one).with_context(|| format!("failed to review {}", printable(&part.name)))?;
        tell(part, (number + 1, parts.len()), &reviewed);
        if let Reviewed::Round(round) = reviewed {
            left = round.agents.iter().fold(left, |left, run| left.after(&run.usage));
            rounds.push(round);
        }
    }
    if rounds.is_empty() {
        return Ok(Reviewed::NothingChanged(scope));
    }
    let round = stack::carried_to_the_top(&request.repository, whole, &request.snapshot, &rounds)?;
    Ok(Reviewed::Round(Arc::new(round)))
}

fn tell(part: &StackPart, (number, count): (usize, usize), reviewed: &Reviewed) {
    let what = match reviewed {
        Reviewed::NothingChanged(_) => "nothing to review".to_owned(),
        Reviewed::Round(round) => {
            let failed = round.failures().count();
            let failed = if failed > 0 { format!("; {failed} agents failed") } else { String::new() };
            match round.findings.len() {
                1 => format!("1 finding{failed}"),
                findings => format!("{findings} findings{failed}"),
            }
        }
    };
    output::note(&format!("{number}/{count} {}: {what}", printable(&part.name)));
}
