//! Whether this process was started, however indirectly, by an agent that reviews for deep-review: such an agent must not
//! review the review. Agents' programs are started with a mark in their environment; they may take it from what they start
//! in turn, so that where the system shows it, their ancestors' environments are looked at too.

/// The mark, as `agent::process` sets it.
const MARK: &str = "DEEP_REVIEW_RUN";

/// Whether an agent of a round is among our ancestors.
#[must_use]
pub fn is_inside_a_review() -> bool {
    std::env::var_os(MARK).is_some() || has_a_marked_ancestor()
}

#[cfg(target_os = "linux")]
fn has_a_marked_ancestor() -> bool {
    /// No tree of processes is that deep; a circle would be none.
    const DEEPEST: usize = 64;
    let mark = [MARK.as_bytes(), b"="].concat();
    let is_marked = |process: u32| {
        let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(&mark))
    };
    let ancestors = std::iter::successors(parent(std::process::id()), |process| parent(*process));
    ancestors.take(DEEPEST).any(is_marked)
}

#[cfg(not(target_os = "linux"))]
fn has_a_marked_ancestor() -> bool {
    false
}

/// The process that started this one; `None` for the first of the system.
#[cfg(target_os = "linux")]
fn parent(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // "7 (a name, with anything in it) S 3 ...": the name may have parentheses itself.
    let rest = stat.rsplit_once(')')?.1;
    rest.split_whitespace().nth(1)?.parse().ok().filter(|parent| *parent > 0)
}
