use super::{RepoPath, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a file of learnings begins with.
const HEADING: &str = "\
# Learnings

What people decided about findings here, for agents and for later rounds. Each line that begins with `- ` is one:
change it, delete it, or add your own words.
";

/// What stands between the parts of a line.
const BETWEEN: &str = " · ";

/// What stands between files.
const BESIDE: &str = "; ";

/// What is to be made of findings like the one that was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lesson {
    /// It is not true.
    NotAProblem,
    /// It is true and stays.
    Stays,
    /// Several findings were one.
    OneIssue,
    /// One finding was several.
    SeveralIssues,
    /// It matters as much as this, and not as its agents say.
    Is(Severity),
}

impl Lesson {
    const ALL: [Self; 7] = [
        Self::NotAProblem,
        Self::Stays,
        Self::OneIssue,
        Self::SeveralIssues,
        Self::Is(Severity::Critical),
        Self::Is(Severity::Important),
        Self::Is(Severity::Suggestion),
    ];

    fn words(self) -> &'static str {
        match self {
            Self::NotAProblem => "not a problem",
            Self::Stays => "stays as it is",
            Self::OneIssue => "one issue",
            Self::SeveralIssues => "several issues",
            Self::Is(Severity::Critical) => "is Critical",
            Self::Is(Severity::Important) => "is Important",
            Self::Is(Severity::Suggestion) => "is a Suggestion",
        }
    }
}

/// What a decision taught. As a line:
/// `- in src/db/ · rule blocking-lock · not a problem · Lock held · on purpose (I4 of topic in src/db/a.rs, 2026-03-23)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learning {
    /// The folder it holds in, with a `/` at its end; empty for the whole repository.
    pub folder: String,
    /// The id of the rule that the finding was an instance of.
    pub rule: Option<String>,
    /// What is to be made of its like.
    pub lesson: Lesson,
    /// The finding's title.
    pub title: String,
    /// Why, in the person's words.
    pub reason: String,
    /// The decision that taught it: `I4 of topic`. Empty where somebody took that away.
    pub of: String,
    /// The files that the finding was in.
    pub files: Vec<RepoPath>,
    /// The day of the decision, `2026-03-23`.
    pub on: String,
}

impl Learning {
    /// The folder of a file, as learnings name it.
    #[must_use]
    pub fn folder_of(path: &RepoPath) -> String {
        path.as_str().rfind('/').map_or_else(String::new, |at| path.as_str()[..=at].to_owned())
    }

    /// Whether the files of its finding can be named in a line. It has to be known which they were: what was said of a file
    /// that is never sent is not sent either.
    #[must_use]
    pub fn can_be_written(&self) -> bool {
        !self.files.iter().any(|path| path.as_str().contains(BETWEEN) || path.as_str().contains(BESIDE))
    }

    /// Whether a file is where it holds.
    #[must_use]
    pub fn holds_for(&self, path: &RepoPath) -> bool {
        path.as_str().starts_with(&self.folder)
    }

    fn read(item: &str) -> Option<Self> {
        let mut parts = item.split(BETWEEN).peekable();
        let place = parts.next()?;
        let folder = if place == "everywhere" { "" } else { place.strip_prefix("in ")? };
        if !folder.is_empty() && !folder.ends_with('/') {
            return None;
        }
        let rule = parts.peek().and_then(|part| part.strip_prefix("rule ")).map(str::to_owned);
        if rule.is_some() {
            parts.next();
        }
        let lesson = parts.next()?;
        let lesson = Lesson::ALL.into_iter().find(|known| known.words() == lesson)?;
        let title = parts.next()?.to_owned();
        let mut rest: Vec<&str> = parts.collect();
        let (of, files, on) = rest.last().and_then(|last| origin(last)).unwrap_or_default();
        if !of.is_empty() {
            rest.pop();
        }
        let (reason, folder) = (rest.join(BETWEEN), folder.to_owned());
        Some(Self { folder, rule, lesson, title, reason, of, files, on })
    }
}

