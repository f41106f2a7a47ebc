//! Promises that a change breaks: documentation of parameters that the changed signature no longer has, calls that it
//! leaves behind, formats that do not fit their arguments, and limits that only one call leaves out.

mod callers;
mod formats;
mod kotlin;
mod look;
mod neighbours;
mod signature;

use super::Job;
use super::definitions::{Definition, of_tree};
use super::remark::{anchor, line_at, remark, replacing};
use super::tree::{self, Tree};
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::{ChangeKind, ChangedFile, SnapshotError};
use regex::Regex;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

pub(super) const AGENT: &str = "contracts";
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("stale-parameter", true, "documentation of a parameter that the changed signature no longer has"),
    ("format-arguments", true, "a format with more or fewer places than arguments"),
    ("stale-call", true, "a call that fits what the function took before, and not what it takes now"),
    ("dropped-limit", true, "a call without the time-out or the context that all its neighbours pass"),
];

/// Finds them in a changed file.
pub(super) fn in_file(_: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
    let Some(text) = file.new.as_deref() else { return Vec::new() };
    // Most files have nothing of what these read, and are not parsed.
    let has_formats = formats::may_be_in(file, text);
    let has_neighbours = neighbours::may_be_in(file, text);
    let has_signatures = documents_parameters(text) && look::may_change_a_signature(file);
    if !(has_formats || has_neighbours || has_signatures) {
        return Vec::new();
    }
    let Some(tree) = tree::read(&file.path, text) else { return Vec::new() };
    let mut findings = if has_formats { formats::in_tree(file, text, &tree) } else { Vec::new() };
    if has_neighbours {
        findings.extend(neighbours::in_tree(file, text, &tree));
    }
    if has_signatures {
        findings.extend(stale_parameters_in(file, text, &tree));
    }
    findings
}

/// What the documentation in a changed file says of parameters that are gone.
fn stale_parameters_in(file: &ChangedFile, text: &str, tree: &Tree) -> Vec<RawFinding> {
    let Some(old) = file.old.as_deref() else { return Vec::new() };
    let after = of_tree(tree, text);
    let is_touched = after.iter().any(|d| is_function(d) && touches(file, text, d));
    let old_path = match &file.kind {
        ChangeKind::Renamed { from } => from,
        _ => &file.path,
    };
    let Some(old_tree) = is_touched.then(|| tree::read(old_path, old)).flatten() else { return Vec::new() };
    stale_parameters(file, (old, &of_tree(&old_tree, old)), (text, &after))
}

fn is_function(definition: &Definition) -> bool {
    matches!(definition.noun, "function" | "method")
}

/// Whether a text has the sign of a documented parameter at all.
fn documents_parameters(text: &str) -> bool {
    ["param", "Args:"].iter().any(|sign| memchr::memmem::find(text.as_bytes(), sign.as_bytes()).is_some())
}

/// Whether the change put in, or took out, some of a definition.
fn touches(file: &ChangedFile, text: &str, definition: &Definition) -> bool {
    let (first, last) =
        (definition.line, definition.line + text[definition.range.clone()].matches('\n').count() as u32);
    let next = file.hunks.partition_point(|h| h.new_start + h.new_count < first);
    file.hunks.get(next).is_some_and(|h| h.new_start <= last + 1)
}

/// Finds what only the whole branch shows: calls that a changed signature leaves behind.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn in_branch(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    callers::check(job)
}

/// How documentation names a parameter.
static DOCUMENTED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r"[@\\]param(?:\[[\w, ]*\])?\s+(?:\{[^}\n]*\}\s*)?(?:[\w|\\<>?\[\]]+\s+)?\$(\w+)",
        r"[@\\]param(?:\[[\w, ]*\])?\s+(?:\{[^}\n]*\}\s*|\[[^\]\n]*\]\s+)?\[?(\w+)",
        r#"<param name="(\w+)""#,
        r":param\s+(?:[\w\[\], .]+\s)?(\w+)\s*:",
    ];
    patterns.iter().filter_map(|p| Regex::new(p).ok()).collect()
});
static GOOGLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^(\s+)(\w+)(?: \([^)\n]*\))?:\s").ok());

/// A text with its definitions.
type Defined<'t> = (&'t str, &'t [Definition]);

