// What the client adds to the server's answers: buttons in the hover, previews in the light bulb, the report view in place
// of a file. The buttons run commands of ours and no other; what agents wrote stays inert.

import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { isDismissed, isFixable, isOpen, names } from "./grouping";
import { command, type Finding } from "./protocol";
import type { Reference, State } from "./state";
import { reference, severityName, stateName } from "./tree";

/** The commands that a hover may run. */
const BUTTONS = ["applyFix", "previewFix", "fix", "ask", "dismiss", "reopen", "report"].map(
  (name) => `deep-review.${name}`,
);

/** Opens the report view, at a finding where one is named. */
export type OpenReport = (at: { root?: string; id?: string }) => Promise<unknown>;

/** Has an agent write fixes of the findings of a repository. */
export type Fix = (root: string, ids: readonly string[]) => Promise<unknown>;

export function assistance(state: State, openReport: OpenReport, fix: Fix): Middleware {
  return {
    provideHover: async (document, position, token, next) => {
      const hover = await next(document, position, token);
      const findings = state.at(document.uri, position.line);
      if (hover === undefined || hover === null || findings.length === 0) return hover;
      return new vscode.Hover([...hover.contents.map(folding), buttons(findings)], hover.range);
    },
    provideCodeActions: async (document, range, context, token, next) =>
      (await next(document, range, context, token))?.flatMap((action) => [action, ...preview(action)]),
    executeCommand: async (name, args: unknown[], next): Promise<unknown> => {
      const argument = (args[0] ?? {}) as { root?: string; id?: string; ids?: string[]; show?: boolean };
      const { root, id, ids = [] } = argument;
      if (name === command.fix && root !== undefined) return fix(root, id === undefined ? ids : [id, ...ids]);
      if (name !== command.showReport || argument.show !== true) return next(name, args) as unknown;
      return openReport(argument);
    },
  };
}

/** Folds of the server's Markdown are shown; everything else in it that looks like HTML was made text there. */
function folding(content: vscode.Hover["contents"][number]): vscode.MarkdownString {
  const value = typeof content === "string" || !(content instanceof vscode.MarkdownString) ? "" : content.value;
  const markdown = new vscode.MarkdownString(value);
  markdown.supportHtml = true;
  return markdown;
}

/** What can be done with each finding of a place, a line each. */
function buttons(findings: readonly Finding[]): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString("", true);
  markdown.isTrusted = { enabledCommands: BUTTONS };
  for (const finding of findings) {
    if (findings.length > 1) markdown.appendText(`${finding.label}: `);
    markdown.appendMarkdown(`${links(finding).join(" | ")}\n\n`);
  }
  return markdown;
}

function links(finding: Finding): string[] {
  const argument = encodeURIComponent(JSON.stringify([reference(finding)]));
  const link = (words: string, name: string, title: string): string =>
    `[${words}](command:deep-review.${name}?${argument} "${title.replace(/["\\]/g, "")}")`;
  return [
    ...(isFixable(finding)
      ? [
          link(vscode.l10n.t("$(check) Apply"), "applyFix", vscode.l10n.t("Apply the fix of {0}", finding.label)),
          link(
            vscode.l10n.t("$(open-preview) Preview"),
            "previewFix",
            vscode.l10n.t("Show the fix of {0} as a diff", finding.label),
          ),
        ]
      : isOpen(finding)
        ? [link(vscode.l10n.t("$(sparkle) Fix…"), "fix", vscode.l10n.t("Have an agent fix {0}", finding.label))]
        : []),
    ...(isOpen(finding)
      ? [link(vscode.l10n.t("$(comment-discussion) Ask…"), "ask", vscode.l10n.t("Ask about {0}", finding.label))]
      : []),
    isDismissed(finding)
      ? link(vscode.l10n.t("$(eye) Reopen"), "reopen", vscode.l10n.t("Reopen {0}", finding.label))
      : link(vscode.l10n.t("$(eye-closed) Dismiss…"), "dismiss", vscode.l10n.t("Dismiss {0}", finding.label)),
    link(vscode.l10n.t("$(book) Report"), "report", vscode.l10n.t("Show {0} in the report", finding.label)),
  ];
}

/** For each fix that is offered, its diff. */
function preview(action: vscode.CodeAction | vscode.Command): vscode.CodeAction[] {
  if (!(action instanceof vscode.CodeAction) || action.disabled !== undefined) return [];
  const data = (action as { data?: { root?: unknown; id?: unknown; fix?: unknown } }).data;
  if (typeof data?.id !== "string" || typeof data.root !== "string") return [];
  const argument = { root: data.root, id: data.id, ...(typeof data.fix === "number" ? { fix: data.fix } : {}) };
  // The server's words are English; what they begin with is what is done.
  const title = action.title.replace(/^Apply/, "Preview");
  const shown = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  shown.command = { command: "deep-review.previewFix", title, arguments: [argument] };
  if (action.diagnostics !== undefined) shown.diagnostics = action.diagnostics;
  return [shown];
}

/** What a row of the list says when one points at it: the same as the hover, with what is not written in the row. */
export function tooltip(finding: Finding, explained: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString("", true);
  markdown.supportHtml = true;
  markdown.appendMarkdown("**").appendText(finding.title).appendMarkdown("**\n\n");
  const facts = [severityName(finding.severity), finding.label, names(finding.agents)];
  if (finding.state !== "open") facts.push(stateName(finding.state));
  markdown.appendText(facts.join(" · ")).appendMarkdown("\n\n");
  return markdown.appendMarkdown(explained);
}

export const isReference = (value: unknown): value is Reference & { fix?: number } =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Reference).root === "string" &&
  typeof (value as Reference).id === "string" &&
  !("finding" in value);
