//! What is said where there is nothing to review.

use finding::RoundScope;

/// Why there is nothing to review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingDiffers {
    /// A sentence without its full stop, which begins in lower case.
    pub says: String,
    /// Whether what is checked out is itself what branches are compared with: its last commit can be reviewed instead.
    pub is_base: bool,
}

/// Why there is nothing to review in a scope that was found and is empty.
#[must_use]
pub fn nothing_differs(scope: &RoundScope) -> NothingDiffers {
    let RoundScope { branch, base_name, .. } = scope;
    let same = branch.as_deref().filter(|branch| base_name.rsplit_once('/').is_some_and(|(_, name)| name == *branch));
    match (branch, same) {
        (Some(branch), _) if base_name == "HEAD" => NothingDiffers {
            says: format!("'{branch}' is itself what branches are compared with, and nothing in it is uncommitted"),
            is_base: true,
        },
        (_, Some(branch)) => NothingDiffers {
            says: format!("'{branch}' is itself what branches are compared with, and all of it is in {base_name}"),
            is_base: true,
        },
        _ => NothingDiffers { says: format!("nothing differs from {base_name}"), is_base: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_base_itself_that_is_said() {
        let of = |branch: Option<&str>, base: &str| {
            let scope = RoundScope {
                branch: branch.map(Into::into),
                base_name: base.into(),
                base: None,
                head: None,
                uncommitted: true,
            };
            let NothingDiffers { says, is_base } = nothing_differs(&scope);
            (is_base, says)
        };
        let base = "'main' is itself what branches are compared with, and";
        assert_eq!(of(Some("main"), "HEAD"), (true, format!("{base} nothing in it is uncommitted")));
        assert_eq!(of(Some("main"), "origin/main"), (true, format!("{base} all of it is in origin/main")));
        assert_eq!(of(Some("topic"), "main"), (false, "nothing differs from main".into()));
        assert_eq!(of(Some("topic"), "origin/main"), (false, "nothing differs from origin/main".into()));
        assert_eq!(of(None, "HEAD"), (false, "nothing differs from HEAD".into()));
    }
}
