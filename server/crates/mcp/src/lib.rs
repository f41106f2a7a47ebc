//! The server that coding agents speak to: the Model Context Protocol on standard input and output ([`serve_stdio`]), or
//! on an address of this machine ([`serve_http`]).
//!
//! It is one more door to [`ops`], as the command line and the language server are: [`tools`] translate words to
//! operations and typed results back. What it adds:
//!
//! * What an agent may do is said by the user's own configuration (`mcp.allow`), and read anew at each call.
//! * Every answer is bounded and inert ([`bounds`]): what reviewers wrote and what the code says reaches the agent without
//!   control characters, marked as data.
//! * Nothing is written that the agent has not seen: [`tools::fixes`] writes only the plan that a dry run has shown.
//! * An agent that serves as a reviewer in a round never gets this server ([`is_inside_a_review`]).
//!
//! The files: `server` (the protocol's methods), `tools/` (one file a group), `reviews` (the one round that may run),
//! `resources`, `prompts`, `http` (who may connect), `text` (findings as compact text), `bounds`, `said` (errors).

mod bounds;
mod desk;
mod http;
mod inside;
mod prompts;
mod resources;
mod reviews;
mod said;
mod server;
pub mod text;
mod tools;

#[cfg(test)]
mod tests;

pub use http::{Token, serve_http};
pub use inside::is_inside_a_review;

use rmcp::ServiceExt as _;
use server::Server;
use std::path::PathBuf;
use std::time::Duration;

/// Longest time that is waited, when the agent has gone, for a round to keep what was answered.
const LAST: Duration = Duration::from_secs(5);

/// Where the server works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A folder of the repository.
    pub folder: PathBuf,
    /// The user's configuration, if there is one.
    pub user_file: Option<PathBuf>,
}

/// Serves one client on standard input and output until it goes. A round that still runs then is stopped, and keeps what
/// was answered.
///
/// # Errors
/// When the client does not speak the protocol.
pub async fn serve_stdio(settings: Settings) -> anyhow::Result<()> {
    serve(settings, rmcp::transport::stdio()).await
}

/// The same on any pair of streams.
pub(crate) async fn serve<R, W>(settings: Settings, streams: (R, W)) -> anyhow::Result<()>
where
    R: tokio::io::AsyncRead + Send + Unpin + 'static,
    W: tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let server = Server::new(settings);
    let reviews = server.reviews();
    match server.serve(streams).await {
        Ok(running) => {
            running.waiting().await?;
        }
        // Who goes before it has said anything wants nothing.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => {}
        Err(other) => return Err(other.into()),
    }
    reviews.stop(LAST).await;
    Ok(())
}
