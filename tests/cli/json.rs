//! `--format json`, of every command that there is.

use super::bed::{Bed, answer, finding, with_fix};
use crate::support::keeps_to;
use clap::CommandFactory;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What speaks a protocol of its own on standard output: LSP, MCP, JSON lines, Claude Code's; and what draws on a terminal.
const OTHERWISE: [&str; 6] = ["lsp", "mcp", "plumbing patch", "plumbing merge", "agents stop-hook", "tui"];

/// Each command, what it is called with besides, its exit code, and the schema that its document has.
const COMMANDS: &[(&str, &[&str], i32, &str)] = &[
    ("review", &["--agent", "one"], 0, "round"),
    ("scan", &["src", "--agent", "one", "--yes"], 0, "round"),
    ("report", &[], 0, "round"),
    ("rounds", &[], 0, "rounds"),
    ("findings", &[], 0, "findings"),
    ("show", &["C1"], 0, "finding"),
    ("verify", &["C1"], 1, "verify"),
    ("agents", &[], 0, "agents"),
    ("agents", &["--record"], 0, "agents-record"),
    ("agents add", &["--adapter", "chat-http", "--name", "mine", "--url", "http://127.0.0.1:1/v1"], 2, "outcome"),
    ("agents set", &["one", "--effort", "high"], 0, "outcome"),
    ("agents test", &["one"], 0, "outcome"),
    ("agents install", &["codex", "--yes"], 0, "outcome"),
    ("agents uninstall", &["codex", "--yes"], 0, "outcome"),
    ("rules", &[], 0, "rules"),
    ("rules explain", &["no-such-rule"], 2, "outcome"),
    ("rules test", &["no-such-folder"], 2, "outcome"),
    ("doctor", &[], 0, "doctor"),
    ("config", &[], 0, "config-in-effect"),
    ("open", &["C1"], 0, "outcome"),
    ("dismiss", &["S1", "--reason", "it is meant so"], 0, "outcome"),
    ("learnings", &[], 0, "learnings"),
    ("learnings add", &["Names are short."], 0, "outcome"),
    ("learnings forget", &["1"], 0, "outcome"),
    ("learnings edit", &[], 0, "outcome"),
    ("learnings share", &[], 0, "outcome"),
    ("reopen", &["S1"], 0, "outcome"),
    ("severity", &["S1", "important"], 0, "outcome"),
    ("split", &["C1"], 2, "outcome"),
    ("join", &["C1", "S1"], 0, "outcome"),
    ("undo", &[], 0, "outcome"),
    ("apply", &["C1"], 0, "outcome"),
    ("log", &[], 0, "log"),
    ("fix", &["C1", "--no-check"], 2, "fix"),
    ("ask", &["C1", "Why?"], 0, "outcome"),
    ("import", &["REPORT"], 0, "round"),
    ("sync", &[], 0, "sync"),
    ("cache", &[], 0, "cache"),
    ("pr", &[], 2, "outcome"),
    ("pr", &["--list"], 2, "pull-requests"),
    ("eval", &["CASES", "--agent", "one"], 0, "eval"),
    ("watch", &["--now", "--rounds", "1", "--agent", "one"], 0, "outcome"),
    ("hook install", &[], 0, "outcome"),
    ("hook run", &["post-commit", "--agent", "one"], 0, "outcome"),
    ("hook uninstall", &[], 0, "outcome"),
    ("demo", &["--into", "DEMO"], 0, "outcome"),
    ("init", &[], 0, "outcome"),
    ("completions", &["bash"], 0, "outcome"),
    ("man", &[], 0, "outcome"),
];

/// The commands that do something themselves, by their words.
fn all() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut left = vec![(String::new(), deep_review::cli::Cli::command())];
    while let Some((name, command)) = left.pop() {
        let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").cloned().collect();
        if !name.is_empty() && !command.is_subcommand_required_set() {
            all.insert(name.clone());
        }
        left.extend(inner.into_iter().map(|inner| (format!("{name} {}", inner.get_name()).trim().to_owned(), inner)));
    }
    all
}

