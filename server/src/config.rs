//! Configuration: the user's file, the repository's harmless keys, environment and flags.
