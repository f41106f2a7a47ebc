// Asks what the findings view is to show: words in the box, ticks for severities, states and agents.

import * as vscode from "vscode";
import { agentsOf, SEVERITIES, STATES, type Filter } from "./grouping";
import type { Agent, Repository, Severity, State } from "./protocol";
import { severityName, stateName } from "./tree";

interface Item extends vscode.QuickPickItem {
  severity?: Severity;
  state?: State;
  agent?: Agent;
  isNew?: boolean;
  isMine?: boolean;
}

/** The filter that the user wants; none where the question was left. */
export async function askForFilter(repositories: readonly Repository[], before: Filter): Promise<Filter | undefined> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Filter findings"),
    prompt: vscode.l10n.t(
      "Words in the title, path, rule or number. Empty for all; the next step has severities, states and agents.",
    ),
    value: before.text,
  });
  if (text === undefined) return undefined;
  const items = offered(repositories);
  const picked = items.filter(
    (item) =>
      (item.severity !== undefined && before.severities.includes(item.severity)) ||
      (item.state !== undefined && before.states.includes(item.state)) ||
      (item.agent !== undefined && before.agents.includes(item.agent.name)) ||
      (item.isNew === true && before.onlyNew) ||
      (item.isMine === true && before.onlyMine),
  );
  for (const item of picked) item.picked = true;
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("Filter findings"),
    placeHolder: vscode.l10n.t("What is ticked is shown; of a kind of which nothing is ticked, all"),
    canPickMany: true,
  });
  if (chosen === undefined) return undefined;
  return {
    severities: chosen.flatMap(({ severity }) => severity ?? []),
    states: chosen.flatMap(({ state }) => state ?? []),
    agents: chosen.flatMap(({ agent }) => agent?.name ?? []),
    onlyNew: chosen.some(({ isNew }) => isNew),
    onlyMine: chosen.some(({ isMine }) => isMine),
    text: text.trim(),
  };
}

function offered(repositories: readonly Repository[]): Item[] {
  const heading = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    heading(vscode.l10n.t("Severity")),
    ...SEVERITIES.map((severity): Item => ({ label: severityName(severity), severity })),
    heading(vscode.l10n.t("State")),
    ...STATES.map((state): Item => ({ label: stateName(state), state })),
    { label: vscode.l10n.t("only what is new in this round"), isNew: true },
    { label: vscode.l10n.t("only what is at lines that I changed last"), isMine: true },
    heading(vscode.l10n.t("Agents")),
    ...agentsOf(repositories).map((agent): Item => ({ label: agent.label, agent })),
  ];
}
