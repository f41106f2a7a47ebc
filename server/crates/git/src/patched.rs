//! A diff from elsewhere, applied to a commit. The texts that it makes are objects of a database in memory: nothing is
//! written, neither to the work tree nor to the user's repository.

use super::changes::{Change, RawPath, Side, collect, diff_options, tree};
use super::{GitError, Repository};
use git2::{ApplyOptions, Diff, Oid};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Larger diffs are not read, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// The database in memory is asked and written before the one on disk.
const FIRST: i32 = 1000;

/// What a diff does.
pub(crate) struct Patched {
    /// What differs; the new sides of regular files and links have no blob.
    pub(crate) changes: Vec<Change>,
    /// Their bytes, as the object database would have them.
    pub(crate) given: BTreeMap<RawPath, Vec<u8>>,
}

impl Repository {
    /// Applies a unified diff to a commit's tree. Each hunk must be where its context and its removed lines are.
    ///
    /// # Errors
    /// [`GitError::BadPatch`] where it is no diff or does not fit.
    pub(crate) fn patched(&self, commit: Option<Oid>, diff: &[u8]) -> Result<Patched, GitError> {
        let bad = |why: &str| GitError::BadPatch { why: why.to_owned() };
        if diff.len() > MOST_BYTES {
            return Err(bad("it has more than 64 MiB"));
        }
        if diff.is_empty() {
            return Err(bad("there is no change in it"));
        }
        // A handle of its own: with the database in memory it must not be lent to anybody else.
        let repo = self.another()?;
        let odb = repo.odb().map_err(GitError::git("open the object database"))?;
        let memory = odb.add_new_mempack_backend(FIRST).map_err(GitError::git("make a database in memory"));
        memory?;
        let before = match tree(&repo, commit)? {
            Some(tree) => tree,
            None => {
                let empty = repo.treebuilder(None).and_then(|b| b.write()).and_then(|id| repo.find_tree(id));
                empty.map_err(GitError::git("make an empty tree"))?
            }
        };
        let text_of = |path: &str| -> Option<Vec<u8>> {
            let entry = before.get_path(Path::new(path)).ok()?;
            Some(repo.find_blob(entry.id()).ok()?.content().to_vec())
        };
        let diff = moved_to_place(&with_headers(diff), &text_of);
        let parsed = Diff::from_buffer_ext(&diff, self.object_format()).map_err(|e| bad(e.message()))?;
        if parsed.deltas().len() == 0 {
            return Err(bad("there is no change in it"));
        }
        let index = repo
            .apply_to_tree(&before, &parsed, Some(&mut ApplyOptions::new()))
            .map_err(|e| bad(&refusal(&repo, &before, &parsed, e.message())))?;
        let mut options = diff_options();
        let diff = repo
            .diff_tree_to_index(Some(&before), Some(&index), Some(&mut options))
            .map_err(GitError::git("compare HEAD with the patch"))?;
        let mut given = BTreeMap::new();
        let mut changes = Vec::new();
        for (path, change) in collect(&diff, Some(&before), None) {
            let blob = change.new.and_then(|side| side.blob).and_then(|id| repo.find_blob(id).ok());
            let new = match (change.new, blob) {
                (Some(side), Some(blob)) => {
                    given.insert(path.clone(), blob.content().to_vec());
                    Some(Side { blob: None, ..side })
                }
                (new, _) => new,
            };
            changes.push(Change { path, old: change.old, new });
        }
        Ok(Patched { changes, given })
    }
}

/// What stands in the way, with the file: libgit2 says what but not where.
fn refusal(repo: &git2::Repository, before: &git2::Tree<'_>, diff: &Diff<'_>, said: &str) -> String {
    let mut out = said.to_owned();
    for number in 0..diff.deltas().len() {
        let Some(path) = diff.get_delta(number).and_then(|d| Some(d.new_file().path()?.to_owned())) else { continue };
        let mut only = ApplyOptions::new();
        let wanted = path.clone();
        only.delta_callback(move |delta| delta.is_some_and(|d| d.new_file().path() == Some(&*wanted)));
        if repo.apply_to_tree(before, diff, Some(&mut only)).is_err() {
            let _ = write!(out, "; in {}", path.display());
            break;
        }
    }
    out
}

/// The diff with a `diff --git` line before each file that has none, as `diff -u` writes it: libgit2 reads no others.
fn with_headers(diff: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = diff.split_inclusive(|b| *b == b'\n').collect();
    if lines.iter().any(|line| line.starts_with(b"diff --git ")) {
        return diff.to_vec();
    }
    let name = |line: &[u8], mark: &[u8]| -> Option<Vec<u8>> {
        let rest = line.strip_prefix(mark)?;
        let end = rest.iter().position(|b| matches!(b, b'\t' | b'\r' | b'\n')).unwrap_or(rest.len());
        Some(rest[..end].to_vec())
    };
    let is_none = |name: &[u8]| name == b"/dev/null";
    // "a/x" and "b/x" of git, else the path as it is.
    let bare = |name: &[u8]| -> Vec<u8> {
        let rest = name.strip_prefix(b"a/").or_else(|| name.strip_prefix(b"b/")).unwrap_or(name);
        rest.to_vec()
    };
    let mut out = Vec::with_capacity(diff.len() + 200);
    let mut at = 0;
    // Lines of a hunk that are still to come, old and new: "--- x" in one is a line that is taken out.
    let mut left = (0_u32, 0_u32);
    while let Some(line) = lines.get(at) {
        let pair = if left == (0, 0) {
            name(line, b"--- ").zip(lines.get(at + 1).and_then(|next| name(next, b"+++ ")))
        } else {
            None
        };
        if let Some((old, new)) = pair {
            let path = if is_none(&new) { bare(&old) } else { bare(&new) };
            let both = [b"diff --git a/".as_slice(), &path, b" b/", &path, b"\n"].concat();
            out.extend(both);
            if is_none(&old) {
                out.extend(b"new file mode 100644\n");
            } else if is_none(&new) {
                out.extend(b"deleted file mode 100644\n");
            }
            let side = |mark: &[u8], letter: &[u8], name: &[u8]| match is_none(name) {
                true => [mark, b"/dev/null\n"].concat(),
                false => [mark, letter, path.as_slice(), b"\n"].concat(),
            };
            out.extend(side(b"--- ", b"a/", &old));
            out.extend(side(b"+++ ", b"b/", &new));
            at += 2;
            continue;
        }
        match line.first() {
            Some(b'@') if left == (0, 0) => left = counts(line).unwrap_or((0, 0)),
            Some(b'-') => left.0 = left.0.saturating_sub(1),
            Some(b'+') => left.1 = left.1.saturating_sub(1),
            Some(b'\\') => {}
            _ => left = (left.0.saturating_sub(1), left.1.saturating_sub(1)),
        }
        out.extend_from_slice(line);
        at += 1;
    }
    out
}

