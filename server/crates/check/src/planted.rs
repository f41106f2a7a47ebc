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

/// A text of each language with all that is known of how it writes things.
pub(crate) fn texts() -> Vec<(String, String)> {
    let text = |language: &Language| {
        let named = |(n, code): (usize, &&str)| code.replace("NAME", &format!("load_number_{n}"));
        let all: Vec<String> = language.functions.iter().chain(language.types).enumerate().map(named).collect();
        let code = language.prints.iter().chain(language.stops).copied().collect::<Vec<_>>().join("\n");
        let comment = language.comment.replace("TEXT", "What it does.");
        (
            format!("a.{}", language.ending),
            format!("{comment}\n{}\n{}", all.join("\n"), language.around.replace("CODE", &code)),
        )
    };
    LANGUAGES.iter().map(text).collect()
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
    /// The text that its fix makes of the file that it is in; none where a person has to decide.
    fixed: Option<String>,
}

impl Planted {
    /// A defect that the change of a few files brings.
    fn new(rule: &str, what: String, base: &[(&str, &str)], new: &[(&str, &str)]) -> Self {
        let owned = |files: &[(&str, &str)]| files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect();
        Self { what, base: owned(base), new: owned(new), rule: rule.to_owned(), fixed: None }
    }

    /// A defect that is added to a file, or put in the place of what was there.
    fn in_one(rule: &str, what: String, path: &str, old: &str, new: &str) -> Self {
        let base: &[(&str, &str)] = if old.is_empty() { &[] } else { &[(path, old)] };
        Self::new(rule, what, base, &[(path, new)])
    }

    fn mended_as(self, text: impl Into<String>) -> Self {
        Self { fixed: Some(text.into()), ..self }
    }
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
    ("a.kt", "fun openStore(SIG) {}\n\nfun g() { openStore(1) }\n", "a: Int", "a: Int, b: Int"),
    (
        "b.kt",
        "class A {\n    fun openStore(SIG) {}\n    fun g() { this.openStore(1, 2) }\n}\n",
        "a: Int, b: Int",
        "a: Int",
    ),
];

/// Documented parameters, with `FROM` for what one is called in the signature.
const DOCUMENTED: &[(&str, &str)] = &[
    ("a.js", "/**\n * @param {string} from where\n */\nfunction load(FROM) {}\n"),
    ("a.ts", "/**\n * @param from where\n */\nexport function load(FROM: string) {}\n"),
    ("a.py", "def load(FROM):\n    \"\"\"Loads.\n\n    :param from: where\n    \"\"\"\n"),
    ("b.py", "def load(FROM, x):\n    \"\"\"Loads.\n\n    Args:\n        from: where\n        x: what\n    \"\"\"\n"),
    ("A.java", "class A {\n    /**\n     * @param from where\n     */\n    void load(String FROM) {}\n}\n"),
    ("a.kt", "/**\n * @param from where\n */\nfun load(FROM: String) {}\n"),
    ("a.c", "/** @param from where */\nint load(char *FROM) { return 0; }\n"),
    ("a.cpp", "/// @param from where\nint load(std::string FROM) { return 0; }\n"),
    ("a.cs", "class A {\n    /// <param name=\"from\">where</param>\n    void Load(string FROM) {}\n}\n"),
    ("a.php", "<?php\n/**\n * @param string $from where\n */\nfunction load($FROM) {}\n"),
    ("a.rb", "# @param from where\ndef load(FROM)\nend\n"),
];

