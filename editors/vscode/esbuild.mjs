// Bundles the extension, or with --tests its unit tests, into dist/.
import { build } from "esbuild";
import { readdirSync } from "node:fs";

const production = process.argv.includes("--production");
const tests = process.argv.includes("--tests");

await build({
  entryPoints: tests
    ? readdirSync("test/unit").map((file) => `test/unit/${file}`)
    : ["src/extension.ts", "src/client.ts"],
  outdir: tests ? "dist/test" : "dist",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node18",
  // The language client is a file of its own, which is loaded once the extension is active.
  external: tests ? ["vscode"] : ["vscode", "./client.js"],
  minify: production,
  sourcemap: production ? false : "linked",
  logLevel: "warning",
});
