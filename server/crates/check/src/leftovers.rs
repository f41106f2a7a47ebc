//! What was put in while working and is not to stay: conflict markers, debugger statements, debug output, and copies that
//! were forgotten.

mod patterns;
mod twins;

use super::Job;
use super::remark::{MOST_FINDINGS, added_lines, anchor, fix, is_sample, is_test, remark};
use super::syntax::{FileKind, Part, kind_of, parts};
use super::tree::{self, Tree};
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::{ChangedFile, LineHunk, Snapshot};
use patterns::{Edit, PATTERNS, Pattern};
use regex::Regex;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

pub(super) const AGENT: &str = "leftovers";
/// The agent that some of the patterns belong to.
pub(super) const OF_TESTS: &str = "tests";
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("conflict-marker", true, "the markers of a merge conflict, in a file"),
    ("debugger", true, "a statement that stops the program in a debugger"),
    ("debug-output", false, "a value printed for the person who was debugging"),
    ("not-to-merge", true, "a comment that asks not to merge this"),
    ("commented-out-code", false, "code that was commented out"),
    ("todo-without-issue", false, "a TODO that names no issue and no person"),
    ("unchanged-twin", false, "a copy of changed lines that was not changed along"),
];

static COMPILED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the patterns are constants, and every test compiles them")]
    PATTERNS.iter().map(|p| Regex::new(p.pattern).expect("a constant pattern")).collect()
});

/// What comments say when they ask not to be merged.
static NOT_TO_MERGE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant, and every test compiles it")]
    Regex::new(r"\bDO NOT (?:MERGE|COMMIT|SUBMIT)\b|\bDON'T (?:MERGE|COMMIT)\b|\bNOCOMMIT\b|\bNOMERGE\b|\b(?:XXX|TODO|FIXME|HACK)\b.{0,12}\b(?i:remove|revert|delete)\b.{0,24}\b(?i:before|prior to)\b.{0,12}\b(?i:merg|commit|land|ship|push|releas|review)")
        .expect("a constant pattern")
});

/// Finds them in a changed file.
pub(super) fn in_file(job: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
    let Some(text) = file.new.as_deref() else { return Vec::new() };
    let mut findings = conflicts(file, text);
    findings.extend(in_lines(job, file, AGENT));
    let wants = |rule: &str| job.settings.is_on(rule, false);
    if wants("commented-out-code") || wants("todo-without-issue") {
        findings.extend(in_comments(file, text));
    }
    if wants("unchanged-twin") {
        findings.extend(twins::in_file(job, file));
    }
    findings
}

