use super::*;
use serde_json::json;

#[test]
fn servers_are_waited_for_as_they_say() {
    let header = |name: &'static str, value: &str| {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        told_in_headers(&headers)
    };
    assert_eq!(header("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
    assert_eq!(header("retry-after", " 2 "), Some(Duration::from_secs(2)));
    assert_eq!(header("retry-after", "-1"), None);
    assert_eq!(header("retry-after", "1e300"), None);
    assert_eq!(header("retry-after", "soon"), None);
    let date = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let date = jiff::fmt::rfc2822::to_string(&date.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
    assert!(header("retry-after", &date).unwrap() > Duration::from_secs(50), "{date}");
    let body = serde_json::json!({"error": {"details": [{"@type": "x"}, {"retryDelay": "1.5s"}]}});
    assert_eq!(told_in_body(&body), Some(Duration::from_millis(1500)));
}

#[test]
fn keys_go_only_where_the_user_says() {
    let agent = |url: Option<&str>, key_env: Option<&str>| {
        let mut settings = AgentSettings::new(Adapter::OpenaiHttp);
        settings.url = url.map(Into::into);
        settings.key_env = key_env.map(Into::into);
        settings.env = [("OPENAI_API_KEY".to_owned(), "default".to_owned()), ("OWN".into(), " own\n".into())].into();
        let agent = HttpAgent::new(AgentName::new("x"), settings).unwrap();
        agent.key().map(|k| k.map(|k| k.expose_secret().to_owned())).map_err(|f| f.message)
    };
    assert_eq!(agent(None, None), Ok(Some("default".into())));
    assert_eq!(agent(Some("http://other.example"), None), Ok(None), "another server does not get the vendor's key");
    assert_eq!(agent(Some("http://other.example"), Some("OWN")), Ok(Some("own".into())));
    assert_eq!(agent(None, Some("NO_SUCH_KEY_HERE")), Err("the environment has no NO_SUCH_KEY_HERE".into()));
}

#[test]
fn only_loopback_addresses_are_local() {
    for (url, local) in [
        ("http://127.0.0.1:8080/v1", true),
        ("http://localhost:11434", true),
        ("http://[::1]:1", true),
        ("http://127.0.0.1.evil.example", false),
        ("https://api.example", false),
    ] {
        let mut settings = AgentSettings::new(Adapter::ChatHttp);
        settings.url = Some(url.into());
        assert_eq!(HttpAgent::new(AgentName::new("x"), settings).unwrap().is_local(), local, "{url}");
    }
}

#[test]
fn the_request_of_each_form_is_what_its_vendor_takes() {
    let schema = serde_json::json!({"type": "object"});
    let ask = |api: &dyn Api, schema| {
        api.call(Exchange {
            model: "m",
            effort: None,
            prompt: "p",
            schema,
            max_output_tokens: 9,
            tools: &[],
            turns: &[],
        })
    };
    let apis: [(&dyn Api, &str, &str); 4] = [
        (&anthropic::Anthropic, "/v1/messages", "/output_config/format/schema"),
        (&openai::OpenAi, "/responses", "/text/format/schema"),
        (&chat::Chat, "/chat/completions", "/response_format/json_schema/schema"),
        (&gemini::Gemini, "/v1beta/models/m:streamGenerateContent?alt=sse", "/generationConfig/responseJsonSchema"),
    ];
    for (api, path, pointer) in apis {
        let call = ask(api, Some(&schema));
        assert_eq!((call.path.as_str(), call.body.pointer(pointer)), (path, Some(&schema)));
        assert_eq!(ask(api, None).body.pointer(pointer), None);
        assert!(!call.key_header.0.is_empty());
    }
}

/// A call, as each form's server streams it, and how the answer goes back.
#[test]
fn what_a_model_asks_is_read_in_every_form_and_answered_in_it() {
    let events: [(&dyn Api, Vec<Value>); 4] = [
        (
            &anthropic::Anthropic,
            vec![
                json!({"type": "content_block_start", "content_block": {"type": "thinking", "thinking": ""}}),
                json!({"type": "content_block_delta", "delta": {"thinking": "hm"}}),
                json!({"type": "content_block_delta", "delta": {"signature": "s"}}),
                json!({"type": "content_block_stop"}),
                json!({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "c", "name": "list", "input": {}}}),
                json!({"type": "content_block_delta", "delta": {"partial_json": "{\"path\":"}}),
                json!({"type": "content_block_delta", "delta": {"partial_json": " \"src\"}"}}),
                json!({"type": "content_block_stop"}),
                json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
                json!({"type": "message_stop"}),
            ],
        ),
        (
            &openai::OpenAi,
            vec![
                json!({"type": "response.output_item.done", "item": {"type": "reasoning", "encrypted_content": "e"}}),
                json!({"type": "response.output_item.done", "item": {"type": "function_call", "call_id": "c", "name": "list", "arguments": "{\"path\": \"src\"}"}}),
                json!({"type": "response.completed", "response": {}}),
            ],
        ),
        (
            &chat::Chat,
            vec![
                json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "list", "arguments": "{\"pa"}}]}}]}),
                json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "th\": \"src\"}"}}]}}]}),
                json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
            ],
        ),
        (
            &gemini::Gemini,
            vec![json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
                {"functionCall": {"id": "c", "name": "list", "args": {"path": "src"}}, "thoughtSignature": "t"}]}}]})],
        ),
    ];
    let tools = Toolbox::of(&Brief::new(git::Snapshot::in_memory(&[], &[])), 9000).tools();
    for (api, events) in events {
        let mut collected = Collected::default();
        events.iter().for_each(|event| api.event(event, &mut collected));
        assert!(collected.done && collected.failure.is_none(), "{api:?}");
        let call = ToolCall { id: "c".into(), name: "list".into(), arguments: json!({"path": "src"}) };
        assert_eq!(collected.calls, std::slice::from_ref(&call), "{api:?}");
        let turns = [Turn { said: collected.said, answers: vec![(call, "a.rs".to_owned())] }];
        let schema = json!({"type": "object"});
        let question = Exchange {
            model: "m",
            effort: None,
            prompt: "stable\n# The change\nnew",
            schema: Some(&schema),
            max_output_tokens: 9,
            tools: &tools,
            turns: &turns,
        };
        let body = api.call(question).body.to_string();
        // What it thought goes back unchanged, its question, and the answer; after the whole prompt.
        let parts: &[&str] = match body.as_str() {
            b if b.contains("input_schema") => {
                &["\"signature\":\"s\"", "\"tool_use\"", "\"tool_result\"", "\"tool_use_id\":\"c\"", "ephemeral"]
            }
            b if b.contains("function_call_output") => {
                &["\"encrypted_content\":\"e\"", "\"call_id\":\"c\"", "\"output\":\"a.rs\""]
            }
            b if b.contains("tool_call_id") => &["\"tool_calls\"", "\"role\":\"tool\"", "\"content\":\"a.rs\""],
            _ => &["\"thoughtSignature\":\"t\"", "functionResponse", "functionDeclarations"],
        };
        assert!(parts.iter().all(|part| body.contains(part)), "{api:?}: {body}");
        assert!(body.contains("a.rs") && body.contains("# The change"), "{body}");
    }
}

#[test]
fn what_a_server_refuses_is_left_out_one_by_one() {
    let mut with = Extras { schema: true, effort: true, tools: true };
    let refusal = |text: &str| Failure::new(FailureKind::Crashed, text);
    assert!(!with.without_refused(&refusal("model is unknown")));
    assert!(!with.without_refused(&Failure::new(FailureKind::RateLimited, "tools: try later")));
    assert!(with.without_refused(&refusal("'tools' is not supported")) && !with.tools);
    assert!(!with.without_refused(&refusal("'tools' is not supported")), "once is enough");
    assert!(with.without_refused(&refusal("unknown parameter reasoning_effort")) && !with.effort);
    assert!(with.without_refused(&refusal("Invalid schema for response_format")) && !with.schema);
}
