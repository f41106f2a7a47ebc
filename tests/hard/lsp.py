"""A client that speaks to `deep-review lsp` by hand, byte for byte."""
from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from pathlib import Path

from bed import PATIENCE, Bed, Broken


class Client:
    """One session. Messages of the server are taken by a thread; requests of its own are answered."""

    def __init__(self, bed: Bed, encoding: str = "utf-16", at: Path | None = None, listens: bool = True, **environment: str):
        self.bed = bed
        self.process = bed.start("lsp", at=at, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.root, self.encoding, self.number = at or bed.root, encoding, 0
        self.shown: dict[str, list[dict]] = {}
        self.answers: dict[int, dict] = {}
        self.news: queue.Queue[str] = queue.Queue()
        self.lock = threading.Lock()
        if listens:
            threading.Thread(target=self.listen, daemon=True).start()

    def raw(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self.lock:
            self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: object = None) -> None:
        self.send({"method": method, "params": params} if params is not None else {"method": method})

    def request(self, method: str, params: object = None) -> dict:
        self.number += 1
        number = self.number
        self.send({"id": number, "method": method, **({"params": params} if params is not None else {})})
        self.until(lambda: number in self.answers, method)
        return self.answers.pop(number)

    def until(self, holds, what: str) -> None:
        """Waits for news until it holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            try:
                if self.news.get(timeout=max(0.0, end - time.monotonic())) == "end" and not holds():
                    raise Broken(f"the server ended before: {what}")
            except queue.Empty as late:
                raise Broken(f"not in {PATIENCE} s: {what}") from late

    def listen(self) -> None:
        out = self.process.stdout
        while True:
            length = 0
            while (line := out.readline().strip()):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not length:
                break
            self.take(json.loads(out.read(length)))
        self.news.put("end")

    def take(self, message: dict) -> None:
        if "method" not in message:
            self.answers[message["id"]] = message
        elif "id" in message:
            wants = message["method"] == "workspace/configuration"
            self.send({"id": message["id"], "result": [None for _ in message["params"]["items"]] if wants else None})
        elif message["method"] == "textDocument/publishDiagnostics":
            self.shown[message["params"]["uri"]] = message["params"]["diagnostics"]
        self.news.put("message")

    def start(self) -> "Client":
        """As an editor begins; nothing is reviewed unless asked."""
        self.request("initialize", {
            "processId": None, "rootUri": self.root.as_uri(), "initializationOptions": {"review": {"auto": "off"}},
            "capabilities": {"general": {"positionEncodings": [self.encoding]}, "textDocument": {"publishDiagnostics": {"versionSupport": True}}},
        })
        self.notify("initialized", {})
        return self

    def open(self, name: str, text: str) -> str:
        uri = (self.root / name).as_uri()
        self.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "javascript", "version": 1, "text": text}})
        return uri

    def settle(self) -> None:
        """Waits until what was sent before is shown: an answer comes after it."""
        self.request("deepReview/status", {})

    def exit(self, closes: bool = True) -> float:
        """Says goodbye; how long the server took to end, in seconds."""
        self.request("shutdown")
        began = time.monotonic()
        self.notify("exit")
        if closes:
            self.process.stdin.close()
        self.process.wait(timeout=PATIENCE)
        return time.monotonic() - began
