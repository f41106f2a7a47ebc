//! What a comment on lines of code says: people and bots put a severity before the title, each in their own way.

use crate::prose::pattern;
use finding::Severity;
use finding::document::COMMENT_MARK;
use regex::Regex;
use std::sync::LazyLock;

/// A comment taken apart.
#[derive(Debug)]
pub(super) struct Comment {
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) body: String,
    /// The fences that are fixes, as they were written: `suggestion` blocks and diffs.
    pub(super) fixes: Vec<String>,
}

static HIDDEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)<!--.*?(?:-->|\z)"));
static IMAGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"!\[([^\]]*)\]\([^)]*\)"));
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"</?[a-zA-Z][^<>]*>"));
/// "issue (blocking): text", as conventional comments are written.
static CONVENTIONAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[*_]*(issue|todo|suggestion|nitpick|nit|thought|question|chore|note|praise)(?:\s*\([^()]*\))?(?::[*_]*|[*_]+:)\s+(\S.*)$",
    )
});

/// Labels that bots put over a comment.
const KINDS: &[(&str, Severity)] = &[
    ("potential issue", Severity::Important),
    ("refactor suggestion", Severity::Suggestion),
    ("verification agent", Severity::Suggestion),
    ("quick win", Severity::Suggestion),
];

/// The longest title, in characters; of a longer first line the first sentence is taken.
const LONGEST_TITLE: usize = 120;

/// Reads a comment. `None` for one that asks for nothing.
pub(super) fn read(text: &str) -> Option<Comment> {
    let (text, fixes) = without_fixes(text);
    let text = HIDDEN.replace_all(&text, "");
    let mut rest = text.trim();
    let mut severity = labels(&mut rest);
    let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
    let (mut title, mut body) = (plain(first), after.trim());
    if let Some(m) = CONVENTIONAL.captures(&title) {
        let said = match m[1].to_lowercase().as_str() {
            "praise" => return None,
            "issue" | "todo" => Severity::Important,
            _ => Severity::Suggestion,
        };
        (severity, title) = (severity.or(Some(said)), m[2].to_owned());
    } else if let Some((said, bare)) = led(&title) {
        (severity, title) = (severity.or(Some(said)), bare);
    }
    // Some say the severity below the title.
    severity = severity.or_else(|| labels(&mut body));
    let title = title.split_once("** — ").map_or(title.as_str(), |(title, _)| title).replace("**", "");
    let title = title.trim_matches(['*', '_', ' ', '#']).to_owned();
    let (title, body) = match sentence(&title) {
        Some(sentence) => (sentence.to_owned(), rest.to_owned()),
        None => (title, body.trim().to_owned()),
    };
    Some(Comment { severity: severity.unwrap_or(Severity::Important), title, body, fixes })
}

/// The text without the fences that are fixes and without our own mark, and those fences.
fn without_fixes(text: &str) -> (String, Vec<String>) {
    let (mut out, mut fixes) = (String::new(), Vec::new());
    let mut rest = text.lines();
    while let Some(line) = rest.next() {
        let fence = line.trim_start();
        let ticks = fence.bytes().take_while(|b| *b == b'`').count();
        let word = fence[ticks..].trim_start();
        if ticks >= 3 && (word.starts_with("suggestion") || word.trim_end() == "diff") {
            let close = &fence[..ticks];
            let block: Vec<&str> = rest.by_ref().take_while(|l| l.trim() != close).collect();
            let newline = if block.is_empty() { "" } else { "\n" };
            fixes.push(if word.starts_with("suggestion") {
                format!("{fence}\n{}{newline}{close}\n", block.join("\n"))
            } else {
                format!("{}{newline}", block.join("\n"))
            });
        } else if !line.starts_with(COMMENT_MARK) {
            out.push_str(line);
            out.push('\n');
        }
    }
    (out, fixes)
}

/// The text as it reads: pictures by what they stand for, no tags.
fn plain(line: &str) -> String {
    let line = IMAGE.replace_all(line, "$1");
    TAG.replace_all(&line, "").trim().trim_start_matches('#').trim().to_owned()
}

/// Takes lines off the start that are only labels: the severity that they say.
fn labels(rest: &mut &str) -> Option<Severity> {
    let mut severity = None;
    loop {
        let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = plain(first);
        let parts: Option<Vec<Severity>> = line.split('|').map(label).collect();
        let Some(said) = parts.filter(|_| !line.is_empty() && !after.trim().is_empty()) else { return severity };
        // "Potential issue | Major": the last is the one that says how bad it is.
        severity = said.last().copied().or(severity);
        *rest = after.trim_start();
    }
}

