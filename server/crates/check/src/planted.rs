//! Defects planted by script, over all languages and kinds: how many are found, and that the fixes keep the code readable.

use crate::remark::tests::run_with;
use crate::{ALL, Settings, tree};
use finding::{RawFinding, RepoPath};
use git::Snapshot;
use patch::{Hints, apply_edits, place};

/// How a language writes what is planted.
struct Language {
    ending: &'static str,
    /// A comment, with `TEXT` for what it says.
    comment: &'static str,
    /// Definitions of a function, with `NAME`.
    functions: &'static [&'static str],
    /// Definitions of a type, with `NAME`.
    types: &'static [&'static str],
    /// A whole file around a line of code, with `CODE`.
    around: &'static str,
    /// Lines that print for debugging.
    prints: &'static [&'static str],
    /// Lines that stop in a debugger.
    stops: &'static [&'static str],
}

const LANGUAGES: &[Language] = &[
    Language {
        ending: "rs",
        comment: "// TEXT",
        functions: &["fn NAME() {}", "pub async fn NAME(x: u8) -> u8 {\n    x\n}"],
        types: &["struct NAME;", "pub enum NAME {\n    A,\n}", "trait NAME {}"],
        around: "fn main() {\n    let x = 1;\n    CODE\n}\n",
        prints: &["dbg!(x);", "println!(\"DEBUG {x}\");"],
        stops: &[],
    },
    Language {
        ending: "go",
        comment: "// TEXT",
        functions: &["func NAME() {}", "func (s *Server) NAME(x int) int {\n\treturn x\n}"],
        types: &["type NAME struct{}", "type NAME interface{}"],
        around: "package main\n\nfunc main() {\n\tx := 1\n\tCODE\n}\n",
        prints: &["fmt.Println(\"DEBUG\", x)", "fmt.Printf(\"here %d\\n\", x)"],
        stops: &["runtime.Breakpoint()"],
    },
    Language {
        ending: "py",
        comment: "# TEXT",
        functions: &["def NAME():\n    pass", "async def NAME(x):\n    return x"],
        types: &["class NAME:\n    pass"],
        around: "def main():\n    x = 1\n    CODE\n",
        prints: &["print(\"DEBUG\", x)", "print(f'>>> x {x}')"],
        stops: &["breakpoint()", "import pdb; pdb.set_trace()"],
    },
    Language {
        ending: "js",
        comment: "// TEXT",
        functions: &["function NAME() {}", "export const NAME = (x) => x;"],
        types: &["class NAME {}"],
        around: "function main() {\n  const x = 1;\n  CODE\n}\n",
        prints: &["console.log(\"DEBUG\", x);", "console.log('here', x)"],
        stops: &["debugger;"],
    },
    Language {
        ending: "ts",
        comment: "/* TEXT */",
        functions: &["export function NAME(x: number): number {\n  return x;\n}"],
        types: &["interface NAME {\n  a: string;\n}", "type NAME = string;", "export enum NAME {\n  A,\n}"],
        around: "function main(): void {\n  const x = 1;\n  CODE\n}\n",
        prints: &["console.log(\"XXX\", x);", "console.debug(\"debug\", x);"],
        stops: &["debugger;"],
    },
    Language {
        ending: "java",
        comment: "// TEXT",
        functions: &["class Host {\n    int NAME(int x) {\n        return x;\n    }\n}"],
        types: &["class NAME {\n}", "interface NAME {\n}", "enum NAME {\n    A\n}"],
        around: "class Main {\n    void main(int x) {\n        CODE\n    }\n}\n",
        prints: &["System.out.println(\"DEBUG \" + x);", "System.err.println(\"here\");"],
        stops: &[],
    },
    Language {
        ending: "kt",
        comment: "// TEXT",
        functions: &["fun NAME(x: Int): Int {\n    return x\n}"],
        types: &["class NAME", "object NAME"],
        around: "fun main() {\n    val x = 1\n    CODE\n}\n",
        prints: &["println(\"DEBUG $x\")"],
        stops: &[],
    },
    Language {
        ending: "c",
        comment: "/* TEXT */",
        functions: &["int NAME(int x)\n{\n    return x;\n}"],
        types: &["struct NAME {\n    int a;\n};", "enum NAME { ONE_A };"],
        around: "int main(int x)\n{\n    CODE\n}\n",
        prints: &["printf(\"DEBUG %d\\n\", x);", "fprintf(stderr, \"here\\n\");"],
        stops: &["__builtin_debugtrap();"],
    },
    Language {
        ending: "cpp",
        comment: "// TEXT",
        functions: &["int NAME(int x) {\n    return x;\n}"],
        types: &["class NAME {\n};", "struct NAME {\n    int a;\n};"],
        around: "int main(int x) {\n    CODE\n}\n",
        prints: &["std::cout << \"DEBUG \" << x << std::endl;", "std::cerr << \"here\" << std::endl;"],
        stops: &["raise(SIGTRAP);"],
    },
    Language {
        ending: "cs",
        comment: "// TEXT",
        functions: &["class Host {\n    int NAME(int x) {\n        return x;\n    }\n}"],
        types: &["class NAME {\n}", "struct NAME {\n}", "interface NAME {\n}"],
        around: "class Program {\n    void Main(int x) {\n        CODE\n    }\n}\n",
        prints: &["Console.WriteLine(\"DEBUG \" + x);", "Debug.Log(\"here\");"],
        stops: &["Debugger.Break();"],
    },
    Language {
        ending: "rb",
        comment: "# TEXT",
        functions: &["def NAME(x)\n  x\nend"],
        types: &["class NAME\nend", "module NAME\nend"],
        around: "def main(x)\n  CODE\nend\n",
        prints: &["puts \"DEBUG #{x}\"", "p 'here'"],
        stops: &["binding.pry", "byebug"],
    },
    Language {
        ending: "php",
        comment: "// TEXT",
        functions: &["function NAME($x) {\n    return $x;\n}"],
        types: &["class NAME {\n}", "interface NAME {\n}"],
        around: "<?php\nfunction main($x) {\n    CODE\n}\n",
        prints: &["var_dump($x);", "print_r($x);"],
        stops: &["xdebug_break();"],
    },
    Language {
        ending: "sh",
        comment: "# TEXT",
        functions: &["NAME() {\n  echo 1\n}"],
        types: &[],
        around: "main() {\n  CODE\n}\n",
        prints: &["set -x", "echo \"DEBUG $x\""],
        stops: &[],
    },
];

