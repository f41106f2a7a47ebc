//! The command line and the language server are two doors to one set of operations: what each of them does to the files
//! and to the store, in one table of situations.
#![cfg(unix)]

mod editor;
mod table;

use crate::cli::bed::Bed;
use editor::Editor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a user does, in words of neither door.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// The fix of a finding.
    Apply(&'static str),
    /// The fixes of all that are open.
    ApplyAll,
    /// Decline it, with a kind of reason and a reason.
    Dismiss(&'static str, &'static str, &'static str),
    Reopen(&'static str),
    /// Another severity, with a reason or none.
    Severity(&'static str, &'static str, &'static str),
    Split(&'static str),
    TakeSplitBack(&'static str),
    Join(&'static [&'static str]),
    TakeJoinBack(&'static [&'static str]),
    /// A file beside the repository.
    Import(&'static str),
    /// A file of the repository gets another text, by whatever means.
    Write(&'static str, &'static str),
}

/// How much of it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    All,
    Some,
    None,
}

/// What a door left behind.
#[derive(Debug, PartialEq)]
struct Left {
    done: Vec<Done>,
    /// The labels of what is open, as the door sees it.
    open: Vec<String>,
    /// Every file of the work tree, and those of git that are run or configure it.
    files: BTreeMap<String, String>,
    store: Value,
}

/// One situation: what was reviewed, what happened since, and what the user does.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) bed: Bed,
    /// What is done to the repository after the review.
    pub(crate) since: fn(&Path),
    pub(crate) acts: Vec<Act>,
}

impl Left {
    /// What is different in what the other door left.
    fn beside(&self, other: &Self) -> String {
        let mut out = String::new();
        let mut differ = |what: &str, typed: String, clicked: String| {
            if typed != clicked {
                out.push_str(&format!("  {what}\n    command line: {typed}\n    editor:       {clicked}\n"));
            }
        };
        differ("done", format!("{:?}", self.done), format!("{:?}", other.done));
        differ("open", format!("{:?}", self.open), format!("{:?}", other.open));
        differ("store", self.store.to_string(), other.store.to_string());
        for name in self.files.keys().chain(other.files.keys()) {
            differ(name, format!("{:?}", self.files.get(name)), format!("{:?}", other.files.get(name)));
        }
        out
    }
}

/// Does the same by both doors and compares.
fn check(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        let Row { name, bed, since, acts } = &row;
        let two = bed.repo.beside("two.json").exists();
        let by: &[&str] = if two { &["--agent", "one", "--agent", "two"] } else { &["--agent", "one"] };
        assert_eq!(bed.review(by).0, 0, "{name}");
        since(bed.repo.path());
        let copy = bed.repo.beside("copy");
        copied(bed.repo.path(), &copy);
        let (typed, clicked) = (by_command_line(bed, acts), by_editor(bed, &copy, acts));
        if typed != clicked {
            wrong.push(format!("{name}: {acts:?}\n{}", typed.beside(&clicked)));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn copied(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(done.success());
}

fn by_command_line(bed: &Bed, acts: &[Act]) -> Left {
    let mut done = Vec::new();
    for act in acts {
        let args: Vec<String> = match act {
            Act::Apply(id) => words(&["apply", id]),
            Act::ApplyAll => words(&["apply", "--all"]),
            Act::Dismiss(id, kind, reason) => words(&["dismiss", id, "--kind", kind, "--reason", reason]),
            Act::Reopen(id) => words(&["reopen", id]),
            Act::Severity(id, severity, "") => words(&["severity", id, severity]),
            Act::Severity(id, severity, reason) => words(&["severity", id, severity, "--reason", reason]),
            Act::Split(id) => words(&["split", id]),
            Act::TakeSplitBack(id) => words(&["split", "--undo", id]),
            Act::Join(ids) => words(&[&["join"], *ids].concat()),
            Act::TakeJoinBack(ids) => words(&[&["join", "--undo"], *ids].concat()),
            Act::Import(file) => vec!["import".into(), bed.repo.beside(file).display().to_string()],
            Act::Write(path, text) => {
                bed.repo.write(path, text);
                continue;
            }
        };
        let ran = bed.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        done.push(match ran.code {
            0 => Done::All,
            3 => Done::Some,
            _ => Done::None,
        });
    }
    let document: Value = serde_json::from_str(&bed.run(&["report", "--format", "json"]).out).unwrap();
    let closed = &document["decisions"]["resolutions"];
    let is_open = |finding: &&Value| {
        let state = &closed[finding["id"].as_str().unwrap()]["state"]["state"];
        finding["verification"]["status"] != "refuted" && (state.is_null() || state == "open")
    };
    let findings = document["round"]["findings"].as_array().unwrap();
    let open = findings.iter().filter(is_open).map(|finding| finding["label"].as_str().unwrap().to_owned()).collect();
    Left { done, open, files: files(bed.repo.path()), store: store(bed.repo.path()) }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn by_editor(bed: &Bed, root: &Path, acts: &[Act]) -> Left {
    let mut command = bed.command(&["lsp"]);
    command.current_dir(root).stdin(Stdio::piped());
    let mut editor = Editor::start(command, root);
    let mut done = Vec::new();
    for act in acts {
        let answer = match act {
            Act::Apply(id) => editor.command("applyFix", &json!({ "id": id })),
            Act::ApplyAll => editor.command("fixAll", &json!({})),
            Act::Dismiss(id, kind, reason) => {
                editor.command("dismiss", &json!({ "id": id, "reason": kind, "text": reason }))
            }
            Act::Reopen(id) => editor.command("reopen", &json!({ "id": id })),
            Act::Severity(id, severity, reason) => {
                editor.command("severity", &json!({ "id": id, "severity": severity, "reason": reason }))
            }
            Act::Split(id) => editor.command("split", &json!({ "id": id })),
            Act::TakeSplitBack(id) => editor.command("split", &json!({ "id": id, "undo": true })),
            Act::Join(ids) => editor.command("join", &json!({ "ids": ids })),
            Act::TakeJoinBack(ids) => editor.command("join", &json!({ "ids": ids, "undo": true })),
            Act::Import(file) => editor.command("importReport", &json!({ "files": [bed.repo.beside(file)] })),
            Act::Write(path, text) => {
                std::fs::write(root.join(path), text).unwrap();
                continue;
            }
        };
        done.push(match answer {
            Ok(answer) if answer["refused"].as_array().is_some_and(|refused| !refused.is_empty()) => Done::Some,
            Ok(_) => Done::All,
            // There was nothing to do, and it was done.
            Err(why) if why.ends_with("no open finding has a fix") => Done::All,
            Err(_) => Done::None,
        });
    }
    editor.finish();
    // What is open is asked of a server that knows nothing of how it came to be so.
    let mut command = bed.command(&["lsp"]);
    command.current_dir(root).stdin(Stdio::piped());
    let mut editor = Editor::start(command, root);
    let open = editor.open();
    editor.finish();
    Left { done, open, files: files(root), store: store(root) }
}

/// The texts of all files, by their paths.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned(), root.join(".git/hooks")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let kind = std::fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if kind.is_dir() && name != ".git" {
                folders.push(path);
            } else if kind.is_symlink() {
                found.insert(name, format!("-> {}", std::fs::read_link(&path).unwrap().display()));
            } else if kind.is_file() {
                found.insert(name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
            }
        }
    }
    found
}

/// What is stored of the branch, without times and what is made of them.
fn store(root: &Path) -> Value {
    let branches = root.join(".git/deep-review/branches");
    let branch = std::fs::read_dir(branches).unwrap().next().unwrap().unwrap().path();
    let read = |path: PathBuf| -> Value {
        std::fs::read(path).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap())
    };
    let mut decisions = read(branch.join("decisions.json"));
    for kind in ["resolutions", "grades"] {
        for decision in decisions["decisions"].get_mut(kind).and_then(Value::as_object_mut).into_iter().flatten() {
            decision.1.as_object_mut().unwrap().remove("at");
        }
    }
    // Taking everything back is as good as never having decided.
    if decisions["decisions"] == json!({ "resolutions": {}, "links": [] }) {
        decisions = Value::Null;
    }
    let mut rounds = Vec::new();
    for number in 1.. {
        let round = read(branch.join(format!("{number:04}.json")));
        if round.is_null() {
            break;
        }
        let shown = |f: &Value| json!([f["label"], f["title"], f["anchors"], f["fixes"]]);
        rounds.push(round["findings"].as_array().unwrap().iter().map(shown).collect::<Vec<_>>());
    }
    json!({ "decisions": decisions, "rounds": rounds })
}
