//! Which numbers of tools are one rule, and which remark names which. Facts, with their sources; nothing is guessed
//! from words.

use super::text;
use finding::RawFinding;

/// Characters of a text in which identifiers of vulnerabilities are looked for.
const LOOKED_AT: usize = 4 * 1024;
/// Identifiers of vulnerabilities that are kept of one remark.
const MOST_VULNERABILITIES: usize = 8;

/// Numbers of one rule in several tools, the first standing for all.
///
/// - pycodestyle, Pyflakes and flake8 plug-ins keep their numbers in ruff, and so need no row.
/// - pylint → ruff: ruff's list of what it takes over from pylint (astral-sh/ruff, issue 970), where one rule is one rule;
///   those that ruff numbers `PL` + pylint's number need no row.
/// - bandit → ruff's `S` + the number, by the page "flake8-bandit (S)" of ruff's rules: see [`known_as`].
/// - Ruff's own old numbers: "Legacy rule codes" in its changelogs.
/// - ESLint → typescript-eslint: its pages of "extension rules", which replace the rule of the same name: [`EXTENDED`].
/// - staticcheck → golangci-lint's names of the old linters that it took in (`gosimple`, `stylecheck`): the same
///   numbers, so no row.
const ROWS: &[&[&str]] = &[
    &["f401", "w0611"],
    &["f403", "w0401"],
    &["f541", "w1309"],
    &["f631", "w0199"],
    &["f632", "r0123"],
    &["f811", "w0404"],
    &["f821", "e0602"],
    &["f822", "e0603"],
    &["f841", "w0612"],
    &["e501", "c0301"],
    &["e703", "w0301"],
    &["e721", "c0123"],
    &["e722", "w0702"],
    &["e731", "c3001"],
    &["w291", "c0303"],
    &["w292", "c0304"],
    &["w391", "c0305"],
    &["w605", "w1401"],
    &["a001", "w0622"],
    &["arg001", "w0613"],
    &["b006", "w0102"],
    &["b023", "w0640"],
    &["b904", "w0707"],
    &["ble001", "w0718", "w0703"],
    &["c901", "r1260"],
    &["d100", "c0114"],
    &["d101", "c0115"],
    &["d103", "c0116"],
    &["g004", "w1203"],
    &["pie790", "w0107"],
    &["ret503", "r1710"],
    &["ret505", "r1705"],
    &["ret506", "r1720"],
    &["ret507", "r1724"],
    &["ret508", "r1723"],
    &["slf001", "w0212"],
    &["up004", "r0205"],
    &["up008", "r1725"],
];

/// Rules of ESLint that typescript-eslint replaces by one of the same name.
const EXTENDED: &[&str] = &[
    "class-methods-use-this",
    "consistent-return",
    "default-param-last",
    "dot-notation",
    "init-declarations",
    "max-params",
    "no-array-constructor",
    "no-dupe-class-members",
    "no-empty-function",
    "no-implied-eval",
    "no-invalid-this",
    "no-loop-func",
    "no-magic-numbers",
    "no-redeclare",
    "no-restricted-imports",
    "no-shadow",
    "no-unused-expressions",
    "no-unused-vars",
    "no-use-before-define",
    "no-useless-constructor",
    "prefer-destructuring",
    "prefer-promise-reject-errors",
    "require-await",
    "return-await",
];

