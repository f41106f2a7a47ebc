//! The real programs mend a file through their own tools, and try to do more than that: in the copy, and nowhere else.

use super::mock;
use super::real::program;
use crate::cli::bed::{AFTER, Bed, answer as review, finding};
use crate::support::http::{Asked, Reply, Server};
use deep_review::agent::answer::{self, Mended};
use deep_review::agent::{Adapter, AgentSettings, Brief, Checkout, Edited, Question, Texts, process};
use deep_review::finding::RepoPath;
use deep_review::git::Snapshot;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const BEFORE: &str = "fn first() -> u32 {\n    count() as u32\n}\n";
const OLD: &str = "count() as u32";
const NEW: &str = "count().try_into().unwrap_or(u32::MAX)";

/// The calls of tools that a model asks for, one after the other: it reads, edits, and tries to get out.
fn calls(form: &str, copy: &str, outside: &Path) -> Vec<(&'static str, Value)> {
    let file = format!("{copy}/src/main.rs");
    let text = outside.display().to_string();
    match form {
        "anthropic" => vec![
            ("Read", json!({ "file_path": file })),
            ("Edit", json!({ "file_path": file, "old_string": OLD, "new_string": NEW })),
            ("Write", json!({ "file_path": text, "content": "x" })),
            ("Bash", json!({ "command": format!("touch {text}"), "description": "x" })),
        ],
        "openai" => vec![
            ("exec_command", json!({ "cmd": format!("sed -i 's/{OLD}/{NEW}/' src/main.rs") })),
            ("exec_command", json!({ "cmd": format!("touch {text}") })),
        ],
        _ => vec![
            ("read_file", json!({ "file_path": file })),
            ("replace", json!({ "file_path": file, "instruction": "Convert", "old_string": OLD, "new_string": NEW })),
            ("write_file", json!({ "file_path": text, "content": "x" })),
            ("run_shell_command", json!({ "command": format!("touch {text}") })),
        ],
    }
}

/// What the model says next, by how many of its calls were answered.
fn next(asked: &Asked, outside: &Path) -> Reply {
    let form = match asked.path.as_str() {
        path if path.contains("/messages") => "anthropic",
        path if path.contains("/responses") => "openai",
        _ => "gemini",
    };
    if asked.method != "POST" || asked.path.contains("count_tokens") {
        return Reply::json(&json!({ "input_tokens": 10 }));
    }
    let text = asked.body.to_string();
    let copy = text.split_once("as it is now is in ").map(|(_, rest)| rest);
    let copy = copy.and_then(|rest| rest.split_once("/repository")).map(|(path, _)| format!("{path}/repository"));
    let done = match form {
        "anthropic" => text.matches("\"tool_result\"").count(),
        "openai" => text.matches("\"function_call_output\"").count(),
        _ => text.matches("\"functionResponse\"").count(),
    };
    let call = copy.map(|copy| calls(form, &copy, outside)).and_then(|calls| calls.into_iter().nth(done));
    let answer = json!({ "summary": "Convert with a limit", "diff": "", "files": [] });
    let call = match (form, call) {
        ("anthropic", None) => Some(("StructuredOutput", answer.clone())),
        (_, call) => call,
    };
    let events = match form {
        "anthropic" => anthropic(done, call),
        "openai" => openai(done, call, &answer),
        _ => gemini(call, &answer),
    };
    let body = events.iter().map(|event| match form {
        // The others want their data alone.
        "anthropic" => format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default()),
        _ => format!("data: {event}\n\n"),
    });
    let body = body.collect();
    Reply { status: 200, headers: vec![("content-type".into(), "text/event-stream".into())], body }
}