/// What the added lines of a file have of the patterns that belong to an agent.
pub(super) fn in_lines(job: &Job<'_>, file: &ChangedFile, agent: &str) -> Vec<RawFinding> {
    let Some(text) = file.new.as_deref() else { return Vec::new() };
    let mut findings = Vec::new();
    let ending = file.path.extension().unwrap_or("");
    let is_active = |i: &usize| PATTERNS[*i].endings.contains(&ending) && agent_of(PATTERNS[*i].rule) == agent;
    let active: Vec<usize> = (0..PATTERNS.len()).filter(is_active).collect();
    // Read only when something hits: most files have nothing.
    let mut reading = None;
    let mut dbg_is_meant: Option<usize> = None;
    for (line, start, content) in added_lines(file) {
        if findings.len() >= MOST_FINDINGS {
            break;
        }
        let hit = active.iter().find_map(|i| Some((&PATTERNS[*i], COMPILED[*i].captures(content)?)));
        let hit = hit.filter(|(pattern, _)| !is_meant(job.snapshot, pattern.rule, &file.path));
        let asked = if hit.is_none() && agent == AGENT { NOT_TO_MERGE.find(content) } else { None };
        if hit.is_none() && asked.is_none() {
            continue;
        }
        let reading = reading.get_or_insert_with(|| Reading::of(file, text));
        if let Some((pattern, groups)) = hit {
            let at = start + word_of(content, &groups);
            let is_wanted = match pattern.rule {
                "skipped-test" => reading.is_conditional(at) || has_reason_above(text, start),
                // At its head, a script says how it runs; the log of a build is there to be read.
                "debug-output" if content.trim() == "set -x" && (is_of_a_build(&file.path) || is_test(&file.path)) => {
                    true
                }
                "debug-output" if content.trim() == "set -x" && !content.starts_with([' ', '\t']) => line <= 10,
                "debug-output" if content.contains("dbg!(") => {
                    has_key(content)
                        || start >= *dbg_is_meant.get_or_insert_with(|| dbg_is_meant_from(&file.path, text))
                }
                "debug-output" => {
                    reading.is_conditional(at) && is_asked_for(text, start, &["debug", "dump", "verbose"])
                }
                "debugger" => reading.is_conditional(at) && is_asked_for(text, start, &["break", "debug"]),
                _ => false,
            };
            if reading.part_at(at).is_none() && !is_wanted {
                findings.push(leftover(file, text, pattern, &Hit { line, content, groups }));
            }
        } else if let Some(found) = asked
            && reading.part_at(start + found.start()) == Some(Part::Comment)
            && !is_for_later(&content[..found.start()])
        {
            let title = format!("Comment asks not to merge this: \"{}\"", found.as_str());
            let body = "Whoever wrote it meant to come back to it before the merge.".to_owned();
            let mut finding = remark(AGENT, "not-to-merge", Severity::Important, title, body);
            finding.anchors.push(anchor(&file.path, text, LineRange::line(line)));
            findings.push(finding);
        }
    }
    findings
}

/// Where a text has a `dbg!` of its own, or tests, which show what they print only when they fail: from this byte on, `dbg!`
/// is meant.
fn dbg_is_meant_from(path: &RepoPath, text: &str) -> usize {
    let is_meant = is_test(path) || text.contains("macro_rules! dbg");
    if is_meant { 0 } else { text.find("#[cfg(test)]").unwrap_or(usize::MAX) }
}

/// Whether the macro is given what the standard library's does not take: `dbg!(level: DEBUG, x)`.
fn has_key(line: &str) -> bool {
    line.split("dbg!(").nth(1).and_then(|rest| rest.split_once(':')).is_some_and(|(key, rest)| {
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase()) && !rest.starts_with(':')
    })
}

/// Whether a script is for builds on a server.
fn is_of_a_build(path: &RepoPath) -> bool {
    path.as_str()
        .split('/')
        .any(|part| matches!(part, ".github" | ".circleci" | ".travis" | ".ci" | "ci" | ".buildkite"))
}

/// Whether what stands before "do not commit" in a comment makes it an advice for those who change the line some day: `Set
/// to false to try it, but`.
fn is_for_later(before: &str) -> bool {
    before.trim_end().to_ascii_lowercase().ends_with(" but")
}

/// Whose rule a pattern is.
fn agent_of(rule: &str) -> &'static str {
    if matches!(rule, "focused-test" | "skipped-test") { OF_TESTS } else { AGENT }
}

static COMMENTED_OUT: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant, and every test compiles it")]
    Regex::new(r"^\s*(?://|#|--)\s*(?:[\w.$>\[\]-]+\s*(?:[+-]?=|:=)\s*[^=>].*;?|(?:if|for|while|return|import|const|let|var)\b.*[;{(]|[\w.>-]+\([^)]*\);?|[{}]);?\s*$")
        .expect("a constant pattern")
});
static TODO: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant, and every test compiles it")]
    Regex::new(r"\b(TODO|FIXME|XXX)\b([^\n]*)").expect("a constant pattern")
});

