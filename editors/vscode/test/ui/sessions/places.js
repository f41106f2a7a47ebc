// Where the server is found: not in the package, on PATH, in the setting, nowhere; and the commands that need a dialog.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { servers } = require("../workbench.js");

module.exports = async (w, page, bed) => {
  const [extension] = fs
    .readdirSync(path.join(bed.state, "extensions"))
    .filter((name) => name.startsWith("deep-review"));
  fs.rmSync(path.join(bed.state, "extensions", extension, "server"), { recursive: true });
  await w.run("Deep Review: Restart Server");
  await w.until("the server on PATH", () => servers(path.join(bed.work, "bin")).length === 1);
  await w.see(w.finding("appends before"));
  w.say("without one in the package: the server on PATH");

  const setting = (value) =>
    fs.writeFileSync(
      path.join(bed.state, "user", "Machine", "settings.json"),
      JSON.stringify({ "deepReview.server.path": value }),
    );
  setting(path.join(bed.work, "other", "deep-review"));
  await w.until("the server of the setting", () => servers(path.join(bed.work, "other")).length === 1);
  await w.until("the other one has ended", () => servers(path.join(bed.work, "bin")).length === 0);
  await w.see(w.finding("appends before"));
  w.say("with a setting: that one");

  setting("/nowhere/deep-review");
  await w.see(".notification-toast:has-text('was not found (/nowhere/deep-review)')");
  await w.see(".welcome-view-content:has-text('was not found')");
  await w.see(".welcome-view-content .monaco-button:has-text('Install with npm')");
  await w.see(".welcome-view-content .monaco-button:has-text('Choose the Program')");
  assert.equal(await page.$$(".notification-toast").then((toasts) => toasts.length), 1, "one message, no more");
  await w.shot("no-server");
  setting("");
  await w.see(w.finding("appends before"));
  await w.clearNotifications();
  w.say("a wrong one: a page with what to do, and none runs");

  // The page's own way out writes the setting where this editor keeps those of a machine.
  setting("/nowhere/deep-review");
  await w.see(".welcome-view-content .monaco-button:has-text('Choose the Program')");
  await w.clearNotifications();
  await page.click(".welcome-view-content .monaco-button:has-text('Choose the Program')");
  await w.chooseFile("The program deep-review", path.join(bed.work, "other", "deep-review"));
  await w.until("the chosen server", () => servers(path.join(bed.work, "other")).length === 1);
  await w.see(w.finding("appends before"));
  setting("");
  await w.until("the server on PATH again", () => servers(path.join(bed.work, "bin")).length === 1);
  await w.see(w.finding("appends before"));
  w.say("the program chosen from the page");

  await w.anotherRound(async () => {
    await w.chord("b");
    await w.choose("main");
  });
  await w.see(w.finding("appends before"));
  w.say("against a base that was picked");

  // In a folder of its own: a long list has the row of the file only once one scrolls to it.
  const report = path.join(bed.work, "reports", "review.rdjson");
  fs.mkdirSync(path.dirname(report));
  const location = { path: "src/pool.py", range: { start: { line: 11, column: 9 } } };
  const diagnostic = { message: "Compare with `is`", location, severity: "WARNING" };
  fs.writeFileSync(report, JSON.stringify({ source: { name: "tool" }, diagnostics: [diagnostic] }));
  await w.run("Deep Review: Import Report…");
  await w.chooseFile("Import a report", report);
  await w.see(w.finding("Compare with"));
  w.say("a report is imported");
  await w.chord("g");
  await w.see(".quick-input-list .monaco-list-row:has-text('Claude (recorded)')");
  await page.keyboard.press("Escape");
  await w.chord("h");
  await w.see(".quick-input-list .monaco-list-row:has-text('Round 1')");
  await w.see(".quick-input-list .monaco-list-row:has-text('ago')");
  await page.keyboard.press("Escape");
  w.say("agents and rounds are shown");
};