#[test]
fn no_command_is_left_out() {
    let known: BTreeSet<String> =
        COMMANDS.iter().map(|(name, ..)| (*name).to_owned()).chain(OTHERWISE.map(str::to_owned)).collect();
    assert_eq!(all(), known);
    for (name, ..) in COMMANDS {
        let words: Vec<&str> = ["deep-review"].into_iter().chain(name.split(' ')).collect();
        let mut command = deep_review::cli::Cli::command();
        let command = words[1..].iter().fold(&mut command, |command, word| command.find_subcommand_mut(word).unwrap());
        let format = command.get_arguments().find(|argument| argument.get_long() == Some("format"));
        let format = format.unwrap_or_else(|| panic!("{name} has no --format"));
        assert!(format.get_possible_values().iter().any(|value| value.get_name() == "json"), "{name}");
    }
}

#[test]
fn every_command_says_it_as_json() {
    let fix = "-    std::env::args().count() as u32\n+    u32::try_from(std::env::args().count()).unwrap_or(0)";
    let findings =
        [with_fix(finding("critical", "The count is cut", (7, 7)), fix), finding("suggestion", "A name", (6, 6))];
    let mut said = answer(&findings);
    said["answers"] = json!({ "ask": { "answer": "It is cut where there are many." } });
    let bed = Bed::new().agent("one", &said);
    let bare = bed.repo.beside("bare.git");
    bed.repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    bed.repo.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
    let report = bed.repo.beside("report.md");
    std::fs::write(&report, "- src/main.rs:7: the count is cut off\n").unwrap();
    let case = bed.repo.beside("cases/count");
    for folder in ["before", "after"] {
        std::fs::create_dir_all(case.join(folder)).unwrap();
        std::fs::write(case.join(folder).join("main.rs"), format!("// {folder}\nfn main() {{}}\n")).unwrap();
    }
    let defect = "[[defects]]\npath = 'main.rs'\nlines = [1, 1]\nwhat = 'it is cut'\n";
    std::fs::write(case.join("case.toml"), format!("title = 'Count'\nlanguage = 'rust'\n{defect}")).unwrap();
    for (name, more, code, schema_name) in COMMANDS {
        let more = more.iter().map(|word| match *word {
            "REPORT" => report.display().to_string(),
            "CASES" => bed.repo.beside("cases").display().to_string(),
            "DEMO" => bed.repo.beside("demo").display().to_string(),
            word => word.to_owned(),
        });
        let args: Vec<String> =
            name.split(' ').map(str::to_owned).chain(more).chain(["--format".into(), "json".into()]).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = bed.command(&args);
        command.env("EDITOR", "true").env_remove("VISUAL").env("DEEP_REVIEW_FLEET_URL", bed.repo.beside("place"));
        let out = command.output().unwrap();
        let (text, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(*code), "{args:?}: {text}{errors}");
        let is_of_its_own = *schema_name != "outcome";
        if *code == 2 && is_of_its_own && text.is_empty() {
            continue;
        }
        let documents: Vec<Value> = serde_json::Deserializer::from_str(&text)
            .into_iter()
            .collect::<Result<_, _>>()
            .unwrap_or_else(|e| panic!("{args:?}: {e}: {text}{errors}"));
        assert!(documents.len() == 1 || *name == "watch", "{args:?}: {text}");
        documents.iter().for_each(|document| keeps_to(schema_name, document));
        let last = documents.last().unwrap();
        if *schema_name == "outcome" {
            assert_eq!((&last["command"], &last["exit_code"]), (&json!(name), &json!(code)), "{args:?}: {last:#}");
            // An agent that was written down and does not answer is told of, and is no error.
            let is_impossible = *code == 2 && *name != "agents add";
            assert_eq!(last["error"]["message"].is_string(), is_impossible, "{args:?}: {last:#}");
        }
        // What is done on the branch is said as the log says it.
        let did = match *name {
            "dismiss" => Some(("did", "dismissed")),
            "severity" => Some(("did", "graded")),
            "join" => Some(("did", "joined")),
            "undo" => Some(("took_back", "joined")),
            "apply" => Some(("did", "applied")),
            _ => None,
        };
        if let Some((list, done)) = did {
            assert_eq!(last[list][0]["done"], done, "{args:?}: {last:#}");
        }
    }
}
