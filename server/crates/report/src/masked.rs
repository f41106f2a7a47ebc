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
use std::sync::Arc;

/// The round, what was decided, and the texts, with their secrets masked. Lines stay where they are.
///
/// # Errors
/// When a masked value is none of its kind any more: then nothing is to be written.
pub fn masked(
    round: &Round,
    decisions: &Decisions,
    texts: &Texts,
) -> Result<(Round, Decisions, Texts), serde_json::Error> {
    let masker = Masker::default();
    let masked_text = |(path, text): (&RepoPath, &Arc<str>)| {
        let name = RepoPath::new(masker.mask(path.as_str())).unwrap_or_else(|_| path.clone());
        (name, Arc::from(masker.mask(text)))
    };
    let texts: Texts = texts.iter().map(masked_text).collect();
    let (round, decisions) = (of(round, &masker)?, of(decisions, &masker)?);
    Ok((round, decisions, texts))
}

fn of<T: Serialize + DeserializeOwned>(value: &T, masker: &Masker) -> Result<T, serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    mask(&mut value, masker);
    serde_json::from_value(value)
}

fn mask(value: &mut Value, masker: &Masker) {
    match value {
        Value::String(text) => {
            let masked = masker.mask(text);
            if masked != *text {
                *text = masked;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, masker)),
        Value::Object(map) => {
            let old = std::mem::take(map);
            for (name, mut item) in old {
                mask(&mut item, masker);
                // Names of files are keys too.
                map.insert(masker.mask(&name), item);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
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
            let (shown, decided, there) = masked(&round, &decisions, &texts).unwrap();
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
        let (same, ..) = masked(&round, &Decisions::default(), &texts).unwrap();
        assert_eq!(same, round);
    }
}
