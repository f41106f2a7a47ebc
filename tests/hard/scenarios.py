"""What is done to the program, and what must hold after each: one function a scenario; it returns what it counted.

`size` is 1 for the short form and larger for the long one. Everything random comes from `random`, which `run` seeds.
"""
from __future__ import annotations

import ctypes.util
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import hostile as others
from bed import Bed, Broken, answer, finding, must
from lsp import Client

SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGINT]


def gone(bed: Bed, what: str, seconds: float = 20) -> None:
    """Waits until no process of the bed is left."""
    end = time.monotonic() + seconds
    while left := bed.orphans():
        must(time.monotonic() < end, f"{what}: processes {left} are left")
        time.sleep(0.02)


def differing(text: str, wanted: str) -> list[str]:
    """The first lines in which they differ."""
    pairs = zip_longest(text.splitlines(), wanted.splitlines())
    return [f"{one!r} for {other!r}" for one, other in pairs if one != other][:3]


def kills(size: int) -> dict:
    """Signals at random moments of `review`, `import`, `dismiss`, `apply` and `lsp`."""
    figures = {"kills": 0, "processes left": 0, "temporary files left": 0, "rounds lost": 0, "files half written": 0}
    with Bed() as bed:
        bed.review([finding("src/f0.js", n, bed.line("src/f0.js", n), f"let w{n} = 0;", f"Value {n}") for n in (5, 25, 45)])
        bed.answers("slow", [finding("src/f1.js", 7, bed.line("src/f1.js", 7), "let w = 1;", "Slow")], "cat >/dev/null\nsleep 0.3 & wait")
        report = bed.sarif(20)
        original = {name: (bed.root / name).read_text() for name in bed.files}
        labels = [f["label"] for f in sorted(bed.rounds()[0]["findings"], key=lambda f: int(f["title"].split()[-1]))]
        changed = original["src/f0.js"].replace(bed.line("src/f0.js", 5), "let w5 = 0;", 1)
        commands = [["review", "--agent", "slow", "--fresh", "-o", "/dev/null"], ["import", str(report), "-o", "/dev/null"],
                    ["dismiss", labels[0], "--reason", "later"], ["apply", labels[0]], ["lsp"]]
        spans = [0.0] * len(commands)
        for number in range(10 * size):
            which = number % len(commands)
            for name, text in original.items():
                (bed.root / name).write_text(text)
            known = {r["id"] for r in bed.rounds() if all(a["outcome"] != "running" for a in r["agents"])} if number else set()
            began = time.monotonic()
            quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            if commands[which] == ["lsp"]:
                client = Client(bed)
                process = client.process
                client.send({"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": bed.root.as_uri(), "capabilities": {}}})
            else:
                process = bed.start(*commands[which], **quiet)
            try:
                # How long it takes is learned from those that were late.
                process.wait(timeout=random.uniform(0, spans[which] or 1.0))
            except subprocess.TimeoutExpired:
                pass
            chosen = random.choice(SIGNALS)
            process.send_signal(chosen) if process.poll() is None else None
            if chosen == signal.SIGPIPE:
                # It says that nobody is at the other end: a server, which hears of that by itself, does not end of the signal.
                process.stdin.close()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired as late:
                raise Broken(f"{commands[which]} goes on after {chosen.name}") from late
            spans[which] = max(spans[which] * 0.9, time.monotonic() - began)
            process.stdin.close()
            figures["kills"] += 1
            gone(bed, str(commands[which]))
            rounds = bed.rounds()
            must(known <= {r["id"] for r in rounds}, "a round is lost")
            text = (bed.root / "src/f0.js").read_text()
            must(text in (original["src/f0.js"], changed), f"{commands[which]} leaves a file of {len(text)} bytes that is neither: {differing(text, changed)}")
            must(not list(bed.root.rglob("src/.deep-review-*")), f"a draft is left: {bed.left()}")
        # The next writer sweeps what killed ones left in the store.
        for name, text in original.items():
            (bed.root / name).write_text(text)
        must(bed.run("import", str(report), "-o", "/dev/null").returncode == 0, "the store cannot be written after kills")
        must(bed.run("dismiss", labels[1], "--reason", "later").returncode in (0, 2), "no decision can be made after kills")
        left = [path for path in bed.left()]
        must(not left, f"temporary files are left: {left}")
    return figures


