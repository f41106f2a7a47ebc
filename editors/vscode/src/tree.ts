// The findings view: groups of findings, the resolved ones dimmed.

import * as vscode from "vscode";
import { grouped, initials, isFixable, open, type Group, type Grouping } from "./grouping";
import type { Finding, Severity } from "./protocol";
import type { State } from "./state";

export type Node = { kind: "group"; group: Group } | { kind: "finding"; finding: Finding; group: string };

const ICONS: Record<Severity, [string, string]> = {
  critical: ["error", "problemsErrorIcon.foreground"],
  important: ["warning", "problemsWarningIcon.foreground"],
  suggestion: ["info", "problemsInfoIcon.foreground"],
};

const SCHEME = "deep-review-finding";

export class FindingsTree implements vscode.TreeDataProvider<Node> {
  private readonly emitter = new vscode.EventEmitter<undefined>();
  private shown = "[]";
  readonly onDidChangeTreeData = this.emitter.event;

  constructor(
    private readonly state: State,
    private readonly memento: vscode.Memento,
  ) {
    // Only for what is shown here: a row's menu does not know its row while the tree is filled anew.
    state.onDidChange(() => {
      const shown = JSON.stringify(state.findings);
      if (shown === this.shown) return;
      this.shown = shown;
      this.emitter.fire(undefined);
    });
  }

  get grouping(): Grouping {
    return this.memento.get<Grouping>("grouping", "severity");
  }

  async groupBy(grouping: Grouping): Promise<void> {
    await this.memento.update("grouping", grouping);
    this.emitter.fire(undefined);
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) {
      return grouped(this.state.findings, this.grouping, nameOf).map((group) => ({ kind: "group", group }));
    }
    if (node.kind === "finding") return [];
    return node.group.findings.map((finding) => ({ kind: "finding", finding, group: node.group.key }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.kind === "group" ? groupItem(node.group, this.grouping) : findingItem(node.finding, node.group);
  }
}

export function severityName(severity: Severity): string {
  switch (severity) {
    case "critical":
      return vscode.l10n.t("Critical");
    case "important":
      return vscode.l10n.t("Important");
    case "suggestion":
      return vscode.l10n.t("Suggestion");
  }
}

function nameOf(key: string): string {
  return key === "branch" ? vscode.l10n.t("Whole branch") : severityName(key as Severity);
}

function groupItem(group: Group, grouping: Grouping): vscode.TreeItem {
  const item = new vscode.TreeItem(group.label, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `${grouping}:${group.key}`;
  item.description = String(open(group.findings).length);
  item.contextValue = "group";
  const uri = group.findings[0]?.uri;
  if (grouping === "severity") item.iconPath = severityIcon(group.key as Severity);
  else if (grouping === "agent") item.iconPath = new vscode.ThemeIcon("robot");
  else if (uri !== undefined) {
    item.iconPath = vscode.ThemeIcon.File;
    item.resourceUri = vscode.Uri.parse(uri);
  }
  return item;
}

function findingItem(finding: Finding, group: string): vscode.TreeItem {
  const isOpen = finding.state === "open";
  const agents = finding.agents.map((agent) => agent.label).join(", ");
  const line = finding.range === undefined ? "" : `:${finding.range.start.line + 1}`;
  const place = finding.path === undefined ? "" : `${finding.path.split("/").at(-1) ?? ""}${line}`;
  const item = new vscode.TreeItem(`${finding.label}  ${finding.title}`);
  item.id = `${group}/${finding.id}`;
  item.description = [isOpen ? "" : stateName(finding), agents, place].filter((part) => part !== "").join(" · ");
  item.tooltip = `${severityName(finding.severity)} — ${finding.title}\n${agents}\n${finding.path ?? ""}${line}`;
  item.iconPath = isOpen
    ? severityIcon(finding.severity)
    : new vscode.ThemeIcon("pass", new vscode.ThemeColor("disabledForeground"));
  item.contextValue = ["finding", finding.state, ...(isFixable(finding) ? ["fixable"] : [])].join(" ");
  item.accessibilityInformation = {
    label: vscode.l10n.t(
      "{0} finding {1}: {2}, by {3}",
      severityName(finding.severity),
      finding.label,
      finding.title,
      agents,
    ),
  };
  // The decoration provider dims and adds the badge by this address; the file's own one would bring its git colours.
  item.resourceUri = vscode.Uri.from({
    scheme: SCHEME,
    path: `/${finding.state}/${finding.id}`,
    query: initials(finding.agents),
    fragment: agents,
  });
  item.command = {
    command: "deep-review.open",
    title: vscode.l10n.t("Open"),
    arguments: [{ kind: "finding", finding, group }],
  };
  return item;
}

function stateName(finding: Finding): string {
  switch (finding.state) {
    case "fixed":
      return vscode.l10n.t("fixed");
    case "dismissed":
      return vscode.l10n.t("dismissed");
    case "outdated":
      return vscode.l10n.t("outdated");
    case "open":
      return "";
  }
}

function severityIcon(severity: Severity): vscode.ThemeIcon {
  const [icon, color] = ICONS[severity];
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}

/** Dims the resolved findings of the tree, and gives each its agents' initials, which a narrow view does not cut off. */
export const decorations: vscode.FileDecorationProvider = {
  provideFileDecoration(uri) {
    if (uri.scheme !== SCHEME) return undefined;
    const dim = uri.path.startsWith("/open/") ? undefined : new vscode.ThemeColor("disabledForeground");
    return new vscode.FileDecoration(uri.query, uri.fragment, dim);
  },
};