/// The built-in rules that linters have too, with what those call them, in lower case: said by both, it is said once. By the
/// pages of the linters' rules, where one finds what the other finds.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("bash-for-ls", &["sc2045"]),
    ("bash-redirect-order", &["sc2069"]),
    ("bash-remove-unset", &["sc2115"]),
    ("debug-output", &["no-console", "noconsole", "t201", "t203", "clippy::dbg_macro"]),
    ("debugger", &["no-debugger", "nodebugger", "t100"]),
    ("focused-test", &["no-focused-tests", "nofocusedtests"]),
    ("format-arguments", &["f507", "f524"]),
    ("js-assignment-in-condition", &["no-cond-assign"]),
    ("js-async-promise-executor", &["no-async-promise-executor", "noasyncpromiseexecutor"]),
    ("js-nan-comparison", &["use-isnan", "useisnan"]),
    ("js-negated-in", &["no-unsafe-negation", "nounsafenegation"]),
    ("js-return-in-finally", &["no-unsafe-finally", "nounsafefinally"]),
    ("js-typeof-unknown", &["valid-typeof", "usevalidtypeof"]),
    ("misspelling", &["misspell", "codespell", "typos"]),
    ("python-assert-tuple", &["f631"]),
    ("python-is-literal", &["f632"]),
    ("python-lone-comparison", &["b015"]),
    ("python-mutable-default", &["b006"]),
    ("python-raise-notimplemented", &["f901"]),
    ("python-remove-while-iterating", &["b909"]),
    ("python-return-in-finally", &["b012"]),
    ("python-sleep-in-async", &["async251"]),
    ("python-strip-affix", &["b005"]),
    ("python-subprocess-shell-format", &["b602"]),
    ("python-yaml-load", &["b506"]),
    ("rust-dropped-guard", &["clippy::let_underscore_lock"]),
    ("rust-nan-comparison", &["invalid_nan_comparisons"]),
    ("rust-todo", &["clippy::todo", "clippy::unimplemented"]),
    ("same-condition", &["no-dupe-else-if", "noduplicateelseif", "clippy::ifs_same_cond"]),
    ("same-operand", &["no-self-compare", "noselfcompare", "plr0124", "r0124", "clippy::eq_op"]),
    ("self-assignment", &["no-self-assign", "noselfassign", "w0127", "clippy::self_assignment"]),
    ("skipped-test", &["no-disabled-tests", "noskippedtests"]),
    ("todo-without-issue", &["td003", "fix002"]),
];

/// A rule of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// What it is known as, whichever tool names it.
    pub(super) id: String,
    /// Whether it is a tool's own number or name, and not a word that an agent found for it: then another one is another
    /// rule.
    pub(super) is_exact: bool,
}

impl Rule {
    /// The rule that a remark says it is an instance of: in its field, or as linters write it into a title (`F401 Unused
    /// import`, `Unused import (W0611)`). A weakness (CWE) is none: it is a kind of many rules.
    pub(super) fn of(raw: &RawFinding) -> Option<Self> {
        let given = raw.rule.as_ref().map(|rule| rule.id.trim()).filter(|id| !id.is_empty());
        let Some(given) = given else {
            return in_title(text::title(&raw.title)).map(|id| Self { id: known_as(id), is_exact: true });
        };
        let (tool, id) = given.rsplit_once('/').map_or((None, given), |(tool, id)| (Some(tool), id));
        // A plug-in's rule may have the name of one that is not its own.
        let id = if tool.is_some_and(|tool| tool.contains('@')) && !EXTENDED.contains(&id) { given } else { id };
        let is_exact = tool.is_some() || is_number(id);
        (!is_weakness(id)).then(|| Self { id: known_as(id), is_exact })
    }
}

/// The weakness (CWE) that a remark names as what it is an instance of.
pub(super) fn weakness(raw: &RawFinding) -> Option<String> {
    let given = raw.rule.as_ref().map(|rule| rule.id.rsplit('/').next().unwrap_or_default().trim());
    let words = given.into_iter().chain(text::title(&raw.title).split(|c: char| !c.is_alphanumeric() && c != '-'));
    words.into_iter().find(|word| is_weakness(word)).map(str::to_lowercase)
}

