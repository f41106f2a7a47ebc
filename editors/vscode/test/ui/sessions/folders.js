// Two folders in one workspace: which one is reviewed is asked in people's words, and what was found is told apart.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { QUICK, STATUS, row, short } = require("../workbench.js");

module.exports = async (w, page, bed) => {
  const file = path.join(bed.work, "both.code-workspace");
  fs.writeFileSync(file, JSON.stringify({ folders: [{ path: bed.one }, { path: bed.two }] }));
  // A page whose extensions never start is loaded again: without them there is nobody who could ask.
  await w.until("the extension is active", async () => {
    await w.load(`${bed.trusted}/?workspace=${file}`);
    return page.waitForSelector(STATUS, short(20_000)).then(
      () => true,
      async () => w.say(await w.told(bed.work)),
    );
  });
  await w.run("Deep Review: Focus on Findings View");
  await w.see(".welcome-view-content:has-text('Have several agents review')");
  for (const name of ["one", "two"]) {
    await w.run("View: Close All Editors");
    // A page that has just been opened may take the focus, which closes the question as well: it is asked again.
    await w.until("it asks which repository", async () => {
      await w.run("Deep Review: Review Current Branch");
      const title = `${QUICK} .quick-input-title:has-text("Which repository?")`;
      return page.waitForSelector(title, short()).then(
        () => true,
        async () => w.say(await w.told(bed.work)),
      );
    });
    assert.equal(await page.$(".notification-toast:has-text('Open a folder')"), null, "the repositories are known");
    await w.see(row("one"));
    await w.shot(`which-${name}`);
    await w.choose(name);
    await w.see(`.pane-body .monaco-list-row:has-text("appends before") >> nth=${name === "one" ? 0 : 1}`);
    await w.until("the round is over", () => w.idle());
  }
  w.say("without a file in sight, the repository is picked by its name");
  for (const name of ["one", "two"]) await w.see(`.pane-body .monaco-list-row[aria-level='1']:has-text("${name}")`);
  assert.equal(await page.locator(w.finding("appends before")).count(), 2, "both are there");
  await w.shot("two-folders");
  const said = (await page.locator(".notification-toast").allInnerTexts()).join();
  assert.doesNotMatch(said, /`root`|`uri`/, "no word of the protocol");

  // The second one of the two, and no other, is dismissed.
  await page.locator(w.finding("appends before")).nth(1).click();
  await w.see(".editor-instance .monaco-editor.focused");
  await w.chord("d");
  await w.choose("Later");
  await w.answer("Later rounds will know", "");
  await w.see(`${w.finding("appends before")}:has-text("dismissed")`);
  assert.equal(await page.locator(`${w.finding("appends before")}:has-text("dismissed")`).count(), 1);
  w.say("findings are grouped by folder, and one that has its like in the other is meant alone");
  await w.run("View: Close All Editors");
  await w.clearNotifications();
};
