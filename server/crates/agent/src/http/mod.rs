//! Models behind HTTP: one request with the whole brief, the answer as a stream of events. Each form that
//! servers speak is one file of two pure functions: what to send, and what an event says.

mod anthropic;
mod chat;
mod gemini;
mod openai;

use super::completion::{Completion, Sent, finish, model_label, retry, shown_path};
use super::prompt::{self, Reader};
use super::recalled::{Asking, recalled};
use super::throttle::Caller;
use super::tools::{Tool, Toolbox};
use super::{
    Adapter, AgentSettings, Availability, Brief, Effort, Outcome, Preview, Question, Session, answer, failure,
};
use eventsource_stream::Eventsource;
use finding::{AgentInfo, AgentKind, AgentName, Failure, FailureKind, Usage};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

/// So often a model may ask before it answers, where the user says nothing.
const MOST_TURNS: u32 = 40;

/// The tools, for a prompt.
const TOLD: &str = "read_file, search and list show the repository as it is after the change; git_log, git_show and \
     git_blame, where they are offered, its history";

/// A longer answer is no review.
const MOST_BYTES: usize = 16 << 20;

/// What to send.
#[derive(Debug)]
struct Call {
    /// Appended to the server's address.
    path: String,
    /// Name of the header for the key, and what stands before the key in it.
    key_header: (&'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: Value,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
struct Exchange<'a> {
    model: &'a str,
    /// How hard it is to think, where the user says so.
    effort: Option<Effort>,
    prompt: &'a str,
    /// `None` where the server refused it.
    schema: Option<&'a Value>,
    max_output_tokens: u32,
    /// What the model may ask for.
    tools: &'a [Tool],
    /// What it asked for so far, and what it was told.
    turns: &'a [Turn],
}

/// A question of the model.
#[derive(Debug, Clone, PartialEq)]
struct ToolCall {
    /// What ties the answer to it; empty where the form has none.
    id: String,
    name: String,
    arguments: Value,
}

/// What a model asked at once, and the answers.
#[derive(Debug, Clone, PartialEq)]
struct Turn {
    /// What it said, part by part, in its own form: it is handed back as it came.
    said: Vec<Value>,
    answers: Vec<(ToolCall, String)>,
}

/// What a server may refuse and a review can do without.
#[derive(Debug, Clone, Copy)]
struct Extras {
    schema: bool,
    effort: bool,
    tools: bool,
}

impl Extras {
    /// Takes out what the server's refusal is about; false if it is about none of it.
    fn without_refused(&mut self, failure: &Failure) -> bool {
        let words: [(&mut bool, &[&str]); 3] = [
            (&mut self.tools, &["tool", "function"]),
            (&mut self.effort, &["effort", "reasoning", "thinking", "encrypted"]),
            (
                &mut self.schema,
                &[
                    "response_format",
                    "json_schema",
                    "output_config",
                    "text.format",
                    "responseJsonSchema",
                    "schema",
                    "grammar",
                ],
            ),
        ];
        let is_refusal = failure.kind == FailureKind::Crashed;
        let refused = words.into_iter().find(|(on, words)| **on && words.iter().any(|w| failure.message.contains(w)));
        match refused.filter(|_| is_refusal) {
            Some((on, _)) => {
                *on = false;
                true
            }
            None => false,
        }
    }
}

/// What the events said so far.
#[derive(Debug, Default)]
struct Collected {
    text: String,
    model: Option<String>,
    usage: Usage,
    /// What it said, part by part, in its own form.
    said: Vec<Value>,
    /// What it asks for.
    calls: Vec<ToolCall>,
    /// Whether the event that ends an answer was there.
    done: bool,
    failure: Option<Failure>,
}

impl Collected {
    fn cut_by_length(&mut self) {
        self.failure = Some(Failure::new(FailureKind::BadOutput, "its answer was cut at its token limit"));
    }

