// How it looks: light, both high-contrast themes, the walkthrough.

const THEMES = [
  ["Light Modern", ".monaco-workbench.vs", "light"],
  ["Dark High Contrast", ".monaco-workbench.hc-black", "high-contrast-dark"],
  ["Light High Contrast", ".monaco-workbench.hc-light", "high-contrast-light"],
  ["Dark Modern", ".monaco-workbench.vs-dark", undefined],
];

module.exports = async (w) => {
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
  }

  await w.run("Welcome: Open Walkthrough...");
  await w.choose("Get started with Deep Review");
  await w.see(".gettingStartedContainer :text('Review your branch')");
  await w.shot("walkthrough");
  w.say("light and high-contrast themes, the walkthrough");
  await w.run("View: Close All Editors");
};
