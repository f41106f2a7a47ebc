//! Coding agents and pipelines as users of the command line: the server, its entry in their settings, the hook, events.

use super::bed::{Bed, Ran, answer, finding, with_fix};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

const FIX: &str = "-    std::env::args().count() as u32\n+    u32::try_from(std::env::args().count()).unwrap_or(0)";

fn bed() -> Bed {
    let findings =
        [with_fix(finding("critical", "The count is cut", (7, 7)), FIX), finding("suggestion", "A name", (6, 6))];
    Bed::new().agent("one", &answer(&findings))
}

fn with_input(bed: &Bed, args: &[&str], input: &str) -> Ran {
    let mut child =
        bed.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    Ran {
        code: out.status.code().unwrap_or(-1),
        out: String::from_utf8(out.stdout).unwrap(),
        err: String::from_utf8(out.stderr).unwrap(),
    }
}

fn message(id: u32, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string() + "\n"
}

/// The messages with which a client begins.
fn hello() -> String {
    let params =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    message(1, "initialize", &params) + "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n"
}

#[test]
fn the_server_speaks_the_protocol_and_nothing_else_on_standard_output() {
    let bed = bed();
    bed.review(&["--agent", "one"]);
    let mut child = bed.command(&["mcp"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let call = message(2, "tools/call", &json!({ "name": "findings", "arguments": {} }));
    to.write_all((hello() + &call).as_bytes()).unwrap();
    let mut answered = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).expect("each line is a message");
        if line["id"] == 2 {
            answered = Some(line);
            break;
        }
    }
    assert_eq!(answered.unwrap()["result"]["structuredContent"]["total"], 2);
    drop(to);
    assert!(child.wait().unwrap().success(), "it ends when the client goes");
}

/// An agent that serves as a reviewer never gets the server, even where it takes everything out of the environment of what
/// it starts.
#[cfg(target_os = "linux")]
#[test]
fn a_reviewer_does_not_get_the_server() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = Bed::new();
    let (program, said) = (bed.repo.beside("agent.sh"), bed.repo.beside("said"));
    let me = env!("CARGO_BIN_EXE_deep-review");
    let script = format!(
        "#!/bin/sh\ncat >/dev/null\n{me} mcp </dev/null 2>{said}.plain\nenv -i {me} mcp </dev/null 2>{said}.bare\n\
         echo '{{\"session_id\":\"s\"}}' | env -i {me} agents stop-hook >{said}.hook\ncat <<'ANSWER'\n{}\nANSWER\n",
        answer(&[]),
        said = said.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let agent = format!("[agents.nested]\nadapter = 'command'\ncommand = ['{}']\nretries = 0\n", program.display());
    let bed = bed.raw(&agent);
    let (code, round) = bed.review(&["--agent", "nested"]);
    assert_eq!(code, 0, "{round}");
    for form in ["plain", "bare"] {
        let said = std::fs::read_to_string(format!("{}.{form}", said.display())).unwrap();
        assert!(said.contains("it would review its own review"), "{form}: {said}");
    }
    assert_eq!(std::fs::read_to_string(format!("{}.hook", said.display())).unwrap(), "");
}

#[test]
fn an_entry_is_shown_written_and_taken_out_exactly() {
    for (agent, more, file, before) in [
        ("claude", &[][..], "repo/.mcp.json", None),
        ("codex", &[], "home/.codex/config.toml", Some("# mine\nmodel = \"gpt-5\"\n")),
        ("gemini", &[], "home/.gemini/settings.json", Some("{\n  \"theme\": \"dark\"\n}\n")),
        ("gemini", &["--project"], "repo/.gemini/settings.json", None),
        ("cursor", &[], "home/.cursor/mcp.json", None),
        ("windsurf", &[], "home/.codeium/windsurf/mcp_config.json", None),
        (
            "vscode",
            &[],
            "repo/.vscode/mcp.json",
            Some(
                "{\n\t// ours\n\t\"servers\": {\n\t\t\"x\": { \"type\": \"http\", \"url\": \"https://e.org\" }\n\t}\n}\n",
            ),
        ),
        ("zed", &[], "home/.config/zed/settings.json", Some("{\n  // mine\n  \"vim_mode\": true,\n}\n")),
    ] {
        let bed = Bed::new();
        let path = bed.repo.beside(file);
        if let Some(before) = before {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, before).unwrap();
        }
        let run = |verb: &str, yes: &[&str]| bed.run(&[&["agents", verb, agent], more, yes].concat());
        let shown = run("install", &[]);
        assert!(shown.out.contains(path.to_str().unwrap()) && shown.out.contains("+"), "{agent}: {}", shown.out);
        assert!(shown.err.contains("--yes"), "{}", shown.err);
        assert_eq!(std::fs::read_to_string(&path).ok().as_deref(), before, "{agent}: nothing is written unasked");

        let ran = run("install", &["--yes"]);
        assert_eq!(ran.code, 0, "{agent}: {}", ran.err);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("mcp"), "{text}");
        assert!(run("install", &["--yes"]).out.contains("has it already"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);

        assert_eq!(run("uninstall", &["--yes"]).code, 0);
        assert_eq!(std::fs::read_to_string(&path).ok().as_deref(), before, "{agent}: all else is as it was");
        assert!(run("uninstall", &["--yes"]).out.contains("does not have it"));
    }
}

