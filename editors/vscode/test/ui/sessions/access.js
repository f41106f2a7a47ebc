// For everybody: without a mouse, by ear, at 200 %, without motion.

/* global getComputedStyle, innerWidth -- in the page */
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { source: axe } = require("axe-core");
const { QUICK, long } = require("../workbench.js");

const SPOKEN = path.join(__dirname, "..", "spoken");

/** What a screen reader has of a part is what is kept; UPDATE=1 keeps what there is. */
async function hears(name, part) {
  const said = `${await part.ariaSnapshot()}\n`;
  const kept = path.join(SPOKEN, `${name}.yml`);
  if (process.env.UPDATE) fs.mkdirSync(SPOKEN, { recursive: true });
  if (process.env.UPDATE) fs.writeFileSync(kept, said);
  assert.equal(said, fs.readFileSync(kept, "utf8"), `what a screen reader has of ${name}`);
}

/** The document in the newest webview. */
async function inner(page) {
  const frame = page.frameLocator("iframe.webview.ready").last().frameLocator("#active-frame");
  await frame.locator("body :visible").first().waitFor(long());
  return { frame, document: await (await frame.locator("html").elementHandle()).ownerFrame() };
}

/** What axe finds, but for the rules that somebody else has to keep. */
async function violations(document, others = []) {
  await document.evaluate(axe);
  const rules = JSON.stringify(Object.fromEntries(others.map((rule) => [rule, { enabled: false }])));
  return document.evaluate(
    `axe.run({ rules: ${rules} }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes[0].html.slice(0, 200)))`,
  );
}

/** Of a walkthrough's page the editor makes the document and its colours; the text in it is ours. */
const OF_THE_EDITOR = [
  "color-contrast",
  "document-title",
  "html-has-lang",
  "landmark-one-main",
  "page-has-heading-one",
  "region",
];

/** What moves in a document. */
const moving = (document) =>
  document.evaluate(() => {
    const moves = (element) => {
      const { scrollBehavior, transitionDuration, animationDuration } = getComputedStyle(element);
      return scrollBehavior === "smooth" || /[1-9]/.test(transitionDuration) || /[1-9]/.test(animationDuration);
    };
    return [...document.querySelectorAll("*")].filter(moves).map((element) => element.outerHTML.slice(0, 80));
  });

/** What has the focus in a document: its name, its finding, its place among what can be used. */
const focused = (document) =>
  document.evaluate(() => {
    const element = document.activeElement;
    const usable = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")];
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return {
      place: usable.indexOf(element),
      name: element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText,
      kind: element.dataset.kind ?? "",
      finding: element.closest("[data-finding]")?.querySelector("h3, h4")?.innerText ?? "",
      isMarked: outlineStyle !== "none" && outlineWidth !== "0px",
    };
  });

module.exports = async (w, page) => {
  await w.run("View: Close All Editors");
  await w.review();
  await w.clearNotifications();
  await view(w, page);
  await report(w, page);
  await walkthrough(w, page);
};

/** The list, by keys alone: to a row, what can be done with it, its place. */
async function view(w, page) {
  await w.run("Deep Review: Focus on Findings View");
  const list = page.locator(".pane:has(.pane-header:has-text('Findings')) .monaco-list").first();
  await hears("findings", list);
  const row = ".pane-body .monaco-list-row.focused:has-text('LIMIT is never used')";
  await page.keyboard.press("Home");
  await w.until("the arrows reach the row", async () => {
    await page.keyboard.press("ArrowDown");
    return (await page.$(row)) !== null;
  });
  await page.keyboard.press("Shift+F10");
  const menu = page.locator(".context-view .monaco-menu");
  await menu.waitFor(long());
  const actions = (await menu.locator(".action-label:not(.separator)").allInnerTexts()).map((text) => text.trim());
  const wanted = [
    "Apply Fix",
    "Preview Fix",
    "Have an Agent Fix It…",
    "Ask About a Finding…",
    "Dismiss…",
    "Change Severity…",
  ];
  for (const action of wanted) assert.ok(actions.includes(action), `${action} is not among ${actions.join(", ")}`);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Space");
  await w.see(".tab.active:has-text('emoji.py')");
  w.say("the view by keys alone, and by ear");
}

