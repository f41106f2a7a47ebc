//! Which words are misspelt, by the dictionary of typos and the repository's own settings.

use super::dictionary;
use crate::Job;
use finding::RepoPath;
use globset::{Glob, GlobSet, GlobSetBuilder};
use regex::Regex;
use std::borrow::Cow;
use std::collections::HashMap;
use typos::tokens::{Case, Identifier, Tokenizer, TokenizerBuilder, Word};
use typos::{Dictionary, Status};

/// More patterns of a repository than this are not read.
const MOST_PATTERNS: usize = 100;

/// Words that other dictionaries have.
const ALSO_RIGHT: &[&str] = &[
    "adaptee",
    "browseable",
    "dequeueing",
    "encrypter",
    "extendible",
    "invokable",
    "nonsignificant",
    "writeable",
    "enqueueing",
    "parseable",
    "referer",
    "requeue",
    "requeueing",
    "seeked",
    "unparseable",
];

/// Words that the dictionary would change into something else than is meant.
const MEANT: &[(&str, &str)] = &[
    ("guaged", "gauged"),
    ("anyother", "any other"),
    ("assimliated", "assimilated"),
    ("definie", "define"),
    ("guage", "gauge"),
    ("guages", "gauges"),
    ("guaging", "gauging"),
];

/// The dictionary, and what the repository says of its own words.
pub(super) struct Words {
    tokenizer: Tokenizer,
    own: Own,
}

#[derive(Default)]
struct Own {
    /// Words in lower case, and what they should be; itself where it is right.
    words: HashMap<String, String>,
    identifiers: HashMap<String, String>,
    ignored: Vec<Regex>,
    ignored_words: Vec<Regex>,
    ignored_identifiers: Vec<Regex>,
    excluded: GlobSet,
}

impl Words {
    /// Reads the settings of typos, codespell and cspell in the snapshot. What cannot be read says nothing.
    pub(super) fn of(job: &Job<'_>) -> Self {
        let text = |name: &str| RepoPath::new(name).ok().and_then(|path| job.read(&path));
        let mut own = Own::default();
        for name in ["typos.toml", "_typos.toml", ".typos.toml"] {
            if let Some(table) = text(name).and_then(|t| t.parse::<toml::Table>().ok()) {
                own.add_typos(&table);
            }
        }
        let within = |name: &str, keys: &[&str]| {
            let table = text(name)?.parse::<toml::Table>().ok()?;
            keys.iter().try_fold(toml::Value::Table(table), |value, key| value.get(key).cloned())?.as_table().cloned()
        };
        for (name, keys) in [
            ("pyproject.toml", &["tool", "typos"][..]),
            ("Cargo.toml", &["workspace", "metadata", "typos"]),
            ("Cargo.toml", &["package", "metadata", "typos"]),
        ] {
            if let Some(table) = within(name, keys) {
                own.add_typos(&table);
            }
        }
        for name in [".codespellrc", "setup.cfg", "pyproject.toml"] {
            own.add_codespell(text(name).as_deref().unwrap_or(""));
        }
        for name in ["cspell.json", ".cspell.json", ".vscode/cspell.json", "cSpell.json"] {
            own.add_cspell(text(name).as_deref().unwrap_or(""));
        }
        Self { tokenizer: TokenizerBuilder::new().unicode(true).build(), own }
    }

    /// Whether the repository leaves the file out.
    pub(super) fn is_excluded(&self, path: &RepoPath) -> bool {
        self.own.excluded.is_match(path.as_str())
    }

