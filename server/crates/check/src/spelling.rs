//! Misspelt words in what the branch adds: comments, texts, documents, and the names that it defines. The dictionary of
//! misspellings is that of typos, and so are the settings: a repository that uses typos is read the same way.

mod dictionary;
mod words;

use super::Job;
use super::definitions::definitions;
use super::remark::{
    MOST_FINDINGS, added_lines, anchor, is_built, is_code_in_comment, is_generated, is_sample, is_test, is_test_data,
    remark, replacing,
};
use super::syntax::{FileKind, Part, kind_of, parts};
use aho_corasick::AhoCorasick;
use finding::{LineRange, RawFinding, RepoPath, Severity};
use git::{ChangeKind, ChangedFile, SnapshotError};
use rayon::prelude::*;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use words::Words;

pub(super) const AGENT: &str = "spelling";
pub(super) const RULES: &[(&str, bool, &str)] = &[("misspelling", true, "a misspelt word in what the branch adds")];

/// A word that stands in so many other places of the repository is one of its own.
const ESTABLISHED: usize = 2;
/// A branch with more new files than this brings another project in.
const MANY: usize = 100;
/// A text with more different misspelt words than this for each hundred words is in another language.
const FOREIGN: usize = 6;

/// A misspelt word of a file.
struct Misspelling {
    word: String,
    right: String,
    /// Where it is on added lines, in bytes.
    places: Vec<Range<usize>>,
    /// Whether every place is in a text for people, where the word alone can be changed.
    in_prose: bool,
}

/// Finds them.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn check(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    let words = Words::of(job);
    // So many new files at once were taken in from elsewhere.
    let added = job.snapshot.files().iter().filter(|f| f.kind == ChangeKind::Added).count();
    let is_taken_in =
        |file: &ChangedFile| added > MANY && file.kind == ChangeKind::Added && job.snapshot.scope().base.is_some();
    let in_file = |file| if job.is_cancelled() || is_taken_in(file) { Vec::new() } else { misspelt(&words, file) };
    let found: Vec<(&ChangedFile, Vec<Misspelling>)> = job
        .snapshot
        .files()
        .par_iter()
        .map(|file| (file, in_file(file)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    let established =
        established(job, found.iter().flat_map(|(_, found)| found).map(|m| m.word.to_lowercase()).collect())?;
    let is_new = |m: &&Misspelling| !established.contains(&m.word.to_lowercase());
    let findings = found.iter().flat_map(|(file, found)| found.iter().filter(is_new).map(|m| finding(file, m)));
    Ok(findings.take(MOST_FINDINGS).collect())
}

/// The words of `words` that the repository had before, often enough to be its own.
fn established(job: &Job<'_>, words: HashSet<String>) -> Result<HashSet<String>, SnapshotError> {
    let words: Vec<String> = words.into_iter().collect();
    let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&words).ok().filter(|_| !words.is_empty());
    let Some(finder) = finder else { return Ok(HashSet::new()) };
    let count = |text: &str| -> HashMap<usize, usize> {
        let mut counts = HashMap::new();
        for found in finder.find_iter(text) {
            *counts.entry(found.pattern().as_usize()).or_insert(0) += 1;
        }
        counts
    };
    let paths = job.snapshot.paths()?;
    let in_path = |path: &RepoPath| match job.snapshot.file(path) {
        Some(file) => file.old.as_deref().map(&count),
        None => job.read(path).map(|text| count(&text)),
    };
    let all: Vec<HashMap<usize, usize>> =
        paths.par_iter().filter_map(|path| if job.is_cancelled() { None } else { in_path(path) }).collect();
    let mut sums: HashMap<usize, usize> = HashMap::new();
    for (word, n) in all.into_iter().flatten() {
        *sums.entry(word).or_default() += n;
    }
    Ok(sums.into_iter().filter(|(_, n)| *n >= ESTABLISHED).map(|(word, _)| words[word].clone()).collect())
}

/// What the path of a file has whose words are translations, lists of words, or others'.
const PASSED_OVER: &[&str] = &[
    "locale",
    "i18n",
    "l10n",
    "lang/",
    "languages/",
    "translation",
    "vendor/",
    "third_party",
    "node_modules",
    "dict",
    "words",
    "wordlist",
    "spell",
    "generated",
    "/gen/",
];

