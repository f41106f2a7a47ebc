//! deep-review: several AI agents review a branch at once; their findings are merged and shown in the editor.
//!
//! Each floor of the house is a crate of its own, so that the compiler keeps what `ARCHITECTURE.md` promises. Here they
//! are under one roof, in the order of the flow; each may use those above it, never those below:
//!
//! * [`finding`]: the domain, plain data;
//! * [`patch`], [`merge`], [`import`], [`report`]: pure functions on it;
//! * [`git`], [`forge`], [`check`], [`agent`], [`store`], [`config`]: the edges to the repository, the forge, the
//!   reviewers, the disk;
//! * [`review`]: the engine, which runs one round from scope to store;
//! * [`ops`]: what a user can do with a round;
//! * [`cli`], [`lsp`]: the two ways in.

pub mod cli;
pub mod memory;

pub use ::agent;
pub use ::check;
pub use ::config;
pub use ::finding;
pub use ::fix;
pub use ::forge;
pub use ::git;
pub use ::import;
pub use ::lsp;
pub use ::merge;
pub use ::ops;
pub use ::patch;
pub use ::report;
pub use ::review;
pub use ::store;
