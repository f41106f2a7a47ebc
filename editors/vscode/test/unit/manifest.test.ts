import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

interface Rule {
  command: string;
  when?: string;
  key?: string;
  args?: unknown;
}
interface Manifest {
  activationEvents: string[];
  main: string;
  browser?: string;
  extensionKind: string[];
  dependencies?: object;
  publisher: string;
  repository: { url: string };
  bugs: { url: string };
  license: string;
  icon: string;
  capabilities: {
    untrustedWorkspaces: { supported: unknown; restrictedConfigurations: string[] };
    virtualWorkspaces: { supported: unknown; description: string };
  };
  contributes: {
    commands: { command: string; title: string; category: string; icon?: string }[];
    keybindings: Rule[];
    problemMatchers: { name: string; pattern: { regexp: string } }[];
    menus: Record<string, Rule[]> & { commandPalette: Rule[] };
    viewsWelcome: { when?: string }[];
    taskDefinitions: { type: string; required: string[] }[];
    configuration: {
      properties: Record<string, { scope: string; default?: unknown; markdownDescription?: string }>;
    };
  };
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const texts = JSON.parse(readFileSync("package.nls.json", "utf8")) as Record<string, string>;
const { commands, keybindings, menus, configuration } = manifest.contributes;

// What the palette has, and when: "always" has no condition, because it helps most when nothing works.
const PALETTE: [string, string | undefined][] = [
  ["Review Current Branch", "!deepReview.running"],
  ["Review Uncommitted Changes", "!deepReview.running"],
  ["Review Against…", "!deepReview.running"],
  ["Cancel", "deepReview.running"],
  ["Apply Fix", "deepReview.hasFindings"],
  ["Apply All Fixes", "deepReview.hasFindings"],
  ["Next Finding", "deepReview.hasFindings"],
  ["Previous Finding", "deepReview.hasFindings"],
  ["Dismiss…", "deepReview.hasFindings"],
  ["Reopen…", "deepReview.hasDismissed"],
  ["Change Severity…", "deepReview.hasFindings"],
  ["Open Report", "deepReview.hasRound"],
  ["Import Report…", undefined],
  ["Show Agents", undefined],
  ["Set Up an Agent…", undefined],
  ["Choose Who Reviews…", undefined],
  ["Filter Findings…", "deepReview.hasRound"],
  ["Show Rounds", undefined],
  ["Restart Server", undefined],
  ["Show Log", undefined],
];

test("every command of the palette has its condition, an icon and a key", () => {
  for (const [title, when] of PALETTE) {
    const command = commands.find((c) => texts[c.title.replaceAll("%", "")] === title);
    assert.ok(command, title);
    assert.equal(command.category, "Deep Review", title);
    assert.match(command.icon ?? "", /^\$\([a-z-]+\)$/, title);
    assert.equal(menus.commandPalette.find((m) => m.command === command.command)?.when, when, title);
    assert.ok(
      keybindings.some((k) => k.command === command.command && k.key?.startsWith("ctrl+alt+r ")),
      `${title} has no key`,
    );
  }
});

test("no two keys are the same, and every rule is of a command that there is", () => {
  const chords = keybindings.filter((k) => k.key?.startsWith("ctrl+alt+r ")).map((k) => k.key);
  assert.equal(new Set(chords).size, chords.length);
  for (const rule of [...keybindings, ...menus.commandPalette]) {
    assert.ok(
      commands.some((c) => c.command === rule.command),
      rule.command,
    );
  }
});

test("every command of the manifest is registered, and no other", () => {
  const source = readFileSync("src/commands.ts", "utf8");
  const start = source.indexOf("const all:");
  const table = source.slice(start, source.indexOf("\n    };", start));
  const registered = [...table.matchAll(/^ {6}(\w+): /gm)].map(([, name]) => `deep-review.${name ?? ""}`);
  assert.deepEqual(registered.sort(), commands.map((c) => c.command).sort());
});

test("what runs a program or says who is asked has machine scope and does not count without trust", () => {
  const { properties } = configuration;
  const machine = Object.keys(properties).filter((name) => properties[name]?.scope === "machine");
  const programs = ["deepReview.server.path", "deepReview.server.extraEnv", "deepReview.agents"];
  const background = Object.keys(properties).filter((name) => name.startsWith("deepReview.background."));
  assert.equal(background.length, 5);
  assert.deepEqual(machine, [...programs, ...background]);
  const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
  assert.equal(untrustedWorkspaces.supported, "limited");
  assert.deepEqual(untrustedWorkspaces.restrictedConfigurations, machine);
  assert.equal(virtualWorkspaces.supported, false);
});

test("it runs where the files are, and where there is no machine it says why not", () => {
  assert.deepEqual(manifest.extensionKind, ["workspace"], "over SSH, in WSL and in containers: not beside the window");
  assert.equal(manifest.browser, undefined, "a browser cannot run the server, so that it is not offered there");
  const { description } = manifest.capabilities.virtualWorkspaces;
  assert.match(texts[description.replaceAll("%", "")] ?? "", /git|program/i);
});

test("nothing that is synced names a place on a machine or holds a key", () => {
  const { properties } = configuration;
  for (const [name, { scope, default: value }] of Object.entries(properties)) {
    if (scope === "machine" || scope === "machine-overridable") continue;
    assert.doesNotMatch(name, /path|program|command|env|file|folder/i, `${name} is synced`);
    assert.ok(typeof value !== "string" || !/[/\\]/.test(value), `${name} begins as a path`);
  }
  // What the extension keeps by itself stays on the machine as well.
  for (const file of readdirSync("src")) {
    const source = readFileSync(`src/${file}`, "utf8");
    assert.doesNotMatch(source, /setKeysForSync|globalState/, file);
  }
});

test("the keys of when clauses are those of the manual, and the manifest uses no other", () => {
  const source = readFileSync("src/state.ts", "utf8");
  const union = source.slice(source.indexOf("export function setContext("), source.indexOf("value: boolean,"));
  const names = [...union.matchAll(/\| "(\w+)"/g)].map(([, name]) => name ?? "");
  const page = readFileSync("README.md", "utf8");
  const told = [...page.matchAll(/^\| `deepReview\.(\w+)` \|/gm)].map(([, name]) => name ?? "");
  assert.deepEqual(told.sort(), names.sort());
  const installers = [...readFileSync("src/install.ts", "utf8").matchAll(/\{ name: "(\w+)"/g)].map(([, name]) => name);
  for (const name of installers)
    assert.match(page, new RegExp(`install\\.uv.*\\.${name ?? ""}\`|install\\.${name ?? ""}\``));
  const rules = [...keybindings, ...Object.values(menus).flat(), ...manifest.contributes.viewsWelcome];
  const used = rules.flatMap(({ when }) =>
    [...(when ?? "").matchAll(/deepReview\.(\w+)/g)].map(([, name]) => name ?? ""),
  );
  for (const name of new Set(used))
    assert.ok(name === "install" || names.includes(name), `nobody sets deepReview.${name}`);
});

test("a row of the agents view offers what its agent can do, and no log of those that have none", () => {
  const offered = (row: string): string[] => {
    const rules = menus["view/item/context"]?.filter(({ when }) => when?.includes("deep-review.agents")) ?? [];
    const fits = ({ when }: Rule): boolean =>
      new RegExp(/viewItem =~ \/(.+)\/$/.exec(when ?? "")?.[1] ?? "$^").test(row);
    return [...new Set(rules.filter(fits).map(({ command }) => command.replace("deep-review.", "")))].sort();
  };
  assert.deepEqual(offered("agent reviewed"), ["retryAgent", "testAgent"]);
  assert.deepEqual(offered("agent reviewed log"), ["agentLog", "retryAgent", "testAgent"]);
  assert.deepEqual(offered("agent failed log model"), ["agentLog", "changeAgent", "retryAgent", "testAgent"]);
  assert.deepEqual(offered("agent running round log model"), ["agentLog", "cancelAgent", "changeAgent", "testAgent"]);
  // As the rows are marked.
  const source = readFileSync("src/agents.ts", "utf8");
  assert.match(source, /"round"\].*"log"\].*"model"\]/);
  assert.match(source, /hasLog = agent\.kind !== "built-in"/);
});

