use super::*;

fn told(reviews: &[ImportedReview]) -> Vec<String> {
    let one = |f: &RawFinding| {
        let place = f.main_anchor().map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{} {place} {} {}", f.severity.letter(), f.rule.as_ref().map_or("-", |r| &r.id), f.title)
    };
    reviews.iter().flat_map(|r| r.answer.findings.iter().map(one)).collect()
}

#[test]
fn a_line_of_a_tool_is_a_remark() {
    for (line, want) in [
        (
            "src/a.c:3:7: warning: unused variable 'x' [-Wunused-variable]",
            "I src/a.c:3 -Wunused-variable unused variable 'x'",
        ),
        ("src/a.c:3: error: no such file", "I src/a.c:3 - no such file"),
        (
            "/src/a.cc:3:39: fatal error: foo.h: No such file or directory",
            "I src/a.cc:3 - foo.h: No such file or directory",
        ),
        ("../lib/a.h:8:1: note: declared here", "S lib/a.h:8 - declared here"),
        ("a.cpp:4:2: warning: use auto [modernize-use-auto]", "I a.cpp:4 modernize-use-auto use auto"),
        ("pkg/a.py:7:1: F401 'os' imported but unused", "I pkg/a.py:7 F401 'os' imported but unused"),
        ("pkg/a.py:7: [E501] line too long", "I pkg/a.py:7 E501 line too long"),
        ("pkg/a.py:7:1: F401 [*] `os` imported but unused", "I pkg/a.py:7 F401 `os` imported but unused"),
        (
            "pkg/a.py:7:0: C0114: Missing module docstring (missing-module-docstring)",
            "S pkg/a.py:7 C0114 Missing module docstring",
        ),
        (
            "pkg/a.py:7:4: E0602: Undefined variable 'y' (undefined-variable)",
            "I pkg/a.py:7 E0602 Undefined variable 'y'",
        ),
        (
            "pkg/a.py:7: error: Argument 1 has a wrong type  [arg-type]",
            "I pkg/a.py:7 arg-type Argument 1 has a wrong type",
        ),
        ("a.yml:2:3: [warning] too many spaces (colons-spacing)", "I a.yml:2 colons-spacing too many spaces"),
        (
            "app/a.rb:2:5: C: [Correctable] Style/StringLiterals: Prefer single quotes",
            "S app/a.rb:2 Style/StringLiterals Prefer single quotes",
        ),
        (
            "Dockerfile:3 DL3008 warning: Pin versions in apt get install",
            "I Dockerfile:3 DL3008 Pin versions in apt get install",
        ),
        (
            "a.sh:3:6: note: Double quote to prevent globbing [SC2086]",
            "S a.sh:3 SC2086 Double quote to prevent globbing",
        ),
        (
            "README.md:3 MD022/blanks-around-headings Headings should be surrounded",
            "I README.md:3 MD022/blanks-around-headings Headings should be surrounded",
        ),
        ("src/a.ts(3,7): error TS2322: Type 'x' is not assignable", "I src/a.ts:3 TS2322 Type 'x' is not assignable"),
        ("src/a.ts:3:7 - error TS2322: Type 'x' is not assignable", "I src/a.ts:3 TS2322 Type 'x' is not assignable"),
        ("Src\\Parser\\cs.ATG (2242,17):  warning CS0168: Never used", "I Src/Parser/cs.ATG:2242 CS0168 Never used"),
        ("a/b/abc.h(18) : fatal error C1083: Cannot open", "I a/b/abc.h:18 C1083 Cannot open"),
        ("A.cs(3,1): warning CS1: Text [C:\\x\\A.csproj]", "I A.cs:3 CS1 Text"),
        ("[ERROR] /x/src/A.java:[3,7] cannot find symbol", "I x/src/A.java:3 - cannot find symbol"),
        ("[src/a.c:3]: (style) Unused", "S src/a.c:3 - Unused"),
        ("src/a.js: line 3, col 7, Error - Unused. (no-unused-vars)", "I src/a.js:3 no-unused-vars Unused."),
        ("src/a.js:3:7: Unused. [Error/no-unused-vars]", "I src/a.js:3 no-unused-vars Unused."),
        (
            "PHP Parse error:  syntax error, unexpected 'x' in /srv/a.php on line 3",
            "I srv/a.php:3 - syntax error, unexpected 'x'",
        ),
        ("::error file=src/a.js,line=3,col=7::It is off", "I src/a.js:3 - It is off"),
        ("vet: ./a.go:3:7: undefined: x", "I a.go:3 - undefined: x"),
        ("C:\\work dir\\a.cs:3: error: off", "I work dir/a.cs:3 - off"),
        ("error[E0308]: mismatched types\n  --> src/a.rs:3:7\n   |\n3  | x\n", "I src/a.rs:3 E0308 mismatched types"),
        ("src/a.js\n  3:7  error  'x' is unused  no-unused-vars\n", "I src/a.js:3 no-unused-vars 'x' is unused"),
    ] {
        assert_eq!(told(&read(line, "x").reviews), [want], "{line}");
    }
    for line in [
        "At 12:30: lunch",
        "see https://forge.example:443/a",
        "localhost:8080: refused",
        "In file included from a.h:3,",
        "Just words.",
        "1. **Title** — `a.rs`",
        "",
    ] {
        assert!(read(line, "x").reviews.is_empty(), "{line}");
    }
}

#[test]
fn notes_belong_to_what_they_stand_below_and_the_rest_is_counted() {
    let text = "a.c:1:1: error: redefined\nb.h:2:1: note: first defined here\n   2 | int x;\nld: a.so: undefined reference to 'y'\nerror: aborting\nDone.\n";
    let lines = read(text, "build");
    let review = &lines.reviews[0];
    assert_eq!((review.label.as_str(), review.answer.findings.len()), ("Compiler", 1));
    assert_eq!(review.answer.findings[0].body, "- `b.h:2` first defined here");
    assert_eq!(review.answer.notes, ["1 line was not understood: line 4"]);
}

#[test]
fn the_users_own_formats_are_read() {
    for (format, text, want) in [
        ("%f:%l:%c: %m", "a.rs:3:7: off", &["I a.rs:3 - off"][..]),
        ("%f|%l| %t%n %m", "a.rs|3| W12 off", &["I a.rs:3 12 off"]),
        ("%*[^ ] %f line %l\\, %m", "xx a.rs line 3, off", &["I a.rs:3 - off"]),
        ("%f:%l-%e %m", "a.rs:3-5 off", &["I a.rs:3-5 - off"]),
        (
            "%EError in %f:%l,%C%*\\s%m,%Z---,%-G%.%#",
            "Error in a.rs:3\n  off\n  by one\n---\nnoise\n",
            &["I a.rs:3 - off"],
        ),
        ("%-Gignore%.%#,%f: %m", "ignore a: b\na.rs: off", &["I a.rs - off"]),
    ] {
        let format: ErrorFormat = format.parse().unwrap();
        assert_eq!(told(&[format.read(text, "x")]), want, "{text}");
    }
    for (format, why) in [
        ("%l: %m", "it has no %f, the file"),
        ("%f %", "it ends with '%'"),
        ("%f %y", "'%y' is not known"),
        ("%f %*", "behind '%*' a class is missing"),
    ] {
        assert!(ErrorFormat::from_str(format).unwrap_err().to_string().ends_with(why), "{format}");
    }
}

use std::str::FromStr;
