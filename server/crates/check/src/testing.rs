//! Tests: those that the branch switches off or runs alone, those that it adds and that assert nothing, and behaviour
//! that it changes without a test.

use super::Job;
use super::leftovers;
use super::remark::{anchor, is_added, is_sample, is_test, remark};
use super::syntax::{FileKind, Part, kind_of, parts};
use super::tree::{self, nodes};
use finding::{Anchor, LineRange, RawFinding, RepoPath, Severity};
use git::{ChangeKind, ChangedFile, SnapshotError};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;
use tree_sitter::Node;

pub(super) const AGENT: &str = leftovers::OF_TESTS;
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("focused-test", true, "a test that makes the runner leave out all others"),
    ("skipped-test", true, "a test that is switched off without a reason"),
    ("assertion-free-test", false, "a new test that works something out and compares it with nothing"),
    ("untested-change", false, "behaviour that was changed, and none of its tests"),
];
/// A change of fewer lines of code may be of one that tests need not know.
const SMALL: usize = 8;

/// Finds what one file shows.
pub(super) fn in_file(job: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
    let mut findings = leftovers::in_lines(job, file, AGENT);
    if job.settings.is_on("assertion-free-test", false) && !leftovers::is_test_framework(job.snapshot) {
        findings.extend(without_assertion(file));
    }
    findings
}

/// Finds what only the whole branch shows.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn in_branch(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    if !job.settings.is_on("untested-change", false) {
        return Ok(Vec::new());
    }
    let changed: Vec<&ChangedFile> =
        job.snapshot.files().iter().filter(|f| tree::language_of(&f.path).is_some()).collect();
    if changed.iter().any(|f| is_test(&f.path) || has_tests_inside(f)) {
        return Ok(Vec::new());
    }
    let names = job.snapshot.names()?;
    let mut tests: HashMap<String, &RepoPath> = HashMap::new();
    for path in names.iter().filter(|p| is_test(p) && !is_sample(p) && tree::language_of(p).is_some()) {
        tests.insert(subject(path), path);
    }
    let untested: Vec<(&ChangedFile, &RepoPath)> = changed
        .into_iter()
        .filter(|f| f.kind == ChangeKind::Modified && !is_sample(&f.path) && changed_lines(f) >= SMALL)
        .filter_map(|f| Some((f, *tests.get(&subject(&f.path))?)))
        .collect();
    let Some((first, _)) = untested.first() else { return Ok(Vec::new()) };
    let title = match untested.len() {
        1 => format!("{} behaves differently, and no test changed", first.path.file_name()),
        n => format!("{n} files behave differently, and no test changed"),
    };
    let list: Vec<String> =
        untested.iter().take(20).map(|(f, test)| format!("- `{}`, of which `{test}` is the test", f.path)).collect();
    let mut finding = remark(AGENT, "untested-change", Severity::Suggestion, title, list.join("\n"));
    finding.anchors.extend(untested.iter().take(20).map(|(f, _)| Anchor::file(f.path.clone())));
    Ok(vec![finding])
}

/// What a source, or the test of it, is about: its name without what says that it is a test.
fn subject(path: &RepoPath) -> String {
    let stem = path.file_name().split('.').next().unwrap_or("").to_lowercase();
    let stem = stem.trim_start_matches("test_").trim_start_matches("test-");
    let ends = ["_test", "-test", "_spec", "-spec", "tests", "test", "spec"];
    ends.iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem).to_owned()
}

/// Whether the change of a file touches tests that are in it, as in Rust.
fn has_tests_inside(file: &ChangedFile) -> bool {
    let Some(text) = file.new.as_deref() else { return false };
    let Some(at) = text.find("#[cfg(test)]").or_else(|| text.find("#[test]")) else { return false };
    let line = super::remark::line_at(text, at);
    file.hunks.iter().any(|h| h.new_start + h.new_count > line)
}

