// The report in a webview: the report writer's own HTML under a strict policy, with ids that jump to the code.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Finding } from "./protocol";
import { forWebview } from "./webview";

export interface ReportSource {
  html(): Promise<string | undefined>;
  findings(): readonly Finding[];
  open(finding: Finding): Promise<void>;
  apply(finding: Finding): Promise<void>;
}

let panel: vscode.WebviewPanel | undefined;

export async function showReport(source: ReportSource): Promise<void> {
  const html = await source.html();
  if (html === undefined) return;
  if (panel === undefined) {
    panel = vscode.window.createWebviewPanel("deep-review.report", "Deep Review", vscode.ViewColumn.Active, {
      enableScripts: true,
      enableFindWidget: true,
      localResourceRoots: [],
      retainContextWhenHidden: true,
    });
    panel.onDidDispose(() => {
      panel = undefined;
    });
    panel.webview.onDidReceiveMessage((message: unknown) => {
      void receive(message, source);
    });
  }
  const labels = { open: vscode.l10n.t("Open in editor"), apply: vscode.l10n.t("Apply") };
  const fixable = source.findings().filter((finding) => finding.fixable);
  panel.webview.html = forWebview(
    html,
    randomBytes(16).toString("hex"),
    labels,
    fixable.map((finding) => finding.id),
  );
  panel.reveal();
}

/** The report holds text of agents: a message is taken only for what it names, never for what it says. */
async function receive(message: unknown, source: ReportSource): Promise<void> {
  if (typeof message !== "object" || message === null) return;
  const { kind, id } = message as { kind?: unknown; id?: unknown };
  const finding = source.findings().find((candidate) => candidate.id === id);
  if (finding === undefined) return;
  if (kind === "open") await source.open(finding);
  if (kind === "apply") await source.apply(finding);
}
