use super::compiled::built_in;
use super::sign::Looked;
use super::{matches, nodes_on};
use crate::tree;
use finding::RawFinding;
use git::Snapshot;
use patch::{Hints, apply_edits, place};

/// The rules found in the added file, with their lines and the text after the fix.
pub(crate) fn found(path: &str, new: &str) -> Vec<(String, String, Option<String>)> {
    let snapshot = Snapshot::in_memory(&[], &[(path, new)]);
    let findings = crate::remark::tests::run("rules", &snapshot);
    let fixed = |f: &RawFinding| {
        let hints = Hints { lines: f.anchors[0].lines, ..Hints::default() };
        let applied = place(new, &f.fixes.first()?.diff, &hints).expect("an exact fix");
        Some(apply_edits(new, &applied.edits))
    };
    let rule = |f: &RawFinding| f.rule.as_ref().unwrap().id.trim_start_matches("deep-review/").to_owned();
    findings.iter().map(|f| (rule(f), f.anchors[0].lines.unwrap().to_string(), fixed(f))).collect()
}

#[test]
fn mistakes_are_found_and_repaired() {
    for (rule, path, code, lines, fixed) in [
        ("python-is-literal", "a.py", "if x is \"a\":\n    y\n", "1", Some("if x == \"a\":\n    y\n")),
        ("python-is-literal", "a.py", "a = f(x) is not 3\n", "1", Some("a = f(x) != 3\n")),
        ("python-assert-tuple", "a.py", "assert (x > 1, \"low\")\n", "1", Some("assert x > 1, \"low\"\n")),
        ("python-strip-affix", "a.py", "n = s.rstrip(\".json\")\n", "1", Some("n = s.removesuffix(\".json\")\n")),
        ("python-strip-affix", "a.py", "n = s.lstrip('https://')\n", "1", Some("n = s.removeprefix('https://')\n")),
        ("python-mutable-default", "a.py", "def f(x, seen=[]):\n    pass\n", "1", None),
        ("python-mutable-default", "a.py", "def f(*, m: dict = {}):\n    pass\n", "1", None),
        (
            "go-trim-cutset",
            "a.go",
            "package a\n\nvar x = strings.TrimLeft(u, \"https://\")\n",
            "3",
            Some("package a\n\nvar x = strings.TrimPrefix(u, \"https://\")\n"),
        ),
        (
            "go-defer-in-loop",
            "a.go",
            "package a\n\nfunc f() {\n\tfor _, n := range l {\n\t\tif ok {\n\t\t\tdefer n.Close()\n\t\t}\n\t}\n}\n",
            "6",
            None,
        ),
        ("js-nan-comparison", "a.js", "if (x === NaN) {}\n", "1", Some("if (Number.isNaN(x)) {}\n")),
        ("js-nan-comparison", "a.tsx", "f(a.b != NaN)\n", "1", Some("f(!Number.isNaN(a.b))\n")),
        ("js-assignment-in-condition", "a.ts", "if (a = 1) b()\n", "1", Some("if (a === 1) b()\n")),
        (
            "js-async-foreach",
            "a.ts",
            "async function f(l: X[]) {\n  l.forEach(async (x) => {\n    await x.go();\n  });\n}\n",
            "2-4",
            Some(
                "async function f(l: X[]) {\n  await Promise.all(l.map(async (x) => {\n    await x.go();\n  }));\n}\n",
            ),
        ),
        (
            "rust-dropped-guard",
            "a.rs",
            "fn f() {\n    let _ = m.lock().unwrap();\n    go();\n}\n",
            "2",
            Some("fn f() {\n    let _guard = m.lock().unwrap();\n    go();\n}\n"),
        ),
        (
            "rust-nan-comparison",
            "a.rs",
            "fn f(x: f64) -> bool { x == f64::NAN }\n",
            "1",
            Some("fn f(x: f64) -> bool { x.is_nan() }\n"),
        ),
    ] {
        let want = vec![(rule.to_owned(), lines.to_owned(), fixed.map(str::to_owned))];
        assert_eq!(found(path, code), want, "{path}: {code}");
    }
}