/// The lines of code that a change took out or put in: no comments, no blank ones, no imports.
fn changed_lines(file: &ChangedFile) -> usize {
    let (Some(old), Some(new)) = (file.old.as_deref(), file.new.as_deref()) else { return 0 };
    let FileKind::Code(syntax) = kind_of(&file.path) else { return 0 };
    let code = |text: &str| -> Vec<bool> {
        let mut blank = text.as_bytes().to_vec();
        for (range, part) in parts(text, &syntax) {
            if part == Part::Comment {
                let end = range.end.min(blank.len());
                blank[range.start..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
            }
        }
        let text = String::from_utf8_lossy(&blank).into_owned();
        let says = |line: &str| {
            let line = line.trim();
            line.len() > 2
                && !["import ", "use ", "from ", "#include", "using ", "package "].iter().any(|w| line.starts_with(w))
        };
        text.lines().map(says).collect()
    };
    let (old, new) = (code(old), code(new));
    let count = |lines: &[bool], start: u32, n: u32| {
        lines.iter().skip(start as usize - 1).take(n as usize).filter(|says| **says).count()
    };
    file.hunks
        .iter()
        .filter(|h| h.old_count > 0)
        .map(|h| count(&old, h.old_start.max(1), h.old_count) + count(&new, h.new_start.max(1), h.new_count))
        .sum()
}

/// What asserts, or hands the work to somebody who may.
static ASSERTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) assert | expect | should | verify | check | must | require | ensure | raises | throws | fail | \bpanic
          | unwrap | match | snapshot | compare | equal | mock | approv | validat | benchmark | \bskip | \?\s*;
          | \b(?:t|b|tb|self|this|test|done|mocker|capsys|caplog)\b\s*[,)] | \bt\.(?:Error|Fatal|Fail|Run|Skip) | \bis\( | \bok\( | \bdone\(
          | \bexit | \$\?|\bstatus\b | \breturn\b | \bxfail | plan\( | doctest | \bawait\s+wait | \bEXPECT_ | \bASSERT_ | CHECK\( ",
    )
    .ok()
});

/// New tests that assert nothing: an empty one, and one that works out a value which nobody looks at.
fn without_assertion(file: &ChangedFile) -> Vec<RawFinding> {
    let Some(text) = file.new.as_deref().filter(|_| is_test(&file.path) || file.path.extension() == Some("rs")) else {
        return Vec::new();
    };
    if is_sample(&file.path) {
        return Vec::new();
    }
    let (Some(asserts), Some(tree)) = (ASSERTS.as_ref(), tree::read(&file.path, text)) else { return Vec::new() };
    let root = tree.root();
    let mut findings = Vec::new();
    // One that stands alone in its file is there for the runner, which wants one.
    let tests = nodes(root.get_inner_node()).filter(|node| test(*node, text).is_some()).take(2).count();
    for node in nodes(root.get_inner_node()) {
        let Some((name, body)) = test(node, text) else { continue };
        let line = node.start_position().row as u32 + 1;
        let last = node.end_position().row as u32 + 1;
        let is_new = (line..=last).all(|n| is_added(file, n));
        let Some(said) = text.get(body.byte_range()).filter(|_| is_new && !node.has_error()) else { continue };
        if asserts.is_match(said) {
            continue;
        }
        let title = match unused_result(body, text) {
            Some(result) if !says_that_nothing_fails(&name) => format!("Test {name} compares {result} with nothing"),
            None if is_empty(body) && tests > 1 && !is_in_a_class_of_another(node) => format!("Test {name} is empty"),
            _ => continue,
        };
        let body = "It passes whatever the code does.".to_owned();
        let mut finding = remark(AGENT, "assertion-free-test", Severity::Suggestion, title, body);
        finding.anchors.push(anchor(&file.path, text, LineRange::new(line, last.min(line + 9))));
        findings.push(finding);
    }
    findings
}

/// The name and the body of a test.
fn test<'t>(node: Node<'t>, text: &str) -> Option<(String, Node<'t>)> {
    let of = |n: Node<'_>| text.get(n.byte_range()).map(str::to_owned);
    let named = |node: Node<'_>| of(node.child_by_field_name("name")?);
    let before = |node: Node<'_>| {
        let siblings = std::iter::successors(node.prev_named_sibling(), |n| n.prev_named_sibling());
        siblings.take_while(|n| n.kind() == "attribute_item").filter_map(of).collect::<Vec<_>>().join(" ")
    };
    let modifiers = |node: Node<'_>| {
        let name = node.child_by_field_name("name").map_or(node.start_byte(), |n| n.start_byte());
        text.get(node.start_byte()..name).unwrap_or("").to_owned()
    };
    let is_test = match node.kind() {
        // Python, PHP.
        "function_definition" => {
            let name = named(node)?;
            let is_plain = node.parent().is_none_or(|p| p.kind() != "decorated_definition");
            is_plain && name.starts_with("test_")
        }
        "function_item" => {
            let attributes = before(node);
            attributes.contains("#[test]") || attributes.contains("::test]")
        }
        "function_declaration" => {
            let parameters = node.child_by_field_name("parameters").and_then(of).unwrap_or_default();
            named(node).is_some_and(|n| n.starts_with("Test")) && parameters.contains("testing.T")
        }
        "method_declaration" => {
            let says = modifiers(node);
            let is_of_php = text.starts_with("<?") && named(node)?.starts_with("test");
            is_of_php
                || ["@Test", "[Fact]", "[Test]", "[TestMethod]"].iter().any(|w| says.contains(w)) && !says.contains('=')
        }
        "method" => named(node)?.starts_with("test_"),
        "call_expression" => {
            let callee = of(node.child_by_field_name("function")?)?;
            let list = node.child_by_field_name("arguments")?;
            let (name, function) = (list.named_child(0)?, list.named_child(1)?);
            let is_test = matches!(callee.as_str(), "it" | "test") && name.kind().contains("string");
            let takes_nothing = function.child_by_field_name("parameters").is_some_and(|p| p.named_child_count() == 0);
            let body = function.child_by_field_name("body").filter(|_| is_test && takes_nothing)?;
            return Some((of(name)?.trim_matches(['"', '\'', '`']).to_owned(), body));
        }
        _ => false,
    };
    let name = named(node)?;
    is_test.then(|| Some((name, node.child_by_field_name("body")?))).flatten()
}