# An agent's misbehaviour, what it is called, and whether its review may be called complete.
AGENTS: list[tuple[str, str, bool]] = [
    ("says nothing", "cat >/dev/null", False),
    ("ends with 1", "cat >/dev/null; exit 1", False),
    ("ends with 255", "exit 255", False),
    ("kills itself", "kill -9 $$", False),
    ("dies of SEGV", "kill -SEGV $$", False),
    ("dies of PIPE", "kill -PIPE $$", False),
    ("stops itself", "kill -STOP $$", False),
    ("closes its output and sleeps", "exec >&-; exec sleep 600", False),
    ("sleeps", "sleep 600", False),
    ("ignores TERM and sleeps", "trap '' TERM INT HUP; sleep 600 & wait; sleep 600", False),
    ("never reads its input", "exec 0<&-; echo '{}'", False),
    ("answers nothing but {}", "cat >/dev/null; echo '{}'", False),
    ("answers null", "cat >/dev/null; echo null", False),
    ("answers a number", "cat >/dev/null; echo 42", False),
    ("answers a list", "cat >/dev/null; echo '[]'", False),
    ("answers half of it", "cat >/dev/null; head -c 200 {answer}", False),
    ("answers all but the last byte", "cat >/dev/null; head -c -3 {answer}", False),
    ("answers without findings", "cat >/dev/null; echo '{\"summary\": \"x\"}'", False),
    ("answers findings that are a text", "cat >/dev/null; echo '{\"findings\": \"none\"}'", False),
    ("prints the brief back", "cat", False),
    ("apologises", "cat >/dev/null; echo 'I am sorry, but I cannot help with that.'", False),
    ("is at its limit", "cat >/dev/null; echo 'You have reached your usage limit.'; exit 1", False),
    ("wants a login", "cat >/dev/null; echo 'Please log in first.' >&2; exit 1", False),
    ("prints an HTML page", "cat >/dev/null; echo '<html><body>502 Bad Gateway</body></html>'", False),
    ("prints zeros for ever", "cat /dev/zero", False),
    ("prints lines for ever", "yes", False),
    ("prints errors for ever", "yes >&2", False),
    ("prints one endless line", "yes | tr -d '\\n'", False),
    ("prints random bytes", "cat >/dev/null; head -c 2000000 /dev/urandom", False),
    ("prints escapes", "cat >/dev/null; printf '\\033]0;x\\007\\033[2J'", False),
    ("nests deeply", "cat >/dev/null; yes '[' | head -n 200000 | tr -d '\\n'", False),
    ("nests objects deeply", "cat >/dev/null; yes '{\"a\":' | head -n 100000 | tr -d '\\n'", False),
    ("leaves a child with its output", "cat >/dev/null; sleep 600 & cat {answer}", True),
    ("leaves a child in a session of its own", "cat >/dev/null; setsid sleep 600 >/dev/null 2>&1 </dev/null & cat {answer}", True),
    ("leaves a daemon", "cat >/dev/null; (setsid sh -c 'trap \"\" HUP TERM; sleep 600' >/dev/null 2>&1 &) ; cat {answer}", True),
    ("forks much", "cat >/dev/null; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 & done; exec sleep 600", False),
    ("answers and then fails", "cat >/dev/null; cat {answer}; exit 3", False),
    ("answers twice", "cat >/dev/null; cat {answer}; cat {answer}", True),
    ("answers with noise around", "cat >/dev/null; echo Thinking; cat {answer}; echo Done", True),
    ("answers in a fence", "cat >/dev/null; echo '```json'; cat {answer}; echo; echo '```'", True),
    ("answers slowly", "cat >/dev/null; while IFS= read -r l; do echo \"$l\"; sleep 0.02; done <{answer}", True),
    ("changes what it is shown", "cat >/dev/null; echo x > here.txt; rm -rf src; cat {answer}", True),
    ("answers with a byte order mark", "cat >/dev/null; printf '\\357\\273\\277'; cat {answer}", True),
    ("names a file that is not there", "cat >/dev/null; sed 's/f1.js/nowhere.js/g' {answer}", True),
    ("names a file outside", "cat >/dev/null; sed 's#src/f1.js#../../../etc/passwd#g' {answer}", True),
    ("names git's files", "cat >/dev/null; sed 's#src/f1.js#.git/config#g' {answer}", True),
]


