import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asText,
  counts,
  matches,
  neighbour,
  NO_FILTER,
  ordered,
  outline,
  shortPlace,
  signature,
  sum,
  type Filter,
  type Grouping,
  type Node,
  type Sorting,
} from "../../src/grouping";
import type { Concern, Finding, Repository } from "../../src/protocol";

const claude = { name: "claude", label: "Claude" };
const codex = { name: "codex", label: "Codex" };

function finding(label: string, rest: Partial<Finding> = {}): Finding {
  const severity = label.startsWith("C") ? "critical" : label.startsWith("I") ? "important" : "suggestion";
  return {
    root: "/r",
    folder: "r",
    id: label,
    label,
    severity,
    title: `title ${label}`,
    agents: [claude],
    state: "open",
    fixable: false,
    fixes: 0,
    new: false,
    ...rest,
  };
}

const at = (label: string, uri: string, line: number, rest: Partial<Finding> = {}): Finding =>
  finding(label, { uri, path: uri, range: { start: { line, character: 0 }, end: { line, character: 1 } }, ...rest });

const concern = (title: string, path: string): Concern => ({
  title,
  path,
  uri: path,
  agents: [codex],
  range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } },
});

const repository = (name: string, findings: Finding[], concerns: Concern[] = []): Repository => ({
  root: `/${name}`,
  name,
  running: false,
  agents: [],
  findings,
  concerns,
});

const labels = (findings: Finding[]): string[] => findings.map((f) => f.label);

/** The list as lines: what it shows, and how it is nested. */
function drawn(nodes: readonly Node[], depth = 0): string[] {
  const indent = " ".repeat(depth);
  return nodes.flatMap((node) => {
    if (node.kind === "finding") return [indent + node.finding.label];
    if (node.kind === "concern") return [indent + node.concern.title];
    return [`${indent}${node.label} ${node.open}`, ...drawn(node.children, depth + 1)];
  });
}

const shown = (
  repositories: Repository[],
  grouping: Grouping,
  sorting: Sorting = "severity",
  filter: Partial<Filter> = {},
): string[] =>
  drawn(outline(repositories, { grouping, sorting, filter: { ...NO_FILTER, ...filter } }, (key) => `<${key}>`));

test("open findings come first, then the gravest, then the server's order", () => {
  const all = [finding("S1"), finding("C1", { state: "fixed" }), finding("I2"), finding("I1"), finding("C2")];
  assert.deepEqual(labels(ordered(all)), ["C2", "I2", "I1", "S1", "C1"]);
});

test("groups by severity, file, agent and rule, each with how many are open", () => {
  const all = [
    at("S1", "b.rs", 1, { rule: "unused" }),
    at("I1", "a.rs", 1),
    finding("C1", { agents: [codex, claude] }),
    at("S2", "a.rs", 9, { state: "fixed" }),
  ];
  const one = [repository("r", all)];
  assert.deepEqual(shown(one, "severity"), [
    "<critical> 1",
    " C1",
    "<important> 1",
    " I1",
    "<suggestion> 1",
    " S1",
    " S2",
  ]);
  assert.deepEqual(shown(one, "file"), ["<branch> 1", " C1", "a.rs 1", " I1", " S2", "b.rs 1", " S1"]);
  assert.deepEqual(shown(one, "agent"), ["Claude 3", " C1", " I1", " S1", " S2", "Codex 1", " C1"]);
  assert.deepEqual(shown(one, "rule"), ["<none> 2", " C1", " I1", " S2", "unused 1", " S1"]);
  assert.deepEqual(shown(one, "none"), ["C1", "I1", "S1", "S2"]);
  assert.deepEqual(shown(one, "folder"), ["r 3", " C1", " I1", " S1", " S2"]);
});

test("several repositories are told apart, whatever else is grouped, and two findings of one name stay two", () => {
  const one = repository("one", [at("I1", "a", 1)]);
  const two = [one, repository("two", [at("I1", "a", 1, { root: "/two" })])];
  const expected = ["one 1", " <important> 1", "  I1", "two 1", " <important> 1", "  I1"];
  assert.deepEqual(shown(two, "severity"), expected);
  const ids = outline(two, { grouping: "severity", sorting: "severity", filter: NO_FILTER }, String).map((node) =>
    node.kind === "group" ? [node.id, ...node.children.map((child) => (child.kind === "group" ? child.id : ""))] : [],
  );
  assert.equal(new Set(ids.flat()).size, 4, "no two groups are one for the editor");
  assert.deepEqual(shown([one, repository("empty", [])], "severity"), ["<important> 1", " I1"]);
  // Under agents a finding is there several times, and counts once.
  const both = finding("C1", { agents: [claude, codex] });
  assert.equal(shown([repository("one", [both]), repository("two", [both])], "agent")[0], "one 1");
});

test("what is said of the design has a group of its own, and is counted", () => {
  const one = [repository("r", [finding("I1")], [concern("Two caches", "a.rs")])];
  assert.deepEqual(shown(one, "severity"), ["<important> 1", " I1", "<concerns> 1", " Two caches"]);
  assert.equal(sum(counts(one)), 2);
  assert.deepEqual(shown(one, "none", "severity", { text: "cache" }), ["<concerns> 1", " Two caches"]);
  assert.deepEqual(shown(one, "none", "severity", { agents: ["claude"] }), ["I1"]);
  assert.deepEqual(shown(one, "none", "severity", { severities: ["important"] }), ["I1"]);
});

