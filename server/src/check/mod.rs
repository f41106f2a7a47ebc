//! The built-in checkers: deterministic reviewers of a snapshot, one file a checker. No model runs.
