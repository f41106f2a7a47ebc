// Comment threads: by themselves where the editor opens no view for them, else with the setting; one at each finding, with buttons.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

/** The mark beside the lines of a thread, in the editor. */
const MARK = ".margin-view-overlays [class*='comment-thread']";

module.exports = async (w, page, bed) => {
  const file = path.join(bed.state, "user", "Machine", "settings.json");
  await w.open("windows.py");
  await w.see(".squiggly-info, .squiggly-warning");
  assert.equal(
    await page.$(".comment-range-glyph.comment-thread, .comment-thread"),
    null,
    "none where the editor would open its view",
  );
  fs.writeFileSync(file, JSON.stringify({ "comments.openView": "never" }));
  await w.see(MARK);
  fs.writeFileSync(file, JSON.stringify({ "comments.openView": "never", "deepReview.comments.enabled": false }));
  await w.gone(MARK);
  w.say("threads by themselves where no view is opened for them, unless the user says otherwise");

  fs.writeFileSync(file, JSON.stringify({ "deepReview.comments.enabled": true }));
  await w.see(MARK);
  await page.locator(MARK).first().click();
  await w.see(".review-widget :text('greet() accepts None')");
  await w.see(".review-widget :text('The default hides a mistake of the caller.')");
  await w.see(".review-widget :text('Claude (recorded)')");
  w.say("a thread at the finding: what, why, who");
  await w.shot("comments");
  await page.locator(".review-widget .action-label[aria-label^='Apply Fix']").first().click();
  await w.see(".tab.active.dirty:has-text('windows.py')");
  w.say("its button applies the fix");
  // The thread is drawn anew when its fix is applied, and may take the keys once more.
  await w.until("it is undone", async () => {
    await w.run("View: Focus Active Editor Group");
    await page.keyboard.press("Control+z");
    const undone = page.waitForSelector(".tab.dirty:has-text('windows.py')", { state: "detached", timeout: 10_000 });
    return undone.then(
      () => true,
      () => false,
    );
  });

  // One that no later session looks for.
  await w.open("pool.py");
  await w.see(MARK);
  // Others of the file may be open as well.
  const marks = await page.locator(MARK).count();
  await page.locator(MARK).first().click();
  await w.see(".review-widget :text('Default of')");
  await page.locator(".review-widget:has-text('Default of') .action-label[aria-label^='Dismiss']").first().click();
  await w.choose("Later");
  await w.answer("Later rounds will know", "");
  await w.see(`${w.finding("Default of")}:has-text("dismissed")`);
  await w.until("one mark less", async () => (await page.locator(MARK).count()) < marks);
  w.say("another dismisses it, which closes the thread");
  fs.writeFileSync(file, "{}");
  await w.gone("[class*='comment-thread']");
  w.say("and they are gone with the setting");
};
