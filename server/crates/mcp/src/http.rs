//! The server on an address of this machine, for clients that start no programs: each request has to bring the token.

use crate::server::Server;
use crate::{LAST, Settings};
use anyhow::Context as _;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The one path that is served.
const PATH: &str = "/mcp";
/// Most connections at a time.
const MOST_CONNECTIONS: usize = 64;
/// Longest time for a request's head.
const HEAD: Duration = Duration::from_secs(10);
/// Largest request, in bytes.
const LARGEST: usize = 1 << 20;
/// A token has to have as many bytes as nobody guesses.
const SHORTEST_TOKEN: usize = 16;

type Service = StreamableHttpService<Server, LocalSessionManager>;
type Answer = Response<BoxBody<Bytes, Infallible>>;

/// What a request has to bring.
#[derive(Clone)]
pub struct Token(Arc<str>);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// One of the user's own.
    ///
    /// # Errors
    /// When it is too short, or has characters that no header can have.
    pub fn given(token: &str) -> anyhow::Result<Self> {
        anyhow::ensure!(token.len() >= SHORTEST_TOKEN, "the token has fewer than {SHORTEST_TOKEN} characters");
        anyhow::ensure!(
            token.bytes().all(|b| b.is_ascii_graphic()),
            "the token has characters that no header can have"
        );
        Ok(Self(token.into()))
    }

    /// A new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn new() -> anyhow::Result<Self> {
        let mut bytes = [0; 24];
        getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("failed to make a token: {e}"))?;
        let mut token = String::new();
        for byte in bytes {
            let _ = write!(token, "{byte:02x}");
        }
        Ok(Self(token.into()))
    }

    /// Its text, for the user's eyes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a header has it; how long that takes does not say how much of it was right.
    fn is_in(&self, header: Option<&[u8]>) -> bool {
        let Some(given) = header.and_then(|header| header.strip_prefix(b"Bearer ")) else { return false };
        let differs = given.iter().zip(self.0.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
        given.len() == self.0.len() && differs == 0
    }
}

/// Serves clients on `address`, which has to be of this machine, until `stop`. Says where once it listens: the port may
/// have been 0.
///
/// # Errors
/// When the address is not of this machine, or cannot be listened at.
pub async fn serve_http(
    settings: Settings,
    address: SocketAddr,
    token: Token,
    stop: CancellationToken,
    listening: impl FnOnce(&str),
) -> anyhow::Result<()> {
    anyhow::ensure!(
        address.ip().is_loopback(),
        "{address} is not an address of this machine alone; take 127.0.0.1 or [::1]: the server applies fixes"
    );
    let listener = TcpListener::bind(address).await.with_context(|| format!("failed to listen at {address}"))?;
    listening(&format!("http://{}{PATH}", listener.local_addr()?));
    let server = Server::new(settings);
    let reviews = server.reviews();
    let config = StreamableHttpServerConfig::default()
        .enforce_origin_validation()
        .with_max_request_body_bytes(LARGEST)
        .with_cancellation_token(stop.child_token());
    let service = StreamableHttpService::new(move || Ok(server.clone()), Arc::default(), config);
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await?;
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Whoever gave up before it was accepted.
                Err(_) => continue,
            },
            () = stop.cancelled() => break,
        };
        let (service, token, stop) = (service.clone(), token.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection(stream, service, token) => {}
                () = stop.cancelled() => {}
            }
            drop(place);
        });
    }
    reviews.stop(LAST).await;
    Ok(())
}

async fn connection(stream: TcpStream, service: Service, token: Token) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, token) = (service.clone(), token.clone());
        async move { Ok::<_, Infallible>(answer(request, &service, &token).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    // A client that breaks off is its own affair.
    let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
}

async fn answer(request: Request<Incoming>, service: &Service, token: &Token) -> Answer {
    if !token.is_in(request.headers().get(AUTHORIZATION).map(|value| value.as_bytes())) {
        let mut answer =
            plain(StatusCode::UNAUTHORIZED, "the token is missing or wrong: Authorization: Bearer TOKEN\n");
        answer.headers_mut().insert(WWW_AUTHENTICATE, hyper::header::HeaderValue::from_static("Bearer"));
        return answer;
    }
    if request.uri().path() != PATH {
        return plain(StatusCode::NOT_FOUND, "nothing is here; the server is at /mcp\n");
    }
    service.handle(request).await
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(text.as_bytes())).boxed());
    *answer.status_mut() = status;
    answer
}