/// The diff with each hunk's numbers those of the place where its old lines are, if they are not where it says and are in
/// one place only: libgit2 does not look for them.
fn moved_to_place(diff: &[u8], text_of: &dyn Fn(&str) -> Option<Vec<u8>>) -> Vec<u8> {
    let lines: Vec<&[u8]> = diff.split_inclusive(|b| *b == b'\n').collect();
    let mut out = Vec::with_capacity(diff.len());
    let mut old: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(name) = line.strip_prefix(b"--- ") {
            let name = name.strip_prefix(b"a/").unwrap_or(name);
            let end = name.iter().position(|b| matches!(b, b'\t' | b'\r' | b'\n')).unwrap_or(name.len());
            old = std::str::from_utf8(&name[..end]).ok().and_then(text_of);
        }
        let Some((old_count, new_count)) = counts(line) else {
            out.extend_from_slice(line);
            continue;
        };
        let hunk = body(&lines[at..], (old_count, new_count));
        let before: Vec<&[u8]> =
            hunk.iter().filter(|l| matches!(l.first(), Some(b' ' | b'-'))).map(|l| &l[1..]).collect();
        let place = old.as_deref().and_then(|text| place(text, &before, start(line)?));
        match place {
            Some(place) => out.extend(format!("@@ -{place},{old_count} +{place},{new_count} @@\n").into_bytes()),
            None => out.extend_from_slice(line),
        }
        hunk.iter().for_each(|l| out.extend_from_slice(l));
        at += hunk.len();
    }
    out
}

/// The lines of a hunk with these counts.
fn body<'l, 'd>(lines: &'l [&'d [u8]], (mut old, mut new): (u32, u32)) -> &'l [&'d [u8]] {
    let mut taken = 0;
    for line in lines {
        let is_note = line.first() == Some(&b'\\');
        if (old, new) == (0, 0) && !is_note {
            break;
        }
        match line.first() {
            Some(b'-') => old = old.saturating_sub(1),
            Some(b'+') => new = new.saturating_sub(1),
            Some(b'\\') => {}
            _ => (old, new) = (old.saturating_sub(1), new.saturating_sub(1)),
        }
        taken += 1;
    }
    &lines[..taken]
}

/// The 1-based line where these lines are, if that is not `said` and is the only one.
fn place(text: &[u8], before: &[&[u8]], said: u32) -> Option<usize> {
    let bare = |line: &[u8]| -> Vec<u8> { line.strip_suffix(b"\n").unwrap_or(line).to_vec() };
    let text: Vec<Vec<u8>> = text.split_inclusive(|b| *b == b'\n').map(bare).collect();
    let before: Vec<Vec<u8>> = before.iter().map(|line| bare(line)).collect();
    if before.is_empty() || before.len() > text.len() {
        return None;
    }
    let is_at = |line: usize| text.get(line - 1..line - 1 + before.len()).is_some_and(|part| *part == before[..]);
    let said = usize::try_from(said).ok().filter(|said| *said > 0)?;
    if is_at(said) {
        return None;
    }
    let mut places = (1..=text.len() - before.len() + 1).filter(|line| is_at(*line));
    match (places.next(), places.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The old start of `@@ -1,2 +3,4 @@`.
fn start(line: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(line).ok()?.strip_prefix("@@ -")?;
    text.split([',', ' ']).next()?.parse().ok()
}

/// The counts of `@@ -1,2 +3,4 @@`.
fn counts(line: &[u8]) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(line).ok()?;
    let (old, rest) = text.strip_prefix("@@ -")?.split_once(" +")?;
    let new = rest.split_once(" @@")?.0;
    let count = |side: &str| side.split_once(',').map_or(Some(1), |(_, n)| n.parse().ok());
    Some((count(old)?, count(new)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_diff_gets_the_lines_that_git_writes() {
        let plain = "--- old/a.txt\t2026-01-01\n+++ b/a.txt\t2026-01-02\n@@ -1,2 +1,2 @@\n--- not a header\n+++ nor this\n same\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n";
        let text = String::from_utf8(with_headers(plain.as_bytes())).unwrap();
        assert_eq!(
            text,
            "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n--- not a header\n+++ nor this\n same\n\
             diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n"
        );
        let of_git = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n";
        assert_eq!(with_headers(of_git), of_git);
    }
}
