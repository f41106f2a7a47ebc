//! Whose a file is, by the notice at its top: a library that was taken in as one large file is mended where it comes from.

use super::Job;
use finding::RepoPath;

/// Shorter files are read by those who take them in, and changed.
const LARGE: usize = 200;
/// A notice is at the top.
const TOP: usize = 40;

/// The words of the notices in a text: who holds the copyright, without years and what every notice says.
fn holders(text: &str) -> Vec<String> {
    const USUAL: &[&str] = &[
        "copyright",
        "rights",
        "reserved",
        "authors",
        "author",
        "contributors",
        "project",
        "company",
        "limited",
        "corporation",
        "foundation",
        "software",
        "notice",
        "above",
        "holders",
        "holder",
        "team",
        "inc",
        "ltd",
        "http",
        "https",
        "license",
        "licensed",
        "under",
        "terms",
        "this",
        "file",
        "that",
        "permission",
        "with",
        "and",
        "the",
    ];
    let is_notice = |line: &&str| {
        let lower = line.to_ascii_lowercase();
        let has_sign = lower.contains("(c)") || line.contains('©');
        if lower.contains("copyright") { has_sign || has_year(line) } else { has_sign && has_year(line) }
    };
    let words = text.lines().filter(is_notice).flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
    let words = words.filter(|w| w.len() >= 3 && w.chars().all(char::is_alphabetic)).map(str::to_lowercase);
    words.filter(|w| !USUAL.contains(&w.as_str())).collect()
}

fn has_year(line: &str) -> bool {
    let numbers = line.split(|c: char| !c.is_ascii_digit());
    numbers.filter(|n| n.len() == 4).any(|n| n.starts_with("19") || n.starts_with("20"))
}

/// The words of the notices in the repository's licence; none where it says nobody.
pub(super) fn of_repository(job: &Job<'_>) -> Vec<String> {
    let names =
        ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING", "LICENSE-MIT", "MIT-LICENSE", "LICENSE.TXT"];
    let texts = names.iter().filter_map(|name| job.read(&RepoPath::new(*name).ok()?));
    texts.flat_map(|text| holders(&text)).collect()
}

/// Whether a large text is of others than those who hold the repository (`own`).
pub(super) fn is_of_others(text: &str, own: &[String]) -> bool {
    if own.is_empty() || text.lines().nth(LARGE).is_none() {
        return false;
    }
    let top: Vec<&str> = text.lines().take(TOP).collect();
    let theirs = holders(&top.join("\n"));
    !theirs.is_empty() && !theirs.iter().any(|word| own.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_with_the_notice_of_others_is_theirs() {
        let own = holders("The MIT License\n\nCopyright (c) 2017 Ann Berg\n\nThe above copyright notice\n");
        assert_eq!(own, ["ann", "berg"]);
        let code = "int x;\n".repeat(LARGE + 1);
        for (notice, is_theirs) in [
            ("// Copyright 2005, Other Inc.\n// All rights reserved.\n", true),
            ("/* Copyright (c) 2020 Berg and others */\n", false),
            ("// (c) 2011 Some One\n", true),
            ("// The copyright notice is elsewhere.\n", false),
            ("", false),
        ] {
            assert_eq!(is_of_others(&format!("{notice}{code}"), &own), is_theirs, "{notice}");
        }
        assert!(!is_of_others(&format!("// Copyright 2005, Other Inc.\n{code}"), &[]), "the licence says nobody");
        assert!(!is_of_others("// Copyright 2005, Other Inc.\n", &own), "a short file");
    }
}
