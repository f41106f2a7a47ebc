//! Where a reviewed file is that is not in its place any more. Told by its text, as git tells renames, so that it
//! does not matter who moved it, nor whether the server ran at the time.

use super::world::{Repo, read};
use finding::RepoPath;
use git::blob_id;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most files that are compared with those that are missing.
const MAX_CANDIDATES: usize = 500;

/// The files of the round that are missing, with where they are now: the new file whose lines are most alike, if at
/// least half of them are.
pub(crate) fn find(repo: &Repo, missing: &BTreeSet<RepoPath>) -> BTreeMap<RepoPath, RepoPath> {
    let wanted: Vec<(&RepoPath, &str)> = missing
        .iter()
        .filter_map(|path| Some((path, repo.frozen.get(path)?.text()?.as_ref())))
        .filter(|(_, text)| !text.trim().is_empty())
        .collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let mut found: BTreeMap<RepoPath, (u32, RepoPath)> = BTreeMap::new();
    for candidate in new_files(repo, &wanted) {
        let Some(text) = read(&repo.shown.join(candidate.as_str())) else { continue };
        let best = wanted.iter().map(|(path, frozen)| (alike(frozen, &text), *path));
        let best = best.filter(|(likeness, _)| *likeness >= 50).max_by_key(|(likeness, _)| *likeness);
        if let Some((likeness, path)) = best
            && found.get(path).is_none_or(|(before, _)| *before < likeness)
        {
            found.insert(path.clone(), (likeness, candidate));
        }
    }
    found.into_iter().map(|(path, (_, now))| (path, now)).collect()
}

/// Files of the work tree that the round's commit does not have, those with an ending that is looked for.
fn new_files(repo: &Repo, wanted: &[(&RepoPath, &str)]) -> Vec<RepoPath> {
    let Some(round) = repo.plan.as_ref().map(|plan| &plan.round) else { return Vec::new() };
    let endings: BTreeSet<Option<&str>> = wanted.iter().map(|(path, _)| path.extension()).collect();
    let new = repo.git.new_files(round.scope.head.as_ref()).unwrap_or_default();
    // What was reviewed in its place did not come from elsewhere.
    let fit = |path: &RepoPath| !round.texts.contains_key(path) && endings.contains(&path.extension());
    new.into_iter().filter(fit).take(MAX_CANDIDATES).collect()
}

/// How much of two texts is alike, in percent: by lines, wherever they are.
fn alike(a: &str, b: &str) -> u32 {
    if blob_id(a) == blob_id(b) {
        return 100;
    }
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for line in a.lines() {
        *counts.entry(line.trim_end()).or_default() += 1;
    }
    let (mut same, mut lines) = (0_usize, 0);
    for line in b.lines() {
        lines += 1;
        if let Some(left) = counts.get_mut(line.trim_end()).filter(|left| **left > 0) {
            *left -= 1;
            same += 1;
        }
    }
    let all = a.lines().count() + lines;
    u32::try_from(200 * same / all.max(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn texts_are_alike_by_their_lines() {
        for (a, b, percent) in [
            ("a\nb\n", "a\nb\n", 100),
            ("a\nb\n", "a\r\nb\r\n", 100),
            ("a\nb\nc\nd\n", "d\nc\nb\na\n", 100),
            ("a\nb\nc\nd\n", "a\nb\nx\ny\n", 50),
            ("a\na\na\na\n", "a\nx\ny\nz\n", 25),
            ("a\n", "b\n", 0),
            ("", "b\n", 0),
        ] {
            assert_eq!(alike(a, b), percent, "{a:?} {b:?}");
        }
    }
}
