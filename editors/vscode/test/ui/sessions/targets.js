// What is reviewed without being checked out: a pull request of a stand-in forge, a commit, what is staged.

const { execFileSync } = require("node:child_process");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { QUICK, row } = require("../workbench.js");

module.exports = async (w, page, bed) => {
  const folder = path.join(bed.pulls, "sample");
  const git = (...args) => execFileSync("git", args, { cwd: folder, encoding: "utf8" }).trim();
  const told = path.join(bed.pulls, "forge.json");
  await w.until("the forge", () => fs.existsSync(told));
  const { environment, page: address } = JSON.parse(fs.readFileSync(told, "utf8"));
  // What runs on the machine is set for the machine.
  const settings = path.join(bed.state, "user", "Machine", "settings.json");
  fs.writeFileSync(
    settings,
    JSON.stringify({ "deepReview.server.extraEnv": environment, "deepReview.forge": "github" }),
  );
  try {
    await w.load(`${bed.trusted}/?folder=${folder}`);
    await w.run("Deep Review: Focus on Findings View");

    await w.run("Deep Review: Review Pull Request…");
    const pull = row("#7 Limit the pool");
    await w.see(pull);
    const words = (await page.locator(pull).first().innerText()).replace(/\s+/g, " ");
    for (const part of ["@ada", "ago", "your review is asked for", "checks passed"])
      assert.ok(words.includes(part), `${part}: ${words}`);
    await w.see(row("draft"));
    await w.see(row("checks failed"));
    await w.shot("pull-requests");
    await page.fill(`${QUICK} input`, "asked for");
    await w.until("the filter", async () => (await page.locator(`${QUICK} .monaco-list-row`).count()) === 1);
    w.say("the open pull requests, with who, when, what is asked and how the checks did; filtered by typing");
    await page.press(`${QUICK} input`, "Enter");

    await w.see(".tab.active:has-text('#7 Limit the pool')");
    await w.see(".multiDiffEntry:has-text('pool.py'), .multiDiffEditor :text('pool.py')");
    await w.see(w.finding("appends before"));
    await w.until("the round is over", () => w.idle());
    await w.shot("pull-request");
    assert.equal(git("rev-parse", "--abbrev-ref", "HEAD"), "main", "nothing is checked out");
    assert.equal(git("status", "--porcelain"), "", "nothing is touched");
    w.say("its changes as read-only diffs, and its findings, without being checked out");

    await w.visit("appends before", "pool.py");
    await w.see(".editor-instance .squiggly-warning, .editor-instance .squiggly-error");
    await w.hover("Claude");
    await w.shot("read-only");
    await page.keyboard.press("Escape");
    await page.keyboard.type("x");
    await w.see(":text('Cannot edit in read-only editor')");
    w.say("a document of it, with squiggles and hover, that cannot be changed");

    fs.appendFileSync(path.join(folder, "src", "emoji.py"), "# mine\n");
    await w.run("Deep Review: Check Out What Is Shown");
    const dialog = ".monaco-dialog-box:has-text('Not committed: changes in 1 file(s)')";
    await w.see(dialog);
    await w.shot("check-out-asks");
    await page.click(`${dialog} .monaco-button:has-text('Cancel')`);
    await w.gone(dialog);
    assert.equal(git("rev-parse", "--abbrev-ref", "HEAD"), "main");
    git("checkout", "--quiet", "--", ".");
    w.say("never checked out over changes without a yes");

    await w.clearNotifications();
    await w.run("Deep Review: Close What Is Shown");
    await w.until("its documents are closed", async () => (await page.$(".tab:has-text('pool.py')")) === null);
    await w.run("View: Close All Editors");

    await w.run("Deep Review: Review Pull Request…");
    await w.see(pull);
    await page.fill(`${QUICK} input`, address);
    await w.see(row(address));
    await page.press(`${QUICK} input`, "Enter");
    await w.see(".tab.active:has-text('#7 Limit the pool')");
    await w.see(w.finding("appends before"));
    await w.until("the round is over", () => w.idle());
    w.say("by the address of its page, which was pasted");

    await w.visit("appends before", "pool.py");
    await w.run("Deep Review: Check Out What Is Shown");
    await w.see(".notification-toast:has-text('It is checked out, on pool-limits.')");
    assert.equal(git("rev-parse", "--abbrev-ref", "HEAD"), "pool-limits");
    git("switch", "--quiet", "main");
    w.say("checked out by one click");
    await w.clearNotifications();
    await w.run("View: Close All Editors");

    await w.run("Deep Review: Review Commit…");
    await w.see(row("Start a pool"));
    await w.shot("commits");
    await page.press(`${QUICK} input`, "Escape");
    fs.writeFileSync(path.join(folder, "src", "emoji.py"), 'BANNER = "staged"\n');
    git("add", ".");
    await w.run("Deep Review: Review Staged Changes");
    await w.see(".tab.active:has-text('staged changes')");
    await w.shot("staged");
    w.say("a commit from the list, and what is staged");
    git("reset", "--quiet", "--hard");
    await w.run("View: Close All Editors");
    await w.clearNotifications();
  } finally {
    fs.rmSync(settings);
  }
};