fn stale_parameters(file: &ChangedFile, old: Defined<'_>, new: Defined<'_>) -> Vec<RawFinding> {
    let functions = |(text, definitions): Defined<'_>| -> HashMap<String, Vec<(Definition, Vec<String>)>> {
        let mut all: HashMap<String, Vec<_>> = HashMap::new();
        for d in definitions.iter().filter(|d| is_function(d)) {
            if let Some(parameters) = parameters(text, d) {
                all.entry(d.name.clone()).or_default().push((d.clone(), parameters));
            }
        }
        all
    };
    let (before, after) = (functions(old), functions(new));
    let mut findings = Vec::new();
    for (name, now) in &after {
        // Overloads are told apart by nothing that is safe here.
        let ([(function, parameters)], Some([(_, former)])) = (now.as_slice(), before.get(name).map(Vec::as_slice))
        else {
            continue;
        };
        if parameters == former {
            continue;
        }
        let signature = Signature { function: name, former, parameters };
        for (at, documented) in documented(&file.path, new.0, function) {
            if !parameters.contains(&documented) && former.contains(&documented) {
                findings.push(signature.stale(file, new.0, &at, &documented));
            }
        }
    }
    findings.sort_by_key(|f| f.anchors[0].lines);
    findings
}

/// A signature that the branch changed.
struct Signature<'s> {
    function: &'s str,
    former: &'s [String],
    parameters: &'s [String],
}

impl Signature<'_> {
    /// The documentation at `at` still speaks of a parameter that is gone.
    fn stale(&self, file: &ChangedFile, text: &str, at: &Range<usize>, documented: &str) -> RawFinding {
        let Self { function, former, parameters } = self;
        let title = format!("Documented parameter {documented} is none of {function} any more");
        let body = "This branch changed the signature, and left the documentation as it was.".to_owned();
        let mut finding = remark(AGENT, "stale-parameter", Severity::Suggestion, title, body);
        finding.anchors.push(anchor(&file.path, text, LineRange::line(line_at(text, at.start))));
        // Where one word of the signature became another, and nothing else changed, it is a new name.
        let changed: Vec<(&String, &String)> = former.iter().zip(*parameters).filter(|(a, b)| a != b).collect();
        if let ([(was, is)], true) = (changed.as_slice(), former.len() == parameters.len())
            && was.as_str() == documented
        {
            finding.fixes.push(replacing(AGENT, "use the new name", &file.path, text, &[(at.clone(), is)]));
        }
        finding
    }
}

/// The words between the parentheses behind a function's name: names, types and defaults.
fn parameters(text: &str, function: &Definition) -> Option<Vec<String>> {
    let whole = &text[function.range.clone()];
    let name = whole.find(&function.name)? + function.name.len();
    let open = name + whole[name..].find(['(', '{', '\n']).filter(|i| whole[name + i..].starts_with('('))?;
    let mut depth = 0;
    let close = whole[open..].char_indices().find_map(|(i, c)| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(open + i)
    })?;
    let words = whole[open..close].split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
    Some(words.map(str::to_owned).collect())
}

/// The parameters that a function's documentation names, with their places.
fn documented(path: &RepoPath, text: &str, function: &Definition) -> Vec<(Range<usize>, String)> {
    let range = documentation(path, text, function);
    let doc = &text[range.clone()];
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    for pattern in DOCUMENTED.iter() {
        for group in pattern.captures_iter(doc).filter_map(|c| c.get(1)) {
            let at = range.start + group.start()..range.start + group.end();
            // The first pattern that knows the form is right.
            let line = line_at(text, at.start);
            if !found.iter().any(|(known, _)| line_at(text, known.start) == line) {
                found.push((at, group.as_str().to_owned()));
            }
        }
    }
    if let (Some(section), Some(google)) = (doc.find("Args:\n"), GOOGLE.as_ref()) {
        let end = doc[section..].find("\n\n").map_or(doc.len(), |i| section + i);
        let from = section + "Args:\n".len();
        let lines = &doc[from..end.max(from)];
        let indent = google.captures(lines).and_then(|c| c.get(1)).map_or(0, |m| m.len());
        for c in google.captures_iter(lines).filter(|c| c.get(1).is_some_and(|m| m.len() == indent)) {
            if let Some(group) = c.get(2) {
                let start = range.start + from + group.start();
                found.push((start..start + group.len(), group.as_str().to_owned()));
            }
        }
    }
    found
}

