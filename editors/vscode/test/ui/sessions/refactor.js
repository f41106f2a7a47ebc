// A fix that touches several files: the refactor preview shows all of them, and applies what is ticked.

const fs = require("node:fs");
const path = require("node:path");

const TITLE = "The two modules welcome differently";
const DIFF = `--- a/src/emoji.py
+++ b/src/emoji.py
@@ -1 +1 @@
-BANNER = "🎉 welcome 🎉"; print(BANNER); LIMIT = 10
+BANNER = "🎉 hello 🎉"; print(BANNER); LIMIT = 10
--- a/src/windows.py
+++ b/src/windows.py
@@ -4 +4 @@
-    return "hello " + name
+    return "🎉 hello 🎉 " + name
`;

module.exports = async (w, page, bed) => {
  const config = fs.readFileSync(bed.config, "utf8");
  const answer = path.join(bed.work, "answers", "wide.json");
  const place = { path: "src/windows.py", start_line: 4, end_line: 4, quote: '    return "hello " + name' };
  const finding = { severity: "suggestion", title: TITLE, body: "One word for both.", places: [place] };
  fs.writeFileSync(answer, JSON.stringify({ findings: [{ ...finding, fixes: [{ note: "One word", diff: DIFF }] }] }));
  fs.writeFileSync(
    bed.config,
    `${config}[agents.wide]\nadapter = "recorded"\nlabel = "Wide (recorded)"\npath = ${JSON.stringify(answer)}\n`,
  );
  const files = ["src/emoji.py", "src/windows.py"].map((file) => path.join(bed.folder, file));
  const before = files.map((file) => fs.readFileSync(file, "utf8"));

  await w.review();
  await w.see(w.finding(TITLE));
  await w.visit(TITLE, "src/windows.py");
  await w.chord("v");
  const panel = ".bulk-edit-panel";
  await w.see(`${panel} .monaco-list-row:has-text("emoji.py")`);
  await w.see(`${panel} .monaco-list-row:has-text("windows.py")`);
  w.say("both files in the refactor preview");
  // What is to be confirmed is not ticked.
  for (const file of ["emoji.py", "windows.py"]) {
    await page.click(`${panel} .monaco-list-row:has-text("${file}") .edit-checkbox`);
  }
  await page.click(`${panel} .monaco-list-row:has-text("welcome")`);
  await w.see(".monaco-diff-editor .line-insert");
  await w.shot("refactor-preview");
  await page.click(`${panel} .monaco-button:has-text("Apply")`);
  for (const name of ["emoji.py", "windows.py"]) await w.see(`.tab.dirty:has-text("${name}")`);
  await w.run("File: Save All Files");
  await w.until("both files are fixed on disk", () =>
    files.every((file) => fs.readFileSync(file, "utf8").includes("🎉 hello 🎉")),
  );
  w.say("applied to both, on disk");

  fs.writeFileSync(bed.config, config);
  files.forEach((file, index) => fs.writeFileSync(file, before[index]));
  await w.reread("emoji.py", "welcome");
  await w.run("View: Close All Editors");
  await w.clearNotifications();
};