/// Files whose words are nobody's prose: data, translations, what tools write.
fn is_passed_over(path: &RepoPath) -> bool {
    let whole = path.as_str().to_ascii_lowercase();
    let is_data = matches!(
        path.extension().unwrap_or(""),
        "json"
            | "jsonl"
            | "csv"
            | "tsv"
            | "svg"
            | "xml"
            | "po"
            | "pot"
            | "lock"
            | "sum"
            | "snap"
            | "ipynb"
            | "map"
            | "patch"
            | "diff"
            | "dic"
            | "aff"
            | "sql"
            | "css"
            | "pem"
            | "xlf"
            | "resx"
            | "strings"
            | "arb"
            | "ftl"
            | "tex"
            | "bib"
    );
    // A book that a benchmark reads.
    let is_read = || {
        path.extension() == Some("txt") && whole.split('/').any(|part| part.starts_with("bench") && !part.contains('.'))
    };
    is_data
        || is_read()
        || is_built(path)
        || is_sample(path)
        || is_test_data(path)
        // Copied from collections of templates as they are.
        || matches!(path.file_name(), ".gitignore" | ".gitattributes" | ".dockerignore" | ".editorconfig" | ".npmignore")
        || PASSED_OVER.iter().any(|part| whole.contains(part))
        || whole.contains("testdata")
        || whole.contains("licen")
        || is_for_another_language(&whole)
}

/// Whether a name has the code of another language than English: `README.es.md`, `docs/pt-br/a.md`, `guide_fr.md`.
fn is_for_another_language(path: &str) -> bool {
    const CODES: &[&str] = &[
        "ar", "bg", "bn", "ca", "cn", "cs", "da", "de", "el", "es", "fa", "fi", "fr", "gr", "he", "hi", "hu", "id",
        "it", "ja", "jp", "ko", "kr", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk",
        "vi", "zh",
    ];
    let is_code = |part: &str| {
        let (first, rest) = part.split_once(['-', '_']).unwrap_or((part, ""));
        CODES.contains(&first)
            && (rest.is_empty() || (rest.len() <= 4 && rest.bytes().all(|b| b.is_ascii_alphabetic())))
    };
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_prose =
        ["md", "markdown", "mdx", "rst", "adoc", "txt", "html"].iter().any(|e| name.ends_with(&format!(".{e}")));
    let ends = [stem.rsplit_once(['.', '_', '-']), stem.rsplit_once('.')];
    let is_marked = is_code(stem) || ends.into_iter().flatten().any(|(_, last)| is_code(last));
    folders.split('/').any(is_code) || (is_prose && is_marked)
}

/// Whether words are English: one of eight is one that no English sentence does without.
fn is_english(words: &[&str]) -> bool {
    const USUAL: &[&str] = &[
        "a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "if", "in", "is", "it", "not", "of",
        "on", "or", "that", "the", "this", "to", "use", "will", "with", "you", "your",
    ];
    let usual = words.iter().filter(|w| USUAL.contains(&w.to_ascii_lowercase().as_str())).count();
    usual * 12 >= words.len()
}

fn misspelt(words: &Words, file: &ChangedFile) -> Vec<Misspelling> {
    let Some(text) = file.new.as_deref().filter(|_| !is_passed_over(&file.path) && !words.is_excluded(&file.path))
    else {
        return Vec::new();
    };
    // What a tool wrote is not the branch's to spell.
    if is_generated(text) {
        return Vec::new();
    }
    let reading = Reading::of(file, text);
    if matches!(reading.kind, FileKind::Prose) {
        let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).take(5_000).collect();
        if words.len() > 40 && !is_english(&words) {
            return Vec::new();
        }
    }
    let name = file.path.file_name().to_ascii_lowercase();
    let is_record = ["changelog", "changes", "history", "news", "release"].iter().any(|w| name.contains(w));
    let mut found: BTreeMap<String, Misspelling> = BTreeMap::new();
    for (_, start, line) in added_lines(file) {
        let misspelt = words.misspelt_in(line);
        if misspelt.is_empty() || is_of_others(line, is_record) {
            continue;
        }
        for (at, word, right) in misspelt {
            if is_part(line, at, &word)
                || is_short(&word)
                || is_about_spelling(line, &right)
                || (is_record && is_of_a_name(line, at, &word))
            {
                continue;
            }
            let place = start + at..start + at + word.len();
            let Some(in_prose) = reading.is_prose_or_defined(&place, line, at, &word) else { continue };
            if !in_prose && is_coined(&word, &right) {
                continue;
            }
            let entry = found.entry(word.clone());
            let known = entry.or_insert_with(|| Misspelling { word, right, places: Vec::new(), in_prose: true });
            known.in_prose &= in_prose;
            known.places.push(place);
        }
    }
    let read = || added_lines(file).map(|(.., line)| line).filter(|line| !is_of_others(line, is_record));
    let words_read = || read().map(|line| line.split_ascii_whitespace().count()).sum::<usize>();
    let is_foreign = found.len() > 5 && found.len() * 100 > words_read() * FOREIGN;
    if is_foreign { Vec::new() } else { found.into_values().collect() }
}

