//! Real linters, as `./test` installs them into `target/tools/linters` or as they are in `PATH`: their options, what
//! they print, and their fixes. A test says that it skips where its linter is nowhere.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use super::mock::{session, skipped};
use deep_review::agent::{Adapter, AgentSettings, Availability, Brief, LinterFormat, Surroundings, configured, detect};
use deep_review::git::Snapshot;
use deep_review::patch::{Hints, apply_edits, place};
use std::path::Path;

/// What one linter is shown, and what it must say of it.
struct Case<'a> {
    linter: &'a str,
    /// Another format and the options for it, in place of what we know.
    prints: Option<(LinterFormat, &'a [&'a str])>,
    /// The program that must be there.
    program: &'a str,
    /// Files besides, for linters that read the real folder.
    besides: &'a [(&'a str, &'a str)],
    /// Path, text in the base, text under review.
    file: (&'a str, &'a str, &'a str),
    rule: &'a str,
    line: u32,
    /// Lines that its fix has.
    fix: Option<&'a str>,
}

async fn check(case: Case<'_>) {
    let Case { linter, prints, program, besides, file: (path, old, new), rule, line, fix } = case;
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/linters/bin").join(program);
    let found = installed.canonicalize().ok().or_else(|| detect::find_program(program));
    let Some(found) = found else { return skipped(&format!("there is no {program}; ./test installs it")) };
    #[cfg(unix)]
    deep_review::agent::process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));

    let root = tempfile::tempdir().unwrap();
    for (name, text) in besides.iter().chain(&[(path, new)]) {
        let file = root.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let mut settings = AgentSettings::new(Adapter::Linter);
    // Clippy is a command of cargo, which is called by its name.
    if program != "cargo-clippy" {
        settings.command = vec![found.to_string_lossy().into_owned()];
    }
    if let Some((format, options)) = prints {
        settings.format = Some(format);
        settings.command.extend(options.iter().map(|o| (*o).to_owned()));
    }
    let surroundings = Surroundings { root: Some(root.path().canonicalize().unwrap()), trusted: true };
    let agent = configured(&[(linter.to_owned(), settings)].into(), &surroundings).remove(0);
    assert!(matches!(agent.availability().await, Availability::Usable(_)));

    let brief = Brief::new(Snapshot::in_memory(&[(path, old)], &[(path, new)]));
    let outcome = agent.review(&brief, &session()).await;
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.answer.covered.len(), 1);
    let rules: Vec<_> = outcome.answer.findings.iter().filter_map(|f| f.rule.as_ref()).map(|r| &r.id).collect();
    let said = outcome.answer.findings.iter().find(|f| f.rule.as_ref().is_some_and(|r| r.id == rule));
    let said = said.unwrap_or_else(|| panic!("{rule} is not among {rules:?}"));
    let anchor = &said.anchors[0];
    assert_eq!((anchor.path.as_str(), anchor.lines.map(|l| l.start())), (path, Some(line)));
    match (fix, said.fixes.first()) {
        (Some(lines), Some(fix)) => {
            let hints = Hints { lines: anchor.lines, quote: anchor.quote.as_deref(), ..Hints::default() };
            let fixed = apply_edits(new, &place(new, &fix.diff, &hints).unwrap().edits);
            let diff = similar::TextDiff::from_lines(new, &fixed).unified_diff().to_string();
            assert!(diff.contains(lines), "{diff}");
        }
        (wanted, got) => assert_eq!((wanted, got), (None, None)),
    }
}

#[tokio::test]
async fn ruff_is_run_and_read() {
    let old = "import os\n\nprint(1)\n";
    let new = "import os\n\nimport sys\nprint(1)\n";
    let (file, fix) = (("a b.py", old, new), Some("-import sys\n"));
    check(Case { prints: None, linter: "ruff", program: "ruff", besides: &[], file, rule: "ruff/F401", line: 3, fix })
        .await;
}

#[tokio::test]
async fn shellcheck_is_run_and_read() {
    let file = ("-a.sh", "#!/bin/sh\n", "#!/bin/sh\necho $1\n");
    let fix = Some("-echo $1\n+echo \"$1\"\n");
    check(Case {
        prints: None,
        linter: "shellcheck",
        program: "shellcheck",
        besides: &[],
        file,
        rule: "shellcheck/SC2086",
        line: 2,
        fix,
    })
    .await;
}

#[tokio::test]
async fn biome_is_run_and_read() {
    let file = ("a.js", "f(b);\n", "f(b);\nif (b == 1) {\n  f(1);\n}\n");
    let rule = "biome/lint/suspicious/noDoubleEquals";
    check(Case { prints: None, linter: "biome", program: "biome", besides: &[], file, rule, line: 2, fix: None }).await;
}

#[tokio::test]
async fn eslint_is_run_and_read() {
    let besides = &[("eslint.config.mjs", "export default [{ rules: { 'prefer-const': 'error' } }];\n")];
    let fix = Some("-let c = 2; f(c);\n+const c = 2; f(c);\n");
    let file = ("src/a.js", "f('ü');\n", "f('ü');\nlet c = 2; f(c);\n");
    check(Case {
        prints: None,
        linter: "eslint",
        program: "eslint",
        besides,
        file,
        rule: "eslint/prefer-const",
        line: 2,
        fix,
    })
    .await;
}

#[tokio::test]
async fn clippy_is_run_and_read() {
    let manifest = "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    let file = ("src/lib.rs", "//! A.\n", "//! A.\npub fn one() -> i32 {\n    return 1;\n}\n");
    let (besides, rule) = (&[("Cargo.toml", manifest)], "clippy/clippy::needless_return");
    let fix = Some("-    return 1;\n+    1\n");
    check(Case { prints: None, linter: "clippy", program: "cargo-clippy", besides, file, rule, line: 3, fix }).await;
}

#[tokio::test]
async fn semgrep_is_run_with_the_rules_of_the_repository_and_read() {
    let rules = "rules:\n- id: no-eval\n  languages: [python]\n  message: eval of what came in\n  severity: ERROR\n  pattern: eval($X)\n  fix: safe($X)\n";
    let fix = Some("-    return eval(x)\n+    return safe(x)\n");
    let file = ("a.py", "X = 1\n", "X = 1\ndef f(x):\n    return eval(x)\n");
    for (place, rule) in [(".semgrep.yml", "semgrep/no-eval"), (".semgrep/a.yml", "semgrep/semgrep.no-eval")] {
        let besides = &[(place, rules)];
        check(Case { prints: None, linter: "semgrep", program: "semgrep", besides, file, rule, line: 3, fix }).await;
    }
}

#[tokio::test]
async fn sarif_and_rdjson_of_a_real_linter_are_read() {
    let file = ("a b.py", "import os\n\nprint(1)\n", "import os\n\nimport sys\nprint(1)\n");
    for (format, word) in [(LinterFormat::Sarif, "sarif"), (LinterFormat::Rdjson, "rdjson")] {
        let options = ["check", "--no-cache", "--output-format", word, "{files}"];
        let (prints, fix) = (Some((format, &options[..])), Some("-import sys\n"));
        check(Case { linter: "any", prints, program: "ruff", besides: &[], file, rule: "any/F401", line: 3, fix })
            .await;
    }
}
