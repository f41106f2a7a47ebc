//! JSON over HTTP, bounded in size and time, to one host only.

use super::limits::Limit;
use super::token::{How, Token};
use super::{ForgeError, Kind, Site};
use futures_util::StreamExt;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::time::Duration;

/// No answer is larger.
const MOST_BYTES: usize = 16 << 20;
/// More redirects in a row lead nowhere.
const MOST_REDIRECTS: usize = 3;
/// Where it was asked too often, it is asked again so many times,
const MOST_WAITS: usize = 2;
/// and only where it says that it answers after no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A list of more pages is cut.
const MOST_PAGES: usize = 30;

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    site: Site,
    token: Option<Token>,
}

impl Client {
    pub(super) fn new(site: &Site, token: Option<Token>) -> Result<Self, ForgeError> {
        // An error says that it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("deep-review/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(15))
            .timeout(Duration::from_secs(60))
            // A redirect could take the token elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if site.is_local() {
            builder = builder.no_proxy();
        }
        let http =
            builder.build().map_err(|e| ForgeError::Unreachable { host: site.host.clone(), why: innermost(&e) })?;
        Ok(Self { http, site: site.clone(), token })
    }

    /// Where it asks.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Nothing if requests are made as somebody.
    pub(super) fn needs_token(&self) -> Result<(), ForgeError> {
        if self.token.is_some() { Ok(()) } else { Err(ForgeError::NoToken { site: self.site.clone() }) }
    }

    /// Asks for `path` below the API.
    pub(super) async fn get(&self, path: &str) -> Result<Value, ForgeError> {
        let url = format!("{}{path}", self.site.api);
        Ok(self.send(Method::GET, &url, None).await?.0)
    }

    /// Asks for `path`, which is no JSON.
    pub(super) async fn text(&self, path: &str) -> Result<String, ForgeError> {
        let url = format!("{}{path}", self.site.api);
        let (bytes, _) = self.bytes(Method::GET, &url, None).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Sends `body` to `path` below the API.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, ForgeError> {
        let url = format!("{}{path}", self.site.api);
        Ok(self.send(Method::POST, &url, Some(body)).await?.0)
    }

    /// Sends `body` to `path` below the API, to change what is there.
    pub(super) async fn change(&self, method: Method, path: &str, body: &Value) -> Result<Value, ForgeError> {
        let url = format!("{}{path}", self.site.api);
        let (bytes, _) = self.bytes(method, &url, Some(body)).await?;
        // Some say nothing where nothing is to be said.
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// All entries of a list whose pages are objects: the entries in `values`, the next page's address in `next`.
    pub(super) async fn values(&self, path: &str) -> Result<Vec<Value>, ForgeError> {
        let mut url = format!("{}{path}", self.site.api);
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let (mut page, _) = self.send(Method::GET, &url, None).await?;
            let Value::Array(entries) = page["values"].take() else { return Err(self.bad("a list was expected")) };
            all.extend(entries);
            match page["next"].as_str() {
                Some(link) if self.is_ours(link) => url = link.to_owned(),
                _ => break,
            }
        }
        Ok(all)
    }

    /// Whether an address is one of the API, so that the token may go there.
    fn is_ours(&self, url: &str) -> bool {
        url.strip_prefix(&self.site.api).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Asks GitHub's other API, which is beside the first.
    pub(super) async fn graphql(&self, body: &Value) -> Result<Value, ForgeError> {
        let url = format!("{}/graphql", self.site.api.strip_suffix("/v3").unwrap_or(&self.site.api));
        let (answer, headers) = self.send(Method::POST, &url, Some(body)).await?;
        let error = &answer["errors"][0];
        if error["type"] == "RATE_LIMITED" {
            return Err(self.limited(Limit::until(&headers, Timestamp::now())));
        }
        match error["message"].as_str() {
            Some(message) if answer["data"].is_null() => Err(self.bad(message)),
            _ => Ok(answer),
        }
    }

    /// All entries of a list that comes in pages.
    pub(super) async fn pages(&self, path: &str) -> Result<Vec<Value>, ForgeError> {
        let mut url = format!("{}{path}", self.site.api);
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let (page, headers) = self.send(Method::GET, &url, None).await?;
            let Value::Array(page) = page else { return Err(self.bad("a list was expected")) };
            all.extend(page);
            match next(&headers) {
                // A link that leads elsewhere is not followed: the token would go with it.
                Some(link) if self.is_ours(&link) => url = link,
                _ => break,
            }
        }
        Ok(all)
    }

    fn limited(&self, limit: Limit) -> ForgeError {
        ForgeError::RateLimited { site: self.site.clone(), until: limit.words(), token: self.token.is_some() }
    }

    pub(super) fn bad(&self, why: &str) -> ForgeError {
        ForgeError::BadAnswer { site: self.site.clone(), why: clean(why) }
    }

    async fn send(&self, method: Method, url: &str, body: Option<&Value>) -> Result<(Value, HeaderMap), ForgeError> {
        let (bytes, headers) = self.bytes(method, url, body).await?;
        let value = serde_json::from_slice(&bytes).map_err(|e| self.bad(&e.to_string()))?;
        Ok((value, headers))
    }

    /// Follows what leads to another place of the same API (repositories are renamed, and some answers are kept elsewhere),
    /// and waits where it was asked too often and says that it does not take long.
    async fn bytes(&self, method: Method, url: &str, body: Option<&Value>) -> Result<(Vec<u8>, HeaderMap), ForgeError> {
        let mut url = url.to_owned();
        let (mut redirects, mut waits) = (0, 0);
        while redirects < MOST_REDIRECTS {
            let (status, headers, bytes) = self.once(method.clone(), &url, body).await?;
            let now = Timestamp::now();
            let limit =
                if status.is_success() { None } else { Limit::of(status, &headers, &said(status, &bytes), now) };
            let wait = limit.and_then(|limit| limit.wait(now)).filter(|wait| *wait <= LONGEST_WAIT);
            if let Some(wait) = wait.filter(|_| waits < MOST_WAITS) {
                waits += 1;
                tokio::time::sleep(wait).await;
                continue;
            }
            redirects += 1;
            if status.is_success() && !self.is_log_in_page(status) {
                return Ok((bytes, headers));
            }
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).filter(|_| status.is_redirection());
            match to {
                // One that leads elsewhere would take the token there.
                Some(to) if self.is_ours(to) && *to != *url => url = to.to_owned(),
                _ => return Err(self.error(status, &headers, &bytes, &url)),
            }
        }
        Err(self.bad("it leads from one place to another and back"))
    }

    /// Azure shows a page for logging in to whoever is nobody.
    fn is_log_in_page(&self, status: StatusCode) -> bool {
        self.site.kind == Kind::Azure && status == StatusCode::NON_AUTHORITATIVE_INFORMATION
    }

    async fn once(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), ForgeError> {
        let unreachable =
            |e: &reqwest::Error| ForgeError::Unreachable { host: self.site.host.clone(), why: innermost(e) };
        let mut request = self.http.request(method, url).header(ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        request = match self.password() {
            Some((user, token)) => request.basic_auth(user, Some(token.secret.expose_secret())),
            None => match self.authority()? {
                Some((name, value)) => request.header(name, value),
                None => request,
            },
        };
        let response = request.send().await.map_err(|e| unreachable(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(|e| unreachable(&e))?);
            if bytes.len() > MOST_BYTES {
                return Err(self.bad("it has more than 16 MiB"));
            }
        }
        Ok((status, headers, bytes))
    }

    /// The user whose password the token is.
    fn password(&self) -> Option<(&str, &Token)> {
        let token = self.token.as_ref()?;
        match (&token.how, self.site.kind) {
            (How::Password(user), _) => Some((user, token)),
            (How::Own, Kind::Azure) => Some(("", token)),
            _ => None,
        }
    }

    fn authority(&self) -> Result<Option<(HeaderName, HeaderValue)>, ForgeError> {
        let Some(token) = &self.token else { return Ok(None) };
        let (name, before) = match (self.site.kind, &token.how) {
            (Kind::GitLab, How::Own) => (HeaderName::from_static("private-token"), ""),
            (Kind::Gitea, How::Own) => (AUTHORIZATION, "token "),
            _ => (AUTHORIZATION, "Bearer "),
        };
        let mut value = HeaderValue::from_str(&format!("{before}{}", token.secret.expose_secret())).map_err(|_| {
            ForgeError::Refused { site: self.site.clone(), message: "it has characters that no token has".into() }
        })?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    fn error(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], url: &str) -> ForgeError {
        let site = self.site.clone();
        let message = said(status, body);
        if let Some(limit) = Limit::of(status, headers, &message, Timestamp::now()) {
            return self.limited(limit);
        }
        match status.as_u16() {
            401 | 403 | 203 if self.token.is_none() => ForgeError::NoToken { site },
            302 if self.site.kind == Kind::Azure && self.token.is_none() => ForgeError::NoToken { site },
            203 => ForgeError::Refused { site, message: "it shows the page for logging in".into() },
            401 | 403 => ForgeError::Refused { site, message },
            404 => {
                let what = url.strip_prefix(&site.api).unwrap_or(url).split('?').next().unwrap_or("").to_owned();
                ForgeError::NotFound { site, what, token: self.token.is_some() }
            }
            status => ForgeError::Status { site, status, message },
        }
    }
}

/// What an answer that is an error says, in words.
fn said(status: StatusCode, body: &[u8]) -> String {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut message = said["message"]
        .as_str()
        .or(said["error"].as_str())
        .or(said["error"]["message"].as_str())
        .map_or_else(|| status.canonical_reason().unwrap_or("an error").to_owned(), str::to_owned);
    for detail in said["errors"].as_array().into_iter().flatten().take(3) {
        if let Some(detail) = detail.as_str().or(detail["message"].as_str()) {
            message = format!("{message}; {detail}");
        }
    }
    clean(&message)
}

/// The address behind `rel="next"`.
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get(LINK)?.to_str().ok()?;
    let link = links.split(',').find(|l| l.contains("rel=\"next\""))?;
    Some(link.trim().strip_prefix('<')?.split_once('>')?.0.to_owned())
}

fn clean(text: &str) -> String {
    report::sanitize::printable(text).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

/// The innermost reason, without addresses.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    clean(&innermost.to_string())
}