/// Whether a line is not the branch's to spell: a person's name, a title that was made elsewhere, another language, or code that
/// was commented out. `is_record`: it is of a record of changes.
fn is_of_others(line: &str, is_record: bool) -> bool {
    let lower = line.to_ascii_lowercase();
    let is_address = || line.contains('@') && line.contains('<') && line.contains('>');
    let is_foreign = || line.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).count() * 12 > line.len();
    lower.contains("copyright")
        || is_address()
        || (is_record && is_linked_title(&lower))
        || is_foreign()
        || is_code_in_comment(line)
}

/// Whether a word is a part of something else: of `UPDATEs`, read as `UPDAT` and `Es`; of a number, a hash or a key.
fn is_part(line: &str, at: usize, word: &str) -> bool {
    let (before, behind) = (&line[..at], &line[at + word.len()..]);
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    (word.bytes().all(|b| b.is_ascii_uppercase()) && behind.starts_with(char::is_alphabetic))
        || is_digit(before.chars().next_back())
        || is_digit(behind.chars().next())
}

/// Whether a line of a record of changes quotes the title of an issue or a commit, with a link to it.
fn is_linked_title(line: &str) -> bool {
    line.contains("](http") && ["/issues/", "/pull/", "/commit/"].iter().any(|w| line.contains(w))
}

/// Whether letters are an abbreviation or a name: all capitals, or too few of them to tell.
fn is_short(word: &str) -> bool {
    let is_capitals = word.len() <= 4 && word.bytes().all(|b| b.is_ascii_uppercase());
    is_capitals || (word.len() <= 3 && !matches!(word.to_lowercase().as_str(), "teh" | "hte" | "adn"))
}

/// Whether a line speaks of the mistake, and does not make it: `fix typo: recieve -> receive`.
fn is_about_spelling(line: &str, right: &str) -> bool {
    let lower = line.to_lowercase();
    ["typo", "misspel", "spelling", "speling"].iter().any(|w| lower.contains(w))
        || (["->", "=>", "→", " to "].iter().any(|sign| lower.contains(sign)) && lower.contains(&right.to_lowercase()))
}

/// Whether a word of a record is a name of somebody who is thanked: capital words in brackets, `[Gert Van Gool]`.
fn is_of_a_name(line: &str, at: usize, word: &str) -> bool {
    let before = line[..at].trim_end_matches(|c: char| c.is_alphabetic() || c == ' ' || c == '.');
    let after = line[at + word.len()..].trim_start_matches(|c: char| c.is_alphabetic() || c == ' ' || c == '.');
    let is_within = before.ends_with(['[', '(']) && after.starts_with([']', ')', ',']);
    is_within && line[before.len()..at + word.len()].split(' ').all(|w| w.starts_with(char::is_uppercase))
}

/// Whether a part of a name may be meant as it is: letters that stand for words, whoever does something (`failer`), and what
/// only goes on where the right word ends (`Writables`, `flateReader`).
fn is_coined(word: &str, right: &str) -> bool {
    let goes_on = word.to_lowercase().starts_with(&right.to_lowercase());
    let is_doer = |word: &str| word.to_lowercase().ends_with("er") || word.to_lowercase().ends_with("ers");
    word.len() < 5 || goes_on || (is_doer(word) && !is_doer(right))
}

/// What of a changed file is prose, and which names it defines; read when the first word is found.
struct Reading<'t> {
    path: &'t RepoPath,
    text: &'t str,
    kind: FileKind,
    parts: OnceCell<Vec<(Range<usize>, Part)>>,
    defined: OnceCell<HashSet<String>>,
}

impl<'t> Reading<'t> {
    fn of(file: &'t ChangedFile, text: &'t str) -> Self {
        let kind = kind_of(&file.path);
        Self { path: &file.path, text, kind, parts: OnceCell::new(), defined: OnceCell::new() }
    }

    fn defined(&self) -> &HashSet<String> {
        let read = || definitions(self.path, self.text).unwrap_or_default().into_iter().map(|d| d.name).collect();
        self.defined.get_or_init(read)
    }