/// What comments have that is to be looked at again: code, and work without an issue. For those who ask.
fn in_comments(file: &ChangedFile, text: &str) -> Vec<RawFinding> {
    let reading = Reading::of(file, text);
    let in_comment = |at: usize| reading.part_at(at) == Some(Part::Comment);
    let is_prose = matches!(kind_of(&file.path), FileKind::Prose);
    let mut findings = Vec::new();
    for (line, start, content) in added_lines(file) {
        if findings.len() >= MOST_FINDINGS {
            break;
        }
        let mut add = |rule: &str, title: String, body: &str| {
            let mut finding = remark(AGENT, rule, Severity::Suggestion, title, body.to_owned());
            finding.anchors.push(anchor(&file.path, text, LineRange::line(line)));
            findings.push(finding);
        };
        let first = content.find(|c: char| !c.is_whitespace()).unwrap_or(0);
        let is_code = COMMENTED_OUT.is_match(content) && content.contains([';', '(', '=', '{']);
        if is_code && !is_prose && in_comment(start + first) {
            add(
                "commented-out-code",
                "Code was commented out".to_owned(),
                "Nobody knows whether it still works. The history keeps it.",
            );
        }
        if let Some(found) = TODO.captures(content)
            && let Some(word) = found.get(1).filter(|w| in_comment(start + w.start()))
        {
            let rest = found.get(2).map_or("", |r| r.as_str());
            // `TODO(name)`, `TODO(#12)`, an address or a number of an issue.
            if !rest.starts_with('(') && !rest.contains('#') && !rest.contains("://") {
                add(
                    "todo-without-issue",
                    format!("{} without an issue", word.as_str()),
                    "Nobody will find it again. An issue, or a name, says where it is kept in mind.",
                );
            }
        }
    }
    findings
}

/// Whether a place is for what the rule finds: samples print, and a test framework tests focused tests.
fn is_meant(snapshot: &Snapshot, rule: &str, path: &RepoPath) -> bool {
    match rule {
        "debug-output" => is_sample(path),
        "focused-test" | "skipped-test" => is_sample(path) || is_test_framework(snapshot),
        _ => false,
    }
}

/// Whether the repository is that of a test framework, by its manifest.
pub(super) fn is_test_framework(snapshot: &Snapshot) -> bool {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?m)^module .*/(?:ginkgo|gomega|testify|goconvey)|"name":\s*"(?:@?jest|@?vitest|mocha|jasmine|ava|@japa|@playwright|cypress|rspec|phpunit/|pestphp/)"#,
            r#"|<artifactId>(?:junit|testng|spock|mockito|cucumber)|name=['"](?:junit|pytest|nose|rspec|minitest)|^name\s*=\s*"(?:pytest|nose2?|nextest|rstest)"#,
        ))
        .ok()
    });
    MANIFESTS.iter().any(|name| {
        let text = RepoPath::new(*name).ok().and_then(|path| snapshot.read(&path).ok().flatten());
        text.is_some_and(|text| NAME.as_ref().is_some_and(|n| n.is_match(&text)))
    })
}

/// Where a repository says what it is.
pub(super) const MANIFESTS: &[&str] =
    &["go.mod", "package.json", "pom.xml", "build.xml", "composer.json", "setup.py", "pyproject.toml", "Cargo.toml"];

/// Whether one of the lines before asks whether to stop or to print, by one of the words: it is what the user wants then.
fn is_asked_for(text: &str, start: usize, words: &[&str]) -> bool {
    let asks = |line: &str| {
        let line = line.to_lowercase();
        ["if", "case"].iter().any(|w| line.contains(w)) && words.iter().any(|w| line.contains(w))
    };
    text[..start].lines().rev().take(8).any(asks)
}

/// Whether the line before the one that begins at `start` is a comment: it says why.
fn has_reason_above(text: &str, start: usize) -> bool {
    let above = text[..start].lines().next_back().unwrap_or("").trim_start();
    ["//", "#", "/*", "*", "--"].iter().any(|sign| above.starts_with(sign)) && !above.starts_with("#[")
}

