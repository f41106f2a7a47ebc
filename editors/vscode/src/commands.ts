// The commands of the palette, the tree and the report. Each asks what it needs and hands over to the server.

import * as vscode from "vscode";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import type { Server } from "./client";
import { findingOf } from "./comments";
import { asText, isDismissed, isFixable, isOpen, neighbour, ordered } from "./grouping";
import { askForKey } from "./keys";
import { chooseBase } from "./bases";
import { closePreview, previewed, Previews } from "./preview";
import { showProgress } from "./progress";
import { command, type Finding, type Severity } from "./protocol";
import { showReport } from "./report";
import type { State } from "./state";
import { severityName, type FindingsTree, type Node } from "./tree";

/** What a command can be called with: a row of the tree, a comment thread, or the address of a diff. */
type Target = Node | vscode.CommentThread | vscode.Uri;

/**
 * None from the palette and from most keys. From a row it may hold nothing: the editor forgets a tree's rows while it
 * fills the tree anew. The keys of the view have as arguments what the editor itself replaces by the focused row (as it
 * does for the buttons in a view's title); where it does not, that is no target.
 */
type Arguments = [target?: Target | null, ...rest: unknown[]];

export class Commands {
  private readonly previews = new Previews();

  constructor(
    private readonly server: () => Promise<Server>,
    private readonly log: vscode.LogOutputChannel,
    private readonly state: State,
    private readonly tree: FindingsTree,
    private readonly context: vscode.ExtensionContext,
  ) {}

  register(): vscode.Disposable[] {
    const all: Record<string, (...args: Arguments) => Promise<unknown>> = {
      review: () => this.review({}),
      reviewUncommitted: () => this.review({ base: "HEAD", uncommitted: true }),
      reviewAgainst: () => this.reviewAgainst(),
      cancel: () => this.execute(command.cancel, {}),
      applyFix: (...args) => this.onFinding(args, (finding) => this.applyFix(finding), isFixable),
      previewFix: (...args) => this.onFinding(args, (finding) => this.previewFix(finding), isFixable),
      fixAll: () => this.fixAll(),
      next: () => this.go(1),
      previous: () => this.go(-1),
      dismiss: (...args) => this.onFinding(args, (finding) => this.dismiss(finding)),
      reopen: (...args) =>
        this.onFinding(args, (finding) => this.execute(command.reopen, { id: finding.id }), isDismissed),
      report: () => this.report(),
      import: () => this.import(),
      agents: () => this.agents(),
      rounds: () => this.rounds(),
      restart: async () => (await this.server()).restart(),
      log: () => {
        this.log.show();
        return Promise.resolve();
      },
      setKey: () => this.setKey(),
      groupBySeverity: () => this.tree.groupBy("severity"),
      groupByFile: () => this.tree.groupBy("file"),
      groupByAgent: () => this.tree.groupBy("agent"),
      open: (...args) => this.onFinding(args, (finding) => reveal(finding)),
      copy: (...args) => this.onFinding(args, (finding) => vscode.env.clipboard.writeText(asText(finding))),
    };
    const commands = Object.entries(all).map(([name, run]) =>
      vscode.commands.registerCommand(`deep-review.${name}`, run),
    );
    return [...commands, this.previews.register()];
  }

