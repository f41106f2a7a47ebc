#!/usr/bin/env python3
"""What it costs to review what is not checked out, beside what is; and to list pull requests. Own time: agents answer at once.

    tests/hard/targets.py [--files 1000] [--rounds 5]

The program is target/release/deep-review if that is there, else the debug build, or what DEEP_REVIEW names. One repository with a
change of so many files, twice: its branch checked out, and as pull request 7 of a forge on this machine (a stand-in), with `main`
checked out. Medians of so many runs each, one after the other, in seconds; a forge's answers and what git fetches are part of the
second. The same `git fetch` by itself is measured too: what is over that is our own.
"""
from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILDS = [TOP / "target/release/deep-review", TOP / "target/debug/deep-review"]
PROGRAM = Path(os.environ.get("DEEP_REVIEW") or next(build for build in BUILDS if build.exists()))
LISTED = 100


def git(folder: Path, *args: str) -> str:
    return subprocess.run(["git", "-C", folder, *args], check=True, capture_output=True, text=True).stdout.strip()


def node(number: int) -> dict:
    return {"number": number, "title": f"Change number {number}", "url": "http://example.invalid", "isDraft": False,
            "createdAt": "2026-01-05T08:00:00Z", "headRefName": f"topic-{number}", "author": {"login": "ada"},
            "reviewRequests": {"nodes": []}, "commits": {"nodes": [{"commit": {"statusCheckRollup": {"state": "SUCCESS"}}}]}}


def forge(head: str, base: str) -> ThreadingHTTPServer:
    pull = {"number": 7, "title": "Change", "state": "open", "user": {"login": "ada"}, "body": "", "html_url": "http://example.invalid",
            "head": {"sha": head, "ref": "topic", "repo": {"full_name": "ada/r"}}, "base": {"sha": base, "ref": "main"}}
    threads = {"reviewThreads": {"pageInfo": {}, "nodes": []}, "latestReviews": {"nodes": []}, "closingIssuesReferences": {"nodes": []}}
    opened = {"viewer": {"login": "me"}, "repository": {"pullRequests": {"pageInfo": {}, "nodes": [node(n) for n in range(LISTED)]}}}

    class Forge(BaseHTTPRequestHandler):
        def answer(self, value: dict) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer(pull)

        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer({"data": opened if "states:OPEN" in query else {"repository": {"pullRequest": threads}}})

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Forge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        measure(Path(top), options.files, options.rounds)


def measure(top: Path, files: int, rounds: int) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(top), "GIT_CONFIG_GLOBAL": "/dev/null", "DEEP_REVIEW_CONFIG": str(top / "config.toml"),
           "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@example.org"}
    os.environ.update(env)
    here, theirs = top / "here", top / "theirs.git"
    here.mkdir()
    git(here, "init", "-q", "-b", "main")
    for n in range(files):
        (here / f"f{n}.py").write_text("".join(f"def f{n}_{line}():\n    return {line}\n" for line in range(40)))
    git(here, "add", "."), git(here, "commit", "-q", "-m", "Start")
    git(here, "switch", "-q", "-c", "topic")
    for n in range(files):
        file = here / f"f{n}.py"
        file.write_text(file.read_text().replace("return 20\n", f"return 20 + {n}\n"))
    git(here, "commit", "-q", "-a", "-m", "Change all of them")
    head, base = git(here, "rev-parse", "topic"), git(here, "rev-parse", "main")
    git(here, "clone", "-q", "--bare", str(here), str(theirs))
    git(theirs, "update-ref", "refs/pull/7/head", head), git(theirs, "branch", "-q", "-D", "topic")
    (top / "answer.json").write_text(json.dumps({
        "summary": "", "findings": [], "observations": [], "testing": "", "untested": [], "documentation": "", "commit_structure": "",
        "limitations": [], "covered": [f"f{n}.py" for n in range(files)]}))
    (top / "config.toml").write_text(f"[agents.one]\nadapter = 'recorded'\npath = '{top}/answer.json'\n")
    server = forge(head, base)
    address = f"http://127.0.0.1:{server.server_address[1]}/o/r.git"
    there = top / "there"
    git(top, "clone", "-q", "--branch", "main", str(theirs), str(there))
    git(there, "remote", "set-url", "origin", address)
    elsewhere = env | {"GH_ENTERPRISE_TOKEN": "x", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{theirs}.insteadOf", "GIT_CONFIG_VALUE_0": address}

    def run(folder: Path, environment: dict, *args: str, program: str | Path = PROGRAM) -> tuple[float, float, float]:
        began = time.monotonic()
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen([program, *args], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=said)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            assert child.returncode == 0, said.read().decode()
        return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024

    review = ["review", "--agent", "one", "--fresh", "--format", "json", "--no-uncommitted"]
    fetch = ["fetch", "--quiet", "--atomic", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap=", "origin",
             "+refs/pull/7/head:refs/deep-review/pr/7", "+refs/heads/main:refs/deep-review/pr/7-base"]
    checked_out, pull, listed, fetched = [], [], [], []
    for _ in range(rounds):
        checked_out.append(run(here, env, *review))
        pull.append(run(there, elsewhere, *review, "pr:7", "--forge", "github"))
        listed.append(run(there, elsewhere, "pr", "--list", "--forge", "github", "--json"))
        fetched.append(run(there, elsewhere, *fetch, program="git"))
    def of(all_: list, which: int) -> float:
        return statistics.median(one[which] for one in all_)

    print(f"program: {PROGRAM.relative_to(TOP) if PROGRAM.is_relative_to(TOP) else PROGRAM}; {files} files, medians of {rounds}")
    for name, all_ in (("branch, checked out", checked_out), ("pr:7, not checked out", pull), (f"{LISTED} pull requests listed", listed),
                       ("git fetch of both commits", fetched)):
        print(f"{name:28} {of(all_, 0):6.2f} s   {of(all_, 1):6.2f} s of the processor   {of(all_, 2):6.1f} MiB at most")
    print(f"pr:7 / branch                {of(pull, 0) / of(checked_out, 0):6.2f}     {of(pull, 1) / of(checked_out, 1):6.2f} of the processor"
          f"     {of(pull, 2) / of(checked_out, 2):6.2f} of the memory")
    own = of(pull, 0) - of(fetched, 0)
    print(f"the same without git's fetch {own / of(checked_out, 0):6.2f}")
    # Others take time from both, and least from the fastest runs.
    fastest = min(one[0] for one in pull), min(one[0] for one in checked_out)
    print(f"the fastest of each          {fastest[0] / fastest[1]:6.2f}     ({fastest[0]:.2f} s, {fastest[1]:.2f} s)")


if __name__ == "__main__":
    main()
