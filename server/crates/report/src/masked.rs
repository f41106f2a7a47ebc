//! A round as others may see it: what is secret in its texts is masked, the same secret by the same mask everywhere.
//!
//! Documents are handed on, posted and kept in builds, so a secret that the code has is not to be in them. Every text of
//! the round is looked at, whatever field it is in: a field that comes later is covered too.

use super::Texts;
use finding::{Decisions, RepoPath, Round};
use secrets::Masker;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// Longest text, in bytes, that is remembered as having no secret: names and words that are said again and again.
const SHORT: usize = 64;
/// How many such texts are remembered.
const REMEMBERED: usize = 10_000;

/// The round, what was decided, and the texts, with their secrets masked. Lines stay where they are.
///
/// # Errors
/// When a masked value is none of its kind any more: then nothing is to be written.
pub fn masked(
    mut round: Round,
    decisions: Decisions,
    texts: &Texts,
) -> Result<(Round, Decisions, Texts), serde_json::Error> {
    let mut masking = Masking::default();
    let masked_text = |(path, text): (&RepoPath, &Arc<str>)| {
        let name = RepoPath::new(masking.masker.mask(path.as_str())).unwrap_or_else(|_| path.clone());
        (name, Arc::from(masking.masker.mask(text)))
    };
    let texts: Texts = texts.iter().map(masked_text).collect();
    // One by one, what a round may have thousands of: as trees of JSON they are many times as large.
    let (findings, raw) = (std::mem::take(&mut round.findings), std::mem::take(&mut round.raw));
    let mut round = masking.of(round)?;
    round.findings = masking.of_each(findings)?;
    round.raw = masking.of_each(raw)?;
    Ok((round, masking.of(decisions)?, texts))
}

#[derive(Default)]
struct Masking {
    masker: Masker,
    /// Short texts that have no secret.
    harmless: HashSet<String>,
}

impl Masking {
    fn of_each<T: Serialize + DeserializeOwned>(&mut self, values: Vec<T>) -> Result<Vec<T>, serde_json::Error> {
        values.into_iter().map(|value| self.of(value)).collect()
    }

    fn of<T: Serialize + DeserializeOwned>(&mut self, value: T) -> Result<T, serde_json::Error> {
        let mut tree = serde_json::to_value(&value)?;
        drop(value);
        self.mask(&mut tree);
        serde_json::from_value(tree)
    }

    fn mask(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask_text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(map) => {
                for (mut name, mut item) in std::mem::take(map) {
                    self.mask(&mut item);
                    // Names of files are keys too.
                    self.mask_text(&mut name);
                    map.insert(name, item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn mask_text(&mut self, text: &mut String) {
        if self.harmless.contains(text) {
            return;
        }
        let masked = self.masker.mask(text);
        if masked != *text {
            *text = masked;
        } else if text.len() <= SHORT && self.harmless.len() < REMEMBERED {
            self.harmless.insert(masked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{agents, finding, lines, path, round};
    use crate::{Format, write};
    use finding::{Anchor, Fix, Severity, State};

    // In two pieces, so that nobody takes it for one.
    const KEY: &str = concat!("ghp_q8Vb3LxTz7RkM2nWy5", "Jd0CfHs9PgUa4EiOo1");

    #[test]
    fn a_secret_is_in_no_document_whatever_said_it() {
        let text = format!("fn a() {{}}\nlet password = \"{KEY}\";\n");
        let mut one = finding("C1", Severity::Critical, KEY, vec![lines("src/a.rs", 2, 2)], &agents(&["claude"]));
        one.anchors[0].quote = Some(format!("let password = \"{KEY}\";"));
        one.anchors.push(Anchor::file(path(&format!("keys/{KEY}.txt"))));
        one.body = format!("The key `{KEY}` is in the code.");
        one.why = vec![KEY.to_owned()];
        one.fixes = vec![Fix {
            note: Some(KEY.to_owned()),
            path: None,
            diff: format!("-let password = \"{KEY}\";\n+let password = \"{KEY}\".to_owned();"),
            by: agents(&["claude"]),
        }];
        let mut round = round(vec![one]);
        round.commits.push(finding::Commit {
            id: finding::CommitId::new("0123456789abcdef0123456789abcdef01234567"),
            subject: KEY.to_owned(),
            body: KEY.to_owned(),
            author: "a".into(),
            time: jiff::Timestamp::UNIX_EPOCH,
            is_merge: false,
        });
        let mut decisions = Decisions::default();
        let texts: Texts = [(path("src/a.rs"), Arc::from(text))].into_iter().collect();
        for closed in [false, true] {
            if closed {
                let state = State::Dismissed { reason: finding::DismissReason::Later, text: KEY.to_owned() };
                let at = jiff::Timestamp::UNIX_EPOCH;
                let resolution =
                    finding::Resolution { state, at, round: round.id.clone(), code: None, commit: None, by: None };
                decisions.resolutions.insert(round.findings[0].id.clone(), resolution);
            }
            let (shown, decided, there) = masked(round.clone(), decisions.clone(), &texts).unwrap();
            for format in Format::ALL {
                let document = write(format, &shown, &decided, &there);
                assert!(!document.contains(&KEY[4..]), "{format}: {document}");
                // A suggestion that a click puts into the file has no mask in it.
                let suggestion = document.split("suggestion\\n").nth(1).filter(|_| format == Format::Github);
                assert!(suggestion.is_none_or(|s| !s.contains(secrets::MASK)), "{document}");
            }
        }
        assert!(write(Format::Json, &round, &decisions, &texts).contains(KEY), "the test's round has it");
    }

    #[test]
    fn what_has_no_secret_stays_as_it_is() {
        let one = finding("I1", Severity::Important, "A plain one", vec![lines("a.rs", 1, 1)], &agents(&["claude"]));
        let round = round(vec![one]);
        let texts: Texts = [(path("a.rs"), Arc::from("plain\n"))].into_iter().collect();
        let (same, ..) = masked(round.clone(), Decisions::default(), &texts).unwrap();
        assert_eq!(same, round);
    }
}
