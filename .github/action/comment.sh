#!/usr/bin/env bash
# Posts the open findings as review comments, each once. A fork's token may not, and that is no failure.
set -euo pipefail

if [ -n "${HEAD_REPOSITORY:-}" ] && [ "$HEAD_REPOSITORY" != "$GITHUB_REPOSITORY" ]; then
  echo "the change comes from a fork, whose token may not comment; the findings are in the summary"
  exit 0
fi
export DEEP_REVIEW_CONFIG=${RUNNER_TEMP:?}/deep-review/config.toml
"$PROGRAM" pr "$NUMBER" --post --yes
