#!/usr/bin/env bash
# Fails the job as the review's exit code says.
set -euo pipefail

case ${EXIT_CODE:-2} in
  0) ;;
  1)
    echo "a finding that is grave enough to fail is open" >&2
    exit 1
    ;;
  3)
    echo "the review is not complete: an agent failed, or a file was not reviewed" >&2
    [ "${ALLOW_INCOMPLETE:-false}" = true ] || exit 3
    ;;
  *)
    echo "the review could not be done" >&2
    exit 2
    ;;
esac