#[test]
fn what_is_meant_is_left_alone() {
    for (path, code) in [
        ("a.py", "x is None\nx is not True\nx is y\n\"x is 'a'\"\n# x is 3\n"),
        ("a.py", "assert (x > 1), 'low'\nassert (x, y) == (1, 2)\nassert f(x, 1)\n"),
        ("a.py", "f(s.rstrip('\\n'), s.strip(), s.lstrip('0'), s.rstrip('/'), s.lstrip('abc'), s.rstrip('.,;'))\n"),
        ("a.py", "def f(x=(), y=None, z=\"[]\"):\n    pass\n"),
        ("a.go", "package a\n\nvar x = strings.TrimLeft(s, \" \\t\") + strings.TrimRight(s, \"0123456789\")\n"),
        ("a.go", "package a\n\nfunc f() {\n\tfor {\n\t\tfunc() {\n\t\t\tdefer a()\n\t\t}()\n\t}\n\tdefer b()\n}\n"),
        ("a.js", "if (user = users[id]) {}\nif (a = b) {}\n"),
        ("a_test.go", "package a\n\nfunc f() {\n\tfor {\n\t\tdefer f.Close()\n\t}\n}\n"),
        (
            "a.go",
            "package a\n\nfunc f() {\n\tfor {\n\t\tdefer os.Setenv(k, old)\n\t\tif x {\n\t\t\tdefer f.Close()\n\t\t\tbreak\n\t\t}\n\t}\n}\n",
        ),
        ("a.js", "if ((m = re.exec(s))) {}\nwhile (x = next()) {}\nif (a == 1) {}\nif (f(b = 2)) {}\n"),
        ("a.js", "Number.isNaN(x)\nconst s = 'x === NaN'\n"),
        ("a.js", "async function f() { l.forEach((x) => x); }\nfunction g() { l.forEach(async (x) => x); }\n"),
        ("a.rs", "fn f() { let _g = m.lock().unwrap(); let _ = s.send(1); let _ = r.read(b); }\n"),
    ] {
        assert_eq!(found(path, code), [], "{path}: {code}");
    }
}

#[test]
fn code_that_was_there_before_is_left_alone() {
    let (old, new) = ("x == NaN\nb\n", "x == NaN\nc\nd\n");
    let snapshot = Snapshot::in_memory(&[("a.js", old)], &[("a.js", new)]);
    assert_eq!(crate::remark::tests::run("rules", &snapshot), []);
}

#[test]
fn any_text_is_read() {
    let deep = "if (".repeat(2_000);
    let wide = "x === NaN;".repeat(1000);
    for path in ["a.js", "a.tsx", "a.py", "a.go", "a.rs"] {
        for text in [deep.as_str(), &wide, "\0\u{feff}NaN if", "def \n\tassert ("] {
            let _ = found(path, text);
        }
    }
}

#[test]
fn nesting_and_width_cost_no_more_than_the_text_is_long() {
    let nested = |open: &str, close: &str, deep: usize, around: (&str, &str)| {
        format!("{}{}NaN{}{}", around.0, open.repeat(deep), close.repeat(deep), around.1)
    };
    for (path, (before, after)) in [
        ("a.js", ("if (x === NaN) {}\nx = ", ";\n")),
        ("a.ts", ("if (x === NaN) {}\nx = ", ";\n")),
        ("a.tsx", ("if (x === NaN) {}\nx = ", ";\n")),
        ("a.py", ("assert (a is 'b', c)\nx = ", "\n")),
        ("a.go", ("package a\nfunc f() { for { defer g.Close() }\nx = ", "}\n")),
        ("a.rs", ("fn f() { let _ = m.lock().unwrap(); x == f64::NAN; let y = ", "; }\n")),
    ] {
        // Found beside what is nested as people nest; too deep to be searched, it is passed over.
        assert_ne!(found(path, &nested("(", ")", 50, (before, after))), [], "{path}");
        assert_eq!(found(path, &nested("(", ")", 100_000, (before, after))), [], "{path}");
        for (open, close) in [("[", "]"), ("{", "}"), ("(", ""), ("-", ""), ("a.", ""), ("f(a, ", ")")] {
            let _ = found(path, &nested(open, close, 10_000, (before, after)));
        }
    }
    // Only the first of very many are reported, and each asks what it is in.
    let wide = format!("package a\n\nfunc f() {{\n\tfor {{\n{}\t}}\n}}\n", "\t\tdefer g.Close()\n".repeat(20_000));
    assert_eq!(found("a.go", &wide).len(), super::MOST_FINDINGS);
    let wide = format!("if (a = 1) b();\n{}", "a = 1;\n".repeat(10_000));
    assert_eq!(found("a.js", &wide).len(), 1);
}

#[test]
fn every_rule_finds_what_it_must_and_nothing_else() {
    let tested = crate::test_built_in().unwrap();
    assert!(tested.failed.is_empty(), "{:#?}", tested.failed);
    assert!(tested.cases > 100, "{}", tested.cases);
    for rule in super::listed_built_in() {
        assert!(
            super::embedded::SOURCES.iter().any(|s| s.name == rule.id),
            "{}: a rule is in the file of its name",
            rule.id
        );
        assert!(!rule.why.is_empty(), "{}", rule.id);
    }
}

