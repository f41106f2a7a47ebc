//! What stands in an agent's output and is no answer: its thoughts, and our own prompt, printed back.

use std::borrow::Cow;

/// Elements in which models think aloud.
const THOUGHTS: [&str; 4] = ["think", "thinking", "reasoning", "thought"];
/// What stands in the schema of a prompt, and in no answer.
const SCHEMA: &str = "\"additionalProperties\":false";
/// In the words of agents, in lower case: that nothing was read.
const READ_NOTHING: [&str; 20] = [
    "could not read any",
    "couldn't read any",
    "could not read the",
    "couldn't read the",
    "unable to read the",
    "was unable to read",
    "cannot read the",
    "can't read the",
    "could not access the",
    "couldn't access the",
    "unable to access the",
    "cannot access the",
    "don't have access to the",
    "do not have access to the",
    "no access to the",
    "read attempts failed",
    "reads failed",
    "tool calls failed",
    "not able to read",
    "no files could be read",
];
/// Texts longer than this say more than that.
const SHORT: usize = 600;

/// The part of an output that may be an answer.
pub(super) struct Said<'a> {
    pub(super) text: Cow<'a, str>,
    /// Why there may be none.
    pub(super) loss: Option<&'static str>,
}

/// Takes out thoughts and the prompt.
pub(super) fn answer_of(text: &str) -> Said<'_> {
    let (text, loss) = without_thoughts(text);
    match text.rfind(SCHEMA) {
        // An answer may follow the prompt.
        Some(at) => {
            let rest = text[at + SCHEMA.len()..].to_owned();
            Said { text: rest.into(), loss: loss.or(Some("it printed its prompt back and gave no answer")) }
        }
        None => Said { text, loss },
    }
}

/// The text without whole thoughts. Of one that does not end, all that follows was only thought; unless it is in a text
/// that is JSON as a whole, where such words are an agent's.
fn without_thoughts(text: &str) -> (Cow<'_, str>, Option<&'static str>) {
    let starts_as_json = text.trim_start().starts_with(['{', '[']);
    if starts_as_json || !THOUGHTS.iter().any(|name| text.contains(&format!("<{name}>"))) {
        return (Cow::Borrowed(text), None);
    }
    let mut text = text.to_owned();
    for name in THOUGHTS {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let (mut kept, mut rest) = (String::with_capacity(text.len()), text.as_str());
        while let Some((before, thought)) = rest.split_once(&open) {
            kept.push_str(before);
            match thought.split_once(&close) {
                Some((_, after)) => rest = after,
                None => return (kept.into(), Some("its answer was cut off while it was still thinking")),
            }
        }
        kept.push_str(rest);
        text = kept;
    }
    (text.into(), None)
}

/// Whether the agent says that it could not read what it was to review.
pub(super) fn says_it_read_nothing(text: &str) -> bool {
    // Letters may take less room in lower case.
    if text.len() > 2 * SHORT {
        return false;
    }
    let text = text.to_lowercase().replace('\u{2019}', "'");
    text.len() <= SHORT && READ_NOTHING.iter().any(|words| text.contains(words))
}
