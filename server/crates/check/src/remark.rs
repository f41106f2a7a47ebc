//! How checkers write down what they found.

use finding::{AgentName, Anchor, Classification, Fix, LineRange, RawFinding, RawId, RepoPath, RuleRef, Severity};
use git::{ChangeKind, ChangedFile, LineHunk, unified_diff};
use std::sync::Arc;

/// Longer lines are not quoted, and no finding is made on them: they are generated or minified.
pub(super) const LONGEST_LINE: usize = 1000;
/// Larger texts are passed over, in bytes.
pub(super) const LARGEST_TEXT: usize = 4 << 20;
/// A checker that finds more than this in one branch is not read to the end.
pub(super) const MOST_FINDINGS: usize = 200;

/// A remark without a place: `id` is given by [`number`].
pub(super) fn remark(agent: &str, rule: &str, severity: Severity, title: String, body: String) -> RawFinding {
    RawFinding {
        rule: Some(RuleRef { id: format!("deep-review/{rule}"), url: Some(page_of(rule)) }),
        classification: Some(Classification::Regression),
        ..bare(agent, severity, title, body)
    }
}

/// The address of a built-in rule's page.
#[must_use]
pub fn page_of(rule: &str) -> String {
    format!("{}/blob/main/docs/rules/{rule}.md", env!("CARGO_PKG_REPOSITORY"))
}

fn bare(agent: &str, severity: Severity, title: String, body: String) -> RawFinding {
    RawFinding {
        id: RawId::new(""),
        sure: None,
        agent: AgentName::new(agent),
        severity,
        title,
        body,
        anchors: Vec::new(),
        symbol: None,
        classification: None,
        rule: None,
        fixes: Vec::new(),
    }
}

/// Gives the findings their ids, and drops those above the limit.
pub(super) fn number(mut findings: Vec<RawFinding>, agent: &str) -> Vec<RawFinding> {
    findings.truncate(MOST_FINDINGS);
    for (n, finding) in findings.iter_mut().enumerate() {
        finding.id = RawId::new(format!("{agent}:{}", n + 1));
    }
    findings
}

/// The lines `lines` of `text`, quoted.
pub(super) fn anchor(path: &RepoPath, text: &str, lines: LineRange) -> Anchor {
    let quote: Vec<&str> = text.lines().skip(lines.start() as usize - 1).take(lines.count() as usize).collect();
    Anchor { path: path.clone(), lines: Some(lines), quote: Some(quote.join("\n")) }
}

/// The fix that makes `old` of `path` into `new`, as a unified diff.
pub(super) fn fix(agent: &str, note: &str, path: &RepoPath, old: &str, new: &str, hunks: Vec<LineHunk>) -> Fix {
    // The mark at the start of a text is none of its first line.
    let plain = |text: &str| Some(Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text)));
    let change = ChangedFile {
        path: path.clone(),
        kind: ChangeKind::Modified,
        old: plain(old),
        new: plain(new),
        hunks,
        lossy: false,
    };
    Fix {
        note: Some(note.to_owned()),
        path: Some(path.clone()),
        diff: unified_diff(&change, 3),
        by: vec![AgentName::new(agent)],
    }
}

/// The fix that replaces the bytes of `text` that `edits` name (in order, not overlapping, without line breaks taken
/// out or put in unless the whole of it is one hunk).
pub(super) fn replacing(
    agent: &str,
    note: &str,
    path: &RepoPath,
    text: &str,
    edits: &[(std::ops::Range<usize>, &str)],
) -> Fix {
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for (range, with) in edits {
        new.push_str(&text[at..range.start]);
        new.push_str(with);
        at = range.end;
    }
    new.push_str(&text[at..]);
    fix(agent, note, path, text, &new, git::line_hunks(text, &new))
}

/// The folder that a file is in; empty at the top.
pub(super) fn folder(path: &RepoPath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a file is a test, by its name.
pub(super) fn is_test(path: &RepoPath) -> bool {
    let whole = path.as_str().to_ascii_lowercase();
    let name = path.file_name();
    whole
        .split('/')
        .any(|part| matches!(part, "test" | "tests" | "spec" | "specs" | "__tests__" | "testing" | "testdata"))
        || is_sample(path)
        || name.split(['.', '_', '-']).any(|word| matches!(word, "test" | "tests" | "spec" | "Test" | "Tests"))
        || name
            .split('.')
            .next()
            .is_some_and(|stem| stem.ends_with("Test") || stem.ends_with("Tests") || stem.ends_with("Spec"))
}

/// Whether a file is a sample, by its folders.
pub(super) fn is_sample(path: &RepoPath) -> bool {
    let folders = path.as_str().rsplit_once('/').map_or("", |(folders, _)| folders).to_ascii_lowercase();
    let is_sample = |part: &str| {
        ["fixture", "example", "sample", "playground", "demo", "sandbox", "tutorial"].iter().any(|w| part.contains(w))
    };
    folders.split('/').any(is_sample)
}

/// The number of the line that holds byte `at`, 1-based.
pub(super) fn line_at(text: &str, at: usize) -> u32 {
    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() as u32
}

/// The line that holds byte `at`, without its end.
pub(super) fn line_text(text: &str, at: usize) -> &str {
    let start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |i| i + 1);
    let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |i| at + i);
    text[start..end].trim_end_matches('\r')
}

/// The lines of the snapshot that the change added, with their numbers and their first byte.
pub(super) fn added_lines(file: &ChangedFile) -> impl Iterator<Item = (u32, usize, &str)> {
    let text = file.new.as_deref().filter(|t| t.len() <= LARGEST_TEXT).unwrap_or("");
    let mut at = 0;
    let lines = text.split_inclusive('\n').zip(1_u32..).map(move |(line, n)| {
        at += line.len();
        (n, at - line.len(), line.trim_end_matches(['\n', '\r']))
    });
    let mut hunks = file.hunks.iter().peekable();
    lines.filter(move |(n, _, line)| {
        while hunks.next_if(|h| h.new_start + h.new_count <= *n).is_some() {}
        line.len() <= LONGEST_LINE && hunks.peek().is_some_and(|h| h.new_start <= *n)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::{ALL, Job, Settings};
    use finding::RawFinding;
    use git::Snapshot;
    use tokio_util::sync::CancellationToken;

    /// What a checker finds with every rule on.
    pub(crate) fn run(name: &str, snapshot: &Snapshot) -> Vec<RawFinding> {
        run_with(name, snapshot, &Settings::everything())
    }

    /// What a checker finds with these settings.
    pub(crate) fn run_with(name: &str, snapshot: &Snapshot, settings: &Settings) -> Vec<RawFinding> {
        let checker = ALL.iter().find(|c| c.name == name).expect("a checker of that name");
        checker.run(&Job::new(snapshot, settings, &CancellationToken::new())).expect("its findings").findings
    }
}
