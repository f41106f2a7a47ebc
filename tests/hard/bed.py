"""What every scenario needs: a repository with rounds, agents that do as told, the program, and what must be true after."""
from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("DEEP_REVIEW", TOP / "target/debug/deep-review"))
PATIENCE = 120  # seconds that a command may take at all, on a busy machine


class Broken(Exception):
    """Something that must hold does not."""


def must(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)


def answer(findings: list[dict], covered: list[str]) -> dict:
    """An agent's whole answer, about these files."""
    return {"summary": "", "findings": findings, "observations": [], "testing": "", "untested": [], "documentation": "",
            "commit_structure": "", "limitations": [], "files_covered": covered}


def finding(path: str, line: int, old: str, new: str, title: str) -> dict:
    """A remark on one line, with a fix that puts another one there."""
    return {"severity": "important", "title": title, "body": f"{title}, because of what follows.", "evidence": "",
            "classification": "regression", "symbol": "",
            "places": [{"path": path, "start_line": line, "end_line": line, "quote": old}],
            "fixes": [{"note": "", "path": path, "diff": f"-{old}\n+{new}"}]}


class Bed:
    """A repository on the branch `topic`, a configuration with agents, and a mark by which their processes are known."""

    def __init__(self, folder: Path | None = None, lines: int = 200, files: int = 2):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="hard-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root, self.config = self.folder / "repo", self.folder / "config.toml"
        self.mark = f"hard-{os.getpid()}-{random.getrandbits(40):x}"
        (self.root / "src").mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("commit", "-q", "--allow-empty", "-m", "Begin")
        self.git("switch", "-q", "-c", "topic")
        self.files = [f"src/f{n}.js" for n in range(files)]
        for name in self.files:
            (self.root / name).write_text("".join(f"{self.line(name, n)}\n" for n in range(1, lines + 1)))
        self.git("add", ".")
        self.git("commit", "-q", "-m", "Add files")
        self.config.write_text("")

    def __enter__(self) -> "Bed":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def line(name: str, number: int) -> str:
        return f"let v{number} = take('{name}', {number});"

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of the user's; the mark goes to all that is started."""
        return {"HOME": str(self.folder), "DEEP_REVIEW_CONFIG": str(self.config), "PATH": os.environ["PATH"], "HARD_MARK": self.mark,
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
                "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org", **more}

    def git(self, *args: str, at: Path | None = None, check: bool = True) -> str:
        ran = subprocess.run(["git", *args], cwd=at or self.root, env=self.environment(), check=check, capture_output=True, text=True)
        return ran.stdout.strip()

    def agent(self, name: str, script: str) -> None:
        """An agent that is a shell script. It gets the brief on standard input."""
        program = self.folder / f"{name}.sh"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        with self.config.open("a") as config:
            config.write(f"[agents.{name}]\nadapter = 'command'\ncommand = ['{program}']\n")

    def answers(self, name: str, findings: list[dict], before: str = "cat >/dev/null") -> None:
        """An agent that gives this answer, after `before`."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(answer(findings, self.files)))
        self.agent(name, f"{before}\ncat '{file}'")

    def start(self, *args: str, prefix: tuple[str, ...] = (), at: Path | None = None, **more: object) -> subprocess.Popen:
        environment = self.environment(**more.pop("env", {}))
        return subprocess.Popen([*prefix, str(PROGRAM), *args], cwd=at or self.root, env=environment, **more)

    def run(self, *args: str, **more: object) -> subprocess.CompletedProcess:
        """Runs a command to its end; its output is text."""
        process = self.start(*args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as late:
            process.kill()
            raise Broken(f"{args} takes more than {PATIENCE} s") from late
        return subprocess.CompletedProcess(args, process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def review(self, findings: list[dict], name: str = "steady") -> None:
        """A round of these findings, which is complete."""
        self.answers(name, findings)
        ran = self.run("review", "--agent", name, "-o", "/dev/null")
        must(ran.returncode == 0, f"a plain review ends with {ran.returncode}: {ran.stderr}")

    def sarif(self, count: int, name: str = "in") -> Path:
        """A report with so many findings, spread over the files."""
        results = []
        for n in range(count):
            path, line = self.files[n % len(self.files)], 1 + n // len(self.files)
            results.append({"ruleId": f"r{n % 9}", "message": {"text": f"Value {n} is taken and not used"}, "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}}]})
        file = self.folder / f"{name}.sarif"
        file.write_text(json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": name}}, "results": results}]}))
        return file

    @property
    def store(self) -> Path:
        return self.root / ".git/deep-review"

    def rounds(self) -> list[dict]:
        """The rounds as the store has them; every file of it can be read."""
        found = []
        for file in sorted(self.store.glob("branches/*/*.json")):
            try:
                value = json.loads(file.read_text())
            except ValueError as error:
                raise Broken(f"{file.name} is half written: {error}") from error
            if file.stem.isdigit():
                found.append(value)
        return found

    def left(self) -> list[str]:
        """Temporary files in the work tree, in the store, and in the folder for temporary files."""
        own = [str(path) for path in self.root.rglob(".deep-review-*")]
        return own + [str(path) for path in self.store.rglob(".writing-*")]

    def orphans(self) -> list[int]:
        """Processes that have the mark in their environment."""
        found, mark = [], f"HARD_MARK={self.mark}".encode()
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != os.getpid():
                try:
                    state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
                    if state != "Z" and mark in (process / "environ").read_bytes():
                        found.append(int(process.name))
                except OSError:
                    pass
        return found
