// Runs the sessions of a user in VS Code's workbench, one after the other in one window.
// usage: node drive.js   (environment: see `run`; screenshots go to $OUT)

const { chromium } = require("playwright-core");
const fs = require("node:fs");
const path = require("node:path");
const { Workbench } = require("./workbench.js");

const { OUT, WORK, URL_TRUSTED, URL_ASKING, URL_GERMAN, URL_FRESH, CHROMIUM } = process.env;
const bed = {
  work: WORK,
  folder: path.join(WORK, "sample"),
  // The same, never reviewed.
  untouched: path.join(WORK, "untouched"),
  german: path.join(WORK, "german"),
  state: path.join(WORK, "state"),
  trusted: URL_TRUSTED,
  asking: URL_ASKING,
  inGerman: URL_GERMAN,
  // A profile in which nothing was ever set, and a repository for it.
  fresh: URL_FRESH,
  first: path.join(WORK, "first"),
  // Its branch is a pull request at a stand-in forge, and not checked out.
  pulls: path.join(WORK, "pulls"),
  // Two of the same, for one workspace.
  one: path.join(WORK, "one"),
  two: path.join(WORK, "two"),
  config: path.join(WORK, "config", "deep-review", "config.toml"),
};
// SESSIONS="review key" runs those alone.
const SESSIONS = (
  process.env.SESSIONS ??
  "review access rows lists commands cancel agents setup key look comments refactor errands german first places targets trust folders"
).split(" ");

(async () => {
  fs.rmSync(OUT, { recursive: true, force: true });
  fs.mkdirSync(OUT, { recursive: true });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
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
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const workbench = new Workbench(page, OUT);
  const config = fs.readFileSync(bed.config);
  let passed = 0;
  try {
    for (const name of SESSIONS) {
      workbench.say(`-- ${name}`);
      try {
        // "review" is the way to what the others begin with.
        if (page.url() === "about:blank" && name !== "review") await workbench.begin(bed);
        await require(`./sessions/${name}.js`)(workbench, page, bed);
        passed += 1;
      } catch (error) {
        console.error(`FAIL ${name}`, error);
        await page.screenshot({ path: path.join(OUT, `error-${name}.png`) });
        console.error(await workbench.told(WORK));
        fs.writeFileSync(bed.config, config); // of what it added, nothing is for the next one
        process.exitCode = 1;
      }
    }
  } finally {
    await browser.close();
    console.log(`${passed} passed, ${SESSIONS.length - passed} failed`);
  }
})();