/// Whether that nothing fails is the point of a test, by its name.
fn says_that_nothing_fails(name: &str) -> bool {
    let name = name.to_lowercase();
    ["not", "n't", "without", "no_", "allow", "can", "works", "accept", "compile", "ignore", "safe"]
        .iter()
        .any(|w| name.contains(w))
}

/// Whether a test is in a class within another class: what a test of tests runs.
fn is_in_a_class_of_another(node: Node<'_>) -> bool {
    let around = std::iter::successors(node.parent(), |n| n.parent());
    around.filter(|n| matches!(n.kind(), "class_declaration" | "class_definition" | "function_definition")).count() > 1
}

/// Whether nothing at all is done.
fn is_empty(body: Node<'_>) -> bool {
    let mut cursor = body.walk();
    body.named_children(&mut cursor).all(|n| n.kind() == "pass_statement")
}

/// The name of a value that the test's last statement works out, and that nobody looks at.
fn unused_result(body: Node<'_>, text: &str) -> Option<String> {
    // Go has its statements in a list of their own.
    let body = body.named_child(0).filter(|n| n.kind() == "statement_list").unwrap_or(body);
    let mut cursor = body.walk();
    let statements: Vec<Node<'_>> = body.named_children(&mut cursor).filter(|n| !n.is_extra()).collect();
    let last = *statements.last()?;
    let statement = match last.kind() {
        "expression_statement" => last.named_child(0)?,
        _ => last,
    };
    let name = match statement.kind() {
        "assignment" | "assignment_expression" | "short_var_declaration" => statement.child_by_field_name("left")?,
        "let_declaration" => statement.child_by_field_name("pattern")?,
        "lexical_declaration"
        | "variable_declaration"
        | "local_variable_declaration"
        | "local_declaration_statement" => {
            let declarator = nodes(statement).find(|n| n.kind() == "variable_declarator")?;
            declarator.child_by_field_name("name").or_else(|| declarator.named_child(0))?
        }
        _ => return None,
    };
    let name = text.get(name.byte_range())?;
    let is_plain = name.trim_start_matches('$').bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let has_call = nodes(statement).any(|n| n.kind().contains("call") || n.kind().contains("invocation"));
    (is_plain && has_call && !name.starts_with('_')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run;
    use git::Snapshot;

    fn titles(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        run("tests", &Snapshot::in_memory(old, new)).into_iter().map(|f| f.title).collect()
    }

    #[test]
    fn a_new_test_that_asserts_nothing_is_named() {
        for (path, text, title) in [
            ("test_a.py", "def test_load():\n    result = load(1)\n", "Test test_load compares result with nothing"),
            (
                "test_a.py",
                "def test_load():\n    pass\n\ndef test_other():\n    assert other()\n",
                "Test test_load is empty",
            ),
            (
                "a_test.go",
                "package a\n\nfunc TestLoad(t *testing.T) {\n\tgot := load(1)\n}\n",
                "Test TestLoad compares got with nothing",
            ),
            ("src/a.rs", "#[test]\nfn loads() {\n    let got = load(1);\n}\n", "Test loads compares got with nothing"),
            ("a.test.js", "it('loads', () => {\n  const got = load(1)\n})\n", "Test loads compares got with nothing"),
            (
                "a.test.ts",
                "test(\"loads\", async () => {\n  const got = await load(1)\n})\n",
                "Test loads compares got with nothing",
            ),
            #[cfg(feature = "grammars")]
            (
                "src/test/ATest.java",
                "class ATest {\n    @Test\n    void loads() {\n        int got = load(1);\n    }\n}\n",
                "Test loads compares got with nothing",
            ),
            #[cfg(feature = "grammars")]
            (
                "tests/ATests.cs",
                "class ATests {\n    [Fact]\n    public void Loads() {\n        var got = Load(1);\n    }\n}\n",
                "Test Loads compares got with nothing",
            ),
            #[cfg(feature = "grammars")]
            (
                "test/a_test.rb",
                "class ATest\n  def test_load\n    got = load(1)\n  end\nend\n",
                "Test test_load compares got with nothing",
            ),
            #[cfg(feature = "grammars")]
            (
                "tests/ATest.php",
                "<?php\nclass ATest {\n    function testLoad() {\n        $got = load(1);\n    }\n}\n",
                "Test testLoad compares $got with nothing",
            ),
        ] {
            assert_eq!(titles(&[], &[(path, text)]), [title], "{path}");
            assert_eq!(titles(&[(path, text)], &[(path, &format!("{text}\n"))]), Vec::<String>::new(), "it was there");
        }
        for (path, text) in [
            ("test_a.py", "def test_load():\n    result = load(1)\n    assert result == 2\n"),
            ("test_a.py", "def test_load():\n    load(1)\n"),
            ("a.test.ts", "test(\"\", () => {});\n"),
            ("test_a.py", "def test_load():\n    with raises(X):\n        x = load(1)\n"),
            ("test_a.py", "@given(x())\ndef test_load(x):\n    y = load(x)\n"),
            ("a_test.go", "package a\n\nfunc TestLoad(t *testing.T) {\n\tx := load(t)\n}\n"),
            ("src/a.rs", "#[test]\nfn loads() {\n    let x = load(1).unwrap();\n}\n"),
            ("a.test.js", "it('loads', done => {\n  const x = load(done)\n})\n"),
            ("a.py", "def test_load():\n    result = load(1)\n"),
        ] {
            assert_eq!(titles(&[], &[(path, text)]), Vec::<String>::new(), "{path}: {text}");
        }
    }

    #[test]
    fn behaviour_that_changed_without_its_test_is_summed_up() {
        let code = |by: &str| (1..6).map(|n| format!("def f{n}(x):\n    return x * {by}\n")).collect::<String>();
        let test = ("tests/test_load.py", "def test_f1():\n    assert f1(1) == 2\n");
        let (old, new) = (code("2"), code("3"));
        let title = "load.py behaves differently, and no test changed";
        assert_eq!(titles(&[("src/load.py", &old), test], &[("src/load.py", &new), test]), [title]);
        let more = ("tests/test_load.py", "def test_f1():\n    assert f1(1) == 3\n");
        for (base, head) in [
            ([("src/load.py", &*old), test], [("src/load.py", &*new), more]),
            ([("src/other.py", &*old), test], [("src/other.py", &*new), test]),
            ([("src/load.py", &*old), test], [("src/load.py", &*format!("# A comment.\n{old}")), test]),
        ] {
            assert_eq!(titles(&base, &head), Vec::<String>::new());
        }
    }
}
