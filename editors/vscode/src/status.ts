// The status bar item: progress while a round runs, counts after it.

import * as vscode from "vscode";
import type { State } from "./state";

export function statusItem(state: State): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("deep-review.status", vscode.StatusBarAlignment.Left, 40);
  item.name = "Deep Review";
  const show = (): void => {
    render(item, state);
  };
  show();
  item.show();
  return vscode.Disposable.from(item, state.onDidChange(show));
}

function render(item: vscode.StatusBarItem, state: State): void {
  const agents = state.repositories.flatMap((repository) => (repository.running ? repository.agents : []));
  const failed = state.repositories.flatMap((repository) =>
    repository.agents.filter((agent) => agent.state === "failed"),
  );
  item.backgroundColor = undefined;
  if (state.running) {
    const done = agents.filter((agent) => agent.state !== "running").length;
    item.text = `$(loading~spin) Deep Review ${done}/${agents.length}`;
    item.tooltip = agents.map((agent) => `${agent.label}: ${agent.message ?? agent.state}`).join("\n");
    item.command = "deep-review.cancel";
    item.accessibilityInformation = {
      label: vscode.l10n.t("Deep Review is running: {0} of {1} agents are done", done, agents.length),
    };
    return;
  }
  const round = state.repositories.find((repository) => repository.round !== undefined)?.round;
  if (round === undefined) {
    item.text = "$(search) Deep Review";
    item.tooltip = vscode.l10n.t("Review the current branch");
    item.command = "deep-review.review";
    item.accessibilityInformation = { label: vscode.l10n.t("Deep Review: review the current branch") };
    return;
  }
  const { critical, important, suggestion } = state.counts();
  item.text = `$(search) $(error) ${critical} $(warning) ${important} $(info) ${suggestion}`;
  if (round.incomplete) {
    item.text += " $(alert)";
    item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
  }
  const failures = failed.map((agent) => vscode.l10n.t("{0} failed: {1}", agent.label, agent.message ?? ""));
  item.tooltip = [vscode.l10n.t("Round {0}: {1}", round.number, round.verdict), ...failures].join("\n");
  item.command = "deep-review.findings.focus";
  item.accessibilityInformation = {
    label: vscode.l10n.t(
      "Deep Review, round {0}: {1} critical, {2} important, {3} suggestions",
      round.number,
      critical,
      important,
      suggestion,
    ),
  };
}
