//! Scripted sessions with a client in memory.

mod actions;
mod fresh;
mod hardening;
pub(crate) mod harness;
mod history;
mod lens;
mod lifecycle;
mod mending;
mod meta;
mod pull;
mod reviews;
mod session;
mod visits;
mod workspace;
