//! Lines that stand for code which is left out.

use regex::Regex;
use std::sync::LazyLock;

#[expect(clippy::expect_used, reason = "the pattern is a constant and tested")]
static ELISION: LazyLock<Regex> = LazyLock::new(|| {
    // A comment mark or none; dots, and perhaps words about what is left out; or a comment of such words alone.
    const WORDS: &str = r"(?:same|unchanged|existing|rest|remaining|omitted|elided|other|lines?|snip(?:ped)?|as before|code|body|etc|more|above|below|continues?|truncated)";
    let pattern = format!(
        r"(?ix) ^\s* (?: //+ | \#+ | -- | /\*+ | ; | <!-- | % | \{{/\* )? \s*
        (?: (?: \.{{3,}} | … | \[ \s* (?:\.{{3}}|…) \s* \] ) (?: \s* | \s* \( .* \) | .* \b{WORDS}\b .* | \s* (?: \.{{3}} | … ) )
          | \( \s* .* \b{WORDS}\b .* (?: \.{{3}} | … ) .* \)
        ) \s* (?: \*/ \}}? | --> )? \s* $
        | ^\s* (?: //+ | \#+ | -- | /\*+ | <!-- | \{{/\* ) \s* \(?
          (?: rest \s+ (?:of\b.*)? (?:unchanged|omitted|as\ before|is\ the\ same|the\ same)
            | (?: the\s+)? (?:rest|remaining|other|existing|same) \b .* (?: \.{{3}} | … )
            | (?: unchanged | existing \s+ code (?:\s+ here)? | code \s+ unchanged | same \s+ as \s+ before | remaining .* unchanged | other .* unchanged ) )
          \.* \)? \s* (?: \*/ \}}? | --> )? \s* $"
    );
    Regex::new(&pattern).expect("a valid pattern")
});

/// Whether `line` stands for lines that are left out. Where a file has the very line, that is what it means.
pub(super) fn is_elision(line: &str) -> bool {
    // Most lines are told by how they begin; the pattern allows no other marks.
    let begins = |c: char| matches!(c, '.' | '…' | '[' | '(' | '/' | '#' | '-' | ';' | '<' | '%' | '{');
    line.len() <= 200
        && line.trim_start().starts_with(begins)
        && (line.contains("...")
            || line.contains('…')
            || line.contains("unchanged")
            || line.contains("before")
            || line.contains("existing")
            || line.contains("rest "))
        && ELISION.is_match(line)
}

/// Whether an added line has a hole in it: `{ ... }`, `(...)`, `…` beside code.
pub(super) fn has_hole(line: &str) -> bool {
    // Most lines have no dots to look at.
    if line.bytes().filter(|&b| b == b'.').count() < 3 && !line.contains('…') {
        return false;
    }
    let dense: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    ["{...}", "(...)", "{…}", "(…)", "[…]"].iter().any(|hole| dense.contains(hole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elisions_are_told_from_code() {
        for yes in [
            "...",
            "    ...",
            "…",
            "// ...",
            "# ...",
            "/* ... */",
            "<!-- ... -->",
            "[...]",
            "// ... rest unchanged",
            "# ... rest unchanged",
            "// ... existing code ...",
            "// … same as before",
            "... (20 lines omitted)",
            "// rest of function unchanged",
            "{/* ... */}",
            "-- ...",
            "/* unchanged */",
            "// existing code",
            "// Rest of the component...",
            "# the remaining cases …",
            "{/* other fields... */}",
            "....",
        ] {
            assert!(is_elision(yes), "{yes:?}");
        }
        for no in [
            "foo(...args)",
            "...args,",
            "}",
            "",
            "x = ...",
            "// see below",
            "// the rest is done by whoever calls",
            "// and the rest of it...",
            "# the rest is easy",
            "def f(): ...",
            "log(\"...\")",
            "// ...args is spread here",
            "...props.items",
        ] {
            assert!(!is_elision(no), "{no:?}");
        }
    }
}
