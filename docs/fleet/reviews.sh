#!/usr/bin/env bash
# Reviews the pull requests of a work list on this machine, so many at a time, by GNU parallel: each is a process of its own, in a
# clone of its own.
#
#   reviews.sh REPOSITORY LIST RUNNERS FOLDER [OPTIONS OF REVIEW…]
#
# FOLDER gets the clones, a report of each pull request (NUMBER.md) and what came of it (log). One that is in the log is not
# done again: start it again to go on.
set -euo pipefail
repository=$1 list=$2 runners=$3
mkdir -p "$4"
folder=$(cd "$4" && pwd)
shift 4

one() {
  local number=$1 clone=$folder/clone$2
  shift 2
  [ -d "$clone" ] || git clone --quiet "$repository" "$clone"
  deep-review -C "$clone" review "pr:$number" --format markdown --output "$folder/$number.md" "$@"
}
export -f one
export repository folder

exec parallel --jobs "$runners" --joblog "$folder/log" --resume --halt never one {} {%} "$@" :::: "$list"