/// One planted defect.
struct Planted {
    what: String,
    base: Vec<(String, String)>,
    new: Vec<(String, String)>,
    rule: String,
}

fn file(path: &str, text: impl Into<String>) -> (String, String) {
    (path.to_owned(), text.into())
}

/// Misspelt words that no rule names.
const MISSPELT: &[(&str, &str)] =
    &[("recieve", "receive"), ("seperate", "separate"), ("occured", "occurred"), ("neccessary", "necessary")];

/// Calls that a changed signature leaves behind: the file, the definition and a call, with `SIG` for what it takes, and
/// that before and after.
const CALLS: &[(&str, &str, &str, &str)] = &[
    ("a.rs", "fn open_store(SIG) {}\nfn g() { open_store(1); }\n", "a: u8", "a: u8, b: u8"),
    ("a.go", "package a\n\nfunc openStore(SIG) {}\n\nfunc g() { openStore(1) }\n", "a int", "a int, b int"),
    ("a.py", "def open_store(SIG):\n    pass\n\nopen_store(1)\n", "a", "a, b"),
    ("a.ts", "function openStore(SIG) {}\nopenStore(1, 2)\n", "a: number, b: number", "a: number"),
    ("a.js", "function openStore(SIG) {}\nopenStore(1, 2)\n", "a, b", "a"),
    ("A.java", "class A {\n    void openStore(SIG) {}\n    void g() { openStore(1); }\n}\n", "int a", "int a, int b"),
    ("a.c", "int open_store(SIG) { return 0; }\nint g(void) { return open_store(1); }\n", "int a", "int a, int b"),
    ("a.cpp", "int open_store(SIG) { return 0; }\nint g() { return open_store(1); }\n", "int a", "int a, int b"),
    ("a.cs", "class A {\n    void OpenStore(SIG) {}\n    void G() { OpenStore(1); }\n}\n", "int a", "int a, int b"),
    ("a.rb", "def open_store(SIG)\nend\nopen_store(1)\n", "a", "a, b"),
    ("a.php", "<?php\nfunction open_store(SIG) {}\nopen_store(1);\n", "$a", "$a, $b"),
];