/// Where a function's documentation is: the comment before it, or the text that its body begins with.
fn documentation(path: &RepoPath, text: &str, function: &Definition) -> Range<usize> {
    if matches!(path.extension(), Some("py" | "pyi")) {
        let whole = &text[function.range.clone()];
        let body = whole.find("\"\"\"").filter(|i| whole[..*i].trim_end().ends_with(':'));
        let end = body.and_then(|i| whole[i + 3..].find("\"\"\"").map(|e| i + 3 + e));
        return match (body, end) {
            (Some(start), Some(end)) => function.range.start + start..function.range.start + end,
            _ => function.range.start..function.range.start,
        };
    }
    let end = text[..function.range.start].rfind('\n').map_or(0, |i| i + 1);
    let mut start = end;
    for line in text[..end].lines().rev().take(200) {
        let trimmed = line.trim_start();
        let is_doc = ["//", "/*", "*", "#", "@", "["].iter().any(|sign| trimmed.starts_with(sign));
        if !is_doc {
            break;
        }
        start = start.saturating_sub(line.len() + 1);
        if trimmed.starts_with("/*") {
            break;
        }
    }
    // A text with other line ends than "\n" may have been counted short.
    let start = (start..=end).find(|i| text.is_char_boundary(*i)).unwrap_or(end);
    start..end
}

#[cfg(test)]
mod tests {
    use crate::corpus::nothing_is_lost;
    use crate::remark::tests::run;
    use finding::RawFinding;
    use git::{ChangedFile, Snapshot};
    use patch::{Hints, apply_edits, place};

    fn found(path: &str, old: &str, new: &str) -> Vec<(String, Option<String>)> {
        let findings = run("contracts", &Snapshot::in_memory(&[(path, old)], &[(path, new)]));
        let fixed = |f: &finding::RawFinding| {
            let edits = place(new, &f.fixes.first()?.diff, &Hints::default()).expect("an exact fix").edits;
            Some(apply_edits(new, &edits))
        };
        findings.iter().map(|f| (f.title.clone(), fixed(f))).collect()
    }

    #[test]
    fn documentation_of_a_parameter_that_is_gone_is_found_and_renamed() {
        for (path, text) in [
            ("a.ts", "/**\n * @param {string} from where\n */\nexport function load(FROM: string) {}\n"),
            ("a.py", "def load(FROM):\n    \"\"\"Loads.\n\n    :param from: where\n    \"\"\"\n"),
            (
                "b.py",
                "def load(FROM, x):\n    \"\"\"Loads.\n\n    Args:\n        from: where\n        x: what\n    \"\"\"\n",
            ),
            #[cfg(feature = "grammars")]
            ("A.java", "class A {\n    /**\n     * @param from where\n     */\n    void load(String FROM) {}\n}\n"),
            #[cfg(feature = "grammars")]
            ("a.php", "<?php\n/**\n * @param string $from where\n */\nfunction load($FROM) {}\n"),
            #[cfg(feature = "grammars")]
            ("a.cs", "class A {\n    /// <param name=\"from\">where</param>\n    void Load(string FROM) {}\n}\n"),
            #[cfg(feature = "grammars")]
            ("a.c", "/** @param from where */\nint load(char *FROM) { return 0; }\n"),
            #[cfg(feature = "grammars")]
            ("a.kt", "/**\n * @param from where\n */\nfun load(FROM: String) {}\n"),
        ] {
            let (old, new) = (text.replace("FROM", "from"), text.replace("FROM", "source"));
            let found = found(path, &old, &new);
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            assert!(found[0].0.starts_with("Documented parameter from is none of"), "{path}: {found:?}");
            assert_eq!(found[0].1.as_deref(), Some(&*old.replace("from", "source")), "{path}");
            assert_eq!(self::found(path, &old, &old.replace("where", "there")), [], "{path}");
        }
        // Which one it became is not said.
        let doc = "/** @param a x */\nfunction f(";
        assert_eq!(found("a.ts", &format!("{doc}a) {{}}\n"), &format!("{doc}b, c) {{}}\n"))[0].1, None);
    }

