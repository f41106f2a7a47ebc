#!/usr/bin/env bash
# Finds the program, or builds it from the action's own source, and says where it is.
set -euo pipefail

if [ -n "${PROGRAM:-}" ]; then
  found=$PROGRAM
elif found=$(command -v deep-review); then
  :
elif command -v cargo >/dev/null; then
  echo "building deep-review from the action's source"
  cargo build --locked --release --manifest-path "$ACTION/Cargo.toml" --target-dir "$RUNNER_TEMP/deep-review-build" -p deep-review
  found=$RUNNER_TEMP/deep-review-build/release/deep-review
else
  echo "there is no deep-review in PATH, and no cargo to build it; name it by the input 'program'" >&2
  exit 2
fi
"$found" --version
echo "program=$found" >>"$GITHUB_OUTPUT"
