//! What a function takes, how it is called, and whether the two fit.

use std::collections::BTreeSet;

/// What a function takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    /// The fewest and the most arguments by position; no most where it takes any number.
    pub(super) least: usize,
    pub(super) most: Option<usize>,
    /// Names by which arguments may be given; none where any name may be.
    pub(super) keywords: Option<BTreeSet<String>>,
    /// Of those, the ones that have to be given.
    pub(super) needed: BTreeSet<String>,
    pub(super) is_method: bool,
}

impl Signature {
    pub(super) fn takes(&self, given: &Given) -> bool {
        let known = |key: &String| self.keywords.as_ref().is_none_or(|known| known.contains(key));
        let all = given.by_position + given.by_name.len();
        self.most.is_none_or(|most| given.by_position <= most)
            && all >= self.least
            && given.by_name.iter().all(known)
            && self.needed.iter().all(|key| given.by_name.contains(key))
    }

    /// How many, for people.
    pub(super) fn wants(&self) -> String {
        match (self.least, self.most) {
            (least, Some(most)) if least == most => most.to_string(),
            (least, Some(most)) => format!("{least} to {most}"),
            (least, None) => format!("{least} or more"),
        }
    }
}

/// What a call gives.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) by_position: usize,
    pub(super) by_name: Vec<String>,
}

/// How a callee is written: what is before its name, and the name.
pub(super) struct Callee<'t> {
    pub(super) owner: Option<&'t str>,
    pub(super) name: &'t str,
}
