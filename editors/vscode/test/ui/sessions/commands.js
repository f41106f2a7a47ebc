// Commands that no other session uses: from finding to finding, uncommitted changes alone, every fix at once, the log.

const { execFileSync } = require("node:child_process");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

module.exports = async (w, page, bed) => {
  const file = (name) => path.join(bed.folder, "src", name);
  const text = (name) => fs.readFileSync(file(name), "utf8");
  await w.run("View: Close All Editors");
  await w.review();
  await w.visit("LIMIT is never used", "src/emoji.py");
  await w.chord("n");
  await w.see(".tab.active:has-text('pool.py')");
  await w.see(".statusbar-item:has-text('Ln 5,')");
  await w.chord("p");
  await w.see(".tab.active:has-text('emoji.py')");
  await w.see(".statusbar-item:has-text('of 4:')");
  // What it is, who says it, why, and what can be done: at its place, and only there.
  const peek = ".review-widget:has-text('1 of 4')";
  await w.see(`${peek}:has-text("LIMIT is never used"):has-text("Gemini (recorded)")`);
  await w.see(`${peek} .action-label[aria-label^='Dismiss']`);
  await w.see(".editor-instance .monaco-editor.focused");
  await w.shot("peek");
  await w.chord("p"); // before the first comes the last
  await w.see(".tab.active:has-text('windows.py')");
  await w.see(".review-widget:has-text('4 of 4'):has-text('The default hides a mistake of the caller.')");
  assert.equal(await page.locator(".review-widget").count(), 1, "one at a time");
  await w.open("emoji.py");
  await w.gone(".editor-instance [class*='comment-thread']");
  w.say(
    "to the next finding, in another file, and back, round at the end; each in a peek that says which one of how many",
  );

  const before = text("pool.py");
  fs.writeFileSync(file("pool.py"), `${before}\n\ndef all_of(items=[]):\n    return items\n`);
  await w.anotherRound(() => w.run("Deep Review: Review Uncommitted Changes"));
  await w.see(w.finding("Default of `items`"));
  assert.equal(await page.$(w.finding("Default of `waiting`")), null, "what is committed is not reviewed");
  w.say("uncommitted changes alone");
  fs.writeFileSync(file("pool.py"), before);

  await w.review();
  await w.see(w.finding("Default of `waiting`"));
  await w.run("Deep Review: Apply All Fixes");
  const dialog = ".monaco-dialog-box:has-text('Apply 3 fixes in 3 files?')";
  await w.see(dialog);
  await w.shot("apply-all");
  await page.click(`${dialog} .monaco-button:has-text('Cancel')`);
  await w.gone(dialog);
  assert.equal(await page.$(".tab.dirty"), null, "nothing without a yes");
  await w.run("Deep Review: Apply All Fixes");
  await page.click(`${dialog} .monaco-button:has-text('Apply')`);
  await w.see(".tab.dirty:has-text('emoji.py')");
  await w.see(".tab.dirty:has-text('windows.py')");
  const summary = ".notification-toast:has-text('3 fixes were applied in 3 files.')";
  await w.see(summary);
  await w.shot("applied-all");
  await page.click(`${summary} .monaco-button:has-text('Undo All')`);
  await w.see(".notification-toast:has-text('3 files are as they were.')");
  await w.until("nothing changed", async () => {
    await w.run("File: Save All Files");
    return text("emoji.py").includes("LIMIT") && text("windows.py").includes("None");
  });
  w.say("every fix at once, counted before and after, and all of it taken back at once");
  await w.clearNotifications();
  await w.run("Deep Review: Apply All Fixes");
  await page.click(`${dialog} .monaco-button:has-text('Apply')`);
  await page.click(`${summary} .monaco-button:has-text('Save All')`);
  await w.until("the fixes on disk", () => !text("emoji.py").includes("LIMIT") && !text("windows.py").includes("None"));
  w.say("every fix at once, on disk, after it asked");
  execFileSync("git", ["checkout", "--quiet", "--", "."], { cwd: bed.folder });
  await w.reread("emoji.py", "LIMIT");
  await w.see(`${w.finding("LIMIT is never used")}:not(:has-text("fixed"))`);

  await w.chord("l");
  // What is in it cannot be seen here: the part of the workbench that writes logs is native, and is not installed.
  const channel = () =>
    page.$eval(".part.panel select", (list) => list.selectedOptions[0]?.text ?? "").catch(() => undefined);
  await w.until("the log", async () => (await channel()) === "Deep Review");
  w.say("the log is opened");
  await w.run("View: Close All Editors");
  await w.clearNotifications();
};
