//! What a tool says in one text, as a title and what else there is to say.

/// The longest title, in characters; of a longer first line the first sentence is taken.
const LONGEST_TITLE: usize = 160;

/// The title and the body of a message.
pub(crate) fn titled(message: &str) -> (String, String) {
    let message = message.trim();
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let first = first.trim();
    if first.chars().count() <= LONGEST_TITLE {
        return (first.to_owned(), rest.trim().to_owned());
    }
    let sentence = first.find(". ").filter(|end| first[..*end].chars().count() <= LONGEST_TITLE);
    let title = sentence.map_or_else(|| cut(first, LONGEST_TITLE), |end| first[..end].to_owned());
    (title, message.to_owned())
}

/// The text, up to so many characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// Joins what there is with empty lines.
pub(crate) fn paragraphs(parts: impl IntoIterator<Item = String>) -> String {
    let said: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    said.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_first_line_is_named_by_its_first_sentence() {
        let long = format!("It leaks. {}", "word ".repeat(60));
        let endless = "x".repeat(400);
        for (message, title, body) in [
            ("It leaks", "It leaks", ""),
            ("It leaks\n\nOften.", "It leaks", "Often."),
            (long.as_str(), "It leaks", long.trim()),
            (&endless, &format!("{}…", "x".repeat(160)), &endless),
            ("", "", ""),
        ] {
            assert_eq!(titled(message), (title.to_owned(), body.to_owned()));
        }
    }
}
