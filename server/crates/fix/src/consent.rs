//! What of a fix a person has to agree to by name: changes in what says whether the code is right. An agent that cannot make
//! a check pass by mending the code may make it pass by mending the check.

use super::checks::Checks;
use super::place::Change;
use finding::{Consent, RepoPath};

/// What builds, lints and tests are configured by, in lower case.
const OF_CHECKS: &[&str] = &[
    "makefile",
    "gnumakefile",
    "justfile",
    "taskfile.yml",
    "rakefile",
    "gemfile",
    "package.json",
    "tsconfig.json",
    "deno.json",
    "cargo.toml",
    "build.rs",
    "clippy.toml",
    ".clippy.toml",
    "rustfmt.toml",
    ".rustfmt.toml",
    "deny.toml",
    "nextest.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
    "pytest.ini",
    "noxfile.py",
    "conftest.py",
    ".flake8",
    "mypy.ini",
    ".pylintrc",
    "ruff.toml",
    ".ruff.toml",
    "go.mod",
    "magefile.go",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "phpunit.xml",
    "phpunit.xml.dist",
    "composer.json",
    "phpstan.neon",
    "cmakelists.txt",
    "meson.build",
    "build.xml",
    ".rspec",
    ".rubocop.yml",
    ".editorconfig",
    "dockerfile",
    "biome.json",
    ".mocharc.json",
    ".nycrc",
];

/// How names begin of which some part is free: `jest.config.ts`, `jest.config.mjs`.
const OF_CHECKS_BEGIN: &[&str] = &[
    ".eslintrc",
    "eslint.config.",
    "jest.config.",
    "vitest.config.",
    "vite.config.",
    "babel.config.",
    ".babelrc",
    "karma.conf",
    "playwright.config.",
    "cypress.config.",
    ".golangci",
    "tsconfig.",
    "webpack.config.",
    ".stylelintrc",
    ".prettierrc",
    "prettier.config.",
];

/// The consents that a change needs, by file.
pub(super) fn of(change: &Change, checks: &Checks) -> Vec<Consent> {
    let consent = |(path, (before, after)): (&RepoPath, &(Option<_>, Option<_>))| {
        let texts = (as_text(before), as_text(after));
        let why = what(path, checks).or_else(|| inner_tests(path, texts))?;
        Some(Consent { path: path.clone(), why: why.to_owned() })
    };
    change.files.iter().filter_map(consent).collect()
}

fn as_text(text: &Option<std::sync::Arc<str>>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn what(path: &RepoPath, checks: &Checks) -> Option<&'static str> {
    let (lower, name) = (path.as_str().to_lowercase(), path.file_name().to_lowercase());
    let folders: Vec<&str> = lower.split('/').rev().skip(1).collect();
    if is_ci(&lower, &name) {
        return Some("what the CI runs");
    }
    if checks.run(path) || is_of_check(&name) {
        return Some("a file of the check");
    }
    let is_kept = |folder: &&str| {
        matches!(*folder, "e2e" | "fixtures" | "__snapshots__" | "snapshots" | "golden") || folder.ends_with(".tests")
    };
    let is_test = check::is_named_a_test(path) || name.contains(".snap") || name.contains(".cy.");
    (is_test || folders.iter().any(is_kept) || is_integration_test(path.file_name())).then_some("a test")
}

/// `FooIT.java`.
fn is_integration_test(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    stem.strip_suffix("IT").is_some_and(|before| before.ends_with(|c: char| c.is_lowercase() || c.is_numeric()))
}

fn is_ci(path: &str, name: &str) -> bool {
    let folders =
        [".github/", ".gitlab/", ".circleci/", ".buildkite/", ".woodpecker/", ".forgejo/", ".gitea/", ".husky/", "ci/"];
    let names = ["jenkinsfile", ".travis.yml", "appveyor.yml", ".appveyor.yml", "action.yml", "lefthook.yml"];
    let starts =
        [".gitlab-ci", "azure-pipelines", "bitbucket-pipelines", ".drone", ".woodpecker", ".cirrus", ".pre-commit"];
    folders.iter().any(|folder| path.starts_with(folder) || path.contains(&format!("/{folder}")))
        || names.contains(&name)
        || starts.iter().any(|start| name.starts_with(start))
}

