// The agents view: who reviews, what each does now or did, how long, for how much; kept when the round is over.

import * as vscode from "vscode";
import { money, span } from "./times";
import type { AgentHere, AgentStatus, Repository } from "./protocol";
import type { State } from "./state";

export type AgentNode =
  | { kind: "repository"; repository: Repository }
  | { kind: "agent"; agent: AgentStatus; root: string; running: boolean }
  | { kind: "skipped"; agent: AgentHere };

const ICONS: Record<AgentStatus["state"], [string, string | undefined]> = {
  running: ["loading~spin", undefined],
  reviewed: ["pass", "testing.iconPassed"],
  failed: ["error", "testing.iconFailed"],
};

export class AgentsTree implements vscode.TreeDataProvider<AgentNode> {
  private readonly emitter = new vscode.EventEmitter<undefined>();
  private shown = "";
  readonly onDidChangeTreeData = this.emitter.event;

  constructor(private readonly state: State) {
    state.onDidTick(() => {
      const { repositories, skipped } = state;
      const shown = JSON.stringify([repositories.map(({ root, running, agents }) => [root, running, agents]), skipped]);
      if (shown === this.shown) return;
      this.shown = shown;
      this.emitter.fire(undefined);
    });
  }

  getChildren(node?: AgentNode): AgentNode[] {
    if (node === undefined) {
      const asked = this.state.repositories.filter((repository) => repository.agents.length > 0);
      const skipped = this.state.skipped.map((agent): AgentNode => ({ kind: "skipped", agent }));
      if (asked.length > 1)
        return [...asked.map((repository): AgentNode => ({ kind: "repository", repository })), ...skipped];
      return [...asked.flatMap(agentsOf), ...skipped];
    }
    return node.kind === "repository" ? agentsOf(node.repository) : [];
  }

  getTreeItem(node: AgentNode): vscode.TreeItem {
    switch (node.kind) {
      case "repository":
        return repositoryItem(node.repository);
      case "agent":
        return agentItem(node);
      case "skipped":
        return skippedItem(node.agent);
    }
  }
}

const agentsOf = ({ agents, root, running }: Repository): AgentNode[] =>
  agents.map((agent) => ({ kind: "agent", agent, root, running }));

function repositoryItem({ name, root }: Repository): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = root;
  item.iconPath = new vscode.ThemeIcon("root-folder");
  return item;
}

function agentItem({ agent, root, running }: Extract<AgentNode, { kind: "agent" }>): vscode.TreeItem {
  const item = new vscode.TreeItem(agent.label);
  item.id = `${root}/${agent.name}`;
  const said = [...amounts(agent), ...(agent.message === undefined ? [] : [agent.message])];
  item.description = said.join(" · ");
  item.tooltip = [agent.label, stateOf(agent), ...said].join("\n");
  const [icon, color] = ICONS[agent.state];
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  const thinks = agent.kind !== "built-in" && agent.kind !== "linter";
  // The built-in checkers do what they do in one go: there is nothing to read of it.
  const hasLog = agent.kind !== "built-in";
  const marks = [...(running ? ["round"] : []), ...(hasLog ? ["log"] : []), ...(thinks ? ["model"] : [])];
  item.contextValue = ["agent", agent.state, ...marks].join(" ");
  item.accessibilityInformation = { label: [agent.label, stateOf(agent), ...said].join(", ") };
  if (hasLog)
    item.command = {
      command: "deep-review.agentLog",
      title: vscode.l10n.t("Show Its Log"),
      arguments: [{ kind: "agent", agent: { name: agent.name, label: agent.label }, root }],
    };
  return item;
}

function skippedItem(agent: AgentHere): vscode.TreeItem {
  const item = new vscode.TreeItem(agent.label);
  item.id = `skipped/${agent.name}`;
  item.description = vscode.l10n.t("not asked (not trusted)");
  item.iconPath = new vscode.ThemeIcon("shield");
  item.contextValue = "skipped";
  item.tooltip = vscode.l10n.t("{0} is configured, and is asked once you trust this workspace.", agent.label);
  item.command = { command: "workbench.trust.manage", title: vscode.l10n.t("Manage Trust") };
  return item;
}

export function stateOf(agent: AgentStatus): string {
  switch (agent.state) {
    case "running":
      return vscode.l10n.t("reviewing");
    case "reviewed":
      return vscode.l10n.t("done");
    case "failed":
      return vscode.l10n.t("failed");
  }
}

/** Time, findings, tokens and money, as far as they are known. */
export function amounts(agent: AgentStatus): string[] {
  const { findings, tokens, costUsd } = agent;
  const found =
    findings === 0
      ? vscode.l10n.t("no findings")
      : findings === 1
        ? vscode.l10n.t("1 finding")
        : vscode.l10n.t("{0} findings", findings);
  return [
    ...(agent.state === "failed" ? [vscode.l10n.t("failed")] : []),
    span(agent.elapsedMs),
    ...(agent.state === "running" && findings === 0 ? [] : [found]),
    ...(tokens === undefined ? [] : [vscode.l10n.t("{0} tokens", tokens.toLocaleString(vscode.env.language))]),
    ...(costUsd === undefined ? [] : [money(costUsd)]),
  ];
}
