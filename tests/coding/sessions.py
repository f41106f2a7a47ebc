#!/usr/bin/env python3
"""Claude Code, Codex and Gemini CLI drive `deep-review mcp` against a stand-in for their vendors: a session of each that
reviews, fixes, verifies and stops; and Claude Code's plugin, whose hook keeps a session from stopping, but not forever.

sessions.py FOLDER-WITH-THE-PROGRAMS [NAME…], of ALL below
"""
import argparse
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from bed import AFTER, PROGRAM, ROOT, Bed

STANDIN = ROOT.parent / "shared" / "agents" / "mock_model.py"
WORK = "Have this branch reviewed with the tools of deep-review, fix what is found, prove it, and stop."


def named(tools, wanted):
    """How a program calls a tool of ours: with a prefix, or within a group of tools (`group/tool`)."""
    for tool in tools:
        inner = tool.get("tools") or tool.get("functionDeclarations") or []
        found = named(inner, wanted) if isinstance(inner, list) else None
        if found:
            return f"{tool['name']}/{found}" if tool.get("type") == "namespace" else found
        name = tool.get("name") or (tool.get("function") or {}).get("name") or ""
        if name.endswith(wanted):
            return name
    return None


def next_step(body):
    """What a model does that fixes the one finding there is, by what it was told so far."""
    said = json.dumps(body.get("messages") or body.get("input") or body.get("contents") or [])
    has = lambda what: re.search(what, said)
    if not named(body.get("tools") or [], "apply_fix"):
        return {"text": "There is nothing for me to do."}
    call = lambda tool, **args: {"tool": {"name": named(body["tools"], tool), "args": args}}
    plan = has(r'plan[\\": ]+([0-9a-f]{16})')
    if not has(r'stage[\\": ]+done|Next: finding, apply_fix'):
        return call("review", agents=["one"])
    if not plan:
        return call("apply_fix", id="C1")
    if not has(r'applied[\\": ]+true|Written\. Call verify'):
        return call("apply_fix", id="C1", plan=plan.group(1))
    if not has(r'proof[\\": ]+fixed|gone +C1'):
        return call("verify", ids=["C1"])
    return {"text": "C1 is fixed and proved to be gone."}


def in_groups(data):
    """The same event, where each call of a tool in a group names both as Codex wants them named."""
    if isinstance(data, list):
        return [in_groups(item) for item in data]
    if not isinstance(data, dict):
        return data
    data = {name: in_groups(value) for name, value in data.items()}
    if data.get("type") == "function_call" and "/" in data["name"]:
        data["namespace"], data["name"] = data["name"].split("/", 1)
    return data


# What no session needs: one that asks more often goes in circles.
MOST_CALLS = 40


class Vendor:
    """The stand-in, answering by what it is asked; keeps the requests."""

    def __init__(self, step=next_step):
        spec = importlib.util.spec_from_file_location("mock_model", STANDIN)
        model = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(model)
        model.ARGS = argparse.Namespace(log=None)
        self.asked = []

        class Handler(model.Handler):
            def event(handler, data, name=None):
                super(Handler, handler).event(in_groups(data), name)

            def answer(handler, scenario, body, api, stream):
                self.asked.append(body)
                answer = step(body) if len(self.asked) < MOST_CALLS else {"text": "I go in circles."}
                getattr(handler, "api_" + api)(body, stream, answer, answer.get("text", ""), answer.get("tool"), [10, 10])

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/s/x"


def start(bed, command, **environment):
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    environment = bed.environment(**environment)
    running = subprocess.Popen(command, cwd=bed.repo, env=environment, text=True, start_new_session=True, **pipes)
    try:
        out, err = running.communicate(WORK, timeout=120)
    except subprocess.TimeoutExpired:
        # With what it has started: its server, its own workers.
        os.killpg(running.pid, signal.SIGKILL)
        raise
    return running.returncode, out + err


def claude(bed, url, *more):
    command = [CLIS / "claude", "-p", "--output-format", "json", "--model", "claude-sonnet-5-5", "--max-turns", "20", *more]
    # With all tools in the request, instead of behind a search for them.
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1", "ENABLE_TOOL_SEARCH": "false"}
    return start(bed, command, ANTHROPIC_BASE_URL=url, ANTHROPIC_API_KEY="sk-test", **quiet)


def with_claude(bed, url):
    bed.run("agents", "install", "claude", "--yes")
    bed.git("update-index", "--refresh")
    # The finding stays where it was: what was added is no part of the branch.
    return claude(bed, url, "--mcp-config", ".mcp.json", "--strict-mcp-config", "--allowedTools", "mcp__deep-review")


def with_codex(bed, url):
    bed.run("agents", "install", "codex", "--yes")
    return codex(bed, url)


