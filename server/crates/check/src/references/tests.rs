use finding::RawFinding;
use git::Snapshot;
use patch::{Hints, apply_edits, place};

/// The findings between two trees: place, title, and the text of the file with the fix.
fn found(base: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<(String, String, Option<String>)> {
    let snapshot = Snapshot::in_memory(base, new);
    let findings = crate::remark::tests::run("references", &snapshot);
    let fixed = |f: &RawFinding| {
        let text = snapshot.read(&f.anchors[0].path).unwrap().unwrap();
        let applied = place(&text, &f.fixes.first()?.diff, &Hints::default()).expect("an exact fix");
        Some(apply_edits(&text, &applied.edits))
    };
    findings.iter().map(|f| (f.anchors[0].to_string(), f.title.clone(), fixed(f))).collect()
}

const DOC: &str = "// every path kills it (stopInstance, StopForcibly on delete), so\n// it returns.\n";

#[test]
fn a_comment_that_names_a_removed_function_is_stale() {
    let old = format!("{DOC}func a() {{\n\tlimainstance.StopForcibly(inst)\n}}\n");
    let new = format!("{DOC}func a() {{\n\tstopInstanceForcibly(ctx, inst)\n}}\n");
    let fixed = new.replace("StopForcibly on", "stopInstanceForcibly on");
    assert_eq!(
        found(&[("a.go", &old)], &[("a.go", &new)]),
        [("a.go:1".into(), "Comment still says StopForcibly, which is now stopInstanceForcibly".into(), Some(fixed))]
    );
    let none = format!("{DOC}func a() {{\n}}\n");
    assert_eq!(
        found(&[("a.go", &old)], &[("a.go", &none)]),
        [("a.go:1".into(), "Stale comment references removed name StopForcibly".into(), None)]
    );
}

#[test]
fn names_are_found_anywhere_in_the_repository() {
    let base = |doc: (&'static str, &'static str), old: (&'static str, &'static str)| vec![old, doc];
    for (doc, old, new, title) in [
        (
            ("README.md", "Call `load_config` first.\n"),
            ("a.rs", "fn load_config() {}\n"),
            ("a.rs", "fn read_settings() {}\n"),
            "Document still says load_config, which is now read_settings",
        ),
        (
            ("docs/use.md", "Use `--dry-run` to look.\n"),
            ("a.py", "add(\"--dry-run\", x)\n"),
            ("a.py", "add(\"--check-only\", x)\n"),
            "Document still says --dry-run, which is now --check-only",
        ),
        (
            ("b.py", "# see MAX_RETRIES\nx = 1\n"),
            ("a.py", "MAX_RETRIES = 3\n"),
            ("a.py", "pass\n"),
            "Stale comment references removed constant MAX_RETRIES",
        ),
        (
            ("b.ts", "// after `flush()`\nx\n"),
            ("a.ts", "function flush() {}\n"),
            ("a.ts", "\n"),
            "Stale comment references removed function flush",
        ),
        (
            ("b.rs", "fn f() { panic!(\"call init_pool() first\") }\n"),
            ("a.rs", "fn init_pool() {}\n"),
            ("a.rs", "\n"),
            "Stale comment references removed function init_pool",
        ),
    ] {
        let titles: Vec<String> = found(&base(doc, old), &base(doc, new)).into_iter().map(|f| f.1).collect();
        assert_eq!(titles, [title], "{doc:?}");
    }
}

#[test]
fn flags_and_settings_are_found_where_they_are_written_as_such() {
    let code = |name: &str| format!("x = get({name:?})\n");
    for (name, line, is_found) in [
        ("--dry-run", "Use --dry-run to look.", true),
        ("-verbose", "Use `-verbose` to see more.", true),
        ("-verbose", "Pass -verbose.", true),
        // Go's `flag` package and others are given the name without its dashes.
        ("dry-run", "Use `--dry-run` to look, or -dry-run.", true),
        ("dry-run", "Make a dry-run before.", false),
        ("dry-run", "Use --dry-runs.", false),
        ("timeout", "Set `timeout` to 5.", true),
        ("timeout", "`timeout = 5` is the default.", true),
        ("timeout", "{ \"timeout\": 5 }", true),
        ("timeout", "A timeout of 5 s.", false),
        ("TIMEOUT_MS", "Set TIMEOUT_MS.", true),
        ("LC_ALL", "Set LC_ALL.", false),
        ("PORT", "`--port PORT`", false),
    ] {
        let doc = ("docs/use.md", line);
        let findings = found(&[("a.py", &code(name)), doc], &[("a.py", "pass\n"), doc]);
        assert_eq!(!findings.is_empty(), is_found, "{name}: {line}: {findings:?}");
        // Somebody still has it.
        let other = ("b.py", &*code(name));
        assert_eq!(
            found(&[("a.py", &code(name)), other, doc], &[("a.py", "pass\n"), other, doc]),
            [],
            "{name}: {line}"
        );
    }
}

#[test]
fn keys_of_settings_files_are_names_too() {
    for (path, old, new, line) in [
        ("config/default.toml", "[a]\nretries = 3\nother = 1\n", "[a]\nother = 1\n", "`retries` is how often."),
        ("defaults.json", "{\n  \"maxRetries\": 3\n}\n", "{\n}\n", "maxRetries is how often."),
        ("values.yaml", "a: 1\nreplica-count: 3\n", "a: 1\n", "Set `replica-count`."),
        ("app.env", "export MAX_RETRIES=3\n", "\n", "MAX_RETRIES is how often."),
    ] {
        let doc = ("docs/use.md", line);
        let findings = found(&[(path, old), doc], &[(path, new), doc]);
        assert_eq!(findings.len(), 1, "{path}");
        assert!(findings[0].1.starts_with("Document references removed setting"), "{findings:?}");
    }
    let doc = ("docs/use.md", "`sudo` is needed.\n");
    assert_eq!(found(&[(".ci.yml", "sudo: true\na: 1\n"), doc], &[(".ci.yml", "a: 1\n"), doc]), []);
}

#[test]
fn files_are_found_by_every_name_that_means_them() {
    let old = ("src/old_store.rs", "fn a() {}\n");
    for (place, line, is_found) in [
        ("README.md", "See src/old_store.rs for more.", true),
        ("README.md", "See `old_store.rs`.", true),
        ("docs/a.md", "See [it](../src/old_store.rs).", true),
        ("src/b.rs", "// As in old_store.rs.", true),
        ("src/deep/c.rs", "// As in ../old_store.rs.", true),
        ("README.md", "See the old_store.rs of yours.", false),
        ("README.md", "See other/old_store.rs.", false),
        ("README.md", "See https://example.org/src/old_store.rs", false),
        ("README.md", "See src/old_store.rs.bak", false),
        ("docs/a.md", "See [it](old_store.rs).", true),
    ] {
        let doc = (place, line);
        let findings = found(&[old, doc], &[doc]);
        assert_eq!(!findings.is_empty(), is_found, "{place}: {line}: {findings:?}");
        // Another one of that name is there.
        let other = ("lib/src/old_store.rs", "fn b() {}\n");
        let findings = found(&[old, other, doc], &[other, doc]);
        assert!(findings.is_empty() || line.contains("../") || place.starts_with("src/"), "{place}: {line}");
    }
    // Code that takes it in by its name says that it is needed.
    let code = ("build.rs", "include!(\"src/old_store.rs\");\n");
    let doc = ("README.md", "See src/old_store.rs.\n");
    assert_eq!(found(&[old, code, doc], &[code, doc]), []);
    // Usual names, samples and what a program may write say nothing without their folder.
    for path in ["src/main.rs", "tests/old_store.rs", "src/report.json", "src/index.md"] {
        let name = path.rsplit('/').next().unwrap();
        let doc = ("docs/a.md", &*format!("See `{name}`.\n"));
        assert_eq!(found(&[(path, "x\n"), doc], &[doc]), [], "{path}");
        let doc = ("docs/a.md", &*format!("See `{path}`.\n"));
        assert_eq!(found(&[(path, "x\n"), doc], &[doc]).len(), 1, "{path}");
    }
}

#[test]
fn annotations_placeholders_and_code_that_is_commented_out_are_no_references() {
    for line in ["// +list_type=map", "// @list_type map", "// list_type = 5", "// list_type();"] {
        let doc = ("b.go", line);
        assert_eq!(found(&[("a.go", "func f() { list_type() }\n"), doc], &[("a.go", "\n"), doc]), [], "{line}");
    }
    for line in [
        "// renderAll(list_type(x))",
        "// x.push(list_type(1)).then(run)",
        "//  | list_type",
        "// list_type,",
        "// let y = list_type(x)?",
        "# include Shop::list_type",
        "// This is adapted from other-51/list_type.c:",
    ] {
        let doc = ("b.go", line);
        assert_eq!(found(&[("a.go", "func list_type() {}\n"), doc], &[("a.go", "\n"), doc]), [], "{line}");
    }
    let (old, new) = (("a.ts", "interface IStore {}\n"), ("a.ts", "interface Store {}\n"));
    let typedef = ("b.js", "/** @typedef {{id: string}} IStore */\n");
    assert_eq!(found(&[old, typedef], &[new, typedef]), [], "defined there");
    let field = ("a.cs", "class A { int PauseLogging; }\n");
    let said = ("b.cs", "// For more, see PauseLogging there.\n");
    assert_eq!(found(&[field, said], &[("a.cs", "class A { int _pauseLogging; }\n"), said]), [], "one word");
    let doc = ("b.md", "    flush()\n");
    assert_eq!(found(&[("a.py", "def flush(): pass\n"), doc], &[("a.py", "\n"), doc]), []);
}

#[test]
fn a_sample_in_a_document_is_a_program_of_its_own() {
    let defined = "func loadConfig() {}\n";
    let used = "func f() { lib.loadConfig() }\n";
    let setting = "x = get(\"load_config\")\n";
    for (path, old, doc, is_found) in [
        // What nothing took the place of may be the reader's own there.
        ("a.go", defined, "```go\nloadConfig(1)\n```\n", false),
        ("a.go", defined, "Call `loadConfig` first.\n", true),
        ("a.go", used, "```go\nloadConfig(1)\n```\n", false),
        ("a.go", used, "Text::\n\n    x = loadConfig(1)\n", false),
        ("a.go", used, "```go\nx\n```\nCall `loadConfig` first.\n", true),
        ("a.go", used, "Call `lib.loadConfig` first.\n", false),
        ("a.go", used, "Call `self.loadConfig` first.\n", true),
        ("a.go", defined, "```go\nfunc loadConfig() {\n}\nx := loadConfig(1)\n```\n", false),
        ("a.py", setting, "```yaml\nload_config: 1\n```\n", true),
        ("a.py", setting, "```sh\nrun --load_config\n```\n", true),
        ("a.py", setting, "```py\nset(\"load_config\", 1)\n```\n", false),
    ] {
        let doc = ("docs/use.md", doc);
        let findings = found(&[(path, old), doc], &[(path, "\n"), doc]);
        assert_eq!(!findings.is_empty(), is_found, "{doc:?}: {findings:?}");
    }
}

#[test]
fn names_that_live_on_or_are_meant_are_left_alone() {
    let old = ("a.rs", "fn load_config() {}\nfn run() {}\n");
    let gone = ("a.rs", "fn run() {}\n");
    for others in [
        // Used elsewhere.
        vec![("b.rs", "// load_config\nfn x() { load_config() }\n")],
        vec![("b.py", "getattr(m, \"load_config\")\n"), ("c.md", "`load_config`\n")],
        vec![("b.unknown", "load_config"), ("c.md", "`load_config`\n")],
        // Part of another name.
        vec![("c.md", "`load_config_file` and `preload_config`\n")],
        // Said on purpose.
        vec![("CHANGELOG.md", "- `load_config`\n")],
        vec![("c.md", "`load_config` was removed.\n")],
    ] {
        let base: Vec<_> = std::iter::once(old).chain(others.clone()).collect();
        let new: Vec<_> = std::iter::once(gone).chain(others.clone()).collect();
        assert_eq!(found(&base, &new), [], "{others:?}");
    }
    // Put in by the branch.
    assert_eq!(found(&[old], &[gone, ("c.md", "Do not look for load_config.\n")]), []);
    // A word of a sentence.
    let doc = ("c.md", "They run every day.\n");
    assert_eq!(found(&[("a.rs", "fn every() {}\n"), doc], &[("a.rs", "\n"), doc]), []);
    // As it was recorded, and another's.
    let doc = ("c.md", "See `src/load.rs` there.\n");
    assert_eq!(
        found(&[("src/load.rs", "x\n"), ("c.md", "at src/load.rs:42\n")], &[("c.md", "at src/load.rs:42\n")]),
        []
    );
    assert_eq!(found(&[("src/load.rs", "x\n"), doc], &[doc]).len(), 1);
    let doc = ("c.md", "Like `env_logger`, see https://docs.rs/env_logger/.\n");
    assert_eq!(found(&[("a.rs", "pub mod env_logger {}\n"), doc], &[("a.rs", "\n"), doc]), []);
    // Code that was commented out, whole.
    let out = "//  type A struct {\n//    MadeUp CustomType `json:\"a\"`\n//  }\n//\n//  a := A{}\n//  check(t, a.MadeUp, 1)\n";
    assert_eq!(found(&[("a.go", &format!("type CustomType int\n{out}"))], &[("a.go", out)]), []);
    // The reader's own.
    let doc = ("c.md", "Create a file named `load-config.md` there.\n");
    assert_eq!(found(&[("a/load-config.md", "x\n"), doc], &[doc]), []);
    // Moved to another file.
    assert_eq!(
        found(&[old, ("c.md", "`load_config`")], &[gone, ("b.rs", "fn load_config() {}"), ("c.md", "`load_config`")]),
        []
    );
}

#[test]
fn what_took_the_place_of_a_name_is_its_new_name_only_for_certain() {
    let doc = "// Gives the keys to the providerKey of all.\n";
    for (old, new, is_now) in [
        ("class A { Key providerKey; }\n", "class A { Key bindingKey; }\n", true),
        ("class A { Key<X> providerKey = make(x); }\n", "class A { Key<X> providerSetKey = make(y); }\n", true),
        (
            "class A {\n  Key providerKey;\n  A() { f(providerKey); }\n}\n",
            "class A {\n  Selection bindings;\n  A() { f(bindings); }\n}\n",
            false,
        ),
    ] {
        let found = found(&[("A.java", &format!("{doc}{old}"))], &[("A.java", &format!("{doc}{new}"))]);
        assert_eq!(found.len(), 1, "{old}: {found:?}");
        assert_eq!(found[0].1.contains("is now"), is_now, "{old}: {found:?}");
        assert_eq!(found[0].2.is_some(), is_now, "{old}: {found:?}");
    }
}
