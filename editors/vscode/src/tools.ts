// Tools for the language models of the editor (`#deepReviewFindings`, …), where it has that API: what is open, one finding
// whole, whether one is gone. They read; what a model changes goes through the editor's own tools.

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import { question, TOOLS, type Tool } from "./question";

/** Longest answer, in characters, and longest time for it, in milliseconds. */
const LONGEST = 40_000;
const PATIENCE = 60_000;

/** The part of the API that editors have which are newer than the lowest that is supported. */
interface Models {
  registerTool?: (
    name: string,
    tool: { invoke: (options: { input: unknown }) => Promise<unknown> },
  ) => vscode.Disposable;
}
type Result = new (parts: unknown[]) => unknown;
type Text = new (text: string) => unknown;

/** Registers them; nothing where the editor knows no tools. `program` gives the path of deep-review, if it is there. */
export function languageModelTools(program: () => Promise<string | undefined>): vscode.Disposable[] {
  const api = vscode as unknown as {
    lm?: Models;
    LanguageModelToolResult?: Result;
    LanguageModelTextPart?: Text;
  };
  const { lm, LanguageModelToolResult: result, LanguageModelTextPart: part } = api;
  const register = lm?.registerTool;
  if (lm === undefined || register === undefined || result === undefined || part === undefined) return [];
  const answer = async (tool: Tool, input: unknown): Promise<unknown> =>
    new result([new part(await asked(tool, input, await program()))]);
  return TOOLS.map((tool) => register.call(lm, tool, { invoke: ({ input }) => answer(tool, input) }));
}

async function asked(tool: Tool, input: unknown, program: string | undefined): Promise<string> {
  const asked = question(tool, input);
  if ("wrong" in asked) return asked.wrong;
  const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file")?.uri.fsPath;
  if (folder === undefined) return "no folder is open";
  if (program === undefined) return "the program deep-review was not found";
  return run(program, ["-C", folder, ...asked.args]);
}

/** What the program says; its errors too: they say what to do. */
function run(program: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: PATIENCE, maxBuffer: 16 * LONGEST }, (error, said, wrong) => {
      const text = said === "" && error !== null ? wrong || error.message : said;
      resolve(text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}\n(cut)`);
    });
  });
}
