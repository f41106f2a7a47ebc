#!/usr/bin/env python3
"""The program of Windows under Wine: the demo, a review by an agent of the Agent Client Protocol, fixes in files with line ends of
Windows, a session of the language server, and programs that are stopped with all that they started.

  tests/windows/program.py PROGRAM.exe

git and agents are scripts of this machine that end in `.exe`: Wine starts them as it does programs. What they are given and what
they say goes through pipes, handles and the environment of Windows; only their paths are translated.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/hard"))
from bed import Bed, answer, finding, must  # noqa: E402
from lsp import Client  # noqa: E402

PROGRAM = Path(sys.argv[1]).resolve()
WINE = os.environ.get("WINE", "/usr/lib/wine/wine64")

GIT = r"""#!/bin/bash
# The git of this machine, for a program that names its paths as Windows does.
words=()
for word; do
  case $word in *[A-Za-z]:[\\/]*) word=$(sed -E 's#[A-Za-z]:[\\/]#/#g; s#\\#/#g' <<<"$word") ;; esac
  words+=("$word")
done
for name in "${!GIT_@}"; do
  value=${!name}
  case $value in [A-Za-z]:[\\/]*) value=${value:2}; export "$name=${value//\\//}" ;; NUL) export "$name=/dev/null" ;; esac