/// Where the first word of a match begins, in bytes of its line: the pattern may take in a sign before it.
fn word_of(content: &str, groups: &regex::Captures<'_>) -> usize {
    let found = groups.get(0).map_or(0..0, |m| m.range());
    found.start + content[found].find(|c: char| c.is_alphanumeric()).unwrap_or(0)
}

/// A text of which it is known what is comment, string and code: by its grammar where that is built in, else lightly.
enum Reading {
    Tree(Arc<Tree>),
    Parts(Vec<(Range<usize>, Part)>),
}

impl Reading {
    fn of(file: &ChangedFile, text: &str) -> Self {
        match (tree::read(&file.path, text), kind_of(&file.path)) {
            (Some(tree), _) => Self::Tree(tree),
            (None, FileKind::Code(syntax)) => Self::Parts(parts(text, &syntax)),
            (None, FileKind::Prose | FileKind::Unknown) => Self::Parts(Vec::new()),
        }
    }

    /// Whether a statement stands under a condition: that says why it is there.
    fn is_conditional(&self, at: usize) -> bool {
        let Self::Tree(tree) = self else { return false };
        let root = tree.root();
        let node = root.get_inner_node().descendant_for_byte_range(at, at);
        std::iter::successors(node, |n| n.parent())
            .take_while(|n| n.kind().contains("call") || !n.kind().contains("function"))
            .take_while(|n| !n.kind().contains("method_decl"))
            .any(|n| {
                n.kind() == "if_statement"
                    || n.kind() == "if_expression"
                    || n.kind().contains("switch")
                    || n.kind().contains("case")
            })
    }

    fn part_at(&self, at: usize) -> Option<Part> {
        match self {
            Self::Tree(tree) => tree::part_at(tree, at),
            Self::Parts(parts) => {
                let i = parts.partition_point(|(range, _)| range.end <= at);
                parts.get(i).filter(|(range, _)| range.start <= at).map(|(_, part)| *part)
            }
        }
    }
}

/// A line that a pattern fits.
struct Hit<'h> {
    /// 1-based.
    line: u32,
    content: &'h str,
    groups: regex::Captures<'h>,
}

fn leftover(file: &ChangedFile, text: &str, pattern: &Pattern, hit: &Hit<'_>) -> RawFinding {
    let agent = agent_of(pattern.rule);
    let title = pattern.title.replace('`', "");
    let mut finding = remark(agent, pattern.rule, pattern.severity, title, pattern.why.to_owned());
    let line = LineRange::line(hit.line);
    finding.anchors.push(anchor(&file.path, text, line));
    match pattern.edit {
        Edit::DropLine => finding.fixes.push(without_lines(&file.path, text, &[line])),
        Edit::Replace(with) => {
            if let Some(group) = hit.groups.get(1) {
                let edited = format!("{}{with}{}", &hit.content[..group.start()], &hit.content[group.end()..]);
                let new: String = text
                    .split_inclusive('\n')
                    .zip(1_u32..)
                    .map(|(l, n)| if n == hit.line { l.replacen(hit.content, &edited, 1) } else { l.to_owned() })
                    .collect();
                let hunk = LineHunk { old_start: hit.line, old_count: 1, new_start: hit.line, new_count: 1 };
                finding.fixes.push(fix(agent, "run all tests again", &file.path, (text, &new), vec![hunk]));
            }
        }
        Edit::None => {}
    }
    finding
}

/// The fix that takes whole lines out; `ranges` are in order and apart.
fn without_lines(path: &RepoPath, text: &str, ranges: &[LineRange]) -> finding::Fix {
    let gone = |n: u32| ranges.iter().any(|r| r.overlaps(LineRange::line(n)));
    let new: String = text.split_inclusive('\n').zip(1_u32..).filter(|(_, n)| !gone(*n)).map(|(l, _)| l).collect();
    let mut taken = 0;
    let hunks = ranges.iter().map(|r| {
        let hunk = LineHunk { old_start: r.start(), old_count: r.count(), new_start: r.start() - taken, new_count: 0 };
        taken += r.count();
        hunk
    });
    fix(AGENT, "remove it", path, (text, &new), hunks.collect())
}

