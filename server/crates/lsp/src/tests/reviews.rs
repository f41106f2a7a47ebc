//! Reviews started from the editor, with recorded agents.

use super::harness::{Repo, TestServer, able, quiet, store_round, uri};
use serde_json::{Value, json};
use std::path::PathBuf;

pub(super) const BEFORE: &str = "fn main() {\n    let n = 1;\n    show(n);\n}\n";
pub(super) const AFTER: &str = "fn main() {\n    let n = first();\n    show(n);\n}\n\nfn first() -> u32 {\n    7\n}\n";
pub(super) const FIX: &str = "@@ -6,3 +6,3 @@\n fn first() -> u32 {\n-    7\n+    8\n }\n";

/// A branch that changes `src/main.rs`, with the user's configuration.
pub(super) struct Bed {
    pub(super) repo: Repo,
    pub(super) file: PathBuf,
    config: String,
}

pub(super) fn finding(severity: &str, title: &str, line: u32, fix: &str) -> Value {
    let fixes = if fix.is_empty() { json!([]) } else { json!([{ "note": "", "path": "src/main.rs", "diff": fix }]) };
    json!({
        "severity": severity, "title": title, "body": format!("{title}, at length."), "evidence": "",
        "classification": "regression", "symbol": "", "fixes": fixes,
        "places": [{ "path": "src/main.rs", "start_line": line, "end_line": line, "quote": "" }],
    })
}

fn answer(findings: &[Value], play: &Value) -> Value {
    json!({
        "summary": "", "findings": findings, "observations": [], "testing": "", "untested": [], "documentation": "",
        "commit_structure": "", "limitations": [], "covered": [], "play": play,
    })
}

impl Bed {
    pub(super) fn new() -> Self {
        let repo = Repo::with_topic(&[("src/main.rs", BEFORE)]);
        repo.write("src/main.rs", AFTER);
        repo.commit("Ask first");
        let file = repo.path().join("src/main.rs");
        let mut config = String::new();
        // Nor what linters this machine happens to have.
        let linters = ["ruff", "shellcheck", "biome", "eslint", "clippy", "golangci-lint", "semgrep"];
        for name in check::ALL.iter().map(|checker| checker.name).chain(linters) {
            config.push_str(&format!("[agents.{name}]\nadapter = 'recorded'\nenabled = false\n"));
        }
        Self { repo, file, config }
    }

    pub(super) fn agent(mut self, name: &str, label: &str, findings: &[Value], play: &Value) -> Self {
        let file = self.repo.beside(&format!("{name}.json"));
        std::fs::write(&file, answer(findings, play).to_string()).unwrap();
        let path = file.display();
        self.config.push_str(&format!("[agents.{name}]\nadapter = 'recorded'\nlabel = '{label}'\npath = '{path}'\n"));
        self
    }

    pub(super) async fn serve(&self, options: Value) -> TestServer {
        let file = self.repo.beside("config.toml");
        let mut config = self.config.clone();
        // Whatever is on the machine that runs the tests takes no part.
        for name in agent::detected().into_keys().filter(|name| !self.config.contains(&format!("[agents.{name}]"))) {
            config.push_str(&format!("[agents.{name}]\nadapter = 'recorded'\nenabled = false\n"));
        }
        std::fs::write(&file, config).unwrap();
        let mut server = TestServer::configured(&[self.repo.path()], able(), options, Some(file)).await;
        server.settled().await;
        server
    }
}

/// What is there of each agent, as the editor's list has it.
async fn agents(server: &mut TestServer) -> Vec<(String, String, String)> {
    let status = server.status().await;
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let row = |a: &Value| (text(&a["name"]), text(&a["state"]), text(&a["message"]));
    status[0]["agents"].as_array().unwrap().iter().map(row).collect()
}

