import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { meant, participant, PARTICIPANT, type Chat, type Talk } from "../../src/chat";
import type { Finding } from "../../src/protocol";

const finding = (label: string): Finding =>
  ({ label, title: `Title of ${label} [x](y)`, agents: [{ name: "codex", label: "Codex" }] }) as unknown as Finding;
const ALL = ["C1", "I1", "I12"].map(finding);

test("what is meant is named, or the one at the cursor", () => {
  for (const [prompt, here, label, words] of [
    ["I12 is it reachable?", [], "I12", "is it reachable?"],
    ["i1: why?", [], "I1", "why?"],
    ["is C1 the same as before?", [], "C1", "is C1 the same as before?"],
    ["why?", [ALL[0]], "C1", "why?"],
    ["why?", [], undefined, ""],
    ["why of I2?", [ALL[0], ALL[1]], undefined, ""],
  ] as [string, Finding[], string | undefined, string][]) {
    const said = meant(prompt, ALL, here);
    if ("among" in said) assert.equal(label, undefined, prompt);
    else assert.deepEqual([said.finding.label, said.words], [label, words], prompt);
  }
});

/** A chat that says one thing to whoever takes part. */
async function says(prompt: string, command: string | undefined, talk: Partial<Talk>): Promise<string[]> {
  const heard: string[] = [];
  let answered: Promise<void> | undefined;
  const chat: Chat = {
    createChatParticipant: (id, handler) => {
      assert.equal(id, PARTICIPANT);
      const stream = {
        markdown: (text: string) => heard.push(text),
        progress: (text: string) => heard.push(`… ${text}`),
      };
      const token = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };
      answered = handler({ prompt, command }, undefined, stream, token);
      return { dispose: () => undefined };
    },
  };
  const nothing = {
    findings: () => ALL,
    here: () => [],
    ask: () => Promise.resolve(undefined),
    fix: () => Promise.resolve(),
  };
  assert.equal(participant(chat, { ...nothing, ...talk }).length, 1);
  await answered;
  return heard;
}

test("an answer is shown while it is written, each word once", async () => {
  const ask: Talk["ask"] = (about, question, hear) => {
    assert.deepEqual([about.label, question], ["I1", "is it reachable?"]);
    for (const text of ["Yes, by", "Yes, by `main`"]) hear(text);
    return Promise.resolve({ by: "codex", answer: "Yes, by `main`." });
  };
  assert.deepEqual(await says("I1 is it reachable?", undefined, { ask }), [
    "… Codex looks at I1",
    "Yes, by",
    " `main`",
    ".",
  ]);
  const other: Talk["ask"] = (_, __, hear) => {
    hear("Perhaps");
    return Promise.resolve({ by: "codex", answer: "No." });
  };
  assert.deepEqual((await says("I1 is it?", undefined, { ask: other })).slice(1), ["Perhaps", "\n\nNo."]);
});

test("who names no finding is told which there are, and a title is no markup", async () => {
  const [words] = await says("why?", undefined, {});
  assert.match(words ?? "", /^Which finding\?/);
  assert.ok(words?.includes("- **C1** Title of C1 \\[x\\]\\(y\\)"), words);
  assert.deepEqual(await says("why?", undefined, { findings: () => [] }), ["No finding is open."]);
});

test("a fix is asked for by a command", async () => {
  const fixed: string[] = [];
  const fix = ({ label }: Finding): Promise<void> => Promise.resolve(void fixed.push(label));
  await says("I12", "fix", { fix });
  assert.deepEqual(fixed, ["I12"]);
});

test("an editor without a chat has nothing of it, and the manifest names the participant that there is", () => {
  const talk = {} as Talk;
  assert.deepEqual([participant(undefined, talk), participant({}, talk)], [[], []]);
  const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { chatParticipants: { id: string; name: string; commands: { name: string }[] }[] };
  };
  assert.deepEqual(
    contributes.chatParticipants.map(({ id, name, commands }) => [id, name, commands.map((c) => c.name)]),
    [[PARTICIPANT, "deep-review", ["fix"]]],
  );
});
