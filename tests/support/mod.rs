//! What several end-to-end tests need.

pub(crate) mod http;
pub(crate) mod repo;
#[cfg(unix)]
pub(crate) mod terminal;

pub(crate) use repo::Repo;
