//! Files that the branch deleted or renamed, and how texts name them: by their path from the top, by a path from the
//! text's own folder, by the end of a path, by the bare name.

use super::gone::{Gone, What};
use crate::remark::{is_sample, line_text};
use finding::{RepoPath, written_in};
use git::{ChangeKind, Snapshot};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Names that many projects have, and that say nothing without their folder.
const USUAL: &[&str] = &[
    "index",
    "main",
    "mod",
    "lib",
    "readme",
    "__init__",
    "__main__",
    "setup",
    "config",
    "conftest",
    "test",
    "tests",
    "util",
    "utils",
    "types",
    "build",
    "changelog",
    "license",
    "example",
    "examples",
    "app",
    "server",
    "client",
    "script",
    "run",
    "install",
    "common",
    "helpers",
    "error",
    "errors",
    "constants",
    "models",
    "install",
    "start",
];

/// Files that people write by hand. A name with another ending may be that of a file which is made, or the user's own.
const WRITTEN: &[&str] = &[
    "rs", "go", "py", "pyi", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "c", "h", "cc", "cpp", "hpp",
    "java", "kt", "cs", "swift", "rb", "php", "sh", "sql", "lua", "md", "rst", "adoc",
];

/// Files that are not there any more.
pub(super) fn gone_files(snapshot: &Snapshot) -> Vec<Gone> {
    let moved = snapshot.files().iter().filter_map(|file| match &file.kind {
        ChangeKind::Deleted => Some((&file.path, None)),
        ChangeKind::Renamed { from } => Some((from, Some(&file.path))),
        ChangeKind::Added | ChangeKind::Modified | ChangeKind::Copied { .. } => None,
    });
    let moved = moved.chain(snapshot.moved().iter().map(|(from, to)| (from, Some(to))));
    moved
        .map(|(path, new)| Gone {
            name: path.to_string(),
            sought: path.file_name().to_owned(),
            what: What::Path,
            is_defined: true,
            noun: "file",
            path: path.clone(),
            line: 1,
            new: new.map(ToString::to_string),
            is_name_like: true,
        })
        .collect()
}

/// The files that are there.
pub(super) struct There<'p> {
    paths: HashSet<&'p str>,
    by_name: HashMap<&'p str, Vec<&'p str>>,
    /// The names of folders and files, without endings.
    parts: HashSet<&'p str>,
}

impl<'p> There<'p> {
    pub(super) fn new(paths: &'p [RepoPath]) -> Self {
        let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in paths {
            by_name.entry(path.file_name()).or_default().push(path.as_str());
        }
        let parts = paths.iter().flat_map(|p| p.as_str().split('/')).map(|part| part.split('.').next().unwrap_or(part));
        Self { paths: paths.iter().map(RepoPath::as_str).collect(), by_name, parts: parts.collect() }
    }

    /// Whether a file or a folder of the repository has that name, with or without its ending.
    pub(super) fn has_part(&self, name: &str) -> bool {
        self.parts.contains(name)
    }

    fn has_end(&self, end: &str) -> bool {
        let same_name = self.by_name.get(end.rsplit('/').next().unwrap_or(end));
        same_name.is_some_and(|paths| paths.iter().any(|p| ends_with_path(p, end)))
    }
}

/// How a text names a file.
pub(super) struct Named {
    /// The whole of it, in bytes of the text.
    pub(super) at: Range<usize>,
    /// What it should say now, where the file has another name.
    pub(super) now: Option<String>,
}

