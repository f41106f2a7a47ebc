#!/usr/bin/env python3
"""The command line of the protocol's own inspector drives `deep-review mcp`: tools, resources, prompts, and what is wrong.

inspector.py FOLDER-WITH-THE-PROGRAM
"""
import json
import subprocess
import sys
from pathlib import Path

from bed import Bed


class Inspector:
    """Starts the server anew for each question, as the inspector does."""

    def __init__(self, folder):
        self.bed = Bed()
        # It gives the server no environment but what it is told to.
        told = ["-e", f"DEEP_REVIEW_CONFIG={self.bed.folder}/config.toml"]
        self.command = [Path(folder) / "mcp-inspector", "--cli", *told, "deep-review", "mcp"]

    def ask(self, method, *args, code=0):
        command = [*self.command, "--method", method, *args]
        environment = self.bed.environment()
        done = subprocess.run(command, cwd=self.bed.repo, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == code, f"{method} {args}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert "unknown format" not in done.stderr, done.stderr[:300]
        return json.loads(done.stdout) if code == 0 else done.stderr

    def call(self, tool, **arguments):
        given = [part for name, value in arguments.items() for part in ("--tool-arg", f"{name}={value}")]
        return self.ask("tools/call", "--tool-name", tool, *given)


def check(inspector):
    tools = inspector.ask("tools/list")["tools"]
    names = [tool["name"] for tool in tools]
    assert names == ["findings", "finding", "apply_fix", "verify", "dismiss", "review", "ask", "rounds", "report"], names
    assert all(tool["inputSchema"] and tool["outputSchema"] for tool in tools)

    # It checks each answer by the tool's output schema itself.
    assert inspector.call("review", agents='["one"]')["structuredContent"]["stage"] == "done"
    assert inspector.call("findings", limit=1)["structuredContent"]["total"] == 1
    assert inspector.call("finding", id="C1")["structuredContent"]["finding"]["title"] == "The count is cut"
    plan = inspector.call("apply_fix", id="C1")["structuredContent"]["plan"]
    assert inspector.call("apply_fix", id="C1", plan=plan)["structuredContent"]["applied"] is True
    assert inspector.call("verify", ids='["C1"]')["structuredContent"]["gone"] is True
    assert "The count is cut" in inspector.call("report")["structuredContent"]["text"]
    assert len(inspector.call("rounds")["structuredContent"]["rounds"]) == 1

    # What is wrong is said to the model; only what is no call at all is an error of the protocol.
    for tool, arguments in [("findings", {"sevrity": "x"}), ("finding", {"id": "C9"}), ("findings", {"limit": 0})]:
        refused = inspector.call(tool, **arguments)
        assert refused["isError"] and refused["content"][0]["text"], refused
    assert "no such tool" in inspector.ask("tools/call", "--tool-name", "shell", code=1)
    assert "rror" in inspector.ask("resources/read", "--uri", "file:///etc/passwd", code=1)

    resources = [resource["uri"] for resource in inspector.ask("resources/list")["resources"]]
    assert resources == ["deep-review://rounds", "deep-review://rounds/1/report.md"], resources
    report = inspector.ask("resources/read", "--uri", resources[1])["contents"][0]["text"]
    assert "The count is cut" in report
    assert len(inspector.ask("resources/templates/list")["resourceTemplates"]) == 2
    prompts = inspector.ask("prompts/list")["prompts"]
    assert len(prompts) == 2, prompts
    asked = inspector.ask("prompts/get", "--prompt-name", prompts[0]["name"], "--prompt-args", "severity=critical")
    assert "verify" in asked["messages"][0]["content"]["text"]


if __name__ == "__main__":
    check(Inspector(sys.argv[1]))
    print("inspector: tools, resources and prompts are as it wants them")
