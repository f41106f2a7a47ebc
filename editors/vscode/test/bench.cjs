// Measures the extension's own time until it is active: loading the bundle and running activate(), each time in a new
// process and with a stand-in for the editor's interface that does nothing.
// usage: node test/bench.cjs   (after `node esbuild.mjs --production`)

const { spawnSync } = require("node:child_process");
const { readdirSync, readFileSync } = require("node:fs");
const Module = require("node:module");
const { join } = require("node:path");

/** Answers every property, call and construction with itself. */
const anything = new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : name === "then" ? undefined : anything),
  set: () => true,
  apply: () => anything,
  construct: () => anything,
});

const source = readdirSync(join(__dirname, "../src"))
  .map((file) => readFileSync(join(__dirname, "../src", file), "utf8"))
  .join();

function once() {
  const load = Module._load;
  const names = [...source.matchAll(/\bvscode\.(\w+)/g)].map(([, name]) => [name, anything]);
  const vscode = Object.fromEntries(names);
  Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
  const begun = process.hrtime.bigint();
  const extension = require("../dist/extension.js");
  const loaded = process.hrtime.bigint();
  extension.activate({ subscriptions: [], workspaceState: anything, secrets: anything, extensionPath: "/" });
  const active = process.hrtime.bigint();
  console.log(JSON.stringify([Number(loaded - begun) / 1e6, Number(active - loaded) / 1e6]));
  process.exit(0);
}

function all(times) {
  const runs = Array.from({ length: times }, () =>
    JSON.parse(spawnSync(process.execPath, [__filename, "once"], { encoding: "utf8" }).stdout),
  );
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)].toFixed(1);
  const load = median(runs.map(([first]) => first));
  const activate = median(runs.map(([, second]) => second));
  console.log(`bench: load ${load} ms, activate ${activate} ms (medians of ${times} processes; goal: under 20 ms)`);
}

if (process.argv[2] === "once") once();
else all(15);
