// An agent is set up step by step: a provider, its address, a model, one call that shows that it works; then it reviews.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const { QUICK, row } = require("../workbench.js");

/** A server on this machine that speaks chat completions, and finds nothing. */
async function provider() {
  const models = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request
      .on("data", (part) => (body += part))
      .on("end", () => {
        if (request.method !== "POST") return void response.writeHead(404).end(); // whether it is there
        models.push(JSON.parse(body).model);
        const delta = { role: "assistant", content: '{"findings":[],"observations":[]}' };
        const event = JSON.stringify({ choices: [{ index: 0, delta, finish_reason: "stop" }] });
        response.setHeader("content-type", "text/event-stream");
        response.end(`data: ${event}\n\ndata: [DONE]\n\n`);
      });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { models, url: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() };
}

module.exports = async (w, page, bed) => {
  const { models, url, close } = await provider();
  const config = fs.readFileSync(bed.config, "utf8");
  await w.run("Deep Review: Set Up an Agent…");
  await w.see(row("Claude (recorded)"));
  await w.shot("set-up");
  await w.choose("Ollama");
  await w.answer("the server's address", url);
  await w.see(`${QUICK} .quick-input-title:has-text("3 of 3")`);
  await page.fill(`${QUICK} input`, "my-model");
  await w.choose("my-model");
  await w.see(".notification-toast:has-text('local works')");
  await w.shot("set-up-done");
  assert.deepEqual(models, ["my-model"], "one call");
  const written = fs.readFileSync(bed.config, "utf8").slice(config.length);
  assert.match(written, /\[agents\.local\]\nadapter = "chat-http"\nmodel = "my-model"\nurl = "http:/);
  w.say("set up in three steps, written down, and tested by one call");

  await w.clearNotifications();
  fs.writeFileSync(bed.config, config);
  close();
};
