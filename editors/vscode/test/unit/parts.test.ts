import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, edited, files, firstLine } from "../../src/edits";
import { addition, commandOf, freeName, modelsOf, PROVIDERS } from "../../src/providers";
import { repositoryOf } from "../../src/repositories";
import { ago, money, span } from "../../src/times";

test("a file is of the innermost repository around it", () => {
  const all = [{ root: "/w/app" }, { root: "/w/app/vendor/lib" }, { root: "C:\\work\\a" }];
  const of = (file: string): string | undefined => repositoryOf(all, file)?.root;
  assert.equal(of("/w/app/src/a.ts"), "/w/app");
  assert.equal(of("/w/app/vendor/lib/b.ts"), "/w/app/vendor/lib");
  assert.equal(of("/w/app"), "/w/app");
  assert.equal(of("/w/application/a.ts"), undefined);
  assert.equal(of("C:\\work\\a\\b.ts"), "C:\\work\\a");
});

test("times, spans and amounts are what people say", () => {
  const now = Date.parse("2026-11-28T16:53:00Z");
  const cases: [string, string][] = [
    ["2026-11-28T16:52:58Z", "2 seconds ago"],
    ["2026-11-28T16:33:12.551684085Z", "19 minutes ago"],
    ["2026-11-28T13:50:00Z", "3 hours ago"],
    ["2026-11-27T10:00:00Z", "yesterday"],
    ["2026-11-10T10:00:00Z", "2 weeks ago"],
    ["2024-11-10T10:00:00Z", "2 years ago"],
    ["2026-11-28T17:00:00Z", "now"],
    ["some day", "some day"],
  ];
  for (const [time, says] of cases) assert.equal(ago(time, now, "en"), says, time);
  assert.equal(ago("2026-11-28T16:33:12Z", now, "de"), "vor 19 Minuten");
  assert.deepEqual([span(0), span(41), span(59_999), span(125_000)], ["< 1 s", "< 1 s", "59 s", "2:05 min"]);
  assert.deepEqual([money(0), money(0.001), money(0.21), money(12)], ["$0.00", "< $0.01", "$0.21", "$12.00"]);
});

const edit = (line: number, newText: string): { range: { start: object; end: object }; newText: string } => ({
  range: { start: { line, character: 0 }, end: { line: line + 1, character: 0 } },
  newText,
});

test("edits give the text after them, and what differs gives the text before back", () => {
  const before = "a\nb\nc\n";
  const at = ({ line }: { line: number }): number => line * 2;
  const all = [edit(0, "x\n"), edit(2, "yy\n")] as never[];
  const after = edited(before, all, at);
  assert.equal(after, "x\nb\nyy\n");
  for (const [one, other] of [
    [before, after],
    ["same", "same"],
    ["", "new"],
    ["aaa", "aa"],
    ["ab", "aab"],
  ] as const) {
    const { start, end, text } = difference(one, other);
    assert.equal(other.slice(0, start) + text + other.slice(end), one, `${one} ${other}`);
  }
});

test("files of an edit are those of both of its forms, with the first line that changes", () => {
  const found = files({
    changes: { "file:///a": [edit(4, ""), edit(2, "")] },
    documentChanges: [
      { textDocument: { uri: "file:///b", version: 1 }, edits: [edit(7, "")] },
      { kind: "create", uri: "file:///c" },
    ],
  } as never);
  assert.deepEqual(
    found.map((file) => [file.uri, firstLine(file)]),
    [
      ["file:///a", 2],
      ["file:///b", 7],
    ],
  );
});

test("a provider's agent is added by words alone: a key is in none of them", () => {
  const [anthropic] = PROVIDERS;
  assert.ok(anthropic);
  assert.deepEqual(addition(anthropic, { name: "anthropic-2", model: "m" }), [
    "agents",
    "add",
    "--adapter=anthropic-http",
    "--name=anthropic-2",
    "--model=m",
    "--key-env=ANTHROPIC_API_KEY",
  ]);
  const local = PROVIDERS.find(({ variable }) => variable === undefined);
  assert.ok(local);
  const words = addition(local, { name: "local", model: "m", url: "http://127.0.0.1:1/v1" });
  assert.ok(words.includes("--url=http://127.0.0.1:1/v1") && !words.some((word) => word.startsWith("--key")));
  assert.equal(freeName("local", ["local", "local-2"]), "local-3");
  assert.equal(commandOf("run `codex login`, or name CODEX_API_KEY in the agent's pass_env"), "codex login");
  assert.equal(commandOf("install it as its maker says: https://example.org"), undefined);
});

test("an agent's models are those of its provider, or of the vendor of its program", () => {
  const first = (agent: string): string | undefined => modelsOf(agent)[0];
  assert.equal(first("anthropic"), first("claude"));
  assert.equal(first("openai-2"), first("codex"));
  assert.equal(first("google"), first("gemini"));
  assert.deepEqual(modelsOf("local"), ["qwen3-coder"]);
  assert.deepEqual(modelsOf("something-else"), []);
  assert.notEqual(first("claude"), undefined);
});
