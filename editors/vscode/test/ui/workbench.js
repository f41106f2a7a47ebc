// What a user does and sees in the workbench, in words of the sessions. Every wait is for something visible.

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const QUICK = ".quick-input-widget:not([style*='display: none'])";
const row = (text) => `.quick-input-list .monaco-list-row:has-text("${text}")`;
/**
 * How long a wait may take, in ms, where an idle machine needs less than `ms`: as many times longer as there are tasks
 * for each core. Every wait is for a state; the time only ends one that never comes.
 */
const patience = (ms) =>
  ms *
  Math.max(
    1,
    ...os
      .loadavg()
      .slice(0, 2)
      .map((load) => load / os.cpus().length),
  );
/** For whatever takes the machine's time: a page, a review. */
const long = () => ({ timeout: patience(90_000) });
/** For what the workbench shows at once. */
const short = (ms = 3_000) => ({ timeout: patience(ms) });
const STATUS = ".statusbar-item [aria-label^='Deep Review'], .statusbar-item:has-text('Deep Review')";

/** The language servers that run and whose program is below a folder: [process id, program]. */
function servers(folder) {
  return fs.readdirSync("/proc").flatMap((pid) => {
    try {
      const program = fs.readlinkSync(`/proc/${pid}/exe`);
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return program.startsWith(folder) && words[1] === "lsp" ? [[Number(pid), program]] : [];
    } catch {
      return []; // no process, or gone meanwhile
    }
  });
}

class Workbench {
  constructor(page, out) {
    this.page = page;
    this.out = out;
    this.shots = 0;
    this.started = Date.now();
  }

