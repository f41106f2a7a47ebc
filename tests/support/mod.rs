//! What several end-to-end tests need.

pub(crate) mod http;
#[cfg(unix)]
pub(crate) mod terminal;

pub(crate) use test_repo::Repo;
