// The status bar item: progress while a round runs, counts after it.

import * as vscode from "vscode";
import { amounts, stateOf } from "./agents";
import { sum } from "./grouping";
import type { State } from "./state";

export function statusItem(state: State): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("deep-review.status", vscode.StatusBarAlignment.Left, 40);
  item.name = "Deep Review";
  const show = (): void => {
    render(item, state);
  };
  show();
  item.show();
  return vscode.Disposable.from(item, state.onDidTick(show));
}

function render(item: vscode.StatusBarItem, state: State): void {
  const agents = state.repositories.flatMap((repository) => (repository.running ? repository.agents : []));
  const failed = state.repositories.flatMap((repository) =>
    repository.agents.filter((agent) => agent.state === "failed"),
  );
  item.backgroundColor = undefined;
  if (state.running) {
    const done = agents.filter((agent) => agent.state === "reviewed").length;
    const lost = agents.filter((agent) => agent.state === "failed").length;
    item.text = `$(loading~spin) Deep Review ${done}/${agents.length}${lost === 0 ? "" : ` $(alert) ${lost}`}`;
    const rows = agents.map((agent) => `${agent.label}: ${[stateOf(agent), ...amounts(agent)].join(" · ")}`);
    item.tooltip = rows.join("\n");
    item.command = "deep-review.agents.focus";
    item.accessibilityInformation = {
      label: vscode.l10n.t("Deep Review is running: {0} of {1} agents are done, {2} failed", done, agents.length, lost),
    };
    return;
  }
  const rounds = state.repositories.filter((repository) => repository.round !== undefined);
  const round = rounds[0]?.round;
  if (round === undefined) {
    item.text = "$(search) Deep Review";
    item.tooltip = vscode.l10n.t("Review the current branch");
    item.command = "deep-review.review";
    item.accessibilityInformation = { label: vscode.l10n.t("Deep Review: review the current branch") };
    return;
  }
  const counts = state.counts();
  const { critical, important, suggestion, concerns, elsewhere } = counts;
  item.text = `$(search) $(error) ${critical} $(warning) ${important} $(info) ${suggestion}`;
  if (concerns > 0) item.text += ` $(comment) ${concerns}`;
  if (rounds.some((repository) => repository.round?.incomplete === true)) {
    item.text += " $(alert)";
    item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
  }
  const failures = failed.map((agent) => vscode.l10n.t("{0} failed: {1}", agent.label, agent.message ?? ""));
  const verdicts = rounds.map(({ name, round }) => {
    const says = vscode.l10n.t("Round {0}: {1}", round?.number ?? 0, round?.verdict ?? "");
    return rounds.length > 1 ? `${name}: ${says}` : says;
  });
  const all = sum(counts);
  const where =
    elsewhere === 0
      ? vscode.l10n.t("{0} open, all of them in Problems", all)
      : vscode.l10n.t("{0} open; {1} of them, about the whole branch, are not in Problems", all, elsewhere);
  item.tooltip = [...verdicts, where, ...failures].join("\n");
  item.command = "deep-review.findings.focus";
  item.accessibilityInformation = {
    label: vscode.l10n.t(
      "Deep Review, round {0}: {1} critical, {2} important, {3} suggestions, {4} design concerns",
      round.number,
      critical,
      important,
      suggestion,
      concerns,
    ),
  };
}
