// Bundles the extension, or with --tests its unit tests, into dist/.
import { build } from "esbuild";
import { readdirSync } from "node:fs";

const production = process.argv.includes("--production");
const tests = process.argv.includes("--tests");

/**
 * The language client asks `semver` whether the editor is new enough for it. The manifest's `engines` has seen to that before
 * anything of ours is loaded, so that the library need not come along.
 */
const noVersionCheck = {
  name: "no-version-check",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^semver\/functions\/(parse|satisfies)$/ }, ({ path }) => ({
      path,
      namespace: "no-version-check",
    }));
    onLoad({ filter: /.*/, namespace: "no-version-check" }, () => ({ contents: "module.exports = () => true" }));
  },
};

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
  plugins: [noVersionCheck],
  sourcemap: production ? false : "linked",
  logLevel: "warning",
});
