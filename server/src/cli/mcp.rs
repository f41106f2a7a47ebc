//! `deep-review mcp`

use super::args::McpArgs;
use super::context::{Context, block_on};
use super::{Exit, output};
use mcp::{Settings, Token};
use tokio_util::sync::CancellationToken;

/// The variable that has the token of `--http`.
const TOKEN: &str = "DEEP_REVIEW_MCP_TOKEN";

pub(super) fn run(context: &Context, args: &McpArgs) -> anyhow::Result<Exit> {
    anyhow::ensure!(
        !mcp::is_inside_a_review(),
        "an agent that reviews for deep-review does not get this server: it would review its own review"
    );
    let environment = |name: &str| std::env::var(name).ok();
    let settings = Settings { folder: context.directory().to_owned(), user_file: config::user_file(&environment) };
    let Some(address) = args.http else {
        block_on(mcp::serve_stdio(settings))??;
        return Ok(Exit::Done);
    };
    let own = environment(TOKEN).filter(|token| !token.is_empty());
    let token = own.as_deref().map_or_else(Token::new, Token::given)?;
    let listening = |at: &str| {
        output::note(&format!("Listening at {at}. Press Ctrl-C to end."));
        match own {
            Some(_) => output::note(&format!("The token is that of {TOKEN}.")),
            None => output::note(&format!("Authorization: Bearer {}", token.reveal())),
        }
    };
    let stop = CancellationToken::new();
    block_on(async {
        let interrupted = stop.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                interrupted.cancel();
            }
        });
        mcp::serve_http(settings, address, token.clone(), stop, listening).await
    })??;
    Ok(Exit::Done)
}