    fn refused(&mut self, why: &str) {
        let why: String = why.chars().filter(|c| answer::keep(*c)).take(200).collect();
        self.failure = Some(Failure::new(FailureKind::BadOutput, format!("the vendor withheld the answer ({why})")));
    }
}

/// A form of server.
trait Api: std::fmt::Debug + Send + Sync {
    fn default_url(&self) -> &'static str;
    fn default_key_env(&self) -> Option<&'static str>;
    /// How many tokens the models there read at least.
    fn default_context(&self) -> u32;
    /// Whether the models there can call tools, where the user says nothing.
    fn asks(&self) -> bool {
        true
    }
    fn call(&self, question: Exchange<'_>) -> Call;
    fn event(&self, data: &Value, collected: &mut Collected);
    /// Whether this text, which is no JSON, ends the stream.
    fn is_end(&self, _data: &str) -> bool {
        false
    }
}

/// What one call came to.
#[derive(Debug, Default)]
struct Said {
    completion: Completion,
    said: Vec<Value>,
    calls: Vec<ToolCall>,
}

impl Said {
    fn failed(failure: Failure) -> Self {
        Self { completion: Completion::failed(failure), ..Self::default() }
    }
}

/// A configured model behind HTTP.
#[derive(Debug)]
pub(super) struct HttpAgent {
    name: AgentName,
    settings: AgentSettings,
    api: Box<dyn Api>,
    client: OnceLock<Result<reqwest::Client, Failure>>,
}

impl HttpAgent {
    /// `None` for adapters that are not HTTP.
    pub(super) fn new(name: AgentName, settings: AgentSettings) -> Option<Self> {
        let api: Box<dyn Api> = match settings.adapter {
            Adapter::AnthropicHttp => Box::new(anthropic::Anthropic),
            Adapter::OpenaiHttp => Box::new(openai::OpenAi),
            Adapter::ChatHttp => Box::new(chat::Chat),
            Adapter::GeminiHttp => Box::new(gemini::Gemini),
            _ => return None,
        };
        Some(Self { name, settings, api, client: OnceLock::new() })
    }

    fn url(&self) -> &str {
        self.settings.url.as_deref().unwrap_or(self.api.default_url()).trim_end_matches('/')
    }

    fn is_local(&self) -> bool {
        let url = reqwest::Url::parse(self.url()).ok();
        let host = url.as_ref().and_then(|u| u.host_str()).unwrap_or_default();
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    fn key(&self) -> Result<Option<SecretString>, Failure> {
        let name = self.settings.key_env.as_deref();
        let Some(name) = name.or(if self.settings.url.is_none() { self.api.default_key_env() } else { None }) else {
            return Ok(None);
        };
        let configured = self.settings.env.get(name).cloned();
        match configured.or_else(|| std::env::var(name).ok()).filter(|k| !k.trim().is_empty()) {
            Some(key) => Ok(Some(SecretString::from(key.trim().to_owned()))),
            None => Err(Failure::new(FailureKind::NotLoggedIn, format!("the environment has no {name}"))
                .with_remedy(format!("set {name} for the program that starts deep-review"))),
        }
    }

    fn model(&self) -> Result<&str, Failure> {
        self.settings.model.as_deref().ok_or_else(|| {
            Failure::new(FailureKind::NotAllowed, "no model is configured")
                .with_remedy(format!("set `model` of the agent '{}'", self.name))
        })
    }

    fn client(&self) -> Result<&reqwest::Client, Failure> {
        self.client.get_or_init(|| self.make_client()).as_ref().map_err(Clone::clone)
    }

    fn make_client(&self) -> Result<reqwest::Client, Failure> {
        let failed = |what: &str, e: &dyn std::fmt::Display| {
            Failure::new(FailureKind::Crashed, format!("failed to {what}: {e}"))
        };
        // An error says that it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let limits = self.settings.limits();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("deep-review/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(limits.idle)
            .timeout(limits.total)
            // A redirect could take the code and the key elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if self.is_local() {
            builder = builder.no_proxy();
        }
        if let Some(path) = &self.settings.ca_file {
            let pem = std::fs::read(path).map_err(|e| failed(&format!("read {}", path.display()), &e))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|e| failed(&format!("read the certificates in {}", path.display()), &e))?;
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|e| failed("set up HTTP", &chain(&e)))
    }

    /// One prompt with all that the model asks on it, tried again where that may help, and without what the server
    /// refuses.
    async fn prompt(&self, prompt: &str, schema: Value, tools: Option<&Arc<Toolbox>>, session: &Session) -> Completion {
        let caller = Caller::of(&self.settings, prompt);
        let extras = std::sync::Mutex::new(Extras { schema: true, effort: true, tools: true });
        retry(self.settings.retries.unwrap_or(3), &caller, session, || async {
            loop {
                let mut with = *extras.lock().unwrap_or_else(PoisonError::into_inner);
                let said = self.converse(prompt, with.schema.then_some(&schema), (tools, with), session).await;
                match &said.failure {
                    Some(failure) if with.without_refused(failure) => {
                        *extras.lock().unwrap_or_else(PoisonError::into_inner) = with;
                    }
                    _ => return said,
                }
            }
        })
        .await
    }

