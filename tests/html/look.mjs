// Opens each page, fails on console errors and accessibility violations, and takes screenshots.
import { createRequire } from "node:module";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { chromium } from "playwright-core";

const [out, ...pages] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const looks = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 1600 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 1600 } },
  { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
  // A window of 1280 by 800 at 200 %.
  { name: "zoomed", colorScheme: "light", viewport: { width: 640, height: 400 }, deviceScaleFactor: 2, reducedMotion: "reduce" },
];
/// Of these pages, what a screen reader has is kept: nothing in them depends on the day.
const KEPT = ["rich.html"];
let wrong = 0;

/// The filters hide what is not asked for, and say how much is left.
async function filters(tab, complain) {
  for (const name of ["severity", "agent"]) {
    for (const box of await tab.locator(`.filters input[name="${name}"]`).all()) {
      const value = await box.inputValue();
      await box.uncheck();
      const left = await tab.locator("[data-finding]:visible").evaluateAll((cards, [name, value]) => {
        const only = (card) => (name === "severity" ? card.dataset.severity : card.dataset.agents.trim()) === value;
        return cards.filter(only).length;
      }, [name, value]);
      if (left) complain(`${left} findings are shown after ${name} ${value} was filtered out`);
      const shown = await tab.locator("[data-finding]:visible").count();
      const said = await tab.locator(".filters .shown").textContent();
      if (!said.startsWith(`${shown} of `)) complain(`${shown} findings are shown, and it says '${said}'`);
      await box.check();
    }
  }
}

/// The first key leads past the top; the filters answer to the space bar.
async function keyboard(tab, complain) {
  await tab.evaluate(() => document.activeElement.blur());
  await tab.keyboard.press("Tab");
  const first = await tab.evaluate(() => document.activeElement.className);
  if (first !== "skip") complain(`the first key leads to '${first}', not past the top`);
  const box = tab.locator(".filters input").first();
  await box.focus();
  const ring = await box.evaluate((b) => b.matches(":focus-visible"));
  await tab.keyboard.press("Space");
  if (!ring || (await box.isChecked())) complain("a filter does not answer to the space bar");
  await tab.keyboard.press("Space");
}

/// Nothing moves for those who do not want that.
async function stillness(tab, complain) {
  const moving = await tab.evaluate(() => {
    const moves = (element) => {
      const { scrollBehavior, transitionDuration, animationDuration } = getComputedStyle(element);
      return scrollBehavior === "smooth" || /[1-9]/.test(transitionDuration) || /[1-9]/.test(animationDuration);
    };
    return [...document.querySelectorAll("*")].filter(moves).map((element) => element.outerHTML.slice(0, 80));
  });
  if (moving.length) complain(`it moves although less motion is asked for: ${moving[0]}`);
}

/// No text is cut off: what does not fit wraps, or scrolls in a part of its own that keys reach.
async function cut(tab, complain) {
  const cut = await tab.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => element.checkVisibility() && element.innerText?.trim())
      .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline")
      .filter((element) => ["hidden", "clip"].includes(getComputedStyle(element).overflowX) && element.clientWidth > 1)
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  if (cut.length) complain(`${cut.length} texts are cut off: ${cut[0]}`);
  const unreachable = await tab.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX))
      .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1 && element.tabIndex < 0)
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  if (unreachable.length) complain(`${unreachable.length} parts scroll, but not by a key: ${unreachable[0]}`);
}

/// Tab goes through everything that can be used, in the order of the document, each with a name and a visible mark.
async function order(tab, complain) {
  await tab.evaluate(() => {
    document.activeElement.blur();
    scrollTo(0, 0);
  });
  const all = await tab.evaluate(() => {
    // Of boxes that belong together, and of what is folded away, Tab knows no more than the browser does.
    const usable = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")];
    usable.forEach((element, number) => (element.dataset.tabStop = number));
    return usable.filter((element) => element.checkVisibility({ visibilityProperty: true })).map((e) => Number(e.dataset.tabStop));
  });
  const seen = [];
  for (let n = 0; n < all.length + 1; n += 1) {
    await tab.keyboard.press("Tab");
    const at = await tab.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const name = element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText ?? element.title;
      const mark = (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
      return { place: Number(element.dataset.tabStop), name: name.trim() || element.title, mark, html: element.outerHTML.slice(0, 100) };
    });
    if (at === null) break;
    if (!at.name) complain(`what has the focus has no name: ${at.html}`);
    if (!at.mark) complain(`what has the focus does not show it: ${at.html}`);
    if (seen.length && at.place <= seen.at(-1)) break;
    seen.push(at.place);
  }
  const missed = all.filter((place) => !seen.includes(place));
  if (missed.length) {
    const html = await tab.locator(`[data-tab-stop="${missed[0]}"]`).first().evaluate((e) => e.outerHTML.slice(0, 120));
    complain(`Tab does not reach ${missed.length} of ${all.length} in their order: ${html}`);
  }
  await tab.evaluate(() => document.querySelectorAll("[data-tab-stop]").forEach((element) => delete element.dataset.tabStop));
}

