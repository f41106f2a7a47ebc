// The report in a webview: the report writer's own HTML under a strict policy, with buttons that lead to the code, and
// with what is live in it as the other views have it.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { counts, isDismissed, isFixable, isOpen } from "./grouping";
import type { Finding, Repository } from "./protocol";
import type { State } from "./state";
import { stateName } from "./tree";
import { forWebview, type Live } from "./webview";

export interface ReportActions {
  html(root: string): Promise<string | undefined>;
  open(finding: Finding): Promise<unknown>;
  apply(finding: Finding, fix: number | undefined): Promise<unknown>;
  dismiss(finding: Finding): Promise<unknown>;
  reopen(finding: Finding): Promise<unknown>;
}

/** The one view: of the repository that it was opened for last. */
export class ReportView {
  private panel: vscode.WebviewPanel | undefined;
  private root = "";

  constructor(
    private readonly state: State,
    private readonly actions: ReportActions,
  ) {}

  /** Follows what becomes of the findings. */
  register(): vscode.Disposable {
    return this.state.onDidChange(() => {
      const repository = this.repository();
      if (repository !== undefined) void this.panel?.webview.postMessage({ kind: "live", live: live(repository) });
    });
  }

  /** Shows the newest round of a repository, at a finding where one is named. */
  async show(root: string, id?: string): Promise<void> {
    const html = await this.actions.html(root);
    if (html === undefined) return;
    this.root = root;
    const repository = this.repository();
    const panel = (this.panel ??= this.made());
    const labels = {
      open: vscode.l10n.t("Open in editor"),
      apply: vscode.l10n.t("Apply this fix"),
      dismiss: vscode.l10n.t("Dismiss…"),
      reopen: vscode.l10n.t("Reopen"),
      filter: vscode.l10n.t("Filter the findings"),
      history: vscode.l10n.t(
        "Counts, verdict and states are live; the text below is as of round {0}.",
        repository?.round?.number ?? 0,
      ),
    };
    const now = repository === undefined ? { findings: [], counts: "", verdict: "" } : live(repository);
    panel.webview.html = forWebview(html, randomBytes(16).toString("hex"), labels, now, id);
    panel.reveal();
  }

  private repository(): Repository | undefined {
    return this.state.repositories.find(({ root }) => root === this.root);
  }

  private made(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel("deep-review.report", "Deep Review", vscode.ViewColumn.Active, {
      enableScripts: true,
      enableFindWidget: true,
      localResourceRoots: [],
      retainContextWhenHidden: true,
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    panel.webview.onDidReceiveMessage((message: unknown) => {
      void this.receive(message);
    });
    return panel;
  }

  /** The report holds text of agents: a message is taken only for what it names, never for what it says. */
  private async receive(message: unknown): Promise<void> {
    if (typeof message !== "object" || message === null) return;
    const { kind, id, fix } = message as { kind?: unknown; id?: unknown; fix?: unknown };
    const finding = this.repository()?.findings.find((candidate) => candidate.id === id);
    if (finding === undefined) return;
    if (kind === "open") await this.actions.open(finding);
    if (kind === "apply") await this.actions.apply(finding, typeof fix === "number" ? fix : undefined);
    if (kind === "dismiss") await this.actions.dismiss(finding);
    if (kind === "reopen") await this.actions.reopen(finding);
  }
}

function live(repository: Repository): Live {
  const { critical, important, suggestion } = counts([repository]);
  const findings = repository.findings.map((finding) => ({
    id: finding.id,
    severity: finding.severity,
    isOpen: isOpen(finding),
    isDismissed: isDismissed(finding),
    state: isOpen(finding) ? "" : stateName(finding.state),
    isFixable: isFixable(finding),
  }));
  return {
    findings,
    verdict: repository.round?.verdict ?? "",
    counts: vscode.l10n.t(
      "{0} open: {1} critical, {2} important, {3} suggestions",
      critical + important + suggestion,
      critical,
      important,
      suggestion,
    ),
  };
}
