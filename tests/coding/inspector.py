#!/usr/bin/env python3
"""The MCP inspector's command line drives `deep-review mcp`, as people do who look at a server: inspector.py PROGRAM"""
import json
import subprocess
import sys

from bed import AFTER, PROGRAM, Bed

bed = Bed()


def inspect(method, *more, fails=False):
    command = ["node", sys.argv[1], str(PROGRAM), "mcp", "--method", method, *more]
    command[2:2] = [part for name in ("DEEP_REVIEW_CONFIG", "HOME") for part in ("-e", f"{name}={bed.environment()[name]}")]
    done = subprocess.run(command, cwd=bed.repo, env=bed.environment(), capture_output=True, text=True, timeout=120)
    if fails:
        assert done.returncode != 0, f"{method} {more} does not fail: {done.stdout}"
        return done.stderr
    assert done.returncode == 0, f"{method} {more}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def call(tool, **arguments):
    given = [part for name, value in arguments.items() for part in ("--tool-arg", f"{name}={value}")]
    return inspect("tools/call", "--tool-name", tool, *given)


tools = {tool["name"]: tool for tool in inspect("tools/list")["tools"]}
assert set(tools) == {"findings", "finding", "apply_fix", "verify", "dismiss", "review", "ask", "rounds", "report"}, tools
assert all(tool["outputSchema"]["type"] == "object" for tool in tools.values())
none = call("findings")
assert none["isError"] and "call review" in none["content"][0]["text"], none
reviewed = call("review", agents='["one"]')["structuredContent"]
assert reviewed["stage"] == "done" and reviewed["critical"] == 1, reviewed
shown = call("apply_fix", id="C1")["structuredContent"]
assert not shown["applied"] and bed.read() == AFTER
assert call("apply_fix", id="C1", plan=shown["plan"])["structuredContent"]["applied"]
proof = call("verify", ids='["C1"]')["structuredContent"]
assert proof["gone"] and proof["findings"][0]["proof"] == "fixed", proof
assert [r["uri"] for r in inspect("resources/list")["resources"]][0] == "deep-review://rounds"
assert len(inspect("prompts/list")["prompts"]) == 2
wrong = call("findings", sevrity="critical")
assert wrong["isError"] and "unknown field" in wrong["content"][0]["text"], wrong
assert "such tool" in inspect("tools/call", "--tool-name", "shell", fails=True)
print("the inspector lists 9 tools, reviews, fixes and proves")
