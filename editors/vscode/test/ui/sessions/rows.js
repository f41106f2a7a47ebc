// The rows of the view: their keys and menus mean their own finding, whatever the cursor in the editor is at.

const assert = require("node:assert/strict");
const { QUICK, row, short } = require("../workbench.js");

const ROW = "greet()"; // a finding of windows.py
const ELSEWHERE = "LIMIT is never used"; // one of emoji.py, where the cursor is

module.exports = async (w, page) => {
  const dismissed = `${w.finding(ROW)}:has-text("dismissed")`;
  const dismiss = async () => {
    await w.see(`${QUICK} .quick-input-title:has-text("${ROW}")`);
    await w.choose("Later");
    await w.answer("Later rounds will know", "");
    await w.see(dismissed);
  };
  /** Goes to the row by keys alone, which opens nothing. */
  const focus = async () => {
    await w.run("Deep Review: Focus on Findings View");
    await page.keyboard.press("Home");
    const focused = async () =>
      page.$eval(".pane-body .monaco-list-row.focused", (found) => found.textContent).catch(() => "");
    for (let here = await focused(); !here.includes(ROW); here = await focused()) {
      await page.keyboard.press("ArrowDown");
      await w.until("the next row", async () => (await focused()) !== here);
    }
  };
  /** What a menu offers is clicked once it takes clicks, which it does a moment after it opened. */
  const fromMenu = async (text, done) => {
    const item = page.locator(`.monaco-menu .action-item:has-text("${text}")`);
    await w.until(`${text} from the menu`, async () => {
      if ((await page.$(".monaco-menu")) === null) await page.click(w.finding(ROW), { button: "right" });
      await item.click(short()).catch(() => undefined);
      return (await page.$(done)) !== null || (await page.waitForSelector(done, short()).catch(() => null)) !== null;
    });
  };
  const open = `${w.finding(ROW)}:not(:has-text("dismissed"))`;

  await w.visit(ELSEWHERE, "src/emoji.py");
  const spoken = await page.$eval(w.finding(ROW), (found) => found.getAttribute("aria-label"));
  assert.match(spoken, /Suggestion finding S\d+, open: greet\(\) accepts None.*, windows\.py:2, by Claude/);
  w.say("a screen reader is told severity, number, state, title, place and agents");

  await focus();
  await page.keyboard.press("Control+c");
  const copied = () => page.evaluate("navigator.clipboard.readText()");
  await w.until("the copy of the row", async () => (await copied()).includes(ROW));
  assert.match(await copied(), /^S\d+ greet\(\) accepts None.* \(src\/windows\.py:2\) — Claude/);
  w.say("its key copies the focused row");

  await focus();
  await page.keyboard.press("Delete");
  await dismiss();
  w.say("its key dismisses the focused row, not what the cursor is at");
  await fromMenu("Reopen…", open);
  w.say("reopened from its menu");

  await fromMenu("Dismiss…", `${QUICK} .quick-input-title:has-text("${ROW}")`);
  await dismiss();
  await w.run("Deep Review: Reopen…");
  await w.see(row(ROW));
  assert.equal(await page.$(row(ELSEWHERE)), null, "only what is dismissed");
  await w.shot("reopen");
  await w.choose(ROW);
  await w.see(open);
  w.say("reopened from the palette, which asks which");

  // What a menu sends whose row the editor has forgotten, because the tree was filled anew: a key of this test's settings.
  await w.visit(ELSEWHERE, "src/emoji.py");
  await w.pressFor("Control+F8", row(ROW));
  await w.choose(ROW);
  await dismiss();
  await w.run("Deep Review: Reopen…");
  await w.choose(ROW);
  await w.see(open);
  w.say("without its row a command asks, and never takes what the cursor is at");
  await w.run("View: Close All Editors");
};