def codex(bed, url):
    provider = {"name": "x", "base_url": url + "/v1", "env_key": "X_KEY", "wire_api": "responses"}
    settings = ["model_provider=x", *(f'model_providers.x.{name}="{value}"' for name, value in provider.items())]
    settings += ["analytics.enabled=false", "check_for_update_on_startup=false"]
    # The server is started without our environment: it is told where the user's configuration is.
    settings += [f'mcp_servers.deep-review.env.DEEP_REVIEW_CONFIG="{bed.folder}/config.toml"']
    options = [part for setting in settings for part in ("-c", setting)]
    command = [CLIS / "codex", "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
    return start(bed, [*command, "-m", "gpt-5", *options, "-"], X_KEY="sk-test", CODEX_HOME=str(bed.home / ".codex"))


def with_gemini(bed, url, extension=False):
    settings = bed.home / ".gemini" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"security": {"auth": {"selectedType": "gemini-api-key"}}}')
    if extension:
        # As `gemini extensions install` leaves it.
        shutil.copytree(ROOT / "editors" / "gemini-cli", settings.parent / "extensions" / "deep-review")
    else:
        bed.run("agents", "install", "gemini", "--yes")
    environment = {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "k", "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    command = [CLIS / "gemini", "-o", "stream-json", "--yolo", "-m", "gemini-2.5-pro"]
    code, said = start(bed, command, GEMINI_CLI_NO_RELAUNCH="true", **environment)
    assert "unknown format" not in said, f"a schema that it does not know: {said[:300]}"
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    # An answer comes in pieces.
    answer = "".join(event["content"] for event in events if event.get("role") == "assistant")
    return code, said + answer


def session(name, run):
    bed, vendor = Bed(), Vendor()
    code, said = run(bed, vendor.url)
    assert "proved to be gone" in said, f"{name} ({code}), {len(vendor.asked)} calls:\n{said[-3000:]}"
    assert "try_from" in bed.read() and bed.read() != AFTER, said[-3000:]
    assert bed.run("verify", "C1").startswith("gone"), name
    log = bed.run("log")
    by = re.search(r"applied C1 The count is cut in main\.rs, by (.+)", log)
    assert by, log
    bed.run("undo", "--agents")
    assert bed.read() == AFTER, "a person takes it back"
    print(f"{name}: reviewed, fixed, proved and stopped in {len(vendor.asked)} calls; marked as done by {by.group(1)}")
    return vendor


def plugin():
    """The hook hands back what is open, twice; the session ends all the same."""
    bed = Bed()
    bed.write(AFTER + "<<<<<<< HEAD\n")
    vendor = Vendor(lambda body: {"text": "I am done."})
    code, said = claude(bed, vendor.url, "--plugin-dir", str(ROOT / "editors" / "claude-code"))
    assert code == 0, said[-3000:]
    told = [body for body in vendor.asked if "deep-review has" in json.dumps(body.get("messages"))]
    assert len(told) == 2, f"{len(told)} of {len(vendor.asked)}: {said[-3000:]}"
    offered = json.dumps(vendor.asked[0].get("tools"))
    assert "apply_fix" in offered, "the plugin's server is not there"
    assert "Read, fix and verify review findings" in json.dumps(vendor.asked[0]), "the skill is not told"
    print(f"plugin: a session was kept from stopping {len(told)} times, and stopped")


def gemini_extension():
    """The extension brings the tools, and what Gemini is to know of them."""
    vendor = session("gemini's extension", lambda bed, url: with_gemini(bed, url, extension=True))
    asked = json.dumps(vendor.asked[0])
    assert "Decline only what you can show to be wrong" in asked, "GEMINI.md is not told"


def codex_skill():
    """The skill and the section of AGENTS.md reach the model."""
    bed, vendor = Bed(), Vendor(lambda body: {"text": "I am done."})
    shutil.copytree(ROOT / "editors" / "codex" / "skills", bed.home / ".codex" / "skills")
    shutil.copy(ROOT / "editors" / "codex" / "AGENTS.md", bed.repo)
    bed.run("agents", "install", "codex", "--yes")
    code, said = codex(bed, vendor.url)
    assert code == 0, said[-3000:]
    asked = json.dumps(vendor.asked[0])
    for what in ("Read, fix and verify review findings", "deep-review verify LABEL", "apply_fix"):
        assert what in asked, f"{what} is not told"
    print("codex: its skill, AGENTS.md and the tools reach the model")


ALL = {
    "claude": lambda: session("claude", with_claude),
    "codex": lambda: session("codex", with_codex),
    "gemini": lambda: session("gemini", with_gemini),
    "plugin": plugin,
    "gemini-extension": gemini_extension,
    "codex-skill": codex_skill,
}
if __name__ == "__main__":
    if not STANDIN.exists():
        sys.exit(f"skipped: {STANDIN} is not here")
    CLIS = Path(sys.argv[1])
    failed = 0
    for name in sys.argv[2:] or ALL:
        try:
            ALL[name]()
        except (AssertionError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED {name}: {error}", file=sys.stderr)
    sys.exit(failed)
