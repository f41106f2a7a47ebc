use finding::{Decisions, Resolution, Round};

/// What people had decided when a round was the newest of its branch; `rounds` are all of the branch, or those after it.
pub(crate) fn as_they_were(decisions: &Decisions, round: &Round, rounds: &[Round]) -> Decisions {
    let next = rounds.iter().filter(|other| other.number > round.number).map(|other| other.started).min();
    let held = |resolution: &Resolution| next.is_none_or(|next| resolution.at < next);
    let mut then = decisions.clone();
    then.resolutions.retain(|_, resolution| held(resolution));
    then.grades.retain(|_, grade| next.is_none_or(|next| grade.at < next));
    then
}
