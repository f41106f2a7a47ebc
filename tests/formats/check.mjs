// Validates the files of a folder against the schemas of their formats.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";

const folder = process.argv[2];
const load = (path) => JSON.parse(readFileSync(join(folder, path), "utf8"));
const ajv = formats(new Ajv2020({ strict: false, allErrors: true }));
const sarif = ajv.compile(load("node_modules/@microsoft/sarif-multitool-ts/assets/sarif-2.1.0.schema.json"));
const rdjson = ajv.compile(load("rdjson.schema.json"));
const diagnostic = ajv.compile({ $ref: "rdjson#/$defs/diagnostic" });
const gitlab = ajv.compile(load("gitlab.schema.json"));
let wrong = 0;
const hold = (name, schema, value) => {
  if (schema(value)) return;
  for (const e of schema.errors.slice(0, 10)) console.error(`${name}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
  wrong += 1;
};
for (const round of ["demo", "rich"]) {
  const log = load(`${round}.sarif`);
  hold(`${round}.sarif`, sarif, log);
  if (!log.runs.some((run) => run.results.length)) throw new Error(`${round}.sarif has no results`);
  hold(`${round}.rdjson`, rdjson, load(`${round}.rdjson`));
  const lines = readFileSync(join(folder, `${round}.rdjsonl`), "utf8").trim().split("\n");
  lines.forEach((line, n) => hold(`${round}.rdjsonl:${n + 1}`, diagnostic, JSON.parse(line)));
  hold(`${round}.gitlab`, gitlab, load(`${round}.gitlab`));
}
// A schema that lets everything through proves nothing.
if (sarif({ version: "2.1.0", runs: [{}] }) || gitlab([{}]) || rdjson({ diagnostics: [{}] })) throw new Error("a schema holds nothing");
console.log(`2 rounds in 4 JSON formats, ${wrong} of them wrong; JUnit is right`);
process.exit(wrong ? 1 : 0);
