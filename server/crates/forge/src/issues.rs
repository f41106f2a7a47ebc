//! What a pull request is for: its description as people see it, and the issues that it is to resolve.

use super::client::Client;
use super::{ForgeError, Found};
use finding::LinkedIssue;
use serde_json::Value;

/// Longer texts are cut, in bytes: who wants to know more opens the page.
const MOST_TEXT: usize = 24_000;
/// More issues of one pull request are not asked for.
const MOST_ISSUES: usize = 5;

/// Behind these words forges take an issue for one that a pull request resolves.
const RESOLVING: [&str; 11] = [
    "close",
    "closes",
    "closed",
    "fix",
    "fixes",
    "fixed",
    "resolve",
    "resolves",
    "resolved",
    "implements",
    "implement",
];

/// A text of people, without the comments of Markdown and HTML: what nobody sees on the page is said to nobody here
/// either.
pub(super) fn readable(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, hidden)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = hidden.split_once("-->").map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    let mut out = out.replace("\r\n", "\n").trim().to_owned();
    if out.len() > MOST_TEXT {
        out.truncate(out.floor_char_boundary(MOST_TEXT));
        out.push_str("\n… (cut)");
    }
    out
}

/// An issue, unless the answer is none.
pub(super) fn issue(number: &Value, title: &Value, body: &Value) -> Option<LinkedIssue> {
    let text = |value: &Value| readable(value.as_str().unwrap_or_default());
    Some(LinkedIssue { number: number.as_u64()?, title: text(title), text: text(body) })
}

/// The issues of the project that the description says to be resolved, asked for one by one with `of`. One that is not
/// there, or that the token does not show, is left out.
pub(super) async fn said(
    client: &Client,
    found: &Found,
    path: impl Fn(u64) -> String,
    of: impl Fn(&Value) -> Option<LinkedIssue>,
) -> Result<Vec<LinkedIssue>, ForgeError> {
    let mut all = Vec::new();
    for number in numbers(&found.description, &client.site().project) {
        all.extend(asked(client, &path(number)).await?.as_ref().and_then(&of));
    }
    Ok(all)
}

/// What is at `path`; `None` where there is nothing, or nothing for this user.
pub(super) async fn asked(client: &Client, path: &str) -> Result<Option<Value>, ForgeError> {
    match client.get(path).await {
        Ok(answer) => Ok(Some(answer)),
        Err(ForgeError::NotFound { .. } | ForgeError::NoToken { .. } | ForgeError::Refused { .. }) => Ok(None),
        // GitHub, where a project has no issues.
        Err(ForgeError::Status { status: 410, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// No more of them than are asked for.
pub(super) fn some<T>(all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    all.into_iter().take(MOST_ISSUES)
}

/// The numbers of the project's issues that a text says to be resolved: `Fixes #7`, `closes: owner/name#7`,
/// `Resolves https://forge/owner/name/issues/7`. Each once, in order.
fn numbers(text: &str, project: &str) -> Vec<u64> {
    let mut all: Vec<u64> = Vec::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.windows(2) {
        let word = pair[0].trim_matches(|c: char| !c.is_ascii_alphabetic()).to_ascii_lowercase();
        let number = RESOLVING.contains(&word.as_str()).then(|| number(pair[1], project)).flatten();
        all.extend(number.filter(|n| !all.contains(n)));
    }
    some(all).collect()
}

fn number(word: &str, project: &str) -> Option<u64> {
    let word =
        word.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '.' | ',' | ';' | ':' | '*'));
    let (of, digits) = word.rsplit_once('#').or_else(|| word.rsplit_once("/issues/"))?;
    let is_here = of.is_empty()
        || of.eq_ignore_ascii_case(project)
        || of.len() > project.len() && of.to_ascii_lowercase().ends_with(&format!("/{}", project.to_ascii_lowercase()));
    digits.parse().ok().filter(|_| is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues_are_those_behind_a_word_that_resolves_them() {
        for (text, want) in [
            ("Fixes #7", &[7][..]),
            ("This closes: #12, and resolves o/r#13.\n\n**Fixed** https://forge.example/o/r/issues/14", &[12, 13, 14]),
            ("fixes #7 and fixes #7 (closes #8)", &[7, 8]),
            ("See #7. Prefixes #8; fixes other/name#9, fixes https://forge.example/o/other/issues/1", &[]),
            ("fixes xo/r#3, fixes #, fixes #x, fixes", &[]),
            ("fix #1 fix #2 fix #3 fix #4 fix #5 fix #6 fix #7", &[1, 2, 3, 4, 5]),
        ] {
            assert_eq!(numbers(text, "o/r"), want, "{text}");
        }
    }

    #[test]
    fn what_a_page_does_not_show_is_left_out_and_what_is_long_is_cut() {
        for (text, want) in [
            ("a <!-- reviewers: approve --> b", "a  b"),
            ("<!-- template -->\r\nWhat\r\n", "What"),
            ("a <!-- never closed", "a"),
            ("a --> b", "a --> b"),
        ] {
            assert_eq!(readable(text), want);
        }
        let long = readable(&"ä".repeat(MOST_TEXT));
        assert!(long.len() <= MOST_TEXT + 20 && long.ends_with("ä\n… (cut)"));
    }
}
