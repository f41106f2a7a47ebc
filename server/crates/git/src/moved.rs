//! Where a file is that is not in its place any more. Told by its text, as git tells renames, so that it does not
//! matter who moved it, nor when.

use crate::blob_id;
use finding::RepoPath;
use std::collections::{BTreeMap, HashMap};

/// For each of the `missing` files (path and text), the one of `candidates` whose lines are most alike, if at least half
/// of them are. `read` gives the text of a candidate; each is read once, and one that cannot be read is passed over.
/// Blank files are found nowhere.
pub fn moved<T: AsRef<str>>(
    missing: &[(&RepoPath, &str)],
    candidates: impl IntoIterator<Item = RepoPath>,
    read: impl Fn(&RepoPath) -> Option<T>,
) -> BTreeMap<RepoPath, RepoPath> {
    let missing = || missing.iter().filter(|(_, text)| !text.trim().is_empty());
    if missing().next().is_none() {
        return BTreeMap::new();
    }
    let mut found: BTreeMap<RepoPath, (u32, RepoPath)> = BTreeMap::new();
    for candidate in candidates {
        let Some(text) = read(&candidate) else { continue };
        let best = missing().map(|(path, missed)| (alike(missed, text.as_ref()), *path));
        let best = best.filter(|(likeness, _)| *likeness >= 50).max_by_key(|(likeness, _)| *likeness);
        if let Some((likeness, path)) = best
            && found.get(path).is_none_or(|(before, _)| *before < likeness)
        {
            found.insert(path.clone(), (likeness, candidate));
        }
    }
    found.into_iter().map(|(path, (_, now))| (path, now)).collect()
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
