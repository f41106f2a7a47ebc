#!/usr/bin/env python3
"""The program of Windows under Wine, with git for Windows beside it: what a user does first, a review by agents and a fix in files with
line ends of Windows, a session of the language server, an agent that is stopped with all that it started, and Ctrl-C.

  tests/windows/program.py PROGRAM.exe AGENT.exe GIT

AGENT.exe is tests/windows/agent.rs, GIT the folder of git.exe. All of them are programs of Windows, started by ours as there; the
repositories are made by this machine's git.
"""
from __future__ import annotations

import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/hard"))
from bed import PATIENCE, Bed, answer, finding, must  # noqa: E402
from lsp import Client  # noqa: E402

PROGRAM, AGENT, GIT = (Path(word).resolve() for word in sys.argv[1:4])
WINE = os.environ.get("WINE", "/usr/lib/wine/wine64")


def windows(path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\")


def address(path: Path) -> str:
    """As Visual Studio Code writes it."""
    return "file:///z%3A" + path.as_uri().removeprefix("file://")


class WineBed(Bed):
    """The same, seen from Windows."""

    def __init__(self) -> None:
        super().__init__(lines=3, files=1)
        for name in ("config", "cache", "tmp"):
            (self.folder / name).mkdir()

    def start(self, *args: str, prefix: tuple[str, ...] = (), at: Path | None = None, **more: object) -> subprocess.Popen:
        own = self.environment() | {
            "WINEPREFIX": os.environ["WINEPREFIX"], "WINEDEBUG": "-all", "WINEPATH": windows(GIT),
            "USERPROFILE": windows(self.folder), "APPDATA": windows(self.folder / "config"), "LOCALAPPDATA": windows(self.folder / "cache"),
            "TMP": windows(self.folder / "tmp"), "TEMP": windows(self.folder / "tmp"), "DEEP_REVIEW_CONFIG": windows(self.config),
            "GIT_CONFIG_GLOBAL": "NUL", "LC_ALL": "C.UTF-8",  # how Wine reads our words
            **more.pop("env", {}),
        }
        return subprocess.Popen([*prefix, WINE, str(PROGRAM), *args], cwd=at or self.root, env=own, **more)

    def add(self, name: str, adapter: str, *words: str, more: str = "") -> None:
        """An agent of the configuration that is AGENT.exe with these words."""
        command = [windows(AGENT), *words]
        with self.config.open("a") as config:
            config.write(f"[agents.{name}]\nadapter = '{adapter}'\ncommand = {json.dumps(command)}\n{more}")

    def said(self, findings: list[dict]) -> str:
        file = self.folder / "said.json"
        file.write_text(json.dumps(answer(findings, self.files)))
        return windows(file)

    def of_agent(self) -> list[int]:
        """Processes of the agent's program that this bed's were the start of."""
        return [pid for pid in self.orphans() if AGENT.name in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")]


def ended(ran: subprocess.CompletedProcess, code: int, what: str) -> str:
    must(ran.returncode == code, f"{what} ends with {ran.returncode}:\n{ran.stdout[-1500:]}\n{ran.stderr[-1500:]}")
    return ran.stdout


def first_minute(bed: WineBed) -> None:
    """What a user does first; nothing that is shown is a path that other programs do not read."""
    must(ended(bed.run("--version"), 0, "--version").startswith("deep-review "), "it says another name")
    sample = bed.folder / "sample ü"
    said = ended(bed.run("demo", "--color", "never", "--into", windows(sample)), 0, "the demo")
    must("I1" in said and "Claude (recorded), Gemini (recorded)" in said, f"no finding of two agents:\n{said}")
    must("\\\\?\\" not in said, f"it shows paths that other programs do not read:\n{said}")
    ended(bed.run("apply", "I1", at=sample / "sample"), 0, "apply in the demo")
    said = ended(bed.run("doctor", "--color", "never"), 0, "doctor")
    must("git version" in said, f"git for Windows is not found:\n{said}")
    must(windows(bed.root) in said, f"the repository is not named as Windows does:\n{said}")
    ended(bed.run("init"), 0, "init")
    must("# base = \"main\"" in (bed.root / ".deep-review.toml").read_text(), "the base is not found")
    (bed.root / ".deep-review.toml").unlink()


def line_ends(bed: WineBed) -> None:
    """A fix is applied to a file with `\\r\\n`, and they stay; it is taken back, and the file is what it was."""
    name = bed.files[0]
    file = bed.root / name
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    bed.git("commit", "-qam", "Line ends of Windows")
    before = file.read_bytes()
    bed.add("plain", "command", "answer", bed.said([finding(name, 2, bed.line(name, 2), "let v2 = 2;", "A value is taken twice")]))
    said = ended(bed.run("review", "--agent", "plain", "--fail-on", "important", "--color", "never"), 1, "a review with a finding")
    must("A value is taken twice" in said, f"the finding is not there:\n{said}")
    ended(bed.run("apply", "I1"), 0, "apply")
    must(file.read_bytes() == before.replace(b"let v2 = take('src/f0.js', 2);\r", b"let v2 = 2;\r"), f"the file is {file.read_bytes()!r}")
    ended(bed.run("undo"), 0, "undo")
    must(file.read_bytes() == before, f"the file is {file.read_bytes()!r}")


def protocol(bed: WineBed) -> None:
    """An agent that is spoken to while it runs: what goes in and out are pipes without a name."""
    name = bed.files[0]
    bed.add("spoken", "acp", "acp", bed.said([finding(name, 3, bed.line(name, 3), "let v3 = 3;", "Nobody waits for the last request")]))
    said = ended(bed.run("review", "--agent", "spoken", "--color", "never"), 0, "a review by an agent of the protocol")
    must("Nobody waits for the last request" in said, f"the finding is not there:\n{said}")


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
    """An agent that takes too long is ended, with what it started."""
    bed.add("slow", "command", "slow", more="total_seconds = 3\nretries = 0\n")
    reviewing = bed.start("review", "--agent", "slow", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    most = 0
    while reviewing.poll() is None:
        most = max(most, len(bed.of_agent()))
        time.sleep(0.05)
    said = reviewing.stdout.read().decode(errors="replace")
    must(reviewing.returncode == 2, f"a review whose only agent was stopped ends with {reviewing.returncode}:\n{said}")
    must(most == 2, f"the agent and what it started were {most} processes:\n{said}")
    must(not bed.of_agent(), f"left running: {bed.of_agent()}")


def interrupted(bed: WineBed) -> None:
    """Ctrl-C in a terminal ends the review, with its agent and what that started, and the round says so."""
    bed.add("patient", "command", "slow", more="retries = 0\n")
    ours, theirs = pty.openpty()

    def with_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    reviewing = bed.start("review", "--agent", "patient", stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=with_terminal)
    os.close(theirs)
    said: list[bytes] = []

    def listen() -> None:
        try:
            while some := os.read(ours, 1 << 12):
                said.append(some)
        except OSError:
            pass  # how a terminal ends whose other side is closed

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        while len(bed.of_agent()) < 2 and reviewing.poll() is None:
            time.sleep(0.05)
        os.write(ours, b"\x03")
        code = reviewing.wait(PATIENCE)
    finally:
        reviewing.kill()
        listening.join(PATIENCE)
        os.close(ours)
    shown = b"".join(said).decode(errors="replace")
    must(code == 2 and "was cancelled" in shown, f"a review that is cancelled ends with {code}:\n{shown[-1500:]}")
    must(not bed.of_agent(), f"left running: {bed.of_agent()}")


def main() -> None:
    failed = 0
    with WineBed() as bed:
        for scenario in (first_minute, line_ends, protocol, session, stopped, interrupted):
            began = time.monotonic()
            try:
                scenario(bed)
                how = "ok"
            except Exception as error:  # noqa: BLE001: every scenario is told of
                failed, how = failed + 1, f"FAILED: {error}"
            print(f"{scenario.__name__:12} {time.monotonic() - began:5.1f} s: {how}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
