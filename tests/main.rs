//! End-to-end tests: real repositories, the real binary. One binary, so that they link once; a module a topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod agents;
mod architecture;
mod background;
mod checks;
mod cli;
mod demo;
mod git;
mod lsp;
mod merge;
mod parity;
mod pull_requests;
mod reports;
mod scenario;
mod situations;
mod store;
mod support;
mod targets;