def agents(size: int) -> dict:
    """Agents that misbehave: none hangs a round, none that failed passes for a review, none leaves a process."""
    chosen = AGENTS if size > 1 else AGENTS[:: max(1, len(AGENTS) // 12)]
    # Most of them do nothing but wait.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(misbehave, chosen))
    return {"kinds": len(chosen), "hung": 0, "called complete": 0, "processes left": 0, "files changed": 0}


def misbehave(kind: tuple[str, str, bool]) -> None:
    name, script, may_be_complete = kind
    with Bed(lines=40) as bed:
        good = bed.folder / "good.json"
        said = answer([finding("src/f1.js", 7, bed.line("src/f1.js", 7), "let w = 1;", "Slow")], bed.files)
        good.write_text(json.dumps(said, indent=1) + "\n")
        status = bed.git("status", "--porcelain")
        bed.agent("odd", script.replace("{answer}", f"'{good}'"))
        ran = bed.run("review", "--agent", "odd", "--timeout", "3", "--fresh", "--format", "json")
        must(ran.returncode in (0, 2, 3), f"an agent that {name}: exit code {ran.returncode}, {ran.stderr[:300]}")
        must(may_be_complete or ran.returncode != 0, f"an agent that {name} is called complete")
        if ran.stdout.strip() and not may_be_complete:
            verdict = json.loads(ran.stdout)["verdict"]
            must(verdict != "merge-as-is", f"an agent that {name}: {verdict}")
        gone(bed, f"an agent that {name}")
        must(bed.git("status", "--porcelain") == status, f"an agent that {name} changed the work tree")
        must(not bed.left(), f"an agent that {name} leaves {bed.left()}")


def cut(size: int) -> dict:
    """Each file of the store cut short: what is left is read, what is damaged is kept under another name."""
    figures = {"cuts": 0, "files lost": 0, "commands that failed": 0}
    with Bed(lines=30) as bed:
        bed.review([finding("src/f0.js", 5, bed.line("src/f0.js", 5), "let w = 0;", "Value")])
        bed.run("dismiss", bed.rounds()[0]["findings"][0]["label"], "--reason", "later")
        bed.run("import", str(bed.sarif(3)), "-o", "/dev/null")
        whole = {path: path.read_bytes() for path in bed.store.rglob("*") if path.is_file() and path.name != "lock"}
        for path, data in whole.items():
            step = max(1, len(data) // (3 * size))
            for length in {0, 1, len(data) - 1, *range(0, len(data), step)}:
                path.write_bytes(data[:length])
                ran = bed.run("findings", "--format", "json")
                must(ran.returncode in (0, 1, 2), f"{path.name} cut to {length}: exit code {ran.returncode}, {ran.stderr}")
                must("panicked" not in ran.stderr, f"{path.name} cut to {length}: {ran.stderr}")
                copies = [p for p in path.parent.iterdir() if p.is_file() and p.read_bytes() == data[:length]]
                must(bool(copies), f"{path.name} cut to {length} is gone")
                must(bed.run("rounds").returncode == 0, f"{path.name} cut to {length}: no list of rounds")
                for kept in path.parent.glob("*.kept"):
                    kept.unlink()
                path.write_bytes(data)
                figures["cuts"] += 1
    return figures


WRITES = ["write", "openat", "fsync,fdatasync", "rename,renameat,renameat2", "mkdir,mkdirat", "linkat,link", "unlink,unlinkat", "ftruncate"]


def faults(size: int) -> dict:
    """Each call that writes fails once: no space, read-only, broken. What was there stays, and the command says so or is done."""
    figures = {"faults": 0, "rounds lost": 0, "files half written": 0, "silent failures": 0}
    if not shutil.which("strace"):
        return {"left out": "strace is not here"}
    with Bed(lines=30) as bed:
        bed.review([finding("src/f0.js", 5, bed.line("src/f0.js", 5), "let w = 0;", "Value")])
        label = bed.rounds()[0]["findings"][0]["label"]
        before = (bed.root / "src/f0.js").read_text()
        after = before.replace(bed.line("src/f0.js", 5), "let w = 0;")
        trace = bed.folder / "trace"
        errors = ["ENOSPC", "EROFS", "EIO", "EDQUOT"]
        report = bed.sarif(3)
        saved = bed.folder / "saved"
        shutil.copytree(bed.store, saved)
        commands = [["import", str(report), "-o", "/dev/null"], ["dismiss", label, "--reason", "later"], ["apply", label]]
        for command in commands:
            for calls in WRITES:
                for when in range(1, 1 + (1 if size == 1 else 40)):
                    error = errors[figures["faults"] % len(errors)]
                    inject = f"inject={calls}:error={error}:when={when}"
                    prefix = ("strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={calls}", "-e", inject)
                    ran = bed.run(*command, prefix=prefix)
                    injected = "INJECTED" in trace.read_text(errors="replace")
                    if not injected:
                        break
                    figures["faults"] += 1
                    must("panicked" not in ran.stderr or "failed printing" in ran.stderr, f"{command} with {inject}: {ran.stderr}")
                    text = (bed.root / "src/f0.js").read_text()
                    must(text in (before, after), f"{command} with {inject}: the file is half written")
                    must(len(bed.rounds()) >= 1, f"{command} with {inject}: a round is lost")
                    did = {"import": len(bed.rounds()) > 1, "apply": text == after, "dismiss": "later" in decisions(bed)}[command[0]]
                    must(did or ran.returncode != 0 or error == "ENOENT", f"{command} with {inject}: nothing is done, and nothing said")
                    (bed.root / "src/f0.js").write_text(before)
                    for path in bed.root.rglob("src/.deep-review-*"):
                        path.unlink()
                    shutil.rmtree(bed.store)
                    shutil.copytree(saved, bed.store)
    return figures


def decisions(bed: Bed) -> str:
    return "".join(path.read_text() for path in bed.store.glob("branches/*/decisions.json"))


def full(size: int) -> dict:
    """A real small disk that fills up, and the same disk mounted read-only."""
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"hard-disk-{os.getpid()}"
    folder.mkdir()
    figures = {"writes to a full disk": 0, "writes to a read-only disk": 0, "rounds lost": 0, "silent failures": 0}
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mount.returncode != 0:
        folder.rmdir()
        return {"left out": "a file system cannot be mounted here"}
    try:
        bed = Bed(folder / "bed", lines=30)
        bed.review([finding("src/f0.js", 5, bed.line("src/f0.js", 5), "let w = 0;", "Value")])
        label = bed.rounds()[0]["findings"][0]["label"]
        before = (bed.root / "src/f0.js").read_bytes()
        report = bed.sarif(20)
        filler = folder / "filler"
        for left in [0, 1, 4, 8, 16, 24][: 3 if size == 1 else 6]:
            with filler.open("wb", buffering=0) as out:
                try:
                    while True:
                        out.write(b"x" * 4096)
                except OSError:
                    pass
            os.truncate(filler, max(0, filler.stat().st_size - left * 4096))
            known = len(bed.rounds())
            for command in (["import", str(report), "-o", "/dev/null"], ["dismiss", label, "--reason", "later"], ["apply", label]):
                ran = bed.run(*command)
                figures["writes to a full disk"] += 1
                must("panicked" not in ran.stderr, f"{command} on a full disk: {ran.stderr}")
                must(len(bed.rounds()) >= known, f"{command} on a full disk: a round is lost")
                now = (bed.root / "src/f0.js").read_bytes()
                must(len(now) > 0 and (now == before or b"let w = 0;" in now), f"{command} on a full disk: the file is {now[:80]!r}")
            (filler).unlink()
            (bed.root / "src/f0.js").write_bytes(before)
        # A finding of the newest round: some of the imports may have found room, and the first finding was dismissed.
        bed.review([finding("src/f0.js", 9, bed.line("src/f0.js", 9), "let w = 9;", "Other")], "other")
        label = next(f["label"] for f in bed.rounds()[-1]["findings"] if f["fixes"])
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        for command in (["import", str(report), "-o", "/dev/null"], ["dismiss", label, "--reason", "style"], ["apply", label], ["review", "-o", "/dev/null"]):
            ran = bed.run(*command)
            figures["writes to a read-only disk"] += 1
            must(ran.returncode != 0 and "Read-only" in ran.stdout + ran.stderr, f"{command} on a read-only disk does not say why: {ran}")
        must(bed.run("findings").returncode in (0, 1), "findings cannot be listed on a read-only disk")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()
    return figures


def order(_: int) -> dict:
    """Power may fail at any moment: a file is durable before it gets its name, and its folder is made durable after."""
    if not shutil.which("strace"):
        return {"left out": "strace is not here"}
    figures = {"files put in place": 0, "not durable before": 0, "folders not durable after": 0}
    with Bed(lines=30) as bed:
        bed.review([finding("src/f0.js", 5, bed.line("src/f0.js", 5), "let w = 0;", "Value")])
        label = bed.rounds()[0]["findings"][0]["label"]
        trace = bed.folder / "trace"
        calls = "openat,fsync,fdatasync,rename,renameat,renameat2,linkat,link"
        for command in (["import", str(bed.sarif(3)), "-o", "/dev/null"], ["dismiss", label, "--reason", "later"]):
            bed.run(*command, prefix=("strace", "-f", "-y", "-s", "4096", "-qq", "-o", str(trace), "-e", f"trace={calls}"))
            durable: set[str] = set()
            waiting: dict[str, str] = {}
            # A call that another thread's interrupts is told in two lines; its end has no path.
            for line in trace.read_text(errors="replace").splitlines():
                call = line.split(maxsplit=1)[1] if " " in line else ""
                if synced := re.match(r"f(?:data)?sync\(\d+<([^>]*)>", call):
                    durable.add(synced[1])
                    waiting = {name: folder for name, folder in waiting.items() if folder != synced[1]}
                elif placed := re.match(r"(?:rename|link)\w*\(", call):
                    names = [name for name in re.findall(r'"([^"]*)"', call[placed.end():])]
                    if len(names) == 2 and str(bed.store) in names[1] and ".kept" not in names[1] and "= -1" not in call:
                        figures["files put in place"] += 1
                        must(names[0] in durable, f"{names[1]} gets its name before it is durable")
                        waiting[names[1]] = str(Path(names[1]).parent)
            must(not waiting, f"the names are not durable: {list(waiting)}")
    must(figures["files put in place"] >= 3, "no file was seen to be put in place: the check is blind")
    return figures


def together(size: int) -> dict:
    """Two servers, commands and git at work on one repository at once."""
    figures = {"rounds": 0, "rounds lost": 0, "numbers given twice": 0, "commands that failed": 0}
    with Bed(lines=60) as bed:
        bed.review([finding("src/f0.js", 5, bed.line("src/f0.js", 5), "let w = 0;", "Value")])
        report = bed.sarif(4)
        servers = [Client(bed).start(), Client(bed).start()]
        for server in servers:
            for name in bed.files:
                server.open(name, (bed.root / name).read_text())
        wanted, failed = 6 * size, []
        stop = threading.Event()

        def write(count: int) -> None:
            for _ in range(count):
                ran = bed.run("import", str(report), "-o", "/dev/null")
                if ran.returncode != 0:
                    failed.append(ran.stderr)

        def disturb() -> None:
            while not stop.is_set():
                bed.git("gc", "-q", check=False)
                bed.git("commit", "-q", "--amend", "--allow-empty", "-m", "Again", check=False)
                bed.git("worktree", "add", "-q", "--force", str(bed.folder / "other"), "main", check=False)
                bed.git("worktree", "remove", "--force", str(bed.folder / "other"), check=False)
                bed.git("rebase", "-q", "main", check=False)
                stop.wait(0.2)

        threads = [threading.Thread(target=write, args=(wanted // 2,)) for _ in range(2)]
        disturber = threading.Thread(target=disturb)
        for thread in [*threads, disturber]:
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        disturber.join()
        rounds = bed.rounds()
        numbers = [r["number"] for r in rounds]
        # git itself may be in the way of a command: that is said, and no round is made.
        done = 1 + 2 * (wanted // 2) - len(failed)
        must(len(rounds) == done, f"{done} rounds were made, {len(rounds)} are there")
        must(len(set(numbers)) == len(numbers), "a number was given twice")
        must(all("panicked" not in text for text in failed), str(failed[:2]))
        figures["rounds"], figures["commands that failed"] = len(rounds), len(failed)
        for server in servers:
            server.settle()
            server.exit()
        gone(bed, "two servers and commands")
        must(not bed.left(), f"temporary files are left: {bed.left()}")
    return figures


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int done = real(clock, at);
  const char *to = getenv("HARD_CLOCK");
  if (done == 0 && to && clock == CLOCK_REALTIME) at->tv_sec = atoll(to);
  return done;
}
"""


def clock(_: int) -> dict:
    """The clock of the wall jumps between commands: the newest round is the one that was made last."""
    if not shutil.which("cc"):
        return {"left out": "cc is not here"}
    with Bed(lines=30) as bed:
        (bed.folder / "clock.c").write_text(CLOCK)
        library = bed.folder / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, bed.folder / "clock.c", "-ldl"], check=True)
        report = bed.sarif(2)
        times = [0, 1, 2**31 - 1, 2**31, 4102444800, 1700000000, 1600000000, 951782400, 253402207200, 1700000001]
        for number, at in enumerate(times, 1):
            ran = bed.run("import", str(report), "-o", "/dev/null", env={"LD_PRELOAD": str(library), "HARD_CLOCK": str(at)})
            must(ran.returncode == 0, f"at second {at}: {ran.stderr}")
            newest = json.loads(bed.run("report", "--format", "json").stdout)["round"]
            must(newest["number"] == number, f"at second {at}: round {newest['number']} is the newest, not {number}")
    return {"jumps": len(times), "rounds out of order": 0}


def units(text: str, encoding: str) -> int:
    return {"utf-8": lambda: len(text.encode()), "utf-16": lambda: len(text.encode("utf-16-le")) // 2, "utf-32": lambda: len(text)}[encoding]()


PIECES = ["x", "\n", "\r\n", "\r", "é", "語", "😀", "\t", "\f", "\u2028", "\u0085", "e\u0301", "", "long piece of text ", "}\n{"]


def edits(size: int) -> dict:
    """Random edits and undo, in three encodings, beside a text of the client's own: findings are where their lines are."""
    figures = {"edits": 0, "undone": 0, "wrong places": 0}
    with Bed(lines=60, files=1) as bed:
        name = bed.files[0]
        places = [5, 15, 25, 35, 45, 55]
        bed.review([finding(name, n, bed.line(name, n), f"let w{n} = 0;", f"Value {n}") for n in places])
        start = (bed.root / name).read_text()
        wanted = {f"Value {n}": bed.line(name, n) for n in places}
        for encoding in ("utf-8", "utf-16", "utf-32"):
            client = Client(bed, encoding).start()
            uri = client.open(name, start)
            client.until(lambda: len(client.shown.get(uri, ())) == len(places), "the first diagnostics")
            first = json.dumps(client.shown[uri], sort_keys=True)
            text, past, version = start, [], 1

            def change(begin: int, end: int, new: str) -> None:
                nonlocal text, version
                lines = re.split("\r\n|\r|\n", text[:begin])
                last = re.split("\r\n|\r|\n", text[:end])
                at = {"start": {"line": len(lines) - 1, "character": units(lines[-1], encoding)},
                      "end": {"line": len(last) - 1, "character": units(last[-1], encoding)}}
                version += 1
                client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"range": at, "text": new}]})
                text = text[:begin] + new + text[end:]

            for number in range(34 * size):
                begin = random.randint(0, len(text))
                end = min(len(text), begin + random.choice([0, 0, 1, 3, 40]))
                # Between the two characters of one line end there is no place that the protocol knows.
                if (text[begin - 1 : begin + 1] == "\r\n") or (text[end - 1 : end + 1] == "\r\n"):
                    continue
                new = "".join(random.choice(PIECES) for _ in range(random.randint(0, 3)))
                if (begin and text[begin - 1] == "\r" and new.startswith("\n")) or (new.endswith("\r") and text[end : end + 1] == "\n"):
                    continue
                past.append((begin, new, text[begin:end]))
                change(begin, end, new)
                figures["edits"] += 1
                if number % 25 == 24:
                    client.settle()
                    check_places(client, uri, text, wanted)
            while past:
                begin, new, old = past.pop()
                change(begin, begin + len(new), old)
                figures["undone"] += 1
            must(text == start, "the client's own text is wrong")
            client.until(lambda: json.dumps(client.shown[uri], sort_keys=True) == first, f"what was shown first, after undo, in {encoding}")
            client.exit()
    return figures


def check_places(client: Client, uri: str, text: str, wanted: dict[str, str]) -> None:
    """A finding whose line is there once, as it was, is shown on it."""
    end = time.monotonic() + 60
    while True:
        lines = re.split("\r\n|\r|\n", text)
        shown = {d["message"]: d["range"]["start"]["line"] for d in client.shown[uri]}
        wrong = [(message, lines.index(line)) for message, line in wanted.items()
                 if lines.count(line) == 1 and message in shown and lines[shown[message]] != line]
        if not wrong:
            return
        must(time.monotonic() < end, f"shown at a wrong line: {wrong}, {shown}")
        time.sleep(0.05)


def clients(_: int) -> dict:
    """Clients that are silent, slow, rude, or gone in the middle of a message."""
    figures = {"clients": 0, "servers left": 0}
    with Bed(lines=60) as bed:
        bed.review([finding("src/f0.js", 5, bed.line("src/f0.js", 5), "let w = 0;", "Value")])

        def ended(client: Client, what: str, seconds: float = 30) -> None:
            try:
                client.process.wait(timeout=seconds)
            except subprocess.TimeoutExpired as late:
                client.process.kill()
                raise Broken(f"a client that {what}: the server goes on") from late
            figures["clients"] += 1
            gone(bed, f"a client that {what}")

        silent = Client(bed)
        silent.process.stdin.close()
        ended(silent, "says nothing and goes")
        for name, data in [
            ("goes in the middle of a header", b"Content-Le"), ("goes in the middle of a message", b"Content-Length: 500\r\n\r\n{\"jsonrpc\":"),
            ("says how long, and nothing", b"Content-Length: 999999999999\r\n\r\n"), ("sends noise", bytes(range(256)) * 40),
            ("sends a length below zero", b"Content-Length: -5\r\n\r\n{}"), ("sends headers for ever", b"X: y\r\n" * 20000),
        ]:
            client = Client(bed)
            client.raw(data)
            client.process.stdin.close()
            ended(client, name)
        for name, closes in [("says exit and closes", True), ("says exit and keeps the pipe open", False)]:
            client = Client(bed).start()
            took = client.exit(closes)
            must(took < 4, f"a client that {name}: {took:.1f} s until the server has ended")
            figures[f"{name}: seconds"] = round(took, 2)
            ended(client, name)
        deaf = Client(bed, listens=False)
        deaf.send({"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": bed.root.as_uri(), "capabilities": {}}})
        deaf.notify("initialized", {})
        for number in range(2, 400):
            try:
                deaf.send({"id": number, "method": "deepReview/status", "params": {}})
            except (BrokenPipeError, BlockingIOError):
                break
        deaf.process.stdout.close()
        deaf.process.stdin.close()
        ended(deaf, "never reads")
        slow = Client(bed)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "rootUri": bed.root.as_uri(), "capabilities": {}}}).encode()
        for byte in b"Content-Length: %d\r\n\r\n%s" % (len(body), body):
            slow.raw(bytes([byte]))
        slow.until(lambda: 1 in slow.answers, "the answer to a client that sends byte by byte")
        slow.process.kill()
        ended(slow, "sends byte by byte and is killed")
        parent = subprocess.Popen(["sleep", "600"])
        child = Client(bed)
        child.request("initialize", {"processId": parent.pid, "rootUri": bed.root.as_uri(), "capabilities": {}})
        parent.kill()
        parent.wait()
        ended(child, "dies and leaves the pipes open")
    return figures