/// Formats with more places than arguments.
const FORMATS: &[(&str, &str)] = &[
    ("a.go", "package a\n\nfunc f() { fmt.Printf(\"%s %d\\n\", a) }\n"),
    ("b.go", "package a\n\nfunc f() error { return fmt.Errorf(\"%s of %s: %w\", a, err) }\n"),
    ("a.py", "x = '%s of %s' % (a,)\n"),
    ("b.py", "x = '%s is %t' % (a, b)\n"),
    ("c.py", "x = '{} of {}'.format(a)\n"),
    ("d.py", "logger.warning('%s of %s', a)\n"),
    ("a.c", "void f(void) { printf(\"%d of %s\\n\", a); }\n"),
    ("a.cpp", "void f() { fprintf(stderr, \"%d of %s\\n\", a); }\n"),
    ("A.java", "class A { String s = String.format(\"%s of %s\", a); }\n"),
    ("a.cs", "class A { string s = string.Format(\"{0} of {1}\", a); }\n"),
    ("a.php", "<?php $x = sprintf('%s of %s', $a);\n"),
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

/// Keys in the form that their issuers give them, put together here, so that no tool takes this file for one with secrets.
fn keys() -> [(&'static str, String); 4] {
    [
        ("a.py", format!("token = \"{}\"\n", ["ghp", "_a8Kq0ZbX3nV7tYw2LrC5mD9fH1jS4pE6uG7i"].concat())),
        ("config.yml", format!("slack: {}\n", ["xoxb", "-2847561930-5829104736281-aB3dE5fG7hJ9kL1mN3pQ5rS7"].concat())),
        ("src/a.ts", format!("const key = '{}';\n", ["AK", "IAQ3EGRZ7TLW2XNVPD"].concat())),
        (
            "deploy/key.pem",
            format!(
                "-----BEGIN {0}-----\nMIIEpAIBAAKCAQEA7bq8sPzQvW3nYtL5xRmK2dGfHjUe9cVaXoI4wZsBTyNp6E1u\n-----END {0}-----\n",
                ["RSA PRIVATE", " KEY"].concat()
            ),
        ),
    ]
}

/// What a language's files and the changes of several files show.
fn in_changes() -> Vec<Planted> {
    let calls = CALLS.iter().map(|(path, text, was, is)| {
        let (old, new) = (text.replace("SIG", was), text.replace("SIG", is));
        Planted::in_one("stale-call", format!("a call left behind in {path}"), path, &old, &new)
    });
    let documented = DOCUMENTED.iter().map(|(path, text)| {
        let (old, new) = (text.replace("FROM", "from"), text.replace("FROM", "source"));
        Planted::in_one("stale-parameter", format!("a documented parameter in {path}"), path, &old, &new)
            .mended_as(old.replace("from", "source"))
    });
    let formats = FORMATS
        .iter()
        .map(|(path, text)| Planted::in_one("format-arguments", format!("a format in {path}"), path, "", text));
    let tests =
        TESTS.iter().map(|(path, text, rule)| Planted::in_one(rule, format!("{rule} in {path}"), path, "", text));
    let changes =
        CHANGES.iter().map(|(base, new, rule)| Planted::new(rule, format!("{rule}: {}", new[0].0), base, new));
    let keys = keys();
    let secrets =
        keys.iter().map(|(path, text)| Planted::in_one("issued-secret", format!("a key in {path}"), path, "", text));
    calls.chain(documented).chain(formats).chain(tests).chain(changes).chain(secrets).collect()
}

/// What is put into a file of each language.
fn in_language(language: &Language) -> Vec<Planted> {
    let mut all = Vec::new();
    let path = format!("src/main.{}", language.ending);
    let clean = language.around.replace("CODE", "x = 2");
    let without = language.around.lines().filter(|l| !l.contains("CODE")).map(|l| format!("{l}\n")).collect::<String>();
    for (rule, lines) in [("debug-output", language.prints), ("debugger", language.stops)] {
        for line in lines {
            let new = language.around.replace("CODE", line);
            let what = format!("{line} in {}", language.ending);
            all.push(Planted::in_one(rule, what, &path, &clean, &new).mended_as(without.clone()));
        }
    }
    for (wrong, right) in MISSPELT {
        let comment = language.comment.replace("TEXT", &format!("Ready to {wrong} all of it."));
        let (what, new) = (format!("{wrong} in a comment of {}", language.ending), format!("{clean}{comment}\n"));
        all.push(Planted::in_one("misspelling", what, &path, &clean, &new).mended_as(new.replace(wrong, right)));
    }
    let asked = language.comment.replace("TEXT", "DO NOT MERGE");
    let todo = language.comment.replace("TEXT", "TODO think of large files");
    let conflict = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n";
    for (rule, text) in [
        ("conflict-marker", conflict),
        ("conflict-marker", ">>>>>>> topic\n"),
        ("not-to-merge", &asked),
        ("todo-without-issue", &todo),
    ] {
        let what = format!("{rule} in {}", language.ending);
        all.push(Planted::in_one(rule, what, &path, &clean, &format!("{clean}{text}\n")));
    }
    all
}

/// Names that are renamed and that a comment and documents still say.
fn renamed_in(language: &Language) -> Vec<Planted> {
    let mut all = Vec::new();
    let path = format!("src/main.{}", language.ending);
    let php = if language.ending == "php" { "<?php\n" } else { "" };
    let go = if language.ending == "go" { "package main\n\n" } else { "" };
    for (n, definition) in language.functions.iter().chain(language.types).enumerate() {
        let is_type = n >= language.functions.len();
        let (old, new) = if is_type { ("OldStore", "FreshStore") } else { ("load_store", "open_store") };
        let before = format!("{php}{go}{}\n", definition.replace("NAME", old));
        let after = format!("{php}{go}{}\n", definition.replace("NAME", new));
        let comment = language.comment.replace("TEXT", &format!("As {old} does it."));
        let other = format!("src/other.{}", language.ending);
        for (place, text) in [
            (other.as_str(), format!("{php}{comment}\n{go}")),
            ("README.md", format!("Use `{old}` first.\n")),
            ("docs/more.rst", format!("It is ``{old}`` that does it until the end.\n")),
        ] {
            let what = format!("{definition} renamed, mentioned in {place}");
            let (base, changed) =
                ([(path.as_str(), &*before), (place, &text)], [(path.as_str(), &*after), (place, &text)]);
            all.push(Planted::new("stale-reference", what, &base, &changed).mended_as(text.replace(old, new)));
        }
    }
    all
}

/// Links and paths that lead nowhere.
fn in_documents() -> Vec<Planted> {
    let links = [
        ("README.md", "[a](docs/gone.md)"),
        ("README.md", "![a](img/gone.png)"),
        ("docs/a.md", "[a](../src/gone.rs)"),
        ("docs/a.rst", ".. include:: gone.rst"),
        ("README.md", "[a](#no-such-part)"),
    ];
    let links = links.into_iter().map(|(path, link)| {
        let rule = if link.contains("(#") { "broken-anchor" } else { "broken-link" };
        Planted::in_one(rule, format!("{link} in {path}"), path, "# A\n", &format!("# A\n\n{link}\n"))
    });
    let paths = [
        (".github/workflows/ci.yml", "- run: sh tools/build.sh\n"),
        ("Makefile", "all:\n\tsh tools/build.sh\n"),
        ("Dockerfile", "COPY tools/build.sh /build\n"),
        ("package.json", "{\"scripts\": {\"a\": \"sh tools/build.sh\"}}\n"),
    ];
    let paths = paths.into_iter().map(|(path, text)| {
        let what = format!("{path} names a file that is gone");
        Planted::new("broken-path", what, &[("tools/build.sh", "echo 1\n"), (path, text)], &[(path, text)])
    });
    links.chain(paths).collect()
}

/// The ending of files in a language of ast-grep's.
pub(crate) fn ending_of(language: &str) -> &'static str {
    match language {
        "Rust" => "rs",
        "Go" => "go",
        "Python" => "py",
        "JavaScript" => "js",
        "TypeScript" => "ts",
        "Tsx" => "tsx",
        "Java" => "java",
        "Kotlin" => "kt",
        "C" => "c",
        "Cpp" => "cpp",
        "CSharp" => "cs",
        "Ruby" => "rb",
        "Php" => "php",
        "Bash" => "sh",
        other => panic!("an ending for {other}"),
    }
}

/// What the rules over the syntax tree are for: of each, the cases that it has to find, put into a file.
fn in_syntax() -> Vec<Planted> {
    let planted = |(rule, language, code): (String, String, String)| {
        let path = format!("src/main.{}", ending_of(&language));
        Planted::in_one(&rule, format!("{rule}: {code}"), &path, "", &code)
    };
    crate::rules::to_find().into_iter().map(planted).collect()
}

fn planted() -> Vec<Planted> {
    let in_languages = LANGUAGES.iter().flat_map(|l| in_language(l).into_iter().chain(renamed_in(l)));
    in_changes().into_iter().chain(in_languages).chain(in_documents()).chain(in_syntax()).collect()
}

fn rule_of(finding: &RawFinding) -> &str {
    finding.rule.as_ref().map_or("", |r| r.id.trim_start_matches("deep-review/"))
}

fn snapshot(planted: &Planted) -> Snapshot {
    let base: Vec<(&str, &str)> = planted.base.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let new: Vec<(&str, &str)> = planted.new.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    Snapshot::in_memory(&base, &new)
}

/// What each fix of a finding makes of its file; fails where one does not apply, or leaves a text with new errors.
fn mended(snapshot: &Snapshot, finding: &RawFinding) -> Vec<String> {
    let mend = |fix: &finding::Fix| {
        let path: &RepoPath = &finding.anchors[0].path;
        let text = snapshot.read(path).unwrap().unwrap();
        let hints = Hints { lines: finding.anchors[0].lines, ..Hints::default() };
        let fixed = apply_edits(&text, &place(&text, &fix.diff, &hints).expect("an exact fix").edits);
        let errors = |text: &str| tree::read(path, text).map_or(0, |t| t.root().dfs().filter(|n| n.is_error()).count());
        assert!(errors(&fixed) <= errors(&text), "{}: its fix breaks the code:\n{fixed}", finding.title);
        fixed
    };
    finding.fixes.iter().map(mend).collect()
}

#[test]
#[cfg(feature = "grammars")]
fn nearly_all_planted_defects_are_found() {
    let by_default: Vec<String> = ALL
        .iter()
        .flat_map(crate::Checker::rules)
        .filter(|r| r.on_by_default)
        .map(|r| r.short_id().to_owned())
        .collect();
    let all = planted();
    let (mut missed, mut asked_for, mut mended_right) = (Vec::new(), 0, 0);
    for planted in &all {
        let snapshot = snapshot(planted);
        // A rule that has to be asked for is asked for.
        let is_on = by_default.contains(&planted.rule);
        let settings = if is_on { Settings::default() } else { Settings::everything() };
        asked_for += usize::from(!is_on);
        let found = ALL.iter().flat_map(|c| run_with(c.name, &snapshot, &settings)).collect::<Vec<_>>();
        if !found.iter().any(|f| rule_of(f) == planted.rule) {
            missed.push(format!("{}: {}", planted.rule, planted.what));
        }
        for finding in &found {
            let texts = mended(&snapshot, finding);
            if let Some(right) = planted.fixed.as_ref().filter(|_| rule_of(finding) == planted.rule) {
                assert!(texts.iter().all(|text| text == right), "{}: its fix is wrong: {texts:?}", planted.what);
                mended_right += texts.len();
            }
        }
    }
    let share = 100 * (all.len() - missed.len()) / all.len();
    let sum = format!("{share} % of {} are found ({asked_for} asked for), {mended_right} fixes are right", all.len());
    assert!(all.len() - asked_for >= 250 && mended_right >= 150, "{sum}");
    assert!(share >= 95, "{sum}; not found:\n{}", missed.join("\n"));
    println!("{sum}; not found:\n{}", missed.join("\n"));
    let cases = crate::test_built_in().unwrap();
    assert!(cases.failed.is_empty(), "{:?}", cases.failed);
}
