// How it looks: light, both high-contrast themes, the walkthrough.

const fs = require("node:fs");
const path = require("node:path");

const THEMES = [
  ["Default Light Modern", ".monaco-workbench.vs", "light"],
  ["Default High Contrast", ".monaco-workbench.hc-black", "high-contrast-dark"],
  ["Default High Contrast Light", ".monaco-workbench.hc-light", "high-contrast-light"],
];

module.exports = async (w, page, bed) => {
  const file = path.join(bed.state, "user", "User", "settings.json");
  const settings = fs.readFileSync(file, "utf8");
  await w.run("View: Close All Editors");
  await w.open("pool.py");
  await w.review();
  await w.run("Deep Review: Focus on Findings View");
  await w.see(w.finding("Claude"));
  for (const [theme, selector, name] of THEMES) {
    fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(settings), "workbench.colorTheme": theme }));
    await w.see(selector);
    await w.shot(name);
  }
  fs.writeFileSync(file, settings);
  await w.see(".monaco-workbench.vs-dark");

  await w.run("Welcome: Open Walkthrough...");
  await w.choose("Get started with Deep Review");
  await w.see(".gettingStartedContainer :text('Review your branch')");
  await w.shot("walkthrough");
  w.say("light and high-contrast themes, the walkthrough");
  await w.run("View: Close All Editors");
};