/// `I4 of topic in a.rs; b.rs, 2026-03-23` in its parts.
fn origin(text: &str) -> Option<(String, Vec<RepoPath>, String)> {
    let (of, on) = text.rsplit_once(", ")?;
    let is_day = on.len() == 10 && on.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let (of, files) = of.split_once(" in ").unwrap_or((of, ""));
    let files = files.split(BESIDE).filter_map(|path| RepoPath::new(path).ok()).collect();
    (is_day && of.contains(" of ")).then(|| (of.to_owned(), files, on.to_owned()))
}

/// A text as a part of a line.
fn part(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(BETWEEN, " - ")
}

impl fmt::Display for Learning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.folder.is_empty() { "everywhere".to_owned() } else { format!("in {}", self.folder) };
        let mut parts = vec![place];
        parts.extend(self.rule.as_ref().map(|rule| format!("rule {}", part(rule))));
        parts.extend([self.lesson.words().to_owned(), part(&self.title), part(&self.reason)]);
        if !self.of.is_empty() {
            let files: Vec<&str> = self.files.iter().map(RepoPath::as_str).collect();
            let files = if files.is_empty() { String::new() } else { format!(" in {}", files.join(BESIDE)) };
            parts.push(format!("{}{files}, {}", self.of, self.on));
        }
        parts.retain(|part| !part.is_empty());
        f.write_str(&parts.join(BETWEEN))
    }
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    /// What a decision taught.
    Learning(Learning),
    /// What somebody wrote by hand.
    Own(String),
    /// What is between the items.
    Besides(String),
}

impl Line {
    fn item(&self) -> Option<String> {
        match self {
            Self::Learning(learning) => Some(learning.to_string()),
            Self::Own(words) => Some(words.clone()),
            Self::Besides(_) => None,
        }
    }
}

/// All learnings of a repository, as the file that people read and edit. What stands between them is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learnings {
    lines: Vec<Line>,
}

impl Learnings {
    /// Where a project may keep those that are for everybody.
    #[must_use]
    pub fn shared_path() -> RepoPath {
        RepoPath::known(".deep-review/learnings.md")
    }

    /// Reads a file. Every item of it is a learning: what is not in our form counts as somebody's own words.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let line = |line: &str| match line.strip_prefix("- ").map(str::trim) {
            Some(item) if !item.is_empty() => {
                Learning::read(item).map_or_else(|| Line::Own(item.to_owned()), Line::Learning)
            }
            _ => Line::Besides(line.to_owned()),
        };
        Self { lines: text.lines().map(line).collect() }
    }

    /// Each one as a line of text, in the file's order: the newest is the last.
    #[must_use]
    pub fn items(&self) -> Vec<String> {
        self.lines.iter().filter_map(Line::item).collect()
    }

    /// What decisions taught.
    pub fn learnings(&self) -> impl Iterator<Item = &Learning> {
        self.lines.iter().filter_map(|line| match line {
            Line::Learning(learning) => Some(learning),
            _ => None,
        })
    }

    /// Puts what a decision (`I4 of topic`) taught in place of what it taught before: perhaps nothing.
    pub fn put(&mut self, of: &str, learning: Option<Learning>) {
        self.lines.retain(|line| !matches!(line, Line::Learning(known) if known.of == of));
        self.add(learning.map(Line::Learning));
    }

    /// Adds what somebody says in their own words.
    pub fn say(&mut self, words: &str) {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        self.add((!words.is_empty()).then_some(Line::Own(words)));
    }

    /// Adds those of `others` that are not here.
    pub fn add_all(&mut self, others: &Self) {
        let here = self.items();
        let new = others.lines.iter().filter(|line| line.item().is_some_and(|item| !here.contains(&item)));
        self.add(new.cloned());
    }

    fn add(&mut self, lines: impl IntoIterator<Item = Line>) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_some() && self.lines.is_empty() {
            self.lines.extend(HEADING.lines().chain([""]).map(|line| Line::Besides(line.to_owned())));
        }
        self.lines.extend(lines);
    }

    /// Takes the items of these numbers away, 1-based, in the order of [`Self::items`]; gives those that were there.
    pub fn forget(&mut self, numbers: &[usize]) -> Vec<String> {
        let (mut number, mut gone) = (0, Vec::new());
        self.lines.retain(|line| {
            let Some(item) = line.item() else { return true };
            number += 1;
            let goes = numbers.contains(&number);
            if goes {
                gone.push(item);
            }
            !goes
        });
        gone
    }

    /// Those that say something about one of these files: what decisions taught in a folder above it, where all files of
    /// the finding are `allowed`, and people's own words.
    #[must_use]
    pub fn about(&self, files: &[RepoPath], allowed: impl Fn(&RepoPath) -> bool) -> Vec<String> {
        let is_about = |line: &&Line| match line {
            Line::Learning(learning) => {
                files.iter().any(|path| learning.holds_for(path)) && learning.files.iter().all(&allowed)
            }
            Line::Own(_) => true,
            Line::Besides(_) => false,
        };
        self.lines.iter().filter(is_about).filter_map(Line::item).collect()
    }
}

