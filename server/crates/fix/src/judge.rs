//! What somebody who looks at the new code is asked, and what their word comes to.

use super::place::Change;
use agent::answer::{self, Judged};
use agent::{Completion, Question};
use finding::{Failure, Finding, Severity};

pub(super) fn question(finding: &Finding, change: &Change) -> Question {
    let code = change.files.iter().filter_map(|(path, (_, after))| Some(format!("=== {path}\n{}", after.as_ref()?)));
    Question {
        template: "judge",
        schema: answer::judging_schema(),
        data: vec![
            ("finding", review::told_of(finding)),
            ("fix", change.diff.clone()),
            ("code", code.collect::<Vec<_>>().join("\n")),
        ],
        files: change.files.keys().cloned().collect(),
    }
}

/// Whether it agrees, and why not.
///
/// # Errors
/// When it gave no word.
pub(super) fn word(said: &Completion) -> Result<Result<(), String>, Failure> {
    let Judged { is_gone, reason, new } = answer::judged(said)?;
    let because = |reason: String| if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    if !is_gone {
        return Ok(Err(format!("the finding is still there{}", because(reason))));
    }
    let grave = new.into_iter().find(|(severity, _)| *severity >= Severity::Important);
    Ok(match grave {
        Some((severity, title)) => Err(format!("it brings a new finding ({severity}: {title})")),
        None => Ok(()),
    })
}
