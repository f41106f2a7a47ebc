// The same in German: titles, the view, the messages. The workbench's own words stay English: its pack is empty.

const { Workbench } = require("../workbench.js");

module.exports = async (w, page, bed) => {
  const context = await page
    .context()
    .browser()
    .newContext({ locale: "de", viewport: { width: 1440, height: 900 } });
  const german = await context.newPage();
  const own = new Workbench(german, w.out);
  try {
    own.shots = w.shots;
    await own.load(`${bed.inGerman}/?folder=${bed.german}`);
    await own.see(".statusbar-item [aria-label='Deep Review: aktuellen Branch prüfen']");
    await own.run("Deep Review: Focus on Befunde View");
    await own.see(".welcome-view-content:has-text('mehrere Agenten')");
    await german.click(".welcome-view-content .monaco-button:has-text('Aktuellen Branch prüfen')");
    await own.see(own.finding("appends before"));
    await own.see(".pane-body .monaco-list-row[aria-level='1']:has-text('Wichtig')");
    await own.see(".statusbar-item [aria-label^='Deep Review, Runde 1: 0 kritisch, 2 wichtig, 2 Vorschläge']");
    await own.palette("Deep Review: Bericht öffnen");
    await own.shot("german");
    await german.keyboard.press("Escape");
    w.say("commands, view and status bar in German");
  } catch (error) {
    await own.shot("error-german");
    throw error;
  } finally {
    w.shots = own.shots;
    await context.close();
  }
};
