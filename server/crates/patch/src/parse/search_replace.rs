//! Search/replace blocks: `<<<<<<< SEARCH` … `=======` … `>>>>>>> REPLACE` (Aider, Roo), and `------- SEARCH` …
//! `+++++++ REPLACE` (Cline), each after the file's name or without.

use super::{ParseError, header_path};
use crate::hunk::{FilePatch, Hunk, HunkBody, Patch, Times};

/// What a line is in a block.
#[derive(PartialEq)]
enum Mark {
    Search,
    Divider,
    Replace,
}

/// `c` seven or eight times, and at most a word behind.
fn is_run(line: &str, c: char) -> bool {
    let n = line.len() - line.trim_start_matches(c).len();
    (7..=8).contains(&n) && line.len() < 80 && !line[n..].contains(c)
}

/// `c` three times or more, and the word.
fn says(line: &str, c: char, word: &str) -> bool {
    let rest = line.trim_start_matches(c);
    line.len() - rest.len() >= 3 && rest.trim().trim_end_matches(['>', '<']) == word
}

fn mark(line: &str) -> Option<Mark> {
    if is_run(line, '<') || says(line, '-', "SEARCH") {
        Some(Mark::Search)
    } else if is_run(line, '>') || says(line, '+', "REPLACE") {
        Some(Mark::Replace)
    } else if is_run(line, '=') || line.len() >= 3 && line.trim_end().chars().all(|c| c == '=') && line.len() < 80 {
        Some(Mark::Divider)
    } else {
        None
    }
}

/// Whether there is a block, from its begin to its end; or one in words that nothing else has, also without its end.
pub(super) fn is_search_replace(lines: &[&str]) -> bool {
    let at = |m: &Mark| lines.iter().position(|l| mark(l).as_ref() == Some(m));
    let named = |l: &&str| says(l, '<', "SEARCH") || says(l, '-', "SEARCH");
    match (at(&Mark::Search), at(&Mark::Divider), at(&Mark::Replace)) {
        (Some(a), Some(b), Some(c)) => a < b && a < c,
        (Some(a), Some(b), None) => a < b && lines.iter().any(named),
        _ => false,
    }
}

/// Reads the blocks.
///
/// # Errors
/// [`ParseError::Unterminated`] where a block has no end: more of it may be missing than its last line;
/// [`ParseError::Divided`] where it could be divided in several ways.
pub(super) fn search_replace(lines: &[&str]) -> Result<Patch, ParseError> {
    let mut files: Vec<FilePatch> = Vec::new();
    let mut path: Option<String> = None;
    let mut rest = lines;
    while let [line, after @ ..] = rest {
        rest = after;
        if mark(line) != Some(Mark::Search) {
            path = file_name(line).or(path);
            continue;
        }
        let unterminated = ParseError::Unterminated(if line.starts_with('-') { "------- SEARCH" } else { "<<<<<<<" });
        let end = rest.iter().position(|l| mark(l) == Some(Mark::Replace)).ok_or(unterminated.clone())?;
        let inside = &rest[..end];
        if inside.iter().any(|l| mark(l) == Some(Mark::Search)) {
            return Err(unterminated);
        }
        let divider = divider(inside)?;
        let hunk = block(&inside[..divider], &inside[divider + 1..]);
        rest = &rest[end + 1..];
        match files.last_mut() {
            Some(file) if file.path == path => file.hunks.push(hunk),
            _ => files.push(FilePatch { path: path.clone(), hunks: vec![hunk], ..FilePatch::default() }),
        }
    }
    Ok(Patch { files })
}

/// Which line divides a block. Code has such lines too, under headings: of several, the one that is as long as the divider
/// is by its rules.
fn divider(lines: &[&str]) -> Result<usize, ParseError> {
    let all: Vec<usize> = (0..lines.len()).filter(|&i| mark(lines[i]) == Some(Mark::Divider)).collect();
    let proper: Vec<usize> = all.iter().copied().filter(|&i| lines[i].trim_end() == "=======").collect();
    match (&all[..], &proper[..]) {
        ([only], _) | (_, [only]) => Ok(*only),
        ([], _) => Err(ParseError::Unterminated("SEARCH")),
        _ => Err(ParseError::Divided),
    }
}

/// The file that a line before a block names; `None` for a line that names none.
fn file_name(line: &str) -> Option<String> {
    let name = line.trim().trim_matches(['`', '*', '#', ' ', ':']);
    let is_name = !name.is_empty() && !name.contains(' ') && name.contains(['.', '/']);
    is_name.then(|| header_path(name)).flatten()
}

fn block(old: &[&str], new: &[&str]) -> Hunk {
    let (start, old) = header(old);
    let numbered = unnumbered(old);
    let (start, old, new) = match numbered {
        // The new lines have numbers too, or none.
        Some((first, old)) => (start.or(Some(first)), old, unnumbered(new).map_or(new.to_vec(), |(_, new)| new)),
        None => (start, old.to_vec(), new.to_vec()),
    };
    let body = HunkBody::Replace { old: old.join("\n"), new: new.join("\n"), times: Times::Once };
    Hunk { start, body, ..Hunk::default() }
}

/// `:start_line:12`, perhaps `:end_line:14`, and a rule behind them: the line that a block begins at, and its lines.
fn header<'a, 'l>(lines: &'l [&'a str]) -> (Option<u32>, &'l [&'a str]) {
    let number = |line: &str, name: &str| -> Option<u32> { line.trim().strip_prefix(name)?.trim().parse().ok() };
    let Some(start) = lines.first().and_then(|line| number(line, ":start_line:")) else { return (None, lines) };
    let mut rest = &lines[1..];
    if rest.first().is_some_and(|line| number(line, ":end_line:").is_some()) {
        rest = &rest[1..];
    }
    if rest.first().is_some_and(|line| line.trim_end().len() >= 3 && line.trim_end().chars().all(|c| c == '-')) {
        rest = &rest[1..];
    }
    (Some(start), rest)
}

/// Lines that are all numbered (`12 | x`), one after the other: the first number, and the lines without.
fn unnumbered<'a>(lines: &[&'a str]) -> Option<(u32, Vec<&'a str>)> {
    let split = |line: &'a str| -> Option<(u32, &'a str)> {
        let (number, rest) = line.split_once('|')?;
        Some((number.trim().parse().ok()?, rest.strip_prefix(' ').unwrap_or(rest)))
    };
    let numbered: Vec<(u32, &str)> = lines.iter().map(|line| split(line)).collect::<Option<_>>()?;
    let (first, _) = *numbered.first()?;
    let in_order = numbered.iter().zip(first..).all(|((number, _), expected)| *number == expected);
    in_order.then(|| (first, numbered.into_iter().map(|(_, line)| line).collect()))
}
