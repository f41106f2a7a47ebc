// Findings as comment threads at their lines: off by default, because the diagnostics say the same.

import * as vscode from "vscode";
import { names, open } from "./grouping";
import type { Finding } from "./protocol";
import type { Reference, State } from "./state";
import { reference, severityName } from "./tree";

const ID = "deep-review.findings";
const shown = new WeakMap<vscode.CommentThread, Finding>();

/** The finding that a thread's button is about. */
export function findingOf(thread: vscode.CommentThread): Reference | undefined {
  const finding = shown.get(thread);
  return finding && reference(finding);
}

export function commentThreads(state: State): vscode.Disposable {
  let controller: vscode.CommentController | undefined;
  const threads = new Map<string, vscode.CommentThread>();
  const show = (): void => {
    if (!commentsEnabled()) {
      controller?.dispose();
      controller = undefined;
      threads.clear();
      return;
    }
    controller ??= makeController();
    update(controller, threads, open(state.findings));
  };
  show();
  return vscode.Disposable.from(
    state.onDidChange(show),
    // What is written of an answer stands below the thread until the whole of it is kept there.
    state.onDidAnswer((answering) => {
      const finding = state.finding(answering);
      const thread = finding && threads.get(key(finding));
      if (finding !== undefined && thread !== undefined)
        thread.comments = [...commentsOf(finding), message({ by: `${answering.by} …`, text: answering.text })];
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("deepReview.comments")) show();
    }),
    { dispose: () => controller?.dispose() },
  );
}

function makeController(): vscode.CommentController {
  const controller = vscode.comments.createCommentController(ID, "Deep Review");
  const placeHolder = vscode.l10n.t("A question to the agent, or why it is dismissed");
  controller.options = { prompt: placeHolder, placeHolder };
  return controller;
}

/** Whether the user wants threads. */
export function commentsEnabled(): boolean {
  return vscode.workspace.getConfiguration("deepReview").get<boolean>("comments.enabled", false);
}

const key = ({ root, id }: Finding): string => `${root}/${id}`;

/** Threads that stay are kept, so that one which the user has opened does not close. */
function update(
  controller: vscode.CommentController,
  threads: Map<string, vscode.CommentThread>,
  findings: readonly Finding[],
): void {
  const placed = new Map(findings.map((finding) => [key(finding), finding]));
  const same = (text: string, uri: vscode.Uri): boolean => vscode.Uri.parse(text).toString() === uri.toString();
  for (const [id, thread] of threads) {
    const finding = placed.get(id);
    if (finding?.range !== undefined && finding.uri !== undefined && same(finding.uri, thread.uri)) continue;
    thread.dispose();
    threads.delete(id);
  }
  for (const finding of findings) {
    if (finding.uri === undefined || finding.range === undefined) continue;
    const { start, end } = finding.range;
    const range = new vscode.Range(start.line, start.character, end.line, end.character);
    let thread = threads.get(key(finding));
    if (thread === undefined) {
      thread = controller.createCommentThread(vscode.Uri.parse(finding.uri), range, []);
      threads.set(key(finding), thread);
    }
    shown.set(thread, finding);
    thread.range = range;
    thread.label = `${finding.label} · ${severityName(finding.severity)}`;
    thread.contextValue = finding.fixable ? "open fixable" : "open";
    thread.comments = commentsOf(finding);
  }
}

function commentsOf(finding: Finding): vscode.Comment[] {
  return [comment(finding), ...(finding.thread ?? []).map(message)];
}

/** A question, or an answer. */
function message({ by, text }: { by?: string; text: string }): vscode.Comment {
  return {
    body: new vscode.MarkdownString(text),
    mode: vscode.CommentMode.Preview,
    author: { name: by ?? vscode.l10n.t("You") },
  };
}

function comment(finding: Finding): vscode.Comment {
  // The title as text; the explanation was made inert by the server.
  const body = new vscode.MarkdownString("**").appendText(finding.title).appendMarkdown("**\n\n");
  body.supportHtml = true;
  return {
    body: body.appendMarkdown(finding.explanation ?? ""),
    mode: vscode.CommentMode.Preview,
    author: { name: names(finding.agents) },
  };
}
