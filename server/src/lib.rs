//! deep-review: several agents review a branch at once; their findings are merged and shown in the editor.
//!
//! The modules, in the order of the flow; each may use those above it, never those below:
//!
//! * [`finding`]: the domain, plain data;
//! * [`patch`], [`merge`], [`report`]: pure functions on it;
//! * [`git`], [`forge`], [`check`], [`agent`], [`store`], [`config`]: the edges to the repository, the forge, the
//!   reviewers, the disk;
//! * [`review`]: the engine, which runs one round from scope to store;
//! * [`cli`], [`lsp`]: the two ways in.

pub mod agent;
pub mod check;
pub mod cli;
pub mod config;
pub mod finding;
pub mod forge;
pub mod git;
pub mod lsp;
pub mod merge;
pub mod patch;
pub mod report;
pub mod review;
pub mod store;

#[cfg(test)]
#[path = "../../tests/support/repo.rs"]
pub(crate) mod test_repo;
