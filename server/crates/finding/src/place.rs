use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::sync::Arc;

/// A path inside the repository: UTF-8, relative, `/` between parts, no `.`/`..`/empty parts.
///
/// Made only by [`RepoPath::new`], so a value never leads out of the repository by its text. (A symbolic
/// link on disk still can; whoever writes files checks that.)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
// A clone shares the text.
pub struct RepoPath(Arc<str>);

/// Why a text is not a [`RepoPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{path}' is not a path inside the repository: {why}")]
pub struct RepoPathError {
    path: String,
    why: &'static str,
}

impl RepoPath {
    /// Checks and normalises `path`: backslashes are kept (they are legal on Unix), a leading `./` goes.
    ///
    /// # Errors
    /// Absolute paths, `..`, `.git` as a part (in any case), NUL, and the empty path are refused.
    pub fn new(path: impl Into<String>) -> Result<Self, RepoPathError> {
        let mut path: String = path.into();
        while path.starts_with("./") {
            path.drain(..2);
        }
        let why = if path.is_empty() {
            "it is empty"
        } else if path.starts_with('/') {
            "it is absolute"
        } else if path.contains('\0') {
            "it has a NUL byte"
        } else {
            match path.split('/').find_map(Self::bad_part) {
                Some(why) => why,
                None => return Ok(Self(Arc::from(path))),
            }
        };
        Err(RepoPathError { path, why })
    }

    /// A path that is known to be one.
    pub(crate) fn known(path: &'static str) -> Self {
        debug_assert!(Self::new(path).is_ok());
        Self(Arc::from(path))
    }

    fn bad_part(part: &str) -> Option<&'static str> {
        match part {
            "" | "." => Some("it has an empty part"),
            ".." => Some("it leads out of the repository"),
            _ if part.eq_ignore_ascii_case(".git") => Some("it leads into .git"),
            _ => None,
        }
    }

    /// The text, as in `git ls-files`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folders that it is in, the outermost first; the top is not among them.
    pub fn folders(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// The folder that it is in; empty at the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// What follows the last `.` of the file name, without the dot; `None` for none and for dot files.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        match self.file_name().rsplit_once('.') {
            Some((stem, ext)) if !stem.is_empty() => Some(ext),
            _ => None,
        }
    }
}

/// A path that is written in a text of `folder` (empty at the top), as seen from the top; `None` if it leads out of the
/// repository. Empty for the top itself.
#[must_use]
pub fn written_in(folder: &str, written: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Lines `start..=end`, 1-based; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct LineRange {
    start: u32,
    end: u32,
}

impl LineRange {
    /// Lines `start..=end`. A 0 becomes 1 and swapped ends are put right: agents give both.
    #[must_use]
    pub fn new(start: u32, end: u32) -> Self {
        let (a, b) = (start.max(1), end.max(1));
        Self { start: a.min(b), end: a.max(b) }
    }

    /// The single line `line`.
    #[must_use]
    pub fn line(line: u32) -> Self {
        Self::new(line, line)
    }

    /// First line, 1-based.
    #[must_use]
    pub fn start(self) -> u32 {
        self.start
    }

    /// Last line, 1-based, included.
    #[must_use]
    pub fn end(self) -> u32 {
        self.end
    }

    /// Number of lines, at least 1.
    #[must_use]
    pub fn count(self) -> u32 {
        self.end - self.start + 1
    }

    /// Whether both ranges have a line in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// Number of lines between the ranges; 0 where they overlap or touch.
    #[must_use]
    pub fn distance(self, other: Self) -> u32 {
        if self.overlaps(other) {
            0
        } else if self.end < other.start {
            other.start - self.end - 1
        } else {
            self.start - other.end - 1
        }
    }
}

impl<'de> Deserialize<'de> for LineRange {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Plain {
            start: u32,
            end: u32,
        }
        let Plain { start, end } = Plain::deserialize(d)?;
        Ok(Self::new(start, end))
    }
}

impl fmt::Display for LineRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.start == self.end { write!(f, "{}", self.start) } else { write!(f, "{}-{}", self.start, self.end) }
    }
}

/// Where a finding sits in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// The file, by its name in the snapshot (for a deleted file: its name in the base).
    pub path: RepoPath,
    /// The lines in the snapshot; `None` when the whole file is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineRange>,
    /// The code that was quoted, verbatim, as the agent gave it; what the anchor is found again by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

impl Anchor {
    /// The whole of `path`.
    #[must_use]
    pub fn file(path: RepoPath) -> Self {
        Self { path, lines: None, quote: None }
    }

    /// Lines of `path`.
    #[must_use]
    pub fn lines(path: RepoPath, lines: LineRange) -> Self {
        Self { path, lines: Some(lines), quote: None }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines {
            Some(lines) => write!(f, "{}:{lines}", self.path),
            None => write!(f, "{}", self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_knows_its_folders_and_what_is_written_in_them() {
        let path = RepoPath::new("a/b/c.rs").unwrap();
        assert_eq!(path.folders().collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!((path.folder(), RepoPath::new("c.rs").unwrap().folder()), ("a/b", ""));
        for (folder, written, leads) in [
            ("docs", "../src/a.rs", Some("src/a.rs")),
            ("docs/deep", "./b.md", Some("docs/deep/b.md")),
            ("docs", "..", Some("")),
            ("", "a//b.rs", Some("a/b.rs")),
            ("", "../a.rs", None),
            ("docs", "../../a.rs", None),
        ] {
            assert_eq!(written_in(folder, written).as_deref(), leads, "{folder} {written}");
        }
    }

    #[test]
    fn repo_paths_stay_inside() {
        for good in ["a", "a/b.rs", "./a", "ä b/\"x\".md", "a\\b", ".github/x", ".gitignore", "a\nb"] {
            assert!(RepoPath::new(good).is_ok(), "{good:?}");
        }
        for bad in ["", "/a", "../a", "a/../../b", "a//b", "a/", ".git/config", "sub/.GIT/hooks/x", "a\0b", "."] {
            assert!(RepoPath::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn line_ranges_forgive_what_agents_write() {
        assert_eq!(LineRange::new(0, 0), LineRange::line(1));
        assert_eq!(LineRange::new(9, 3), LineRange::new(3, 9));
        assert_eq!(LineRange::new(1, 3).distance(LineRange::new(6, 7)), 2);
        assert_eq!(LineRange::new(6, 7).distance(LineRange::new(1, 3)), 2);
        assert_eq!(LineRange::new(1, 3).distance(LineRange::new(3, 7)), 0);
    }
}