    /// Whether a place is prose (true), the name of a definition (false), or nothing that is spelt here.
    fn is_prose_or_defined(&self, place: &Range<usize>, line: &str, at: usize, word: &str) -> Option<bool> {
        let syntax = match self.kind {
            FileKind::Prose => return (!is_in_code_span(line, at)).then_some(true),
            FileKind::Unknown => return None,
            FileKind::Code(syntax) => syntax,
        };
        let parts = self.parts.get_or_init(|| parts(self.text, &syntax));
        let is_test = is_test(self.path);
        let i = parts.partition_point(|(range, _)| range.end <= place.start);
        match parts.get(i).filter(|(range, _)| range.start <= place.start) {
            Some((_, Part::Comment)) => {
                (!is_in_code_span(line, at) && !is_joined(line, at, word) && !is_in_a_key(line, at)).then_some(true)
            }
            // What tests compare with may be misspelt on purpose, and a text of one word is a key.
            Some((range, Part::Text)) => {
                (!is_test && range.len() > word.len() + 8 && is_sentence(line, at) && !is_joined(line, at, word))
                    .then_some(true)
            }
            None => {
                let identifier = identifier_at(line, at);
                (!is_test && self.defined().contains(identifier)).then_some(false)
            }
        }
    }
}

/// Whether there are words before or behind, with spaces between.
fn is_sentence(line: &str, at: usize) -> bool {
    let (before, after) = (&line[..at], &line[at..]);
    let behind = after.find(|c: char| !c.is_alphanumeric()).map_or("", |i| &after[i..]);
    before.ends_with(' ') || behind.starts_with(' ')
}

/// Whether the word is a part of letters that nobody reads: a key, a hash, data in text.
fn is_in_a_key(line: &str, at: usize) -> bool {
    let start = line[..at].rfind(char::is_whitespace).map_or(0, |i| i + 1);
    let end = line[at..].find(char::is_whitespace).map_or(line.len(), |i| at + i);
    end - start > 40
}

/// Whether a sign joins the word to another thing: the class of a style, an option, a part of a path.
fn is_joined(line: &str, at: usize, word: &str) -> bool {
    let joins = |c: char| matches!(c, '.' | '#' | '<' | '/' | '\\' | '-' | '_' | '$' | '@' | '=' | '&' | '%' | ':');
    let behind = line[at + word.len()..].chars().next();
    line[..at].ends_with(joins) || behind.is_some_and(|c| matches!(c, '=' | '/' | '_' | '-' | '(' | '@' | '{'))
}

fn is_in_code_span(line: &str, at: usize) -> bool {
    line[..at].matches('`').count() % 2 == 1 && line[at..].contains('`')
}

fn identifier_at(line: &str, at: usize) -> &str {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    let start = line[..at].rfind(|c| !joins(c)).map_or(0, |i| i + line[i..].chars().next().map_or(1, char::len_utf8));
    let end = line[at..].find(|c| !joins(c)).map_or(line.len(), |i| at + i);
    &line[start..end]
}

