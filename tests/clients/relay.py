"""Stands between a client and the server, and writes down every message: relay.py FOLDER SERVER [ARGUMENT…]

The record is a new file in the folder, one line of JSON a message: {"from": "client" or "server", "message": …}.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import BinaryIO


def pass_on(who: str, source: BinaryIO, target: BinaryIO, record: BinaryIO, lock: threading.Lock) -> None:
    while True:
        head, length = b"", 0
        while (line := source.readline()).strip():
            head += line
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        if not line:
            break
        body = source.read(length)
        with lock:
            record.write(json.dumps({"from": who, "message": json.loads(body)}).encode() + b"\n")
            record.flush()
        try:
            target.write(head + line + body)
            target.flush()
        except BrokenPipeError:
            break
    if who == "client":
        target.close()


def main() -> int:
    folder, *command = sys.argv[1:]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lock = threading.Lock()
    with open(f"{folder}/{server.pid}.jsonl", "wb") as record:
        client = ("client", sys.stdin.buffer, server.stdin, record, lock)
        # The client may keep its end open after `exit`: the server's end is the end.
        threading.Thread(target=pass_on, args=client, daemon=True).start()
        pass_on("server", server.stdout, sys.stdout.buffer, record, lock)
    return server.wait()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A thread still waits for the client to say something, and Python would wait for the thread.
    os._exit(code)