/// The file.
impl fmt::Display for Learnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| match line {
            Line::Learning(learning) => writeln!(f, "- {learning}"),
            Line::Own(words) => writeln!(f, "- {words}"),
            Line::Besides(text) => writeln!(f, "{text}"),
        })
    }
}

/// What an earlier decision says of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Learned {
    /// The learning, in a line.
    pub learning: String,
    /// The severity that it had without it, where it changed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Severity>,
    /// Whether it raised that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_raised: bool,
}

impl Learned {
    /// Reads what is written by its `Display`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let changed = |word: &str, is_raised| {
            let (was, learning) = text.strip_prefix(word)?.strip_prefix(" from ")?.split_once(": ")?;
            Some(Self { learning: learning.to_owned(), was: Some(Severity::from_word(was)?), is_raised })
        };
        let known = changed("lowered", false).or_else(|| changed("raised", true));
        known.unwrap_or_else(|| Self { learning: text.to_owned(), was: None, is_raised: false })
    }
}

/// In a line, for people.
impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.was {
            Some(was) if self.is_raised => write!(f, "raised from {was}: {}", self.learning),
            Some(was) => write!(f, "lowered from {was}: {}", self.learning),
            None => f.write_str(&self.learning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learning(of: &str) -> Learning {
        Learning {
            folder: "src/db/".into(),
            rule: Some("blocking-lock".into()),
            lesson: Lesson::NotAProblem,
            title: "Lock held across await".into(),
            reason: "a std mutex (on purpose)".into(),
            of: of.into(),
            files: vec![RepoPath::new("src/db/pool.rs").unwrap()],
            on: "2026-03-23".into(),
        }
    }

    #[test]
    fn a_learning_is_a_line_that_is_read_again() {
        let said = "Lock held across await · a std mutex (on purpose)";
        let two = ["a (b).rs", "c, d in e.rs"].map(|path| RepoPath::new(path).unwrap());
        for (learning, line) in [
            (
                learning("I4 of topic"),
                format!(
                    "in src/db/ · rule blocking-lock · not a problem · {said} · I4 of topic in src/db/pool.rs, 2026-03-23"
                ),
            ),
            (
                Learning { folder: String::new(), rule: None, lesson: Lesson::Stays, ..learning("S1 of a(b)") },
                format!("everywhere · stays as it is · {said} · S1 of a(b) in src/db/pool.rs, 2026-03-23"),
            ),
            (
                Learning {
                    reason: String::new(),
                    files: two.into(),
                    lesson: Lesson::OneIssue,
                    ..learning("I4 and I5 of t")
                },
                "in src/db/ · rule blocking-lock · one issue · Lock held across await · \
                 I4 and I5 of t in a (b).rs; c, d in e.rs, 2026-03-23"
                    .into(),
            ),
            (
                Learning { of: String::new(), on: String::new(), files: Vec::new(), ..learning("") },
                format!("in src/db/ · rule blocking-lock · not a problem · {said}"),
            ),
            (
                Learning { lesson: Lesson::Is(Severity::Suggestion), files: Vec::new(), ..learning("I4 of topic") },
                format!("in src/db/ · rule blocking-lock · is a Suggestion · {said} · I4 of topic, 2026-03-23"),
            ),
            (
                Learning { files: Vec::new(), lesson: Lesson::SeveralIssues, ..learning("I4 of topic") },
                format!("in src/db/ · rule blocking-lock · several issues · {said} · I4 of topic, 2026-03-23"),
            ),
        ] {
            assert_eq!(learning.to_string(), line);
            assert_eq!(Learning::read(&line), Some(learning));
        }
    }

    #[test]
    fn what_a_learning_did_to_a_severity_is_read_again() {
        let learned = |was, is_raised| Learned { learning: "everywhere · is Critical · a: b".into(), was, is_raised };
        let all = [
            learned(None, false),
            learned(Some(Severity::Important), false),
            learned(Some(Severity::Suggestion), true),
        ];
        let words = all.each_ref().map(ToString::to_string);
        assert!(words[1].starts_with("lowered from Important: ") && words[2].starts_with("raised from Suggestion: "));
        assert_eq!(words.each_ref().map(|words| Learned::read(words)), all);
    }

    #[test]
    fn what_is_in_no_form_of_ours_is_somebodys_own_words() {
        for own in ["We never use `unwrap` in src/.", "in src · not a problem · x", "everywhere · so what · y", "in a/"]
        {
            assert_eq!(Learning::read(own), None, "{own}");
            assert_eq!(Learnings::read(&format!("- {own}\n")).items(), [own]);
        }
        let odd = Learning { title: "a · b\nc".into(), reason: "x  ·  y".into(), ..learning("I1 of t") };
        let read = Learning::read(&odd.to_string()).unwrap();
        assert_eq!((read.title.as_str(), read.reason.as_str()), ("a - b c", "x - y"));
    }

    #[test]
    fn a_file_keeps_what_people_wrote_into_it() {
        let text = "# Ours\n\nOld ones:\n\n- We like it short.\nAnd so on.\n";
        let mut all = Learnings::read(text);
        all.put("I4 of topic", Some(learning("I4 of topic")));
        all.put("I5 of topic", Some(learning("I5 of topic")));
        all.put("I4 of topic", None);
        assert_eq!(all.to_string(), format!("{text}- {}\n", learning("I5 of topic")));
        assert_eq!(Learnings::read(&all.to_string()), all);
        assert_eq!(all.forget(&[1, 7]), ["We like it short."]);
        assert_eq!(all.items().len(), 1);
        let mut new = Learnings::default();
        new.put("I4 of topic", None);
        assert_eq!(new.to_string(), "", "nothing to be said needs no file");
        new.say(" two\n words ");
        assert!(new.to_string().starts_with("# Learnings\n") && new.to_string().ends_with("\n\n- two words\n"));
        new.add_all(&all);
        new.add_all(&all);
        assert_eq!(new.items().len(), 2);
    }

    #[test]
    fn a_learning_holds_in_its_folder_and_below() {
        let path = |path: &str| RepoPath::new(path).unwrap();
        let mut all = Learnings::default();
        all.put("I4 of topic", Some(learning("I4 of topic")));
        all.say("own");
        for (file, about) in [("src/db/a.rs", 2), ("src/db/deep/a.rs", 2), ("src/dbx/a.rs", 1), ("a.rs", 1)] {
            assert_eq!(all.about(&[path(file)], |_| true).len(), about, "{file}");
        }
        let is_sent = |path: &RepoPath| path.as_str() != "src/db/pool.rs";
        assert_eq!(all.about(&[path("src/db/a.rs")], is_sent), ["own"], "its title is of a file that is never sent");
        assert_eq!(Learning::folder_of(&path("src/db/a.rs")), "src/db/");
        assert_eq!(Learning::folder_of(&path("a.rs")), "");
    }
}
