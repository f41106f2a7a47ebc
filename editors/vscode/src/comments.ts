// Findings as comment threads at their lines: off by default, because the diagnostics say the same; but for the one that
// one has gone to by Next and Previous.

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

/** The finding that one has gone to: its thread is open, whether or not there are threads otherwise. */
interface Peeked {
  finding: Finding;
  /** Which one it is: "3 of 12". */
  position: string;
  explanation: string | undefined;
}

export class Threads {
  private controller: vscode.CommentController | undefined;
  private readonly threads = new Map<string, vscode.CommentThread>();
  private peeked: Peeked | undefined;

  constructor(private readonly state: State) {}

  register(): vscode.Disposable {
    this.show();
    return vscode.Disposable.from(
      this.state.onDidChange(() => {
        this.show();
      }),
      // What is written of an answer stands below the thread until the whole of it is kept there.
      this.state.onDidAnswer((answering) => {
        const finding = this.state.finding(answering);
        const thread = finding && this.threads.get(key(finding));
        if (finding !== undefined && thread !== undefined)
          thread.comments = [
            ...commentsOf(finding, this.peeked),
            message({ by: `${answering.by} …`, text: answering.text }),
          ];
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("deepReview.comments") || event.affectsConfiguration("comments.openView"))
          this.show();
      }),
      // One goes on by other means.
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        const uri = this.peeked?.finding.uri;
        if (uri === undefined || editor === undefined) return;
        if (vscode.Uri.parse(uri).toString() === editor.document.uri.toString()) return;
        this.peeked = undefined;
        this.show();
      }),
      { dispose: () => this.controller?.dispose() },
    );
  }

  /** Opens the thread of a finding, and closes the one that was opened before. */
  peek(finding: Finding, position: string, explanation: string | undefined): void {
    const before = this.peeked && this.threads.get(key(this.peeked.finding));
    if (before !== undefined) before.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
    this.peeked = { finding, position, explanation };
    this.show();
    const thread = this.threads.get(key(finding));
    if (thread !== undefined) thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
  }

  private show(): void {
    const { peeked } = this;
    const all = open(this.state.findings);
    const wanted = commentsEnabled() ? all : all.filter((finding) => peeked && key(finding) === key(peeked.finding));
    if (wanted.length === 0 && !commentsEnabled()) {
      this.controller?.dispose();
      this.controller = undefined;
      this.threads.clear();
      return;
    }
    this.controller ??= makeController();
    update(this.controller, this.threads, wanted, peeked);
  }
}

function makeController(): vscode.CommentController {
  const controller = vscode.comments.createCommentController(ID, "Deep Review");
  const placeHolder = vscode.l10n.t("A question to the agent, or why it is dismissed");
  controller.options = { prompt: placeHolder, placeHolder };
  return controller;
}

/** Whether there is a thread at each finding: where the user has not said, if the editor does not open its Comments view for that. */
export function commentsEnabled(): boolean {
  const wanted = vscode.workspace.getConfiguration("deepReview").get<boolean | null>("comments.enabled", null);
  return wanted ?? vscode.workspace.getConfiguration("comments").get<string>("openView") === "never";
}

const key = ({ root, id }: Finding): string => `${root}/${id}`;

/** Threads that stay are kept, so that one which the user has opened does not close. */
function update(
  controller: vscode.CommentController,
  threads: Map<string, vscode.CommentThread>,
  findings: readonly Finding[],
  peeked: Peeked | undefined,
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
    const position = isPeeked(finding, peeked) ? `${peeked.position} · ` : "";
    thread.label = `${position}${finding.label} · ${severityName(finding.severity)}`;
    thread.contextValue = finding.fixable ? "open fixable" : "open";
    thread.comments = commentsOf(finding, peeked);
  }
}

const isPeeked = (finding: Finding, peeked: Peeked | undefined): peeked is Peeked =>
  peeked !== undefined && key(peeked.finding) === key(finding);

function commentsOf(finding: Finding, peeked: Peeked | undefined): vscode.Comment[] {
  const explanation = finding.explanation ?? (isPeeked(finding, peeked) ? peeked.explanation : undefined);
  return [comment(finding, explanation), ...(finding.thread ?? []).map(message)];
}

/** A question, or an answer. */
function message({ by, text }: { by?: string; text: string }): vscode.Comment {
  return {
    body: new vscode.MarkdownString(text),
    mode: vscode.CommentMode.Preview,
    author: { name: by ?? vscode.l10n.t("You") },
  };
}

function comment(finding: Finding, explanation = ""): vscode.Comment {
  // The title as text; the explanation was made inert by the server.
  const body = new vscode.MarkdownString("**").appendText(finding.title).appendMarkdown("**\n\n");
  body.supportHtml = true;
  return {
    body: body.appendMarkdown(explanation),
    mode: vscode.CommentMode.Preview,
    author: { name: names(finding.agents) },
  };
}