    #[test]
    fn what_the_words_of_a_change_pass_over_has_nothing() {
        use super::{callers, formats, look, neighbours, stale_parameters_in};
        use crate::tree::{self, Tree};
        type InTree = fn(&ChangedFile, &str, &Tree) -> Vec<RawFinding>;
        let count = |in_tree: InTree, file: &ChangedFile| {
            let text = file.new.as_deref().unwrap_or("");
            tree::read(&file.path, text).map_or(0, |tree| in_tree(file, text, &tree).len())
        };
        let text = |file: &ChangedFile| file.new.clone().unwrap_or_default();
        nothing_is_lost(&|f| formats::may_be_in(f, &text(f)), &|f| count(formats::in_tree, f));
        nothing_is_lost(&|f| neighbours::may_be_in(f, &text(f)), &|f| count(neighbours::in_tree, f));
        nothing_is_lost(&look::may_change_a_signature, &|f| count(stale_parameters_in, f));
        nothing_is_lost(&look::may_change_a_signature, &|f| callers::changed_signatures(f).len());
    }

    #[test]
    fn formats_fit_their_arguments() {
        for (path, code, is_found) in [
            ("a.go", "package a\n\nfunc f() { fmt.Printf(\"%s %d\\n\", a) }\n", true),
            ("a.go", "package a\n\nfunc f() { fmt.Errorf(\"a: %w\", err, x) }\n", true),
            ("a.go", "package a\n\nfunc f() { fmt.Printf(\"%s %[1]d %*d 100%%\\n\", a, b) }\n", false),
            ("a.go", "package a\n\nfunc f() { fmt.Printf(\"%s %d\\n\", args...) }\n", false),
            ("a.go", "package a\n\nfunc f() { fmt.Errorf(\"%q for %q%s %t%v\", a, b, c, d, e) }\n", false),
            ("a.go", "package a\n\nfunc f() { fmt.Println(\"100%\", a); fmt.Printf(\"%v\", a) }\n", false),
            ("a.py", "x = '%s %s' % \\\n    (a, \\\n     b)\n", false),
            ("a.py", "x = '%s %s' % (a,)\n", true),
            ("a.py", "x = '%s %s' % (a, b)\ny = '%(a)s' % m\nz = 'a%' % x\nw = '%d%%' % n\n", false),
            ("a.py", "x = '%s is %t' % (a, b)\n", true),
            ("a.py", "x = '{} {}'.format(a)\n", true),
            ("a.py", "x = '{} {b} {{}}'.format(a, b=1)\ny = '{0} {0}'.format(a)\nz = '{} {}'.format(*a)\n", false),
            ("a.py", "logger.info('%s of %s', a)\n", true),
            ("a.py", "logger.info('%s of %s', a, b, exc_info=True)\nlogger.info('100%')\n", false),
            #[cfg(feature = "grammars")]
            ("a.c", "void f(void) { printf(\"%d %s\\n\", a); }\n", true),
            #[cfg(feature = "grammars")]
            (
                "a.c",
                "void f(void) { printf(\"%*d %ld%%\\n\", w, a, b); fprintf(f, \"%s\", x); printf(\"%\" PRIu64, x); }\n",
                false,
            ),
            #[cfg(feature = "grammars")]
            ("a.c", "void f(void) { fprintf(stderr, \"%s %s\", x); }\n", true),
            #[cfg(feature = "grammars")]
            ("A.java", "class A { String s = String.format(\"%s %s\", a); }\n", true),
            #[cfg(feature = "grammars")]
            (
                "A.java",
                "class A { String s = String.format(\"%s%n\", a) + String.format(\"%1$s %1$s\", a) + String.format(\"%s %s\", args); }\n",
                false,
            ),
            #[cfg(feature = "grammars")]
            ("a.php", "<?php $x = sprintf('%s %s', $a);\n", true),
            #[cfg(feature = "grammars")]
            ("a.php", "<?php $x = sprintf('%05d %s', $a, ...$b); printf('%s', $a);\n", false),
            #[cfg(feature = "grammars")]
            ("a.cs", "class A { string s = string.Format(\"{0} {1}\", a); }\n", true),
            #[cfg(feature = "grammars")]
            ("a.cs", "class A { string s = string.Format(\"{0:x} {{1}}\", a); }\n", false),
        ] {
            let found = found(path, "", code);
            assert_eq!(!found.is_empty(), is_found, "{path}: {code}: {found:?}");
        }
    }
}
