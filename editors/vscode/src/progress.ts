// The notification of a round that the user started: progress, cancel, and at the end what could not be done.

import * as vscode from "vscode";
import type { Repository } from "./protocol";
import type { State } from "./state";

export interface Choices {
  cancel(): Promise<unknown>;
  report(): Promise<unknown>;
}

/** Shows the running round until it is over. The server has accepted it, but may not have said yet that it runs. */
export async function showProgress(state: State, choices: Choices): Promise<void> {
  const before = numbers(state);
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Deep Review", cancellable: true },
    (progress, token) =>
      new Promise<void>((resolve) => {
        let begun = state.running;
        let told = 0;
        const update = (): void => {
          begun ||= state.running;
          if (!state.running && (begun || numbers(state) !== before)) {
            changed.dispose();
            resolve();
            return;
          }
          const { done, total, message } = standing(state.repositories);
          const percent = total === 0 ? 0 : (100 * done) / total;
          progress.report({ message, increment: percent - told });
          told = percent;
        };
        const changed = state.onDidChange(update);
        token.onCancellationRequested(() => void choices.cancel());
        update();
      }),
  );
  await tellIncomplete(state, choices);
}

const numbers = (state: State): string => state.repositories.map((repository) => repository.round?.number ?? 0).join();

function standing(repositories: readonly Repository[]): { done: number; total: number; message: string } {
  const agents = repositories.flatMap((repository) => (repository.running ? repository.agents : []));
  const waiting = agents.filter((agent) => agent.state === "running");
  const [done, total] = [agents.length - waiting.length, agents.length];
  const names = waiting.map((agent) => agent.label).join(", ");
  let message = vscode.l10n.t("{0} of {1} agents are done; waiting for {2}", done, total, names);
  if (total === 0) message = vscode.l10n.t("looking at what changed");
  else if (waiting.length === 0) message = vscode.l10n.t("merging what the agents said");
  return { done, total, message };
}

async function tellIncomplete(state: State, choices: Choices): Promise<void> {
  const incomplete = state.repositories.filter((repository) => repository.round?.incomplete === true);
  if (incomplete.length === 0) return;
  const failed = incomplete.flatMap((repository) => repository.agents.filter((agent) => agent.state === "failed"));
  const names = failed.map((agent) => (agent.message === undefined ? agent.label : `${agent.label}: ${agent.message}`));
  const report = vscode.l10n.t("Open Report");
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t("The review is incomplete. {0}", names.join("; ")),
    report,
  );
  if (choice === report) await choices.report();
}