fn anthropic(done: usize, call: Option<(&str, Value)>) -> Vec<Value> {
    let Some((name, input)) = call else { return Vec::new() };
    let block = json!({ "type": "tool_use", "id": format!("toolu_{done}"), "name": name, "input": {} });
    let input = json!({ "type": "input_json_delta", "partial_json": input.to_string() });
    let message = json!({ "id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": [],
        "stop_reason": null, "usage": { "input_tokens": 1000, "output_tokens": 1 } });
    vec![
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        json!({ "type": "content_block_delta", "index": 0, "delta": input }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": { "output_tokens": 200 } }),
        json!({ "type": "message_stop" }),
    ]
}

fn openai(done: usize, call: Option<(&str, Value)>, answer: &Value) -> Vec<Value> {
    let item = match call {
        Some((name, arguments)) => {
            json!({ "type": "function_call", "id": format!("fc{done}"), "call_id": format!("c{done}"),
            "name": name, "arguments": arguments.to_string(), "status": "completed" })
        }
        None => json!({ "type": "message", "id": "m", "role": "assistant", "status": "completed",
            "content": [{ "type": "output_text", "text": answer.to_string(), "annotations": [] }] }),
    };
    let usage = json!({ "input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200 });
    let response = json!({ "id": "r", "status": "completed", "model": "gpt-5", "output": [item], "usage": usage });
    vec![
        json!({ "type": "response.created", "response": { "id": "r", "status": "in_progress" } }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": response }),
    ]
}

fn gemini(call: Option<(&str, Value)>, answer: &Value) -> Vec<Value> {
    let part = match call {
        Some((name, args)) => json!({ "functionCall": { "name": name, "args": args } }),
        None => json!({ "text": answer.to_string() }),
    };
    let usage = json!({ "promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100 });
    let candidate = json!({ "content": { "role": "model", "parts": [part] }, "finishReason": "STOP", "index": 0 });
    vec![json!({ "candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-pro" })]
}

fn settings(adapter: Adapter, program: String, server: &Server, home: &Path) -> AgentSettings {
    let mut settings = AgentSettings::new(adapter);
    settings.command = vec![program];
    let (model, key, path) = match adapter {
        Adapter::Claude => ("claude-sonnet-5-5", "ANTHROPIC_API_KEY", ""),
        Adapter::Codex => ("gpt-5", "OPENAI_API_KEY", "/v1"),
        _ => ("gemini-2.5-pro", "GEMINI_API_KEY", ""),
    };
    settings.model = Some(model.into());
    settings.env = [(key.to_owned(), "sk-test".to_owned()), ("HOME".into(), home.display().to_string())].into();
    settings.url = Some(format!("http://{}{path}", server.address()));
    settings.retries = Some(0);
    settings.total_seconds = Some(240);
    settings
}

/// As a user has it: `deep-review fix` asks the program, and another agent looks at what became of it.
#[test]
fn each_mends_by_the_command_and_its_fix_is_proven_before_it_is_written() {
    for (adapter, name) in [(Adapter::Claude, "claude"), (Adapter::Codex, "codex"), (Adapter::Gemini, "gemini")] {
        let Some(program) = program(name) else { return };
        let beside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (outside, home) = (beside.path().join("outside.txt"), beside.path().join("home"));
        let server = Server::start({
            let outside = outside.clone();
            move |asked| next(asked, &outside)
        });
        std::fs::create_dir(&home).unwrap();
        let table = toml::to_string(&settings(adapter, program, &server, &home)).unwrap();
        let table = table.replace("[env]", &format!("[agents.{name}.env]"));
        let mut raises = review(&[finding("critical", "The count is cut off", (7, 7))]);
        raises["answers"] = json!({ "judge": { "gone": true, "reason": "It converts with a limit", "new": [] } });
        let bed = Bed::new().agent("one", &raises).raw(&format!("[agents.{name}]\n{table}"));
        assert_eq!(bed.review(&["--agent", "one"]).0, 0);
        let fix = |more: &[&str]| {
            let mut command = bed.command(&[&["fix", "C1", "--agent", name], more].concat());
            let out = command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().unwrap();
            let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
            assert_eq!(out.status.code(), Some(0), "{name}: {said}");
            said
        };
        let said = fix(&[]);
        for word in
            ["proven    C1", "Convert with a limit", "+ placed", "+ parses", "+ ONE agrees", "Nothing was written"]
        {
            assert!(said.contains(word), "{name}: {word}: {said}");
        }
        assert_eq!(bed.repo.read("src/main.rs"), AFTER, "{name}");
        fix(&["--yes"]);
        assert_eq!(bed.repo.read("src/main.rs"), AFTER.replace(OLD, NEW), "{name}");
        assert!(!outside.exists(), "{name} wrote outside of its copy");
    }
}

#[tokio::test]
async fn each_mends_the_copy_and_nothing_else() {
    for (adapter, name) in [(Adapter::Claude, "claude"), (Adapter::Codex, "codex"), (Adapter::Gemini, "gemini")] {
        let Some(program) = program(name) else { return };
        process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
        // Beside the system's temporary folder, in which a program may be let write.
        let beside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let outside = beside.path().join("outside.txt");
        let (server, home) = {
            let outside = outside.clone();
            (Server::start(move |asked| next(asked, &outside)), beside.path().join("home"))
        };
        std::fs::create_dir(&home).unwrap();
        let snapshot = Snapshot::in_memory(&[], &[("src/main.rs", BEFORE), ("src/other.rs", "fn other() {}\n")]);
        let path = RepoPath::new("src/main.rs").unwrap();
        // What is typed and not saved.
        let typed = format!("// typed\n{BEFORE}");
        let checkout = Checkout::to_edit(Texts::from([(path.clone(), Some(Arc::from(typed.as_str())))]));
        let brief = Brief { checkout: checkout.clone(), ..Brief::new(snapshot.clone()) };
        let question = Question {
            template: "fix",
            schema: answer::mending_schema(),
            data: vec![("finding", "The count is cut".into()), ("code", typed.clone())],
            files: vec![path.clone()],
        };
        let agent = mock::agent(settings(adapter, program, &server, &home));
        let said = agent.ask(&brief, &question, &mock::session()).await;
        assert_eq!(said.failure, None, "{name}");
        let mended = answer::mended(&said).unwrap();
        assert_eq!(mended, Mended { summary: "Convert with a limit".into(), ..Mended::default() }, "{name}");
        let changes = checkout.changes(&snapshot, &brief.sending).unwrap();
        let edited = Edited { path, before: Some(typed.clone()), after: Some(typed.replace(OLD, NEW)) };
        assert_eq!(changes, [edited], "{name}");
        assert!(!outside.exists(), "{name} wrote outside of its copy");
    }
}
