//! The answers of who mends a finding, and of who looks at what was mended.

use super::{Completion, Object, clean, object, one_line};
use finding::{Failure, FailureKind, Severity};
use serde_json::{Map, Value, json};

/// A longer diff mends no finding, in bytes.
const LONGEST_DIFF: usize = 1 << 20;

/// What an agent says of its fix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mended {
    /// What it did, or why it did nothing: one line of plain text.
    pub summary: String,
    /// What it wants to be changed; empty where it changed it itself.
    pub diff: String,
    /// Files that it had to change besides the finding's, as it writes them, with the reason.
    pub files: Vec<(String, String)>,
}

/// What an agent says of a fix of somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether the finding no longer holds.
    pub is_gone: bool,
    /// What shows it: one line of plain text.
    pub reason: String,
    /// Mistakes that the fix brings.
    pub new: Vec<(Severity, String)>,
}

/// The form of the answer of who mends.
#[must_use]
pub fn mending_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "summary": { "type": "string", "description": "What you changed, in one sentence; or why you changed nothing." },
            "diff": { "type": "string", "description": "The change as a unified diff; empty where you edited the files." },
            "files": {
                "type": "array",
                "description": "Files that you changed besides those that the finding is about.",
                "items": {
                    "type": "object",
                    "properties": { "path": { "type": "string" }, "reason": { "type": "string" } },
                    "required": ["path", "reason"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["summary", "diff", "files"],
        "additionalProperties": false,
    })
}

/// The form of the answer of who looks at what was mended.
#[must_use]
pub fn judging_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "gone": { "type": "boolean" },
            "reason": { "type": "string" },
            "new": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "severity": { "type": "string", "enum": ["critical", "important", "suggestion"] },
                        "title": { "type": "string" },
                    },
                    "required": ["severity", "title"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["gone", "reason", "new"],
        "additionalProperties": false,
    })
}

/// Reads what an agent says of its fix.
///
/// # Errors
/// The failure of the run, or that it says nothing of a fix.
pub fn mended(said: &Completion) -> Result<Mended, Failure> {
    let value = object(said, "summary")?;
    let empty = Map::new();
    let o = Object(value.as_object().unwrap_or(&empty));
    let diff = value["diff"].as_str().unwrap_or_default();
    if diff.len() > LONGEST_DIFF {
        return Err(Failure::new(FailureKind::TooLarge, "its diff has more than 1 MiB"));
    }
    let files = o.list("files").iter().filter_map(|v| match v {
        Value::String(path) => Some((clean(path)?, String::new())),
        other => {
            let o = Object(other.as_object()?);
            Some((o.text(&["path", "file"])?, one_line(&o.text(&["reason", "why"]).unwrap_or_default())))
        }
    });
    let files = files.collect();
    Ok(Mended { summary: one_line(&o.text(&["summary"]).unwrap_or_default()), diff: diff.to_owned(), files })
}

/// Reads what an agent says of a fix.
///
/// # Errors
/// The failure of the run, or that it does not say whether the finding is gone.
pub fn judged(said: &Completion) -> Result<Judged, Failure> {
    let value = object(said, "gone")?;
    let is_gone = value["gone"].as_bool();
    let is_gone = is_gone
        .ok_or_else(|| Failure::new(FailureKind::BadOutput, "its answer does not say whether the finding is gone"))?;
    let empty = Map::new();
    let o = Object(value.as_object().unwrap_or(&empty));
    let new = o.list("new").iter().filter_map(|v| match v {
        Value::String(title) => Some((Severity::Important, one_line(&clean(title)?))),
        other => {
            let o = Object(other.as_object()?);
            // What it does not rate in a word that is known is not taken for harmless.
            let severity = o.text(&["severity"]).and_then(|word| Severity::from_word(&word));
            Some((severity.unwrap_or(Severity::Important), one_line(&o.text(&["title", "body"])?)))
        }
    });
    let new = new.collect();
    Ok(Judged { is_gone, reason: one_line(&o.text(&["reason"]).unwrap_or_default()), new })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Completion {
        Completion { text: text.into(), ..Completion::default() }
    }

    #[test]
    fn who_does_not_say_that_it_is_gone_has_not_said_it() {
        let read = |text: &str| judged(&said(text)).map(|j| (j.is_gone, j.new)).map_err(|f| f.message);
        let important = |title: &str| vec![(Severity::Important, title.to_owned())];
        let no_field = || Err("its answer has no gone".to_owned());
        let unsaid = || Err("its answer does not say whether the finding is gone".to_owned());
        for (text, expected) in [
            (r#"{"gone": true, "reason": "r", "new": []}"#, Ok((true, Vec::new()))),
            ("```json\n{\"gone\": false}\n```", Ok((false, Vec::new()))),
            (r#"{"gone": true, "new": [{"severity": "odd", "title": "t"}]}"#, Ok((true, important("t")))),
            (r#"{"gone": true, "new": ["t"]}"#, Ok((true, important("t")))),
            (r#"{"gone": "yes"}"#, unsaid()),
            ("", no_field()),
            ("it is gone", no_field()),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        // Our own prompt, printed back.
        assert!(judged(&said(&judging_schema().to_string())).is_err());
        assert!(mended(&said(&mending_schema().to_string())).is_err());
    }

    #[test]
    fn what_was_mended_is_read_in_the_forms_that_it_comes_in() {
        let read = |text: &str| mended(&said(text)).unwrap();
        let m = read(r#"{"summary": "a\nb", "diff": "-x\n+y\n", "files": [{"path": "p", "reason": "r"}, "q"]}"#);
        assert_eq!((m.summary.as_str(), m.diff.as_str()), ("a b", "-x\n+y\n"));
        assert_eq!(m.files, [("p".to_owned(), "r".to_owned()), ("q".to_owned(), String::new())]);
        assert_eq!(read(r#"{"summary": "nothing"}"#), Mended { summary: "nothing".into(), ..Mended::default() });
    }
}