/// Tests, by what is wrong with them.
const TESTS: &[(&str, &str, &str)] = &[
    ("a.test.js", "it.only('adds', f)\n", "focused-test"),
    ("a.spec.ts", "describe.only('adds', f)\n", "focused-test"),
    ("a_test.go", "package a\n\nvar _ = FIt(\"adds\", f)\n", "focused-test"),
    ("a.test.ts", "it.skip('adds', f)\n", "skipped-test"),
    ("test_a.py", "@pytest.mark.skip\ndef test_a():\n    assert f()\n", "skipped-test"),
    (
        "src/test/ATest.java",
        "class ATest {\n    @Disabled\n    @Test\n    void adds() { assertTrue(f()); }\n}\n",
        "skipped-test",
    ),
    (
        "src/test/ATest.kt",
        "class ATest {\n    @Ignore\n    @Test\n    fun adds() { assertTrue(f()) }\n}\n",
        "skipped-test",
    ),
    ("a_test.go", "package a\n\nfunc TestA(t *testing.T) {\n\tt.Skip()\n}\n", "skipped-test"),
    ("a.rs", "#[test]\n#[ignore]\nfn adds() { assert!(f()); }\n", "skipped-test"),
    ("test_a.py", "def test_adds():\n    sum = add(1, 2)\n", "assertion-free-test"),
    ("a_test.go", "package a\n\nfunc TestAdds(t *testing.T) {\n\tsum := add(1, 2)\n}\n", "assertion-free-test"),
    ("a.rs", "#[test]\nfn adds() {\n    let sum = add(1, 2);\n}\n", "assertion-free-test"),
    ("a.test.js", "test('adds', () => {\n  const sum = add(1, 2)\n})\n", "assertion-free-test"),
    (
        "tests/ATest.php",
        "<?php\nclass ATest {\n    function testAdds() {\n        $sum = add(1, 2);\n    }\n}\n",
        "assertion-free-test",
    ),
];

/// What changed in one place and not in the other: the base, what became of it, and the rule.
type Change = (&'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)], &'static str);
const CHANGES: &[Change] = &[
    (
        &[
            ("package.json", "{\n  \"version\": \"1.2.0\"\n}\n"),
            ("package-lock.json", "{\n  \"version\": \"1.2.0\"\n}\n"),
        ],
        &[
            ("package.json", "{\n  \"version\": \"1.3.0\"\n}\n"),
            ("package-lock.json", "{\n  \"version\": \"1.2.0\"\n}\n"),
        ],
        "version-in-one-place",
    ),
    (
        &[("setup.py", "setup(\n    version='1.2.0',\n)\n"), ("shop/__init__.py", "__version__ = '1.2.0'\n")],
        &[("setup.py", "setup(\n    version='1.3.0',\n)\n"), ("shop/__init__.py", "__version__ = '1.2.0'\n")],
        "version-in-one-place",
    ),
    (
        &[("Cargo.toml", "[dependencies]\n"), ("Cargo.lock", "version = 4\n")],
        &[("Cargo.toml", "[dependencies]\nregex = \"1\"\n"), ("Cargo.lock", "version = 4\n")],
        "lock-out-of-step",
    ),
    (
        &[("db/1.up.sql", "a"), ("db/1.down.sql", "b")],
        &[("db/1.up.sql", "a"), ("db/1.down.sql", "b"), ("db/2.up.sql", "c")],
        "migration-without-way-back",
    ),
    (
        &[
            (
                "a.pb.go",
                "// Code generated by protoc-gen-go. DO NOT EDIT.\n// source: a.proto\n\n\n\n\n\n\n\n\n\n\n\nvar a = 1\n",
            ),
            ("a.proto", "message A {}\n"),
        ],
        &[
            (
                "a.pb.go",
                "// Code generated by protoc-gen-go. DO NOT EDIT.\n// source: a.proto\n\n\n\n\n\n\n\n\n\n\n\nvar a = 2\n",
            ),
            ("a.proto", "message A {}\n"),
        ],
        "generated-edited",
    ),
    (
        &[("meson.build", "sources = ['a.c', 'b.c', 'c.c']\n"), ("a.c", "a"), ("b.c", "b"), ("c.c", "c")],
        &[
            ("meson.build", "sources = ['a.c', 'b.c', 'c.c']\n"),
            ("a.c", "a"),
            ("b.c", "b"),
            ("c.c", "c"),
            ("more.c", "int m;\n"),
        ],
        "left-out-of-list",
    ),
    (
        &[("package.json", "{\"files\": [\"index.js\"]}"), ("index.js", "a\n")],
        &[("package.json", "{\"files\": [\"index.js\"]}"), ("index.js", "import './more.js'\n"), ("more.js", "b\n")],
        "left-out-of-package",
    ),
    (
        &[
            ("a.go", "package a\n\nvar port = os.Getenv(\"SHOP_OLD_PORT\")\n"),
            ("deploy/a.yaml", "- name: SHOP_OLD_PORT\n  value: 1\n"),
        ],
        &[("a.go", "package a\n\nvar port = 1\n"), ("deploy/a.yaml", "- name: SHOP_OLD_PORT\n  value: 1\n")],
        "stale-setting",
    ),
    (
        &[("c/values.yaml", "image:\n  old: a\n"), ("c/templates/a.yaml", "i: {{ .Values.image.old }}\n")],
        &[("c/values.yaml", "image:\n  new: a\n"), ("c/templates/a.yaml", "i: {{ .Values.image.old }}\n")],
        "stale-setting",
    ),
    (
        &[(
            "a.py",
            "import requests\nrequests.get(a, timeout=1)\nrequests.get(b, timeout=1)\nrequests.get(c, timeout=1)\n",
        )],
        &[(
            "a.py",
            "import requests\nrequests.get(a, timeout=1)\nrequests.get(b, timeout=1)\nrequests.get(c, timeout=1)\nrequests.get(d)\n",
        )],
        "dropped-limit",
    ),
];

