//! What the server knows at one moment, and what follows from it: plain data and functions of it. Nothing here changes
//! by itself, and nothing here knows the loop or the client.

pub(crate) mod activity;
pub(crate) mod diagnostics;
pub(crate) mod documents;
pub(crate) mod file_projection;
pub(crate) mod projection;
pub(crate) mod pull_request;
pub(crate) mod repo_key;
pub(crate) mod report_index;
pub(crate) mod reviewed_file;
pub(crate) mod said;
pub(crate) mod shown;
pub(crate) mod snapshot;
pub(crate) mod stamps;
pub(crate) mod visit;
