import assert from "node:assert/strict";
import { test } from "node:test";
import { asText, counts, grouped, initials, neighbour, ordered } from "../../src/grouping";
import type { Finding } from "../../src/protocol";

const claude = { name: "claude", label: "Claude" };
const codex = { name: "codex", label: "Codex" };

function finding(label: string, rest: Partial<Finding> = {}): Finding {
  const severity = label.startsWith("C") ? "critical" : label.startsWith("I") ? "important" : "suggestion";
  return {
    id: label,
    label,
    severity,
    title: `title ${label}`,
    agents: [claude],
    state: "open",
    fixable: false,
    ...rest,
  };
}

const at = (label: string, uri: string, line: number): Finding =>
  finding(label, { uri, path: uri, range: { start: { line, character: 0 }, end: { line, character: 1 } } });

const labels = (findings: Finding[]): string[] => findings.map((f) => f.label);

test("open findings come first, then the gravest, then the server's order", () => {
  const all = [finding("S1"), finding("C1", { state: "fixed" }), finding("I2"), finding("I1"), finding("C2")];
  assert.deepEqual(labels(ordered(all)), ["C2", "I2", "I1", "S1", "C1"]);
});

test("groups by severity, file and agent", () => {
  const all = [at("S1", "b.rs", 1), at("I1", "a.rs", 1), finding("C1", { agents: [codex, claude] })];
  const keys = (by: "severity" | "file" | "agent"): string[] =>
    grouped(all, by, (key) => `<${key}>`).map((g) => `${g.label}: ${labels(g.findings).join(" ")}`);
  assert.deepEqual(keys("severity"), ["<critical>: C1", "<important>: I1", "<suggestion>: S1"]);
  assert.deepEqual(keys("file"), ["<branch>: C1", "a.rs: I1", "b.rs: S1"]);
  assert.deepEqual(keys("agent"), ["Claude: C1 I1 S1", "Codex: C1"]);
});

test("next and previous go by file and line, round the end, over open findings with a place", () => {
  const all = [
    at("I1", "a", 5),
    at("S1", "a", 1),
    at("C1", "b", 0),
    finding("I2"),
    { ...at("I3", "a", 7), state: "fixed" as const },
  ];
  const cases: [string, number, 1 | -1, string][] = [
    ["a", 0, 1, "S1"],
    ["a", 1, 1, "I1"],
    ["a", 5, 1, "C1"],
    ["b", 0, 1, "S1"],
    ["a", 5, -1, "S1"],
    ["a", 1, -1, "C1"],
  ];
  for (const [uri, line, step, expected] of cases) {
    assert.equal(neighbour(all, { uri, line }, step)?.label, expected, `${uri}:${line} ${step}`);
  }
  assert.equal(neighbour(all, undefined, 1)?.label, "S1");
  assert.equal(neighbour([finding("I1")], undefined, 1), undefined);
});

test("only open findings are counted", () => {
  const findings = [finding("C1"), finding("I1", { state: "dismissed" }), finding("S1"), finding("S2")];
  assert.deepEqual(counts([{ root: "/r", name: "r", running: false, agents: [], findings }]), {
    critical: 1,
    important: 0,
    suggestion: 2,
  });
});

test("what is copied says where it is and who says so", () => {
  assert.equal(asText(at("I1", "src/a.rs", 4)), "I1 title I1 (src/a.rs:5) — Claude");
  assert.equal(asText(finding("S1", { agents: [claude, codex] })), "S1 title S1 — Claude, Codex");
});

test("a badge of two characters says who", () => {
  const of = (...names: string[]): string => initials(names.map((label) => ({ label })));
  assert.deepEqual(
    [of("claude"), of("Claude", "Codex"), of("Claude", "Codex", "Gemini"), of(" ñ")],
    ["C", "CC", "C+", "Ñ"],
  );
});