    /// Whether a line can have a misspelt word. Where the tokenizer reads an identifier, it reads all of it; so a line without
    /// one that is misspelt needs none of the tokenizer's care for addresses, keys and numbers.
    fn may_be_misspelt(&self, line: &str) -> bool {
        let is_wrong = |name: &str| {
            let identifier = Identifier::new_unchecked(name, Case::None, 0);
            let is_wrong = |status: Option<Status<'_>>| status.is_some_and(|status| !matches!(status, Status::Valid));
            match self.own.correct_ident(identifier) {
                Some(status) => is_wrong(Some(status)),
                None => identifier.split().any(|word| is_wrong(self.own.correct_word(word))),
            }
        };
        // What else than ASCII goes on with a name is the tokenizer's to say.
        let mut names = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| !name.is_empty());
        !line.is_ascii() || names.any(is_wrong)
    }

    /// The misspelt words of a line that have one correction: the first byte, the word, and how it is spelt.
    pub(super) fn misspelt_in(&self, line: &str) -> Vec<(usize, String, String)> {
        if self.may_be_misspelt(line) { self.read(line) } else { Vec::new() }
    }

    /// The same, of a line that may have one.
    fn read(&self, line: &str) -> Vec<(usize, String, String)> {
        let ignored: Vec<_> = self.own.ignored.iter().flat_map(|r| r.find_iter(line)).map(|m| m.range()).collect();
        typos::check_str(line, &self.tokenizer, &self.own)
            .filter(|typo| !ignored.iter().any(|r| r.start < typo.span().end && typo.span().start < r.end))
            .filter_map(|typo| match &typo.corrections {
                Status::Corrections(one) if one.len() == 1 && !one[0].contains(' ') => {
                    Some((typo.byte_offset, typo.typo.to_string(), one[0].to_string()))
                }
                _ => None,
            })
            .collect()
    }
}

impl Own {
    fn add_typos(&mut self, table: &toml::Table) {
        let default = table.get("default").and_then(|d| d.as_table());
        let texts = |key: &str| -> HashMap<String, String> {
            let table = default.and_then(|d| d.get(key)).and_then(|t| t.as_table());
            let pairs = table.into_iter().flatten();
            pairs.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
        };
        self.words.extend(texts("extend-words").into_iter().map(|(k, v)| (k.to_lowercase(), v)));
        self.identifiers.extend(texts("extend-identifiers"));
        let patterns = |key: &str| -> Vec<Regex> {
            let list = default.and_then(|d| d.get(key)).and_then(|l| l.as_array());
            list.into_iter().flatten().take(MOST_PATTERNS).filter_map(|p| Regex::new(p.as_str()?).ok()).collect()
        };
        self.ignored.extend(patterns("extend-ignore-re"));
        self.ignored_words.extend(patterns("extend-ignore-words-re"));
        self.ignored_identifiers.extend(patterns("extend-ignore-identifiers-re"));
        let excluded = table.get("files").and_then(|f| f.get("extend-exclude")).and_then(|l| l.as_array());
        let mut set = GlobSetBuilder::new();
        for pattern in excluded.into_iter().flatten().take(MOST_PATTERNS).filter_map(|p| p.as_str()) {
            let whole = match pattern.trim_start_matches('/').strip_suffix('/') {
                Some(folder) => format!("{folder}/**"),
                None if !pattern.contains('/') => format!("**/{pattern}"),
                None => pattern.trim_start_matches('/').to_owned(),
            };
            if let Ok(glob) = Glob::new(&whole) {
                set.add(glob);
            }
        }
        self.excluded = set.build().unwrap_or_default();
    }

    fn add_codespell(&mut self, text: &str) {
        if !text.contains("codespell") {
            return;
        }
        for line in text.lines() {
            let Some((key, words)) = line.split_once('=') else { continue };
            if matches!(key.trim(), "ignore-words-list" | "ignore_words_list" | "ignore-words" | "L") {
                self.know(words.split(',').map(|w| w.trim().trim_matches(['"', '\''])));
            }
        }
    }

    fn add_cspell(&mut self, text: &str) {
        let settings: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        for key in ["words", "ignoreWords"] {
            let words = settings.get(key).and_then(|w| w.as_array());
            self.know(words.into_iter().flatten().filter_map(|w| w.as_str()));
        }
    }