/** The report: every button by Tab, in order; used by keys, one stays where one was; narrow, and without motion. */
async function report(w, page) {
  await w.chord("o");
  await w.see("iframe.webview.ready");
  const { frame, document } = await inner(page);
  await frame.locator("[data-finding] button").first().waitFor(long());
  await document.evaluate(() => document.querySelector("a.skip").focus());
  const seen = [await focused(document)];
  const buttons = await frame.locator("[data-finding] button").count();
  await w.until("Tab has been everywhere", async () => {
    await page.keyboard.press("Tab");
    const now = await focused(document);
    if (now.place <= seen.at(-1).place) return true;
    assert.ok(now.name.trim() !== "", `what has the focus has no name after ${seen.at(-1).name}`);
    assert.ok(now.isMarked, `${now.name} has the focus and does not show it`);
    seen.push(now);
    return false;
  });
  assert.equal(seen.filter(({ kind }) => kind !== "").length, buttons, "Tab reaches every button of every finding");
  w.say(`the report: Tab goes through ${seen.length} places in their order, each with a name and a mark`);

  const dismiss = frame.locator("[data-finding]:has-text('LIMIT is never used') button:has-text('Dismiss')").last();
  await dismiss.focus();
  await page.keyboard.press("Enter");
  await w.see(`${QUICK}:has-text("Dismiss")`);
  await w.choose("Later");
  await w.answer("Later rounds will know", "");
  await frame
    .locator("[data-finding]:has-text('LIMIT is never used') button:has-text('Reopen')")
    .last()
    .waitFor(long());
  await w.until("the focus is back at the finding", async () => {
    const { finding, kind } = await focused(document);
    return /LIMIT is never used/.test(finding) && kind === "reopen";
  });
  await frame.locator("button:focus").press("Enter");
  await dismiss.waitFor(long());
  assert.equal(await frame.locator(".verdict[role='status']").count(), 1, "what has changed is said");
  w.say("dismissed and reopened by keys: one stays at the finding, and the counts are said");

  await page.emulateMedia({ reducedMotion: "reduce" });
  await w.see(".monaco-workbench.monaco-reduce-motion");
  assert.deepEqual(await moving(document), [], "what moves in the report");
  // As one reads at that size: without the side bar.
  await w.run("View: Toggle Primary Side Bar Visibility");
  await page.setViewportSize({ width: 720, height: 450 });
  const wide = () => document.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await w.until("the report is as wide as its editor", async () => (await wide()) <= 1);
  await w.shot("report-zoomed");
  await w.normalSize();
  await w.run("View: Toggle Primary Side Bar Visibility");
  assert.deepEqual(await violations(document), [], "what axe finds in the report view");
  w.say("at 200 % nothing is wider than the editor, and without motion nothing moves");
  await w.run("View: Close All Editors");
}

/** Each page of the walkthrough. */
async function walkthrough(w, page) {
  // Beside the steps there is room for the pages only without the side bar.
  await w.run("View: Toggle Primary Side Bar Visibility");
  await w.run("Welcome: Open Walkthrough...");
  await w.choose("Get started with Deep Review");
  await w.see(".gettingStartedContainer :text('Review your branch')");
  for (const step of ["review", "fix", "agents"]) {
    // The first one is open; a click would close it.
    const one = `.getting-started-step[data-step-id$='#${step}']`;
    if ((await page.$(`${one}.expanded`)) === null) await page.click(one);
    await w.see(`${one}.expanded`);
    const { frame, document } = await inner(page);
    await frame.locator("h2").first().waitFor(long());
    await hears(`walkthrough-${step}`, frame.locator("body"));
    assert.deepEqual(await violations(document, OF_THE_EDITOR), [], `what axe finds on the page ${step}`);
    assert.deepEqual(await moving(document), [], `what moves on the page ${step}`);
  }
  w.say("the walkthrough's pages: by ear, by axe, without motion");
  await page.emulateMedia({ reducedMotion: null });
  await w.run("View: Toggle Primary Side Bar Visibility");
  await w.run("View: Close All Editors");
}
