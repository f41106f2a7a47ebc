#!/usr/bin/env bash
# Gives the alerts to code scanning. A fork's token may not, and that is no failure.
set -euo pipefail

if [ -n "${HEAD_REPOSITORY:-}" ] && [ "$HEAD_REPOSITORY" != "$GITHUB_REPOSITORY" ]; then
  echo "the change comes from a fork, whose token may not upload alerts; they are in the summary"
  exit 0
fi
body=${RUNNER_TEMP:?}/deep-review/upload.json
# Of a pull request the merge commit was checked out; alerts belong to the commit that was pushed.
commit=${HEAD_SHA:-$GITHUB_SHA}
ref=$GITHUB_REF
case $ref in refs/pull/*/merge) ref=${ref%merge}head ;; esac
{
  printf '{"commit_sha":"%s","ref":"%s","tool_name":"deep-review","sarif":"' "$commit" "$ref"
  gzip -c "$SARIF" | base64 | tr -d '\n'
  printf '"}'
} >"$body"
if ! gh api --method POST "repos/$GITHUB_REPOSITORY/code-scanning/sarifs" --input "$body" --silent; then
  echo "the alerts could not be uploaded: does the job have 'security-events: write', and is code scanning on?" >&2
  exit 1
fi