test("sorts by severity, by place, and by how many agents say so; what is closed comes last", () => {
  const all = [
    at("I1", "b.rs", 1),
    at("S1", "a.rs", 7, { agents: [claude, codex] }),
    at("S2", "a.rs", 2),
    at("C1", "a.rs", 1, { state: "dismissed" }),
  ];
  const one = [repository("r", all)];
  assert.deepEqual(shown(one, "none", "severity"), ["I1", "S1", "S2", "C1"]);
  assert.deepEqual(shown(one, "none", "place"), ["S2", "S1", "I1", "C1"]);
  assert.deepEqual(shown(one, "none", "agents"), ["S1", "I1", "S2", "C1"]);
});

test("a filter takes what fits all that it asks for", () => {
  const one = at("I1", "src/Pool.py", 3, { new: true, rule: "B006", title: "Appends before it checks" });
  const cases: [Partial<Filter>, boolean][] = [
    [{}, true],
    [{ severities: ["important", "critical"] }, true],
    [{ severities: ["suggestion"] }, false],
    [{ states: ["open"] }, true],
    [{ states: ["fixed", "dismissed"] }, false],
    [{ agents: ["claude"] }, true],
    [{ agents: ["codex"] }, false],
    [{ onlyNew: true }, true],
    [{ onlyMine: true }, true],
    [{ text: "pool CHECKS" }, true],
    [{ text: "b006" }, true],
    [{ text: "i1" }, true],
    [{ text: "pool nothing" }, false],
    [{ severities: ["important"], text: "nothing" }, false],
  ];
  for (const [filter, fits] of cases)
    assert.equal(matches({ ...NO_FILTER, ...filter }, one), fits, JSON.stringify(filter));
  assert.equal(matches({ ...NO_FILTER, onlyNew: true }, finding("S1")), false);
  const own = (mine: object): boolean => matches({ ...NO_FILTER, onlyMine: true }, { ...finding("S1"), ...mine });
  assert.deepEqual([{ mine: true }, { mine: false }, {}].map(own), [true, false, true], "unknown ones are not lost");
});

test("a list of 5,000 findings is made within a frame or three", () => {
  const many = Array.from({ length: 5_000 }, (_, n) => at(`S${n}`, `src/file${n % 400}.rs`, n));
  const all = [repository("r", many)];
  const view = { grouping: "file", sorting: "place", filter: { ...NO_FILTER, text: "file" } } as const;
  outline(all, view, String);
  const begun = performance.now();
  assert.equal(outline(all, view, String).length, 400);
  // 12 ms on an idle machine; what is checked is that it does not grow with the square.
  assert.ok(performance.now() - begun < 500, `${performance.now() - begun} ms`);
});

test("next and previous go round over open findings with a place, and say which one it is", () => {
  const all = [
    at("I1", "a", 5),
    at("S1", "a", 1),
    at("C1", "b", 0),
    finding("I2"),
    { ...at("I3", "a", 7), state: "fixed" as const },
  ];
  const cases: ["place" | "severity", string, number, 1 | -1, string][] = [
    ["place", "a", 0, 1, "1/3 S1"],
    ["place", "a", 1, 1, "2/3 I1"],
    ["place", "a", 5, 1, "3/3 C1"],
    ["place", "b", 0, 1, "1/3 S1"],
    ["place", "a", 5, -1, "1/3 S1"],
    ["place", "a", 1, -1, "3/3 C1"],
    ["severity", "b", 0, 1, "2/3 I1"],
    ["severity", "a", 5, 1, "3/3 S1"],
    ["severity", "a", 1, 1, "1/3 C1"],
    ["severity", "b", 0, -1, "3/3 S1"],
    ["severity", "elsewhere", 3, 1, "1/3 C1"],
  ];
  for (const [order, uri, line, step, expected] of cases) {
    const next = neighbour(all, { uri, line }, step, order);
    const says = next && `${next.number}/${next.of} ${next.finding.label}`;
    assert.equal(says, expected, `${order} ${uri}:${line} ${step}`);
  }
  assert.equal(neighbour(all, undefined, 1)?.finding.label, "S1");
  assert.equal(neighbour([finding("I1")], undefined, 1), undefined);
});

test("only open findings are counted, and those that Problems cannot show are told apart", () => {
  const findings = [finding("C1"), finding("I1", { state: "dismissed" }), at("S1", "a", 1), at("S2", "a", 2)];
  const all = counts([repository("r", findings, [concern("Two caches", "a")])]);
  assert.deepEqual(all, { critical: 1, important: 0, suggestion: 2, concerns: 1, elsewhere: 1 });
  assert.equal(sum(all), 4);
});

test("what is copied says where it is and who says so", () => {
  assert.equal(asText(at("I1", "src/a.rs", 4)), "I1 title I1 (src/a.rs:5) — Claude");
  assert.equal(asText(finding("S1", { agents: [claude, codex] })), "S1 title S1 — Claude, Codex");
  assert.equal(shortPlace(at("I1", "src/a.rs", 4)), "a.rs:5");
  assert.equal(shortPlace(finding("I1")), "");
});

test("a file that was viewed is to be viewed again once it has another open finding", () => {
  const before = signature([finding("I1"), finding("S1", { state: "fixed" })]);
  assert.equal(signature([finding("S1", { state: "fixed" }), finding("I1")]), before);
  assert.notEqual(signature([finding("I1"), finding("I2")]), before);
});