fn finding(file: &ChangedFile, m: &Misspelling) -> RawFinding {
    let text = file.new.as_deref().unwrap_or("");
    let title = format!("Misspelt: \"{}\" should be \"{}\"", m.word, m.right);
    let body = match m.in_prose {
        true => "It is in no dictionary, and in no other text of the repository.".to_owned(),
        false => "It is a part of a name that this branch brings in. Now is the time to change it: nobody uses it yet."
            .to_owned(),
    };
    let mut finding = remark(AGENT, "misspelling", Severity::Suggestion, title, body);
    for place in &m.places {
        let line = LineRange::line(super::remark::line_at(text, place.start));
        if finding.anchors.last().is_none_or(|a| a.lines != Some(line)) && finding.anchors.len() < 20 {
            finding.anchors.push(anchor(&file.path, text, line));
        }
    }
    if m.in_prose {
        let edits: Vec<(Range<usize>, &str)> = m.places.iter().map(|p| (p.clone(), m.right.as_str())).collect();
        finding.fixes.push(replacing(AGENT, "spell it right", &file.path, text, &edits));
    }
    finding
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run;
    use git::Snapshot;
    use patch::{Hints, apply_edits, place};

    fn found(base: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let snapshot = Snapshot::in_memory(base, new);
        let fixed = |f: &finding::RawFinding| {
            let text = snapshot.read(&f.anchors[0].path).unwrap().unwrap();
            let edits = place(&text, &f.fixes.first()?.diff, &Hints::default()).expect("an exact fix").edits;
            Some(apply_edits(&text, &edits))
        };
        run("spelling", &snapshot).iter().map(|f| (f.title.clone(), fixed(f))).collect()
    }

    fn title(word: &str, right: &str) -> String {
        format!("Misspelt: \"{word}\" should be \"{right}\"")
    }

    #[test]
    fn misspelt_words_are_found_where_people_read_them() {
        for (path, text, word, right, fixed) in [
            ("a.md", "They recieve it.\n", "recieve", "receive", Some("They receive it.\n")),
            (
                "a.rs",
                "// They Recieve it.\nfn f() {}\n",
                "Recieve",
                "Receive",
                Some("// They Receive it.\nfn f() {}\n"),
            ),
            ("a.py", "x = \"could not recieve it\"\n", "recieve", "receive", Some("x = \"could not receive it\"\n")),
            ("a.go", "package a\n\nfunc RecieveAll() {}\n", "Recieve", "Receive", None),
            ("a.ts", "/* recieve\n   RECIEVE */\n", "RECIEVE", "RECEIVE", None),
        ] {
            let found = found(&[], &[(path, text)]);
            let one =
                found.iter().find(|(t, _)| *t == title(word, right)).unwrap_or_else(|| panic!("{path}: {found:?}"));
            if fixed.is_some() {
                assert_eq!(one.1.as_deref(), fixed, "{path}");
            }
        }
    }

    #[test]
    fn what_is_nobody_s_prose_is_left_alone() {
        for (path, text) in [
            ("a.rs", "fn f() { let x = lib::recieve(1); }\n"),
            ("a.rs", "fn f() { g(\"recieve\") }\n"),
            ("a.md", "Call `recieve` first.\n"),
            ("a.json", "{\"a\": \"we recieve it\"}\n"),
            ("locales/de.md", "They recieve it.\n"),
            ("a_test.go", "package a\n\nvar x = \"we recieve it\"\n"),
            ("a.md", "https://example.org/recieve/it and a@recieve.org\n"),
            ("a.md", "sha 2f5ab1recieve0c\n"),
            ("a.md", "- fix typo recieve -> receive\n"),
            ("a.go", "package a\n\ntype Failer struct{}\n\nfunc Fiw() {}\n"),
            ("a.go", "package a\n\nconst style = `\n  td .recieve {\n}`\n"),
            ("a.md", "An unparseable text.\n"),
            ("CHANGELOG.md", "- They recieve it [#1](https://example.org/a/issues/1)\n"),
            ("a.rs", "// Copyright 2020 Recieve\n"),
            ("a.md", "All RECIEVes are done.\n"),
            ("README.es.md", "Los patrones contener recieve.\n"),
            ("a.rs", "// if !a.recieve(recieve) {\n"),
            ("a.rs", "// MIIBcRecieveRecieveKqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAL\n"),
            ("vendor/a.rs", "// They recieve it.\n"),
            ("a.md", "Jod is a name, and so is HPE.\n"),
            ("CHANGELOG.md", "- Added: a thing [Gert Van Recieve]\n"),
            ("a.toml", "# Ann Recieve <ann@example.org>\n"),
            ("benches/a-novel.txt", "They recieve it.\n"),
            ("dist/a.js", "// They recieve it.\n"),
            ("a.go", "package a\n\ntype Writables struct{}\n\ntype flateReader struct{}\n"),
        ] {
            assert_eq!(found(&[], &[(path, text)]), [], "{path}: {text}");
        }
        // There before, or a word of this repository.
        assert_eq!(found(&[("a.md", "recieve\n")], &[("a.md", "recieve\nmore\n")]), []);
        let own = ("lib.c", "int recieve(); int x = recieve() + recieve();\n");
        assert_eq!(found(&[own], &[own, ("a.md", "They recieve it.\n")]), []);
    }

    #[test]
    fn the_settings_of_typos_and_others_are_followed() {
        for settings in [
            ("typos.toml", "[default.extend-words]\nrecieve = \"recieve\"\n"),
            ("_typos.toml", "[default]\nextend-ignore-re = [\"They \\\\w+ it\"]\n"),
            (".typos.toml", "[files]\nextend-exclude = [\"*.md\"]\n"),
            ("pyproject.toml", "[tool.typos.default.extend-words]\nrecieve = \"recieve\"\n"),
            (".codespellrc", "[codespell]\nignore-words-list = foo,recieve\n"),
            ("cspell.json", "{\"words\": [\"recieve\"]}\n"),
        ] {
            assert_eq!(found(&[settings], &[settings, ("a.md", "They recieve it.\n")]), [], "{settings:?}");
        }
        let corrected = ("typos.toml", "[default.extend-words]\nfoobaz = \"foobar\"\n");
        assert_eq!(found(&[corrected], &[corrected, ("a.md", "A foobaz.\n")])[0].0, title("foobaz", "foobar"));
    }

    #[test]
    fn a_text_in_another_language_is_left_alone() {
        let text =
            "les adresse sont familly et excellant avec independant langage developement accomodation appartment\n";
        assert_eq!(found(&[], &[("a.md", text)]), []);
    }
}
