// From the palette to the fixed file and back, by way of everything that shows findings.

const { execFileSync } = require("node:child_process");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { source: axe } = require("axe-core");
const { long, short, STATUS, row, servers } = require("../workbench.js");

module.exports = async (w, page, bed) => {
  const { folder } = bed;
  const git = (...args) => execFileSync("git", args, { cwd: folder, encoding: "utf8" });
  await w.load(`${bed.trusted}/?folder=${folder}`);
  await w.see(STATUS);
  w.say("the workbench is there and the extension is active");

  await w.run("Deep Review: Focus on Findings View");
  await w.see(".welcome-view-content:has-text('several agents')");
  await w.widen();
  await w.shot("welcome");

  await w.palette("Deep Review: Review Current Branch");
  await w.shot("palette");
  await w.anotherRound(() => page.click(row("Deep Review: Review Current Branch")));
  await w.see(w.finding("appends before"));
  assert.equal(servers(path.join(bed.state, "extensions")).length, 1, "the server inside the package runs");
  await w.see(`${w.finding("appends before")}:has-text("pool.py:16")`);
  w.say("findings in the view, with their places, by the server inside the package");
  // The badge, the status bar and the Problems panel count the same.
  await w.see(".activitybar .badge-content:has-text('4')");
  await w.see(".statusbar-item [aria-label^='Deep Review, round 1: 0 critical, 2 important, 2 suggestions, 0 design']");
  await w.shot("findings");
  await w.run("Deep Review: Group by Agent");
  await w.see(".pane-body .monaco-list-row[aria-level='1']:has-text('Codex')");
  await w.run("Deep Review: Group by File");
  await w.see(".pane-body .monaco-list-row[aria-level='1']:has-text('pool.py')");
  await w.run("Deep Review: Group by Severity");
  w.say("grouped by agent, file and severity");

  await w.run("Problems: Focus on Problems View");
  await w.see(".markers-panel .monaco-list-row:has-text('deep-review')");
  w.say("findings in the Problems panel");
  await w.shot("problems");
  assert.equal(await page.locator(".markers-panel .monaco-list-row:has-text('deep-review')").count(), 4);

  const target = JSON.parse(fs.readFileSync(path.join(bed.work, "target.json"), "utf8"));
  const text = () => fs.readFileSync(path.join(folder, target.file), "utf8");
  await w.open(target.file);
  await w.see(".squiggly-warning, .squiggly-error");
  w.say("squiggles in the editor");
  const before = text();
  await w.visit(target.title, target.file);
  await w.pressFor("Control+.", ".action-widget .monaco-list-row:has-text('Apply fix')");
  await w.see(".action-widget .monaco-list-row:has-text('Preview fix: Check first')");
  w.say("the fix is offered, and its preview");
  await w.shot("quick-fix");
  await page.click(".action-widget .monaco-list-row:has-text('Apply fix')");
  await w.see(".tab.active.dirty");
  await page.keyboard.press("Control+s");
  await w.until("the fix on disk", () => text().includes(target.after));
  w.say("the fix is applied, on disk");
  await w.shot("fixed");

  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+s");
  await w.until("the undo on disk", () => text() === before);
  await w.see(`${w.finding(target.title)} .codicon-error, ${w.finding(target.title)} .codicon-warning`);
  w.say("undo brings the finding back");

  await w.chord("v");
  await w.see(".tab.active:has-text('Fix of I')");
  await w.see(".monaco-diff-editor .line-insert");
  w.say("the fix as a diff, before it is applied");
  await w.run("View: Toggle Panel Visibility");
  await w.shot("preview");
  assert.equal(text(), before, "the preview changes nothing");
  await page.click(".editor-actions .action-label[aria-label^='Apply Fix']");
  await w.gone(".tab:has-text('Fix of I')");
  await w.see(".tab.active.dirty:has-text('pool.py')");
  await page.keyboard.press("Control+z");
  await w.gone(".tab.dirty");
  await w.see(".editor-instance .monaco-editor.focused");
  w.say("applied from the diff, which closes, and one is where the text changed; undone");

  // The hover: the explanation first, then what can be done, by commands of ours.
  await w.visit(target.title, target.file);
  const hover = await w.hover("stays over its limit");
  await w.see(`${hover} a:has-text("Apply")`);
  await w.see(`${hover} details summary:has-text("Codex")`);
  const said = await page.locator(hover).first().innerText();
  assert.equal(
    said.split("give() appends before it checks the limit").length - 1,
    1,
    `once, by the diagnostic: ${said}`,
  );
  await w.shot("hover");
  await w.until("the preview from the hover", async () => {
    await w.hover("stays over its limit");
    await page
      .locator(`${hover} a:has-text("Preview")`)
      .first()
      .click(short())
      .catch(() => undefined);
    return page.waitForSelector(".tab.active:has-text('Fix of I')", short()).then(
      () => true,
      () => false,
    );
  });
  await w.run("View: Close Editor");
  w.say("the hover explains, folds what others say, and its buttons work");

  await w.visit(target.title, target.file);
  await w.chord("d");
  await w.choose("False positive");
  await w.answer("Later rounds will know", "not reachable");
  await w.see(`${w.finding(target.title)}:has-text("dismissed")`);
  w.say("dismissed, and dimmed in the view");
  await w.shot("dismissed");

  await w.chord("o");
  await w.see("iframe.webview.ready");
  const report = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  await report.locator("[data-finding] button").first().waitFor(long());
  assert.equal(await report.locator("html").getAttribute("data-theme"), "dark", "as the editor is");
  w.say("the report, with buttons, in the editor's theme");
  await w.shot("report");
  const policy = await report.locator("meta[http-equiv='Content-Security-Policy']").first().getAttribute("content");
  assert.match(
    policy,
    /^default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-[0-9a-f]{32}'$/,
  );
  await report.locator(".dr-live:has-text('as of round 1')").waitFor(long());
  assert.equal(await report.locator(".counts .important b").textContent(), "1", "one was dismissed: the tile is live");
  assert.match(await report.locator(".verdict").innerText(), /3 open: 0 critical, 1 important, 2 suggestions/);
  assert.equal(await report.locator("#limitations").isVisible(), false, "what has nothing to say is not there");
  const frame = await (await report.locator("html").elementHandle()).ownerFrame();
  await frame.evaluate(axe);
  const violations = await frame.evaluate(
    "axe.run().then((r) => r.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 200)}`))",
  );
  assert.deepEqual(violations, [], "what axe finds in the report view");
  w.say("axe finds nothing in the report view");
  const closed = report.locator("[data-finding]:has-text('appends before')").first();
  await closed.locator("button:has-text('Reopen')").click();
  await report.locator(".counts .important b:text('2')").waitFor(long());
  await closed.locator("button:has-text('Dismiss')").waitFor(long());
  w.say("the report view is live: reopened there, it counts at once");
  await report.locator("[data-finding] button:has-text('Open in editor')").first().click();
  await w.see(".tab.active:not(:has-text('Deep Review'))");
  w.say("an id of the report jumps to the code");
  await w.chord("o");
  await w.see(".tab.active:has-text('Deep Review')");
  const card = report.locator("[data-finding]:has-text('LIMIT is never used')").last();
  await card.locator("button:has-text('Apply this fix')").click();
  await w.see(".tab.active.dirty:has-text('emoji.py')");
  await w.see(".editor-instance .monaco-editor.focused");
  w.say("a fix is applied from the report, and one is where the text changed");
  await page.keyboard.press("Control+z");
  await w.gone(".tab.dirty");

  // "Show in the report" of the light bulb opens the same view, at the card.
  await w.visit("LIMIT is never used", "src/emoji.py");
  await w.pressFor("Control+.", ".action-widget .monaco-list-row:has-text('in the report')");
  await page.click(".action-widget .monaco-list-row:has-text('in the report')");
  await w.see(".tab.active:has-text('Deep Review')");
  await w.until("the card in sight", async () => {
    const box = await report.locator("[data-finding]:has-text('LIMIT is never used')").last().boundingBox();
    return box !== null && box.y > 0 && box.y < 700;
  });
  w.say("shown in the report: the report view, at the card");

  git("stash", "--quiet", "--include-untracked");
  git("switch", "--quiet", "main");
  await w.gone(w.finding("appends before"));
  w.say("another branch shows none of these findings");
  git("switch", "--quiet", "-");
  await w.see(w.finding("appends before"));
  w.say("back on the branch, they are back");

  const [[pid]] = servers(path.join(bed.state, "extensions"));
  process.kill(pid, "SIGKILL");
  await w.until("another server", () => servers(path.join(bed.state, "extensions")).some(([other]) => other !== pid));
  await w.see(w.finding("appends before"));
  w.say("the server was killed and came back with its findings");

  const running = await w.runningExtensions();
  await w.see(running);
  const activation = await page.locator(`${running} .activation-time`).first().textContent();
  console.log(`bench: the workbench's own figure for the extension: ${activation.trim()}`);
  await w.run("View: Close All Editors");
  await w.normalSize();
};
