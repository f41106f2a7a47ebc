//! The built-in agents on real repositories made by `git`, and on this one.

mod history;
mod own;