fn label(part: &str) -> Option<Severity> {
    let part = part.trim_matches(['*', '_', ' ']);
    let words: Vec<String> =
        part.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    let known = KINDS.iter().find(|(kind, _)| words.join(" ") == *kind).map(|(_, severity)| *severity);
    known.or_else(|| Severity::of_label(part.trim_end_matches(" Badge")))
}

/// Severity and title of `**Critical: title** — agents`, `[High] title`, `P1 Badge  title`.
fn led(first: &str) -> Option<(Severity, String)> {
    let bare = first.trim_start_matches(|c: char| !c.is_alphanumeric());
    let word: String = bare.chars().take_while(|c| c.is_alphanumeric()).collect();
    let severity = Severity::from_word(&word).or_else(|| Severity::of_label(&word))?;
    let rest = bare[word.len()..].strip_prefix(" Badge").unwrap_or(&bare[word.len()..]);
    // "High load is not tested" begins with the word and means nothing by it.
    let marked =
        bare.len() < first.len() || !rest.starts_with(' ') || rest.trim_start().starts_with(['—', '–', '-', '|']);
    let title = rest.trim_start_matches([']', ')', '*', '_', ':', ' ', '—', '–', '-', '|']);
    (marked && !title.trim_matches(['*', ' ']).is_empty()).then(|| (severity, title.to_owned()))
}

/// The first sentence of a title that is too long.
fn sentence(title: &str) -> Option<&str> {
    if title.chars().count() <= LONGEST_TITLE {
        return None;
    }
    title.find(". ").map(|end| &title[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_bots_put_severities_in_many_ways() {
        use Severity::{Critical, Important, Suggestion};
        for (text, severity, title, body) in [
            ("**Critical: Sum is off** — Ann 1\n\nWhy.", Critical, "Sum is off", "Why."),
            ("[minor] Sum is off", Suggestion, "Sum is off", ""),
            ("Sum is off", Important, "Sum is off", ""),
            ("High load is not tested", Important, "High load is not tested", ""),
            ("🔴 **Critical** — Sum is off", Critical, "Sum is off", ""),
            ("_⚠️ Potential issue_ | _🔴 Critical_\n\n**Sum is off.**\n\nWhy.", Critical, "Sum is off.", "Why."),
            ("_🛠️ Refactor suggestion_\n\n**Split it**\n\nWhy.", Suggestion, "Split it", "Why."),
            ("![high](https://forge.example/high.svg)\n\nSum is off.", Critical, "Sum is off.", ""),
            (
                "**<sub><sub>![P1 Badge](https://forge.example/P1)</sub></sub>  Sum is off**\n\nWhy.",
                Important,
                "Sum is off",
                "Why.",
            ),
            (
                "### Sum is off\n\n**Low Severity**\n\n<!-- start -->\nWhy.\n<!-- end -->",
                Suggestion,
                "Sum is off",
                "Why.",
            ),
            ("issue (blocking): Sum is off", Important, "Sum is off", ""),
            ("Note that it is off", Important, "Note that it is off", ""),
            ("**nitpick:** Rename it", Suggestion, "Rename it", ""),
            ("**suggestion (performance):** Reuse it\n\nWhy.", Suggestion, "Reuse it", "Why."),
            ("Wichtig: Die Summe stimmt nicht", Important, "Die Summe stimmt nicht", ""),
        ] {
            let read = read(text).unwrap();
            assert_eq!((read.severity, read.title.as_str(), read.body.as_str()), (severity, title, body), "{text}");
        }
        assert!(read("praise: Well done").is_none());
    }

    #[test]
    fn blocks_that_suggest_and_diffs_are_fixes() {
        let text = "Sum is off\n\n```suggestion\nlet a = 1;\n```\n\n<details>\n\n```diff\n-a\n+b\n```\n\n</details>\n\n```rust\nkept();\n```";
        let read = read(text).unwrap();
        assert_eq!(read.fixes, ["```suggestion\nlet a = 1;\n```\n", "-a\n+b\n"]);
        assert!(read.body.contains("kept();") && !read.body.contains("let a"), "{}", read.body);
    }
}
