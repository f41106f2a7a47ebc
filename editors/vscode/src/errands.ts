// What agents are asked to do about findings besides a review: to write a fix, to answer a question.

import * as vscode from "vscode";
import type {
  LanguageClient,
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient/node";
import type { Token } from "./chat";
import { command, type Finding } from "./protocol";

/** What came of it, as the server says. Of what was not taken, it tells by itself. */
export interface Mended {
  applied: boolean;
  attempts: { label: string; by: string; proven: boolean; proof: string }[];
}

/** A question is kept with its finding, and so is the answer. */
export interface Answered {
  label: string;
  by: string;
  answer: string;
}

type Step = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** How the server begins the line of progress of each. */
const LINES: Record<string, string> = { [command.fix]: "Fix:", [command.ask]: "Ask:" };

export class Errands {
  private readonly steps = new vscode.EventEmitter<{ token: ProgressToken; step: Step }>();

  /** Takes a step that the server tells of. */
  tell(token: ProgressToken, step: Step): void {
    this.steps.fire({ token, step });
  }

  /** Runs a command of the server's, in a notification that says what the agent does and can stop it. */
  async run<T>(
    client: LanguageClient,
    name: typeof command.fix | typeof command.ask,
    argument: object,
    title: string,
    besides?: Token,
  ): Promise<T | undefined> {
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    return vscode.window.withProgress(options, async (progress, cancelled) => {
      // The server names the line; it is the next one of its kind that begins.
      let line: ProgressToken | undefined;
      const isStopped = (): boolean => cancelled.isCancellationRequested || besides?.isCancellationRequested === true;
      const stop = (): void => {
        if (line !== undefined && isStopped())
          void client.sendNotification("window/workDoneProgress/cancel", { token: line });
      };
      const told = vscode.Disposable.from(
        this.steps.event(({ token, step }) => {
          if (step.kind === "begin" && step.title.startsWith(LINES[name] ?? "")) line ??= token;
          if (token !== line || step.kind === "end") return;
          if (step.message !== undefined) progress.report({ message: step.message });
          stop();
        }),
        cancelled.onCancellationRequested(stop),
        ...(besides === undefined ? [] : [besides.onCancellationRequested(stop)]),
      );
      try {
        // With a token, the answer comes when it is done.
        const words = { command: name, arguments: [argument], workDoneToken: title };
        return await client.sendRequest<T>("workspace/executeCommand", words);
      } catch (error) {
        if (!isStopped())
          void vscode.window.showErrorMessage(`Deep Review: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      } finally {
        told.dispose();
      }
    });
  }
}

/** What a fix of these is called. */
export function fixing(findings: readonly Pick<Finding, "label" | "title">[]): string {
  const [only, ...more] = findings;
  return only !== undefined && more.length === 0
    ? vscode.l10n.t("Fix {0}: {1}", only.label, only.title)
    : vscode.l10n.t("Fix {0} findings", findings.length);
}

/** Says what was proven of what was applied. */
export function sayMended(mended: Mended | undefined): void {
  if (mended?.applied !== true) return;
  const proven = mended.attempts.filter((attempt) => attempt.proven);
  const words = proven.map(({ label, by, proof }) => `${label} (${by}): ${proof}`).join("; ");
  void vscode.window.showInformationMessage(vscode.l10n.t("Fixed. {0}", words));
}
