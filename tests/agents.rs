//! Agents: how their processes are run, and what comes of it.

mod http;
mod mock;
#[cfg(target_os = "linux")]
mod process;
mod real;
#[cfg(unix)]
mod standin;
