// What agents are asked to do about a finding: to write a fix, which comes with its proof and is applied when it is
// confirmed, and to answer a question, in the finding's thread.

const fs = require("node:fs");
const path = require("node:path");

const TITLE = "LIMIT is never used";
const FIX = `--- a/src/emoji.py
+++ b/src/emoji.py
@@ -1 +1 @@
-BANNER = "🎉 welcome 🎉"; print(BANNER); LIMIT = 10
+BANNER = "🎉 welcome 🎉"; print(BANNER)  # no limit
`;
const MARK = ".margin-view-overlays [class*='comment-thread']";

module.exports = async (w, page, bed) => {
  const answers = (name) => path.join(bed.work, "answers", `${name}.json`);
  const before = new Map(["claude", "codex", "gemini"].map((name) => [name, fs.readFileSync(answers(name), "utf8")]));
  const also = (name, more) =>
    fs.writeFileSync(answers(name), JSON.stringify({ ...JSON.parse(before.get(name)), answers: more }));
  also("gemini", {
    fix: { summary: "Drop it", diff: FIX, files: [] },
    ask: { answer: "No: nothing imports `emoji`." },
  });
  for (const judge of ["claude", "codex"]) also(judge, { judge: { gone: true, reason: "it is gone", new: [] } });

  await w.visit(TITLE, "src/emoji.py");
  await w.run("Deep Review: Have an Agent Fix It…");
  const panel = ".bulk-edit-panel";
  const file = `${panel} .monaco-list-row:has-text("emoji.py")`;
  await w.see(file);
  w.say("an agent's fix, proven, to be confirmed");
  await w.shot("mended");
  await page.click(`${file} .edit-checkbox`);
  await page.click(`${panel} .monaco-button:has-text("Apply")`);
  await w.see(".notification-toast:has-text('Fixed.'):has-text('placed, parses')");
  await w.see(".tab.dirty:has-text('emoji.py')");
  w.say("applied, with what was proven");
  await w.run("File: Revert File");
  await w.gone(".tab.dirty:has-text('emoji.py')");
  await w.clearNotifications();

  const settings = path.join(bed.state, "user", "Machine", "settings.json");
  fs.writeFileSync(settings, JSON.stringify({ "deepReview.comments.enabled": true }));
  await w.see(MARK);
  await page.locator(MARK).first().click();
  const thread = ".review-widget";
  await w.see(`${thread} :text('${TITLE}')`);
  const write = async (text, button) => {
    const [reply, form] = [".review-thread-reply-button", ".comment-form .monaco-editor"].map(
      (part) => `${thread} ${part}`,
    );
    await w.see(`${reply}:visible, ${form}:visible`);
    if (await page.isVisible(reply)) await page.click(reply);
    await page.click(form);
    await w.see(`${form}.focused`);
    await page.keyboard.type(text);
    await page.click(`${thread} .monaco-button:text-is("${button}")`);
  };
  await write("Does anybody import it?", "Ask");
  await w.see(`${thread} :text('No: nothing imports')`);
  await w.see(`${thread} :text('Does anybody import it?')`);
  w.say("a question in its thread is answered there");
  await w.shot("asked");
  await write("It breaks the build of a customer.", "Change Severity, With This Reason");
  await w.choose("Critical");
  await w.see(`${thread} :text('S2 · Critical')`);
  await w.see(`${thread} :text('Severity set by a person, was Suggestion: It breaks the build of a customer.')`);
  w.say("another severity, for the reason that was written");
  await w.shot("graded");
  await write("After all it does not.", "Change Severity, With This Reason");
  await w.choose("Suggestion");
  await w.see(`${thread} :text('S2 · Suggestion')`);
  await write("It is part of the protocol.", "Dismiss, With This Reason");
  await w.choose("Won't fix");
  await w.see(`${w.finding(TITLE)}:has-text("dismissed")`);
  w.say("and dismissed there, with the reason that was written");

  fs.writeFileSync(settings, "{}");
  await w.gone("[class*='comment-thread']");
  for (const [name, text] of before) fs.writeFileSync(answers(name), text);
  await w.run("View: Close All Editors");
  await w.clearNotifications();
};