def messages(size: int) -> dict:
    """Messages at random, good ones and others, to a server with documents: each request is answered, and nothing is changed."""
    figures = {"messages": 0, "requests answered": 0, "answered with an error": 0, "files changed": 0}
    with Bed(lines=60) as bed:
        bed.review([finding(name, n, bed.line(name, n), f"let w{n} = 0;", f"Value {n} of {name}") for name in bed.files for n in (5, 25, 45)])
        original = {name: (bed.root / name).read_text() for name in bed.files}
        client = Client(bed)
        told = client.request("initialize", {"processId": None, "rootUri": bed.root.as_uri(), "capabilities": {}, "initializationOptions": {"review": {"auto": "off"}}})
        client.notify("initialized", {})
        commands = told["result"]["capabilities"]["executeCommandProvider"]["commands"]
        # What would start a review takes its time, and is asked for elsewhere.
        commands = [name for name in commands if not re.search("review|verify|check|again|watch|mend|fix(?!Edits)", name.split(".")[-1], re.IGNORECASE)]
        must(len(commands) > 3, f"too few commands: {commands}")
        uris = [(bed.root / name).as_uri() for name in bed.files]
        foreign = ["untitled:x", "file:///etc/passwd", "file:///", "", "git:/a?b", uris[0] + "%00", bed.root.as_uri() + "/../x", "\ud800", "a" * 10_000]
        odd = [None, 0, -1, 1.5, 2**53, "", "x", [], [[]], {}, {"a": {}}, True, "\u0000", [None] * 50]

        def value(depth: int = 0) -> object:
            """Anything that JSON can say, and names that mean something here."""
            kind = random.randrange(8)
            if depth > 3 or kind < 3:
                return random.choice([*odd, *uris, *foreign, "I1", "I2", "latest"])
            if kind < 6:
                names = ["uri", "textDocument", "range", "position", "line", "character", "start", "end", "label", "id", "round", "version", "context", "diagnostics", "data", "command"]
                return {random.choice(names): value(depth + 1) for _ in range(random.randrange(5))}
            return [value(depth + 1) for _ in range(random.randrange(4))]

        def place() -> dict:
            line = random.choice([0, 4, 24, 44, 59, 60, 2**31 - 1])
            at = {"line": line, "character": random.choice([0, 4, 1_000, 2**31 - 1])}
            document = {"uri": random.choice([*uris, *foreign])}
            return {"textDocument": document, "position": at, "range": {"start": at, "end": at}, "context": {"diagnostics": []}, "previousResultId": "x"}

        asked = ["textDocument/hover", "textDocument/codeAction", "textDocument/codeLens", "textDocument/documentLink", "textDocument/diagnostic", "workspace/diagnostic",
                 "codeAction/resolve", "codeLens/resolve", "workspace/executeCommand", "deepReview/status", "deepReview/findings", "no/such", "initialize", "textDocument/rename"]
        said = ["textDocument/didOpen", "textDocument/didChange", "textDocument/didSave", "textDocument/didClose", "workspace/didChangeWatchedFiles", "$/cancelRequest",
                "$/setTrace", "workspace/didChangeConfiguration", "no/such", "initialized"]
        open_at: dict[str, int] = {}
        for number in range(200 * size):
            figures["messages"] += 1
            kind = random.randrange(10)
            if kind < 2:
                uri = random.choice(uris)
                if uri not in open_at:
                    open_at[uri] = 1
                    client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "javascript", "version": 1, "text": original[bed.files[uris.index(uri)]]}})
                elif random.randrange(4) == 0:
                    del open_at[uri]
                    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
                else:
                    open_at[uri] += 1
                    change = {"range": {"start": place()["position"], "end": place()["position"]}, "text": random.choice(PIECES)}
                    client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": open_at[uri]}, "contentChanges": [change]})
            elif kind < 4:
                client.notify(random.choice(said[4:] if random.randrange(3) else said[:1]), value() if random.randrange(3) else {"textDocument": {"uri": random.choice(foreign), "languageId": 1}})
            else:
                method = random.choice(asked)
                params = {"command": random.choice([*commands, "no.such"]), "arguments": value()} if method == "workspace/executeCommand" else place() if kind < 8 else value()
                answer = client.request(method, params)
                must(("result" in answer) != ("error" in answer), f"{method}: {answer}")
                figures["requests answered"] += 1
                figures["answered with an error"] += "error" in answer
        for uri in list(open_at):
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        must(all((bed.root / name).read_text() == text for name, text in original.items()), "a file was changed")
        for uri, text in zip(uris, original.values()):
            client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "javascript", "version": 1, "text": text}})
        client.until(lambda: all(len(client.shown.get(uri, ())) == 3 for uri in uris), "what there is to show, after all that")
        client.exit()
        gone(bed, "a server that was sent anything")
    return figures