#[test]
fn an_entry_of_the_users_own_is_left_alone() {
    let bed = Bed::new();
    let own = "{\"mcpServers\":{\"deep-review\":{\"command\":\"my-wrapper\",\"args\":[]}}}";
    bed.repo.write(".mcp.json", own);
    for verb in ["install", "uninstall"] {
        let ran = bed.run(&["agents", verb, "claude", "--yes"]);
        assert!(ran.code == 2 && ran.err.contains("was not written by install"), "{}", ran.err);
    }
    bed.repo.write(".mcp.json", "{ broken");
    assert_eq!(bed.run(&["agents", "install", "claude", "--yes"]).code, 2);
    assert_eq!(bed.repo.read(".mcp.json"), "{ broken");
    for agent in ["codex", "windsurf"] {
        assert_eq!(
            bed.run(&["agents", "install", agent, "--project"]).code,
            2,
            "{agent} has the user's settings alone"
        );
    }
}

#[test]
fn a_session_is_kept_from_stopping_a_few_times_and_no_more() {
    let bed = bed();
    let hook =
        |session: &str| json!({ "session_id": session, "cwd": bed.repo.path(), "stop_hook_active": true }).to_string();
    let stop = |session: &str, more: &[&str]| {
        let args = [&["agents", "stop-hook", "--agent", "one"], more].concat();
        let ran = with_input(&bed, &args, &hook(session));
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
    };
    for _ in 0..2 {
        let said: Value = serde_json::from_str(&stop("a", &[])).unwrap();
        assert_eq!(said["decision"], "block");
        let reason = said["reason"].as_str().unwrap();
        assert!(reason.contains("C1 critical open") && reason.contains("not instructions"), "{reason}");
        assert!(!reason.contains("S1"), "a suggestion keeps nobody: {reason}");
    }
    assert_eq!(stop("a", &[]), "", "it ends");
    assert_ne!(stop("b", &[]), "", "another session counts for itself");
    assert_eq!(stop("c", &["--rounds", "0"]), "");
    let both: Value = serde_json::from_str(&stop("d", &["--severity", "suggestion", "--most", "1"])).unwrap();
    assert!(both["reason"].as_str().unwrap().contains("and 1 more"), "{both}");
    assert_eq!(bed.run(&["apply", "C1"]).code, 0);
    bed.says("one", &answer(&[]));
    assert_eq!(stop("e", &[]), "", "nothing grave is open any more");
    assert_eq!(with_input(&bed, &["agents", "stop-hook"], "no json").code, 2);
}

#[test]
fn a_review_is_told_as_it_happens() {
    let bed = bed();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schemas/review-events.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(folder).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let events = |ran: &Ran| -> Vec<Value> {
        let events: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for event in &events {
            assert!(schema.is_valid(event), "{event}");
        }
        events
    };
    let stream = ["review", "--format", "jsonl", "--stream", "--agent", "one"];
    let ran = bed.run(&[&stream[..], &["--fail-on", "critical"]].concat());
    let told = events(&ran);
    let names: Vec<&str> = told.iter().map(|e| e["event"].as_str().unwrap()).filter(|name| *name != "doing").collect();
    assert_eq!(names, ["started", "answered", "finding", "finding", "ended"]);
    assert_eq!((ran.code, &told.last().unwrap()["exit_code"]), (1, &json!(1)));
    bed.says("one", &super::bed::playing(answer(&[]), &json!({ "fail": { "kind": "overloaded", "message": "busy" } })));
    let ran = bed.run(&[&stream[..], &["--fresh"]].concat());
    let told = events(&ran);
    let failed = told.iter().find(|event| event["event"] == "answered").unwrap();
    assert_eq!(failed["failure"], "busy");
    assert_eq!(
        (&told.last().unwrap()["complete"], told.last().unwrap()["exit_code"].as_i64()),
        (&json!(false), Some(ran.code.into()))
    );
    for wrong in
        [&["review", "--stream"][..], &["review", "--format", "jsonl"], &["review", "--stream", "--format", "text"]]
    {
        assert_eq!(bed.run(wrong).code, 2, "{wrong:?}");
    }
    bed.repo.checkout("main");
    let ran = bed.run(&stream);
    assert_eq!((events(&ran)[0]["event"].clone(), ran.code), (json!("ended"), 0));
}

/// What coding agents did is said in the log, and taken back at once.
#[test]
fn a_person_takes_back_what_agents_did() {
    let bed = bed().configured("[mcp]\nallow = ['read', 'dismiss']\n");
    bed.review(&["--agent", "one"]);
    let calls = hello()
        + &message(2, "tools/call", &json!({ "name": "dismiss", "arguments": { "id": "S1", "reason": "it is fine" } }));
    // The client waits for the answer before it goes.
    let mut child = bed.command(&["mcp"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    to.write_all(calls.as_bytes()).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("\"id\":2") && line.contains("\"by\":\"t\"")));
    drop(to);
    child.wait().unwrap();
    assert_eq!(bed.run(&["dismiss", "C1", "--reason", "mine"]).code, 0);
    let log = bed.run(&["log"]).out;
    assert!(log.contains("dismissed S1 A name, by t"), "{log}");
    assert!(bed.run(&["show", "S1"]).out.contains("(by the agent t)"));
    assert_eq!(bed.run(&["undo", "--agents"]).out, "Taken back: dismissed S1 A name, by t\n");
    assert!(bed.run(&["findings"]).out.contains("S1"));
    assert!(!bed.run(&["findings"]).out.contains("C1"), "what a person decided stays");
    assert!(bed.run(&["undo", "--agents"]).out.contains("No coding agent did anything"));
}
