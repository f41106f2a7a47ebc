//! What stands so far in an answer that is still being written.

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
    Some(unescaped(rest.trim_start().strip_prefix('"')?))
}

/// A JSON string up to its end, or to where it is cut.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                None => break,
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r' | 'b' | 'f') => {}
                Some('u') => match code(&mut chars) {
                    Some(c) => out.push(c),
                    None => break,
                },
                Some(other) => out.push(other),
            },
            c => out.push(c),
        }
    }
    out
}

/// The character of `\uXXXX`, or of two of them; `None` where it is cut.
fn code(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let unit = |chars: &mut std::str::Chars<'_>| {
        let digits: String = chars.by_ref().take(4).collect();
        (digits.len() == 4).then(|| u32::from_str_radix(&digits, 16).ok())?
    };
    let first = unit(chars)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if chars.next()? != '\\' || chars.next()? != 'u' {
        return None;
    }
    let second = unit(chars)?;
    char::from_u32(0x10000 + ((first - 0xd800) << 10) + second.checked_sub(0xdc00)?)
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
