# Sourced with `program` set. bed PULLS [OPTIONS OF stand_in.py…]: a folder $work with a forge that has so many pull requests, a vendor, a
# place that runners share, and a configuration; `deep-review` is the program, deaf to whoever runs the tests.
# FLEET_CONFIG has more lines of the agent's table. $address: the forge's, of the repository. calls: how many calls of the model there were.

bed() {
  work=$(mktemp -d)
  trap 'kill "$stand_in" 2>/dev/null; rm -rf "$work"' EXIT
  coproc STAND_IN { exec python3 tests/fleet/stand_in.py "$work" "$@"; }
  stand_in=$STAND_IN_PID
  read -r port <&"${STAND_IN[0]}"
  mkdir "$work/bin" "$work/home"
  ln -s "$program" "$work/bin/deep-review"
  cat >"$work/config.toml" <<CONFIG
[fleet]
url = "$work/place"
runners = 4

[agents.m]
adapter = "chat-http"
model = "mock-model"
url = "http://127.0.0.1:$port/v1"
key_env = "MODEL_KEY"
env = { MODEL_KEY = "sk-of-the-fleet" }
price = [3.0, 15.0]
${FLEET_CONFIG:-}
CONFIG
  local name
  for name in $(compgen -e | grep -E '^(DEEP_REVIEW_|GIT_|CI$|CI_|GITHUB_|GH_|AWS_)|_proxy$|_PROXY$'); do unset "$name"; done
  export PATH=$work/bin:/usr/bin:/bin HOME=$work/home DEEP_REVIEW_CONFIG=$work/config.toml GH_ENTERPRISE_TOKEN=stand-in
  export DEEP_REVIEW_FLEET_KEY=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
  export GIT_CONFIG_NOSYSTEM=1 PARALLEL_HOME=$work/home
  # The forge's address really leads to the folder, as the git command has it; what reads addresses sees the forge's.
  address=http://127.0.0.1:$port/o/r.git
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.$work/forge.insteadOf GIT_CONFIG_VALUE_0=$address
}

calls() { wc -l <"$work/calls.jsonl"; }
