// The notification of a round that the user started: progress, cancel, and at the end what could not be done.

import * as vscode from "vscode";
import type { AgentStatus, Repository } from "./protocol";
import type { State } from "./state";

export interface Choices {
  cancel(): Promise<unknown>;
  report(): Promise<unknown>;
  /** Asks agents again, by their names. */
  retry(agents: string[]): Promise<unknown>;
}

/** Shows the running round until it is over. The server has accepted it, but may not have said yet that it runs. */
export async function showProgress(state: State, root: string, choices: Choices): Promise<void> {
  const here = (): Repository | undefined => state.repositories.find((repository) => repository.root === root);
  const before = here()?.round?.number;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Deep Review", cancellable: true },
    (progress, token) =>
      new Promise<void>((resolve) => {
        let begun = here()?.running === true;
        let told = 0;
        const update = (): void => {
          const running = here()?.running === true;
          begun ||= running;
          if (!running && (begun || here()?.round?.number !== before)) {
            changed.dispose();
            resolve();
            return;
          }
          const { percent, message } = standing(running ? (here()?.agents ?? []) : []);
          progress.report({ message, increment: percent - told });
          told = percent;
        };
        const changed = state.onDidTick(update);
        token.onCancellationRequested(() => void choices.cancel());
        update();
      }),
  );
  await tellIncomplete(here(), choices);
}

function standing(agents: readonly AgentStatus[]): { percent: number; message: string } {
  const of = (state: AgentStatus["state"]): AgentStatus[] => agents.filter((agent) => agent.state === state);
  const [waiting, failed, done] = [of("running"), of("failed"), of("reviewed").length];
  const percent = agents.length === 0 ? 0 : (100 * (agents.length - waiting.length)) / agents.length;
  if (agents.length === 0) return { percent, message: vscode.l10n.t("looking at what changed") };
  if (waiting.length === 0) return { percent, message: vscode.l10n.t("merging what the agents said") };
  const names = waiting.map((agent) => agent.label).join(", ");
  let message = vscode.l10n.t("{0} of {1} agents are done; waiting for {2}", done, agents.length, names);
  // That one failed is told when it does.
  if (failed.length > 0) message += `; ${vscode.l10n.t("failed: {0}", failed.map((agent) => agent.label).join(", "))}`;
  return { percent, message };
}

async function tellIncomplete(repository: Repository | undefined, choices: Choices): Promise<void> {
  if (repository?.round?.incomplete !== true) return;
  const failed = repository.agents.filter((agent) => agent.state === "failed");
  const names = failed.map((agent) => (agent.message === undefined ? agent.label : `${agent.label}: ${agent.message}`));
  const [retry, agents, report] = [
    vscode.l10n.t("Try Again"),
    vscode.l10n.t("Show Agents"),
    vscode.l10n.t("Open Report"),
  ];
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t("The review is incomplete. {0}", names.join("; ")),
    ...(failed.length > 0 ? [retry] : []),
    agents,
    report,
  );
  if (choice === retry) await choices.retry(failed.map((agent) => agent.name));
  if (choice === agents) await vscode.commands.executeCommand("deep-review.agents.focus");
  if (choice === report) await choices.report();
}
