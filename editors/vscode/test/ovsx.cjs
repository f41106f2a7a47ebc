// Publishes a package with `ovsx`, the client of Open VSX, to a stand-in for the registry: what arrives is the package.
// usage: node ovsx.cjs PROGRAM PACKAGE…

const assert = require("node:assert/strict");
const { execFile } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const { promisify } = require("node:util");

const [ovsx, ...packages] = process.argv.slice(2);
const TOKEN = "token-of-this-test";
const seen = [];

const registry = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const url = new URL(request.url, "http://registry");
    seen.push({
      method: request.method,
      path: url.pathname,
      token: url.searchParams.get("token"),
      request,
      body: Buffer.concat(parts),
    });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ namespace: "deep-review", name: "deep-review", version: "0.1.0", success: "ok" }));
  });
});

registry.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${registry.address().port}`;
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [ovsx, "publish", "--registryUrl", url, "--pat", TOKEN, "--packagePath", ...packages],
      { encoding: "utf8", timeout: 120_000 },
    );
    assert.match(stdout + stderr, /Published deep-review\.deep-review/);
    for (const file of packages) {
      const wanted = fs.readFileSync(file);
      assert.ok(
        seen.some(({ method, body }) => method === "POST" && body.equals(wanted)),
        `${file} did not arrive: ${seen.map(({ method, path }) => `${method} ${path}`).join(", ")}`,
      );
    }
    console.log(`ok   ovsx publishes ${packages.length} packages`);
  } catch (error) {
    console.error(
      error,
      seen.map(({ method, path, token, body }) => ({ method, path, token, length: body.length })),
    );
    process.exitCode = 1;
  } finally {
    registry.close();
  }
});