/// Conflict markers: all three kinds in order, or one that stands alone where it cannot be meant. Underlined headings,
/// quoted mails, and the search and replace blocks that models write are no alarm. The fix is not guessed: only a person
/// knows which side is right.
fn conflicts(file: &ChangedFile, text: &str) -> Vec<RawFinding> {
    let mut findings = Vec::new();
    let (mut open, mut split) = (None, false);
    let mut report = |from: u32, to: u32, severity: Severity| {
        let title = "Unresolved merge conflict".to_owned();
        let body = "The markers of a conflict were committed with what is between them.".to_owned();
        let mut finding = remark(AGENT, "conflict-marker", severity, title, body);
        finding.anchors.push(anchor(&file.path, text, LineRange::new(from, to.min(from + 200))));
        findings.push(finding);
    };
    // In code, and in data that a program reads, a marker breaks the file. A text may show one.
    let severity = match kind_of(&file.path) {
        FileKind::Code(_) if !is_sample(&file.path) => Severity::Critical,
        _ => Severity::Important,
    };
    for (line, _, content) in added_lines(file) {
        if content.starts_with("<<<<<<< ") && content.trim_end() != "<<<<<<< SEARCH" {
            (open, split) = (Some(line), false);
        } else if content == "=======" && open.is_some() {
            split = true;
        } else if content.starts_with(">>>>>>> ") && content.trim_end() != ">>>>>>> REPLACE" {
            match open.take() {
                Some(start) if split => report(start, line, severity),
                // Git names a commit or a branch behind it: one word, or the commit and its subject.
                None if severity == Severity::Critical && is_side(&content[8..]) => report(line, line, severity),
                _ => {}
            }
        }
    }
    if let Some(line) = open.filter(|_| severity == Severity::Critical) {
        report(line, line, severity);
    }
    findings
}

