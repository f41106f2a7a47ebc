// Packages the extension.
// usage: node package.mjs [--target PLATFORM --server PROGRAM] [--out FILE]
//   With a target (linux-x64, darwin-arm64, win32-x64, …) the server's program for it is put inside; without, the
//   package has none and works with the one of the setting or on PATH.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";

const { repository } = JSON.parse(readFileSync("package.json", "utf8"));
const SOURCE = repository.url.replace(/\.git$/, "");
const { values } = parseArgs({
  options: { target: { type: "string" }, server: { type: "string" }, out: { type: "string" } },
});
if ((values.target === undefined) !== (values.server === undefined)) {
  console.error("--target and --server go together");
  process.exit(2);
}
rmSync("server", { recursive: true, force: true });
if (values.server !== undefined) {
  mkdirSync("server");
  const program = `server/deep-review${values.target.startsWith("win32") ? ".exe" : ""}`;
  copyFileSync(values.server, program);
  chmodSync(program, 0o755);
}
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/@vscode/vsce/vsce",
    "package",
    "--no-dependencies",
    // Where the README's relative links lead to once it is shown outside of the repository.
    "--baseImagesUrl",
    `${SOURCE}/raw/HEAD/editors/vscode`,
    "--baseContentUrl",
    `${SOURCE}/blob/HEAD/editors/vscode`,
    ...(values.target === undefined ? [] : ["--target", values.target]),
    ...(values.out === undefined ? [] : ["--out", values.out]),
  ],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
