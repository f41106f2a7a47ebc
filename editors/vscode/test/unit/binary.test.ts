import assert from "node:assert/strict";
import { delimiter, dirname } from "node:path";
import { test } from "node:test";
import { isOnPath, locate, type Places } from "../../src/binary";
import { installers } from "../../src/install";

const places = (rest: Partial<Places> = {}): Places => ({
  setting: "",
  extension: "/ext",
  path: ["/usr/bin", "relative", "/opt"].join(delimiter),
  home: "/home/me",
  windows: false,
  ...rest,
});
const only =
  (...there: string[]) =>
  (path: string): boolean =>
    there.includes(path);

test("the bundled server comes before the one on PATH", () => {
  const both = only("/ext/server/deep-review", "/opt/deep-review");
  assert.deepEqual(locate(places(), both), { found: true, path: "/ext/server/deep-review", how: "bundled" });
  assert.deepEqual(locate(places(), only("/opt/deep-review")), { found: true, path: "/opt/deep-review", how: "PATH" });
});

test("the setting counts alone", () => {
  const set = places({ setting: "~/bin/dr" });
  assert.deepEqual(locate(set, only("/home/me/bin/dr")), { found: true, path: "/home/me/bin/dr", how: "setting" });
  assert.deepEqual(locate(set, only("/ext/server/deep-review")), { found: false, tried: ["/home/me/bin/dr"] });
});

test("a relative path never runs: it could come from the workspace", () => {
  assert.equal(locate(places({ setting: "bin/dr" }), () => true).found, false);
  const tried = locate(places(), () => false);
  assert.ok(!tried.found && tried.tried.every((path) => path.startsWith("/")));
});

test("package managers are offered where they are, the fastest first", () => {
  const here = (...names: string[]): string[] => installers((name) => names.includes(name)).map(({ line }) => line);
  assert.deepEqual(here("cargo", "uv"), ["uv tool install deep-review", "cargo install deep-review"]);
  assert.deepEqual(here(), []);
  assert.ok(isOnPath("node", dirname(process.execPath), false));
  assert.ok(!isOnPath("node", "relative/bin", false));
});

test("what was tried is named", () => {
  const missing = locate(places(), () => false);
  assert.deepEqual(missing, {
    found: false,
    tried: [
      "/ext/server/deep-review",
      "/usr/bin/deep-review",
      "/opt/deep-review",
      "/home/me/.cargo/bin/deep-review",
      "/home/me/.local/bin/deep-review",
    ],
  });
});
