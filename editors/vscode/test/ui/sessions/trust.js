// Not trusted: the built-in agents alone. Trusted: all. Not a repository: not even active.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { STATUS, long } = require("../workbench.js");

module.exports = async (w, page, bed) => {
  await w.load(`${bed.asking}/?folder=${bed.untouched}`);
  await page.locator('.monaco-dialog-box .monaco-button:has-text("No, I don\'t trust")').click(long());
  await w.see(STATUS);
  await w.run("Deep Review: Focus on Findings View");
  await w.review();
  await w.see(w.finding("Default of"));
  assert.equal(await page.$(w.finding("appends before")), null, "no other agent was asked");
  await w.see('.pane-body .monaco-list-row:has-text("Claude (recorded)"):has-text("not trusted")');
  w.say("in restricted mode the built-in agents review, and the others are named as not asked");
  await w.shot("restricted");

  await w.run("Workspaces: Manage Workspace Trust");
  await page.locator(".workspace-trust-editor .monaco-button:has-text('Trust')").first().click();
  await w.gone(".statusbar-item:has-text('Restricted Mode')");
  await w.see(STATUS);
  await w.review();
  await w.see(w.finding("appends before"));
  w.say("once trusted, all do");

  const plain = path.join(bed.work, "plain");
  fs.mkdirSync(plain);
  fs.writeFileSync(path.join(plain, "notes.txt"), "no repository\n");
  await w.load(`${bed.trusted}/?folder=${plain}`);
  await w.open("notes.txt");
  const running = await w.runningExtensions();
  assert.equal(await page.$(running), null);
  assert.equal(await page.$(STATUS), null);
  w.say("in a folder that is no repository it is not active");
  await w.normalSize();
};