/// Reads the path around the file name at `at` of a text in `from`; `None` if it does not mean `gone`, or may mean
/// another file that is there.
pub(super) fn named(from: &RepoPath, text: &str, at: &Range<usize>, gone: &Gone, there: &There<'_>) -> Option<Named> {
    let bytes = text.as_bytes();
    let joins = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/' | b'.' | b'@' | b'+') || b >= 0x80;
    let start = bytes[..at.start].iter().rposition(|b| !joins(*b)).map_or(0, |i| i + 1);
    let goes_on = |i: usize| bytes.get(i).is_some_and(|b| joins(*b));
    // A full stop ends a sentence.
    let ends_sentence = bytes.get(at.end) == Some(&b'.') && !goes_on(at.end + 1);
    if goes_on(at.end) && !ends_sentence {
        return None;
    }
    let token = &text[start..at.end];
    if token.starts_with("//")
        || token.starts_with('/')
        || (start > 0 && matches!(bytes[start - 1], b':' | b'*' | b'$' | b'}'))
    {
        return None;
    }
    let folder = from.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    let here = written_in(folder, token)?;
    let path = gone.path.as_str();
    let plain = token.trim_start_matches("./");
    if there.paths.contains(here.as_str()) || there.paths.contains(plain) || there.has_end(plain) {
        return None;
    }
    let new = gone.new.as_deref();
    let now = if plain == path && (plain.contains('/') || is_distinct(&gone.path) || is_link(bytes, start)) {
        new.map(str::to_owned)
    } else if here == path && (token.contains('/') || is_distinct(&gone.path) || is_link(bytes, start)) {
        new.map(|new| relative(folder, new))
    } else if !token.contains("..")
        && !token.starts_with("./")
        && ends_with_path(path, plain)
        && !is_sample(&gone.path)
        && (plain.contains('/') || is_distinct(&gone.path))
    {
        // Only where no more than the shown end of the path changed.
        let rest = &path[..path.len() - plain.len()];
        new.and_then(|new| new.strip_prefix(rest)).map(str::to_owned)
    } else {
        return None;
    };
    // The trace of a failure is as it was recorded: `at src/load.rs:42`.
    let has_line = text[at.end..].strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if has_line && text[..start].trim_end_matches(' ').ends_with("at") {
        return None;
    }
    // "Create a file named …": the reader's own.
    let line = line_text(text, at.start).to_ascii_lowercase();
    if !plain.contains('/') && ["file named", "file called", "file with the name"].iter().any(|w| line.contains(w)) {
        return None;
    }
    let start = start + token.len() - plain.len();
    // Without a folder it may be a word about files in general, unless it is marked as this one.
    let is_marked = plain.contains('/') || here == path || is_quoted(bytes, start, at.end);
    is_marked.then(|| Named {
        at: if token.starts_with("./") && here == path { start - 2..at.end } else { start..at.end },
        now,
    })
}

/// Whether a link leads there: `](` stands before.
fn is_link(bytes: &[u8], start: usize) -> bool {
    bytes[..start].ends_with(b"](") || bytes[..start].ends_with(b"](./")
}

fn is_quoted(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|i| bytes[i]);
    matches!((before, bytes.get(end)), (Some(b'`'), Some(b'`')) | (Some(b'('), Some(b')')) | (Some(b'<'), Some(b'>')))
}

fn is_distinct(path: &RepoPath) -> bool {
    let (name, folders) = (path.file_name(), path.as_str().rsplit_once('/').map_or("", |(folders, _)| folders));
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let is_sample = |part: &str| ["test", "fixture", "example", "sample", "snap"].iter().any(|w| part.contains(w));
    stem.len() >= 4
        && !USUAL.contains(&stem.as_str())
        && path.extension().is_some_and(|e| WRITTEN.contains(&e))
        && !folders.split('/').any(is_sample)
}

fn ends_with_path(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// A path as a text of `folder` writes it.
fn relative(folder: &str, path: &str) -> String {
    let folder: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    let parts: Vec<&str> = path.split('/').collect();
    let shared = folder.iter().zip(&parts[..parts.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", folder.len() - shared);
    up.chain(parts[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_from_where_they_stand() {
        for (folder, path, token) in
            [("docs", "docs/new.md", "new.md"), ("docs/deep", "src/a.rs", "../../src/a.rs"), ("", "a/b.rs", "a/b.rs")]
        {
            assert_eq!(relative(folder, path), token);
        }
    }
}