    /// Asks, and answers what the model asks, until it has answered.
    async fn converse(
        &self,
        prompt: &str,
        schema: Option<&Value>,
        (toolbox, with): (Option<&Arc<Toolbox>>, Extras),
        session: &Session,
    ) -> Completion {
        let toolbox = toolbox.filter(|_| with.tools);
        let tools = toolbox.map(|t| t.tools()).unwrap_or_default();
        let mut turns: Vec<Turn> = Vec::new();
        let (mut usage, mut calls) = (Usage::default(), 0);
        let most = self.settings.max_turns.unwrap_or(MOST_TURNS) as usize;
        loop {
            let exchange = Exchange {
                model: self.settings.model.as_deref().unwrap_or_default(),
                effort: self.settings.effort.filter(|_| with.effort),
                prompt,
                schema,
                max_output_tokens: self.settings.max_output_tokens.unwrap_or(self.output_tokens()),
                tools: &tools,
                turns: &turns,
            };
            let Said { mut completion, said, calls: asked } = self.once(exchange, session).await;
            usage = usage.plus(completion.usage);
            calls += asked.len() as u64;
            let goes_on = completion.failure.is_none() && !asked.is_empty();
            let toolbox = match toolbox.filter(|_| goes_on) {
                Some(toolbox) if turns.len() < most => toolbox,
                on => {
                    completion.usage = usage;
                    completion.usage.tool_calls = (!tools.is_empty()).then_some(calls);
                    if on.is_some() {
                        let text = format!("it asked {most} times for more, and gave no answer");
                        completion.failure = Some(Failure::new(FailureKind::BudgetReached, text));
                    }
                    return completion;
                }
            };
            let mut answers = Vec::new();
            for call in asked {
                session.doing(format!("asking {}", shown_path(&call.name)));
                let (toolbox, question) = (toolbox.clone(), call.clone());
                let answer = tokio::task::spawn_blocking(move || toolbox.call(&question.name, &question.arguments));
                answers.push((call, answer.await.unwrap_or_else(|_| "error: it could not be answered".to_owned())));
            }
            turns.push(Turn { said, answers });
        }
    }

    async fn once(&self, exchange: Exchange<'_>, session: &Session) -> Said {
        let limits = self.settings.limits();
        tokio::select! {
            said = self.send(exchange, session) => said,
            () = session.cancel.cancelled() => Said::failed(Failure::new(FailureKind::Cancelled, "it was stopped")),
            // The client's own limit comes first: it leaves what was answered so far.
            () = tokio::time::sleep(limits.total + Duration::from_secs(5)) => {
                let text = format!("it was not done after {} s", limits.total.as_secs());
                Said::failed(Failure::new(FailureKind::TimedOut, text))
            }
        }
    }

