//! Scripted sessions with a client in memory.

mod harness;
mod lifecycle;
mod meta;
mod session;
