// Writes l10n/bundle.l10n.json from the texts in src/, or with --check says what is missing there and in translations.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const placeholders = (text) =>
  [...text.matchAll(/\{\d+\}|%[\w.]+%|\]\(command:[^)]*\)/g)].map(([found]) => found).sort();
const troubles = [];

/** The first arguments of all calls of `vscode.l10n.t`. */
function texts() {
  const found = new Set();
  for (const file of readdirSync("src")) {
    const source = ts.createSourceFile(file, readFileSync(`src/${file}`, "utf8"), ts.ScriptTarget.Latest, true);
    const visit = (node) => {
      if (ts.isCallExpression(node) && node.expression.getText() === "vscode.l10n.t") {
        const [text] = node.arguments;
        if (text !== undefined && ts.isStringLiteralLike(text)) found.add(text.text);
        else troubles.push(`${file}: a text that is no literal: ${node.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return [...found].sort();
}

/** Whether a translation has every text, no other, and the same placeholders and links. */
function compare(file, original) {
  const translation = read(file);
  for (const [key, text] of Object.entries(original)) {
    if (typeof translation[key] !== "string") troubles.push(`${file}: missing: ${key}`);
    else if (String(placeholders(text)) !== String(placeholders(translation[key])))
      troubles.push(`${file}: other placeholders: ${key}`);
  }
  for (const key of Object.keys(translation)) if (!(key in original)) troubles.push(`${file}: no longer used: ${key}`);
}

const bundle = Object.fromEntries(texts().map((text) => [text, text]));
if (!process.argv.includes("--check")) {
  mkdirSync("l10n", { recursive: true });
  writeFileSync("l10n/bundle.l10n.json", `${JSON.stringify(bundle, null, 2)}\n`);
}
const BUNDLE = "l10n/bundle.l10n.json";
if (existsSync(BUNDLE)) compare(BUNDLE, bundle);
else troubles.push(`${BUNDLE} is missing`);
for (const file of readdirSync("l10n")) if (file !== "bundle.l10n.json") compare(`l10n/${file}`, bundle);

const manifest = read("package.nls.json");
for (const file of readdirSync(".")) if (/^package\.nls\..+\.json$/.test(file)) compare(file, manifest);
const used = new Set(readFileSync("package.json", "utf8").match(/(?<="%)[\w.]+(?=%")/g));
for (const key of used) if (!(key in manifest)) troubles.push(`package.nls.json: missing: ${key}`);
for (const key of Object.keys(manifest)) if (!used.has(key)) troubles.push(`package.nls.json: not used: ${key}`);

for (const trouble of troubles) console.error(trouble);
process.exitCode = troubles.length === 0 ? 0 : 1;
