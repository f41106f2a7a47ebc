import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { question, TOOLS, type Tool } from "../../src/question";

const CASES: [Tool, unknown, string | RegExp][] = [
  ["deepReview_findings", {}, "findings --format agent"],
  ["deepReview_findings", undefined, "findings --format agent"],
  ["deepReview_findings", { severity: "critical" }, "findings --format agent --severity critical"],
  ["deepReview_findings", { file: "-rf" }, "findings --format agent --file=-rf"],
  ["deepReview_findings", { severity: "--help" }, /one of/],
  ["deepReview_findings", { file: 7 }, /a path/],
  ["deepReview_finding", { id: "I4" }, "show I4 --format agent"],
  ["deepReview_finding", { id: "--help" }, /label/],
  ["deepReview_finding", { id: "" }, /label/],
  ["deepReview_finding", {}, /label/],
  ["deepReview_verify", { ids: ["I4", "c0ffee12"] }, "verify I4 c0ffee12 --format agent"],
  ["deepReview_verify", { ids: [] }, /1 to 50/],
  ["deepReview_verify", { ids: ["-x"] }, /1 to 50/],
  ["deepReview_verify", { ids: Array(51).fill("I1") }, /1 to 50/],
  ["deepReview_verify", { ids: "I1" }, /1 to 50/],
];

test("what a model asks is a command line that only reads, or says what is wrong", () => {
  for (const [tool, input, wanted] of CASES) {
    const asked = question(tool, input);
    const said = "wrong" in asked ? asked.wrong : asked.args.join(" ");
    if (typeof wanted === "string") assert.equal(said, wanted);
    else {
      assert.ok("wrong" in asked, said);
      assert.match(said, wanted);
    }
  }
});

test("the manifest offers the tools that are there, by the names that people type", () => {
  interface Offered {
    name: string;
    toolReferenceName: string;
    modelDescription: string;
    inputSchema: { type: string };
  }
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { languageModelTools: Offered[] };
  };
  const offered = manifest.contributes.languageModelTools;
  assert.deepEqual(
    offered.map((tool) => tool.name),
    [...TOOLS],
  );
  for (const tool of offered) {
    assert.equal(
      tool.toolReferenceName,
      tool.name.replace(/_(.)/, (_, first: string) => first.toUpperCase()),
    );
    assert.ok(tool.modelDescription.length > 40);
    assert.equal(tool.inputSchema.type, "object");
  }
});