    async fn send(&self, exchange: Exchange<'_>, session: &Session) -> Said {
        let (client, key) = match (self.client(), self.model(), self.key()) {
            (Ok(client), Ok(_), Ok(key)) => (client, key),
            (Err(failure), ..) | (_, Err(failure), _) | (.., Err(failure)) => return Said::failed(failure),
        };
        let call = self.api.call(exchange);
        let mut request = client.post(format!("{}{}", self.url(), call.path)).json(&call.body);
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = key {
            let (name, before) = call.key_header;
            let value = reqwest::header::HeaderValue::from_str(&format!("{before}{}", key.expose_secret()));
            let Ok(mut value) = value else {
                return Said::failed(Failure::new(FailureKind::NotLoggedIn, "its key has characters that no key has"));
            };
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        session.doing("waiting for the first words");
        match request.send().await {
            Ok(response) if response.status().is_success() => self.collect(response, session).await,
            Ok(response) => Said { completion: refused(response).await, ..Said::default() },
            Err(e) => Said::failed(transport(&e)),
        }
    }

    /// What a server may write in its answer where the user says nothing: it must fit beside the brief.
    fn output_tokens(&self) -> u32 {
        (self.context() / 4).min(32_000)
    }

    fn context(&self) -> u32 {
        self.settings.context_tokens.unwrap_or(self.api.default_context())
    }

    /// In bytes: three a token is on the safe side for code. Where the model may ask, a third is left for the answers.
    fn room(&self) -> usize {
        let room = (self.context().saturating_sub(self.output_tokens()) as usize).saturating_mul(3);
        if self.asks() { room / 3 * 2 } else { room }
    }

    /// Whether the model is offered tools.
    fn asks(&self) -> bool {
        self.settings.tools.unwrap_or(self.api.asks())
    }

    fn toolbox(&self, brief: &Brief) -> Option<Arc<Toolbox>> {
        self.asks().then(|| Arc::new(Toolbox::of(brief, self.room() / 2)))
    }

    async fn collect(&self, response: reqwest::Response, session: &Session) -> Said {
        let is_stream = content_type(&response).is_some_and(|t| t.starts_with("text/event-stream"));
        if !is_stream {
            let body = body(response, 4096).await;
            let text = String::from_utf8_lossy(&body);
            let start: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
            let text = format!("the server answered with something else than events: {start}");
            return Said::failed(Failure::new(FailureKind::BadOutput, text));
        }
        let mut collected = Collected::default();
        let mut bytes = 0;
        let (mut shown, mut told) = (0, 0);
        let mut events = response.bytes_stream().eventsource();
        while let Some(event) = events.next().await {
            let data = match event {
                Ok(event) => event.data,
                Err(eventsource_stream::EventStreamError::Transport(e)) => {
                    collected.failure = Some(transport(&e));
                    break;
                }
                Err(e) => {
                    let text = format!("the server's events cannot be read: {e}");
                    collected.failure = Some(Failure::new(FailureKind::BadOutput, text));
                    break;
                }
            };
            bytes += data.len();
            if bytes > MOST_BYTES {
                collected.failure = Some(Failure::new(FailureKind::TooLarge, "its answer has more than 16 MiB"));
                break;
            }
            if self.api.is_end(data.trim()) {
                collected.done = true;
                break;
            }
            if let Ok(value) = serde_json::from_str::<Value>(&data) {
                self.api.event(&value, &mut collected);
            }
            if collected.text.len() > told {
                told = collected.text.len();
                session.said(&collected.text);
            }
            // A word now and then is enough.
            if collected.text.len() >= shown + 2000 {
                shown = collected.text.len();
                session.doing(format!("answering, {} kB so far", shown / 1000));
            }
        }
        self.said(collected)
    }

    fn said(&self, collected: Collected) -> Said {
        let mut usage = collected.usage;
        if let (Some((read, written)), Some(i), Some(o)) =
            (self.settings.price, usage.input_tokens, usage.output_tokens)
        {
            usage.cost_usd = Some((i as f64 * read + o as f64 * written) / 1e6);
        }
        let failure = collected.failure.or_else(|| {
            (!collected.done)
                .then(|| Failure::new(FailureKind::Unreachable, "the connection ended before the answer did"))
        });
        let completion =
            Completion { text: collected.text, failure, usage, model: collected.model, ..Completion::default() };
        Said { completion, said: collected.said, calls: collected.calls }
    }

    /// One call, or as many as the change needs: what was said before one failed stays.
    async fn review_all(&self, brief: &Brief, session: &Session) -> Outcome {
        let prompts = match prompt::reviews(brief, self.reader()) {
            Ok(prompts) => prompts,
            Err(failure) => return Outcome::failed(failure),
        };
        let tools = self.toolbox(brief);
        let tools = tools.as_ref();
        let identity = self.settings.identity();
        let mut whole = Outcome::default();
        for (n, prompt) in (1..).zip(&prompts) {
            if prompts.len() > 1 {
                session.doing(format!("part {n} of {}", prompts.len()));
            }
            let asking = Asking {
                agent: &self.name,
                identity: &identity,
                brief,
                prompt: &|| Some(prompt.text.clone()),
                reads_on: tools.is_some(),
            };
            let ask = || self.prompt(&prompt.text, answer::review_schema(), tools, session);
            let said = recalled(session, asking, ask).await;
            let again = |text: String| async move { self.prompt(&text, answer::review_schema(), None, session).await };
            let sent = Sent { agent: &self.name, brief, prompt, room: self.room(), reads_on: false };
            whole.join(finish(sent, said, again).await);
            if whole.failure.is_some() {
                return whole;
            }
        }
        // No file named would be taken for all of them.
        let is_seen = prompts.iter().any(|prompt| !prompt.shown.is_empty());
        if !is_seen && !brief.files.is_empty() {
            whole.failure =
                Some(Failure::new(FailureKind::TooLarge, "no changed file fits whole into what it can read"));
        }
        whole
    }

    fn reader(&self) -> Reader<'_> {
        let tools = if self.asks() { TOLD } else { "" };
        Reader {
            checkout: None,
            tools,
            room: self.room(),
            lens: self.settings.lens.as_deref(),
            notes: None,
            has_schema: false,
        }
    }

