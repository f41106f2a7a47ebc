//! Fixes that undo each other: a loop that no further round would end.

use super::place::Change;
use finding::RepoPath;

/// What a fix that was taken changed, so that one that undoes it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    label: String,
    runs: Vec<Run>,
}

/// Lines that are other lines since, without the white space around them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    path: RepoPath,
    gone: String,
    come: String,
}

impl Made {
    pub(super) fn of(label: &str, change: &Change) -> Self {
        let files = change.files.iter();
        let runs = files.flat_map(|(path, (before, after))| {
            runs(path, before.as_deref().unwrap_or_default(), after.as_deref().unwrap_or_default())
        });
        Self { label: label.to_owned(), runs: runs.collect() }
    }

    /// The label of the finding that it is of.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Whether `later` puts back a run of lines that this took away, in place of what it put there.
    pub(super) fn is_undone_by(&self, later: &Self) -> bool {
        let is_back =
            |run: &Run, other: &Run| run.path == other.path && run.gone == other.come && run.come == other.gone;
        self.runs.iter().any(|run| later.runs.iter().any(|other| is_back(run, other)))
    }
}

fn runs(path: &RepoPath, before: &str, after: &str) -> Vec<Run> {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines::split(before).collect(), lines::split(after).collect());
    let text = |lines: Option<&[&str]>| {
        let lines = lines.unwrap_or_default().iter().map(|line| line.trim()).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    };
    let changes = lines::text_changes(before, after).into_iter();
    let runs = changes.map(|change| Run {
        path: path.clone(),
        gone: text(old.get(change.old)),
        come: text(new.get(change.new)),
    });
    // White space that comes and goes is no decision.
    runs.filter(|run| run.gone != run.come).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn made(path: &str, before: &str, after: &str) -> Made {
        let path = RepoPath::new(path).unwrap();
        let files = BTreeMap::from([(path, (Some(Arc::from(before)), Some(Arc::from(after))))]);
        Made::of("I1", &Change { files, diff: String::new() })
    }

    #[test]
    fn a_fix_that_puts_back_what_another_took_away_is_told_from_one_that_goes_on() {
        let (before, after) = ("a\nb\nc\nd\n", "a\nx\nc\nd\n");
        let first = made("f", before, after);
        for (name, later, is_undone) in [
            ("the whole of it", made("f", after, before), true),
            ("with another style", made("f", after, "a\n    b\nc\nd\n"), true),
            ("beside another change", made("f", "0\na\nx\nc\nd\n", "a\nb\nc\nd\n"), true),
            ("another way", made("f", after, "a\ny\nc\nd\n"), false),
            ("another place", made("f", after, "a\nx\nc\ne\n"), false),
            ("another file", made("g", after, before), false),
            ("the same again", made("f", before, after), false),
            ("an empty line that goes", made("f", "a\n\nb\n", "a\nb\n"), false),
        ] {
            assert_eq!(first.is_undone_by(&later), is_undone, "{name}");
        }
        let put_in = made("f", "a\nb\n", "a\nlog();\nb\n");
        assert!(put_in.is_undone_by(&made("f", "a\nlog();\nb\n", "a\nb\n")), "what was put in is taken out");
        assert!(!made("f", "a\n\n\nb\n", "a\n\nb\n").is_undone_by(&made("f", "a\n\nb\n", "a\n\n\nb\n")));
    }
}
