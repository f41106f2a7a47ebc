// Opens each page, fails on console errors and accessibility violations, and takes screenshots.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { chromium } from "playwright-core";

const [out, ...pages] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const looks = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 1600 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 1600 } },
  { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
];
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
    const context = await browser.newContext({ colorScheme: look.colorScheme, viewport: look.viewport });
    const tab = await context.newPage();
    const complain = (what) => {
      wrong += 1;
      console.error(`${basename(page)}, ${look.name}: ${what}`);
    };
    tab.on("console", (m) => m.type() === "error" && complain(`console: ${m.text()}`));
    tab.on("pageerror", (e) => complain(`script: ${e.message}`));
    tab.on("request", (r) => r.url().startsWith("file:") || complain(`it loads ${r.url()}`));
    await tab.goto(`file://${resolve(page)}`);
    await tab.screenshot({ path: join(out, `${basename(page, ".html")}-${look.name}.png`) });
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    if (wide) complain("it is wider than the window");
    if (await tab.locator(".filters").count()) {
      await keyboard(tab, complain);
      await filters(tab, complain);
      await paper(tab, complain, join(out, `${basename(page, ".html")}-${look.name}.pdf`));
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
