//! Markdown fences around suggestions.

use super::{ParseError, unified};

/// What of an answer is to be read as a suggestion.
pub(super) struct Fenced<'a> {
    /// The first word behind the first fence; `None` without fences.
    pub(super) info: Option<&'a str>,
    pub(super) lines: Vec<&'a str>,
}

/// A fenced block.
struct Block<'a> {
    info: &'a str,
    lines: Vec<&'a str>,
}

/// What is inside of the Markdown fences; all of it where there are none. A `suggestion` is taken from among the code that
/// explains it; other blocks (a hunk each) are put one after the other.
///
/// # Errors
/// [`ParseError::Alternatives`] where there are several suggestions that are not the same.
pub(super) fn unfence<'a>(lines: &[&'a str]) -> Result<Fenced<'a>, ParseError> {
    // A fence inside of a diff is a line of the diff; a list before one is prose.
    let first = lines.iter().position(|l| fence(l).is_some());
    let Some(first) = first.filter(|&i| !unified::is_diff(&lines[..i]) || is_list(&lines[..i], lines[i])) else {
        return Ok(Fenced { info: None, lines: lines.to_vec() });
    };
    let blocks = blocks(&lines[first..]);
    let info = blocks.first().map(|block| block.info);
    let suggestions: Vec<&Block<'_>> = blocks.iter().filter(|block| block.info == "suggestion").collect();
    if let [suggestion, others @ ..] = &suggestions[..]
        && !info.is_some_and(is_diff)
    {
        return if others.iter().all(|other| other.lines == suggestion.lines) {
            Ok(Fenced { info: Some("suggestion"), lines: suggestion.lines.clone() })
        } else {
            Err(ParseError::Alternatives)
        };
    }
    let mut lines = Vec::new();
    for block in without_alternatives(blocks)? {
        if !lines.is_empty() && unified::is_diff(&lines) {
            lines.push("@@");
        }
        lines.extend(block.lines);
    }
    Ok(Fenced { info, lines })
}

/// Whether the marked lines before a block of edits are the items of a list in what explains it: some words behind a dash,
/// and nothing that is added.
fn is_list(before: &[&str], opening: &str) -> bool {
    let edits = |word: &str| word == "suggestion" || is_diff(word);
    let is_item =
        |line: &str| line.strip_prefix("- ").is_some_and(|said| said.starts_with(|c: char| !c.is_whitespace()));
    let mut marked = before.iter().filter(|line| unified::is_diff(&[line]));
    opening.starts_with(['`', '~'])
        && fence(opening).is_some_and(|(_, said)| edits(info_of(said)))
        && marked.all(|line| is_item(line) && line.split_whitespace().count() > 2)
}

/// The blocks without those that another one behind them says again; one that does something else to the same lines is
/// another suggestion.
fn without_alternatives(blocks: Vec<Block<'_>>) -> Result<Vec<Block<'_>>, ParseError> {
    let mut out: Vec<Block<'_>> = Vec::new();
    for block in blocks {
        let before =
            out.iter().position(|other| is_diff(block.info) && is_diff(other.info) && takes_the_same(other, &block));
        match before {
            Some(i) if out[i].lines == block.lines => out.push(block),
            Some(i) if code_of(&out[i]) == code_of(&block) => out[i] = block,
            Some(_) => return Err(ParseError::Alternatives),
            None => out.push(block),
        }
    }
    Ok(out)
}

/// Whether two diffs take the same lines out, and some.
fn takes_the_same(a: &Block<'_>, b: &Block<'_>) -> bool {
    let removed = |block: &Block<'_>| -> Vec<String> {
        let lines = block.lines.iter().filter_map(|l| l.strip_prefix('-'));
        lines.map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
    };
    let (a, b) = (removed(a), removed(b));
    !a.is_empty() && a == b
}

/// What a diff puts in, but for comments, white space, the kind of its quotes, and the commas and semicolons behind lines.
fn code_of(block: &Block<'_>) -> String {
    let is_comment = |l: &&str| ["//", "#", "--", "/*", "* "].iter().any(|mark| l.trim_start().starts_with(mark));
    let added = block.lines.iter().filter_map(|l| l.strip_prefix('+')).filter(|l| !is_comment(l));
    let words = added.flat_map(|l| l.trim().trim_end_matches([',', ';']).chars());
    words.filter(|c| !c.is_whitespace()).map(|c| if matches!(c, '"' | '`') { '\'' } else { c }).collect()
}

/// Whether a block of this kind is a diff.
pub(super) fn is_diff(info: &str) -> bool {
    matches!(info, "diff" | "patch" | "udiff")
}

/// The first word of what is said behind a fence.
fn info_of(said: &str) -> &str {
    said.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// The blocks of lines of which the first opens one; the last may lack its end.
fn blocks<'a>(lines: &[&'a str]) -> Vec<Block<'a>> {
    let mut out: Vec<Block<'a>> = Vec::new();
    let mut open: Option<&str> = None;
    for &line in lines {
        match (fence(line), open) {
            (Some((ticks, word)), None) => {
                out.push(Block { info: info_of(word), lines: Vec::new() });
                open = Some(ticks);
            }
            (Some((ticks, "")), Some(mark)) if ticks.starts_with(mark) => open = None,
            (_, Some(_)) => {
                if let Some(block) = out.last_mut() {
                    block.lines.push(line);
                }
            }
            (_, None) => {}
        }
    }
    out
}

/// The ticks of a fence, and what is said behind them.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let ticks = line.len() - line.trim_start_matches(['`', '~']).len();
    (ticks >= 3).then(|| (&line[..ticks], line[ticks..].trim()))
}
