//! Whether a change can have changed what a function takes, told by the words of its lines: a file of which that is certain
//! that it did not is never parsed for it. What is in doubt may have.

use crate::remark::{is_open, old_path, runs_as_bytes};
use finding::RepoPath;
use git::ChangedFile;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A head goes on for at most so many bytes, as far as is looked.
const LONGEST_HEAD: usize = 8192;

/// What begins the head of a function, and what ends it where no bracket is open.
struct Heads {
    begin: Regex,
    end: &'static [u8],
    /// Whether only what ends with `{` is one: the others are calls.
    with_body: bool,
}

const BRACES: &[u8] = b"{;}";

/// By what languages are written in: those whose functions have a word of their own, then those whose functions look like
/// calls, with a type before or without.
static HEADS: LazyLock<Vec<(&[&str], Heads)>> = LazyLock::new(|| {
    const SCRIPT: &str = r"\bfunction\b|(?:^|[\s{};,*])[\w$]{4,}\s*\??\s*(?:<[^;{}]{0,200}>)?\s*\(";
    const TYPED: &str = r"[\w>)\]?*&]\s+(?:\w+\.)*\w{4,}\s*(?:<[^;{}()]{0,200}>)?\s*\(";
    let all: [(&[&str], &str, &[u8], bool); 9] = [
        (&["rs"], r"\bfn\b", BRACES, false),
        (&["go"], r"\bfunc\b|(?:^|[\n{;])[ \t]*\w{4,}\(", BRACES, false),
        (&["py", "pyi"], r"\bdef\b", b":", false),
        (&["rb", "rake", "gemspec"], r"\bdef\b", b"\n;", false),
        (&["php"], r"(?i)\bfunction\b", BRACES, false),
        (&["kt", "kts"], r"\bfun\b", b"{;}=", false),
        (&["js", "jsx", "mjs", "cjs"], SCRIPT, BRACES, true),
        (&["ts", "tsx", "mts", "cts", "vue", "svelte"], SCRIPT, BRACES, false),
        (&["java", "cs", "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "hxx"], TYPED, BRACES, false),
    ];
    let heads = all.into_iter().filter_map(|(endings, begin, end, with_body)| {
        let begin = Regex::new(begin).ok()?;
        Some((endings, Heads { begin, end, with_body }))
    });
    heads.collect()
});

/// Whether the change can have changed what a function takes that has its name before and after. It has not where none of its
/// lines is in a function's head, and none may turn code into a comment or a comment into code.
pub(super) fn may_change_a_signature(file: &ChangedFile) -> bool {
    let (Some(old), Some(new)) = (file.old.as_deref(), file.new.as_deref()) else { return false };
    let taken_out = file.hunks.iter().map(|h| (h.old_start, h.old_count));
    let put_in = file.hunks.iter().map(|h| (h.new_start, h.new_count));
    touches_a_head(old_path(file), old, taken_out) || touches_a_head(&file.path, new, put_in)
}

/// Whether one of the runs of lines (the first, 1-based, and how many) touches the head of a function.
fn touches_a_head(path: &RepoPath, text: &str, runs: impl Iterator<Item = (u32, u32)>) -> bool {
    let runs: Vec<Range<usize>> = runs_as_bytes(text, runs);
    let ending = path.extension().unwrap_or("");
    let Some((_, heads)) = HEADS.iter().find(|(endings, _)| endings.contains(&ending)) else {
        // Functions of the shell have no list of what they take.
        return !matches!(ending, "sh" | "bash");
    };
    if runs.iter().any(|run| is_open(&text[run.clone()])) {
        return true;
    }
    let Some(last) = runs.last() else { return false };
    let begins = heads.begin.find_iter(&text[..last.end]).filter(|begin| {
        // What ends before every run that comes after it is of no account.
        let next = runs.partition_point(|run| run.end <= begin.start());
        runs.get(next).is_some_and(|run| run.start < begin.start() + LONGEST_HEAD)
    });
    for begin in begins {
        let (end, by) = end_of_head(text, begin.start(), begin.end(), heads.end);
        let next = runs.partition_point(|run| run.end <= begin.start());
        let is_touched = runs.get(next).is_some_and(|run| run.start < end);
        if is_touched && (!heads.with_body || by == Some(b'{') || begin.as_str().contains("function")) {
            return true;
        }
    }
    false
}

/// Where the head ends that begins at `start`, of which `at` is behind the first word, and by which sign; at the end of what is
/// looked at where there is a comment or a text in it, which may have any sign.
fn end_of_head(text: &str, start: usize, at: usize, ends: &[u8]) -> (usize, Option<u8>) {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(start + LONGEST_HEAD);
    let mut depth = bytes[start..at].iter().filter(|b| **b == b'(').count();
    for (i, b) in bytes.iter().enumerate().take(limit).skip(at) {
        match b {
            b'"' | b'`' | b'#' => return (limit, Some(b'{')),
            b'/' if matches!(bytes.get(i + 1), Some(b'/' | b'*')) => return (limit, Some(b'{')),
            // A list that ends with a comma goes on in the next line.
            b'\n' if depth == 0 && ends.contains(b) && bytes[..i].trim_ascii_end().ends_with(b",") => {}
            _ if depth == 0 && ends.contains(b) => return (i, Some(*b)),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return (i, None),
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    (limit, Some(b'{'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use git::Snapshot;

    fn may(path: &str, old: &str, new: &str) -> bool {
        may_change_a_signature(&Snapshot::in_memory(&[(path, old)], &[(path, new)]).files()[0])
    }

    #[test]
    fn a_change_in_a_head_is_seen_however_it_is_broken_into_lines() {
        for (path, text) in [
            ("a.rs", "fn load<F: Fn(u8) -> u8>(\n    one: u8,\n    HERE: F,\n) {\n}\n"),
            ("a.rs", "fn load<'a>(one: &'a u8, HERE: u8) {\n}\n"),
            ("a.rs", "trait A {\n    fn load(\n        &self,\n        HERE: u8,\n    );\n}\n"),
            ("a.go", "func (a A) load(\n\tone func(int) error,\n\tHERE int,\n) error {\n}\n"),
            ("a.go", "type A interface {\n\tload(\n\t\tHERE int,\n\t)\n}\n"),
            ("a.py", "def load(\n    one: int = {},\n    HERE=1,\n):\n    pass\n"),
            ("a.py", "def load(one=':',\n         HERE=1):\n    pass\n"),
            ("a.rb", "def load one,\n  HERE\nend\n"),
            ("a.php", "<?php\nFunction load(\n  $one,\n  $HERE\n) {}\n"),
            ("a.kt", "fun load(\n    one: Int = 1,\n    HERE: Int,\n) = 1\n"),
            ("a.js", "function load(\n  one = function() { return 1 },\n  HERE,\n) {\n}\n"),
            ("a.js", "class A {\n  load(\n    one,\n    HERE\n  ) {\n  }\n}\n"),
            ("a.ts", "interface A {\n  load?<T extends () => void>(\n    one: T,\n    HERE: T\n  ): void\n}\n"),
            (
                "A.java",
                "class A {\n    @Old\n    List<A> load(\n        int one,\n        int HERE\n    ) {\n    }\n}\n",
            ),
            ("a.c", "static int\nload (int one,\n      int HERE)\n{\n}\n"),
            ("a.c", "#define LOAD(one, \\\n             HERE) one\n"),
            ("a.cs", "class A {\n    int? Load<T>(\n        T one,\n        T HERE) where T : A\n    {\n    }\n}\n"),
            // What is said before it may have been a comment's.
            ("a.go", "func load(one int) {}\n\nHERE /*\nfunc load(one, two int) {}\n*/\n"),
        ] {
            assert!(may(path, &text.replace("HERE", "old"), &text.replace("HERE", "new")), "{path}: {text}");
        }
    }

    #[test]
    fn a_change_elsewhere_needs_no_tree() {
        for (path, text) in [
            ("a.rs", "fn load(one: u8) -> u8 {\n    HERE(one)\n}\n\nfn other() {}\n"),
            ("a.go", "func load(one int) error {\n\treturn HERE(one)\n}\n"),
            ("a.py", "def load(one):\n    x = HERE(one)\n    return x\n"),
            ("a.rb", "def load(one)\n  HERE(one)\nend\n"),
            ("a.kt", "fun load(one: Int): Int {\n    return HERE(one)\n}\n"),
            ("a.js", "function load(one) {\n  HERE(one);\n}\n"),
            ("A.java", "class A {\n    void load(int one) {\n        this.one = HERE(one);\n    }\n}\n"),
            ("a.c", "int load(int one) {\n    x = HERE(one);\n}\n"),
            ("a.sh", "load() {\n    HERE\n}\n"),
        ] {
            assert!(!may(path, &text.replace("HERE", "before"), &text.replace("HERE", "after")), "{path}: {text}");
        }
    }
}
