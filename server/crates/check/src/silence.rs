//! What people write into a source to silence a rule: our own mark, and those of the tools that they use anyway.

use finding::RawFinding;
use regex::Regex;
use std::sync::LazyLock;

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| {
            // A constant, and every test compiles it.
            Regex::new($pattern).expect("a constant pattern")
        });
    };
}

// `deep-review: ignore[rule, rule] reason`
pattern!(OWN, r"deep-review:\s*ignore\[([\w\s,/*-]+)\]");

// Whoever wrote one of these means the line to stay as it is.
pattern!(
    OTHERS,
    r"(?x)(?i: \b noqa \b | \b nosonar \b | \b nolint | \b nosec \b | eslint-disable-(?:next-)?line | biome-ignore
      | oxlint-disable-(?:next-)?line | deno-lint-ignore | tslint:disable | standard:disable | rubocop:(?:disable|todo) | pylint:\s*disable
      | phpcs:\s*(?:ignore|disable) | @phpstan-ignore | @psalm-suppress | shellcheck\s+disable | resharper\s+disable
      | pragma\s+warning\s+disable | pragma:\s*allowlist | gitleaks:allow | codespell:ignore | spellchecker:\s*disable
      | cspell:\s*(?:disable|ignore) | typos:\s*(?:ignore|disable) | detekt:disable | ktlint-disable )
      | @SuppressWarnings | @Suppress\( | \#!?\[(?:allow|expect)\( | @ts-expect-error"
);

// Marks for the rest of a file, or until they are taken back.
pattern!(
    FROM_HERE,
    r"/\*\s*(?:eslint|oxlint)-disable(?:\s|\*)|^\s*#\s*rubocop:disable\s|^\s*//\s*ReSharper disable \w+\s*$"
);
pattern!(UNTIL_HERE, r"/\*\s*(?:eslint|oxlint)-enable|^\s*#\s*rubocop:enable\s|^\s*//\s*ReSharper restore");

/// Whether `text` silences a finding at its main place: on that line, or on a line of its own before it.
pub(super) fn is_silenced(finding: &RawFinding, text: &str) -> bool {
    let Some(lines) = finding.main_anchor().and_then(|a| a.lines) else { return false };
    let rule = finding.rule.as_ref().map_or("", |r| r.id.as_str());
    let rule = rule.rsplit('/').next().unwrap_or(rule);
    let first = lines.start() as usize - 1;
    let mut before = None;
    let mut file_wide = false;
    for (n, line) in text.lines().enumerate().take(first + 1) {
        if n == first {
            return file_wide
                || says(line, rule)
                || before.is_some_and(|line: &str| is_comment_alone(line) && says(line, rule));
        }
        // Only where a mark may be: most lines have none.
        if line.contains("disable") || line.contains("enable") || line.contains("restore") {
            file_wide = (file_wide && !UNTIL_HERE.is_match(line)) || FROM_HERE.is_match(line);
        }
        before = Some(line);
    }
    false
}

fn says(line: &str, rule: &str) -> bool {
    // A long line is no place for a mark, and is not worth the search.
    let line = if line.len() > 2000 { line.get(..2000).unwrap_or("") } else { line };
    let is_named = |names: &str| names.split(',').any(|n| n.trim().trim_start_matches("deep-review/") == rule);
    OWN.captures_iter(line).any(|c| is_named(&c[1])) || OTHERS.is_match(line)
}

/// Whether the line has nothing but a comment or an attribute.
fn is_comment_alone(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "/*", "*", "#", "--", "<!--", ";", "%", "@", "{/*", "..", "rem ", "REM "]
        .iter()
        .any(|sign| line.starts_with(sign))
}

#[cfg(test)]
mod tests {
    use crate::remark::{anchor, remark};
    use finding::{LineRange, RepoPath, Severity};

    #[test]
    fn marks_silence_their_line_and_the_next() {
        for (text, line, is_silenced) in [
            ("a // deep-review: ignore[debugger] wanted\n", 1, true),
            ("a // deep-review: ignore[debugger]\n", 1, true),
            ("# deep-review: ignore[other, debugger] wanted\na\n", 2, true),
            ("# deep-review: ignore[deep-review/debugger] wanted\na\n", 2, true),
            ("<!-- deep-review: ignore[debugger] wanted -->\na\n", 2, true),
            ("a // deep-review: ignore[other] wanted\n", 1, false),
            ("a // deep-review: ignore wanted\n", 1, false),
            // A mark behind code is for that code.
            ("b // deep-review: ignore[debugger] wanted\na\n", 2, false),
            ("# deep-review: ignore[debugger] wanted\n\na\n", 3, false),
            ("// eslint-disable-next-line no-debugger\ndebugger\n", 2, true),
            ("debugger // eslint-disable-line\n", 1, true),
            ("/* eslint-disable no-console */\na\nb\n", 3, true),
            ("/* eslint-disable */\na\n/* eslint-enable */\nb\n", 4, false),
            ("x = 1  # noqa: T100\n", 1, true),
            ("// nolint:errcheck\na\n", 2, true),
            ("# shellcheck disable=SC2086\nrm $x\n", 2, true),
            ("@SuppressWarnings(\"unchecked\")\nvoid f() {}\n", 2, true),
            ("#[expect(clippy::dbg_macro)]\ndbg!(x);\n", 2, true),
            ("// rubocop was disabled here\na\n", 2, false),
            ("a\n", 1, false),
        ] {
            let path = RepoPath::new("a.js").unwrap();
            let mut finding = remark("leftovers", "debugger", Severity::Important, "x".into(), String::new());
            finding.anchors.push(anchor(&path, text, LineRange::line(line)));
            assert_eq!(super::is_silenced(&finding, text), is_silenced, "{text}");
        }
    }
}
