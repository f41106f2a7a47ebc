//! The words that the server and its clients share: commands with their arguments and results, requests of our own,
//! capabilities, settings, errors, positions and addresses. Knows neither state nor loop.

pub(crate) mod capabilities;
pub(crate) mod commands;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod message;
pub(crate) mod own;
pub(crate) mod settings;
pub(crate) mod uri;
