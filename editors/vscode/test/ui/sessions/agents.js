// The agents of a round, live: what each does and since when; one is cancelled, one is asked again, its log is shown, its effort changed.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { QUICK } = require("../workbench.js");

const row = (text) => `.pane-body .monaco-list-row:has-text("${text}")`;

module.exports = async (w, page, bed) => {
  const config = fs.readFileSync(bed.config, "utf8");
  const sleeper = (name, label) =>
    `[agents.${name}]\nadapter = "command"\nlabel = "${label}"\ncommand = ["sh", "-c", "exec sleep 600"]\n`;
  fs.writeFileSync(bed.config, `${config}${sleeper("slow", "Slow")}${sleeper("slower", "Later")}`);
  await w.run("Deep Review: Focus on Agents View");
  await w.run("Deep Review: Review Current Branch");
  await w.see(`${row("Claude (recorded)")}:has-text("2 findings")`);
  await w.see(`${row("Slow")} .codicon-loading`);
  const seconds = async () => Number(/(\d+) s/.exec(await page.locator(row("Slow")).innerText())?.[1] ?? 0);
  const first = await seconds();
  await w.until("the clock goes on", async () => (await seconds()) > first);
  w.say("a row for each agent: done with its findings, or at it with a clock");
  await w.shot("agents");

  await page.hover(row("Slow"));
  await page.locator(`${row("Slow")} .action-label[aria-label^='Cancel This Agent']`).click();
  await w.see(`${row("Slow")}:has-text("failed"):has-text("cancelled")`);
  assert.equal(await page.isVisible(`${row("Later")} .codicon-loading`), true, "the others go on");
  w.say("one is cancelled, the others go on");
  await w.run("Deep Review: Cancel");
  const toast = ".notification-toast:has-text('The review is incomplete')";
  await w.see(toast);
  await w.see(`${row("Later")}:has-text("failed")`);
  w.say("kept when the round is over, with what failed");

  fs.writeFileSync(
    bed.config,
    `${config}[agents.slow]\nadapter = "recorded"\nlabel = "Slow"\npath = "${bed.work}/answers/gemini.json"\n`,
  );
  await w.clearNotifications();
  await page.hover(row("Slow"));
  const before = await w.round();
  await page.locator(`${row("Slow")} .action-label[aria-label^='Ask This Agent Again']`).click();
  await w.until("the round", async () => (await w.round()) > before);
  await w.see(`${row("Slow")}:has-text("1 finding")`);
  w.say("one that failed is asked again, alone");
  await page.click(row("Slow"));
  await w.see(".editor-instance .view-line:has-text('reviewed in')");
  w.say("its log");
  await page.hover(row("Slow"));
  await page.locator(`${row("Slow")} .action-label[aria-label^='Change Its Model or Effort']`).click();
  await w.see(`${QUICK} .quick-input-title:has-text("Change slow")`);
  await w.shot("agent-change");
  await w.choose("high");
  await w.see(".notification-toast:has-text('effort high')");
  assert.match(fs.readFileSync(bed.config, "utf8"), /\[agents\.slow\]\n(.*\n){3}effort = "high"\n/);
  w.say("its effort is changed, and the rest of the configuration stays");

  fs.writeFileSync(bed.config, config);
  await w.run("View: Close All Editors");
  await w.review();
  await w.clearNotifications();
};
