//! Models behind HTTP, against the stand-in for their vendors.

use super::mock::{self, Mock};
use deep_review::agent::{Adapter, AgentSettings, Availability};
use deep_review::finding::FailureKind::{self, *};
use std::time::{Duration, Instant};

const FORMS: [Adapter; 4] = [Adapter::AnthropicHttp, Adapter::OpenaiHttp, Adapter::ChatHttp, Adapter::GeminiHttp];

fn settings(adapter: Adapter, mock: &Mock, scenario: &str) -> AgentSettings {
    let mut settings = AgentSettings::new(adapter);
    let path = if matches!(adapter, Adapter::OpenaiHttp | Adapter::ChatHttp) { "/v1" } else { "" };
    settings.url = Some(mock.url(scenario) + path);
    settings.model = Some("mock-model".into());
    settings.key_env = Some("KEY".into());
    settings.env = [("KEY".to_owned(), "sk-test".to_owned())].into();
    settings.retries = Some(0);
    settings
}

#[tokio::test]
async fn every_outcome_of_every_form_has_its_kind_and_words() {
    let Some(mock) = Mock::start() else { return };
    let refused = "the vendor does not accept the credentials";
    // The scenario; findings or the kind; what the message starts with.
    let table: [(&str, Result<usize, FailureKind>, &str); 15] = [
        ("ok", Ok(1), ""),
        ("slow", Ok(1), ""),
        ("fenced", Ok(1), ""),
        ("text", Err(BadOutput), "its answer is not JSON"),
        ("text-then-ok", Ok(1), ""),
        ("badjson", Err(BadOutput), "its answer was cut: 0 complete findings were kept, the rest was lost"),
        ("wrongschema", Err(BadOutput), "its answer is JSON, but not a review"),
        ("e400", Err(Crashed), "the vendor refused the request (400: mock error 400)"),
        ("e401", Err(NotLoggedIn), refused),
        ("e403", Err(NotLoggedIn), refused),
        ("e404", Err(Crashed), "the vendor does not know the model or address (404: mock error 404)"),
        ("e429", Err(RateLimited), "the vendor's rate limit or quota is reached (429: mock error 429)"),
        ("e500", Err(Overloaded), "the vendor is overloaded or broken (500: mock error 500)"),
        ("e529", Err(Overloaded), "the vendor is overloaded or broken (529: mock error 529)"),
        ("garbage", Err(BadOutput), "the server answered with something else than events: <html>hello</html>"),
    ];
    for (form, adapter) in FORMS.into_iter().enumerate() {
        for (scenario, expected, message) in &table {
            let own = if scenario.contains("then") { format!("{scenario}-{form}") } else { (*scenario).to_owned() };
            let outcome = mock::run(settings(adapter, &mock, &own)).await;
            let got = outcome.failure.as_ref().map_or(Ok(outcome.answer.findings.len()), |f| Err(f.kind));
            assert_eq!(got, *expected, "{adapter:?} {scenario}: {:?}", outcome.failure);
            let said = outcome.failure.map(|f| f.message).unwrap_or_default();
            assert!(said.starts_with(message), "{adapter:?} {scenario}: {said}");
            if *scenario == "ok" {
                assert_eq!((outcome.usage.input_tokens, outcome.usage.output_tokens), (Some(1000), Some(200)));
                assert_eq!(outcome.prompt.as_deref(), Some("1"));
            }
        }
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let Some(mock) = Mock::start() else { return };
    for (form, adapter) in FORMS.into_iter().enumerate() {
        for scenario in ["e429-then-ok", "e503-then-ok", "cut-then-ok"] {
            let mut settings = settings(adapter, &mock, &format!("{scenario}-{form}"));
            settings.retries = Some(1);
            let started = Instant::now();
            let outcome = mock::run(settings).await;
            assert_eq!(outcome.failure, None, "{adapter:?} {scenario}");
            assert!(started.elapsed() >= Duration::from_secs(1), "it waits as told");
        }
        let mut late = settings(adapter, &mock, "late");
        late.retries = Some(3);
        let started = Instant::now();
        let failure = mock::run(late).await.failure;
        assert_eq!(failure.map(|f| f.kind), Some(RateLimited));
        assert!(started.elapsed() < Duration::from_secs(30), "nobody waits for an hour");
    }
}

#[tokio::test]
async fn an_answer_cut_by_length_or_connection_keeps_its_complete_findings() {
    let Some(mock) = Mock::start() else { return };
    for (adapter, scenario) in
        [(Adapter::AnthropicHttp, "max_tokens"), (Adapter::ChatHttp, "length"), (Adapter::GeminiHttp, "MAX_TOKENS")]
    {
        let outcome = mock::run(settings(adapter, &mock, scenario)).await;
        let failure = outcome.failure.unwrap();
        assert_eq!((failure.kind, failure.message.as_str()), (BadOutput, "its answer was cut at its token limit"));
        assert_eq!(outcome.answer.findings.len(), 1, "{adapter:?}");
    }
    for adapter in FORMS {
        let outcome = mock::run(settings(adapter, &mock, "cut")).await;
        assert_eq!(outcome.failure.map(|f| f.kind), Some(Unreachable), "{adapter:?}");
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_a_cancel_is_obeyed_at_once() {
    let Some(mock) = Mock::start() else { return };
    for adapter in FORMS {
        let mut silent = settings(adapter, &mock, "hang");
        silent.idle_seconds = Some(1);
        assert_eq!(mock::run(silent).await.failure.map(|f| f.kind), Some(TimedOut), "{adapter:?}");
        let agent = mock::agent(settings(adapter, &mock, "hang"));
        let (brief, session) = (mock::brief(), mock::session());
        let cancel = session.cancel.clone();
        let started = Instant::now();
        let (outcome, ()) = tokio::join!(agent.review(&brief, &session), async move {
            tokio::task::yield_now().await;
            cancel.cancel();
        });
        assert_eq!(outcome.failure.map(|f| f.kind), Some(Cancelled), "{adapter:?}");
        assert!(started.elapsed() < Duration::from_millis(500));
    }
}

#[tokio::test]
async fn without_a_server_it_says_so() {
    let mut settings = AgentSettings::new(Adapter::ChatHttp);
    settings.url = Some("http://127.0.0.1:1/v1".into());
    settings.model = Some("m".into());
    settings.retries = Some(0);
    let failure = mock::run(settings.clone()).await.failure.unwrap();
    assert_eq!(failure.kind, Unreachable);
    assert!(failure.message.starts_with("the server cannot be reached: "), "{failure}");
    let Availability::Unusable(failure) = mock::agent(settings).availability().await else { panic!("usable") };
    assert_eq!(failure.remedy.as_deref(), Some("start the server that listens at http://127.0.0.1:1/v1"));
}

#[tokio::test]
async fn the_key_and_the_schema_are_sent_and_secrets_are_not() {
    let Some(mock) = Mock::start() else { return };
    let new = "password = \"hunter2hunter2\"\n";
    let snapshot = deep_review::git::Snapshot::in_memory(&[], &[("a.py", new)]);
    let brief = deep_review::agent::Brief::new(snapshot);
    for adapter in FORMS {
        let _ = mock::agent(settings(adapter, &mock, "ok")).review(&brief, &mock::session()).await;
    }
    let log = mock.log();
    assert_eq!(log.len(), FORMS.len());
    for request in log {
        let all = request.to_string();
        assert!(all.contains("sk-test") && all.contains("additionalProperties"), "{all}");
        assert!(all.contains("MASKED_SECRET_") && !all.contains("hunter2"), "{all}");
    }
}
