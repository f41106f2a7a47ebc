// The first minute of somebody who has just installed it: no key, no agent program, nothing set.

const assert = require("node:assert/strict");
const { Workbench, STATUS, long, row, short } = require("../workbench.js");

module.exports = async (w, page, bed) => {
  const context = await page
    .context()
    .browser()
    .newContext({ viewport: { width: 1440, height: 900 } });
  const first = await context.newPage();
  const own = new Workbench(first, w.out);
  try {
    own.shots = w.shots;
    await own.load(`${bed.fresh}/?folder=${bed.first}`);
    await first.locator('.monaco-dialog-box .monaco-button:has-text("Yes, I trust")').click(long());
    await own.see(STATUS);
    // The whole item: once findings are counted, their badge lies over its icon.
    await first.click(".activitybar .action-item:has(> [aria-label^='Deep Review'])");
    await own.see(".pane-body");
    await own.shot("first-look");
    await own.see(own.finding("Default of"));
    const seconds = (Date.now() - own.started) / 1000;
    console.log(`bench: from the first page to the first findings: ${seconds.toFixed(0)} s, without asking`);
    await own.run("Deep Review: Review Current Branch");
    await own.until("the round that was asked for is kept", async () => {
      await own.chord("h");
      const there = await first.waitForSelector(row("Round 1"), short()).catch(() => null);
      await first.keyboard.press("Escape");
      return there !== null;
    });
    await own.see(own.finding("Default of"));
    await own.gone(".notification-toast");
    await own.shot("first-review");
    assert.equal(await first.$(".statusbar .codicon-alert"), null, "without a key the review is complete");
    await first.click(own.finding("Default of"));
    await own.see(".squiggly-warning");
    await own.shot("first-finding");
    w.say("nothing set, no key: findings without asking, a review that is complete");
  } catch (error) {
    await own.shot("error-first");
    throw error;
  } finally {
    w.shots = own.shots;
    await context.close();
  }
};
