# Drives an editor in a terminal (tmux) as a user does: keys go in, the screen is looked at. Sourced by the runs of Helix,
# Vim and of `deep-review tui` after tests/install.sh. Needs $server; makes $work with the sample repository, and removes it at the end.

need_apt tmux tmux
[ -x "$server" ] || missing "$server. Build it: cargo build"
work=$(mktemp -d)
socket=$work/tmux
passed=0
cleanup() {
  tmux -S "$socket" kill-server 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
tests/sample "$work"

# in_terminal COMMAND: starts it in the sample repository, with a configuration and a store of its own, on $columns by $rows.
columns=150 rows=40
in_terminal() {
  tmux -S "$socket" -f /dev/null new-session -d -x "$columns" -y "$rows" -c "$work/sample" \
    "env HOME=$work XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_CACHE_HOME=$work/cache XDG_RUNTIME_DIR=$work GIT_CONFIG_GLOBAL=/dev/null $1"
}
screen() { tmux -S "$socket" capture-pane -p; }
keys() { tmux -S "$socket" send-keys "$@"; }
# until_ WHAT COMMAND…: waits until the command succeeds, for a minute at most.
until_() {
  local what=$1 end=$((SECONDS + 60))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "FAIL not reached: $what"; screen; tail -5 "$work/log" 2>/dev/null; exit 1; }
    sleep 0.1
  done
  passed=$((passed + 1))
  echo "ok   $what"
}
shows() { screen | grep -qF "$1"; }
shows_not() { ! shows "$1"; }
# shows_soon TEXT [OTHER]: waits for a text for some seconds, no longer once the other one is there.
shows_soon() {
  for _ in {1..100}; do
    ! shows "$1" || return 0
    [ -z "${2:-}" ] || ! shows "$2" || return 1
    sleep 0.1
  done
  return 1
}
# Keeps the screen as it is, where $OUT is a folder.
shot() { [ -z "${OUT:-}" ] || { mkdir -p "$OUT" && screen >"$OUT/$1.txt"; }; }
# The block of editors/README.md under a heading, the first or the one with a text.
recipe() { awk -v heading="## $1" '$0 == heading { on = 1; next } /^## / { on = 0 } on && /^```/ { if (inside) exit; inside = 1; next } on && inside' editors/README.md; }