/// What a screen reader has of the page is what is kept; UPDATE=1 keeps what there is.
async function spoken(tab, complain, kept) {
  const said = `${await tab.locator("body").ariaSnapshot()}\n`;
  if (process.env.UPDATE) writeFileSync(kept, said);
  const before = existsSync(kept) ? readFileSync(kept, "utf8") : "";
  if (said === before) return;
  const [ours, theirs] = [said.split("\n"), before.split("\n")];
  const line = ours.findIndex((text, n) => text !== theirs[n]);
  complain(`a screen reader has another text than ${basename(kept)}, line ${line + 1}: '${ours[line]}' for '${theirs[line]}'; UPDATE=1 keeps it`);
}

/// On paper: dark on light whatever the screen shows, no controls, no code cut off.
async function paper(tab, complain, file) {
  for (const theme of ["light", "dark"]) {
    await tab.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
    await tab.emulateMedia({ media: "print" });
    const seen = await tab.evaluate(() => {
      const light = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, n) => sum + Number(n), 0) / 765;
      const style = getComputedStyle(document.body);
      const cut = [...document.querySelectorAll(".scroll")].filter((s) => s.scrollWidth > s.clientWidth + 1);
      const shown = [...document.querySelectorAll(".filters, .toc, .skip")].filter((e) => e.checkVisibility());
      const cards = [...document.querySelectorAll("[data-finding]")].filter((c) => !c.checkVisibility());
      return { ink: light(style.color), cut: cut.length, shown: shown.map((e) => e.className), cards: cards.length };
    });
    if (seen.ink > 0.4) complain(`printed from the ${theme} theme, the text is light on white`);
    if (seen.cut) complain(`printed, ${seen.cut} pieces of code are cut off`);
    if (seen.shown.length) complain(`printed, there is '${seen.shown}'`);
    if (seen.cards) complain(`printed, ${seen.cards} findings are missing`);
    await tab.emulateMedia({ media: null });
  }
  await tab.pdf({ path: file });
  await tab.evaluate(() => delete document.documentElement.dataset.theme);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
for (const page of pages) {
  for (const look of looks) {
    const { name, ...how } = look;
    const context = await browser.newContext(how);
    const tab = await context.newPage();
    const complain = (what) => {
      wrong += 1;
      console.error(`${basename(page)}, ${name}: ${what}`);
    };
    tab.on("console", (m) => m.type() === "error" && complain(`console: ${m.text()}`));
    tab.on("pageerror", (e) => complain(`script: ${e.message}`));
    tab.on("request", (r) => r.url().startsWith("file:") || complain(`it loads ${r.url()}`));
    await tab.goto(`file://${resolve(page)}`);
    await tab.screenshot({ path: join(out, `${basename(page, ".html")}-${name}.png`) });
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    if (wide) complain("it is wider than the window");
    if (look.reducedMotion) await stillness(tab, complain);
    if (name === "zoomed") await cut(tab, complain);
    if (name === "light" || name === "zoomed") await order(tab, complain);
    const kept = resolve(`tests/html/${basename(page, ".html")}.aria.yml`);
    if (name === "light" && KEPT.includes(basename(page))) await spoken(tab, complain, kept);
    if (await tab.locator(".filters").count()) {
      await keyboard(tab, complain);
      await filters(tab, complain);
      await paper(tab, complain, join(out, `${basename(page, ".html")}-${name}.pdf`));
    }
    // The page's own policy forbids foreign scripts, so the audit is put in past it.
    const session = await context.newCDPSession(tab);
    await session.send("Page.setBypassCSP", { enabled: true });
    await session.send("Runtime.evaluate", { expression: axe });
    const result = await session.send("Runtime.evaluate", {
      expression: "axe.run().then((r) => JSON.stringify(r.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.length}, ${v.nodes[0].html.slice(0, 160)})`)))",
      awaitPromise: true,
      returnByValue: true,
    });
    if (result.exceptionDetails) complain(`audit: ${result.exceptionDetails.text}`);
    for (const violation of JSON.parse(result.result.value ?? "[]")) complain(violation);
    await context.close();
  }
}
await browser.close();
console.log(`${pages.length} pages looked at in ${looks.length} ways, ${wrong} complaints`);
process.exit(wrong ? 1 : 0);