done
export HOME=/nonexistent PATH=/usr/local/bin:/usr/bin:/bin
exec git "${words[@]}"
"""

ACP = r"""#!/usr/bin/env python3
import json, os, sys
def say(**message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    match message.get("method"):
        case "initialize": say(id=message["id"], result={"protocolVersion": 1, "agentCapabilities": {}})
        case "session/new": say(id=message["id"], result={"sessionId": "s"})
        case "session/prompt":
            text = open(ANSWER).read()
            say(method="session/update", params={"sessionId": "s", "update": {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}})
            say(id=message["id"], result={"stopReason": "end_turn"})
"""


def windows(path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\")


def address(path: Path) -> str:
    """As Visual Studio Code writes it."""
    return "file:///z%3A" + path.as_uri().removeprefix("file://")


class WineBed(Bed):
    """The same, seen from Windows."""

    def __init__(self) -> None:
        super().__init__(lines=3, files=1)
        tools = self.folder / "tools"
        tools.mkdir()
        self.script(tools / "git.exe", GIT)
        for name in ("config", "cache", "tmp"):
            (self.folder / name).mkdir()

    @staticmethod
    def script(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def start(self, *args: str, prefix: tuple[str, ...] = (), at: Path | None = None, **more: object) -> subprocess.Popen:
        own = self.environment() | {
            "WINEPREFIX": os.environ["WINEPREFIX"], "WINEDEBUG": "-all", "WINEPATH": windows(self.folder / "tools"),
            "USERPROFILE": windows(self.folder), "APPDATA": windows(self.folder / "config"), "LOCALAPPDATA": windows(self.folder / "cache"),
            "TMP": windows(self.folder / "tmp"), "TEMP": windows(self.folder / "tmp"), "DEEP_REVIEW_CONFIG": windows(self.config),
            "GIT_CONFIG_GLOBAL": "NUL", **more.pop("env", {}),
        }
        return subprocess.Popen([*prefix, WINE, str(PROGRAM), *args], cwd=at or self.root, env=own, **more)

    def acp(self, name: str, findings: list[dict]) -> None:
        program, said = self.folder / f"{name}.exe", self.folder / f"{name}.json"
        said.write_text(json.dumps(answer(findings, self.files)))
        self.script(program, ACP.replace("ANSWER", repr(str(said))))
        with self.config.open("a") as config:
            config.write(f"[agents.{name}]\nadapter = 'acp'\ncommand = ['{windows(program)}']\n")


def ended(ran: subprocess.CompletedProcess, code: int, what: str) -> str:
    must(ran.returncode == code, f"{what} ends with {ran.returncode}:\n{ran.stdout[-1500:]}\n{ran.stderr[-1500:]}")
    return ran.stdout


def version(bed: WineBed) -> None:
    must(ended(bed.run("--version"), 0, "--version").startswith("deep-review "), "it says another name")


def demo(bed: WineBed) -> None:
    sample = bed.folder / "sample ü"
    said = ended(bed.run("demo", "--color", "never", windows(sample)), 0, "the demo")
    must("I1" in said and "Claude (recorded), Gemini (recorded)" in said, f"no finding of two agents:\n{said}")
    must("\\\\?\\" not in said, f"it shows paths that other programs do not read:\n{said}")
    ended(bed.run("apply", "I1", at=sample), 0, "apply in the demo")


def line_ends(bed: WineBed) -> None:
    """A fix is applied to a file with `\\r\\n`, and they stay; the repository is found from a path with a blank and an umlaut."""
    name = bed.files[0]
    file = bed.root / name
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    bed.git("commit", "-qam", "Line ends of Windows")
    bed.acp("steady", [finding(name, 2, bed.line(name, 2), "let v2 = 2;", "A value is taken twice")])
    said = ended(bed.run("review", "--agent", "steady", "--color", "never"), 1, "a review with a finding")
    must("A value is taken twice" in said, f"the finding is not there:\n{said}")
    ended(bed.run("apply", "I1"), 0, "apply")
    must(file.read_bytes().split(b"\n")[1] == b"let v2 = 2;\r", f"the line is {file.read_bytes().splitlines()[1]!r}")
    bed.git("checkout", "-q", "--", ".")


def session(bed: WineBed) -> None:
    """An editor's session: what is shown in a file that the editor names as Windows does, and a fix for it."""
    client = Client(bed)
    client.request("initialize", {
        "processId": None, "rootUri": address(bed.root), "initializationOptions": {"review": {"auto": "off"}},
        "capabilities": {"general": {"positionEncodings": ["utf-16"]}, "textDocument": {"publishDiagnostics": {"versionSupport": True}}},
    })
    client.notify("initialized", {})
    uri = address(bed.root / bed.files[0])
    text = (bed.root / bed.files[0]).read_bytes().decode()
    client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "javascript", "version": 1, "text": text}})

    def shown() -> list[tuple[str, dict]]:
        return [(at, each) for at, all_ in client.shown.items() for each in all_ if each.get("source", "").startswith("deep-review")]

    client.until(shown, "the finding is shown")
    at, diagnostic = shown()[0]
    must(at.lower() == uri.lower(), f"it is shown at {at}, and the editor calls the file {uri}")
    asked = {"textDocument": {"uri": uri}, "range": diagnostic["range"], "context": {"diagnostics": [diagnostic]}}
    actions = client.request("textDocument/codeAction", asked)["result"]
    must(any("fix" in action.get("kind", "") for action in actions), f"no fix among {[a['title'] for a in actions]}")
    client.exit()
    must(client.process.returncode == 0, f"the server ends with {client.process.returncode}")


def stopped(bed: WineBed) -> None:
    """A program that takes too long is ended, with what it started."""
    program = bed.folder / "slow.exe"
    bed.script(program, f"#!/bin/sh\ncat >/dev/null\nsleep 1000 &\necho $$ $! >'{bed.folder}/pids'\nwait\n")
    with bed.config.open("a") as config:
        config.write(f"[agents.slow]\nadapter = 'command'\ncommand = ['{windows(program)}']\ntotal_seconds = 3\nretries = 0\n")
    ran = bed.run("review", "--agent", "slow")
    must(ran.returncode not in (0, 1), f"an agent that was stopped ends the review with {ran.returncode}:\n{ran.stderr}")


def main() -> None:
    failed = 0
    with WineBed() as bed:
        for scenario in (version, demo, line_ends, session, stopped):
            began = time.monotonic()
            try:
                scenario(bed)
                how = "ok"
            except Exception as error:  # noqa: BLE001: every scenario is told of
                failed, how = failed + 1, f"FAILED: {error}"
            print(f"{scenario.__name__:10} {time.monotonic() - began:5.1f} s: {how}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