test("every setting has a description and a default, and none holds a key", () => {
  for (const [name, setting] of Object.entries(configuration.properties)) {
    assert.notEqual(setting.default, undefined, name);
    assert.ok(texts[(setting.markdownDescription ?? "").replaceAll("%", "")], name);
    assert.doesNotMatch(name, /key|token|secret/i);
  }
  assert.equal(configuration.properties["deepReview.comments.enabled"]?.default, null);
});

test("it is active in repositories alone, and depends on nothing at run time", () => {
  assert.deepEqual(manifest.activationEvents, ["workspaceContains:.git"]);
  assert.equal(manifest.dependencies, undefined);
});

test("nothing reports home", () => {
  for (const file of readdirSync("src")) {
    const source = readFileSync(`src/${file}`, "utf8");
    assert.doesNotMatch(source, /createTelemetryLogger|\bfetch\(|node:https?|XMLHttpRequest/, file);
  }
});

test("what registries of extensions ask for is there", () => {
  assert.match(manifest.publisher, /^[a-z0-9-]+$/);
  assert.ok(manifest.license);
  const png = readFileSync(manifest.icon);
  assert.ok(png.readUInt32BE(16) >= 128 && png.readUInt32BE(20) >= 128, "an icon of at least 128 pixels");
});

test("the addresses of the project are the server's", () => {
  const crate = readFileSync("../../Cargo.toml", "utf8");
  const address = /^repository = "(.+)"$/m.exec(crate)?.[1];
  assert.equal(manifest.repository.url, `${address ?? ""}.git`);
  assert.equal(manifest.bugs.url, `${address ?? ""}/issues`);
  for (const file of [...readdirSync("src").map((name) => `src/${name}`), "package.mjs"]) {
    assert.doesNotMatch(readFileSync(file, "utf8"), /github\.com/, `${file} has an address of its own`);
  }
});

test("what `deep-review findings` prints is read as problems", () => {
  const [matcher] = manifest.contributes.problemMatchers;
  const read = (line: string): string[] | undefined => {
    const found = new RegExp(matcher?.pattern.regexp ?? "").exec(line);
    return found?.slice(1).map((part: string | undefined) => part ?? "");
  };
  assert.deepEqual(read("I2   src/pool.py:16-18  give() appends: first  (fix)  Claude"), [
    "src/pool.py",
    "16",
    "18",
    "give() appends: first  (fix)  Claude",
  ]);
  assert.deepEqual(read("S1   a b.py:1     LIMIT  Gemini"), ["a b.py", "1", "", "LIMIT  Gemini"]);
  assert.equal(read("S3   the whole branch  No tests  Codex"), undefined);
});

test("a key of the findings view is about the focused row", () => {
  const own = keybindings.filter((k) => k.when?.includes("focusedView"));
  assert.equal(own.length, 3);
  const focused = { $treeViewId: "deep-review.findings", $focusedTreeItem: true };
  for (const key of own) assert.deepEqual(key.args, focused, key.command);
});
