// How it looks: light, both high-contrast themes, the walkthrough. That rows can be read is asked of the pixels.

const assert = require("node:assert/strict");
const { contrast } = require("../contrast.js");

const THEMES = [
  ["Light Modern", ".monaco-workbench.vs", "light"],
  ["Dark High Contrast", ".monaco-workbench.hc-black", "high-contrast-dark"],
  ["Light High Contrast", ".monaco-workbench.hc-light", "high-contrast-light"],
  ["Dark Modern", ".monaco-workbench.vs-dark", undefined],
];

/** What WCAG 2 asks of text: AAA where high contrast is wanted, AA elsewhere. */
const least = (name) => (name?.startsWith("high-contrast") ? 7 : 4.5);

module.exports = async (w, page) => {
  await w.run("View: Close All Editors");
  await w.open("pool.py");
  await w.review();
  await w.run("Deep Review: Focus on Findings View");
  await w.see(w.finding("appends before"));
  for (const [theme, selector, name] of THEMES) {
    await w.run("Preferences: Color Theme");
    await w.answer("Select Color Theme", theme);
    await w.see(selector);
    if (name !== undefined) await w.shot(name);
    const row = `${w.finding("appends before")} .monaco-highlighted-label`;
    const seen = await contrast(page, row);
    assert.ok(seen >= least(name), `${theme}: a finding's title has a contrast of ${seen.toFixed(1)}`);
    w.say(`${theme}: a finding's title has a contrast of ${seen.toFixed(1)}`);
  }

  await w.run("Welcome: Open Walkthrough...");
  await w.choose("Get started with Deep Review");
  await w.see(".gettingStartedContainer :text('Review your branch')");
  await w.shot("walkthrough");
  w.say("light and high-contrast themes, the walkthrough");
  await w.run("View: Close All Editors");
};