fn is_of_check(name: &str) -> bool {
    OF_CHECKS.contains(&name)
        || OF_CHECKS_BEGIN.iter().any(|start| name.starts_with(start))
        || name.ends_with(".csproj")
        || name.ends_with(".mk")
}

/// Tests beside the code, in one file: whatever changes in a text below where Rust's begin.
fn inner_tests(path: &RepoPath, (before, after): (&str, &str)) -> Option<&'static str> {
    if path.extension() != Some("rs") {
        return None;
    }
    let tests = |text: &str| text.find("#[cfg(test)]").map(|at| text[at..].to_owned());
    let (was, is) = (tests(before), tests(after));
    let is_only_new = was.is_none() && is.is_some();
    (was != is && !is_only_new).then_some("the tests in it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    #[test]
    fn what_says_whether_the_code_is_right_is_told_from_the_code() {
        let checks = Checks::of_all("sh scripts/verify.sh --quick");
        let code = [
            "src/lib.rs",
            "src/testament.rs",
            "app/latest.py",
            "lib/contest.rb",
            "src/main/java/Attestation.java",
            "src/inspector.ts",
            "docs/testing.md",
            "src/protest.go",
            "scripts/other.sh",
            "src/fastest.js",
            "cider/a.c",
            "src/Latest.java",
            "src/Testable.cs",
        ];
        let tests = [
            "tests/a.rs",
            "src/foo_test.go",
            "test_a.py",
            "pkg/a.spec.ts",
            "src/__tests__/a.jsx",
            "spec/a_spec.rb",
            "src/test/java/FooTest.java",
            "src/FooTests.cs",
            "a/testdata/x.json",
            "x/__snapshots__/a.snap",
            "src/FooSpec.kt",
            "src/tests.rs",
            "src/test.rs",
        ];
        let ci = [
            ".github/workflows/ci.yml",
            ".gitlab-ci.yml",
            "Jenkinsfile",
            "azure-pipelines.yml",
            ".circleci/config.yml",
            ".husky/pre-commit",
        ];
        let of_check = [
            "scripts/verify.sh",
            "Cargo.toml",
            "package.json",
            "Makefile",
            "pyproject.toml",
            "a/conftest.py",
            "jest.config.js",
            ".eslintrc.json",
            "App.csproj",
            "go.mod",
        ];
        let rows = [
            (None, &code[..]),
            (Some("a test"), &tests),
            (Some("what the CI runs"), &ci),
            (Some("a file of the check"), &of_check),
        ];
        for (expected, paths) in rows {
            for path in paths {
                assert_eq!(what(&RepoPath::new(*path).unwrap(), &checks), expected, "{path}");
            }
        }
    }

    #[test]
    fn tests_beside_the_code_are_seen() {
        let (code, tests) = ("fn a() {}\n", "#[cfg(test)]\nmod tests { #[test] fn t() { assert!(true) } }\n");
        let path = RepoPath::new("src/lib.rs").unwrap();
        let consents = |before: &str, after: &str| {
            let files = BTreeMap::from([(path.clone(), (Some(Arc::from(before)), Some(Arc::from(after))))]);
            of(&Change { files, diff: String::new() }, &Checks::default()).len()
        };
        let whole = [code, tests].concat();
        assert_eq!(consents(&whole, &["fn b() {}\n", tests].concat()), 0, "only the code changes");
        assert_eq!(consents(&whole, &whole.replace("true", "1 == 1")), 1);
        assert_eq!(consents(&whole, code), 1, "the tests are gone");
        assert_eq!(consents(code, &whole), 0, "tests come to it");
    }
}