def memory(process: int) -> int:
    """Resident memory in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def long_use(size: int) -> dict:
    """A long session, compressed: edits, saves, hovers, actions, documents opened and closed, rounds; memory stays flat."""
    with Bed(lines=300) as bed:
        bed.review([finding("src/f0.js", n, bed.line("src/f0.js", n), f"let w{n} = 0;", f"Value {n}") for n in range(5, 300, 10)])
        # With one arena, what is seen is what is kept, and not in how many threads something was freed.
        client = Client(bed, MALLOC_ARENA_MAX="1").start()
        name = bed.files[0]
        start = (bed.root / name).read_text()
        uri = client.open(name, start)
        client.until(lambda: len(client.shown.get(uri, ())) > 20, "the first diagnostics")
        version, samples, rounds = 1, [], 0
        cycles = 12 if size == 1 else 40 * size
        for cycle in range(cycles):
            for _ in range(10):
                line = random.randint(0, 299)
                for text in ("// x", ""):
                    version += 1
                    end = {"line": line, "character": 0 if text else 4}
                    client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [
                        {"range": {"start": {"line": line, "character": 0}, "end": end}, "text": text}]})
                at = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 4}}
                client.request("textDocument/hover", at)
                client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": {"start": at["position"], "end": at["position"]}, "context": {"diagnostics": []}})
            other = client.open(bed.files[1], (bed.root / bed.files[1]).read_text())
            client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
            client.notify("textDocument/didClose", {"textDocument": {"uri": other}})
            if cycle % 20 == 19:
                # The same again: what is imported into a round would make each larger than the one before.
                must(bed.run("review", "--agent", "steady", "--fresh", "-o", "/dev/null").returncode == 0, "no round beside the server")
                rounds += 1
            client.settle()
            samples.append(memory(client.process.pid))
        client.exit()
    # The first rounds that are made beside the server have more findings than the one before.
    warm = samples[len(samples) // 2:]
    # The slope of the line through the samples, by least squares.
    middle, mean = (len(warm) - 1) / 2, sum(warm) / len(warm)
    slope = sum((i - middle) * (kib - mean) for i, kib in enumerate(warm)) / max(1.0, sum((i - middle) ** 2 for i in range(len(warm))))
    must(size == 1 or slope < 8, f"memory grows by {slope:.1f} KiB a cycle")
    return {"edits": cycles * 20, "requests": cycles * 20, "rounds": rounds, "memory at the end, MiB": round(samples[-1] / 1024, 1), "slope, KiB for 20 edits": round(slope, 2)}


def adversarial() -> list[tuple[str, str, str]]:
    """Inputs that were made to be slow: a name, the file before, and the file after."""
    many = 30_000
    return [
        ("repeated lines", "a\nb\n" * many, "b\na\n" * many),
        ("repeated lines, some taken out", "x\n" * many * 2, "x\n" * many),
        ("one line repeated, one changed", "x\n" * many, "x\n" * (many // 2) + "y\n" + "x\n" * (many // 2)),
        ("all lines changed", "".join(f"a{i}\n" for i in range(many)), "".join(f"b{i}\n" for i in range(many))),
        ("all lines reversed", "".join(f"a{i}\n" for i in range(many)), "".join(f"a{i}\n" for i in reversed(range(many)))),
        ("every second line changed", "".join(f"a{i}\n" for i in range(many)), "".join(f"{'ab'[i % 2]}{i}\n" for i in range(many))),
        ("tiny hunks", "".join(f"a{i}\nk\nk\nk\n" for i in range(many)), "".join(f"b{i}\nk\nk\nk\n" for i in range(many))),
        ("lines shuffled", "".join(f"{i * 7919 % many}\n" for i in range(many)), "".join(f"{i * 104729 % many}\n" for i in range(many))),
        ("one long line", "x" * 1_000_000 + "\n", "x" * 999_999 + "y\n"),
        ("one long line of words", "word " * 200_000 + "\n", "word " * 199_999 + "other\n"),
        ("a long name", "", f"let {'a' * 500_000} = 1;\n" * 2),
        ("many long names", "", "".join(f"let {'a' * 2000}{i} = {'b' * 2000}{i};\n" for i in range(200))),
        ("deep brackets", "", "(" * 200_000 + ")" * 200_000 + "\n"),
        ("deep blocks", "", "if (a) {\n" * 20_000 + "}\n" * 20_000),
        ("deep lists", "", "[" * 100_000 + "\n"),
        ("open quotes", "", "'\"`" * 100_000 + "\n"),
        ("bait for patterns: blanks", "", (" " * 200_000 + "x\n") * 2),
        ("bait for patterns: a and !", "", ("a" * 200_000 + "!\n") * 2),
        ("bait for patterns: assignments", "", "api_key = password = secret = token = " * 20_000 + "\n"),
        ("bait for patterns: addresses", "", "http://" * 50_000 + "\n" + "a@" * 100_000 + "\n"),
        ("comments that never end", "", "/* " * 150_000 + "\n"),
        ("an operator on each line", "", "".join(f"let v{i} = take({i}) && other;\n" for i in range(many // 2))),
        ("operators on one line", "", "".join(f"v{i} = a{i} && b{i} || c; " for i in range(many)) + "\n"),
        ("operators and comments", "", "a && /* b */ c || // d\n" * many),
        ("equal words", "", "a a a a a a a a && a a a a a a a a\n" * many),
        ("empty lines", "\n" * many * 2, "\n" * many * 3),
    ]


def slow_input(size: int) -> dict:
    """Inputs that were made to be slow, beside git's diff of the same; Ctrl-C in the middle of one."""
    inputs = adversarial()
    chosen = inputs if size > 1 else inputs[::12]
    figures: dict[str, object] = {"inputs": len(chosen), "slowest, seconds of the processor": 0.0, "which": ""}
    for name, before, after in chosen:
        with Bed(lines=1, files=1) as bed:
            path = bed.root / "src/big.js"
            bed.git("switch", "-q", "main")
            path.parent.mkdir(exist_ok=True)
            path.write_text(before)
            bed.git("add", "."), bed.git("commit", "-q", "--allow-empty", "-m", "Before")
            bed.git("switch", "-q", "topic"), bed.git("rebase", "-q", "main")
            path.write_text(after)
            bed.git("add", "."), bed.git("commit", "-q", "-m", "After")
            used = resources(lambda: bed.run("review", "--timeout", "60", "-o", "/dev/null"))
            if used > figures["slowest, seconds of the processor"]:
                figures["slowest, seconds of the processor"], figures["which"] = round(used, 1), name
            must(used < 60, f"{name}: {used:.1f} s of the processor")
            gone(bed, name)
    with Bed(lines=1, files=1) as bed:
        (bed.root / "src/big.js").write_text("a\nb\n" * 100_000)
        process = bed.start("review", "-o", "/dev/null", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.wait(timeout=60)
        figures["seconds until Ctrl-C is obeyed"] = round(time.monotonic() - began, 2)
        gone(bed, "a review that was interrupted")
    return figures


def resources(run) -> float:
    """Seconds of the processor that the children took meanwhile."""
    before = os.times()
    run()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


# Names that lead where no fix may: out of the repository, into git's own files, to what is no file.
NAMES = [
    "../outside/file.txt", "../../etc/passwd", "/etc/passwd", "{outside}/file.txt", "src/../../outside/file.txt", "./../outside/file.txt",
    "src/./../../outside/file.txt", "src//../../outside/file.txt", "..\\outside\\file.txt", "C:\\outside", "\\\\server\\share", "~/file.txt",
    "~root/file.txt", "$HOME/file.txt", "file:///etc/passwd", "a/../b/../../outside/file.txt", "src/f0.js/../../../outside/file.txt",
    ".git/config", ".git/hooks/pre-commit", ".GIT/config", ".Git/hooks/post-checkout", ".git/HEAD", ".git/info/attributes", ".git/objects/x",
    "./.git/config", "src/../.git/config", ".git//config", "sub/.git/config", "sub/.git/hooks/pre-commit", "sub/.GIT/config", "GIT~1/config", "git~1/hooks/x",
    ".git\u200c/config", ".g\u200bit/config", ".git\ufeff/config", ".git./config", ".git /config", ".git::$INDEX_ALLOCATION/config", ".git\\config",
    "src/link-file", "src/link-folder/file.txt", "src/link-folder/new.txt", "src/link-hooks/pre-commit", "src/link-git/config", "src/link-root/etc/passwd",
    "src/link-up/outside/file.txt", "src/link-null", "src/link-link/file.txt", "src/link-self", "src/link-absolute/file.txt", "src/link-proc/self/environ",
    "src/pipe", "src/folder", "src/folder/", "src", ".", "..", "/", "", " ", "\u0000", "src/a\u0000b", "src/\u001b]0;x\u0007", "src/a\nb", "/dev/null",
    "/proc/self/mem", "/dev/stdout", "x" * 300, "/".join(["d"] * 600), "src/f0.js/below", "src/-rf", "--output=/tmp/x",
]


def made(path: str, kind: str, old: str) -> str:
    """A fix of that kind, aimed at that path."""
    return {
        "edit": f"--- a/{path}\n+++ b/{path}\n@@ -1,1 +1,1 @@\n-{old}\n+pwned\n",
        "create": f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,1 @@\n+pwned\n",
        "delete": f"--- a/{path}\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-{old}\n",
        "rename": f"diff --git a/src/f1.js b/{path}\nsimilarity index 100%\nrename from src/f1.js\nrename to {path}\n",
        "by name": f"-{old}\n+pwned\n",
    }[kind]


def hostile(size: int) -> dict:
    """Fixes aimed out of the repository and at git's own files: by names, through links, and through links put there meanwhile."""
    figures = {"rows": 0, "got through": 0, "links swapped": 0}
    with Bed(lines=30) as bed:
        outside = bed.folder / "outside"
        outside.mkdir()
        (outside / "file.txt").write_text("kept\n")
        (bed.root / "src/folder").mkdir()
        (bed.root / "sub").mkdir()
        bed.git("init", "-q", at=bed.root / "sub")
        for name, to in [("link-file", "../../outside/file.txt"), ("link-folder", "../../outside"), ("link-hooks", "../.git/hooks"), ("link-git", "../.git"),
                         ("link-root", "/"), ("link-up", "../.."), ("link-null", "/dev/null"), ("link-link", "link-folder"), ("link-self", "link-self"),
                         ("link-absolute", str(outside)), ("link-proc", "/proc")]:
            os.symlink(to, bed.root / "src" / name)
        os.mkfifo(bed.root / "src/pipe")
        (bed.root / ".git/hooks/pre-commit").write_text("kept\n")
        old = {"file.txt": "kept", "pre-commit": "kept"}
        rows = [(name.replace("{outside}", str(outside)), kind) for name in NAMES for kind in ("edit", "create", "delete", "rename", "by name")]
        said = []
        for number, (path, kind) in enumerate(rows):
            remark = finding("src/f0.js", 1 + number % 30, bed.line("src/f0.js", 1 + number % 30), "", f"Row {number}")
            remark["fixes"] = [{"note": "", "path": path if kind == "by name" else "", "diff": made(path, kind, old.get(path.rsplit("/", 1)[-1], "[core]"))}]
            said.append(remark)
        agents = []
        for start in range(0, len(said), 400):
            agents += ["--agent", f"evil{start}"]
            bed.answers(f"evil{start}", said[start:start + 400])

        def guarded() -> dict[str, bytes]:
            files = [path for top in (outside, bed.root / ".git/hooks", bed.root / "sub/.git") for path in top.rglob("*") if path.is_file()]
            files += [bed.root / ".git/config", bed.root / ".git/HEAD", bed.root / ".git/info/exclude"]
            links = {str(p): os.readlink(p).encode() for p in (bed.root / "src").iterdir() if p.is_symlink()}
            return {str(file): file.read_bytes() for file in files} | links

        before = guarded()
        ran = bed.run("review", *agents, "-o", "/dev/null")
        must(ran.returncode in (0, 3), f"the review of hostile answers: {ran.stderr}")
        labels = [f["label"] for f in bed.rounds()[0]["findings"]]
        for command in [["apply", "--all"], ["apply", "--check", "--all"], *(["apply", label] for label in (labels if size > 1 else labels[::60]))]:
            ran = bed.run(*command)
            must(ran.returncode in (0, 1, 2, 3) and "panicked" not in ran.stderr, f"{command} ends with {ran.returncode}: {ran.stderr}")
            must(guarded() == before, f"{command} changed {[k for k, v in guarded().items() if before.get(k) != v]}")
        must(len(list(outside.iterdir())) == 1, "something was written outside")
        figures["rows"] = len(rows)
    with Bed(lines=1) as bed:
        figures["links swapped"] = swapped(bed, 5 * size)
    return figures


def swapped(bed: Bed, times: int) -> int:
    """A folder that becomes a link out of the repository, and back, while a fix of a file in it is applied."""
    outside = bed.folder / "outside"
    outside.mkdir()
    (bed.root / "swap").mkdir()
    for n in range(1, 4):
        (bed.root / f"swap/s{n}.js").write_text("old();\n")
        (outside / f"s{n}.js").write_text("old();\n")
    bed.files += [f"swap/s{n}.js" for n in range(1, 4)]
    bed.review([{**finding(f"swap/s{n}.js", 1, "old();", "pwned();", f"Swap {n}")} for n in range(1, 4)], "swapper")
    labels = [f["label"] for f in bed.rounds()[-1]["findings"] if f["title"].startswith("Swap")]
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(bed.root / "swap", bed.root / "swap.real")
            os.symlink(outside, bed.root / "swap")
            os.unlink(bed.root / "swap")
            os.rename(bed.root / "swap.real", bed.root / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for number in range(times):
            bed.run("apply", labels[number % len(labels)])
            must(all((outside / f"s{n}.js").read_text() == "old();\n" for n in range(1, 4)), "a fix was written through a link that was put there meanwhile")
            must(len(list(outside.iterdir())) == 3, f"something is left outside: {list(outside.iterdir())}")
    finally:
        stop.set()
        thread.join()
    return times


def written_by_others(_: int) -> dict:
    """What a repository brings, what agents say, and secrets."""
    rows = {"rows of what a repository brings": others.brought(), "of what agents say": others.said(), "of secrets": others.secrets()}
    return {**rows, "rows": sum(rows.values()), "got through": 0}


ALL = {
    "What others write": written_by_others,
    "Fixes aimed elsewhere": hostile,
    "Killed at a random moment": kills,
    "Agents that misbehave": agents,
    "Files of the store cut short": cut,
    "Calls that fail": faults,
    "Full and read-only disks": full,
    "The order of writes": order,
    "Everybody at once": together,
    "A clock that jumps": clock,
    "Edits and undo": edits,
    "Clients that misbehave": clients,
    "Messages at random": messages,
    "Long use": long_use,
    "Input that was made to be slow": slow_input,
}
