//! End-to-end tests: real repositories, the real binary. One binary, so that they link once; a module a topic.

mod agents;
mod git;
mod support;