pub(super) async fn review(server: &mut TestServer, argument: Value) -> Value {
    let params = json!({ "command": "deepReview.review", "arguments": [argument], "workDoneToken": "command" });
    server.request("workspace/executeCommand", params).await
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_appear_agent_by_agent_and_then_merged() {
    let bed = Bed::new()
        .agent("codex", "Codex", &[finding("important", "The number seven is wrong here", 7, "")], &json!({}))
        .agent(
            "gemini",
            "Gemini",
            &[finding("critical", "The number seven is wrong here", 7, "")],
            &json!({ "after_ms": 1500, "usage": { "cost_usd": 0.25 } }),
        );
    let mut server = bed.serve(quiet()).await;
    server.command("deepReview.review", json!({})).await;
    server.until("Codex's finding", |s| !s.list(&bed.file).is_empty()).await;
    let first = server.shown[&uri(&bed.file)]["diagnostics"][0].clone();
    assert_eq!(first["source"], "deep-review · Codex");
    let message = first["message"].as_str().unwrap();
    assert!(message.ends_with("(not yet merged with what others say)"), "{message}");
    assert_eq!(agents(&mut server).await.iter().map(|a| a.1.as_str()).collect::<Vec<_>>(), ["reviewed", "running"]);
    server.until("what both say", |s| s.messages_of(&bed.file) == ["The number seven is wrong here"]).await;
    let merged = server.shown[&uri(&bed.file)]["diagnostics"][0].clone();
    assert_eq!(merged["source"], "deep-review · Codex, Gemini");
    let related = merged["relatedInformation"].as_array().unwrap();
    assert!(related.iter().any(|r| r["message"].as_str().unwrap().contains("Gemini: Critical")), "{related:?}");
    server.until("the end of progress", |s| s.told.values().all(|v| v["kind"] == "end") && s.told.len() == 2).await;
    server.assert_balanced();
    let titles: Vec<&str> = server.titles.values().map(String::as_str).collect();
    assert_eq!(titles, ["Review: Codex", "Review: Gemini"]);
    let ends: Vec<&str> = server.told.values().map(|v| v["message"].as_str().unwrap()).collect();
    assert!(ends[1].starts_with("done in") && ends[1].ends_with(", $0.25"), "{ends:?}");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_cancelled_by_its_progress_and_by_command() {
    let bed = Bed::new().agent("codex", "Codex", &[finding("important", "Seven", 7, "")], &json!({})).agent(
        "gemini",
        "Gemini",
        &[],
        &json!({ "hang": true }),
    );
    let mut server = bed.serve(quiet()).await;
    for by_command in [false, true] {
        let params =
            json!({ "command": "deepReview.review", "arguments": [{}], "workDoneToken": format!("t{by_command}") });
        let answer = server.send("workspace/executeCommand", params).await;
        let hangs = |s: &TestServer| {
            s.told.iter().find(|(t, v)| v["kind"] != "end" && s.titles[*t] == "Review: Gemini").map(|(t, _)| t.clone())
        };
        server.until("Gemini at work", |s| hangs(s).is_some()).await;
        let elapsed = |v: &Value| v["message"].as_str().is_some_and(|m| m.contains(" · ") && m.ends_with(" s"));
        server.until("how long it has been at it", |s| hangs(s).is_some_and(|t| elapsed(&s.told[&t]))).await;
        let mut changes = server.changes;
        while agents(&mut server).await[0].1 != "reviewed" {
            server.until("Codex to be done", |s| s.changes > changes).await;
            changes = server.changes;
        }
        if by_command {
            assert_eq!(server.command("deepReview.cancel", json!({})).await, json!({ "cancelled": 1 }));
        } else {
            let token = hangs(&server).unwrap();
            server.notify("window/workDoneProgress/cancel", json!({ "token": token })).await;
        }
        let answer = server.answer(answer).await;
        // What was answered before is kept, and who did not answer is said.
        assert_eq!(answer["result"]["failed"][0]["agent"], "Gemini", "{answer}");
        server.until("the end of progress", |s| s.told.values().all(|v| v["kind"] == "end")).await;
        server.assert_balanced();
        server.until("Codex's finding", |s| s.messages_of(&bed.file) == ["Seven"]).await;
        let states = agents(&mut server).await;
        assert_eq!((states[0].1.as_str(), states[1].1.as_str()), ("reviewed", "failed"));
    }
    assert_eq!(server.command("deepReview.cancel", json!({})).await, json!({ "cancelled": 0 }));
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_request_takes_the_place_of_the_one_that_waits() {
    let bed = Bed::new().agent("slow", "Slow", &[], &json!({ "hang": true })).agent(
        "quick",
        "Quick",
        &[finding("important", "Seven", 7, "")],
        &json!({}),
    );
    let mut server = bed.serve(quiet()).await;
    let ask = |agent: &str, token: &str| json!({ "command": "deepReview.review", "arguments": [{ "agents": [agent] }], "workDoneToken": token });
    let running = server.send("workspace/executeCommand", ask("slow", "a")).await;
    server.until("the slow one at work", |s| s.titles.values().any(|t| t == "Review: Slow")).await;
    let replaced = server.send("workspace/executeCommand", ask("slow", "b")).await;
    let newest = server.send("workspace/executeCommand", ask("quick", "c")).await;
    let refused = server.answer(replaced).await;
    assert_eq!(refused["error"]["message"], "a newer request took the place of this one");
    assert_eq!(refused["error"]["code"], -32803);
    let id = server.titles.iter().find(|(_, t)| *t == "Review: Slow").map(|(t, _)| t.clone()).unwrap();
    server.notify("window/workDoneProgress/cancel", json!({ "token": id })).await;
    assert_eq!(server.answer(running).await["result"]["failed"][0]["agent"], "Slow");
    assert_eq!(server.answer(newest).await["result"]["failed"], json!([]));
    server.until("the newest's finding", |s| s.messages_of(&bed.file) == ["Seven"]).await;
    server.until("the end of progress", |s| s.told.values().all(|v| v["kind"] == "end")).await;
    server.assert_balanced();
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_agent_is_shown_as_failed_with_what_mends_it() {
    let fail = json!({ "fail": {
        "kind": "not-logged-in", "message": "nobody is logged in", "remedy": "run 'codex login'",
    } });
    let panics = json!({ "panic": true });
    let bed = Bed::new().agent("codex", "Codex", &[], &fail).agent("gemini", "Gemini", &[], &panics);
    let mut server = bed.serve(quiet()).await;
    let answer = review(&mut server, json!({})).await;
    assert_eq!(answer["failed"][0], json!({ "agent": "Codex", "why": "nobody is logged in: run 'codex login'" }));
    let states = agents(&mut server).await;
    assert_eq!(states[0], ("codex".into(), "failed".into(), "nobody is logged in: run 'codex login'".into()));
    assert_eq!(states[1].1, "failed", "a panic of an agent is its failure");
    assert_eq!(server.status().await[0]["round"]["incomplete"], true);
    server.until("the end of progress", |s| s.told.values().all(|v| v["kind"] == "end")).await;
    server.assert_balanced();
    let end = server.told.values().find_map(|v| v["message"].as_str().filter(|m| m.contains("logged"))).unwrap();
    assert!(end.starts_with("failed after") && end.ends_with("nobody is logged in: run 'codex login'"), "{end}");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reviewed_says_what_to_do() {
    let bed = Bed::new().agent("codex", "Codex", &[], &json!({}));
    let mut server = bed.serve(quiet()).await;
    for (argument, says) in [
        (json!({ "agents": ["nobody"] }), "there is no agent 'nobody'; did you mean 'codex'? (there are: codex)"),
        (json!({ "base": "mian" }), "did you mean 'main'?"),
    ] {
        let params = json!({ "command": "deepReview.review", "arguments": [argument], "workDoneToken": says });
        let id = server.send("workspace/executeCommand", params).await;
        let answer = server.answer(id).await;
        assert!(answer["error"]["message"].as_str().unwrap().contains(says), "{answer}");
        server.until("a message", |s| s.messages.iter().any(|m| m.contains(says))).await;
        server.messages.clear();
    }
    server.until("the end of progress", |s| s.told.values().all(|v| v["kind"] == "end")).await;
    server.assert_balanced();
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_there_is_nothing_to_review_is_said() {
    let bed = Bed::new().agent("codex", "Codex", &[], &json!({}));
    bed.repo.checkout("main");
    let mut server = bed.serve(quiet()).await;
    let answer = review(&mut server, json!({})).await;
    assert_eq!(answer["changed"], false, "{answer}");
    let says = "nothing to review: 'main' is itself what branches are compared with";
    server.until("a message", |s| s.messages.iter().any(|m| m.contains(says))).await;
    server.messages.clear();
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn fixes_are_applied_one_by_one_and_all_at_once() {
    let other = "@@ -1,3 +1,3 @@\n fn main() {\n-    let n = first();\n+    let n = second();\n     show(n);\n";
    let findings = [
        finding("critical", "Seven is not the number", 7, FIX),
        finding("suggestion", "First of what, says the reader", 2, other),
    ];
    let bed = Bed::new().agent("codex", "Codex", &findings, &json!({}));
    let mut server = bed.serve(quiet()).await;
    review(&mut server, json!({})).await;
    server.until("the findings", |s| s.list(&bed.file).len() == 2).await;
    server.open(&bed.file, AFTER).await;
    let dry = server.command("deepReview.applyFix", json!({ "id": "C1", "dryRun": true })).await;
    assert_eq!(dry["certain"], true);
    assert_eq!(server.last("workspace/applyEdit"), Value::Null, "a dry run changes nothing");
    assert_eq!(server.command("deepReview.applyFix", json!({ "id": "C1" })).await, json!({ "applied": true }));
    let edit = server.last("workspace/applyEdit");
    assert_eq!(edit["label"], "Fix C1");
    assert_eq!(edit["edit"], dry["edit"]);
    let change = &edit["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": uri(&bed.file), "version": 1 }));
    assert_eq!(change["edits"][0]["newText"], "    8\n");
    let all = server.command("deepReview.fixAll", json!({})).await;
    assert_eq!(all, json!({ "applied": ["C1", "S1"], "refused": [] }));
    let edits = server.last("workspace/applyEdit")["edit"]["documentChanges"][0]["edits"].as_array().unwrap().len();
    assert_eq!(edits, 2);
    // The place of one is edited by hand: it is refused, the other applies.
    server.edit(&bed.file, 2, [6, 4, 6, 5], "70").await;
    let all = server.command("deepReview.fixAll", json!({})).await;
    assert_eq!(all["applied"], json!(["S1"]));
    assert!(all["refused"][0].as_str().unwrap().starts_with("C1: the code that the fix changes was edited"), "{all}");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_agent_is_cancelled_the_others_go_on_and_each_has_a_log() {
    let bed = Bed::new()
        .agent("codex", "Codex", &[finding("important", "Seven", 7, "")], &json!({ "usage": { "input_tokens": 900 } }))
        .agent("gemini", "Gemini", &[], &json!({ "hang": true }));
    let mut server = bed.serve(quiet()).await;
    server.command("deepReview.review", json!({})).await;
    server.until("Codex's finding", |s| !s.list(&bed.file).is_empty()).await;
    let live = server.status().await[0]["agents"].clone();
    assert_eq!(
        (&live[0]["findings"], &live[0]["tokens"], &live[0]["kind"]),
        (&json!(1), &json!(900), &json!("recorded"))
    );
    assert!(live[1]["elapsedMs"].is_u64() && live[1].get("costUsd").is_none(), "{live}");
    let refused = server.refusal("deepReview.cancel", json!({ "agent": "codex" })).await;
    assert_eq!(refused, "codex is not reviewing now");
    assert_eq!(server.command("deepReview.cancel", json!({ "agent": "gemini" })).await, json!({ "cancelled": 1 }));
    server.until("the end", |s| s.told.values().all(|v| v["kind"] == "end") && s.told.len() == 2).await;
    loop {
        let changes = server.changes;
        if server.status().await[0]["running"] == false {
            break;
        }
        server.until("news", |s| s.changes > changes).await;
    }
    let after: Vec<_> = agents(&mut server).await.into_iter().map(|(name, state, _)| (name, state)).collect();
    assert_eq!(after, [("codex".into(), "reviewed".into()), ("gemini".into(), "failed".to_owned())]);
    assert_eq!(server.messages_of(&bed.file), ["Seven"], "what the others said is there");
    let log = server.command("deepReview.agentLog", json!({ "agent": "gemini" })).await["text"].to_string();
    assert!(log.contains("failed after") && log.contains("it was cancelled"), "{log}");
    let log = server.command("deepReview.agentLog", json!({ "agent": "codex" })).await["text"].to_string();
    assert!(log.contains("reviewed in") && log.contains("tokens read: 900"), "{log}");
    let nobody = server.refusal("deepReview.agentLog", json!({ "agent": "claude" })).await;
    assert_eq!(nobody, "claude has no part in the newest round");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_want_of_trust_leaves_out_is_said() {
    let bed = Bed::new().agent("codex", "Codex", &[], &json!({}));
    let mut options = quiet();
    options["trusted"] = json!(false);
    let mut server = bed.serve(options).await;
    let known = server.command("deepReview.agents", json!({})).await;
    let codex = known["agents"].as_array().unwrap().iter().find(|agent| agent["name"] == "codex").unwrap();
    assert_eq!(codex["usable"], false);
    assert_eq!(codex["detail"], "it is not asked: this folder is not trusted");
    assert_eq!(codex["why"], "not-allowed");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_rounds_and_another_look() {
    let bed = Bed::new().agent("codex", "Codex", &[finding("important", "Seven", 7, "")], &json!({})).agent(
        "gemini",
        "Gemini",
        &[],
        &json!({}),
    );
    let mut server = bed.serve(quiet()).await;
    let known = server.command("deepReview.agents", json!({})).await;
    let names: Vec<(&str, bool)> = known["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["name"].as_str().unwrap(), a["usable"].as_bool().unwrap()))
        .collect();
    assert!([("codex", true), ("gemini", true)].iter().all(|known| names.contains(known)), "{names:?}");
    assert!(names.iter().any(|(name, _)| *name == "claude"), "what could be brought in is listed too: {names:?}");
    let settings = json!({ "review": { "auto": "off" }, "agents": ["codex"] });
    server.settings = settings.clone();
    server.notify("workspace/didChangeConfiguration", json!({ "settings": { "deepReview": settings } })).await;
    review(&mut server, json!({})).await;
    assert_eq!(agents(&mut server).await.len(), 1, "the setting says who reviews");
    review(&mut server, json!({ "agents": ["codex", "gemini"] })).await;
    assert_eq!(agents(&mut server).await.len(), 2, "the request overrides it");
    assert_eq!(server.command("deepReview.recheck", json!({ "id": "I1" })).await, json!({ "started": true }));
    server.until("the finding", |s| s.messages_of(&bed.file) == ["Seven"]).await;
    loop {
        let changes = server.changes;
        let status = server.status().await;
        if status[0]["round"]["number"] == 3 && status[0]["running"] == false {
            break;
        }
        server.until("news", |s| s.changes > changes).await;
    }
    assert_eq!(agents(&mut server).await.len(), 1, "only those who raised it look again");
    let rounds = server.command("deepReview.rounds", json!({})).await;
    let numbers: Vec<u64> =
        rounds["rounds"].as_array().unwrap().iter().map(|r| r["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let old = server.command("deepReview.showReport", json!({ "round": "1" })).await;
    assert!(old["text"].as_str().unwrap().contains("Seven"), "{old}");
    server.until("the end of progress", |s| s.told.values().all(|v| v["kind"] == "end")).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_merged_is_split_and_joined_again() {
    let title = "The number seven is wrong here";
    let bed = Bed::new().agent("codex", "Codex", &[finding("important", title, 7, "")], &json!({})).agent(
        "gemini",
        "Gemini",
        &[finding("important", title, 7, "")],
        &json!({}),
    );
    let mut server = bed.serve(quiet()).await;
    review(&mut server, json!({})).await;
    server.until("one finding", |s| s.list(&bed.file).len() == 1).await;
    server.command("deepReview.split", json!({ "id": "I1" })).await;
    review(&mut server, json!({})).await;
    server.until("two findings", |s| s.list(&bed.file).len() == 2).await;
    server.command("deepReview.join", json!({ "ids": ["I1", "I2"] })).await;
    review(&mut server, json!({})).await;
    server.until("one finding again", |s| s.list(&bed.file).len() == 1).await;
    assert!(server.finish().await);
}

/// Runs the action of that title, and says which others there are if there is none.
async fn act(server: &mut TestServer, file: &std::path::Path, title: &str) {
    let actions = server.actions(file, 6, &["quickfix"]).await;
    let titles: Vec<&str> = actions.iter().map(|a| a["title"].as_str().unwrap()).collect();
    let action = actions.iter().find(|a| a["title"] == title).unwrap_or_else(|| panic!("no '{title}' in {titles:?}"));
    server.command(action["command"]["command"].as_str().unwrap(), action["command"]["arguments"][0].clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_split_or_joined_is_taken_back_by_an_action() {
    let (title, other) = ("The number seven is wrong here", "Nobody says where the socket is closed");
    let bed = Bed::new()
        .agent("codex", "Codex", &[finding("important", title, 7, ""), finding("suggestion", other, 7, "")], &json!({}))
        .agent("gemini", "Gemini", &[finding("important", title, 7, "")], &json!({}));
    let mut server = bed.serve(quiet()).await;
    review(&mut server, json!({})).await;
    server.until("two findings", |s| s.list(&bed.file).len() == 2).await;
    for (done, command) in [("split", "deepReview.split"), ("joined", "deepReview.join")] {
        let argument =
            if done == "split" { json!({ "id": "I1", "undo": true }) } else { json!({ "ids": ["I1"], "undo": true }) };
        let refused = server.refusal(command, argument).await;
        assert_eq!(refused, format!("nobody has {done} I1, so there is nothing to take back"));
    }
    for (does, undoes, findings) in [
        (
            "I1 is several issues: list each agent's remark by itself",
            "I1 is one issue after all: list its remarks together again",
            3,
        ),
        (
            "I1 is the same issue as S1 “Nobody says where the socket is closed”: list them as one",
            "I1 was joined by mistake: list its issues by themselves again",
            1,
        ),
    ] {
        act(&mut server, &bed.file, does).await;
        review(&mut server, json!({})).await;
        server.until("what was said", |s| s.list(&bed.file).len() == findings).await;
        act(&mut server, &bed.file, undoes).await;
        review(&mut server, json!({})).await;
        server.until("what was there before", |s| s.list(&bed.file).len() == 2).await;
    }
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_named_for_a_part_and_does_not_exist_is_said_and_nothing_runs() {
    for (setting, named) in [("[merge]\nadjudicator = 'codxe'\n", "merge.adjudicator"), ("", "lead")] {
        let mut bed = Bed::new().agent("codex", "Codex", &[], &json!({}));
        bed.config = if setting.is_empty() { format!("lead = 'codxe'\n{}", bed.config) } else { bed.config + setting };
        let mut server = bed.serve(quiet()).await;
        let says = format!("{named} in your configuration: there is no agent 'codxe'; did you mean 'codex'?");
        let params = json!({ "command": "deepReview.review", "arguments": [{}], "workDoneToken": named });
        let id = server.send("workspace/executeCommand", params).await;
        let refused = server.answer(id).await["error"]["message"].to_string();
        assert!(refused.contains(&says), "{refused}");
        server.until("a message", |s| s.messages.iter().any(|m| m.contains(&says))).await;
        server.messages.clear();
        assert!(server.finish().await);
    }
    // Where nothing but the built-in agents may run, whom the configuration names does not matter.
    let mut bed = Bed::new();
    bed.config = "[merge]\nadjudicator = 'codxe'\n".into();
    let mut options = quiet();
    options["trusted"] = json!(false);
    let mut server = bed.serve(options).await;
    review(&mut server, json!({})).await;
    server.until("the end of progress", |s| s.told.values().all(|v| v["kind"] == "end")).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_imported_as_a_round() {
    let bed = Bed::new();
    let report = bed.repo.beside("report.md");
    let round = store_round(&bed.repo, &[], &[]);
    let mut round = serde_json::to_value(&round).unwrap();
    let raw = json!({
        "id": "codex:1", "agent": "codex", "severity": "important", "title": "Seven", "body": "Because.",
        "anchors": [{ "path": "src/main.rs", "lines": { "start": 7, "end": 7 } }],
    });
    round["raw"] = json!([raw]);
    let mut found = super::harness::finding("I1", "src/main.rs", (7, 7), "");
    found["title"] = json!("Seven");
    round["findings"] = json!([found]);
    let round = serde_json::from_value(round).unwrap();
    let text =
        report::write(report::Format::Markdown, &round, &finding::Decisions::default(), &report::Texts::default());
    std::fs::write(&report, text).unwrap();
    let mut server = bed.serve(quiet()).await;
    let missing = server.refusal("deepReview.importReport", json!({ "files": ["/nowhere.md"] })).await;
    assert!(missing.contains("/nowhere.md"), "{missing}");
    let done = server.command("deepReview.importReport", json!({ "files": [report] })).await;
    assert_eq!(done["findings"], 1, "{done}");
    server.until("its finding", |s| s.messages_of(&bed.file) == ["Seven"]).await;
    assert!(server.finish().await);
}

/// A branch with something that the built-in agents find.
fn leftover() -> Repo {
    let repo = Repo::with_topic(&[("a.py", "def a():\n    return 1\n")]);
    repo.write("a.py", "def a():\n    breakpoint()\n    return 1\n");
    repo.commit("Look");
    repo
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_agents_look_by_themselves_and_rounds_do_not_pile_up() {
    let repo = leftover();
    let file = repo.path().join("a.py");
    let options = json!({ "review": { "auto": "builtin" } });
    let mut server = TestServer::start(&[repo.path()], able(), options).await;
    server.until("the left-over", |s| s.list(&file).len() == 1 && s.list(&file)[0].1 == 1).await;
    let number = server.status().await[0]["round"]["number"].clone();
    assert_eq!(number, 1);
    // No two of them have the line in common, so that what is seen was looked at.
    let first = "import b\n\nx = 1\nif x:\n  breakpoint()\n";
    let text = "y = 2\nz = 3\nfor n in y:\n    for m in z:\n        breakpoint()\n";
    server.open(&file, "def a():\n    breakpoint()\n    return 1\n").await;
    for (version, text) in [(2, first), (3, "def a():\n    return 1\n"), (4, text)] {
        server.change(&file, version, text).await;
        repo.write("a.py", text);
        server.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri(&file) } })).await;
        let expected: Vec<u64> = if text.contains("breakpoint") { vec![4] } else { vec![] };
        server
            .until("what the saved text has", |s| s.list(&file).iter().map(|d| d.1).collect::<Vec<_>>() == expected)
            .await;
        assert!(server.status().await[0]["round"]["number"].as_u64().is_none_or(|n| n == 1), "no number is used up");
    }
    let rounds = server.command("deepReview.rounds", json!({})).await;
    assert_eq!(rounds["rounds"], json!([]), "nothing was stored");
    let report = server.command("deepReview.showReport", json!({})).await;
    assert!(report["text"].as_str().unwrap().contains("a.py"), "what is shown can be reported");
    // A decision holds for what is seen later.
    let label = server.list(&file)[0].0.clone();
    server.command("deepReview.dismiss", json!({ "id": label, "reason": "wont-fix" })).await;
    server.until("it to go", |s| s.list(&file).is_empty()).await;
    server.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri(&file) } })).await;
    server.synced().await;
    assert_eq!(server.list(&file), []);
    assert!(server.titles.is_empty(), "nobody asked for it, so there is no progress");
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_agents_look_at_a_branch_when_it_is_checked_out() {
    let repo = leftover();
    let file = repo.path().join("a.py");
    repo.checkout("main");
    let mut server = TestServer::start(&[repo.path()], able(), json!({ "review": { "auto": "builtin" } })).await;
    server.settled().await;
    assert_eq!(server.list(&file), []);
    repo.checkout("topic");
    server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
    server.until("the left-over", |s| s.list(&file).iter().map(|d| d.1).collect::<Vec<_>>() == [1]).await;
    repo.checkout("main");
    server.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] })).await;
    server.until("nothing on main", |s| s.list(&file).is_empty()).await;
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_by_itself_where_the_client_says_off_or_others_have_reviewed() {
    let repo = leftover();
    let file = repo.path().join("a.py");
    // The settings come by `workspace/configuration` alone, after the repository was found.
    let mut server = TestServer::start(&[repo.path()], able(), Value::Null).await;
    server.settings = quiet();
    server.settled().await;
    server.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri(&file) } })).await;
    server.synced().await;
    assert!(server.status().await[0].get("round").is_none());
    assert_eq!(server.pushed, Vec::<Value>::new());
    assert!(server.finish().await);
    // Another agent's round is not pushed aside.
    let others = super::harness::finding("I1", "a.py", (1, 1), "");
    store_round(&repo, &[others], &[("a.py", &repo.read("a.py"))]);
    let mut server = TestServer::start(&[repo.path()], able(), json!({ "review": { "auto": "builtin" } })).await;
    server.settled().await;
    server.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri(&file) } })).await;
    server.synced().await;
    assert_eq!(server.list(&file), [("I1".into(), 0, 0)]);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hover_has_every_agents_words_and_what_is_doubtful_is_a_hint() {
    let said = |severity: &str, evidence: &str| {
        let mut seven = finding(severity, "Seven is returned, whatever is asked", 7, "");
        seven["evidence"] = json!(evidence);
        seven
    };
    let mut made_up = finding("important", "The lock is never released", 2, "");
    made_up["places"][0]["quote"] = json!("    let guard = lock.acquire_forever();");
    let codex = [said("critical", "Traced by codex: main.rs:7."), made_up];
    let bed = Bed::new().agent("codex", "Codex", &codex, &json!({})).agent(
        "gemini",
        "Gemini",
        &[said("important", "Traced by gemini: main.rs:2.")],
        &json!({}),
    );
    let mut server = bed.serve(quiet()).await;
    review(&mut server, json!({})).await;
    server.until("both findings", |s| s.messages_of(&bed.file).len() == 2).await;
    let at = json!({ "textDocument": { "uri": uri(&bed.file) }, "position": { "line": 6, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await["contents"]["value"].as_str().unwrap().to_owned();
    assert!(hover.contains("Traced by codex") && hover.contains("Traced by gemini"), "{hover}");
    assert!(hover.contains("\n> **"), "what others say is set apart: {hover}");
    let position = |text: &str| hover.find(text).unwrap_or_else(|| panic!("no {text} in {hover}"));
    assert!(position("at length") < position("Codex (Critical)"), "the explanation comes first");
    let shown = server.shown[&uri(&bed.file)]["diagnostics"].as_array().unwrap().clone();
    let doubtful = shown.iter().find(|d| d["message"] == "The lock is never released (doubtful)");
    assert_eq!(doubtful.unwrap_or_else(|| panic!("{shown:#?}"))["severity"], 4);
    assert!(server.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hover_beside_the_diagnostic_repeats_nothing_of_it() {
    let title = "The number seven <b>is</b> wrong here";
    let said = |severity: &str, words: &str| {
        let mut seven = finding(severity, title, 7, FIX);
        seven["body"] = json!(words);
        seven
    };
    let bed = Bed::new()
        .agent("codex", "Codex", &[said("critical", "Seven is odd, and the caller wants even numbers.")], &json!({}))
        .agent("gemini", "Gemini", &[said("important", "It should be eight.")], &json!({}));
    let mut options = quiet();
    options["hover"] = json!("rich");
    let mut server = bed.serve(options).await;
    review(&mut server, json!({})).await;
    server.until("the finding", |s| s.messages_of(&bed.file).len() == 1).await;
    let at = json!({ "textDocument": { "uri": uri(&bed.file) }, "position": { "line": 6, "character": 4 } });
    let hover = server.request("textDocument/hover", at).await["contents"]["value"].as_str().unwrap().to_owned();
    assert!(hover.starts_with("Seven is odd"), "the explanation comes first: {hover}");
    for once in ["Codex: Critical", "It should be eight", "```diff", "-    7"] {
        assert_eq!(hover.matches(once).count(), 1, "{once} in {hover}");
    }
    let folded = "<details><summary>Gemini: The number seven &lt;b&gt;is&lt;/b&gt; wrong here</summary>";
    assert!(hover.contains(folded) && hover.contains("\n</details>"), "{hover}");
    let shown = server.shown[&uri(&bed.file)]["diagnostics"][0].clone();
    assert!(shown.get("relatedInformation").is_none(), "what the hover says is not said beside it too: {shown}");
    let explained = server.request("deepReview/explain", json!({ "id": shown["code"] })).await;
    assert_eq!(explained["markdown"], hover);
    assert!(server.finish().await);
}