fn planted() -> Vec<Planted> {
    let mut all = Vec::new();
    for (path, text, was, is) in CALLS {
        all.push(Planted {
            what: format!("a call left behind in {path}"),
            base: vec![file(path, text.replace("SIG", was))],
            new: vec![file(path, text.replace("SIG", is))],
            rule: "stale-call".to_owned(),
        });
    }
    for (path, text, rule) in TESTS {
        all.push(Planted {
            what: format!("{rule} in {path}"),
            base: Vec::new(),
            new: vec![file(path, *text)],
            rule: (*rule).to_owned(),
        });
    }
    for (base, new, rule) in CHANGES {
        let files = |files: &[(&str, &str)]| files.iter().map(|(path, text)| file(path, *text)).collect();
        all.push(Planted {
            what: format!("{rule}: {}", new[0].0),
            base: files(base),
            new: files(new),
            rule: (*rule).to_owned(),
        });
    }
    for language in LANGUAGES {
        let path = format!("src/main.{}", language.ending);
        let php = if language.ending == "php" { "<?php\n" } else { "" };
        let go = if language.ending == "go" { "package main\n\n" } else { "" };
        let clean = language.around.replace("CODE", "x = 2");
        for (rule, lines) in [("debug-output", language.prints), ("debugger", language.stops)] {
            for line in lines {
                all.push(Planted {
                    what: format!("{line} in {}", language.ending),
                    base: vec![file(&path, clean.clone())],
                    new: vec![file(&path, language.around.replace("CODE", line))],
                    rule: rule.to_owned(),
                });
            }
        }
        for (n, definition) in language.functions.iter().chain(language.types).enumerate() {
            let is_type = n >= language.functions.len();
            let (old, new) = if is_type { ("OldStore", "FreshStore") } else { ("load_store", "open_store") };
            let before = format!("{php}{go}{}\n", definition.replace("NAME", old));
            let after = format!("{php}{go}{}\n", definition.replace("NAME", new));
            let comment = language.comment.replace("TEXT", &format!("As {old} does it."));
            let other = format!("src/other.{}", language.ending);
            let mentions = [
                (other.clone(), format!("{php}{comment}\n{go}")),
                ("README.md".to_owned(), format!("Use `{old}` first.\n")),
                ("docs/more.rst".to_owned(), format!("It is ``{old}`` that does it until the end.\n")),
            ];
            for (place, text) in mentions {
                all.push(Planted {
                    what: format!("{definition} renamed, mentioned in {place}"),
                    base: vec![file(&path, before.clone()), file(&place, text.clone())],
                    new: vec![file(&path, after.clone()), file(&place, text)],
                    rule: "stale-reference".to_owned(),
                });
            }
        }
        for (wrong, _) in MISSPELT {
            let comment = language.comment.replace("TEXT", &format!("Ready to {wrong} all of it."));
            all.push(Planted {
                what: format!("{wrong} in a comment of {}", language.ending),
                base: vec![file(&path, clean.clone())],
                new: vec![file(&path, format!("{clean}{comment}\n"))],
                rule: "misspelling".to_owned(),
            });
        }
        let conflict = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n";
        all.push(Planted {
            what: format!("conflict in {}", language.ending),
            base: vec![file(&path, clean.clone())],
            new: vec![file(&path, format!("{clean}{conflict}"))],
            rule: "conflict-marker".to_owned(),
        });
        let asked = language.comment.replace("TEXT", "DO NOT MERGE");
        all.push(Planted {
            what: format!("DO NOT MERGE in {}", language.ending),
            base: vec![file(&path, clean.clone())],
            new: vec![file(&path, format!("{clean}{asked}\n"))],
            rule: "not-to-merge".to_owned(),
        });
    }
    for (path, link) in [
        ("README.md", "[a](docs/gone.md)"),
        ("README.md", "![a](img/gone.png)"),
        ("docs/a.md", "[a](../src/gone.rs)"),
        ("docs/a.rst", ".. include:: gone.rst"),
        ("README.md", "[a](#no-such-part)"),
    ] {
        let rule = if link.contains("(#") { "broken-anchor" } else { "broken-link" };
        all.push(Planted {
            what: format!("{link} in {path}"),
            base: vec![file(path, "# A\n")],
            new: vec![file(path, format!("# A\n\n{link}\n"))],
            rule: rule.to_owned(),
        });
    }
    for (path, text) in [
        (".github/workflows/ci.yml", "- run: sh tools/build.sh\n"),
        ("Makefile", "all:\n\tsh tools/build.sh\n"),
        ("Dockerfile", "COPY tools/build.sh /build\n"),
        ("package.json", "{\"scripts\": {\"a\": \"sh tools/build.sh\"}}\n"),
    ] {
        all.push(Planted {
            what: format!("{path} names a file that is gone"),
            base: vec![file("tools/build.sh", "echo 1\n"), file(path, text)],
            new: vec![file(path, text)],
            rule: "broken-path".to_owned(),
        });
    }
    all
}

