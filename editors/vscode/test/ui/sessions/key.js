// A key: set by a command, kept in the secret storage alone, sent to its provider and nowhere else.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const KEY = "key-of-this-test-0123456789";

/** A provider on this machine that records who asks. */
async function provider() {
  const seen = [];
  const server = http.createServer((request, response) => {
    request.resume().on("end", () => {
      seen.push(request.headers.authorization);
      const message = { role: "assistant", content: '{"findings":[],"observations":[]}' };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: "stop" }] }));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { seen, url: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() };
}

function holding(text, folder) {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    try {
      return entry.isFile() && fs.readFileSync(file).includes(text) ? [file] : [];
    } catch (error) {
      if (error.code === "ENOENT") return []; // a temporary file that was renamed meanwhile
      throw error;
    }
  });
}

module.exports = async (w, page, bed) => {
  const { seen, url, close } = await provider();
  const config = fs.readFileSync(bed.config, "utf8");
  fs.writeFileSync(
    bed.config,
    `${config}[agents.model]\nadapter = "chat-http"\nlabel = "Model"\nmodel = "m"\nurl = "${url}"\nkey-env = "OPENAI_API_KEY"\n`,
  );
  await w.run("Deep Review: Set a Provider's Key…");
  await w.choose("OpenAI");
  await w.see(".quick-input-widget input[type='password']");
  await w.answer("secret storage", KEY);
  await w.see(w.finding("appends before"));
  await w.review();
  await w.until("the provider is asked with the key", () => seen.includes(`Bearer ${KEY}`));
  for (const folder of ["sample", "config", "data", "state"]) {
    assert.deepEqual(holding(KEY, path.join(bed.work, folder)), [], `the key is in no file of ${folder}`);
  }
  w.say("the key reaches its provider, and is in no file");

  await w.run("Deep Review: Set a Provider's Key…");
  await w.choose("OpenAI");
  await w.answer("secret storage", "");
  const before = seen.length;
  await w.see(w.finding("appends before"));
  await w.review();
  assert.deepEqual(seen.slice(before).filter(Boolean), [], "a removed key is not sent any more");
  // An agent without its key is not asked, and the round says so.
  await w.see(".notification-toast:has-text('The review is incomplete')");
  w.say("once removed, it is not sent any more");
  fs.writeFileSync(bed.config, config);
  close();
  await w.clearNotifications();
};