  /** Runs a command of the server. A refusal is shown: it says what to do. */
  private async execute<T>(name: string, argument: object): Promise<T | undefined> {
    const client = await (await this.server()).running();
    if (client === undefined) return undefined;
    try {
      return await client.sendRequest<T>("workspace/executeCommand", { command: name, arguments: [argument] });
    } catch (error) {
      void vscode.window.showErrorMessage(`Deep Review: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  private async review(scope: { base?: string; uncommitted?: boolean }): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (folder === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t("Open a folder with a git repository first."));
      return;
    }
    // A file outside of the workspace says nothing of what is to be reviewed.
    const active = vscode.window.activeTextEditor?.document.uri;
    const uri = active !== undefined && vscode.workspace.getWorkspaceFolder(active) !== undefined ? active : folder.uri;
    const argument = { ...scope, ...(uri.scheme === "file" ? { uri: uri.toString() } : {}) };
    if ((await this.execute(command.review, argument)) === undefined) return;
    void showProgress(this.state, {
      cancel: () => this.execute(command.cancel, {}),
      report: () => this.report(),
    });
  }

  private async reviewAgainst(): Promise<void> {
    const base = await chooseBase(vscode.workspace.getConfiguration("deepReview").get<string>("base") ?? "");
    if (base !== undefined) await this.review({ base });
  }

  private named(target: Target | null | undefined): Finding | undefined {
    if (target === undefined || target === null) return undefined;
    if (target instanceof vscode.Uri) {
      const id = previewed(target);
      return this.state.findings.find((finding) => finding.id === id);
    }
    const node = "kind" in target ? target : findingOf(target);
    return node?.kind === "finding" ? node.finding : undefined;
  }

  /**
   * The finding that the command was called with. Called with none, the one at the cursor; never that one where another
   * was meant, which is not known. Else one the user picks.
   */
  private async onFinding(
    args: Arguments,
    act: (finding: Finding) => PromiseLike<unknown>,
    fits: (finding: Finding) => boolean = isOpen,
  ): Promise<void> {
    const meant = args.length === 0 ? this.atCursor(fits) : this.named(args[0]);
    const finding = meant ?? (await this.pick(fits));
    if (finding !== undefined) await act(finding);
  }

  private atCursor(fits: (finding: Finding) => boolean): Finding | undefined {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return undefined;
    const [uri, line] = [editor.document.uri.toString(), editor.selection.active.line];
    return ordered(this.state.findings).find(
      (finding) =>
        finding.uri !== undefined &&
        vscode.Uri.parse(finding.uri).toString() === uri &&
        finding.range !== undefined &&
        finding.range.start.line <= line &&
        line <= finding.range.end.line &&
        fits(finding),
    );
  }

  private async pick(fits: (finding: Finding) => boolean): Promise<Finding | undefined> {
    const items = ordered(this.state.findings.filter(fits)).map((finding) => ({
      label: `${finding.label} ${finding.title}`,
      description: finding.agents.map((agent) => agent.label).join(", "),
      detail: finding.path ?? "",
      finding,
    }));
    if (items.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("No finding fits this command."));
      return undefined;
    }
    return (await vscode.window.showQuickPick(items, { title: "Deep Review", matchOnDetail: true }))?.finding;
  }

  private async applyFix(finding: Finding): Promise<void> {
    if ((await this.execute(command.applyFix, { id: finding.id })) !== undefined) await closePreview(finding);
  }

  /** In the diff view; a fix of several files in the refactor preview, which can show them all. */
  private async previewFix(finding: Finding): Promise<void> {
    const answer = await this.execute<{ edit: WorkspaceEdit }>(command.applyFix, { id: finding.id, dryRun: true });
    if (answer === undefined || (await this.previews.show(finding, answer.edit))) return;
    await this.execute(command.applyFix, { id: finding.id, preview: true });
  }

  private async fixAll(): Promise<void> {
    const yes = vscode.l10n.t("Apply");
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t("Apply every fix that applies without doubt?"),
      { modal: true, detail: vscode.l10n.t("It is one step to undo in each file. Fixes that are refused are named.") },
      yes,
    );
    if (choice === yes) await this.execute(command.fixAll, {});
  }

  private async go(step: 1 | -1): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const from = editor && { uri: editor.document.uri.toString(), line: editor.selection.active.line };
    const finding = neighbour(this.state.findings, from, step);
    if (finding !== undefined) await reveal(finding);
  }

  private async dismiss(finding: Finding): Promise<void> {
    const reason = await vscode.window.showQuickPick(
      [
        { label: vscode.l10n.t("False positive"), detail: vscode.l10n.t("It is not true."), reason: "false-positive" },
        { label: vscode.l10n.t("Won't fix"), detail: vscode.l10n.t("It is true and stays."), reason: "wont-fix" },
        {
          label: vscode.l10n.t("Later"),
          detail: vscode.l10n.t("It is true and will be done another time."),
          reason: "later",
        },
      ],
      { title: vscode.l10n.t("Dismiss {0}: {1}", finding.label, finding.title) },
    );
    if (reason === undefined) return;
    const text = await vscode.window.showInputBox({
      title: reason.label,
      prompt: vscode.l10n.t("Why? Later rounds will know. It may be empty."),
    });
    if (text !== undefined) await this.execute(command.dismiss, { id: finding.id, reason: reason.reason, text });
  }

  private async report(): Promise<void> {
    await showReport({
      html: async () =>
        (await this.execute<{ text: string }>(command.showReport, { format: "html", show: false }))?.text,
      findings: () => this.state.findings,
      open: reveal,
      apply: (finding) => this.applyFix(finding),
    });
  }

  private async import(): Promise<void> {
    const files = await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Import a report"),
      canSelectMany: true,
      filters: {
        [vscode.l10n.t("Reports")]: ["md", "txt", "sarif", "json", "rdjson", "jsonl"],
        [vscode.l10n.t("All files")]: ["*"],
      },
    });
    if (files !== undefined && files.length > 0) {
      await this.execute(command.importReport, { files: files.map((file) => file.fsPath) });
    }
  }

  private async agents(): Promise<void> {
    const answer = await this.execute<{
      agents: { label: string; usable: boolean; detail: string; remedy?: string }[];
    }>(command.agents, {});
    if (answer === undefined) return;
    await vscode.window.showQuickPick(
      answer.agents.map((agent) => ({
        label: `$(${agent.usable ? "pass" : "circle-slash"}) ${agent.label}`,
        description: agent.detail,
        ...(agent.remedy === undefined ? {} : { detail: agent.remedy }),
      })),
      { title: vscode.l10n.t("Agents") },
    );
  }

  private async rounds(): Promise<void> {
    interface Row {
      id: string;
      number: number;
      started: string;
      verdict: string;
      counts: Record<Severity, number>;
    }
    const answer = await this.execute<{ rounds: Row[] }>(command.rounds, {});
    if (answer === undefined) return;
    const choice = await vscode.window.showQuickPick(
      answer.rounds.map((round) => ({
        label: vscode.l10n.t("Round {0}", round.number),
        description: round.verdict,
        detail: `${round.started} · ${(Object.keys(round.counts) as Severity[]).map((s) => `${severityName(s)} ${round.counts[s]}`).join(" · ")}`,
        id: round.id,
      })),
      { title: vscode.l10n.t("Rounds of this branch"), placeHolder: vscode.l10n.t("Open a round's report") },
    );
    if (choice !== undefined)
      await this.execute(command.showReport, { round: choice.id, format: "markdown", show: true });
  }

  private async setKey(): Promise<void> {
    if (await askForKey(this.context.secrets)) await (await this.server()).restart();
  }
}

async function reveal(finding: Finding): Promise<void> {
  if (finding.uri === undefined) {
    await vscode.commands.executeCommand("deep-review.report");
    return;
  }
  const start = finding.range?.start ?? { line: 0, character: 0 };
  const at = new vscode.Position(start.line, start.character);
  await vscode.window.showTextDocument(vscode.Uri.parse(finding.uri), { selection: new vscode.Range(at, at) });
}