/// The vulnerabilities (CVE, GHSA, RUSTSEC, …) that a remark names, in lower case and in order: two that name others are two,
/// whatever else they say.
pub(super) fn vulnerabilities(raw: &RawFinding) -> Vec<String> {
    let body = &raw.body[..raw.body.floor_char_boundary(LOOKED_AT)];
    let rule = raw.rule.as_ref().map_or("", |rule| &rule.id);
    let mut found: Vec<String> = [rule, text::title(&raw.title), body]
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .filter(|word| is_vulnerability(word))
        .map(str::to_lowercase)
        .take(MOST_VULNERABILITIES)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// What a rule is known as, whichever tool names it.
fn known_as(id: &str) -> String {
    let id = id.to_lowercase();
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let id = match id.strip_prefix("pl").filter(|rest| rest.len() == 5 && rest.starts_with(['c', 'e', 'r', 'w'])) {
        Some(of_pylint) if digits(&of_pylint[1..]) => of_pylint.to_owned(),
        _ => id,
    };
    // Bandit's numbers begin with 1 to 7, those of flake8-bugbear with 0 and 9.
    let id = match id.strip_prefix('s').filter(|rest| rest.len() == 3 && digits(rest)) {
        Some(of_bandit) if (b'1'..=b'7').contains(&of_bandit.as_bytes()[0]) => format!("b{of_bandit}"),
        _ => id,
    };
    let row = ROWS.iter().find(|row| row.contains(&id.as_str()));
    let id = row.map_or(id, |row| row[0].to_owned());
    let built_in = BUILT_IN.iter().find(|(_, theirs)| theirs.contains(&id.as_str()));
    built_in.map_or(id, |(ours, _)| (*ours).to_owned())
}

/// The number that a linter has written at the beginning or the end of a title.
fn in_title(title: &str) -> Option<&str> {
    let first = title.split_whitespace().next()?.trim_matches(['[', ']', '(', ')', ':', '`']);
    if is_number(first) && title.trim().len() > first.len() + 2 {
        return Some(first);
    }
    let last = title.trim_end().strip_suffix([')', ']'])?;
    let last = &last[last.rfind(['(', '['])? + 1..];
    is_number(last).then_some(last)
}

/// `F401`, `PLR0912`, `SC2086`, `CA1822`, `DL3006`: one to eight capitals and two to six digits.
fn is_number(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = &word[letters..];
    (1..=8).contains(&letters) && (2..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        // Not the names of other things that are written so.
        && !["SHA", "UTF", "HTTP", "MD", "ISO", "RFC", "ES", "IE", "AES", "RSA", "X", "U", "I", "P"].contains(&&word[..letters])
}

fn is_weakness(word: &str) -> bool {
    prefixed(word, "CWE-").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

fn is_vulnerability(word: &str) -> bool {
    let numbered = ["CVE-", "RUSTSEC-", "PYSEC-", "GO-", "OSV-", "MAL-"];
    let dated = |rest: &str| {
        let parts: Vec<&str> = rest.split('-').collect();
        matches!(parts[..], [year, number]
            if year.len() == 4 && number.len() >= 3 && [year, number].concat().bytes().all(|b| b.is_ascii_digit()))
    };
    let is_github = |rest: &str| {
        let parts: Vec<&str> = rest.split('-').collect();
        parts.len() == 3 && parts.iter().all(|part| part.len() == 4)
    };
    numbered.iter().any(|prefix| prefixed(word, prefix).is_some_and(dated))
        || prefixed(word, "GHSA-").is_some_and(is_github)
}

/// What follows `prefix`, whose case does not matter; nothing where nothing follows.
fn prefixed<'a>(word: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = word.split_at_checked(prefix.len())?;
    (head.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::raw;
    use finding::RuleRef;

    fn ruled(rule: &str, title: &str, body: &str) -> RawFinding {
        let mut raw = raw("lint:1 low a.py:1 | ");
        (raw.title, raw.body) = (title.into(), body.into());
        raw.rule = (!rule.is_empty()).then(|| RuleRef { id: rule.into(), url: None });
        raw
    }

    #[test]
    fn one_rule_has_many_numbers() {
        let same = [
            ("PLC0415", "C0415"),
            ("ruff/PLW0127", "pylint/W0127"),
            ("B904", "W0707"),
            ("S101", "B101"),
            ("ruff/F401", "W0611"),
            ("flake8/E501", "C0301"),
            ("eslint/@typescript-eslint/no-unused-vars", "eslint/no-unused-vars"),
            ("deep-review/debugger", "eslint/no-debugger"),
            ("deep-review/debugger", "biome/lint/suspicious/noDebugger"),
            ("deep-review/python-mutable-default", "ruff/B006"),
            ("deep-review/python-mutable-default", "W0102"),
            ("deep-review/self-assignment", "ruff/PLW0127"),
            ("deep-review/rust-todo", "clippy/clippy::todo"),
            ("deep-review/bash-for-ls", "shellcheck/SC2045"),
        ];
        let known = |id: &str| Rule::of(&ruled(id, "x", "")).unwrap().id;
        for (a, b) in same {
            assert_eq!(known(a), known(b), "{a} {b}");
        }
        let others = [
            ("B904", "S904"),
            ("S1234", "B1234"),
            ("PLC0415", "C0414"),
            ("B007", "S007"),
            ("eslint/@stylistic/semi", "eslint/semi"),
        ];
        for (a, b) in others {
            assert_ne!(known(a), known(b), "{a} {b}");
        }
    }

    #[test]
    fn every_number_is_in_one_row() {
        let all: Vec<&str> = ROWS.iter().flat_map(|row| row.iter().copied()).collect();
        let theirs: Vec<&str> = BUILT_IN.iter().flat_map(|(_, theirs)| theirs.iter().copied()).collect();
        assert!(theirs.iter().all(|id| *id == id.to_lowercase() && !BUILT_IN.iter().any(|(ours, _)| ours == id)));
        assert!(
            ROWS.iter().all(|row| row[1..].iter().all(|id| !theirs.contains(id))),
            "a row's first name stands for all"
        );
        let distinct: std::collections::BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all.iter().all(|id| *id == id.to_lowercase() && is_number(&id.to_uppercase())));
    }

    #[test]
    fn a_rule_is_in_its_field_or_at_an_end_of_the_title() {
        let cases = [
            ("", "F401 `os` imported but unused", Some("f401")),
            ("", "Unused import os (W0611)", Some("f401")),
            ("", "[SC2086] Double quote", Some("sc2086")),
            ("", "DL3006: Always tag the version", Some("dl3006")),
            ("", "The queue is never closed", None),
            ("", "SHA256 is computed twice", None),
            ("", "Endpoint answers HTTP500 (twice)", None),
            ("", "F401", None),
            ("CWE-79", "Script injection", None),
            ("ruff/F401", "anything", Some("f401")),
            ("error-handling", "anything", Some("error-handling")),
        ];
        for (rule, title, id) in cases {
            assert_eq!(Rule::of(&ruled(rule, title, "")).map(|r| r.id).as_deref(), id, "{rule} {title}");
        }
        assert!(Rule::of(&ruled("ruff/F401", "x", "")).is_some_and(|r| r.is_exact));
        assert!(Rule::of(&ruled("error-handling", "x", "")).is_some_and(|r| !r.is_exact));
    }

    #[test]
    fn weaknesses_and_vulnerabilities_are_named_anywhere() {
        assert_eq!(weakness(&ruled("cwe-79", "Script injection", "")).as_deref(), Some("cwe-79"));
        assert_eq!(weakness(&ruled("", "Script injection (CWE-79)", "")).as_deref(), Some("cwe-79"));
        assert_eq!(weakness(&ruled("", "CWE-none", "CWE-79")), None);
        let named = ruled("CVE-2021-1234", "lodash: ghsa-aaaa-bbbb-cccc", "See RUSTSEC-2020-0001, CVE-2021-1234.");
        assert_eq!(vulnerabilities(&named), ["cve-2021-1234", "ghsa-aaaa-bbbb-cccc", "rustsec-2020-0001"]);
        assert_eq!(vulnerabilities(&ruled("", "CVE-2021", "go-getter GO-1-2")), Vec::<String>::new());
    }
}
