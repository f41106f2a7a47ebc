//! Credentials on added lines: by the form that their issuer gave them, or by what their name says. The finder is the one
//! that masks what agents are sent.

use super::Job;
use super::remark::{LARGEST_TEXT, LONGEST_LINE, anchor, is_test, line_at, line_text, remark};
use finding::{LineRange, RawFinding, Severity};
use git::ChangedFile;
use secrets::Kind;

pub(super) const AGENT: &str = "secrets";
pub(super) const RULES: &[(&str, bool, &str)] = &[
    ("issued-secret", true, "a key in the form that its issuer gives it, or a private key"),
    ("named-secret", false, "a value whose name says that it is a password, a token or a key"),
];

/// Finds them on the added lines of a file.
pub(super) fn in_file(_: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
    let Some(text) = file.new.as_deref().filter(|t| t.len() <= LARGEST_TEXT) else { return Vec::new() };
    let is_added = |line: u32| file.hunks.iter().any(|h| (h.new_start..h.new_start + h.new_count).contains(&line));
    let mut findings: Vec<RawFinding> = Vec::new();
    // The last line of the private key that is being read.
    let mut key_until: Option<u32> = None;
    for secret in secrets::find(text) {
        let line = line_at(text, secret.bytes.start);
        let quoted = line_text(text, secret.bytes.start);
        let value = &text[secret.bytes.clone()];
        let is_known = is_name_of_a_key(value) && !has_its_key(text, secret.bytes.start);
        if !is_added(line) || quoted.len() > LONGEST_LINE || is_known || is_for_show(file, value, quoted) {
            continue;
        }
        let place = LineRange::line(line);
        // A private key has many lines and is one secret.
        let goes_on = secret.kind == Kind::PrivateKey && key_until.is_some_and(|last| last + 1 >= line);
        key_until = (secret.kind == Kind::PrivateKey).then_some(line);
        if goes_on && let Some(last) = findings.last_mut() {
            let first = last.anchors[0].lines.map_or(line, |l| l.start());
            last.anchors[0] = anchor(&file.path, text, LineRange::new(first, line.min(first + 9)));
            continue;
        }
        let (rule, severity) = match secret.kind {
            Kind::Issued(_) => ("issued-secret", Severity::Critical),
            // Whose it is, and whether anybody trusts it, nobody can tell.
            Kind::PrivateKey => ("issued-secret", Severity::Important),
            Kind::Hash | Kind::Access | Kind::Named => ("named-secret", Severity::Important),
        };
        let title = format!("Secret in the branch: {}", secret.kind);
        let body =
            "Once pushed, it is known: take it back at its issuer and make a new one. Keep the new one out of the \
                    repository, in the environment or a store for secrets. Deleting the line leaves it in the history."
                .to_owned();
        let mut finding = remark(AGENT, rule, severity, title, body);
        finding.anchors.push(anchor(&file.path, text, place));
        findings.push(finding);
    }
    findings
}

/// Whether it is only the name of a key, as AWS gives one to each (`AKIA…`): anybody may know that.
fn is_name_of_a_key(value: &str) -> bool {
    value.len() == 20 && ["AKIA", "ASIA"].iter().any(|start| value.starts_with(start))
}

/// Whether the key to a name stands on one of the lines around it: 40 letters, digits and signs of base 64.
fn has_its_key(text: &str, at: usize) -> bool {
    const AROUND: u32 = 5;
    let line = line_at(text, at);
    let near = text.lines().skip(line.saturating_sub(AROUND + 1) as usize).take(2 * AROUND as usize + 1);
    let is_key = |word: &str| {
        word.len() == 40
            && word.bytes().any(|b| b.is_ascii_uppercase())
            && word.bytes().any(|b| b.is_ascii_lowercase())
            && word.bytes().any(|b| b.is_ascii_digit())
    };
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    near.flat_map(|line| line.split(|c| !joins(c))).any(is_key)
}

/// Whether it is an example: in a test, a sample or a text that says so, or of a kind that nobody was ever given.
fn is_for_show(file: &ChangedFile, secret: &str, line: &str) -> bool {
    let lower = format!("{} {}", file.path.as_str(), line).to_ascii_lowercase();
    let words = [
        "example",
        "sample",
        "dummy",
        "fake",
        "placeholder",
        "mock",
        "fixture",
        "not a secret",
        "not-a-secret",
        "xxxx",
        "redacted",
    ];
    let mut seen = [false; 256];
    for b in secret.bytes() {
        seen[usize::from(b)] = true;
    }
    let different = seen.iter().filter(|s| **s).count();
    // `demo-host-key`, `test.pem`
    let name = file.path.file_name().to_ascii_lowercase();
    let is_named_for_show = name.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| matches!(w, "demo" | "test"));
    is_named_for_show || is_test(&file.path) || words.iter().any(|w| lower.contains(w)) || different < 8
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run;
    use finding::Severity;
    use git::Snapshot;

    /// Put together here, so that no tool takes this file for one with a secret in it.
    fn key() -> String {
        ["ghp", "_a8Kq0ZbX3nV7tYw2LrC5mD9fH1jS4pE6uG7i"].concat()
    }

    fn found(path: &str, old: &str, new: &str) -> Vec<(String, Severity)> {
        let found = run("secrets", &Snapshot::in_memory(&[(path, old)], &[(path, new)]));
        found.iter().map(|f| (f.rule.as_ref().unwrap().id.clone(), f.severity)).collect()
    }

    #[test]
    fn a_key_on_an_added_line_is_found_and_nowhere_else() {
        let line = format!("token = \"{}\"\n", key());
        assert_eq!(found("a.py", "", &line), [("deep-review/issued-secret".to_owned(), Severity::Critical)]);
        assert_eq!(found("a.py", &line, &format!("{line}x = 1\n")), [], "it was there before");
        assert_eq!(found("tests/a.py", "", &line), [], "a test's");
        assert_eq!(found("a.py", "", "token = os.environ[\"TOKEN\"]\n"), []);
        let pem = |kind: &str| {
            format!(
                "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
                "MIICaKq0ZbX3nV7tYw2LrC5mD9fH1jS4pE6uG7i".repeat(4)
            )
        };
        assert_eq!(found("host-key", "", &pem("RSA PRIVATE KEY")).len(), 1);
        assert_eq!(found("demo-host-key", "", &pem("RSA PRIVATE KEY")), [], "a demonstration's");
        let name = format!("id: {}\n", ["AKIA", "J3QQTLQXWXYJ6PTA"].concat());
        assert_eq!(found(".travis.yml", "", &format!("{name}secret:\n  secure: a2V5+/=\n")), [], "only a key's name");
        let secret = ["wJa1rXUtnFEMI/K7MDENG", "+bPxRfiCYzqKr9TgLPs"].concat();
        assert_eq!(found("a.yml", "", &format!("{name}secret: {secret}\n"))[0].1, Severity::Critical, "and its key");
        assert_eq!(found("a.py", "", &format!("# example\ntoken = \"{}\"  # example\n", key())), []);
    }
}
