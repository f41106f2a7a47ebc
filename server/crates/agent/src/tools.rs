//! What a model may ask for while it reviews: files of the snapshot, a search in them, and the history. To read only,
//! masked as the prompt is, without what is never sent, and bounded: in the size of each answer and in their number.

pub(super) mod served;

use super::Brief;
use super::answer::keep;
use finding::{LineRange, RepoPath};
use git::Snapshot;
use git::consult::{Consult, Logged, date};
use regex::{Regex, RegexBuilder};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Most bytes of one answer.
const LARGEST: usize = 24_000;
/// Most bytes of all answers in a review, and most questions.
const ALL: usize = 600_000;
const MOST_CALLS: usize = 80;
/// Longest time for a search.
const PATIENCE: Duration = Duration::from_secs(5);
/// Lines of a file at once, and lines that a search finds.
const MOST_LINES: u32 = 500;
const MOST_HITS: usize = 80;

/// A tool, as a model is told of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    /// JSON Schema of its arguments.
    pub(super) arguments: Value,
}

/// Which tools are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// All of them: for models that have nothing but their prompt.
    All,
    /// Those on the history: for programs that read files by themselves.
    History,
}

/// The tools of one review.
#[derive(Debug)]
pub(super) struct Toolbox {
    offer: Offer,
    snapshot: Option<Snapshot>,
    sending: super::Sending,
    consult: Option<Consult>,
    /// Bytes that all answers may have.
    room: usize,
    used: AtomicUsize,
    calls: AtomicUsize,
}

impl Toolbox {
    /// All tools; their answers take up to `room` bytes.
    pub(super) fn of(brief: &Brief, room: usize) -> Self {
        Self {
            offer: Offer::All,
            snapshot: Some(brief.snapshot.clone()),
            sending: brief.sending.clone(),
            consult: brief.history.consult().cloned(),
            room: room.min(ALL),
            used: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
        }
    }

    /// The history's tools alone.
    pub(super) fn of_history(consult: Consult, sending: super::Sending) -> Self {
        Self {
            offer: Offer::History,
            snapshot: None,
            sending,
            consult: Some(consult),
            room: ALL,
            used: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
        }
    }

    pub(super) fn tools(&self) -> Vec<Tool> {
        let mut tools = Vec::new();
        if self.offer == Offer::All {
            tools.extend(of_files());
        }
        if self.consult.is_some() {
            tools.extend(of_history());
        }
        tools
    }

    /// Answers a call. What is wrong with it is an answer too: the model can ask better.
    pub(super) fn call(&self, name: &str, arguments: &Value) -> String {
        if self.calls.fetch_add(1, Ordering::Relaxed) >= MOST_CALLS {
            return format!("error: {MOST_CALLS} calls were answered, which is all that are; write your review now");
        }
        let room = self.room.saturating_sub(self.used.load(Ordering::Relaxed)).min(LARGEST);
        if room < 1000 {
            return "error: no more is shown in this review; write it now".to_owned();
        }
        let answered = match name {
            "read_file" if self.offer == Offer::All => self.read_file(arguments),
            "search" if self.offer == Offer::All => self.search(arguments),
            "list" if self.offer == Offer::All => self.list(arguments),
            "git_log" => self.log(arguments),
            "git_show" => self.show(arguments, room),
            "git_blame" => self.blame(arguments),
            _ => Err(format!("there is no tool '{name}'")),
        };
        let text = match answered {
            Ok(text) if text.is_empty() => "(nothing)".to_owned(),
            Ok(text) => self.sending.clean(&text),
            Err(why) => format!("error: {why}"),
        };
        let text: String = text.chars().filter(|c| keep(*c)).collect();
        let text = cut(text, room);
        self.used.fetch_add(text.len(), Ordering::Relaxed);
        text
    }

    fn snapshot(&self) -> Result<&Snapshot, String> {
        self.snapshot.as_ref().ok_or_else(|| "there are no files here".to_owned())
    }

