//! The protocol: what is offered, what is wrong, what is not there.

use super::client::{Bed, Client, hello};
use serde_json::{Value, json};

#[tokio::test]
async fn tools_resources_and_prompts_are_offered_in_full() {
    let bed = Bed::usual();
    let mut client = bed.reviewed().await;
    let names: Vec<&str> = client.tools().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let wanted = ["findings", "finding", "apply_fix", "verify", "dismiss", "review", "ask", "rounds", "report"];
    assert_eq!(names, wanted);
    for tool in client.tools() {
        for schema in [&tool["inputSchema"], &tool["outputSchema"]] {
            assert_eq!(schema["type"], "object", "{tool}");
            assert!(!schema.to_string().contains("$ref"), "not every client follows references: {schema}");
            assert!(!schema.to_string().contains("\"format\":\"uint"), "no format that JSON Schema knows: {schema}");
        }
        assert!(!tool["inputSchema"].to_string().contains("null"), "what may be left out is no text: {tool}");
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
        assert!(tool["description"].as_str().unwrap().len() > 40 && tool["annotations"].is_object(), "{tool}");
    }
    let listed = client.request("resources/list", json!({})).await;
    let uris: Vec<&str> =
        listed["result"]["resources"].as_array().unwrap().iter().map(|r| r["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, ["deep-review://rounds", "deep-review://rounds/1/report.md"]);
    for (uri, has) in [
        ("deep-review://rounds", "round 1 of "),
        ("deep-review://rounds/1/report.md", "The count is cut"),
        ("deep-review://rounds/1/findings/c1", "at length."),
    ] {
        let read = client.request("resources/read", json!({ "uri": uri })).await;
        let text = read["result"]["contents"][0]["text"].as_str().unwrap_or_else(|| panic!("{uri}: {read}"));
        assert!(text.contains(has), "{uri}: {text}");
    }
    for uri in ["deep-review://rounds/9/report.md", "deep-review://rounds/1/findings/C9", "file:///etc/passwd", "x", ""]
    {
        let read = client.request("resources/read", json!({ "uri": uri })).await;
        assert!(read["error"]["message"].is_string(), "{uri}: {read}");
    }
    let templates = client.request("resources/templates/list", json!({})).await;
    assert_eq!(templates["result"]["resourceTemplates"].as_array().unwrap().len(), 2);
    let prompts = client.request("prompts/list", json!({})).await;
    let prompts: Vec<Value> = prompts["result"]["prompts"].as_array().unwrap().clone();
    assert_eq!(prompts.len(), 2);
    for prompt in &prompts {
        let got = client.request("prompts/get", json!({ "name": prompt["name"] })).await;
        let text = got["result"]["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(text.contains("verify") && text.contains("not instructions"), "{text}");
    }
    let name = "fix-open-findings";
    let got = client.request("prompts/get", json!({ "name": name, "arguments": { "severity": "critical" } })).await;
    assert!(got.to_string().contains("with severity \\\"critical"), "{got}");
    for params in [json!({ "name": "none" }), json!({ "name": name, "arguments": { "severity": "huge" } })] {
        assert!(client.request("prompts/get", params).await["error"].is_object());
    }
    client.leave().await;
}

/// What is wrong with a call is said so that a model can do it right.
#[tokio::test]
async fn a_wrong_call_says_what_to_do_instead() {
    let bed = Bed::usual();
    let mut client = bed.reviewed().await;
    for (tool, arguments, says) in [
        ("findings", json!({ "sevrity": "critical" }), "unknown field `sevrity`"),
        ("findings", json!({ "severity": "huge" }), "unknown variant `huge`"),
        ("findings", json!({ "limit": 0 }), "1 to 200"),
        ("findings", json!({ "limit": 100_000 }), "1 to 200"),
        ("findings", json!({ "limit": -1 }), "invalid value"),
        ("findings", json!({ "cursor": "x" }), "is no cursor"),
        ("findings", json!({ "cursor": "1:-5" }), "is no cursor"),
        ("findings", json!({ "round": 99 }), "call rounds"),
        ("findings", json!({ "file": "../../etc" }), "from the top of the repository"),
        ("findings", json!({ "agent": "nobody" }), "has no part in round 1"),
        ("finding", json!({}), "missing field `id`"),
        ("finding", json!({ "id": "C9" }), "call findings"),
        ("finding", json!({ "id": "" }), "call findings"),
        ("finding", json!({ "id": 7 }), "expected a string"),
        ("apply_fix", json!({ "id": "C1", "fix": 7 }), "has no fix number 7"),
        ("verify", json!({ "ids": [] }), "nothing was named"),
        ("verify", json!({ "ids": ["C1", "C9"] }), "no finding 'C9'"),
        ("verify", json!({ "ids": vec!["C1"; 1_000] }), "at most 100"),
        ("dismiss", json!({ "id": "C1" }), "missing field `reason`"),
        ("dismiss", json!({ "id": "C1", "reason": "x".repeat(5_000) }), "say it shorter"),
        ("review", json!({ "agents": ["nobody"] }), "there is no agent 'nobody'"),
        ("review", json!({ "base": "no-such-branch" }), "no-such-branch"),
        ("review", json!({ "instructions": "x".repeat(9_000) }), "say it shorter"),
        ("report", json!({ "page": 0 }), "there is no page 0"),
        ("report", json!({ "page": 99 }), "there is no page 99"),
        ("report", json!({ "format": "docx" }), "unknown variant `docx`"),
        ("rounds", json!({ "before": "x" }), "invalid type"),
    ] {
        let said = client.call(tool, arguments.clone()).await;
        let said = said.expect_err(&format!("{tool} {arguments}"));
        assert!(said.contains(says), "{tool} {arguments}: {said}");
    }
    assert_eq!(client.call("findings", json!({})).await.unwrap()["total"], 2, "it goes on");
}

#[tokio::test]
async fn where_nothing_is_it_says_what_to_do() {
    let bed = Bed::usual();
    let mut client = Client::connect(bed.settings()).await;
    let said = client.call("findings", json!({})).await.unwrap_err();
    assert!(said.contains("no round on this branch yet") && said.contains("call review"), "{said}");
    assert_eq!(client.call("rounds", json!({})).await.unwrap()["rounds"], json!([]));
    let elsewhere = tempfile::tempdir().unwrap();
    let mut settings = bed.settings();
    settings.folder = elsewhere.path().to_owned();
    let mut client = Client::connect(settings).await;
    let said = client.call("findings", json!({})).await.unwrap_err();
    assert!(said.contains("repository"), "{said}");
}

#[tokio::test]
async fn messages_that_are_none_do_no_harm() {
    let bed = Bed::usual();
    let mut client = bed.reviewed().await;
    for line in [
        "",
        "{",
        "null",
        "[]",
        "{\"jsonrpc\":\"2.0\"}",
        "\u{0}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/none\"}",
    ] {
        client.send_text(line).await;
    }
    let unknown = client.request("tools/call", json!({ "name": "shell", "arguments": { "command": "id" } })).await;
    assert!(unknown["error"]["message"].as_str().unwrap().contains("there are findings, finding"), "{unknown}");
    let unknown = client.request("no/such/method", json!({})).await;
    assert!(unknown["error"]["code"].is_i64(), "{unknown}");
    let wrong = client.request("tools/call", json!({ "arguments": {} })).await;
    assert!(wrong["error"].is_object(), "{wrong}");
    assert_eq!(client.call("findings", json!({})).await.unwrap()["total"], 2);
    client.leave().await;
}

#[tokio::test]
async fn who_goes_at_once_wants_nothing() {
    let bed = Bed::usual();
    Client::raw(bed.settings()).leave().await;
    let mut client = Client::raw(bed.settings());
    let id = client.ask("initialize", hello()).await;
    client.answer(id).await;
    client.leave().await;
}
