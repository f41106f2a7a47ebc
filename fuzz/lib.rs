//! The modules under test, from their own files: they depend on nothing else of the crate, which has far more to build.

#[path = "../server/src/finding/mod.rs"]
pub mod finding;
#[path = "../server/src/patch/mod.rs"]
pub mod patch;
