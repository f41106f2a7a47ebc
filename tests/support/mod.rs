//! What several end-to-end tests need.

pub(crate) mod http;
pub(crate) mod repo;

pub(crate) use repo::Repo;
