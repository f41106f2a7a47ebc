//! What stands so far in an answer that is still being written.

use super::lenient;

/// What is written so far of a text in an object that is still being written; `None` where it has not begun. A text that
/// is no object counts as it is.
#[must_use]
pub fn so_far(written: &str, key: &str) -> Option<String> {
    let written = written.trim_start();
    let Some(at) = written.find('{') else {
        return (!written.is_empty() && !"```json".starts_with(written)).then(|| written.to_owned());
    };
    let key = format!("\"{key}\"");
    let rest = &written[at..];
    let rest = rest[rest.find(&key)? + key.len()..].trim_start().strip_prefix(':')?;
    lenient::string_so_far(rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_far_as_it_is_written() {
        let whole = r#"{"answer": "Yes: \"it\" is\n\u00e4 \ud83d\ude00 so."}"#;
        let read = "Yes: \"it\" is\nä 😀 so.";
        assert_eq!(so_far(whole, "answer").as_deref(), Some(read));
        let mut before = String::new();
        for (end, _) in whole.char_indices() {
            let now = so_far(&whole[..end], "answer").unwrap_or_default();
            assert!(now.starts_with(&before) && read.starts_with(&now), "{before:?} {now:?}");
            before = now;
        }
        assert_eq!(so_far("{\"other\": 1, \"answer\" : \"a", "answer").as_deref(), Some("a"));
        assert_eq!(so_far("```json\n{\"answer\": \"a\"}", "answer").as_deref(), Some("a"));
        for (text, said) in [("", None), ("{", None), ("{\"answer\"", None), ("```", None), ("It is", Some("It is"))] {
            assert_eq!(so_far(text, "answer").as_deref(), said, "{text}");
        }
    }
}