/// Whether a marker names what git names behind it.
fn is_side(name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or("");
    let is_commit = first.len() >= 7 && first.bytes().all(|b| b.is_ascii_hexdigit());
    is_commit || (name.trim() == first && first.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use patch::{Hints, apply_edits, place};

    /// The findings in a file that changes from `old` to `new`: lines, rule, and the text with the fix.
    fn found(path: &str, old: &str, new: &str) -> Vec<(String, String, Option<String>)> {
        let snapshot = Snapshot::in_memory(&[(path, old)], &[(path, new)]);
        // What is printed has to be asked for.
        let asked = serde_json::from_str(r#"{"debug-output": "on"}"#).expect("settings");
        let settings = crate::Settings::new(&asked, Vec::new());
        let of = |agent| crate::remark::tests::run_with(agent, &snapshot, &settings);
        let findings: Vec<RawFinding> = [AGENT, OF_TESTS].into_iter().flat_map(of).collect();
        let fixed = |f: &RawFinding| {
            let fix = f.fixes.first()?;
            let applied =
                place(new, &fix.diff, &Hints { lines: f.anchors[0].lines, ..Hints::default() }).expect("an exact fix");
            Some(apply_edits(new, &applied.edits))
        };
        let rule = |f: &RawFinding| f.rule.as_ref().unwrap().id.trim_start_matches("deep-review/").to_owned();
        findings.iter().map(|f| (f.anchors[0].lines.unwrap().to_string(), rule(f), fixed(f))).collect()
    }

    #[test]
    fn what_was_left_in_is_found_and_taken_out() {
        for (path, new, lines, rule, fixed) in [
            ("a.ts", "a()\n  debugger;\nb()\n", "2", "debugger", Some("a()\nb()\n")),
            ("a.ts", "\u{feff}a()\n  debugger;\nb()\n", "2", "debugger", Some("\u{feff}a()\nb()\n")),
            ("a.js", "console.log(\"DEBUG\", x)\n", "1", "debug-output", Some("")),
            ("a.go", "\tfmt.Println(\"DEBUG:\", x)\n", "1", "debug-output", Some("")),
            ("A.java", "    System.out.println(\"debug \" + x);\n", "1", "debug-output", Some("")),
            ("a.kt", "    println(\"XXX $x\")\n", "1", "debug-output", Some("")),
            ("a.rb", "  puts \"here #{x}\"\n", "1", "debug-output", Some("")),
            ("a.c", "  printf(\"DEBUG %d\\n\", x);\n", "1", "debug-output", Some("")),
            ("a.cpp", "  std::cout << \"here \" << x << std::endl;\n", "1", "debug-output", Some("")),
            ("a.cs", "  Console.WriteLine(\"debug \" + x);\n", "1", "debug-output", Some("")),
            ("a.sh", "  set -x\n", "1", "debug-output", Some("")),
            ("a.ex", "  |> IO.inspect()\n", "1", "debug-output", Some("")),
            ("a.php", "  print_r($x);\n", "1", "debug-output", Some("")),
            ("a.cs", "  Debugger.Break();\n", "1", "debugger", Some("")),
            ("a.ex", "  IEx.pry()\n", "1", "debugger", Some("")),
            ("a.test.ts", "it.skip('a', f)\n", "1", "skipped-test", Some("it('a', f)\n")),
            ("test_a.py", "@pytest.mark.skip\ndef test_a(): pass\n", "1", "skipped-test", Some("def test_a(): pass\n")),
            ("src/test/ATest.java", "  @Disabled\n", "1", "skipped-test", Some("")),
            ("a_test.go", "\tt.Skip()\n", "1", "skipped-test", Some("")),
            ("a.rs", "#[ignore]\nfn f() {}\n", "1", "skipped-test", Some("fn f() {}\n")),
            ("a.c", "a\n>>>>>>> 1a2b3c4d (Say b)\n", "2", "conflict-marker", None),
            ("a.py", "<<<<<<< HEAD\na = 1\n", "1", "conflict-marker", None),
            ("a.py", "x = 1\nbreakpoint()\n", "2", "debugger", Some("x = 1\n")),
            ("a.py", "import pdb; pdb.set_trace()\n", "1", "debugger", Some("")),
            ("a.go", "\truntime.Breakpoint()\n", "1", "debugger", Some("")),
            ("a.py", "x = 1\nbreakpoint()  # look here\n", "2", "debugger", Some("x = 1\n")),
            ("a.py", "import ipdb; ipdb.set_trace();  # why?\n", "1", "debugger", Some("")),
            ("a.ts", "debugger; // here\n", "1", "debugger", Some("")),
            ("a.go", "\truntime.Breakpoint() // here\n", "1", "debugger", Some("")),
            ("a.rb", "binding.irb # here\n", "1", "debugger", Some("")),
            ("a.rs", "dbg!(f(x)); // here\n", "1", "debug-output", Some("")),
            ("a.php", "var_dump($a); // here\n", "1", "debug-output", Some("")),
            ("a.rb", "  binding.pry\n", "1", "debugger", Some("")),
            ("a.rs", "dbg!(f(x));\n", "1", "debug-output", Some("")),
            ("a.rs", "let y = dbg!(f(x));\n", "1", "debug-output", None),
            ("a.js", "console.log('here', x);\n", "1", "debug-output", Some("")),
            ("a.test.js", "  it.only('a', f)\n", "1", "focused-test", Some("  it('a', f)\n")),
            ("a.test.js", "test.only.each([1])('a', f)\r\n", "1", "focused-test", Some("test.each([1])('a', f)\r\n")),
            ("a.spec.ts", "fdescribe('a', f)", "1", "focused-test", Some("describe('a', f)")),
            ("a_test.go", "\tFIt(\"a\", f)\n", "1", "focused-test", Some("\tIt(\"a\", f)\n")),
            ("a.rs", "// XXX: remove before merging\n", "1", "not-to-merge", None),
            ("a.py", "x = 1  # DO NOT MERGE\n", "1", "not-to-merge", None),
            ("a.c", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n", "1-5", "conflict-marker", None),
            ("a.md", "<<<<<<< HEAD\na\n||||||| x\n=======\nb\n>>>>>>> topic\n", "1-6", "conflict-marker", None),
        ] {
            let want = vec![(lines.to_owned(), rule.to_owned(), fixed.map(str::to_owned))];
            assert_eq!(found(path, "", new), want, "{path}: {new}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for (path, new) in [
            ("a.ts", "const debugger_url = 1; open(debuggerUrl)\n"),
            ("a.ts", "/*\ndebugger;\n*/\n`\ndebugger;\n`\n"),
            ("a.py", "# breakpoint()\nset_breakpoint()\n\"\"\"\nbreakpoint()\n\"\"\"\n"),
            ("a.js", "console.log('listening on', port);\nconsole.log(`Done: ${n}`)\n"),
            ("a.js", "list.only('a')\nquery.it.only(1)\n"),
            ("a.py", "print(report)\n"),
            ("bin/a.php", "<?php\nif ('var-dump' === $operation) {\n    var_dump($stmts);\n}\n"),
            ("a.sh", "if [ \"$DEBUG\" ]; then\n  set -x\nfi\n"),
            ("a.py", "breakpoint()  # noqa: T100\n"),
            ("a.js", "// eslint-disable-next-line no-debugger\ndebugger;\n"),
            ("playground/a.js", "console.log('here', x);\n"),
            ("integration/_fixtures/a_test.go", "\tFIt(\"a\", f)\n"),
            ("a.js", "debugger; // eslint-disable-line no-debugger\n"),
            (
                "a.rs",
                "fn f() {\n    g(\"a.rs\", \"dbg!(f(x));\\n\", r##\"\n dbg!(x) \"# dbg!(y);\n\"##, br\"\\\");\n    let q = \"\n    dbg!(x);\n    \";\n}\n",
            ),
            ("a.js", "const s = `${a(`x`)}\n  debugger;\n`;\nconst r = /[`'\"]/;\nconst t = `\n  debugger;\n`;\n"),
            ("a.py", "x = r'\\\\'\ny = \"\"\"\nbreakpoint()\n\"\"\"\n"),
            ("a.rs", "// TODO: remove this\n// dbg!(x)\nmy_dbg!(x);\nlet s = \"DO NOT MERGE\";\n"),
            ("a.md", "Title\n=======\n\n> quoted\n>>>>>>> deeply\n"),
            ("a.toml", "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n"),
            ("a.md", "Write `DO NOT MERGE` into the title.\n"),
            ("a.go", "Fit(x)\nFirst()\n"),
            ("a.sh", "#!/bin/sh\nset -x\n"),
            (
                ".github/workflows/a.sh",
                "#!/bin/sh\n\n# Makes the site.\nif [ \"$1\" ]; then\n  set -x\nfi\nmake\n\n\n\n\n\nset -x\n",
            ),
            ("tests/a.sh", "#!/bin/sh\n\n\n\n\n\n\n\n\n\n\n\nset -x\n"),
            ("lib/a.sh", "echo \"asdf install ${version}\"\n"),
            ("tests/a.rs", "fn f() {\n    assert!(dbg!(x));\n}\n"),
            ("src/a.rs", "#[cfg(test)]\nmod tests {\n    fn f() {\n        dbg!(x);\n    }\n}\n"),
            ("src/a.rs", "macro_rules! d {\n    ($x:expr) => { $crate::dbg!(target: \"a\", $x) };\n}\n"),
            ("src/a.rs", "fn f() {\n    dbg!(level: DEBUG, x);\n}\n"),
            ("a.kt", "val native = true // Set to false to try it, but DO NOT COMMIT\n"),
            ("a_spec.rb", "x = <<~RUBY\n  byebug\nRUBY\n"),
            ("A.java", "    t.printStackTrace(); // TODO this is not great\n"),
            ("a.cc", "void f() {\n  if (FLAG(break_on_failure)) {\n    DebugBreak();\n  }\n}\n"),
            ("a_test.go", "package a\n\nfunc TestA(t *testing.T) {\n\tif testing.Short() {\n\t\tt.SkipNow()\n\t}\n}\n"),
            ("a.go", "\tfmt.Println(\"Done:\", x)\n\tt.Skip(\"needs a network\")\n"),
            ("A.java", "    System.out.println(\"Usage: a [debug]\");\n    @Disabled(\"see #12\")\n"),
            ("a.c", "  printf(\"%d files\\n\", n);\n"),
            ("test_a.py", "@pytest.mark.skip(reason=\"no network\")\n"),
            ("a.py", ">>>>>>> this is a quote of a mail\n"),
            ("a.md", "<<<<<<< HEAD\n"),
        ] {
            assert_eq!(found(path, "", new), [], "{path}: {new}");
        }
    }

    #[test]
    fn code_inside_of_a_string_is_code() {
        let new = "const s = `${f(() => {\n  debugger;\n})}`;\n";
        assert_eq!(found("a.js", "", new)[0].0, "2");
        assert_eq!(found("a.rs", "", "fn f() { println!(\"{}\", dbg!(x)); }\n")[0].1, "debug-output");
    }

    #[test]
    fn lines_that_were_there_before_are_left_alone() {
        assert_eq!(found("a.js", "debugger\na\n", "debugger\nb\n"), []);
        assert_eq!(found("a.js", "debugger\na\n", "debugger\na\ndebugger\n").len(), 1);
    }

    #[test]
    fn large_and_minified_texts_take_no_time() {
        let long = "debugger;".repeat(1_000_000);
        let many = "debugger\n".repeat(200_000);
        assert_eq!(found("a.js", "", &long), []);
        let snapshot = Snapshot::in_memory(&[], &[("a.js", &many)]);
        let findings = crate::remark::tests::run("leftovers", &snapshot);
        assert_eq!(findings.len(), MOST_FINDINGS);
        let nested = "(".repeat(100_000) + "\n/*";
        assert_eq!(found("a.rs", "", &nested), []);
    }
}

#[cfg(test)]
mod asked_for {
    use git::Snapshot;

    fn rules(path: &str, new: &str) -> Vec<String> {
        let found = crate::remark::tests::run("leftovers", &Snapshot::in_memory(&[], &[(path, new)]));
        found.iter().map(|f| f.rule.as_ref().unwrap().id.trim_start_matches("deep-review/").to_owned()).collect()
    }

    #[test]
    fn code_in_comments_and_lone_todos_are_found_when_asked_for() {
        for (path, line, rule) in [
            ("a.rs", "    // let x = f(1);\n", Some("commented-out-code")),
            ("a.py", "# x = f(1)\n", Some("commented-out-code")),
            ("a.go", "\t// return f(x);\n", Some("commented-out-code")),
            ("a.rs", "// The default is 1.\n", None),
            ("a.rs", "// f(x) gives the size.\n", None),
            ("a.rs", "// TODO: make it faster\n", Some("todo-without-issue")),
            ("a.rs", "// TODO(#12): make it faster\n", None),
            ("a.rs", "// TODO(ana): make it faster\n", None),
            ("a.rs", "let s = \"TODO\";\n", None),
        ] {
            assert_eq!(rules(path, line), rule.into_iter().collect::<Vec<_>>(), "{line}");
        }
    }
}
