//! Agents: how their processes are run.

#[cfg(target_os = "linux")]
mod process;