    /// The path that is meant, if it may be sent. A mask in it stands for what it masks.
    fn path(&self, arguments: &Value) -> Result<Option<RepoPath>, String> {
        let Some(text) =
            arguments["path"].as_str().map(|p| p.trim().trim_matches('/')).filter(|p| !p.is_empty() && *p != ".")
        else {
            return Ok(None);
        };
        let text = self.sending.masker.as_ref().map_or_else(|| text.to_owned(), |masker| masker.reveal(text));
        let path = RepoPath::new(text.trim_start_matches("./")).map_err(|e| e.to_string())?;
        if self.sending.allows(&path) { Ok(Some(path)) } else { Err(format!("{path} is never sent")) }
    }

    fn one_path(&self, arguments: &Value) -> Result<RepoPath, String> {
        self.path(arguments)?.ok_or_else(|| "`path` is missing".to_owned())
    }

    fn read_file(&self, arguments: &Value) -> Result<String, String> {
        let path = self.one_path(arguments)?;
        let text = self.snapshot()?.read(&path).map_err(|e| e.to_string())?;
        let text = text.ok_or_else(|| format!("there is no text file {path}"))?;
        let (first, last) = lines_of(arguments);
        let total = text.lines().count();
        let mut out = String::new();
        let wanted = (1..).zip(text.lines()).skip(first as usize - 1).take((last - first + 1) as usize);
        for (number, line) in wanted {
            let _ = writeln!(out, "{number:>6}|{}", cut_line(line));
        }
        if (last as usize) < total && !out.is_empty() {
            let _ = writeln!(out, "({total} lines in all; ask for more by start_line)");
        }
        Ok(out)
    }

