// The list of findings: filtered by words and by ticks, sorted, files ticked as viewed, several rows at once.

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { QUICK } = require("../workbench.js");

module.exports = async (w, page, { folder }) => {
  const rows = async () => page.locator(".pane-body .monaco-list-row[aria-level='2']").count();
  await w.run("View: Close All Editors");
  await w.run("Deep Review: Focus on Findings View");
  await w.see(w.finding("appends before"));
  const all = await rows();

  await w.run("Deep Review: Filter Findings…");
  await w.answer("Words in the title", "pool.py");
  await w.see(`${QUICK} .quick-input-list .monaco-list-row:has-text("Important")`);
  await page.click(`${QUICK} .quick-input-list .monaco-list-row:has-text("Important")`);
  await w.shot("filter");
  await page.click(`${QUICK} .monaco-button:has-text("OK")`);
  await w.gone(w.finding("LIMIT is never used"));
  await w.see(w.finding("appends before"));
  await w.see(".pane-header:has-text('only Important')");
  await w.shot("filtered");
  await w.run("Deep Review: Clear the Filter");
  await w.see(w.finding("LIMIT is never used"));
  assert.equal(await rows(), all);
  w.say("filtered by words and severity, which the view says; and all again");

  // Whose lines they are is said by git: by nobody's address, by another one's, by that of who wrote the branch.
  const onlyMine = async (email) => {
    execFileSync("git", ["-C", folder, "config", "user.email", email]);
    await w.run("Deep Review: Filter Findings…");
    await w.answer("Words in the title", "");
    const box = `${QUICK} .quick-input-list .monaco-list-row:has-text("lines that I changed last")`;
    await w.see(box);
    if (!(await page.isChecked(`${box} input, ${box} .monaco-checkbox`))) await page.click(box);
    await w.shot(`only-mine-${email.split("@")[0]}`);
    await page.click(`${QUICK} .monaco-button:has-text("OK")`);
    await w.see(".pane-header:has-text('only mine'), .pane-header:has-text('nothing fits')");
  };
  await onlyMine("");
  await w.see(".pane-body .message:has-text('git has no user.email here')");
  await w.see(w.finding("LIMIT is never used"));
  await w.shot("only-mine-unknown");
  await onlyMine("bo@example.org");
  await w.gone(w.finding("LIMIT is never used"));
  await onlyMine("ada@example.org");
  await w.see(w.finding("LIMIT is never used"));
  await w.gone(".pane-body .message:has-text('git has no user.email here')");
  execFileSync("git", ["-C", folder, "config", "--unset", "user.email"]);
  await w.run("Deep Review: Clear the Filter");
  assert.equal(await rows(), all);
  w.say("only mine: by git's user.email, and why not where there is none");

  await w.run("Deep Review: Group by File");
  const file = ".pane-body .monaco-list-row[aria-level='1']:has-text('emoji.py')";
  await page.click(`${file} .custom-view-tree-node-item-checkbox`);
  await w.see(
    `${file}[aria-expanded='false'] .codicon-tree-item-checkbox-checked, ${file}[aria-expanded='false'] .checked`,
  );
  await w.shot("viewed");
  await page.click(`${file} .custom-view-tree-node-item-checkbox`);
  await w.see(`${file}[aria-expanded='true']`);
  w.say("a file is ticked as viewed, which folds it");
  await w.run("Deep Review: Group by Rule");
  await w.see(".pane-body .monaco-list-row[aria-level='1']:has-text('No rule')");
  await w.run("Deep Review: Do Not Group");
  await w.run("Deep Review: Sort by File and Line");
  const first = async () => page.locator(".pane-body .monaco-list-row[aria-level='1']").first().innerText();
  await w.until("emoji.py first", async () => (await first()).includes("emoji.py"));
  w.say("by rule, flat, and sorted by place");

  // A click opens its place, where the focus goes.
  await page.click(w.finding("LIMIT is never used"));
  await w.see(".editor-instance .monaco-editor.focused");
  await page.click(w.finding("greet()"), { modifiers: ["Control"] });
  await page.keyboard.press("Delete");
  await w.see(`${QUICK} .quick-input-title:has-text("Dismiss 2 findings")`);
  await w.choose("Later");
  await w.answer("Later rounds will know", "");
  for (const title of ["LIMIT is never used", "greet()"])
    await w.see(`${w.finding(title)}:has-text("dismissed") .codicon-circle-slash`);
  await w.shot("several");
  w.say("two rows at once are dismissed for one reason, and marked as that");
  await w.run("View: Close All Editors"); // a finding at the cursor is not asked for
  for (const title of ["LIMIT is never used", "greet()"]) {
    await w.run("Deep Review: Reopen…");
    await w.choose(title);
    await w.see(`${w.finding(title)}:not(:has-text("dismissed"))`);
  }
  await w.run("Deep Review: Sort by Severity");
  await w.run("Deep Review: Group by Severity");
};
