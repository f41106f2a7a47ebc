#!/usr/bin/env bash
# Reviews, and writes SARIF, the report, the job's summary and the outputs. Its own exit code is 0 unless nothing could be
# done at all: the last step of the action fails the job, once everything was said.
set -euo pipefail

# A workflow on pull_request_target has the repository's secrets, and the change is somebody else's: no agent reads it then.
if [ "${GITHUB_EVENT_NAME:-}" = pull_request_target ]; then
  echo "deep-review does not run on pull_request_target: foreign code would be read beside the repository's secrets. Use pull_request." >&2
  exit 2
fi

out=${RUNNER_TEMP:?}/deep-review
mkdir -p "$out"
sarif=$out/review.sarif report=$out/report.md
# Never the configuration of whoever the runner belongs to, and never the branch's.
printf '%s\n' "${CONFIG:-}" >"$out/config.toml"
export DEEP_REVIEW_CONFIG=$out/config.toml

arguments=(--no-uncommitted --format sarif --output "$sarif")
[ -z "${BASE:-}" ] || arguments+=(--base "$BASE")
[ -z "${FAIL_ON:-}" ] || arguments+=(--fail-on "$FAIL_ON")
read -r -d '' -a agents <<<"${AGENTS:-}" || true
for agent in "${agents[@]}"; do arguments+=(--agent "$agent"); done

code=0
"$PROGRAM" review "${arguments[@]}" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [ ! -s "$sarif" ]; then
  echo "the review could not be done" >&2
  exit 2
fi

# Where nothing differs there are no runs, and a round that is stored is an older one.
round="" critical=0 important=0 suggestion=0
if ! grep -q '"runs": \[\]' "$sarif"; then
  round=$("$PROGRAM" findings --format json | sed -n 's/^  "round": \([0-9]*\),\{0,1\}$/\1/p')
  open=$("$PROGRAM" findings --format jsonl)
  count() { grep -c "\"severity\":\"$1\"" <<<"$open" || true; }
  critical=$(count critical) important=$(count important) suggestion=$(count suggestion)
fi
complete=true
case $code in 2 | 3) complete=false ;; esac
# With --fail-on reached, the code does not say whether an agent failed.
if [ "$code" = 1 ] && grep -q '"executionSuccessful": false' "$sarif"; then complete=false; fi
{
  echo "sarif=$sarif"
  echo "round=$round"
  echo "complete=$complete"
  echo "critical=$critical"
  echo "important=$important"
  echo "suggestion=$suggestion"
} >>"$GITHUB_OUTPUT"

if [ -n "$round" ]; then
  "$PROGRAM" report --format markdown --output "$report"
  echo "report=$report" >>"$GITHUB_OUTPUT"
  # A summary of more than 1 MiB is refused whole.
  if [ "$(wc -c <"$report")" -le 1000000 ]; then
    cat "$report" >>"$GITHUB_STEP_SUMMARY"
  else
    printf 'The report is too large for a summary. Open: %s critical, %s important, %s suggestions.\n' \
      "$critical" "$important" "$suggestion" >>"$GITHUB_STEP_SUMMARY"
  fi
else
  echo "Nothing differs from the base, so nothing was reviewed." >>"$GITHUB_STEP_SUMMARY"
fi
