//! Models behind HTTP, against a small server that stands for their vendors: every outcome, and what the user reads.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use super::mock;
use super::vendor::{self, Step, Vendor};
use crate::cli::{self, bed::Bed};
use deep_review::agent::{Adapter, AgentSettings, Availability};
use deep_review::finding::FailureKind::{self, *};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FORMS: [Adapter; 4] = [Adapter::AnthropicHttp, Adapter::OpenaiHttp, Adapter::ChatHttp, Adapter::GeminiHttp];

fn settings(adapter: Adapter, vendor: &Vendor) -> AgentSettings {
    let mut settings = AgentSettings::new(adapter);
    let path = if matches!(adapter, Adapter::OpenaiHttp | Adapter::ChatHttp) { "/v1" } else { "" };
    settings.url = Some(vendor.url() + path);
    settings.model = Some("mock-model".into());
    settings.key_env = Some("KEY".into());
    settings.env = [("KEY".to_owned(), "sk-test".to_owned())].into();
    settings.retries = Some(0);
    settings
}

fn review() -> String {
    mock::review().to_string()
}

fn status(code: u16) -> Vec<Step> {
    vec![Step::Status(code, "")]
}

#[tokio::test]
async fn every_outcome_of_every_form_has_its_kind_and_words() {
    let whole = review();
    let says = |text: String| vec![Step::Says(text)];
    // What the server does; findings or the kind; what the user reads.
    let table: Vec<(Vec<Step>, Result<usize, FailureKind>, &str)> = vec![
        (says(whole.clone()), Ok(1), ""),
        (vec![Step::Slowly(whole.clone())], Ok(1), ""),
        (says(format!("Here is my review:\n```json\n{whole}\n```\nHope this helps!")), Ok(1), ""),
        (says("No findings.".into()), Err(BadOutput), "its answer is not JSON"),
        (vec![Step::Says("Division by zero in src/lib.rs.".into()), Step::Says(whole.clone())], Ok(1), ""),
        (
            says("{\"summary\": \"cut off\", \"findings\": [".into()),
            Err(BadOutput),
            "its answer was cut: 0 complete findings were kept, the rest was lost",
        ),
        (says("{\"oops\": true}".into()), Err(BadOutput), "its answer is JSON, but not a review"),
        (status(400), Err(Crashed), "the vendor refused the request (400: mock error 400)"),
        (status(401), Err(NotLoggedIn), "the vendor does not accept the credentials (401: mock error 401)"),
        (status(403), Err(NotLoggedIn), "the vendor does not accept the credentials (403: mock error 403)"),
        (status(404), Err(Crashed), "the vendor does not know the model or address (404: mock error 404)"),
        (status(413), Err(TooLarge), "the brief is too large for the vendor (413: mock error 413)"),
        (status(429), Err(RateLimited), "the vendor's rate limit or quota is reached (429: mock error 429)"),
        (status(500), Err(Overloaded), "the vendor is overloaded or broken (500: mock error 500)"),
        (status(503), Err(Overloaded), "the vendor is overloaded or broken (503: mock error 503)"),
        (status(529), Err(Overloaded), "the vendor is overloaded or broken (529: mock error 529)"),
        (vec![Step::Breaks(whole.clone())], Err(Unreachable), "the connection broke: "),
        (
            vec![Step::Garbage],
            Err(BadOutput),
            "the server answered with something else than events: <html>hello</html>",
        ),
    ];
    for adapter in FORMS {
        for (steps, expected, message) in &table {
            let vendor = Vendor::start(steps.clone());
            let outcome = mock::run(settings(adapter, &vendor)).await;
            let got = outcome.failure.as_ref().map_or(Ok(outcome.answer.findings.len()), |f| Err(f.kind));
            assert_eq!(got, *expected, "{adapter:?} {steps:?}: {:?}", outcome.failure);
            let said = outcome.failure.map(|f| f.message).unwrap_or_default();
            assert!(
                said.starts_with(message) && (said.is_empty() == message.is_empty()),
                "{adapter:?} {steps:?}: {said}"
            );
            if expected.is_ok() && steps.len() == 1 {
                assert_eq!((outcome.usage.input_tokens, outcome.usage.output_tokens), (Some(1000), Some(200)));
                assert_eq!((outcome.prompt.as_deref(), outcome.label.as_deref()), (Some("6"), Some("mock-model")));
            }
        }
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_after_the_wait_that_is_asked_for() {
    for adapter in FORMS {
        for (first, least) in [
            (Step::Status(429, "retry-after: 1\r\n"), 1000),
            (Step::Status(429, "retry-after-ms: 30\r\n"), 30),
            (Step::Status(503, "retry-after: 0\r\n"), 0),
            (Step::Status(529, "retry-after-ms: 1\r\n"), 1),
        ] {
            let vendor = Vendor::start(vec![first.clone(), Step::Says(review())]);
            let mut settings = settings(adapter, &vendor);
            settings.retries = Some(1);
            let started = Instant::now();
            let outcome = mock::run(settings).await;
            assert_eq!((outcome.failure, vendor.asked().len()), (None, 2), "{adapter:?} {first:?}");
            assert!(started.elapsed() >= Duration::from_millis(least), "{adapter:?} {first:?}");
        }
        let vendor = Vendor::start(vec![Step::Breaks(review()), Step::Says(review())]);
        let mut broken = settings(adapter, &vendor);
        broken.retries = Some(1);
        assert_eq!(mock::run(broken).await.failure, None, "{adapter:?}");
        let vendor = Vendor::start(vec![Step::Status(429, "retry-after: 3600\r\n")]);
        let mut late = settings(adapter, &vendor);
        late.retries = Some(3);
        let failure = mock::run(late).await.failure;
        assert_eq!((failure.map(|f| f.kind), vendor.asked().len()), (Some(RateLimited), 1), "nobody waits for an hour");
    }
}

#[tokio::test]
async fn an_answer_cut_by_length_keeps_its_complete_findings() {
    let text = review();
    for adapter in FORMS {
        let vendor = Vendor::start(vec![Step::CutByLength(text[..text.len() - 60].to_owned())]);
        let outcome = mock::run(settings(adapter, &vendor)).await;
        let failure = outcome.failure.unwrap();
        assert_eq!((failure.kind, failure.message.as_str()), (BadOutput, "its answer was cut at its token limit"));
        assert_eq!(outcome.answer.findings.len(), 1, "{adapter:?}");
    }
}

#[tokio::test]
async fn a_whole_answer_counts_where_the_server_never_ends_it() {
    for adapter in FORMS {
        let vendor = Vendor::start(vec![Step::Lingers(review())]);
        let mut silent = settings(adapter, &vendor);
        silent.idle_seconds = Some(1);
        let outcome = mock::run(silent).await;
        let failure = outcome.failure.unwrap();
        assert_eq!((failure.kind, outcome.answer.findings.len()), (TimedOut, 1), "{adapter:?}: {}", failure.message);
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_a_cancel_is_obeyed() {
    for adapter in FORMS {
        let vendor = Vendor::start(vec![Step::Hangs]);
        let mut silent = settings(adapter, &vendor);
        silent.idle_seconds = Some(1);
        let failure = mock::run(silent).await.failure.unwrap();
        assert_eq!((failure.kind, failure.message.as_str()), (TimedOut, "the server said nothing for too long"));
        let agent = mock::agent(settings(adapter, &vendor));
        let (brief, session) = (mock::brief(), mock::session());
        let cancel = session.cancel.clone();
        let (outcome, ()) = tokio::join!(agent.review(&brief, &session), async move {
            tokio::task::yield_now().await;
            cancel.cancel();
        });
        assert_eq!(outcome.failure.map(|f| f.kind), Some(Cancelled), "{adapter:?}");
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
    let new = "password = \"hunter2hunter2\"\n";
    let snapshot = deep_review::git::Snapshot::in_memory(&[], &[("a.py", new)]);
    let brief = deep_review::agent::Brief::new(snapshot);
    for adapter in FORMS {
        let vendor = Vendor::start(vec![Step::Says(review())]);
        let _ = mock::agent(settings(adapter, &vendor)).review(&brief, &mock::session()).await;
        let [asked] = &vendor.asked()[..] else { panic!("one call") };
        let body = asked.body.to_string();
        assert!(asked.head.contains("sk-test") && body.contains("additionalProperties"), "{asked:?}");
        assert!(body.contains("MASKED_SECRET_") && !body.contains("hunter2"), "{body}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_schema_is_asked_without_it() {
    let vendor = Vendor::start(vec![Step::Status(400, "x-why: schema\r\n"), Step::Says(review())]);
    // The words of the refusal decide, so this one, which names no schema, is final.
    assert_eq!(mock::run(settings(Adapter::ChatHttp, &vendor)).await.failure.map(|f| f.kind), Some(Crashed));
    assert_eq!(vendor.asked().len(), 1);
}

#[tokio::test]
async fn a_model_that_asks_is_answered_until_it_answers() {
    let new = [("src/lib.rs", "fn a() {}\n"), ("src/far.rs", "fn far_away() {}\n"), ("x.env", "k=1\n")];
    let snapshot = deep_review::git::Snapshot::in_memory(&new[1..], &new);
    let mut brief = deep_review::agent::Brief::new(snapshot);
    brief.sending = deep_review::agent::Sending::keeping_back(&["*.env".to_owned()]).unwrap();
    for adapter in FORMS {
        let vendor = Vendor::start(vec![
            Step::Asks("read_file", serde_json::json!({"path": "src/far.rs"})),
            Step::Asks("search", serde_json::json!({"pattern": "k=1"})),
            Step::Says(review()),
        ]);
        let mut settings = settings(adapter, &vendor);
        settings.tools = Some(true);
        let outcome = mock::agent(settings.clone()).review(&brief, &mock::session()).await;
        assert_eq!((outcome.failure, outcome.answer.findings.len()), (None, 1), "{adapter:?}");
        // All three calls count, and both questions.
        assert_eq!((outcome.usage.input_tokens, outcome.usage.tool_calls), (Some(3000), Some(2)), "{adapter:?}");
        let asked: Vec<String> = vendor.asked().iter().map(|a| a.body.to_string()).collect();
        let offers = |tool: &str| asked[0].contains(&format!("\"name\":\"{tool}\""));
        assert!(!offers("git_log") && offers("read_file"), "{adapter:?}");
        assert!(asked[1].contains("fn far_away()") && asked[2].contains("fn far_away()"), "{adapter:?}: {}", asked[1]);
        assert!(asked.iter().all(|body| !body.contains("x.env:1")), "{adapter:?}: what is never sent is not found");

        // One that asks for ever is stopped.
        let endless = Vendor::start(vec![Step::Asks("list", serde_json::json!({}))]);
        settings.url = self::settings(adapter, &endless).url;
        settings.max_turns = Some(3);
        let failure = mock::agent(settings).review(&brief, &mock::session()).await.failure.unwrap();
        assert_eq!((failure.kind, endless.asked().len()), (BudgetReached, 4), "{failure}");
    }
}

/// A certificate for `vendor.example`, and the authority that signed it as PEM.
fn certificates() -> (Arc<rustls::ServerConfig>, String) {
    let (key, name) = (rcgen::KeyPair::generate().unwrap(), vec!["vendor.example".to_owned()]);
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let signed = rcgen::CertificateParams::new(name).unwrap().signed_by(&own, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], own.serialize_der().try_into().unwrap())
        .unwrap();
    (Arc::new(config), pem)
}

/// Reviews through the binary with an HTTP agent at `url`; the exit code and the failure's words.
fn through(bed: Bed, url: &str, more: &str, environment: &[(&str, String)]) -> (i32, String) {
    let bed = bed.raw(&format!("[agents.it]\nadapter = 'chat-http'\nurl = '{url}'\nmodel = 'm'\nretries = 0\n{more}"));
    let mut command = bed.command(&["review", "--agent", "it", "--format", "json", "--fresh"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().cloned()).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let failure = &document["round"]["agents"][0]["outcome"]["failure"]["message"];
    (output.status.code().unwrap(), failure.as_str().unwrap_or_default().to_owned())
}

/// A branch with a finding of one agent, which another one is to judge.
fn with_a_finding() -> Bed {
    let mut raised = cli::bed::answer(&[cli::bed::finding("critical", "The count is cut off", (7, 7))]);
    raised["answers"] = serde_json::json!({ "judge": { "gone": true, "reason": "it is gone", "new": [] } });
    let bed = Bed::new().agent("one", &raised);
    assert_eq!(bed.review(&["--agent", "one"]).0, 0);
    bed
}

#[test]
fn a_model_of_every_form_mends_a_finding_by_hunks_which_are_proven_and_written_with_a_yes() {
    let diff = "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -6,3 +6,3 @@\n fn first() -> u32 {\n-    std::env::args().count() as u32\n+    std::env::args().count().try_into().unwrap_or(u32::MAX)\n }\n";
    let outside = diff.replace("src/main.rs", "../outside.rs");
    let mended = |diff: &str| {
        let files = serde_json::json!([{ "path": "../outside.rs", "reason": "x" }]);
        Step::Says(serde_json::json!({ "summary": "Convert", "diff": diff, "files": files }).to_string())
    };
    for (form, path) in [("anthropic-http", ""), ("openai-http", "/v1"), ("chat-http", "/v1"), ("gemini-http", "")] {
        // The first try leads out of the repository.
        let vendor = Vendor::start(vec![mended(&outside), mended(diff)]);
        let settings = format!(
            "[agents.it]\nadapter = '{form}'\nurl = '{}{path}'\nmodel = 'm'\nretries = 0\nkey-env = 'KEY'\nenv = {{ KEY = 'sk-test' }}\n",
            vendor.url()
        );
        let bed = with_a_finding().raw(&settings);
        let ran = bed.run(&["fix", "C1", "--agent", "it", "--yes"]);
        assert_eq!(ran.code, 0, "{form}: {}{}", ran.out, ran.err);
        for words in ["not taken C1", "'../outside.rs' is no file of the repository", "proven    C1", "+ ONE agrees"] {
            assert!(ran.out.contains(words), "{form}: {words}: {}{}", ran.out, ran.err);
        }
        let expected = cli::bed::AFTER.replace("count() as u32", "count().try_into().unwrap_or(u32::MAX)");
        assert_eq!(bed.repo.read("src/main.rs"), expected, "{form}");
        assert!(!bed.repo.beside("outside.rs").exists(), "{form}");
        assert!(vendor.asked()[1].body.to_string().contains("is no file of the repository"), "{form}: told the reason");
    }
}

#[tokio::test]
async fn an_answer_to_a_question_is_read_while_it_is_written() {
    let whole = "{\"answer\": \"Only with more than four billion arguments, which no system allows.\"}";
    let said = "Only with more than four billion arguments, which no system allows.";
    for adapter in FORMS {
        let vendor = Vendor::start(vec![Step::Slowly(whole.to_owned())]);
        let snapshot = deep_review::git::Snapshot::in_memory(&[], &[("src/lib.rs", "fn a() {}\n")]);
        let brief = deep_review::agent::Brief::new(snapshot);
        let question = deep_review::agent::Question {
            template: "ask",
            schema: serde_json::json!({ "type": "object" }),
            data: vec![("finding", "f".into()), ("thread", String::new()), ("question", "When?".into())],
            files: Vec::new(),
        };
        let (progress, mut told) = tokio::sync::mpsc::unbounded_channel();
        let session = deep_review::agent::Session { progress, is_read_along: true, ..mock::session() };
        let answered = mock::agent(settings(adapter, &vendor)).ask(&brief, &question, &session).await;
        assert_eq!(answered.failure, None, "{adapter:?}");
        drop(session);
        let (mut before, mut pieces) = (String::new(), 0);
        while let Some(progress) = told.recv().await {
            let Some(written) = progress.said else { continue };
            let now = deep_review::agent::answer::so_far(&written, "answer").unwrap_or_default();
            assert!(now.starts_with(&before), "{adapter:?}: {before} {now}");
            pieces += usize::from(now.len() > before.len());
            before = now;
        }
        assert!(before == said && pieces > 2, "{adapter:?}: {pieces} pieces of {before}");
    }
}

#[test]
fn proxies_and_own_authorities_are_used_and_loopback_addresses_need_none() {
    let (tls, pem) = certificates();
    let vendor = Vendor::secured(vec![Step::Says(review())], tls);
    let (proxy, asked) = vendor::tunnel(vendor.address);
    let https = [("HTTPS_PROXY", format!("http://{proxy}"))];
    let url = "https://vendor.example/v1";

    let (code, failure) = through(Bed::new(), url, "", &https);
    assert_eq!(code, 2);
    assert!(failure.starts_with("the server cannot be reached: ") && failure.contains("certificate"), "{failure}");

    let bed = Bed::new();
    let file = bed.repo.beside("authority.pem");
    std::fs::write(&file, pem).unwrap();
    let trusted = format!("ca_file = '{}'\n", file.display());
    assert_eq!(through(bed, url, &trusted, &https), (0, String::new()));
    assert_eq!(vendor.asked().len(), 1);
    assert!(asked.lock().unwrap().iter().all(|line| line == "CONNECT vendor.example:443 HTTP/1.1"), "{asked:?}");

    // Without TLS, the proxy itself is asked for the whole address.
    let plain = Vendor::start(vec![Step::Says(review())]);
    let http = [("HTTP_PROXY", plain.url())];
    assert_eq!(through(Bed::new(), "http://vendor.example/v1", "", &http), (0, String::new()));
    assert!(plain.asked()[0].head.starts_with("POST http://vendor.example/v1/chat/completions"), "{:?}", plain.asked());
    // Nobody listens on port 1.
    let dead = [("HTTP_PROXY", "http://127.0.0.1:1".to_owned())];
    assert_eq!(through(Bed::new(), &format!("{}/v1", plain.url()), "", &dead), (0, String::new()));

    let (code, failure) = through(Bed::new(), url, "ca_file = '/nowhere.pem'\n", &https);
    assert!(code == 2 && failure.starts_with("failed to read /nowhere.pem: "), "{failure}");
}

#[tokio::test]
async fn a_change_that_does_not_fit_is_given_in_parts_and_only_what_was_seen_is_reviewed() {
    let text = |word: &str| (0..300).map(|n| format!("let {word}_{n} = compute({n});\n")).collect::<String>();
    let names = ["data/words.json", "src/a.rs", "src/b.rs", "tests/a_test.rs"];
    let (old, new) = (text("old"), text("new"));
    let snapshot =
        deep_review::git::Snapshot::in_memory(&names.map(|n| (n, old.as_str())), &names.map(|n| (n, new.as_str())));
    let brief = deep_review::agent::Brief::new(snapshot);
    let mut says = mock::review();
    says["files_covered"] = serde_json::json!(names);
    let answers = || (0..20).map(|_| Step::Says(says.to_string())).collect();
    let paths =
        |covered: &[deep_review::finding::RepoPath]| covered.iter().map(ToString::to_string).collect::<Vec<_>>();

    let vendor = Vendor::start(answers());
    let mut small = settings(Adapter::ChatHttp, &vendor);
    small.context_tokens = Some(32_000);
    let outcome = mock::agent(small.clone()).review(&brief, &mock::session()).await;
    let mut covered = outcome.answer.covered.clone();
    covered.sort();
    assert_eq!((outcome.failure, paths(&covered)), (None, names.map(String::from).to_vec()));
    let prompts: Vec<String> = vendor.asked().iter().map(|a| a.body["messages"][0]["content"].to_string()).collect();
    assert!(prompts.len() > 1 && prompts[0].contains("=== src/a.rs") && prompts[0].contains("=== tests/a_test.rs"));
    for name in names {
        assert!(prompts.iter().any(|p| p.contains(&format!("=== {name}"))), "{name}");
    }

    // Where not even a file fits whole, that is said, and nothing is taken for reviewed.
    let vendor = Vendor::start(answers());
    small.url = settings(Adapter::ChatHttp, &vendor).url;
    small.context_tokens = Some(12_500);
    let outcome = mock::agent(small).review(&brief, &mock::session()).await;
    let failure = outcome.failure.map(|f| f.kind);
    assert!(failure == Some(TooLarge) || outcome.answer.covered.len() < names.len(), "{:?}", outcome.answer.covered);
}
