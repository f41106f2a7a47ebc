// One session of a user in VS Code, from the palette to the fixed file. Each step waits for what the user would see.
// usage: node drive.js URL FOLDER   (screenshots go to $OUT)

const { chromium } = require("playwright-core");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const [url, folder] = process.argv.slice(2);
const out = process.env.OUT;
fs.mkdirSync(out, { recursive: true });
const started = Date.now();
const say = (what) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}`);
const git = (...args) => execFileSync("git", args, { cwd: folder, encoding: "utf8" });

const QUICK = ".quick-input-widget:not([style*='display: none'])";
const row = (text) => `.quick-input-list .monaco-list-row:has-text("${text}")`;
const LONG = { timeout: 60_000 };

class Workbench {
  constructor(page) {
    this.page = page;
    this.shots = 0;
  }

  async shot(name) {
    this.shots += 1;
    await this.page.screenshot({ path: path.join(out, `${String(this.shots).padStart(2, "0")}-${name}.png`) });
  }

  async palette(command) {
    await this.page.keyboard.press("F1");
    await this.page.waitForSelector(`${QUICK} input`);
    await this.page.fill(`${QUICK} input`, `>${command}`);
    await this.page.waitForSelector(row(command), LONG);
  }

  async run(command) {
    await this.palette(command);
    await this.page.click(row(command));
  }

  async open(file) {
    await this.page.keyboard.press("Control+p");
    await this.page.waitForSelector(`${QUICK} input`);
    await this.page.fill(`${QUICK} input`, file);
    await this.page.waitForSelector(row(path.basename(file)), LONG);
    await this.page.keyboard.press("Enter");
    await this.page.waitForSelector(`.tab.active:has-text("${path.basename(file)}")`, LONG);
  }

  finding(text) {
    return `.pane-body .monaco-list-row:has-text("${text}")`;
  }

  async until(what, test) {
    for (let end = Date.now() + 30_000; Date.now() < end;) {
      if (await test()) return;
      await this.page.waitForTimeout(50);
    }
    throw new Error(`not reached: ${what}`);
  }
}

async function session(page) {
  const w = new Workbench(page);
  await page.goto(url);
  await page.waitForSelector(".monaco-workbench", { timeout: 90_000 });
  await page.waitForSelector("[id='deep-review.deep-review.status'], .statusbar-item:has-text('Deep Review')", LONG);
  say("the workbench is there and the extension is active");

  await w.run("Deep Review: Focus on Findings View");
  await page.waitForSelector(".welcome-view-content:has-text('several agents')", LONG);
  await w.shot("welcome");

  await w.palette("Deep Review: Review Current Branch");
  await w.shot("palette");
  await page.click(row("Deep Review: Review Current Branch"));
  await page.waitForSelector(w.finding("Claude"), LONG);
  await page.waitForSelector(".statusbar-item:has-text('Deep Review') .codicon-loading", {
    state: "detached",
    ...LONG,
  });
  say("findings in the view, with the agents' names");
  await w.shot("findings");

  await w.run("Problems: Focus on Problems View");
  await page.waitForSelector(".markers-panel .monaco-list-row:has-text('deep-review')", LONG);
  say("findings in the Problems panel");
  await w.shot("problems");

  const target = JSON.parse(fs.readFileSync(path.join(folder, "..", "target.json"), "utf8"));
  await w.open(target.file);
  await page.waitForSelector(".squiggly-warning, .squiggly-error", LONG);
  say("squiggles in the editor");
  const before = fs.readFileSync(path.join(folder, target.file), "utf8");
  await w.run("Deep Review: Focus on Findings View");
  await page.click(w.finding(target.title));
  await page.waitForSelector(`.tab.active:has-text("${path.basename(target.file)}")`, LONG);
  await w.run("View: Focus Active Editor Group");
  await page.keyboard.press("Control+.");
  await page.waitForSelector(".action-widget .monaco-list-row:has-text('Apply fix')", LONG);
  say("the fix is offered");
  await w.shot("quick-fix");
  await page.click(".action-widget .monaco-list-row:has-text('Apply fix')");
  await page.waitForSelector(".tab.active.dirty", LONG);
  await page.keyboard.press("Control+s");
  await w.until("the fix on disk", () =>
    fs.readFileSync(path.join(folder, target.file), "utf8").includes(target.after),
  );
  say("the fix is applied, on disk");
  await w.shot("fixed");

  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+s");
  await w.until("the undo on disk", () => fs.readFileSync(path.join(folder, target.file), "utf8") === before);
  await page.waitForSelector(
    `${w.finding(target.title)} .codicon-error, ${w.finding(target.title)} .codicon-warning`,
    LONG,
  );
  say("undo brings the finding back");

  await w.run("Deep Review: Dismiss…");
  await page.waitForSelector(row("False positive"), LONG);
  await page.click(row("False positive"));
  await page.waitForSelector(`${QUICK} input`);
  await page.keyboard.type("not reachable");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${w.finding(target.title)}:has-text("dismissed")`, LONG);
  say("dismissed, and dimmed in the view");
  await w.shot("dismissed");

  await w.run("Deep Review: Open Report");
  await page.waitForSelector("iframe.webview.ready", LONG);
  const report = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  await report.locator("[data-finding]").first().waitFor(LONG);
  await report.locator("[data-finding] button").first().waitFor(LONG);
  say("the report, with buttons");
  await w.shot("report");
  await report.locator("[data-finding] button").first().click();
  await page.waitForSelector(".tab.active:not(:has-text('Deep Review'))", LONG);
  say("an id of the report jumps to the code");

  git("stash", "--quiet", "--include-untracked");
  git("switch", "--quiet", "main");
  await page.waitForSelector(w.finding("Claude"), { state: "detached", ...LONG });
  say("another branch shows none of these findings");
  git("switch", "--quiet", "-");
  await page.waitForSelector(w.finding("Claude"), LONG);
  say("back on the branch, they are back");

  // Only this test's server: the one in its own folder of extensions.
  execFileSync("pkill", ["-KILL", "-f", `^${process.env.EXTENSIONS}/.*/server/deep-review lsp`]);
  await page.waitForSelector(w.finding("Claude"), { state: "detached", ...LONG }).catch(() => undefined);
  await page.waitForSelector(w.finding("Claude"), LONG);
  say("the server was killed and came back with its findings");
  await w.shot("recovered");
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  try {
    await session(page);
    console.log("1 passed, 0 failed");
  } catch (error) {
    console.error(error);
    await page.screenshot({ path: path.join(out, "error.png") });
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
})();
