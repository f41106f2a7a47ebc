//! The modules under test, from their own files: they depend on nothing else of the crate, which has far more to build.
#![allow(dead_code, unused_imports, reason = "some of what is in these files is for the rest of the crate")]

#[path = "../server/src/finding/mod.rs"]
pub mod finding;
#[path = "merge.rs"]
pub mod merge;
#[path = "../server/src/patch/mod.rs"]
pub mod patch;
#[path = "report.rs"]
pub mod report;
