//! `deep-review apply`

use super::args::ApplyArgs;
use super::context::Context;
use super::now::now;
use super::{Exit, output};
use finding::Round;
use ops::{ApplyPlan, Selection};
use report::sanitize::printable;
use std::fmt::{Display, Write as _};

pub(super) fn run(context: &Context, args: &ApplyArgs) -> anyhow::Result<Exit> {
    let now = now(context, None)?;
    let (situation, round) = (now.writing(), &now.round);
    let plan = if args.all {
        ops::plan(&situation, Selection::AllOpen { file: None })
    } else {
        let named: Vec<usize> = ops::find_all(round, &args.ids)?.iter().map(|found| found.index).collect();
        ops::plan(&situation, Selection::Findings(&named))
    };
    if plan.taken.is_empty() && plan.refused.is_empty() {
        output::print("No open finding has a fix.\n")?;
        return Ok(Exit::Done);
    }
    if args.check {
        output::print(&(text(&plan, round, "applies") + &printable(&ops::diff(&plan))))?;
        return Ok(exit(&plan));
    }
    let written = match ops::apply(&now.open, round, &plan, &now.current.tree) {
        Ok(written) => written,
        Err(why) => {
            output::print(&not_written(&plan, round, &why))?;
            return Ok(Exit::Impossible);
        }
    };
    output::print(&text(&plan, round, "applied"))?;
    match written.logged {
        Ok(()) => Ok(exit(&plan)),
        Err(why) => {
            output::note(&format!("deep-review: {why}"));
            Ok(Exit::Incomplete)
        }
    }
}

fn exit(plan: &ApplyPlan) -> Exit {
    match (plan.taken.is_empty(), plan.is_whole()) {
        (_, true) => Exit::Done,
        (true, false) => Exit::Impossible,
        (false, false) => Exit::Incomplete,
    }
}

/// What was done, and why the rest was not.
fn text(plan: &ApplyPlan, round: &Round, done: &str) -> String {
    let mut text = String::new();
    for taken in &plan.taken {
        let part = match (taken.fixes.len(), taken.left.len()) {
            (_, 0) => String::new(),
            (fixes, left) => format!(" ({fixes} of {} places)", fixes + left),
        };
        let _ = writeln!(text, "{}{part}", line(done, &taken.label, round, taken.finding));
        for why in &taken.left {
            text.push_str(&reason(why));
        }
    }
    for refused in &plan.refused {
        let _ = writeln!(text, "{}", line("refused", &refused.label, round, refused.finding));
        text.push_str(&reason(&refused.why));
    }
    text
}

/// What was to be done, where the files could not be written.
fn not_written(plan: &ApplyPlan, round: &Round, why: &ops::WriteError) -> String {
    let mut text = String::new();
    for taken in &plan.taken {
        let _ = writeln!(text, "{}", line("refused", &taken.label, round, taken.finding));
        text.push_str(&reason(why));
    }
    let rest = ApplyPlan { refused: plan.refused.clone(), ..ApplyPlan::default() };
    text + &self::text(&rest, round, "")
}

fn line(done: &str, label: &str, round: &Round, finding: usize) -> String {
    let title = round.findings.get(finding).map_or("", |finding| finding.title.as_str());
    format!("{done:8} {label:4} {}", printable(title))
}

fn reason(why: &impl Display) -> String {
    format!("              {}\n", printable(&why.to_string()))
}
