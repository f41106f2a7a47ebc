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
    // The filter hides what is not asked for.
    const filter = tab.locator('.filters input[value="suggestion"]');
    if (await filter.count()) {
      await filter.uncheck();
      const left = await tab.locator('[data-severity="suggestion"]:visible').count();
      if (left) complain(`${left} suggestions are shown after they were filtered out`);
      await filter.check();
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