    fn search(&self, arguments: &Value) -> Result<String, String> {
        let pattern = arguments["pattern"].as_str().filter(|p| !p.is_empty()).ok_or("`pattern` is missing")?;
        // What is no expression is looked for as it is written.
        let pattern = build(pattern).or_else(|_| build(&regex::escape(pattern))).map_err(|e| e.to_string())?;
        let within = self.path(arguments)?;
        let snapshot = self.snapshot()?;
        let paths = snapshot.paths().map_err(|e| e.to_string())?;
        let is_within = |path: &RepoPath| {
            within.as_ref().is_none_or(|w| {
                path.as_str().strip_prefix(w.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let deadline = Instant::now() + PATIENCE;
        let mut hits = Vec::new();
        for path in paths.iter().filter(|path| is_within(path) && self.sending.allows(path)) {
            if Instant::now() > deadline {
                hits.push("(given up after 5 s: name a folder as `path`)".to_owned());
                break;
            }
            let Ok(Some(text)) = snapshot.read(path) else { continue };
            if !pattern.is_match(&text) {
                continue;
            }
            let found = (1..).zip(text.lines()).filter(|(_, line): &(u32, &str)| pattern.is_match(line));
            hits.extend(found.take(20).map(|(n, line)| format!("{path}:{n}: {}", cut_line(line.trim()))));
            if hits.len() >= MOST_HITS {
                hits.truncate(MOST_HITS);
                hits.push(format!("(the first {MOST_HITS} lines; name a folder as `path` for others)"));
                break;
            }
        }
        Ok(hits.join("\n"))
    }

    fn list(&self, arguments: &Value) -> Result<String, String> {
        let folder = self.path(arguments)?.map(|path| format!("{path}/")).unwrap_or_default();
        let names = self.snapshot()?.names().map_err(|e| e.to_string())?;
        let mut entries: Vec<String> = names
            .iter()
            .filter(|path| self.sending.allows(path))
            .filter_map(|path| path.as_str().strip_prefix(&folder))
            .map(|rest| rest.split_once('/').map_or(rest.to_owned(), |(first, _)| format!("{first}/")))
            .collect();
        entries.dedup();
        Ok(entries.join("\n"))
    }

    fn consult(&self) -> Result<&Consult, String> {
        self.consult.as_ref().ok_or_else(|| "there is no history here".to_owned())
    }

    fn log(&self, arguments: &Value) -> Result<String, String> {
        let path = self.path(arguments)?;
        let most = arguments["limit"].as_u64().unwrap_or(20).clamp(1, 100) as usize;
        let log = self.consult()?.log(path.as_ref(), most).map_err(|e| e.to_string())?;
        Ok(log.iter().map(|c| said(c) + "\n").collect())
    }

    fn show(&self, arguments: &Value, room: usize) -> Result<String, String> {
        let commit = arguments["commit"].as_str().unwrap_or_default().trim();
        let path = self.path(arguments)?;
        let allowed = |path: &RepoPath| self.sending.allows(path);
        self.consult()?.show(commit, path.as_ref(), &allowed, room).map_err(|e| e.to_string())
    }

    fn blame(&self, arguments: &Value) -> Result<String, String> {
        let path = self.one_path(arguments)?;
        let (first, last) = lines_of(arguments);
        let consult = self.consult()?;
        let runs = consult.blame(&path, &[LineRange::new(first, last)], None).map_err(|e| e.to_string())?;
        Ok(runs.iter().map(|run| format!("{}: {}\n", run.lines, said(&run.commit))).collect())
    }
}

fn said(commit: &Logged) -> String {
    format!("{} {} {}: {}", commit.id.short(), date(commit.time), commit.author, commit.subject)
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    // Untrusted: what would take much memory is refused; matching takes time that grows with the text alone.
    RegexBuilder::new(pattern).multi_line(true).size_limit(1 << 20).dfa_size_limit(1 << 20).build()
}

/// The first and the last line that are asked for, 1-based.
fn lines_of(arguments: &Value) -> (u32, u32) {
    let number = |name: &str| arguments[name].as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    let first = number("start_line").unwrap_or(1);
    let last = number("end_line").unwrap_or(u32::MAX).max(first);
    (first, last.min(first.saturating_add(MOST_LINES - 1)))
}

fn cut_line(line: &str) -> &str {
    &line[..line.floor_char_boundary(400)]
}

fn cut(mut text: String, room: usize) -> String {
    if text.len() > room {
        text.truncate(text.floor_char_boundary(room));
        text.push_str("\n… (cut)");
    }
    text
}

/// A schema in the form that every vendor takes: a text may be empty, a number 0.
fn schema(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn of_files() -> Vec<Tool> {
    let path = json!({"type": "string", "description": "From the top of the repository."});
    let line = |says: &str| json!({"type": "integer", "description": says});
    vec![
        Tool {
            name: "read_file",
            says: "Reads a file of the repository as it is after the change, with line numbers; up to 500 lines at once.",
            arguments: schema(
                &json!({"path": path, "start_line": line("First line; 1 if left out."), "end_line": line("Last line.")}),
                &["path"],
            ),
        },
        Tool {
            name: "search",
            says: "Finds lines that match a regular expression in the repository after the change.",
            arguments: schema(
                &json!({"pattern": {"type": "string", "description": "A regular expression."},
                    "path": {"type": "string", "description": "A file or folder to look in; everywhere if left out."}}),
                &["pattern"],
            ),
        },
        Tool {
            name: "list",
            says: "Lists a folder of the repository after the change.",
            arguments: schema(
                &json!({"path": {"type": "string", "description": "The folder; the top if left out."}}),
                &[],
            ),
        },
    ]
}

fn of_history() -> Vec<Tool> {
    let path = |says: &str| json!({"type": "string", "description": says});
    let line = |says: &str| json!({"type": "integer", "description": says});
    vec![
        Tool {
            name: "git_log",
            says: "Lists the newest commits, newest first, of one file if `path` is given.",
            arguments: schema(
                &json!({"path": path("A file, from the top of the repository."), "limit": line("How many; 20 if left out.")}),
                &[],
            ),
        },
        Tool {
            name: "git_show",
            says: "Shows a commit: message and diff, of one file if `path` is given.",
            arguments: schema(
                &json!({"commit": {"type": "string", "description": "Its id, or the beginning of it."},
                    "path": path("A file, from the top of the repository.")}),
                &["commit"],
            ),
        },
        Tool {
            name: "git_blame",
            says: "Says which commit last changed each line of a committed file.",
            arguments: schema(
                &json!({"path": path("A file, from the top of the repository."), "start_line": line("First line."),
                    "end_line": line("Last line.")}),
                &["path", "start_line", "end_line"],
            ),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolbox() -> Toolbox {
        let long = "x\n".repeat(2000);
        let new = [
            ("src/a.rs", "fn a() {}\nfn b() { a(); }\nlet password = \"q8Vb3LxTz7RkM2nW\";\n"),
            ("src/deep/c.rs", "fn c() { a() }\n"),
            ("secret.env", "a()\n"),
            ("long.txt", &long),
        ];
        let mut brief = Brief::new(Snapshot::in_memory(&[], &new));
        brief.sending = super::super::Sending::keeping_back(&["*.env".to_owned()]).unwrap();
        Toolbox::of(&brief, ALL)
    }

    #[test]
    fn files_are_read_searched_and_listed_within_limits() {
        let tools = toolbox();
        let table = [
            (
                "read_file",
                json!({"path": "src/a.rs", "end_line": 1}),
                "     1|fn a() {}\n(3 lines in all; ask for more by start_line)\n",
            ),
            (
                "read_file",
                json!({"path": "/src/deep/c.rs", "start_line": 1, "end_line": 900}),
                "     1|fn c() { a() }\n",
            ),
            ("read_file", json!({"path": "src/a.rs", "start_line": 40}), "(nothing)"),
            ("read_file", json!({"path": "src/none.rs"}), "error: there is no text file src/none.rs"),
            ("read_file", json!({"path": "../etc/passwd"}), "error: "),
            ("read_file", json!({"path": "secret.env"}), "error: secret.env is never sent"),
            ("read_file", json!({}), "error: `path` is missing"),
            (
                "search",
                json!({"pattern": "\\ba\\("}),
                "src/a.rs:1: fn a() {}\nsrc/a.rs:2: fn b() { a(); }\nsrc/deep/c.rs:1: fn c() { a() }",
            ),
            ("search", json!({"pattern": "a(", "path": "src/deep"}), "src/deep/c.rs:1: fn c() { a() }"),
            ("search", json!({"pattern": "nowhere"}), "(nothing)"),
            ("search", json!({"pattern": ""}), "error: `pattern` is missing"),
            ("search", json!({"pattern": "(a{1000}){1000}{1000}"}), "(nothing)"),
            ("list", json!({}), "long.txt\nsrc/"),
            ("list", json!({"path": "src/"}), "a.rs\ndeep/"),
            ("git_log", json!({}), "error: there is no history here"),
            ("write_file", json!({"path": "a"}), "error: there is no tool 'write_file'"),
        ];
        for (name, arguments, expected) in table {
            let answer = tools.call(name, &arguments);
            assert!(
                answer == expected || (expected == "error: " && answer.starts_with(expected)),
                "{name} {arguments}: {answer}"
            );
        }
        let masked = tools.call("read_file", &json!({"path": "src/a.rs"}));
        assert!(masked.contains("MASKED_SECRET_") && !masked.contains("q8Vb3"), "{masked}");
        let long = tools.call("read_file", &json!({"path": "long.txt"}));
        assert_eq!(long.lines().count(), 501);
        assert_eq!(tools.tools().len(), 3, "without a history there are no tools for it");
    }

    #[test]
    fn there_is_an_end_to_questions() {
        let tools = toolbox();
        let mut answers = (0..200).map(|_| tools.call("list", &json!({})));
        let end = answers.find(|a| a.starts_with("error")).unwrap();
        assert_eq!(end, "error: 80 calls were answered, which is all that are; write your review now");
    }
}
