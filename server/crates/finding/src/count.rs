//! Counts in words that fit them.

/// "1 finding", "2 findings", "3 fixes", "0 critical": so many of what has this name. A word that cannot be counted, such
/// as a severity that stands for its findings, is left as it is.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    let ending = match what {
        _ if count == 1 => "",
        "critical" | "important" => "",
        _ if what.ends_with('x') => "es",
        _ => "s",
    };
    format!("{count} {what}{ending}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn what_is_counted_stands_in_the_form_that_its_number_asks_for() {
        for (count, what, words) in [
            (0, "file", "0 files"),
            (1, "file", "1 file"),
            (2, "other fix", "2 other fixes"),
            (1, "other fix", "1 other fix"),
            (2, "critical", "2 critical"),
            (0, "important", "0 important"),
            (1, "suggestion", "1 suggestion"),
            (2, "suggestion", "2 suggestions"),
        ] {
            assert_eq!(counted(count, what), words);
        }
    }
}
