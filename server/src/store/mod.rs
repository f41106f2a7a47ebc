//! Rounds and decisions on disk, under `$GIT_COMMON_DIR/deep-review/`: readable JSON, written atomically.