    async fn check(&self) -> Availability {
        let ready = self.model().and_then(|model| {
            self.key()?;
            self.client().map(|client| (model, client))
        });
        let (model, client) = match ready {
            Ok(ready) => ready,
            Err(failure) => return Availability::Unusable(failure),
        };
        if !self.is_local() {
            return Availability::Usable(format!("{model} at {}", self.url()));
        }
        let asked = client.get(format!("{}/models", self.url())).timeout(Duration::from_secs(3)).send().await;
        match asked {
            Ok(_) => Availability::Usable(format!("{model} at {}", self.url())),
            Err(e) => Availability::Unusable(
                transport(&e).with_remedy(format!("start the server that listens at {}", self.url())),
            ),
        }
    }
}

impl super::Agent for HttpAgent {
    fn info(&self) -> AgentInfo {
        let label = self.settings.label.clone().or_else(|| self.settings.model.as_deref().map(model_label));
        AgentInfo {
            name: self.name.clone(),
            label: label.unwrap_or_else(|| self.name.to_string()),
            kind: AgentKind::Http,
        }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(self.check())
    }

    fn preview(&self, brief: &Brief) -> Option<Result<Preview, Failure>> {
        let prompts = prompt::reviews(brief, self.reader());
        Some(prompts.map(|p| Preview::of_calls(p, self.url().to_owned())))
    }

    fn price(&self) -> Option<(f64, f64)> {
        self.settings.price
    }

    fn form(&self) -> prompt::Form {
        prompt::Form { reads_on: self.asks(), has_schema: false }
    }

    fn answers(&self) -> bool {
        true
    }

    fn identity(&self) -> Option<String> {
        Some(self.settings.identity())
    }

    fn ask<'a>(&'a self, brief: &'a Brief, question: &'a Question, session: &'a Session) -> BoxFuture<'a, Completion> {
        Box::pin(async move {
            match prompt::question(brief, question, self.reader()) {
                Ok(text) => self.prompt(&text, question.schema.clone(), self.toolbox(brief).as_ref(), session).await,
                Err(failure) => Completion::failed(failure),
            }
        })
    }

    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let mut outcome = self.review_all(brief, session).await;
            if self.settings.label.is_some() {
                outcome.label = None;
            }
            outcome
        })
    }
}

fn content_type(response: &reqwest::Response) -> Option<&str> {
    response.headers().get(reqwest::header::CONTENT_TYPE)?.to_str().ok()
}

/// At most `limit` bytes of the body.
async fn body(response: reqwest::Response, limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(Ok(bytes)) = stream.next().await {
        out.extend_from_slice(&bytes[..bytes.len().min(limit - out.len())]);
        if out.len() >= limit {
            break;
        }
    }
    out
}

/// An answer with an error status.
async fn refused(response: reqwest::Response) -> Completion {
    let status = response.status().as_u16();
    let told = told_in_headers(response.headers());
    let text = body(response, 64 << 10).await;
    let value: Value = serde_json::from_slice(&text).unwrap_or_default();
    // Gemini sends a list of one error where it streams.
    let value = value.get(0).unwrap_or(&value);
    let message = value["error"]["message"].as_str().or(value["message"].as_str()).or(value["error"].as_str());
    let raw = String::from_utf8_lossy(&text);
    let mut said = Completion::failed(failure::of_status(status, message.unwrap_or(&raw)));
    said.wait = told.or_else(|| told_in_body(value));
    said
}

/// `retry-after-ms`, or `retry-after` in seconds or as a date.
fn told_in_headers(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let get = |name: &str| headers.get(name)?.to_str().ok();
    if let Some(ms) = get("retry-after-ms").and_then(|v| v.trim().parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(ms / 1000.0).ok();
    }
    let value = get("retry-after")?.trim();
    match value.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(at.duration_since(jiff::Timestamp::now())).ok()
        }
    }
}

/// Gemini's `RetryInfo`: `"retryDelay": "1.5s"`.
fn told_in_body(value: &Value) -> Option<Duration> {
    let details = value["error"]["details"].as_array()?;
    let delay = details.iter().find_map(|d| d["retryDelay"].as_str())?;
    Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
}

fn transport(error: &reqwest::Error) -> Failure {
    if error.is_timeout() && !error.is_connect() {
        return Failure::new(FailureKind::TimedOut, "the server said nothing for too long");
    }
    let what = if error.is_connect() { "the server cannot be reached" } else { "the connection broke" };
    Failure::new(FailureKind::Unreachable, format!("{what}: {}", chain(error)))
}

/// The innermost reason, without addresses that may hold keys.
fn chain(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().chars().filter(|c| answer::keep(*c)).take(200).collect()
}

#[cfg(test)]
mod tests;
