use super::*;

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
        api.call(Exchange { model: "m", effort: None, prompt: "p", schema, max_output_tokens: 9 })
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