fn rule_of(finding: &RawFinding) -> &str {
    finding.rule.as_ref().map_or("", |r| r.id.trim_start_matches("deep-review/"))
}

fn snapshot(planted: &Planted) -> Snapshot {
    let base: Vec<(&str, &str)> = planted.base.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let new: Vec<(&str, &str)> = planted.new.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    Snapshot::in_memory(&base, &new)
}

/// Whether every fix of a finding applies, and leaves a text without new errors.
fn keeps_code_readable(snapshot: &Snapshot, finding: &RawFinding) -> bool {
    finding.fixes.iter().all(|fix| {
        let path: &RepoPath = &finding.anchors[0].path;
        let text = snapshot.read(path).unwrap().unwrap();
        let hints = Hints { lines: finding.anchors[0].lines, ..Hints::default() };
        let fixed = apply_edits(&text, &place(&text, &fix.diff, &hints).expect("an exact fix").edits);
        let errors = |text: &str| tree::read(path, text).map_or(0, |t| t.root().dfs().filter(|n| n.is_error()).count());
        errors(&fixed) <= errors(&text)
    })
}

#[test]
#[cfg(feature = "grammars")]
fn nearly_all_planted_defects_are_found() {
    let all = planted();
    let mut missed = Vec::new();
    for planted in &all {
        let snapshot = snapshot(planted);
        let found = ALL.iter().flat_map(|c| run_with(c.name, &snapshot, &Settings::default())).collect::<Vec<_>>();
        if !found.iter().any(|f| rule_of(f) == planted.rule) {
            missed.push(format!("{}: {}", planted.rule, planted.what));
        }
        for finding in &found {
            assert!(keeps_code_readable(&snapshot, finding), "{}: {}", planted.what, finding.title);
        }
    }
    let cases = crate::test_built_in().unwrap();
    assert!(cases.failed.is_empty(), "{:?}", cases.failed);
    assert!(all.len() >= 250, "{}", all.len());
    let share = 100 * (all.len() - missed.len()) / all.len();
    assert!(share >= 95, "{share} % of {} are found; not these:\n{}", all.len(), missed.join("\n"));
}