  say(what) {
    console.log(`${((Date.now() - this.started) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  }

  async shot(name) {
    this.shots += 1;
    await this.page.screenshot({ path: path.join(this.out, `${String(this.shots).padStart(2, "0")}-${name}.png`) });
  }

  async load(url) {
    await this.page.goto(url, long());
    await this.page.waitForSelector(".monaco-workbench", long());
  }

  async palette(command) {
    await this.ask(`>${command}`, command);
  }

  /** Types into the palette until it shows a row: something that just opens elsewhere takes the focus and closes it. */
  async ask(text, wanted) {
    await this.until(`the palette has ${wanted}`, async () => {
      try {
        await this.page.keyboard.press("F1");
        await this.page.fill(`${QUICK} input`, text, short());
        await this.page.waitForSelector(row(wanted), short());
        return true;
      } catch {
        await this.page.keyboard.press("Escape");
        return false;
      }
    });
  }

  async run(command) {
    // A page that has just been opened may take the focus, which closes the palette.
    await this.until(`the palette runs ${command}`, async () => {
      await this.palette(command);
      try {
        await this.page.click(row(command), short());
        return true;
      } catch {
        return false;
      }
    });
  }

  /** Presses a key until what it opens is there: what has just been clicked may still take the focus away. */
  async pressFor(key, selector) {
    await this.until(`${key} opens ${selector}`, async () => {
      await this.page.keyboard.press(key);
      try {
        await this.page.waitForSelector(selector, short());
        return true;
      } catch {
        return false;
      }
    });
  }

  /** Opens the hover at the cursor, and again where something that just changed in the editor has closed it. */
  async hover(text) {
    const selector = `.monaco-hover:not(.hidden):has-text("${text}")`;
    await this.until(`a hover with ${text}`, async () => {
      if ((await this.page.$(selector)) !== null) return true;
      await this.page.keyboard.press("Escape");
      await this.page.keyboard.press("Control+k");
      await this.page.keyboard.press("Control+i");
      return this.page.waitForSelector(selector, short()).then(
        () => true,
        () => false,
      );
    });
    return selector;
  }

  /** The key of a command: all of them begin alike. */
  async chord(letter) {
    await this.pressFor("Control+Alt+r", ".statusbar-item:has-text('was pressed')");
    await this.page.keyboard.press(letter);
  }

  async choose(text) {
    await this.page.waitForSelector(row(text), long());
    await this.page.click(row(text));
  }

  /** Answers the input that has this text in its title or prompt. */
  async answer(prompt, text) {
    await this.see(`${QUICK}:has-text("${prompt}") input, ${QUICK} input[placeholder*="${prompt}"]`);
    await this.page.fill(`${QUICK} input`, text);
    await this.page.press(`${QUICK} input`, "Enter");
  }

  /**
   * Names a file in the workbench's own dialog. The dialog may still be listing the folder that it began with, and then
   * an Enter opens a folder of that: the file is named again until the dialog is gone.
   */
  async chooseFile(prompt, file) {
    const dialog = `${QUICK}:has-text("${prompt}")`;
    await this.see(`${dialog} input`);
    await this.until(`the dialog has taken ${file}`, async () => {
      try {
        await this.page.fill(`${dialog} input`, file, short());
        await this.page.waitForSelector(row(path.basename(file)), short());
        await this.page.press(`${dialog} input`, "Enter", short());
        await this.page.waitForSelector(dialog, { state: "hidden", ...short() });
      } catch {
        // Looked at again.
      }
      return !(await this.page.isVisible(dialog));
    });
  }

  async open(file) {
    const name = path.basename(file);
    await this.ask(file, name);
    await this.page.keyboard.press("Enter");
    await this.page.waitForSelector(`.tab.active:has-text("${name}")`, long());
  }

  /** Opens a file that was written just after the workbench saved it: it may miss that, and reads it once more then. */
  async reread(file, word) {
    await this.open(file);
    await this.until(`${file} is read with ${word}`, async () => {
      const text = `.editor-instance .view-lines:has-text("${word}")`;
      const there = await this.page.waitForSelector(text, short()).catch(() => null);
      if (there === null) await this.run("File: Revert File");
      return there !== null;
    });
  }

  /** The row of the view. */
  finding(text) {
    return `.pane-body .monaco-list-row:has-text("${text}")`;
  }

  /** Opens a finding from the view, and waits until the editor at its place has the focus. */
  async visit(text, file) {
    await this.run("Deep Review: Focus on Findings View");
    // A row that is drawn anew under the pointer takes no click.
    await this.until(`${text} opens ${file}`, async () => {
      try {
        await this.page.click(this.finding(text), short());
        await this.page.waitForSelector(`.tab.active:has-text("${path.basename(file)}")`, short());
        await this.page.waitForSelector(".editor-instance .monaco-editor.focused", short());
        // Rows that move meanwhile are clicked in place of each other.
        await this.page.waitForSelector(`${this.finding(text)}.selected`, short());
        return true;
      } catch {
        return false;
      }
    });
  }

  async see(selector) {
    await this.page.waitForSelector(selector, long());
  }

  async gone(selector) {
    await this.page.waitForSelector(selector, { state: "detached", ...long() });
  }

  /** What a session begins with that is run alone: the sample, reviewed, in its view. */
  async begin({ trusted, folder }) {
    await this.load(`${trusted}/?folder=${folder}`);
    await this.see(STATUS);
    await this.run("Deep Review: Focus on Findings View");
    await this.widen();
    await this.review();
    await this.see(this.finding("appends before"));
    await this.clearNotifications();
  }

  /** Drags the side bar wider, as one does for longer titles. */
  async widen() {
    const box = await this.page.locator(".part.sidebar").boundingBox();
    const [x, y] = [box.x + box.width + 1, box.y + box.height / 2];
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + 180, y, { steps: 5 });
    await this.page.mouse.up();
  }

  /** Reviews, and waits until the round is over. */
  async review() {
    await this.anotherRound(() => this.run("Deep Review: Review Current Branch"));
  }

  /** Does what starts a round, and waits until the status bar counts its findings and nothing shows progress. */
  async anotherRound(begin) {
    const before = await this.round();
    await begin();
    await this.until("the round is over", async () => (await this.round()) > before && (await this.idle()));
  }

  /** The number of the round that the status bar counts; none while one runs, 0 before the first. */
  async round() {
    const item = await this.page.$(".statusbar-item [aria-label^='Deep Review, round ']");
    const label = (await item?.getAttribute("aria-label").catch(() => undefined)) ?? "";
    return Number(/round (\d+):/.exec(label)?.[1] ?? 0);
  }

  async idle() {
    return (await this.page.$(".notification-toast:has-text('agents are done')")) === null;
  }

  /** The editor with all extensions that run, tall enough for the whole list. */
  async runningExtensions() {
    await this.page.setViewportSize({ width: 1440, height: 4000 });
    await this.run("Developer: Show Running Extensions");
    await this.see(".runtime-extensions-editor .monaco-list-row");
    return ".runtime-extensions-editor .monaco-list-row:has-text('Deep Review')";
  }

  async normalSize() {
    await this.page.setViewportSize({ width: 1440, height: 900 });
  }

  async clearNotifications() {
    await this.run("Notifications: Clear All Notifications");
    await this.gone(".notification-toast");
  }

  /** What the workbench shows besides editors, and the newest lines of the extension's log: why a wait was in vain. */
  async told(work) {
    const texts = await this.page
      .locator(`${QUICK}, .monaco-dialog-box, .notification-toast, .statusbar, .pane-body`)
      .allInnerTexts()
      .catch((error) => [String(error)]);
    const shown = texts.map((text) => text.replace(/\s+/g, " ").trim().slice(0, 300)).filter((text) => text !== "");
    const logs = fs
      .readdirSync(work, { recursive: true })
      .filter((name) => name.endsWith("Deep Review.log"))
      .map((name) => path.join(work, name))
      .sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs)
      .slice(0, 1)
      .flatMap((file) => fs.readFileSync(file, "utf8").trim().split("\n").slice(-15));
    return [`shown at ${await this.page.title()}:`, ...shown, "logged:", ...logs].join("\n  ");
  }

  async until(what, test) {
    for (let end = Date.now() + patience(60_000); Date.now() < end;) {
      if (await test()) return;
      await this.page.waitForTimeout(50);
    }
    throw new Error(`not reached: ${what}`);
  }
}

module.exports = { Workbench, QUICK, STATUS, long, short, row, servers };
