#!/usr/bin/env bash
# Fuzzes each target for SECONDS_EACH seconds (60), from the seeds. Does nothing where cargo-fuzz or a nightly
# compiler is not installed: the tests in server/src/patch/tests/hostile.rs are the bounded stand-in there.
set -euo pipefail
cd "$(dirname "$0")"
if ! cargo fuzz --version >/dev/null 2>&1 || ! cargo +nightly --version >/dev/null 2>&1; then
  echo "skipped: cargo-fuzz or a nightly compiler is not installed"
  exit 0
fi
for target in parse locate; do
  mkdir -p "corpus/$target"
  cargo +nightly fuzz run "$target" "corpus/$target" "seeds/$target" -- -max_total_time="${SECONDS_EACH:-60}" -max_len=4096
done
