#!/usr/bin/env python3
"""Stands for a forge (GitHub's) and a vendor of models (chat completions), for runs of many reviews.

    stand_in.py FOLDER PULLS [--latency LOW HIGH] [--tokens READ WRITTEN]

makes the repository FOLDER/forge with so many pull requests (refs/pull/N/head), serves both on one port of the loopback
interface, prints that port, and writes to FOLDER/calls.jsonl when each call of the model came and ended. A call takes between LOW
and HIGH seconds, by its text: the same call takes the same time in every run.
"""
import argparse
import hashlib
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVIEW = {
    "summary": "One problem.", "observations": [], "testing": "", "untested": [], "documentation": "", "commit_structure": "",
    "limitations": [], "files_covered": [],
    "findings": [{
        "severity": "important", "title": "The sum may overflow", "body": "`a + b` has no bound.", "evidence": "", "confidence": 80,
        "classification": "regression", "places": [], "symbol": "", "fixes": [],
    }],
}
lock = threading.Lock()


def make(folder: Path, pulls: int) -> dict:
    """A repository of a commit, and one of its own for each pull request."""
    git = ["git", "-C", str(folder / "forge")]
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder / "forge")], check=True)
    who = "Ada <ada@example.org> 1767225600 +0000"

    def data(text: str) -> str:
        return f"data {len(text.encode())}\n{text}\n"

    stream = f"commit refs/heads/main\nmark :1\ncommitter {who}\n{data('Start')}"
    for n in range(20):
        stream += f"M 100644 inline src/part{n}.rs\n{data(f'pub fn part{n}(a: u32, b: u32) -> u32 {{{{ a ^ b }}}}' + chr(10))}"
    for n in range(1, pulls + 1):
        text = f"pub fn part{n % 20}(a: u32, b: u32) -> u32 {{\n    a + b + {n}\n}}\n"
        stream += f"commit refs/pull/{n}/head\ncommitter {who}\n{data(f'Add {n}')}from :1\nM 100644 inline src/part{n % 20}.rs\n{data(text)}"
    subprocess.run([*git, "fast-import", "--quiet"], input=stream.encode(), check=True)
    refs = subprocess.run([*git, "for-each-ref", "--format=%(refname) %(objectname)"], check=True, capture_output=True, text=True)
    return dict(line.split() for line in refs.stdout.splitlines())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body: bytes, kind: str = "application/json", status: int = 200):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        parts = self.path.split("?")[0].split("/")
        if parts[:-1] == ["", "api", "v3", "repos", "o", "r", "pulls"] and f"refs/pull/{parts[-1]}/head" in self.server.refs:
            number, refs = parts[-1], self.server.refs
            pull = {
                "number": int(number), "title": f"Add {number}", "state": "open", "user": {"login": "ada"},
                "head": {"sha": refs[f"refs/pull/{number}/head"], "ref": f"topic{number}", "repo": {"full_name": "someone/r"}},
                "base": {"sha": refs["refs/heads/main"], "ref": "main"},
            }
            return self.answer(json.dumps(pull).encode())
        return self.answer(b"{}", status=404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("/graphql"):
            none = {"reviewThreads": {"pageInfo": {}, "nodes": []}, "latestReviews": {"nodes": []}}
            return self.answer(json.dumps({"data": {"repository": {"pullRequest": none}}}).encode())
        came = time.time()
        low, high = self.server.latency
        share = int.from_bytes(hashlib.sha256(body).digest()[:4], "big") / 2**32
        time.sleep(low + (high - low) * share)
        read, written = self.server.tokens
        events = [
            {"model": "mock-model", "choices": [{"delta": {"content": json.dumps(REVIEW)}}]},
            {"choices": [{"delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": read, "completion_tokens": written}},
        ]
        text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        self.answer(text.encode(), "text/event-stream")
        with lock, open(self.server.log, "a", encoding="utf-8") as log:
            log.write(json.dumps({"came": came, "ended": time.time()}) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("pulls", type=int)
    parser.add_argument("--latency", type=float, nargs=2, default=(0.0, 0.0))
    parser.add_argument("--tokens", type=int, nargs=2, default=(2000, 300))
    args = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.refs, server.latency, server.tokens = make(args.folder, args.pulls), args.latency, args.tokens
    server.log = args.folder / "calls.jsonl"
    server.log.touch()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
