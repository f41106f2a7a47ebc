//! A name that the branch took out of the code.

use finding::RepoPath;

/// What sort of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// An identifier.
    Identifier,
    /// A flag, a key or a variable of the environment: stood alone in a string.
    Literal,
    /// A file.
    Path,
}

/// A name that some changed code had and has no more.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    pub(super) name: String,
    /// What texts are searched for: the name; of a file, its name without its folders.
    pub(super) sought: String,
    pub(super) what: What,
    /// Whether the code defined it there. Of a name that was only used, nobody knows whose it is.
    pub(super) is_defined: bool,
    /// What it was, for people.
    pub(super) noun: &'static str,
    /// Where it was, in the base.
    pub(super) path: RepoPath,
    /// The line there, 1-based.
    pub(super) line: u32,
    /// What it is called now.
    pub(super) new: Option<String>,
    /// Whether it cannot be a word of a sentence: `two_words`, `twoWords`, `--flag`.
    pub(super) is_name_like: bool,
}

/// The nouns of definitions: what stands before a name where no grammar reads the text.
pub(super) fn noun_before(before: &str) -> Option<&'static str> {
    let word = before.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next()?;
    Some(match word {
        "fn" | "def" | "func" | "function" | "fun" | "defp" | "sub" => "function",
        "class" | "struct" | "enum" | "trait" | "interface" | "type" | "record" => "type",
        "const" | "static" => "constant",
        "mod" | "module" | "package" | "defmodule" => "module",
        _ if before.trim_start().starts_with("func (") => "method",
        _ => return None,
    })
}
