//! What a suggestion says, whatever format it was written in.

use super::{Refusal, elision};
use finding::RepoPath;

/// A suggestion: the files it changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {
    /// In the order of the text. At least one, where it comes from [`super::parse()`].
    pub files: Vec<FilePatch>,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FileChange {
    /// Its text changes.
    #[default]
    Edit,
    /// It is new; the hunks hold its text.
    Create,
    /// It goes away.
    Delete,
    /// It gets another name, and perhaps another text.
    Rename,
}

/// The part of a [`Patch`] for one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePatch {
    /// The name after the change, as written, without `a/` or `b/`; `None` where the suggestion names no file.
    pub path: Option<String>,
    /// The name before the change, where it is another.
    pub old_path: Option<String>,
    /// What happens to it.
    pub change: FileChange,
    /// The changes of its text, in the order of the suggestion.
    pub hunks: Vec<Hunk>,
}

/// One change of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hunk {
    /// The first old line that a header `@@ -N` or `:start_line:N` gave; models get it wrong as often as right.
    pub start: Option<u32>,
    /// What follows the second `@@`: the enclosing symbol, or in apply-patch envelopes a line above.
    pub section: Option<String>,
    /// The line after which a header `@@ -N,0` puts what is added (0: before the first).
    pub after: Option<u32>,
    /// Whether it ends where the file does (`*** End of File`).
    pub at_end: bool,
    /// The change itself.
    pub body: HunkBody,
}

/// The ways to write down a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HunkBody {
    /// Lines with their marks, as in a diff.
    Lines(Vec<HunkLine>),
    /// One text in place of another, which may begin and end inside of lines.
    Replace {
        /// The text to look for.
        old: String,
        /// The text to put there.
        new: String,
        /// How many of the places are meant.
        times: Times,
    },
    /// New lines in place of the lines that the finding cites (a `suggestion` block).
    Suggestion(String),
    /// New text of a function or block, which is found by its first line.
    Block(String),
}

/// How often a text is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Times {
    /// At the one place that is meant.
    Once,
    /// Wherever it is (`"replace_all": true`).
    Every,
    /// Wherever it is, if that is so often (`"expected_replacements": 3`).
    Exactly(u32),
}

impl Default for HunkBody {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

/// What a line of a diff is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Stays.
    Context,
    /// Goes.
    Removed,
    /// Comes.
    Added,
}

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HunkLine {
    /// What it is there for.
    pub op: Op,
    /// The line without its mark and its ending.
    pub text: String,
    /// Whether a context line came without the blank in front that marks it.
    pub bare: bool,
    /// Whether `\ No newline at end of file` follows.
    pub no_newline: bool,
}

impl HunkLine {
    pub(super) fn new(op: Op, text: impl Into<String>) -> Self {
        Self { op, text: text.into(), bare: false, no_newline: false }
    }

    pub(super) fn is_old(&self) -> bool {
        self.op != Op::Added
    }

    pub(super) fn is_new(&self) -> bool {
        self.op != Op::Removed
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub(super) fn is_elision(&self) -> bool {
        elision::is_elision(&self.text)
    }
}

impl Patch {
    /// The part for `path`: the only one, or the one whose name ends alike (agents write names relative to any
    /// folder above the file, and absolute ones).
    pub(super) fn for_path(&self, path: Option<&RepoPath>) -> Result<&FilePatch, Refusal> {
        let Some(first) = self.files.first() else {
            return Err(Refusal::Unreadable("it has no hunks".to_owned()));
        };
        let Some(path) = path else {
            return match &self.files[..] {
                [only] => Ok(only),
                _ => Err(Refusal::Unreadable("it changes several files".to_owned())),
            };
        };
        let mut best: Option<(usize, &FilePatch)> = None;
        for file in &self.files {
            let names = [file.path.as_deref(), file.old_path.as_deref()];
            let score = if names == [None, None] {
                Some(0)
            } else {
                names.into_iter().flatten().filter_map(|name| alike(name, path.as_str())).max()
            };
            if let Some(score) = score
                && best.is_none_or(|(b, _)| score > b)
            {
                best = Some((score, file));
            }
        }
        best.map(|(_, file)| file).ok_or_else(|| Refusal::OtherFile {
            path: first.path.clone().or_else(|| first.old_path.clone()).unwrap_or_default(),
        })
    }
}

/// How many parts at the end of two names are the same, where one of the names is the end of the other.
pub(super) fn alike(a: &str, b: &str) -> Option<usize> {
    let parts = |s: &'_ str| s.trim_start_matches("./").replace('\\', "/");
    let (a, b) = (parts(a), parts(b));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let short = short.trim_start_matches('/');
    let rest = long.strip_suffix(short)?;
    (rest.is_empty() || rest.ends_with('/')).then(|| short.split('/').count())
}