    /// Words that are right.
    fn know<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        self.words.extend(words.map(|w| (w.to_lowercase(), w.to_lowercase())));
    }
}

impl Dictionary for Own {
    fn correct_ident<'s>(&'s self, identifier: Identifier<'_>) -> Option<Status<'s>> {
        let token = identifier.token();
        if self.ignored_identifiers.iter().any(|r| r.is_match(token)) {
            return Some(Status::Valid);
        }
        let right = self.identifiers.get(token)?;
        Some(if right == token { Status::Valid } else { Status::Corrections(vec![Cow::Borrowed(right)]) })
    }

    fn correct_word<'s>(&'s self, word: Word<'_>) -> Option<Status<'s>> {
        let token = word.token();
        if word.case() == Case::None || self.ignored_words.iter().any(|r| r.is_match(token)) {
            return None;
        }
        let lower = token.to_lowercase();
        if let Some(right) = self.words.get(&lower) {
            let is_right = right.to_lowercase() == lower;
            return Some(if is_right { Status::Valid } else { Status::Corrections(vec![cased(right, word.case())]) });
        }
        let meant = || MEANT.iter().find(|(wrong, _)| *wrong == lower).map(|(_, right)| *right);
        let right = dictionary::correction(&lower).map(|right| meant().unwrap_or(right)).or_else(meant)?;
        // A plural that the dictionary does not know is no mistake: `formattings`.
        if ALSO_RIGHT.contains(&lower.as_str())
            || lower.strip_suffix("ings").is_some_and(|stem| right.strip_suffix("ing") == Some(stem))
        {
            return Some(Status::Valid);
        }
        Some(Status::Corrections(vec![cased(right, word.case())]))
    }
}

/// The correction, written as the word was.
fn cased<'s>(right: &'s str, case: Case) -> Cow<'s, str> {
    match case {
        Case::Lower | Case::None => Cow::Borrowed(right),
        Case::Upper => Cow::Owned(right.to_uppercase()),
        Case::Title => {
            let mut chars = right.chars();
            Cow::Owned(chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use git::Snapshot;
    use tokio_util::sync::CancellationToken;

    #[test]
    fn a_line_that_is_passed_over_has_no_misspelt_word() {
        let own = "[default.extend-words]\nfoobaz = \"foobar\"\n[default.extend-identifiers]\nOldName = \"NewName\"\n";
        let snapshot = Snapshot::in_memory(&[], &[("typos.toml", own)]);
        let (settings, cancel) = (Settings::default(), CancellationToken::new());
        let words = Words::of(&Job::new(&snapshot, &settings, &cancel));
        let (mut misspelt, mut passed_over) = (0, 0);
        for word in ["recieve", "Recieve", "RECIEVE", "receive", "foobaz", "OldName", "formattings", "teh", "naïvly"] {
            for around in [
                "WORD",
                "a WORD b",
                "get_WORD_all",
                "getWORDAll",
                "HTTPWORD",
                "WORD2",
                "1WORD",
                "0xWORD",
                "_WORD_",
                "it'WORD",
                "\\WORD",
                "%WORD",
                "&WORD;",
                "https://example.org/WORD",
                "WORD@example.org",
                "#WORD",
                "a-WORD",
                "é WORD",
                "éWORD",
                "(WORD)",
                "WORDs",
                "a.WORD/b",
                "aGVsbG8=WORD",
                "`WORD`",
            ] {
                let line = around.replace("WORD", word);
                let found = words.read(&line);
                assert!(words.may_be_misspelt(&line) || found.is_empty(), "{line}: {found:?}");
                misspelt += usize::from(!found.is_empty());
                passed_over += usize::from(!words.may_be_misspelt(&line));
            }
        }
        assert!(misspelt > 50 && passed_over > 20, "{misspelt} misspelt, {passed_over} passed over");
    }
}