const OWN: &str =
    "id: no-print\nlanguage: Python\nseverity: error\nmessage: No print\nrule: { pattern: print($$$A) }\n";

#[test]
fn rules_of_the_base_are_followed_and_those_of_the_branch_are_not() {
    let own = (".deep-review/rules/a.yml", OWN);
    let cases = (".deep-review/rules/a-test.yml", "id: no-print\n");
    let found = |base: &[(&str, &str)], new: &[(&str, &str)]| -> Vec<(String, finding::Severity)> {
        let findings = crate::remark::tests::run("rules", &Snapshot::in_memory(base, new));
        findings.iter().map(|f| (f.rule.as_ref().unwrap().id.clone(), f.severity)).collect()
    };
    let code = ("a.py", "print(1)\n");
    let one = [("repository/no-print".to_owned(), finding::Severity::Critical)];
    assert_eq!(found(&[own, cases], &[own, cases, code]), one);
    assert_eq!(found(&[], &[own, code]), [], "a branch brings no rules for itself");
    assert_eq!(found(&[own], &[code]), one, "nor takes them away");
    let silenced = ("a.py", "print(1)  # deep-review: ignore[no-print] on purpose\n");
    assert_eq!(found(&[own], &[own, silenced]), []);
}

#[test]
fn rules_that_cannot_be_read_are_said_and_left_out() {
    for (text, part) in [
        ("id: a\nlanguage: Klingon\n", ".yml were left out"),
        ("id: a b\nlanguage: Rust\nrule: { pattern: x }\n", "'a b' is no id"),
        ("id: a\nlanguage: Rust\nrule: { kind: nothing }\n", "rule 'a'"),
        ("id: a\nlanguage: Html\nrule: { kind: text }\n", "not built in"),
        (":", "left out"),
        (&"x".repeat(300_000), "at most"),
    ] {
        let base = [(".deep-review/rules/a.yml", text), ("a.rs", "")];
        let snapshot = Snapshot::in_memory(&base, &[base[0], ("a.rs", "fn f() { let _ = m.lock(); }\n")]);
        let (settings, cancel) = (crate::Settings::default(), tokio_util::sync::CancellationToken::new());
        let rules = crate::ALL.iter().find(|c| c.name == "rules").unwrap();
        let checked = rules.run(&crate::Job::new(&snapshot, &settings, &cancel)).unwrap();
        assert!(checked.notes[0].contains(part), "{:?}", checked.notes);
        assert_eq!(checked.findings.len(), 1, "the others are followed");
    }
}

#[test]
fn people_s_rules_are_tested_with_their_cases() {
    let rules = [("a.yml".to_owned(), OWN.to_owned())];
    let cases = |text: &str| [("a-test.yml".to_owned(), text.to_owned())];
    let good = crate::test_rules(&rules, &cases("id: no-print\nvalid: ['x = 1']\ninvalid: ['print(1)']\n")).unwrap();
    assert_eq!((good.cases, good.failed.len(), good.untested.len()), (2, 0, 0));
    let bad = crate::test_rules(&rules, &cases("id: no-print\nvalid: ['print(2)']\ninvalid: ['y']\n")).unwrap();
    assert_eq!(bad.failed.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["y", "print(2)"]);
    assert_eq!(crate::test_rules(&rules, &[]).unwrap().untested, ["no-print"]);
    let error = crate::test_rules(&rules, &cases("id: other\n")).unwrap_err();
    assert_eq!(error, "a-test.yml: there is no rule 'other'");
}

#[test]
fn a_text_without_a_rule_s_sign_has_no_match_of_it() {
    let (mut passed_over, mut matched) = (0, 0);
    for file in crate::corpus::changes() {
        let (Some(text), Some(language)) = (file.new.as_deref(), tree::language_of(&file.path)) else { continue };
        let Some(tree) = tree::read(&file.path, text) else { continue };
        let nodes = nodes_on(&tree, &|_| true);
        let looked = Looked::at(text);
        for rule in built_in(language) {
            let (has_sign, found) = (rule.sign.is_in(&looked), matches(&nodes, rule, &|| true).count());
            assert!(has_sign || found == 0, "{} in {text}", rule.config.id);
            passed_over += usize::from(!has_sign);
            matched += usize::from(found > 0);
        }
    }
    assert!(passed_over > 1000 && matched > 100, "{passed_over} passed over, {matched} with a match");
}
