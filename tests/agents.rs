//! Agents: how their processes are run, and what comes of it.

#[cfg(unix)]
mod at_once;
#[cfg(unix)]
mod checking;
#[cfg(unix)]
mod crew;
#[cfg(unix)]
mod fleet;
#[cfg(unix)]
mod hostile;
mod http;
#[cfg(unix)]
mod limits;
mod linters;
#[cfg(unix)]
mod local_model;
mod mock;
#[cfg(target_os = "linux")]
mod process;
#[cfg(unix)]
mod real;
#[cfg(unix)]
mod real_edits;
#[cfg(target_os = "linux")]
mod real_ends;
#[cfg(unix)]
mod real_hostile;
#[cfg(unix)]
mod real_others;
#[cfg(unix)]
mod real_prompts;
#[cfg(unix)]
mod rounds;
#[cfg(unix)]
mod standin;
mod vendor;
